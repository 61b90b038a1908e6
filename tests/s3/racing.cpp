// Processes without a lock in common: of all that want one number or one name, one gets it.

#include <tintype/formats/velesdb.hpp>
#include <tintype/manager/versioned.hpp>

#include "races/labelled.hpp"
#include "scene.hpp"
#include "support/child.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using tests::child;
using tests::label_of;
using tests::labelled;
using tests::record;

using manager =
    tintype::versioned_manager<tests::memory_state, tests::vamm, tests::store, tintype::no_hash,
                               tintype::keep_all, tintype::velesdb::snapshot_names>;

constexpr std::uint64_t processes = 8;

std::vector<record> records_of(const child& from) {
    std::vector<record> all;
    for (record next; ::read(from.pipe(), &next, sizeof next) == sizeof next;) {
        all.push_back(next);
    }
    return all;
}

// Each child's work is given its number and its pipe; all that they told.
template <class Work>
std::vector<std::vector<record>> raced(Work work) {
    std::vector<child> children;
    for (std::uint64_t i = 0; i != processes; ++i) {
        children.emplace_back([&, i](int pipe) { return work(i, pipe); });
    }
    // All pipes at once, or a full one would make its writer wait for us.
    std::vector<std::vector<record>> told(processes);
    {
        std::vector<std::jthread> readers;
        for (std::size_t i = 0; i != processes; ++i) {
            readers.emplace_back([&, i] { told[i] = records_of(children[i]); });
        }
    }
    for (child& each : children) {
        CHECK(each.wait() == 0);
    }
    return told;
}

bool tell(int pipe, const record& told) {
    return ::write(pipe, &told, sizeof told) == sizeof told;
}

} // namespace

TEST_CASE("eight processes save a hundred times each: every number once, nothing lost") {
    constexpr std::uint64_t count = 100;
    const auto where = tests::place();
    const auto told = raced([&](std::uint64_t me, int pipe) {
        const auto mine = manager::open(tests::open_store(where), tintype::keep_all{});
        if (!mine) {
            return 1;
        }
        std::uint64_t before = 0;
        for (std::uint64_t i = 0; i != count; ++i) {
            const std::uint64_t label = me * count + i;
            const auto saved = mine->save(labelled(label));
            if (!saved) {
                std::fprintf(stderr, "%s\n", tintype::message(saved.error()).c_str());
                return 2;
            }
            if (saved->version <= before) {
                return 3;
            }
            before = saved->version;
            if (!tell(pipe, {.version = saved->version, .label = label})) {
                return 4;
            }
        }
        return 0;
    });
    std::map<std::uint64_t, std::uint64_t> labels;
    for (const auto& all : told) {
        CHECK(all.size() == count);
        for (const record& each : all) {
            CHECK_MESSAGE(labels.emplace(each.version, each.label).second,
                          "version " << each.version << " was given out twice");
        }
    }
    CHECK(labels.size() == processes * count);
    const auto all = manager::open(tests::open_store(where), tintype::keep_all{});
    REQUIRE(all);
    CHECK(all->versions().value().size() == processes * count);
    for (const auto& [version, label] : labels) {
        const auto loaded = all->load(version);
        REQUIRE(tests::words(loaded) == "no error");
        REQUIRE(label_of(loaded->state) == label);
    }
}

TEST_CASE("eight processes publish under the same names: one wins each") {
    constexpr std::uint64_t names = 20;
    const auto where = tests::place();
    const auto bytes_of = [](std::uint64_t name, std::uint64_t writer) {
        // Every other is cut into parts.
        return tests::noise(name % 2 == 0 ? 3000 : 100'000, name * processes + writer);
    };
    const auto told = raced([&](std::uint64_t me, int pipe) {
        const auto storage = tests::open_store(where);
        for (std::uint64_t name = 0; name != names; ++name) {
            const auto done =
                tests::put(storage, "name-" + std::to_string(name), bytes_of(name, me));
            if (!done && done.error().code != tintype::errc::already_exists) {
                std::fprintf(stderr, "%s\n", tintype::message(done.error()).c_str());
                return 1;
            }
            if (done && !tell(pipe, {.version = name, .label = me})) {
                return 2;
            }
        }
        return 0;
    });
    const auto storage = tests::open_store(where);
    std::map<std::uint64_t, std::uint64_t> winners;
    for (const auto& all : told) {
        for (const record& each : all) {
            CHECK_MESSAGE(winners.emplace(each.version, each.label).second,
                          "name " << each.version << " was given twice");
        }
    }
    CHECK(winners.size() == names);
    for (const auto& [name, writer] : winners) {
        CHECK(tests::kept(storage, "name-" + std::to_string(name)) == bytes_of(name, writer));
    }
    CHECK(storage.names().value().size() == names);
}

TEST_CASE("eight processes swap one pointer: each state follows one other") {
    constexpr std::uint64_t swaps = 20;
    const auto where = tests::place();
    // The pointer counts; who swaps it has read the number before, so that none is skipped or
    // given twice. A swap of which nobody knows whether it was done, as services under such a rush
    // have them, is told with no label.
    const auto told = raced([&](std::uint64_t me, int pipe) {
        const auto storage = tests::open_store(where);
        for (std::uint64_t done = 0; done != swaps;) {
            const auto read = storage.read_pointer("count");
            if (!read && read.error().code != tintype::errc::not_found) {
                std::fprintf(stderr, "%s\n", tintype::message(read.error()).c_str());
                return 1;
            }
            const std::uint64_t next = read ? read->bytes.size() + 1 : 1;
            const auto put =
                storage.swap_pointer("count", read ? read->tag : "", tests::noise(next));
            const bool unknown = !put && put.error().during == tintype::outcome_unknown;
            if (!put && !unknown && put.error().code != tintype::errc::already_exists) {
                std::fprintf(stderr, "%s\n", tintype::message(put.error()).c_str());
                return 2;
            }
            done += put ? 1 : 0;
            if ((put || unknown) && !tell(pipe, {.version = next, .label = put ? me + 1 : 0})) {
                return 3;
            }
        }
        return 0;
    });
    std::map<std::uint64_t, std::uint64_t> states;
    std::uint64_t unknown = 0;
    for (const auto& all : told) {
        for (const record& each : all) {
            if (each.label == 0) {
                ++unknown;
            } else {
                CHECK(states.emplace(each.version, each.label).second);
            }
        }
    }
    CHECK(states.size() == processes * swaps);
    const auto last = tests::open_store(where).read_pointer("count");
    REQUIRE(last);
    CHECK(last->bytes == tests::noise(last->bytes.size()));
    CHECK(last->bytes.size() >= states.rbegin()->first);
    CHECK(last->bytes.size() <= processes * swaps + unknown);
}
