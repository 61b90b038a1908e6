#pragma once

// About how long a value's JSON will be, without writing it: rather too much than too little, so
// that memory reserved for it need not grow, and found in a moment, as numbers are not looked at.

#include <tintype/codec/json/schema.hpp>
#include <tintype/codec/json/style.hpp>
#include <tintype/codec/json/value.hpp>
#include <tintype/core/kind.hpp>
#include <tintype/core/reflect.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <type_traits>
#include <utility>
#include <variant>

namespace tintype::inline v0::detail {

// Characters of a number at the most, and what separates it from the next.
template <class T>
inline constexpr std::uint64_t json_number_size = std::same_as<T, float>   ? 17
                                                  : std::floating_point<T> ? 26
                                                  : sizeof(T) == 8         ? 21
                                                                           : 12;

template <class T>
[[nodiscard]] std::uint64_t json_estimate(const T& value) {
    constexpr kind what = kind_of<T>;
    if constexpr (std::same_as<T, json_value>) {
        return value.text().size();
    } else if constexpr (what == kind::scalar) {
        return json_named_enum<T> ? 32 : json_number_size<T>;
    } else if constexpr (what == kind::string) {
        return value.size() + 3;
    } else if constexpr (what == kind::optional) {
        return value ? json_estimate(*value) : 5;
    } else if constexpr (what == kind::sequence || what == kind::array) {
        using element = std::remove_cvref_t<std::ranges::range_reference_t<const T>>;
        if constexpr (kind_of<element> == kind::scalar) {
            return std::uint64_t{std::ranges::size(value)} * json_estimate(element{}) + 3;
        } else {
            std::uint64_t sum = 3;
            for (const element& each : value) {
                sum += json_estimate(each) + 1;
            }
            return sum;
        }
    } else if constexpr (what == kind::map) {
        std::uint64_t sum = 3;
        for (const auto& [key, mapped] : value) {
            sum += key.size() + 4 + json_estimate(mapped);
        }
        return sum;
    } else if constexpr (what == kind::described) {
        std::uint64_t sum = 3;
        for_each_member(value, [&](std::string_view name, const auto& part) {
            sum += name.size() + 4 + json_estimate(part);
        });
        return sum;
    } else {
        return 0;
    }
}

} // namespace tintype::inline v0::detail
