#pragma once

// Integers as a plan says: written, and read back from bytes that nobody vouches for. The base, the
// unit, the reference and the first step, as far as there are such; the width; how many patches and
// how wide; then the packed numbers, the patches' places and the bits above.

#include <tintype/core/error.hpp>
#include <tintype/core/reader.hpp>
#include <tintype/core/varint.hpp>
#include <tintype/delta/series/plan.hpp>
#include <tintype/delta/series/tag.hpp>
#include <tintype/delta/series/wide.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace tintype::inline v0::detail::series {

// Writes exactly plan.size bytes, and returns their end; `room` is overwritten.
inline std::byte* put_integers(std::span<const std::uint64_t> values, unsigned bits,
                               const integer_plan& plan, piece_words& room,
                               std::byte* to) noexcept {
    const std::size_t count = values.size();
    const std::span numbers = std::span{room}.first(count);
    quotients(values, bits, plan.unit, numbers.data());
    for (unsigned order = 1; order <= plan.order; ++order) {
        difference(numbers, bits, order);
    }
    const std::uint64_t mask = low_bits(bits);
    for (std::size_t i = 0; i != count; ++i) {
        numbers[i] = i < plan.order ? 0 : (numbers[i] - plan.reference) & mask;
    }

    to = store_varint(to, zigzag(plan.base));
    if (plan.unit != 1) {
        to = store_varint(to, plan.unit);
    }
    if (plan.order != 0) {
        to = store_varint(to, zigzag(plan.reference));
    }
    if (plan.order == 2) {
        to = store_varint(to, zigzag(plan.step));
    }
    *to++ = static_cast<std::byte>(plan.width);
    if (plan.patches != 0) {
        to = store_varint(to, plan.patches);
        *to++ = static_cast<std::byte>(plan.high);
    }
    const std::uint64_t low = low_bits(plan.width);
    to = pack_many(count, plan.width, to, [&](std::size_t i) { return numbers[i] & low; });
    if (plan.patches != 0) {
        // Only the places are left of the numbers that need no patch.
        std::uint16_t places[piece_values];
        std::size_t patches = 0;
        for (std::size_t i = 0; i != count; ++i) {
            places[patches] = static_cast<std::uint16_t>(i);
            patches += numbers[i] > low ? 1U : 0U;
        }
        to = pack(patches, position_bits(count), to,
                  [&](std::size_t i) { return std::uint64_t{places[i]}; });
        to = pack(patches, plan.high, to,
                  [&](std::size_t i) { return numbers[places[i]] >> plan.width; });
    }
    return to;
}

// What stands before the packed numbers.
struct integer_header {
    std::uint64_t base = 0;
    std::uint64_t unit = 1;
    std::uint64_t reference = 0;
    std::uint64_t step = 0;
    unsigned width = 0;
};

[[nodiscard]] inline result<std::uint64_t> take_below(reader& in, std::uint64_t most,
                                                      std::string_view part) {
    const std::uint64_t offset = in.offset();
    const auto number = take_varint(in, part);
    if (number && *number > most) {
        return fail({.code = errc::invalid_value,
                     .where = part,
                     .offset = offset,
                     .found = *number,
                     .wanted = most});
    }
    return number;
}

[[nodiscard]] inline result<integer_header>
take_integer_header(reader& in, piece_tag tag, unsigned bits, std::string_view part) {
    integer_header header;
    const auto number = [&](bool there, std::uint64_t& to) -> result<void> {
        if (!there) {
            return {};
        }
        const auto taken = take_varint(in, part);
        if (!taken) {
            return pass(taken);
        }
        to = *taken;
        return {};
    };
    for (const auto& taken :
         {number(true, header.base), number(tag.unit, header.unit),
          number(tag.order() != 0, header.reference), number(tag.order() == 2, header.step)}) {
        if (!taken) {
            return pass(taken);
        }
    }
    const auto width = take_below(in, bits, part);
    if (!width) {
        return pass(width);
    }
    header.base = unzigzag(header.base);
    header.reference = unzigzag(header.reference);
    header.step = unzigzag(header.step);
    header.width = static_cast<unsigned>(*width);
    return header;
}

// Unpacks `count` numbers and puts the patches on them.
[[nodiscard]] inline result<void> take_packed(reader& in, piece_tag tag, unsigned bits,
                                              unsigned width, std::size_t count, piece_words& to,
                                              std::string_view part) {
    std::uint64_t patches = 0;
    std::uint64_t high = 0;
    if (tag.patches) {
        const auto many = take_below(in, count, part);
        if (!many) {
            return pass(many);
        }
        const auto above = take_below(in, bits - width, part);
        if (!above) {
            return pass(above);
        }
        patches = *many;
        high = *above;
    }
    const auto numbers = in.take(packed_size(count, width), part);
    if (!numbers) {
        return pass(numbers);
    }
    unpack_many(*numbers, count, width, to.data());
    if (patches == 0 || high == 0) {
        return {};
    }
    const unsigned place_bits = position_bits(count);
    const std::uint64_t offset = in.offset();
    const auto places = in.take(packed_size(patches, place_bits), part);
    if (!places) {
        return pass(places);
    }
    const auto above = in.take(packed_size(patches, static_cast<unsigned>(high)), part);
    if (!above) {
        return pass(above);
    }
    for (std::size_t i = 0; i != patches; ++i) {
        const std::uint64_t place = packed_at(*places, i, place_bits);
        if (place >= count) {
            return fail({.code = errc::invalid_value,
                         .where = part,
                         .offset = offset,
                         .found = place,
                         .wanted = count - 1});
        }
        to[place] |= packed_at(*above, i, static_cast<unsigned>(high)) << width;
    }
    return {};
}

// Packed numbers to the values that they stand for, as far as their lowest `bits` bits go.
inline void restore(const integer_header& header, unsigned order, std::span<std::uint64_t> values) {
    if (order == 0) {
        if (header.unit == 1) {
            for (std::uint64_t& value : values) {
                value += header.base;
            }
        } else {
            for (std::uint64_t& value : values) {
                value = header.base + header.unit * value;
            }
        }
        return;
    }
    // The unit is multiplied into what is small already, not into every sum.
    const std::uint64_t reference = header.unit * header.reference;
    const auto summed = [&](auto scaled) {
        if (order == 1) {
            std::uint64_t sum = header.base - reference;
            for (std::uint64_t& value : values) {
                sum += scaled(value) + reference;
                value = sum;
            }
        } else {
            const std::uint64_t step = header.unit * header.step;
            std::uint64_t slope = step - 2 * reference;
            std::uint64_t sum = header.base + reference - step;
            for (std::uint64_t& value : values) {
                slope += scaled(value) + reference;
                sum += slope;
                value = sum;
            }
        }
    };
    if (header.unit == 1) {
        summed([](std::uint64_t value) { return value; });
    } else {
        summed([&](std::uint64_t value) { return header.unit * value; });
    }
}

// Reads `count` values, at most a piece; of each the lowest `bits` bits are meant.
[[nodiscard]] inline result<void> take_integers(reader& in, piece_tag tag, unsigned bits,
                                                std::size_t count, piece_words& to,
                                                std::string_view part) {
    const auto header = take_integer_header(in, tag, bits, part);
    if (!header) {
        return pass(header);
    }
    const auto packed = take_packed(in, tag, bits, header->width, count, to, part);
    if (!packed) {
        return packed;
    }
    restore(*header, tag.order(), std::span{to}.first(count));
    return {};
}

} // namespace tintype::inline v0::detail::series
