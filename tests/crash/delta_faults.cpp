// Every call of the filesystem fails once, at every place at which a history makes it: no space, an
// input/output error, an interruption. What fails is reported, nothing that was acknowledged is
// lost, and the history goes on, or says that it must be opened again and then does.

#include "delta_session.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>

namespace {

using tests::call;
using tests::call_kind;
using tests::delta_session;
using tests::tally;
using tintype::result;

constexpr std::int64_t never = 1'000'000;

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

// A life with everything in it; each answer counts. `look` after each, for power cuts.
outcome lived(tally& seen, call_kind kind, std::size_t nth, int system, bool power) {
    delta_session<> at{seen, {.sector = 256}};
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
    const auto goes_on = [&](auto work) {
        if (count(work())) {
            return;
        }
        at.check();
        if (work()) {
            return; // it was usable
        }
        out.reopened = true;
        REQUIRE(at.open());
        CHECK(work());
    };
    opened(tintype::flush_every{.records = 2});
    for (std::uint64_t i = 0; i != 7; ++i) {
        goes_on([&] { return at.append(i); });
    }
    goes_on([&] { return at.flush(); });
    goes_on([&] { return at.cleanup(9, 3, never, never); });
    goes_on([&] { return at.append(7); });
    goes_on([&] { return at.cleanup(9, 3, 3, 8, true); });
    goes_on([&] { return at.append(8); });
    goes_on([&] { return at.compact(); });
    goes_on([&] { return at.append(9); });
    goes_on([&] { return at.flush(); }); // or what the end of a writer says is not heard
    opened(tintype::flush_always{});
    goes_on([&] { return at.append(10); });
    goes_on([&] { return at.append(11); });
    goes_on([&] { return at.cleanup(30, never, never, 20); });
    at.refuse = {};
    REQUIRE(at.open());
    at.check();
    CHECK(at.held().next_index() >= 12);
    CHECK(at.append(12));
    return out;
}

} // namespace

TEST_CASE("each call of a history's fails once, and nothing that was acknowledged is lost") {
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
                // What makes bytes durable is never passed over.
                const bool must = kind == call_kind::write || kind == call_kind::sync;
                CHECK((!must || system == EINTR || out.reported != 0));
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
    MESSAGE(lives << " lives, of which " << reopened << " had to open the history again");
}

TEST_CASE("each call that writes fails once, and then the power") {
    tally seen;
    for (const call_kind kind : {call_kind::create, call_kind::write, call_kind::sync,
                                 call_kind::truncate, call_kind::close, call_kind::rename_new,
                                 call_kind::rename_over, call_kind::sync_folder}) {
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
