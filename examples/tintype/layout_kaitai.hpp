#pragma once

// A layout as a description for Kaitai Struct, from which its compiler makes parsers in other
// languages. What such a parser is told to believe is held against the bytes first, as here: magic
// and version, every length and count, and that nothing lies behind the end. Checksums it gives as
// they are stored. What an encoding does not lay out is bytes.

#include "list_layout.hpp"

#include <string>
#include <string_view>

namespace tool {

// `about`: half a line for its title.
[[nodiscard]] std::string in_kaitai(std::string_view name, std::string_view about,
                                    const list_layout& layout);

} // namespace tool
