#pragma once

// Many floats in a row, as a serializer writes them: an optional minus, one digit, a point, digits,
// a comma. Sixteen bytes hold nearly every such number, and are looked at as one on x86-64;
// whatever is not exactly of that shape is left to the general reader, which gives the same
// answers.

#include <tintype/codec/json/number.hpp>

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>

#if defined(__x86_64__) && defined(__GNUC__)
#include <smmintrin.h>
#endif

namespace tintype::inline v0::detail {

#if defined(__x86_64__) && defined(__GNUC__)

// Sixteen bytes from [n] on, as a shuffle, move the first n bytes of a register to its end.
inline constexpr auto to_the_end = [] {
    std::array<char, 32> shuffle{};
    for (int i = 0; i != 16; ++i) {
        shuffle[static_cast<std::size_t>(i)] = static_cast<char>(0x80);
        shuffle[static_cast<std::size_t>(16 + i)] = static_cast<char>(i);
    }
    return shuffle;
}();

// 9 * 10^n: what a digit counts too much when its point is read as another zero.
inline constexpr auto nines_and_zeros = [] {
    std::array<std::uint64_t, 16> all{9};
    for (std::size_t i = 1; i != all.size(); ++i) {
        all[i] = all[i - 1] * 10;
    }
    return all;
}();

template <std::floating_point F>
[[nodiscard, gnu::target("sse4.1,bmi")]] std::size_t
float_run_sse41(const char*& at, const char* end, F* to, std::size_t room) noexcept {
    const __m128i zero = _mm_set1_epi8('0');
    const __m128i nine = _mm_set1_epi8(9);
    const __m128i comma = _mm_set1_epi8(',');
    const __m128i tens = _mm_set1_epi16(0x010a);          // 10, 1
    const __m128i hundreds = _mm_set1_epi32(0x00010064);  // 100, 1
    const __m128i thousands = _mm_set1_epi32(0x00012710); // 10000, 1
    const char* from = at;
    std::size_t count = 0;
    for (; count != room && end - from >= 16; ++count) {
        const __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
        const auto commas =
            static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(text, comma))) | 0x10000U;
        const auto size = static_cast<std::size_t>(std::countr_zero(commas));

        const __m128i values = _mm_sub_epi8(text, zero);
        const __m128i digit = _mm_cmpeq_epi8(_mm_min_epu8(values, nine), values);
        const auto digits = static_cast<unsigned>(_mm_movemask_epi8(digit));
        const std::size_t minus = from[0] == '-' ? 1 : 0;
        // Before the comma all but the minus and the point are digits, and one is behind the point.
        const unsigned others = ~digits & ((1U << size) - 1U);
        if (others != (minus | 2U << minus) || from[1 + minus] != '.' || size < 4 + minus ||
            size == 16) {
            break;
        }
        const std::size_t places = size - 2 - minus;
        const __m128i aligned = _mm_shuffle_epi8(
            _mm_and_si128(values, digit),
            _mm_loadu_si128(reinterpret_cast<const __m128i*>(to_the_end.data() + size)));
        const __m128i fours = _mm_madd_epi16(_mm_maddubs_epi16(aligned, tens), hundreds);
        const __m128i eights = _mm_madd_epi16(_mm_packus_epi32(fours, fours), thousands);
        const auto both = static_cast<std::uint64_t>(_mm_cvtsi128_si64(eights));
        const std::uint64_t first = static_cast<unsigned char>(from[minus]) - std::uint64_t{'0'};
        const std::uint64_t mantissa =
            (both & 0xffffffffU) * 100000000U + (both >> 32U) - first * nines_and_zeros[places];
        // Fewer than 53 bits and an exact power: one rounding.
        const double value =
            static_cast<double>(static_cast<std::int64_t>(mantissa)) / exact_tens[places];
        if constexpr (std::same_as<F, float>) {
            if (near_midpoint(value)) {
                break;
            }
        }
        const auto sign = static_cast<std::uint64_t>(minus) << 63U;
        to[count] =
            static_cast<F>(std::bit_cast<double>(std::bit_cast<std::uint64_t>(value) | sign));
        from += size + 1;
    }
    at = from;
    return count;
}

#endif

// Reads "number," up to `room` times and returns how many. Stops where a number begins, at the
// first that looks in any way unusual.
template <std::floating_point F>
[[nodiscard]] std::size_t float_run([[maybe_unused]] const char*& at,
                                    [[maybe_unused]] const char* end, [[maybe_unused]] F* to,
                                    [[maybe_unused]] std::size_t room) noexcept {
#if defined(__x86_64__) && defined(__GNUC__)
    static const bool able = __builtin_cpu_supports("sse4.1") && __builtin_cpu_supports("bmi");
    return able ? float_run_sse41(at, end, to, room) : 0;
#else
    return 0;
#endif
}

} // namespace tintype::inline v0::detail
