#pragma once

// What a type is to `bincode`: which of the format's shapes it has, the least that a value of it
// costs, whether every value costs the same, and `bincode_form`, by which a type says what is kept
// in its place.

#include <tintype/codec/columns/shape.hpp>
#include <tintype/codec/packed.hpp>
#include <tintype/codec/packed_view.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/kind.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/reflect.hpp>

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>
#include <variant>

namespace tintype::inline v0 {

// How integers of more than a byte, lengths and indices are written: at their width, or in as few
// bytes as they need.
enum class bincode_integers : unsigned char { fixed, variable };

// For a type that is kept as another, specialise it with
//
//   using stored = ...;                      what is kept: anything that bincode keeps, views too
//   static stored to(const T& value);        may view the value; or a const stored&
//   static result<T> from(stored&& kept, const limits& limits);
//
// It comes before whatever the type is otherwise. Every value has a form and no two the same one;
// `from` refuses what `to` never gives. It gets views of the encoded bytes where `stored` is a
// view.
template <class T>
struct bincode_form;

namespace detail {

template <class T>
concept bincode_formed =
    requires(const T& value, typename bincode_form<T>::stored kept, const limits& most) {
        {
            bincode_form<T>::to(value)
        } -> std::convertible_to<const typename bincode_form<T>::stored&>;
        { bincode_form<T>::from(std::move(kept), most) } -> std::same_as<result<T>>;
    };

enum class bincode_shape : unsigned char {
    none,
    number,      // a bool, a byte, an integer or a float
    enumeration, // the index of a variant without members
    array,       // the elements
    string,      // a length and the characters
    sequence,    // a length and the elements
    map,         // a length, and each key with its value
    optional,    // a tag and perhaps a value
    variant,     // an index and the alternative
    pair,        // two values
    described,   // the members
    form,        // what is stored for it
    nothing,     // no bytes: std::monostate, a struct without members
};

template <class T>
[[nodiscard]] consteval bincode_shape bincode_shape_of() {
    constexpr kind what = kind_of<T>;
    if constexpr (bincode_formed<T>) {
        return bincode_shape::form;
    } else if constexpr (what == kind::scalar) {
        return std::is_enum_v<T> && !std::same_as<T, std::byte> ? bincode_shape::enumeration
                                                                : bincode_shape::number;
    } else if constexpr (what == kind::array) {
        return bincode_shape::array;
    } else if constexpr (what == kind::string) {
        return bincode_shape::string;
    } else if constexpr (what == kind::sequence) {
        return bincode_shape::sequence;
    } else if constexpr (what == kind::map) {
        return bincode_shape::map;
    } else if constexpr (what == kind::optional) {
        return bincode_shape::optional;
    } else if constexpr (what == kind::variant) {
        return bincode_shape::variant;
    } else if constexpr (what == kind::pair) {
        return bincode_shape::pair;
    } else if constexpr (what == kind::described) {
        return member_count<T> == 0 ? bincode_shape::nothing : bincode_shape::described;
    } else {
        return std::is_empty_v<T> && std::is_default_constructible_v<T> ? bincode_shape::nothing
                                                                        : bincode_shape::none;
    }
}

template <class T>
inline constexpr bincode_shape bincode_shape_for = bincode_shape_of<std::remove_cv_t<T>>();

// Whether every part of the type has a shape. Where `Loud`, what has none does not compile.
template <class T, bool Loud = false>
[[nodiscard]] consteval bool bincode_keeps();

template <bool Loud, class... Ts>
[[nodiscard]] consteval bool bincode_keeps_all(std::type_identity<std::variant<Ts...>>) {
    return (bincode_keeps<Ts, Loud>() && ...);
}

template <class T, bool Loud>
consteval bool bincode_keeps() {
    using value = std::remove_cv_t<T>;
    constexpr bincode_shape shape = bincode_shape_for<value>;
    if constexpr (shape == bincode_shape::none) {
        static_assert(!Loud, "tintype: bincode cannot look into this type: put "
                             "BOOST_HANA_DEFINE_STRUCT into it or BOOST_HANA_ADAPT_STRUCT behind "
                             "it, or specialise tintype::bincode_form for it");
        return false;
    } else if constexpr (shape == bincode_shape::array || shape == bincode_shape::sequence) {
        return bincode_keeps<element_type<value>, Loud>();
    } else if constexpr (shape == bincode_shape::map) {
        return bincode_keeps<typename value::key_type, Loud>() &&
               bincode_keeps<typename value::mapped_type, Loud>();
    } else if constexpr (shape == bincode_shape::optional) {
        return bincode_keeps<typename value::value_type, Loud>();
    } else if constexpr (shape == bincode_shape::variant) {
        return bincode_keeps_all<Loud>(std::type_identity<value>{});
    } else if constexpr (shape == bincode_shape::pair) {
        return bincode_keeps<typename value::first_type, Loud>() &&
               bincode_keeps<typename value::second_type, Loud>();
    } else if constexpr (shape == bincode_shape::described) {
        return []<std::size_t... I>(std::index_sequence<I...>) {
            return (bincode_keeps<member_type<value, I>, Loud>() && ...);
        }(std::make_index_sequence<member_count<value>>{});
    } else if constexpr (shape == bincode_shape::form) {
        return bincode_keeps<typename bincode_form<value>::stored, Loud>();
    } else {
        return true;
    }
}

// Whether the bytes of a T are its packed bytes in little-endian.
template <class T, bincode_integers Integers>
[[nodiscard]] consteval bool bincode_as_packed() {
    constexpr bincode_shape shape = bincode_shape_for<T>;
    if constexpr (!packed<T>) {
        return false;
    } else if constexpr (shape == bincode_shape::number) {
        return Integers == bincode_integers::fixed || sizeof(T) == 1 || std::is_floating_point_v<T>;
    } else if constexpr (shape == bincode_shape::array) {
        return array_extent<T> != 0 && bincode_as_packed<element_type<T>, Integers>();
    } else if constexpr (shape == bincode_shape::described) {
        return []<std::size_t... I>(std::index_sequence<I...>) {
            return (bincode_as_packed<member_type<T, I>, Integers>() && ...);
        }(std::make_index_sequence<member_count<T>>{});
    } else {
        return false;
    }
}

template <class T, bincode_integers Integers>
concept packed_in_bincode = bincode_as_packed<T, Integers>();

// Whether they are that in memory, so that many are one copy.
template <class T, bincode_integers Integers>
concept bincode_block = packed_in_bincode<T, Integers> && trivially_packed<T, std::endian::little>;

// What a value takes: at least so many bytes, and always as many where it is fixed.
struct bincode_extent {
    std::uint64_t least = 0;
    bool fixed = true;

    friend constexpr bincode_extent operator+(bincode_extent a, bincode_extent b) noexcept {
        return {a.least + b.least, a.fixed && b.fixed};
    }
};

template <class T, bincode_integers Integers>
[[nodiscard]] consteval bincode_extent bincode_extent_of();

template <bincode_integers Integers, class... Ts>
[[nodiscard]] consteval bincode_extent bincode_longest_of(std::type_identity<std::variant<Ts...>>) {
    bincode_extent all{.least = std::numeric_limits<std::uint64_t>::max()};
    for (const bincode_extent each : {bincode_extent_of<Ts, Integers>()...}) {
        all.fixed =
            all.fixed && each.fixed &&
            (all.least == std::numeric_limits<std::uint64_t>::max() || all.least == each.least);
        all.least = std::min(all.least, each.least);
    }
    return all;
}

template <class T, bincode_integers Integers>
consteval bincode_extent bincode_extent_of() {
    using value = std::remove_cv_t<T>;
    constexpr bincode_shape shape = bincode_shape_for<value>;
    constexpr bool variable = Integers == bincode_integers::variable;
    constexpr bincode_extent length{variable ? 1U : 8U, false};
    if constexpr (shape == bincode_shape::number) {
        return packed_in_bincode<value, Integers> ? bincode_extent{sizeof(value)}
                                                  : bincode_extent{1, false};
    } else if constexpr (shape == bincode_shape::enumeration) {
        return {variable ? 1U : 4U, !variable};
    } else if constexpr (shape == bincode_shape::array) {
        constexpr bincode_extent each = bincode_extent_of<element_type<value>, Integers>();
        return {each.least * array_extent<value>, each.fixed || array_extent<value> == 0};
    } else if constexpr (shape == bincode_shape::optional) {
        return {1, false};
    } else if constexpr (shape == bincode_shape::variant) {
        return bincode_extent{variable ? 1U : 4U, !variable} +
               bincode_longest_of<Integers>(std::type_identity<value>{});
    } else if constexpr (shape == bincode_shape::pair) {
        return bincode_extent_of<typename value::first_type, Integers>() +
               bincode_extent_of<typename value::second_type, Integers>();
    } else if constexpr (shape == bincode_shape::described) {
        return []<std::size_t... I>(std::index_sequence<I...>) {
            return (bincode_extent_of<member_type<value, I>, Integers>() + ...);
        }(std::make_index_sequence<member_count<value>>{});
    } else if constexpr (shape == bincode_shape::form) {
        return bincode_extent_of<typename bincode_form<value>::stored, Integers>();
    } else if constexpr (shape == bincode_shape::nothing) {
        return {};
    } else {
        return length;
    }
}

template <class T, bincode_integers Integers>
inline constexpr std::uint64_t bincode_least = bincode_extent_of<T, Integers>().least;

template <class T, bincode_integers Integers>
concept bincode_fixed_size = bincode_extent_of<T, Integers>().fixed;

// The largest index of an enumeration that is one, and is read.
template <class E>
inline constexpr std::uint64_t largest_enumerator = std::min<std::uint64_t>(
    std::numeric_limits<std::uint32_t>::max(),
    static_cast<std::uint64_t>(std::numeric_limits<std::underlying_type_t<E>>::max()));

// Packed values that are lent from wherever they lie.
template <class T>
inline constexpr bool is_little_view = false;

template <class T>
inline constexpr bool is_little_view<packed_view<T, std::endian::little>> = true;

} // namespace detail

// What bincode can keep: scalars, strings, arrays, optionals, variants, sequences, maps, pairs,
// described structs of all these, what has nothing in it, and what has a `bincode_form`.
template <class T>
concept bincode_value = detail::bincode_keeps<T>();

} // namespace tintype::inline v0
