// What fields write into: the sink gets every byte once and in order, the hash too, and no piece is
// larger than what a processor's cache keeps.

#include <tintype/codec/encoder.hpp>
#include <tintype/hash/crc32.hpp>
#include <tintype/hash/none.hpp>

#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace {

using tintype::encoder;

// How large a piece is, is the encoder's business; that it fits into a cache is ours.
constexpr std::size_t largest_piece = std::size_t{1} << 20U;

// A sink without room of its own: notes how the bytes arrive, and refuses once it was given more
// than `room`.
struct noting_sink {
    std::vector<std::size_t> pieces{};
    tintype::blob bytes{};
    std::size_t room = ~std::size_t{0};

    tintype::result<void> write(tintype::byte_view some) {
        if (some.size() > room - bytes.size()) {
            return tintype::fail({.code = tintype::errc::no_space,
                                  .found = bytes.size(),
                                  .wanted = bytes.size() + some.size()});
        }
        pieces.push_back(some.size());
        bytes.insert(bytes.end(), some.begin(), some.end());
        return {};
    }
};

std::size_t piece_of() {
    noting_sink sink;
    encoder<noting_sink, tintype::no_hash> out{sink, 0};
    static_cast<void>(out.write(tests::noise(2 * largest_piece)));
    return sink.pieces.empty() ? 1 : sink.pieces.front();
}

constexpr bool numbers_and_their_digest() {
    tintype::blob bytes;
    tintype::blob_sink sink{bytes};
    encoder<tintype::blob_sink, tintype::crc32> out{sink, 99};
    const bool good = out.number<std::endian::little>(std::uint16_t{0x0102}).has_value() &&
                      out.number<std::endian::big>(std::uint32_t{0x03040506}).has_value() &&
                      out.length<std::endian::little, std::uint8_t>(255, "n").has_value();
    return good && out.total() == 99 && bytes == tests::blob_of({2, 1, 3, 4, 5, 6, 255}) &&
           out.digest() == tintype::hash_of<tintype::crc32>(bytes);
}

static_assert(numbers_and_their_digest());

} // namespace

TEST_CASE("encoder: numbers in the order asked for, under the digest") {
    CHECK(numbers_and_their_digest());
}

TEST_CASE("encoder: large writes reach the sink in pieces, each byte once") {
    const auto piece = piece_of();
    CHECK(piece <= largest_piece);
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, piece - 1, piece, piece + 1, 3 * piece + 5}) {
        const auto bytes = tests::noise(size);
        for (const bool borrowed : {false, true}) {
            noting_sink sink;
            encoder<noting_sink, tintype::crc32> out{sink, size};
            CHECK((borrowed ? out.borrow(bytes) : out.write(bytes)).has_value());
            CHECK(sink.bytes == bytes);
            CHECK(sink.pieces.size() == (size + piece - 1) / piece);
            CHECK(std::ranges::all_of(sink.pieces, [&](auto each) { return each <= piece; }));
            CHECK(out.digest() == tintype::hash_of<tintype::crc32>(bytes));
        }
    }
}

TEST_CASE("encoder: room of the sink's own is filled and hashed at once") {
    const auto bytes = tests::noise(3 * piece_of() + 7);
    tintype::blob memory(bytes.size() + 9, std::byte{0xA5});
    tintype::span_sink sink{tintype::mutable_bytes{memory}.first(bytes.size() + 1)};
    encoder<tintype::span_sink, tintype::crc32> out{sink, bytes.size()};
    CHECK(out.write({}).has_value());
    CHECK(out.write(tintype::byte_view{bytes}.first(5)).has_value());
    CHECK(out.borrow(tintype::byte_view{bytes}.subspan(5)).has_value());
    CHECK(std::equal(bytes.begin(), bytes.end(), memory.begin()));
    CHECK(out.digest() == tintype::hash_of<tintype::crc32>(bytes));
    CHECK(tests::said(out.write(tests::noise(2))) ==
          "limit_exceeded in memory @" + std::to_string(bytes.size()) + " 2/1");
    CHECK(std::ranges::count(tintype::byte_view{memory}.last(9), std::byte{0xA5}) == 9);
}

TEST_CASE("encoder: a sink that can borrow is lent the memory itself") {
    const auto bytes = tests::noise(3 * piece_of());
    tintype::gather_sink sink;
    encoder<tintype::gather_sink, tintype::crc32> out{sink, bytes.size()};
    CHECK(out.borrow(bytes).has_value());
    REQUIRE(sink.pieces().size() == 1);
    CHECK(sink.pieces()[0].data() == bytes.data());
    CHECK(sink.pieces()[0].size() == bytes.size());
    CHECK(out.digest() == tintype::hash_of<tintype::crc32>(bytes));
}

TEST_CASE("encoder: the sink's error is the write's, and no piece follows it") {
    const auto piece = piece_of();
    noting_sink sink{.room = piece + 10};
    encoder<noting_sink, tintype::no_hash> out{sink, 0};
    CHECK(tests::said(out.write(tests::noise(3 * piece))) ==
          "no_space " + std::to_string(piece) + "/" + std::to_string(2 * piece));
    CHECK(sink.pieces == std::vector{piece});
}

TEST_CASE("encoder: a length that its prefix cannot hold is refused where it would stand") {
    tintype::blob bytes;
    tintype::blob_sink sink{bytes};
    encoder<tintype::blob_sink, tintype::no_hash> out{sink, 0};
    using enum std::endian;
    CHECK(out.length<little, std::uint8_t>(255, "a").has_value());
    CHECK(out.length<big, std::uint16_t>(65535, "a").has_value());
    CHECK(out.length<big, std::uint32_t>(0xFFFFFFFF, "a").has_value());
    CHECK(out.length<big, std::uint64_t>(~std::uint64_t{0}, "a").has_value());
    CHECK(bytes.size() == 15);
    CHECK(tests::said(out.length<little, std::uint8_t>(256, "a")) ==
          "length_overflow in a @15 256/255");
    CHECK(tests::said(out.length<little, std::uint16_t>(65536, "b")) ==
          "length_overflow in b @15 65536/65535");
    CHECK(tests::said(out.length<little, std::uint32_t>(std::uint64_t{1} << 32U, "c")) ==
          "length_overflow in c @15 4294967296/4294967295");
    CHECK(bytes.size() == 15);
}

TEST_CASE("encoder: an encoder is a sink for another one") {
    static_assert(tintype::borrowing_sink<encoder<tintype::gather_sink, tintype::crc32>>);
    tintype::blob bytes;
    tintype::blob_sink sink{bytes};
    encoder<tintype::blob_sink, tintype::crc32> outer{sink, 0};
    encoder<decltype(outer), tintype::crc32> inner{outer, 0};
    CHECK(outer.write(tests::blob_of("ab")).has_value());
    CHECK(inner.write(tests::blob_of("cd")).has_value());
    CHECK(inner.borrow(tests::blob_of("ef")).has_value());
    CHECK(tintype::text_of(bytes) == "abcdef");
    CHECK(outer.digest() == tintype::hash_of<tintype::crc32>(bytes));
    CHECK(inner.digest() == tintype::hash_of<tintype::crc32>(tests::blob_of("cdef")));
}
