#pragma once

// A layout as a picture: a box for each field, in their order, with where it lies, what it is and
// what it takes. What is as long as the file says has a torn edge. It is narrow enough for a phone,
// and dark where the reader's screen is.

#include "list_layout.hpp"

#include <string>
#include <string_view>

namespace tool {

[[nodiscard]] std::string in_svg(std::string_view name, std::string_view about,
                                 const list_layout& layout);

} // namespace tool
