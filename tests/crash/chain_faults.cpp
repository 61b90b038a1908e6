// Every call of the filesystem fails once, at every place at which the work on a chain makes it:
// with no space, an input/output error, an interruption. What was there is there as before, the
// live store is as it was and has forgotten none of its changes, and the same done again succeeds.
// On the simulated filesystem and on the real one.

#include <tintype/storage/posix.hpp>

#include "chain_checker.hpp"
#include "intercepted.hpp"
#include "simulated_filesystem.hpp"
#include "support/scratch.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace {

using tests::call;
using tests::call_kind;
using tests::chain_state;
using tests::chain_store;
using tintype::result;

struct simulated_place {
    using filesystem_type = tests::simulated_filesystem;
    filesystem_type filesystem{};
    std::string path = tests::chain_path;
};

struct real_place {
    using filesystem_type = tintype::posix_filesystem;
    tests::scratch scratch{};
    filesystem_type filesystem{};
    std::string path = scratch / "chain";
};

template <class Filesystem, class Retention>
using manager_on = tintype::chain_manager<chain_store, tintype::basic_directory<Filesystem>,
                                          tintype::chain_columns, tintype::crc32c, Retention>;

// The nth call of a kind fails, if it comes to that.
struct fault {
    call_kind kind{};
    std::size_t nth = 1;
    int system = EIO;
    std::size_t seen = 0;

    [[nodiscard]] bool hit() const { return seen >= nth; }

    [[nodiscard]] result<void> operator()(const call& what) {
        if (what.kind != kind || ++seen != nth) {
            return {};
        }
        return tintype::fail({.code = tintype::code_of(system),
                              .where = what.name,
                              .system = system,
                              .during = "an injected fault"});
    }
};

// A full snapshot, two increments on each other, and a store that has changed since.
template <class Place>
class bench {
    using filesystem_type = typename Place::filesystem_type;
    using faulty_filesystem = tests::intercepted<filesystem_type>;

public:
    using plain_type = manager_on<filesystem_type, tintype::keep_all>;
    using faulty_type = manager_on<faulty_filesystem, tintype::keep_last>;

    bench() {
        const auto manager = plain();
        tests::edit(store, 1);
        ids.push_back(manager.create_full(store).value().info.id);
        states[ids[0]] = chain_state::of(store);
        for (const std::uint64_t seed : {2U, 3U}) {
            tests::edit(store, seed);
            ids.push_back(manager.create_incremental(store, ids.back()).value().info.id);
            states[ids.back()] = chain_state::of(store);
        }
        store.part("a")[7] = 70;
        store.part("b").erase(store.part("b").begin()->first);
        store.side().number = 4;
        now = chain_state::of(store);
    }

    // Sees what is really there, and sweeps.
    [[nodiscard]] plain_type plain() const {
        return plain_type::open(
                   tintype::basic_directory<filesystem_type>{place_.path, place_.filesystem},
                   tintype::keep_all{}, {.sweep_grace = std::chrono::nanoseconds{0}})
            .value();
    }

    [[nodiscard]] result<faulty_type> faulty() const {
        return faulty_type::open(
            tintype::basic_directory<faulty_filesystem>{
                place_.path, faulty_filesystem{place_.filesystem, hooks}},
            tintype::keep_last{1}, {.sweep_grace = std::chrono::nanoseconds{0}});
    }

    // Of all files, those that no listed snapshot speaks of.
    [[nodiscard]] std::set<std::string> left_over() const {
        auto folder = place_.filesystem.open_folder(place_.path).value();
        const auto all = place_.filesystem.names(folder).value();
        std::set<std::string> names{all.begin(), all.end()};
        const tintype::basic_directory<filesystem_type> storage{place_.path, place_.filesystem};
        const tintype::chain_reader<tintype::record_of<chain_store>, tests::side_mark,
                                    tintype::basic_directory<filesystem_type>>
            reader{storage};
        const auto listed = reader.list().value();
        for (const auto& each : listed.snapshots) {
            names.erase(each.id + ".meta");
            names.erase(each.data);
        }
        return names;
    }

    chain_store store{};
    std::vector<std::string> ids{};
    std::map<std::string, chain_state> states{};
    chain_state now{}; // of the store
    std::shared_ptr<tests::interception> hooks = std::make_shared<tests::interception>();

private:
    Place place_{};
};

// What a piece of work did, as far as its answer says.
struct answer {
    result<void> done{};
    std::vector<tintype::error> failures{}; // of the cleanup
    std::string taken{};                    // the new snapshot
};

[[nodiscard]] answer of(const result<tintype::taken_snapshot>& taken) {
    if (!taken) {
        return {.done = tintype::pass(taken)};
    }
    return {.done = {}, .failures = taken->cleanup.failures, .taken = taken->info.id};
}

template <class Outcome>
[[nodiscard]] answer of(const Outcome& outcome) {
    return {.done = outcome ? result<void>{} : tintype::pass(outcome)};
}

template <class Outcome>
[[nodiscard]] answer with_cleanup(const result<Outcome>& outcome,
                                  const tintype::removed_snapshots Outcome::* cleanup) {
    return {.done = outcome ? result<void>{} : tintype::pass(outcome),
            .failures = outcome ? ((*outcome).*cleanup).failures : std::vector<tintype::error>{}};
}

template <class Place>
struct work {
    const char* name;
    answer (*run)(const typename bench<Place>::faulty_type&, bench<Place>&);
    std::set<std::size_t> may_go{}; // of the three
    bool changes_store = false;     // where it succeeds
};

template <class Place>
const std::vector<work<Place>>& works() {
    using manager_type = typename bench<Place>::faulty_type;
    using bench_type = bench<Place>;
    static const std::vector<work<Place>> all{
        {"a full snapshot that lets the others go",
         [](const manager_type& manager, bench_type& at) {
             return of(manager.create_full(at.store));
         },
         {0, 1, 2}},
        {"an increment by what was tracked",
         [](const manager_type& manager, bench_type& at) {
             return of(manager.create_incremental(at.store, at.ids[2]));
         }},
        {"an increment by comparison",
         [](const manager_type& manager, bench_type& at) {
             return of(manager.create_incremental(at.store, at.ids[1]));
         },
         {2}},
        {"removal of the last",
         [](const manager_type& manager, bench_type& at) { return of(manager.remove(at.ids[2])); },
         {2}},
        {"removal of the middle one",
         [](const manager_type& manager, bench_type& at) {
             return of(manager.remove(at.ids[1], tintype::removal::rebase_children));
         },
         {1}},
        {"compaction",
         [](const manager_type& manager, bench_type& at) {
             return with_cleanup(manager.compact(at.ids[2]), &tintype::compacted::cleanup);
         },
         {0, 1}},
        {"a restore",
         [](const manager_type& manager, bench_type& at) {
             return of(manager.restore(at.store, at.ids[0]));
         },
         {},
         true},
        {"a restore that only puts",
         [](const manager_type& manager, bench_type& at) {
             return of(
                 manager.restore(at.store, at.ids[1], {.mode = tintype::restore_mode::upsert}));
         },
         {},
         true},
        {"a restore of a part",
         [](const manager_type& manager, bench_type& at) {
             return of(
                 manager.restore(at.store, at.ids[1], {.parts = std::vector<std::string>{"a"}}));
         },
         {},
         true},
        {"a difference", [](const manager_type& manager,
                            bench_type& at) { return of(manager.diff(at.ids[0], at.ids[2])); }},
        {"a plan", [](const manager_type& manager, bench_type&) { return of(manager.plan()); }},
    };
    return all;
}

template <class Place>
void everything_is_there(const bench<Place>& at, const std::set<std::size_t>& may_go,
                         const std::string& taken) {
    const auto manager = at.plain();
    const auto listed = manager.list().value();
    REQUIRE(listed.damaged.empty());
    std::set<std::string> ids;
    for (const auto& each : listed.snapshots) {
        ids.insert(each.id);
        const auto found = manager.contents(each.id);
        REQUIRE(found.has_value());
        const auto known = at.states.find(each.id);
        // One that was published and not acknowledged is as whole.
        CHECK(chain_state::of_contents(*found) ==
              (known != at.states.end() ? known->second : at.now));
    }
    for (std::size_t i = 0; i != at.ids.size(); ++i) {
        CHECK((may_go.contains(i) || ids.contains(at.ids[i])));
    }
    CHECK((taken.empty() || ids.contains(taken)));
    const auto verified = manager.verify().value();
    CHECK(verified.bad.empty());
    CHECK(verified.good.size() == ids.size());
    CHECK(at.left_over().empty());
}

// Does the work with the fault, and then without; false once the fault comes too late to be met.
template <class Place>
bool meets(const work<Place>& doing, fault trouble) {
    bench<Place> at;
    at.hooks->before = [&](call& what) { return trouble(what); };
    auto manager = at.faulty();
    answer met = manager ? doing.run(*manager, at) : answer{.done = tintype::pass(manager)};
    at.hooks->before = {};
    if (!trouble.hit()) {
        CHECK(met.done.has_value());
        CHECK(met.failures.empty());
        return false;
    }
    INFO(std::string{doing.name} << ": kind " << static_cast<int>(trouble.kind) << ", call "
                                 << trouble.nth << ", errno " << trouble.system);
    if (!met.done) {
        CHECK(trouble.system != EINTR);
        CHECK(met.done.error().system == trouble.system);
    }
    for (const tintype::error& each : met.failures) {
        CHECK(each.system == trouble.system);
    }
    // Only what could not be removed is left, and what was published but perhaps not for good.
    if (trouble.kind != call_kind::remove && trouble.kind != call_kind::sync_folder &&
        trouble.kind != call_kind::open_folder) {
        for (const std::string& each : at.left_over()) {
            FAIL_CHECK("left over: " << each);
        }
    }
    const bool changed = doing.changes_store && met.done;
    if (!changed) {
        CHECK(chain_state::of(at.store) == at.now);
    }
    everything_is_there(at, doing.may_go, met.taken);
    if (changed) {
        return true;
    }
    // Nothing is forgotten: the next increment holds what changed, and no more.
    auto again = manager ? std::move(manager) : at.faulty();
    REQUIRE(again.has_value());
    if (met.taken.empty() && at.plain().exists(at.ids[2]).value()) {
        const auto next = again->create_incremental(at.store, at.ids[2]);
        REQUIRE(next.has_value());
        std::uint64_t changes = 0;
        for (const auto& each : next->info.pieces) {
            CHECK((each.kind == tintype::piece_kind::changes ||
                   each.kind == tintype::piece_kind::side));
            changes += each.kind == tintype::piece_kind::changes ? each.records + each.erased : 0;
        }
        CHECK(changes == 2);
        everything_is_there(at, doing.may_go, next->info.id);
        at.states[next->info.id] = at.now;
    }
    // What it was asked for is done now, unless it was, or the increment needs what was to go.
    const answer redone = doing.run(*again, at);
    if (!redone.done) {
        const auto code = redone.done.error().code;
        CHECK((code == tintype::errc::in_use || code == tintype::errc::not_found));
        CHECK(!doing.may_go.empty());
    }
    if (!doing.changes_store) {
        everything_is_there(at, doing.may_go, redone.taken);
    }
    return true;
}

constexpr call_kind kinds[] = {
    call_kind::open_folder, call_kind::make_folder, call_kind::create,      call_kind::open,
    call_kind::size,        call_kind::map,         call_kind::write,       call_kind::sync,
    call_kind::close,       call_kind::rename_new,  call_kind::rename_over, call_kind::remove,
    call_kind::sync_folder, call_kind::entries,     call_kind::names,       call_kind::lock,
};

// How many faults of these kinds were met.
template <class Place>
std::size_t meets_all(const work<Place>& doing, std::initializer_list<int> errors,
                      std::set<call_kind>& met) {
    std::size_t count = 0;
    for (const call_kind kind : kinds) {
        for (const int system : errors) {
            // These are never interrupted, or are done all the same.
            if (system == EINTR &&
                (kind == call_kind::close || kind == call_kind::size || kind == call_kind::map)) {
                continue;
            }
            for (std::size_t nth = 1;
                 meets<Place>(doing, {.kind = kind, .nth = nth, .system = system}); ++nth) {
                met.insert(kind);
                ++count;
            }
        }
    }
    return count;
}

} // namespace

TEST_CASE("a chain survives the failure of any call") {
    std::set<call_kind> met;
    std::size_t count = 0;
    for (const auto& doing : works<simulated_place>()) {
        count += meets_all(doing, {ENOSPC, EIO, EINTR}, met);
    }
    MESSAGE(count << " faults");
    CHECK(met.size() == std::size(kinds));
    CHECK(count > 1000);
}

// Where every sync takes its time, and the calls are the same.
TEST_CASE("a chain survives failures on a real filesystem") {
    std::set<call_kind> met;
    std::size_t count = 0;
    for (const auto& doing : works<real_place>()) {
        if (doing.may_go.contains(1)) {
            count += meets_all(doing, {EIO}, met);
        }
    }
    MESSAGE(count << " faults");
    CHECK(met.size() == std::size(kinds));
    CHECK(count > 100);
}
