#pragma once

// What a type is to `columns`: which node it becomes, what the least is that one value of it costs,
// and `column_form`, by which a type that columns cannot look into says what is kept in its place.

#include <tintype/codec/packed.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/kind.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/reflect.hpp>

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace tintype::inline v0 {

// For a type of kind::unknown, specialise it with
//
//   using stored = ...;                            what is kept: any columnar type, views included
//   static constexpr std::string_view name = ...;  what the schema calls it
//   static stored to(const T& value);              may view the value; or a const stored&
//   static result<T> from(stored&& kept, const limits& limits);
//
// Every value has a form and no two the same one; `from` refuses what `to` never gives. It gets
// views of the encoded bytes where `stored` is a view.
template <class T>
struct column_form;

namespace detail {

template <class T>
concept formed =
    kind_of<T> == kind::unknown &&
    requires(const T& value, typename column_form<T>::stored kept, const limits& most) {
        {
            column_form<T>::to(value)
        } -> std::convertible_to<const typename column_form<T>::stored&>;
        { column_form<T>::from(std::move(kept), most) } -> std::same_as<result<T>>;
        { column_form<T>::name } -> std::convertible_to<std::string_view>;
    };

enum class column_shape : unsigned char {
    none,
    packed,    // a block of values of one size
    run,       // lengths, and a block of packed values: strings, vectors of numbers
    sequence,  // lengths, and the node of all elements
    array,     // the node of all elements
    map,       // lengths, the node of all keys, the node of all values
    optional,  // flags, and the node of what is there
    variant,   // indices, and a node for each alternative
    pair,      // two nodes
    described, // a node for each member
    form,      // the node of what is stored for it
    nothing,   // std::monostate, as an alternative
};

template <class T>
using element_type = std::remove_cv_t<std::ranges::range_value_t<T>>;

template <class T>
inline constexpr std::size_t array_extent = std::extent_v<T>;

template <class T, std::size_t Size>
inline constexpr std::size_t array_extent<std::array<T, Size>> = Size;

template <class T>
[[nodiscard]] consteval column_shape shape_of_type() {
    constexpr kind what = kind_of<T>;
    if constexpr (what == kind::scalar) {
        return column_shape::packed;
    } else if constexpr (what == kind::array) {
        return packed<T> && array_extent<T> != 0 ? column_shape::packed : column_shape::array;
    } else if constexpr (what == kind::string) {
        return column_shape::run;
    } else if constexpr (what == kind::sequence) {
        return packed<element_type<T>> ? column_shape::run : column_shape::sequence;
    } else if constexpr (what == kind::map) {
        return column_shape::map;
    } else if constexpr (what == kind::optional) {
        return column_shape::optional;
    } else if constexpr (what == kind::variant) {
        return column_shape::variant;
    } else if constexpr (what == kind::pair) {
        return column_shape::pair;
    } else if constexpr (what == kind::described) {
        return column_shape::described;
    } else if constexpr (std::same_as<T, std::monostate>) {
        return column_shape::nothing;
    } else {
        return formed<T> ? column_shape::form : column_shape::none;
    }
}

template <class T>
inline constexpr column_shape shape_of = shape_of_type<std::remove_cv_t<T>>();

template <class T>
[[nodiscard]] consteval std::uint64_t least_of();

template <class T>
inline constexpr bool columnar_alternatives = false;

template <class... Ts>
inline constexpr bool columnar_alternatives<std::variant<Ts...>> =
    sizeof...(Ts) <= 255 && ((shape_of<Ts> == column_shape::nothing || least_of<Ts>() != 0) && ...);

// The sum, or 0 where one of them is 0.
template <class... Ts>
[[nodiscard]] consteval std::uint64_t least_of_all() {
    return ((least_of<Ts>() != 0) && ...) ? (least_of<Ts>() + ...) : 0;
}

// Bytes that one value takes at least, or 0 where columns cannot keep it. As no value is free, no
// number of values is believed that the bytes present could not hold.
template <class T>
consteval std::uint64_t least_of() {
    using value = std::remove_cv_t<T>;
    constexpr column_shape shape = shape_of<value>;
    if constexpr (shape == column_shape::packed) {
        return packed_size<value>;
    } else if constexpr (shape == column_shape::run) {
        return 1;
    } else if constexpr (shape == column_shape::sequence) {
        return least_of<element_type<value>>() != 0 ? 1 : 0;
    } else if constexpr (shape == column_shape::map) {
        return least_of_all<typename value::key_type, typename value::mapped_type>() != 0 ? 1 : 0;
    } else if constexpr (shape == column_shape::optional) {
        return least_of<typename value::value_type>() != 0 ? 1 : 0;
    } else if constexpr (shape == column_shape::variant) {
        return columnar_alternatives<value> ? 1 : 0;
    } else if constexpr (shape == column_shape::array) {
        return least_of<element_type<value>>() * array_extent<value>;
    } else if constexpr (shape == column_shape::pair) {
        return least_of_all<typename value::first_type, typename value::second_type>();
    } else if constexpr (shape == column_shape::described) {
        return []<std::size_t... I>(std::index_sequence<I...>) {
            return least_of_all<member_type<value, I>...>();
        }(std::make_index_sequence<member_count<value>>{});
    } else if constexpr (shape == column_shape::form) {
        return least_of<typename column_form<value>::stored>();
    } else {
        return 0;
    }
}

// Whether values in memory are their stored bytes, in a block of their own.
template <packed T>
inline constexpr bool stored_as_is =
    trivially_packed<T, std::endian::little> || std::same_as<T, bool>;

template <std::size_t Index>
inline constexpr std::array<char, 3> index_digits{static_cast<char>('0' + Index / 100),
                                                  static_cast<char>('0' + Index / 10 % 10),
                                                  static_cast<char>('0' + Index % 10)};

// Names the column of an alternative by its index.
template <std::size_t Index>
inline constexpr std::string_view index_name =
    std::string_view{index_digits<Index>.data(), 3}.substr(Index < 10    ? 2
                                                           : Index < 100 ? 1
                                                                         : 0);

// The way to a column, kept on the stack while it is walked and spelt out only in an error.
struct column_path {
    const column_path* above = nullptr;
    std::string_view name{};

    // Allocates nothing; of a path without end, the last of it.
    [[nodiscard]] label text() const noexcept {
        std::array<char, 512> all{};
        char* const end = all.data() + all.size();
        char* at = end;
        for (const column_path* each = this; each != nullptr; each = each->above) {
            if (each->name.size() >= static_cast<std::size_t>(at - all.data())) {
                break;
            }
            if (!each->name.empty()) {
                if (at != end) {
                    *--at = '.';
                }
                at -= each->name.size();
                each->name.copy(at, each->name.size());
            }
        }
        return std::string_view(at, static_cast<std::size_t>(end - at));
    }
};

} // namespace detail

// What `columns` can keep: packed values, strings, sequences, arrays, optionals, variants, maps,
// pairs, described structs of all these, and what has a `column_form`.
template <class T>
concept columnar = detail::least_of<T>() != 0;

} // namespace tintype::inline v0
