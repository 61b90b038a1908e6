#pragma once

// What a JSON text may look like, as policies: a style says how members are named, how floats and
// bytes are written, and whether the text is compact. Here are also the points at which a type says
// it for itself: `json_names`, `json_enum_names` and `omit_if_absent`.

#include <tintype/codec/json/float_text.hpp>
#include <tintype/core/kind.hpp>
#include <tintype/core/reflect.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

namespace tintype::inline v0 {

// The names of a described struct's members in the text, in the order of the description. For names
// that C++ does not allow, or that shall differ from the members' own, specialise it:
//   template <> inline constexpr std::array<std::string_view, 2> tintype::json_names<point>{"x",
//   "@"};
template <described T>
inline constexpr std::array<std::string_view, member_count<T>> json_names = member_names<T>;

template <class Enum>
struct json_enum_name {
    Enum value;
    std::string_view name;
};

// The names of an enumeration's values. Without them its number is written.
//   template <> inline constexpr std::array<tintype::json_enum_name<colour>, 2>
//       tintype::json_enum_names<colour>{{{colour::red, "Red"}, {colour::blue, "Blue"}}};
template <class Enum>
inline constexpr std::array<json_enum_name<Enum>, 0> json_enum_names{};

// A member that is left out of the text while it holds nothing, where a plain std::optional is
// written as `null` and must be there when read.
template <class T>
struct omit_if_absent : std::optional<T> {
    using std::optional<T>::optional;
    using std::optional<T>::operator=;

    friend constexpr bool operator==(const omit_if_absent& a, const omit_if_absent& b) {
        return a.has_value() == b.has_value() && (!a || *a == *b);
    }
};

namespace detail {

template <class T>
inline constexpr bool is_optional<omit_if_absent<T>> = true;

template <class T>
inline constexpr bool is_omitted = false;

template <class T>
inline constexpr bool is_omitted<omit_if_absent<T>> = true;

} // namespace detail

// How a sequence of std::byte is written: [1,2,3], or a string.
enum class json_bytes : std::uint8_t { numbers, base64 };

// What is escaped in a string: what must be, or also what might be taken for something else where
// the text stands in a page: <, >, & and the two separators U+2028 and U+2029.
enum class json_escapes : std::uint8_t { least, html };

template <class S>
concept json_style = requires(char* to) {
    { S::pretty } -> std::convertible_to<bool>;
    { S::bytes } -> std::convertible_to<json_bytes>;
    { S::floats::write(to, 1.0F) } -> std::same_as<char*>;
    { S::floats::write(to, 1.0) } -> std::same_as<char*>;
};

// What serde_json writes for a derived struct: no white space, every member, `null` written out.
// A style of one's own derives from it and hides what differs.
struct serde_style {
    static constexpr bool pretty = false;
    static constexpr json_bytes bytes = json_bytes::numbers;
    static constexpr json_escapes escapes = json_escapes::least;
    static constexpr bool null_is_empty = false; // read as a sequence, map or bytes without any
    using floats = serde_floats;

    template <described T>
    static constexpr auto names = json_names<T>;
};

// The same with a line for each value, indented by two spaces, and `"key": value`.
struct serde_pretty_style : serde_style {
    static constexpr bool pretty = true;
};

} // namespace tintype::inline v0
