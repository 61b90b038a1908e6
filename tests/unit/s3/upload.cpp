#include <tintype/s3/storage.hpp>
#include <tintype/storage/segments.hpp>

#include "support/bytes.hpp"
#include "support/scripted_s3.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>

namespace {

using namespace tintype;
using tests::s3_fault;
using tests::scripted_s3;

// Counts what is on its way at the same time, and how many bytes that is.
struct counted {
    struct numbers {
        std::atomic<int> now{0};
        std::atomic<int> most{0};
        std::atomic<int> elsewhere{0}; // requests from other threads than the first
        std::thread::id first = std::this_thread::get_id();
    };

    scripted_s3 bucket;
    std::shared_ptr<numbers> seen = std::make_shared<numbers>();

    transport_outcome send(const s3_request& request, const s3_credentials& who) const {
        const bool part = request.target.contains("partNumber");
        seen->elsewhere += std::this_thread::get_id() != seen->first ? 1 : 0;
        if (part) {
            const int now = ++seen->now;
            for (int most = seen->most;
                 most < now && !seen->most.compare_exchange_weak(most, now);) {
            }
            std::this_thread::yield();
        }
        auto outcome = bucket.send(request, who);
        seen->now -= part ? 1 : 0;
        return outcome;
    }
};

using storage = basic_s3_storage<counted, given_credentials>;

s3_options quick() {
    s3_options options;
    options.part_size = 1000;
    options.parts_in_flight = 3;
    options.tries = 3;
    options.pause = [](std::chrono::milliseconds) {};
    return options;
}

storage over(const counted& transport, const s3_options& options = quick()) {
    return storage{tests::scripted_location(), options, transport,
                   given_credentials{{.access_key = "key", .secret_key = "secret"}}};
}

std::size_t count(const scripted_s3& bucket, std::string_view what) {
    return static_cast<std::size_t>(std::ranges::count_if(
        bucket.log(), [&](const std::string& line) { return line.contains(what); }));
}

result<void> publish(const storage& store, std::string_view name, byte_view bytes) {
    auto staged = store.stage();
    if (auto done = staged->write(bytes); !done) {
        return done;
    }
    return staged->publish(name);
}

TEST_CASE("s3 upload: around the size of a part") {
    for (const std::size_t size : {0U, 1U, 999U, 1000U, 1001U, 1999U, 2000U, 2001U, 9000U}) {
        INFO("size ", size);
        const counted transport;
        const auto store = over(transport);
        const blob bytes = tests::noise(size);
        REQUIRE(publish(store, "object", bytes));
        const bool small = size <= 1000;
        CHECK(count(transport.bucket, "partNumber") == (small ? 0 : (size + 999) / 1000));
        // One request, and no thread, for what is small.
        CHECK((!small || transport.bucket.requests() == 1));
        CHECK((!small || transport.seen->elsewhere == 0));
        CHECK(transport.seen->most <= 3);
        CHECK(transport.bucket.objects().size() == 1);
        CHECK(transport.bucket.uploads() == 0);
        const auto& object = transport.bucket.objects().at("p/object");
        CHECK(object.bytes == bytes);
        CHECK(object.metadata.size() == 2);
        CHECK(std::ranges::any_of(object.metadata, [&](const http_header& each) {
            return each.name == s3_digest_header &&
                   each.value.starts_with(small ? "sha256:" : "sha256-parts:1000:");
        }));
        const auto opened = store.open("object");
        REQUIRE(opened);
        CHECK(std::ranges::equal(opened->bytes(), bytes));
    }
}

TEST_CASE("s3 upload: larger than one copy may be") {
    const counted transport;
    auto options = quick();
    options.copy_limit = 1500;
    const auto store = over(transport, options);
    const blob bytes = tests::noise(7001);
    REQUIRE(publish(store, "object", bytes));
    CHECK(transport.bucket.objects().size() == 1);
    CHECK(transport.bucket.uploads() == 0);
    CHECK(count(transport.bucket, "partNumber") == 8 + 5);
    const auto opened = store.open("object");
    REQUIRE(opened);
    CHECK(std::ranges::equal(opened->bytes(), bytes));
}

TEST_CASE("s3 upload: services that heed conditions on copies, with and without quotes") {
    for (const bool bare : {false, true}) {
        counted transport;
        transport.bucket.copies_checked = true;
        transport.bucket.bare_tags = bare;
        const auto store = over(transport);
        const blob bytes = tests::noise(3000);
        REQUIRE(publish(store, "object", bytes));
        CHECK(transport.bucket.objects().size() == 1);
        CHECK(transport.bucket.objects().at("p/object").bytes == bytes);
        CHECK(count(transport.bucket, "PUT /bucket/p/object") == (bare ? 3 : 2));
    }
}

TEST_CASE("s3 upload: services that do not implement conditions on copies") {
    counted transport;
    transport.bucket.copies_refused = true;
    const auto store = over(transport);
    const blob bytes = tests::noise(3000);
    REQUIRE(publish(store, "object", bytes));
    CHECK(transport.bucket.objects().size() == 1);
    CHECK(transport.bucket.objects().at("p/object").bytes == bytes);
    CHECK(publish(store, "object", bytes).error().code == errc::already_exists);
}

TEST_CASE("s3 upload: dropped, failed or stopped, nothing of it stays") {
    const counted transport;
    const auto store = over(transport);
    {
        auto staged = store.stage();
        REQUIRE(staged->write(tests::noise(5000)));
        CHECK(transport.bucket.uploads() == 1);
        auto moved = *std::move(staged);
        REQUIRE(moved.write(tests::noise(500)));
    }
    CHECK(transport.bucket.uploads() == 0);
    CHECK(transport.bucket.objects().empty());

    std::stop_source stop;
    const auto stop_late = [&](progress now) {
        if (now.done >= 4000) {
            stop.request_stop();
        }
    };
    const monitor watch{stop_late, stop.get_token()};
    {
        auto staged = store.stage({.size_hint = 9000, .watch = &watch});
        const blob bytes = tests::noise(900);
        result<void> done;
        for (int i = 0; i != 10 && done; ++i) {
            done = staged->write(bytes);
        }
        REQUIRE(!done);
        CHECK(done.error().code == errc::cancelled);
        CHECK(done.error().found >= 4000);
        CHECK(done.error().wanted == 9000);
        CHECK(staged->publish("object").error().code == errc::cancelled);
    }
    CHECK(transport.bucket.uploads() == 0);
    CHECK(transport.bucket.objects().empty());

    // A part that is refused ends it, and the error is that one's.
    counted refusing = transport;
    refusing.bucket.fault = [](unsigned, const s3_request& request) {
        return request.target.contains("partNumber=3") ? s3_fault::fails_before : s3_fault::none;
    };
    {
        auto staged = over(refusing).stage();
        const auto written = staged->write(tests::noise(9000));
        const auto done = staged->publish("object");
        REQUIRE(!done);
        CHECK(done.error().code == errc::io);
        CHECK(done.error().found == 500);
        CHECK((written || written.error().code == errc::io));
    }
    CHECK(transport.bucket.uploads() == 0);
    CHECK(transport.bucket.objects().empty());
}

TEST_CASE("s3 upload: an announced size makes the parts as large as they must be") {
    const counted transport;
    const auto store = over(transport);
    auto staged = store.stage({.size_hint = 20'000'001});
    REQUIRE(staged->write(tests::noise(4003)));
    REQUIRE(staged->publish("object"));
    CHECK(count(transport.bucket, "partNumber") == 3); // of 2001 bytes
    CHECK(store.open("object"));
}

// The name is another's while the object lies ready under its temporary key.
TEST_CASE("s3 upload: a large object finds another name") {
    const counted transport;
    const auto store = over(transport);
    const blob bytes = tests::noise(3000);
    REQUIRE(publish(store, "taken", {}));
    auto staged = store.stage();
    REQUIRE(staged->write(bytes));
    for (int again = 0; again != 2; ++again) {
        CHECK(staged->publish("taken").error().code == errc::already_exists);
    }
    REQUIRE(staged->publish("free"));
    CHECK(transport.bucket.objects().size() == 2);
    CHECK(transport.bucket.objects().at("p/free").bytes == bytes);
    CHECK(transport.bucket.objects().at("p/taken").bytes.empty());
}

// What only keeps a name is no object for anybody.
TEST_CASE("s3 upload: a name that is kept is not there yet") {
    counted transport;
    const auto store = over(transport);
    transport.bucket.fault = [](unsigned, const s3_request& request) {
        const bool copies = std::ranges::any_of(
            request.headers, [](const auto& each) { return each.name == "x-amz-copy-source"; });
        return copies ? s3_fault::request_lost : s3_fault::none;
    };
    const auto done = publish(over(transport), "object", tests::noise(3000));
    REQUIRE(!done);
    CHECK(done.error().during == outcome_unknown);
    REQUIRE(transport.bucket.objects().size() == 1);
    CHECK(transport.bucket.objects().at("p/object").bytes.size() == s3_reserved_size);
    CHECK(store.open("object").error().code == errc::not_found);
    CHECK(store.names()->empty());
    CHECK(store.remove("object") == false);
    CHECK(publish(store, "object", {}).error().code == errc::already_exists);
    transport.bucket.pass_time(std::chrono::minutes{30});
    CHECK(store.sweep(std::chrono::hours{1}) == 0);
    transport.bucket.pass_time(std::chrono::minutes{31});
    CHECK(store.sweep(std::chrono::hours{1}) == 1);
    CHECK(transport.bucket.objects().empty());
    REQUIRE(publish(store, "object", {}));
}

// By the service's clock, page by page, and nothing else goes.
TEST_CASE("s3 upload: what crashed writers left is swept") {
    counted transport;
    transport.bucket.page = 2;
    const auto store = over(transport);
    REQUIRE(publish(store, "object", tests::noise(10)));
    REQUIRE(store.swap_pointer("pointer", "", bytes_of("state")));
    for (int i = 0; i != 5; ++i) {
        transport.bucket.put("p/.tintype-" + std::to_string(i) + ".tmp", {});
    }
    transport.bucket.put("p/not ours", {});
    transport.bucket.put("elsewhere/.tintype-1.tmp", {});
    counted crashing = transport;
    crashing.bucket.fault = [](unsigned, const s3_request& request) {
        return request.method == "DELETE" ? s3_fault::no_connection : s3_fault::none;
    };
    for (int i = 0; i != 3; ++i) {
        auto staged = over(crashing).stage();
        REQUIRE(staged->write(tests::noise(3000)));
    }
    CHECK(transport.bucket.uploads() == 3);
    CHECK(store.sweep(std::chrono::hours{1}) == 0);
    transport.bucket.pass_time(std::chrono::hours{1});
    CHECK(store.sweep(std::chrono::hours{1}) == 5);
    CHECK(transport.bucket.uploads() == 3); // whose writers may be slow
    transport.bucket.pass_time(std::chrono::hours{23});
    CHECK(store.sweep(std::chrono::hours{1}) == 3);
    CHECK(transport.bucket.uploads() == 0);
    CHECK(transport.bucket.objects().size() == 4);
    CHECK(store.sweep(std::chrono::nanoseconds{0}) == 0);
    CHECK(store.names() == std::vector<std::string>{"object"});
}

// Once the lock is another's, nothing that needed it is done any more.
TEST_CASE("s3 upload: no name is given or taken under a lock that was lost") {
    const counted transport;
    const auto store = over(transport);
    REQUIRE(publish(store, "object", {}));
    {
        const auto held = store.lock();
        REQUIRE(held);
        CHECK(held->check());
        CHECK(held->fence() == 1);
        // Somebody takes it by force: the lease's owner sees it when it renews or asks.
        REQUIRE(publish(store, "under-lock", {}));
        CHECK(store.remove("under-lock") == true);
    }
    auto options = quick();
    options.lease_term = std::chrono::milliseconds{40};
    counted cut = transport;
    std::atomic<bool> broken{false};
    cut.bucket.fault = [&](unsigned, const s3_request& request) {
        return broken && request.target.contains("pointer-lock") ? s3_fault::no_connection
                                                                 : s3_fault::none;
    };
    const auto losing = over(cut, options);
    const auto held = losing.lock();
    REQUIRE(held);
    CHECK(held->fence() == 2);
    broken = true;
    while (held->check()) {
        std::this_thread::yield();
    }
    CHECK(held->check().error().code == errc::timed_out);
    const auto refused = [](const error& what) {
        return what.code == errc::timed_out && what.during == "the lock was lost";
    };
    CHECK(refused(losing.remove("object").error()));
    CHECK(refused(losing.remove_all(std::vector<std::string>{"object"}).error()));
    CHECK(refused(publish(losing, "another", {}).error()));
    CHECK(refused(publish(losing, "another", tests::noise(3000)).error()));
    CHECK(transport.bucket.objects().contains("p/object"));
    CHECK(!transport.bucket.objects().contains("p/another"));
    // Others hold no lock and need none.
    CHECK(publish(store, "another", {}));
    broken = false;
}

// A try that nobody answered is not made again once another may have gone on with the object.
TEST_CASE("s3 upload: what grows is not replaced under a claim that was lost") {
    for (const bool cuts : {false, true}) {
        INFO("cuts: ", cuts);
        counted transport;
        std::atomic<bool> armed{false};
        int tries = 0;
        std::function<bool()> still;
        transport.bucket.fault = [&](unsigned, const s3_request& request) {
            if (!armed || request.method != "PUT" || request.target != "/bucket/p/log") {
                return s3_fault::none;
            }
            ++tries;
            // Another's by force, which the renewal finds.
            transport.bucket.objects().erase("p/.tintype-pointer-claim-log");
            return s3_fault::overloaded;
        };
        auto options = quick();
        options.lease_term = std::chrono::milliseconds{1200};
        options.pause = [&](std::chrono::milliseconds) {
            while (still()) {
                std::this_thread::yield();
            }
        };
        const segmented growing{over(transport, options)};
        auto head = growing.stage();
        REQUIRE(head->write(tests::noise(10)));
        REQUIRE(head->publish("log"));
        const auto claim = growing.claim("log");
        REQUIRE(claim);
        still = [&] { return claim->check().has_value(); };
        auto log = growing.append("log");
        REQUIRE(log->write(tests::noise(10)));
        REQUIRE(log->sync());
        auto other = growing.stage();
        REQUIRE(other->write(tests::noise(5)));
        armed = true;
        const auto done = cuts ? log->truncate(5) : other->replace("log");
        armed = false;
        CHECK(tries == 1);
        REQUIRE(!done);
        CHECK(done.error().code == errc::timed_out);
        CHECK(growing.open("log")->bytes().size() == 20);
    }
}

} // namespace
