#pragma once

// Texts of many floats on x86-64 with AVX2: the shortest digits of eight at a time, by the same
// steps as one (see shortest_float.hpp), then each is laid out by one shuffle. Each function is
// compiled for its own instruction set; calling one on a machine without AVX2, BMI and LZCNT is
// undefined.

#if defined(__x86_64__) && defined(__GNUC__)

#include <tintype/codec/json/shortest_float.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <immintrin.h>

namespace tintype::inline v0::detail {

// For each biased exponent of a normal float: the power of ten that brings it to the digits wanted.
inline constexpr auto eight_floats_powers = [] {
    std::array<std::uint64_t, 256> powers{};
    for (int biased = 1; biased != 255; ++biased) {
        const int k = ((biased - 150) * 1262611) >> 22;
        powers[static_cast<std::size_t>(biased)] =
            schubfach_powers[static_cast<std::size_t>(-k - schubfach_least)];
    }
    return powers;
}();

// From 0.000ddddddddd to dddddddd.d one shuffle makes a text. A point that is `elsewhere` says that
// the number must be written by itself.
inline constexpr int least_point = -3;
inline constexpr int most_point = 8;
inline constexpr int elsewhere = 1000;

// For each point, without a minus and with one: which byte of a number's parts (below) stands where
// in its text.
inline constexpr auto float_layouts = [] {
    constexpr char first = 8;
    constexpr char dot = 9;
    constexpr char zero = 10;
    constexpr char minus = 11;
    std::array<std::array<char, 16>, 2 * (most_point - least_point + 1)> all{};
    for (std::size_t i = 0; i != all.size(); ++i) {
        const int point = static_cast<int>(i / 2) + least_point;
        auto to = all[i].begin();
        if (i % 2 != 0) {
            *to++ = minus;
        }
        if (point <= 0) {
            *to++ = zero;
            *to++ = dot;
            to = std::fill_n(to, -point, zero);
        }
        for (char digit = 0; digit != 9 && to != all[i].end(); ++digit) {
            *to++ = digit == 0 ? first : static_cast<char>(digit - 1);
            if (digit + 1 == point) {
                *to++ = dot;
            }
        }
    }
    return all;
}();

// Eight numbers, taken apart.
struct eight_floats {
    // The parts of each: eight digits behind the first, the first, and ".0-".
    alignas(32) std::array<std::array<char, 16>, 8> parts;
    alignas(32) std::array<std::int32_t, 8> point;   // as in f32_digits
    alignas(32) std::array<std::uint32_t, 8> before; // characters that are no digits
    std::uint64_t zeros; // a bit for each of the eight digits of each that is 0
};

[[gnu::target("avx2"), gnu::always_inline]] inline __m256i eight_of(int each) noexcept {
    return _mm256_set1_epi32(each);
}

// The upper halves of eight 64-bit numbers, those of the even and those of the odd lanes.
[[gnu::target("avx2"), gnu::always_inline]] inline __m256i upper_halves(__m256i even,
                                                                        __m256i odd) noexcept {
    return _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
}

// The upper halves of the products.
[[gnu::target("avx2"), gnu::always_inline]] inline __m256i multiply_high(__m256i a,
                                                                         int factor) noexcept {
    const __m256i b = eight_of(factor);
    return upper_halves(_mm256_mul_epu32(a, b), _mm256_mul_epu32(_mm256_srli_epi64(a, 32), b));
}

// In every bit whether a <= b, without signs.
[[gnu::target("avx2"), gnu::always_inline]] inline __m256i not_above(__m256i a,
                                                                     __m256i b) noexcept {
    return _mm256_cmpeq_epi32(_mm256_min_epu32(a, b), a);
}

// Those of the even lanes and of the odd ones, and their upper halves.
struct eight_powers {
    __m256i even;
    __m256i even_high;
    __m256i odd;
    __m256i odd_high;
};

// Those of every other float, each in 64 bits.
[[gnu::target("avx2"), gnu::always_inline]] inline __m256i four_powers(const float* from) noexcept {
    const auto power = [&](int i) {
        const auto biased = std::bit_cast<std::uint32_t>(from[i]) >> 23U & 255U;
        return static_cast<long long>(eight_floats_powers[biased]);
    };
    return _mm256_set_epi64x(power(6), power(4), power(2), power(0));
}

// As schubfach_product.
[[gnu::target("avx2"), gnu::always_inline]] inline __m256i eight_products(const eight_powers& power,
                                                                          __m256i value) noexcept {
    const __m256i odd_value = _mm256_srli_epi64(value, 32);
    const __m256i even =
        _mm256_add_epi64(_mm256_mul_epu32(power.even_high, value),
                         _mm256_srli_epi64(_mm256_mul_epu32(power.even, value), 32));
    const __m256i odd =
        _mm256_add_epi64(_mm256_mul_epu32(power.odd_high, odd_value),
                         _mm256_srli_epi64(_mm256_mul_epu32(power.odd, odd_value), 32));
    const __m256i below = _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa);
    const __m256i sticky = _mm256_srli_epi32(_mm256_min_epu32(below, eight_of(2)), 1);
    return _mm256_or_si256(upper_halves(even, odd), sticky);
}

// The eight digits of each of four numbers, which come as their upper four and lower four.
[[gnu::target("avx2"), gnu::always_inline]] inline __m256i
four_times_eight(__m256i fours) noexcept {
    const __m256i hundreds =
        _mm256_srli_epi16(_mm256_mulhi_epu16(fours, _mm256_set1_epi16(5243)), 3);
    const __m256i rest2 =
        _mm256_sub_epi16(fours, _mm256_mullo_epi16(hundreds, _mm256_set1_epi16(100)));
    const __m256i twos = _mm256_or_si256(hundreds, _mm256_slli_epi32(rest2, 16));
    const __m256i tens = _mm256_mulhi_epu16(twos, _mm256_set1_epi16(6554));
    const __m256i rest1 = _mm256_sub_epi16(twos, _mm256_mullo_epi16(tens, _mm256_set1_epi16(10)));
    return _mm256_or_si256(tens, _mm256_slli_epi16(rest1, 8));
}

[[gnu::target("avx2"), gnu::always_inline]] inline unsigned zeros_in(__m256i bytes) noexcept {
    return static_cast<unsigned>(
        _mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_setzero_si256())));
}

[[gnu::target("avx2"), gnu::always_inline]] inline void put_parts(eight_floats& to, std::size_t i,
                                                                  __m256i parts) noexcept {
    _mm_store_si128(reinterpret_cast<__m128i*>(to.parts[i].data()), _mm256_castsi256_si128(parts));
    _mm_store_si128(reinterpret_cast<__m128i*>(to.parts[i + 4].data()),
                    _mm256_extracti128_si256(parts, 1));
}

// Of a number that is not normal, or a power of two, nothing comes out but `elsewhere`.
[[gnu::target("avx2"), gnu::always_inline]] inline void take_apart(const float* from,
                                                                   eight_floats& to) noexcept {
    const __m256i bits = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
    const __m256i fraction = _mm256_and_si256(bits, eight_of(0x7fffff));
    const __m256i biased = _mm256_and_si256(_mm256_srli_epi32(bits, 23), eight_of(0xff));
    const __m256i zero = _mm256_setzero_si256();
    const __m256i unusual =
        _mm256_or_si256(_mm256_cmpeq_epi32(fraction, zero), _mm256_cmpeq_epi32(biased, zero));
    const __m256i even = four_powers(from);
    const __m256i odd = four_powers(from + 1);
    const eight_powers power{.even = even,
                             .even_high = _mm256_srli_epi64(even, 32),
                             .odd = odd,
                             .odd_high = _mm256_srli_epi64(odd, 32)};
    const __m256i q = _mm256_sub_epi32(biased, eight_of(150));
    const __m256i k = _mm256_srai_epi32(_mm256_mullo_epi32(q, eight_of(1262611)), 22);
    const __m256i shift =
        _mm256_add_epi32(_mm256_srai_epi32(_mm256_mullo_epi32(k, eight_of(-1741647)), 19),
                         _mm256_sub_epi32(biased, eight_of(149)));

    const __m256i c = _mm256_or_si256(fraction, eight_of(0x800000));
    const __m256i one = eight_of(1);
    const __m256i odd_c = _mm256_and_si256(c, one);
    const __m256i value_in = _mm256_sllv_epi32(_mm256_slli_epi32(c, 2), shift);
    const __m256i half_step = _mm256_sllv_epi32(eight_of(2), shift);
    const __m256i value = eight_products(power, value_in);
    const __m256i lower =
        _mm256_add_epi32(eight_products(power, _mm256_sub_epi32(value_in, half_step)), odd_c);
    const __m256i upper =
        _mm256_sub_epi32(eight_products(power, _mm256_add_epi32(value_in, half_step)), odd_c);

    const __m256i s = _mm256_srli_epi32(value, 2);
    const __m256i tens = _mm256_srli_epi32(multiply_high(s, static_cast<int>(0xcccccccd)), 3);
    const __m256i forty = _mm256_slli_epi32(_mm256_add_epi32(tens, _mm256_slli_epi32(tens, 2)), 3);
    const __m256i tens_inside = not_above(lower, forty);
    const __m256i tens_above_inside = not_above(_mm256_add_epi32(forty, eight_of(40)), upper);
    const __m256i shorter = _mm256_xor_si256(tens_inside, tens_above_inside);
    const __m256i short_digits = _mm256_sub_epi32(tens, tens_above_inside);
    const __m256i whole = _mm256_slli_epi32(s, 2);
    const __m256i inside = not_above(lower, whole);
    const __m256i above_inside = not_above(_mm256_add_epi32(whole, eight_of(4)), upper);
    // Ties to even.
    const __m256i nearest = _mm256_srli_epi32(
        _mm256_add_epi32(value, _mm256_add_epi32(one, _mm256_and_si256(s, one))), 2);
    const __m256i long_digits = _mm256_blendv_epi8(nearest, _mm256_sub_epi32(s, above_inside),
                                                   _mm256_xor_si256(inside, above_inside));
    const __m256i all = _mm256_blendv_epi8(long_digits, short_digits, shorter);

    // Six to nine digits become nine.
    const __m256i missing =
        _mm256_add_epi32(_mm256_cmpgt_epi32(eight_of(100000000), all),
                         _mm256_add_epi32(_mm256_cmpgt_epi32(eight_of(10000000), all),
                                          _mm256_cmpgt_epi32(eight_of(1000000), all)));
    const __m256i factors = _mm256_setr_epi32(1, 0, 0, 0, 0, 1000, 100, 10);
    const __m256i nine = _mm256_mullo_epi32(all, _mm256_permutevar8x32_epi32(factors, missing));
    const __m256i point =
        _mm256_add_epi32(_mm256_sub_epi32(k, shorter), _mm256_add_epi32(missing, eight_of(9)));
    const __m256i zeros_before = _mm256_max_epi32(_mm256_sub_epi32(one, point), zero);
    const __m256i before =
        _mm256_add_epi32(_mm256_add_epi32(one, _mm256_srli_epi32(bits, 31)), zeros_before);
    _mm256_store_si256(reinterpret_cast<__m256i*>(to.point.data()),
                       _mm256_blendv_epi8(point, eight_of(elsewhere), unusual));
    _mm256_store_si256(reinterpret_cast<__m256i*>(to.before.data()), before);

    const __m256i first = _mm256_srli_epi32(multiply_high(nine, 1441151881), 25);
    const __m256i eight = _mm256_sub_epi32(nine, _mm256_mullo_epi32(first, eight_of(100000000)));
    const __m256i high4 = _mm256_srli_epi32(multiply_high(eight, static_cast<int>(3518437209)), 13);
    const __m256i low4 = _mm256_sub_epi32(eight, _mm256_mullo_epi32(high4, eight_of(10000)));
    const __m256i digits0145 = four_times_eight(_mm256_unpacklo_epi32(high4, low4));
    const __m256i digits2367 = four_times_eight(_mm256_unpackhi_epi32(high4, low4));
    to.zeros = zeros_in(_mm256_permute2x128_si256(digits0145, digits2367, 0x20)) |
               std::uint64_t{zeros_in(_mm256_permute2x128_si256(digits0145, digits2367, 0x31))}
                   << 32U;
    const __m256i character = _mm256_set1_epi8('0');
    const __m256i text0145 = _mm256_or_si256(digits0145, character);
    const __m256i text2367 = _mm256_or_si256(digits2367, character);
    const __m256i rest = _mm256_or_si256(first, eight_of(0x2d302e30)); // '0', and ".0-" above
    const __m256i rest0145 = _mm256_unpacklo_epi32(rest, rest);
    const __m256i rest2367 = _mm256_unpackhi_epi32(rest, rest);
    put_parts(to, 0, _mm256_unpacklo_epi64(text0145, rest0145));
    put_parts(to, 1, _mm256_unpackhi_epi64(text0145, rest0145));
    put_parts(to, 2, _mm256_unpacklo_epi64(text2367, rest2367));
    put_parts(to, 3, _mm256_unpackhi_epi64(text2367, rest2367));
}

[[gnu::target("avx2"), gnu::always_inline]] inline void
put_text(char* to, const std::array<char, 16>& parts, const std::array<char, 16>& layout) noexcept {
    const auto* const from = reinterpret_cast<const __m128i*>(parts.data());
    const auto* const order = reinterpret_cast<const __m128i*>(layout.data());
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to),
                     _mm_shuffle_epi8(_mm_load_si128(from), _mm_loadu_si128(order)));
}

// Writes each of the finite floats with a comma behind it. `one` writes one that is unusual,
// and is no part of the loop.
template <class One>
[[gnu::target("avx2,bmi,lzcnt")]] char* write_run_avx2(char* to, const float* from,
                                                       std::size_t count, One one) noexcept {
    constexpr std::size_t worth_it = 3; // fewer are sooner written one by one
    eight_floats eight;
    while (count >= worth_it) {
        std::array<float, 8> last{};
        const std::size_t size = std::min<std::size_t>(count, 8);
        if (size < 8) {
            std::memcpy(last.data(), from, size * sizeof *from);
        }
        take_apart(size < 8 ? last.data() : from, eight);
        for (std::size_t i = 0; i != size; ++i) {
            const auto others = static_cast<std::uint32_t>(~eight.zeros >> (8 * i) & 0xffU);
            const int digits = 33 - std::countl_zero(others);
            const int point = eight.point[i];
            const std::uint32_t sign = std::bit_cast<std::uint32_t>(from[i]) >> 31U;
            const std::uint32_t length = eight.before[i] + static_cast<std::uint32_t>(digits);
            if (point >= least_point && point < digits) [[likely]] {
                const auto layout = static_cast<std::size_t>(point - least_point) * 2 + sign;
                put_text(to, eight.parts[i], float_layouts[layout]);
                to += length;
            } else if (point < least_point && point > -6) {
                // The text with fewer zeros, and before it the zeros that it lacks.
                *to = '-';
                put_text(to + sign + (least_point - point), eight.parts[i], float_layouts[0]);
                std::memcpy(to + sign, "0.00", 4);
                to += length;
            } else {
                to = one(to, from[i]);
            }
            *to++ = ',';
        }
        from += size;
        count -= size;
    }
    for (; count != 0; ++from, --count) {
        to = one(to, *from);
        *to++ = ',';
    }
    return to;
}

} // namespace tintype::inline v0::detail

#endif
