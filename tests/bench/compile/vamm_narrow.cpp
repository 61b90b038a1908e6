// With what it needs.

#include <tintype/codec/section_list.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/hash/crc32.hpp>

#include "vamm.hpp"

#include <cstdint>
#include <utility>
