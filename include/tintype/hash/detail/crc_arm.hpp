#pragma once

// CRC by the instructions of AArch64, which know exactly the two polynomials CRC-32 and CRC-32C.
// Three stretches of the message run side by side to hide the instruction's latency, and are joined
// by arithmetic. Compiled for the instructions whatever the flags are; the machine must have them.

#if defined(__aarch64__) && defined(__GNUC__)

#include <tintype/hash/detail/crc_poly.hpp>
#include <tintype/hash/detail/crc_table.hpp>

#include <arm_acle.h>
#include <cstddef>
#include <cstdint>

namespace tintype::inline v0::detail {

inline constexpr std::uint32_t crc_arm_plain = 0xEDB88320U;
inline constexpr std::uint32_t crc_arm_castagnoli = 0x82F63B78U;

constexpr std::uint64_t crc_load64(const std::byte* from) noexcept {
    return crc_load32(from) | static_cast<std::uint64_t>(crc_load32(from + 4)) << 32;
}

template <std::uint32_t Polynomial>
requires(Polynomial == crc_arm_plain || Polynomial == crc_arm_castagnoli)
[[gnu::target("+crc"), gnu::always_inline]]
inline std::uint32_t crc_step_arm(std::uint32_t state, const std::byte* from) noexcept {
    if constexpr (Polynomial == crc_arm_plain) {
        return __crc32d(state, crc_load64(from));
    } else {
        return __crc32cd(state, crc_load64(from));
    }
}

template <std::uint32_t Polynomial>
[[gnu::target("+crc")]]
std::uint32_t crc_update_arm(std::uint32_t state, const std::byte* from,
                             std::size_t size) noexcept {
    // Long enough for the two multiplications at its end, bit by bit, not to show.
    constexpr std::size_t lane = 8192;
    constexpr std::uint32_t over_lane = crc_power<Polynomial>(8 * lane);
    for (; size >= 3 * lane; from += 3 * lane, size -= 3 * lane) {
        std::uint32_t second = 0;
        std::uint32_t third = 0;
        for (std::size_t i = 0; i < lane; i += 8) {
            state = crc_step_arm<Polynomial>(state, from + i);
            second = crc_step_arm<Polynomial>(second, from + lane + i);
            third = crc_step_arm<Polynomial>(third, from + 2 * lane + i);
        }
        second ^= crc_multiply<Polynomial>(state, over_lane);
        state = third ^ crc_multiply<Polynomial>(second, over_lane);
    }
    for (; size >= 8; from += 8, size -= 8) {
        state = crc_step_arm<Polynomial>(state, from);
    }
    return crc_update_table<Polynomial>(state, from, size);
}

} // namespace tintype::inline v0::detail

#endif
