#pragma once

// The portable CRC, eight bytes a step through constexpr tables: the answer in constant
// expressions, on machines without the instructions, and for inputs too short to be worth them.
// It assembles words by shifts, so the host's byte order does not matter.

#include <tintype/core/bytes.hpp>

#include <cstddef>
#include <cstdint>

namespace tintype::inline v0::detail {

// Entry [k][b] is what the byte b becomes once k zero bytes have followed it. Plain arrays: each
// access to a std::array is a call that the compiler has to evaluate.
struct crc_table_rows {
    std::uint32_t rows[8][256]{};
};

template <std::uint32_t Polynomial>
inline constexpr auto crc_tables = [] {
    crc_table_rows all;
    auto& tables = all.rows;
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t rest = byte;
        for (int bit = 0; bit < 8; ++bit) {
            rest = (rest >> 1) ^ ((rest & 1U) != 0 ? Polynomial : 0U);
        }
        tables[0][byte] = rest;
    }
    for (std::size_t k = 1; k < 8; ++k) {
        for (std::size_t byte = 0; byte < 256; ++byte) {
            const std::uint32_t before = tables[k - 1][byte];
            tables[k][byte] = (before >> 8) ^ tables[0][before & 0xFFU];
        }
    }
    return all;
}();

constexpr std::uint32_t crc_load32(const std::byte* from) noexcept {
    return static_cast<std::uint32_t>(from[0]) | static_cast<std::uint32_t>(from[1]) << 8 |
           static_cast<std::uint32_t>(from[2]) << 16 | static_cast<std::uint32_t>(from[3]) << 24;
}

// `state` is the bare register: the caller has applied the start value and applies the final xor.
template <std::uint32_t Polynomial>
constexpr std::uint32_t crc_update_table(std::uint32_t state, const std::byte* from,
                                         std::size_t size) noexcept {
    constexpr auto& table = crc_tables<Polynomial>.rows;
    for (; size >= 8; from += 8, size -= 8) {
        const std::uint32_t low = state ^ crc_load32(from);
        const std::uint32_t high = crc_load32(from + 4);
        state = table[7][low & 0xFFU] ^ table[6][low >> 8 & 0xFFU] ^ table[5][low >> 16 & 0xFFU] ^
                table[4][low >> 24] ^ table[3][high & 0xFFU] ^ table[2][high >> 8 & 0xFFU] ^
                table[1][high >> 16 & 0xFFU] ^ table[0][high >> 24];
    }
    if (size >= 4) {
        const std::uint32_t word = state ^ crc_load32(from);
        state = table[3][word & 0xFFU] ^ table[2][word >> 8 & 0xFFU] ^
                table[1][word >> 16 & 0xFFU] ^ table[0][word >> 24];
        from += 4;
        size -= 4;
    }
    for (; size != 0; ++from, --size) {
        state = (state >> 8) ^ table[0][(state ^ static_cast<std::uint32_t>(*from)) & 0xFFU];
    }
    return state;
}

} // namespace tintype::inline v0::detail
