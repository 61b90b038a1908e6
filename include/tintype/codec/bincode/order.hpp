#pragma once

// The order in which bincode writes what a container holds: the container's own, or that of the
// keys where it has none, so that equal containers are equal bytes.

#include <tintype/core/kind.hpp>

#include <algorithm>
#include <compare>
#include <concepts>
#include <ranges>
#include <vector>

namespace tintype::inline v0::detail {

template <class T>
concept bincode_hashed = requires { typename T::hasher; };

template <class Key>
[[nodiscard]] bool key_comes_before(const Key& a, const Key& b) {
    static_assert(
        requires {
            { a < b } -> std::convertible_to<bool>;
        }, "tintype: bincode writes an unordered container in the order of its keys: give the "
           "key an operator<");
    if constexpr (std::floating_point<Key>) {
        return std::strong_order(a, b) < 0;
    } else {
        return a < b;
    }
}

template <class T>
[[nodiscard]] const typename T::key_type&
key_of_element(const typename T::value_type& element) noexcept {
    if constexpr (kind_of<T> == kind::map) {
        return element.first;
    } else {
        return element;
    }
}

// Calls `visit` with each element until it says false.
template <class T, class Visit>
bool in_key_order(const T& values, Visit visit) {
    if constexpr (bincode_hashed<T>) {
        using element = typename T::value_type;
        std::vector<const element*> sorted;
        sorted.reserve(values.size());
        for (const element& each : values) {
            sorted.push_back(&each);
        }
        std::ranges::sort(sorted, [](const element* a, const element* b) {
            return key_comes_before(key_of_element<T>(*a), key_of_element<T>(*b));
        });
        return std::ranges::all_of(sorted, [&](const element* each) { return visit(*each); });
    } else {
        for (const std::ranges::range_value_t<T>& each : values) {
            if (!visit(each)) {
                return false;
            }
        }
        return true;
    }
}

} // namespace tintype::inline v0::detail
