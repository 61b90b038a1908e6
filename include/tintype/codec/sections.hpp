#pragma once

// Fields of packed values, as many as the data has: sections with a length, records with a count,
// and a tail with neither. Each holds what a file claims against the bytes that are there before it
// believes it.

#include <tintype/codec/field.hpp>
#include <tintype/codec/header_fields.hpp>
#include <tintype/codec/packed_range.hpp>
#include <tintype/core/ranges.hpp>
#include <tintype/core/rules.hpp>

#include <bit>
#include <concepts>
#include <cstdint>
#include <limits>
#include <string_view>
#include <type_traits>

namespace tintype::inline v0 {

// In place of a count's type: a `count` field of the same name stands further up in the list.
struct counted_apart {};

namespace detail {

struct variable_field : plain_field {
    static constexpr bool fixed_size = false;
};

// Keeps the member of its name; `Derived` only for its name.
template <fixed_string Name>
struct member_field : variable_field {
    static constexpr std::string_view name = Name.view();

    [[nodiscard]] static constexpr bool stores(std::string_view member) noexcept {
        return member == name;
    }
};

template <fixed_string Name, class State>
using stored_type = typename member_of<Name, State>::type;

// a * b, or the largest number where that is too large.
[[nodiscard]] constexpr std::uint64_t saturated_product(std::uint64_t a, std::uint64_t b) noexcept {
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    return b != 0 && a > most / b ? most : a * b;
}

[[nodiscard]] constexpr result<void> within(std::uint64_t asked, std::uint64_t limit,
                                            std::string_view part, std::uint64_t offset) {
    if (asked > limit) {
        return fail({.code = errc::limit_exceeded,
                     .where = part,
                     .offset = offset,
                     .found = asked,
                     .wanted = limit});
    }
    return {};
}

// A length and as many bytes.
template <std::endian Order, std::unsigned_integral Length>
[[nodiscard]] constexpr result<byte_view> parse_prefixed(reader& from, std::string_view part,
                                                         const limits& limit) {
    const auto offset = from.offset();
    const auto length = from.number<Order, Length>(part);
    if (!length) {
        return pass(length);
    }
    const auto bytes = from.take(*length, part);
    if (!bytes) {
        return pass(bytes);
    }
    if (auto good = within(*length, limit.bytes, part, offset); !good) {
        return pass(good);
    }
    return bytes;
}

// Keeps a member whose values lie next to each other, and parses to their bytes.
template <fixed_string Name>
struct packed_member_field : member_field<Name> {
    using parsed = byte_view;

    template <class State>
    static consteval void check() {
        static_assert(resizable_packed_range<stored_type<Name, State>>,
                      "tintype: a section or tail keeps a resizable contiguous range of numbers, "
                      "arrays or described structs of numbers: write tintype::blob, std::string or "
                      "std::vector<float> as the member's type; for anything else use frames<"
                      "\"name\", raw> for several of these, or frame<\"name\", Encoding> with "
                      "an encoding of your own, as for std::optional");
    }

    // Only the member's type tells whether the bytes are values of it, so neither `restore` nor
    // `view` believes what `parse` found before.
    template <class State>
    [[nodiscard]] static constexpr result<void> fits(const parsed& bytes) {
        return whole_values<element_of<stored_type<Name, State>>>(bytes, Name.view());
    }

    template <std::endian Order, class State>
    [[nodiscard]] static constexpr result<void> restore(const parsed& bytes, State& state,
                                                        const decode_options&) {
        if (auto good = fits<State>(bytes); !good) {
            return good;
        }
        return decode_range<Order>(bytes, tintype::member<Name>(state), Name.view());
    }

    template <std::endian Order, class State>
    [[nodiscard]] static constexpr auto view(const parsed& bytes) noexcept {
        return view_range<element_of<stored_type<Name, State>>, Order>(bytes);
    }
};

} // namespace detail

// A length in bytes, then the values of one member next to each other.
template <fixed_string Name, std::unsigned_integral Length = std::uint64_t>
struct section : detail::packed_member_field<Name> {
    static constexpr std::string_view name = Name.view();
    static constexpr field_kind kind = field_kind::section;
    static constexpr std::uint64_t min_size = sizeof(Length);
    using parsed = byte_view;

    template <class State>
    [[nodiscard]] static constexpr std::uint64_t size(const State& state) noexcept {
        return min_size + detail::packed_range_size(member<Name>(state));
    }

    template <std::endian Order, class State, class Out>
    [[nodiscard]] static constexpr result<void> encode(const State& state, Out& out) {
        const auto& range = member<Name>(state);
        const auto bytes = detail::packed_range_size(range);
        if (auto done = out.template length<Order, Length>(bytes, name); !done) {
            return done;
        }
        return detail::encode_range<Order>(range, out);
    }

    template <std::endian Order>
    [[nodiscard]] static constexpr result<parsed> parse(reader& from, parse_context& context) {
        return detail::parse_prefixed<Order, Length>(from, name, context.options.limits);
    }

    [[nodiscard]] static constexpr field_layout describe() {
        return {.name = name,
                .kind = kind,
                .type = "bytes",
                .prefix = detail::number_type_name<Length>(),
                .least = min_size};
    }
};

// The values of one member up to the checksum or the end: nothing says how long it is.
template <fixed_string Name>
struct tail : detail::packed_member_field<Name> {
    static constexpr std::string_view name = Name.view();
    static constexpr field_kind kind = field_kind::tail;
    static constexpr std::uint64_t min_size = 0;
    using parsed = byte_view;

    template <class State>
    [[nodiscard]] static constexpr std::uint64_t size(const State& state) noexcept {
        return detail::packed_range_size(member<Name>(state));
    }

    template <std::endian Order, class State, class Out>
    [[nodiscard]] static constexpr result<void> encode(const State& state, Out& out) {
        return detail::encode_range<Order>(member<Name>(state), out);
    }

    template <std::endian>
    [[nodiscard]] static constexpr result<parsed> parse(reader& from, parse_context& context) {
        const auto bytes = from.remaining();
        if (auto good = detail::within(bytes, context.options.limits.bytes, name, from.offset());
            !good) {
            return pass(good);
        }
        return from.take(bytes, name);
    }

    [[nodiscard]] static constexpr field_layout describe() {
        return {.name = name, .kind = kind, .type = "bytes"};
    }
};

// A count, then as many records of one fixed size.
template <fixed_string Name, obeys<packed_rules> Record, class Count = std::uint64_t>
struct records : detail::packed_member_field<Name> {
    static constexpr std::string_view name = Name.view();
    static constexpr field_kind kind = field_kind::records;
    static constexpr bool apart = std::same_as<Count, counted_apart>;
    static constexpr std::uint64_t min_size = apart ? 0 : sizeof(Count);
    static constexpr std::uint64_t stride = packed_size<Record>;
    using parsed = byte_view;

    template <class State>
    static consteval void check() {
        using type = detail::stored_type<Name, State>;
        static_assert(resizable_packed_range<type> &&
                          std::same_as<detail::element_of<type>, Record>,
                      "tintype: records<\"name\", Record> keeps a resizable contiguous range of "
                      "that Record: write std::vector<Record> as the member's type");
    }

    template <class State>
    [[nodiscard]] static constexpr std::uint64_t size(const State& state) noexcept {
        return min_size + detail::packed_range_size(member<Name>(state));
    }

    template <std::endian Order, class State, class Out>
    [[nodiscard]] static constexpr result<void> encode(const State& state, Out& out) {
        const auto& range = member<Name>(state);
        if constexpr (!apart) {
            auto done = out.template length<Order, Count>(std::ranges::size(range), name);
            if (!done) {
                return done;
            }
        }
        return detail::encode_range<Order>(range, out);
    }

    template <std::endian Order>
    [[nodiscard]] static constexpr result<parsed> parse(reader& from, parse_context& context) {
        const auto offset = from.offset();
        std::uint64_t number = context.count_of(name);
        if constexpr (!apart) {
            const auto found = from.number<Order, Count>(name);
            if (!found) {
                return pass(found);
            }
            number = *found;
        }
        const auto bytes = from.take(detail::saturated_product(number, stride), name);
        if (!bytes) {
            return pass(bytes);
        }
        if (auto good = detail::within(number, context.options.limits.count, name, offset); !good) {
            return pass(good);
        }
        if (auto good = detail::within(bytes->size(), context.options.limits.bytes, name, offset);
            !good) {
            return pass(good);
        }
        return bytes;
    }

    template <std::endian Order, class>
    [[nodiscard]] static constexpr packed_view<Record, Order> view(const parsed& bytes) noexcept {
        return packed_view<Record, Order>{bytes};
    }

    [[nodiscard]] static constexpr field_layout describe() {
        field_layout layout{.name = name,
                            .kind = kind,
                            .type = detail::packed_type_name<Record>(),
                            .least = min_size,
                            .stride = stride};
        if constexpr (!apart) {
            layout.prefix = detail::number_type_name<Count>();
        }
        if constexpr (described<Record>) {
            layout.parts = detail::member_layouts<Record>;
        }
        return layout;
    }
};

} // namespace tintype::inline v0
