// The laws of a storage's pointers, over memory.

#include "pointer.hpp"

#include <tintype/storage/memory.hpp>

#include "support/clock.hpp"

#include <doctest/doctest.h>

#include <chrono>

TEST_CASE("laws: memory has pointers") {
    tintype::laws::pointer_laws([] { return tintype::memory_storage{}; });
}

TEST_CASE("laws: a pointer's age is by the storage's clock") {
    using namespace std::chrono_literals;
    const tests::manual_clock clock{tintype::timestamp{1000h}};
    const tintype::basic_memory_storage storage{clock};
    const auto tag = storage.swap_pointer("state", {}, tintype::bytes_of("one"));
    REQUIRE(tag);
    CHECK(storage.read_pointer("state")->age == 0ns);
    clock.advance(7s);
    CHECK(storage.read_pointer("state")->age == 7s);
    REQUIRE(!storage.swap_pointer("state", {}, tintype::bytes_of("two")));
    CHECK(storage.read_pointer("state")->age == 7s);
    REQUIRE(storage.swap_pointer("state", *tag, tintype::bytes_of("two")));
    CHECK(storage.read_pointer("state")->age == 0ns);
    clock.advance(-1h); // never less than nothing
    CHECK(storage.read_pointer("state")->age == 0ns);
}
