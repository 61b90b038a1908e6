// Questions to a history, before and after each move to another tier: the answers are those of a
// plain loop over the snapshots.

#include <tintype/delta/store.hpp>
#include <tintype/storage/memory.hpp>

#include "support/histories.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using tests::plain_history;
using tests::said;
using tests::sample;
using tests::sample_at;
using tests::sample_second;
using tests::sample_start;
using tintype::memory_storage;
using tintype::time_range;
using store = tintype::delta_store<sample, memory_storage>;

constexpr auto last_time = std::numeric_limits<std::uint64_t>::max();
constexpr std::chrono::nanoseconds never = std::chrono::nanoseconds::max();

// Forty-five of anything, at times that go forth and back.
plain_history odd_history(std::uint64_t seed) {
    plain_history plain;
    tintype::splitmix64 random{seed};
    sample now = sample_at(0);
    for (std::uint64_t i = 0; i != 45; ++i) {
        plain.add(now);
        now = tests::changed(now, random());
        now = tests::changed(now, random());
        now.timestamp_ns = sample_start + (i + random() % 5) * sample_second;
    }
    return plain;
}

store filled(const plain_history& plain) {
    auto held = store::open(memory_storage{}, "history", {.keyframe_interval = 6}).value();
    for (const auto& [index, snapshot] : plain.kept) {
        REQUIRE(held.append(snapshot));
    }
    return held;
}

// Some of the groups compressed, some in the archive, by time.
void grow_old(store& held, std::uint64_t seconds, std::chrono::nanoseconds raw,
              std::chrono::nanoseconds compressed) {
    const auto outcome =
        held.cleanup(sample_start + seconds * sample_second, {.raw_max_age = raw,
                                                              .compressed_max_age = compressed,
                                                              .archive_max_age = never,
                                                              .archive_block = 14});
    REQUIRE(said(outcome) == "no error");
    CHECK(outcome->damaged == 0);
}

template <class Check>
void in_every_tier(const plain_history& plain, Check check) {
    auto held = filled(plain);
    check(held);
    grow_old(held, 20, 0s, never);
    check(held);
    grow_old(held, 30, 10s, 18s);
    check(held);
    grow_old(held, 100, 0s, 60s);
    check(held);
    grow_old(held, 200, 0s, 0s);
    for (const auto& each : held.entries()) {
        REQUIRE(each.kept_as == tintype::tier::archive);
        REQUIRE(!each.is_delta);
    }
    check(held);
    REQUIRE(held.compact());
    check(held);
}

} // namespace

TEST_CASE("all answers of all tiers are those of a plain loop") {
    for (const std::uint64_t seed : {1U, 2U, 3U}) {
        CAPTURE(seed);
        const auto plain = odd_history(seed);
        in_every_tier(plain, [&](const store& held) {
            CHECK(said(tests::holds(held, plain)) == "as it should be");
            for (const auto& [from, to] : {std::pair{0U, 10U}, std::pair{7U, 7U},
                                           std::pair{12U, 31U}, std::pair{44U, 99U}}) {
                CAPTURE(from);
                const time_range when{sample_start + from * sample_second,
                                      sample_start + to * sample_second};
                for (const std::string& name : tests::sample_names) {
                    CHECK(said(tests::answers(held, plain, name, when)) == "as it should be");
                    CHECK(said(tests::pages(held, plain,
                                            {.time = when, .metric = "metrics." + name})) ==
                          "as it should be");
                    CHECK(said(tests::pages(held, plain,
                                            {.time = when, .label = name, .limit = 2})) ==
                          "as it should be");
                }
            }
        });
    }
}

TEST_CASE("both ends of a time range are in it") {
    plain_history plain;
    for (std::uint64_t i = 0; i != 20; ++i) {
        plain.add(sample_at(i));
    }
    in_every_tier(plain, [&](const store& held) {
        const auto count = [&](std::uint64_t from, std::uint64_t to) {
            return held.query({.time = {from, to}})->snapshots.size();
        };
        const auto at = [](std::uint64_t i) { return sample_start + i * sample_second; };
        CHECK(count(0, last_time) == 20);
        CHECK(count(at(3), at(3)) == 1);
        CHECK(count(at(3), at(12)) == 10);
        CHECK(count(at(3) + 1, at(12) - 1) == 8);
        CHECK(count(at(3) - 1, at(12) + 1) == 10);
        CHECK(count(at(12), at(3)) == 0);
        CHECK(count(at(19), last_time) == 1);
        CHECK(count(at(19) + 1, last_time) == 0);
        CHECK(count(0, at(0)) == 1);
        CHECK(count(0, at(0) - 1) == 0);
        std::vector<std::uint64_t> seen;
        CHECK(held.range({at(5), at(8)},
                         [&](std::uint64_t index, std::uint64_t time, const sample& snapshot) {
                             CHECK(time == at(index));
                             CHECK(snapshot.timestamp_ns == time);
                             seen.push_back(index);
                             return seen.size() != 3;
                         }));
        CHECK(seen == std::vector<std::uint64_t>{5, 6, 7});
        CHECK(held.at(at(7))->timestamp_ns == at(7));
        CHECK(held.at(at(8) - 1)->timestamp_ns == at(7));
        CHECK(held.at(last_time)->timestamp_ns == at(19));
        CHECK(said(held.at(at(0) - 1)) == "not_found in time " + std::to_string(at(0) - 1) + "/0");
    });
}

TEST_CASE("a query filters by label, metric and predicate, from a start, up to a limit") {
    plain_history plain;
    for (std::uint64_t i = 0; i != 30; ++i) {
        auto made = sample_at(i);
        made.fingerprint = i % 3 == 0 ? "third" : "load";
        if (i % 4 != 0) {
            made.metrics.erase("heap");
        }
        plain.add(made);
    }
    in_every_tier(plain, [&](const store& held) {
        const auto count = [&](const tintype::history_query& what) {
            return held.query(what)->snapshots.size();
        };
        CHECK(count({.label = "third"}) == 10);
        CHECK(count({.label = "nobody's"}) == 0);
        CHECK(count({.metric = "metrics.heap"}) == 8);
        CHECK(count({.metric = "metrics.cpu"}) == 30);
        CHECK(count({.metric = "ticks"}) == 30);
        CHECK(count({.metric = "metrics.disk"}) == 0);
        CHECK(count({.label = "third", .metric = "metrics.heap"}) == 3);
        CHECK(count({.limit = 0}) == 0);
        CHECK(count({.limit = 1}) == 1);
        CHECK(count({.limit = 30}) == 30);
        CHECK(count({.start = 30}) == 0);
        CHECK(count({.start = 29}) == 1);
        CHECK(count({.label = "third", .limit = 4, .start = 1}) == 4);
        CHECK(!held.query({.limit = 5})->truncated);
        const auto some = held.query({.limit = 3}, [](const sample& each) {
            return each.timestamp_ns / sample_second % 2 != 0;
        });
        REQUIRE(some->snapshots.size() == 3);
        CHECK(some->snapshots[0].index == 1);
        CHECK(some->snapshots[2].index == 5);
        const auto names = held.metrics(4).value();
        CHECK(std::ranges::find(names, "metrics.heap") != names.end());
        const auto fewer = held.metrics(5).value();
        CHECK(std::ranges::find(fewer, "metrics.heap") == fewer.end());
        CHECK(said(held.metrics(30)) == "out_of_bounds in snapshot 30/30");
    });
}

TEST_CASE("an answer that takes more than it may says where to go on") {
    plain_history plain;
    for (std::uint64_t i = 0; i != 25; ++i) {
        plain.add(sample_at(i));
    }
    in_every_tier(plain, [&](const store& held) {
        const std::uint64_t each = held.raw_size() / 25;
        for (const std::uint64_t bytes : {std::uint64_t{1}, each - 1, each, 2 * each - 1, 2 * each,
                                          2 * each + 1, 24 * each, 25 * each, 26 * each}) {
            CAPTURE(bytes);
            CHECK(said(tests::pages(held, plain, {.bytes = bytes})) == "as it should be");
            CHECK(said(tests::pages(held, plain, {.start = 9, .bytes = bytes})) ==
                  "as it should be");
            CHECK(said(tests::pages(held, plain, {.limit = 3, .bytes = bytes})) ==
                  "as it should be");
            const auto page = held.query({.bytes = bytes}).value();
            CHECK(page.snapshots.size() == std::clamp<std::uint64_t>(bytes / each, 1, 25));
            CHECK(page.truncated == (bytes < 25 * each));
        }
        CHECK(!held.query({.limit = 1, .bytes = 1})->truncated);
    });
    // What the query does not say, the options do.
    const memory_storage storage;
    auto small = store::open(storage, "small", {.query_bytes = 1}).value();
    REQUIRE(small.append(sample_at(0)));
    REQUIRE(small.append(sample_at(1)));
    CHECK(small.query({})->truncated);
    CHECK(small.query({})->resume == 1);
}

TEST_CASE("what lies outside of the range is no change within it") {
    // The second value changes while the clock is elsewhere.
    plain_history plain;
    for (const auto& [second, value] :
         {std::pair{1U, 1.0}, std::pair{50U, 2.0}, std::pair{2U, 2.0}, std::pair{3U, 2.0},
          std::pair{51U, 3.0}, std::pair{52U, 2.0}, std::pair{4U, 2.0}, std::pair{5U, 9.0}}) {
        auto made = sample_at(0);
        made.timestamp_ns = sample_start + second * sample_second;
        made.metrics["cpu"][1] = value;
        made.metrics["cpu"][2] = second; // changes each time
        plain.add(made);
    }
    in_every_tier(plain, [&](const store& held) {
        CHECK(said(tests::answers(held, plain, "cpu",
                                  {sample_start, sample_start + 9 * sample_second})) ==
              "as it should be");
        CHECK(said(tests::answers(held, plain, "cpu",
                                  {sample_start + 9 * sample_second, last_time})) ==
              "as it should be");
    });
}

TEST_CASE("aggregates of what is not there are of nothing") {
    plain_history plain;
    for (std::uint64_t i = 0; i != 9; ++i) {
        plain.add(sample_at(i));
    }
    in_every_tier(plain, [&](const store& held) {
        const std::vector<double> quantiles{0.5, -1, 2, std::numeric_limits<double>::quiet_NaN()};
        for (const std::string metric : {"metrics.disk", "notes.host", "", "metrics"}) {
            CAPTURE(metric);
            const auto none = held.aggregate(metric, {}, quantiles).value();
            CHECK(none.all.count == 0);
            CHECK(std::isnan(none.all.mean()));
            REQUIRE(none.quantiles.size() == 4);
            CHECK(std::isnan(none.quantiles[0]));
            CHECK(held.changes(metric)->empty());
        }
        const auto some = held.aggregate("metrics.cpu", {}, quantiles).value();
        CHECK(some.all.count == 9 * 12);
        CHECK(std::isnan(some.quantiles[1]));
        CHECK(std::isnan(some.quantiles[2]));
        CHECK(std::isnan(some.quantiles[3]));
        // Of integers and truth values too.
        CHECK(held.aggregate("good")->all.sum == 9);
        CHECK(held.aggregate("ticks")->all.count == 27);
        CHECK(held.changes("ticks")->size() > 9);
        CHECK(held.changes("timestamp_ns")->size() == 9);
        CHECK(held.changes("timestamp_ns")->back().bits == sample_at(8).timestamp_ns);
    });
}
