#pragma once

// Series: a run of numbers of one type as a block of bytes, losslessly and small. The block is cut
// into pieces of 1024 values, each in whichever encoding is the shortest for it; what each encoding
// is good for stands on the page docs/series.md. The number of values is the caller's to know. The
// same values always give the same bytes, on every machine.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/reader.hpp>
#include <tintype/core/varint.hpp>
#include <tintype/delta/series/bits.hpp>
#include <tintype/delta/series/piece_reader.hpp>
#include <tintype/delta/series/piece_writer.hpp>
#include <tintype/delta/series/summary.hpp>
#include <tintype/delta/series/tag.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace tintype::inline v0 {

namespace detail::series {

// The values of floats whose lowest bytes are zero are short, too.
template <std::unsigned_integral Bits>
[[nodiscard]] constexpr Bits turned_bytes(Bits bits, bool floating) noexcept {
    return floating ? std::byteswap(bits) : bits;
}

// A tag and as many bytes of the value as are not zero.
template <series_value T>
void append_constant(T value, piece_kind kind, blob& out) {
    std::array<std::byte, 2 + sizeof(T)> bytes{};
    const auto own = turned_bytes(std::bit_cast<bits_of<T>>(value), std::floating_point<T>);
    const auto size = (static_cast<std::size_t>(std::bit_width(own)) + 7) / 8;
    bytes[0] = static_cast<std::byte>(1 + size);
    bytes[1] = piece_tag{.kind = kind}.byte();
    store<std::endian::little>(bytes.data() + 2, own);
    append(out, std::span{bytes}.first(2 + size));
}

template <series_value T>
[[nodiscard]] result<T> take_constant(reader& in, std::string_view part) {
    if (in.remaining() > sizeof(T)) {
        return fail({.code = errc::trailing_bytes,
                     .where = part,
                     .offset = in.offset() + sizeof(T),
                     .found = in.remaining() - sizeof(T)});
    }
    std::array<std::byte, sizeof(T)> bytes{};
    std::ranges::copy(*in.take(in.remaining(), part), bytes.begin());
    const auto own = load<std::endian::little, bits_of<T>>(bytes.data());
    return std::bit_cast<T>(turned_bytes(own, std::floating_point<T>));
}

template <series_value T>
[[nodiscard]] bool all_same(std::span<const T> values) noexcept {
    const auto first = std::bit_cast<bits_of<T>>(values[0]);
    bits_of<T> different = 0;
    for (const T value : values) {
        different = static_cast<bits_of<T>>(different | (std::bit_cast<bits_of<T>>(value) ^ first));
    }
    return different == 0;
}

// How many values at the end are the same as the last.
template <series_value T>
[[nodiscard]] std::size_t same_at_end(std::span<const T> values) noexcept {
    std::size_t same = values.empty() ? 0 : 1;
    while (same < values.size() && std::bit_cast<bits_of<T>>(values[values.size() - same - 1]) ==
                                       std::bit_cast<bits_of<T>>(values.back())) {
        ++same;
    }
    return same;
}

// One piece as it lies in a block: its bytes and how many values it stands for.
struct piece {
    piece_tag tag{};
    reader in{byte_view{}};
    std::uint64_t count = 0;
};

// Takes the next piece of a block of which `left` values, at least one, are still wanted.
template <series_value T>
[[nodiscard]] result<piece> take_piece(reader& in, std::uint64_t left, std::string_view part) {
    const std::uint64_t count = std::min<std::uint64_t>(left, piece_values);
    const std::uint64_t most = most_piece_size<T>(static_cast<std::size_t>(count));
    const std::uint64_t offset = in.offset();
    const auto size = take_varint(in, part);
    if (!size) {
        return pass(size);
    }
    if (*size == 0 || *size > most) {
        return fail({.code = errc::invalid_value,
                     .where = part,
                     .offset = offset,
                     .found = *size,
                     .wanted = *size == 0 ? 1 : most});
    }
    const std::uint64_t start = in.offset();
    const auto bytes = in.take(*size, part);
    if (!bytes) {
        return pass(bytes);
    }
    const auto tag = piece_tag::of(bytes->front());
    if (tag.byte() != bytes->front() || !tag.valid(std::floating_point<T>)) {
        return fail({.code = errc::invalid_value,
                     .where = part,
                     .offset = start,
                     .found = std::to_integer<std::uint64_t>(bytes->front()),
                     .wanted = static_cast<std::uint64_t>(piece_kind::raw)});
    }
    return piece{.tag = tag,
                 .in = reader{bytes->subspan(1), start + 1},
                 .count = tag.kind == piece_kind::rest ? left : count};
}

} // namespace detail::series

// Appends a block of the values to `out` (nothing, if there are none), and says how they are
// encoded. Takes about 45 KiB of stack.
template <series_value T>
series_encoding encode_series(std::span<const T> values, blob& out) {
    namespace own = detail::series;
    auto encoding = series_encoding::constant;
    const std::size_t constant_from = values.size() - own::same_at_end(values);
    own::piece_writer<T> writer;
    std::array<std::byte, own::most_piece_size<T>(own::piece_values)> room;
    for (std::size_t at = 0; at != values.size();) {
        const std::span now = values.subspan(at, std::min(own::piece_values, values.size() - at));
        auto here = series_encoding::constant;
        if (at >= constant_from) {
            own::append_constant(now[0], own::piece_kind::rest, out);
            return at == 0 || encoding == here ? here : series_encoding::mixed;
        }
        if (own::all_same(now)) {
            own::append_constant(now[0], own::piece_kind::constant, out);
        } else {
            const std::byte* const end = writer.put(now, room.data());
            const auto bytes = byte_view{room.data(), end};
            here = own::piece_tag::of(bytes.front()).encoding();
            append_varint(out, bytes.size());
            append(out, bytes);
        }
        encoding = at == 0 || encoding == here ? here : series_encoding::mixed;
        at += now.size();
    }
    return encoding;
}

// Reads one block of exactly out.size() values. Bytes that no encoder wrote are refused or give
// some values, and nothing else happens; what is in `out` after a refusal is unspecified, and the
// reader is where it was. Takes about 27 KiB of stack.
template <series_value T>
[[nodiscard]] result<void> decode_series(reader& in, std::span<T> out, std::string_view part = {}) {
    namespace own = detail::series;
    reader ahead = in;
    while (!out.empty()) {
        auto next = own::take_piece<T>(ahead, out.size(), part);
        if (!next) {
            return pass(next);
        }
        const std::span now = out.first(static_cast<std::size_t>(next->count));
        if (next->tag.encoding() == series_encoding::constant) {
            const auto value = own::take_constant<T>(next->in, part);
            if (!value) {
                return pass(value);
            }
            std::ranges::fill(now, *value);
        } else {
            const auto taken = own::piece_reader<T>{next->in, part}.take(next->tag, now);
            if (!taken) {
                return taken;
            }
            if (next->in.remaining() != 0) {
                return fail({.code = errc::trailing_bytes,
                             .where = part,
                             .offset = next->in.offset(),
                             .found = next->in.remaining()});
            }
        }
        out = out.subspan(now.size());
    }
    in = ahead;
    return {};
}

// The bytes of the next block, of `count` values, without a look at the values: a step for every
// 1024 of them.
template <series_value T>
[[nodiscard]] result<byte_view> take_series(reader& in, std::uint64_t count,
                                            std::string_view part = {}) {
    reader ahead = in;
    while (count != 0) {
        const auto next = detail::series::take_piece<T>(ahead, count, part);
        if (!next) {
            return pass(next);
        }
        count -= next->count;
    }
    return in.take(ahead.offset() - in.offset(), part);
}

// How the next block, of `count` values, is encoded.
template <series_value T>
[[nodiscard]] result<series_encoding> peek_series(reader in, std::uint64_t count,
                                                  std::string_view part = {}) {
    auto encoding = series_encoding::constant;
    for (std::uint64_t left = count; left != 0;) {
        const auto next = detail::series::take_piece<T>(in, left, part);
        if (!next) {
            return pass(next);
        }
        const auto own = next->tag.encoding();
        encoding = left == count || encoding == own ? own : series_encoding::mixed;
        left -= next->count;
    }
    return encoding;
}

} // namespace tintype::inline v0
