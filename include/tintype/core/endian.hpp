#pragma once

// Numbers in bytes: load and store any scalar in either byte order, at any alignment, in constant
// expressions too. The only header that includes Boost.Endian.

#if !__has_include(<boost/endian/conversion.hpp>)
#error "tintype: install Boost for boost/endian/conversion.hpp (Debian: libboost-dev)"
#endif

#include <tintype/core/language.hpp>

#include <boost/endian/conversion.hpp>

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace tintype::inline v0 {

// What has a size and a byte order on disk: integers, IEEE floats, enumerations, bytes.
// `long double` differs between machines and `wchar_t` between systems.
template <class T>
concept scalar_value =
    (std::is_arithmetic_v<T> || std::is_enum_v<T>) && !std::same_as<T, long double> &&
    !std::same_as<T, wchar_t> && std::same_as<T, std::remove_cv_t<T>>;

namespace detail {

template <std::size_t Size>
struct unsigned_of;

template <>
struct unsigned_of<1> {
    using type = std::uint8_t;
};

template <>
struct unsigned_of<2> {
    using type = std::uint16_t;
};

template <>
struct unsigned_of<4> {
    using type = std::uint32_t;
};

template <>
struct unsigned_of<8> {
    using type = std::uint64_t;
};

template <class T>
using bits_of = typename unsigned_of<sizeof(T)>::type;

template <std::endian Order, std::unsigned_integral Bits>
[[nodiscard]] constexpr Bits ordered(Bits value) noexcept {
    if constexpr (Order == std::endian::native) {
        return value;
    } else {
        return boost::endian::endian_reverse(value);
    }
}

} // namespace detail

// Reads sizeof(T) bytes at `from`. A `bool` is true for any byte but 0: whoever must refuse other
// bytes looks at them as an integer first.
template <std::endian Order, scalar_value T>
[[nodiscard]] constexpr T load(const std::byte* from) noexcept {
    using bits = detail::bits_of<T>;
    bits value = 0;
    if consteval {
        for (std::size_t i = 0; i != sizeof(T); ++i) {
            const auto shift = 8 * (Order == std::endian::little ? i : sizeof(T) - 1 - i);
            value = static_cast<bits>(
                value | static_cast<bits>(std::to_integer<std::uint64_t>(from[i]) << shift));
        }
    } else {
        std::memcpy(&value, from, sizeof value);
        value = detail::ordered<Order>(value);
    }
    if constexpr (std::same_as<T, bool>) {
        return value != 0;
    } else {
        return std::bit_cast<T>(value);
    }
}

// Writes sizeof(T) bytes at `to`.
template <std::endian Order, scalar_value T>
constexpr void store(std::byte* to, T number) noexcept {
    using bits = detail::bits_of<T>;
    const auto value = std::bit_cast<bits>(number);
    if consteval {
        for (std::size_t i = 0; i != sizeof(T); ++i) {
            const auto shift = 8 * (Order == std::endian::little ? i : sizeof(T) - 1 - i);
            to[i] = static_cast<std::byte>(static_cast<std::uint64_t>(value) >> shift);
        }
    } else {
        const bits ordered = detail::ordered<Order>(value);
        std::memcpy(to, &ordered, sizeof ordered);
    }
}

} // namespace tintype::inline v0
