#pragma once

// The shortest decimal digits that read back to the same float, and of those the nearest to it: for
// f32 by Raffaello Giulietti's Schubfach, without a branch that depends on the digits; for f64 by
// the standard library.

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>

namespace tintype::inline v0 {

namespace detail {

__extension__ using wide_unsigned = unsigned __int128;

inline constexpr int schubfach_least = -31;
inline constexpr int schubfach_most = 45;

// 10^k as a 64-bit number g with its highest bit set, rounded up: g * 2^x for the x that fits.
[[nodiscard]] constexpr std::uint64_t schubfach_power(int k) {
    wide_unsigned fives = 1;
    for (int i = 0; i != (k < 0 ? -k : k); ++i) {
        fives *= 5;
    }
    if (k >= 0) {
        int bits = 0;
        while (fives >> bits != 0) {
            ++bits;
        }
        if (bits <= 64) {
            return static_cast<std::uint64_t>(fives << (64 - bits));
        }
        const auto kept = static_cast<std::uint64_t>(fives >> (bits - 64));
        return (wide_unsigned{kept} << (bits - 64)) == fives ? kept : kept + 1;
    }
    // Long division of a power of two, bit by bit, until 64 bits of the quotient are there.
    std::uint64_t quotient = 0;
    wide_unsigned left = 1;
    while (quotient >> 63U == 0) {
        left <<= 1U;
        quotient <<= 1U;
        if (left >= fives) {
            left -= fives;
            quotient |= 1U;
        }
    }
    return left == 0 ? quotient : quotient + 1;
}

inline constexpr auto schubfach_powers = [] {
    std::array<std::uint64_t, schubfach_most - schubfach_least + 1> powers{};
    for (int k = schubfach_least; k <= schubfach_most; ++k) {
        powers[static_cast<std::size_t>(k - schubfach_least)] = schubfach_power(k);
    }
    return powers;
}();

// The upper bits of a 96-bit product, with the last one set if any below it were.
[[nodiscard]] constexpr std::uint32_t schubfach_product(std::uint64_t power,
                                                        std::uint32_t value) noexcept {
    const std::uint64_t low = (power & 0xffffffffU) * value;
    const std::uint64_t high = (power >> 32U) * value + (low >> 32U);
    return static_cast<std::uint32_t>(high >> 32U) |
           static_cast<std::uint32_t>(static_cast<std::uint32_t>(high) > 1);
}

struct scaled_digits {
    std::uint32_t digits;
    int exponent;
};

// digits * 10^exponent for the magnitude whose bits these are: finite, not zero. The digits may end
// in zeros.
[[nodiscard]] constexpr scaled_digits schubfach(std::uint32_t magnitude) noexcept {
    const std::uint32_t fraction = magnitude & 0x7fffffU;
    const std::uint32_t biased = magnitude >> 23U;
    const std::uint32_t normal = biased != 0 ? 1U : 0U;
    const std::uint32_t c = fraction | normal << 23U;
    const int q = static_cast<int>(biased | (1U - normal)) - 150;

    // Four times the value and its two neighbours' midpoints, in units of 10^k.
    const std::uint32_t odd = c & 1U;
    const std::uint32_t closer = fraction == 0 && biased > 1 ? 1U : 0U;
    const int k = (q * 1262611 - (closer != 0 ? 524031 : 0)) >> 22;
    const int shift = q + ((-k * 1741647) >> 19) + 1;
    const std::uint64_t power = schubfach_powers[static_cast<std::size_t>(-k - schubfach_least)];
    const std::uint32_t lower = schubfach_product(power, (4 * c - 2 + closer) << shift) + odd;
    const std::uint32_t value = schubfach_product(power, 4 * c << shift);
    const std::uint32_t upper = schubfach_product(power, (4 * c + 2) << shift) - odd;

    const std::uint32_t s = value / 4;
    const std::uint32_t tens = s / 10;
    const bool tens_inside = lower <= 40 * tens;
    const bool tens_above_inside = 40 * tens + 40 <= upper;
    const bool shorter = (tens_inside != tens_above_inside) & (s >= 10);

    const bool inside = lower <= 4 * s;
    const bool above_inside = 4 * s + 4 <= upper;
    const std::uint32_t half = 4 * s + 2;
    const bool nearer_above = (value > half) | ((value == half) & ((s & 1U) != 0));
    const bool above = inside != above_inside ? above_inside : nearer_above;
    const std::uint32_t short_digits = tens + (tens_above_inside ? 1U : 0U);
    const std::uint32_t long_digits = s + (above ? 1U : 0U);
    return {.digits = shorter ? short_digits : long_digits, .exponent = k + (shorter ? 1 : 0)};
}

inline constexpr std::array<std::uint32_t, 10> tens_to_9{
    1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000};

// How many digits the number has; at least one.
[[nodiscard]] constexpr int digits_in(std::uint32_t number) noexcept {
    const auto guess = static_cast<unsigned>(std::bit_width(number | 1U)) * 1233U >> 12U;
    return static_cast<int>(guess) + (number >= tens_to_9[guess] ? 1 : 0);
}

// Eight decimal digits, the first in the lowest byte.
[[nodiscard]] constexpr std::uint64_t eight_digits(std::uint32_t number) noexcept {
    const std::uint64_t fours = number / 10000U | std::uint64_t{number % 10000U} << 32U;
    const std::uint64_t hundreds = (fours * 10486U >> 20U) & 0x7f0000007fU;
    const std::uint64_t twos = hundreds | (fours - 100 * hundreds) << 16U;
    const std::uint64_t tens = (twos * 103U >> 10U) & 0x000f000f000f000fU;
    return tens | (twos - 10 * tens) << 8U;
}

} // namespace detail

// The value is 0.d1d2...dn * 10^point; neither d1 nor dn is 0.
struct f32_digits {
    char first;
    std::uint64_t others; // the next eight as characters, the second digit in the lowest byte,
                          // '0' behind the last
    int count;
    int point;
};

struct f64_digits {
    std::array<char, 17> all;
    int count;
    int point;
};

// Finite and not zero, without the sign.
[[nodiscard]] constexpr f32_digits shortest_digits(std::uint32_t magnitude) noexcept {
    const auto [digits, exponent] = detail::schubfach(magnitude);
    const int length = detail::digits_in(digits);
    const std::uint32_t nine = digits * detail::tens_to_9[static_cast<std::size_t>(9 - length)];
    const std::uint32_t first = nine / 100000000U;
    const std::uint64_t others = detail::eight_digits(nine - first * 100000000U);
    return {.first = static_cast<char>('0' + first),
            .others = others | 0x3030303030303030U,
            .count = 9 - std::countl_zero(others) / 8,
            .point = length + exponent};
}

[[nodiscard]] inline f64_digits shortest_digits(double magnitude) noexcept {
    // "d.dddde-308"
    char text[32];
    const char* const end =
        std::to_chars(text, text + sizeof text, magnitude, std::chars_format::scientific).ptr;
    const char* const mark = std::find(static_cast<const char*>(text), end, 'e');
    f64_digits digits{.all = {text[0]}, .count = 1, .point = 0};
    for (const char* at = text + 2; at < mark; ++at) {
        digits.all[static_cast<std::size_t>(digits.count++)] = *at;
    }
    std::from_chars(mark + (mark[1] == '+' ? 2 : 1), end, digits.point);
    ++digits.point;
    return digits;
}

} // namespace tintype::inline v0
