#pragma once

// BLAKE3 on AArch64: four inputs at once. Every such machine has the vectors, so nothing is asked
// of it; a single state is as fast by plain arithmetic.

#if defined(__aarch64__) && defined(__GNUC__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__

#include <tintype/hash/detail/blake3_compress.hpp>
#include <tintype/hash/detail/blake3_lanes.hpp>
#include <tintype/hash/detail/blake3_vector.hpp>

namespace tintype::inline v0::detail {

// At most four inputs.
inline void blake3_hash4_neon(const blake3_batch& batch, const blake3_filled& filled) noexcept {
    blake3_hash_lanes<4, blake3_turn::bytes>(batch, filled);
}

} // namespace tintype::inline v0::detail

#endif
