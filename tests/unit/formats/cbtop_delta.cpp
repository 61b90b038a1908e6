// cbtop's own delta: everything comes back to the last bit, a metric is a delta only where that is
// smaller, and what is no delta of its base is refused by name.

#include <tintype/core/identical.hpp>
#include <tintype/core/mix.hpp>
#include <tintype/formats/cbtop.hpp>

#include "cbtop_snapshots.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace tintype::cbtop;
using tests::f64_of;
using tests::metric_of;
using tests::said;
using tests::snapshot_of;

std::vector<double> ones(std::size_t count) {
    return std::vector<double>(count, 1.0);
}

void comes_back(const profile_snapshot& base, const profile_snapshot& next) {
    const auto delta = make_delta(base, next);
    const auto back = apply_delta(base, delta);
    REQUIRE(said(back) == "no error");
    CHECK(tintype::identical(*back, next));
    for (const auto& [name, metric] : delta.deltas) {
        CHECK(size_of(metric) < size_of(next.metrics.at(name)));
    }
}

const metric_data base_metric = metric_of("cpu", {1, 2, 3, 4, 5, 6, 7, 8}, {1, 2, 3});

delta_metric good_delta() {
    return {.name = "cpu",
            .base_len = 8,
            .new_len = 10,
            .changed_indices = {0, 7, 8, 9},
            .changed_values = {-1, -8, -9, -10},
            .timestamps = std::nullopt};
}

template <class Spoil>
std::string refused(Spoil spoil) {
    auto delta = good_delta();
    spoil(delta);
    return said(apply_delta(base_metric, delta));
}

// A change of each sort: one by its delta, one whole, one new, one gone.
profile_snapshot base_snapshot() {
    return snapshot_of(10, {metric_of("cpu", ones(20), {1, 2}), metric_of("gone", ones(2)),
                            metric_of("heap", {1.0}), metric_of("same", ones(5), {7})});
}

profile_snapshot next_snapshot() {
    auto cpu = ones(20);
    cpu[3] = 2.0;
    return snapshot_of(13,
                       {metric_of("cpu", cpu, {1, 2}), metric_of("heap", {2.0}),
                        metric_of("new", {3.0}, {4}), metric_of("same", ones(5), {7})},
                       {{"host", "a"}});
}

template <class Spoil>
std::string refused_snapshot(Spoil spoil) {
    auto delta = make_delta(base_snapshot(), next_snapshot());
    spoil(delta);
    return said(apply_delta(base_snapshot(), delta));
}

} // namespace

TEST_CASE("cbtop: a delta holds what changed and nothing else") {
    const auto delta = make_delta(base_snapshot(), next_snapshot());
    CHECK(delta.index == 13);
    CHECK(delta.base_index == 10);
    CHECK(delta.timestamp_ns == next_snapshot().timestamp_ns);
    CHECK(delta.workload_fingerprint == "load");
    CHECK(delta.checksum == next_snapshot().checksum);
    REQUIRE(delta.deltas.size() == 1);
    const auto& cpu = delta.deltas.at("cpu");
    CHECK(cpu.base_len == 20);
    CHECK(cpu.new_len == 20);
    CHECK(cpu.changed_indices == std::vector<std::uint64_t>{3});
    CHECK(cpu.changed_values == std::vector<double>{2.0});
    CHECK(!cpu.timestamps);
    REQUIRE(delta.new_metrics.size() == 2);
    CHECK(delta.new_metrics.contains("heap")); // 4 + 8 bytes whole, 4 + 16 + 16 as a delta
    CHECK(delta.new_metrics.contains("new"));
    CHECK(delta.removed_metrics == std::vector<std::string>{"gone"});
    REQUIRE(delta.metadata);
    CHECK(*delta.metadata == metadata_map{{"host", "a"}});
    comes_back(base_snapshot(), next_snapshot());
    comes_back(next_snapshot(), base_snapshot());
}

TEST_CASE("cbtop: a delta to the same is empty") {
    const auto delta = make_delta(base_snapshot(), base_snapshot());
    CHECK(delta.deltas.empty());
    CHECK(delta.new_metrics.empty());
    CHECK(delta.removed_metrics.empty());
    CHECK(!delta.metadata);
    CHECK(size_of(delta) == 28);
    comes_back(base_snapshot(), base_snapshot());
    comes_back(profile_snapshot{}, profile_snapshot{});
    comes_back(profile_snapshot{}, base_snapshot());
    const auto emptied = snapshot_of(11, {});
    comes_back(base_snapshot(), emptied);
}

TEST_CASE("cbtop: a metric is a delta exactly where that is smaller") {
    for (std::size_t count = 0; count <= 40; ++count) {
        const auto base = metric_of("cpu", ones(count), std::vector<std::uint64_t>(count));
        for (std::size_t changes = 0; changes <= count; ++changes) {
            auto next = base;
            for (std::size_t i = 0; i != changes; ++i) {
                next.values[count - 1 - i] = 2.0;
            }
            const std::size_t as_delta = 3 + 16 + 16 * changes;
            const std::size_t whole = 3 + 16 * count;
            const auto delta = make_delta(base, next);
            CHECK(delta.has_value() == (as_delta < whole));
            if (delta) {
                CHECK(size_of(*delta) == as_delta);
                CHECK(tintype::identical(*apply_delta(base, *delta), next));
            }
        }
    }
    // Timestamps that changed are in the bill.
    const auto base = metric_of("cpu", ones(10), std::vector<std::uint64_t>(10));
    for (std::size_t changes = 0; changes != 10; ++changes) {
        auto next = base;
        next.timestamps[4] = 1;
        for (std::size_t i = 0; i != changes; ++i) {
            next.values[i] = 2.0;
        }
        const auto delta = make_delta(base, next);
        CHECK(delta.has_value() == (16 + 16 * changes + 80 < 160));
        if (delta) {
            CHECK(tintype::identical(*apply_delta(base, *delta), next));
        }
    }
}

TEST_CASE("cbtop: runs of every length become runs of every other") {
    for (std::size_t before = 0; before <= 20; ++before) {
        for (std::size_t after = 0; after <= 20; ++after) {
            const auto stamps = std::vector<std::uint64_t>(64, 5);
            const auto base = metric_of("cpu", ones(before), stamps);
            auto next = metric_of("cpu", ones(after), stamps);
            if (after != 0) {
                next.values.back() = 0.0; // what a vector grows by must be said all the same
            }
            const auto delta = make_delta(base, next);
            REQUIRE(delta);
            CHECK(delta->base_len == before);
            CHECK(delta->new_len == after);
            const auto back = apply_delta(base, *delta);
            REQUIRE(said(back) == "no error");
            CHECK(tintype::identical(*back, next));
        }
    }
}

TEST_CASE("cbtop: what differs in bits alone comes back") {
    const std::uint64_t nan = 0x7ff8'0000'0000'0000U;
    const std::vector<std::pair<double, double>> pairs{
        {0.0, -0.0},
        {-0.0, 0.0},
        {f64_of(nan), f64_of(nan + 1)},
        {f64_of(nan), f64_of(nan | std::uint64_t{1} << 63U)},
        {f64_of(0x7ff0'0000'0000'0001U), f64_of(nan)},
        {1.0, f64_of(nan)},
        {1.0, 1.0 + std::numeric_limits<double>::epsilon()},
        {1.0, 1.0 + 1e-10},
        {0.0, std::numeric_limits<double>::denorm_min()},
    };
    for (const auto& [before, after] : pairs) {
        auto values = ones(16);
        values[9] = before;
        const auto base = snapshot_of(1, {metric_of("cpu", values, {1})});
        values[9] = after;
        const auto next = snapshot_of(2, {metric_of("cpu", values, {1})});
        const auto delta = make_delta(base, next);
        REQUIRE(delta.deltas.contains("cpu"));
        CHECK(delta.deltas.at("cpu").changed_indices == std::vector<std::uint64_t>{9});
        comes_back(base, next);
    }
}

TEST_CASE(
    "cbtop: timestamps, names and metadata come back, and are absent where they are as before") {
    const auto base =
        snapshot_of(1, {metric_of("cpu", ones(30), {1, 2, 3})}, {{"host", "a"}, {"core", "0"}});
    auto next = base;
    next.metrics.at("cpu").timestamps = {1, 2};
    comes_back(base, next);
    CHECK(make_delta(base, next).deltas.at("cpu").timestamps == std::vector<std::uint64_t>{1, 2});
    next.metrics.at("cpu").timestamps.clear();
    comes_back(base, next);
    CHECK(make_delta(base, next).deltas.at("cpu").timestamps == std::vector<std::uint64_t>{});
    next = base;
    next.metrics.at("cpu").name = "another than the key";
    comes_back(base, next);
    next = base;
    next.metadata.clear();
    comes_back(base, next);
    CHECK(make_delta(base, next).metadata == metadata_map{});
    next.metadata = {{"host", std::string("\0", 1)}};
    comes_back(base, next);
    next = base;
    next.workload_fingerprint.clear();
    comes_back(base, next);
    CHECK(!make_delta(base, next).metadata);
}

TEST_CASE("cbtop: any snapshot comes back from a delta to any other") {
    for (std::uint64_t seed = 0; seed != 150; ++seed) {
        CAPTURE(seed);
        const auto base = tests::odd_snapshot(seed);
        comes_back(base, tests::changed(base, seed + 1'000));
        comes_back(base, tests::odd_snapshot(seed + 2'000));
    }
}

TEST_CASE("cbtop: a delta carries the checksum that belongs to the snapshot") {
    auto next = next_snapshot();
    const auto right = next.checksum;
    next.checksum = 0;
    const auto delta = make_delta(base_snapshot(), next);
    CHECK(delta.checksum == right);
    const auto back = apply_delta(base_snapshot(), delta);
    REQUIRE(said(back) == "no error");
    CHECK(back->checksum == right);
}

TEST_CASE("cbtop: what is no delta of a metric is refused, before it takes memory") {
    constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
    CHECK(refused([](delta_metric&) {}) == "no error");
    CHECK(refused([](delta_metric& d) { d.base_len = 9; }) == "invalid_value in cpu.base_len 9/8");
    CHECK(refused([](delta_metric& d) { d.changed_values.pop_back(); }) ==
          "invalid_value in cpu.changed_values 3/4");
    CHECK(refused([](delta_metric& d) { d.changed_values.push_back(1); }) ==
          "invalid_value in cpu.changed_values 5/4");
    CHECK(refused([](delta_metric& d) { d.new_len = 9; }) ==
          "out_of_bounds in cpu.changed_indices 9/9");
    CHECK(refused([](delta_metric& d) { d.new_len = 11; }) == "invalid_value in cpu.new_len 11/10");
    CHECK(refused([&](delta_metric& d) { d.new_len = most; }) ==
          "invalid_value in cpu.new_len 18446744073709551615/10");
    CHECK(refused([](delta_metric& d) { d.changed_indices[1] = 0; }) ==
          "invalid_value in cpu.changed_indices 0/1");
    CHECK(refused([](delta_metric& d) { std::swap(d.changed_indices[0], d.changed_indices[1]); }) ==
          "invalid_value in cpu.changed_indices 0/8");
    CHECK(refused([](delta_metric& d) { d.changed_indices[3] = 10; }) ==
          "out_of_bounds in cpu.changed_indices 10/10");
    CHECK(refused([&](delta_metric& d) { d.changed_indices[3] = most; }) ==
          "out_of_bounds in cpu.changed_indices 18446744073709551615/10");
    CHECK(refused([&](delta_metric& d) {
              d.new_len = most;
              d.changed_indices[3] = most - 1;
          }) == "invalid_value in cpu.new_len 18446744073709551615/10");
    // A run that became shorter names nothing behind its end.
    CHECK(refused([](delta_metric& d) { d.new_len = 0; }) ==
          "out_of_bounds in cpu.changed_indices 0/0");
    CHECK(refused([](delta_metric& d) {
              d.new_len = 0;
              d.changed_indices.clear();
              d.changed_values.clear();
          }) == "no error");
}

TEST_CASE("cbtop: what is no delta of a snapshot is refused by name") {
    CHECK(refused_snapshot([](delta_snapshot&) {}) == "no error");
    CHECK(refused_snapshot([](delta_snapshot& d) { d.base_index = 11; }) ==
          "invalid_value in base_index 11/10");
    CHECK(refused_snapshot([](delta_snapshot& d) { d.removed_metrics.emplace_back("none"); }) ==
          "not_found in none 0/0");
    CHECK(refused_snapshot([](delta_snapshot& d) { d.removed_metrics.emplace_back("gone"); }) ==
          "not_found in gone 0/0");
    CHECK(refused_snapshot([](delta_snapshot& d) { d.removed_metrics.emplace_back("new"); }) ==
          "duplicate in new 0/0");
    CHECK(refused_snapshot([](delta_snapshot& d) { d.removed_metrics.emplace_back("cpu"); }) ==
          "duplicate in cpu 0/0");
    CHECK(refused_snapshot([](delta_snapshot& d) { d.new_metrics["cpu"] = {}; }) ==
          "duplicate in cpu 0/0");
    CHECK(refused_snapshot([](delta_snapshot& d) { d.deltas["none"] = good_delta(); }) ==
          "not_found in none 0/0");
    CHECK(refused_snapshot([](delta_snapshot& d) { d.deltas.at("cpu").base_len = 1; }) ==
          "invalid_value in cpu.base_len 1/20");
}

TEST_CASE("cbtop: what comes out is held against the checksum that was taken") {
    const std::uint32_t right = next_snapshot().checksum;
    const auto mismatch = [&](std::uint32_t stored, std::uint32_t computed) {
        return "checksum_mismatch in checksum " + std::to_string(stored) + "/" +
               std::to_string(computed);
    };
    CHECK(refused_snapshot([](delta_snapshot& d) { d.checksum ^= 1U; }) ==
          mismatch(right ^ 1U, right));
    auto other = next_snapshot();
    other.metrics.at("cpu").values[3] = -2.0;
    CHECK(refused_snapshot([](delta_snapshot& d) {
              d.deltas.at("cpu").changed_values[0] = -2.0;
          }) == mismatch(right, checksum_of(other)));
    other = next_snapshot();
    ++other.timestamp_ns;
    CHECK(refused_snapshot([](delta_snapshot& d) { ++d.timestamp_ns; }) ==
          mismatch(right, checksum_of(other)));
    // A base that is not the one that the delta was taken from.
    auto base = base_snapshot();
    base.metrics.at("same").values[0] = 5.0;
    other = next_snapshot();
    other.metrics.at("same").values[0] = 5.0;
    CHECK(said(apply_delta(base, make_delta(base_snapshot(), next_snapshot()))) ==
          mismatch(right, checksum_of(other)));
}
