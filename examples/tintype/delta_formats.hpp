#pragma once

// A history's file for the table of formats.

#include "format.hpp"

#include <vector>

namespace tool {

[[nodiscard]] std::vector<const format*> delta_formats();

} // namespace tool
