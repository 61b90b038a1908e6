#pragma once

// The concepts of ranges, `std::ranges::size` and the like, and `view_interface`, without the
// views. libstdc++ declares them in what <algorithm> includes; its <ranges> takes longer to compile
// than most of our floors.

#include <version>

#if defined(__GLIBCXX__)
#include <algorithm>
#include <span>
#else
#include <ranges>
#endif
