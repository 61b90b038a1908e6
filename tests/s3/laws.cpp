// The laws of a storage, of pointers, and of the managers, on the service.

#include "laws/storage.hpp"
#include "scene.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>

namespace {

using tests::open_store;
using tests::place;

tintype::s3_options parts_of_five_mebibytes() {
    auto options = tests::quick();
    options.part_size = std::size_t{5} << 20U;
    return options;
}

} // namespace

TEST_CASE("laws: an object store is a storage") {
    tintype::laws::storage_laws([] { return open_store(place(), parts_of_five_mebibytes()); });
}

TEST_CASE("laws: an object store whose objects are cut small is a storage") {
    tintype::laws::storage_laws([] { return open_store(); });
}

TEST_CASE("sizes around parts, published, replaced, read whole and in ranges") {
    const auto where = place();
    const auto options = parts_of_five_mebibytes();
    const auto storage = open_store(where, options);
    const auto other = open_store(where, tests::quick()); // one that cuts otherwise
    const std::size_t part = options.part_size;
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, part - 1, part, part + 1, 3 * part + 1}) {
        INFO("size ", size);
        const auto bytes = tests::noise(size, size);
        const auto name = "size-" + std::to_string(size);
        REQUIRE(tests::words(tests::put(storage, name, bytes)) == "no error");
        CHECK(tests::kept(storage, name) == bytes);
        CHECK(tests::kept(other, name) == bytes);
        CHECK(tests::put(storage, name, bytes).error().code == tintype::errc::already_exists);
        const auto fresh = tests::noise(size, size + 1);
        REQUIRE(tests::words(tests::put(storage, name, fresh, true)) == "no error");
        CHECK(tests::kept(storage, name) == fresh);
        CHECK(storage.remove(name) == true);
        CHECK(tests::kept(storage, name) == std::nullopt);
    }
    CHECK(storage.list()->empty());
    CHECK(storage.sweep(std::chrono::nanoseconds{0}) == 0);
}

TEST_CASE("what is too large for one copy is copied in parts") {
    auto options = tests::quick();
    const std::size_t part = options.part_size;
    options.copy_limit = 2 * part;
    const auto where = place();
    const auto storage = open_store(where, options);
    for (const std::size_t size : {2 * part, 2 * part + 1, 5 * part + 7}) {
        INFO("size ", size);
        const auto bytes = tests::noise(size, size);
        const auto name = "size-" + std::to_string(size);
        REQUIRE(tests::words(tests::put(storage, name, bytes)) == "no error");
        CHECK(tests::kept(storage, name) == bytes);
        CHECK(tests::put(storage, name, bytes).error().code == tintype::errc::already_exists);
        const auto fresh = tests::noise(size, size + 1);
        REQUIRE(tests::words(tests::put(storage, name, fresh, true)) == "no error");
        CHECK(tests::kept(storage, name) == fresh);
    }
    CHECK(storage.list()->size() == 3);
    CHECK(storage.sweep(std::chrono::nanoseconds{0}) == 0);
}
