// What chains promise, over memory and over folders.

#include "chains.hpp"

#include <tintype/storage/directory.hpp>
#include <tintype/storage/memory.hpp>

#include "support/scratch.hpp"

#include <doctest/doctest.h>

#include <string>

TEST_CASE("laws: chains in memory") {
    tintype::laws::chain_laws([] { return tintype::memory_storage{}; });
}

TEST_CASE("laws: chains in a folder") {
    const tests::scratch root;
    int count = 0;
    tintype::laws::chain_laws(
        [&] { return tintype::directory{root / ("some/" + std::to_string(count++))}; });
}
