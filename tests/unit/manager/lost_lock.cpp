// Versions on a storage whose lock is a lease: wherever one manager stands still until its lock is
// another's, no version that was acknowledged goes unless retention let it go, no pinned version
// goes at all, and no number is given twice.

#include "fixtures.hpp"
#include "support/leased_storage.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using tests::leased_storage;
using tests::manual_clock;
using tests::note_of;
using tests::notes;
using tests::stall;
using tests::versions;
using tests::wide_hash;
using tintype::errc;
using tintype::keep_all;
using tintype::keep_last;

static_assert(tintype::lockable_storage<leased_storage> &&
              tintype::pointer_storage<leased_storage>);
static_assert(tintype::held_lock<leased_storage>::losable);
static_assert(!tintype::held_lock<tintype::memory_storage>::losable);

// What was promised, and whether it is kept.
struct promises {
    std::map<std::uint64_t, std::uint64_t> saved; // the note's number, by its version
    std::set<std::uint64_t> let_go;               // what a prune said that it removed
    std::set<std::uint64_t> pinned;
    std::uint64_t twice = 0;

    void note(const tintype::result<tintype::saved>& done, std::uint64_t number) {
        if (done) {
            twice += saved.emplace(done->version, number).second ? 0U : 1U;
            note(done->cleanup);
        }
    }

    void note(const tintype::pruned& done) {
        let_go.insert(done.removed.begin(), done.removed.end());
    }

    template <class Manager>
    void check(const Manager& manager) const {
        CHECK(twice == 0);
        for (const auto& [version, number] : saved) {
            INFO("version ", version);
            const auto back = manager.load(version);
            if (let_go.contains(version)) {
                continue;
            }
            INFO(said(back));
            REQUIRE(back);
            CHECK(back->state == note_of(number));
        }
        const auto all = manager.list();
        REQUIRE(all);
        for (const std::uint64_t version : pinned) {
            INFO("pinned ", version);
            const auto found = std::ranges::find(*all, version, &tintype::catalog_entry::version);
            REQUIRE(found != all->end());
            CHECK(found->pinned);
            CHECK(manager.load(version));
        }
        const auto whole = manager.verify();
        REQUIRE(whole);
        CHECK(whole->bad.empty());
    }
};

enum class act : std::uint8_t { save, save_and_prune, pin, prune, sweep, remove };
constexpr act acts[] = {act::save,  act::save_and_prune, act::pin,
                        act::prune, act::sweep,          act::remove};

using keeper = notes<leased_storage, wide_hash, keep_all>;
using pruner = notes<leased_storage, wide_hash, keep_last>;

// Does it through this handle, and writes down what was acknowledged.
void perform(act what, const leased_storage& storage, promises& made, std::uint64_t number) {
    switch (what) {
    case act::save: {
        const auto manager = keeper::open(storage, {});
        if (manager) {
            made.note(manager->save(note_of(number)), number);
        }
        return;
    }
    case act::save_and_prune: {
        const auto manager = pruner::open(storage, keep_last{1});
        if (manager) {
            made.note(manager->save(note_of(number)), number);
        }
        return;
    }
    case act::pin: {
        const auto manager = keeper::open(storage, {});
        if (manager && manager->pin(2, "stays")) {
            made.pinned.insert(2);
        }
        return;
    }
    case act::prune: {
        const auto manager = pruner::open(storage, keep_last{1});
        if (const auto done = manager ? manager->prune() : tintype::result<tintype::pruned>{}) {
            made.note(*done);
        }
        return;
    }
    case act::sweep:
        static_cast<void>(keeper::open(storage, {}, {.sweep_grace = 0ns}));
        return;
    case act::remove: {
        const auto manager = keeper::open(storage, {});
        if (manager && !made.pinned.contains(1)) {
            if (manager->remove(1) == true) {
                made.let_go.insert(1);
            }
        }
        return;
    }
    }
}

} // namespace

TEST_CASE("lost lock: whatever two managers do, what was acknowledged is kept") {
    std::uint64_t stalled = 0;
    for (const act slow : acts) {
        for (const act meanwhile : acts) {
            for (const auto when : {stall::moment::before, stall::moment::after}) {
                for (std::uint64_t n = 1;; ++n) {
                    INFO("slow ", static_cast<int>(slow), " meanwhile ",
                         static_cast<int>(meanwhile), " call ", n, " after ",
                         when == stall::moment::after);
                    const leased_storage storage{manual_clock{tintype::timestamp{1000h}}};
                    const leased_storage still = storage.another();
                    promises made;
                    for (std::uint64_t i = 1; i != 4; ++i) {
                        perform(act::save, storage, made, i);
                    }
                    // A crashed writer's, for the sweeps.
                    tests::put_object(storage, "snapshot_00000009.tintype.wide", {});
                    bool was = false;
                    still.stalls() = {.at = n, .when = when, .meanwhile = [&] {
                                          was = true;
                                          storage.clock().advance(1min);
                                          perform(meanwhile, storage, made, 100);
                                          perform(act::save_and_prune, storage, made, 101);
                                      }};
                    perform(slow, still, made, 50);
                    perform(act::save, storage, made, 200);
                    made.check(*keeper::open(storage, {}));
                    if (!was) {
                        break;
                    }
                    ++stalled;
                }
            }
        }
    }
    CHECK(stalled > 300);
}

TEST_CASE("lost lock: a writer that stood still is given no number that was used before") {
    // Others save and prune meanwhile, at each of its calls, on a storage whose lock nobody loses.
    using storage = tests::leased_storage;
    for (std::uint64_t n = 1;; ++n) {
        const storage shared{manual_clock{tintype::timestamp{1000h}}};
        const storage still = shared.another();
        const auto slow = tests::opened<notes<storage>>(still);
        const auto fast =
            tests::opened<notes<storage, tintype::no_hash, keep_last>>(shared, keep_last{1});
        std::set<std::uint64_t> given;
        const auto save = [&](const auto& manager, std::uint64_t number) {
            const auto done = manager.save(note_of(number));
            REQUIRE(done);
            CHECK(given.insert(done->version).second);
            return done->version;
        };
        save(fast, 1);
        save(fast, 2);
        bool was = false;
        still.stalls() = {.at = n, .meanwhile = [&] {
                              was = true;
                              save(fast, 3);
                              save(fast, 4);
                          }};
        const auto own = save(slow, 5);
        // Unless it stood still behind its object, and others let go of that.
        const auto back = slow.load(own);
        CHECK((back ? back->state == note_of(5) : back.error().code == errc::not_found));
        CHECK(save(fast, 6) > own);
        if (!was) {
            CHECK(given == std::set<std::uint64_t>{1, 2, 3, 4});
            break;
        }
    }
}

TEST_CASE("lost lock: a save that a sweep took for a crashed one is not acknowledged") {
    const leased_storage storage{manual_clock{tintype::timestamp{1000h}}};
    const leased_storage still = storage.another();
    const auto slow = tests::opened<keeper>(still);
    tests::saved_as(slow, 1);
    const std::string digest = "snapshot_00000002.tintype.wide";
    const auto when_recorded = [&](auto meanwhile) {
        still.stalls() = {
            .at = still.stalls().calls + 4, .meanwhile = meanwhile, .calls = still.stalls().calls};
    };
    // Within the grace it is let alone, and by more than that other writers are ahead.
    when_recorded([&] {
        CHECK(tests::sorted_names(storage).back() == digest);
        storage.clock().advance(59min);
        CHECK(tests::saved_as(tests::opened<keeper>(storage), 3) == 3);
        tests::opened<keeper>(storage);
    });
    const auto done = slow.save(note_of(2));
    REQUIRE(done);
    CHECK(done->version == 2);
    CHECK(slow.load(2)->state == note_of(2));

    when_recorded([&] {
        storage.clock().advance(61min);
        CHECK(tests::saved_as(tests::opened<keeper>(storage), 5) == 5);
        tests::opened<keeper>(storage);
    });
    const auto refused = slow.save(note_of(4));
    REQUIRE(!refused);
    CHECK(refused.error().code == errc::timed_out);
    CHECK(slow.versions() == versions{1, 2, 3, 5});
    CHECK(slow.verify()->bad.empty());
    CHECK(tests::saved_as(slow, 6) == 6);
    CHECK(slow.load(6)->state == note_of(6));
}

TEST_CASE("lost lock: a sweep takes no digest whose object came while it looked") {
    const std::string name = "snapshot_00000001.tintype";
    const auto bytes = *tintype::encode<tests::note_format>(note_of(1));
    const auto line = tintype::to_hex(tintype::hash_of<wide_hash>(bytes)) + "  " + name + "\n";
    std::uint64_t acknowledged = 0;
    for (std::uint64_t n = 1;; ++n) {
        INFO("call ", n);
        const leased_storage storage{manual_clock{tintype::timestamp{1000h}}};
        const leased_storage still = storage.another();
        // A save that has got as far as its digest.
        REQUIRE(tintype::next_number(storage, "snapshot_00000000.tintype") == 1U);
        tests::put_object(storage, name + ".wide", tintype::bytes_of(line));
        bool was = false;
        bool given_up = tintype::last_number(storage, "snapshot_00000000.tintype.swept") != 0U;
        still.stalls() = {.at = n, .meanwhile = [&] {
                              was = true;
                              tests::put_object(storage, name, bytes);
                              given_up = tintype::last_number(storage, name.substr(0, 16) +
                                                                           "0.tintype.swept") != 0U;
                          }};
        static_cast<void>(keeper::open(still, {}, {.sweep_grace = 0ns}));
        if (!was) {
            break;
        }
        if (!given_up) {
            ++acknowledged;
            CHECK(tests::opened<keeper>(storage).load(1));
        }
    }
    CHECK(acknowledged > 3);
}

TEST_CASE("numbers of two kinds of versions in one storage are counted apart") {
    using other = tintype::versioned_manager<tests::note, tests::note_format,
                                             tintype::memory_storage, tintype::no_hash, keep_all,
                                             tintype::numbered<"other_", ".note">>;
    const tintype::memory_storage storage;
    const auto one = tests::opened<notes<tintype::memory_storage>>(storage);
    const auto two = tests::opened<other>(storage);
    for (std::uint64_t i = 1; i != 4; ++i) {
        CHECK(tests::saved_as(one, i) == i);
        CHECK(tests::saved_as(two, i) == i);
    }
    // What somebody put there by hand counts, and so does what went.
    tests::put_object(storage, "other_00000010.note",
                      tests::object_bytes(storage, "other_00000003.note"));
    CHECK(tests::saved_as(two, 11) == 11);
    REQUIRE(storage.remove("other_00000011.note") == true);
    REQUIRE(storage.remove("other_00000010.note") == true);
    CHECK(tests::saved_as(two, 12) == 12);
    CHECK(tests::saved_as(one, 4) == 4);
}
