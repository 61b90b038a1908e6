// The pieces of a vectored sink: together what was written, in order; long borrowed runs where they
// lie in the state, everything else in blocks that never move.

#include <tintype/codec/json.hpp>
#include <tintype/codec/section_list.hpp>
#include <tintype/hash/crc32.hpp>
#include <tintype/stream/vectored_sink.hpp>

#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

namespace {

using tintype::byte_view;
using tintype::vectored_sink;

// A sink that claims is filled by a codec instead of being lent the state's memory.
static_assert(tintype::borrowing_sink<vectored_sink> && !tintype::claiming_sink<vectored_sink>);
static_assert(!std::is_move_constructible_v<vectored_sink>);

tintype::blob joined(const vectored_sink& sink) {
    tintype::blob all;
    for (const byte_view piece : sink.pieces()) {
        CHECK_FALSE(piece.empty());
        tintype::append(all, piece);
    }
    CHECK(all.size() == sink.size());
    return all;
}

struct state {
    BOOST_HANA_DEFINE_STRUCT(state, (std::uint32_t, number), (tintype::blob, first),
                             (std::vector<std::uint64_t>, second), (tintype::blob, third));
};

using list = tintype::section_list<tintype::magic<"VECS">, tintype::scalar<"number", std::uint32_t>,
                                   tintype::section<"first">, tintype::section<"second">,
                                   tintype::section<"third">, tintype::checksum<tintype::crc32>>;

} // namespace

TEST_CASE("vectored_sink: nothing is no piece") {
    vectored_sink sink;
    CHECK(sink.pieces().empty());
    CHECK(tests::said(sink.write({})) == "no error");
    CHECK(tests::said(sink.borrow({})) == "no error");
    CHECK(sink.pieces().empty());
    vectored_sink all{0};
    CHECK(tests::said(all.borrow({})) == "no error");
    CHECK(all.pieces().empty());
    CHECK(all.size() == 0);
}

TEST_CASE("vectored_sink: from the threshold on, borrowed bytes stay where they are") {
    for (const std::size_t threshold : {0U, 1U, 16U, 4096U}) {
        for (const std::size_t size : {1U, 15U, 16U, 17U, 4095U, 4096U, 4097U}) {
            CAPTURE(threshold);
            CAPTURE(size);
            const auto bytes = tests::noise(size);
            vectored_sink sink{threshold};
            REQUIRE(sink.borrow(bytes));
            const bool lent = size >= threshold;
            REQUIRE(sink.pieces().size() == 1);
            CHECK((sink.pieces()[0].data() == bytes.data()) == lent);
            CHECK(sink.copied() == (lent ? 0 : size));
            CHECK(joined(sink) == bytes);
        }
    }
}

TEST_CASE("vectored_sink: what is written is copied at once, into blocks that stay") {
    // Sizes around where a block ends, and beyond the largest block.
    for (const std::size_t size :
         {1U, 100U, 4095U, 4096U, 4097U, 12'288U, 1'048'575U, 1'048'576U, 1'048'577U, 3'000'000U}) {
        CAPTURE(size);
        vectored_sink sink;
        tintype::blob expected;
        tintype::blob text = tests::noise(size, size);
        tintype::append(expected, text);
        REQUIRE(sink.write(text));
        const auto* first = sink.pieces()[0].data();
        for (unsigned i = 0; i != 3; ++i) {
            text.assign(text.size(), static_cast<std::byte>(i));
            tintype::append(expected, text);
            REQUIRE(sink.write(text));
        }
        CHECK(sink.pieces()[0].data() == first);
        CHECK(sink.copied() == expected.size());
        CHECK(joined(sink) == expected);
    }
}

TEST_CASE("vectored_sink: small writes in a row are one piece, and a borrowed run parts them") {
    const auto run = tests::noise(64);
    vectored_sink sink{64};
    for (const char* each : {"a", "bc", "def"}) {
        REQUIRE(sink.write(tests::blob_of(each)));
    }
    REQUIRE(sink.borrow(run));
    REQUIRE(sink.borrow(byte_view{run}.first(63)));
    REQUIRE(sink.write(tests::blob_of("g")));
    REQUIRE(sink.pieces().size() == 3);
    CHECK(tintype::text_of(sink.pieces()[0]) == "abcdef");
    CHECK(sink.pieces()[1].data() == run.data());
    CHECK(sink.pieces()[2].size() == 64);
    CHECK(sink.copied() == 6 + 63 + 1);
    CHECK(sink.size() == 6 + 64 + 63 + 1);
}

TEST_CASE("vectored_sink: a text of any length takes few pieces") {
    vectored_sink sink;
    const auto line = tests::noise(100);
    for (unsigned i = 0; i != 80'000; ++i) {
        REQUIRE(sink.write(line));
    }
    CHECK(sink.size() == 8'000'000);
    CHECK(sink.pieces().size() < 20);
}

TEST_CASE("vectored_sink: a section list lends its long sections") {
    state original{.number = 7,
                   .first = tests::noise(5000, 1),
                   .second = std::vector<std::uint64_t>(1000, 0x0102030405060708U),
                   .third = tests::noise(10, 3)};
    const auto expected = *tintype::encode<list>(original);
    vectored_sink sink;
    REQUIRE(list::encode(original, sink));
    CHECK(joined(sink) == expected);
    const bool native = std::endian::native == std::endian::little;
    CHECK(sink.copied() == expected.size() - 5000 - (native ? 8000 : 0));
    std::size_t lent = 0;
    for (const byte_view piece : sink.pieces()) {
        lent += piece.data() == original.first.data() ? 1U : 0U;
        lent += piece.data() == std::as_bytes(std::span{original.second}).data() ? 1U : 0U;
    }
    CHECK(lent == (native ? 2 : 1));
}

TEST_CASE("vectored_sink: a text codec's bytes are all copied, and the same") {
    const state original{
        .number = 7, .first = tests::noise(5000, 1), .second = {1, 2}, .third = {}};
    vectored_sink sink;
    REQUIRE(tintype::json<>::encode(original, sink));
    CHECK(joined(sink) == *tintype::encode<tintype::json<>>(original));
    CHECK(sink.copied() == sink.size());
}
