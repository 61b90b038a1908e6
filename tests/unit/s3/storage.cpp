#include "laws/storage.hpp"

#include <tintype/manager/names.hpp>
#include <tintype/manager/version_store.hpp>
#include <tintype/s3/storage.hpp>

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

static_assert(lockable_storage<storage> && sweepable_storage<storage> && pointer_storage<storage>);

// No test waits.
s3_options quick() {
    s3_options options;
    options.part_size = 1000;
    options.parts_in_flight = 2;
    options.tries = 4;
    options.pause = [](std::chrono::milliseconds) {};
    return options;
}

storage over(const scripted_s3& bucket, const s3_options& options = quick()) {
    return storage{tests::scripted_location(), options, bucket,
                   given_credentials{{.access_key = "key", .secret_key = "secret"}}};
}

TEST_CASE("s3 storage: the laws, in parts of 8 KiB") {
    laws::storage_laws([] {
        auto options = quick();
        options.part_size = std::size_t{8} << 10U;
        return over({}, options);
    });
}

// One operation with the n-th request failing, or all from the n-th on, for every n.
template <class Prepare, class Run>
void with_every_fault(Prepare prepare, Run run, bool bare_tags = true) {
    for (const bool forever : {false, true}) {
        for (const s3_fault how : tests::s3_faults) {
            for (unsigned n = 1;; ++n) {
                INFO("fault ", static_cast<int>(how), forever ? " from request " : " at request ",
                     n);
                scripted_s3 bucket;
                bucket.bare_tags = bare_tags;
                prepare(over(bucket), bucket);
                const unsigned before = bucket.requests();
                scripted_s3 faulty = bucket;
                faulty.fault = [=](unsigned number, const s3_request&) {
                    const unsigned mine = number - before;
                    return mine == n || (forever && mine > n) ? how : s3_fault::none;
                };
                run(over(faulty), over(bucket), bucket, forever, how);
                if (bucket.requests() - before < n || n > 60) {
                    CHECK(n <= 60);
                    break;
                }
            }
        }
    }
}

void nothing_is_left(const storage& clean, const scripted_s3& bucket) {
    bucket.settle();
    CHECK(clean.sweep(std::chrono::nanoseconds{0}));
    CHECK(bucket.uploads() == 0);
    for (const auto& [key, object] : bucket.objects()) {
        CHECK_MESSAGE((key.find(".tmp") == key.npos), key);
    }
}

bool is_unknown(const error& what) {
    return what.during == outcome_unknown;
}

// A new object is there whole, or is not there; never is the error that of a name taken.
void publishes(std::size_t size) {
    const blob bytes = tests::noise(size, size);
    with_every_fault([](const storage&, const scripted_s3&) {},
                     [&](const storage& store, const storage& clean, const scripted_s3& bucket,
                         bool forever, s3_fault) {
                         const auto done = laws::publish_object(store, "object", bytes);
                         const auto now = laws::bytes_under(clean, "object");
                         if (done) {
                             CHECK(now == bytes);
                         } else {
                             CHECK(forever);
                             CHECK(done.error().code != errc::already_exists);
                             CHECK((!now || (*now == bytes && is_unknown(done.error()))));
                         }
                         nothing_is_left(clean, bucket);
                         const auto later = laws::bytes_under(clean, "object");
                         CHECK((!later || later == bytes));
                         CHECK((!done || later == bytes));
                         CHECK((done || !later || is_unknown(done.error())));
                     });
}

TEST_CASE("s3 storage: publish what fits one request, whatever fails") {
    publishes(0);
    publishes(700);
}

TEST_CASE("s3 storage: publish what takes several parts, whatever fails") {
    publishes(2500);
}

// What was there stays, and the name is said to be taken only when it is.
TEST_CASE("s3 storage: a name that is taken stays another's, whatever fails") {
    const blob old = tests::noise(900, 1);
    for (const std::size_t size : {700U, 2500U}) {
        const blob bytes = tests::noise(size, 2);
        with_every_fault(
            [&](const storage& store, const scripted_s3&) {
                REQUIRE(laws::publish_object(store, "object", old));
            },
            [&](const storage& store, const storage& clean, const scripted_s3& bucket, bool forever,
                s3_fault) {
                const auto done = laws::publish_object(store, "object", bytes);
                REQUIRE(!done);
                CHECK((forever || done.error().code == errc::already_exists));
                CHECK(laws::bytes_under(clean, "object") == old);
                nothing_is_left(clean, bucket);
                CHECK(laws::bytes_under(clean, "object") == old);
            });
    }
}

TEST_CASE("s3 storage: replace, whatever fails") {
    const blob old = tests::noise(900, 1);
    for (const std::size_t size : {700U, 2500U}) {
        const blob bytes = tests::noise(size, 2);
        with_every_fault(
            [&](const storage& store, const scripted_s3&) {
                REQUIRE(laws::publish_object(store, "object", old));
            },
            [&](const storage& store, const storage& clean, const scripted_s3& bucket, bool forever,
                s3_fault) {
                auto staged = store.stage();
                REQUIRE(staged);
                const auto written = staged->write(bytes);
                const auto done = written ? staged->replace("object") : written;
                CHECK((done || forever));
                const auto now = laws::bytes_under(clean, "object");
                CHECK((done ? now == bytes : now == bytes || now == old));
                CHECK((done || now == old || is_unknown(done.error())));
                {
                    const auto dropped = *std::move(staged);
                }
                nothing_is_left(clean, bucket);
                const auto later = laws::bytes_under(clean, "object");
                CHECK((done ? later == bytes : later == bytes || later == old));
                CHECK((done || later == old || is_unknown(done.error())));
            });
    }
}

TEST_CASE("s3 storage: open and stream, whatever fails") {
    struct gathered {
        blob bytes;

        result<void> write(byte_view more) {
            append(bytes, more);
            return {};
        }
    };

    for (const std::size_t size : {0U, 700U, 3500U}) {
        const blob bytes = tests::noise(size, 2);
        with_every_fault(
            [&](const storage& store, const scripted_s3&) {
                REQUIRE(laws::publish_object(store, "object", bytes));
            },
            [&](const storage& store, const storage&, const scripted_s3&, bool forever,
                s3_fault how) {
                const auto object = store.open("object");
                CHECK((forever || object));
                if (object) {
                    CHECK(std::ranges::equal(object->bytes(), bytes));
                } else {
                    CHECK(object.error().code != errc::not_found);
                }
                gathered sink;
                std::vector<blob> buffers(2);
                const auto streamed = store.stream("object", sink, buffers);
                CHECK((forever || streamed));
                if (streamed) {
                    CHECK(*streamed == size);
                    CHECK(sink.bytes == bytes);
                }
                CHECK((how == s3_fault::body_changed || !forever || !object || !streamed ||
                       size == 0 || object));
            });
    }
}

TEST_CASE("s3 storage: what was changed on the way is received again, or is an error") {
    for (const std::size_t size : {700U, 3500U}) {
        const blob bytes = tests::noise(size, 2);
        scripted_s3 bucket;
        REQUIRE(laws::publish_object(over(bucket), "object", bytes));
        for (unsigned n = 1; n != 6; ++n) {
            scripted_s3 faulty = bucket;
            const unsigned before = bucket.requests();
            faulty.fault = [=](unsigned number, const s3_request&) {
                return number == before + n ? s3_fault::answer_changed : s3_fault::none;
            };
            CHECK(laws::bytes_under(over(faulty), "object") == bytes);
        }
        scripted_s3 broken = bucket;
        broken.fault = [](unsigned, const s3_request& request) {
            return request.method == "GET" ? s3_fault::answer_changed : s3_fault::none;
        };
        const auto object = over(broken).open("object");
        REQUIRE(!object);
        CHECK(object.error().code == errc::checksum_mismatch);
        CHECK(object.error().where == "object");
        CHECK(object.error().found != object.error().wanted);
    }
}

TEST_CASE("s3 storage: remove, whatever fails") {
    const blob bytes = tests::noise(10);
    with_every_fault(
        [&](const storage& store, const scripted_s3&) {
            REQUIRE(laws::publish_object(store, "object", bytes));
            REQUIRE(laws::publish_object(store, "other", bytes));
        },
        [&](const storage& store, const storage& clean, const scripted_s3& bucket, bool forever,
            s3_fault) {
            const auto gone = store.remove("object");
            CHECK((forever || gone == true));
            if (gone) {
                CHECK(*gone);
                CHECK(!laws::bytes_under(clean, "object"));
            }
            CHECK(laws::bytes_under(clean, "other") == bytes);
            nothing_is_left(clean, bucket);
            CHECK((!gone || !laws::bytes_under(clean, "object")));
        });
}

TEST_CASE("s3 storage: list, whatever fails, and page by page") {
    with_every_fault(
        [&](const storage& store, const scripted_s3& bucket) {
            for (int i = 0; i != 5; ++i) {
                REQUIRE(laws::publish_object(store, "object-" + std::to_string(i), {}));
            }
            bucket.put("p/.tintype-pointer-x", {});
            bucket.put("p/below/object", {});
            bucket.put("p/not a name", {});
            bucket.put("elsewhere", {});
        },
        [&](const storage&, const storage&, const scripted_s3& bucket, bool, s3_fault) {
            scripted_s3 paged = bucket;
            paged.page = 2;
            const auto all = over(paged).names();
            REQUIRE(all);
            CHECK(all->size() == 5);
        });
    with_every_fault(
        [&](const storage& store, const scripted_s3&) {
            REQUIRE(laws::publish_object(store, "one", tests::noise(s3_reserved_size)));
            REQUIRE(laws::publish_object(store, "two", tests::noise(3)));
        },
        [&](const storage& store, const storage&, const scripted_s3&, bool forever, s3_fault) {
            const auto all = store.list();
            CHECK((forever || all));
            CHECK((!all || all->size() == 2));
        });
}

// Lists that never end: each page says that another follows, and the n-th one is the first again.
struct circling {
    std::size_t around = 0;

    transport_outcome send(const s3_request& request, const s3_credentials&) const {
        const std::string_view target = request.target;
        const bool uploads = target.contains("uploads");
        const auto at = target.find(uploads ? "key-marker=" : "token=");
        const auto digits = target.substr(std::min(at, target.size()));
        const std::size_t now =
            digits.empty() ? 0 : detail::decimal(digits.substr(digits.find('=') + 1, 1)).value();
        const auto next = std::to_string((now + 1) % around);
        const auto body = uploads ? "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated>"
                                    "<NextKeyMarker>" +
                                        next +
                                        "</NextKeyMarker>"
                                        "<NextUploadIdMarker>x</NextUploadIdMarker>"
                                        "</ListMultipartUploadsResult>"
                                  : "<ListBucketResult><IsTruncated>true</IsTruncated>"
                                    "<NextContinuationToken>" +
                                        next +
                                        "</NextContinuationToken>"
                                        "</ListBucketResult>";
        const auto bytes = bytes_of(body);
        return s3_answer{.status = 200, .headers = {}, .body = {bytes.begin(), bytes.end()}};
    }
};

TEST_CASE("s3 storage: a list that goes round in a circle is an error") {
    for (const std::size_t around : {1U, 2U, 3U, 7U}) {
        INFO(around);
        const basic_s3_storage<circling, given_credentials> store{
            tests::scripted_location(), quick(), circling{around},
            given_credentials{{.access_key = "key", .secret_key = "secret"}}};
        CHECK(store.list().error().code == errc::invalid_value);
        CHECK(store.sweep(std::chrono::hours{1}).error().code == errc::invalid_value);
    }
}

using versions = version_store<storage, sha256, numbered<"snapshot_", ".tintype">>;

// A request that nobody answered may name the object long after the save was given up.
TEST_CASE("s3 storage: a version that comes late has its digest") {
    const scripted_s3 bucket;
    scripted_s3 faulty = bucket;
    faulty.fault = [](unsigned, const s3_request& request) {
        const bool names = request.method == "PUT" &&
                           request.target.starts_with("/bucket/p/snapshot_") &&
                           request.target.ends_with(".tintype");
        return names ? s3_fault::late_by_far : s3_fault::none;
    };
    const versions late{over(faulty)};
    const blob bytes = tests::noise(50);
    auto staged = late.storage().stage();
    REQUIRE(staged->write(bytes));
    const auto done = late.publish(*staged, hash_of<sha256>(bytes));
    REQUIRE(!done);
    CHECK(is_unknown(done.error()));
    bucket.settle();
    const auto opened = late.open(1, access::map, {});
    REQUIRE(opened);
    CHECK(std::ranges::equal(opened->bytes(), bytes));
}

TEST_CASE("s3 storage: a version that is there is not said to be surely not") {
    const scripted_s3 bucket;
    scripted_s3 faulty = bucket;
    faulty.fault = [](unsigned, const s3_request& request) {
        return request.target.contains(".swept") ? s3_fault::request_lost : s3_fault::none;
    };
    const versions some{over(faulty)};
    auto staged = some.storage().stage();
    REQUIRE(staged->write({}));
    const auto done = some.publish(*staged, hash_of<sha256>({}));
    REQUIRE(!done);
    CHECK(is_unknown(done.error()));
    CHECK(some.newest() == 1U);
}

TEST_CASE("s3 storage: what destroys under the lock is not on its way for longer than its margin") {
    using std::chrono::milliseconds;
    auto options = quick();
    options.lease_term = milliseconds{8000};
    options.timeout = milliseconds{60'000};
    std::vector<milliseconds> removals;
    std::vector<milliseconds> others;
    scripted_s3 bucket;
    bucket.fault = [&](unsigned, const s3_request& request) {
        const bool removes =
            request.method == "DELETE" || request.target.find("delete") != std::string::npos;
        (removes ? removals : others).push_back(request.timeout);
        return s3_fault::none;
    };
    const auto store = over(bucket, options);
    const auto publish_and_remove = [&] {
        REQUIRE(laws::publish_object(store, "one", {}));
        REQUIRE(laws::publish_object(store, "two", {}));
        REQUIRE(store.remove("one") == true);
        REQUIRE(store.remove_all(std::vector<std::string>{"two"}));
    };
    publish_and_remove();
    CHECK(removals == std::vector{milliseconds{60'000}, milliseconds{60'000}});
    removals.clear();
    {
        const auto held = store.lock();
        REQUIRE(held);
        publish_and_remove();
    }
    CHECK(removals == std::vector{milliseconds{2000}, milliseconds{2000}});
    CHECK(std::ranges::all_of(others, [](milliseconds each) { return each.count() == 60'000; }));
    {
        const auto held = store.lock();
        REQUIRE(held);
        others.clear();
        auto staged = store.stage();
        REQUIRE(staged->replace("three"));
        CHECK(others.front() == milliseconds{2000});
    }
    others.clear();
    auto staged = store.stage();
    REQUIRE(staged->replace("three"));
    CHECK(std::ranges::all_of(others, [](milliseconds each) { return each.count() == 60'000; }));
}

TEST_CASE("s3 storage: only what begins so is listed") {
    const scripted_s3 bucket;
    const auto store = over(bucket);
    for (const std::string_view name : {"log", "log.1", "log.2", "lo", "other"}) {
        REQUIRE(laws::publish_object(store, name, {}));
    }
    const auto count = [&](std::string_view beginning) {
        const auto all = store.list(beginning);
        REQUIRE(all);
        CHECK(std::ranges::all_of(
            *all, [&](const auto& each) { return each.name.starts_with(beginning); }));
        return all->size();
    };
    CHECK(count("log.") == 2);
    CHECK(count("log") == 3);
    CHECK(count("l") == 4);
    CHECK(count("nothing") == 0);
    for (const std::string_view bad : {"", ".tintype-", "a/b"}) {
        const auto refused = store.list(bad);
        REQUIRE(!refused);
        CHECK(refused.error().code == errc::bad_name);
    }
}

TEST_CASE("s3 storage: swap a pointer, whatever fails") {
    for (const bool bare : {true, false}) {
        for (const bool first : {true, false}) {
            std::string tag;
            with_every_fault(
                [&](const storage& store, const scripted_s3&) {
                    tag.clear();
                    if (!first) {
                        const auto put = store.swap_pointer("name", "", bytes_of("old"));
                        REQUIRE(put);
                        tag = *put;
                    }
                },
                [&](const storage& store, const storage& clean, const scripted_s3& bucket,
                    bool forever, s3_fault) {
                    const auto put = store.swap_pointer("name", tag, bytes_of("new"));
                    CHECK((forever || put));
                    const auto now = clean.read_pointer("name");
                    const bool is_new = now && text_of(now->bytes) == "new";
                    if (put) {
                        CHECK(is_new);
                        CHECK(now->tag == *put);
                    } else {
                        CHECK(put.error().code != errc::already_exists);
                        CHECK((first ? is_new || !now : now.has_value()));
                        CHECK((!is_new || is_unknown(put.error())));
                    }
                    // What comes late changes nothing that was answered.
                    bucket.settle();
                    const auto later = clean.read_pointer("name");
                    CHECK((!put || (later && text_of(later->bytes) == "new")));
                    CHECK((put || is_unknown(put.error()) || first == !later));
                },
                bare);
        }
    }
}

// However often it is asked and never answered: whoever looks sees that it was done.
TEST_CASE("s3 storage: what was done and never answered is found by looking") {
    for (const s3_fault how : {s3_fault::answer_lost, s3_fault::fails_after}) {
        for (const std::size_t size : {700U, 2500U}) {
            scripted_s3 bucket;
            bucket.fault = [=](unsigned, const s3_request& request) {
                const bool naming =
                    request.method == "PUT" && !request.target.contains("partNumber");
                const bool completing =
                    request.method == "POST" && request.target.contains("uploadId");
                return naming || completing ? how : s3_fault::none;
            };
            const auto store = over(bucket);
            const blob first = tests::noise(size, 1);
            const blob second = tests::noise(size, 2);
            REQUIRE(laws::publish_object(store, "object", first));
            CHECK(laws::bytes_under(store, "object") == first);
            CHECK(laws::publish_object(store, "object", second).error().code ==
                  errc::already_exists);
            auto staged = store.stage();
            REQUIRE(staged->write(second));
            REQUIRE(staged->replace("object"));
            CHECK(laws::bytes_under(store, "object") == second);
            auto limited = quick();
            limited.copy_limit = 1000;
            REQUIRE(laws::publish_object(over(bucket, limited), "other", first));
            CHECK(laws::bytes_under(store, "other") == first);
            CHECK(bucket.objects().size() == 2);
            CHECK(bucket.uploads() == 0);
            const auto tag = store.swap_pointer("name", "", bytes_of("one"));
            REQUIRE(tag);
            CHECK(store.swap_pointer("name", *tag, bytes_of("two")));
            CHECK(text_of(store.read_pointer("name")->bytes) == "two");
        }
    }
}

// Who comes second is told so, whatever fails on the way, or that nobody knows.
TEST_CASE("s3 storage: a pointer that another swapped, whatever fails") {
    std::string tag;
    with_every_fault(
        [&](const storage& store, const scripted_s3&) {
            const auto put = store.swap_pointer("name", "", bytes_of("old"));
            REQUIRE(put);
            tag = *put;
            REQUIRE(store.swap_pointer("name", tag, bytes_of("another's")));
        },
        [&](const storage& store, const storage& clean, const scripted_s3& bucket, bool forever,
            s3_fault) {
            const auto put = store.swap_pointer("name", tag, bytes_of("new"));
            REQUIRE(!put);
            CHECK((forever || is_unknown(put.error()) || put.error().code == errc::already_exists));
            bucket.settle();
            const auto now = clean.read_pointer("name");
            REQUIRE(now);
            CHECK(text_of(now->bytes) == "another's");
        });
}

} // namespace
