#pragma once

// Values of a fixed size with nothing between their parts: scalars, arrays of them, and described
// structs made of them, member after member in one byte order. Records, scalar fields and the
// elements of sections are packed values. What the compiler already lays out that way is moved as
// a block.

#include <tintype/core/bytes.hpp>
#include <tintype/core/endian.hpp>
#include <tintype/core/kind.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/core/rules.hpp>

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace tintype::inline v0 {

namespace detail {

template <class T>
[[nodiscard]] consteval std::size_t packed_size_of();

template <described T>
[[nodiscard]] consteval std::size_t packed_size_of_members() {
    return []<std::size_t... I>(std::index_sequence<I...>) -> std::size_t {
        constexpr std::array<std::size_t, sizeof...(I)> sizes{
            packed_size_of<member_type<T, I>>()...};
        std::size_t sum = 0;
        for (const std::size_t size : sizes) {
            if (size == 0) {
                return 0;
            }
            sum += size;
        }
        return sum;
    }(std::make_index_sequence<member_count<T>>{});
}

// 0 where T is no packed value.
template <class T>
consteval std::size_t packed_size_of() {
    if constexpr (scalar_value<T>) {
        return sizeof(T);
    } else if constexpr (is_fixed_array<T>) {
        using element = std::remove_cvref_t<decltype(std::declval<T&>()[0])>;
        return packed_size_of<element>() * (sizeof(T) / sizeof(element));
    } else if constexpr (described<T>) {
        return packed_size_of_members<T>();
    } else {
        return 0;
    }
}

} // namespace detail

template <class T>
concept packed = detail::packed_size_of<T>() != 0;

template <class T>
struct packed_rules {
    static_assert(packed<T>, "tintype: this type has no fixed size in a file (a pointer never "
                             "has): a scalar or record is a number, a bool, an enumeration, or an "
                             "array or described struct of these; for others write section, "
                             "frames or frame");
    static constexpr bool kept = packed<T>;
};

// Bytes that one value takes.
template <packed T>
inline constexpr std::size_t packed_size = detail::packed_size_of<T>();

template <std::endian Order, packed T>
constexpr void store_packed(std::byte* to, const T& value) noexcept {
    if constexpr (scalar_value<T>) {
        store<Order>(to, value);
    } else if constexpr (detail::is_fixed_array<T>) {
        for (const auto& element : value) {
            store_packed<Order>(to, element);
            to += packed_size<std::remove_cvref_t<decltype(element)>>;
        }
    } else {
        for_each_member(value, [&](auto, const auto& part) {
            store_packed<Order>(to, part);
            to += packed_size<std::remove_cvref_t<decltype(part)>>;
        });
    }
}

// False where a `bool` is neither 0 nor 1: then `value` is partly written and not to be believed.
template <std::endian Order, packed T>
[[nodiscard]] constexpr bool load_packed(const std::byte* from, T& value) noexcept {
    if constexpr (std::same_as<T, bool>) {
        value = *from != std::byte{0};
        return std::to_integer<unsigned>(*from) <= 1;
    } else if constexpr (scalar_value<T>) {
        value = load<Order, T>(from);
        return true;
    } else {
        bool good = true;
        const auto next = [&](auto& part) {
            good = load_packed<Order>(from, part) && good;
            from += packed_size<std::remove_cvref_t<decltype(part)>>;
        };
        if constexpr (detail::is_fixed_array<T>) {
            for (auto& element : value) {
                next(element);
            }
        } else {
            for_each_member(value, [&](auto, auto& part) { next(part); });
        }
        return good;
    }
}

namespace detail {

// The byte of the first bool in the packed bytes of a T that is neither 0 nor 1, or null.
template <packed T>
[[nodiscard]] constexpr const std::byte* bad_bool(const std::byte* from) noexcept {
    if constexpr (std::same_as<T, bool>) {
        return std::to_integer<unsigned>(*from) <= 1 ? nullptr : from;
    } else if constexpr (scalar_value<T>) {
        return nullptr;
    } else {
        const std::byte* bad = nullptr;
        const auto next = [&]<class Part>(std::type_identity<Part>) {
            bad = bad == nullptr ? bad_bool<Part>(from) : bad;
            from += packed_size<Part>;
        };
        if constexpr (is_fixed_array<T>) {
            using element = std::remove_cvref_t<decltype(std::declval<T&>()[0])>;
            for (std::size_t i = 0; i != sizeof(T) / sizeof(element); ++i) {
                next(std::type_identity<element>{});
            }
        } else {
            [&]<std::size_t... I>(std::index_sequence<I...>) {
                (next(std::type_identity<member_type<T, I>>{}), ...);
            }(std::make_index_sequence<member_count<T>>{});
        }
        return bad;
    }
}

// Gives every byte of every scalar of the value a number of its own.
template <packed T>
constexpr void number_bytes(T& value, unsigned char& next) {
    if constexpr (scalar_value<T>) {
        std::array<unsigned char, sizeof(T)> bytes{};
        for (auto& byte : bytes) {
            byte = next++;
        }
        value = std::bit_cast<T>(bytes);
    } else if constexpr (is_fixed_array<T>) {
        for (auto& element : value) {
            number_bytes(element, next);
        }
    } else {
        for_each_member(value, [&](auto, auto& part) { number_bytes(part, next); });
    }
}

template <class T>
[[nodiscard]] consteval bool has_bool() {
    if constexpr (std::same_as<T, bool>) {
        return true;
    } else if constexpr (scalar_value<T>) {
        return false;
    } else if constexpr (is_fixed_array<T>) {
        return has_bool<std::remove_cvref_t<decltype(std::declval<T&>()[0])>>();
    } else {
        return []<std::size_t... I>(std::index_sequence<I...>) {
            return (has_bool<member_type<T, I>>() || ...);
        }(std::make_index_sequence<member_count<T>>{});
    }
}

// Whether the bytes of a T in memory are its packed bytes. A description may name the members in
// another order than the struct declares them, so this looks at where each byte really lies.
template <packed T, std::endian Order>
[[nodiscard]] consteval bool lies_packed() {
    if constexpr (has_bool<T>() || !std::is_trivially_copyable_v<T> ||
                  sizeof(T) != packed_size<T>) {
        return false;
    } else if constexpr (scalar_value<T>) {
        return sizeof(T) == 1 || Order == std::endian::native;
    } else if constexpr (is_fixed_array<T>) {
        return lies_packed<std::remove_cvref_t<decltype(std::declval<T&>()[0])>, Order>();
    } else if constexpr (packed_size<T> > 255) {
        return false;
    } else {
        T value{};
        unsigned char next = 1;
        number_bytes(value, next);
        std::array<std::byte, packed_size<T>> stored{};
        store_packed<Order>(stored.data(), value);
        return std::bit_cast<std::array<std::byte, sizeof(T)>>(value) == stored;
    }
}

} // namespace detail

// Whether values may be moved between memory and disk as a block, and viewed in place.
template <packed T, std::endian Order>
inline constexpr bool trivially_packed = detail::lies_packed<T, Order>();

} // namespace tintype::inline v0
