// cbtop's types and what a history asks of them: sizes and checksums held against the definitions,
// the defaults, and the traits.

#include <tintype/core/identical.hpp>
#include <tintype/delta/leaf.hpp>
#include <tintype/formats/cbtop.hpp>
#include <tintype/hash/crc32c.hpp>

#include "cbtop_snapshots.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace tintype::cbtop;
using tests::f64_of;
using tests::metric_of;
using tests::snapshot_of;
using traits = tintype::snapshot_traits<profile_snapshot>;

static_assert(max_query_memory_bytes == 50 * 1024 * 1024);
static_assert(keyframe_interval == 10 && verify_checksums);
static_assert(raw_max_age == std::chrono::hours{24});
static_assert(compressed_max_age == std::chrono::hours{30 * 24});
static_assert(archive_max_age == std::chrono::hours{365 * 24});

// The types of the members, beside their names that the header pins.
static_assert(std::same_as<tintype::named_member_type<profile_snapshot, "metrics">,
                           std::map<std::string, metric_data>>);
static_assert(std::same_as<tintype::named_member_type<profile_snapshot, "metadata">,
                           std::map<std::string, std::string>>);
static_assert(
    std::same_as<tintype::named_member_type<profile_snapshot, "checksum">, std::uint32_t>);
static_assert(std::same_as<tintype::named_member_type<index_entry, "base_index">,
                           std::optional<std::uint64_t>>);

// A history sees the values as one run of numbers.
static_assert(tintype::detail::leaf_shape_v<std::vector<double>> ==
              tintype::detail::leaf_shape::run);
static_assert(tintype::detail::leaf_shape_v<metric_map> == tintype::detail::leaf_shape::keyed);

// As the checksum is defined, a word at a time, with the names in the order of their bytes made
// here.
std::uint32_t defined_checksum(const profile_snapshot& snapshot) {
    const auto before = [](const std::string& a, const std::string& b) {
        for (std::size_t i = 0; i != a.size() && i != b.size(); ++i) {
            if (a[i] != b[i]) {
                return static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[i]);
            }
        }
        return a.size() < b.size();
    };
    std::vector<std::string> names;
    for (const auto& each : snapshot.metrics) {
        names.push_back(each.first);
    }
    std::ranges::sort(names, before);
    auto sum = static_cast<std::uint32_t>(snapshot.index);
    const auto word = [&](std::uint64_t next) {
        sum = sum * 31 + static_cast<std::uint32_t>(next);
    };
    word(snapshot.timestamp_ns);
    for (const std::string& name : names) {
        for (const char each : name) {
            word(static_cast<unsigned char>(each));
        }
        for (const double each : snapshot.metrics.at(name).values) {
            const auto bits = std::bit_cast<std::uint64_t>(each);
            word(bits >> 32U);
            word(bits);
        }
    }
    return sum;
}

} // namespace

TEST_CASE("cbtop: the checksum of nothing is the index and the time") {
    profile_snapshot snapshot{};
    CHECK(checksum_of(snapshot) == 0);
    snapshot.index = 3;
    snapshot.timestamp_ns = 5;
    CHECK(checksum_of(snapshot) == 3 * 31 + 5);
    CHECK(checksum_of(snapshot, 4) == 4 * 31 + 5);
    snapshot.index |= std::uint64_t{7} << 32U;
    snapshot.timestamp_ns |= std::uint64_t{7} << 32U;
    CHECK(checksum_of(snapshot) == 3 * 31 + 5);
}

TEST_CASE("cbtop: the checksum is the definition's, whatever the names and bits") {
    for (std::uint64_t seed = 0; seed != 200; ++seed) {
        CAPTURE(seed);
        const auto snapshot = tests::odd_snapshot(seed);
        CHECK(checksum_of(snapshot) == defined_checksum(snapshot));
        CHECK(snapshot.checksum == defined_checksum(snapshot));
    }
}

TEST_CASE("cbtop: the checksum goes by the key, and tells bits apart that compare equal") {
    auto snapshot = snapshot_of(1, {metric_of("cpu", {0.0, f64_of(0x7ff8'0000'0000'0000U)})});
    const auto whole = checksum_of(snapshot);
    auto& metric = snapshot.metrics.at("cpu");
    metric.name = "another";
    CHECK(checksum_of(snapshot) == whole);
    metric.values[0] = -0.0;
    CHECK(checksum_of(snapshot) != whole);
    metric.values[0] = 0.0;
    metric.values[1] = f64_of(0x7ff8'0000'0000'0001U);
    CHECK(checksum_of(snapshot) != whole);
}

TEST_CASE("cbtop: sizes are counted as the original counts them") {
    CHECK(size_of(metric_data{}) == 0);
    CHECK(size_of(metric_of("cpu", {1, 2, 3}, {4, 5})) == 3 + 24 + 16);

    delta_metric delta{};
    CHECK(size_of(delta) == 16);
    delta.name = "cpu";
    delta.changed_indices = {1, 2};
    delta.changed_values = {1.0, 2.0};
    CHECK(size_of(delta) == 3 + 16 + 16 + 16);
    delta.timestamps.emplace();
    CHECK(size_of(delta) == 3 + 16 + 16 + 16);
    delta.timestamps->resize(5);
    CHECK(size_of(delta) == 3 + 16 + 16 + 16 + 40);

    CHECK(size_of(profile_snapshot{}) == 24);
    const auto snapshot = snapshot_of(1, {metric_of("cpu", {1, 2}, {3, 4}), metric_of("heap", {})},
                                      {{"host", "a"}, {"", "xy"}});
    CHECK(size_of(snapshot) == 24 + 4 + (3 + 32) + 4 + (4 + 1) + 2);
    CHECK(traits::size(snapshot) == size_of(snapshot));

    delta_snapshot change{};
    CHECK(size_of(change) == 24);
    change.workload_fingerprint = "load";
    change.deltas["cpu"] = delta;
    change.new_metrics["heap"] = metric_of("heap", {1.0}, {2});
    change.removed_metrics = {"io", "network"};
    CHECK(size_of(change) == 24 + 4 + 91 + (4 + 16) + 2 + 7);
    change.metadata.emplace();
    CHECK(size_of(change) == 24 + 4 + 91 + (4 + 16) + 2 + 7);
    change.metadata->emplace("host", "a");
    CHECK(size_of(change) == 24 + 4 + 91 + (4 + 16) + 2 + 7 + 5);
}

TEST_CASE("cbtop: a history finds the time, the fingerprint, and metrics by their names") {
    const auto snapshot = snapshot_of(9, {metric_of("cpu", {1.0}, {2})});
    CHECK(traits::time(snapshot) == snapshot.timestamp_ns);
    CHECK(traits::label(snapshot) == "load");
    CHECK(traits::metric("cpu") == "metrics.cpu.values");
    CHECK(traits::metric("a.b") == "metrics.a.b.values");
    CHECK(traits::checksum(snapshot, 9) == snapshot.checksum);
    CHECK(traits::checksum(snapshot, 10) != snapshot.checksum);
}

TEST_CASE("cbtop: a snapshot that is read has the index and the checksum that the history says") {
    const auto appended = snapshot_of(0, {metric_of("cpu", {1.0}, {2})}, {{"host", "a"}});
    auto read = appended;
    const auto sum = traits::checksum(read, 12);
    traits::stamp(read, 12, sum);
    CHECK(read.index == 12);
    CHECK(read.checksum == checksum_of(read));
    // And is otherwise as it was.
    read.index = appended.index;
    read.checksum = appended.checksum;
    CHECK(tintype::identical(read, appended));
}
