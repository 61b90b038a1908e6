#pragma once

// The layout of a type's columns as a text, to be kept beside the bytes and compared: two types of
// the same text have the same columns of the same names. Worked out while compiling.

#include <tintype/codec/columns/shape.hpp>
#include <tintype/codec/field.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace tintype::inline v0::detail {

template <class T, class Say>
constexpr void say_schema(const Say& say);

template <class... Ts, class Say>
constexpr void say_schemas(char between, const Say& say) {
    bool first = true;
    ((first ? static_cast<void>(first = false) : say({&between, 1}), say_schema<Ts>(say)), ...);
}

template <class Say>
constexpr void say_number(std::size_t number, const Say& say) {
    if (number >= 10) {
        say_number(number / 10, say);
    }
    const char digit = static_cast<char>('0' + number % 10);
    say({&digit, 1});
}

template <class T, class Say>
constexpr void say_scalar(const Say& say) {
    if constexpr (std::same_as<T, char>) {
        say("char"); // whose sign is the machine's
    } else if constexpr (std::is_enum_v<T>) {
        if constexpr (std::same_as<T, std::byte>) {
            say("u8");
        } else {
            say_scalar<std::underlying_type_t<T>>(say);
        }
    } else {
        say(number_type_name<T>());
    }
}

// Calls `say` with the text, a piece at a time.
template <class T, class Say>
constexpr void say_schema(const Say& say) {
    using value = std::remove_cv_t<T>;
    constexpr kind what = kind_of<value>;
    if constexpr (what == kind::scalar) {
        say_scalar<value>(say);
    } else if constexpr (what == kind::string) {
        say("string");
    } else if constexpr (what == kind::array) {
        say("[");
        say_schema<element_type<value>>(say);
        say(";");
        say_number(array_extent<value>, say);
        say("]");
    } else if constexpr (what == kind::sequence) {
        say("[");
        say_schema<element_type<value>>(say);
        say("]");
    } else if constexpr (what == kind::map) {
        say("<");
        say_schemas<typename value::key_type, typename value::mapped_type>(',', say);
        say(">");
    } else if constexpr (what == kind::optional) {
        say("?");
        say_schema<typename value::value_type>(say);
    } else if constexpr (what == kind::variant) {
        say("(");
        [&]<class... Ts>(std::type_identity<std::variant<Ts...>>) {
            say_schemas<Ts...>('|', say);
        }(std::type_identity<value>{});
        say(")");
    } else if constexpr (what == kind::pair) {
        say("(");
        say_schemas<typename value::first_type, typename value::second_type>(',', say);
        say(")");
    } else if constexpr (what == kind::described) {
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            ((say(I == 0 ? "{" : ","), say(member_names<value>[I]), say(":"),
              say_schema<member_type<value, I>>(say)),
             ...);
        }(std::make_index_sequence<member_count<value>>{});
        say("}");
    } else if constexpr (std::same_as<value, std::monostate>) {
        say("()");
    } else {
        say(column_form<value>::name);
        say("(");
        say_schema<typename column_form<value>::stored>(say);
        say(")");
    }
}

template <class T>
inline constexpr auto schema_characters = [] {
    constexpr std::size_t size = [] {
        std::size_t sum = 0;
        say_schema<T>([&](std::string_view piece) { sum += piece.size(); });
        return sum;
    }();
    std::array<char, size> text{};
    std::size_t used = 0;
    say_schema<T>([&](std::string_view piece) {
        std::ranges::copy(piece, text.begin() + static_cast<std::ptrdiff_t>(used));
        used += piece.size();
    });
    return text;
}();

} // namespace tintype::inline v0::detail
