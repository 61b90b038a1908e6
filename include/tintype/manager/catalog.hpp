#pragma once

// What is known of the snapshots in a storage without reading their payloads.

#include <tintype/core/clock.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace tintype::inline v0 {

struct catalog_entry {
    std::uint64_t version = 0; // the order: greater is newer, whatever the clock said
    timestamp time{};          // when the storage says that it was written
    std::uint64_t size = 0;    // bytes
    bool pinned = false;       // somebody asked for it to stay
    // Index in the catalog of the entry without which this one cannot be restored.
    std::optional<std::size_t> needs{};
    std::string name{}; // what people call it; its version where it has none
};

} // namespace tintype::inline v0
