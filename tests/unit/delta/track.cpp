// One leaf over many snapshots: its columns as bytes, what does not fit together, and a way there
// and back.

#include <tintype/delta/track.hpp>
#include <tintype/delta/track_cursor.hpp>

#include "fixtures.hpp"
#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace {

using tests::blob_of;
using tests::said;
using tintype::blob;
using tintype::byte_view;
using tintype::change;
using tintype::change_op;
using tintype::leaf_form;
using tintype::leaf_track;
using tintype::leaf_type;
using tintype::reader;

constexpr leaf_form shorts{leaf_type::i16, 0, 2};
constexpr std::uint64_t plenty = 1U << 20U;

// A run of shorts: 1 2 3, then 1 9 3, then 9 3 4 5, then 7.
leaf_track short_history() {
    leaf_track track;
    track.form = shorts;
    track.initial = 3;
    track.values = blob_of({1, 0, 2, 0, 3, 0});
    const std::vector<std::uint32_t> second{1};
    blob nine = blob_of({9, 0});
    track.add(1, {.op = change_op::sparse, .positions = second, .values = nine});
    blob tail = blob_of({4, 0, 5, 0});
    track.add(2, {.op = change_op::slid, .gone = 1, .values = tail});
    blob seven = blob_of({7, 0});
    track.add(1, {.op = change_op::replaced, .values = seven});
    return track;
}

blob encoded(const leaf_track& track) {
    blob bytes;
    track.encode(bytes);
    return bytes;
}

tintype::result<leaf_track> decoded(byte_view bytes, std::uint64_t most = plenty,
                                    const leaf_form& form = shorts) {
    reader in{bytes};
    return leaf_track::decode(in, form, most);
}

std::string checked(const leaf_track& track, std::uint64_t steps = 5) {
    return said(track.check(steps));
}

} // namespace

TEST_CASE("track: there and back as bytes") {
    const auto track = short_history();
    const blob bytes = encoded(track);
    const auto read = decoded(bytes);
    REQUIRE(said(read) == "no error");
    CHECK(read->initial == 3);
    CHECK(read->gaps == track.gaps);
    CHECK(read->ops == track.ops);
    CHECK(read->numbers == std::vector<std::uint64_t>{1, 1, 2, 1});
    CHECK(read->positions == track.positions);
    CHECK(read->values == track.values);
    CHECK(checked(*read) == "no error");
    CHECK(encoded(*read) == bytes);
    for (std::size_t size = 0; size != bytes.size(); ++size) {
        CHECK(!decoded(byte_view{bytes}.first(size)));
    }
    // A leaf that never changes: a summary, if it has one, and its elements.
    leaf_track still;
    still.form = {leaf_type::f64, 40, 8};
    still.initial = 40;
    still.values = blob(320, std::byte{0});
    still.all.add(-0.5);
    still.all.add(2.0);
    const auto again = decoded(encoded(still), plenty, still.form);
    REQUIRE(said(again) == "no error");
    CHECK(again->all.count == 2);
    CHECK(again->all.min == -0.5);
    const blob summary = encoded(still);
    const auto all = leaf_track::decode_measure(reader{summary});
    REQUIRE(all);
    CHECK(all->max == 2);
    CHECK(all->sum == 1.5);
    for (std::size_t size = 0; size != 27; ++size) {
        CHECK(!leaf_track::decode_measure(reader{byte_view{summary}.first(size)}));
    }
}

TEST_CASE("track: elements of every type") {
    using enum leaf_type;
    for (const auto& [type, width] :
         std::vector<std::pair<leaf_type, std::uint32_t>>{{u8, 1},
                                                          {i8, 1},
                                                          {u16, 2},
                                                          {i16, 2},
                                                          {u32, 4},
                                                          {i32, 4},
                                                          {u64, 8},
                                                          {i64, 8},
                                                          {f32, 4},
                                                          {f64, 8},
                                                          {character, 1},
                                                          {record, 12},
                                                          {columns, 1}}) {
        leaf_track track;
        track.form = {type, 0, width};
        track.initial = 50;
        track.values = tests::noise(50 * width, width);
        const auto read = decoded(encoded(track), plenty, track.form);
        REQUIRE(said(read) == "no error");
        CHECK(read->values == track.values);
    }
    leaf_track truths;
    truths.form = {boolean, 0, 1};
    truths.initial = 2;
    truths.values = blob_of({0, 1});
    CHECK(said(decoded(encoded(truths), plenty, truths.form)) == "no error");
    truths.values = blob_of({0, 2});
    CHECK(said(decoded(encoded(truths), plenty, truths.form)) == "invalid_value in values 0/1");
}

TEST_CASE("track: a way there and back") {
    using run = std::vector<std::int16_t>;
    auto track = short_history();
    run value{1, 2, 3};
    const tintype::leaf_handle leaf{&value, &tintype::detail::leaf_ops_of<run>};
    const std::vector<run> wanted{{1, 2, 3}, {1, 9, 3}, {9, 3, 4, 5}, {7}};
    tintype::track_cursor cursor{track};
    for (unsigned round = 0; round != 3; ++round) {
        for (std::size_t i = 1; i != wanted.size(); ++i) {
            bool seen = false;
            REQUIRE(said(cursor.next(leaf, {}, [&](const change&) { seen = true; })) == "no error");
            CHECK(seen);
            CHECK(value == wanted[i]);
            // A step back and forth on the way.
            REQUIRE(cursor.back(leaf, {}));
            CHECK(value == wanted[i - 1]);
            REQUIRE(cursor.next(leaf, {}));
            CHECK(value == wanted[i]);
        }
        for (std::size_t i = wanted.size() - 1; i != 0; --i) {
            REQUIRE(said(cursor.back(leaf, {})) == "no error");
            CHECK(value == wanted[i - 1]);
        }
    }
}

TEST_CASE("track: columns that do not fit together") {
    CHECK(checked(short_history()) == "no error");
    CHECK(checked(short_history(), 4) == "out_of_bounds in changes 4/4");
    auto track = short_history();
    track.gaps[1] = 0;
    CHECK(checked(track) == "out_of_bounds in changes 0/1");
    track = short_history();
    track.gaps[0] = 0;
    CHECK(checked(track) == "no error");
    track.gaps[2] = ~0U;
    CHECK(checked(track) == "out_of_bounds in changes 4294967297/5");
    track = short_history();
    track.ops[0] = 1;
    CHECK(checked(track) == "out_of_bounds in changes 1/3");
    track.ops[0] = 4;
    CHECK(checked(track) == "out_of_bounds in changes 4/3");
    track = short_history();
    track.ops[2] = 3;
    CHECK(checked(track) == "out_of_bounds in changes 5/4");
    track.ops[2] = 0;
    CHECK(checked(track) == "out_of_bounds in changes 1/0");
    track = short_history();
    track.numbers[3] = 2;
    CHECK(checked(track) == "out_of_bounds in changes 2/1");
    track.numbers[3] = ~std::uint64_t{0};
    CHECK(checked(track) == "out_of_bounds in changes 18446744073709551615/1");
    track.numbers[3] = 0;
    CHECK(checked(track) == "out_of_bounds in changes 6/14");
    track = short_history();
    track.positions.push_back(2);
    CHECK(checked(track) == "out_of_bounds in changes 7/14");
    track.numbers[0] = 2;
    track.numbers[3] = 0;
    CHECK(checked(track) == "no error");
    track.positions[1] = 1;
    CHECK(checked(track) == "out_of_bounds in changes 1/2");
    track.positions[1] = 0;
    CHECK(checked(track) == "out_of_bounds in changes 0/2");
}

TEST_CASE("track: lies about how much there is") {
    const auto refused = [](const blob& bytes, std::uint64_t most = plenty) {
        return said(decoded(bytes, most));
    };
    CHECK(refused({}) == "truncated_section in leaf @0 0/1");
    CHECK(refused(blob_of({4})) == "invalid_value in leaf @0 4/3");
    blob bytes = blob_of({0});
    tintype::append_varint(bytes, plenty / 2 + 1);
    CHECK(refused(bytes) == "limit_exceeded in values @4 524289/524288");
    bytes = blob_of({0});
    tintype::append_varint(bytes, ~std::uint64_t{0});
    CHECK(refused(bytes) == "limit_exceeded in values @11 18446744073709551615/524288");
    // Changes, numbers, positions, elements.
    const auto changes = [&](std::uint64_t a, std::uint64_t b, std::uint64_t c, std::uint64_t d,
                             std::uint64_t most = plenty) {
        blob to = blob_of({1, 0});
        for (const std::uint64_t each : {a, b, c, d}) {
            tintype::append_varint(to, each);
        }
        // Columns of one number repeated.
        for (unsigned i = 0; i != 5; ++i) {
            append(to, blob_of({2, 1, 0}));
        }
        return refused(to, most);
    };
    CHECK(changes(tintype::block_head::most_snapshots + 1, 0, 0, 0)
              .starts_with("limit_exceeded in changes"));
    CHECK(changes(~std::uint64_t{0}, 0, 0, 0).starts_with("limit_exceeded in changes"));
    CHECK(changes(1, 3, 0, 0).starts_with("limit_exceeded in changes"));
    CHECK(changes(1, 1, plenty / 4 + 1, 0).starts_with("limit_exceeded in changes"));
    CHECK(changes(1, 1, ~std::uint64_t{0}, 0).starts_with("limit_exceeded in changes"));
    CHECK(changes(1, 1, 0, ~std::uint64_t{0}).starts_with("limit_exceeded in values"));
    // Changes count against the memory, too, even where they are next to nothing as bytes.
    CHECK(changes(4'000, 4'000, 0, 0, 24 * 4'000 - 1).starts_with("limit_exceeded in changes"));
    std::uint64_t most = plenty;
    const blob whole = encoded(short_history());
    reader in{whole};
    REQUIRE(leaf_track::decode(in, shorts, most));
    CHECK(plenty - most == 3 * leaf_track::change_bytes + 4 + 14);
    // A marker has no elements.
    CHECK(said(decoded(blob_of({0, 1}), plenty, leaf_form{})) ==
          "limit_exceeded in values @2 1/1048576");
    CHECK(said(decoded(blob_of({0, 0}), plenty, leaf_form{})) == "no error");
}
