#pragma once

// A piece of a series, written: at most 1024 values of one type in whichever encoding is the
// smallest. Its first byte is the tag; the form of each is on the page docs/series.md.

#include <tintype/core/bytes.hpp>
#include <tintype/core/endian.hpp>
#include <tintype/core/varint.hpp>
#include <tintype/delta/series/bits.hpp>
#include <tintype/delta/series/decimal.hpp>
#include <tintype/delta/series/integers.hpp>
#include <tintype/delta/series/plan.hpp>
#include <tintype/delta/series/tag.hpp>
#include <tintype/delta/series/xored.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

namespace tintype::inline v0::detail::series {

template <series_value T>
[[nodiscard]] std::span<const bits_of<T>> all_bits(std::span<const T> values,
                                                   std::array<bits_of<T>, piece_values>& room) {
    std::ranges::transform(values, room.begin(),
                           [](T value) { return std::bit_cast<bits_of<T>>(value); });
    return std::span{room}.first(values.size());
}

// What was decided about values that stand one by one.
struct value_plan {
    piece_tag tag{};
    decimal_scale scale{};
    integer_plan integers{};
    std::size_t size = 0; // bytes, the tag not among them
};

// Memory for the work on one piece.
template <series_value T>
struct piece_room {
    piece_words words;
    piece_words numbers;
    std::array<bits_of<T>, piece_values> bits;
};

template <series_value T>
struct float_room : piece_room<T> {
    decimal_misses<T> misses;
};

template <series_value T>
using room_for = std::conditional_t<std::floating_point<T>, float_room<T>, piece_room<T>>;

template <series_value T>
class piece_writer {
public:
    // Chooses and writes, at `to`, at most most_piece_size bytes; their end. Not for values that
    // are all the same.
    std::byte* put(std::span<const T> values, std::byte* to) {
        const value_plan all = plan(values);
        const std::size_t changes = compact(values);
        const std::size_t map_size = packed_size(values.size(), 1);
        // Worth a try where what the repeated ones take now is more than a bit for each value.
        if ((values.size() - changes) * all.size * 8 > values.size() * values.size()) {
            const std::span<const T> changed = std::span{compacted_}.first(changes);
            value_plan few = plan(changed);
            if (map_size + few.size < all.size) {
                few.tag.repeats = true;
                *to++ = few.tag.byte();
                to = pack(values.size(), 1, to, [&](std::size_t i) -> std::uint64_t {
                    return i == 0 || !same(values[i], values[i - 1]) ? 1U : 0U;
                });
                return put_values(changed, few, to);
            }
        }
        *to++ = all.tag.byte();
        return put_values(values, all, to);
    }

private:
    using bits = bits_of<T>;

    static constexpr unsigned width = 8 * sizeof(T);

    [[nodiscard]] static bool same(T a, T b) noexcept {
        return std::bit_cast<bits>(a) == std::bit_cast<bits>(b);
    }

    std::size_t compact(std::span<const T> values) noexcept {
        compacted_[0] = values[0];
        std::size_t changes = 1;
        for (std::size_t i = 1; i != values.size(); ++i) {
            // Written in any case, and overwritten by the next where it is the same.
            compacted_[changes == piece_values ? 0 : changes] = values[i];
            changes += same(values[i], values[i - 1]) ? 0U : 1U;
        }
        return changes;
    }

    void take_if_smaller(const integer_plan& found, piece_tag tag, std::size_t more,
                         decimal_scale scale, value_plan& best) {
        if (found.size + more < best.size) {
            constexpr piece_kind kinds[] = {piece_kind::frame, piece_kind::delta,
                                            piece_kind::delta_of_delta};
            tag.kind = kinds[found.order];
            tag.unit = found.unit != 1;
            tag.patches = found.patches != 0;
            best = {.tag = tag, .scale = scale, .integers = found, .size = found.size + more};
        }
    }

    // The integers that stand for the values, in room_.words.
    std::span<const std::uint64_t> integers_of(std::span<const T> values) {
        std::ranges::transform(values, room_.words.begin(), [](T value) {
            const auto own = std::bit_cast<bits>(value);
            if constexpr (std::floating_point<T>) {
                return std::uint64_t{ordered_bits(own)};
            } else {
                return std::uint64_t{own};
            }
        });
        return std::span{room_.words}.first(values.size());
    }

    std::span<const std::uint64_t> decimals_of(std::span<const T> values, decimal_scale scale) {
        to_decimals(values, scale, room_.words.data(), room_.misses);
        return std::span{room_.words}.first(values.size());
    }

    // The same digits scaled the other way, where the sample did not show that more values miss.
    decimal_scale better_scale(std::span<const T> values, decimal_scale scale) {
        decimals_of(values, scale);
        const std::size_t misses = room_.misses.count;
        if (misses * 64 <= values.size() || scale.exponent == 0) {
            return scale;
        }
        const decimal_scale other{scale.exponent, !scale.inverse};
        decimals_of(values, other);
        return misses > room_.misses.count ? other : scale;
    }

    [[nodiscard]] std::size_t misses_size(std::size_t count) const {
        const std::size_t misses = room_.misses.count;
        return varint_size(misses) + packed_size(misses, position_bits(count)) + misses * sizeof(T);
    }

    value_plan plan(std::span<const T> values) {
        value_plan best{.tag = {.kind = piece_kind::raw}, .size = values.size() * sizeof(T)};
        if constexpr (std::floating_point<T>) {
            if (const auto chosen = choose_scale(values); chosen.promising) {
                const decimal_scale scale = better_scale(values, chosen.scale);
                const auto digits = decimals_of(values, scale);
                take_if_smaller(plan_integers(digits, 64, room_.numbers), {.decimal = true},
                                1 + misses_size(values.size()), scale, best);
            }
            const std::size_t size = xored_size(all_bits(values, room_.bits));
            if (size < best.size) {
                best = {.tag = {.kind = piece_kind::xored}, .size = size};
            }
            // Decimals that are this short are shorter than anything else made of their bits.
            if (best.tag.decimal && best.size * 4 <= values.size() * sizeof(T)) {
                return best;
            }
        }
        take_if_smaller(plan_integers(integers_of(values), width, room_.numbers), {}, 0, {}, best);
        return best;
    }

    std::byte* put_values(std::span<const T> values, const value_plan& chosen, std::byte* to) {
        if (chosen.tag.integers()) {
            if constexpr (std::floating_point<T>) {
                if (chosen.tag.decimal) {
                    return put_decimals(values, chosen, to);
                }
            }
            return put_integers(integers_of(values), width, chosen.integers, room_.numbers, to);
        }
        if constexpr (std::floating_point<T>) {
            if (chosen.tag.kind == piece_kind::xored) {
                return put_xored(all_bits(values, room_.bits), to);
            }
        }
        for (const T value : values) {
            store<std::endian::little>(to, value);
            to += sizeof(T);
        }
        return to;
    }

    std::byte* put_decimals(std::span<const T> values, const value_plan& chosen, std::byte* to) {
        const auto digits = decimals_of(values, chosen.scale);
        *to++ = chosen.scale.byte();
        const auto& misses = room_.misses;
        to = store_varint(to, misses.count);
        to = pack(misses.count, position_bits(values.size()), to,
                  [&](std::size_t i) { return std::uint64_t{misses.places[i]}; });
        for (std::size_t i = 0; i != misses.count; ++i) {
            store<std::endian::little>(to, values[misses.places[i]]);
            to += sizeof(T);
        }
        return put_integers(digits, 64, chosen.integers, room_.numbers, to);
    }

    room_for<T> room_;
    std::array<T, piece_values> compacted_;
};

} // namespace tintype::inline v0::detail::series
