#pragma once

// Characters inside JSON strings: where a run of them ends that needs no escape, whether it is
// UTF-8, and how the others are escaped (as serde_json does: the short forms, \u00XX for the other
// controls, everything else as it is).

#include <tintype/core/endian.hpp>
#include <tintype/core/utf8.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tintype::inline v0::detail {

// The highest bit of each byte that is a quote, a backslash, a control or no ASCII; of the bytes
// before the first such one, none.
[[nodiscard]] inline std::uint64_t special_bytes(std::uint64_t eight) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101U;
    const auto zero_in = [](std::uint64_t x) { return (x - ones) & ~x; };
    return (zero_in(eight ^ ones * '"') | zero_in(eight ^ ones * '\\') |
            ((eight - ones * 0x20) & ~eight) | eight) &
           ones * 0x80;
}

// The first byte in [at, end) that is a quote, a backslash, a control or no ASCII.
[[nodiscard]] inline const char* skip_plain(const char* at, const char* end) noexcept {
    for (; end - at >= 8; at += 8) {
        const auto eight =
            load<std::endian::little, std::uint64_t>(reinterpret_cast<const std::byte*>(at));
        if (const std::uint64_t special = special_bytes(eight); special != 0) {
            return at + std::countr_zero(special) / 8;
        }
    }
    while (at != end && byte_at(at) >= 0x20 && byte_at(at) < 0x80 && *at != '"' && *at != '\\') {
        ++at;
    }
    return at;
}

// The same as skip_plain, but over UTF-8 as well: what it stops at without being a quote, a
// backslash or a control is no UTF-8.
[[nodiscard]] inline const char* skip_text(const char* at, const char* end) noexcept {
    for (at = skip_plain(at, end); at != end && byte_at(at) >= 0x80; at = skip_plain(at, end)) {
        const std::size_t size = utf8_size(at, end);
        if (size == 0) {
            break;
        }
        at += size;
    }
    return at;
}

// Calls `put` with the pieces of the text as they stand between quotes. The place of the first byte
// that is no UTF-8, or null.
template <class Put>
[[nodiscard]] const char* escape(std::string_view text, Put put) {
    const char* at = text.data();
    const char* const end = at + text.size();
    for (;;) {
        const char* const stop = skip_text(at, end);
        if (stop != at) {
            put(std::string_view(at, static_cast<std::size_t>(stop - at)));
        }
        if (stop == end) {
            return nullptr;
        }
        const unsigned byte = byte_at(stop);
        if (byte >= 0x80) {
            return stop;
        }
        constexpr std::string_view short_forms = "btn-fr"; // from \b to \r, of which \v has none
        constexpr std::string_view hex = "0123456789abcdef";
        if (byte >= 0x20) {
            put(std::string_view(byte == '"' ? "\\\"" : "\\\\"));
        } else if (byte >= '\b' && byte <= '\r' && byte != '\v') {
            const char form[] = {'\\', short_forms[byte - '\b']};
            put(std::string_view(form, sizeof form));
        } else {
            const char form[] = {'\\', 'u', '0', '0', hex[byte >> 4U], hex[byte & 15U]};
            put(std::string_view(form, sizeof form));
        }
        at = stop + 1;
    }
}

// The same, and besides what could be taken for a tag or the end of a line where the text stands in
// a page or a script: \u003c, \u003e, \u0026, \u2028 and \u2029.
template <class Put>
[[nodiscard]] const char* escape_for_pages(std::string_view text, Put put) {
    constexpr std::string_view separator = "\xe2\x80"; // and a8 or a9
    return escape(text, [&](std::string_view piece) {
        std::size_t begin = 0;
        for (std::size_t at = 0; (at = piece.find_first_of("<>&\xe2", at)) != piece.npos;) {
            std::string_view form;
            std::size_t size = 1;
            switch (piece[at]) {
            case '<':
                form = "\\u003c";
                break;
            case '>':
                form = "\\u003e";
                break;
            case '&':
                form = "\\u0026";
                break;
            default: // whole, as everything in a piece is UTF-8
                size = 3;
                if (piece.substr(at, 2) == separator && (byte_at(&piece[at + 2]) | 1U) == 0xa9) {
                    form = byte_at(&piece[at + 2]) == 0xa8 ? "\\u2028" : "\\u2029";
                }
            }
            if (!form.empty()) {
                put(piece.substr(begin, at - begin));
                put(form);
                begin = at + size;
            }
            at += size;
        }
        put(piece.substr(begin));
    });
}

} // namespace tintype::inline v0::detail
