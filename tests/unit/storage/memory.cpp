// What memory adds to the laws of a storage: whose clock stamps the objects, and what shares them.

#include <tintype/storage/memory.hpp>

#include "support/bytes.hpp"
#include "support/clock.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

namespace {

using namespace std::chrono_literals;
using tintype::errc;
using tintype::memory_storage;

constexpr tintype::timestamp start{1'000'000s};

void publish(const auto& storage, std::string_view name, tintype::byte_view bytes) {
    auto staged = storage.stage({});
    REQUIRE(staged);
    REQUIRE(staged->write(bytes));
    REQUIRE(staged->publish(name));
}

} // namespace

TEST_CASE("the user's clock stamps an object when it gets its name") {
    const tests::manual_clock clock{start};
    const tintype::basic_memory_storage storage{clock};
    auto staged = storage.stage();
    REQUIRE(staged);
    REQUIRE(staged->write(tests::noise(7)));
    clock.advance(5s);
    REQUIRE(staged->publish("object"));
    clock.advance(5s);
    auto objects = storage.list();
    REQUIRE(objects);
    REQUIRE(objects->size() == 1);
    CHECK(objects->front().modified == start + 5s);
    CHECK(objects->front().size == 7);

    // The clock may go back; nothing is ordered by it.
    clock.set(start - 1000h);
    auto again = storage.stage();
    REQUIRE(again);
    REQUIRE(again->replace("object"));
    objects = storage.list();
    REQUIRE(objects);
    CHECK(objects->front().modified == start - 1000h);
    CHECK(objects->front().size == 0);
}

TEST_CASE("copies of a storage share its objects, other storages do not") {
    const memory_storage storage;
    const memory_storage copy = storage;
    const memory_storage other;
    publish(storage, "object", tests::noise(3));
    CHECK(copy.open("object")->bytes().size() == 3);
    CHECK(!other.open("object"));
    CHECK(copy.remove("object") == true);
    CHECK(storage.names()->empty());
}

TEST_CASE("objects and staged objects outlive the storage that they came from") {
    auto storage = std::make_unique<memory_storage>();
    publish(*storage, "object", tests::noise(1000));
    const auto object = storage->open("object");
    auto staged = storage->stage();
    REQUIRE(object);
    REQUIRE(staged);
    storage.reset();
    CHECK(std::ranges::equal(object->bytes(), tests::noise(1000)));
    REQUIRE(staged->write(tests::noise(3)));
    CHECK(staged->publish("late"));
}

TEST_CASE("both ways of access lend the same memory") {
    const memory_storage storage;
    publish(storage, "object", tests::noise(1000));
    const auto mapped = storage.open("object", tintype::access::map);
    const auto copied = storage.open("object", tintype::access::copy);
    REQUIRE(mapped);
    REQUIRE(copied);
    CHECK(mapped->bytes().data() == copied->bytes().data());
}

TEST_CASE("an object that has a name takes no more bytes") {
    const memory_storage storage;
    auto staged = storage.stage();
    REQUIRE(staged);
    REQUIRE(staged->publish("object"));
    CHECK(staged->write(tests::noise(1)).error().code == errc::unsupported);
    CHECK(staged->publish("other").error().code == errc::not_found);
    CHECK(staged->replace("object").error().code == errc::not_found);
    CHECK(storage.open("object")->bytes().empty());
}

TEST_CASE("the lock moves with its owner") {
    const memory_storage storage;
    auto held = storage.lock();
    REQUIRE(held);
    {
        const auto moved = *std::move(held);
        CHECK(moved.owns_lock());
    }
    CHECK(storage.lock());
}

TEST_CASE("readers keep the bytes that they were lent, without a copy, while the object grows") {
    const memory_storage storage;
    publish(storage, "object", tests::noise(1000));
    auto object = storage.append("object");
    REQUIRE(object);
    REQUIRE(object->write(tests::noise(10)));
    const auto first = storage.open("object");
    REQUIRE(first);
    REQUIRE(object->write(tests::noise(10)));
    const auto second = storage.open("object");
    REQUIRE(second);
    // There was room.
    CHECK(first->bytes().data() == second->bytes().data());
    CHECK(first->bytes().size() == 1010);
    CHECK(second->bytes().size() == 1020);
    REQUIRE(object->write(tests::noise(5000)));
    CHECK(storage.open("object")->bytes().data() != first->bytes().data());
    CHECK(std::ranges::equal(first->bytes().first(1000), tests::noise(1000)));
    // What is written after a cut is written elsewhere.
    const auto third = storage.open("object");
    REQUIRE(object->truncate(1));
    REQUIRE(object->write(tests::noise(100, 9)));
    CHECK(std::ranges::equal(third->bytes().first(1000), tests::noise(1000)));
    CHECK(storage.open("object")->bytes().size() == 101);
}

TEST_CASE("the user's clock stamps an object when it grows") {
    const tests::manual_clock clock{start};
    const tintype::basic_memory_storage storage{clock};
    publish(storage, "object", tests::noise(7));
    auto object = storage.append("object");
    REQUIRE(object);
    clock.advance(5s);
    REQUIRE(object->write(tests::noise(1)));
    CHECK(storage.list()->front().modified == start + 5s);
    CHECK(storage.list()->front().size == 8);
}

TEST_CASE("claims and objects that grow outlive the storage that they came from") {
    auto storage = std::make_unique<memory_storage>();
    publish(*storage, "object", {});
    auto object = storage->append("object");
    auto claim = storage->claim("object");
    auto other = storage->claim("other");
    REQUIRE(object);
    REQUIRE(claim);
    REQUIRE(other);
    const memory_storage copy = *storage;
    storage.reset();
    REQUIRE(object->write(tests::noise(3)));
    CHECK(copy.open("object")->bytes().size() == 3);
    CHECK(!copy.claim("object"));
    *claim = *std::move(other); // each is given back once
    other = tintype::fail({.code = errc::in_use});
    CHECK(copy.claim("object"));
    CHECK(!copy.claim("other"));
}
