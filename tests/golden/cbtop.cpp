// Snapshots with the checksums that cbtop itself worked out: the same come out here, and a history
// is told the same.

#include <tintype/codec/json.hpp>
#include <tintype/core/identical.hpp>
#include <tintype/formats/cbtop.hpp>
#include <tintype/hash/hex.hpp>

#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#ifndef TINTYPE_GOLDEN
#error "define TINTYPE_GOLDEN as the path of tests/golden"
#endif

namespace {

using namespace tintype::cbtop;
using tests::said;

// What checksums.json holds.
struct golden_metric {
    BOOST_HANA_DEFINE_STRUCT(golden_metric, (std::string, name),
                             (std::vector<std::uint64_t>, timestamps),
                             (std::vector<std::string>, value_bits));
};

struct golden_snapshot {
    BOOST_HANA_DEFINE_STRUCT(golden_snapshot, (std::uint32_t, checksum), (std::uint64_t, index),
                             (std::vector<golden_metric>, metrics), (std::uint64_t, timestamp_ns));
};

profile_snapshot made_of(const golden_snapshot& golden) {
    profile_snapshot made{.index = golden.index,
                          .timestamp_ns = golden.timestamp_ns,
                          .workload_fingerprint = {},
                          .metrics = {},
                          .metadata = {},
                          .checksum = golden.checksum};
    for (const golden_metric& each : golden.metrics) {
        metric_data& metric = made.metrics[each.name];
        metric.name = each.name;
        metric.timestamps = each.timestamps;
        for (const std::string& text : each.value_bits) {
            const auto bits = tintype::from_hex<std::uint64_t>(text);
            REQUIRE(bits);
            metric.values.push_back(std::bit_cast<double>(*bits));
        }
        CHECK(metric.values.size() == metric.timestamps.size());
    }
    CHECK(made.metrics.size() == golden.metrics.size());
    return made;
}

std::vector<profile_snapshot> golden_snapshots() {
    const auto text = tests::file_bytes(TINTYPE_GOLDEN "/cbtop/checksums.json");
    const auto golden = tintype::decode<tintype::json<>, std::vector<golden_snapshot>>(text);
    REQUIRE(said(golden) == "no error");
    std::vector<profile_snapshot> made;
    for (const golden_snapshot& each : *golden) {
        made.push_back(made_of(each));
    }
    return made;
}

} // namespace

TEST_CASE("golden: cbtop's checksums are worked out the same") {
    const auto all = golden_snapshots();
    REQUIRE(all.size() == 8);
    for (const profile_snapshot& each : all) {
        CAPTURE(each.index);
        CHECK(checksum_of(each) == each.checksum);
        using traits = tintype::snapshot_traits<profile_snapshot>;
        CHECK(traits::checksum(each, each.index) == each.checksum);
        // At another index, in what is more than 32 bits of one, and of another time.
        CHECK(checksum_of(each, each.index + 1) != each.checksum);
        CHECK(checksum_of(each, each.index | std::uint64_t{1} << 32U) == each.checksum);
        auto other = each;
        ++other.timestamp_ns;
        CHECK(checksum_of(other) != each.checksum);
        // Nor does what the original leaves out change it.
        other = each;
        other.workload_fingerprint = "another";
        other.metadata["host"] = "another";
        for (auto& metric : other.metrics) {
            metric.second.timestamps.clear();
        }
        CHECK(checksum_of(other) == each.checksum);
    }
}

TEST_CASE("golden: one of cbtop's snapshots comes back from a delta to any other") {
    const auto all = golden_snapshots();
    for (const profile_snapshot& base : all) {
        for (const profile_snapshot& each : all) {
            const auto delta = make_delta(base, each);
            CHECK(delta.checksum == each.checksum);
            const auto back = apply_delta(base, delta);
            REQUIRE(said(back) == "no error");
            CHECK(tintype::identical(*back, each));
        }
    }
}
