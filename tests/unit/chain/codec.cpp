// What a codec of a user's may leave out: increments smaller than a part, places and digests of
// pieces, another name for the data. The same manager does what is left.

#include <tintype/chain/codec.hpp>

#include "fixtures.hpp"
#include "whole_parts.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace {

using tests::full_of;
using tests::ids;
using tests::increment_of;
using tests::lines;
using tests::listed_ids;
using tests::opened_chains;
using tests::pieces_of;
using tests::restored_from;
using tests::said;
using tests::text_record;
using tests::text_store;
using tests::tracked_texts;
using tests::whole_parts;
using tintype::chain_codec;
using tintype::errc;
using tintype::memory_storage;

template <class Store, class Retention = tintype::keep_all, class Hash = tintype::crc32c>
using manager_of = tests::chains<Store, memory_storage, Retention, Hash, whole_parts>;

static_assert(chain_codec<whole_parts, text_record>);
static_assert(chain_codec<tintype::chain_columns, text_record>);
static_assert(chain_codec<tintype::chain_columns, text_record, tests::mood>);

struct without_facts : whole_parts {
private:
    using whole_parts::names_data;
};

struct without_side : whole_parts {
    template <class Side>
    [[nodiscard]] static int decode_side(tintype::byte_view, const tintype::snapshot_info&,
                                         const tintype::decode_options&) {
        return 0;
    }
};

static_assert(!chain_codec<without_facts, text_record> && !chain_codec<without_side, text_record>);
static_assert(!chain_codec<int, text_record>);

using some = std::vector<std::string>;

} // namespace

TEST_CASE_TEMPLATE("codec: increments of whole parts", Store, text_store, tracked_texts) {
    const memory_storage storage;
    const auto manager = opened_chains<manager_of<Store>>(storage);
    Store store;
    for (std::uint64_t i = 0; i != 5; ++i) {
        store.part("a").insert_or_assign(i, "a");
        store.part("b").insert_or_assign(i, "b");
        store.part("c").insert_or_assign(i, "c");
    }
    std::vector<std::pair<std::string, Store>> all{{full_of(manager, store), store}};
    store.part("a").insert_or_assign(1, "changed");
    store.part("b").erase(2U);
    store.part("new").insert_or_assign(1, "new");
    store.drop("c");
    const auto next = increment_of(manager, store, all.back().first);
    CHECK(pieces_of(*manager.metadata(next)) == lines{"whole a 5+0 of 5", "whole b 4+0 of 4",
                                                      "whole new 1+0 of 1", "dropped c 0+0 of 0"});
    all.emplace_back(next, store);
    const auto nothing = increment_of(manager, store, next);
    CHECK(pieces_of(*manager.metadata(nothing)).empty());
    all.emplace_back(nothing, store);
    // What the caller names is believed to have changed.
    const auto named = increment_of(manager, store, nothing, some{"a"});
    CHECK(pieces_of(*manager.metadata(named)) == lines{"whole a 5+0 of 5"});
    all.emplace_back(named, store);
    store.part("a").clear();
    all.emplace_back(increment_of(manager, store, named), store);
    for (const auto& [id, then] : all) {
        CHECK(restored_from<Store>(manager, id) == then);
    }
    CHECK(manager.verify()->bad.empty());
    const auto difference = manager.diff(all[0].first, next);
    REQUIRE(difference);
    CHECK(difference->size() == 4);
    for (const auto& name : tests::sorted_names(storage)) {
        CHECK((name.ends_with(".index") || name.ends_with(".parts")));
    }
    CHECK(manager.metadata(next)->data_digest.size() == 4);
    CHECK(manager.metadata(next)->pieces[0].digest.empty());
}

TEST_CASE("codec: one digest guards all of the data") {
    const memory_storage storage;
    const auto manager = opened_chains<manager_of<text_store>>(storage);
    text_store store;
    store.part("a") = {{1, "one"}, {2, "two"}};
    const auto full = full_of(manager, store);
    const auto good = tests::object_bytes(storage, full + ".parts");
    text_store live;
    live.part("live")[1] = "x";
    const auto before = live;
    for (std::size_t bit = 0; bit != 8 * good.size(); ++bit) {
        auto bytes = good;
        bytes[bit / 8] ^= std::byte{static_cast<unsigned char>(1U << bit % 8)};
        tests::put_object(storage, full + ".parts", bytes);
        CHECK(said(manager.restore(live, full))
                  .starts_with("checksum_mismatch in " + full + ".parts"));
    }
    tests::put_object(storage, full + ".parts", tintype::byte_view{good}.first(good.size() - 1));
    CHECK(manager.restore(live, full).error().code == errc::truncated);
    CHECK(live == before);
    CHECK(manager.verify()->bad.size() == 1);
    tests::put_object(storage, full + ".parts", good);
    CHECK(restored_from<text_store>(manager, full) == store);

    // A digest that is missing although one is promised is missed; without any promise it is not.
    auto info = *manager.metadata(full);
    info.data_digest.clear();
    tests::put_object(storage, full + ".index",
                      *tintype::chain_columns::encode_info<tintype::crc32c>(info));
    CHECK(said(manager.restore(live, full)) == "missing_field in " + full + ".parts, digest 0/0");
    info.hash.clear();
    tests::put_object(storage, full + ".index",
                      *tintype::chain_columns::encode_info<tintype::crc32c>(info));
    CHECK(manager.restore(live, full));
}

TEST_CASE("codec: the newest is folded into a new snapshot, others cannot be") {
    const memory_storage storage;
    const auto manager = opened_chains<manager_of<text_store>>(storage);
    text_store store;
    store.part("a")[1] = "1";
    const auto full = full_of(manager, store);
    store.part("b")[1] = "1";
    const auto first = increment_of(manager, store, full);
    const auto at_first = store;
    store.drop("a");
    const auto second = manager.create_incremental(store, first, {.description = "kept"});
    REQUIRE(second);
    const auto refused = manager.compact(first);
    CHECK(said(refused) == "unsupported in " + first + " 0/0");
    CHECK(listed_ids(manager).size() == 3);
    const auto done = manager.compact(second->info.id);
    REQUIRE(done);
    CHECK(done->info.id != second->info.id);
    CHECK(done->info.description == "kept");
    CHECK(done->info.type == tintype::snapshot_kind::full);
    CHECK(done->cleanup.removed == ids{second->info.id, first, full});
    CHECK(listed_ids(manager) == ids{done->info.id});
    CHECK(restored_from<text_store>(manager, done->info.id) == store);
    CHECK(manager.compact(done->info.id)->info == done->info);
}

TEST_CASE("codec: what a branch needs stays when the newest is folded") {
    const memory_storage storage;
    const auto manager = opened_chains<manager_of<text_store>>(storage);
    text_store store;
    store.part("a")[1] = "1";
    const auto full = full_of(manager, store);
    store.part("a")[2] = "2";
    const auto left = increment_of(manager, store, full);
    const auto at_left = store;
    store.part("a")[3] = "3";
    const auto right = increment_of(manager, store, full);
    const auto done = manager.compact(right);
    REQUIRE(done);
    CHECK(done->cleanup.removed == ids{right});
    CHECK(restored_from<text_store>(manager, left) == at_left);
    CHECK(restored_from<text_store>(manager, done->info.id) == store);
}

TEST_CASE("codec: children cannot be written anew in the same place") {
    const memory_storage storage;
    const auto manager = opened_chains<manager_of<text_store>>(storage);
    text_store store;
    store.part("a")[1] = "1";
    const auto full = full_of(manager, store);
    store.part("a")[2] = "2";
    const auto next = increment_of(manager, store, full);
    CHECK(said(manager.remove(full)) == "in_use in " + full + ", needed by " + next + " 1/0");
    CHECK(said(manager.remove(full, tintype::removal::rebase_children)) ==
          "unsupported in " + next + " 0/0");
    CHECK(manager.remove(next, tintype::removal::rebase_children) == true);
    CHECK(manager.remove(full) == true);
    CHECK(tests::sorted_names(storage).empty());
}

TEST_CASE("codec: retention looks into the data that one digest guards") {
    const memory_storage storage;
    const auto saver = opened_chains<manager_of<text_store>>(storage);
    text_store store;
    store.part("a")[1] = "1";
    ids all;
    for (int i = 0; i != 3; ++i) {
        all.push_back(full_of(saver, store));
    }
    auto torn = tests::object_bytes(storage, all[2] + ".parts");
    torn.back() ^= std::byte{1};
    tests::put_object(storage, all[2] + ".parts", torn);
    const auto manager =
        opened_chains<manager_of<text_store, tintype::keep_last>>(storage, tintype::keep_last{1});
    CHECK(manager.prune()->removed == ids{all[0]});
    CHECK(listed_ids(manager) == ids{all[2], all[1]});
    CHECK(manager.newest_whole()->id == all[1]);
}

TEST_CASE("codec: without any digest") {
    const memory_storage storage;
    const auto manager =
        opened_chains<manager_of<tracked_texts, tintype::keep_all, tintype::no_hash>>(storage);
    tracked_texts store;
    store.part("a").insert_or_assign(1, "1");
    const auto full = full_of(manager, store);
    CHECK(manager.metadata(full)->hash.empty());
    CHECK(manager.metadata(full)->data_digest.empty());
    store.part("a").insert_or_assign(2, "2");
    const auto next = increment_of(manager, store, full);
    CHECK(restored_from<tracked_texts>(manager, next) == store);
    CHECK(restored_from<tracked_texts>(manager, full).find_part("a")->size() == 1);
}
