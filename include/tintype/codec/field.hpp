#pragma once

// What one entry of a section list is. A field knows its least size, how to write itself from a
// state, how to find itself in bytes, and how to describe itself; a type of the user's that does
// the same stands in a list beside the library's own.

#include <tintype/codec/encoder.hpp>
#include <tintype/codec/value_layout.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/fixed_string.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/reader.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/core/rules.hpp>

#include <bit>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

namespace tintype::inline v0 {

enum class field_kind : std::uint8_t {
    magic,
    version,
    scalar,
    count,
    total_size,
    section,
    records,
    frame,
    frames,
    tail,
    checksum,
    custom,
};

[[nodiscard]] constexpr std::string_view name_of(field_kind kind) noexcept {
    switch (kind) {
    case field_kind::magic:
        return "magic";
    case field_kind::version:
        return "version";
    case field_kind::scalar:
        return "scalar";
    case field_kind::count:
        return "count";
    case field_kind::total_size:
        return "total_size";
    case field_kind::section:
        return "section";
    case field_kind::records:
        return "records";
    case field_kind::frame:
        return "frame";
    case field_kind::frames:
        return "frames";
    case field_kind::tail:
        return "tail";
    case field_kind::checksum:
        return "checksum";
    case field_kind::custom:
        return "custom";
    }
    return "unknown";
}

// One field as the compiler knows it, for pages, pictures and other languages.
struct field_layout {
    std::string_view name{};
    field_kind kind = field_kind::custom;
    std::string_view type{};               // "u64", "f32[4]", "bytes", a record's "struct"
    std::string_view prefix{};             // type of the length or count in front of it, or ""
    std::optional<std::uint64_t> offset{}; // where it is the same in every file
    std::optional<std::uint64_t> size{};   // bytes with the prefix, where always the same
    std::uint64_t least = 0;               // bytes with the prefix, at least
    std::uint64_t stride = 0;              // bytes from one record to the next
    std::string_view text{};               // the magic's characters, the checksum's algorithm
    std::uint64_t number = 0;              // the version
    std::span<const field_layout> parts{}; // the members of a record, offsets from its start
    std::string_view each{};               // type of the length in front of each of many frames
    const value_layout* value = nullptr;   // what lies in a frame, where its encoding can say
};

// How many of something there are, read by a `count` for a field further on.
struct counted {
    std::string_view name;
    std::uint64_t number = 0;
};

// What a field may ask for while it looks for itself in the bytes.
struct parse_context {
    const decode_options& options;
    std::uint64_t total = 0;     // bytes of the whole object
    std::span<counted> counts{}; // by name; those of fields further on are not read yet

    [[nodiscard]] constexpr std::uint64_t count_of(std::string_view name) const noexcept {
        for (const counted& each : counts) {
            if (each.name == name) {
                return each.number;
            }
        }
        return 0;
    }
};

template <class F>
concept named_field = requires {
    { F::name } -> std::convertible_to<std::string_view>;
    { F::kind } -> std::convertible_to<field_kind>;
};

// min_size: bytes it takes at least. fixed_size: whether it always takes just these.
template <class F>
concept sized_field = requires {
    { F::min_size } -> std::convertible_to<std::uint64_t>;
    { F::fixed_size } -> std::convertible_to<bool>;
};

template <class F>
concept parsed_field =
    std::default_initializable<typename F::parsed> && std::copyable<typename F::parsed> &&
    requires(reader& from, parse_context& context) {
        {
            F::template parse<std::endian::little>(from, context)
        } -> std::same_as<result<typename F::parsed>>;
    };

template <class F>
concept described_field = requires {
    { F::describe() } -> std::same_as<field_layout>;
    { F::stores(std::string_view{}) } -> std::same_as<bool>;
};

// `stores(name)`: whether it keeps the member of that name. Besides what the named atoms ask, for a
// State that has the field's member:
//   size(state) -> uint64_t                                     bytes that encode writes
//   encode<Order>(state, encoder&) -> result<void>
//   restore<Order>(parsed, state&, options) -> result<void>     puts what was parsed into the state
//   view<Order, State>(parsed)                                  what a zero-copy view gives for it
//   fits<State>(parsed) -> result<void>                         optional: checks before a view
//                                                               that need the member's type
//   check<State>()                                              static_asserts that say what to
//   write
template <class F>
concept field = named_field<F> && sized_field<F> && parsed_field<F> && described_field<F>;

template <class F>
struct field_rules {
    static_assert(named_field<F>,
                  "tintype: a field of a section list needs `static constexpr std::string_view "
                  "name` and `static constexpr field_kind kind`");
    static_assert(sized_field<F>,
                  "tintype: a field of a section list needs `static constexpr std::uint64_t "
                  "min_size` and `static constexpr bool fixed_size`");
    static_assert(parsed_field<F>,
                  "tintype: a field of a section list needs `using parsed = ...` and `template "
                  "<std::endian> static result<parsed> parse(reader&, parse_context&)`");
    static_assert(described_field<F>,
                  "tintype: a field of a section list needs `static field_layout describe()` and "
                  "`static bool stores(std::string_view member)`");
    static constexpr bool kept = field<F>;
};

namespace detail {

template <class T>
[[nodiscard]] consteval std::string_view number_type_name() {
    if constexpr (std::is_enum_v<T>) {
        if constexpr (std::same_as<T, std::byte>) {
            return "u8";
        } else {
            return number_type_name<std::underlying_type_t<T>>();
        }
    } else if constexpr (std::same_as<T, bool>) {
        return "bool";
    } else if constexpr (std::floating_point<T>) {
        return sizeof(T) == 4 ? "f32" : "f64";
    } else {
        constexpr std::string_view names[2][4] = {{"i8", "i16", "i32", "i64"},
                                                  {"u8", "u16", "u32", "u64"}};
        return names[std::is_unsigned_v<T> ? 1 : 0][std::countr_zero(sizeof(T))];
    }
}

// Stops the compiler at the field and the struct that do not fit, with their names in its note.
template <fixed_string Name, class State>
struct member_of {
    static_assert(
        described<State>,
        "tintype: the state is not described: put BOOST_HANA_DEFINE_STRUCT(State, (type, "
        "member), ...) inside it, or BOOST_HANA_ADAPT_STRUCT(State, member, ...) behind it");
    static_assert(has_member<State, Name>,
                  "tintype: a field of the section list names no member of the state: give the "
                  "field the name of a described member (the name is in `member_of<...>`)");
    using type = named_member_type<State, Name>;
};

} // namespace detail

} // namespace tintype::inline v0
