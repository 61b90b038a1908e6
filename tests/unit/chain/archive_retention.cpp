// Which snapshots stay: policies and what stands behind them, damage that must not cost the last
// whole chain, and clocks that jump.

#include <tintype/chain/chain_manager.hpp>

#include "fixtures.hpp"
#include "support/scratch.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace std::chrono_literals;
using tests::full_of;
using tests::ids;
using tests::increment_of;
using tests::listed_ids;
using tests::manual_clock;
using tests::opened_chains;
using tests::restored_from;
using tests::said;
using tests::text_store;
using tintype::errc;
using tintype::keep_last;
using tintype::keep_within;
using tintype::memory_storage;

template <class Retention = keep_last, class Storage = memory_storage>
using manager_with = tests::chains<text_store, Storage, Retention>;

// "id: reason", those kept with a star, by the names that the test gave the ids.
std::vector<std::string> told(const auto& manager, const ids& named) {
    const auto decisions = manager.plan();
    REQUIRE(decisions);
    std::vector<std::string> lines;
    for (const auto& each : *decisions) {
        std::string line = (each.keep ? "*" : "") + each.info.id + ": " + each.reason;
        for (std::size_t i = 0; i != named.size(); ++i) {
            for (auto at = line.find(named[i]); at != std::string::npos; at = line.find(named[i])) {
                line.replace(at, named[i].size(), "s" + std::to_string(i));
            }
        }
        lines.push_back(std::move(line));
    }
    return lines;
}

using lines = std::vector<std::string>;

void tear(const memory_storage& storage, const std::string& name) {
    auto bytes = tests::object_bytes(storage, name);
    bytes[bytes.size() / 2] ^= std::byte{1};
    tests::put_object(storage, name, bytes);
}

} // namespace

TEST_CASE("retention: the last ones stay, and what they need") {
    const memory_storage storage;
    const auto saver = opened_chains<manager_with<tintype::keep_all>>(storage);
    text_store store;
    ids named;
    named.push_back(full_of(saver, store));
    store.part("a")[1] = "1";
    named.push_back(increment_of(saver, store, named[0]));
    named.push_back(full_of(saver, store));
    store.part("a")[2] = "2";
    named.push_back(increment_of(saver, store, named[0])); // a branch of the oldest
    const auto at_last = store;

    const auto manager = opened_chains<manager_with<>>(storage, keep_last{1});
    CHECK(told(manager, named) == lines{"*s3: one of the last 1", "s2: no rule keeps it",
                                        "s1: no rule keeps it", "*s0: needed by s3"});
    CHECK(tests::sorted_names(storage).size() == 8); // looking removes nothing
    const auto pruned = manager.prune();
    REQUIRE(pruned);
    CHECK(pruned->removed == ids{named[2], named[1]});
    CHECK(pruned->failures.empty());
    CHECK(tests::sorted_names(storage).size() == 4);
    CHECK(restored_from<text_store>(manager, named[3]) == at_last);
    CHECK(manager.prune()->removed.empty());
}

TEST_CASE("retention: each snapshot taken lets old ones go") {
    const memory_storage storage;
    const auto manager = opened_chains<manager_with<>>(storage, keep_last{2});
    text_store store;
    ids all;
    for (std::uint64_t i = 0; i != 12; ++i) {
        store.part("a")[i] = std::to_string(i);
        const auto taken =
            i % 4 == 0 ? manager.create_full(store) : manager.create_incremental(store, all.back());
        REQUIRE(taken);
        all.push_back(taken->info.id);
        CHECK(taken->cleanup.failures.empty());
        // The chain behind the last two, and no older one.
        const auto from = i % 4 == 0 ? (i == 0 ? 0 : i - 4) : i / 4 * 4;
        ids expected(all.begin() + static_cast<std::ptrdiff_t>(from), all.end());
        std::ranges::reverse(expected);
        CHECK(listed_ids(manager) == expected);
        CHECK(restored_from<text_store>(manager, all.back()) == store);
        if (i % 4 == 1 && i > 4) {
            CHECK(taken->cleanup.removed ==
                  ids{all[i - 2], all[i - 3], all[i - 4], all[i - 5]}); // children first
        } else {
            CHECK(taken->cleanup.removed.empty());
        }
    }
}

TEST_CASE("retention: the newest whole chain stays when newer ones are damaged") {
    const memory_storage storage;
    const auto saver = opened_chains<manager_with<tintype::keep_all>>(storage);
    text_store store;
    ids named;
    for (std::uint64_t i = 0; i != 6; ++i) {
        store.part("a")[i] = "x";
        named.push_back(i % 2 == 0 ? full_of(saver, store)
                                   : increment_of(saver, store, named.back()));
    }
    const auto manager = opened_chains<manager_with<>>(storage, keep_last{1});
    CHECK(told(manager, named) == lines{"*s5: one of the last 1", "*s4: needed by s5",
                                        "s3: no rule keeps it", "s2: no rule keeps it",
                                        "s1: no rule keeps it", "s0: no rule keeps it"});
    tear(storage, named[4] + ".snap"); // so neither s4 nor s5 can be restored
    CHECK(told(manager, named) == lines{"*s5: one of the last 1", "*s4: needed by s5",
                                        "*s3: the newest that is whole", "*s2: needed by s3",
                                        "s1: no rule keeps it", "s0: no rule keeps it"});
    tear(storage, named[3] + ".snap");
    CHECK(told(manager, named) == lines{"*s5: one of the last 1", "*s4: needed by s5",
                                        "s3: no rule keeps it", "*s2: the newest that is whole",
                                        "s1: no rule keeps it", "s0: no rule keeps it"});
    REQUIRE(storage.remove(named[2] + ".snap"));
    const auto pruned = manager.prune();
    REQUIRE(pruned);
    CHECK(pruned->removed == ids{named[3], named[2]});
    CHECK(told(manager, named)[2] == "*s1: the newest that is whole");
    text_store target;
    CHECK(manager.restore(target, named[1]));
    // With none that is whole, the policy alone decides.
    tear(storage, named[0] + ".snap");
    CHECK(told(manager, named) == lines{"*s5: one of the last 1", "*s4: needed by s5",
                                        "s1: no rule keeps it", "s0: no rule keeps it"});
}

TEST_CASE("retention: next to a damaged manifest nothing is pruned, and the snapshot was taken") {
    const memory_storage storage;
    const auto manager = opened_chains<manager_with<>>(storage, keep_last{1});
    text_store store;
    const auto first = full_of(manager, store);
    tests::put_object(storage, "snap_7_7.meta", {});
    const auto second = manager.create_full(store);
    REQUIRE(second);
    CHECK(second->cleanup.removed.empty());
    REQUIRE(second->cleanup.failures.size() == 1);
    CHECK(second->cleanup.failures[0].code == errc::truncated);
    CHECK(second->cleanup.failures[0].where.view().starts_with("snap_7_7.meta"));
    const auto pruned = manager.prune();
    REQUIRE(!pruned);
    CHECK(pruned.error() == second->cleanup.failures[0]);
    CHECK(manager.plan().error() == pruned.error());
    CHECK(listed_ids(manager) == ids{second->info.id, first});
    CHECK(manager.remove("snap_7_7") == true);
    CHECK(manager.prune()->removed == ids{first});
}

TEST_CASE("retention: what cannot be removed is told, and the snapshot was taken") {
    const tests::locked_storage storage{memory_storage{}};
    const auto manager =
        opened_chains<manager_with<keep_last, tests::locked_storage>>(storage, keep_last{1});
    text_store store;
    const auto first = full_of(manager, store);
    storage.told().unremovable = {first + ".meta"};
    const auto second = manager.create_full(store);
    REQUIRE(second);
    REQUIRE(second->cleanup.failures.size() == 1);
    CHECK(said(tintype::result<void>{tintype::fail(second->cleanup.failures[0])}) ==
          "io in " + first + ".meta 0/0");
    CHECK(listed_ids(manager) == ids{second->info.id, first});
    storage.told().unremovable = {};
    storage.told().sync_fails = true;
    const auto third = manager.create_full(store);
    REQUIRE(third);
    CHECK(third->cleanup.removed.empty());
    CHECK(third->cleanup.failures.size() == 1);
    CHECK(listed_ids(manager).size() == 3);
    storage.told().sync_fails = false;
    CHECK(manager.prune()->removed == ids{second->info.id, first});
}

TEST_CASE("retention: whatever call fails while pruning, the rest is whole") {
    using failing = tests::failing_storage<memory_storage>;
    for (std::size_t call = 0;; ++call) {
        INFO("call ", call);
        REQUIRE(call < 400);
        const failing storage{memory_storage{}};
        const auto saver = opened_chains<manager_with<tintype::keep_all, failing>>(storage);
        text_store store;
        std::string last = full_of(saver, store);
        for (std::uint64_t i = 0; i != 3; ++i) {
            store.part("a")[i] = "x";
            last = increment_of(saver, store, last);
        }
        const auto newest = full_of(saver, store);
        const auto manager = opened_chains<manager_with<keep_last, failing>>(storage, keep_last{1});
        storage.fail_at(call);
        const auto pruned = manager.prune();
        const bool all_well = storage.plan().calls <= call;
        storage.fail_never();
        CHECK((pruned || pruned.error().code == errc::io));
        CHECK(manager.verify()->bad.empty());
        CHECK(restored_from<text_store>(manager, newest) == store);
        const auto rest = manager.prune();
        REQUIRE(rest);
        CHECK(listed_ids(manager) == ids{newest});
        if (all_well) {
            REQUIRE(pruned);
            CHECK(pruned->removed.size() == 4);
            CHECK(pruned->failures.empty());
            break;
        }
    }
}

TEST_CASE("retention: whoever stops a look at the chains stops the pruning") {
    const memory_storage storage;
    const auto saver = opened_chains<manager_with<tintype::keep_all>>(storage);
    text_store store;
    for (int i = 0; i != 3; ++i) {
        static_cast<void>(full_of(saver, store));
    }
    std::stop_source stop;
    std::size_t calls = 0;
    std::size_t stop_at = 0;
    const auto count = [&](tintype::progress) {
        if (++calls == stop_at) {
            stop.request_stop();
        }
    };
    std::optional<tintype::monitor> watch;
    for (stop_at = 1;; ++stop_at) {
        stop = std::stop_source{};
        calls = 0;
        watch.emplace(count, stop.get_token());
        const auto manager =
            opened_chains<manager_with<>>(storage, keep_last{1}, {.decode = {.watch = nullptr}});
        const auto watching = tests::chains<text_store, memory_storage, keep_last>::open(
            storage, keep_last{1}, {.decode = {.watch = &*watch}}, {}, {},
            manual_clock{tests::some_day});
        if (!watching) {
            CHECK(watching.error().code == errc::cancelled);
            continue;
        }
        const auto pruned = watching->prune();
        if (!stop.stop_requested()) {
            CHECK(pruned->removed.size() == 2);
            break;
        }
        REQUIRE(!pruned);
        CHECK(pruned.error().code == errc::cancelled);
        CHECK(listed_ids(manager).size() == 3);
    }
    CHECK(stop_at > 3);
}

TEST_CASE("clocks: ten years ahead and back again, the order is the order of creation") {
    const memory_storage storage;
    const manual_clock clock{tests::some_day};
    const auto manager = opened_chains<manager_with<>>(storage, keep_last{100}, {}, clock);
    text_store store;
    ids taken;
    std::set<std::string> different;
    std::int64_t last = 0;
    const std::chrono::nanoseconds ten_years = 24h * 3652;
    for (const auto jump : {0ns, ten_years, -ten_years, 0ns, -2 * ten_years, 1ns, ten_years,
                            3 * ten_years, -5 * ten_years, -6 * ten_years, 1000000ns}) {
        clock.advance(jump);
        store.part("a")[taken.size()] = "x";
        const auto done = taken.empty() ? manager.create_full(store)
                                        : manager.create_incremental(store, taken.back());
        REQUIRE(done);
        CHECK(done->cleanup.removed.empty());
        CHECK(done->info.created_at > last);
        last = done->info.created_at;
        taken.push_back(done->info.id);
        different.insert(done->info.id);
        auto newest_first = taken;
        std::ranges::reverse(newest_first);
        CHECK(listed_ids(manager) == newest_first);
    }
    CHECK(different.size() == taken.size());
    CHECK(restored_from<text_store>(manager, taken.back()) == store);
}

TEST_CASE("clocks: no jump makes retention remove the one just taken") {
    const auto jumping = [](auto retention) {
        const memory_storage storage;
        const manual_clock clock{tests::some_day};
        const auto manager =
            opened_chains<manager_with<decltype(retention)>>(storage, retention, {}, clock);
        text_store store;
        tintype::splitmix64 random{7};
        std::string last;
        for (std::uint64_t i = 0; i != 40; ++i) {
            const auto hours = static_cast<std::int64_t>(random() % 200'000) - 100'000;
            clock.advance(std::chrono::hours{hours});
            store.part("a")[i % 5] = std::to_string(i);
            const auto taken =
                i % 6 == 0 ? manager.create_full(store) : manager.create_incremental(store, last);
            INFO(said(taken));
            REQUIRE(taken);
            CHECK(taken->cleanup.failures.empty());
            last = taken->info.id;
            CHECK(listed_ids(manager).front() == last);
            CHECK(restored_from<text_store>(manager, last) == store);
        }
    };
    jumping(keep_last{1});
    jumping(keep_last{3});
    jumping(keep_within{1h});
    jumping(keep_within{0h});
    jumping(tintype::keep_daily{2});
    jumping(tintype::keep_any{keep_last{2}, tintype::keep_yearly{3}});
}

TEST_CASE("clocks: two managers on one storage with equal clocks") {
    const memory_storage storage;
    const manual_clock clock{tests::some_day};
    const auto one = opened_chains<manager_with<>>(storage, keep_last{50}, {}, clock);
    const auto two = opened_chains<manager_with<>>(storage, keep_last{50}, {}, clock);
    text_store store;
    ids taken;
    for (std::uint64_t i = 0; i != 20; ++i) {
        store.part("a")[i] = "x";
        const auto& manager = i % 3 == 0 ? one : two;
        taken.push_back(i == 0 ? full_of(manager, store)
                               : increment_of(manager, store, taken.back()));
    }
    auto newest_first = taken;
    std::ranges::reverse(newest_first);
    CHECK(listed_ids(one) == newest_first);
    CHECK(listed_ids(two) == newest_first);
    CHECK(restored_from<text_store>(one, taken.back()) == store);
}

TEST_CASE("clocks: somebody takes a snapshot while this one is written, and both are there") {
    const memory_storage storage;
    const manual_clock clock{tests::some_day};
    const auto one = opened_chains<manager_with<>>(storage, keep_last{1}, {}, clock);
    const auto two = opened_chains<manager_with<>>(storage, keep_last{1}, {}, clock);
    text_store mine;
    mine.part("a")[1] = "mine";
    text_store theirs;
    theirs.part("a")[1] = "theirs";
    bool first = true;
    const auto while_writing = [&](tintype::progress) {
        if (first) {
            first = false;
            clock.advance(1h);
            static_cast<void>(full_of(two, theirs));
        }
    };
    const tintype::monitor watch{while_writing};
    const auto taken = one.create_full(mine, {.watch = &watch});
    REQUIRE(taken);
    // It says that it was taken, so it is there.
    CHECK(one.exists(taken->info.id) == true);
    CHECK(restored_from<text_store>(one, taken->info.id) == mine);
    CHECK(one.prune());
    CHECK(listed_ids(one).size() == 1);
}

TEST_CASE("clocks: a prune elsewhere that takes the parent is an error and no snapshot") {
    const memory_storage storage;
    const auto one = opened_chains<manager_with<tintype::keep_all>>(storage);
    text_store store;
    const auto parent = full_of(one, store);
    store.part("a")[1] = "x";
    bool first = true;
    const auto while_writing = [&](tintype::progress) {
        if (first) {
            first = false;
            CHECK(one.remove(parent) == true);
        }
    };
    const tintype::monitor watch{while_writing};
    const auto refused = one.create_incremental(store, parent, {.watch = &watch});
    REQUIRE(!refused);
    CHECK(refused.error().code == errc::missing_parent);
    CHECK(tests::sorted_names(storage).empty());
}

namespace {

// Ids that say nothing of when they were given.
struct plain_ids {
    [[nodiscard]] std::string next(tintype::timestamp) const {
        return std::string(1, static_cast<char>('z' - (*given)++));
    }

    [[nodiscard]] std::optional<tintype::id_order> order(std::string_view) const { return {}; }

    std::shared_ptr<int> given = std::make_shared<int>(0);
};

static_assert(tintype::id_policy<plain_ids>);

} // namespace

TEST_CASE("clocks: ids that say nothing are in order all the same") {
    const memory_storage storage;
    const manual_clock clock{tests::some_day};
    using manager_type =
        tintype::chain_manager<text_store, memory_storage, tintype::chain_columns, tintype::crc32c,
                               keep_last, plain_ids, manual_clock>;
    const auto manager = manager_type::open(storage, keep_last{3}, {}, {}, {}, clock);
    REQUIRE(manager);
    text_store store;
    ids taken;
    for (int i = 0; i != 8; ++i) {
        clock.advance(-1h);
        taken.push_back(full_of(*manager, store));
        ids newest_first(taken.rbegin(), taken.rend());
        newest_first.resize(std::min<std::size_t>(newest_first.size(), 3));
        CHECK(listed_ids(*manager) == newest_first);
    }
    CHECK(taken.front() == "z");
}
