#pragma once

// Numbers of as few bytes as they need: seven bits a byte, the least significant first, the top bit
// of each byte but the last set (LEB128). Every number has one encoding, and no other is read.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/reader.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tintype::inline v0 {

inline constexpr std::size_t longest_varint = 10; // bytes

// Writes at most `longest_varint` bytes at `to`; the end of what was written.
constexpr std::byte* store_varint(std::byte* to, std::uint64_t number) noexcept {
    while (number >= 0x80) {
        *to++ = static_cast<std::byte>(number | 0x80U);
        number >>= 7U;
    }
    *to++ = static_cast<std::byte>(number);
    return to;
}

constexpr void append_varint(blob& to, std::uint64_t number) {
    const std::size_t before = to.size();
    to.resize(before + longest_varint);
    const std::byte* const end = store_varint(to.data() + before, number);
    to.resize(static_cast<std::size_t>(end - to.data()));
}

namespace detail {

[[nodiscard]] constexpr result<std::uint64_t> take_long_varint(reader& in, std::string_view part) {
    const byte_view rest = in.rest();
    const std::uint64_t start = in.offset();
    std::uint64_t number = 0;
    for (std::size_t i = 0; i != rest.size(); ++i) {
        const auto byte = std::to_integer<std::uint64_t>(rest[i]);
        if (i == longest_varint - 1 && byte > 1) {
            return fail({.code = errc::length_overflow,
                         .where = part,
                         .offset = start,
                         .found = byte,
                         .wanted = 1});
        }
        number |= (byte & 0x7fU) << 7U * i;
        if (byte < 0x80) {
            if (byte == 0) { // not the first byte: that one says that others follow
                return fail({.code = errc::invalid_value, .where = part, .offset = start + i});
            }
            in.skip(i + 1);
            return number;
        }
    }
    return fail({.code = errc::truncated_section,
                 .where = part,
                 .offset = start,
                 .found = rest.size(),
                 .wanted = rest.size() + 1});
}

} // namespace detail

// `truncated_section` where the bytes end first; `length_overflow` past 64 bits; `invalid_value`
// where a last byte of zero says that fewer would have done.
[[nodiscard]] constexpr result<std::uint64_t> take_varint(reader& in, std::string_view part) {
    // Nearly all of them are of one byte.
    const byte_view rest = in.rest();
    if (!rest.empty() && rest.front() < std::byte{0x80}) {
        in.skip(1);
        return std::to_integer<std::uint64_t>(rest.front());
    }
    return detail::take_long_varint(in, part);
}

} // namespace tintype::inline v0
