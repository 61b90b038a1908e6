#pragma once

// How the integers of a piece are packed best: whether as they are, as differences or as
// differences of differences; from which value the distances are counted, in which unit, and how
// many bits each has, while the few that need more are patched. Everything is computed modulo two
// to the power of the integers' bits, so no difference overflows: numbers that wrap around are
// numbers like others.

#include <tintype/delta/series/bits.hpp>
#include <tintype/delta/series/widths.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

namespace tintype::inline v0::detail::series {

// The number whose lowest bits these are, with the sign that the topmost of them says.
[[nodiscard]] constexpr std::uint64_t sign_extended(std::uint64_t value, unsigned bits) noexcept {
    const unsigned above = 64 - bits;
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(value << above) >> above);
}

// Small numbers of either sign as small numbers.
[[nodiscard]] constexpr std::uint64_t zigzag(std::uint64_t value) noexcept {
    return value << 1U ^ (0 - (value >> 63U));
}

[[nodiscard]] constexpr std::uint64_t unzigzag(std::uint64_t value) noexcept {
    return value >> 1U ^ (0 - (value & 1U));
}

[[nodiscard]] constexpr std::size_t varint_size(std::uint64_t number) noexcept {
    return (static_cast<std::size_t>(std::bit_width(number | 1U)) + 6) / 7;
}

// Bits of a position among so many.
[[nodiscard]] constexpr unsigned position_bits(std::size_t count) noexcept {
    return static_cast<unsigned>(std::bit_width(count - 1));
}

struct integer_plan {
    unsigned order = 0;          // how often differences are taken
    unsigned width = 0;          // bits of each packed number
    unsigned high = 0;           // bits that a patch has above them
    std::size_t patches = 0;     // numbers that need them
    std::uint64_t unit = 1;      // what the values' distances are multiples of
    std::uint64_t base = 0;      // order 0: what is added to each; else the first value
    std::uint64_t reference = 0; // what is added to each packed number; order 0 has it in the base
    std::uint64_t step = 0;      // order 2: the first difference
    std::size_t size = std::numeric_limits<std::size_t>::max(); // bytes of all of it

    [[nodiscard]] constexpr std::size_t header_size() const noexcept {
        return 1 + varint_size(zigzag(base)) + (unit == 1 ? 0 : varint_size(unit)) +
               (order == 0 ? 0 : varint_size(zigzag(reference))) +
               (order == 2 ? varint_size(zigzag(step)) : 0);
    }
};

// Bytes of so many patches among `count` numbers.
[[nodiscard]] constexpr std::size_t patch_size(std::size_t count, std::size_t patches,
                                               unsigned high) noexcept {
    return 1 + varint_size(patches) + packed_size(patches, position_bits(count)) +
           packed_size(patches, high);
}

// The distances from the first value in multiples of `unit`, which all of them are: exact division
// by a shift and by the inverse of what is odd.
inline void quotients(std::span<const std::uint64_t> values, unsigned bits, std::uint64_t unit,
                      std::uint64_t* to) noexcept {
    const auto shift = static_cast<unsigned>(std::countr_zero(unit));
    const std::uint64_t odd = unit >> shift;
    std::uint64_t inverse = odd; // three bits are right, and each step doubles them
    for (int i = 0; i != 5; ++i) {
        inverse *= 2 - odd * inverse;
    }
    for (std::size_t i = 0; i != values.size(); ++i) {
        const std::uint64_t distance = sign_extended(values[i] - values[0], bits);
        to[i] = static_cast<std::uint64_t>(static_cast<std::int64_t>(distance) >> shift) * inverse;
    }
}

// From numbers that were differenced `order` - 1 times to those that were `order` times; the first
// of each order stay as they are.
inline void difference(std::span<std::uint64_t> numbers, unsigned bits, unsigned order) noexcept {
    for (std::size_t i = numbers.size(); i-- > order;) {
        numbers[i] = sign_extended(numbers[i] - numbers[i - 1], bits);
    }
}

[[nodiscard]] inline std::uint64_t greatest_common_unit(std::span<const std::uint64_t> values,
                                                        unsigned bits) noexcept {
    std::uint64_t unit = 0;
    for (const std::uint64_t value : values) {
        std::uint64_t rest = sign_extended(value - values[0], bits);
        rest = rest >> 63U != 0 ? 0 - rest : rest;
        while (rest != 0) {
            const std::uint64_t before = rest;
            rest = unit == 0 ? 0 : unit % rest;
            unit = before;
        }
        if (unit == 1) {
            break;
        }
    }
    return unit == 0 ? 1 : unit;
}

// The reference from which most numbers are near, where a few are far away on both sides: by a
// sorted sample, the shortest stretches of it that hold half, three quarters, nine tenths and all.
// `least` where they are too evenly spread for that, over `whole` bits from it on.
[[nodiscard]] inline std::uint64_t sampled_reference(std::span<const std::uint64_t> numbers,
                                                     std::uint64_t least, unsigned whole) {
    constexpr std::size_t most = 64;
    constexpr std::size_t patch_cost = 12; // bits for a place, about
    std::array<std::int64_t, most> room{};
    const std::size_t size = std::min(numbers.size(), most);
    for (std::size_t i = 0; i != size; ++i) {
        room[i] = static_cast<std::int64_t>(numbers[i * numbers.size() / size]);
    }
    const std::span sample = std::span{room}.first(size);
    const auto at_eighth = [&](std::size_t eighths) {
        const std::size_t at = size * eighths / 8;
        std::ranges::nth_element(sample, sample.begin() + static_cast<std::ptrdiff_t>(at));
        return static_cast<std::uint64_t>(sample[at]);
    };
    const std::uint64_t low = at_eighth(1);
    const std::uint64_t high = at_eighth(7);
    if (static_cast<unsigned>(std::bit_width(high - low)) + 2 > whole) {
        return least;
    }
    std::ranges::sort(sample);
    std::size_t smallest = whole * size;
    std::uint64_t best = least;
    for (const std::size_t sixteenths : {8U, 12U, 14U, 16U}) {
        const std::size_t inside = std::max<std::size_t>(size * sixteenths / 16, 1);
        std::size_t from = 0;
        std::uint64_t length = std::numeric_limits<std::uint64_t>::max();
        for (std::size_t i = 0; i + inside <= size; ++i) {
            const auto own = static_cast<std::uint64_t>(sample[i + inside - 1]) -
                             static_cast<std::uint64_t>(sample[i]);
            from = own < length ? i : from;
            length = std::min(length, own);
        }
        const auto width = static_cast<unsigned>(std::bit_width(length));
        const std::size_t cost = width * size + (size - inside) * (patch_cost + whole - width);
        if (cost < smallest) {
            smallest = cost;
            // The sample has not seen all of them: room is left on both sides.
            best = static_cast<std::uint64_t>(sample[from]) - (low_bits(width) - length) / 2;
        }
    }
    return best;
}

// The least of the numbers that are inside the plan's width, or nearly: where a sample guessed
// about where most of them are, this is where they begin.
[[nodiscard]] inline std::uint64_t least_near(std::span<const std::uint64_t> numbers,
                                              const integer_plan& plan) noexcept {
    const std::uint64_t slack = (low_bits(plan.width) >> 1U) + 1;
    const std::uint64_t from = plan.reference - slack;
    std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
    for (const std::uint64_t number : numbers) {
        least = std::min(least, number - from);
    }
    return from + least;
}

// Chooses the width for distances from `reference`, and keeps the plan if it is the smaller.
// Returns whether few of them are as wide as the widest, so that another reference might do better.
inline unsigned weigh(std::span<const std::uint64_t> numbers, unsigned bits,
                      std::uint64_t reference, integer_plan plan, integer_plan& best) noexcept {
    const width_counts counts = count_widths(numbers.subspan(plan.order), bits, reference);
    plan.reference = reference;
    if (plan.order == 0) {
        plan.base = sign_extended(plan.base + plan.unit * reference, bits);
    }
    const std::size_t count = numbers.size();
    const std::size_t header = plan.header_size();
    unsigned widest = bits;
    while (widest != 0 && counts[widest] == 0) {
        --widest;
    }
    plan.width = widest;
    plan.size = header + packed_size(count, widest);
    std::size_t wider = 0;
    for (unsigned width = widest; width-- != 0;) {
        wider += counts[width + 1];
        const std::size_t size =
            header + packed_size(count, width) + patch_size(count, wider, widest - width);
        if (size < plan.size) {
            plan.size = size;
            plan.width = width;
            plan.patches = wider;
            plan.high = widest - width;
        }
    }
    if (plan.size < best.size) {
        best = plan;
    }
    return widest;
}

inline void plan_orders(std::span<const std::uint64_t> values, unsigned bits, std::uint64_t unit,
                        piece_words& room, integer_plan& best) {
    const std::span numbers = std::span{room}.first(values.size());
    quotients(values, bits, unit, numbers.data());
    integer_plan plan{.unit = unit, .base = sign_extended(values[0], bits)};
    for (plan.order = 0; plan.order <= 2 && plan.order < values.size(); ++plan.order) {
        if (plan.order != 0) {
            difference(numbers, bits, plan.order);
        }
        plan.step = plan.order == 2 ? numbers[1] : 0;
        const std::span own = numbers.subspan(plan.order);
        std::int64_t least = std::numeric_limits<std::int64_t>::max();
        for (const std::uint64_t number : own) {
            least = std::min(least, static_cast<std::int64_t>(number));
        }
        const auto smallest = static_cast<std::uint64_t>(least);
        integer_plan here;
        const unsigned whole = weigh(numbers, bits, smallest, plan, here);
        const std::uint64_t other = sampled_reference(own, smallest, whole);
        if (other != smallest) {
            weigh(numbers, bits, other, plan, here);
            weigh(numbers, bits, least_near(own, here), plan, here);
        }
        if (here.size < best.size) {
            best = here;
        } else if (plan.order == 1) {
            return; // differences of what is no smaller by differences are larger yet
        }
    }
}

// The smallest plan for at least one value of `bits` bits each; `room` is overwritten.
[[nodiscard]] inline integer_plan plan_integers(std::span<const std::uint64_t> values,
                                                unsigned bits, piece_words& room) {
    integer_plan best;
    plan_orders(values, bits, 1, room, best);
    if (best.width != 0 || best.patches != 0) {
        const std::uint64_t unit = greatest_common_unit(values, bits);
        if (unit != 1) {
            plan_orders(values, bits, unit, room, best);
        }
    }
    return best;
}

} // namespace tintype::inline v0::detail::series
