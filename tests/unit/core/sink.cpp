// The sinks that live in memory: all of a write or nothing of it, and pieces that join to what was
// written.

#include <tintype/core/sink.hpp>

#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>

namespace {

static_assert(tintype::byte_sink<tintype::span_sink>);
static_assert(tintype::claiming_sink<tintype::span_sink>);
static_assert(!tintype::borrowing_sink<tintype::span_sink>);
static_assert(tintype::byte_sink<tintype::blob_sink>);
static_assert(tintype::claiming_sink<tintype::blob_sink>);
static_assert(!tintype::borrowing_sink<tintype::blob_sink>);
static_assert(tintype::borrowing_sink<tintype::gather_sink>);
static_assert(!tintype::byte_sink<tintype::blob>);

// A sink must say what went wrong: `void` is not enough.
struct silent_sink {
    void write(tintype::byte_view) {}
};

static_assert(!tintype::byte_sink<silent_sink>);

constexpr bool a_span_is_filled_to_its_end() {
    std::array<std::byte, 5> memory{};
    tintype::span_sink sink{tintype::mutable_bytes{memory}.first(4)};
    const auto three = tests::blob_of({1, 2, 3});
    const auto two = tests::blob_of({8, 9});
    const auto one = tests::blob_of({4});
    const bool first = sink.write(three).has_value();
    const auto refused = sink.write(two);
    return first && !refused &&
           refused.error() == tintype::error{.code = tintype::errc::limit_exceeded,
                                             .where = "memory",
                                             .offset = 3,
                                             .found = 2,
                                             .wanted = 1} &&
           memory[3] == std::byte{0} && sink.written().size() == 3 && sink.write(one) &&
           sink.write({}) && !sink.write(one) && sink.written().size() == 4 &&
           memory ==
               std::array{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}, std::byte{0}};
}

static_assert(a_span_is_filled_to_its_end());

constexpr bool a_blob_is_appended_to() {
    tintype::blob target = tests::blob_of({1});
    tintype::blob_sink sink{target};
    bool good = sink.write(tests::blob_of({2, 3})) && sink.write({});
    const auto room = sink.claim(2);
    good = good && room && room->size() == 2;
    std::ranges::fill(*room, std::byte{4});
    good = good && sink.claim(0)->empty() && sink.write(tests::blob_of({5}));
    return good && target == tests::blob_of({1, 2, 3, 4, 4, 5});
}

static_assert(a_blob_is_appended_to());

tintype::blob joined(const tintype::gather_sink& sink) {
    tintype::blob all;
    for (const tintype::byte_view piece : sink.pieces()) {
        all.insert(all.end(), piece.begin(), piece.end());
    }
    return all;
}

} // namespace

TEST_CASE("sink: a span is filled to its end and not beyond") {
    CHECK(a_span_is_filled_to_its_end());
}

TEST_CASE("sink: a claim is room in the memory itself, or refused with the numbers") {
    std::array<std::byte, 8> memory{};
    tintype::span_sink sink{memory};
    const auto room = sink.claim(5);
    REQUIRE(room.has_value());
    CHECK(room->data() == memory.data());
    CHECK(room->size() == 5);
    CHECK(tests::said(sink.claim(4)) == "limit_exceeded in memory @5 4/3");
    CHECK(tests::said(sink.claim(~std::size_t{0})) ==
          "limit_exceeded in memory @5 " + std::to_string(~std::size_t{0}) + "/3");
    const auto rest = sink.claim(3);
    REQUIRE(rest.has_value());
    CHECK(rest->data() == memory.data() + 5);
    CHECK(sink.claim(0).has_value());
    CHECK(sink.written().size() == 8);
}

TEST_CASE("sink: a blob is appended to") {
    CHECK(a_blob_is_appended_to());
}

TEST_CASE("sink: gathered pieces join in order, small ones copied, large ones pointed at") {
    tintype::gather_sink sink;
    CHECK(sink.pieces().empty());
    const auto large = tests::noise(1000);
    {
        auto gone = tests::blob_of({1, 2});
        CHECK(sink.write(gone).has_value());
        std::ranges::fill(gone, std::byte{0xEE});
    }
    CHECK(sink.write(tests::blob_of({3})).has_value());
    CHECK(sink.borrow(large).has_value());
    CHECK(sink.borrow({}).has_value());
    CHECK(sink.borrow(large).has_value());
    CHECK(sink.write(tests::blob_of({4})).has_value());
    CHECK(sink.write({}).has_value());

    const auto pieces = sink.pieces();
    REQUIRE(pieces.size() == 4);
    CHECK(pieces[1].data() == large.data());
    CHECK(pieces[2].data() == large.data());
    auto expected = tests::blob_of({1, 2, 3});
    expected.insert(expected.end(), large.begin(), large.end());
    expected.insert(expected.end(), large.begin(), large.end());
    expected.push_back(std::byte{4});
    CHECK(joined(sink) == expected);
}

TEST_CASE("sink: copies stay right however often their memory grew") {
    tintype::gather_sink sink;
    tintype::blob expected;
    const auto borrowed = tests::noise(7);
    for (unsigned i = 0; i != 500; ++i) {
        const auto bytes = tests::noise(i % 9, i);
        CHECK(sink.write(bytes).has_value());
        expected.insert(expected.end(), bytes.begin(), bytes.end());
        if (i % 5 == 0) {
            CHECK(sink.borrow(borrowed).has_value());
            expected.insert(expected.end(), borrowed.begin(), borrowed.end());
        }
    }
    CHECK(joined(sink) == expected);
}
