// A policy that would keep nothing.
// expect: tintype: keeping none would delete|keeping_none_would_delete_the_snapshot

#include <tintype/tintype.hpp>

#if defined(BAD)
[[maybe_unused]] const tintype::keep_last policy{0};
#else
[[maybe_unused]] const tintype::keep_last policy{1};
#endif
