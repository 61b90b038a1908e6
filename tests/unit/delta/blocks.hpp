#pragma once

// Blocks made of histories, and gone through there and back.

#include <tintype/core/identical.hpp>
#include <tintype/delta/block.hpp>

#include "fixtures.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace tests {

template <class T>
tintype::blob block_of(const std::vector<T>& history, tintype::block_writer<T>& writer) {
    for (std::size_t i = 0; i != history.size(); ++i) {
        REQUIRE(said(writer.add(history[i],
                                {.index = 10 + i, .time = 100 * i, .checksum = i, .size = 7},
                                i % 3 == 0 ? "one" : "two")) == "no error");
    }
    REQUIRE(writer.count() == history.size());
    return writer.finish(tintype::tier::archive, 10, 10 + history.size() - 1);
}

template <class T>
std::string opened(const tintype::blob& bytes, tintype::block_reader<T>& block,
                   tintype::leaf_state<T>& state, std::size_t steps,
                   const tintype::limits& most = {}) {
    tintype::reader in{bytes};
    const auto head = tintype::block_head::decode(in);
    REQUIRE(said(head) == "no error");
    REQUIRE(head->snapshots.size() == steps);
    return said(block.open(in, steps, state, most));
}

template <class T>
void there_and_back(const std::vector<T>& history, tintype::block_writer<T>& writer,
                    std::uint64_t seed) {
    const tintype::blob bytes = block_of(history, writer);
    tintype::leaf_state<T> state;
    tintype::block_reader<T> block;
    REQUIRE(opened(bytes, block, state, history.size()) == "no error");
    REQUIRE(tintype::identical(state.value(), history[0]));
    scrambler random{seed};
    for (std::size_t i = 1; i != history.size(); ++i) {
        REQUIRE(said(block.next(state)) == "no error");
        REQUIRE(block.at() == i);
        REQUIRE(tintype::identical(state.value(), history[i]));
        // A few back, and here again.
        const std::size_t few = random.below(4) == 0 ? random.below(i + 1) : 0;
        for (std::size_t k = 0; k != few; ++k) {
            REQUIRE(said(block.back(state)) == "no error");
            REQUIRE(tintype::identical(state.value(), history[i - k - 1]));
        }
        for (std::size_t k = few; k != 0; --k) {
            REQUIRE(said(block.next(state)) == "no error");
            REQUIRE(tintype::identical(state.value(), history[i - k + 1]));
        }
    }
    for (std::size_t i = history.size() - 1; i != 0; --i) {
        REQUIRE(said(block.back(state)) == "no error");
        REQUIRE(block.at() == i - 1);
        REQUIRE(tintype::identical(state.value(), history[i - 1]));
    }
}

template <class T>
std::vector<T> random_history(std::size_t count, std::uint64_t seed) {
    scrambler random{seed};
    std::vector<T> history(1);
    random.fill(history[0]);
    while (history.size() != count) {
        history.push_back(history.back());
        if (random.below(30) == 0) {
            random.fill(history.back());
        } else if (random.below(5) != 0) {
            random.change(history.back());
        }
    }
    return history;
}

} // namespace tests
