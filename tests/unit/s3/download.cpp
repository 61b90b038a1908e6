#include <tintype/s3/storage.hpp>

#include "support/bytes.hpp"
#include "support/scripted_s3.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace tintype;
using tests::s3_fault;
using tests::scripted_s3;

using storage = basic_s3_storage<scripted_s3, given_credentials>;

s3_options quick(std::size_t part_size = 1000) {
    s3_options options;
    options.part_size = part_size;
    options.parts_in_flight = 3;
    options.tries = 3;
    options.pause = [](std::chrono::milliseconds) {};
    return options;
}

storage over(const scripted_s3& bucket, const s3_options& options = quick()) {
    return storage{tests::scripted_location(), options, bucket,
                   given_credentials{{.access_key = "key", .secret_key = "secret"}}};
}

void publish(const storage& store, std::string_view name, byte_view bytes) {
    auto staged = store.stage();
    REQUIRE(staged->write(bytes));
    REQUIRE(staged->publish(name));
}

struct gathered {
    blob bytes;
    std::size_t most = ~std::size_t{0};

    result<void> write(byte_view more) {
        if (bytes.size() + more.size() > most) {
            return fail({.code = errc::no_space});
        }
        append(bytes, more);
        return {};
    }
};

TEST_CASE("s3 download: in other parts than it was sent") {
    const scripted_s3 bucket;
    const blob bytes = tests::noise(5003);
    for (const std::size_t sent : {600U, 1000U, 2500U, 6000U}) {
        const std::string name = "object-" + std::to_string(sent);
        publish(over(bucket, quick(sent)), name, bytes);
        for (const std::size_t part : {1U << 9U, 599U, 601U, 1000U, 2500U, 5002U, 5003U, 5004U}) {
            INFO("sent in ", sent, ", received in ", part);
            const auto store = over(bucket, quick(part));
            const auto object = store.open(name);
            REQUIRE(object);
            CHECK(std::ranges::equal(object->bytes(), bytes));
            for (const std::size_t count : {0U, 1U, 3U}) {
                std::vector<blob> buffers(count);
                gathered sink;
                CHECK(store.stream(name, sink, buffers) == 5003);
                CHECK(sink.bytes == bytes);
                // No more memory than they were given is used, and each is a part at most.
                CHECK(std::ranges::all_of(buffers,
                                          [&](const blob& each) { return each.size() <= part; }));
            }
        }
    }
}

TEST_CASE("s3 download: a range") {
    const scripted_s3 bucket;
    const auto store = over(bucket);
    const blob bytes = tests::noise(3000);
    publish(store, "object", bytes);
    publish(store, "empty", {});
    blob room(500);
    for (const std::size_t at : {0U, 1U, 2499U, 2500U, 2501U, 2999U, 3000U, 3001U}) {
        const auto got = store.read("object", at, room);
        REQUIRE(got);
        CHECK(*got == std::min<std::size_t>(500, 3000 - std::min<std::size_t>(at, 3000)));
        CHECK(std::ranges::equal(byte_view{room}.first(*got),
                                 byte_view{bytes}.subspan(std::min<std::size_t>(at, 3000), *got)));
    }
    CHECK(store.read("object", ~std::uint64_t{0}, room) == 0);
    CHECK(store.read("object", 0, {}) == 0);
    CHECK(store.read("empty", 0, room) == 0);
    CHECK(store.read("absent", 0, room).error().code == errc::not_found);
    CHECK(store.read("../up", 0, room).error().code == errc::bad_name);
}

TEST_CASE("s3 download: what another tool put there is vouched for by its tag") {
    const scripted_s3 bucket;
    const auto store = over(bucket);
    for (const std::size_t size : {0U, 10U, 3000U}) {
        const blob bytes = tests::noise(size);
        bucket.put("p/foreign", bytes);
        const auto object = store.open("foreign");
        REQUIRE(object);
        CHECK(std::ranges::equal(object->bytes(), bytes));
        bucket.objects()["p/foreign"].tag = "0123456789abcdef0123456789abcdef";
        CHECK(store.open("foreign").error().code == errc::checksum_mismatch);
        // A tag of parts says nothing of the bytes.
        bucket.objects()["p/foreign"].tag = "0123456789abcdef0123456789abcdef-2";
        const auto unknown = store.open("foreign");
        REQUIRE(!unknown);
        CHECK(unknown.error().code == errc::missing_field);
        CHECK(unknown.error().where == "foreign");
        auto believing = quick();
        believing.believe_foreign = true;
        CHECK(over(bucket, believing).open("foreign"));
        // Nor does that of bytes which the service encrypts with a key.
        for (const char* how :
             {"x-amz-server-side-encryption", "x-amz-server-side-encryption-customer-algorithm"}) {
            bucket.objects()["p/foreign"].tag = "0123456789abcdef0123456789abcdef";
            bucket.objects()["p/foreign"].metadata = {{how, "aws:kms"}};
            CHECK(store.open("foreign").error().code == errc::missing_field);
            CHECK(over(bucket, believing).open("foreign"));
        }
    }
}

TEST_CASE("s3 download: a digest that is none, or of absurdly many parts") {
    const scripted_s3 bucket;
    const auto store = over(bucket);
    const std::string zeros(64, '0');
    for (const std::string& digest :
         {std::string{"sha256:"}, "sha256-parts:1:" + zeros, "md5:" + zeros, "sha256:1" + zeros}) {
        bucket.put("p/object", tests::noise(20'000));
        bucket.objects()["p/object"].metadata = {{std::string{s3_digest_header}, digest}};
        const auto object = store.open("object");
        REQUIRE(!object);
        CHECK(object.error().code == errc::invalid_value);
    }
    // Parts that are larger than what there is.
    bucket.objects()["p/object"].metadata = {
        {std::string{s3_digest_header}, "sha256-parts:18446744073709551615:" + zeros}};
    CHECK(store.open("object").error().code == errc::checksum_mismatch);
}

// Whoever reads gets one state of the object, the old or the new, or an error.
TEST_CASE("s3 download: replaced while it is read") {
    const blob first = tests::noise(5000, 1);
    for (const std::size_t size : {0U, 700U, 5000U, 9000U}) {
        const blob second = tests::noise(size, 2);
        for (unsigned n = 1; n != 8; ++n) {
            scripted_s3 bucket;
            const auto store = over(bucket);
            publish(store, "object", first);
            scripted_s3 racing = bucket;
            const scripted_s3 other = bucket;
            publish(over(other), "second", second);
            const auto replacement = bucket.objects().at("p/second");
            bool replaced = false;
            const unsigned now = bucket.requests();
            racing.fault = [&](unsigned number, const s3_request&) {
                if (number == now + n) {
                    bucket.objects()["p/object"] = replacement;
                    replaced = true;
                }
                return s3_fault::none;
            };
            const auto object = over(racing).open("object");
            REQUIRE(object);
            CHECK((std::ranges::equal(object->bytes(), first) ||
                   std::ranges::equal(object->bytes(), second)));
            CHECK((n > 5 || replaced));

            bucket.objects().erase("p/second");
        }
    }
}

TEST_CASE("s3 download: removed while it is read") {
    scripted_s3 bucket;
    publish(over(bucket), "object", tests::noise(5000));
    const unsigned before = bucket.requests();
    bucket.fault = [=, objects = &bucket.objects()](unsigned number, const s3_request&) {
        if (number == before + 3) {
            objects->erase("p/object");
        }
        return s3_fault::none;
    };
    CHECK(over(bucket).open("object").error().code == errc::not_found);
}

TEST_CASE("s3 download: a sink that takes no more ends the stream") {
    const scripted_s3 bucket;
    const auto store = over(bucket);
    publish(store, "object", tests::noise(5000));
    for (const std::size_t most : {0U, 999U, 1000U, 4999U}) {
        gathered sink{.bytes = {}, .most = most};
        std::vector<blob> buffers(2);
        const auto done = store.stream("object", sink, buffers);
        REQUIRE(!done);
        CHECK(done.error().code == errc::no_space);
    }
}

// A stream cannot take back what it gave: the error at its end says that it was wrong.
TEST_CASE("s3 download: a stream that was changed says so at its end") {
    scripted_s3 bucket;
    publish(over(bucket), "object", tests::noise(5000));
    bucket.objects()["p/object"].bytes[4321] ^= std::byte{1};
    gathered sink;
    std::vector<blob> buffers(2);
    const auto done = over(bucket).stream("object", sink, buffers);
    REQUIRE(!done);
    CHECK(done.error().code == errc::checksum_mismatch);
    CHECK(sink.bytes.size() == 5000);
}

} // namespace
