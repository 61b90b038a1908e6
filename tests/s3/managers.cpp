// What is built on a storage, on the service: pointers, numbers, versions.

#include "laws/pointer.hpp"
#include "laws/versions.hpp"
#include "scene.hpp"

#include <doctest/doctest.h>

TEST_CASE("laws: an object store has pointers") {
    tintype::laws::pointer_laws([] { return tests::open_store(); }, {.doubts = true});
}

TEST_CASE("laws: versions in an object store") {
    tintype::laws::version_laws([] { return tests::open_store(); }, {.rounds = 10});
}
