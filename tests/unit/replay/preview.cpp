#include <tintype/hash/hex.hpp>
#include <tintype/replay/preview.hpp>

#include "support/bytes.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <string_view>

using tests::blob_of;
using tintype::observe;
using tintype::preview_of;

namespace {

std::string of(std::string_view text) {
    return preview_of(tintype::bytes_of(text));
}

constexpr std::string_view bad = "\xef\xbf\xbd";

std::string times(std::size_t count, std::string_view text) {
    std::string all;
    for (std::size_t i = 0; i != count; ++i) {
        all += text;
    }
    return all;
}

} // namespace

TEST_CASE("control characters are left out, but for new line and tab") {
    CHECK(of("") == "");
    CHECK(of("a\tb\nc\rd\x1b[0m\x7f") == "a\tb\ncd[0m");
    CHECK(of(std::string_view{"a\0b", 3}) == "ab");
    CHECK(of("\xc2\x80\xc2\x9f\xc2\xa0") == "\xc2\xa0");
}

TEST_CASE("one replacement for each longest piece that could have begun a character") {
    CHECK(of("\x80") == bad);
    CHECK(of("\xc0\x80") == times(2, bad));         // overlong
    CHECK(of("\xe0\x80\x80") == times(3, bad));     // overlong
    CHECK(of("\xed\xa0\x80") == times(3, bad));     // a surrogate
    CHECK(of("\xf0\x80\x80\x80") == times(4, bad)); // overlong
    CHECK(of("\xf4\x90\x80\x80") == times(4, bad)); // beyond U+10FFFF
    CHECK(of("\xf5\x80") == times(2, bad));
    CHECK(of("\xe2\x82"
             "a") == std::string{bad} + "a"); // the first two of three
    CHECK(of("\xf0\x9f\x98") == bad);         // the first three of four
    CHECK(of("\xf0\x9f"
             "a\x98") == std::string{bad} + "a" + std::string{bad});
    CHECK(of("\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf") ==
          "\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf");
    CHECK(of(bad) == bad);
}

TEST_CASE("so many bytes are looked at, and so many characters shown") {
    CHECK(of(std::string(511, 'q')) == std::string(511, 'q'));
    CHECK(of(std::string(512, 'q')) == std::string(512, 'q'));
    CHECK(of(std::string(513, 'q')) == std::string(512, 'q'));
    // The last character is cut in two.
    CHECK(of("x" + times(256, "\xc3\xa9")) == "x" + times(255, "\xc3\xa9") + std::string{bad});
    CHECK(of(std::string(512, '\x01') + "a").empty());
    const auto data = tintype::bytes_of("abcdef");
    CHECK(preview_of(data, {.bytes = 4}) == "abcd");
    CHECK(preview_of(data, {.characters = 2}) == "ab");
    CHECK(preview_of(data, {.bytes = 0}).empty());
    CHECK(preview_of(data, {.characters = 0}).empty());
}

TEST_CASE("data are hashed up to a size, and none have the hash of zeros") {
    CHECK(observe({}).hash == tintype::blake3::digest_type{});
    CHECK(observe({}).preview.empty());
    const tintype::preview_limits most{.hashed = 3};
    const auto three = observe(tintype::bytes_of("abc"), most);
    CHECK(three.preview == "abc");
    // BLAKE3's own test of "abc".
    CHECK(tintype::to_hex(three.hash) ==
          "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85");
    const auto four = observe(tintype::bytes_of("abcd"), most);
    CHECK(four.preview == "[ERROR: Input size 4 exceeds maximum 3]");
    CHECK(tintype::to_hex(four.hash) == std::string(64, 'f'));
}
