// What the fragments of docs/series.md take for granted.
#pragma once

#include <tintype/delta/series.hpp>

#include <vector>
