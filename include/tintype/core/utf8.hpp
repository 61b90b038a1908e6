#pragma once

// Whether a text is UTF-8, and if not, where it stops being it. ASCII is looked at 64 bytes at a
// time; anything else character by character: too long a form, a surrogate, beyond U+10FFFF and
// cut short are none.

#include <tintype/core/language.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace tintype::inline v0 {

namespace detail {

[[nodiscard]] inline unsigned byte_at(const char* at) noexcept {
    return static_cast<unsigned char>(*at);
}

// What comes first in [at, end), which is not empty: a whole character, or as many bytes as could
// have begun one (Unicode 15, table 3-7): what one U+FFFD stands for. Too long a form, a surrogate,
// beyond U+10FFFF and cut short are no characters.
struct utf8_piece {
    std::size_t size = 1;
    bool whole = false;
};

[[nodiscard]] inline utf8_piece utf8_piece_at(const char* at, const char* end) noexcept {
    const unsigned lead = byte_at(at);
    const std::size_t size = lead < 0x80   ? 1
                             : lead < 0xc2 ? 0
                             : lead < 0xe0 ? 2
                             : lead < 0xf0 ? 3
                             : lead < 0xf5 ? 4
                                           : 0;
    const unsigned least = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    const unsigned most = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    for (std::size_t i = 1; i < size; ++i) {
        if (at + i == end || byte_at(at + i) < (i == 1 ? least : 0x80) ||
            byte_at(at + i) > (i == 1 ? most : 0xbf)) {
            return {.size = i};
        }
    }
    return {.size = size == 0 ? 1 : size, .whole = size != 0};
}

// Bytes of the character at `at`; 0 where it is none.
[[nodiscard]] inline std::size_t utf8_size(const char* at, const char* end) noexcept {
    const utf8_piece piece = utf8_piece_at(at, end);
    return piece.whole ? piece.size : 0;
}

inline constexpr std::uint64_t top_bits = 0x8080808080808080U;

[[nodiscard]] inline std::uint64_t eight_bytes(const char* at) noexcept {
    std::uint64_t eight = 0;
    std::memcpy(&eight, at, sizeof eight);
    return eight;
}

using sixteen_bytes [[gnu::vector_size(16)]] = std::uint64_t;

template <std::size_t Size>
using block_size = std::integral_constant<std::size_t, Size>;

// `Size` bytes, 16 of them side by side, whose bits are together those of all; copied on the way if
// `Copy`.
template <std::size_t Size, bool Copy>
[[gnu::always_inline]] inline sixteen_bytes bits_of_block(const char* from, char* to) noexcept {
    if constexpr (Size > 16) {
        return bits_of_block<Size / 2, Copy>(from, to) |
               bits_of_block<Size / 2, Copy>(from + Size / 2, Copy ? to + Size / 2 : to);
    } else {
        sixteen_bytes some{};
        std::memcpy(&some, from, Size);
        if constexpr (Copy) {
            std::memcpy(to, &some, Size);
        }
        return some;
    }
}

// Whether all is ASCII. As few branches as possible depend on the size, for texts are of all sizes
// and none can be foreseen: rather some bytes are looked at twice.
template <bool Copy>
[[nodiscard]] inline bool scan_ascii(const char* from, std::size_t size, char* to) noexcept {
    sixteen_bytes seen{};
    const auto look = [&]<std::size_t Size>(std::size_t at, block_size<Size>) {
        seen |= bits_of_block<Size, Copy>(from + at, Copy ? to + at : to);
    };
    if (size >= 64) {
        std::size_t at = 0;
        for (; size - at > 192; at += 64) {
            look(at, block_size<64>{});
        }
        look(at, block_size<64>{});
        look(at + (size - at - 64) / 2, block_size<64>{});
        look(size - 64, block_size<64>{});
    } else if (size >= 16) {
        const std::size_t more = size >= 32 ? 16 : 0;
        look(0, block_size<16>{});
        look(more, block_size<16>{});
        look(size - 16 - more, block_size<16>{});
        look(size - 16, block_size<16>{});
    } else if (size >= 8) {
        look(0, block_size<8>{});
        look(size - 8, block_size<8>{});
    } else if (size >= 4) {
        look(0, block_size<4>{});
        look(size - 4, block_size<4>{});
    } else {
        for (std::size_t at = 0; at != size; ++at) {
            look(at, block_size<1>{});
        }
    }
    return ((seen[0] | seen[1]) & top_bits) == 0;
}

// Whether none of the bytes is above 127.
[[nodiscard]] inline bool is_ascii(const char* at, std::size_t size) noexcept {
    return scan_ascii<false>(at, size, nullptr);
}

// The same, and copies the text, ASCII or not. They must not overlap.
[[nodiscard]] inline bool copy_ascii(const char* from, std::size_t size, char* to) noexcept {
    return scan_ascii<true>(from, size, to);
}

// The first byte in [at, end) that is no part of a whole character.
[[nodiscard]] inline const char* skip_utf8(const char* at, const char* end) noexcept {
    for (;;) {
        while (end - at >= 8 && (eight_bytes(at) & top_bits) == 0) {
            at += 8;
        }
        while (at != end && byte_at(at) < 0x80) {
            ++at;
        }
        // Characters of other scripts come in runs.
        while (at != end && byte_at(at) >= 0x80) {
            const std::size_t size = utf8_size(at, end);
            if (size == 0) {
                return at;
            }
            at += size;
        }
        if (at == end) {
            return at;
        }
    }
}

} // namespace detail

// Bytes at the front of the text that are whole characters: its size, if it is UTF-8.
[[nodiscard]] inline std::size_t utf8_prefix(std::string_view text) noexcept {
    if (detail::is_ascii(text.data(), text.size())) {
        return text.size();
    }
    return static_cast<std::size_t>(detail::skip_utf8(text.data(), text.data() + text.size()) -
                                    text.data());
}

[[nodiscard]] inline bool is_utf8(std::string_view text) noexcept {
    return utf8_prefix(text) == text.size();
}

} // namespace tintype::inline v0
