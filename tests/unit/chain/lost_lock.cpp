// Chains on a storage whose lock is a lease: wherever one manager stands still until its lock is
// another's, no snapshot that was acknowledged goes unless somebody removed it, and none that is
// listed lacks what it needs.

#include "fixtures.hpp"
#include "support/leased_storage.hpp"
#include "whole_parts.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace std::chrono_literals;
using tests::leased_storage;
using tests::manual_clock;
using tests::said;
using tests::stall;
using tests::text_store;
using tintype::keep_all;
using tintype::keep_last;

template <class Codec, class Retention>
using manager_of = tests::chains<text_store, leased_storage, Retention, tintype::crc32c, Codec>;

enum class act : std::uint8_t { take, take_on_last, take_on_middle, compact, rebase, prune, sweep };

// A full snapshot, one on it and one on that; what was promised of them and of what came later.
template <class Codec>
struct family {
    leased_storage storage{manual_clock{tests::some_day}};
    std::map<std::string, text_store> then;
    std::set<std::string> let_go;
    std::string full;
    std::string middle;
    std::string last;

    family() {
        full = take(storage, "", 1);
        middle = take(storage, full, 2);
        last = take(storage, middle, 3);
        REQUIRE(then.size() == 3);
    }

    template <class Retention = keep_all>
    [[nodiscard]] auto open(const leased_storage& by, Retention retention = {},
                            tintype::chain_options options = {}) const {
        return tests::opened_chains<manager_of<Codec, Retention>>(by, retention, options,
                                                                  storage.clock());
    }

    [[nodiscard]] static text_store store_of(std::uint64_t number) {
        text_store store;
        store.part("same") = {{1, "one"}, {2, "two"}};
        store.part("grows")[number] = std::string(number % 7, 'x');
        return store;
    }

    // Its id, once it was acknowledged. `ready()` is called when the manager is open.
    std::string take(
        const leased_storage& by, std::string_view parent, std::uint64_t number,
        const std::function<void()>& ready = [] {}) {
        auto store = store_of(number);
        const auto manager = open(by);
        ready();
        const auto taken =
            parent.empty() ? manager.create_full(store) : manager.create_incremental(store, parent);
        if (!taken) {
            return {};
        }
        CHECK(then.emplace(taken->info.id, store).second);
        return taken->info.id;
    }

    void gone(const std::vector<std::string>& removed) {
        let_go.insert(removed.begin(), removed.end());
    }

    void perform(
        act what, const leased_storage& by, std::uint64_t number,
        const std::function<void()>& ready = [] {}) {
        switch (what) {
        case act::take:
            take(by, "", number, ready);
            return;
        case act::take_on_last:
            take(by, last, number, ready);
            return;
        case act::take_on_middle:
            take(by, middle, number, ready);
            return;
        case act::compact: {
            const auto manager = open(by);
            ready();
            if (const auto done = manager.compact(last)) {
                gone(done->cleanup.removed);
                then.emplace(done->info.id, then.at(last));
            }
            return;
        }
        case act::rebase: {
            const auto manager = open(by);
            ready();
            if (manager.remove(middle, tintype::removal::rebase_children) == true) {
                gone({middle});
            }
            return;
        }
        case act::prune: {
            const auto manager = open(by, keep_last{1});
            ready();
            if (const auto done = manager.prune()) {
                gone(done->removed);
            }
            return;
        }
        case act::sweep:
            ready();
            static_cast<void>(open(by, keep_all{}, {.sweep_grace = 0ns}));
            return;
        }
    }

    void check() const {
        const auto manager = open(storage);
        const auto all = manager.list();
        REQUIRE(all);
        CHECK(all->damaged.empty());
        for (const tintype::snapshot_info& each : all->snapshots) {
            INFO("listed ", each.id);
            if (then.contains(each.id) && !let_go.contains(each.id)) {
                continue; // restored below
            }
            const auto whole = manager.contents(each.id);
            INFO(said(whole));
            CHECK(whole);
        }
        for (const auto& [id, store] : then) {
            text_store back;
            if (let_go.contains(id)) {
                continue;
            }
            INFO("promised ", id);
            const auto done = manager.restore(back, id);
            INFO(said(done));
            REQUIRE(done);
            CHECK(back == store);
        }
    }
};

template <class Codec>
std::uint64_t stand_still_everywhere(std::span<const act> slow_acts,
                                     std::span<const act> other_acts) {
    std::uint64_t stalled = 0;
    for (const act slow : slow_acts) {
        for (const act other : other_acts) {
            for (const auto when : {stall::moment::before, stall::moment::after}) {
                for (std::uint64_t n = 1;; ++n) {
                    INFO("slow ", static_cast<int>(slow), " meanwhile ", static_cast<int>(other),
                         " call ", n, " after ", when == stall::moment::after);
                    family<Codec> of;
                    if (slow == act::prune) {
                        of.take(of.storage, "", 4); // on whose account all others may go
                    }
                    const leased_storage still = of.storage.another();
                    bool was = false;
                    const auto meanwhile = [&] {
                        was = true;
                        of.storage.clock().advance(1min);
                        if (other == act::prune) {
                            of.take(of.storage, "", 10); // so that there is something to let go
                        }
                        of.perform(other, of.storage, 20);
                        of.perform(act::sweep, of.storage, 0);
                    };
                    of.perform(slow, still, 30, [&] {
                        still.stalls() = {.at = n, .when = when, .meanwhile = meanwhile};
                    });
                    of.check();
                    if (!was) {
                        break;
                    }
                    ++stalled;
                }
            }
        }
    }
    return stalled;
}

} // namespace

TEST_CASE("lost lock: whatever is done to a chain meanwhile, what was acknowledged is kept") {
    constexpr act slow[] = {act::take,   act::take_on_last, act::take_on_middle, act::compact,
                            act::rebase, act::prune,        act::sweep};
    constexpr act other[] = {act::compact, act::rebase, act::prune};
    CHECK(stand_still_everywhere<tintype::chain_columns>(slow, other) > 200);
}

TEST_CASE("lost lock: nothing goes that was built on since") {
    constexpr act slow[] = {act::compact, act::rebase, act::prune};
    constexpr act other[] = {act::take_on_last, act::take_on_middle};
    CHECK(stand_still_everywhere<tintype::chain_columns>(slow, other) > 50);
}

TEST_CASE("lost lock: so it is where a snapshot's data has one place") {
    constexpr act slow[] = {act::take_on_last, act::compact};
    constexpr act other[] = {act::compact, act::prune};
    CHECK(stand_still_everywhere<tests::whole_parts>(slow, other) > 50);
}
