// What versions promise, over memory and over folders.

#include "versions.hpp"

#include <tintype/storage/directory.hpp>
#include <tintype/storage/memory.hpp>

#include "support/scratch.hpp"

#include <doctest/doctest.h>

#include <string>

TEST_CASE("laws: versions in memory") {
    tintype::laws::version_laws([] { return tintype::memory_storage{}; });
}

TEST_CASE("laws: versions in a folder") {
    const tests::scratch root;
    int count = 0;
    tintype::laws::version_laws(
        [&] { return tintype::directory{root / ("some/" + std::to_string(count++))}; });
}
