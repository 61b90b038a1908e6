// Records that are gathered before they are written: how many may wait, when they are written, and
// what a full disk leaves.

#include <tintype/log/writer.hpp>
#include <tintype/storage/directory.hpp>

#include "crash/intercepted.hpp"
#include "crash/simulated_filesystem.hpp"
#include "support/bytes.hpp"
#include "support/logs.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using tests::said;
using tintype::flush_every;
using filesystem = tests::intercepted<tests::simulated_filesystem>;
using storage_type = tintype::basic_directory<filesystem>;
using writer = tintype::log_writer<storage_type>;

constexpr std::uint64_t extent = 32 + 8; // of a record with eight bytes

struct folder {
    folder() {
        hooks->before = [this](tests::call& what) -> tintype::result<void> {
            if (what.kind == tests::call_kind::write && full) {
                return tintype::fail({.code = tintype::errc::no_space, .system = ENOSPC});
            }
            return {};
        };
    }

    bool full = false;
    std::shared_ptr<tests::interception> hooks = std::make_shared<tests::interception>();
    storage_type storage{"folder", filesystem{tests::simulated_filesystem{}, hooks}};

    [[nodiscard]] writer log(tintype::flush_policy policy) const {
        auto made = writer::create(storage, "log", tests::log_magic, {}, 1, policy);
        REQUIRE_MESSAGE(made.has_value(), said(made));
        return *std::move(made);
    }

    // Of records that anybody can see.
    [[nodiscard]] std::size_t seen() const {
        const auto object = storage.open("log", tintype::access::copy).value();
        return tests::scan(object.bytes()).records.size();
    }
};

} // namespace

TEST_CASE("gathered records are written when there are enough bytes of them") {
    const folder at;
    auto log = at.log(flush_every{.records = 1000, .gather = 4 * extent});
    for (std::uint64_t i = 0; i != 11; ++i) {
        CHECK(log.append(2, tests::noise(8, i)).value() == 8 + 32 + i * extent);
        CHECK(at.seen() == 1 + (i + 1) / 4 * 4);
        CHECK(log.size() == 8 + 32 + (i + 1) * extent);
        CHECK(log.durable_size() == 8 + 32);
    }
    REQUIRE(said(log.flush()) == "no error");
    CHECK(at.seen() == 12);
    CHECK(log.durable_size() == log.size());
    const auto bytes = at.storage.open("log", tintype::access::copy).value();
    const auto all = tests::whole_records(bytes.bytes());
    for (std::uint64_t i = 0; i != 11; ++i) {
        CHECK(all[static_cast<std::size_t>(i) + 1].payload == tests::noise(8, i));
    }
}

TEST_CASE("gathered records are written and durable when so many wait, and when time is over") {
    const folder at;
    {
        auto log = at.log(flush_every{.records = 3, .gather = 1 << 20});
        REQUIRE(log.append(2, tests::noise(8)));
        REQUIRE(log.append(2, tests::noise(8)));
        CHECK(at.seen() == 1);
        REQUIRE(log.append(2, tests::noise(8)));
        CHECK(at.seen() == 4);
        CHECK(log.durable_size() == log.size());
        REQUIRE(log.append(2, tests::noise(8)));
        // A payload larger than all that is gathered goes with what waits.
        REQUIRE(log.append(2, tests::noise(1 << 21)));
        CHECK(at.seen() == 6);
        REQUIRE(log.append(2, tests::noise(8)));
    }
    CHECK(at.seen() == 7); // the writer's end writes, too

    const folder other;
    auto log = other.log(flush_every{.time = 2ms, .gather = 1 << 20});
    REQUIRE(log.append(2, tests::noise(8)));
    const auto begin = std::chrono::steady_clock::now();
    while (log.durable_size() != log.size() && std::chrono::steady_clock::now() - begin < 20s) {
        std::this_thread::sleep_for(1ms);
    }
    CHECK(log.durable_size() == log.size());
    CHECK(other.seen() == 2);
}

TEST_CASE("a record that cannot be written is none, and those before it wait for room") {
    folder at;
    auto log = at.log(flush_every{.records = 1000, .gather = 3 * extent});
    REQUIRE(log.append(2, tests::noise(8, 0)));
    REQUIRE(log.append(2, tests::noise(8, 1)));
    const auto size = log.size();
    at.full = true;
    for (int again = 0; again != 3; ++again) {
        CHECK(said(log.append(2, tests::noise(8, 2))).starts_with("no_space"));
        CHECK(log.size() == size);
        CHECK(said(log.flush()).starts_with("no_space"));
    }
    CHECK(at.seen() == 1);
    at.full = false;
    CHECK(log.append(2, tests::noise(8, 3)).value() == size);
    REQUIRE(said(log.flush()) == "no error");
    const auto bytes = at.storage.open("log", tintype::access::copy).value();
    const auto all = tests::whole_records(bytes.bytes());
    REQUIRE(all.size() == 4);
    CHECK(all[1].payload == tests::noise(8, 0));
    CHECK(all[2].payload == tests::noise(8, 1));
    CHECK(all[3].payload == tests::noise(8, 3));
}

TEST_CASE("a rewrite comes behind what was gathered") {
    const folder at;
    auto log = at.log(flush_every{.records = 1000, .gather = 1 << 20});
    REQUIRE(log.append(2, tests::noise(8)));
    const auto one = tests::noise(8, 7);
    const tintype::byte_view payload{one};
    REQUIRE(said(log.rewrite([&](auto put) -> tintype::result<void> {
                CHECK(at.seen() == 2);
                const auto done = put(5, std::span{&payload, 1});
                return done ? tintype::result<void>{} : tintype::pass(done);
            })) == "no error");
    REQUIRE(log.append(2, tests::noise(8)));
    CHECK(at.seen() == 1);
    REQUIRE(said(log.flush()) == "no error");
    CHECK(at.seen() == 2);
}
