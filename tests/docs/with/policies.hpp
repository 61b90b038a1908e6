// What the fragments of docs/policies.md take for granted.
#pragma once

#include <tintype/delta/store.hpp>
#include <tintype/tintype.hpp>
