// Threads that share one manager: everything that is const may be called from all of them at once.

#include <tintype/hash/crc32c.hpp>

#include "labelled.hpp"
#include "support/scratch.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

namespace {

using tests::label_of;
using tests::labelled;

// What went wrong in a thread, counted: doctest is asked afterwards, on one.
struct findings {
    std::atomic<int> failed_saves = 0;
    std::atomic<int> failed_loads = 0;
    std::atomic<int> torn = 0;
    std::atomic<int> backwards = 0;
    std::atomic<int> damaged = 0;
    std::atomic<int> failed_others = 0;
};

template <class Manager>
void work(const Manager& shared, std::uint64_t thread, std::uint64_t saves, findings& found,
          std::vector<tests::record>& told) {
    std::uint64_t newest = 0;
    const auto look = [&](const auto& latest) {
        if (!latest) {
            ++found.failed_loads;
            return;
        }
        found.torn += label_of(latest->state) ? 0 : 1;
        found.backwards += latest->version < newest ? 1 : 0;
        newest = latest->version;
    };
    for (std::uint64_t i = 0; i != saves; ++i) {
        const std::uint64_t label = (thread + 1) * 1000 + i;
        const auto saved = shared.save(labelled(label));
        if (!saved || !saved->cleanup.failures.empty()) {
            ++found.failed_saves;
            continue;
        }
        told.push_back({saved->version, label});
        look(shared.load_latest());
        look(shared.load_latest_valid());
        const auto listed = shared.list();
        found.failed_others += listed && !listed->empty() ? 0 : 1;
        const auto checked = shared.verify();
        if (!checked) {
            ++found.failed_others;
        } else {
            found.damaged += static_cast<int>(checked->bad.size());
        }
        const auto cleanup = shared.prune();
        found.failed_others += cleanup && cleanup->failures.empty() ? 0 : 1;
    }
}

template <class Manager>
void four_threads(const Manager& shared, std::uint64_t saves, std::size_t keep) {
    findings found;
    std::vector<std::vector<tests::record>> told(4);
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i != told.size(); ++i) {
            threads.emplace_back([&, i] { work(shared, i, saves, found, told[i]); });
        }
    }
    CHECK(found.failed_saves.load() == 0);
    CHECK(found.failed_loads.load() == 0);
    CHECK(found.torn.load() == 0);
    CHECK(found.backwards.load() == 0);
    CHECK(found.damaged.load() == 0);
    CHECK(found.failed_others.load() == 0);
    std::map<std::uint64_t, std::uint64_t> labels;
    for (const auto& each : told) {
        CHECK(std::ranges::is_sorted(each, {}, &tests::record::version));
        for (const tests::record& one : each) {
            CHECK(labels.emplace(one.version, one.label).second);
        }
    }
    REQUIRE(labels.size() == 4 * saves);
    CHECK(labels.begin()->first == 1);
    CHECK(labels.rbegin()->first == 4 * saves);
    const auto left = shared.versions().value();
    CHECK(left.size() == keep);
    for (const std::uint64_t version : left) {
        CHECK(label_of(shared.load(version).value().state) == labels.at(version));
    }
}

} // namespace

TEST_CASE("four threads share a manager of a folder") {
    const tests::scratch folder;
    const auto manager = tests::racing_manager<tintype::keep_last>::open(
        tintype::directory{folder / "snapshots"}, tintype::keep_last{3});
    REQUIRE(manager.has_value());
    four_threads(*manager, 60, 3);
}

TEST_CASE("four threads share a manager that keeps digests and one version") {
    const tests::scratch folder;
    const auto manager = tests::racing_manager<tintype::keep_last, tintype::crc32c>::open(
        tintype::directory{folder / "snapshots"}, tintype::keep_last{1});
    REQUIRE(manager.has_value());
    four_threads(*manager, 40, 1);
}
