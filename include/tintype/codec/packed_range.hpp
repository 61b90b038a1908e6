#pragma once

// Ranges of packed values on their way to an encoder and back: as one block where memory already
// holds the bytes, through a small buffer where the byte order differs.

#include <tintype/codec/encoder.hpp>
#include <tintype/codec/field.hpp>
#include <tintype/codec/packed.hpp>
#include <tintype/codec/packed_view.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/ranges.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace tintype::inline v0 {

// What a section keeps: values next to each other in memory, as many as there are.
template <class R>
concept packed_range = std::ranges::contiguous_range<const R> &&
                       std::ranges::sized_range<const R> && packed<std::ranges::range_value_t<R>>;

template <class R>
concept resizable_packed_range =
    packed_range<R> && requires(R range, std::size_t size) { range.resize(size); };

namespace detail {

template <class R>
using element_of = std::ranges::range_value_t<R>;

template <packed_range R>
[[nodiscard]] constexpr std::uint64_t packed_range_size(const R& range) noexcept {
    return std::uint64_t{std::ranges::size(range)} * packed_size<element_of<R>>;
}

template <std::endian Order, packed_range R, class Out>
[[nodiscard]] constexpr result<void> encode_range(const R& range, Out& out) {
    using element = element_of<R>;
    if constexpr (std::same_as<element, std::byte>) {
        return out.borrow(byte_view{range});
    } else {
        if constexpr (trivially_packed<element, Order>) {
            if !consteval {
                return out.borrow(std::as_bytes(std::span{range}));
            }
        }
        constexpr std::size_t stride = packed_size<element>;
        constexpr std::size_t at_once = stride > 4096 ? 1 : 4096 / stride;
        std::array<std::byte, at_once * stride> buffer{};
        for (auto rest = std::span{range}; !rest.empty();) {
            const auto batch = rest.first(std::min(rest.size(), at_once));
            auto* to = buffer.data();
            for (const element& value : batch) {
                store_packed<Order>(to, value);
                to += stride;
            }
            if (auto done = out.write(byte_view{buffer}.first(batch.size() * stride)); !done) {
                return done;
            }
            rest = rest.subspan(batch.size());
        }
        return {};
    }
}

// Takes its values from memory at once, without filling itself with anything else first.
template <class R>
concept assignable_range =
    requires(R range, const element_of<R>* values) { range.assign(values, values); };

// `bytes` holds whole values only. Never fills memory that it is about to overwrite, where the
// range's own functions allow that.
template <std::endian Order, resizable_packed_range R>
[[nodiscard]] constexpr result<void> decode_range(byte_view bytes, R& range,
                                                  std::string_view part) {
    using element = element_of<R>;
    const packed_view<element, Order> values{bytes};
    const auto invalid = [&](const std::byte* value) {
        return fail({.code = errc::invalid_value,
                     .where = part,
                     .found = std::to_integer<std::uint64_t>(*bad_bool<element>(value)),
                     .wanted = 1});
    };
    if consteval {
        // Not every library's vector can grow by `resize` in a constant expression.
        if constexpr (requires { range.push_back(element{}); }) {
            range.resize(0);
            for (const std::byte* from = bytes.data(); range.size() != values.size();) {
                element value{};
                if (!load_packed<Order>(from, value)) {
                    return invalid(from);
                }
                range.push_back(value);
                from += packed_size<element>;
            }
            return {};
        }
    }
    if constexpr (trivially_packed<element, Order>) {
        if constexpr (assignable_range<R>) {
            if (const auto in_place = values.contiguous()) {
                range.assign(in_place->data(), in_place->data() + in_place->size());
                return {};
            }
        }
        range.resize(values.size());
        if (!bytes.empty()) {
            std::memcpy(std::ranges::data(range), bytes.data(), bytes.size());
        }
    } else {
        range.resize(values.size());
        const std::byte* from = bytes.data();
        for (element& value : range) {
            if (!load_packed<Order>(from, value)) {
                return invalid(from);
            }
            from += packed_size<element>;
        }
    }
    return {};
}

// Whether the bytes are whole values, and every bool in them is one: what a view promises, as it
// will not look again.
template <packed T>
[[nodiscard]] constexpr result<void> whole_values(byte_view bytes, std::string_view part) {
    constexpr std::size_t stride = packed_size<T>;
    if (bytes.size() % stride != 0) {
        return fail(
            {.code = errc::invalid_value, .where = part, .found = bytes.size(), .wanted = stride});
    }
    if constexpr (has_bool<T>()) {
        for (std::size_t at = 0; at != bytes.size(); at += stride) {
            if (const std::byte* bad = bad_bool<T>(bytes.data() + at)) {
                return fail({.code = errc::invalid_value,
                             .where = part,
                             .found = std::to_integer<std::uint64_t>(*bad),
                             .wanted = 1});
            }
        }
    }
    return {};
}

// Bytes stay bytes and characters text; anything else is a range of values.
template <class T, std::endian Order>
[[nodiscard]] constexpr auto view_range(byte_view bytes) noexcept {
    if constexpr (std::same_as<T, std::byte>) {
        return bytes;
    } else if constexpr (std::same_as<T, char>) {
        return text_of(bytes);
    } else {
        return packed_view<T, Order>{bytes};
    }
}

// The compile-time description of a packed type.
template <packed T>
[[nodiscard]] consteval std::string_view packed_type_name() {
    if constexpr (scalar_value<T>) {
        return number_type_name<T>();
    } else if constexpr (is_fixed_array<T>) {
        return "array";
    } else {
        return "struct";
    }
}

template <described T>
inline constexpr auto member_layouts = []<std::size_t... I>(std::index_sequence<I...>) {
    std::uint64_t offset = 0;
    const auto next = [&]<class M>(std::string_view name, std::type_identity<M>) {
        const auto size = std::uint64_t{packed_size<M>};
        field_layout layout{.name = name,
                            .kind = field_kind::scalar,
                            .type = packed_type_name<M>(),
                            .offset = offset,
                            .size = size,
                            .least = size};
        if constexpr (described<M>) {
            layout.parts = member_layouts<M>;
        }
        offset += size;
        return layout;
    };
    return std::array<field_layout, sizeof...(I)>{
        next(member_names<T>[I], std::type_identity<member_type<T, I>> {})...};
}(std::make_index_sequence<member_count<T>>{});

} // namespace detail

} // namespace tintype::inline v0
