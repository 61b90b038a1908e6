// The clock as a policy: the system's own and one that a test sets.

#include <tintype/core/clock.hpp>

#include <doctest/doctest.h>

#include <chrono>

namespace {

struct stopped_clock {
    tintype::timestamp time{};

    [[nodiscard]] tintype::timestamp now() const { return time; }
};

// A policy must tell the time in `timestamp`, and may not change by being asked.
struct coarse_clock {
    [[nodiscard]] std::chrono::sys_seconds now() const { return {}; }
};

struct ticking_clock {
    [[nodiscard]] tintype::timestamp now() { return {}; }
};

static_assert(tintype::clock_policy<tintype::system_clock>);
static_assert(tintype::clock_policy<stopped_clock>);
static_assert(!tintype::clock_policy<coarse_clock>);
static_assert(!tintype::clock_policy<ticking_clock>);

} // namespace

TEST_CASE("clock: the system's lies between two readings of std::chrono") {
    const auto before = std::chrono::system_clock::now();
    const auto now = tintype::system_clock{}.now();
    const auto after = std::chrono::system_clock::now();
    CHECK(now >= before);
    CHECK(now <= after);
}
