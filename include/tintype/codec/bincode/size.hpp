#pragma once

// How many bytes a value takes in bincode, to be known before any is written, and what else decides
// how it is written: whether it stays the same meanwhile, and whether it may be very large.

#include <tintype/codec/bincode/number.hpp>
#include <tintype/codec/bincode/order.hpp>
#include <tintype/codec/bincode/shape.hpp>
#include <tintype/core/kind.hpp>
#include <tintype/core/reflect.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <ranges>
#include <type_traits>
#include <utility>
#include <variant>

namespace tintype::inline v0::detail {

// The index by which an enumerator is written; one that no index is for is the largest number.
template <class E>
[[nodiscard]] constexpr std::uint64_t enumerator_index(E value) noexcept {
    const auto number = static_cast<std::underlying_type_t<E>>(value);
    if constexpr (std::is_signed_v<std::underlying_type_t<E>>) {
        if (number < 0) {
            return std::numeric_limits<std::uint64_t>::max();
        }
    }
    return static_cast<std::uint64_t>(number);
}

// Calls `visit` with the alternative that is held.
template <class T, class Visit>
constexpr auto visit_alternative(const T& value, Visit visit) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
        decltype(visit.template operator()<0>(*std::get_if<0>(&value))) answer {};
        static_cast<void>(
            ((I == value.index() &&
              (answer = visit.template operator()<I>(*std::get_if<I>(&value)), true)) ||
             ...));
        return answer;
    }(std::make_index_sequence<std::variant_size_v<T>>{});
}

template <bincode_integers Integers, class T>
[[nodiscard]] std::uint64_t bincode_size_of(const T& value);

template <bincode_integers Integers>
[[nodiscard]] constexpr std::uint64_t bincode_length_size(std::uint64_t length) noexcept {
    return Integers == bincode_integers::fixed ? 8 : bincode_varint_size(length);
}

template <bincode_integers Integers, class T>
[[nodiscard]] std::uint64_t bincode_size_of_elements(const T& values) {
    using element = element_type<T>;
    if constexpr (bincode_fixed_size<element, Integers>) {
        return std::uint64_t{std::ranges::size(values)} * bincode_least<element, Integers>;
    } else {
        std::uint64_t sum = 0;
        for (const element& each : values) {
            sum += bincode_size_of<Integers>(each);
        }
        return sum;
    }
}

// What cannot be written counts as anything: writing refuses it.
template <bincode_integers Integers, class T>
std::uint64_t bincode_size_of(const T& value) {
    constexpr bincode_shape shape = bincode_shape_for<T>;
    if constexpr (bincode_fixed_size<T, Integers>) {
        return bincode_least<T, Integers>;
    } else if constexpr (shape == bincode_shape::number) {
        return bincode_varint_size(bincode_folded(value));
    } else if constexpr (shape == bincode_shape::enumeration) {
        return bincode_varint_size(enumerator_index(value));
    } else if constexpr (shape == bincode_shape::string) {
        return bincode_length_size<Integers>(value.size()) + value.size();
    } else if constexpr (shape == bincode_shape::array) {
        return bincode_size_of_elements<Integers>(value);
    } else if constexpr (shape == bincode_shape::sequence) {
        return bincode_length_size<Integers>(std::ranges::size(value)) +
               bincode_size_of_elements<Integers>(value);
    } else if constexpr (shape == bincode_shape::map) {
        std::uint64_t sum = bincode_length_size<Integers>(value.size());
        for (const auto& [key, mapped] : value) {
            sum += bincode_size_of<Integers>(key) + bincode_size_of<Integers>(mapped);
        }
        return sum;
    } else if constexpr (shape == bincode_shape::optional) {
        return value.has_value() ? 1 + bincode_size_of<Integers>(*value) : 1;
    } else if constexpr (shape == bincode_shape::variant) {
        return visit_alternative(value, []<std::size_t I>(const auto& held) {
            return (Integers == bincode_integers::fixed ? 4 : bincode_varint_size(I)) +
                   bincode_size_of<Integers>(held);
        });
    } else if constexpr (shape == bincode_shape::pair) {
        return bincode_size_of<Integers>(value.first) + bincode_size_of<Integers>(value.second);
    } else if constexpr (shape == bincode_shape::described) {
        return [&]<std::size_t... I>(std::index_sequence<I...>) {
            return (bincode_size_of<Integers>(member<I>(value)) + ...);
        }(std::make_index_sequence<member_count<T>>{});
    } else if constexpr (shape == bincode_shape::form) {
        return bincode_size_of<Integers>(
            static_cast<const typename bincode_form<T>::stored&>(bincode_form<T>::to(value)));
    } else {
        return 0;
    }
}

// Whether a value is surely the same whenever it is looked at: not what a view or a form makes.
template <class T>
[[nodiscard]] consteval bool bincode_steady() {
    using value = std::remove_cv_t<T>;
    constexpr bincode_shape shape = bincode_shape_for<value>;
    if constexpr (shape == bincode_shape::array || shape == bincode_shape::sequence) {
        return (lent<value> || !shown<value>) && bincode_steady<element_type<value>>();
    } else if constexpr (shape == bincode_shape::map) {
        return bincode_steady<typename value::key_type>() &&
               bincode_steady<typename value::mapped_type>();
    } else if constexpr (shape == bincode_shape::optional) {
        return bincode_steady<typename value::value_type>();
    } else if constexpr (shape == bincode_shape::variant) {
        return []<class... Ts>(std::type_identity<std::variant<Ts...>>) {
            return (bincode_steady<Ts>() && ...);
        }(std::type_identity<value>{});
    } else if constexpr (shape == bincode_shape::pair) {
        return bincode_steady<typename value::first_type>() &&
               bincode_steady<typename value::second_type>();
    } else if constexpr (shape == bincode_shape::described) {
        return []<std::size_t... I>(std::index_sequence<I...>) {
            return (bincode_steady<member_type<value, I>>() && ...);
        }(std::make_index_sequence<member_count<value>>{});
    } else {
        return shape != bincode_shape::form;
    }
}

// Whether a value may hold a great many of what has to be counted one by one.
template <class T, bincode_integers Integers>
[[nodiscard]] consteval bool bincode_bulky() {
    using value = std::remove_cv_t<T>;
    constexpr bincode_shape shape = bincode_shape_for<value>;
    if constexpr (shape == bincode_shape::sequence) {
        return std::ranges::forward_range<const value> && !bincode_hashed<value> &&
               !bincode_fixed_size<element_type<value>, Integers>;
    } else if constexpr (shape == bincode_shape::optional) {
        return bincode_bulky<typename value::value_type, Integers>();
    } else if constexpr (shape == bincode_shape::described) {
        return []<std::size_t... I>(std::index_sequence<I...>) {
            return (bincode_bulky<member_type<value, I>, Integers>() || ...);
        }(std::make_index_sequence<member_count<value>>{});
    } else {
        return false;
    }
}

} // namespace tintype::inline v0::detail
