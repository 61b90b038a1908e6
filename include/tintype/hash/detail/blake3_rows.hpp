#pragma once

// BLAKE3 of a single input: the sixteen words of its state as four rows.

#if defined(__GNUC__) && defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ &&   \
    (defined(__x86_64__) || defined(__aarch64__))

#include <tintype/hash/detail/blake3_compress.hpp>
#include <tintype/hash/detail/blake3_vector.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace tintype::inline v0::detail {

// One state as four rows, of which the first two hold the chaining value: columns are mixed, then
// the rows are turned so that diagonals are. The second row stays as it is: everything waits for
// it.
template <blake3_turn Turn>
[[gnu::always_inline]]
inline void blake3_mix_rows(const blake3_input& input, const std::byte* block,
                            blake3_vector<4> (&v)[4]) noexcept {
    using vector = blake3_vector<4>;
    vector m[4];
    std::memcpy(m, block, sizeof m);
    v[2] = vector{blake3_iv[0], blake3_iv[1], blake3_iv[2], blake3_iv[3]};
    v[3] = vector{static_cast<std::uint32_t>(input.counter),
                  static_cast<std::uint32_t>(input.counter >> 32U), input.size, input.flags};
    // Words 0 2 4 6, 1 3 5 7, 14 8 10 12 and 15 9 11 13 of the round.
    vector a = __builtin_shufflevector(m[0], m[1], 0, 2, 4, 6);
    vector b = __builtin_shufflevector(m[0], m[1], 1, 3, 5, 7);
    vector c = __builtin_shufflevector(m[2], m[3], 6, 0, 2, 4);
    vector d = __builtin_shufflevector(m[2], m[3], 7, 1, 3, 5);
    for (std::size_t round = 0;; ++round) {
        blake3_mix<4, Turn>(v[0], v[1], v[2], v[3], a, b);
        v[0] = __builtin_shufflevector(v[0], v[0], 3, 0, 1, 2);
        v[2] = __builtin_shufflevector(v[2], v[2], 1, 2, 3, 0);
        v[3] = __builtin_shufflevector(v[3], v[3], 2, 3, 0, 1);
        blake3_mix<4, Turn>(v[0], v[1], v[2], v[3], c, d);
        v[0] = __builtin_shufflevector(v[0], v[0], 1, 2, 3, 0);
        v[2] = __builtin_shufflevector(v[2], v[2], 3, 0, 1, 2);
        v[3] = __builtin_shufflevector(v[3], v[3], 2, 3, 0, 1);
        if (round + 1 == blake3_rounds) {
            return;
        }
        // The permutation, within the order above.
        const vector a_c = __builtin_shufflevector(a, c, 3, 6, 0, 0); // 6 10 0 .
        const vector b_c = __builtin_shufflevector(b, c, 0, 0, 7, 2); // . 1 12 .
        const vector c_b = __builtin_shufflevector(c, b, 1, 1, 6, 0); // 8 . 5 14
        a = __builtin_shufflevector(a, b, 1, 5, 7, 2);                // 2 3 7 4
        b = __builtin_shufflevector(a_c, d, 0, 1, 2, 7);              // 6 10 0 13
        c = __builtin_shufflevector(b_c, d, 4, 1, 2, 5);              // 15 1 12 9
        d = __builtin_shufflevector(c_b, d, 0, 6, 2, 3);              // 8 11 5 14
    }
}

template <blake3_turn Turn>
[[gnu::always_inline]]
inline void blake3_chain_rows(blake3_input& input, const std::byte* from,
                              std::size_t blocks) noexcept {
    blake3_vector<4> v[4];
    std::memcpy(v, input.value.data(), blake3_value);
    for (; blocks != 0; from += blake3_block, --blocks) {
        blake3_mix_rows<Turn>(input, from, v);
        v[0] ^= v[2];
        v[1] ^= v[3];
        input.flags &= ~std::uint32_t{blake3_chunk_start};
    }
    std::memcpy(input.value.data(), v, blake3_value);
}

template <blake3_turn Turn>
[[gnu::always_inline]]
inline void blake3_output_rows(const blake3_input& input, const std::byte* block,
                               std::byte* to) noexcept {
    blake3_vector<4> v[4];
    blake3_vector<4> h[2];
    std::memcpy(h, input.value.data(), sizeof h);
    v[0] = h[0];
    v[1] = h[1];
    blake3_mix_rows<Turn>(input, block, v);
    v[0] ^= v[2];
    v[1] ^= v[3];
    v[2] ^= h[0];
    v[3] ^= h[1];
    std::memcpy(to, v, sizeof v);
}

} // namespace tintype::inline v0::detail

#endif
