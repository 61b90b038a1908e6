// What the fragments of docs/architecture.md take for granted.
#pragma once

#include <tintype/tintype.hpp>

using tintype::checksum, tintype::crc32, tintype::magic, tintype::section, tintype::section_list,
    tintype::version;
