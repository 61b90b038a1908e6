// The codec that adds nothing: bytes as they are, texts, vectors of numbers in either order.

#include <tintype/codec/raw.hpp>

#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace {

using big_raw = tintype::basic_raw<std::endian::big>;

static_assert(tintype::viewable_codec<tintype::raw_codec, tintype::blob>);
static_assert(tintype::viewable_codec<tintype::raw_codec, std::string>);
static_assert(tintype::viewable_codec<big_raw, std::vector<float>>);
static_assert(!tintype::codec_for<tintype::raw_codec, int>);
static_assert(!tintype::codec_for<tintype::raw_codec, std::vector<std::string>>);

constexpr bool there_and_back() {
    const std::vector<std::uint16_t> numbers{1, 0x0203};
    const auto little = tintype::encode<tintype::raw_codec>(numbers);
    const auto big = tintype::encode<big_raw>(numbers);
    return little && big && *little == tests::blob_of({1, 0, 3, 2}) &&
           *big == tests::blob_of({0, 1, 2, 3}) &&
           tintype::decode<tintype::raw_codec, std::vector<std::uint16_t>>(*little) == numbers &&
           tintype::decode<big_raw, std::vector<std::uint16_t>>(*big) == numbers &&
           tintype::raw_codec::size(numbers) == 4;
}

static_assert(there_and_back());

} // namespace

TEST_CASE("raw: numbers in both orders") {
    CHECK(there_and_back());
}

TEST_CASE("raw: a length that is no whole number of values is refused, decoded or viewed") {
    for (std::size_t size = 0; size != 17; ++size) {
        const auto bytes = tests::noise(size);
        const auto decoded = tintype::raw_codec::decode<std::vector<double>>(bytes);
        const auto viewed = tintype::raw_codec::view<std::vector<double>>(bytes);
        CHECK(decoded.has_value() == (size % 8 == 0));
        CHECK(viewed.has_value() == (size % 8 == 0));
        if (!decoded) {
            const auto expected = "invalid_value " + std::to_string(size) + "/8";
            CHECK(tests::said(decoded) == expected);
            CHECK(tests::said(viewed) == expected);
        }
        CHECK(tintype::raw_codec::decode<tintype::blob>(bytes) == bytes);
    }
}

TEST_CASE("raw: more bytes than the limit are refused") {
    const auto bytes = tests::noise(10);
    const tintype::decode_options nine{.limits = {.bytes = 9}};
    CHECK(tests::said(tintype::raw_codec::decode<tintype::blob>(bytes, nine)) ==
          "limit_exceeded @0 10/9");
    CHECK(tests::said(tintype::raw_codec::view<std::string>(bytes, nine)) ==
          "limit_exceeded @0 10/9");
    CHECK(tintype::raw_codec::decode<tintype::blob>(bytes, {.limits = {.bytes = 10}}).has_value());
}

TEST_CASE("raw: a view of bytes and of text is that memory") {
    const auto bytes = tests::blob_of("text");
    const auto text = tintype::raw_codec::view<std::string>(bytes);
    REQUIRE(text.has_value());
    CHECK(*text == "text");
    CHECK(static_cast<const void*>(text->data()) == static_cast<const void*>(bytes.data()));
    const auto same = tintype::raw_codec::view<tintype::blob>(bytes);
    REQUIRE(same.has_value());
    CHECK(same->data() == bytes.data());
}

TEST_CASE("raw: bools are checked") {
    struct flags {
        BOOST_HANA_DEFINE_STRUCT(flags, (bool, a), (bool, b));
    };

    CHECK(tintype::raw_codec::decode<std::vector<flags>>(tests::blob_of({0, 1, 1, 0})).has_value());
    CHECK(tests::said(tintype::raw_codec::decode<std::vector<flags>>(
              tests::blob_of({0, 1, 1, 3}))) == "invalid_value 3/1");
}

TEST_CASE("raw: gathers a blob without copying it") {
    const auto bytes = tests::noise(100);
    tintype::gather_sink sink;
    CHECK(tintype::raw_codec::encode(bytes, sink).has_value());
    REQUIRE(sink.pieces().size() == 1);
    CHECK(sink.pieces()[0].data() == bytes.data());
}
