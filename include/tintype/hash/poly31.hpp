#pragma once

// The checksum of VectorXLite's streams: the sum of byte[i] * 31^i modulo 2^64. It finds accidents,
// but not all of them, and is no defence against an adversary.

#include <tintype/core/bytes.hpp>
#include <tintype/core/endian.hpp>
#include <tintype/hash/concept.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tintype::inline v0 {

namespace detail {

// 31^exponent, in time logarithmic in it.
[[nodiscard]] constexpr std::uint64_t power_of_31(std::uint64_t exponent) noexcept {
    std::uint64_t power = 1;
    for (std::uint64_t square = 31; exponent != 0; exponent >>= 1U, square *= square) {
        if ((exponent & 1U) != 0) {
            power *= square;
        }
    }
    return power;
}

// The sum over eight bytes, the first of them the lowest of the word: two by two, in lanes that are
// wide enough for each sum.
[[nodiscard]] constexpr std::uint64_t poly31_word(std::uint64_t bytes) noexcept {
    constexpr std::uint64_t ones = 0x00ff00ff00ff00ff;
    constexpr std::uint64_t twos = 0x0000ffff0000ffff;
    constexpr std::uint64_t fours = 0x00000000ffffffff;
    const std::uint64_t pairs = (bytes & ones) + (bytes >> 8U & ones) * 31;
    const std::uint64_t quads = (pairs & twos) + (pairs >> 16U & twos) * power_of_31(2);
    return (quads & fours) + (quads >> 32U) * power_of_31(4);
}

// The sum of so many bytes, from 31^0 on.
[[nodiscard]] constexpr std::uint64_t poly31_sum(byte_view bytes) noexcept {
    // From the end to the front, where every step multiplies with the same number; four words at a
    // time, whose products wait for each other only once.
    constexpr std::size_t block = 32;
    std::uint64_t sum = 0;
    std::size_t at = bytes.size();
    for (; at % block != 0; --at) {
        sum = sum * 31 + std::to_integer<std::uint64_t>(bytes[at - 1]);
    }
    for (; at != 0; at -= block) {
        const std::byte* const from = bytes.data() + (at - block);
        const auto word = [&](std::size_t index) {
            return poly31_word(load<std::endian::little, std::uint64_t>(from + 8 * index));
        };
        sum = sum * power_of_31(32) + (word(0) + word(1) * power_of_31(8) +
                                       word(2) * power_of_31(16) + word(3) * power_of_31(24));
    }
    return sum;
}

} // namespace detail

class poly31 {
public:
    using digest_type = std::uint64_t;

    static constexpr std::string_view name = "poly31";

    constexpr void update(byte_view bytes) noexcept {
        sum_ += power_ * detail::poly31_sum(bytes);
        power_ *= detail::power_of_31(bytes.size());
    }

    [[nodiscard]] constexpr std::uint64_t finish() const noexcept { return sum_; }

private:
    std::uint64_t sum_ = 0;
    std::uint64_t power_ = 1;
};

static_assert(hash_policy<poly31>);

} // namespace tintype::inline v0
