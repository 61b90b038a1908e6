#pragma once

// Every call of the system that a life makes, failing once: what the lives of everything that
// stands on a log have in common.

#include <tintype/core/error.hpp>

#include "session.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <initializer_list>
#include <string>

namespace tests {

// What a life went through, as its answers say.
struct fault_outcome {
    std::size_t calls = 0; // of the kind that fails
    std::size_t reported = 0;
    bool reopened = false;
};

// The n-th call of that kind fails with that error of the system; `power`: every state that a power
// cut leaves is looked at, too.
using faulty_life = fault_outcome (*)(tally&, call_kind, std::size_t nth, int system, bool power);

// For session::refuse: counts into `out`.
inline auto failing_once(fault_outcome& out, call_kind kind, std::size_t nth, int system) {
    return [&out, kind, nth, system](call& what) -> tintype::result<void> {
        if (what.kind != kind || ++out.calls != nth) {
            return {};
        }
        return tintype::fail({.code = tintype::code_of(system), .system = system});
    };
}

inline void nothing_violated(const tally& seen) {
    for (const std::string& example : seen.examples) {
        FAIL_CHECK(example);
    }
    CHECK(seen.violations == 0);
}

// `reporting`: kinds that are never passed over.
inline void each_call_fails_once(faulty_life live, std::initializer_list<call_kind> reporting) {
    tally seen;
    std::size_t lives = 0;
    std::size_t reopened = 0;
    for (const call_kind kind :
         {call_kind::open_folder, call_kind::make_folder, call_kind::create, call_kind::open,
          call_kind::write, call_kind::sync, call_kind::close, call_kind::rename_new,
          call_kind::rename_over, call_kind::remove, call_kind::sync_folder, call_kind::size,
          call_kind::map, call_kind::open_to_append, call_kind::truncate, call_kind::try_lock}) {
        const bool never_interrupted =
            kind == call_kind::close || kind == call_kind::size || kind == call_kind::map;
        for (const int system : {EIO, ENOSPC, EINTR}) {
            if (system == EINTR && never_interrupted) {
                continue;
            }
            for (std::size_t nth = 1;; ++nth) {
                INFO("call ", static_cast<int>(kind), " number ", nth, " errno ", system);
                const auto out = live(seen, kind, nth, system, false);
                if (out.calls < nth) {
                    CHECK(out.reported == 0);
                    break;
                }
                ++lives;
                reopened += out.reopened ? 1U : 0U;
                const bool must = std::ranges::find(reporting, kind) != reporting.end();
                CHECK((!must || system == EINTR || out.reported != 0));
                if (system == EINTR) {
                    CHECK(!out.reopened);
                }
            }
        }
    }
    nothing_violated(seen);
    CHECK(lives > 200);
    CHECK(reopened > 5);
    MESSAGE(lives << " lives, of which " << reopened << " had to be opened again");
}

inline void each_write_fails_once_and_then_the_power(faulty_life live) {
    tally seen;
    for (const call_kind kind :
         {call_kind::create, call_kind::write, call_kind::sync, call_kind::truncate,
          call_kind::close, call_kind::rename_new, call_kind::rename_over, call_kind::remove,
          call_kind::sync_folder}) {
        for (std::size_t nth = 1;; ++nth) {
            INFO("call ", static_cast<int>(kind), " number ", nth);
            if (live(seen, kind, nth, EIO, true).calls < nth) {
                break;
            }
        }
    }
    nothing_violated(seen);
    CHECK(seen.states.size() > 100);
    MESSAGE(seen.states.size() << " states");
}

} // namespace tests
