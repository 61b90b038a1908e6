#pragma once

// How many numbers have how many bits: what a width is chosen by. Compiled once more for processors
// that count leading zeros in one step.

#include <tintype/delta/series/bits.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace tintype::inline v0::detail::series {

using width_counts = std::array<std::uint32_t, 65>;

// Four in turn: nearly all numbers fall into the same place, and would wait for each other there.
using width_counters = std::array<width_counts, 4>;

[[gnu::always_inline]] inline void count_widths_body(std::span<const std::uint64_t> numbers,
                                                     std::uint64_t mask, std::uint64_t reference,
                                                     width_counters& counts) noexcept {
    for (std::size_t i = 0; i != numbers.size(); ++i) {
        const auto width = static_cast<unsigned>(std::bit_width((numbers[i] - reference) & mask));
        ++counts[i % 4][width];
    }
}

inline void count_widths_plain(std::span<const std::uint64_t> numbers, std::uint64_t mask,
                               std::uint64_t reference, width_counters& counts) noexcept {
    count_widths_body(numbers, mask, reference, counts);
}

#if defined(__x86_64__) && defined(__GNUC__)

[[gnu::target("lzcnt")]] inline void count_widths_lzcnt(std::span<const std::uint64_t> numbers,
                                                        std::uint64_t mask, std::uint64_t reference,
                                                        width_counters& counts) noexcept {
    count_widths_body(numbers, mask, reference, counts);
}

[[nodiscard]] inline bool has_lzcnt() noexcept {
    __builtin_cpu_init();
    return __builtin_cpu_supports("lzcnt") != 0;
}

#else

inline constexpr auto count_widths_lzcnt = count_widths_plain;

[[nodiscard]] inline bool has_lzcnt() noexcept {
    return false;
}

#endif

// The lowest `bits` bits of the distances from `reference`.
[[nodiscard]] inline width_counts count_widths(std::span<const std::uint64_t> numbers,
                                               unsigned bits, std::uint64_t reference) noexcept {
    width_counters counts{};
    (has_lzcnt() ? count_widths_lzcnt : count_widths_plain)(numbers, low_bits(bits), reference,
                                                            counts);
    for (std::size_t i = 0; i != counts[0].size(); ++i) {
        counts[0][i] += counts[1][i] + counts[2][i] + counts[3][i];
    }
    return counts[0];
}

} // namespace tintype::inline v0::detail::series
