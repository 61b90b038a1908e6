#pragma once

// The encodings by name, and how a piece of a series says which one it has: its first byte.

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace tintype::inline v0 {

// Numbers that a series can be made of. What else is stored as a number (bool, characters,
// enumerations) goes as the unsigned integer of its size.
template <class T>
concept series_value =
    std::same_as<T, float> || std::same_as<T, double> ||
    (std::integral<T> && sizeof(T) <= 8 && std::same_as<T, std::remove_cv_t<T>> &&
     !std::same_as<T, bool> && !std::same_as<T, char> && !std::same_as<T, wchar_t> &&
     !std::same_as<T, char8_t> && !std::same_as<T, char16_t> && !std::same_as<T, char32_t>);

enum class series_encoding : std::uint8_t {
    constant,       // one value
    frame,          // distances from one value, bit-packed; floats as integers of the same order
    delta,          // differences, bit-packed
    delta_of_delta, // differences of differences, bit-packed
    decimal,        // floats as integers and a power of ten; the integers in one of the three ways
    xored,          // floats by the bits in which each differs from the one before
    raw,            // as in memory
    mixed,          // of a series in several pieces: not the same everywhere
};

[[nodiscard]] constexpr std::string_view name_of(series_encoding encoding) noexcept {
    switch (encoding) {
    case series_encoding::constant:
        return "constant";
    case series_encoding::frame:
        return "frame";
    case series_encoding::delta:
        return "delta";
    case series_encoding::delta_of_delta:
        return "delta of delta";
    case series_encoding::decimal:
        return "decimal";
    case series_encoding::xored:
        return "xor";
    case series_encoding::raw:
        return "raw";
    case series_encoding::mixed:
        return "mixed";
    }
    return "unknown";
}

namespace detail::series {

enum class piece_kind : std::uint8_t {
    constant,
    rest, // constant to the end of the series, however long that is
    frame,
    delta,
    delta_of_delta,
    xored,
    raw,
};

struct piece_tag {
    piece_kind kind = piece_kind::raw;
    bool repeats = false; // a bit a value says which differ from the one before; only they follow
    bool decimal = false; // integers are decimals
    bool unit = false;    // distances are counted in a unit larger than one
    bool patches = false; // some are wider than the others

    friend constexpr bool operator==(const piece_tag&, const piece_tag&) noexcept = default;

    [[nodiscard]] constexpr bool integers() const noexcept {
        return kind == piece_kind::frame || kind == piece_kind::delta ||
               kind == piece_kind::delta_of_delta;
    }

    // How often differences were taken.
    [[nodiscard]] constexpr unsigned order() const noexcept {
        return static_cast<unsigned>(kind) - static_cast<unsigned>(piece_kind::frame);
    }

    // Whether anybody can have written it of such values.
    [[nodiscard]] constexpr bool valid(bool floating) const noexcept {
        const bool whole = kind == piece_kind::constant || kind == piece_kind::rest;
        return kind <= piece_kind::raw && !(whole && repeats) &&
               (integers() || (!decimal && !unit && !patches)) &&
               (floating || (!decimal && kind != piece_kind::xored));
    }

    [[nodiscard]] constexpr series_encoding encoding() const noexcept {
        switch (kind) {
        case piece_kind::constant:
        case piece_kind::rest:
            return series_encoding::constant;
        case piece_kind::frame:
            return decimal ? series_encoding::decimal : series_encoding::frame;
        case piece_kind::delta:
            return decimal ? series_encoding::decimal : series_encoding::delta;
        case piece_kind::delta_of_delta:
            return decimal ? series_encoding::decimal : series_encoding::delta_of_delta;
        case piece_kind::xored:
            return series_encoding::xored;
        case piece_kind::raw:
            break;
        }
        return series_encoding::raw;
    }

    [[nodiscard]] constexpr std::byte byte() const noexcept {
        return static_cast<std::byte>(static_cast<unsigned>(kind) | (repeats ? 0x08U : 0U) |
                                      (decimal ? 0x10U : 0U) | (unit ? 0x20U : 0U) |
                                      (patches ? 0x40U : 0U));
    }

    // Of a byte whose top bit is not set.
    [[nodiscard]] static constexpr piece_tag of(std::byte byte) noexcept {
        const auto bits = std::to_integer<unsigned>(byte);
        return {.kind = static_cast<piece_kind>(bits & 7U),
                .repeats = (bits & 0x08U) != 0,
                .decimal = (bits & 0x10U) != 0,
                .unit = (bits & 0x20U) != 0,
                .patches = (bits & 0x40U) != 0};
    }
};

// Bytes of a piece in raw form, the tag among them; no other form is longer.
template <series_value T>
[[nodiscard]] constexpr std::size_t most_piece_size(std::size_t count) noexcept {
    return 1 + count * sizeof(T);
}

} // namespace detail::series

} // namespace tintype::inline v0
