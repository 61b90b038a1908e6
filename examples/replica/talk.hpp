#pragma once

// What the two say to each other, over TCP on this machine: one line asks, then the answer comes
// and the connection is closed. "snapshot"; "resume ID 0-4 187-", chunks by their sequences, which
// an open end may have; "facts ID", for two lines of text; "bye".

#include <tintype/core/bytes.hpp>
#include <tintype/stream/byte_source.hpp>
#include <tintype/stream/ranges.hpp>

#include "show.hpp"

#include <arpa/inet.h>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <netinet/in.h>
#include <sstream>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace replica {

class connection {
public:
    explicit connection(int descriptor = -1) noexcept : descriptor_(descriptor) {}

    connection(connection&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

    connection& operator=(connection&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }

    ~connection() {
        if (descriptor_ >= 0) {
            ::close(descriptor_);
        }
    }

    [[nodiscard]] int get() const noexcept { return descriptor_; }

private:
    int descriptor_;
};

inline void check_call(bool good, const char* what) {
    if (!good) {
        std::perror(what);
        leave(3);
    }
}

[[nodiscard]] inline sockaddr_in address_of(std::uint16_t port) {
    sockaddr_in made{};
    made.sin_family = AF_INET;
    made.sin_port = htons(port);
    made.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return made;
}

// On a port that the system chooses.
[[nodiscard]] inline std::pair<connection, std::uint16_t> listening() {
    connection made{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address = address_of(0);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    check_call(::bind(made.get(), generic, size) == 0 && ::listen(made.get(), 4) == 0 &&
                   ::getsockname(made.get(), generic, &size) == 0,
               "listen");
    return {std::move(made), ntohs(address.sin_port)};
}

// Connects, and asks.
[[nodiscard]] inline connection asked(std::uint16_t port, const std::string& line) {
    connection made{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const sockaddr_in address = address_of(port);
    check_call(::connect(made.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
                   0,
               "connect");
    tintype::descriptor_sink out{made.get()};
    must("ask", out.write(tintype::bytes_of(line + "\n")));
    return made;
}

// Without its end; empty where there is none.
[[nodiscard]] inline std::string line_of(const connection& from) {
    std::string line;
    for (char c = 0; ::read(from.get(), &c, 1) == 1 && c != '\n';) {
        line += c;
    }
    return line;
}

inline constexpr auto open_end = std::numeric_limits<std::uint64_t>::max();

[[nodiscard]] inline std::string text_of(const std::vector<tintype::number_range>& ranges) {
    std::string text;
    for (const auto& each : ranges) {
        text += fmt::format("{}{}-", text.empty() ? "" : " ", each.begin);
        text += each.end == open_end ? "" : std::to_string(each.end - 1);
    }
    return text;
}

// What is no range is left out.
[[nodiscard]] inline std::vector<tintype::number_range> ranges_of(std::istringstream& words) {
    std::vector<tintype::number_range> found;
    for (std::string word; words >> word;) {
        tintype::number_range range{.begin = 0, .end = open_end};
        const char* const end = word.data() + word.size();
        const auto first = std::from_chars(word.data(), end, range.begin);
        if (first.ec != std::errc{} || first.ptr == end || *first.ptr != '-') {
            continue;
        }
        std::uint64_t last = 0;
        if (std::from_chars(first.ptr + 1, end, last).ec == std::errc{} && last != open_end) {
            range.end = last + 1;
        }
        if (range.begin < range.end) {
            found.push_back(range);
        }
    }
    return found;
}

} // namespace replica
