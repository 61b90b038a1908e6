#pragma once

// What a series says as a whole, so that whoever asks for an aggregate or for values within bounds
// need not decode those that cannot matter.

#include <tintype/delta/series/tag.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>

namespace tintype::inline v0 {

// NaNs are counted and are in nothing else; infinities are numbers. Without a number, `min` is the
// greatest value there is and `max` the least. -0.0 and 0.0 are equal, and the first of them
// stands.
template <series_value T>
struct series_summary {
    static constexpr bool floating = std::floating_point<T>;

    using limits_of = std::numeric_limits<T>;
    using sum_type =
        std::conditional_t<floating, double,
                           std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>>;

    std::uint64_t count = 0; // of all, NaNs included
    std::uint64_t nans = 0;
    T min = floating ? limits_of::infinity() : limits_of::max();
    T max = floating ? -limits_of::infinity() : limits_of::lowest();
    sum_type sum = 0;        // floats: added in double, in an order that is always the same
    bool overflowed = false; // integers: a sum did not fit on the way, and this is modulo 2^64
    T first{};
    T last{}; // both 0 where there are none, and NaN where they are

    // Adds those of a series that follows this one.
    constexpr void add(const series_summary& later) noexcept {
        if (later.count == 0) {
            return;
        }
        first = count == 0 ? later.first : first;
        last = later.last;
        count += later.count;
        nans += later.nans;
        min = later.min < min ? later.min : min;
        max = later.max > max ? later.max : max;
        overflowed |= later.overflowed;
        add_to_sum(later.sum);
    }

    // The mean of the numbers; NaN if there are none, and of no use where the sum overflowed.
    [[nodiscard]] constexpr double mean() const noexcept {
        return count == nans ? std::numeric_limits<double>::quiet_NaN()
                             : static_cast<double>(sum) / static_cast<double>(count - nans);
    }

    constexpr void add_to_sum(sum_type more) noexcept {
        if constexpr (floating) {
            sum += more;
        } else {
            overflowed |= __builtin_add_overflow(sum, more, &sum);
        }
    }
};

template <series_value T>
[[nodiscard]] constexpr series_summary<T> summarise(std::span<const T> values) noexcept {
    series_summary<T> all;
    if (values.empty()) {
        return all;
    }
    all.count = values.size();
    all.first = values.front();
    all.last = values.back();
    if constexpr (std::floating_point<T>) {
        // Four sums side by side, as one would wait for each addition; NaNs add nothing.
        double sums[4]{};
        for (std::size_t i = 0; i != values.size(); ++i) {
            const T value = values[i];
            const bool number = value == value;
            all.nans += number ? 0U : 1U;
            all.min = value < all.min ? value : all.min;
            all.max = value > all.max ? value : all.max;
            sums[i % 4] += number ? static_cast<double>(value) : 0;
        }
        all.sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    } else {
        for (const T value : values) {
            all.min = std::min(all.min, value);
            all.max = std::max(all.max, value);
            all.add_to_sum(value);
        }
    }
    return all;
}

} // namespace tintype::inline v0
