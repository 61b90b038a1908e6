#pragma once

// The compression function of BLAKE3 (O'Connor, Aumasson, Neves, Wilcox-O'Hearn: "BLAKE3, one
// function, fast everywhere", section 2.2) as its definition stands: words, rounds, permutation.
// Plain arithmetic, the same in constant expressions and in either byte order.

#include <tintype/core/endian.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace tintype::inline v0::detail {

inline constexpr std::size_t blake3_block = 64;
inline constexpr std::size_t blake3_chunk = 1024;
inline constexpr std::size_t blake3_value = 32; // a chaining value, a key, a digest
inline constexpr std::size_t blake3_rounds = 7;

// A chaining value or a key, as numbers.
using blake3_words = std::array<std::uint32_t, 8>;

inline constexpr blake3_words blake3_iv = {0x6A09E667U, 0xBB67AE85U, 0x3C6EF372U, 0xA54FF53AU,
                                           0x510E527FU, 0x9B05688CU, 0x1F83D9ABU, 0x5BE0CD19U};

// The domain flags of the paper's table 3.
enum blake3_flag : std::uint32_t {
    blake3_chunk_start = 1,
    blake3_chunk_end = 2,
    blake3_parent = 4,
    blake3_root = 8,
    blake3_keyed_hash = 16,
    blake3_derive_context = 32,
    blake3_derive_material = 64,
};

// Which word of the block stands at each place in each round.
inline constexpr auto blake3_schedule = [] {
    constexpr std::array<std::uint8_t, 16> permutation = {2, 6,  3,  10, 7, 0,  4,  13,
                                                          1, 11, 12, 5,  9, 14, 15, 8};
    std::array<std::array<std::uint8_t, 16>, blake3_rounds> schedule{};
    for (std::uint8_t i = 0; i != 16; ++i) {
        schedule[0][i] = i;
    }
    for (std::size_t round = 1; round != blake3_rounds; ++round) {
        for (std::size_t i = 0; i != 16; ++i) {
            schedule[round][i] = schedule[round - 1][permutation[i]];
        }
    }
    return schedule;
}();

// What the compression function is given, but for the block's bytes.
struct blake3_input {
    blake3_words value;
    std::uint64_t counter;
    std::uint32_t size; // of the block's bytes that count; the others are zeros
    std::uint32_t flags;
};

[[nodiscard]] constexpr blake3_words blake3_load(const std::byte* from) noexcept {
    blake3_words words{};
    for (std::size_t i = 0; i != words.size(); ++i) {
        words[i] = load<std::endian::little, std::uint32_t>(from + 4 * i);
    }
    return words;
}

constexpr void blake3_store(std::byte* to, const blake3_words& words) noexcept {
    for (std::size_t i = 0; i != words.size(); ++i) {
        store<std::endian::little>(to + 4 * i, words[i]);
    }
}

constexpr void blake3_mix(std::uint32_t& a, std::uint32_t& b, std::uint32_t& c, std::uint32_t& d,
                          std::uint32_t x, std::uint32_t y) noexcept {
    a += b + x;
    d = std::rotr(d ^ a, 16);
    c += d;
    b = std::rotr(b ^ c, 12);
    a += b + y;
    d = std::rotr(d ^ a, 8);
    c += d;
    b = std::rotr(b ^ c, 7);
}

using blake3_state = std::array<std::uint32_t, 16>;

// Keeps the compilers from making vectors of single words, in which they would wait for each other.
[[nodiscard]] constexpr std::uint32_t blake3_scalar(std::uint32_t word) noexcept {
#if defined(__GNUC__)
    if !consteval {
        asm("" : "+r"(word));
    }
#endif
    return word;
}

// Sixteen words, of which the first eight are the next chaining value.
[[nodiscard]] constexpr blake3_state blake3_compress(const blake3_input& input,
                                                     const std::byte* block) noexcept {
    blake3_state m{};
    for (std::size_t i = 0; i != m.size(); ++i) {
        m[i] = load<std::endian::little, std::uint32_t>(block + 4 * i);
    }
    const blake3_words& h = input.value;
    blake3_state v = {h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7]};
    std::ranges::copy_n(blake3_iv.begin(), 4, v.begin() + 8);
    v[12] = static_cast<std::uint32_t>(input.counter);
    v[13] = static_cast<std::uint32_t>(input.counter >> 32U);
    v[14] = input.size;
    v[15] = input.flags;
#pragma GCC unroll 7
    for (const auto& at : blake3_schedule) {
        blake3_mix(v[0], v[4], v[8], v[12], m[at[0]], m[at[1]]);
        blake3_mix(v[1], v[5], v[9], v[13], m[at[2]], m[at[3]]);
        blake3_mix(v[2], v[6], v[10], v[14], m[at[4]], m[at[5]]);
        blake3_mix(v[3], v[7], v[11], v[15], m[at[6]], m[at[7]]);
        blake3_mix(v[0], v[5], v[10], v[15], m[at[8]], m[at[9]]);
        blake3_mix(v[1], v[6], v[11], v[12], m[at[10]], m[at[11]]);
        blake3_mix(v[2], v[7], v[8], v[13], m[at[12]], m[at[13]]);
        blake3_mix(v[3], v[4], v[9], v[14], m[at[14]], m[at[15]]);
    }
    for (std::size_t i = 0; i != h.size(); ++i) {
        v[i] = blake3_scalar(v[i] ^ v[i + 8]);
        v[i + 8] = blake3_scalar(v[i + 8] ^ h[i]);
    }
    return v;
}

// Several inputs of equally many whole blocks, one after the other in memory; each is hashed to a
// chaining value, which are stored one after the other. They may be stored over the inputs from
// `from` on, as no input is read after its turn.
struct blake3_batch {
    const std::byte* from;
    std::size_t count;  // inputs
    std::size_t blocks; // of one input
    std::byte* to;      // a value for each
    const blake3_words* key;
    std::uint64_t counter; // of the first input
    bool counting;         // the next inputs' are the next numbers, or else the same
    std::uint32_t flags;   // of every block
    std::uint32_t first;   // more of the first one; none where it is the last one too
    std::uint32_t last;    // more of the last one; likewise
};

} // namespace tintype::inline v0::detail
