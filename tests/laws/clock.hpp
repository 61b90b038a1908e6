#pragma once

// What the library relies on in a clock, as one suite for every model: it can be asked from any
// thread, and a copy is the same clock. Nothing relies on it going forwards.

#include <tintype/core/clock.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <thread>
#include <vector>

namespace tintype::laws {

// For clocks that do go forwards.
template <clock_policy C>
void clock_laws(const C& clock) {
    const C copy = clock;
    const timestamp first = clock.now();
    const timestamp second = copy.now();
    const timestamp third = clock.now();
    CHECK(first <= second);
    CHECK(second <= third);

    std::vector<timestamp> seen(64);
    {
        const auto look = [&](std::size_t from) {
            for (std::size_t i = from; i != from + seen.size() / 2; ++i) {
                seen[i] = clock.now();
            }
        };
        std::jthread other{look, std::size_t{0}};
        look(seen.size() / 2);
    }
    CHECK(std::ranges::min(seen) >= third);
    CHECK(clock.now() >= std::ranges::max(seen));
}

} // namespace tintype::laws
