// Threads that share one manager of a chain, each with a store of its own: what is const may be
// called from all of them at once.

#include <tintype/storage/memory.hpp>

#include "chain_labelled.hpp"
#include "support/scratch.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

// What went wrong in a thread: doctest is asked afterwards, on one.
class findings {
public:
    void complain(const std::string& what) {
        const std::scoped_lock guard{mutex_};
        all_.push_back(what);
    }

    [[nodiscard]] std::string first() const { return all_.empty() ? "" : all_.front(); }

private:
    std::mutex mutex_;
    std::vector<std::string> all_;
};

template <class Manager>
void work(const Manager& shared, std::uint32_t thread, std::uint32_t count, findings& found,
          std::map<std::string, std::uint32_t>& told) {
    tests::labelled_store store;
    tintype::splitmix64 random{thread};
    for (std::uint32_t i = 0; i != count; ++i) {
        const std::uint32_t label = thread * 1000 + i;
        std::string taken;
        if (const auto wrong = tests::work_on_chain(shared, store, label, true, random, taken)) {
            return found.complain(*wrong);
        }
        told.emplace(taken, label);
        const std::string id = tests::any_of(shared, random);
        tests::labelled_store restored;
        if (shared.restore(restored, id) && restored.side().label / 1000 > 4) {
            return found.complain("something else was restored");
        }
        if (i % 8 == 0) {
            const auto verified = shared.verify();
            if (!verified || !verified->bad.empty()) {
                return found.complain("verify: " + tintype::message(verified ? verified->bad[0].what
                                                                             : verified.error()));
            }
            if (const auto planned = shared.plan(); !planned) {
                return found.complain("plan: " + tintype::message(planned.error()));
            }
            if (const auto pruned = shared.prune(); !pruned || !pruned->failures.empty()) {
                return found.complain("prune");
            }
        }
    }
}

template <class Manager>
void four_threads(const Manager& shared, std::uint32_t count) {
    findings found;
    std::vector<std::map<std::string, std::uint32_t>> told(4);
    {
        std::vector<std::jthread> threads;
        for (std::uint32_t i = 0; i != 4; ++i) {
            threads.emplace_back([&, i] { work(shared, i + 1, count, found, told[i]); });
        }
    }
    CHECK(found.first() == "");
    std::map<std::string, std::uint32_t> ids;
    for (const auto& each : told) {
        CHECK(each.size() == count);
        for (const auto& [id, label] : each) {
            CHECK(ids.emplace(id, label).second);
        }
    }
    const auto listed = shared.list().value();
    CHECK(!listed.snapshots.empty());
    CHECK(listed.damaged.empty());
    for (const auto& each : listed.snapshots) {
        REQUIRE(ids.contains(each.id));
        const auto wrong = tests::wrong_with(shared, each.id, ids.at(each.id));
        CHECK_MESSAGE(!wrong, wrong.value_or(""));
    }
    CHECK(shared.verify().value().bad.empty());
    CHECK(shared.storage().names().value().size() == 2 * listed.snapshots.size());
}

} // namespace

TEST_CASE("four threads share a chain in a folder") {
    const tests::scratch folder;
    const auto manager = tests::chain_of_labelled<tintype::keep_last>::open(
        tintype::directory{folder / "chain"}, tintype::keep_last{4}, {.most_links = 6});
    REQUIRE(manager.has_value());
    four_threads(*manager, 30);
}

TEST_CASE("four threads share a chain in memory") {
    using manager_type =
        tintype::chain_manager<tests::labelled_store, tintype::memory_storage,
                               tintype::chain_columns, tintype::crc32c, tintype::keep_last>;
    const auto manager =
        manager_type::open(tintype::memory_storage{}, tintype::keep_last{4}, {.most_links = 6});
    REQUIRE(manager.has_value());
    four_threads(*manager, 200);
}
