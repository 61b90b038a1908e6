#pragma once

// What a type is to `protobuf`: which kind of field a member of it is.

#include <tintype/core/bytes.hpp>
#include <tintype/core/endian.hpp>
#include <tintype/core/kind.hpp>
#include <tintype/core/reflect.hpp>

#include <concepts>
#include <cstddef>
#include <ranges>
#include <type_traits>
#include <utility>

namespace tintype::inline v0::detail {

enum class protobuf_shape : unsigned char {
    none,
    number,   // a bool, an integer, an enumeration, a float
    string,   // characters in UTF-8
    bytes,    // std::byte side by side
    message,  // a described struct
    optional, // one of these, present or not
    packed,   // numbers, together in one field
    repeated, // strings, bytes or messages, a field each
    map,      // an entry with a key and a value each
};

template <class T>
concept protobuf_character = std::same_as<T, char> || std::same_as<T, char8_t> ||
                             std::same_as<T, char16_t> || std::same_as<T, char32_t>;

template <class T>
concept protobuf_number = scalar_value<T> && !std::same_as<T, std::byte> && !protobuf_character<T>;

template <class T>
concept protobuf_key = std::integral<T> && protobuf_number<T>;

template <class T>
concept protobuf_bytes =
    std::ranges::contiguous_range<T> && std::same_as<std::ranges::range_value_t<T>, std::byte> &&
    (growable<T> || std::same_as<T, byte_view>);

template <class T>
concept protobuf_list = growable<T> && requires(T list) {
    { list.emplace_back() } -> std::same_as<typename T::reference>;
};

template <class T>
concept protobuf_map =
    map_like<T> && requires(T map, typename T::key_type key, typename T::mapped_type mapped) {
        typename T::key_compare;
        map.contains(key);
        map.insert_or_assign(std::move(key), std::move(mapped));
    };

[[nodiscard]] consteval bool single_in_protobuf(protobuf_shape shape) noexcept {
    return shape == protobuf_shape::number || shape == protobuf_shape::string ||
           shape == protobuf_shape::bytes || shape == protobuf_shape::message;
}

template <class T>
[[nodiscard]] consteval protobuf_shape protobuf_shape_of() {
    constexpr kind what = kind_of<T>;
    if constexpr (what == kind::scalar) {
        return protobuf_number<T> ? protobuf_shape::number : protobuf_shape::none;
    } else if constexpr (what == kind::string) {
        return protobuf_shape::string;
    } else if constexpr (what == kind::described) {
        return protobuf_shape::message;
    } else if constexpr (what == kind::optional) {
        return single_in_protobuf(protobuf_shape_of<typename T::value_type>())
                   ? protobuf_shape::optional
                   : protobuf_shape::none;
    } else if constexpr (what == kind::sequence && protobuf_bytes<T>) {
        return protobuf_shape::bytes;
    } else if constexpr (what == kind::sequence && protobuf_list<T>) {
        constexpr protobuf_shape each = protobuf_shape_of<typename T::value_type>();
        return each == protobuf_shape::number ? protobuf_shape::packed
               : single_in_protobuf(each)     ? protobuf_shape::repeated
                                              : protobuf_shape::none;
    } else if constexpr (what == kind::map && protobuf_map<T>) {
        constexpr protobuf_shape key = protobuf_shape_of<typename T::key_type>();
        constexpr bool good_key =
            key == protobuf_shape::string || protobuf_key<typename T::key_type>;
        return good_key && single_in_protobuf(protobuf_shape_of<typename T::mapped_type>())
                   ? protobuf_shape::map
                   : protobuf_shape::none;
    } else {
        return protobuf_shape::none;
    }
}

template <class T>
inline constexpr protobuf_shape protobuf_shape_for = protobuf_shape_of<std::remove_cv_t<T>>();

// Whether every part of the type has a shape. Where `Loud`, what has none does not compile.
template <class T, bool Loud = false>
[[nodiscard]] consteval bool protobuf_keeps() {
    using value = std::remove_cv_t<T>;
    constexpr protobuf_shape shape = protobuf_shape_for<value>;
    if constexpr (shape == protobuf_shape::none) {
        static_assert(!Loud,
                      "tintype: protobuf has no field for this type: it keeps numbers, strings, "
                      "std::byte in a vector, structs described with BOOST_HANA_DEFINE_STRUCT or "
                      "BOOST_HANA_ADAPT_STRUCT, std::optional and vectors of these, and std::map");
        return false;
    } else if constexpr (shape == protobuf_shape::message) {
        return []<std::size_t... I>(std::index_sequence<I...>) {
            return (protobuf_keeps<member_type<value, I>, Loud>() && ...);
        }(std::make_index_sequence<member_count<value>>{});
    } else if constexpr (shape == protobuf_shape::optional || shape == protobuf_shape::repeated) {
        return protobuf_keeps<typename value::value_type, Loud>();
    } else if constexpr (shape == protobuf_shape::map) {
        return protobuf_keeps<typename value::mapped_type, Loud>();
    } else {
        return true;
    }
}

} // namespace tintype::inline v0::detail

namespace tintype::inline v0 {

// What protobuf can keep as a message: a described struct whose members all have a kind of field.
template <class T>
concept protobuf_message = described<std::remove_cv_t<T>> && detail::protobuf_keeps<T>();

} // namespace tintype::inline v0
