// When records become durable, and what an append hears of a sync that failed behind its back.

#include <tintype/log/flush.hpp>
#include <tintype/log/writer.hpp>
#include <tintype/storage/directory.hpp>

#include "crash/intercepted.hpp"
#include "crash/simulated_filesystem.hpp"
#include "support/bytes.hpp"
#include "support/logs.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>

namespace {

using namespace std::chrono_literals;
using tests::call;
using tests::call_kind;
using tests::said;
using tintype::flush_always;
using tintype::flush_every;
using tintype::flush_on_request;
using tintype::flush_policy;
using tintype::result;

using filesystem = tests::intercepted<tests::simulated_filesystem>;
using storage_type = tintype::basic_directory<filesystem>;
using writer = tintype::log_writer<storage_type>;

// A log whose syncs are counted, and fail once they are told to.
struct watched_log {
    explicit watched_log(flush_policy policy) {
        hooks->before = [this](call& what) -> result<void> {
            if (what.kind == call_kind::sync) {
                ++syncs;
                if (failing) {
                    return tintype::fail({.code = tintype::errc::io, .system = EIO});
                }
            }
            return {};
        };
        auto made = writer::create(storage, "log", tests::log_magic, {}, 1, policy);
        REQUIRE_MESSAGE(made.has_value(), said(made));
        log = std::make_unique<writer>(*std::move(made));
        syncs = 0;
    }

    // Whether it came to that many syncs before long.
    [[nodiscard]] bool comes_to(int count) const {
        const auto begin = std::chrono::steady_clock::now();
        while (syncs < count && std::chrono::steady_clock::now() - begin < 20s) {
            std::this_thread::sleep_for(1ms);
        }
        return syncs >= count;
    }

    std::atomic<int> syncs{0};
    std::atomic<bool> failing{false};
    std::shared_ptr<tests::interception> hooks = std::make_shared<tests::interception>();
    storage_type storage{"folder", filesystem{tests::simulated_filesystem{}, hooks}};
    std::unique_ptr<writer> log{};
};

} // namespace

TEST_CASE("a policy says how many records may wait, and how long") {
    static_assert(flush_policy{}.due(1));
    static_assert(flush_policy{flush_always{}}.due(1));
    static_assert(!flush_policy{flush_on_request{}}.due(1'000'000));
    static_assert(flush_policy{flush_on_request{}}.time() == 0ns);
    constexpr flush_policy some = flush_every{.records = 3, .time = 5ms};
    static_assert(!some.due(2) && some.due(3) && some.due(4) && some.time() == 5ms);
    constexpr flush_policy timed = flush_every{.time = 5ms};
    static_assert(!timed.due(1'000'000) && timed.time() == 5ms);
    // One by one, time does not matter.
    static_assert(flush_policy{flush_every{.records = 1, .time = 5ms}}.time() == 0ns);
    CHECK(some.due(3));
}

TEST_CASE("syncs are as many as the policy says, and none is for nothing") {
    const auto syncs_of = [](flush_policy policy) {
        watched_log at{policy};
        for (int i = 0; i != 10; ++i) {
            REQUIRE(at.log->append(1, tests::noise(5)));
        }
        const int appending = at.syncs;
        REQUIRE(at.log->flush());
        REQUIRE(at.log->flush());
        const int flushed = at.syncs;
        at.log.reset();
        CHECK(at.syncs == flushed);
        return std::pair{appending, flushed};
    };
    CHECK(syncs_of(flush_always{}) == std::pair{10, 10});
    CHECK(syncs_of(flush_every{.records = 1}) == std::pair{10, 10});
    CHECK(syncs_of(flush_every{.records = 4}) == std::pair{2, 3});
    CHECK(syncs_of(flush_every{.records = 5}) == std::pair{2, 2});
    CHECK(syncs_of(flush_on_request{}) == std::pair{0, 1});
    CHECK(syncs_of(flush_every{}) == std::pair{0, 1});
    CHECK(syncs_of(flush_every{.time = 1h}) == std::pair{0, 1});
}

TEST_CASE("the destructor flushes") {
    watched_log at{flush_on_request{}};
    REQUIRE(at.log->append(1, tests::noise(5)));
    at.log.reset();
    CHECK(at.syncs == 1);
}

TEST_CASE("the background syncs once for all that wait, and again for what comes later") {
    watched_log at{flush_every{.time = 20ms}};
    for (int round = 1; round != 4; ++round) {
        REQUIRE(at.log->append(1, tests::noise(5)));
        CHECK(at.comes_to(round));
        std::this_thread::sleep_for(50ms);
        CHECK(at.syncs == round);
        CHECK(at.log->durable_size() == at.log->size());
    }
    // Flushed by hand, nothing is left to do.
    REQUIRE(at.log->append(1, tests::noise(5)));
    REQUIRE(at.log->flush());
    const int before = at.syncs;
    std::this_thread::sleep_for(60ms);
    CHECK(at.syncs == before);
}

TEST_CASE(
    "a sync that failed in the background is heard of by the next call, and by all after it") {
    for (const bool flushes : {false, true}) {
        watched_log at{flush_every{.time = 5ms}};
        at.failing = true;
        REQUIRE(at.log->append(1, tests::noise(5)));
        CHECK(at.comes_to(1));
        std::this_thread::sleep_for(30ms);
        CHECK(at.syncs == 1); // it is not tried again
        at.failing = false;
        CHECK(at.log->durable_size() < at.log->size());
        for (int again = 0; again != 3; ++again) {
            if (flushes) {
                CHECK(said(at.log->flush()) == "io in log 0/0");
            } else {
                CHECK(said(at.log->append(1, tests::noise(5))) == "io in log 0/0");
            }
        }
        const auto rewritten = at.log->rewrite([](const auto& put) -> result<void> {
            return put(1, {}) ? result<void>{} : tintype::fail({});
        });
        CHECK(said(rewritten) == "io in log 0/0");
        CHECK(at.syncs == 1);
        // Opened again, it says what there is.
        at.log.reset();
        auto again = writer::open(at.storage, "log", tests::log_magic);
        REQUIRE(again);
        CHECK(again->append(1, tests::noise(5)));
    }
}
