#pragma once

// How the lengths of strings, sequences and maps are kept: once where all are the same, else as
// many numbers of the smallest width that holds the longest. There is one right way for any given
// lengths, and every other is refused.

#include <tintype/core/endian.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace tintype::inline v0::detail {

// The largest number stands for "more than there can be", and no bytes present will do for it.
[[nodiscard]] constexpr std::uint64_t saturated_sum(std::uint64_t a, std::uint64_t b) noexcept {
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    return a > most - b ? most : a + b;
}

// Zeros behind a block, up to the next multiple of eight.
[[nodiscard]] constexpr std::uint64_t padding_of(std::uint64_t size) noexcept {
    return (8 - size % 8) % 8;
}

// What is known of the lengths of one column once each was looked at.
class length_facts {
public:
    constexpr void add(std::uint64_t length) noexcept {
        total_ = saturated_sum(total_, length);
        longest_ = std::max(longest_, length);
        shortest_ = std::min(shortest_, length);
    }

    [[nodiscard]] constexpr std::uint64_t total() const noexcept { return total_; }

    [[nodiscard]] constexpr std::uint64_t longest() const noexcept { return longest_; }

    // 0 where one length stands for all, else the bytes of each. Nothing is no length that could
    // stand for all: then any number of rows would cost nothing.
    [[nodiscard]] constexpr std::uint64_t tag() const noexcept {
        if (longest_ == shortest_ && longest_ != 0) {
            return 0;
        }
        const auto bytes = static_cast<unsigned>(std::bit_width(longest_) + 7) / 8U;
        return std::bit_ceil(std::max(bytes, 1U));
    }

private:
    std::uint64_t total_ = 0;
    std::uint64_t longest_ = 0;
    std::uint64_t shortest_ = std::numeric_limits<std::uint64_t>::max();
};

// Lengths as they are stored, one after another.
class stored_lengths {
public:
    // `at`: the length that stands for all where the tag is 0, else the first.
    constexpr stored_lengths(const std::byte* at, std::uint64_t tag) noexcept
        : at_(at), tag_(tag) {}

    [[nodiscard]] std::uint64_t next() noexcept {
        constexpr auto little = std::endian::little;
        const std::byte* const from = at_;
        at_ += tag_;
        switch (tag_) {
        case 1:
            return load<little, std::uint8_t>(from);
        case 2:
            return load<little, std::uint16_t>(from);
        case 4:
            return load<little, std::uint32_t>(from);
        default:
            return load<little, std::uint64_t>(from);
        }
    }

private:
    const std::byte* at_;
    std::uint64_t tag_;
};

} // namespace tintype::inline v0::detail
