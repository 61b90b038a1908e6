#pragma once

// What the compiler must be told before anything else is read, said before it stumbles over it.

#if __cplusplus < 202100L
#error "tintype: this needs C++23: compile with -std=c++23, or set CXX_STANDARD 23"
#endif
