// What becomes of a history as it grows old: which snapshots are moved and which are let go, at the
// very ages; in pieces, stopped and gone on with; and that everything else stays as it was.

#include <tintype/delta/store.hpp>
#include <tintype/storage/memory.hpp>

#include "support/clock.hpp"
#include "support/histories.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <stop_token>
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
using options = tintype::cleanup_options<>;

constexpr std::chrono::nanoseconds never = std::chrono::nanoseconds::max();

constexpr std::uint64_t second(std::uint64_t number) {
    return sample_start + number * sample_second;
}

struct history {
    explicit history(std::uint64_t count, std::uint64_t interval = 5)
        : held(store::open(storage, "history", {.keyframe_interval = interval}).value()) {
        append(count);
    }

    void append(std::uint64_t count) {
        for (std::uint64_t i = 0; i != count; ++i) {
            const auto made = sample_at(plain.next);
            REQUIRE(said(held.append(made)) == "no error");
            plain.add(made);
        }
    }

    void drop_below(std::uint64_t index) {
        plain.kept.erase(plain.kept.begin(), plain.kept.lower_bound(index));
    }

    // As it is, and as whoever opens it next finds it.
    void check() {
        CHECK(said(tests::holds(held, plain)) == "as it should be");
        CHECK(held.lost().empty());
        const auto before = tiers();
        {
            auto gone = std::move(held);
        }
        held = store::open(storage, "history").value();
        CHECK(held.cut() == 0);
        CHECK(held.damage().empty());
        CHECK(held.lost().empty());
        CHECK(tiers() == before);
        CHECK(said(tests::holds(held, plain)) == "as it should be");
    }

    [[nodiscard]] std::map<tier, std::uint64_t> tiers() const {
        std::map<tier, std::uint64_t> all;
        for (const auto& each : held.entries()) {
            ++all[each.kept_as];
        }
        return all;
    }

    memory_storage storage{};
    store held;
    plain_history plain{};
};

using tiers = std::map<tier, std::uint64_t>;

bool nothing_done(const tintype::cleanup_outcome& outcome) {
    return outcome.compressed == 0 && outcome.archived == 0 && outcome.dropped == 0 &&
           outcome.thinned == 0 && outcome.damaged == 0 && outcome.complete && !outcome.compacted;
}

} // namespace

TEST_CASE("a group is moved once its youngest is older than the age, and not before") {
    for (const auto& [to, ages] : {std::pair{tier::compressed, options{10s, never, never}},
                                   std::pair{tier::archive, options{never, 10s, never}},
                                   std::pair{tier::archive, options{10s, 10s, never}}}) {
        history at{5};
        CHECK(nothing_done(at.held.cleanup(second(14) - 1, ages).value()));
        CHECK(nothing_done(at.held.cleanup(second(14), ages).value()));
        CHECK(at.tiers() == tiers{{tier::raw, 5}});
        const auto outcome = at.held.cleanup(second(14) + 1, ages).value();
        CHECK((to == tier::archive ? outcome.archived : outcome.compressed) == 5);
        CHECK((to == tier::archive ? outcome.compressed : outcome.archived) == 0);
        CHECK(outcome.complete);
        CHECK(at.tiers() == tiers{{to, 5}});
        at.check();
        CHECK(nothing_done(at.held.cleanup(second(14) + 1, ages).value()));
    }
}

TEST_CASE("a snapshot is let go once it is older than the age, in the middle of its group too") {
    for (const bool packed : {false, true}) {
        history at{12};
        if (packed) {
            REQUIRE(at.held.cleanup(second(30), options{0s, never, never})->compressed == 12);
        }
        const options ages{never, never, 10s, 256};
        CHECK(nothing_done(at.held.cleanup(second(10), ages).value()));
        for (const std::uint64_t dropped : {1U, 3U, 5U, 6U, 9U, 11U}) {
            CAPTURE(dropped);
            const std::uint64_t before = 12 - at.plain.kept.size();
            const auto outcome = at.held.cleanup(second(9 + dropped) + 1, ages).value();
            CHECK(outcome.dropped == dropped - before);
            at.drop_below(dropped);
            CHECK(nothing_done(at.held.cleanup(second(9 + dropped) + 1, ages).value()));
            at.check();
            CHECK(said(at.held.get(dropped - 1)) ==
                  "not_found in snapshot " + std::to_string(dropped - 1) + "/12");
        }
        CHECK(at.held.cleanup(second(99), ages)->dropped == 1);
        at.drop_below(12);
        CHECK(at.held.compression_ratio() == 1.0);
        at.check();
        // Numbers are given out once.
        at.append(7);
        CHECK(at.held.entries().front().index == 12);
        CHECK(!at.held.entries().front().is_delta);
        at.check();
        REQUIRE(at.held.compact());
        at.check();
    }
}

TEST_CASE("a delta that follows builds on what is still there, whatever was let go before it") {
    history at{3};
    REQUIRE(at.held.cleanup(second(11) + 1, options{never, never, 10s})->dropped == 2);
    at.drop_below(2);
    at.append(4);
    at.check();
    // The last group is packed: nothing can follow it any more.
    REQUIRE(at.held.cleanup(second(90), options{0s, never, never})->compressed == 5);
    at.append(1);
    CHECK(!at.held.entries().back().is_delta);
    at.append(4);
    at.check();
    // What was let go stays so when its group is packed.
    REQUIRE(at.held.cleanup(second(13) + 1, options{never, never, 10s})->dropped == 2);
    at.drop_below(4);
    const auto outcome = at.held.cleanup(second(200), options{0s, 0s, never}).value();
    CHECK(outcome.archived == at.plain.kept.size());
    at.check();
}

TEST_CASE("cleaned up again, nothing is left to do") {
    for (const std::uint64_t block : {1U, 9U, 10U, 256U}) {
        CAPTURE(block);
        history at{23};
        at.append(1);
        const options ages{.raw_max_age = 5s,
                           .compressed_max_age = 10s,
                           .archive_max_age = 22s,
                           .archive_block = block};
        for (const std::uint64_t now : {3U, 7U, 14U, 16U, 19U, 25U, 31U, 44U}) {
            CAPTURE(now);
            const auto outcome = at.held.cleanup(second(now), ages).value();
            CHECK(outcome.complete);
            at.drop_below(now < 22 ? 0 : now - 22);
            CHECK(nothing_done(at.held.cleanup(second(now), ages).value()));
            at.check();
        }
    }
}

TEST_CASE("small blocks of the archive grow together, and full ones stay") {
    history at{0, 4};
    const options ages{.raw_max_age = 0s, .compressed_max_age = 0s, .archive_block = 8};
    std::uint64_t archived = 0;
    for (std::uint64_t round = 0; round != 6; ++round) {
        at.append(4);
        archived += at.held.cleanup(second(1000), ages)->archived;
        at.check();
    }
    // Four by themselves, with the next four, and never again.
    CHECK(archived == 3 * (4 + 8));
    std::map<std::uint64_t, int> blocks;
    for (const auto& each : at.held.entries()) {
        ++blocks[each.offset];
    }
    CHECK(blocks.size() == 3);
}

TEST_CASE("as many moves as it may, and the rest the next time") {
    history at{25};
    options ages{.raw_max_age = 0s, .compressed_max_age = never, .moves = 2};
    for (const std::uint64_t compressed : {10U, 10U, 5U}) {
        const auto outcome = at.held.cleanup(second(100), ages).value();
        CHECK(outcome.compressed == compressed);
        CHECK(outcome.complete == (compressed == 5));
        at.check();
    }
    ages.moves = 0;
    CHECK(nothing_done(at.held.cleanup(second(100), ages).value()));
    ages.compressed_max_age = 0s;
    CHECK(!at.held.cleanup(second(100), ages)->complete);
    ages.moves = 1;
    CHECK(at.held.cleanup(second(100), ages)->archived == 25);
    at.check();
}

TEST_CASE(
    "a monitor stops it between two moves, or in the middle of compacting, without an error") {
    for (std::uint64_t stop_at = 1; stop_at != 14; ++stop_at) {
        CAPTURE(stop_at);
        history at{25};
        std::stop_source source;
        std::uint64_t told = 0;
        const auto report = [&](tintype::progress) {
            if (++told == stop_at) {
                source.request_stop();
            }
        };
        const tintype::monitor watch{report, source.get_token()};
        const options ages{
            .raw_max_age = 0s, .compressed_max_age = never, .tolerated_waste = 0, .watch = &watch};
        const auto outcome = at.held.cleanup(second(100), ages);
        REQUIRE(said(outcome) == "no error");
        CHECK(outcome->compressed == std::min<std::uint64_t>(5 * (stop_at - 1), 25));
        CHECK(outcome->complete == (told < stop_at));
        CHECK(outcome->compacted == (told < stop_at));
        at.append(2);
        at.check();
        const options go_on{.raw_max_age = 0s, .compressed_max_age = never, .tolerated_waste = 0};
        const auto rest = at.held.cleanup(second(100), go_on).value();
        CHECK(rest.complete);
        CHECK(at.tiers() == tiers{{tier::compressed, 27}});
        at.check();
    }
}

TEST_CASE("thinning keeps the first of each stretch, when it goes to the archive and not before") {
    history at{40};
    tintype::cleanup_options<tintype::keep_one_per> ages{.raw_max_age = 0s,
                                                         .compressed_max_age = never,
                                                         .archive_block = 20,
                                                         .thin = tintype::keep_one_per{4s}};
    auto outcome = at.held.cleanup(second(100), ages).value();
    CHECK(outcome.thinned == 0);
    CHECK(outcome.compressed == 40);
    ages.compressed_max_age = 61s; // younger than second 39: none of the last group
    outcome = at.held.cleanup(second(100), ages).value();
    std::uint64_t last = 0;
    for (auto each = at.plain.kept.begin(); each != at.plain.kept.end();) {
        const std::uint64_t stretch = second(each->first) / (4 * sample_second);
        const bool first_of_block = each->first % 20 == 0;
        const bool thinned = each->first < 35 && stretch == last && !first_of_block;
        last = stretch;
        each = thinned ? at.plain.kept.erase(each) : std::next(each);
    }
    CHECK(outcome.thinned == 40 - at.plain.kept.size());
    CHECK(outcome.archived == at.plain.kept.size() - 5);
    CHECK(at.held.count() == at.plain.kept.size());
    at.check();
    // None of these is lost: they were let go.
    CHECK(at.held.lost().empty());
    CHECK(said(at.held.get(3)) == "not_found in snapshot 3/40");
    for (int again = 0; again != 4; ++again) {
        REQUIRE(at.held.cleanup(second(100), ages)->thinned == 0);
        at.check();
    }
    REQUIRE(at.held.compact());
    at.append(3);
    at.check();
}

TEST_CASE("what was let go already is no longer asked for when a block is thinned") {
    history at{10};
    REQUIRE(at.held.cleanup(second(12) + 1, options{never, never, 10s})->dropped == 3);
    at.drop_below(3);
    // All ten are of one stretch, so the first that is there stays.
    const tintype::cleanup_options<tintype::keep_one_per> ages{
        .raw_max_age = 0s,
        .compressed_max_age = 0s,
        .archive_max_age = never,
        .thin = tintype::keep_one_per{24h * 365 * 100}};
    const auto outcome = at.held.cleanup(second(100), ages).value();
    CHECK(outcome.thinned == 6);
    CHECK(outcome.archived == 1);
    at.plain.kept.erase(at.plain.kept.find(4), at.plain.kept.end());
    at.check();
    at.append(2);
    at.check();
}

namespace {

struct keep_nothing {
    [[nodiscard]] static bool keeps(const tintype::snapshot_facts&) noexcept { return false; }
};

} // namespace

TEST_CASE("of a block of which a policy keeps nothing, the first stays") {
    history at{10};
    const tintype::cleanup_options<keep_nothing> ages{
        .raw_max_age = 0s, .compressed_max_age = 0s, .archive_max_age = never};
    const auto outcome = at.held.cleanup(second(100), ages);
    REQUIRE(said(outcome) == "no error");
    CHECK(outcome->thinned == 9);
    CHECK(outcome->archived == 1);
    CHECK(outcome->damaged == 0);
    at.plain.kept.erase(at.plain.kept.find(1), at.plain.kept.end());
    at.check();
}

TEST_CASE("a block is no larger than a reader takes") {
    const memory_storage storage;
    const tintype::history_options small{.keyframe_interval = 2, .most = {.bytes = 1500}};
    auto held = store::open(storage, "history", small).value();
    plain_history plain;
    for (std::uint64_t i = 0; i != 20; ++i) {
        REQUIRE(held.append(sample_at(i)));
        plain.add(sample_at(i));
    }
    const options ages{.raw_max_age = 0s, .compressed_max_age = 0s};
    const auto outcome = held.cleanup(second(100), ages).value();
    CHECK(outcome.damaged == 0);
    CHECK(outcome.archived == 20);
    CHECK(said(tests::holds(held, plain)) == "as it should be");
    CHECK(nothing_done(held.cleanup(second(100), ages).value()));
    std::map<std::uint64_t, int> blocks;
    for (const auto& each : held.entries()) {
        ++blocks[each.offset];
    }
    CHECK(blocks.size() > 2);
    CHECK(blocks.size() < 10);
}

TEST_CASE("space is given back once more of it is waste than not, or when it is asked for") {
    history at{60};
    const auto grown = at.held.size();
    options ages{.raw_max_age = 0s, .compressed_max_age = 0s, .archive_max_age = never};
    CHECK(!at.held.cleanup(second(100), ages)->compacted); // within what is tolerated
    CHECK(at.held.size() > grown);
    ages.compact = false;
    ages.tolerated_waste = 0;
    CHECK(!at.held.cleanup(second(100), ages)->compacted);
    ages.compact = true;
    CHECK(at.held.cleanup(second(100), ages)->compacted);
    CHECK(at.held.size() < grown / 2);
    CHECK(at.held.durable_size() == at.held.size());
    CHECK(!at.held.cleanup(second(100), ages)->compacted);
    at.check();
    at.append(8);
    at.check();
    const auto before = at.held.size();
    REQUIRE(at.held.compact());
    CHECK(at.held.size() <= before + 64);
    at.check();
    at.append(8);
    REQUIRE(at.held.compact());
    at.append(1);
    at.check();
}

TEST_CASE("compacting can be stopped, and then nothing happened") {
    history at{20};
    std::stop_source source;
    source.request_stop();
    const tintype::monitor watch{source.get_token()};
    const auto size = at.held.size();
    CHECK(at.held.compact(&watch).error().code == tintype::errc::cancelled);
    CHECK(at.held.size() == size);
    at.append(1);
    at.check();
}

TEST_CASE("without a time of its own, cleanup asks the clock") {
    const memory_storage storage;
    const tests::manual_clock clock{
        tintype::timestamp{std::chrono::nanoseconds{static_cast<std::int64_t>(second(0))}}};
    using clocked = tintype::delta_store<sample, memory_storage, tests::manual_clock>;
    auto held = clocked::open(storage, "history", {}, clock).value();
    REQUIRE(held.append(sample_at(0)));
    CHECK(nothing_done(held.cleanup().value()));
    clock.advance(24h + 1ns);
    CHECK(held.cleanup()->compressed == 1);
    clock.advance(24h * 29);
    CHECK(held.cleanup()->archived == 1);
    clock.advance(-24h * 3653); // ten years back, and forth
    CHECK(nothing_done(held.cleanup().value()));
    CHECK(held.count() == 1);
    clock.advance(24h * 3653 + 24h * 335);
    CHECK(held.cleanup()->dropped == 1);
    CHECK(held.count() == 0);
}
