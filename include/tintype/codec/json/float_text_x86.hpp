#pragma once

// Texts of many floats on x86-64 with AVX2: the shortest digits of four at a time, by the same
// steps as one (see shortest_float.hpp), then each is laid out by itself. Each function is compiled
// for its own instruction set; calling one on a machine without AVX2, BMI and LZCNT is undefined.

#if defined(__x86_64__) && defined(__GNUC__)

#include <tintype/codec/json/shortest_float.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <immintrin.h>

namespace tintype::detail {

// For each biased exponent of a normal float: the power of ten that brings it to the digits wanted,
// and by how much the mantissa is shifted before.
struct four_floats_scale {
    std::uint64_t power;
    std::int32_t shift;
    std::int32_t exponent;
};

inline constexpr auto four_floats_scales = [] {
    std::array<four_floats_scale, 256> scales{};
    for (int biased = 1; biased != 255; ++biased) {
        const int q = biased - 150;
        const int k = (q * 1262611) >> 22;
        scales[static_cast<std::size_t>(biased)] = {
            .power = schubfach_powers[static_cast<std::size_t>(-k - schubfach_least)],
            .shift = q + ((-k * 1741647) >> 19) + 1,
            .exponent = k};
    }
    return scales;
}();

// The digits of four floats, as f32_digits holds those of one, but without their count.
struct four_floats_digits {
    alignas(32) std::array<std::uint64_t, 4> others; // 0 to 9, not characters
    alignas(32) std::array<std::uint64_t, 4> first;
    alignas(32) std::array<std::int64_t, 4> point;
};

[[gnu::target("avx2"), gnu::always_inline]] inline __m256i four_of(long long each) noexcept {
    return _mm256_set1_epi64x(each);
}

// Bits 32 to 63 of the product with the last bit of what lies below them, as schubfach_product.
[[gnu::target("avx2"), gnu::always_inline]] inline __m256i
four_products(__m256i power, __m256i power_high, __m256i value) noexcept {
    const __m256i low = _mm256_mul_epu32(power, value);
    const __m256i high =
        _mm256_add_epi64(_mm256_mul_epu32(power_high, value), _mm256_srli_epi64(low, 32));
    const __m256i below = _mm256_and_si256(high, four_of(0xffffffff));
    const __m256i sticky = _mm256_srli_epi64(_mm256_cmpgt_epi64(below, four_of(1)), 63);
    return _mm256_or_si256(_mm256_srli_epi64(high, 32), sticky);
}

// False, and nothing is done, where one of the four is not normal or a power of two.
[[nodiscard, gnu::target("avx2"), gnu::always_inline]] inline bool
digits_of_four(const float* from, four_floats_digits& digits) noexcept {
    const __m256i magnitude = _mm256_and_si256(
        _mm256_cvtepu32_epi64(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))),
        four_of(0x7fffffff));
    const __m256i fraction = _mm256_and_si256(magnitude, four_of(0x7fffff));
    const __m256i biased = _mm256_srli_epi64(magnitude, 23);
    const __m256i zero = _mm256_setzero_si256();
    const __m256i unusual =
        _mm256_or_si256(_mm256_cmpeq_epi64(fraction, zero), _mm256_cmpeq_epi64(biased, zero));
    if (_mm256_movemask_epi8(unusual) != 0) {
        return false;
    }
    const auto* const scales = reinterpret_cast<const long long*>(four_floats_scales.data());
    const __m256i index = _mm256_slli_epi64(biased, 4);
    const __m256i power = _mm256_i64gather_epi64(scales, index, 1);
    const __m256i scale = _mm256_i64gather_epi64(scales + 1, index, 1);
    const __m256i shift = _mm256_and_si256(scale, four_of(0xff));
    const __m256i power_high = _mm256_srli_epi64(power, 32);

    const __m256i c = _mm256_or_si256(fraction, four_of(0x800000));
    const __m256i odd = _mm256_and_si256(c, four_of(1));
    const __m256i value_in = _mm256_sllv_epi64(_mm256_slli_epi64(c, 2), shift);
    const __m256i half_step = _mm256_sllv_epi64(four_of(2), shift);
    const __m256i value = four_products(power, power_high, value_in);
    const __m256i lower = _mm256_add_epi64(
        four_products(power, power_high, _mm256_sub_epi64(value_in, half_step)), odd);
    const __m256i upper = _mm256_sub_epi64(
        four_products(power, power_high, _mm256_add_epi64(value_in, half_step)), odd);

    // Comparisons are turned around, so that a mask says "outside" (all ones, or -1).
    const __m256i s = _mm256_srli_epi64(value, 2);
    const __m256i tens = _mm256_srli_epi64(_mm256_mul_epu32(s, four_of(0xcccccccd)), 35);
    const __m256i forty = _mm256_mul_epu32(tens, four_of(40));
    const __m256i tens_outside = _mm256_cmpgt_epi64(lower, forty);
    const __m256i tens_above_outside =
        _mm256_cmpgt_epi64(_mm256_add_epi64(forty, four_of(40)), upper);
    const __m256i shorter = _mm256_xor_si256(tens_outside, tens_above_outside);
    const __m256i whole = _mm256_slli_epi64(s, 2);
    const __m256i outside = _mm256_cmpgt_epi64(lower, whole);
    const __m256i above_outside = _mm256_cmpgt_epi64(_mm256_add_epi64(whole, four_of(4)), upper);
    const __m256i half = _mm256_add_epi64(whole, four_of(2));
    const __m256i s_odd = _mm256_cmpgt_epi64(_mm256_and_si256(s, four_of(1)), zero);
    const __m256i nearer_above = _mm256_or_si256(
        _mm256_cmpgt_epi64(value, half), _mm256_and_si256(_mm256_cmpeq_epi64(value, half), s_odd));
    const __m256i ones = four_of(-1);
    const __m256i above = _mm256_blendv_epi8(nearer_above, _mm256_xor_si256(above_outside, ones),
                                             _mm256_xor_si256(outside, above_outside));
    const __m256i short_digits = _mm256_sub_epi64(tens, _mm256_xor_si256(tens_above_outside, ones));
    const __m256i all = _mm256_blendv_epi8(_mm256_sub_epi64(s, above), short_digits, shorter);

    // Six to nine digits become nine.
    const __m256i below9 = _mm256_cmpgt_epi64(four_of(100000000), all);
    const __m256i below8 = _mm256_cmpgt_epi64(four_of(10000000), all);
    const __m256i below7 = _mm256_cmpgt_epi64(four_of(1000000), all);
    __m256i factor = _mm256_blendv_epi8(four_of(1), four_of(10), below9);
    factor = _mm256_blendv_epi8(factor, four_of(100), below8);
    factor = _mm256_blendv_epi8(factor, four_of(1000), below7);
    const __m256i nine = _mm256_mul_epu32(all, factor);
    const __m256i missing = _mm256_add_epi64(below9, _mm256_add_epi64(below8, below7));
    const __m256i exponent = _mm256_shuffle_epi32(scale, 0xf5); // to both halves; the lower is read
    const __m256i point = _mm256_add_epi64(_mm256_sub_epi64(exponent, shorter),
                                           _mm256_add_epi64(missing, four_of(9)));
    _mm256_store_si256(reinterpret_cast<__m256i*>(digits.point.data()), point);

    const __m256i first = _mm256_srli_epi64(_mm256_mul_epu32(nine, four_of(1441151881)), 57);
    _mm256_store_si256(reinterpret_cast<__m256i*>(digits.first.data()), first);
    const __m256i eight = _mm256_sub_epi64(nine, _mm256_mul_epu32(first, four_of(100000000)));
    const __m256i high4 = _mm256_srli_epi64(_mm256_mul_epu32(eight, four_of(3518437209)), 45);
    const __m256i low4 = _mm256_sub_epi64(eight, _mm256_mul_epu32(high4, four_of(10000)));
    const __m256i fours = _mm256_or_si256(high4, _mm256_slli_epi64(low4, 32));
    const __m256i hundreds =
        _mm256_srli_epi16(_mm256_mulhi_epu16(fours, _mm256_set1_epi16(5243)), 3);
    const __m256i rest2 =
        _mm256_sub_epi16(fours, _mm256_mullo_epi16(hundreds, _mm256_set1_epi16(100)));
    const __m256i twos = _mm256_or_si256(hundreds, _mm256_slli_epi32(rest2, 16));
    const __m256i each_tens = _mm256_mulhi_epu16(twos, _mm256_set1_epi16(6554));
    const __m256i rest1 =
        _mm256_sub_epi16(twos, _mm256_mullo_epi16(each_tens, _mm256_set1_epi16(10)));
    _mm256_store_si256(reinterpret_cast<__m256i*>(digits.others.data()),
                       _mm256_or_si256(each_tens, _mm256_slli_epi16(rest1, 8)));
    return true;
}

// Writes each of the finite floats with a comma behind it. `one` writes one that is unusual,
// and is no part of the loop.
template <class One>
[[gnu::target("avx2,bmi,lzcnt")]] char* write_run_avx2(char* to, const float* from,
                                                       std::size_t count, One one) noexcept {
    four_floats_digits four;
    for (; count >= 4; from += 4, count -= 4) {
        if (!digits_of_four(from, four)) [[unlikely]] {
            for (std::size_t i = 0; i != 4; ++i) {
                to = one(to, from[i]);
                *to++ = ',';
            }
            continue;
        }
        for (std::size_t i = 0; i != 4; ++i) {
            const auto point = static_cast<std::int32_t>(four.point[i]);
            const int digits = 9 - std::countl_zero(four.others[i]) / 8;
            const std::uint64_t others = four.others[i] | 0x3030303030303030U;
            if (point <= 0 && point > -6) [[likely]] {
                *to = '-';
                to += std::bit_cast<std::uint32_t>(from[i]) >> 31U;
                std::memcpy(to, "0.000000", 8);
                to += 2 - point;
                *to = static_cast<char>('0' + four.first[i]);
                std::memcpy(to + 1, &others, 8);
                to += digits;
            } else if (point > 0 && point < digits) {
                *to = '-';
                to += std::bit_cast<std::uint32_t>(from[i]) >> 31U;
                *to = static_cast<char>('0' + four.first[i]);
                std::memcpy(to + 1, &others, 8);
                const std::uint64_t behind = others >> (8 * (point - 1));
                to[point] = '.';
                std::memcpy(to + point + 1, &behind, 8);
                to += digits + 1;
            } else {
                to = one(to, from[i]);
            }
            *to++ = ',';
        }
    }
    for (; count != 0; ++from, --count) {
        to = one(to, *from);
        *to++ = ',';
    }
    return to;
}

} // namespace tintype::detail

#endif
