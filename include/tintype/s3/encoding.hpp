#pragma once

// Percent-encoding as the fourth version of the signature wants it: letters, digits and "-._~" stay
// as they are, every other byte is written in capital hexadecimals, a space like the rest.

#include <tintype/core/error.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

[[nodiscard]] constexpr bool is_unreserved(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

namespace detail {

[[nodiscard]] constexpr std::string percent_encoded(std::string_view text, bool keep_slashes) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string made;
    made.reserve(text.size());
    for (const char c : text) {
        if (is_unreserved(c) || (keep_slashes && c == '/')) {
            made += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            made += '%';
            made += digits[byte >> 4U];
            made += digits[byte & 15U];
        }
    }
    return made;
}

[[nodiscard]] constexpr int hex_digit(char c) noexcept {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

} // namespace detail

// A key's slashes are the path's.
[[nodiscard]] constexpr std::string encoded_path(std::string_view key) {
    return detail::percent_encoded(key, true);
}

[[nodiscard]] constexpr std::string encoded_value(std::string_view text) {
    return detail::percent_encoded(text, false);
}

// What a service wrote encoded: also a space as '+', which some do. `invalid_value` where a percent
// sign does not stand before two hexadecimals.
[[nodiscard]] constexpr result<std::string> decoded(std::string_view text) {
    std::string made;
    made.reserve(text.size());
    for (std::size_t i = 0; i != text.size(); ++i) {
        if (text[i] != '%') {
            made += text[i] == '+' ? ' ' : text[i];
            continue;
        }
        const int high = text.size() - i > 2 ? detail::hex_digit(text[i + 1]) : -1;
        const int low = high >= 0 ? detail::hex_digit(text[i + 2]) : -1;
        if (low < 0) {
            return fail({.code = errc::invalid_value,
                         .where = text,
                         .offset = i,
                         .found = '%',
                         .during = "percent-encoding"});
        }
        made += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return made;
}

// The names and values behind the question mark, in the order in which they are signed. A name
// without a value keeps its equals sign.
class s3_query {
public:
    s3_query& add(std::string_view name, std::string_view value = {}) {
        parts_.emplace_back(encoded_value(name), encoded_value(value));
        return *this;
    }

    [[nodiscard]] bool empty() const noexcept { return parts_.empty(); }

    [[nodiscard]] std::string text() const {
        auto sorted = parts_;
        std::ranges::sort(sorted);
        std::string made;
        for (const auto& [name, value] : sorted) {
            if (!made.empty()) {
                made += '&';
            }
            made += name;
            made += '=';
            made += value;
        }
        return made;
    }

private:
    std::vector<std::pair<std::string, std::string>> parts_;
};

} // namespace tintype::inline v0
