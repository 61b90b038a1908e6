#pragma once

// Arithmetic on polynomials over GF(2), modulo a 32-bit CRC polynomial: every constant that a CRC
// kernel or a combination needs is computed from here at compile time, and none is typed in.
//
// Polynomials are reflected as the CRCs are: bit 31 is the coefficient of x^0, bit 0 that of x^31,
// and the polynomial's own x^32 is implied.

#include <array>
#include <cstddef>
#include <cstdint>

namespace tintype::inline v0::detail {

inline constexpr std::uint32_t crc_one = 0x80000000U;
inline constexpr std::uint32_t crc_x = 0x40000000U;

template <std::uint32_t Polynomial>
constexpr std::uint32_t crc_multiply(std::uint32_t a, std::uint32_t b) noexcept {
    std::uint32_t product = 0;
    for (; a != 0; a <<= 1) {
        if ((a & crc_one) != 0) {
            product ^= b;
        }
        b = (b >> 1) ^ ((b & 1U) != 0 ? Polynomial : 0U);
    }
    return product;
}

// x to the n-th, modulo the polynomial.
template <std::uint32_t Polynomial>
constexpr std::uint32_t crc_power(std::uint64_t n) noexcept {
    std::uint32_t power = crc_one;
    std::uint32_t square = crc_x;
    for (; n != 0; n >>= 1) {
        if ((n & 1U) != 0) {
            power = crc_multiply<Polynomial>(power, square);
        }
        square = crc_multiply<Polynomial>(square, square);
    }
    return power;
}

// The k-th entry is x^(8 * 2^k): one more byte, two, four ... behind what was hashed so far.
template <std::uint32_t Polynomial>
inline constexpr auto crc_byte_powers = [] {
    std::array<std::uint32_t, 64> powers{};
    powers[0] = crc_power<Polynomial>(8);
    for (std::size_t k = 1; k < powers.size(); ++k) {
        powers[k] = crc_multiply<Polynomial>(powers[k - 1], powers[k - 1]);
    }
    return powers;
}();

// The digest of two parts joined, from the parts' digests. Written for CRCs whose start value and
// final xor are the same, which then cancel out between the parts.
template <std::uint32_t Polynomial>
constexpr std::uint32_t crc_combine(std::uint32_t first, std::uint32_t second,
                                    std::uint64_t second_size) noexcept {
    for (std::size_t k = 0; second_size != 0; ++k, second_size >>= 1) {
        if ((second_size & 1U) != 0) {
            first = crc_multiply<Polynomial>(first, crc_byte_powers<Polynomial>[k]);
        }
    }
    return first ^ second;
}

} // namespace tintype::inline v0::detail
