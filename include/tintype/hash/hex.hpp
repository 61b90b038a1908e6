#pragma once

// Digests as people and other programs write them: two lower-case digits a byte, the most
// significant byte of a number first, as `sha256sum` and `crc32` print them.

#include <tintype/core/bytes.hpp>
#include <tintype/hash/concept.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tintype::inline v0 {

namespace detail {

template <class Digest>
[[nodiscard]] constexpr unsigned digest_byte(const Digest& digest, std::size_t index) noexcept {
    if constexpr (std::unsigned_integral<Digest>) {
        return static_cast<unsigned>(digest >> 8U * (sizeof(Digest) - 1 - index) & 0xffU);
    } else {
        return std::to_integer<unsigned>(digest[index]);
    }
}

} // namespace detail

// In the same order, as bytes.
template <hash_digest Digest>
[[nodiscard]] constexpr auto digest_bytes(const Digest& digest) noexcept {
    std::array<std::byte, detail::digest_traits<Digest>::size> bytes{};
    for (std::size_t i = 0; i != bytes.size(); ++i) {
        bytes[i] = static_cast<std::byte>(detail::digest_byte(digest, i));
    }
    return bytes;
}

// Any bytes, two digits each.
[[nodiscard]] inline std::string hex_of(byte_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const std::byte byte : bytes) {
        text += digits[std::to_integer<unsigned>(byte) >> 4U];
        text += digits[std::to_integer<unsigned>(byte) & 15U];
    }
    return text;
}

template <hash_digest Digest>
[[nodiscard]] std::string to_hex(const Digest& digest) {
    return hex_of(digest_bytes(digest));
}

// Just as many digits as the digest has, upper or lower case; nothing otherwise.
template <hash_digest Digest>
[[nodiscard]] constexpr std::optional<Digest> from_hex(std::string_view text) {
    constexpr std::size_t size = detail::digest_traits<Digest>::size;
    if (text.size() != 2 * size) {
        return std::nullopt;
    }
    const auto value = [](char c) -> unsigned {
        return c >= '0' && c <= '9'   ? static_cast<unsigned>(c - '0')
               : c >= 'a' && c <= 'f' ? static_cast<unsigned>(c - 'a') + 10
               : c >= 'A' && c <= 'F' ? static_cast<unsigned>(c - 'A') + 10
                                      : 16;
    };
    Digest digest{};
    for (std::size_t i = 0; i != size; ++i) {
        const unsigned high = value(text[2 * i]);
        const unsigned low = value(text[2 * i + 1]);
        if (high > 15 || low > 15) {
            return std::nullopt;
        }
        const unsigned byte = high << 4U | low;
        if constexpr (std::unsigned_integral<Digest>) {
            digest = static_cast<Digest>(static_cast<std::uint64_t>(digest) << 8U | byte);
        } else {
            digest[i] = static_cast<std::byte>(byte);
        }
    }
    return digest;
}

// An even number of digits, upper or lower case; nothing otherwise.
[[nodiscard]] constexpr std::optional<blob> bytes_from_hex(std::string_view text) {
    if (text.size() % 2 != 0) {
        return std::nullopt;
    }
    blob bytes;
    for (; !text.empty(); text.remove_prefix(2)) {
        const auto byte = from_hex<std::uint8_t>(text.substr(0, 2));
        if (!byte) {
            return std::nullopt;
        }
        bytes.push_back(std::byte{*byte});
    }
    return bytes;
}

} // namespace tintype::inline v0
