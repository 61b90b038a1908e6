#pragma once

// Numbers of one width without a bit between them, the least significant first. Few stand one
// behind the other. Of many, each 256 are dealt out to four lanes, whose 64-bit words take turns:
// four words are loaded, shifted and stored at once, in the order that the values have.

#include <tintype/core/bytes.hpp>
#include <tintype/core/endian.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace tintype::inline v0::detail::series {

// Values that are encoded together; a longer series is cut into pieces of so many.
inline constexpr std::size_t piece_values = 1024;

using piece_words = std::array<std::uint64_t, piece_values>;

[[nodiscard]] constexpr std::uint64_t low_bits(unsigned width) noexcept {
    return width >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << width) - 1;
}

// The same in lanes as one behind the other.
[[nodiscard]] constexpr std::size_t packed_size(std::size_t count, unsigned width) noexcept {
    return (count * width + 7) / 8;
}

// Writes packed_size(count, width) bytes at `to`, and returns their end. No value(i) may be wider.
template <class Value>
std::byte* pack(std::size_t count, unsigned width, std::byte* to, Value value) noexcept {
    std::uint64_t gathered = 0;
    unsigned filled = 0;
    for (std::size_t i = 0; i != count; ++i) {
        const std::uint64_t next = value(i);
        gathered |= next << filled;
        filled += width;
        if (filled >= 64) {
            store<std::endian::little>(to, gathered);
            to += 8;
            filled -= 64;
            gathered = filled == 0 ? 0 : next >> (width - filled);
        }
    }
    for (; filled != 0; filled -= std::min(filled, 8U)) {
        *to++ = static_cast<std::byte>(gathered);
        gathered >>= 8U;
    }
    return to;
}

// The value of `width` bits from the bit `at` on; the bytes around it are read as far as there are.
[[nodiscard]] inline std::uint64_t packed_bits(byte_view from, std::size_t at,
                                               unsigned width) noexcept {
    const std::size_t first = at / 8;
    const auto shift = static_cast<unsigned>(at % 8);
    std::array<std::byte, 16> near{};
    const byte_view there = from.subspan(first, std::min<std::size_t>(from.size() - first, 9));
    std::ranges::copy(there, near.begin());
    std::uint64_t value = load<std::endian::little, std::uint64_t>(near.data()) >> shift;
    if (shift != 0) {
        value |= std::to_integer<std::uint64_t>(near[8]) << (64 - shift);
    }
    return value & low_bits(width);
}

[[nodiscard]] inline std::uint64_t packed_at(byte_view from, std::size_t i,
                                             unsigned width) noexcept {
    return packed_bits(from, i * width, width);
}

// Values that stand one behind the other.
inline void unpack_few(byte_view from, std::size_t count, unsigned width,
                       std::uint64_t* to) noexcept {
    constexpr std::size_t whole = 9; // bytes that hold a value, wherever its first bit is
    const std::uint64_t mask = low_bits(width);
    std::size_t i = 0;
    for (std::size_t at = 0; i != count && at / 8 + whole <= from.size(); ++i, at += width) {
        const std::byte* const near = from.data() + at / 8;
        const auto shift = static_cast<unsigned>(at % 8);
        std::uint64_t value = load<std::endian::little, std::uint64_t>(near) >> shift;
        // In two steps, as one by 64 is none.
        value |= std::to_integer<std::uint64_t>(near[8]) << (63 - shift) << 1U;
        to[i] = value & mask;
    }
    for (; i != count; ++i) {
        to[i] = width == 0 ? 0 : packed_at(from, i, width);
    }
}

inline constexpr std::size_t lanes = 4;

inline constexpr std::size_t lane_values = 64 * lanes; // of one group

// What a piece's numbers are packed by: full groups in lanes, then the few that are left.
template <class Value>
std::byte* pack_many(std::size_t count, unsigned width, std::byte* to, Value value) noexcept {
    std::size_t i = 0;
    for (; count - i >= lane_values && width != 0; i += lane_values) {
        for (std::size_t lane = 0; lane != lanes; ++lane) {
            std::array<std::byte, 8 * 64> words;
            pack(64, width, words.data(),
                 [&](std::size_t step) { return value(i + step * lanes + lane); });
            for (std::size_t word = 0; word != width; ++word) {
                std::memcpy(to + 8 * (word * lanes + lane), words.data() + 8 * word, 8);
            }
        }
        to += packed_size(lane_values, width);
    }
    return pack(count - i, width, to, [&](std::size_t rest) { return value(i + rest); });
}

} // namespace tintype::inline v0::detail::series
