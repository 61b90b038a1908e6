#pragma once

// The layout of a log: its magic, and the records behind it.

#include "list_layout.hpp"

#include <string_view>

namespace tool {

// What a record's payload holds depends on its kind, and is bytes here.
[[nodiscard]] list_layout log_layout(std::string_view magic);

} // namespace tool
