#pragma once

// Vectors of words for BLAKE3, and its mixing in them, once for every width.
//
// Written on the compilers' vector extensions, because <immintrin.h> alone would cost more compile
// time than everything else here. Everything is inlined into a function that is compiled for its
// own instruction set, whatever the flags are, and vectors are passed by reference, because by
// value they would have another calling convention in each of them.

#if defined(__GNUC__) && defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ &&   \
    (defined(__x86_64__) || defined(__aarch64__))

#include <cstddef>
#include <cstdint>
#include <utility>

namespace tintype::inline v0::detail {

template <std::size_t N>
struct blake3_vector_of {
    using words [[gnu::vector_size(4 * N)]] = std::uint32_t;
    using bytes [[gnu::vector_size(4 * N)]] = std::uint8_t;
    using pairs [[gnu::vector_size(4 * N)]] = std::uint64_t;
};

template <std::size_t N>
using blake3_vector = typename blake3_vector_of<N>::words;

// Which machines have: an instruction that rotates words, or one that moves bytes about, which is
// as good where the rotation is by whole bytes.
enum class blake3_turn : std::uint8_t { words, bytes };

template <std::size_t By, std::size_t N, std::size_t... I>
[[gnu::always_inline]]
inline void blake3_turn_bytes(blake3_vector<N>& x, std::index_sequence<I...>) noexcept {
    using bytes = typename blake3_vector_of<N>::bytes;
    const auto before = reinterpret_cast<bytes>(x);
    const bytes after =
        __builtin_shufflevector(before, before, static_cast<int>(I / 4 * 4 + (I + By / 8) % 4)...);
    x = reinterpret_cast<blake3_vector<N>>(after);
}

template <std::size_t By, std::size_t N, blake3_turn Turn>
[[gnu::always_inline]]
inline void blake3_rotate(blake3_vector<N>& x) noexcept {
    if constexpr (Turn == blake3_turn::bytes && By % 8 == 0) {
        blake3_turn_bytes<By, N>(x, std::make_index_sequence<4 * N>{});
    } else {
        x = x >> By | x << (32 - By);
    }
}

template <std::size_t N, blake3_turn Turn>
[[gnu::always_inline]]
inline void blake3_mix(blake3_vector<N>& a, blake3_vector<N>& b, blake3_vector<N>& c,
                       blake3_vector<N>& d, const blake3_vector<N>& x,
                       const blake3_vector<N>& y) noexcept {
    a += x;
    a += b;
    d ^= a;
    blake3_rotate<16, N, Turn>(d);
    c += d;
    b ^= c;
    blake3_rotate<12, N, Turn>(b);
    a += y;
    a += b;
    d ^= a;
    blake3_rotate<8, N, Turn>(d);
    c += d;
    b ^= c;
    blake3_rotate<7, N, Turn>(b);
}

} // namespace tintype::inline v0::detail

#endif
