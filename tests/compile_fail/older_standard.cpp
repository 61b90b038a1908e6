// A compiler that was told of no C++23.
// expect 1: tintype: this needs C\+\+23: compile with -std=c\+\+23
// expect 2: tintype: this needs C\+\+23: compile with -std=c\+\+23
// flags 1: -std=c++20
// flags 2: -std=c++17

#include <tintype/tintype.hpp>

const tintype::directory folder{"folder"};
