// What a history asks of a type: what is worked out for a described struct, and what a type may say
// itself, cbtop's snapshots as the example.

#include <tintype/delta/snapshot.hpp>
#include <tintype/delta/store.hpp>
#include <tintype/formats/cbtop.hpp>
#include <tintype/storage/memory.hpp>

#include "support/said.hpp"
#include "unit/formats/cbtop_snapshots.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace std::chrono_literals;
using tests::said;
using tintype::memory_storage;
using tintype::snapshot_traits;
using tintype::cbtop::profile_snapshot;
using profiles = tintype::delta_store<profile_snapshot, memory_storage>;

struct timed {
    BOOST_HANA_DEFINE_STRUCT(timed, (std::int64_t, timestamp_ns), (std::string, fingerprint),
                             (std::string, workload_fingerprint));
};

struct shorter {
    BOOST_HANA_DEFINE_STRUCT(shorter, (std::uint32_t, timestamp_ns), (std::uint64_t, fingerprint));
};

struct printed {
    BOOST_HANA_DEFINE_STRUCT(printed, (std::string, fingerprint));
};

static_assert(tintype::snapshot_type<timed>);
static_assert(tintype::snapshot_type<shorter>);
static_assert(tintype::snapshot_type<profile_snapshot>);
static_assert(!tintype::snapshot_type<int>);
static_assert(!tintype::detail::has_snapshot_checksum<timed>);
static_assert(!tintype::detail::has_snapshot_size<timed>);
static_assert(!tintype::detail::stamped_snapshot<timed>);
static_assert(tintype::detail::has_snapshot_checksum<profile_snapshot>);
static_assert(tintype::detail::has_snapshot_size<profile_snapshot>);
static_assert(tintype::detail::stamped_snapshot<profile_snapshot>);

std::vector<profile_snapshot> odd_profiles(std::uint64_t seed) {
    std::vector<profile_snapshot> all{tests::odd_snapshot(seed)};
    for (std::uint64_t i = 0; i != 24; ++i) {
        all.push_back(i % 8 == 7 ? tests::odd_snapshot(seed + i)
                                 : tests::changed(all.back(), seed + i));
    }
    for (std::size_t i = 0; i != all.size(); ++i) {
        all[i].timestamp_ns = i;
    }
    return all;
}

// The index and the checksum are the history's; all else is as it was.
void same(const profiles& held, const std::vector<profile_snapshot>& all) {
    auto at = held.read();
    REQUIRE(said(at.seek(0)) == "no error");
    for (std::size_t i = 0; i != all.size(); ++i) {
        auto wanted = all[i];
        wanted.index = i;
        wanted.checksum = checksum_of(wanted);
        CHECK(at.entry().facts.checksum == wanted.checksum);
        CHECK(at.entry().facts.size == size_of(wanted));
        CHECK(tintype::identical(at.snapshot(), wanted));
        CHECK(tintype::identical(held.get(i).value(), wanted));
        CHECK(at.next().value() == (i + 1 != all.size()));
    }
    for (std::size_t i = all.size() - 1; i != 0; --i) {
        REQUIRE(at.back().value());
        CHECK(at.snapshot().index == i - 1);
        CHECK(at.snapshot().checksum == checksum_of(at.snapshot()));
    }
}

} // namespace

TEST_CASE("time and label are members of the names that are looked for") {
    using traits = snapshot_traits<timed>;
    CHECK(traits::time({-1, "f", "w"}) == ~std::uint64_t{0});
    CHECK(traits::label({-1, "f", "w"}) == "w");
    CHECK(snapshot_traits<printed>::label({"f"}) == "f");
    CHECK(snapshot_traits<printed>::time({"f"}) == std::nullopt);
    // Of another type they are nothing of the kind.
    CHECK(snapshot_traits<shorter>::time({1, 2}) == std::nullopt);
    CHECK(snapshot_traits<shorter>::label({1, 2}).empty());
    CHECK(traits::metric("a.b") == "a.b");
    timed made{1, "f", "w"};
    traits::stamp(made, 5, 6);
    CHECK(made.timestamp_ns == 1);
}

TEST_CASE("cbtop: profiles come back with timestamps and metadata, stamped by the history") {
    for (const std::uint64_t seed : {1U, 2U, 3U}) {
        CAPTURE(seed);
        const auto all = odd_profiles(seed);
        const memory_storage storage;
        auto held = profiles::open(storage, "history", {.keyframe_interval = 5}).value();
        std::uint64_t raw = 0;
        for (std::size_t i = 0; i != all.size(); ++i) {
            REQUIRE(held.append(all[i]).value() == i);
            raw += size_of(all[i]);
        }
        CHECK(held.raw_size() == raw);
        same(held, all);
        REQUIRE(held.cleanup(12, {.raw_max_age = 0ns, .compressed_max_age = 1h})->compressed == 10);
        same(held, all);
        REQUIRE(
            held.cleanup(18, {.raw_max_age = 1ns, .compressed_max_age = 7ns, .tolerated_waste = 0})
                ->archived == 10);
        same(held, all);
        REQUIRE(held.cleanup(100, {.compressed_max_age = 0ns})->archived == 25);
        same(held, all);
        REQUIRE(held.compact());
        same(held, all);
    }
}

TEST_CASE("cbtop: a metric's name means its values, and the fingerprint is the label") {
    const memory_storage storage;
    auto held = profiles::open(storage, "history").value();
    for (std::uint64_t i = 0; i != 12; ++i) {
        auto made = tests::snapshot_of(i, {tests::metric_of("cpu.user", {1.0, double(i)}, {i, i})});
        made.workload_fingerprint = i % 2 == 0 ? "even" : "odd";
        REQUIRE(held.append(made));
    }
    CHECK(held.query({.label = "odd"})->snapshots.size() == 6);
    CHECK(held.query({.metric = "cpu.user"})->snapshots.size() == 12);
    CHECK(held.query({.metric = "cpu"})->snapshots.empty());
    const auto points = held.changes("cpu.user").value();
    REQUIRE(points.size() == 13);
    CHECK(points[0].value == 1.0);
    CHECK(points[12].value == 11.0);
    CHECK(points[12].element == 1);
    const std::vector<double> half{0.5};
    const auto all = held.aggregate("cpu.user", {}, half).value();
    CHECK(all.all.count == 24);
    CHECK(all.all.sum == 12 + 66);
    CHECK(all.quantiles == std::vector<double>{1.0});
    CHECK(held.entries()[3].label == "odd");
}

TEST_CASE("cbtop: the checksum that was taken is compared with what is read") {
    const memory_storage storage;
    auto held = profiles::open(storage, "history").value();
    const auto made = tests::snapshot_of(9, {tests::metric_of("cpu", {1, 2, 3}, {4, 5, 6})});
    REQUIRE(held.append(made));
    const auto got = held.get(0).value();
    CHECK(got.index == 0);
    CHECK(got.checksum == checksum_of(made, 0));
    CHECK(got.checksum != made.checksum);
    CHECK(got.timestamp_ns == made.timestamp_ns);
    CHECK(held.entries()[0].time == made.timestamp_ns);
}
