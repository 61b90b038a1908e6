// The records of a history: facts there and back, and nothing believed that is not sealed.

#include <tintype/delta/record.hpp>

#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace {

using tests::blob_of;
using tests::said;
using tintype::blob;
using tintype::block_head;
using tintype::byte_view;
using tintype::history_floor;
using tintype::history_opening;
using tintype::reader;
using tintype::snapshot_facts;
using tintype::snapshot_head;
using tintype::tier;

constexpr std::uint64_t most = ~std::uint64_t{0};

// Every truncation and every flipped bit of what is sealed is seen.
template <class Decode>
void sealed_well(const blob& bytes, Decode decode) {
    REQUIRE(decode(bytes));
    for (std::size_t size = 0; size != bytes.size(); ++size) {
        CHECK(!decode(blob(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size))));
    }
    for (std::size_t bit = 0; bit != 8 * bytes.size(); ++bit) {
        blob flipped = bytes;
        flipped[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
        CHECK(!decode(flipped));
    }
}

blob sealed(const blob& facts) {
    blob to;
    tintype::detail::append_sealed(to, facts);
    return to;
}

blob encoded(const snapshot_head& head) {
    blob to;
    head.encode(to);
    return to;
}

blob encoded(const block_head& head) {
    blob to;
    head.encode(to);
    return to;
}

std::string block_refused(const block_head& head) {
    const blob bytes = encoded(head);
    reader in{bytes};
    return said(block_head::decode(in));
}

block_head some_block() {
    return {.kept_as = tier::compressed,
            .first = 5,
            .last = 9,
            .snapshots = {{5, 50, 1, 100}, {7, 70, 2, 100}, {9, 60, most, 0}},
            .labels = {"a", ""},
            .label_of = {0, 1, 0}};
}

} // namespace

TEST_CASE("record: the opening") {
    const history_opening opening{.salt = most, .interval = 10, .schema = "schema\n"};
    const blob bytes = opening.encode();
    const auto read = history_opening::decode(bytes, 8);
    REQUIRE(said(read) == "no error");
    CHECK(read->salt == most);
    CHECK(read->interval == 10);
    CHECK(read->schema == "schema\n");
    sealed_well(bytes,
                [](const blob& each) { return history_opening::decode(each, 0).has_value(); });
    CHECK(said(history_opening::decode(sealed(blob_of({2, 0, 1, 0})), 8)) ==
          "unsupported_version in opening @8 2/1");
    CHECK(said(history_opening::decode(sealed(blob_of({1, 0, 0, 0})), 8)) ==
          "invalid_value in keyframe interval 0/1");
    CHECK(said(history_opening::decode(sealed(blob_of({1, 0, 1, 3, 'a'})), 8)) ==
          "truncated_section in schema @20 1/3");
    CHECK(said(history_opening::decode(blob_of({1, 2, 3, 4, 9, 0, 0, 0}), 8)) ==
          "truncated_section in opening @16 0/9");
}

TEST_CASE("record: a snapshot's facts") {
    for (const bool restructured : {false, true}) {
        for (const char* label : {static_cast<const char*>(nullptr), "", "label"}) {
            snapshot_head head;
            head.facts = {most, 1, most - 1, 300};
            head.restructured = restructured;
            if (label != nullptr) {
                head.label = label;
            }
            blob bytes = encoded(head);
            sealed_well(bytes, [](const blob& each) {
                reader in{each};
                return snapshot_head::decode(in).has_value();
            });
            append(bytes, blob_of({1, 2}));
            reader in{bytes};
            const auto read = snapshot_head::decode(in);
            REQUIRE(said(read) == "no error");
            CHECK(in.remaining() == 2);
            CHECK(read->facts == head.facts);
            CHECK(read->restructured == restructured);
            CHECK(read->label == head.label);
        }
    }
    const auto refused = [](const blob& facts) {
        const blob bytes = sealed(facts);
        reader in{bytes};
        return said(snapshot_head::decode(in));
    };
    CHECK(refused({}) == "truncated_section in flags @8 0/1");
    CHECK(refused(blob_of({4, 0, 0, 0, 0})) == "invalid_value in flags @8 4/3");
    CHECK(refused(blob_of({0, 0, 0, 0})) == "truncated_section in snapshot @12 0/1");
    CHECK(refused(blob_of({0, 0, 0, 0, 0, 0})) == "trailing_bytes in snapshot @13 1/0");
    CHECK(refused(blob_of({1, 0, 0, 0, 0, 9})) == "truncated_section in label @14 0/9");
}

TEST_CASE("record: a block's facts") {
    const auto head = some_block();
    blob bytes = encoded(head);
    sealed_well(bytes, [](const blob& each) {
        reader in{each};
        return block_head::decode(in).has_value();
    });
    bytes.push_back(std::byte{1});
    reader in{bytes};
    const auto read = block_head::decode(in);
    REQUIRE(said(read) == "no error");
    CHECK(in.remaining() == 1);
    CHECK(read->kept_as == head.kept_as);
    CHECK(read->first == 5);
    CHECK(read->last == 9);
    CHECK(read->snapshots == head.snapshots);
    CHECK(read->labels == head.labels);
    CHECK(read->label_of == head.label_of);
}

TEST_CASE("record: blocks that cannot be") {
    auto head = some_block();
    head.kept_as = tier::raw;
    CHECK(block_refused(head) == "invalid_value in block @12 0/2");
    head.kept_as = static_cast<tier>(3);
    CHECK(block_refused(head) == "invalid_value in block @12 3/2");
    head = some_block();
    head.last = 6; // three among two
    CHECK(block_refused(head) == "invalid_value in block @12 3/4096");
    head.last = 4;
    CHECK(block_refused(head) == "invalid_value in block @12 3/4096");
    head = some_block();
    head.snapshots.clear();
    head.label_of.clear();
    CHECK(block_refused(head) == "invalid_value in block @12 0/4096");
    head = some_block();
    head.snapshots[1].index = 5;
    CHECK(block_refused(head).starts_with("invalid_value in block @"));
    head.snapshots[1].index = 4;
    CHECK(block_refused(head).ends_with(" 4/6"));
    head = some_block();
    head.snapshots[2].index = 10;
    CHECK(block_refused(head).ends_with(" 10/8"));
    head = some_block();
    head.label_of[1] = 2;
    CHECK(block_refused(head).starts_with("out_of_bounds in labels @"));
    CHECK(block_refused(head).ends_with(" 2/2"));
    head = some_block();
    head.labels.clear();
    CHECK(block_refused(head).starts_with("truncated_section in labels @"));
    // A count of what takes next to nothing.
    blob lie = blob_of({1, 0});
    tintype::append_varint(lie, most);
    tintype::append_varint(lie, block_head::most_snapshots + 1);
    const blob bytes = sealed(lie);
    reader in{bytes};
    CHECK(said(block_head::decode(in)) == "invalid_value in block @22 4097/4096");
}

TEST_CASE("record: the floor") {
    const blob bytes = history_floor{7, most}.encode();
    reader in{bytes};
    const auto read = history_floor::decode(in);
    REQUIRE(said(read) == "no error");
    CHECK(read->kept_from == 7);
    CHECK(read->next == most);
    sealed_well(bytes, [](const blob& each) {
        reader from{each};
        return history_floor::decode(from).has_value();
    });
}

TEST_CASE("record: names of tiers") {
    CHECK(name_of(tier::raw) == "raw");
    CHECK(name_of(tier::compressed) == "compressed");
    CHECK(name_of(tier::archive) == "archive");
}
