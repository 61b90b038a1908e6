// A storage's answer that nobody looks at.
// expect: (nodiscard|ignoring return)

#include <tintype/tintype.hpp>

bool sync(const tintype::directory& folder) {
#if defined(BAD)
    folder.sync();
    return true;
#else
    return folder.sync().has_value();
#endif
}
