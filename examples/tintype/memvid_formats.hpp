#pragma once

// memvid's two files of recorded sessions (see memvid_formats.cpp).

#include "format.hpp"

#include <vector>

namespace tool {

[[nodiscard]] std::vector<const format*> memvid_formats();

} // namespace tool
