#pragma once

// A piece of a series, read from bytes that nobody vouches for.

#include <tintype/core/bytes.hpp>
#include <tintype/core/endian.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/reader.hpp>
#include <tintype/delta/series/bits.hpp>
#include <tintype/delta/series/decimal.hpp>
#include <tintype/delta/series/integers.hpp>
#include <tintype/delta/series/plan.hpp>
#include <tintype/delta/series/tag.hpp>
#include <tintype/delta/series/wide.hpp>
#include <tintype/delta/series/xored.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

namespace tintype::inline v0::detail::series {

template <series_value T>
class piece_reader {
public:
    piece_reader(reader& in, std::string_view part) : in_(&in), part_(part) {}

    // Everything behind the tag, which is a valid one of no constant piece. At least one value and
    // at most a piece is wanted.
    [[nodiscard]] result<void> take(piece_tag tag, std::span<T> out) {
        if (!tag.repeats) {
            return take_values(tag, out);
        }
        const auto map = in_->take(packed_size(out.size(), 1), part_);
        if (!map) {
            return pass(map);
        }
        // Bits behind the last value mean nothing.
        std::array<std::uint64_t, piece_values / 64> changes{};
        std::size_t count = 0;
        for (std::size_t at = 0; at < out.size(); at += 64) {
            const auto here = static_cast<unsigned>(std::min<std::size_t>(out.size() - at, 64));
            changes[at / 64] = packed_bits(*map, at, here);
            count += static_cast<std::size_t>(std::popcount(changes[at / 64]));
        }
        if ((changes[0] & 1U) == 0) {
            return refuse(0, 1);
        }
        // They are read to the end of the room, and spreading them out never overtakes them.
        const std::span changed = out.last(count);
        const auto taken = take_values(tag, changed);
        if (!taken) {
            return taken;
        }
        std::size_t next = 0;
        for (std::size_t i = 0; i != out.size(); ++i) {
            next += changes[i / 64] >> i % 64 & 1U;
            out[i] = changed[next - 1];
        }
        return {};
    }

private:
    using bits = bits_of<T>;

    static constexpr unsigned width = 8 * sizeof(T);

    [[nodiscard]] std::unexpected<error> refuse(std::uint64_t found, std::uint64_t wanted) const {
        return fail({.code = errc::invalid_value,
                     .where = part_,
                     .offset = in_->offset(),
                     .found = found,
                     .wanted = wanted});
    }

    [[nodiscard]] result<void> take_values(piece_tag tag, std::span<T> out) {
        if (tag.kind == piece_kind::raw) {
            return take_raw(out);
        }
        if constexpr (std::floating_point<T>) {
            if (tag.kind == piece_kind::xored) {
                std::array<bits, piece_values> room;
                const std::span all = std::span{room}.first(out.size());
                const auto taken = take_xored(*in_, all, part_);
                if (taken) {
                    std::ranges::transform(all, out.begin(),
                                           [](bits value) { return std::bit_cast<T>(value); });
                }
                return taken;
            }
            if (tag.decimal) {
                return take_decimals(tag, out);
            }
        }
        const auto taken = take_integers(*in_, tag, width, out.size(), words_, part_);
        if (taken) {
            from_words<T>(std::span<const std::uint64_t>{words_}.first(out.size()), out.data());
        }
        return taken;
    }

    [[nodiscard]] result<void> take_raw(std::span<T> out) {
        const auto all = in_->take(out.size_bytes(), part_);
        if (!all) {
            return pass(all);
        }
        for (std::size_t i = 0; i != out.size(); ++i) {
            out[i] = load<std::endian::little, T>(all->data() + i * sizeof(T));
        }
        return {};
    }

    [[nodiscard]] result<void> take_decimals(piece_tag tag, std::span<T> out) {
        const auto first = in_->take(1, part_);
        if (!first) {
            return pass(first);
        }
        const auto byte = std::to_integer<unsigned>(first->front());
        const decimal_scale scale{byte & ~decimal_scale::inverse_flag,
                                  (byte & decimal_scale::inverse_flag) != 0};
        if (scale.exponent > most_decimals<T>()) {
            return refuse(byte, most_decimals<T>());
        }
        const auto misses = take_below(*in_, out.size(), part_);
        if (!misses) {
            return pass(misses);
        }
        const unsigned place_bits = position_bits(out.size());
        const auto places = in_->take(packed_size(*misses, place_bits), part_);
        if (!places) {
            return pass(places);
        }
        const auto values = in_->take(*misses * sizeof(T), part_);
        if (!values) {
            return pass(values);
        }
        const auto taken = take_integers(*in_, tag, 64, out.size(), words_, part_);
        if (!taken) {
            return taken;
        }
        from_decimals(std::span<const std::uint64_t>{words_}.first(out.size()), scale, out.data());
        for (std::size_t i = 0; i != *misses; ++i) {
            const std::uint64_t place = packed_at(*places, i, place_bits);
            if (place >= out.size()) {
                return refuse(place, out.size() - 1);
            }
            out[place] = load<std::endian::little, T>(values->data() + i * sizeof(T));
        }
        return {};
    }

    reader* in_;
    std::string_view part_;
    piece_words words_;
};

} // namespace tintype::inline v0::detail::series
