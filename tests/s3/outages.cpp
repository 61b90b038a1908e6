// Parts of the service end by SIGKILL in the middle of what is asked of them.

#include "proxy.hpp"
#include "scene.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

using tests::cluster;
using tests::fault;
using tests::proxy;

// Long enough for a gateway to come back.
tintype::s3_options enduring() {
    auto options = tests::quick();
    options.tries = 12;
    options.backoff_most = std::chrono::milliseconds{500};
    options.timeout = std::chrono::milliseconds{20'000};
    return options;
}

} // namespace

TEST_CASE("an OSD is killed during writes: all that was acknowledged is there, writes go on") {
    constexpr std::size_t writers = 4;
    const auto where = tests::place();

    struct written {
        std::string name;
        std::uint64_t seed = 0;
        std::size_t size = 0;
    };

    std::mutex mutex;
    std::vector<written> acknowledged;
    std::vector<std::string> refused;
    std::atomic<bool> enough{false};
    const auto count = [&] {
        const std::lock_guard guard{mutex};
        return acknowledged.size();
    };
    const auto until_more = [&](std::size_t more) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
        const std::size_t before = count();
        while (count() < before + more && std::chrono::steady_clock::now() < deadline) {
            std::this_thread::sleep_for(std::chrono::milliseconds{5});
        }
        return count() >= before + more;
    };
    {
        std::vector<std::jthread> all;
        for (std::size_t me = 0; me != writers; ++me) {
            all.emplace_back([&, me] {
                const auto storage = tests::open_store(where, enduring());
                for (std::uint64_t i = 0; !enough; ++i) {
                    const written next{.name = std::to_string(me) + "-" + std::to_string(i),
                                       .seed = me * 1'000'000 + i,
                                       .size = i % 10 == 9 ? 200'000U : 3000U};
                    const auto done =
                        tests::put(storage, next.name, tests::noise(next.size, next.seed));
                    const std::lock_guard guard{mutex};
                    if (done) {
                        acknowledged.push_back(next);
                    } else {
                        refused.push_back(tintype::message(done.error()));
                    }
                }
            });
        }
        CHECK(until_more(100));
        cluster("kill-osd 1");
        CHECK(until_more(200));
        enough = true;
    }
    CHECK(refused.empty());
    for (const auto& each : refused) {
        MESSAGE(each);
    }
    const auto storage = tests::open_store(where);
    CHECK(storage.names().value().size() >= acknowledged.size());
    for (const written& each : acknowledged) {
        REQUIRE(tests::kept(storage, each.name) == tests::noise(each.size, each.seed));
    }
    cluster("revive-osd 1");
    // Also of those that it missed.
    for (const written& each : acknowledged) {
        REQUIRE(tests::kept(storage, each.name) == tests::noise(each.size, each.seed));
    }
    CHECK(tests::put(storage, "after", tests::noise(3000)).has_value());
}

namespace {

enum class moment { sent, answered };

// Does `act` with the gateway killed and started again at the n-th request, for every n: when the
// request is the gateway's, and when its answer is there and nobody has seen it.
template <class Prepare, class Act>
void with_gateway_killed(Prepare prepare, Act act) {
    proxy between{tests::port_of(tests::endpoint())};
    for (const moment when : {moment::sent, moment::answered}) {
        for (std::uint64_t n = 1;; ++n) {
            INFO("killed at request ", n, when == moment::sent ? ", sent" : ", answered");
            const auto where = tests::place();
            const auto direct = tests::open_store(where, enduring());
            prepare(direct);
            auto there = where;
            there.endpoint = between.endpoint();
            const auto harmed = tests::open_store(there, enduring());
            const auto again = [] {
                cluster("kill-gateway");
                cluster("start-gateway");
            };
            fault one{.what = fault::kind::lose_answer};
            (when == moment::sent ? one.sent : one.answered) = again;
            between.harm(n, one);
            act(harmed, direct);
            const auto passed = between.count();
            between.harm();
            // What it was asked for is there once, and nothing beside it.
            CHECK(direct.names().value() == std::vector<std::string>{"object"});
            CHECK(direct.sweep(std::chrono::nanoseconds{0}).has_value());
            CHECK(direct.names().value() == std::vector<std::string>{"object"});
            if (passed < n) {
                CHECK(n > 1);
                break;
            }
        }
    }
}

void nothing(const tests::store&) {}

} // namespace

TEST_CASE("the gateway is killed between a request and its answer: publishing") {
    std::size_t size = 0;
    SUBCASE("one request's worth") {
        size = 4000;
    }
    SUBCASE("parts") {
        size = 70'000;
    }
    const auto bytes = tests::noise(size);
    with_gateway_killed(nothing, [&](const tests::store& harmed, const tests::store& direct) {
        CHECK(tests::words(tests::put(harmed, "object", bytes)) == "no error");
        CHECK(tests::kept(direct, "object") == bytes);
    });
}

TEST_CASE("the gateway is killed between a request and its answer: a name that is another's") {
    const auto theirs = tests::noise(3000, 1);
    const auto ours = tests::noise(3000, 2);
    with_gateway_killed(
        [&](const tests::store& direct) { REQUIRE(tests::put(direct, "object", theirs)); },
        [&](const tests::store& harmed, const tests::store& direct) {
            const auto done = tests::put(harmed, "object", ours);
            REQUIRE(!done);
            CHECK(done.error().code == tintype::errc::already_exists);
            CHECK(tests::kept(direct, "object") == theirs);
        });
}

TEST_CASE("the gateway is killed between a request and its answer: replacing, swapping") {
    const auto before = tests::noise(3000, 1);
    const auto after = tests::noise(3000, 2);
    with_gateway_killed(
        [&](const tests::store& direct) { REQUIRE(tests::put(direct, "object", before)); },
        [&](const tests::store& harmed, const tests::store& direct) {
            CHECK(tests::words(tests::put(harmed, "object", after, true)) == "no error");
            CHECK(tests::kept(direct, "object") == after);
        });
    with_gateway_killed(
        [&](const tests::store& direct) {
            REQUIRE(tests::put(direct, "object", before));
            REQUIRE(direct.swap_pointer("pointer", "", before));
        },
        [&](const tests::store& harmed, const tests::store& direct) {
            const auto tag = direct.read_pointer("pointer").value().tag;
            const auto put = harmed.swap_pointer("pointer", tag, after);
            CHECK(tests::words(put) == "no error");
            CHECK(direct.read_pointer("pointer").value().bytes == after);
        });
}
