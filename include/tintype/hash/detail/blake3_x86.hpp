#pragma once

// BLAKE3 on x86-64: four, eight or sixteen inputs at once, and one state by its rows. Each
// function is compiled for its own instruction set, whatever the flags are; calling one whose
// instructions the machine lacks is undefined.

#if defined(__x86_64__) && defined(__GNUC__)

#include <tintype/hash/detail/blake3_compress.hpp>
#include <tintype/hash/detail/blake3_lanes.hpp>
#include <tintype/hash/detail/blake3_rows.hpp>
#include <tintype/hash/detail/blake3_vector.hpp>

#include <cstddef>

namespace tintype::inline v0::detail {

[[gnu::target("sse4.1")]]
inline void blake3_chain_sse41(blake3_input& input, const std::byte* from,
                               std::size_t blocks) noexcept {
    blake3_chain_rows<blake3_turn::bytes>(input, from, blocks);
}

[[gnu::target("sse4.1")]]
inline void blake3_output_sse41(const blake3_input& input, const std::byte* block,
                                std::byte* to) noexcept {
    blake3_output_rows<blake3_turn::bytes>(input, block, to);
}

// At most four inputs.
[[gnu::target("sse4.1")]]
inline void blake3_hash4_sse41(const blake3_batch& batch, const blake3_filled& filled) noexcept {
    blake3_hash_lanes<4, blake3_turn::bytes>(batch, filled);
}

// At most eight.
[[gnu::target("avx2")]]
inline void blake3_hash8_avx2(const blake3_batch& batch, const blake3_filled& filled) noexcept {
    blake3_hash_lanes<8, blake3_turn::bytes>(batch, filled);
}

[[gnu::target("avx512f,avx512vl")]]
inline void blake3_chain_avx512(blake3_input& input, const std::byte* from,
                                std::size_t blocks) noexcept {
    blake3_chain_rows<blake3_turn::words>(input, from, blocks);
}

[[gnu::target("avx512f,avx512vl")]]
inline void blake3_output_avx512(const blake3_input& input, const std::byte* block,
                                 std::byte* to) noexcept {
    blake3_output_rows<blake3_turn::words>(input, block, to);
}

[[gnu::target("avx512f,avx512vl")]]
inline void blake3_hash4_avx512(const blake3_batch& batch, const blake3_filled& filled) noexcept {
    blake3_hash_lanes<4, blake3_turn::words>(batch, filled);
}

[[gnu::target("avx512f,avx512vl")]]
inline void blake3_hash8_avx512(const blake3_batch& batch, const blake3_filled& filled) noexcept {
    blake3_hash_lanes<8, blake3_turn::words>(batch, filled);
}

// At most sixteen.
[[gnu::target("avx512f,avx512vl")]]
inline void blake3_hash16_avx512(const blake3_batch& batch, const blake3_filled& filled) noexcept {
    blake3_hash_lanes<16, blake3_turn::words>(batch, filled);
}

} // namespace tintype::inline v0::detail

#endif
