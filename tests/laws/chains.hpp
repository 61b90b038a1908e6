#pragma once

// What chains promise on any storage, as one suite: `chain_laws(make)` inside a test case, where
// `make()` gives a storage that holds nothing yet and shares nothing with the one before.

#include <tintype/chain/chain_manager.hpp>

#include "unit/chain/family.hpp"
#include "unit/chain/fixtures.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace tintype::laws {

using tests::family;
using tests::full_of;
using tests::ids;
using tests::increment_of;
using tests::lines;
using tests::listed_ids;
using tests::objects_in;
using tests::pieces_of;
using tests::restored_from;
using tests::said;
using tests::sided;
using tests::text_store;
using tests::tracked_texts;

template <class Store, class Storage>
auto chain_in(Storage storage) {
    return tests::opened_chains<tests::chains<Store, Storage>>(std::move(storage));
}

snapshot_info info_of(const auto& manager, std::string_view id) {
    const auto info = manager.metadata(id);
    INFO(said(info));
    REQUIRE(info);
    return *info;
}

// What is put in, changed and erased comes back.
template <class Store, class Make>
void chains_come_back(Make make) {
    const auto manager = chain_in<Store>(make());
    Store store;
    store.part("a").insert_or_assign(1, "one");
    store.part("a").insert_or_assign(2, "two");
    store.part("b").insert_or_assign(1, "other");
    const auto full = full_of(manager, store);
    const auto at_full = store;

    store.part("a").insert_or_assign(2, "TWO");
    store.part("a").insert_or_assign(3, "three");
    store.part("a").erase(1U);
    const auto first = increment_of(manager, store, full);
    const auto at_first = store;

    store.part("a").insert_or_assign(1, "one again");
    store.part("b").erase(1U);
    const auto second = increment_of(manager, store, first);

    CHECK(pieces_of(info_of(manager, full)) == lines{"whole a 2+0 of 2", "whole b 1+0 of 1"});
    CHECK(pieces_of(info_of(manager, first)) == lines{"changes a 2+1 of 2"});
    CHECK(pieces_of(info_of(manager, second)) == lines{"changes a 1+0 of 3", "changes b 0+1 of 0"});
    CHECK(restored_from<Store>(manager, full) == at_full);
    CHECK(restored_from<Store>(manager, first) == at_first);
    CHECK(restored_from<Store>(manager, second) == store);
    CHECK(listed_ids(manager) == tests::ids{second, first, full});

    // Into a store that holds other things.
    auto other = at_full;
    other.part("c").insert_or_assign(9, "gone");
    other.part("a").insert_or_assign(7, "gone");
    const auto done = manager.restore(other, first);
    REQUIRE(done);
    CHECK(done->id == first);
    CHECK(done->parts == 2);
    CHECK(done->records == 3);
    CHECK(other == at_first);
}

// Parts that are empty, new, dropped and made again.
template <class Store, class Make>
void chains_keep_parts(Make make) {
    const auto manager = chain_in<Store>(make());
    Store store;
    static_cast<void>(store.part("empty"));
    store.part("goes").insert_or_assign(1, "1");
    store.part("emptied").insert_or_assign(1, "1");
    store.part("again").insert_or_assign(1, "old");
    store.part("again").insert_or_assign(2, "old");
    std::vector<std::pair<std::string, Store>> all{{full_of(manager, store), store}};

    store.drop("goes");
    store.part("emptied").clear();
    store.drop("again");
    store.part("again").insert_or_assign(2, "new"); // between two snapshots
    static_cast<void>(store.part("new and empty"));
    store.part("new").insert_or_assign(5, "5");
    all.emplace_back(increment_of(manager, store, all.back().first), store);
    CHECK(pieces_of(info_of(manager, all.back().first)) ==
          lines{"changes again 1+1 of 1", "changes emptied 0+1 of 0", "whole new 1+0 of 1",
                "whole new and empty 0+0 of 0", "dropped goes 0+0 of 0"});

    store.drop("again");
    store.drop("empty");
    store.part("goes").insert_or_assign(3, "back");
    all.emplace_back(increment_of(manager, store, all.back().first), store);
    CHECK(pieces_of(info_of(manager, all.back().first)) ==
          lines{"whole goes 1+0 of 1", "dropped again 0+0 of 0", "dropped empty 0+0 of 0"});

    store.part("again").insert_or_assign(9, "9"); // with a snapshot in between
    store.drop("goes");
    all.emplace_back(increment_of(manager, store, all.back().first), store);
    store.drop("again");
    all.emplace_back(increment_of(manager, store, all.back().first), store);

    for (const auto& [id, then] : all) {
        CHECK(restored_from<Store>(manager, id) == then);
    }
}

// An empty store and an empty increment.
template <class Store, class Make>
void chains_may_be_empty(Make make) {
    const auto manager = chain_in<Store>(make());
    Store store;
    const auto full = full_of(manager, store);
    const auto nothing = increment_of(manager, store, full);
    CHECK(info_of(manager, full).pieces.empty());
    CHECK(info_of(manager, nothing).pieces.empty());
    store.part("a").insert_or_assign(1, "x");
    const auto something = increment_of(manager, store, nothing);
    const auto same = increment_of(manager, store, something);
    CHECK(info_of(manager, same).pieces.empty());
    store.drop("a");
    const auto none = increment_of(manager, store, same);

    Store other;
    other.part("a").insert_or_assign(1, "y");
    for (const auto& id : {full, nothing, none}) {
        auto target = other;
        REQUIRE(manager.restore(target, id));
        CHECK(target == Store{});
    }
    other.part("a").insert_or_assign(1, "x");
    CHECK(restored_from<Store>(manager, something) == other);
    CHECK(restored_from<Store>(manager, same) == other);
}

// Branches, each on its parent and no other.
template <class Make>
void chains_branch(Make make) {
    const auto manager = chain_in<tracked_texts>(make());
    tracked_texts store;
    store.part("a").insert_or_assign(1, "base");
    const auto base = full_of(manager, store);
    store.part("a").insert_or_assign(2, "left");
    const auto left = increment_of(manager, store, base);
    const auto at_left = store;
    store.part("a").erase(2U);
    store.part("a").insert_or_assign(3, "right");
    const auto right = increment_of(manager, store, base); // not on the one it is counted from
    const auto at_right = store;
    CHECK(pieces_of(info_of(manager, right)) == lines{"changes a 1+0 of 2"});
    store.part("a").insert_or_assign(1, "leaf");
    const auto leaf = increment_of(manager, store, right);
    CHECK(restored_from<tracked_texts>(manager, left) == at_left);
    CHECK(restored_from<tracked_texts>(manager, right) == at_right);
    CHECK(restored_from<tracked_texts>(manager, leaf) == store);
    // Going on from where a restore went back to.
    REQUIRE(manager.restore(store, left));
    store.part("a").insert_or_assign(4, "after left");
    const auto after = increment_of(manager, store, left);
    CHECK(pieces_of(info_of(manager, after)) == lines{"changes a 1+0 of 3"});
    CHECK(restored_from<tracked_texts>(manager, after) == store);
}

// A record that went stays away, whatever older links say.
template <class Make>
void chains_forget_records(Make make) {
    const auto manager = chain_in<text_store>(make());
    text_store store;
    store.part("a") = {{1, "one"}, {2, "two"}};
    const auto full = full_of(manager, store);
    store.part("a").erase(2);
    const auto without = increment_of(manager, store, full);
    store.part("a")[2] = "back";
    const auto with = increment_of(manager, store, without);
    store.part("a").erase(2);
    const auto again = increment_of(manager, store, with);
    for (const auto mode : {restore_mode::exact, restore_mode::upsert}) {
        text_store target;
        REQUIRE(manager.restore(target, again, {.mode = mode}));
        CHECK(target == store);
        REQUIRE(manager.restore(target, with, {.mode = mode}));
        CHECK(target.find_part("a")->at(2) == "back");
        REQUIRE(manager.restore(target, without, {.mode = mode}));
        CHECK(target == store);
    }
}

// What a child needs is in use, and the child is named.
template <class Make>
void chains_refuse_parents(Make make) {
    const auto storage = make();
    const auto manager = chain_in<sided>(storage);
    const family all{manager};
    const auto refused = manager.remove(all.full);
    CHECK(said(refused) == "in_use in " + all.full + ", needed by " + all.a + " 1/0");
    CHECK(said(manager.remove(all.a)) ==
          "in_use in " + all.a + ", needed by " + all.d + " 2/0"); // the newest of them
    CHECK(manager.remove(all.b).error().code == errc::in_use);
    CHECK(objects_in(storage) == 10);
    all.check(manager);

    CHECK(manager.remove(all.c) == true);
    CHECK(manager.remove(all.c) == false);
    CHECK(manager.remove(all.b) == true);
    CHECK(manager.remove(all.d) == true);
    CHECK(manager.remove(all.a) == true);
    CHECK(listed_ids(manager) == ids{all.full});
    CHECK(objects_in(storage) == 2);
    CHECK(manager.remove(all.full) == true);
    CHECK(objects_in(storage) == 0);
    for (const auto* id : {"", "../x", "a/b", "nowhere"}) {
        CHECK(manager.remove(id) == false);
    }
}

// With children written anew, any may go and the rest is what it was.
template <class Make>
void chains_are_rebased(Make make) {
    for (const int which : {0, 1, 2, 3, 4}) {
        INFO("the link ", which);
        const auto storage = make();
        const auto manager = chain_in<sided>(storage);
        const family all{manager};
        const std::string id =
            std::vector{all.full, all.a, all.b, all.c, all.d}[static_cast<std::size_t>(which)];
        const auto before = manager.list();
        REQUIRE(before);
        REQUIRE(manager.remove(id, removal::rebase_children) == true);
        CHECK(manager.exists(id) == false);
        CHECK(objects_in(storage) == 8);
        all.check(manager);
        const auto gone = std::ranges::find(before->snapshots, id, &snapshot_info::id);
        for (const snapshot_info& old : before->snapshots) {
            if (old.id == id) {
                continue;
            }
            const auto info = manager.metadata(old.id);
            REQUIRE(info);
            CHECK(info->state == old.state);
            CHECK(info->created_at == old.created_at);
            CHECK(info->description == old.description);
            if (old.parent_id == id) {
                CHECK(info->type == gone->type);
                CHECK(info->parent_id == gone->parent_id);
                CHECK(info->parent_state == gone->parent_state);
                CHECK(info->data != old.data);
            } else {
                CHECK(*info == old);
            }
        }
        CHECK(manager.verify()->bad.empty());
    }
}

// Folded into one at every link, and what others need stays.
template <class Make>
void chains_are_folded(Make make) {
    for (const int which : {0, 1, 2, 3, 4}) {
        INFO("the link ", which);
        const auto storage = make();
        const auto manager = chain_in<sided>(storage);
        const family all{manager};
        const std::vector names{all.full, all.a, all.b, all.c, all.d};
        const auto& id = names[static_cast<std::size_t>(which)];
        const auto before = *manager.metadata(id);
        const auto done = manager.compact(id);
        INFO(said(done));
        REQUIRE(done);
        CHECK(done->cleanup.failures.empty());
        CHECK(done->info == *manager.metadata(id));
        CHECK(done->info.type == snapshot_kind::full);
        CHECK(!done->info.parent_id);
        CHECK(done->info.parent_state.empty());
        CHECK(done->info.state == before.state);
        CHECK(done->info.created_at == before.created_at);
        CHECK(manager.chain(id)->size() == 1);
        all.check(manager);
        CHECK(manager.verify()->bad.empty());
        const std::vector<ids> removed{{}, {all.full}, {}, {all.b}, {}};
        CHECK(done->cleanup.removed == removed[static_cast<std::size_t>(which)]);
        CHECK(objects_in(storage) == 2 * (5 - done->cleanup.removed.size()));

        // Once more changes nothing.
        const auto again = manager.compact(id);
        REQUIRE(again);
        CHECK(again->info == done->info);
        CHECK(again->cleanup.removed.empty());
        // All of them, one by one: in the end each stands alone.
        for (const auto& each : names) {
            if (manager.exists(each) == true) {
                CHECK(manager.compact(each));
            }
        }
        const auto all_full = manager.list();
        REQUIRE(all_full);
        for (const snapshot_info& each : all_full->snapshots) {
            CHECK(each.type == snapshot_kind::full);
        }
        all.check(manager);
    }
    CHECK(chain_in<sided>(make()).compact("nowhere").error().code == errc::not_found);
}

// A branch keeps the parents that the folded chain lets go.
template <class Make>
void chains_keep_branches(Make make) {
    const auto storage = make();
    const auto manager = chain_in<sided>(storage);
    const family all{manager};
    REQUIRE(manager.compact(all.d)); // a and full are needed by b
    CHECK(listed_ids(manager).size() == 5);
    const auto done = manager.compact(all.c);
    REQUIRE(done);
    CHECK(done->cleanup.removed == ids{all.b, all.a, all.full});
    CHECK(listed_ids(manager) == ids{all.d, all.c});
    all.check(manager);
}

template <class Make>
void chain_laws(Make make) {
    chains_come_back<text_store>(make);
    chains_come_back<tracked_texts>(make);
    chains_keep_parts<text_store>(make);
    chains_keep_parts<tracked_texts>(make);
    chains_may_be_empty<text_store>(make);
    chains_may_be_empty<tracked_texts>(make);
    chains_branch(make);
    chains_forget_records(make);
    chains_refuse_parents(make);
    chains_are_rebased(make);
    chains_are_folded(make);
    chains_keep_branches(make);
}

} // namespace tintype::laws
