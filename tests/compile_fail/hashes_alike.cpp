// Hashes that the length of a digest does not tell apart.
// expect: tintype: two of the hashes have digests of the same size: name only one

#include <tintype/hash/choice.hpp>
#include <tintype/hash/crc32.hpp>
#include <tintype/hash/crc32c.hpp>
#include <tintype/hash/poly31.hpp>

using namespace tintype;

#if defined(BAD)
using checksums = hash_choice<crc32, poly31, crc32c>;
#else
using checksums = hash_choice<crc32, poly31>;
#endif

static_assert(sizeof(checksums) > 0);
