// What the fragments of docs/formats/vectorxlite.md take for granted.
#pragma once

#include <tintype/formats/vectorxlite.hpp>
