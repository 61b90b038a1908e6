#pragma once

// Dakera's two files of a snapshot for the table.

#include "format.hpp"

#include <vector>

namespace tool {

[[nodiscard]] std::vector<const format*> dakera_formats();

} // namespace tool
