#pragma once

// HTTP/1.1 messages as bytes, as far as it takes to tell where one ends.

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <vector>

namespace tests::http {

struct piece {
    std::size_t offset = 0;
    std::size_t size = 0;
};

struct message {
    std::string head;        // with the empty line at its end
    std::string body;        // as it was sent, with the marks of its chunks
    std::vector<piece> data; // where in the body the content is
    int status = 0;          // of an answer
    bool last = false;       // the connection ends with it
};

inline bool write_all(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto wrote = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (wrote <= 0) {
            return false;
        }
        bytes.remove_prefix(static_cast<std::size_t>(wrote));
    }
    return true;
}

// What comes in over a socket, with what came too early kept for later.
class stream {
public:
    explicit stream(int socket) : socket_(socket) {}

    [[nodiscard]] int socket() const noexcept { return socket_; }

    // All up to and with `mark`; nothing if the connection ended before.
    std::optional<std::string> until(std::string_view mark) {
        std::size_t at = 0;
        while ((at = early_.find(mark)) == std::string::npos) {
            if (!more()) {
                return std::nullopt;
            }
        }
        return take(at + mark.size());
    }

    std::optional<std::string> exactly(std::size_t size) {
        while (early_.size() < size) {
            if (!more()) {
                return std::nullopt;
            }
        }
        return take(size);
    }

    std::string rest() {
        while (more()) {
        }
        return take(early_.size());
    }

private:
    bool more() {
        char buffer[65536];
        const auto got = ::recv(socket_, buffer, sizeof buffer, 0);
        if (got > 0) {
            early_.append(buffer, static_cast<std::size_t>(got));
        }
        return got > 0;
    }

    std::string take(std::size_t size) {
        std::string taken = early_.substr(0, size);
        early_.erase(0, size);
        return taken;
    }

    int socket_;
    std::string early_;
};

// Of the header of that name, in small letters; nothing if it is not there.
inline std::optional<std::string> header(std::string_view head, std::string_view name) {
    while (!head.empty()) {
        const auto end = head.find("\r\n");
        const std::string_view line = head.substr(0, end);
        head.remove_prefix(std::min(head.size(), end + 2));
        if (const auto colon = line.find(':'); colon == name.size()) {
            std::string low{line};
            std::ranges::transform(low, low.begin(),
                                   [](unsigned char c) { return std::tolower(c); });
            if (low.starts_with(name)) {
                const auto begin = low.find_first_not_of(" \t", colon + 1);
                return begin == std::string::npos ? std::string{} : low.substr(begin);
            }
        }
    }
    return std::nullopt;
}

inline std::optional<std::size_t> number(std::string_view text, int base = 10) {
    std::size_t value = 0;
    const auto [end, what] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    return what == std::errc{} ? std::optional{value} : std::nullopt;
}

// Changes a byte of the content: the one of that number, modulo how many there are.
inline void flip(message& what, std::size_t at) {
    std::size_t size = 0;
    for (const piece& each : what.data) {
        size += each.size;
    }
    at = size == 0 ? 0 : at % size;
    for (const piece& each : what.data) {
        if (at < each.size) {
            char& byte = what.body[each.offset + at];
            byte = static_cast<char>(byte ^ 0x10);
            return;
        }
        at -= each.size;
    }
}

// False: the connection ended in the middle of it.
inline bool read_chunks(stream& from, message& into) {
    for (;;) {
        const auto line = from.until("\r\n");
        const auto size = line ? number(*line, 16) : std::nullopt;
        if (!size) {
            return false;
        }
        into.body += *line;
        // The last is followed by an empty line: nobody here sends trailers.
        const auto bytes = from.exactly(*size + 2);
        if (!bytes) {
            return false;
        }
        into.data.push_back({into.body.size(), *size});
        into.body += *bytes;
        if (*size == 0) {
            return true;
        }
    }
}

inline bool read_sized(stream& from, message& into, std::size_t size) {
    auto bytes = from.exactly(size);
    if (bytes) {
        into.body = *std::move(bytes);
        into.data.push_back({0, size});
    }
    return bytes.has_value();
}

// Whole: one who waits for leave to send the body is given it here.
inline std::optional<message> read_request(stream& from) {
    auto head = from.until("\r\n\r\n");
    if (!head) {
        return std::nullopt;
    }
    message request;
    request.head = *std::move(head);
    if (header(request.head, "expect") == "100-continue" &&
        !write_all(from.socket(), "HTTP/1.1 100 Continue\r\n\r\n")) {
        return std::nullopt;
    }
    const auto length = header(request.head, "content-length");
    const auto size = length ? number(*length) : std::nullopt;
    const bool whole = header(request.head, "transfer-encoding") == "chunked"
                           ? read_chunks(from, request)
                           : read_sized(from, request, size.value_or(0));
    return whole ? std::optional{std::move(request)} : std::nullopt;
}

// The final one: what the server says before (100) is left out.
inline std::optional<message> read_answer(stream& from, bool of_head) {
    message answer;
    for (;;) {
        auto head = from.until("\r\n\r\n");
        if (!head || !head->starts_with("HTTP/1.")) {
            return std::nullopt;
        }
        answer.status = static_cast<int>(number(std::string_view{*head}.substr(9)).value_or(0));
        if (answer.status >= 200) {
            answer.head = *std::move(head);
            break;
        }
    }
    answer.last = header(answer.head, "connection") == "close";
    if (of_head || answer.status == 204 || answer.status == 304) {
        return answer;
    }
    const auto length = header(answer.head, "content-length");
    bool whole = true;
    if (header(answer.head, "transfer-encoding") == "chunked") {
        whole = read_chunks(from, answer);
    } else if (const auto size = length ? number(*length) : std::nullopt) {
        whole = read_sized(from, answer, *size);
    } else {
        answer.body = from.rest();
        answer.data.push_back({0, answer.body.size()});
        answer.last = true;
    }
    return whole ? std::optional{std::move(answer)} : std::nullopt;
}

} // namespace tests::http
