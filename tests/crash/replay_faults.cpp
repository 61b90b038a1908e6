// Every call of the filesystem fails once, at every place at which a recorder makes it: no space,
// an input/output error, an interruption. What fails is reported, nothing that was acknowledged is
// lost, and recording goes on, or the recorder must be opened again and then does.

#include <tintype/core/error.hpp>

#include "replay_session.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>

namespace {

using tests::call;
using tests::call_kind;
using tests::replay_session;
using tests::tally;
using tintype::result;

constexpr call_kind kinds[] = {
    call_kind::open_folder, call_kind::make_folder,    call_kind::create,
    call_kind::open,        call_kind::write,          call_kind::sync,
    call_kind::close,       call_kind::rename_new,     call_kind::rename_over,
    call_kind::remove,      call_kind::sync_folder,    call_kind::size,
    call_kind::map,         call_kind::open_to_append, call_kind::truncate,
    call_kind::try_lock,
};

// What the work went through, as its answers say.
struct outcome {
    std::size_t calls = 0; // of the kind
    std::size_t reported = 0;
    bool reopened = false;
};

// A life with everything in it; each answer counts.
outcome lived(tally& seen, call_kind kind, std::size_t nth, int system, bool power) {
    replay_session<> at{seen, {.sector = 512}};
    at.only_shown = !power;
    outcome out;
    at.refuse = [&](call& what) -> result<void> {
        if (what.kind != kind || ++out.calls != nth) {
            return {};
        }
        return tintype::fail({.code = tintype::code_of(system), .system = system});
    };
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
    tally seen;
    std::size_t lives = 0;
    std::size_t reopened = 0;
    for (const call_kind kind : kinds) {
        for (const int system : {EIO, ENOSPC, EINTR}) {
            if (system == EINTR &&
                (kind == call_kind::close || kind == call_kind::size || kind == call_kind::map)) {
                continue; // never interrupted
            }
            for (std::size_t nth = 1;; ++nth) {
                INFO("call ", static_cast<int>(kind), " number ", nth, " errno ", system);
                const auto out = lived(seen, kind, nth, system, false);
                if (out.calls < nth) {
                    CHECK(out.reported == 0);
                    break;
                }
                ++lives;
                reopened += out.reopened ? 1U : 0U;
                // What makes bytes durable is never passed over. Without its page a session is
                // found all the same, so the page's write may be.
                CHECK((kind != call_kind::sync || system == EINTR || out.reported != 0));
                if (system == EINTR) {
                    CHECK(!out.reopened);
                }
            }
        }
    }
    for (const std::string& example : seen.examples) {
        FAIL_CHECK(example);
    }
    CHECK(seen.violations == 0);
    CHECK(lives > 200);
    CHECK(reopened > 5);
    MESSAGE(lives << " lives, of which " << reopened << " had to open the recorder again");
}

TEST_CASE("each call that writes fails once, and then the power") {
    tally seen;
    for (const call_kind kind :
         {call_kind::create, call_kind::write, call_kind::sync, call_kind::truncate,
          call_kind::close, call_kind::rename_new, call_kind::rename_over, call_kind::remove,
          call_kind::sync_folder}) {
        for (std::size_t nth = 1;; ++nth) {
            INFO("call ", static_cast<int>(kind), " number ", nth);
            if (lived(seen, kind, nth, EIO, true).calls < nth) {
                break;
            }
        }
    }
    for (const std::string& example : seen.examples) {
        FAIL_CHECK(example);
    }
    CHECK(seen.violations == 0);
    CHECK(seen.states.size() > 100);
    MESSAGE(seen.states.size() << " states");
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
    for (const std::string& example : seen.examples) {
        FAIL_CHECK(example);
    }
    CHECK(seen.violations == 0);
}
