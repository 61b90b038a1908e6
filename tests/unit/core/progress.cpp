// Watching and stopping work: who is told, with what, and what a stop turns into.

#include <tintype/core/progress.hpp>

#include "support/said.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <stop_token>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

static_assert(std::is_nothrow_copy_constructible_v<tintype::monitor>);
// A temporary callback would be gone before the first report.
static_assert(!std::is_constructible_v<tintype::monitor, void (*&&)(tintype::progress)>);

} // namespace

TEST_CASE("progress: nobody watches, nothing happens") {
    const tintype::monitor nobody;
    CHECK(nobody.report({.done = 1, .total = 2}).has_value());
}

TEST_CASE("progress: the callback is told each number") {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> told;
    auto note = [&](tintype::progress now) { told.emplace_back(now.done, now.total); };
    const tintype::monitor watching{note};
    CHECK(watching.report({.done = 0, .total = 10}).has_value());
    CHECK(watching.report({.done = 10, .total = 10}).has_value());
    const tintype::monitor copy = watching;
    CHECK(copy.report({.done = 11}).has_value());
    CHECK(told == std::vector<std::pair<std::uint64_t, std::uint64_t>>{{0, 10}, {10, 10}, {11, 0}});
}

TEST_CASE("progress: a requested stop is an error with the numbers") {
    std::stop_source stop;
    const tintype::monitor stoppable{stop.get_token()};
    CHECK(stoppable.report({.done = 3, .total = 9}).has_value());
    stop.request_stop();
    CHECK(tests::said(stoppable.report({.done = 4, .total = 9})) == "cancelled 4/9");
    CHECK(tests::said(stoppable.report({.done = 5, .total = 9})) == "cancelled 5/9");
}

TEST_CASE("progress: the callback may ask for the stop and still hears the last number") {
    std::stop_source stop;
    std::uint64_t last = 0;
    auto until_five = [&](tintype::progress now) {
        last = now.done;
        if (now.done >= 5) {
            stop.request_stop();
        }
    };
    const tintype::monitor watching{until_five, stop.get_token()};
    CHECK(watching.report({.done = 4, .total = 9}).has_value());
    CHECK(tests::said(watching.report({.done = 5, .total = 9})) == "cancelled 5/9");
    CHECK(last == 5);
}
