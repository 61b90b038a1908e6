#pragma once

// An exact quantile in memory that does not grow with the numbers: they are gone through as often
// as it takes, each time over fewer that can be it.

#include <tintype/delta/measure.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace tintype::inline v0 {

class quantile_search {
public:
    // Of numbers of which this is known.
    quantile_search(double q, const measure& all) {
        const std::uint64_t count = all.count - all.nans;
        if (count == 0 || !(q >= 0) || !(q <= 1)) {
            found_ = std::numeric_limits<double>::quiet_NaN();
            return;
        }
        const auto up_to = std::ceil(q * static_cast<double>(count));
        rank_ = up_to < 1                            ? 0
                : up_to < static_cast<double>(count) ? static_cast<std::uint64_t>(up_to) - 1
                                                     : count - 1;
        low_ = key_of(all.min);
        high_ = key_of(all.max);
        settle();
    }

    [[nodiscard]] const std::optional<double>& found() const noexcept { return found_; }

    // The numbers come once more.
    void begin() {
        counts_.assign(buckets, 0);
        below_ = 0;
    }

    void add(double number) noexcept {
        if (!std::isnan(number)) {
            add(key_of(number), 1);
        }
    }

    // Many at once, if it does not matter which is which.
    [[nodiscard]] bool add(const measure& many) noexcept {
        const std::uint64_t count = many.count - many.nans;
        if (count == 0) {
            return true;
        }
        const std::uint64_t least = key_of(many.min);
        const std::uint64_t greatest = key_of(many.max);
        if (least > high_ || greatest < low_ ||
            (least >= low_ && greatest <= high_ && bucket_of(least) == bucket_of(greatest))) {
            add(least, count);
            return true;
        }
        return false;
    }

    // After all came: what is left can only be in one bucket.
    void narrow() {
        std::uint64_t before = below_;
        for (std::size_t i = 0; i != buckets && rank_ >= before; ++i) {
            if (rank_ < before + counts_[i]) {
                const std::uint64_t begin = low_ + (static_cast<std::uint64_t>(i) << shift_);
                const std::uint64_t size = std::uint64_t{1} << shift_;
                high_ = std::min(high_, begin + (size - 1));
                low_ = begin;
                settle();
                return;
            }
            before += counts_[i];
        }
        // The numbers are not those that were measured.
        found_ = std::numeric_limits<double>::quiet_NaN();
    }

private:
    static constexpr std::size_t buckets = std::size_t{1} << 14U;

    // Ascending with the number; -0.0 is 0.0.
    [[nodiscard]] static std::uint64_t key_of(double number) noexcept {
        const auto bits = std::bit_cast<std::uint64_t>(number == 0 ? 0.0 : number);
        constexpr std::uint64_t sign = std::uint64_t{1} << 63U;
        return (bits & sign) != 0 ? ~bits : bits | sign;
    }

    [[nodiscard]] static double number_of(std::uint64_t key) noexcept {
        constexpr std::uint64_t sign = std::uint64_t{1} << 63U;
        return std::bit_cast<double>((key & sign) != 0 ? key ^ sign : ~key);
    }

    [[nodiscard]] std::size_t bucket_of(std::uint64_t key) const noexcept {
        return static_cast<std::size_t>((key - low_) >> shift_);
    }

    void add(std::uint64_t key, std::uint64_t count) noexcept {
        if (key < low_) {
            below_ += count;
        } else if (key <= high_) {
            counts_[bucket_of(key)] += count;
        }
    }

    void settle() {
        if (low_ == high_) {
            found_ = number_of(low_);
            return;
        }
        const auto bits = static_cast<unsigned>(std::bit_width(high_ - low_));
        shift_ = bits > 14 ? bits - 14 : 0;
    }

    std::optional<double> found_;
    std::uint64_t rank_ = 0; // of what is looked for, among all
    std::uint64_t low_ = 0;  // it is between these keys
    std::uint64_t high_ = 0;
    std::uint64_t below_ = 0;
    unsigned shift_ = 0;
    std::vector<std::uint64_t> counts_;
};

} // namespace tintype::inline v0
