#pragma once

// A Dakera snapshot with everything that its chain says, as one text.

#include <tintype/formats/dakera.hpp>

#include "outcome.hpp"
#include "store.hpp"
#include "terminal.hpp"

#include <cstdint>
#include <string>

namespace tool {

struct restored_counts {
    std::uint64_t namespaces = 0;
    std::uint64_t vectors = 0;
    std::uint64_t size = 0; // of the text
};

// Into the file, whole or not at all: namespaces by name, vectors by id.
[[nodiscard]] outcome<restored_counts>
restore_dakera(terminal& on, const store& place, const std::string& id, const std::string& output);

} // namespace tool
