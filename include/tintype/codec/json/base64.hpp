#pragma once

// Bytes as text, four characters for three of them (RFC 4648, section 4, with padding), as Go's
// encoding/json writes a []byte. Strict when read: one text for each run of bytes.

#include <tintype/core/bytes.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace tintype::inline v0::detail {

inline constexpr std::string_view base64_letters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// The two letters of each twelve bits.
inline constexpr std::array<std::array<char, 2>, 4096> base64_pairs = [] {
    std::array<std::array<char, 2>, 4096> pairs{};
    for (std::size_t i = 0; i != pairs.size(); ++i) {
        pairs[i] = {base64_letters[i >> 6U], base64_letters[i & 63U]};
    }
    return pairs;
}();

inline constexpr std::uint32_t base64_none = 0xff000000U;

// What a letter stands for in each of the four places, as the number that three bytes are; what is
// no letter stands for more than 24 bits.
inline constexpr auto base64_values = [] {
    std::array<std::array<std::uint32_t, 256>, 4> values{};
    for (std::uint32_t place = 0; place != 4; ++place) {
        values[place].fill(base64_none);
        for (std::uint32_t i = 0; i != 64; ++i) {
            values[place][static_cast<unsigned char>(base64_letters[i])] = i << (18 - 6 * place);
        }
    }
    return values;
}();

// Writes the text of all of them, with padding where they are no multiple of three; the end of it.
[[nodiscard]] inline char* base64_encode(byte_view bytes, char* to) noexcept {
    const auto byte = [&](std::size_t at) { return std::to_integer<std::uint32_t>(bytes[at]); };
    std::size_t at = 0;
    for (; bytes.size() - at >= 3; at += 3, to += 4) {
        const std::uint32_t three = byte(at) << 16U | byte(at + 1) << 8U | byte(at + 2);
        std::memcpy(to, base64_pairs[three >> 12U].data(), 2);
        std::memcpy(to + 2, base64_pairs[three & 0xfffU].data(), 2);
    }
    if (at != bytes.size()) {
        const bool two = bytes.size() - at == 2;
        const std::uint32_t three = byte(at) << 16U | (two ? byte(at + 1) << 8U : 0U);
        std::memcpy(to, base64_pairs[three >> 12U].data(), 2);
        to[2] = two ? base64_pairs[three & 0xfffU][0] : '=';
        to[3] = '=';
        to += 4;
    }
    return to;
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
    const auto value = [&](std::size_t place, std::size_t at) {
        return base64_values[place][static_cast<unsigned char>(text[at])];
    };
    std::size_t at = 0;
    std::byte* out = to.data();
    for (const std::byte* const end = out + to.size() / 3 * 3; out != end; at += 4, out += 3) {
        const std::uint32_t three =
            value(0, at) | value(1, at + 1) | value(2, at + 2) | value(3, at + 3);
        if (three >= base64_none) {
            break;
        }
        out[0] = static_cast<std::byte>(three >> 16U);
        out[1] = static_cast<std::byte>(three >> 8U);
        out[2] = static_cast<std::byte>(three);
    }
    if (at == text.size()) {
        return std::string_view::npos;
    }
    // The last four, with padding, or those among which one may not stand there.
    const std::size_t count = std::min<std::size_t>(to.size() - at / 4 * 3, 3);
    std::uint32_t three = 0;
    for (std::size_t i = 0; i != 4; ++i) {
        if (i <= count ? value(i, at + i) == base64_none : text[at + i] != '=') {
            return at + i;
        }
        three |= i <= count ? value(i, at + i) : 0U;
    }
    if ((three & (count == 2 ? 0xffU : 0xffffU)) != 0) {
        return at + count; // bits that stand for nothing
    }
    for (std::size_t i = 0; i != count; ++i) {
        out[i] = static_cast<std::byte>(three >> (16 - 8 * i));
    }
    return std::string_view::npos;
}

} // namespace tintype::inline v0::detail
