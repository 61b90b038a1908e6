// Digests as text and back: numbers and bytes of every size, and texts that are no digest.

#include <tintype/core/mix.hpp>
#include <tintype/hash/hex.hpp>

#include "support/bytes.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

namespace {

using tintype::bytes_from_hex;
using tintype::digest_bytes;
using tintype::from_hex;
using tintype::hex_of;
using tintype::to_hex;

template <std::size_t Size>
using bytes = std::array<std::byte, Size>;

constexpr bytes<3> three{std::byte{0x00}, std::byte{0x9f}, std::byte{0xa0}};

static_assert(from_hex<std::uint8_t>("ff") == std::uint8_t{0xff});
static_assert(from_hex<std::uint16_t>("1234") == std::uint16_t{0x1234});
static_assert(from_hex<std::uint32_t>("CBF43926") == std::uint32_t{0xcbf43926});
static_assert(from_hex<std::uint64_t>("FFFFffffFFFFffff") == ~std::uint64_t{0});
static_assert(from_hex<bytes<3>>("009fA0") == three);
static_assert(from_hex<bytes<0>>("").has_value());
static_assert(!from_hex<bytes<0>>("0"));
static_assert(digest_bytes(std::uint32_t{0x009fa0ff}) ==
              bytes<4>{std::byte{0x00}, std::byte{0x9f}, std::byte{0xa0}, std::byte{0xff}});
static_assert(digest_bytes(three) == three);
static_assert(bytes_from_hex("009fA0")->size() == 3);

template <class Digest>
void round_trips(std::uint64_t seed) {
    const auto random = tests::noise(sizeof(Digest), seed);
    Digest digest{};
    std::memcpy(&digest, random.data(), sizeof digest);
    auto text = to_hex(digest);
    CHECK(text.size() == 2 * sizeof(Digest));
    CHECK(from_hex<Digest>(text) == digest);
    std::ranges::transform(text, text.begin(), [](char c) {
        return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    CHECK(from_hex<Digest>(text) == digest);
    // One more, one fewer, and every byte in every place.
    CHECK(!from_hex<Digest>(text + "0"));
    CHECK(!from_hex<Digest>("0" + text));
    CHECK(!from_hex<Digest>(text + "\n"));
    CHECK(!from_hex<Digest>(text.substr(1)));
    CHECK(!from_hex<Digest>(""));
    std::size_t wrong = 0;
    for (std::size_t i = 0; i != text.size(); ++i) {
        for (int byte = 0; byte != 256; ++byte) {
            auto other = text;
            other[i] = static_cast<char>(byte);
            const bool digit = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f') ||
                               (byte >= 'A' && byte <= 'F');
            wrong += from_hex<Digest>(other).has_value() == digit ? 0U : 1U;
        }
    }
    CHECK(wrong == 0);
}

} // namespace

TEST_CASE("two lower-case digits a byte, the most significant byte first") {
    CHECK(hex_of(three) == "009fa0");
    CHECK(to_hex(std::uint8_t{0}) == "00");
    CHECK(to_hex(std::uint8_t{0xaf}) == "af");
    CHECK(to_hex(std::uint16_t{0x1234}) == "1234");
    CHECK(to_hex(std::uint32_t{0xcbf43926}) == "cbf43926");
    CHECK(to_hex(std::uint64_t{1}) == "0000000000000001");
    CHECK(to_hex(three) == "009fa0");
    CHECK(to_hex(bytes<0>{}).empty());
}

TEST_CASE("digests of every kind come back from their text") {
    for (std::uint64_t seed = 0; seed != 20; ++seed) {
        round_trips<std::uint8_t>(seed);
        round_trips<std::uint16_t>(seed);
        round_trips<std::uint32_t>(seed);
        round_trips<std::uint64_t>(seed);
        round_trips<bytes<1>>(seed);
        round_trips<bytes<16>>(seed);
        round_trips<bytes<32>>(seed);
    }
}

TEST_CASE("a digest as bytes is in the order in which it is printed") {
    CHECK(digest_bytes(std::uint8_t{0xaf}) == bytes<1>{std::byte{0xaf}});
    CHECK(digest_bytes(std::uint16_t{0x1234}) == bytes<2>{std::byte{0x12}, std::byte{0x34}});
    CHECK(digest_bytes(std::uint64_t{1}) == bytes<8>{std::byte{0}, std::byte{0}, std::byte{0},
                                                     std::byte{0}, std::byte{0}, std::byte{0},
                                                     std::byte{0}, std::byte{1}});
    CHECK(digest_bytes(bytes<0>{}).empty());
    for (std::uint64_t seed = 0; seed != 20; ++seed) {
        const auto number = tintype::splitmix64{seed}();
        CHECK(hex_of(digest_bytes(number)) == to_hex(number));
        const auto random = tests::noise(32, seed);
        bytes<32> digest{};
        std::ranges::copy(random, digest.begin());
        CHECK(digest_bytes(digest) == digest);
        CHECK(hex_of(random) == to_hex(digest));
    }
}

TEST_CASE("any bytes as text and back") {
    CHECK(hex_of({}).empty());
    CHECK(bytes_from_hex("") == tintype::blob{});
    for (std::size_t size = 0; size != 70; ++size) {
        const auto random = tests::noise(size, size);
        auto text = hex_of(random);
        CHECK(text.size() == 2 * size);
        CHECK(bytes_from_hex(text) == random);
        std::ranges::transform(text, text.begin(), [](char c) {
            return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
        });
        CHECK(bytes_from_hex(text) == random);
        CHECK(!bytes_from_hex(text + "0"));
        CHECK(!bytes_from_hex(text + "0g"));
        CHECK(!bytes_from_hex(" 0" + text));
        CHECK(!bytes_from_hex(text + "+1"));
    }
    for (int byte = 0; byte != 256; ++byte) {
        const char c = static_cast<char>(byte);
        const bool digit = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f') ||
                           (byte >= 'A' && byte <= 'F');
        CHECK(bytes_from_hex(std::string{'0', c}).has_value() == digit);
        CHECK(bytes_from_hex(std::string{c, '0'}).has_value() == digit);
    }
}
