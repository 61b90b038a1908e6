#pragma once

// What tables and pictures say of a field.

#include "list_layout.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace tool {

// Where each field lies: "0", "end - 4", or ".." where that is not the same in every file. Of those
// that follow a head again and again, from the beginning of each time: "+0".
[[nodiscard]] std::vector<std::string> places_of(const list_layout& layout);

// "8 + n" and the like, in bytes.
[[nodiscard]] std::string size_of(const tintype::field_layout& field);

// What stands in the field.
[[nodiscard]] std::string content_of(const tintype::field_layout& field);

// The type of a value in a frame: "u64", "text or none", "list of checkpoint".
[[nodiscard]] std::string type_of(const tintype::value_layout& value, std::string_view member);

} // namespace tool
