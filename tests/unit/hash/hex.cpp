// Digests as text and back: numbers and bytes of every size, and texts that are no digest.

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

using tintype::from_hex;
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
