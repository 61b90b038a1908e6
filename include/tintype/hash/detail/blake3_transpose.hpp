#pragma once

// Rows of words that become columns: what inputs that lie one after the other need before they are
// hashed side by side.

#if defined(__GNUC__) && defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ &&   \
    (defined(__x86_64__) || defined(__aarch64__))

#include <tintype/hash/detail/blake3_vector.hpp>

#include <cstddef>
#include <utility>

namespace tintype::inline v0::detail {

// Of every four words the two low ones or the two high ones: a's and b's in turn.
template <std::size_t N, bool High, std::size_t... I>
[[gnu::always_inline]]
inline void blake3_zip_words(blake3_vector<N>& to, const blake3_vector<N>& a,
                             const blake3_vector<N>& b, std::index_sequence<I...>) noexcept {
    to = __builtin_shufflevector(
        a, b, static_cast<int>(I / 4 * 4 + (High ? 2 : 0) + I % 4 / 2 + I % 2 * N)...);
}

// The same, but a's two and then b's two.
template <std::size_t N, bool High, std::size_t... I>
[[gnu::always_inline]]
inline void blake3_zip_pairs(blake3_vector<N>& to, const blake3_vector<N>& a,
                             const blake3_vector<N>& b, std::index_sequence<I...>) noexcept {
    using pairs = typename blake3_vector_of<N>::pairs;
    to = reinterpret_cast<blake3_vector<N>>(__builtin_shufflevector(
        reinterpret_cast<pairs>(a), reinterpret_cast<pairs>(b),
        static_cast<int>(I / 2 * 2 + (High ? 1 : 0) + I % 2 * sizeof...(I))...));
}

// Every other four words of a and then of b, from the first or from the second on.
template <std::size_t N, bool Odd, std::size_t... I>
[[gnu::always_inline]]
inline void blake3_zip_fours(blake3_vector<N>& to, const blake3_vector<N>& a,
                             const blake3_vector<N>& b, std::index_sequence<I...>) noexcept {
    using pairs = typename blake3_vector_of<N>::pairs;
    constexpr std::size_t half = sizeof...(I) / 2; // of the pairs
    to = reinterpret_cast<blake3_vector<N>>(__builtin_shufflevector(
        reinterpret_cast<pairs>(a), reinterpret_cast<pairs>(b),
        static_cast<int>(I % half / 2 * 4 + (Odd ? 2 : 0) + I % 2 + I / half * sizeof...(I))...));
}

// Four rows become columns, within every four words.
template <std::size_t N>
[[gnu::always_inline]]
inline void blake3_turn_fours(blake3_vector<N>& a, blake3_vector<N>& b, blake3_vector<N>& c,
                              blake3_vector<N>& d) noexcept {
    constexpr auto words = std::make_index_sequence<N>{};
    constexpr auto pairs = std::make_index_sequence<N / 2>{};
    blake3_vector<N> low_ab;
    blake3_vector<N> low_cd;
    blake3_vector<N> high_ab;
    blake3_vector<N> high_cd;
    blake3_zip_words<N, false>(low_ab, a, b, words);
    blake3_zip_words<N, false>(low_cd, c, d, words);
    blake3_zip_words<N, true>(high_ab, a, b, words);
    blake3_zip_words<N, true>(high_cd, c, d, words);
    blake3_zip_pairs<N, false>(a, low_ab, low_cd, pairs);
    blake3_zip_pairs<N, true>(b, low_ab, low_cd, pairs);
    blake3_zip_pairs<N, false>(c, high_ab, high_cd, pairs);
    blake3_zip_pairs<N, true>(d, high_ab, high_cd, pairs);
}

// Two rows or four of them, in steps of four words.
template <std::size_t N>
[[gnu::always_inline]]
inline void blake3_turn_steps(blake3_vector<N>& a, blake3_vector<N>& b) noexcept {
    constexpr auto pairs = std::make_index_sequence<N / 2>{};
    const blake3_vector<N> before = a;
    blake3_zip_fours<N, false>(a, before, b, pairs);
    blake3_zip_fours<N, true>(b, before, b, pairs);
}

template <std::size_t N>
[[gnu::always_inline]]
inline void blake3_turn_steps(blake3_vector<N>& a, blake3_vector<N>& b, blake3_vector<N>& c,
                              blake3_vector<N>& d) noexcept {
    blake3_turn_steps<N>(a, b); // evens in a, odds in b
    blake3_turn_steps<N>(c, d);
    blake3_turn_steps<N>(a, c);
    blake3_turn_steps<N>(b, d);
}

// N rows of N words become columns. Written out, so that they stay in registers.
template <std::size_t N>
[[gnu::always_inline]]
inline void blake3_transpose(blake3_vector<N>* rows) noexcept {
    blake3_turn_fours<N>(rows[0], rows[1], rows[2], rows[3]);
    if constexpr (N >= 8) {
        blake3_turn_fours<N>(rows[4], rows[5], rows[6], rows[7]);
    }
    if constexpr (N == 8) {
        blake3_turn_steps<N>(rows[0], rows[4]);
        blake3_turn_steps<N>(rows[1], rows[5]);
        blake3_turn_steps<N>(rows[2], rows[6]);
        blake3_turn_steps<N>(rows[3], rows[7]);
    } else if constexpr (N == 16) {
        blake3_turn_fours<N>(rows[8], rows[9], rows[10], rows[11]);
        blake3_turn_fours<N>(rows[12], rows[13], rows[14], rows[15]);
        blake3_turn_steps<N>(rows[0], rows[4], rows[8], rows[12]);
        blake3_turn_steps<N>(rows[1], rows[5], rows[9], rows[13]);
        blake3_turn_steps<N>(rows[2], rows[6], rows[10], rows[14]);
        blake3_turn_steps<N>(rows[3], rows[7], rows[11], rows[15]);
    }
}

} // namespace tintype::inline v0::detail

#endif
