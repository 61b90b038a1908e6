// A history through power cuts: in every state that one could leave, all that was acknowledged as
// durable is there to the last bit or was let go by its age, nothing is there that was not
// appended, and the history opens and goes on. Mutants of the protocol must be caught.

#include "delta_session.hpp"
#include "log_mutants.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <utility>

namespace {

using tests::call_kind;
using tests::caught;
using tests::delta_session;
using tests::scenario;
using tests::tally;
using tintype::flush_always;
using tintype::flush_every;
using tintype::flush_on_request;
using tintype::flush_policy;
using tintype::result;

constexpr std::int64_t never = 1'000'000;

template <template <class> class Mutant>
void appends(tally& seen, flush_policy policy, std::uint64_t count) {
    delta_session<Mutant> at{seen};
    REQUIRE(at.open(policy));
    for (std::uint64_t i = 0; i != count; ++i) {
        CHECK(at.append(i));
    }
    CHECK(at.open(policy));
    CHECK(at.append(90));
    CHECK(at.append(91));
}

template <template <class> class Mutant>
void each_at_once(tally& seen) {
    appends<Mutant>(seen, flush_always{}, 8);
}

template <template <class> class Mutant>
void every_second(tally& seen) {
    appends<Mutant>(seen, flush_every{.records = 2}, 7);
}

template <template <class> class Mutant>
void on_request(tally& seen) {
    delta_session<Mutant> at{seen};
    REQUIRE(at.open(flush_on_request{}));
    for (const int count : {2, 1, 3}) {
        for (int i = 0; i != count; ++i) {
            CHECK(at.append(1));
        }
        CHECK(at.flush());
    }
    CHECK(at.append(2));
    CHECK(at.append(2));
    CHECK(at.open(flush_on_request{}));
    CHECK(at.append(3));
}

// From tier to tier, and out at the end.
template <template <class> class Mutant>
void grows_old(tally& seen, flush_policy policy, bool compact) {
    delta_session<Mutant> at{seen, {.sector = compact ? 64U : 32U}};
    REQUIRE(at.open(policy));
    for (std::uint64_t i = 0; i != 7; ++i) {
        CHECK(at.append(i));
        if (i % 3 == 2) {
            CHECK(at.flush());
        }
    }
    CHECK(at.cleanup(9, 3, never, never, compact)->compressed == 6);
    CHECK(at.append(7));
    CHECK(at.cleanup(9, 3, 3, never, compact)->archived == 6);
    CHECK(at.append(8));
    CHECK(at.cleanup(9, never, never, 7, compact)->dropped == 2);
    CHECK(at.append(9));
    CHECK(at.open(policy));
    CHECK(at.cleanup(20, never, never, 13, compact)->dropped == 5);
    CHECK(at.append(10));
    CHECK(at.cleanup(40, 0, never, 1, compact)->dropped == 4);
    CHECK(at.append(50));
    CHECK(at.append(51));
}

template <template <class> class Mutant>
void grows_old_at_once(tally& seen) {
    grows_old<Mutant>(seen, flush_always{}, false);
}

template <template <class> class Mutant>
void grows_old_on_request(tally& seen) {
    grows_old<Mutant>(seen, flush_on_request{}, false);
}

template <template <class> class Mutant>
void grows_old_and_is_compacted(tally& seen) {
    grows_old<Mutant>(seen, flush_every{.records = 3}, true);
}

template <template <class> class Mutant>
void is_compacted(tally& seen) {
    delta_session<Mutant> at{seen, {.sector = 64}};
    REQUIRE(at.open(flush_always{}));
    for (std::uint64_t i = 0; i != 4; ++i) {
        CHECK(at.append(i));
    }
    CHECK(at.compact());
    CHECK(at.append(4));
    CHECK(at.cleanup(10, 3, never, 9)->dropped == 1);
    CHECK(at.open(flush_on_request{}));
    CHECK(at.append(5));
    CHECK(at.append(6));
    CHECK(at.compact());
    CHECK(at.append(7));
    CHECK(at.flush());
}

template <template <class> class Mutant>
void few_bytes_at_a_time(tally& seen) {
    delta_session<Mutant> at{seen, {.sector = 32, .write_limit = 50}};
    REQUIRE(at.open(flush_always{}));
    CHECK(at.append(1));
    CHECK(at.append(2));
    CHECK(at.compact());
    CHECK(at.append(3));
}

// The disk is full in the middle of a record, and later not any more.
template <template <class> class Mutant>
void out_of_space(tally& seen) {
    for (std::size_t room = 1; room < 120; room += 17) {
        delta_session<Mutant> at{seen};
        REQUIRE(at.open(flush_always{}));
        CHECK(at.append(0));
        std::size_t left = room;
        at.refuse = [&](tests::call& what) -> result<void> {
            if (what.kind != call_kind::write) {
                return {};
            }
            if (left == 0) {
                return tintype::fail({.code = tintype::errc::no_space, .system = ENOSPC});
            }
            what.at_most = std::exchange(left, 0);
            return {};
        };
        static_cast<void>(at.append(1)); // there may be room for all of it
        at.refuse = {};
        CHECK(at.append(2));
        CHECK(at.append(3));
    }
}

// Short, for mutants that leave many states.
template <template <class> class Mutant>
void two_snapshots(tally& seen) {
    delta_session<Mutant> at{seen};
    REQUIRE(at.open(flush_always{}));
    CHECK(at.append(0));
    CHECK(at.append(1));
}

template <template <class> class Mutant = tests::faithful>
constexpr scenario scenarios[] = {
    {"each at once", each_at_once<Mutant>},
    {"every second", every_second<Mutant>},
    {"on request", on_request<Mutant>},
    {"grows old, each at once", grows_old_at_once<Mutant>},
    {"grows old, on request", grows_old_on_request<Mutant>},
    {"grows old and is compacted", grows_old_and_is_compacted<Mutant>},
    {"compacted", is_compacted<Mutant>},
    {"few bytes at a time", few_bytes_at_a_time<Mutant>},
    {"out of space", out_of_space<Mutant>},
};

} // namespace

TEST_CASE("no power cut takes what a history acknowledged, or leaves what nobody appended") {
    tests::hold("history", scenarios<>);
}

TEST_CASE("mutants of a history are caught") {
    CHECK(
        caught("history", "the history is not synced", two_snapshots<tests::appended_not_synced>));
    CHECK(caught("history", "the compacted is not synced",
                 is_compacted<tests::rewritten_not_synced>));
    CHECK(caught("history", "the folder is not synced", is_compacted<tests::folder_not_synced>));
    CHECK(caught("history", "refused bytes are not cut off", out_of_space<tests::nothing_cut>));
}
