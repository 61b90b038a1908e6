// Every call of the filesystem fails once, at every place at which a recorder makes it: no space,
// an input/output error, an interruption. What fails is reported, nothing that was acknowledged is
// lost, and recording goes on, or the recorder must be opened again and then does.

#include <tintype/core/error.hpp>

#include "fault_sweep.hpp"
#include "replay_session.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace {

using tests::call;
using tests::call_kind;
using tests::replay_session;
using tests::tally;
using tintype::result;

// A life with everything in it; each answer counts.
tests::fault_outcome lived(tally& seen, call_kind kind, std::size_t nth, int system, bool power) {
    replay_session<> at{seen, {.sector = 512}};
    at.only_shown = !power;
    tests::fault_outcome out;
    at.refuse = tests::failing_once(out, kind, nth, system);
    const auto count = [&](const auto& answer) {
        out.reported += answer ? 0U : 1U;
        return answer.has_value();
    };
    // Once more, if it has to be: what failed was one call.
    const auto opened = [&](tintype::flush_policy policy) {
        if (!count(at.open(policy))) {
            REQUIRE(at.open(policy));
        }
    };
    const auto again = [&] {
        out.reopened = true;
        REQUIRE(at.open(tintype::flush_always{}));
    };
    // What failed was not done, or not certainly; doing it again does it.
    const auto goes_on = [&](auto work) {
        if (count(work())) {
            return;
        }
        at.check();
        if (!work()) {
            again();
            CHECK(work());
        }
    };
    // What may have been done all the same, which opening shows.
    const auto starts = [&] {
        if (!count(at.start()) && !at.start()) {
            again();
            if (!at.recorder().recording()) {
                CHECK(at.start());
            }
        }
    };
    const auto ends = [&] {
        const auto id = *at.recorder().recording();
        if (!count(at.end()) && !at.end()) {
            again();
            if (at.recorder().recording()) {
                CHECK(at.end());
            }
        }
        CHECK(!at.recorder().recording());
        CHECK(at.recorder().sessions().index().contains(id));
    };
    const auto goes = [&] {
        if (!count(at.abandon()) && !at.abandon()) {
            again();
            if (at.recorder().recording()) {
                CHECK(at.abandon());
            }
        }
        CHECK(!at.recorder().recording());
    };
    opened(tintype::flush_every{.records = 2});
    starts();
    const auto first = tests::crash_ids::number_of(*at.recorder().recording());
    for (int i = 0; i != 4; ++i) {
        goes_on([&] { return at.record(); });
    }
    goes_on([&] { return at.annotate("key", "word"); });
    goes_on([&] { return at.flush(); });
    ends();
    starts();
    goes_on([&] { return at.record(); });
    goes_on([&] { return at.flush(); }); // or what the end of a writer says is not heard
    opened(tintype::flush_always{});
    goes_on([&] { return at.record(); });
    ends();
    starts();
    goes_on([&] { return at.record(); });
    goes();
    goes_on([&] { return at.remove(first); });
    starts();
    goes_on([&] { return at.record(); });
    goes_on([&] { return at.compact(); });
    goes_on([&] { return at.record(); });
    ends();
    at.refuse = {};
    REQUIRE(at.open(tintype::flush_always{}));
    at.check();
    CHECK(at.recorder().sessions().index().size() == 2);
    CHECK(at.start());
    CHECK(at.record());
    CHECK(at.end());
    return out;
}

} // namespace

TEST_CASE("each call of a recorder's fails once, and nothing that was acknowledged is lost") {
    // Without its page a session is found all the same, so the page's write may be passed over.
    tests::each_call_fails_once(lived, {call_kind::sync});
}

TEST_CASE("each call that writes fails once, and then the power") {
    tests::each_write_fails_once_and_then_the_power(lived);
}

// The disk is full from some byte on, for however long end() is tried, and then it is not.
TEST_CASE("a session can be ended once there is space again") {
    tally seen;
    for (std::size_t room = 0; room < 900; room += 37) {
        INFO("room ", room);
        replay_session<> at{seen};
        at.only_shown = true;
        REQUIRE(at.open(tintype::flush_always{}));
        REQUIRE(at.start());
        REQUIRE(at.record());
        std::size_t left = room;
        at.refuse = [&](call& what) -> result<void> {
            if (what.kind != call_kind::write) {
                return {};
            }
            if (left == 0) {
                return tintype::fail({.code = tintype::errc::no_space, .system = ENOSPC});
            }
            what.at_most = std::min<std::size_t>(left, 64);
            left -= what.at_most;
            return {};
        };
        bool ended = false;
        for (int i = 0; i != 3 && !ended; ++i) {
            const auto done = at.end();
            ended = done.has_value();
            CHECK((ended || done.error().code == tintype::errc::no_space));
        }
        if (!ended) {
            at.check();
            CHECK(!at.start());
            at.refuse = {};
            CHECK(at.end());
        }
        at.refuse = {};
        CHECK(!at.end());
        CHECK(at.recorder().sessions().index().size() == 1);
        CHECK(at.start());
    }
    tests::nothing_violated(seen);
}
