#pragma once

// The library's own files of recorded sessions (see session_formats.cpp).

#include "format.hpp"

#include <vector>

namespace tool {

[[nodiscard]] std::vector<const format*> session_formats();

} // namespace tool
