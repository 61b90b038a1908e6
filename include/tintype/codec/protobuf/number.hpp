#pragma once

// Numbers as protobuf writes them: varints of two's complement in 64 bits, or floats of fixed
// width.

#include <tintype/codec/protobuf/shape.hpp>

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

namespace tintype::inline v0::detail {

template <class T>
concept protobuf_fixed = std::floating_point<T>;

[[nodiscard]] constexpr std::uint64_t protobuf_varint_size(std::uint64_t number) noexcept {
    // A byte for every seven bits that are begun: bits / 7, rounded up, for 1 to 64 bits.
    return (static_cast<std::uint64_t>(std::bit_width(number | 1U)) * 9 + 64) / 64;
}

template <protobuf_number T>
[[nodiscard]] constexpr std::uint64_t protobuf_bits(T value) noexcept {
    if constexpr (std::floating_point<T>) {
        return std::bit_cast<bits_of<T>>(value);
    } else if constexpr (std::is_enum_v<T>) {
        return protobuf_bits(std::to_underlying(value));
    } else if constexpr (std::signed_integral<T>) {
        return static_cast<std::uint64_t>(std::int64_t{value});
    } else {
        return value;
    }
}

// Whether the schema's type holds it: an enumeration there is an int32.
template <protobuf_number T>
[[nodiscard]] constexpr bool protobuf_holds(T value) noexcept {
    if constexpr (std::is_enum_v<T>) {
        constexpr std::uint64_t half = std::uint64_t{1} << 31U;
        const std::uint64_t bits = protobuf_bits(value);
        if constexpr (std::is_signed_v<std::underlying_type_t<T>>) {
            return bits + half < 2 * half;
        } else {
            return bits < half;
        }
    } else {
        return true;
    }
}

// The number out of a varint, which is cut to the 32 or 64 bits of the schema's type. False where
// the member's type is narrower and cannot hold what is left.
template <protobuf_number T>
[[nodiscard]] constexpr bool protobuf_number_of(std::uint64_t bits, T& value) noexcept {
    if constexpr (std::same_as<T, bool>) {
        value = bits != 0;
        return true;
    } else if constexpr (std::is_enum_v<T>) {
        using underlying = std::underlying_type_t<T>;
        const auto number = static_cast<std::int32_t>(static_cast<std::uint32_t>(bits));
        value = static_cast<T>(static_cast<underlying>(number));
        // As 64 bits, where no two of them are the same.
        return protobuf_bits(value) == protobuf_bits(number) &&
               (number >= 0 || std::is_signed_v<underlying>);
    } else if constexpr (sizeof(T) == 8) {
        value = static_cast<T>(bits);
        return true;
    } else {
        using cut = std::conditional_t<std::is_signed_v<T>, std::int32_t, std::uint32_t>;
        const auto number = static_cast<cut>(static_cast<std::uint32_t>(bits));
        value = static_cast<T>(number);
        return value == number;
    }
}

} // namespace tintype::inline v0::detail
