// Every call of the filesystem fails once, at every place at which a history makes it: no space, an
// input/output error, an interruption. What fails is reported, nothing that was acknowledged is
// lost, and the history goes on, or says that it must be opened again and then does.

#include "delta_session.hpp"
#include "fault_sweep.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>

namespace {

using tests::call_kind;
using tests::delta_session;
using tests::tally;

constexpr std::int64_t never = 1'000'000;

// A life with everything in it; each answer counts. `look` after each, for power cuts.
tests::fault_outcome lived(tally& seen, call_kind kind, std::size_t nth, int system, bool power) {
    delta_session<> at{seen, {.sector = 256}};
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
    tests::each_call_fails_once(lived, {call_kind::write, call_kind::sync});
}

TEST_CASE("each call that writes fails once, and then the power") {
    tests::each_write_fails_once_and_then_the_power(lived);
}
