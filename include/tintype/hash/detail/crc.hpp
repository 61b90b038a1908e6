#pragma once

// The running state of a reflected 32-bit CRC with all ones before and after it: one register, and
// the same answers in constant expressions, through tables and through the machine's instructions.

#include <tintype/core/bytes.hpp>
#include <tintype/hash/detail/crc_kernel.hpp>
#include <tintype/hash/detail/crc_poly.hpp>
#include <tintype/hash/detail/crc_table.hpp>

#include <cstddef>
#include <cstdint>

namespace tintype::inline v0::detail {

template <std::uint32_t Polynomial>
class reflected_crc {
public:
    using digest_type = std::uint32_t;

    static constexpr std::uint32_t polynomial = Polynomial;

    constexpr void update(byte_view bytes) noexcept {
        // Headers and lengths come in a few bytes at a time: the tables have answered before the
        // choice of a kernel would have been looked up.
        if consteval {
            state_ = crc_update_table<Polynomial>(state_, bytes.data(), bytes.size());
        } else {
            state_ = bytes.size() < kernel_least
                         ? crc_update_table<Polynomial>(state_, bytes.data(), bytes.size())
                         : crc_update<Polynomial>(best_crc_kernel(), state_, bytes);
        }
    }

    // Hashes `from` and copies it to `to`, which has room for it and does not overlap it, in one
    // pass over memory. Large copies go around the caches.
    constexpr void copy(std::byte* to, byte_view from) noexcept {
        if consteval {
            update(from);
            for (const std::byte byte : from) {
                *to++ = byte;
            }
        } else {
            state_ = crc_copy<Polynomial>(best_crc_kernel(), state_, to, from);
        }
    }

    [[nodiscard]] constexpr digest_type finish() const noexcept { return state_ ^ all_ones; }

    // The digest of two parts joined, in time logarithmic in the second's size.
    [[nodiscard]] static constexpr digest_type combine(digest_type first, digest_type second,
                                                       std::uint64_t second_size) noexcept {
        return crc_combine<Polynomial>(first, second, second_size);
    }

    friend bool operator==(const reflected_crc&, const reflected_crc&) = default;

private:
    static constexpr std::uint32_t all_ones = 0xFFFFFFFFU;
    static constexpr std::size_t kernel_least = 24;

    std::uint32_t state_ = all_ones;
};

} // namespace tintype::inline v0::detail
