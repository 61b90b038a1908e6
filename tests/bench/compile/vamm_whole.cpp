// With the whole core.

#include <tintype/tintype.hpp>

#include "vamm.hpp"

#include <cstdint>
#include <utility>
