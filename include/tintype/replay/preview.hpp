#pragma once

// What is kept of an action's input or output: a digest of all of it, and as much of it as a person
// wants to see.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/hash/blake3.hpp>
#include <tintype/hash/concept.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tintype {

struct preview_limits {
    std::size_t bytes = 512;         // that are looked at
    std::size_t characters = 512;    // that are shown
    std::uint64_t hashed = 10485760; // bytes; what is larger is refused, and says so
};

namespace detail {

// The bytes of one character, or of as much of one as belongs to a character and then ends: the
// longest prefix of a well-formed sequence (Unicode 15, table 3-7), which one U+FFFD replaces.
struct utf8_piece {
    std::size_t size = 0;
    char32_t character = 0xfffd;
};

[[nodiscard]] constexpr utf8_piece next_utf8(byte_view bytes) noexcept {
    const auto at = [&](std::size_t i) {
        return i < bytes.size() ? std::to_integer<unsigned>(bytes[i]) : 0U;
    };
    const unsigned first = at(0);
    if (first < 0x80) {
        return {.size = 1, .character = first};
    }
    const std::size_t length = first < 0xc2 || first > 0xf4 ? 0
                               : first < 0xe0               ? 2
                               : first < 0xf0               ? 3
                                                            : 4;
    if (length == 0) {
        return {.size = 1};
    }
    // The second byte of some is bounded, so that nothing is encoded twice, no surrogate at all and
    // nothing beyond U+10FFFF.
    const unsigned least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const unsigned most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    char32_t character = first & (0x7fU >> length);
    for (std::size_t i = 1; i != length; ++i) {
        const unsigned byte = at(i);
        const bool good = i == 1 ? byte >= least && byte <= most : byte >= 0x80 && byte <= 0xbf;
        if (!good) {
            return {.size = i};
        }
        character = character << 6U | (byte & 0x3fU);
    }
    return {.size = length, .character = character};
}

// How many characters of one byte come first that are shown.
[[nodiscard]] constexpr std::size_t plain_prefix(byte_view bytes) noexcept {
    const auto first = std::ranges::find_if(bytes, [](std::byte byte) {
        const auto character = std::to_integer<unsigned>(byte);
        return character >= 0x7f || (character < 0x20 && character != '\n' && character != '\t');
    });
    return static_cast<std::size_t>(first - bytes.begin());
}

// Category Cc, but for a new line and a tab.
[[nodiscard]] constexpr bool hidden_control(char32_t character) noexcept {
    return (character < 0x20 && character != '\n' && character != '\t') ||
           (character >= 0x7f && character < 0xa0);
}

} // namespace detail

// The beginning of the data as text: U+FFFD stands for what is no UTF-8, and control characters but
// new line and tab are left out.
[[nodiscard]] inline std::string preview_of(byte_view data, const preview_limits& most = {}) {
    byte_view rest = data.first(std::min(data.size(), most.bytes));
    std::string text;
    for (std::size_t shown = 0; !rest.empty() && shown != most.characters;) {
        const std::size_t plain =
            detail::plain_prefix(rest.first(std::min(rest.size(), most.characters - shown)));
        if (plain != 0) {
            text += text_of(rest.first(plain));
            shown += plain;
            rest = rest.subspan(plain);
            continue;
        }
        const auto piece = detail::next_utf8(rest);
        if (piece.character == 0xfffd) {
            text += "\xef\xbf\xbd";
            ++shown;
        } else if (!detail::hidden_control(piece.character)) {
            text += text_of(rest.first(piece.size));
            ++shown;
        }
        rest = rest.subspan(piece.size);
    }
    return text;
}

struct observed {
    blake3::digest_type hash{}; // zero of no data
    std::string preview;
};

// Of data that nobody looked at: which they were, only their size can tell.
[[nodiscard]] constexpr bool unseen(const blake3::digest_type& hash) noexcept {
    return std::ranges::all_of(hash, [](std::byte byte) { return byte == std::byte{0xff}; });
}

// Data beyond `most.hashed` are not looked at: their hash is all ones, and the preview says so.
[[nodiscard]] inline observed observe(byte_view data, const preview_limits& most = {}) {
    observed seen;
    if (data.size() > most.hashed) {
        seen.hash.fill(std::byte{0xff});
        seen.preview = "[ERROR: Input size " + std::to_string(data.size()) + " exceeds maximum " +
                       std::to_string(most.hashed) + "]";
    } else if (!data.empty()) {
        seen.hash = hash_of<blake3>(data);
        seen.preview = preview_of(data, most);
    }
    return seen;
}

} // namespace tintype
