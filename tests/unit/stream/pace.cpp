#include <tintype/stream/pace.hpp>

#include "support/said.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <vector>

using namespace std::chrono_literals;
using tests::said;

namespace {

// A time that passes only while somebody sleeps.
std::chrono::nanoseconds passed{};
std::vector<std::chrono::nanoseconds> slept;

constexpr tintype::time_source by_hand{
    .now = [] { return tintype::time_source::point{passed}; },
    .sleep =
        [](std::chrono::nanoseconds time) {
            slept.push_back(time);
            passed += time;
        },
};

void start() {
    passed = 1h;
    slept.clear();
}

} // namespace

TEST_CASE("a deadline ends work when its time has come, and no earlier") {
    start();
    const tintype::pace by{10ms, nullptr, by_hand};
    CHECK(by.go_on({}));
    CHECK(by.left() == 10ms);
    passed += 10ms - 1ns;
    CHECK(by.go_on({}));
    passed += 1ns;
    CHECK(said(by.go_on({.done = 3, .total = 7})) == "timed_out 3/7");
    CHECK(by.left() == 0ns);
    passed += 1h;
    CHECK(by.left() == 0ns);
}

TEST_CASE("a deadline of nothing has come already, and none never comes") {
    start();
    CHECK(said(tintype::pace{0ns, nullptr, by_hand}.go_on({})) == "timed_out 0/0");
    CHECK(said(tintype::pace{-5s, nullptr, by_hand}.go_on({})) == "timed_out 0/0");
    const tintype::pace never{std::nullopt, nullptr, by_hand};
    const tintype::pace late{std::chrono::nanoseconds::max(), nullptr, by_hand};
    passed += 24h * 1000;
    CHECK(never.go_on({}));
    CHECK(never.left() == std::chrono::nanoseconds::max());
    CHECK(late.go_on({}));
}

TEST_CASE("of two deadlines the earlier one holds") {
    start();
    const tintype::pace outer{10ms, nullptr, by_hand};
    CHECK(outer.within(5ms).left() == 5ms);
    CHECK(outer.within(20ms).left() == 10ms);
    CHECK(outer.within(std::nullopt).left() == 10ms);
    CHECK(tintype::pace{std::nullopt, nullptr, by_hand}.within(5ms).left() == 5ms);
}

TEST_CASE("a pause sleeps its time in pieces, and no longer than the deadline") {
    start();
    CHECK(tintype::pace{std::nullopt, nullptr, by_hand}.pause(120ms, {}));
    CHECK(slept == std::vector<std::chrono::nanoseconds>{50ms, 50ms, 20ms});
    slept.clear();
    CHECK(tintype::pace{std::nullopt, nullptr, by_hand}.pause(0ns, {}));
    CHECK(slept.empty());
    const tintype::pace by{60ms, nullptr, by_hand};
    CHECK(said(by.pause(1h, {.done = 1, .total = 2})) == "timed_out 1/2");
    CHECK(slept == std::vector<std::chrono::nanoseconds>{50ms, 10ms});
}

TEST_CASE("a pause ends when a stop is requested") {
    start();
    std::stop_source stop;
    int asked = 0;
    const auto tell = [&](tintype::progress) {
        if (++asked == 3) {
            stop.request_stop();
        }
    };
    const tintype::monitor watch{tell, stop.get_token()};
    const tintype::pace by{std::nullopt, &watch, by_hand};
    CHECK(said(by.pause(1h, {.done = 4, .total = 9})) == "cancelled 4/9");
    CHECK(slept.size() == 2);
}

TEST_CASE("a rate makes the next one wait for what was taken before") {
    start();
    const tintype::pace by{std::nullopt, nullptr, by_hand};
    tintype::rate_limit rate{1000};
    const auto begin = passed;
    REQUIRE(rate.take(100, by, {}));
    CHECK(passed == begin);
    REQUIRE(rate.take(20, by, {}));
    CHECK(passed == begin + 100ms);
    REQUIRE(rate.take(0, by, {}));
    CHECK(passed == begin + 120ms);
    // What was not used is not saved up.
    passed += 1h;
    const auto later = passed;
    REQUIRE(rate.take(1000, by, {}));
    REQUIRE(rate.take(1, by, {}));
    CHECK(passed == later + 1s);
}

TEST_CASE("no rate waits for nothing, and a very low one can be stopped") {
    start();
    const tintype::pace by{1h, nullptr, by_hand};
    tintype::rate_limit none;
    for (int i = 0; i != 100; ++i) {
        REQUIRE(none.take(~std::uint64_t{0}, by, {}));
    }
    CHECK(slept.empty());
    tintype::rate_limit slow{1};
    REQUIRE(slow.take(~std::uint64_t{0}, by, {}));
    CHECK(said(slow.take(1, by, {.done = 1, .total = 2})) == "timed_out 1/2");
}
