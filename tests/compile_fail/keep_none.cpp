// A policy that would keep nothing.
// expect: keeping_none|call to consteval function .tintype::positive::positive.
// expect: keeping_none_would_delete_the_snapshot_just_taken

#include <tintype/tintype.hpp>

#if defined(BAD)
[[maybe_unused]] const tintype::keep_last policy{0};
#else
[[maybe_unused]] const tintype::keep_last policy{1};
#endif
