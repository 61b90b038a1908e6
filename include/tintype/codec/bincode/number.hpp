#pragma once

// Integers of as few bytes as they need, as bincode writes them: below 251 in a byte, others behind
// a byte that says how many follow; signed ones folded so that small ones stay small.

#include <tintype/core/endian.hpp>

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace tintype::inline v0::detail {

inline constexpr unsigned bincode_first_marker = 251; // u16; then u32 and u64
inline constexpr unsigned bincode_last_marker = 253;

[[nodiscard]] constexpr std::uint64_t bincode_varint_size(std::uint64_t number) noexcept {
    return number < bincode_first_marker ? 1 : number <= 0xffff ? 3 : number <= 0xffffffff ? 5 : 9;
}

// The bytes that follow a marker.
[[nodiscard]] constexpr std::size_t bincode_marked_size(unsigned marker) noexcept {
    return std::size_t{2} << (marker - bincode_first_marker);
}

// The least number that needs as many bytes.
[[nodiscard]] constexpr std::uint64_t bincode_least_marked(unsigned marker) noexcept {
    return marker == 251 ? 251 : marker == 252 ? 0x10000 : 0x100000000;
}

// `marker`: the byte before `from`.
[[nodiscard]] inline std::uint64_t bincode_load_marked(unsigned marker,
                                                       const std::byte* from) noexcept {
    constexpr auto little = std::endian::little;
    switch (marker) {
    case 251:
        return load<little, std::uint16_t>(from);
    case 252:
        return load<little, std::uint32_t>(from);
    default:
        return load<little, std::uint64_t>(from);
    }
}

// One behind the number, which takes bincode_varint_size bytes.
inline std::byte* bincode_store_varint(std::byte* to, std::uint64_t number) noexcept {
    constexpr auto little = std::endian::little;
    if (number < bincode_first_marker) {
        *to = static_cast<std::byte>(number);
        return to + 1;
    }
    if (number <= 0xffff) {
        *to = std::byte{251};
        store<little>(to + 1, static_cast<std::uint16_t>(number));
        return to + 3;
    }
    if (number <= 0xffffffff) {
        *to = std::byte{252};
        store<little>(to + 1, static_cast<std::uint32_t>(number));
        return to + 5;
    }
    *to = std::byte{253};
    store<little>(to + 1, number);
    return to + 9;
}

// Of bytes that were looked at before.
[[nodiscard]] inline std::uint64_t bincode_trusted_varint(const std::byte*& at) noexcept {
    const auto marker = std::to_integer<unsigned>(*at++);
    if (marker < bincode_first_marker) {
        return marker;
    }
    const std::byte* const from = at;
    at += bincode_marked_size(marker);
    return bincode_load_marked(marker, from);
}

// 0, -1, 1, -2 ... as 0, 1, 2, 3 ...
template <std::integral T>
[[nodiscard]] constexpr std::uint64_t bincode_folded(T number) noexcept {
    if constexpr (std::is_signed_v<T>) {
        const auto wide = static_cast<std::int64_t>(number);
        return (static_cast<std::uint64_t>(wide) << 1U) ^ static_cast<std::uint64_t>(wide >> 63);
    } else {
        return number;
    }
}

template <std::integral T>
[[nodiscard]] constexpr T bincode_unfolded(std::uint64_t number) noexcept {
    if constexpr (std::is_signed_v<T>) {
        return static_cast<T>((number >> 1U) ^ (~(number & 1U) + 1U));
    } else {
        return static_cast<T>(number);
    }
}

} // namespace tintype::inline v0::detail
