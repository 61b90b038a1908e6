#pragma once

// The two loops of a history that everything waits for: which elements of two runs differ, and
// exchanging a few elements of a run for others.

#include <tintype/core/endian.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

#if (defined(__x86_64__) || defined(__i386__)) && (defined(__GNUC__) || defined(__clang__))
#define TINTYPE_DIFFERING_X86 1
#include <immintrin.h>
#else
#define TINTYPE_DIFFERING_X86 0
#endif

namespace tintype::inline v0::detail {

// Bits of up to 64 elements.
template <std::size_t Width>
[[nodiscard]] inline std::uint64_t differing_word(const std::byte* a, const std::byte* b,
                                                  std::size_t count) noexcept {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i != count; ++i) {
        const bool other = std::memcmp(a + i * Width, b + i * Width, Width) != 0;
        word |= static_cast<std::uint64_t>(other) << i;
    }
    return word;
}

#if TINTYPE_DIFFERING_X86

template <std::size_t Width>
[[gnu::target("avx2")]] inline std::uint64_t
differing_word_avx2(const std::byte* a, const std::byte* b, std::size_t count) noexcept {
    static_assert(Width == 4 || Width == 8);
    constexpr std::size_t step = 32 / Width;
    std::uint64_t word = 0;
    std::size_t i = 0;
    for (; i + step <= count; i += step) {
        const __m256i x = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(a + i * Width));
        const __m256i y = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b + i * Width));
        unsigned same = 0;
        if constexpr (Width == 8) {
            same = static_cast<unsigned>(
                _mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpeq_epi64(x, y))));
        } else {
            same = static_cast<unsigned>(
                _mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpeq_epi32(x, y))));
        }
        constexpr unsigned all = (1U << step) - 1;
        word |= static_cast<std::uint64_t>(~same & all) << i;
    }
    return i == count ? word
                      : word | differing_word<Width>(a + i * Width, b + i * Width, count - i) << i;
}

[[nodiscard]] inline bool has_avx2() noexcept {
    static const bool has = [] {
        __builtin_cpu_init();
        return __builtin_cpu_supports("avx2") != 0;
    }();
    return has;
}

#endif

// Sets bit i of the words where element i differs, clears the others; how many differ.
template <class T>
[[nodiscard]] std::size_t differing(const T* a, const T* b, std::size_t count,
                                    std::uint64_t* words) noexcept {
    constexpr std::size_t width = sizeof(T);
    const auto* left = reinterpret_cast<const std::byte*>(a);
    const auto* right = reinterpret_cast<const std::byte*>(b);
    auto ask = differing_word<width>;
#if TINTYPE_DIFFERING_X86
    if constexpr (width == 4 || width == 8) {
        if (has_avx2()) {
            ask = differing_word_avx2<width>;
        }
    }
#endif
    std::size_t changed = 0;
    for (; count != 0; ++words) {
        const std::size_t part = count < 64 ? count : 64;
        *words = ask(left, right, part);
        changed += *words == 0 ? 0 : static_cast<std::size_t>(std::popcount(*words));
        left += part * width;
        right += part * width;
        count -= part;
    }
    return changed;
}

template <std::size_t Width>
inline void exchange_elements(std::byte* data, std::span<const std::uint32_t> positions,
                              std::byte* values) noexcept {
    for (const std::uint32_t at : positions) {
        std::byte held[Width];
        std::byte* const place = data + std::size_t{at} * Width;
        std::memcpy(held, place, Width);
        std::memcpy(place, values, Width);
        std::memcpy(values, held, Width);
        values += Width;
    }
}

// Exchanges the elements at these positions for the values, which are in the stored order of bytes
// and stay so; `reorder` is null where that is the machine's.
inline void exchange_scattered(std::byte* data, std::span<const std::uint32_t> positions,
                               std::byte* values, std::size_t width,
                               void (*reorder)(std::byte*, std::size_t)) {
    if (reorder != nullptr) {
        reorder(values, positions.size());
    }
    switch (width) {
    case 1:
        exchange_elements<1>(data, positions, values);
        break;
    case 2:
        exchange_elements<2>(data, positions, values);
        break;
    case 4:
        exchange_elements<4>(data, positions, values);
        break;
    case 8:
        exchange_elements<8>(data, positions, values);
        break;
    default:
        for (std::size_t i = 0; i != positions.size(); ++i) {
            std::byte* const place = data + std::size_t{positions[i]} * width;
            std::swap_ranges(place, place + width, values + i * width);
        }
    }
    if (reorder != nullptr) {
        reorder(values, positions.size());
    }
}

} // namespace tintype::inline v0::detail
