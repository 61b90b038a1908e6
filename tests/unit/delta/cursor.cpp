// A cursor goes anywhere in a history from anywhere, over the borders of groups and tiers, and
// lends nothing that was not verified.

#include <tintype/delta/store.hpp>
#include <tintype/storage/memory.hpp>

#include "support/histories.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
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
using tintype::tier;
using store = tintype::delta_store<sample, memory_storage>;

// Of each tier some, and let go of up to 2.
std::pair<store, plain_history> tiered(std::uint64_t count) {
    auto held = store::open(memory_storage{}, "history", {.keyframe_interval = 4}).value();
    plain_history plain;
    sample now = sample_at(0);
    for (std::uint64_t i = 0; i != count; ++i) {
        now.timestamp_ns = sample_start + i * sample_second;
        REQUIRE(held.append(now));
        plain.add(now);
        now = tests::changed(now, i);
    }
    const auto done = held.cleanup(sample_start + count * sample_second,
                                   {.raw_max_age = 7s,
                                    .compressed_max_age = 12s,
                                    .archive_max_age = std::chrono::seconds{count - 2},
                                    .archive_block = 10});
    REQUIRE(said(done) == "no error");
    plain.kept.erase(plain.kept.begin(), plain.kept.find(2));
    return {std::move(held), std::move(plain)};
}

} // namespace

TEST_CASE("from everywhere to everywhere") {
    const auto [held, plain] = tiered(30);
    auto at = held.read();
    for (std::uint64_t from = 2; from != 30; ++from) {
        for (std::uint64_t to = 2; to != 30; ++to) {
            REQUIRE(said(at.seek(from)) == "no error");
            REQUIRE(said(at.seek(to)) == "no error");
            CHECK(at.entry().facts.index == to);
            REQUIRE(tintype::identical(at.snapshot(), plain.kept.at(to)));
        }
    }
    std::vector<tier> tiers;
    for (const auto& each : held.entries()) {
        REQUIRE(at.seek(each.index));
        CHECK(at.kept_as() == each.kept_as);
        if (tiers.empty() || tiers.back() != each.kept_as) {
            tiers.push_back(each.kept_as);
        }
    }
    CHECK(tiers == std::vector<tier>{tier::archive, tier::compressed, tier::raw});
}

TEST_CASE("forth and back over each border, in steps of every length") {
    const auto [held, plain] = tiered(30);
    auto at = held.read();
    for (std::uint64_t steps = 1; steps != 29; ++steps) {
        REQUIRE(at.seek(2));
        std::uint64_t place = 2;
        for (int rounds = 0; rounds != 3; ++rounds) {
            for (std::uint64_t i = 0; i != steps; ++i) {
                const bool more = at.next().value();
                CHECK(more == (place != 29));
                place += more ? 1 : 0;
                CHECK(tintype::identical(at.snapshot(), plain.kept.at(place)));
            }
            for (std::uint64_t i = 0; i + 1 < steps; ++i) {
                const bool more = at.back().value();
                CHECK(more == (place != 2));
                place -= more ? 1 : 0;
                CHECK(tintype::identical(at.snapshot(), plain.kept.at(place)));
            }
        }
    }
}

TEST_CASE("a cursor that is nowhere says so") {
    const auto [held, plain] = tiered(12);
    auto at = held.read();
    CHECK(!at.valid());
    CHECK(said(at.next()) == "not_found in cursor 0/0");
    CHECK(said(at.back()) == "not_found in cursor 0/0");
    CHECK(said(at.seek(1)) == "not_found in snapshot 1/12");
    CHECK(said(at.seek(12)) == "out_of_bounds in snapshot 12/12");
    CHECK(!at.valid());
    REQUIRE(at.seek(2));
    CHECK(at.valid());
    CHECK(!at.back().value());
    CHECK(at.entry().facts.index == 2);
    REQUIRE(at.seek(11));
    CHECK(!at.next().value());
    CHECK(tintype::identical(at.snapshot(), plain.kept.at(11)));
}

TEST_CASE("what is appended is behind a cursor that is at the end") {
    const memory_storage storage;
    auto held = store::open(storage, "history", {.keyframe_interval = 3}).value();
    REQUIRE(held.append(sample_at(0)));
    auto at = held.read();
    REQUIRE(at.seek(0));
    for (std::uint64_t i = 1; i != 8; ++i) {
        CHECK(!at.next().value());
        REQUIRE(held.append(sample_at(i)));
        REQUIRE(at.next().value());
        CHECK(tintype::identical(at.snapshot(), sample_at(i)));
    }
    for (std::uint64_t i = 7; i != 0; --i) {
        REQUIRE(at.back().value());
        CHECK(tintype::identical(at.snapshot(), sample_at(i - 1)));
    }
}

TEST_CASE("many cursors of one history do not know of each other") {
    const auto [held, plain] = tiered(30);
    std::vector<store::cursor> all;
    for (std::uint64_t i = 0; i != 28; ++i) {
        all.push_back(held.read());
        REQUIRE(all.back().seek(i + 2));
    }
    for (std::uint64_t i = 0; i != 28; ++i) {
        CHECK(tintype::identical(all[i].snapshot(), plain.kept.at(i + 2)));
        CHECK(all[i].next().value() == (i != 27));
    }
    for (std::uint64_t i = 0; i != 27; ++i) {
        CHECK(tintype::identical(all[i].snapshot(), plain.kept.at(i + 3)));
    }
}
