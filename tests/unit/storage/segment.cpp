// The marks and names of what an object that grows lies in, and which segments it is made of.

#include <tintype/storage/segment.hpp>

#include "support/bytes.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace {

using tintype::errc;
using tintype::detail::generation_of;
using tintype::detail::mergeable;
using tintype::detail::run_of;
using tintype::detail::segment_mark;
using tintype::detail::segment_name;
using tintype::detail::segment_of;
using tintype::detail::segment_piece;
using tintype::detail::segments_of;

const std::string generation(32, 'a');

segment_piece appended(std::uint64_t begin, std::uint64_t end) {
    return {.begin = begin, .end = end};
}

segment_piece merged(std::uint64_t begin, std::uint64_t end) {
    return {.begin = begin, .end = end, .merged = true};
}

using pieces = std::vector<segment_piece>;

} // namespace

TEST_CASE("a mark says what it was made of, and every changed bit of it is found") {
    const segment_mark made{.writer = std::string(32, '7'), .begin = 123, .size = 1ULL << 40U};
    const auto bytes = made.encode(segment_mark::segment, generation);
    const auto read = segment_mark::decode(bytes, segment_mark::segment, "x", generation);
    REQUIRE(read);
    CHECK(read->writer == made.writer);
    CHECK(read->begin == 123);
    CHECK(read->size == 1ULL << 40U);
    for (std::size_t i = 0; i != bytes.size() * 8; ++i) {
        auto changed = bytes;
        changed[i / 8] ^= std::byte{1} << (i % 8);
        CHECK(!segment_mark::decode(changed, segment_mark::segment, "x", generation));
    }
    for (std::size_t size = 0; size != bytes.size(); ++size) {
        const auto cut = segment_mark::decode(tintype::byte_view{bytes}.first(size),
                                              segment_mark::segment, "x", generation);
        REQUIRE(!cut);
        CHECK(cut.error().code == errc::truncated);
    }
    // Another head's segment, and another kind of object.
    const auto other =
        segment_mark::decode(bytes, segment_mark::segment, "x", std::string(32, 'b'));
    REQUIRE(!other);
    CHECK(other.error().code == errc::checksum_mismatch);
    CHECK(!segment_mark::decode(bytes, segment_mark::tail, "x", generation));
}

TEST_CASE("a head is known as one even where its mark is damaged, and another object is not") {
    const auto head = segment_mark{.writer = generation}.encode(segment_mark::head);
    CHECK(generation_of(head, "x") == generation);
    for (std::size_t i = 0; i != head.size() * 8; ++i) {
        auto changed = head;
        changed[i / 8] ^= std::byte{1} << (i % 8);
        CHECK(!generation_of(changed, "x"));
    }
    for (std::size_t size = 0; size != head.size(); ++size) {
        // Of less than its first characters nothing can be known.
        const auto cut = generation_of(tintype::byte_view{head}.first(size), "x");
        CHECK(cut.has_value() == (size < 8));
    }
    CHECK(generation_of({}, "x") == "");
    CHECK(generation_of(tests::noise(63), "x") == "");
    CHECK(generation_of(tests::noise(64), "x") == "");
    CHECK(generation_of(tests::noise(1000), "x") == "");
    const auto odd =
        segment_mark{.writer = "../../../../../../../../../../.."}.encode(segment_mark::head);
    REQUIRE(!generation_of(odd, "x"));
    CHECK(generation_of(odd, "x").error().code == errc::invalid_value);
}

TEST_CASE("a segment's name says its head and its place, for the longest names, too") {
    const std::string longest(tintype::longest_name, 'n');
    for (const std::string& object : {std::string{"log"}, longest}) {
        for (const segment_piece& piece : {appended(0, 1), appended(77, 1000), merged(77, 1000),
                                           merged(1ULL << 60U, 1ULL << 61U),
                                           appended(~std::uint64_t{0} - 5, ~std::uint64_t{0})}) {
            const auto name = segment_name(object, generation, piece);
            CHECK(tintype::good_name(name));
            CHECK(tintype::detail::is_segment_name(name));
            CHECK(name.starts_with(segments_of(object)));
            const auto read = segment_of({.name = name, .size = piece.size() + segment_mark::bytes},
                                         segments_of(object, generation));
            REQUIRE(read);
            CHECK(*read == piece);
        }
    }
    CHECK(!segments_of("log").starts_with(segments_of("lof")));
}

TEST_CASE("names and sizes that no segment has are passed over, or told") {
    const auto beginning = segments_of("log", generation);
    const auto read = [&](const std::string& rest, std::uint64_t size) {
        return segment_of({.name = beginning + rest, .size = size}, beginning);
    };
    for (const char* rest :
         {"", "0", "000000000000000", "00000000000000000", "000000000000000G", "000000000000000A",
          "+000000000000001", "-000000000000001", "0000000000000001-", "0000000000000001-2",
          "0000000000000001-000000000000000Z", "0000000000000001.0000000000000009"}) {
        CHECK(!read(rest, 100));
    }
    for (const std::uint64_t size : {0U, 1U, 63U, 64U}) {
        const auto empty = read("0000000000000001", size);
        REQUIRE(empty);
        REQUIRE(!*empty);
        CHECK(empty->error().code == errc::truncated);
    }
    const auto last = read("ffffffffffffffff", 64 + 1);
    REQUIRE(last);
    CHECK(!*last);
    for (const std::uint64_t size : {64U, 71U, 73U, 1000U}) {
        const auto other = read("0000000000000008-0000000000000010", size);
        REQUIRE(other);
        CHECK(!*other);
    }
    CHECK(**read("0000000000000008-0000000000000010", 72) == merged(8, 16));
}

TEST_CASE("an object is made of the segments that go on where it ends") {
    CHECK(run_of({}, 10).end == 10);
    auto run = run_of({appended(30, 31), appended(10, 20), appended(20, 30)}, 10);
    CHECK(run.pieces == pieces{appended(10, 20), appended(20, 30), appended(30, 31)});
    CHECK(run.end == 31);
    CHECK(run.covered.empty());
    CHECK(!run.apart);

    // What was merged covers what it was merged of, and what came too late.
    run = run_of({appended(10, 20), appended(20, 30), merged(10, 30), appended(30, 40)}, 10);
    CHECK(run.pieces == pieces{merged(10, 30), appended(30, 40)});
    CHECK(run.covered == pieces{appended(10, 20), appended(20, 30)});
    run = run_of({merged(10, 30), appended(10, 90), appended(20, 95), appended(30, 40)}, 10);
    CHECK(run.pieces == pieces{merged(10, 30), appended(30, 40)});
    CHECK(run.end == 40);
    CHECK(!run.apart);

    // Merged ones that overlap have the same bytes.
    run = run_of({merged(10, 30), merged(20, 50), merged(15, 40), appended(50, 60)}, 10);
    CHECK(run.pieces == pieces{merged(10, 30), merged(20, 50), appended(50, 60)});
    CHECK(run.end == 60);
    run = run_of({appended(10, 20), merged(10, 30), merged(10, 50), merged(20, 50)}, 10);
    CHECK(run.pieces == pieces{merged(10, 50)});
    CHECK(run.covered.size() == 3);
    // From before the head's end.
    run = run_of({merged(5, 30), appended(5, 99)}, 10);
    CHECK(run.pieces == pieces{merged(5, 30)});
    CHECK(run.end == 30);
}

TEST_CASE("a segment behind a gap is told") {
    CHECK(run_of({appended(11, 20)}, 10).apart == appended(11, 20));
    CHECK(run_of({merged(11, 20)}, 10).apart == merged(11, 20));
    const auto run = run_of({appended(10, 20), appended(21, 30), appended(30, 40)}, 10);
    CHECK(run.end == 20);
    CHECK(run.apart == appended(21, 30));
    CHECK(!run_of({appended(2, 20)}, 10).apart); // before the end: too late
}

TEST_CASE("segments are merged so that there are never many of about a size") {
    pieces run;
    std::uint64_t copied = 0;
    std::size_t most = 0;
    std::uint64_t end = 0;
    for (int i = 0; i != 5000; ++i) {
        run.push_back(appended(end, end + 100 + static_cast<std::uint64_t>(i) % 7000));
        end = run.back().end;
        while (const auto count = mergeable(run, 4, 4 << 20U)) {
            REQUIRE(count >= 4);
            const auto begin = run[run.size() - count].begin;
            copied += end - begin;
            run.resize(run.size() - count);
            run.push_back(merged(begin, end));
            CHECK(run.back().size() <= 4 << 20U);
        }
        most = std::max(most, run.size());
    }
    CHECK(most < 60);
    CHECK(copied < end * 12);
    CHECK(mergeable({appended(0, 1), appended(1, 2)}, 0, 100) == 0);
    CHECK(mergeable({appended(0, 1), appended(1, 2)}, 1, 100) == 0);
    CHECK(mergeable({appended(0, 1), appended(1, 2)}, 2, 100) == 2);
    CHECK(mergeable({appended(0, 1), appended(1, 2)}, 2, 1) == 0);
}
