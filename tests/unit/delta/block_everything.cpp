// Blocks of one to forty snapshots with every kind of member: each as it was, there and back.

#include "blocks.hpp"
#include "fixtures.hpp"

#include <doctest/doctest.h>

#include <cstddef>

using tests::everything;
using tests::random_history;
using tests::there_and_back;

TEST_CASE("block: of one to forty snapshots, forwards and backwards") {
    tintype::block_writer<everything> writer;
    for (std::size_t count = 1; count <= 40; count += count < 5 ? 1 : 7) {
        CAPTURE(count);
        there_and_back(random_history<everything>(count, count), writer, count);
    }
    there_and_back(random_history<everything>(40, 99), writer, 1);
}
