#pragma once

// Whether two values are the same to the last bit, which is what a snapshot promises to give back:
// a NaN is identical to itself, -0.0 is not 0.0, and absent is not empty. The walk is by kind, so
// it holds for any described struct.

#include <tintype/core/endian.hpp>
#include <tintype/core/kind.hpp>
#include <tintype/core/reflect.hpp>

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <ranges>
#include <type_traits>
#include <utility>
#include <variant>

namespace tintype::inline v0 {

// A type of no kind is compared by its own `==`, which must then be as strict; one that has none
// does not compile. Unordered containers are identical if they hold the same, in whatever order. A
// value that contains itself takes stack for each level.
template <class T>
[[nodiscard]] constexpr bool identical(const T& a, const T& b);

namespace detail {

template <class T>
concept scalar_run =
    std::ranges::contiguous_range<const T> && scalar_value<std::ranges::range_value_t<const T>>;

template <class T>
concept hashed_container = requires { typename T::hasher; };

template <class Range>
[[nodiscard]] constexpr bool identical_elements(const Range& a, const Range& b) {
    auto other = std::ranges::begin(b);
    for (const std::ranges::range_value_t<Range>& each : a) {
        // Also of what is no reference to a value, as the elements of vector<bool>.
        const std::ranges::range_value_t<Range>& its = *other;
        if (!identical(each, its)) {
            return false;
        }
        ++other;
    }
    return true;
}

// Each element is there as often in the one as in the other. What is identical has the same key,
// but a key that is not equal to itself, as NaN, cannot be looked up by it.
template <class Container>
[[nodiscard]] bool identical_hashed(const Container& a, const Container& b) {
    const auto key_of = [](const auto& element) -> const typename Container::key_type& {
        if constexpr (kind_of<Container> == kind::map) {
            return element.first;
        } else {
            return element;
        }
    };
    const auto how_many = [&](const Container& where, const auto& element) {
        const auto same = [&](const auto& each) { return identical(each, element); };
        const auto group = where.equal_range(key_of(element));
        return group.first != group.second ? std::count_if(group.first, group.second, same)
                                           : std::count_if(where.begin(), where.end(), same);
    };
    for (const auto& element : a) {
        if (how_many(a, element) != how_many(b, element)) {
            return false;
        }
    }
    return true;
}

template <class Range>
[[nodiscard]] constexpr bool identical_ranges(const Range& a, const Range& b) {
    if (std::ranges::size(a) != std::ranges::size(b)) {
        return false;
    }
    if constexpr (scalar_run<Range>) {
        if !consteval {
            const std::size_t bytes =
                std::ranges::size(a) * sizeof(std::ranges::range_value_t<const Range>);
            return bytes == 0 ||
                   std::memcmp(std::ranges::data(a), std::ranges::data(b), bytes) == 0;
        }
    }
    if constexpr (hashed_container<Range>) {
        return identical_hashed(a, b);
    } else {
        return identical_elements(a, b);
    }
}

} // namespace detail

template <class T>
constexpr bool identical(const T& a, const T& b) {
    constexpr kind what = kind_of<T>;
    if constexpr (what == kind::scalar) {
        using bits = detail::bits_of<T>;
        return std::bit_cast<bits>(a) == std::bit_cast<bits>(b);
    } else if constexpr (what == kind::optional) {
        return a.has_value() == b.has_value() && (!a.has_value() || identical(*a, *b));
    } else if constexpr (what == kind::variant) {
        return a.index() == b.index() && [&]<std::size_t... I>(std::index_sequence<I...>) {
            // None is held where an exception came in between; then nothing differs.
            return ((a.index() != I || identical(*std::get_if<I>(&a), *std::get_if<I>(&b))) && ...);
        }(std::make_index_sequence<std::variant_size_v<T>>{});
    } else if constexpr (what == kind::pair) {
        return identical(a.first, b.first) && identical(a.second, b.second);
    } else if constexpr (what == kind::described) {
        return [&]<std::size_t... I>(std::index_sequence<I...>) {
            return (identical(member<I>(a), member<I>(b)) && ...);
        }(std::make_index_sequence<member_count<T>>{});
    } else if constexpr (what == kind::unknown) {
        static_assert(
            std::equality_comparable<T>,
            "tintype: identical cannot look into this type: describe it, or give it an == "
            "that differs where a bit does");
        return a == b;
    } else {
        return detail::identical_ranges(a, b);
    }
}

} // namespace tintype::inline v0
