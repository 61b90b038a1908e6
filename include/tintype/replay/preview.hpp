#pragma once

// What is kept of an action's input or output: a digest of all of it, and as much of it as a person
// wants to see.

#include <tintype/core/bytes.hpp>
#include <tintype/core/utf8.hpp>
#include <tintype/hash/blake3.hpp>
#include <tintype/hash/concept.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tintype::inline v0 {

struct preview_limits {
    std::size_t bytes = 512;         // that are looked at
    std::size_t characters = 512;    // that are shown
    std::uint64_t hashed = 10485760; // bytes; what is larger is refused, and says so
};

namespace detail {

// How many characters of one byte come first that are shown.
[[nodiscard]] constexpr std::size_t plain_prefix(std::string_view text) noexcept {
    const auto first = std::ranges::find_if(text, [](char c) {
        const auto character = static_cast<unsigned char>(c);
        return character >= 0x7f || (character < 0x20 && c != '\n' && c != '\t');
    });
    return static_cast<std::size_t>(first - text.begin());
}

// Category Cc, but for a new line and a tab. The others of more than one byte are U+0080 to U+009F.
[[nodiscard]] constexpr bool hidden_control(std::string_view character) noexcept {
    return (character.size() == 1 && plain_prefix(character) == 0) ||
           (character.size() == 2 && character[0] == '\xc2' &&
            static_cast<unsigned char>(character[1]) < 0xa0);
}

} // namespace detail

// The beginning of the data as text: U+FFFD stands for what is no UTF-8, and control characters but
// new line and tab are left out.
[[nodiscard]] inline std::string preview_of(byte_view data, const preview_limits& most = {}) {
    std::string_view rest = text_of(data.first(std::min(data.size(), most.bytes)));
    std::string text;
    for (std::size_t shown = 0; !rest.empty() && shown != most.characters;) {
        const std::size_t plain = detail::plain_prefix(rest.substr(0, most.characters - shown));
        if (plain != 0) {
            text += rest.substr(0, plain);
            shown += plain;
            rest.remove_prefix(plain);
            continue;
        }
        const auto piece = detail::utf8_piece_at(rest.data(), rest.data() + rest.size());
        if (!piece.whole) {
            text += "\xef\xbf\xbd";
            ++shown;
        } else if (const auto character = rest.substr(0, piece.size);
                   !detail::hidden_control(character)) {
            text += character;
            ++shown;
        }
        rest.remove_prefix(piece.size);
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

} // namespace tintype::inline v0
