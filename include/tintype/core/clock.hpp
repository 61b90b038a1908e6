#pragma once

// Where the time comes from: a policy, so that tests choose it. Nothing in the library orders by
// time, so a clock that jumps either way repeats nothing and mixes nothing up; only what was asked
// to be removed by its age is.

#include <tintype/core/language.hpp>
#include <tintype/core/rules.hpp>

#include <chrono>
#include <concepts>

namespace tintype::inline v0 {

// UTC, to the nanosecond.
using timestamp = std::chrono::sys_time<std::chrono::nanoseconds>;

template <class C>
concept clock_policy = std::copyable<C> && requires(const C& clock) {
    { clock.now() } -> std::same_as<timestamp>;
};

template <class C>
struct clock_rules {
    static_assert(clock_policy<C>,
                  "tintype: a clock needs `tintype::timestamp now() const`, UTC in nanoseconds, "
                  "as tintype::system_clock has it, and to be copyable");
    static constexpr bool kept = clock_policy<C>;
};

struct system_clock {
    [[nodiscard]] timestamp now() const {
        return std::chrono::time_point_cast<std::chrono::nanoseconds>(
            std::chrono::system_clock::now());
    }
};

} // namespace tintype::inline v0
