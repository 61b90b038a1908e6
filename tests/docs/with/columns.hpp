// What the fragments of docs/columns.md take for granted.
#pragma once

#include <tintype/codec/columns.hpp>

#include <chrono>
