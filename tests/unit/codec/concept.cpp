// What makes a type a codec of a state, atom by atom, and the three functions that every codec gets
// for it. The model is a user's own codec, no section list.

#include <tintype/codec/concept.hpp>
#include <tintype/hash/crc32.hpp>
#include <tintype/hash/none.hpp>

#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>

namespace {

// A number from 0 to 9 as so many dots and a line end: as small as a codec can be.
struct dots {
    static constexpr std::uint64_t size(const int& number) {
        return static_cast<std::uint64_t>(number) + 1;
    }

    template <tintype::byte_sink Sink>
    static constexpr tintype::result<void> encode(const int& number, Sink& sink) {
        if (number > 9) {
            return tintype::fail({.code = tintype::errc::limit_exceeded,
                                  .found = static_cast<std::uint64_t>(number),
                                  .wanted = 9});
        }
        for (int i = 0; i != number; ++i) {
            if (auto done = sink.write(std::array{std::byte{'.'}}); !done) {
                return done;
            }
        }
        return sink.write(std::array{std::byte{'\n'}});
    }

    template <class State>
    static constexpr tintype::result<int> decode(tintype::byte_view bytes,
                                                 const tintype::decode_options& options) {
        if (bytes.size() > options.limits.bytes) {
            return tintype::fail({.code = tintype::errc::limit_exceeded,
                                  .found = bytes.size(),
                                  .wanted = options.limits.bytes});
        }
        for (std::size_t i = 0; i != bytes.size(); ++i) {
            const bool last = i + 1 == bytes.size();
            if (bytes[i] != (last ? std::byte{'\n'} : std::byte{'.'})) {
                return tintype::fail({.code = tintype::errc::invalid_value,
                                      .offset = i,
                                      .found = std::to_integer<std::uint64_t>(bytes[i])});
            }
        }
        return static_cast<int>(bytes.size()) - 1;
    }
};

struct viewable_dots : dots {
    template <class State>
    static constexpr tintype::result<std::size_t> view(tintype::byte_view bytes,
                                                       const tintype::decode_options&) {
        return bytes.size();
    }
};

// Still a codec: a text's size is as much work as the text.
struct without_size {
    template <tintype::byte_sink Sink>
    tintype::result<void> encode(const int& number, Sink& sink) const {
        return dots::encode(number, sink);
    }

    template <class State>
    tintype::result<int> decode(tintype::byte_view, const tintype::decode_options&) const;
};

struct without_decode {
    tintype::result<void> encode(const int&, auto&) const;
};

struct encodes_silently {
    void encode(const int&, auto&) const;
    template <class State>
    tintype::result<int> decode(tintype::byte_view, const tintype::decode_options&) const;
};

static_assert(tintype::sized_codec<dots, int> && !tintype::viewable_codec<dots, int>);
static_assert(tintype::viewable_codec<viewable_dots, int>);
static_assert(std::same_as<tintype::view_of<viewable_dots, int>, std::size_t>);
static_assert(!tintype::codec_for<dots, std::string>);
static_assert(tintype::codec_for<without_size, int> && !tintype::sized_codec<without_size, int>);
static_assert(!tintype::decodes<without_decode, int> && tintype::encodes<without_decode, int>);
static_assert(!tintype::codec_for<without_decode, int>);
static_assert(!tintype::encodes<encodes_silently, int>);

// The hash that ends what is written is found where there is one.
struct ends_with_crc {
    using hash = tintype::crc32;
};

static_assert(std::same_as<tintype::own_hash_of<ends_with_crc>, tintype::crc32>);
static_assert(std::same_as<tintype::own_hash_of<dots>, tintype::no_hash>);

constexpr bool goes_there_and_back() {
    for (const int number : {0, 1, 9}) {
        const auto bytes = tintype::encode<dots>(number);
        if (!bytes || bytes->size() != dots::size(number) ||
            tintype::decode<dots, int>(*bytes) != number) {
            return false;
        }
    }
    return !tintype::encode<dots>(10);
}

static_assert(goes_there_and_back());

} // namespace

TEST_CASE("concept: a user's codec goes there and back") {
    CHECK(goes_there_and_back());
    CHECK(tests::said(tintype::encode<dots>(10)) == "limit_exceeded 10/9");
    CHECK(tests::said(tintype::decode<dots, int>(tests::blob_of("..x\n"))) ==
          "invalid_value @2 120/0");
}

TEST_CASE("concept: a codec that cannot tell its size encodes all the same") {
    CHECK(tintype::size_hint(without_size{}, 4) == 0);
    CHECK(tintype::size_hint(dots{}, 4) == 5);
    CHECK(tintype::encode<without_size>(4) == tests::blob_of("....\n"));
}

TEST_CASE("concept: encodes into the caller's memory, or says what is missing") {
    std::array<std::byte, 6> memory{};
    const auto used = tintype::encode_into<dots>(memory, 4);
    REQUIRE(used.has_value());
    CHECK(*used == 5);
    CHECK(tintype::text_of(tintype::byte_view{memory}.first(5)) == "....\n");
    CHECK(memory[5] == std::byte{0});
    CHECK(tests::said(tintype::encode_into<dots>(tintype::mutable_bytes{memory}.first(4), 4)) ==
          "limit_exceeded in memory @4 1/0");
}

TEST_CASE("concept: the options reach the codec") {
    const auto bytes = tests::blob_of("...\n");
    CHECK(tintype::decode<dots, int>(bytes, {.limits = {.bytes = 4}}) == 3);
    CHECK(tests::said(tintype::decode<dots, int>(bytes, {.limits = {.bytes = 3}})) ==
          "limit_exceeded 4/3");
}
