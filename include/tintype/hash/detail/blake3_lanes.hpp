#pragma once

// BLAKE3 of up to N inputs side by side, one in each lane of the vectors.

#if defined(__GNUC__) && defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ &&   \
    (defined(__x86_64__) || defined(__aarch64__))

#include <tintype/hash/detail/blake3_compress.hpp>
#include <tintype/hash/detail/blake3_transpose.hpp>
#include <tintype/hash/detail/blake3_vector.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

namespace tintype::inline v0::detail {

template <std::size_t Round, std::size_t N, blake3_turn Turn>
[[gnu::always_inline]]
inline void blake3_round(blake3_vector<N> (&v)[16], const blake3_vector<N> (&m)[16]) noexcept {
    constexpr auto at = blake3_schedule[Round];
    blake3_mix<N, Turn>(v[0], v[4], v[8], v[12], m[at[0]], m[at[1]]);
    blake3_mix<N, Turn>(v[1], v[5], v[9], v[13], m[at[2]], m[at[3]]);
    blake3_mix<N, Turn>(v[2], v[6], v[10], v[14], m[at[4]], m[at[5]]);
    blake3_mix<N, Turn>(v[3], v[7], v[11], v[15], m[at[6]], m[at[7]]);
    blake3_mix<N, Turn>(v[0], v[5], v[10], v[15], m[at[8]], m[at[9]]);
    blake3_mix<N, Turn>(v[1], v[6], v[11], v[12], m[at[10]], m[at[11]]);
    blake3_mix<N, Turn>(v[2], v[7], v[8], v[13], m[at[12]], m[at[13]]);
    blake3_mix<N, Turn>(v[3], v[4], v[9], v[14], m[at[14]], m[at[15]]);
}

#if defined(__x86_64__) && !defined(__clang__)
template <std::size_t N>
[[gnu::always_inline]]
inline void blake3_keep(blake3_vector<N>& loaded) noexcept {
    asm("" : "+v"(loaded));
}
#endif

// The words of one block of each lane: the first word of all, the second of all.
template <std::size_t N, std::size_t... I>
[[gnu::always_inline]]
inline void blake3_gather(blake3_vector<N> (&m)[16], const std::byte* const (&lanes)[N],
                          std::size_t at, std::index_sequence<I...>) noexcept {
    (std::memcpy(&m[I], lanes[I % N] + at + I / N * (4 * N), 4 * N), ...);
#if defined(__x86_64__) && !defined(__clang__)
    // Each is used twice, and g++ would rather load it twice, across two lines of the cache.
    (blake3_keep<N>(m[I]), ...);
#endif
    blake3_transpose<N>(m);
    if constexpr (N <= 8) {
        blake3_transpose<N>(m + (16 - N));
    }
    if constexpr (N == 4) {
        blake3_transpose<N>(m + 4);
        blake3_transpose<N>(m + 8);
    }
}

template <std::size_t N, blake3_turn Turn, std::size_t... Round>
[[gnu::always_inline]]
inline void blake3_all_rounds(blake3_vector<N> (&v)[16], const blake3_vector<N> (&m)[16],
                              std::index_sequence<Round...>) noexcept {
    (blake3_round<Round, N, Turn>(v, m), ...);
}

// Asks for the lines that will be read a few blocks from now: there are more streams than the
// hardware follows. The address may lie behind the end of the bytes, where nothing comes of it.
template <std::size_t N, std::size_t... I>
[[gnu::always_inline]]
inline void blake3_prefetch(const std::byte* const (&lanes)[N], std::size_t at,
                            std::index_sequence<I...>) noexcept {
    constexpr std::uintptr_t distance = 256;
    (__builtin_prefetch(
         reinterpret_cast<const void*>(reinterpret_cast<std::uintptr_t>(lanes[I]) + at + distance)),
     ...);
}

// What is the same in every lane, written out for the widest vectors. Made once for many inputs,
// as g++ is slow to fill a vector with a number in a function without its instructions.
struct alignas(64) blake3_filled {
    explicit blake3_filled(const blake3_batch& batch) noexcept {
        for (std::size_t i = 0; i != key.size(); ++i) {
            key[i].fill((*batch.key)[i]);
        }
        flags[0].fill(batch.flags | batch.first);
        flags[1].fill(batch.flags);
        flags[2].fill(batch.flags | batch.last);
    }

    std::array<std::array<std::uint32_t, 16>, 8> key;
    std::array<std::array<std::uint32_t, 16>, 3> flags; // of the first block, others, the last
};

// Up to N inputs; lanes to spare repeat the last one, and what comes of them is dropped.
template <std::size_t N, blake3_turn Turn>
[[gnu::always_inline]]
inline void blake3_hash_lanes(const blake3_batch& batch, const blake3_filled& filled) noexcept {
    using vector = blake3_vector<N>;
    const std::size_t live = batch.count;
    const std::byte* lanes[N];
    std::uint32_t numbers[2][N];
    for (std::size_t i = 0; i != N; ++i) {
        const std::size_t lane = i < live ? i : live - 1;
        const std::uint64_t counter = batch.counter + (batch.counting ? lane : 0);
        lanes[i] = batch.from + lane * batch.blocks * blake3_block;
        numbers[0][i] = static_cast<std::uint32_t>(counter);
        numbers[1][i] = static_cast<std::uint32_t>(counter >> 32U);
    }
    vector counter_low;
    vector counter_high;
    std::memcpy(&counter_low, numbers[0], sizeof counter_low);
    std::memcpy(&counter_high, numbers[1], sizeof counter_high);
    vector h[8];
    for (std::size_t i = 0; i != 8; ++i) {
        std::memcpy(&h[i], filled.key[i].data(), sizeof(vector));
    }
    for (std::size_t block = 0; block != batch.blocks; ++block) {
        vector m[16];
        blake3_gather<N>(m, lanes, block * blake3_block, std::make_index_sequence<16>{});
        if (batch.blocks != 1) {
            blake3_prefetch<N>(lanes, block * blake3_block, std::make_index_sequence<N>{});
        }
        vector flags;
        std::memcpy(&flags,
                    filled.flags[block == 0                  ? 0
                                 : block + 1 != batch.blocks ? 1
                                                             : 2]
                        .data(),
                    sizeof flags);
        vector v[16] = {h[0],
                        h[1],
                        h[2],
                        h[3],
                        h[4],
                        h[5],
                        h[6],
                        h[7],
                        vector{} + blake3_iv[0],
                        vector{} + blake3_iv[1],
                        vector{} + blake3_iv[2],
                        vector{} + blake3_iv[3],
                        counter_low,
                        counter_high,
                        vector{} + std::uint32_t{blake3_block},
                        flags};
        blake3_all_rounds<N, Turn>(v, m, std::make_index_sequence<blake3_rounds>{});
        h[0] = v[0] ^ v[8];
        h[1] = v[1] ^ v[9];
        h[2] = v[2] ^ v[10];
        h[3] = v[3] ^ v[11];
        h[4] = v[4] ^ v[12];
        h[5] = v[5] ^ v[13];
        h[6] = v[6] ^ v[14];
        h[7] = v[7] ^ v[15];
    }
    // Four words of four neighbouring lanes each.
    blake3_turn_fours<N>(h[0], h[1], h[2], h[3]);
    blake3_turn_fours<N>(h[4], h[5], h[6], h[7]);
    std::uint32_t out[8][N];
    std::memcpy(out, h, sizeof out);
    for (std::size_t lane = 0; lane != N && lane != live; ++lane) {
        std::byte* const to = batch.to + lane * blake3_value;
        std::memcpy(to, &out[lane % 4][lane / 4 * 4], 16);
        std::memcpy(to + 16, &out[4 + lane % 4][lane / 4 * 4], 16);
    }
}

} // namespace tintype::inline v0::detail

#endif
