#pragma once

// What a style and a description together say about a struct's JSON text, worked out while
// compiling: the text of each key, whose members are looked for by it first, and which sequences
// are written as one string.

#include <tintype/codec/json/style.hpp>
#include <tintype/core/kind.hpp>
#include <tintype/core/reflect.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <ranges>
#include <string_view>
#include <type_traits>

namespace tintype::inline v0::detail {

template <class E>
concept json_named_enum = std::is_enum_v<E> && (json_enum_names<E>.size() != 0);

// Bytes that the style writes as a string.
template <class T, class Style>
concept json_blob =
    Style::bytes == json_bytes::base64 &&
    (kind_of<T> == kind::sequence || kind_of<T> == kind::array) &&
    std::ranges::contiguous_range<T> && std::same_as<std::ranges::range_value_t<T>, std::byte>;

// Styles that do not derive from the library's own need not say these.
template <class Style>
inline constexpr json_escapes json_escapes_of = json_escapes::least;

template <class Style>
requires requires { Style::escapes; }
inline constexpr json_escapes json_escapes_of<Style> = Style::escapes;

template <class Style>
inline constexpr bool json_null_is_empty = false;

template <class Style>
requires requires { Style::null_is_empty; }
inline constexpr bool json_null_is_empty<Style> = Style::null_is_empty;

[[nodiscard]] constexpr bool plain_name(std::string_view name) noexcept {
    return std::ranges::all_of(name, [](char each) {
        const auto byte = static_cast<unsigned char>(each);
        return byte >= 0x20 && byte < 0x80 && each != '"' && each != '\\';
    });
}

template <class Style, described T>
[[nodiscard]] consteval bool good_names() {
    constexpr const auto& names = Style::template names<T>;
    for (std::size_t i = 0; i != names.size(); ++i) {
        if (!plain_name(names[i]) || std::ranges::count(names, names[i]) != 1) {
            return false;
        }
    }
    return names.size() == member_count<T>;
}

// `"name":`, with a space behind it if it is to be pretty.
template <class Style, described T, std::size_t I, bool Pretty>
inline constexpr auto json_key_text = [] {
    static_assert(good_names<Style, T>(),
                  "each member of the struct has one JSON name, which is printable ASCII without "
                  "quotes and backslashes and differs from the others");
    constexpr std::string_view name = Style::template names<T>[I];
    std::array<char, name.size() + 3 + (Pretty ? 1 : 0)> text{'"'};
    std::ranges::copy(name, text.begin() + 1);
    text[name.size() + 1] = '"';
    text[name.size() + 2] = ':';
    if (Pretty) {
        text.back() = ' ';
    }
    return text;
}();

template <class Style, described T, std::size_t I, bool Pretty>
inline constexpr std::string_view json_key{json_key_text<Style, T, I, Pretty>.data(),
                                           json_key_text<Style, T, I, Pretty>.size()};

} // namespace tintype::inline v0::detail
