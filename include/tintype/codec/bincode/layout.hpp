#pragma once

// What a type looks like in bincode of fixed width, from the same shapes that the codec walks.

#include <tintype/codec/bincode/shape.hpp>
#include <tintype/codec/field.hpp>
#include <tintype/codec/value_layout.hpp>
#include <tintype/core/kind.hpp>
#include <tintype/core/reflect.hpp>

#include <array>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace tintype::inline v0::detail {

// The name of a type as it was declared, without namespaces and template arguments.
template <class T>
[[nodiscard]] consteval std::string_view own_name_of() {
    // "... [with T = a::b<c>; ...]" or "... [T = a::b<c>]".
    constexpr std::string_view whole = __PRETTY_FUNCTION__;
    constexpr std::string_view before = "T = ";
    std::string_view name = whole.substr(whole.find(before) + before.size());
    name = name.substr(0, name.find_first_of("<;]"));
    const auto colon = name.rfind(':');
    return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

template <class T>
struct bincode_layout_of;

template <class T>
inline constexpr const value_layout* bincode_layout =
    &bincode_layout_of<std::remove_cv_t<T>>::value;

// What an alternative is called: a struct by its name, a number by its type.
template <class T>
[[nodiscard]] consteval std::string_view alternative_name() {
    const value_layout& value = *bincode_layout<T>;
    return value.name.empty() ? value.type : value.name;
}

template <class... Ts>
[[nodiscard]] consteval auto alternative_parts(std::type_identity<std::variant<Ts...>>) {
    return std::array<value_part, sizeof...(Ts)>{
        value_part{alternative_name<Ts>(), bincode_layout<Ts>}...};
}

template <class T>
[[nodiscard]] consteval auto bincode_parts_of() {
    constexpr bincode_shape shape = bincode_shape_for<T>;
    if constexpr (shape == bincode_shape::array || shape == bincode_shape::sequence) {
        return std::array{value_part{"", bincode_layout<element_type<T>>}};
    } else if constexpr (shape == bincode_shape::optional) {
        return std::array{value_part{"", bincode_layout<typename T::value_type>}};
    } else if constexpr (shape == bincode_shape::map) {
        return std::array{value_part{"key", bincode_layout<typename T::key_type>},
                          value_part{"value", bincode_layout<typename T::mapped_type>}};
    } else if constexpr (shape == bincode_shape::pair) {
        return std::array{value_part{"first", bincode_layout<typename T::first_type>},
                          value_part{"second", bincode_layout<typename T::second_type>}};
    } else if constexpr (shape == bincode_shape::variant) {
        return alternative_parts(std::type_identity<T>{});
    } else if constexpr (shape == bincode_shape::described) {
        return []<std::size_t... I>(std::index_sequence<I...>) {
            return std::array{value_part{member_names<T>[I], bincode_layout<member_type<T, I>>}...};
        }(std::make_index_sequence<member_count<T>>{});
    } else {
        return std::array<value_part, 0>{};
    }
}

template <class T>
struct bincode_layout_of {
private:
    static constexpr bincode_shape shape = bincode_shape_for<T>;
    static constexpr auto parts = bincode_parts_of<T>();

    [[nodiscard]] static consteval value_layout made(value_shape as, std::string_view type) {
        constexpr bincode_extent extent = bincode_extent_of<T, bincode_integers::fixed>();
        value_layout layout{.shape = as,
                            .type = type,
                            .least = extent.least,
                            .fixed = extent.fixed,
                            .parts = parts};
        if constexpr (shape == bincode_shape::described || shape == bincode_shape::nothing ||
                      shape == bincode_shape::enumeration) {
            layout.name = own_name_of<T>();
        }
        if constexpr (shape == bincode_shape::array) {
            layout.extent = array_extent<T>;
        }
        return layout;
    }

    [[nodiscard]] static consteval value_layout described_value() {
        switch (shape) {
        case bincode_shape::number:
            if constexpr (shape == bincode_shape::number) {
                return made(value_shape::number, number_type_name<T>());
            }
            break;
        case bincode_shape::enumeration:
            return made(value_shape::enumeration, "u32");
        case bincode_shape::array:
            return made(value_shape::array, "");
        case bincode_shape::string:
            return made(value_shape::string, "u64");
        case bincode_shape::sequence:
            return made(value_shape::sequence, "u64");
        case bincode_shape::map:
            return made(value_shape::map, "u64");
        case bincode_shape::optional:
            return made(value_shape::optional, "u8");
        case bincode_shape::variant:
            return made(value_shape::variant, "u32");
        case bincode_shape::pair:
        case bincode_shape::described:
            return made(value_shape::members, "");
        case bincode_shape::form:
        case bincode_shape::nothing:
        case bincode_shape::none:
            break;
        }
        return made(value_shape::nothing, "");
    }

public:
    static constexpr value_layout value = described_value();
};

// What is stored in its place.
template <bincode_formed T>
struct bincode_layout_of<T>
    : bincode_layout_of<std::remove_cv_t<typename bincode_form<T>::stored>> {};

} // namespace tintype::inline v0::detail
