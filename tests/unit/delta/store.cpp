// A history that one program writes: what is appended comes back bit for bit, by the rules of
// keyframes, and as durable as the policy says; what does not belong is refused by name.

#include <tintype/delta/store.hpp>
#include <tintype/storage/memory.hpp>

#include "support/clock.hpp"
#include "support/histories.hpp"
#include "support/said.hpp"
#include "support/scratch.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using tests::manual_clock;
using tests::plain_history;
using tests::said;
using tests::sample;
using tests::sample_at;
using tintype::history_options;
using tintype::memory_storage;
using store = tintype::delta_store<sample, memory_storage>;

// No time of its own.
struct gauge {
    BOOST_HANA_DEFINE_STRUCT(gauge, (double, value), (std::vector<float>, more));
};

using gauges = tintype::delta_store<gauge, memory_storage, manual_clock>;

struct nearly {
    BOOST_HANA_DEFINE_STRUCT(nearly, (std::int64_t, timestamp_ns), (std::vector<double>, values));
};

void fill(store& into, plain_history& plain, std::uint64_t count) {
    for (std::uint64_t i = 0; i != count; ++i) {
        const auto made = sample_at(plain.next);
        REQUIRE(into.append(made).value() == plain.next);
        plain.add(made);
    }
}

std::vector<bool> keyframes(const store& of) {
    std::vector<bool> all;
    for (const auto& each : of.entries()) {
        all.push_back(!each.is_delta);
    }
    return all;
}

} // namespace

TEST_CASE("an empty history has nothing, in no bytes, at a ratio of 1") {
    const memory_storage storage;
    const auto made = store::open(storage, "history").value();
    CHECK(made.count() == 0);
    CHECK(made.next_index() == 0);
    CHECK(made.raw_size() == 0);
    CHECK(made.stored_size() == 0);
    CHECK(made.compression_ratio() == 1.0);
    CHECK(made.entries().empty());
    CHECK(made.lost().empty());
    CHECK(made.damage().empty());
    CHECK(made.cut() == 0);
    CHECK(said(made.get(0)) == "out_of_bounds in snapshot 0/0");
    CHECK(said(made.at(std::numeric_limits<std::uint64_t>::max())) ==
          "not_found in time 18446744073709551615/0");
    CHECK(said(tests::holds(made, {})) == "as it should be");
    CHECK(!made.read().valid());
}

TEST_CASE("what is appended comes back, in this store and in the next") {
    const memory_storage storage;
    plain_history plain;
    for (const std::uint64_t count : {1U, 8U, 1U, 1U, 1U, 19U}) {
        auto held = store::open(storage, "history").value();
        fill(held, plain, count);
        CHECK(said(tests::holds(held, plain)) == "as it should be");
        CHECK(held.durable_size() == held.size());
    }
    const auto again = store::open(storage, "history").value();
    CHECK(said(tests::holds(again, plain)) == "as it should be");
    CHECK(again.raw_size() > again.stored_size());
    CHECK(again.compression_ratio() ==
          static_cast<double>(again.stored_size()) / static_cast<double>(again.raw_size()));
    CHECK(said(again.get(31)) == "out_of_bounds in snapshot 31/31");
    CHECK(said(again.get(std::numeric_limits<std::uint64_t>::max())) ==
          "out_of_bounds in snapshot 18446744073709551615/31");
}

TEST_CASE("any snapshot follows any other") {
    const memory_storage storage;
    auto held = store::open(storage, "history", {.keyframe_interval = 7}).value();
    plain_history plain;
    sample now = sample_at(0);
    for (std::uint64_t seed = 0; seed != 120; ++seed) {
        REQUIRE(held.append(now));
        plain.add(now);
        now = seed % 30 == 29 ? sample{} : tests::changed(now, seed);
    }
    CHECK(said(tests::holds(held, plain)) == "as it should be");
    CHECK(said(tests::holds(store::open(storage, "other").value(), {})) == "as it should be");
}

TEST_CASE("a keyframe stands at every multiple of the interval, and where none is held") {
    const memory_storage storage;
    plain_history plain;
    {
        auto held = store::open(storage, "history", {.keyframe_interval = 4}).value();
        fill(held, plain, 6);
        const std::vector<bool> wanted{true, false, false, false, true, false};
        CHECK(keyframes(held) == wanted);
        const auto all = held.entries();
        CHECK(all[0].base == std::nullopt);
        CHECK(all[3].base == 0);
        CHECK(all[4].base == std::nullopt);
        CHECK(all[5].base == 4);
        CHECK(all[5].index == 5);
        CHECK(all[5].time == sample_at(5).timestamp_ns);
        CHECK(all[5].label == "load");
        CHECK(all[5].kept_as == tintype::tier::raw);
        CHECK(all[5].offset > all[4].offset);
        CHECK(all[5].size > 0);
    }
    // The interval is the history's own. What was before is not in memory any more.
    auto held = store::open(storage, "history", {.keyframe_interval = 9}).value();
    CHECK(held.keyframe_interval() == 4);
    fill(held, plain, 4);
    const std::vector<bool> wanted{true,  false, false, false, true,
                                   false, true,  false, true,  false};
    CHECK(keyframes(held) == wanted);
    CHECK(said(tests::holds(held, plain)) == "as it should be");
}

TEST_CASE("an interval of 1 makes keyframes only, and one of 0 is refused") {
    const memory_storage storage;
    auto held = store::open(storage, "history", {.keyframe_interval = 1}).value();
    plain_history plain;
    fill(held, plain, 3);
    CHECK(keyframes(held) == std::vector<bool>{true, true, true});
    CHECK(said(store::open(storage, "other", {.keyframe_interval = 0})) ==
          "invalid_value in keyframe interval 0/1");
    CHECK(said(storage.open("other", tintype::access::map)) == "not_found in other 0/0");
}

TEST_CASE("the history of another struct is refused, and left as it is") {
    const memory_storage storage;
    plain_history plain;
    {
        auto held = store::open(storage, "history").value();
        fill(held, plain, 2);
    }
    const auto other = tintype::delta_store<gauge, memory_storage>::open(storage, "history");
    REQUIRE(!other);
    CHECK(other.error().code == tintype::errc::unsupported);
    CHECK(other.error().found != other.error().wanted);
    CHECK(said(tests::holds(store::open(storage, "history").value(), plain)) == "as it should be");
    // What is no history at all.
    auto staged = storage.stage().value();
    REQUIRE(staged.write(tintype::bytes_of("not a history of anything")));
    REQUIRE(staged.publish("text"));
    const auto text = store::open(storage, "text");
    REQUIRE(!text);
    CHECK(text.error().code == tintype::errc::invalid_magic);
    CHECK(said(store::open(storage, "")).starts_with("bad_name"));
}

TEST_CASE("a second writer is refused while there is a first") {
    const memory_storage storage;
    std::optional held{store::open(storage, "history").value()};
    CHECK(said(store::open(storage, "history")) == "in_use in history 1/0");
    auto moved = std::move(*held);
    held.reset();
    CHECK(said(store::open(storage, "history")) == "in_use in history 1/0");
    plain_history plain;
    fill(moved, plain, 12);
    CHECK(said(tests::holds(moved, plain)) == "as it should be");
    held.emplace(std::move(moved));
    fill(*held, plain, 3);
    CHECK(said(tests::holds(*held, plain)) == "as it should be");
    held.reset();
    CHECK(store::open(storage, "history"));
}

TEST_CASE("the clock says the time where the snapshot does not, and may jump as it likes") {
    const memory_storage storage;
    const manual_clock clock{tintype::timestamp{24h * 365 * 50}};
    auto held = gauges::open(storage, "history", {.keyframe_interval = 3}, clock).value();
    std::vector<std::uint64_t> times;
    for (const auto jump : {0h, 24h * 3653, -24h * 7306, 24h * 3653, 0h, 1h}) {
        clock.advance(jump);
        times.push_back(static_cast<std::uint64_t>(clock.now().time_since_epoch().count()));
        REQUIRE(held.append({.value = static_cast<double>(times.size()), .more = {1.F}}));
    }
    const auto all = held.entries();
    for (std::size_t i = 0; i != times.size(); ++i) {
        CHECK(all[i].time == times[i]);
        CHECK(held.get(i)->value == static_cast<double>(i + 1));
    }
    // By time: of equal ones the last, of none before it none.
    CHECK(held.at(times[2])->value == 3);
    CHECK(held.at(times[0])->value == 5);
    CHECK(held.at(times[1] - 1)->value == 6);
    CHECK(held.at(times[1])->value == 2);
    CHECK(said(held.at(times[2] - 1)).starts_with("not_found in time"));
    const auto middle = held.query({.time = {times[0], times[0] + 1}}).value();
    REQUIRE(middle.snapshots.size() == 3);
    CHECK(middle.snapshots[0].index == 0);
    CHECK(middle.snapshots[1].index == 3);
    CHECK(middle.snapshots[2].index == 4);
}

TEST_CASE("times at both ends of what a number holds") {
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    const memory_storage storage;
    auto held = store::open(storage, "history").value();
    plain_history plain;
    for (const std::uint64_t time : {most, std::uint64_t{0}, most - 1, std::uint64_t{1}, most}) {
        auto made = sample_at(plain.next);
        made.timestamp_ns = time;
        REQUIRE(held.append(made));
        plain.add(made);
    }
    CHECK(said(tests::holds(held, plain)) == "as it should be");
    CHECK(said(tests::pages(held, plain, {.time = {most, most}})) == "as it should be");
    CHECK(said(tests::pages(held, plain, {.time = {0, 0}})) == "as it should be");
    CHECK(held.at(most)->timestamp_ns == most);
    CHECK(held.at(0)->timestamp_ns == 0);
    // Nothing is older than time itself.
    const auto outcome = held.cleanup(most, {.archive_max_age = std::chrono::nanoseconds::max()});
    REQUIRE(outcome);
    CHECK(outcome->dropped == 0);
    CHECK(said(tests::holds(held, plain)) == "as it should be");
    CHECK(held.cleanup(0)->dropped == 0);
    CHECK(said(tests::holds(held, plain)) == "as it should be");
}

TEST_CASE("a signed time before 1970 is a time far ahead") {
    const memory_storage storage;
    using signed_store = tintype::delta_store<nearly, memory_storage>;
    auto held = signed_store::open(storage, "history").value();
    REQUIRE(held.append({.timestamp_ns = -1, .values = {}}));
    CHECK(held.entries()[0].time == std::numeric_limits<std::uint64_t>::max());
    CHECK(held.get(0)->timestamp_ns == -1);
}

TEST_CASE("a tolerance that was asked for leaves small changes out, and no others") {
    const memory_storage storage;
    using tolerant =
        tintype::delta_store<nearly, memory_storage, tintype::system_clock, tintype::within>;
    auto held =
        tolerant::open(storage, "history", {.keyframe_interval = 100}, {}, tintype::within{0.5})
            .value();
    for (const double value : {1.0, 1.25, 1.5, 1.75, 3.0, 3.25}) {
        REQUIRE(held.append({.timestamp_ns = 1, .values = {value, 7}}));
    }
    const std::vector<double> wanted{1.0, 1.0, 1.0, 1.75, 3.0, 3.0};
    for (std::size_t i = 0; i != wanted.size(); ++i) {
        const auto got = held.get(i);
        REQUIRE(said(got) == "no error");
        CHECK(got->values == std::vector<double>{wanted[i], 7});
    }
}

TEST_CASE("what a policy does not flush is not durable before it is asked for") {
    const tests::scratch root;
    const tintype::directory folder{root / "folder"};
    using on_disk = tintype::delta_store<sample>;
    {
        auto held =
            on_disk::open(folder, "history", {.flush = tintype::flush_on_request{}}).value();
        const auto made = held.durable_size();
        CHECK(made == held.size());
        REQUIRE(held.append(sample_at(0)));
        CHECK(held.durable_size() == made);
        REQUIRE(held.append(sample_at(1)));
        REQUIRE(held.flush());
        CHECK(held.durable_size() == held.size());
        CHECK(held.get(1)->timestamp_ns == sample_at(1).timestamp_ns);
    }
    {
        auto held = on_disk::open(
                        folder, "history",
                        {.flush = tintype::flush_every{.records = 2}, .how = tintype::access::copy})
                        .value();
        const auto before = held.durable_size();
        REQUIRE(held.append(sample_at(2)));
        CHECK(held.durable_size() == before);
        REQUIRE(held.append(sample_at(3)));
        CHECK(held.durable_size() == held.size());
    }
    auto held = on_disk::open(folder, "history").value();
    REQUIRE(held.append(sample_at(4)));
    CHECK(held.durable_size() == held.size());
    plain_history plain;
    for (std::uint64_t i = 0; i != 5; ++i) {
        plain.add(sample_at(i));
    }
    CHECK(said(tests::holds(held, plain)) == "as it should be");
}
