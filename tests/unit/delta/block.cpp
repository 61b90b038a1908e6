// Blocks of snapshots: each as it was, forwards and backwards; what stands before them, and what
// they may take.

#include <tintype/delta/block.hpp>

#include "blocks.hpp"
#include "fixtures.hpp"
#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace {

using tests::block_of;
using tests::opened;
using tests::random_history;
using tests::said;
using tests::small;
using tests::there_and_back;
using tintype::blob;
using tintype::block_head;
using tintype::block_reader;
using tintype::block_writer;
using tintype::leaf_state;
using tintype::reader;
using tintype::tier;

} // namespace

TEST_CASE("block: many small histories") {
    block_writer<small> writer;
    for (std::size_t count = 1; count <= 40; ++count) {
        for (std::uint64_t seed = 0; seed != 3; ++seed) {
            CAPTURE(count);
            CAPTURE(seed);
            there_and_back(random_history<small>(count, 100 * count + seed), writer, seed);
        }
    }
    there_and_back(random_history<small>(1000, 5), writer, 5);
}

TEST_CASE("block: leaves that come and go and come again") {
    std::vector<small> history(6);
    for (auto& each : history) {
        each = {};
    }
    history[1].metrics = {{"a", 1}};
    history[2].metrics = {{"a", 2}, {"b", 3}};
    history[3].metrics = {{"b", 3}};
    history[4].metrics = {{"a", 0}, {"b", 4}};
    block_writer<small> writer;
    there_and_back(history, writer, 1);
}

TEST_CASE("block: the head, and a writer that is used again") {
    block_writer<small> writer;
    const auto history = random_history<small>(7, 3);
    const blob bytes = block_of(history, writer);
    CHECK(writer.count() == 0);
    CHECK(writer.decoded_size() == 0);
    reader in{bytes};
    const auto head = block_head::decode(in);
    REQUIRE(said(head) == "no error");
    CHECK(head->kept_as == tier::archive);
    CHECK(head->first == 10);
    CHECK(head->last == 16);
    CHECK(head->labels == std::vector<std::string>{"one", "two"});
    CHECK(head->label_of == std::vector<std::uint32_t>{0, 1, 1, 0, 1, 1, 0});
    CHECK(head->snapshots[6] ==
          tintype::snapshot_facts{.index = 16, .time = 600, .checksum = 6, .size = 7});
    CHECK(block_of(history, writer) == bytes);
}

TEST_CASE("block: each leaf's numbers, in every snapshot, taken together") {
    std::vector<small> history(3);
    for (auto& each : history) {
        each = {};
    }
    for (auto& each : history) {
        each.values.assign(40, 1.0);
    }
    history[0].values[7] = std::nan("");
    history[1].values[7] = 5;
    history[2].values[7] = 5;
    history[0].id = 8;
    block_writer<small> writer;
    const blob bytes = block_of(history, writer);
    reader in{bytes};
    REQUIRE(block_head::decode(in));
    const auto content = tintype::block_content::decode(in, 3);
    REQUIRE(said(content) == "no error");
    const auto values = tintype::leaf_track::decode_measure(content->tracks[2]);
    REQUIRE(values);
    CHECK(values->count == 120);
    CHECK(values->nans == 1);
    CHECK(values->min == 1);
    CHECK(values->max == 5);
    CHECK(values->sum == 127);
    // What is quickly read has none.
    const auto id = tintype::leaf_track::decode_measure(content->tracks[0]);
    REQUIRE(id);
    CHECK(id->count == 0);
}

TEST_CASE("block: what it may take in memory") {
    std::vector<small> history(2);
    history[0] = {};
    history[0].values.assign(1000, 1.0);
    history[1] = history[0];
    history[1].metrics["x"] = 1;
    block_writer<small> writer;
    const blob bytes = block_of(history, writer);
    leaf_state<small> state;
    block_reader<small> block;
    CHECK(opened(bytes, block, state, 2, {.bytes = 1 << 20}) == "no error");
    CHECK(block.next(state));
    CHECK(opened(bytes, block, state, 2, {.bytes = 7999}).starts_with("limit_exceeded in values"));
    CHECK(opened(bytes, block, state, 2, {.bytes = 10}).starts_with("limit_exceeded in structure"));
    // The state before another structure is kept, to go back to.
    REQUIRE(opened(bytes, block, state, 2, {.bytes = 12'000}) == "no error");
    CHECK(said(block.next(state)).starts_with("limit_exceeded in structure"));
}
