#pragma once

// Snapshots from JSON into a history.

#include "outcome.hpp"
#include "terminal.hpp"

#include <string>

namespace tool {

// `from`: a file with snapshots one after another, `-` for those that come on standard input with a
// line each, or a snapshot itself, which begins with a brace. A history that is not there is made
// for the first of them. Those in front of one that is refused stay appended.
[[nodiscard]] outcome<status> append_to_history(terminal& on, const std::string& path,
                                                const std::string& from, bool json);

} // namespace tool
