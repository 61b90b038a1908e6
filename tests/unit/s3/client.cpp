#include <tintype/s3/client.hpp>
#include <tintype/s3/credentials.hpp>

#include "support/bytes.hpp"
#include "support/scripted_s3.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace {

using namespace tintype;
using tests::s3_fault;
using tests::scripted_s3;

using client = s3_client<scripted_s3, given_credentials>;

const given_credentials who{{.access_key = "key", .secret_key = "secret"}};

struct waited {
    std::shared_ptr<std::vector<std::chrono::milliseconds>> all =
        std::make_shared<std::vector<std::chrono::milliseconds>>();

    void operator()(std::chrono::milliseconds time) const { all->push_back(time); }

    [[nodiscard]] std::chrono::milliseconds sum() const {
        std::chrono::milliseconds whole{};
        for (const auto each : *all) {
            whole += each;
        }
        return whole;
    }
};

s3_options options(const waited& pause) {
    s3_options quick;
    quick.tries = 5;
    quick.pause = pause;
    return quick;
}

scripted_s3 always(s3_fault how) {
    scripted_s3 bucket;
    bucket.fault = [=](unsigned, const s3_request&) { return how; };
    return bucket;
}

TEST_CASE("s3 client: as many tries as the options say, and no more") {
    for (const s3_fault how :
         {s3_fault::no_connection, s3_fault::request_lost, s3_fault::fails_before}) {
        const auto bucket = always(how);
        const waited pause;
        const client one{tests::scripted_location(), options(pause), bucket, who};
        const auto there = one.head("p/object");
        REQUIRE(!there);
        CHECK(bucket.requests() == 5);
        CHECK(there.error().undone == (how == s3_fault::no_connection));
        // Below 50, 100, 200 and 400 ms.
        CHECK(pause.sum() <= std::chrono::milliseconds{750});
    }
    const auto bucket = always(s3_fault::none);
    const client one{tests::scripted_location(), options({}), bucket, who};
    CHECK(one.head("p/object").error().what.code == errc::not_found);
    CHECK(bucket.requests() == 1); // an answer for good
}

TEST_CASE("s3 client: a service that says how long to wait is listened to") {
    const auto bucket = always(s3_fault::overloaded);
    const waited pause;
    const client one{tests::scripted_location(), options(pause), bucket, who};
    CHECK(!one.head("p/object"));
    CHECK(pause.sum() == std::chrono::seconds{8});
}

TEST_CASE("s3 client: one try in doubt leaves all in doubt") {
    scripted_s3 bucket;
    bucket.fault = [](unsigned number, const s3_request&) {
        return number == 1 ? s3_fault::request_lost : s3_fault::no_connection;
    };
    const client one{tests::scripted_location(), options({}), bucket, who};
    const auto done = one.remove("p/object");
    REQUIRE(!done);
    CHECK(!done.error().undone);
}

TEST_CASE("s3 client: a stop ends the waiting and the trying") {
    const auto bucket = always(s3_fault::fails_before);
    std::stop_source stop;
    auto quick = options({});
    quick.backoff = std::chrono::hours{1};
    quick.backoff_most = std::chrono::hours{1};
    int pauses = 0;
    quick.pause = [&](std::chrono::milliseconds) {
        if (++pauses == 3) {
            stop.request_stop();
        }
    };
    const client one{tests::scripted_location(), quick, bucket, who};
    const monitor watch{stop.get_token()};
    const auto there = one.head("p/object", {&watch, {.done = 5, .total = 7}});
    REQUIRE(!there);
    CHECK(there.error().what.code == errc::cancelled);
    CHECK(there.error().what.found == 5);
    CHECK(pauses == 3);
    CHECK(bucket.requests() == 1);
}

TEST_CASE("s3 client: what is sent is hashed, and a thousand names go at once") {
    scripted_s3 bucket;
    const client one{tests::scripted_location(), options({}), bucket, who};
    std::vector<std::string> keys;
    for (int i = 0; i != 1000; ++i) {
        keys.push_back("p/object-" + std::to_string(i));
        bucket.put(keys.back(), {});
    }
    bucket.put("p/stays", {});
    const auto kept = one.remove(std::span<const std::string>{keys});
    REQUIRE(kept);
    CHECK(kept->empty());
    CHECK(bucket.requests() == 1);
    CHECK(bucket.objects().size() == 1);
}

TEST_CASE("s3 client: a digest in base64") {
    CHECK(detail::base64_of({}).empty());
    CHECK(detail::base64_of(bytes_of("f")) == "Zg==");
    CHECK(detail::base64_of(bytes_of("fo")) == "Zm8=");
    CHECK(detail::base64_of(bytes_of("foo")) == "Zm9v");
    CHECK(detail::base64_of(bytes_of("foob")) == "Zm9vYg==");
    CHECK(detail::base64_of(tests::blob_of({0xff, 0xfe, 0xfd})) == "//79");
}

// Answers of which the sizes do not fit together are not believed.
TEST_CASE("s3 client: a range is exactly what was asked for") {
    struct lying {
        s3_answer answer;
        int* asked;

        transport_outcome send(const s3_request&, const s3_credentials&) const {
            ++*asked;
            return answer;
        }
    };

    const auto get = [&](int status, std::string_view range, std::size_t size) {
        int asked = 0;
        s3_answer answer{.status = status, .headers = {}, .body = tests::noise(size)};
        answer.headers = {{"content-length", std::to_string(size)}};
        if (!range.empty()) {
            answer.headers.push_back({"content-range", std::string{range}});
        }
        const s3_client<lying, given_credentials> one{tests::scripted_location(), options({}),
                                                      lying{answer, &asked}, who};
        const auto got = one.get("p/object", s3_span{.offset = 10, .size = 5}, {}, 5, {});
        CHECK(asked == (got ? 1 : 5));
        return got.has_value();
    };
    CHECK(get(206, "bytes 10-14/15", 5));
    CHECK(get(206, "bytes 10-14/100", 5));
    CHECK(get(206, "bytes 10-11/12", 2));
    CHECK(get(200, "", 4)); // no ranges there, and the object is small
    for (const std::string_view range :
         {"", "bytes 10-14/14", "bytes 9-13/100", "bytes 10-13/100", "bytes 10-15/100",
          "bytes 14-10/100", "bytes 10-14/*", "bytes 10-14", "bytes x", "10-14/100",
          "bytes 10-14/99999999999999999999999", "bytes -1-4/100"}) {
        INFO(std::string{range});
        CHECK(!get(206, range, 5));
    }
    CHECK(!get(206, "bytes 10-14/100", 4));
    CHECK(!get(206, "bytes 10-14/100", 6));
    CHECK(!get(200, "", 6));
}

TEST_CASE("s3 entry: digests are written and read") {
    s3_digest digest{.part_size = 0, .value = hash_of<sha256>(bytes_of("x"))};
    CHECK(read_s3_digest(write_s3_digest(digest)) == digest);
    digest.part_size = 8'388'608;
    const auto text = write_s3_digest(digest);
    CHECK(text.starts_with("sha256-parts:8388608:2d711642b726b044"));
    CHECK(read_s3_digest(text) == digest);
    for (std::size_t size = 0; size != text.size(); ++size) {
        CHECK(!read_s3_digest(text.substr(0, size)));
    }
    for (const std::string_view bad : {"", "sha256", "md5:00", "sha256-parts:0:", "sha256-parts::",
                                       "sha256-parts:-1:", "sha256-parts:99999999999999999999:"}) {
        CHECK(!read_s3_digest(bad));
        CHECK(!read_s3_digest(std::string{bad} + to_hex(digest.value)));
    }
}

} // namespace
