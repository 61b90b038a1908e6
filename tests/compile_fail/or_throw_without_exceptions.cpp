// Exceptions asked for where the language has none.
// expect: tintype: or_throw needs exceptions: compile without -fno-exceptions
// flags: -fno-exceptions

#include <tintype/tintype.hpp>

void sync(const tintype::directory& folder);

void sync(const tintype::directory& folder) {
    tintype::or_throw(folder.sync());
}
