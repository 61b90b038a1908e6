#pragma once

// The ways to compute a CRC that this build knows, which of them this machine can run, and the one
// choice among them. The choice is made at the first use, by whichever thread or static initialiser
// comes first; making it twice is harmless.

#include <tintype/core/bytes.hpp>
#include <tintype/hash/detail/crc_arm.hpp>
#include <tintype/hash/detail/crc_table.hpp>
#include <tintype/hash/detail/crc_x86.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

namespace tintype::inline v0::detail {

// From the slowest to the fastest; a build knows those of its own architecture.
enum class crc_kernel : std::uint8_t {
    table,
    arm,
    pclmul,
    vpclmul256,
    vpclmul512,
};

inline constexpr std::array crc_kernels = {crc_kernel::table, crc_kernel::arm, crc_kernel::pclmul,
                                           crc_kernel::vpclmul256, crc_kernel::vpclmul512};

// Whether the processor has the instructions and the operating system keeps the registers.
inline bool supported(crc_kernel kernel) noexcept {
    switch (kernel) {
    case crc_kernel::table:
        return true;
#if defined(__x86_64__) && defined(__GNUC__)
    case crc_kernel::pclmul:
        __builtin_cpu_init();
        return __builtin_cpu_supports("pclmul") != 0 && __builtin_cpu_supports("sse4.1") != 0;
    case crc_kernel::vpclmul256:
        return supported(crc_kernel::pclmul) && __builtin_cpu_supports("avx2") != 0 &&
               __builtin_cpu_supports("vpclmulqdq") != 0;
    case crc_kernel::vpclmul512:
        return supported(crc_kernel::vpclmul256) && __builtin_cpu_supports("avx512f") != 0;
#elif defined(__aarch64__) && defined(__GNUC__)
    case crc_kernel::arm:
#if defined(__ARM_FEATURE_CRC32)
        return true;
#elif defined(__linux__)
        return (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0;
#else
        return false;
#endif
#endif
    default:
        return false;
    }
}

// Chosen once: the fastest kernel that is supported.
inline crc_kernel best_crc_kernel() noexcept {
    // One past the last kernel stands for "not chosen yet", as a constant is set before any code.
    constexpr auto unknown = static_cast<crc_kernel>(crc_kernels.size());
    static constinit std::atomic<crc_kernel> chosen{unknown};
    crc_kernel best = chosen.load(std::memory_order_relaxed);
    if (best == unknown) [[unlikely]] {
        best = crc_kernel::table;
        for (const crc_kernel kernel : crc_kernels) {
            best = supported(kernel) ? kernel : best;
        }
        chosen.store(best, std::memory_order_relaxed);
    }
    return best;
}

#if defined(__x86_64__) && defined(__GNUC__)
template <std::uint32_t Polynomial, class Sink>
std::uint32_t crc_update_x86(crc_kernel kernel, std::uint32_t state, byte_view bytes,
                             Sink sink) noexcept {
    switch (kernel) {
    case crc_kernel::vpclmul512:
        return crc_update_vpclmul512<Polynomial>(state, bytes.data(), bytes.size(), sink);
    case crc_kernel::vpclmul256:
        return crc_update_vpclmul256<Polynomial>(state, bytes.data(), bytes.size(), sink);
    default:
        return crc_update_pclmul<Polynomial>(state, bytes.data(), bytes.size(), sink);
    }
}
#endif

// Runs one kernel, which must be supported, over any number of bytes.
template <std::uint32_t Polynomial>
std::uint32_t crc_update(crc_kernel kernel, std::uint32_t state, byte_view bytes) noexcept {
#if defined(__x86_64__) && defined(__GNUC__)
    if (kernel >= crc_kernel::pclmul && bytes.size() >= crc_x86_least) {
        return crc_update_x86<Polynomial>(kernel, state, bytes, crc_reads{});
    }
#elif defined(__aarch64__) && defined(__GNUC__)
    if (kernel == crc_kernel::arm) {
        return crc_update_arm<Polynomial>(state, bytes.data(), bytes.size());
    }
#endif
    static_cast<void>(kernel);
    return crc_update_table<Polynomial>(state, bytes.data(), bytes.size());
}

// From here on a copy goes around the caches: it could not stay in them anyway, and a store that
// need not first read what it overwrites saves a third of the memory traffic.
inline constexpr std::size_t crc_stream_least = std::size_t{4} << 20;

// The same, and the bytes are at `to` afterwards, which does not overlap them. Where it does not
// stream, each piece is small enough to be still in the first cache when it is hashed; and it is
// hashed where it came from, as reading a short copy back at once would wait for its stores.
template <std::uint32_t Polynomial>
std::uint32_t crc_copy(crc_kernel kernel, std::uint32_t state, std::byte* to, byte_view bytes,
                       std::size_t stream_least = crc_stream_least) noexcept {
    const auto piecewise = [&](std::size_t size, std::size_t piece) {
        while (size != 0) {
            const std::size_t now = piece < size ? piece : size;
            std::memcpy(to, bytes.data(), now);
            state = crc_update<Polynomial>(kernel, state, bytes.first(now));
            to += now;
            bytes = bytes.subspan(now);
            size -= now;
        }
    };
#if defined(__x86_64__) && defined(__GNUC__)
    if (kernel >= crc_kernel::pclmul && bytes.size() >= stream_least) {
        const std::size_t head = (0 - reinterpret_cast<std::uintptr_t>(to)) % crc_line;
        if (bytes.size() >= head + crc_line) {
            piecewise(head, head);
            return crc_update_x86<Polynomial>(kernel, state, bytes, crc_streams{to});
        }
    }
#else
    static_cast<void>(stream_least);
#endif
    piecewise(bytes.size(), std::size_t{16} << 10);
    return state;
}

} // namespace tintype::inline v0::detail
