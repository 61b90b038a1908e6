#pragma once

// The two objects of a snapshot in the library's own chains for the table.

#include "format.hpp"

#include <vector>

namespace tool {

[[nodiscard]] std::vector<const format*> chain_formats();

} // namespace tool
