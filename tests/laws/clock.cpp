// The laws of a clock, over the system's, the tests' own, and one that a user wrote.

#include "clock.hpp"

#include "../../examples/policies.hpp"
#include "support/clock.hpp"

#include <doctest/doctest.h>

TEST_CASE("laws: the system's clock") {
    tintype::laws::clock_laws(tintype::system_clock{});
}

TEST_CASE("laws: a clock that a test moves") {
    tintype::laws::clock_laws(tests::manual_clock{});
}

TEST_CASE("laws: a user's clock") {
    tintype::laws::clock_laws(policies::hourly_clock{{}});
}
