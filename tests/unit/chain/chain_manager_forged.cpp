// Chains that were written by hand, with manifests and digests in order and words that cannot be
// true: each is refused with the snapshot's id, and the store stays as it is.

#include <tintype/chain/chain_manager.hpp>

#include "fixtures.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace {

using tests::forge;
using tests::forged;
using tests::opened_chains;
using tests::put_info;
using tests::said;
using tests::text_store;
using tintype::errc;
using tintype::memory_storage;
using tintype::restore_mode;
using tintype::snapshot_kind;
using enum tintype::piece_kind;

constexpr auto largest = ~std::uint64_t{0};

using manager_type = tests::chains<text_store>;
using pieces = std::vector<tests::written<tests::text_record>>;

// "a: 1=x 2=y; b: ;"
std::string text_of(const text_store& store) {
    std::string all;
    for (const auto& name : store.parts()) {
        all += name + ":";
        for (const auto& [key, value] : *store.find_part(name)) {
            all += " " + std::to_string(key) + "=" + value;
        }
        all += "; ";
    }
    return all;
}

// What was restored, or why nothing was; then the store is as before, and everybody else who looks
// at the contents is told the same.
std::string outcome(const memory_storage& storage, std::string_view id) {
    const auto manager = opened_chains<manager_type>(storage);
    text_store store;
    store.part("a")[1] = "live";
    store.part("live")[1] = "live";
    const auto before = store;
    const auto done = manager.restore(store, id);
    const auto contents = manager.contents(id);
    CHECK(contents.has_value() == done.has_value());
    if (done) {
        return text_of(store);
    }
    CHECK(store == before);
    CHECK(said(contents) == said(done));
    CHECK(said(manager.diff(id, id)) == said(done));
    CHECK(said(done).find(" in s") != std::string::npos); // its own id, or that of a link
    return said(done);
}

// The links as "s0", "s1", ..., each on the one before it, and the last of them restored.
std::string outcome(const std::vector<pieces>& links) {
    const memory_storage storage;
    std::string id;
    for (std::size_t i = 0; i != links.size(); ++i) {
        const auto parent = i == 0 ? tintype::optional_text{} : id;
        id = "s" + std::to_string(i);
        forge(id, parent, links[i]).put(storage);
    }
    return outcome(storage, id);
}

// A full snapshot after somebody lied in its manifest.
std::string lie(void (*change)(forged&), pieces all = {{"a", whole, {{1, "x"}, {2, "y"}}}}) {
    const memory_storage storage;
    auto made = forge("s0", {}, all);
    change(made);
    made.put(storage);
    return outcome(storage, "s0");
}

} // namespace

TEST_CASE("forged: what is written by hand and true is restored") {
    CHECK(outcome({{{"a", whole, {{1, "x"}, {2, "y"}}}, {"b", whole}},
                   {{"a", changes, {{3, "z"}}, {1, 99}, 2}},
                   {{"b", dropped}, {"c", whole, {{7, "c"}}}},
                   {}}) == "a: 2=y 3=z; c: 7=c; ");
    CHECK(outcome({{{"", whole}}}) == ":; ");
    CHECK(outcome({{}}) == "");
}

TEST_CASE("forged: keys that are there twice") {
    CHECK(outcome({{{"a", whole, {{1, "x"}, {2, "y"}, {1, "z"}}}}}) == "duplicate in s0: a/1 0/0");
    CHECK(outcome({{{"a", whole}}, {{"a", changes, {{5, "x"}, {5, "x"}}}}}) ==
          "duplicate in s1: a/5 0/0");
    CHECK(outcome({{{"a", whole}}, {{"a", changes, {}, {6, 7, 6}, 0}}}) ==
          "duplicate in s1: a/6 0/0");
    CHECK(outcome({{{"a", whole}}, {{"a", changes, {{8, "x"}}, {8}, 1}}}) ==
          "duplicate in s1: a/8 0/0");
    // In an older link, under a newer word about the key.
    CHECK(outcome({{{"a", whole, {{1, "x"}, {1, "y"}}}}, {{"a", changes, {{1, "z"}}}}})
              .starts_with("duplicate in s0: a/1"));
}

TEST_CASE("forged: parts without a beginning, or after their end") {
    CHECK(outcome({{}, {{"a", changes, {{1, "x"}}}}}) == "invalid_value in s1: a 1/0");
    CHECK(outcome({{}, {{"a", changes, {}, {1}, 0}}, {}}) == "invalid_value in s2: a 0/0");
    CHECK(outcome({{{"a", whole}}, {{"a", dropped}}, {{"a", changes, {{1, "x"}}}}}) ==
          "invalid_value in s1: a 1/0");
    CHECK(outcome({{{"a", whole}}, {{"a", dropped}}, {{"a", dropped}}}) == "");
    CHECK(outcome({{}, {{"never", dropped}}}) == "");
}

TEST_CASE("forged: numbers of records that cannot be") {
    for (const auto total : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{3}, largest}) {
        CHECK(outcome({{{"a", whole, {{1, "x"}, {2, "y"}}, {}, total}}}) ==
              "invalid_value in s0: a 2/" + std::to_string(total));
        CHECK(outcome({{{"a", whole, {{1, "x"}}}}, {{"a", changes, {{2, "y"}}, {}, total}}}) ==
              "invalid_value in s1: a 2/" + std::to_string(total));
    }
    CHECK(lie([](forged& it) {
              it.info.pieces[0].records = 1;
              it.info.records = 1;
          }) == "invalid_value in s0: a, records 1/2");
    CHECK(lie([](forged& it) {
              it.info.pieces[0].records = largest;
              it.info.records = largest;
          }) == "invalid_value in s0: a, records 18446744073709551615/2");
    CHECK(lie([](forged& it) { it.info.pieces[0].erased = 1; }) ==
          "invalid_value in s0.meta: a, erased 1/0");
    CHECK(lie([](forged& it) { it.info.records = 3; }) == "invalid_value in s0.meta: records 3/2");
    const memory_storage storage;
    forge("s0", {}, {{"a", whole}}).put(storage);
    auto child = forge("s1", "s0", {{"a", dropped}});
    child.info.pieces[0].records = 1;
    child.put(storage);
    CHECK(outcome(storage, "s1") == "invalid_value in s1.meta: a, records 1/0");
}

TEST_CASE("forged: manifests that contradict themselves") {
    CHECK(lie([](forged& it) { it.info.parent_id = "s0"; }) ==
          "invalid_value in s0: a full snapshot has a parent 0/0");
    CHECK(lie([](forged& it) { it.info.type = snapshot_kind::incremental; }) ==
          "invalid_value in s0: an incremental snapshot has no parent 0/0");
    CHECK(lie([](forged& it) { it.info.type = static_cast<snapshot_kind>(9); }) ==
          "invalid_value in s0: type 9/1");
    CHECK(lie([](forged& it) { it.info.pieces[0].kind = static_cast<tintype::piece_kind>(200); }) ==
          "invalid_value in s0: a 200/3");
    CHECK(lie([](forged& it) { it.info.pieces[0].kind = changes; }) ==
          "invalid_value in s0: a is not whole in a full snapshot 0/0");
    CHECK(lie([](forged& it) {
              it.info.pieces.push_back(it.info.pieces[0]);
              it.info.records = 4;
          }) == "duplicate in s0: a 0/0");
    const memory_storage storage;
    put_info(storage, forge("s1", {}, {}).info, "s0");
    CHECK(outcome(storage, "s0") == "invalid_value in s0: the manifest is of s1 0/0");
}

TEST_CASE("forged: places that cannot be") {
    const pieces two{{"a", whole, {{1, "x"}}}, {"b", whole, {{2, "y"}}}};
    CHECK(lie(
              [](forged& it) {
                  it.info.pieces[1].offset = it.info.pieces[0].offset;
                  it.reseal();
              },
              two)
              .starts_with("invalid_value in s0: b"));
    CHECK(lie([](forged& it) { it.info.pieces[1].offset = largest; }, two)
              .starts_with("truncated_section in s0: b"));
    CHECK(lie([](forged& it) { it.info.pieces[1].size = largest; }, two)
              .starts_with("truncated_section in s0: b"));
    CHECK(lie([](forged& it) { ++it.info.pieces[0].size; }, two)
              .starts_with("checksum_mismatch in s0: a"));
    CHECK(lie(
              [](forged& it) {
                  it.data[40] = std::byte{1}; // between the head and the first piece
                  it.reseal();
              },
              two) == "invalid_value in s0: a @16 1/0");
    CHECK(lie(
              [](forged& it) {
                  it.data.resize(it.data.size() + 7);
                  it.reseal();
              },
              two)
              .starts_with("trailing_bytes in s0.snap"));
    CHECK(lie([](forged& it) { it.info.data_size = largest; }, two)
              .starts_with("truncated in s0.snap"));
    CHECK(lie([](forged& it) { it.info.data_size = 0; }, {})
              .starts_with("trailing_bytes in s0.snap"));
}

TEST_CASE("forged: records and digests of other kinds") {
    CHECK(lie([](forged& it) { it.info.schema = "{id:u64,text:string}"; }) ==
          "unsupported in s0: records {id:u64,text:string} 0/0");
    CHECK(lie([](forged& it) { it.info.schema = ""; }) == "unsupported in s0: records  0/0");
    CHECK(lie([](forged& it) { it.info.hash = "sha256"; }) ==
          "unsupported in s0: digests by sha256 0/0");
    CHECK(lie([](forged& it) { it.info.hash = ""; }) == "unsupported in s0: no digests 0/0");
    CHECK(lie([](forged& it) {
              it.info.pieces[0].digest = tests::noise(4);
          }).starts_with("checksum_mismatch in s0: a"));
    CHECK(lie([](forged& it) {
              it.info.pieces[0].digest.push_back({});
          }).starts_with("checksum_mismatch in s0: a"));
    CHECK(lie([](forged& it) { it.info.pieces[0].digest = {}; }) ==
          "missing_field in s0: a, digest 0/0");
}

TEST_CASE("forged: a chain is refused although an increment alone is whole") {
    const memory_storage storage;
    forge("s0", {}, {{"a", whole, {{1, "x"}}}}).put(storage);
    forge("s1", "s0", {{"a", changes, {{2, "y"}}, {}, 7}}).put(storage);
    const auto manager = opened_chains<manager_type>(storage);
    const std::string refusal = "invalid_value in s1: a 2/7";
    CHECK(outcome(storage, "s1") == refusal);
    CHECK(outcome(storage, "s0") == "a: 1=x; ");
    CHECK(said(manager.compact("s1")) == refusal);
    CHECK(tests::sorted_names(storage).size() == 4);
    // Merging does not ask for a point in time, but what it takes must be in order.
    text_store store;
    REQUIRE(manager.restore(store, "s1", {.mode = restore_mode::upsert}));
    CHECK(text_of(store) == "a: 1=x 2=y; ");
    forge("s2", "s1", {{"a", changes, {{3, "z"}}, {3}, 2}}).put(storage);
    CHECK(said(manager.restore(store, "s2", {.mode = restore_mode::upsert})) ==
          "duplicate in s2: a/3 0/0");
    CHECK(text_of(store) == "a: 1=x 2=y; ");
}

TEST_CASE("forged: an increment is not taken on a chain that cannot be") {
    const memory_storage storage;
    forge("s0", {}, {{"a", whole, {{1, "x"}}, {}, 5}}).put(storage);
    const auto manager = opened_chains<manager_type>(storage);
    text_store store;
    store.part("a")[1] = "y";
    CHECK(said(manager.create_incremental(store, "s0")) == "invalid_value in s0: a 1/5");
    CHECK(tests::sorted_names(storage).size() == 2);
}
