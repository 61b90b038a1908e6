#pragma once

// The state whose snapshots are measured.

#include <tintype/formats/velesdb.hpp>

#include "baselines.hpp"

#include <cstddef>

namespace bench {

using tintype::velesdb::memory_state;
using vamm = tintype::velesdb::vamm<2>;

// Four sections of a quarter each; with their header they take a little more than `size`.
[[nodiscard]] inline memory_state state_of(std::size_t size) {
    memory_state state;
    std::uint64_t seed = 5;
    for (tintype::blob* each : {&state.semantic, &state.episodic, &state.procedural, &state.ttl}) {
        each->resize(size / 4);
        fill(*each, seed++);
    }
    return state;
}

[[nodiscard]] inline sections sections_of(const memory_state& state) {
    return {state.semantic, state.episodic, state.procedural, state.ttl};
}

} // namespace bench
