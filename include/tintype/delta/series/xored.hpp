#pragma once

// Floats by the bits in which each differs from the one before, after Pelkonen and others (Gorilla,
// 2015): a bit for an equal value, otherwise the stretch of bits that differ, either where the last
// stretch was or at a place that is said anew. Unlike there, a new place is also said where the old
// one is so much too long that saying it is cheaper.

#include <tintype/core/bytes.hpp>
#include <tintype/core/endian.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/reader.hpp>
#include <tintype/delta/series/bits.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace tintype::inline v0::detail::series {

// A piece in raw form is never longer, so neither is one of these.
inline constexpr std::size_t most_xored = piece_values * 8;

// How values of one width say a stretch.
struct stretch_form {
    unsigned bits;   // of a value
    unsigned length; // bits that say the length less one

    static constexpr unsigned leading = 5; // bits that say the zeros above, of which 31 are seen

    [[nodiscard]] constexpr unsigned header() const noexcept { return leading + length; }
};

template <class Bits>
inline constexpr stretch_form stretch_of = {8 * sizeof(Bits), sizeof(Bits) == 8 ? 6U : 5U};

// The bits from `low` on, `length` many.
struct stretch {
    unsigned length = 0;
    unsigned low = 0;

    [[nodiscard]] constexpr bool holds(stretch other) const noexcept {
        return other.low >= low && other.low + other.length <= low + length;
    }
};

// Calls equal(), again(difference, where) or anew(difference, where) for every value but the first.
template <class Bits, class Equal, class Again, class Anew>
void walk_xored(std::span<const Bits> values, Equal equal, Again again, Anew anew) {
    constexpr stretch_form form = stretch_of<Bits>;
    stretch last;
    for (std::size_t i = 1; i < values.size(); ++i) {
        const auto difference = static_cast<Bits>(values[i] ^ values[i - 1]);
        if (difference == 0) {
            equal();
            continue;
        }
        const auto leading = std::min(static_cast<unsigned>(std::countl_zero(difference)), 31U);
        const auto trailing = static_cast<unsigned>(std::countr_zero(difference));
        const stretch own{form.bits - leading - trailing, trailing};
        if (last.holds(own) && last.length <= own.length + form.header()) {
            again(difference, last);
        } else {
            last = own;
            anew(difference, own);
        }
    }
}

template <class Bits>
[[nodiscard]] std::size_t xored_size(std::span<const Bits> values) {
    constexpr stretch_form form = stretch_of<Bits>;
    std::size_t bits = form.bits;
    walk_xored(
        values, [&] { ++bits; }, [&](Bits, stretch where) { bits += 2 + where.length; },
        [&](Bits, stretch where) { bits += 2 + form.header() + where.length; });
    return (bits + 7) / 8;
}

class bit_writer {
public:
    explicit bit_writer(std::byte* to) noexcept : to_(to) {}

    // At most 64 of them, and nothing above them.
    void put(std::uint64_t value, unsigned bits) noexcept {
        gathered_ |= value << filled_;
        if (filled_ + bits >= 64) {
            store<std::endian::little>(to_, gathered_);
            to_ += 8;
            const unsigned written = 64 - filled_;
            gathered_ = written == 64 ? 0 : value >> written;
            filled_ = bits - written;
        } else {
            filled_ += bits;
        }
    }

    std::byte* finish() noexcept {
        for (; filled_ != 0; filled_ -= std::min(filled_, 8U)) {
            *to_++ = static_cast<std::byte>(gathered_);
            gathered_ >>= 8U;
        }
        return to_;
    }

private:
    std::byte* to_;
    std::uint64_t gathered_ = 0;
    unsigned filled_ = 0; // fewer than 64
};

template <class Bits>
std::byte* put_xored(std::span<const Bits> values, std::byte* to) {
    constexpr stretch_form form = stretch_of<Bits>;
    bit_writer out{to};
    out.put(values[0], form.bits);
    walk_xored(
        values, [&] { out.put(0, 1); },
        [&](Bits difference, stretch where) {
            out.put(1, 2);
            out.put(difference >> where.low, where.length);
        },
        [&](Bits difference, stretch where) {
            const unsigned leading = form.bits - where.length - where.low;
            out.put(3U | leading << 2U | (where.length - 1) << (2 + form.leading),
                    2 + form.header());
            out.put(difference >> where.low, where.length);
        });
    return out.finish();
}

// Reads values().size() values, the rest of the bytes.
template <class Bits>
[[nodiscard]] result<void> take_xored(reader& in, std::span<Bits> values, std::string_view part) {
    constexpr stretch_form form = stretch_of<Bits>;
    const std::uint64_t offset = in.offset();
    const auto refuse = [&](errc code, std::uint64_t found, std::uint64_t wanted) {
        return fail(
            {.code = code, .where = part, .offset = offset, .found = found, .wanted = wanted});
    };
    const std::uint64_t size = in.remaining();
    if (size > most_xored) {
        return refuse(errc::trailing_bytes, size - most_xored, 0);
    }
    const byte_view bytes = *in.take(size, part);
    // Every value may ask for less than 16 bytes before its end is held against the end of all.
    std::array<std::byte, most_xored + 32> room;
    std::ranges::copy(bytes, room.begin());
    std::fill_n(room.begin() + static_cast<std::ptrdiff_t>(size), 32, std::byte{0});
    std::size_t at = 0;
    const auto near = [&] { // at least 57 bits
        return load<std::endian::little, std::uint64_t>(room.data() + at / 8) >> at % 8;
    };
    const auto take = [&](unsigned bits) {
        std::uint64_t value = near();
        if (bits > 57) {
            value |=
                at % 8 == 0 ? 0 : std::to_integer<std::uint64_t>(room[at / 8 + 8]) << (64 - at % 8);
        }
        at += bits;
        return value & low_bits(bits);
    };
    auto value = static_cast<Bits>(take(form.bits));
    values[0] = value;
    stretch where;
    for (std::size_t i = 1; i < values.size(); ++i) {
        if (at >= 8 * size) {
            return refuse(errc::truncated_section, size, size + 1);
        }
        const std::uint64_t flags = near();
        if ((flags & 1U) == 0) {
            ++at;
        } else {
            at += 2;
            if ((flags & 2U) != 0) {
                const auto leading = static_cast<unsigned>(flags >> 2U & 31U);
                where.length =
                    static_cast<unsigned>(flags >> (2 + form.leading) & low_bits(form.length)) + 1;
                if (leading + where.length > form.bits) {
                    return refuse(errc::invalid_value, leading + where.length, form.bits);
                }
                where.low = form.bits - leading - where.length;
                at += form.header();
            }
            value = static_cast<Bits>(value ^ static_cast<Bits>(take(where.length) << where.low));
        }
        values[i] = value;
    }
    const std::size_t wanted = (at + 7) / 8;
    if (wanted > size) {
        return refuse(errc::truncated_section, size, wanted);
    }
    return wanted == size ? result<void>{} : refuse(errc::trailing_bytes, size - wanted, 0);
}

} // namespace tintype::inline v0::detail::series
