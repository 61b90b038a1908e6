#pragma once

// The loops of reading that vector registers do several steps of at a time: plain C++ in runs of a
// constant length, which compilers turn into vectors. On x86-64 they are compiled once more for
// AVX2, and the machine says at run time which of the two is called; the answers are the same.

#include <tintype/core/bytes.hpp>
#include <tintype/core/endian.hpp>
#include <tintype/delta/series/bits.hpp>
#include <tintype/delta/series/decimal.hpp>
#include <tintype/delta/series/tag.hpp>

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

namespace tintype::inline v0::detail::series {

inline constexpr std::size_t run_values = 16;

// Groups of 256 values out of lanes, of 1 to 64 bits.
[[gnu::always_inline]] inline void lanes_body(const std::byte* from, std::size_t groups,
                                              unsigned width, std::uint64_t* to) noexcept {
    const std::uint64_t mask = low_bits(width);
    for (; groups != 0; --groups) {
        unsigned shift = 0;
        for (std::size_t step = 0; step != lane_values / lanes; ++step, to += lanes) {
            std::uint64_t values[lanes];
            for (std::size_t lane = 0; lane != lanes; ++lane) {
                values[lane] = load<std::endian::little, std::uint64_t>(from + 8 * lane) >> shift;
            }
            shift += width;
            if (shift >= 64) {
                from += 8 * lanes;
                shift -= 64;
                if (shift != 0) {
                    for (std::size_t lane = 0; lane != lanes; ++lane) {
                        values[lane] |= load<std::endian::little, std::uint64_t>(from + 8 * lane)
                                        << (width - shift);
                    }
                }
            }
            for (std::size_t lane = 0; lane != lanes; ++lane) {
                to[lane] = values[lane] & mask;
            }
        }
    }
}

// The values that the lowest bits of words stand for, where they are no decimals.
template <series_value T>
[[nodiscard, gnu::always_inline]] inline T value_of_word(std::uint64_t word) noexcept {
    const auto bits = static_cast<bits_of<T>>(word);
    if constexpr (std::floating_point<T>) {
        return std::bit_cast<T>(bits_in_order(bits));
    } else {
        return static_cast<T>(bits);
    }
}

template <series_value T>
[[gnu::always_inline]] inline void words_body(const std::uint64_t* words, std::size_t runs,
                                              T* to) noexcept {
    for (; runs != 0; --runs, words += run_values, to += run_values) {
        for (std::size_t i = 0; i != run_values; ++i) {
            to[i] = value_of_word<T>(words[i]);
        }
    }
}

// Integers of at most 51 bits become doubles by being put where a large double has its last bits.
template <std::floating_point T>
[[gnu::always_inline]] inline void decimals_body(const std::uint64_t* digits, std::size_t runs,
                                                 decimal_scale scale, T* to) noexcept {
    constexpr double rounder = 0x1.8p52;
    constexpr auto rounder_bits = std::bit_cast<std::uint64_t>(rounder);
    constexpr std::uint64_t half = std::uint64_t{1} << 51U;
    const double power = powers_of_ten[scale.exponent];
    const double inverse = 1 / power;
    for (; runs != 0; --runs, digits += run_values, to += run_values) {
        std::uint64_t large = 0;
        for (std::size_t i = 0; i != run_values; ++i) {
            large |= digits[i] + half;
        }
        if (large >> 52U != 0) {
            for (std::size_t i = 0; i != run_values; ++i) {
                to[i] = decimal_value<T>(static_cast<std::int64_t>(digits[i]), scale);
            }
            continue;
        }
        double whole[run_values];
        for (std::size_t i = 0; i != run_values; ++i) {
            whole[i] = std::bit_cast<double>(digits[i] + rounder_bits) - rounder;
        }
        if (scale.inverse) {
            for (std::size_t i = 0; i != run_values; ++i) {
                to[i] = static_cast<T>(whole[i] * inverse);
            }
        } else {
            for (std::size_t i = 0; i != run_values; ++i) {
                to[i] = static_cast<T>(whole[i] / power);
            }
        }
    }
}

inline void lanes_plain(const std::byte* from, std::size_t groups, unsigned width,
                        std::uint64_t* to) noexcept {
    lanes_body(from, groups, width, to);
}

template <series_value T>
void words_plain(const std::uint64_t* words, std::size_t runs, T* to) noexcept {
    words_body(words, runs, to);
}

template <std::floating_point T>
void decimals_plain(const std::uint64_t* digits, std::size_t runs, decimal_scale scale,
                    T* to) noexcept {
    decimals_body(digits, runs, scale, to);
}

#if defined(__x86_64__) && defined(__GNUC__)

[[gnu::target("avx2")]] inline void lanes_avx2(const std::byte* from, std::size_t groups,
                                               unsigned width, std::uint64_t* to) noexcept {
    lanes_body(from, groups, width, to);
}

template <series_value T>
[[gnu::target("avx2")]] void words_avx2(const std::uint64_t* words, std::size_t runs,
                                        T* to) noexcept {
    words_body(words, runs, to);
}

template <std::floating_point T>
[[gnu::target("avx2")]] void decimals_avx2(const std::uint64_t* digits, std::size_t runs,
                                           decimal_scale scale, T* to) noexcept {
    decimals_body(digits, runs, scale, to);
}

[[nodiscard]] inline bool has_avx2() noexcept {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") != 0;
}

#else

[[nodiscard]] inline bool has_avx2() noexcept {
    return false;
}

inline constexpr auto lanes_avx2 = lanes_plain;

template <series_value T>
inline constexpr auto words_avx2 = words_plain<T>;

template <std::floating_point T>
inline constexpr auto decimals_avx2 = decimals_plain<T>;

#endif

// Reads `count` values, at most a piece, out of exactly packed_size(count, width) bytes.
inline void unpack_many(byte_view from, std::size_t count, unsigned width,
                        std::uint64_t* to) noexcept {
    if (width == 0) {
        std::fill_n(to, count, std::uint64_t{0});
        return;
    }
    const std::size_t groups = count / lane_values;
    if (groups != 0) {
        (has_avx2() ? lanes_avx2 : lanes_plain)(from.data(), groups, width, to);
    }
    unpack_few(from.subspan(groups * packed_size(lane_values, width)), count % lane_values, width,
               to + groups * lane_values);
}

template <series_value T>
void from_words(std::span<const std::uint64_t> words, T* to) noexcept {
    const std::size_t runs = words.size() / run_values;
    (has_avx2() ? words_avx2<T> : words_plain<T>)(words.data(), runs, to);
    for (std::size_t i = runs * run_values; i != words.size(); ++i) {
        to[i] = value_of_word<T>(words[i]);
    }
}

template <std::floating_point T>
void from_decimals(std::span<const std::uint64_t> digits, decimal_scale scale, T* to) noexcept {
    const std::size_t runs = digits.size() / run_values;
    (has_avx2() ? decimals_avx2<T> : decimals_plain<T>)(digits.data(), runs, scale, to);
    for (std::size_t i = runs * run_values; i != digits.size(); ++i) {
        to[i] = decimal_value<T>(static_cast<std::int64_t>(digits[i]), scale);
    }
}

} // namespace tintype::inline v0::detail::series
