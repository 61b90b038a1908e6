// Snapshots of a store and back, exactly: records put in, changed and erased, parts that are empty,
// dropped, new or made again, names of any bytes, side states, and what a snapshot says of itself.

#include <tintype/chain/chain_manager.hpp>

#include "fixtures.hpp"
#include "support/scratch.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

namespace {

using tests::full_of;
using tests::increment_of;
using tests::lines;
using tests::listed_ids;
using tests::opened_chains;
using tests::pieces_of;
using tests::restored_from;
using tests::said;
using tests::text_store;
using tests::tracked_texts;
using tintype::directory;
using tintype::errc;
using tintype::memory_storage;

template <class Store>
using manager_of = tests::chains<Store>;

template <class Store>
auto memory_manager(tintype::chain_options options = {}) {
    return opened_chains<manager_of<Store>>(memory_storage{}, {}, options);
}

tintype::snapshot_info info_of(const auto& manager, std::string_view id) {
    const auto info = manager.metadata(id);
    INFO(said(info));
    REQUIRE(info);
    return *info;
}

} // namespace

TEST_CASE("chains: parts of any name") {
    const auto manager = memory_manager<text_store>();
    const std::vector<std::string> names{"",
                                         "/",
                                         "../../etc/passwd",
                                         ".",
                                         "a b\tc",
                                         "\xff\xfe",
                                         std::string(3, '\0'),
                                         "größe — 大きさ",
                                         "side",
                                         std::string(100'000, 'x'),
                                         std::string(100'000, 'x') + "y"};
    text_store store;
    for (std::size_t i = 0; i != names.size(); ++i) {
        store.part(names[i])[i] = names[i].substr(0, 10);
    }
    const auto full = full_of(manager, store);
    CHECK(restored_from<text_store>(manager, full) == store);
    const auto before = store;
    for (std::size_t i = 0; i != names.size(); ++i) {
        store.part(names[i])[i] += "!";
        if (i % 3 == 0) {
            store.drop(names[i]);
        }
    }
    const auto next = increment_of(manager, store, full);
    CHECK(restored_from<text_store>(manager, next) == store);
    for (const std::string& name : names) {
        text_store one;
        const auto done = manager.restore(one, full, {.parts = std::vector{name}});
        REQUIRE(done);
        CHECK(done->parts == 1);
        CHECK(*one.find_part(name) == *before.find_part(name));
    }
    CHECK(tests::sorted_names(manager.storage()).size() == 4); // and no file is named after them
}

TEST_CASE_TEMPLATE("chains: side states", Map, tests::texts, tintype::tracked<tests::texts>) {
    using store_type = tintype::part_store<Map, tests::mood>;
    const auto manager = memory_manager<store_type>();
    store_type store;
    store.part("level").insert_or_assign(1, "a part may have a member's name");
    store.side() = {"calm", 3, {1.0F, -0.0F}};
    const auto full = full_of(manager, store);
    const auto before = store;
    CHECK(pieces_of(info_of(manager, full)) == lines{"whole level 1+0 of 1", "side name 1+0 of 0",
                                                     "side level 1+0 of 0",
                                                     "side weights 1+0 of 0"});

    store.side() = {"", 4'000'000'000U, {}};
    const auto changed = increment_of(manager, store, full);
    store.part("level").insert_or_assign(2, "and more");
    store.side().name = std::string(10'000, 'z');
    const auto both = increment_of(manager, store, changed);

    CHECK(restored_from<store_type>(manager, full) == before);
    CHECK(std::signbit(restored_from<store_type>(manager, full).side().weights[1]));
    CHECK(restored_from<store_type>(manager, changed).side() ==
          tests::mood{"", 4'000'000'000U, {}});
    CHECK(restored_from<store_type>(manager, changed).find_part("level")->size() == 1);
    CHECK(restored_from<store_type>(manager, both) == store);

    // Some parts are not the whole of it.
    auto partly = store;
    REQUIRE(manager.restore(partly, full, {.parts = std::vector<std::string>{"level"}}));
    CHECK(*partly.find_part("level") == *before.find_part("level"));
    CHECK(partly.side() == store.side());
    const auto some = manager.contents(full, std::optional{std::vector<std::string>{"level"}});
    REQUIRE(some);
    CHECK(!some->side);
    CHECK(manager.contents(full)->side == before.side());
}

TEST_CASE("chains: what a snapshot says of itself") {
    const tests::manual_clock clock{tests::some_day + std::chrono::milliseconds{7}};
    const memory_storage storage;
    const auto manager = opened_chains<manager_of<text_store>>(storage, {}, {}, clock);
    text_store store;
    store.part("a") = {{1, "one"}, {2, "two"}};
    const auto first = manager.create_full(store, {.description = "the first"});
    REQUIRE(first);
    CHECK(first->cleanup.removed.empty());
    CHECK(first->cleanup.failures.empty());
    const tintype::snapshot_info& info = first->info;
    CHECK(info == info_of(manager, info.id));
    CHECK(info.id.starts_with("snap_1709164800007_"));
    CHECK(info.created_at == clock.now().time_since_epoch().count());
    CHECK(info.description == "the first");
    CHECK(info.type == tintype::snapshot_kind::full);
    CHECK(!info.parent_id);
    CHECK(info.parent_state.empty());
    CHECK(info.state.size() == 4);
    CHECK(info.data == info.id + ".snap");
    CHECK(info.data_size == tests::object_bytes(storage, info.data).size());
    CHECK(info.hash == "crc32c");
    CHECK(info.schema == "(u64,string)");
    REQUIRE(info.pieces.size() == 1);
    CHECK(info.pieces[0].offset == 64);
    CHECK(info.pieces[0].offset + info.pieces[0].size == info.data_size);
    CHECK(info.pieces[0].digest.size() == 4);

    clock.advance(std::chrono::hours{1});
    const auto second = manager.create_incremental(store, info.id, {.description = ""});
    REQUIRE(second);
    CHECK(second->info.description == ""); // empty is not absent
    CHECK(second->info.type == tintype::snapshot_kind::incremental);
    CHECK(second->info.parent_id == info.id);
    CHECK(second->info.parent_state == info.state);
    CHECK(second->info.state != info.state);
    CHECK(second->info.created_at == clock.now().time_since_epoch().count());
    CHECK(second->info == info_of(manager, second->info.id));
    CHECK(!manager.create_full(store)->info.description);

    CHECK(tests::sorted_names(storage).size() == 6);
    CHECK(manager.exists(info.id) == true);
    CHECK(manager.exists("snap_1_1") == false);
    const auto links = manager.chain(second->info.id);
    REQUIRE(links);
    REQUIRE(links->size() == 2);
    CHECK((*links)[0] == info);
    CHECK((*links)[1] == second->info);
}

TEST_CASE("chains: on disk, by another manager, mapped or copied") {
    const tests::scratch root;
    text_store store;
    store.part("a") = {{1, "one"}};
    std::string full;
    std::string next;
    {
        const auto manager =
            opened_chains<tests::chains<text_store, directory>>(directory{root / "chain"});
        CHECK(manager.list()->snapshots.empty()); // the folder is not there yet
        CHECK(manager.prune());
        CHECK(manager.remove("snap_0_0") == false);
        CHECK(manager.exists("snap_0_0") == false);
        full = full_of(manager, store);
        store.part("a")[2] = "two";
        next = increment_of(manager, store, full);
    }
    for (const auto how : {tintype::access::map, tintype::access::copy}) {
        const auto manager = opened_chains<tests::chains<text_store, directory>>(
            directory{root / "chain"}, {}, {.access = how});
        CHECK(restored_from<text_store>(manager, next) == store);
        CHECK(restored_from<text_store>(manager, full).find_part("a")->size() == 1);
    }
}

TEST_CASE("chains: what a store must not be") {
    struct twice {
        using record_type = std::pair<std::uint64_t, std::string>;

        [[nodiscard]] std::vector<std::string> parts() const { return names; }

        [[nodiscard]] std::vector<record_type> records(std::string_view) const { return all; }

        std::vector<std::string> names{"a"};
        std::vector<record_type> all{};
    };

    const memory_storage storage;
    const auto manager = opened_chains<manager_of<twice>>(storage);
    twice store;
    const auto full = full_of(manager, store);
    store.names = {"b", "a", "b"};
    CHECK(said(manager.create_full(store)) == "duplicate in b 0/0");
    CHECK(said(manager.create_incremental(store, full)) == "duplicate in b 0/0");
    store.names = {"a"};
    store.all = {{2, "x"}, {1, "y"}, {2, "z"}};
    CHECK(said(manager.create_full(store)) == "duplicate in a/2 0/0");
    CHECK(said(manager.create_incremental(store, full)) == "duplicate in a/2 0/0");
    store.names = {"new"};
    CHECK(said(manager.create_incremental(store, full)) == "duplicate in new/2 0/0");
    CHECK(tests::sorted_names(storage).size() == 2);
}

TEST_CASE("chains: a map that holds a key twice is no part") {
    struct many {
        using record_type = std::pair<const std::uint64_t, std::string>;
        using map_type = std::multimap<std::uint64_t, std::string>;

        [[nodiscard]] std::vector<std::string> parts() const { return {"a"}; }

        [[nodiscard]] const map_type& records(std::string_view) const { return all; }

        map_type all{};
    };

    const auto manager = memory_manager<many>();
    many store;
    store.all = {{1, "x"}, {2, "y"}};
    CHECK(manager.contents(full_of(manager, store)));
    store.all.emplace(2, "z");
    CHECK(said(manager.create_full(store)) == "duplicate in a/2 0/0");
}

TEST_CASE("chains: increments on what is not there, on parts that nobody knows, and too many") {
    const memory_storage storage;
    const auto manager = opened_chains<manager_of<text_store>>(storage, {}, {.most_links = 3});
    text_store store;
    store.part("a")[1] = "x";
    CHECK(said(manager.create_incremental(store, "snap_1_1")) == "not_found in snap_1_1 0/0");
    for (const auto* id : {"", ".hidden", "a/b", "../x"}) {
        CHECK(manager.create_incremental(store, id).error().code == errc::bad_name);
    }
    const auto full = full_of(manager, store);
    const auto unknown =
        manager.create_incremental(store, full, {.parts = std::vector<std::string>{"a", "b"}});
    CHECK(said(unknown) == "not_found in b 0/0");
    const auto third = increment_of(manager, store, increment_of(manager, store, full));
    const auto refused = manager.create_incremental(store, third);
    REQUIRE(!refused);
    CHECK(said(refused) == "limit_exceeded in " + third + ", the chain behind it 4/3");
    CHECK(restored_from<text_store>(manager, third) == store);
    CHECK(tests::sorted_names(storage).size() == 6);
}

TEST_CASE("chains: progress is told, and whoever stops it leaves nothing behind") {
    const tests::scratch root;
    const auto watched = [](const auto& manager, const auto& names) {
        text_store store;
        for (std::uint64_t i = 0; i != 3000; ++i) {
            store.part("a")[i] = std::string(100, 'x');
        }
        std::stop_source stop;
        std::uint64_t done = 0;
        std::uint64_t total = 0;
        const auto remember = [&](tintype::progress now) {
            CHECK(now.done >= done);
            done = now.done;
            total = now.total;
        };
        const tintype::monitor watch{remember, stop.get_token()};
        const auto taken = manager.create_full(store, {.watch = &watch});
        REQUIRE(taken);
        CHECK(done == taken->info.data_size);
        CHECK(total >= done);
        const auto before = names();
        done = 0;
        stop.request_stop();
        CHECK(manager.create_full(store, {.watch = &watch}).error().code == errc::cancelled);
        store.part("a")[5] = "changed";
        done = 0;
        const auto id = taken->info.id;
        CHECK(manager.create_incremental(store, id, {.watch = &watch}).error().code ==
              errc::cancelled);
        CHECK(names() == before);
    };
    const memory_storage storage;
    watched(opened_chains<manager_of<text_store>>(storage),
            [&] { return tests::sorted_names(storage); });
    const directory folder{root / "chain"};
    watched(opened_chains<tests::chains<text_store, directory>>(folder),
            [&] { return tests::sorted_names(folder); });
}
