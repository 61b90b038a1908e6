// What a history's bytes may claim: every truncation and every flipped bit of keyframes, deltas and
// blocks gives an error or some value, and lies about numbers cost no memory to speak of.

#include <tintype/core/identical.hpp>
#include <tintype/delta/block.hpp>
#include <tintype/delta/differ.hpp>
#include <tintype/delta/index.hpp>
#include <tintype/delta/state.hpp>
#include <tintype/delta/step.hpp>

#include "counting_new.hpp"
#include "support/bytes.hpp"
#include "support/said.hpp"
#include "unit/delta/fixtures.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace {

using tests::blob_of;
using tests::said;
using tests::small;
using tintype::blob;
using tintype::block_head;
using tintype::byte_view;
using tintype::leaf_edit;
using tintype::leaf_state;
using tintype::reader;
using tintype::tier;

constexpr std::uint64_t most = ~std::uint64_t{0};

// Every truncation, every flipped bit, and bytes where numbers turn over, each in memory of its
// own. How much any of them had at once.
template <class Look>
std::size_t damaged(const blob& bytes, Look look) {
    std::size_t peak = 0;
    const auto with = [&](byte_view each) {
        const blob exact(each.begin(), each.end());
        const tests::allocation_watch watch;
        look(exact);
        peak = std::max(peak, watch.peak());
    };
    for (std::size_t size = 0; size != bytes.size(); ++size) {
        with(byte_view{bytes}.first(size));
    }
    blob flipped = bytes;
    for (std::byte& each : flipped) {
        const std::byte before = each;
        for (unsigned bit = 0; bit != 8; ++bit) {
            each = before ^ static_cast<std::byte>(1U << bit);
            with(flipped);
        }
        for (const unsigned value : {0x00U, 0x7fU, 0x80U, 0xffU}) {
            each = static_cast<std::byte>(value);
            with(flipped);
        }
        each = before;
    }
    return peak;
}

small some_value() {
    small value{};
    value.id = 5;
    value.on = true;
    value.values = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    value.metrics = {{"a", 1}, {"b", 2}, {"long key", 3}};
    value.tags = {1, 2};
    return value;
}

small next_value() {
    auto value = some_value();
    value.id = 6;
    value.values[3] = 0;
    value.values.push_back(1);
    value.metrics.erase("a");
    value.metrics["c"] = 4;
    value.tags = {3};
    return value;
}

void apply(leaf_state<small>& state, reader in) {
    auto edit = leaf_edit::decode(in, state.table());
    if (!edit || !state.restructure(std::move(edit->table), edit->from)) {
        return;
    }
    const auto leaves = state.leaves();
    tintype::change_list list;
    if (!list.read(in, [&](std::size_t leaf) { return leaves[leaf].ops->form; }, leaves.size())) {
        return;
    }
    for (tintype::change& each : list.changes()) {
        if (!exchange(each, leaves[each.leaf])) {
            return;
        }
    }
}

// `next` as long as it goes, and back.
void go_through(const blob& bytes, std::size_t steps, const tintype::limits& limits = {}) {
    leaf_state<small> state;
    tintype::block_reader<small> block;
    reader in{bytes};
    if (!block.open(in, steps, state, limits)) {
        return;
    }
    std::size_t at = 1;
    while (at != steps && block.next(state)) {
        ++at;
    }
    while (at == steps && block.at() != 0 && block.back(state)) {
    }
}

// What is behind the head of a block of empty values.
blob block_content(const std::vector<blob>& edits, const std::vector<blob>& tracks) {
    tintype::leaf_table table;
    small value{};
    REQUIRE(tintype::leaves_of(value, &table, nullptr));
    blob encoded;
    table.encode(encoded);
    blob to;
    append_varint(to, encoded.size());
    append(to, encoded);
    append_varint(to, edits.size());
    for (const blob& each : edits) {
        append(to, each);
    }
    append_varint(to, tracks.size());
    for (const blob& each : tracks) {
        append_varint(to, each.size());
        append(to, each);
    }
    return to;
}

// Tracks of the five leaves of an empty `small` that never change.
std::vector<blob> still_tracks() {
    blob columns;
    {
        const std::set<std::int32_t> none;
        columns = tintype::detail::column_bytes(none);
    }
    tintype::leaf_track tags;
    tags.form = {tintype::leaf_type::columns, 0, 1};
    tags.initial = columns.size();
    tags.values = columns;
    blob last;
    tags.encode(last);
    return {blob_of({0, 1, 1, 1}), blob_of({0, 1, 1, 1}), blob_of({0, 0}), blob_of({0, 0}), last};
}

blob track_of(const tintype::leaf_track& track) {
    blob to;
    track.encode(to);
    return to;
}

} // namespace

TEST_CASE("hostile: delta, a damaged keyframe") {
    leaf_state<small> state;
    REQUIRE(state.assign(some_value()));
    const blob bytes = tests::written(state);
    leaf_state<small> reused;
    const auto peak = damaged(bytes, [&](const blob& each) {
        leaf_state<small> fresh;
        reader in{each};
        const auto done = fresh.read(in, {});
        CHECK((done || done.error().code != tintype::errc{}));
        reader again{each};
        static_cast<void>(reused.read(again, {}));
    });
    CHECK(peak < 100'000);
    reader in{bytes};
    REQUIRE(reused.read(in, {}));
    CHECK(tintype::identical(reused.value(), some_value()));
}

TEST_CASE("hostile: delta, a damaged delta with an edit") {
    tintype::state_differ<small> differ;
    REQUIRE(differ.start(some_value()));
    const std::size_t leaves = differ.state().leaves().size();
    REQUIRE(differ.to(next_value()));
    REQUIRE(differ.edit());
    blob bytes;
    differ.edit()->encode(leaves, bytes);
    append_varint(bytes, differ.count());
    append(bytes, differ.changes());
    leaf_state<small> state;
    REQUIRE(state.assign(some_value()));
    apply(state, reader{bytes});
    CHECK(tintype::identical(state.value(), next_value()));
    const auto peak = damaged(bytes, [&](const blob& each) {
        leaf_state<small> fresh;
        REQUIRE(fresh.assign(some_value()));
        apply(fresh, reader{each});
    });
    CHECK(peak < 100'000);
}

TEST_CASE("hostile: delta, a damaged block") {
    tintype::block_writer<small> writer;
    std::uint64_t index = 0;
    for (const auto& each : {some_value(), next_value(), some_value(), small{}, next_value()}) {
        REQUIRE(writer.add(each, {.index = index++}, "label"));
    }
    const blob whole = writer.finish(tier::archive, 0, 4);
    reader in{whole};
    REQUIRE(block_head::decode(in));
    const auto rest = in.rest();
    const blob content(rest.begin(), rest.end());
    const auto peak =
        damaged(content, [&](const blob& each) { go_through(each, 5, {.bytes = 100'000}); });
    CHECK(peak < 1'000'000);
    // The head is sealed; of what is behind it the index knows nothing.
    static_cast<void>(damaged(whole, [](const blob& each) {
        tintype::history_index made;
        static_cast<void>(made.add({4, 8, each.size()}, each));
        CHECK(made.count() <= 5);
    }));
}

TEST_CASE("hostile: delta, changes of a leaf that is gone") {
    // In the second of three snapshots the number goes; in the third it changes.
    std::vector<blob> tracks = still_tracks();
    tintype::leaf_track id;
    id.form = {tintype::leaf_type::u32, 1, 4};
    id.initial = 1;
    id.values = blob(4, std::byte{0});
    blob value(4, std::byte{7});
    id.add(2, {.op = tintype::change_op::replaced, .values = value});
    tracks[0] = track_of(id);
    tracks[1] = blob_of({0, 1, 2, 1, 0}); // the truth is false
    go_through(block_content({}, tracks), 3);
    // One of the metrics, which may go.
    tintype::block_writer<small> writer;
    small with{};
    with.metrics = {{"a", 1}};
    REQUIRE(writer.add(with, {.index = 0}, ""));
    REQUIRE(writer.add(small{}, {.index = 1}, ""));
    REQUIRE(writer.add(small{}, {.index = 2}, ""));
    const blob whole = writer.finish(tier::compressed, 0, 2);
    reader in{whole};
    REQUIRE(block_head::decode(in));
    auto content = tintype::block_content::decode(in, 3);
    REQUIRE(content);
    REQUIRE(content->tracks.size() == 6);
    blob edit;
    append_varint(edit, content->edits.at(0).step);
    blob steps;
    content->edits[0].edit.encode(6, steps);
    append_varint(edit, steps.size());
    append(edit, steps);
    blob table;
    content->table.encode(table);
    blob forged;
    append_varint(forged, table.size());
    append(forged, table);
    append_varint(forged, 1);
    append(forged, edit);
    append_varint(forged, 6);
    for (std::size_t i = 0; i != 6; ++i) {
        const auto rest = content->tracks[i].rest();
        blob track(rest.begin(), rest.end());
        if (content->forms[i].type == tintype::leaf_type::f64 && !content->forms[i].resizable()) {
            tintype::leaf_track metric;
            metric.form = content->forms[i];
            metric.initial = 1;
            metric.values = blob(8, std::byte{0});
            blob other(8, std::byte{1});
            metric.add(2, {.op = tintype::change_op::replaced, .values = other});
            track = track_of(metric);
        }
        append_varint(forged, track.size());
        append(forged, track);
    }
    leaf_state<small> state;
    tintype::block_reader<small> block;
    reader from{forged};
    REQUIRE(said(block.open(from, 3, state, {})) == "no error");
    REQUIRE(said(block.next(state)) == "no error");
    CHECK(said(block.next(state)) == "out_of_bounds in changes 4/5");
}

TEST_CASE("hostile: delta, columns of one number repeated cost memory, and are counted") {
    // Four thousand changes of nothing, in a few bytes.
    tintype::leaf_track track;
    track.form = {tintype::leaf_type::f64, 0, 8};
    for (unsigned i = 0; i != 4'000; ++i) {
        track.gaps.push_back(1);
        track.ops.push_back(3);
        track.numbers.push_back(0);
        track.numbers.push_back(0);
    }
    const blob bytes = track_of(track);
    REQUIRE(bytes.size() < 100);
    std::uint64_t left = 50'000;
    reader in{bytes};
    {
        const tests::allocation_watch watch;
        const auto refused = tintype::leaf_track::decode(in, track.form, left);
        CHECK(watch.peak() == 0);
        CHECK(said(refused).starts_with("limit_exceeded in changes"));
    }
    left = 100'000;
    reader again{bytes};
    const auto read = tintype::leaf_track::decode(again, track.form, left);
    REQUIRE(said(read) == "no error");
    CHECK(left < 10'000);
    CHECK(said(read->check(4'001)) == "no error");
}

TEST_CASE("hostile: delta, a structure that stays and stays") {
    // Each edit is a few bytes, and stands for a whole structure.
    std::vector<blob> edits;
    for (unsigned step = 1; step != 20'000; ++step) {
        blob edit;
        append_varint(edit, step);
        append(edit, blob_of({2, 1, 3 * 5}));
        edits.push_back(std::move(edit));
    }
    const blob bytes = block_content(edits, still_tracks());
    CHECK(bytes.size() < 110'000);
    const tests::allocation_watch watch;
    leaf_state<small> state;
    tintype::block_reader<small> block;
    reader in{bytes};
    CHECK(said(block.open(in, 20'000, state, {.bytes = 1'000'000}))
              .starts_with("limit_exceeded in structure"));
    CHECK(watch.peak() < 10'000'000);
}

TEST_CASE("hostile: delta, numbers near the end of all numbers") {
    const auto around = [](std::initializer_list<unsigned> before, std::uint64_t number) {
        blob bytes = blob_of(before);
        append_varint(bytes, number);
        return bytes;
    };
    for (const std::uint64_t lie : {most, most - 1, most / 2, most / 4 + 1, most / 8 + 1,
                                    std::uint64_t{1} << 32U, (std::uint64_t{1} << 32U) - 1}) {
        const tests::allocation_watch watch;
        leaf_state<small> state;
        const blob table = around({}, lie);
        reader one{table};
        CHECK(!state.read(one, {}));
        blob leaves;
        append_varint(leaves, table.size());
        append(leaves, table);
        reader two{leaves};
        CHECK(!state.read(two, {}));
        CHECK(!leaf_edit::decode(one, state.table()));
        tintype::block_reader<small> block;
        reader three{table};
        CHECK(!block.open(three, 5, state, {}));
        for (const auto& bytes : {around({0}, lie), around({1, 0, 1}, lie), around({1, 0}, lie)}) {
            std::uint64_t left = 100'000;
            reader in{bytes};
            CHECK(!tintype::leaf_track::decode(in, {tintype::leaf_type::f64, 0, 8}, left));
        }
        CHECK(watch.peak() < 10'000);
    }
}

TEST_CASE("hostile: delta, wrong booleans") {
    using tests::gate;
    const auto refused = []<class T>(const T& value, std::size_t at) {
        leaf_state<T> state;
        REQUIRE(state.assign(value));
        blob bytes = tests::written(state);
        bytes[bytes.size() - at] = std::byte{2};
        reader in{bytes};
        return said(state.read(in, {}));
    };
    CHECK(refused(true, 1) == "invalid_value in leaf 0/1");
    CHECK(refused(gate::open, 1) == "invalid_value in leaf 0/1");
    CHECK(refused(std::array<bool, 3>{}, 2) == "invalid_value in leaf 0/1");
    CHECK(refused(std::vector<gate>(3), 3) == "invalid_value in leaf 0/1");
    CHECK(refused(tests::flagged{}, 1) == "invalid_value in leaf 0/1");
}

TEST_CASE("hostile: delta, a map of long keys in few bytes") {
    // Each key shares all but a byte with the one before.
    using map = std::map<std::string, std::uint8_t>;
    map value;
    for (unsigned i = 0; i != 200; ++i) {
        value[std::string(1000, 'k') + static_cast<char>(i)] = 1;
    }
    leaf_state<map> state;
    REQUIRE(state.assign(value));
    const blob bytes = tests::written(state);
    CHECK(bytes.size() < 3000);
    leaf_state<map> read;
    reader in{bytes};
    REQUIRE(read.read(in, {}));
    CHECK(tintype::identical(read.value(), value));
}
