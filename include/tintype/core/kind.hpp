#pragma once

// What a value is, for encodings that walk through values: one kind for each type, decided by what
// the type can do, so that a user's own containers are walked like the standard ones. A view has
// the kind of what it shows: any encoding can write it, and only one that lends can read it.

#include <tintype/core/bytes.hpp>
#include <tintype/core/endian.hpp>
#include <tintype/core/ranges.hpp>
#include <tintype/core/reflect.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace tintype::inline v0 {

enum class kind : unsigned char {
    unknown,
    scalar,    // a number, a bool, an enumeration, a byte
    string,    // characters with a size: std::string, std::string_view
    array,     // as many elements as the type says: std::array, T[N]
    optional,  // a value or nothing
    variant,   // one of several alternatives
    sequence,  // any number of elements in order, std::span among them
    map,       // any number of keys, each with a value
    pair,      // std::pair: two values without names
    described, // members with names
};

namespace detail {

template <class T>
inline constexpr bool is_optional = false;

template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

template <class T>
inline constexpr bool is_variant = false;

template <class... Ts>
inline constexpr bool is_variant<std::variant<Ts...>> = true;

template <class T>
inline constexpr bool is_fixed_array = std::is_bounded_array_v<T>;

template <class T, std::size_t Size>
inline constexpr bool is_fixed_array<std::array<T, Size>> = true;

template <class T>
inline constexpr bool is_pair = false;

template <class A, class B>
inline constexpr bool is_pair<std::pair<A, B>> = true;

template <class T>
inline constexpr bool is_span = false;

template <class T>
inline constexpr bool is_span<std::span<T>> = true;

// Somebody else's memory: a string or sequence that cannot be grown, only pointed elsewhere.
template <class T>
concept lent = is_span<std::remove_cv_t<T>> || std::same_as<std::remove_cv_t<T>, std::string_view>;

// A view that makes or looks up its elements: it can be written, and never read into.
template <class T>
concept shown = std::ranges::view<T> && std::ranges::sized_range<const T>;

template <class T>
concept string_like = std::ranges::contiguous_range<T> && requires(T text, const char* data) {
    typename T::traits_type;
    requires std::same_as<std::ranges::range_value_t<T>, char>;
    text.assign(data, std::size_t{});
};

template <class T>
concept map_like = std::ranges::input_range<T> && requires(T map) {
    typename T::key_type;
    typename T::mapped_type;
    map.size();
    map.clear();
};

template <class T>
concept sequence_like = std::ranges::input_range<T> && requires(T sequence) {
    typename T::value_type;
    sequence.size();
    sequence.clear();
    sequence.insert(sequence.end(), std::declval<typename T::value_type>());
};

template <class T>
[[nodiscard]] consteval kind classify() {
    if constexpr (scalar_value<T>) {
        return kind::scalar;
    } else if constexpr (is_fixed_array<T>) {
        return kind::array;
    } else if constexpr (is_optional<T>) {
        return kind::optional;
    } else if constexpr (is_variant<T>) {
        return kind::variant;
    } else if constexpr (is_pair<T>) {
        return kind::pair;
    } else if constexpr (described<T>) {
        return kind::described;
    } else if constexpr (is_span<T>) {
        return kind::sequence;
    } else if constexpr (string_like<T> || lent<T>) {
        return kind::string;
    } else if constexpr (map_like<T>) {
        return kind::map;
    } else if constexpr (sequence_like<T> || shown<T>) {
        return kind::sequence;
    } else {
        return kind::unknown;
    }
}

} // namespace detail

template <class T>
inline constexpr kind kind_of = detail::classify<std::remove_cv_t<T>>();

namespace detail {

// A string, sequence or map that can be read into, as it has memory of its own.
template <class T>
concept growable =
    (kind_of<T> == kind::string || kind_of<T> == kind::sequence || kind_of<T> == kind::map) &&
    !lent<T> && !shown<T>;

} // namespace detail

} // namespace tintype::inline v0
