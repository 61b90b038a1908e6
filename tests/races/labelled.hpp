#pragma once

// States that say themselves which ones they are, so that whoever loads one can tell whether it is
// whole, and the records in which racing savers keep what they were answered.

#include <tintype/formats/velesdb.hpp>
#include <tintype/manager/versioned.hpp>

#include "support/bytes.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>

namespace tests {

using tintype::velesdb::memory_state;
using vamm = tintype::velesdb::vamm<2>;

template <class Retention, class Hash = tintype::no_hash>
using racing_manager = tintype::versioned_manager<memory_state, vamm, tintype::directory, Hash,
                                                  Retention, tintype::velesdb::snapshot_names>;

// A number that a save returned, and the label of what it saved.
struct record {
    std::uint64_t version = 0;
    std::uint64_t label = 0;
};

[[nodiscard]] inline memory_state labelled(std::uint64_t label) {
    tintype::blob name(sizeof label);
    std::memcpy(name.data(), &label, sizeof label);
    return {std::move(name),
            noise(static_cast<std::size_t>(label % 301), label),
            {},
            noise(static_cast<std::size_t>(label % 7), label + 1)};
}

// Nothing if the state is not one that `labelled` makes.
[[nodiscard]] inline std::optional<std::uint64_t> label_of(const memory_state& state) {
    std::uint64_t label = 0;
    if (state.semantic.size() != sizeof label) {
        return std::nullopt;
    }
    std::memcpy(&label, state.semantic.data(), sizeof label);
    return state == labelled(label) ? std::optional{label} : std::nullopt;
}

} // namespace tests
