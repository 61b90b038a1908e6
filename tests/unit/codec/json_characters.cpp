// Characters: which byte strings are UTF-8, and where a run of plain ones ends, against the
// definitions written out slowly.

#include <tintype/codec/json/characters.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace {

// The encoding of a code point, by the table of RFC 3629.
std::string encoded(std::uint32_t code) {
    const auto byte = [](std::uint32_t value) { return static_cast<char>(value); };
    if (code < 0x80) {
        return {byte(code)};
    }
    if (code < 0x800) {
        return {byte(0xc0 + code / 64), byte(0x80 + code % 64)};
    }
    if (code < 0x10000) {
        return {byte(0xe0 + code / 4096), byte(0x80 + code / 64 % 64), byte(0x80 + code % 64)};
    }
    return {byte(0xf0 + code / 262144), byte(0x80 + code / 4096 % 64), byte(0x80 + code / 64 % 64),
            byte(0x80 + code % 64)};
}

std::size_t size_of(std::string_view text) {
    return tintype::detail::utf8_size(text.data(), text.data() + text.size());
}

} // namespace

TEST_CASE("every code point but the surrogates, and no other bytes") {
    std::uint64_t wrong = 0;
    for (std::uint32_t code = 0x80; code <= 0x10ffff; ++code) {
        const std::string text = encoded(code);
        const bool surrogate = code >= 0xd800 && code < 0xe000;
        wrong += size_of(text) == (surrogate ? 0 : text.size()) ? 0U : 1U;
        wrong += size_of(std::string_view(text).substr(0, text.size() - 1)) == 0 ? 0U : 1U;
    }
    CHECK(wrong == 0);

    // All pairs of bytes, with two continuations behind them: as many are right as there are
    // characters of each size with these continuations.
    std::uint64_t right[5]{};
    for (std::uint32_t lead = 0x80; lead != 0x100; ++lead) {
        for (std::uint32_t second = 0; second != 0x100; ++second) {
            const char text[] = {static_cast<char>(lead), static_cast<char>(second), '\x80',
                                 '\x80'};
            ++right[size_of({text, sizeof text})];
        }
    }
    CHECK(right[1] == 0);
    CHECK(right[2] == 1920);
    CHECK(right[3] == (0x10000 - 0x800 - 0x800) / 64);
    CHECK(right[4] == 0x100000 / 4096);
    for (const std::string_view bad :
         {"\xe2\x82\x20", "\xe2\x82\xc0", "\xf0\x9f\x98\x7f", "\xf0\x9f\x20\x80"}) {
        CHECK(size_of(bad) == 0);
    }
}

TEST_CASE("a run ends at every special byte, wherever it stands") {
    for (std::size_t size = 0; size != 20; ++size) {
        for (std::size_t at = 0; at <= size; ++at) {
            for (std::uint32_t byte = 0; byte != 0x100; ++byte) {
                std::string text(size, 'a');
                if (at != size) {
                    text[at] = static_cast<char>(byte);
                }
                const bool special =
                    at != size && (byte < 0x20 || byte >= 0x80 || byte == '"' || byte == '\\');
                const char* const end = text.data() + size;
                REQUIRE(tintype::detail::skip_plain(text.data(), end) - text.data() ==
                        static_cast<std::ptrdiff_t>(special ? at : size));
            }
        }
    }
}

TEST_CASE("escapes are the shortest there are") {
    const auto escaped = [](std::string_view text) {
        std::string all;
        const char* const bad =
            tintype::detail::escape(text, [&](std::string_view piece) { all += piece; });
        return bad == nullptr ? all : "bad at " + std::to_string(bad - text.data());
    };
    for (std::uint32_t byte = 0; byte != 0x80; ++byte) {
        const std::string text{static_cast<char>(byte)};
        std::string wanted = text;
        if (const auto which = std::string_view("\"\\\b\f\n\r\t").find(text[0]); which < 7) {
            wanted = {'\\', "\"\\bfnrt"[which]};
        } else if (byte < 0x20) {
            wanted = std::string("\\u00") + "01"[byte / 16] + "0123456789abcdef"[byte % 16];
        }
        CHECK(escaped(text) == wanted);
        CHECK(escaped("abcdefgh" + text + "x") == "abcdefgh" + wanted + "x");
    }
    CHECK(escaped("\u00e9\"\U0001f600") == "\u00e9\\\"\U0001f600");
    CHECK(escaped("ab\u00e9\xff") == "bad at 4");
    CHECK(escaped("\n\xc3") == "bad at 1");
    CHECK(escaped("") == "");
}
