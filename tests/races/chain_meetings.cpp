// At every call that a reader of a chain makes of its file system, a writer does all of its work,
// as another process may: what stays can be read all the while, however it is written anew.

#include <tintype/core/message.hpp>

#include "crash/chain_checker.hpp"
#include "crash/intercepted.hpp"
#include "crash/simulated_filesystem.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace {

using tests::chain_state;
using tests::chain_store;

using plain = tests::simulated_filesystem;
using hooked = tests::intercepted<plain>;

template <class Filesystem, class Retention = tintype::keep_all>
using manager_on = tests::simulated_chain<tintype::basic_directory<Filesystem>, Retention>;

// Three snapshots on each other; a program that reads them, and another.
struct meeting {
    meeting() {
        auto first = open<plain>(disk, tintype::keep_all{});
        tests::edit(store, 1);
        ids.push_back(first.create_full(store).value().info.id);
        states.emplace(ids[0], chain_state::of(store));
        for (const std::uint64_t seed : {2U, 3U}) {
            tests::edit(store, seed);
            ids.push_back(first.create_incremental(store, ids.back()).value().info.id);
            states.emplace(ids.back(), chain_state::of(store));
        }
    }

    template <class Filesystem, class Retention>
    [[nodiscard]] manager_on<Filesystem, Retention> open(Filesystem filesystem,
                                                         Retention retention) const {
        return manager_on<Filesystem, Retention>::open(
                   tintype::basic_directory<Filesystem>{tests::chain_path, std::move(filesystem)},
                   retention, {}, {}, {}, {disk})
            .value();
    }

    [[nodiscard]] bool locked() const { return disk.disk().folders.at(tests::chain_path)->locked; }

    plain disk{};
    chain_store store{};
    std::vector<std::string> ids{};
    std::map<std::string, chain_state> states{};
};

using reading_manager = manager_on<hooked>;
using writing_manager = manager_on<plain, tintype::keep_last>;

// What the reader does; what is wrong with its answer, if anything. `there`: whether what it asked
// for is there now.
struct reader {
    const char* name;
    std::function<std::string(const reading_manager&, meeting&)> work;
};

struct writer {
    const char* name;
    std::function<void(const writing_manager&, const meeting&)> work;
};

// An error is an answer only if the snapshot is not there any more.
template <class Outcome>
std::string judged(const Outcome& outcome, const meeting& at, const std::string& id) {
    if (outcome) {
        return "";
    }
    const auto code = outcome.error().code;
    const bool may_be = code == tintype::errc::not_found || code == tintype::errc::missing_parent;
    const bool there = at.open<plain>(at.disk, tintype::keep_all{}).exists(id).value();
    return may_be && !there ? "" : tintype::message(outcome.error());
}

std::string reads(const reading_manager& manager, const meeting& at, const std::string& id) {
    const auto found = manager.contents(id);
    if (found && chain_state::of_contents(*found) != at.states.at(id)) {
        return id + " holds something else";
    }
    return judged(found, at, id);
}

const reader readers[] = {
    {"reads the last",
     [](const auto& manager, meeting& at) { return reads(manager, at, at.ids[2]); }},
    {"reads the middle one",
     [](const auto& manager, meeting& at) { return reads(manager, at, at.ids[1]); }},
    {"reads the first",
     [](const auto& manager, meeting& at) { return reads(manager, at, at.ids[0]); }},
    {"restores the last",
     [](const auto& manager, meeting& at) {
         chain_store store;
         const auto done = manager.restore(store, at.ids[2]);
         if (done && chain_state::of(store) != at.states.at(at.ids[2])) {
             return std::string{"something else was restored"};
         }
         return judged(done, at, at.ids[2]);
     }},
    {"puts the last into a store",
     [](const auto& manager, meeting& at) {
         chain_store store;
         return judged(manager.restore(store, at.ids[2], {.mode = tintype::restore_mode::upsert}),
                       at, at.ids[2]);
     }},
    {"asks for the last one's chain",
     [](const auto& manager, meeting& at) {
         return judged(manager.chain(at.ids[2]), at, at.ids[2]);
     }},
    {"verifies",
     [](const auto& manager, meeting&) {
         const auto done = manager.verify();
         if (!done) {
             return tintype::message(done.error());
         }
         return done->bad.empty() ? std::string{} : tintype::message(done->bad.front().what);
     }},
    {"takes an increment",
     [](const auto& manager, meeting& at) {
         tests::edit(at.store, 9);
         const auto done = manager.create_incremental(at.store, at.ids[2]);
         if (done) {
             const std::string& id = done->info.id;
             at.states.emplace(id, chain_state::of(at.store));
             return reads(manager, at, id);
         }
         return judged(done, at, at.ids[2]);
     }},
    {"takes an increment of another store",
     [](const auto& manager, meeting& at) {
         chain_store other;
         tests::edit(other, 5);
         return judged(manager.create_incremental(other, at.ids[2]), at, at.ids[2]);
     }},
    {"compacts the last",
     [](const auto& manager, meeting& at) {
         return judged(manager.compact(at.ids[2]), at, at.ids[2]);
     }},
    {"removes the middle one",
     [](const auto& manager, meeting& at) {
         const auto done = manager.remove(at.ids[1], tintype::removal::rebase_children);
         return done ? std::string{} : tintype::message(done.error());
     }},
};

// What is refused because of what the reader did is no matter.
const writer writers[] = {
    {"compacts the last",
     [](const auto& manager, const meeting& at) { static_cast<void>(manager.compact(at.ids[2])); }},
    {"compacts the middle one",
     [](const auto& manager, const meeting& at) { static_cast<void>(manager.compact(at.ids[1])); }},
    {"removes the last",
     [](const auto& manager, const meeting& at) { static_cast<void>(manager.remove(at.ids[2])); }},
    {"removes the middle one",
     [](const auto& manager, const meeting& at) {
         static_cast<void>(manager.remove(at.ids[1], tintype::removal::rebase_children));
     }},
    {"removes the first two",
     [](const auto& manager, const meeting& at) {
         for (const std::string& id : {at.ids[0], at.ids[1]}) {
             static_cast<void>(manager.remove(id, tintype::removal::rebase_children));
         }
     }},
    {"takes one and keeps no other",
     [](const auto& manager, const meeting&) {
         chain_store store;
         static_cast<void>(manager.create_full(store));
     }},
};

} // namespace

TEST_CASE("a reader gets what is there, whatever a writer does meanwhile") {
    std::size_t met = 0;
    for (const reader& reads : readers) {
        for (const writer& writes : writers) {
            for (std::size_t due = 1, calls = 1; due <= calls; ++due) {
                meeting at;
                const auto writing = at.open<plain>(at.disk, tintype::keep_last{1});
                const auto hooks = std::make_shared<tests::interception>();
                const auto reading = at.open(hooked{at.disk, hooks}, tintype::keep_all{});
                calls = 0;
                hooks->after = [&](const tests::call&, bool) {
                    // Whoever wants the lock waits.
                    if (++calls == due && !at.locked()) {
                        ++met;
                        writes.work(writing, at);
                    }
                };
                const std::string wrong = reads.work(reading, at);
                CHECK_MESSAGE(wrong.empty(), "one " << std::string{reads.name} << ", at its call "
                                                    << due << " another "
                                                    << std::string{writes.name} << ": " << wrong);
                hooks->after = {};
                CHECK(at.open<plain>(at.disk, tintype::keep_all{}).verify().value().bad.empty());
            }
        }
    }
    MESSAGE(met << " meetings");
}
