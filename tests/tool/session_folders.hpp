#pragma once

// Recorded sessions of the library's own, for the tool to look at.

#include "support/scratch.hpp"

namespace tests {

// Into `runs` in the folder: two ended sessions, the second with another search, and one that goes
// on.
void record_sessions(const scratch& folder, bool third = true);

} // namespace tests
