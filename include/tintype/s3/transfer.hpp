#pragma once

// One answer as it arrives, line by line and piece by piece: what it is checked against, where its
// body goes, and when it is whole. Knows nothing of who receives it.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/s3/credentials.hpp>
#include <tintype/s3/transport.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace tintype::inline v0::detail {

[[nodiscard]] constexpr std::string_view trimmed(std::string_view text) noexcept {
    constexpr std::string_view blanks = " \t\r\n";
    const auto begin = std::min(text.find_first_not_of(blanks), text.size());
    const auto end = text.find_last_not_of(blanks);
    return end == std::string_view::npos ? std::string_view{} : text.substr(begin, end + 1 - begin);
}

[[nodiscard]] constexpr char small_letter(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Digits only, at least one; nothing where it is no number or does not fit.
[[nodiscard]] constexpr std::optional<std::uint64_t> decimal(std::string_view text) noexcept {
    if (text.empty() || text.size() > 20) {
        return {};
    }
    std::uint64_t number = 0;
    for (const char c : text) {
        const auto digit = static_cast<std::uint64_t>(static_cast<unsigned char>(c)) - '0';
        if (digit > 9 || number > (~std::uint64_t{0} - digit) / 10) {
            return {};
        }
        number = number * 10 + digit;
    }
    return number;
}

// What would let a header end early, or a signature be another's than the request's.
[[nodiscard]] inline result<void> check_request(const s3_request& request,
                                                const s3_credentials& who) noexcept {
    const auto bad = [](std::string_view what, std::string_view text) {
        const auto at = std::ranges::find_if(text, [](char c) { return c <= ' ' || c == 127; });
        return fail({.code = errc::invalid_value,
                     .where = what,
                     .found = at != text.end() ? static_cast<unsigned char>(*at) : 0U});
    };
    const auto has_control = [](std::string_view text) {
        return std::ranges::any_of(
            text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 127; });
    };
    const auto is_word = [](std::string_view text) {
        return !text.empty() &&
               std::ranges::all_of(text, [](char c) { return c > ' ' && c < 127; });
    };
    for (const std::string_view known : {"GET", "HEAD", "PUT", "POST", "DELETE"}) {
        if (request.method != known) {
            continue;
        }
        if (!is_word(request.origin) || !is_word(request.target) ||
            !request.target.starts_with('/')) {
            return bad("the address of a request", request.target);
        }
        if (!is_word(request.region) || request.region.size() > 63 ||
            request.region.contains(':')) {
            return bad("the region", request.region);
        }
        for (const auto& [name, value] : request.headers) {
            if (!is_word(name) || name.contains(':') || value.empty() || has_control(value) ||
                trimmed(value).size() != value.size()) {
                return bad(name, value);
            }
        }
        // Nothing of a secret gets into an error.
        if (!is_word(who.access_key) || !is_word(who.secret_key) ||
            (!who.session_token.empty() && !is_word(who.session_token))) {
            return fail({.code = errc::permission_denied,
                         .during = "an access key, secret or session token that is none"});
        }
        return {};
    }
    return bad("the method of a request", request.method);
}

class answer_transfer {
public:
    // The request stays where it is until the answer is there.
    explicit answer_transfer(const s3_request& request) noexcept
        : unsent(request.body), request_(&request) {}

    byte_view unsent;             // of the request's body
    bool sent = false;            // the request may have gone out
    std::optional<error> refused; // why the rest is not received

    [[nodiscard]] const s3_request& request() const noexcept { return *request_; }

    [[nodiscard]] std::optional<std::uint64_t> announced() const noexcept { return announced_; }

    [[nodiscard]] std::uint64_t arrived() const noexcept {
        return answer_.received + answer_.body.size();
    }

    // Whether the headers came to their end, and a body that was announced came whole.
    [[nodiscard]] bool whole() const noexcept {
        return complete_ && (!announced_ || !has_body() || arrived() == *announced_);
    }

    [[nodiscard]] s3_answer answer() && noexcept { return std::move(answer_); }

    // A status line, a header, or the empty line at their end. False: nothing more is wanted.
    [[nodiscard]] bool take_line(std::string_view line) {
        constexpr std::size_t most_header_bytes = std::size_t{64} * 1024;
        header_bytes_ += line.size();
        if (header_bytes_ > most_header_bytes) {
            return refuse({.code = errc::limit_exceeded,
                           .where = "the headers of an answer",
                           .found = header_bytes_,
                           .wanted = most_header_bytes});
        }
        const auto text = trimmed(line);
        if (text.starts_with("HTTP/") && (complete_ || answer_.status == 0)) {
            return begin(text);
        }
        if (complete_) {
            return true; // trailers: nothing that anybody asks for
        }
        if (text.empty()) {
            return end_headers();
        }
        const auto colon = text.find(':');
        if (colon == std::string_view::npos) {
            return true;
        }
        std::string name(trimmed(text.substr(0, colon)));
        std::ranges::transform(name, name.begin(), small_letter);
        const auto value = trimmed(text.substr(colon + 1));
        if (name == "content-length") {
            const auto number = decimal(value);
            if (!number || (announced_ && *announced_ != *number)) {
                return refuse({.code = errc::invalid_value, .where = "content-length"});
            }
            announced_ = number;
        }
        answer_.headers.push_back({std::move(name), std::string(value)});
        return true;
    }

    [[nodiscard]] bool take_body(byte_view bytes) {
        if (!complete_) {
            return refuse({.code = errc::invalid_value, .where = "an answer without headers"});
        }
        if (bytes.size() > room() - arrived()) {
            return refuse(too_long(arrived() + bytes.size()));
        }
        if (into_place()) {
            copy_bytes(bytes, request_->into.data() + answer_.received);
            answer_.received += bytes.size();
        } else {
            append(answer_.body, bytes);
        }
        return true;
    }

private:
    [[nodiscard]] bool refuse(const error& why) {
        refused = why;
        return false;
    }

    // "HTTP/1.1 200 OK". What came before (100 Continue) is forgotten.
    [[nodiscard]] bool begin(std::string_view line) {
        const auto space = line.find(' ');
        const auto code =
            space != std::string_view::npos ? decimal(line.substr(space + 1, 3)) : std::nullopt;
        if (!code || *code < 100 || *code > 999) {
            return refuse({.code = errc::invalid_value, .where = "the status of an answer"});
        }
        answer_ = {};
        answer_.status = static_cast<int>(*code);
        announced_.reset();
        complete_ = false;
        return true;
    }

    [[nodiscard]] bool end_headers() {
        if (answer_.status < 200) {
            answer_.status = 0; // more follows
            return true;
        }
        complete_ = true;
        if (announced_ && has_body() && *announced_ > room()) {
            return refuse(too_long(*announced_));
        }
        return true;
    }

    [[nodiscard]] bool has_body() const noexcept {
        return request_->method != "HEAD" && answer_.status != 204 && answer_.status != 304;
    }

    [[nodiscard]] bool into_place() const noexcept {
        return answer_.status >= 200 && answer_.status <= 299 && !request_->into.empty();
    }

    [[nodiscard]] std::uint64_t room() const noexcept {
        return into_place() ? request_->into.size() : request_->most;
    }

    [[nodiscard]] error too_long(std::uint64_t found) const noexcept {
        return {.code = errc::limit_exceeded,
                .where = request_->origin,
                .found = found,
                .wanted = room(),
                .during = "the body of an answer"};
    }

    const s3_request* request_;
    s3_answer answer_;
    std::optional<std::uint64_t> announced_;
    std::size_t header_bytes_ = 0;
    bool complete_ = false;
};

} // namespace tintype::inline v0::detail
