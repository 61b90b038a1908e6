// What a list costs, and what writers who are no more have left behind.

#include "proxy.hpp"
#include "scene.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace {

using std::chrono::nanoseconds;
using tests::kept;
using tests::proxy;
using tests::words;

using client = tintype::s3_client<tintype::curl_transport, tintype::given_credentials>;

client client_of(const tintype::s3_location& where) {
    return client{where, tests::quick(), tintype::curl_transport{}, tests::owner()};
}

std::size_t uploads_under(const tintype::s3_location& where) {
    const auto page = client_of(where).uploads(where.prefix, "", "");
    REQUIRE(page);
    return page->list.uploads.size();
}

// Of all keys, also those that are in no list of a store's.
std::size_t keys_under(const tintype::s3_location& where) {
    const auto page = client_of(where).list(where.prefix, "");
    REQUIRE(page);
    return page->list.objects.size();
}

void put_many(const tintype::s3_location& where, std::size_t from, std::size_t to) {
    std::vector<std::jthread> all;
    for (std::size_t me = 0; me != 4; ++me) {
        all.emplace_back([=] {
            const auto storage = tests::open_store(where);
            for (std::size_t i = from + me; i < to; i += 4) {
                const auto done =
                    tests::put(storage, "object-" + std::to_string(i), tests::noise(10, i));
                CHECK(done);
            }
        });
    }
}

} // namespace

TEST_CASE("a thousand objects are listed in one request, one more in two") {
    proxy between{tests::port_of(tests::endpoint())};
    const auto where = tests::place();
    auto through = where;
    through.endpoint = between.endpoint();
    const auto storage = tests::open_store(through);
    put_many(where, 0, 1000);
    // What is no object of the store's is told apart without another request.
    REQUIRE(tests::put(tests::open_store(tests::place(where.prefix + "deeper")), "object", {}));
    between.harm();
    const auto thousand = storage.list();
    REQUIRE(words(thousand) == "no error");
    CHECK(thousand->size() == 1000);
    CHECK(between.count() == 2); // the folder below is one key more
    REQUIRE(tests::open_store(tests::place(where.prefix + "deeper")).remove("object") == true);
    between.harm();
    CHECK(storage.names().value().size() == 1000);
    CHECK(between.count() == 1);
    put_many(where, 1000, 1001);
    between.harm();
    auto names = storage.names();
    REQUIRE(words(names) == "no error");
    CHECK(between.count() == 2);
    std::ranges::sort(*names);
    CHECK(std::ranges::adjacent_find(*names) == names->end());
    CHECK(names->size() == 1001);
    for (std::size_t i = 0; i != 1001; ++i) {
        CHECK(std::ranges::binary_search(*names, "object-" + std::to_string(i)));
    }
    // And removed a thousand in a request.
    between.harm();
    CHECK(words(storage.remove_all(*names)) == "no error");
    CHECK(between.count() == 2);
    CHECK(keys_under(where) == 0);
}

TEST_CASE("an upload is aborted when its writer is dropped") {
    const auto where = tests::place();
    const auto storage = tests::open_store(where);
    const auto bytes = tests::noise(300'000);
    {
        auto staged = storage.stage();
        REQUIRE(staged);
        REQUIRE(staged->write(bytes));
        CHECK(uploads_under(where) == 1);
        auto moved = *std::move(staged);
        CHECK(uploads_under(where) == 1);
    }
    CHECK(uploads_under(where) == 0);
    // Refused a name it stays to be given another; dropped then, it is gone as well.
    REQUIRE(tests::put(storage, "taken", {}));
    {
        auto staged = storage.stage();
        REQUIRE(staged);
        REQUIRE(staged->write(bytes));
        CHECK(staged->publish("taken").error().code == tintype::errc::already_exists);
    }
    CHECK(uploads_under(where) == 0);
    CHECK(keys_under(where) == 1);
    // Published, nothing but the object is there.
    REQUIRE(tests::put(storage, "object", bytes));
    CHECK(uploads_under(where) == 0);
    CHECK(keys_under(where) == 2);
}

TEST_CASE("what writers left who are no more is swept, by the service's clock, and nothing else") {
    const auto where = tests::place();
    const auto storage = tests::open_store(where);
    const auto bytes = tests::noise(300'000);
    REQUIRE(tests::put(storage, "object", bytes));
    REQUIRE(tests::put(storage, "as-large-as-a-keeper", tests::noise(tintype::s3_reserved_size)));
    REQUIRE(storage.swap_pointer("pointer", "", bytes));
    const auto deeper = tests::open_store(tests::place(where.prefix + "deeper"));
    REQUIRE(tests::put(deeper, "object", bytes));

    // A gateway that is gone for somebody is his death to everybody else.
    proxy between{tests::port_of(tests::endpoint())};
    auto through = where;
    through.endpoint = between.endpoint();
    auto hurried = tests::quick();
    hurried.tries = 1;
    std::size_t left = 0;
    for (std::uint64_t last = 1; last != 20; ++last) {
        const auto dying = tests::open_store(through, hurried);
        between.harm([=](const proxy::exchange& each) {
            return tests::fault{.what = each.number > last ? tests::fault::kind::refuse_request
                                                           : tests::fault::kind::none};
        });
        const auto done = tests::put(dying, "name-" + std::to_string(last), bytes);
        left = std::max(left, uploads_under(where) + keys_under(where));
        if (done) {
            break;
        }
    }
    between.harm();
    CHECK(left > 10);
    CHECK(storage.sweep(std::chrono::hours{1}) == 0);
    CHECK(uploads_under(where) > 1);
    const auto before = storage.names().value();
    // What they began a moment ago is old enough by now.
    std::this_thread::sleep_for(std::chrono::milliseconds{2100});
    const auto living = storage.stage();
    REQUIRE(living);
    const auto swept = storage.sweep(std::chrono::seconds{1});
    REQUIRE(words(swept) == "no error");
    CHECK(*swept > 5);
    CHECK(uploads_under(where) == 0);
    const auto names = storage.names().value();
    CHECK(names == before);
    CHECK(keys_under(where) == names.size() + 1); // the pointer
    for (const auto& name : names) {
        CHECK(kept(storage, name).has_value());
    }
    CHECK(kept(storage, "object") == bytes);
    CHECK(storage.read_pointer("pointer")->bytes == bytes);
    CHECK(kept(deeper, "object") == bytes);
    CHECK(storage.sweep(nanoseconds{0}) == 0);
}
