#pragma once

// Bytes as text, four characters for three of them (RFC 4648, section 4, with padding), as Go's
// encoding/json writes a []byte. Strict when read: one text for each run of bytes.

#include <tintype/core/bytes.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace tintype::detail {

inline constexpr std::string_view base64_letters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

inline constexpr std::array<std::uint8_t, 256> base64_values = [] {
    std::array<std::uint8_t, 256> values{};
    values.fill(0xff);
    for (std::uint8_t i = 0; i != 64; ++i) {
        values[static_cast<unsigned char>(base64_letters[i])] = i;
    }
    return values;
}();

// Calls `put` with the text in pieces, for as long as it returns true.
template <class Put>
[[nodiscard]] bool base64_pieces(byte_view bytes, Put put) {
    std::array<char, 1024> text;
    while (!bytes.empty()) {
        std::size_t size = 0;
        for (; size != text.size() && !bytes.empty(); size += 4) {
            const std::size_t count = std::min<std::size_t>(bytes.size(), 3);
            std::uint32_t three = 0;
            for (std::size_t i = 0; i != 3; ++i) {
                three = three << 8U | (i < count ? std::to_integer<std::uint32_t>(bytes[i]) : 0);
            }
            for (std::size_t i = 0; i != 4; ++i) {
                text[size + i] = i <= count ? base64_letters[three >> (18 - 6 * i) & 63U] : '=';
            }
            bytes = bytes.subspan(count);
        }
        if (!put(std::string_view(text.data(), size))) {
            return false;
        }
    }
    return true;
}

// How many bytes the text stands for, if it is one of this encoding.
[[nodiscard]] constexpr std::size_t base64_size(std::string_view text) noexcept {
    if (text.empty() || text.size() % 4 != 0) {
        return 0;
    }
    return text.size() / 4 * 3 - (text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0);
}

// Fills `to`, which has base64_size(text) bytes. The index of the first character that may not
// stand there, or npos. A text whose length is no multiple of four fails at its end.
[[nodiscard]] inline std::size_t base64_decode(std::string_view text, std::span<std::byte> to) {
    if (text.size() % 4 != 0) {
        return text.size();
    }
    std::size_t written = 0;
    for (std::size_t at = 0; at != text.size(); at += 4) {
        const std::size_t count = std::min<std::size_t>(to.size() - written, 3);
        std::uint32_t three = 0;
        for (std::size_t i = 0; i != 4; ++i) {
            const auto value = base64_values[static_cast<unsigned char>(text[at + i])];
            if (i <= count ? value == 0xff : text[at + i] != '=') {
                return at + i;
            }
            three = three << 6U | (i <= count ? value : 0U);
        }
        if (count < 3 && (three & (count == 2 ? 0xffU : 0xffffU)) != 0) {
            return at + count; // bits that stand for nothing
        }
        for (std::size_t i = 0; i != count; ++i) {
            to[written++] = static_cast<std::byte>(three >> (16 - 8 * i));
        }
    }
    return std::string_view::npos;
}

} // namespace tintype::detail
