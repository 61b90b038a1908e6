// The three ways to find what changed, by the store's own notes, by comparison with the parent, and
// within the parts named, give the same snapshots, whatever was done to the store in between, and a
// save that failed forgets nothing.

#include <tintype/chain/chain_manager.hpp>

#include "fixtures.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

using tests::failing_storage;
using tests::full_of;
using tests::increment_of;
using tests::lines;
using tests::opened_chains;
using tests::pieces_of;
using tests::restored_from;
using tests::said;
using tests::text_store;
using tests::tracked_texts;
using tintype::errc;
using tintype::memory_storage;

template <class Map>
using store_of = tintype::part_store<tintype::tracked<Map>>;
using hashed_texts = std::unordered_map<std::uint64_t, std::string>;

using plain = std::map<std::string, tests::texts>;

// What a store holds, whatever it keeps it in.
plain plain_of(const auto& store) {
    plain all;
    for (const std::string& name : store.parts()) {
        const auto& records = store.records(name);
        all[name] = {records.begin(), records.end()};
    }
    return all;
}

lines taken_pieces(const auto& manager, std::string_view id) {
    const auto info = manager.metadata(id);
    REQUIRE(info);
    auto all = pieces_of(*info);
    std::ranges::sort(all);
    return all;
}

// One thing done to a store; every store of these tests can do it.
template <class Store>
void change(Store& store, std::uint64_t step) {
    const std::string name{static_cast<char>('a' + step % 3)};
    switch (step % 7) {
    case 0:
        store.drop(name);
        break;
    case 1:
        store.part(name).clear();
        store.part(name).insert_or_assign(step, "after clear");
        break;
    case 2:
        if (store.find_part(name) != nullptr && !store.find_part(name)->empty()) {
            std::uint64_t least = ~std::uint64_t{0};
            for (const auto& [key, value] : *store.find_part(name)) {
                least = std::min(least, key);
            }
            store.part(name).erase(least);
        }
        break;
    default:
        store.part(name).insert_or_assign(step, "step " + std::to_string(step));
        store.part(name).insert_or_assign(step / 2, "half of " + std::to_string(step));
    }
}

} // namespace

TEST_CASE("changes: noted, compared and named are the same") {
    const auto noting = opened_chains<tests::chains<tracked_texts>>(memory_storage{});
    const auto hashed = opened_chains<tests::chains<store_of<hashed_texts>>>(memory_storage{});
    const auto comparing = opened_chains<tests::chains<text_store>>(memory_storage{});
    const auto naming = opened_chains<tests::chains<text_store>>(memory_storage{});
    tracked_texts a;
    store_of<hashed_texts> b;
    text_store c;
    std::string last_a = full_of(noting, a);
    std::string last_b = full_of(hashed, b);
    std::string last_c = full_of(comparing, c);
    std::string last_d = full_of(naming, c);
    for (std::uint64_t step = 0; step != 60; ++step) {
        INFO("step ", step);
        std::set<std::string> touched;
        for (std::uint64_t i = 0; i != 1 + step % 4; ++i) {
            const auto each = step * 4 + i;
            touched.emplace(1, static_cast<char>('a' + each % 3));
            change(a, each);
            change(b, each);
            change(c, each);
        }
        // Dropping what is not there is no change that could be named.
        const auto known = plain_of(restored_from<text_store>(naming, last_d));
        std::erase_if(touched, [&](const std::string& name) {
            return !known.contains(name) && c.find_part(name) == nullptr;
        });
        last_a = increment_of(noting, a, last_a);
        last_b = increment_of(hashed, b, last_b);
        last_c = increment_of(comparing, c, last_c);
        last_d = increment_of(naming, c, last_d,
                              std::vector<std::string>(touched.begin(), touched.end()));
        const auto now = plain_of(c);
        REQUIRE(plain_of(a) == now);
        REQUIRE(plain_of(b) == now);
        CHECK(plain_of(restored_from<tracked_texts>(noting, last_a)) == now);
        CHECK(plain_of(restored_from<store_of<hashed_texts>>(hashed, last_b)) == now);
        CHECK(plain_of(restored_from<text_store>(comparing, last_c)) == now);
        CHECK(plain_of(restored_from<text_store>(naming, last_d)) == now);
        CHECK(taken_pieces(naming, last_d) == taken_pieces(comparing, last_c));
    }
    CHECK(restored_from<text_store>(comparing, last_c) == c);
}

TEST_CASE("changes: notes hold what was written, also where it is as before") {
    const auto manager = opened_chains<tests::chains<tracked_texts>>(memory_storage{});
    tracked_texts store;
    auto& part = store.part("a");
    for (std::uint64_t i = 0; i != 10; ++i) {
        part.insert_or_assign(i, "x");
    }
    const auto full = full_of(manager, store);
    part.insert_or_assign(1, "x");  // as it was
    part.insert_or_assign(77, "y"); // came and went
    part.erase(77U);
    part.erase(2U); // went and came
    part.insert_or_assign(2, "x");
    part.erase(3U);
    *part.edit(std::uint64_t{4}) = "edited";
    part[5] = "assigned";
    CHECK(part.edit(std::uint64_t{99}) == nullptr);
    CHECK(!part.try_emplace(6, "not taken").second);
    CHECK(part.try_emplace(11, "taken").second);
    const auto next = increment_of(manager, store, full);
    CHECK(taken_pieces(manager, next) == lines{"changes a 5+2 of 10"});
    CHECK(restored_from<tracked_texts>(manager, next) == store);
}

TEST_CASE("changes: an increment of some parts counts only these anew") {
    const auto manager = opened_chains<tests::chains<tracked_texts>>(memory_storage{});
    tracked_texts store;
    for (const auto* name : {"a", "b"}) {
        for (std::uint64_t i = 0; i != 5; ++i) {
            store.part(name).insert_or_assign(i, "x");
        }
    }
    const auto full = full_of(manager, store);
    const auto at_full = store;
    store.part("a").insert_or_assign(1, "changed");
    store.part("b").insert_or_assign(1, "changed");
    store.part("c").insert_or_assign(1, "new");
    const auto some = increment_of(manager, store, full, std::vector<std::string>{"a"});
    CHECK(taken_pieces(manager, some) == lines{"changes a 1+0 of 5"});
    auto expected = at_full;
    expected.part("a").insert_or_assign(1, "changed");
    CHECK(restored_from<tracked_texts>(manager, some) == expected);

    // What was not covered is found by comparing, and what was by its notes.
    store.part("a").insert_or_assign(2, "x"); // noted, though it is as before
    store.part("b").insert_or_assign(2, "x"); // compared
    const auto all = increment_of(manager, store, some);
    CHECK(taken_pieces(manager, all) ==
          lines{"changes a 1+0 of 5", "changes b 1+0 of 5", "whole c 1+0 of 1"});
    CHECK(restored_from<tracked_texts>(manager, all) == store);
    const auto none = increment_of(manager, store, all, std::vector<std::string>{});
    CHECK(taken_pieces(manager, none).empty());
    CHECK(restored_from<tracked_texts>(manager, none) == store);
    store.part("b").insert_or_assign(3, "more");
    const auto last = increment_of(manager, store, none);
    CHECK(restored_from<tracked_texts>(manager, last) == store);

    // A part that went, named among others and not.
    store.drop("a");
    store.drop("c");
    const auto one = increment_of(manager, store, last, std::vector<std::string>{"c", "b", "c"});
    CHECK(taken_pieces(manager, one) == lines{"dropped c 0+0 of 0"});
    CHECK(restored_from<tracked_texts>(manager, one).find_part("a") != nullptr);
    const auto rest = increment_of(manager, store, one);
    CHECK(taken_pieces(manager, rest) == lines{"dropped a 0+0 of 0"});
    CHECK(restored_from<tracked_texts>(manager, rest) == store);
}

TEST_CASE("changes: a save that fails at any call forgets nothing") {
    const failing_storage<memory_storage> storage{memory_storage{}};
    using manager_type = tests::chains<tracked_texts, failing_storage<memory_storage>>;
    const auto manager = opened_chains<manager_type>(storage);
    tracked_texts store;
    for (std::uint64_t i = 0; i != 20; ++i) {
        store.part("a").insert_or_assign(i, "x");
        store.part("b").insert_or_assign(i, "x");
    }
    std::size_t failed = 0;
    for (const bool full : {false, true}) {
        for (std::size_t call = 0;; ++call) {
            INFO("call ", call);
            REQUIRE(call < 100);
            auto last = full_of(manager, store);
            store.part("a").insert_or_assign(call % 7, "call " + std::to_string(call));
            store.part("a").erase(std::uint64_t{call % 5});
            storage.fail_at(call);
            const auto taken =
                full ? manager.create_full(store) : manager.create_incremental(store, last);
            const bool all_well = storage.plan().calls <= call;
            storage.fail_never();
            failed += taken ? 0U : 1U;
            if (taken) {
                last = taken->info.id;
            } else {
                CHECK(taken.error().code == errc::io);
            }
            // Whatever went wrong, the next increment is what changed since the last one taken.
            last = increment_of(manager, store, last);
            CHECK(restored_from<tracked_texts>(manager, last) == store);
            const auto verified = manager.verify();
            REQUIRE(verified);
            CHECK(verified->bad.empty());
            if (all_well) {
                CHECK(taken);
                break;
            }
        }
    }
    CHECK(failed > 12);
}

TEST_CASE("changes: two chains of one store never take each other's notes") {
    const auto here = opened_chains<tests::chains<tracked_texts>>(memory_storage{});
    const auto there = opened_chains<tests::chains<tracked_texts>>(memory_storage{});
    tracked_texts store;
    std::string last_here = full_of(here, store);
    std::string last_there = full_of(there, store);
    for (std::uint64_t step = 0; step != 40; ++step) {
        change(store, step);
        auto& manager = step % 3 == 0 ? there : here;
        auto& last = step % 3 == 0 ? last_there : last_here;
        last = increment_of(manager, store, last);
        CHECK(restored_from<tracked_texts>(manager, last) == store);
    }
    CHECK(restored_from<tracked_texts>(here, last_here) != store);
}

TEST_CASE("changes: after clear, assign, drop, a copy, a move and a restore") {
    const auto manager = opened_chains<tests::chains<tracked_texts>>(memory_storage{});
    tracked_texts store;
    for (std::uint64_t i = 0; i != 10; ++i) {
        store.part("a").insert_or_assign(i, "x");
    }
    const auto full = full_of(manager, store);
    std::string last = full;
    const auto step = [&](auto act) {
        act();
        last = increment_of(manager, store, last);
        CHECK(restored_from<tracked_texts>(manager, last) == store);
        return taken_pieces(manager, last);
    };
    CHECK(step([&] { store.part("a").clear(); }) == lines{"changes a 0+10 of 0"});
    CHECK(step([&] { store.part("a").assign({{1, "x"}, {50, "y"}}); }) ==
          lines{"changes a 2+0 of 2"});
    CHECK(step([&] { store.part("a").assign({{1, "x"}, {51, "y"}}); }) ==
          lines{"changes a 1+1 of 2"});
    CHECK(step([&] { store.part("a") = {}; }) == lines{"changes a 0+2 of 0"});
    CHECK(step([&] {
              auto other = store;
              other.part("a").insert_or_assign(5, "in a copy");
              store.part("a").insert_or_assign(6, "in the original");
          }) == lines{"changes a 1+0 of 1"});
    CHECK(step([&] {
              auto copy = store;
              copy.part("a").insert_or_assign(7, "in a copy that is kept");
              store = copy;
          }) == lines{"changes a 1+0 of 2"});
    CHECK(step([&] {
              auto moved = std::move(store);
              moved.part("a").erase(6U);
              store = std::move(moved);
          }) == lines{"changes a 0+1 of 1"});
    CHECK(step([&] {
              store.drop("a");
              store.part("a").insert_or_assign(7, "in a copy that is kept");
          }).empty());

    // From a restore on, the notes are about the snapshot restored.
    REQUIRE(manager.restore(store, full));
    store.part("a").insert_or_assign(3, "after the restore");
    const auto branch = increment_of(manager, store, full);
    CHECK(taken_pieces(manager, branch) == lines{"changes a 1+0 of 10"});
    CHECK(restored_from<tracked_texts>(manager, branch) == store);
    // One part of another snapshot, so that the parts are counted from two.
    store.part("b").insert_or_assign(1, "stays");
    REQUIRE(manager.restore(store, full, {.parts = std::vector<std::string>{"a"}}));
    store.part("a").insert_or_assign(4, "again");
    for (const auto& parent : {full, branch, last}) {
        CHECK(restored_from<tracked_texts>(manager, increment_of(manager, store, parent)) == store);
    }
    // Merged into, the notes go on from where they were.
    const auto before = full_of(manager, store);
    REQUIRE(manager.restore(store, last, {.mode = tintype::restore_mode::upsert}));
    const auto merged = increment_of(manager, store, before);
    CHECK(restored_from<tracked_texts>(manager, merged) == store);
}

TEST_CASE("changes: a const store is snapshotted and not told") {
    const auto manager = opened_chains<tests::chains<tracked_texts>>(memory_storage{});
    tracked_texts store;
    store.part("a").insert_or_assign(1, "x");
    const auto full = full_of(manager, store);
    store.part("a").insert_or_assign(2, "y");
    const tracked_texts& seen = store;
    const auto next = increment_of(manager, seen, full);
    CHECK(restored_from<tracked_texts>(manager, next) == store);
    // The notes are still about the full one: what was written as it is counts.
    store.part("a").insert_or_assign(1, "x");
    const auto other = increment_of(manager, store, full);
    CHECK(taken_pieces(manager, other) == lines{"changes a 2+0 of 2"});
    CHECK(restored_from<tracked_texts>(manager, other) == store);
}

namespace {

// A store that writes down each key that it changed as often as it changed it.
struct journalled {
    using record_type = std::pair<const std::uint64_t, std::string>;
    using contents = tintype::chain_contents<record_type>;

    [[nodiscard]] std::vector<std::string> parts() const { return {"a"}; }

    [[nodiscard]] const tests::texts& records(std::string_view) const { return all; }

    [[nodiscard]] tintype::result<void> replace(contents&& from, tintype::replaces) {
        all = {};
        for (auto& [key, value] : from.parts.find("a")->second) {
            all[key] = value;
        }
        return {};
    }

    [[nodiscard]] tintype::result<void>
    upsert(std::string_view, std::vector<std::pair<std::uint64_t, std::string>>&&) {
        return {};
    }

    [[nodiscard]] tintype::result<void> erase(std::string_view, std::span<const std::uint64_t>) {
        return {};
    }

    [[nodiscard]] std::optional<std::vector<std::uint64_t>>
    changes_since(std::string_view, std::string_view id) const {
        return id == since ? std::optional{journal} : std::nullopt;
    }

    [[nodiscard]] const record_type* find(std::string_view, std::uint64_t key) const {
        const auto at = all.find(key);
        return at != all.end() ? &*at : nullptr;
    }

    void taken(std::string_view, std::string_view id) {
        since = id;
        journal.clear();
    }

    void put(std::uint64_t key, std::string value) {
        all[key] = std::move(value);
        journal.push_back(key);
    }

    void drop(std::uint64_t key) {
        all.erase(key);
        journal.push_back(key);
    }

    tests::texts all{};
    std::string since{};
    std::vector<std::uint64_t> journal{};
};

static_assert(tintype::tracking_store<journalled> && tintype::chain_store<journalled>);

} // namespace

TEST_CASE("changes: a key that a store names twice is in the snapshot once") {
    const auto manager = opened_chains<tests::chains<journalled>>(memory_storage{});
    journalled store;
    store.put(1, "one");
    store.put(2, "two");
    const auto full = full_of(manager, store);
    store.put(3, "three");
    store.put(1, "ONE");
    store.put(3, "THREE");
    store.drop(2);
    store.put(2, "two");
    store.drop(2);
    const auto next = increment_of(manager, store, full);
    CHECK(taken_pieces(manager, next) == lines{"changes a 2+1 of 2"});
    CHECK(restored_from<journalled>(manager, next).all == store.all);
}
