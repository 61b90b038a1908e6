#pragma once

// Floats as integers. Those that are decimals of a few digits are an integer divided by a power of
// ten (after Afroozeh, Kuffo and Boncz: ALP, 2023; a division instead of their product, because it
// gives the double nearest to the decimal, which is the one that everybody means), or multiplied by
// its inverse, as sensors are scaled. Every value is held against its own bits when it is written;
// what does not come back exactly is kept apart. Any others are integers by their order.

#include <tintype/core/endian.hpp>
#include <tintype/delta/series/bits.hpp>
#include <tintype/delta/series/tag.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

namespace tintype::inline v0::detail::series {

// -0.0 is the least number here, below the negative ones; 0.0 is 0.
template <std::unsigned_integral Bits>
[[nodiscard]] constexpr Bits ordered_bits(Bits bits) noexcept {
    constexpr auto sign = static_cast<Bits>(Bits{1} << (8 * sizeof(Bits) - 1));
    const auto turned = static_cast<Bits>(sign - bits);
    return (bits & sign) == 0 || bits == sign ? bits : turned;
}

// Undoes `ordered_bits`, as that undoes this.
template <std::unsigned_integral Bits>
[[nodiscard]] constexpr Bits bits_in_order(Bits ordered) noexcept {
    return ordered_bits(ordered);
}

// Those that a double holds exactly, and that somebody would write.
inline constexpr std::array<double, 18> powers_of_ten = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,
                                                         1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                                         1e12, 1e13, 1e14, 1e15, 1e16, 1e17};

// How integers are scaled to decimals: by which power of ten, and how.
struct decimal_scale {
    static constexpr unsigned inverse_flag = 0x20;

    unsigned exponent = 0;
    bool inverse = false; // multiplied by the inverse power, not divided

    [[nodiscard]] constexpr std::byte byte() const noexcept {
        return static_cast<std::byte>(exponent | (inverse ? inverse_flag : 0U));
    }
};

template <std::floating_point T>
[[nodiscard]] constexpr unsigned most_decimals() noexcept {
    return sizeof(T) == 8 ? 17 : 10;
}

template <std::floating_point T>
[[nodiscard]] inline T decimal_value(std::int64_t digits, decimal_scale scale) noexcept {
    const auto whole = static_cast<double>(digits);
    const double power = powers_of_ten[scale.exponent];
    return static_cast<T>(scale.inverse ? whole * (1 / power) : whole / power);
}

// The integer that comes closest, or 0 for what has more digits than a double can be sure of, or is
// no number. Rounding is done by adding what leaves no room for a fraction.
[[nodiscard]] inline std::int64_t decimal_digits(double value, double power) noexcept {
    constexpr double rounder = 0x1.8p52;
    const double scaled = value * power;
    const bool small = scaled > -0x1p51 && scaled < 0x1p51;
    return static_cast<std::int64_t>((small ? scaled + rounder : rounder) - rounder);
}

template <std::floating_point T>
[[nodiscard]] inline bool same_bits(T a, T b) noexcept {
    return std::bit_cast<bits_of<T>>(a) == std::bit_cast<bits_of<T>>(b);
}

// The scale that suits a sample best, and whether any is worth trying.
struct chosen_scale {
    decimal_scale scale{};
    bool promising = false;
};

template <std::floating_point T>
[[nodiscard]] chosen_scale choose_scale(std::span<const T> values) {
    constexpr std::size_t most = 32;
    constexpr std::size_t first_look = 6; // of full precision are those of which none fits
    const std::size_t size = std::min(values.size(), most);
    chosen_scale best;
    std::size_t least = std::numeric_limits<std::size_t>::max();
    for (const bool inverse : {false, true}) {
        for (unsigned exponent = inverse ? 1 : 0; exponent <= most_decimals<T>(); ++exponent) {
            const decimal_scale scale{exponent, inverse};
            const double power = powers_of_ten[exponent];
            std::size_t misses = 0;
            std::size_t looked = 0;
            while (looked != size && !(looked == first_look && misses == first_look)) {
                const T value = values[looked++ * values.size() / size];
                const std::int64_t digits = decimal_digits(static_cast<double>(value), power);
                misses += same_bits(decimal_value<T>(digits, scale), value) ? 0U : 1U;
            }
            // A digit is a bit more than three bits, a miss a value and its place.
            const std::size_t cost = (looked - misses) * exponent * 10 / 3 +
                                     misses * (8 * sizeof(T) + 10) + (size - looked) * 80;
            if (misses * 2 <= looked && cost < least) {
                least = cost;
                best = {scale, true};
            }
            if (misses == 0) {
                return best;
            }
        }
    }
    return best;
}

// The places and values that are no such decimals.
template <std::floating_point T>
struct decimal_misses {
    std::array<std::uint16_t, piece_values> places;
    std::size_t count = 0;
};

// Digits of all values; one that misses has the digits of the one before, which cost the least.
template <std::floating_point T>
void to_decimals(std::span<const T> values, decimal_scale scale, std::uint64_t* digits,
                 decimal_misses<T>& misses) noexcept {
    const double power = powers_of_ten[scale.exponent];
    misses.count = 0;
    for (std::size_t i = 0; i != values.size(); ++i) {
        const std::int64_t own = decimal_digits(static_cast<double>(values[i]), power);
        digits[i] = static_cast<std::uint64_t>(own);
        misses.places[misses.count] = static_cast<std::uint16_t>(i);
        misses.count += same_bits(decimal_value<T>(own, scale), values[i]) ? 0U : 1U;
    }
    if (misses.count == 0 || misses.count == values.size()) {
        return;
    }
    // Those in front of the first that fits have its digits.
    std::size_t fits = 0;
    while (fits < misses.count && misses.places[fits] == fits) {
        ++fits;
    }
    for (std::size_t i = 0; i != misses.count; ++i) {
        const std::size_t place = misses.places[i];
        digits[place] = place < fits ? digits[fits] : digits[place - 1];
    }
}

} // namespace tintype::inline v0::detail::series
