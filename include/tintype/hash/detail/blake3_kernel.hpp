#pragma once

// The ways to compute BLAKE3 that this build knows, which of them this machine can run, and the one
// choice among them, made at the first use by whichever thread comes first; making it twice is
// harmless.

#include <tintype/core/endian.hpp>
#include <tintype/hash/detail/blake3_arm.hpp>
#include <tintype/hash/detail/blake3_compress.hpp>
#include <tintype/hash/detail/blake3_lanes.hpp>
#include <tintype/hash/detail/blake3_x86.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace tintype::inline v0::detail {

// From the slowest to the fastest; a build knows those of its own architecture. The last one takes
// several inputs as the one before it does, and a single one by plain arithmetic.
enum class blake3_kernel : std::uint8_t { portable, neon, sse41, avx2, avx512, avx512_scalar };

inline constexpr std::array blake3_kernels = {
    blake3_kernel::portable, blake3_kernel::neon,   blake3_kernel::sse41,
    blake3_kernel::avx2,     blake3_kernel::avx512, blake3_kernel::avx512_scalar};

// Whether the processor has the instructions and the operating system keeps the registers.
[[nodiscard]] inline bool supported(blake3_kernel kernel) noexcept {
    switch (kernel) {
    case blake3_kernel::portable:
        return true;
#if defined(__x86_64__) && defined(__GNUC__)
    case blake3_kernel::sse41:
        __builtin_cpu_init();
        return __builtin_cpu_supports("sse4.1") != 0;
    case blake3_kernel::avx2:
        return supported(blake3_kernel::sse41) && __builtin_cpu_supports("avx2") != 0;
    case blake3_kernel::avx512:
    case blake3_kernel::avx512_scalar:
        return supported(blake3_kernel::avx2) && __builtin_cpu_supports("avx512f") != 0 &&
               __builtin_cpu_supports("avx512vl") != 0;
#elif defined(__aarch64__) && defined(__GNUC__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    case blake3_kernel::neon:
        return true;
#endif
    default:
        return false;
    }
}

// A single state waits for each of its steps. Where vectors take two cycles for an addition, as on
// AMD's Zen 5, which is known by what no AMD processor before it has, plain arithmetic is ahead.
[[nodiscard]] inline bool blake3_scalar_is_faster() noexcept {
#if defined(__x86_64__) && defined(__GNUC__)
    __builtin_cpu_init();
    return __builtin_cpu_is("amd") != 0 && __builtin_cpu_supports("avx512vp2intersect") != 0;
#else
    return false;
#endif
}

// Chosen once: the fastest kernel that is supported.
[[nodiscard]] inline blake3_kernel best_blake3_kernel() noexcept {
    // One past the last kernel stands for "not chosen yet", as a constant is set before any code.
    constexpr auto unknown = static_cast<blake3_kernel>(blake3_kernels.size());
    static constinit std::atomic<blake3_kernel> chosen{unknown};
    blake3_kernel best = chosen.load(std::memory_order_relaxed);
    if (best == unknown) [[unlikely]] {
        best = blake3_kernel::portable;
        for (const blake3_kernel kernel : blake3_kernels) {
            best = supported(kernel) ? kernel : best;
        }
        if (best == blake3_kernel::avx512_scalar && !blake3_scalar_is_faster()) {
            best = blake3_kernel::avx512;
        }
        chosen.store(best, std::memory_order_relaxed);
    }
    return best;
}

// Each of the following runs a kernel that is supported; in constant expressions, the portable one.

// Carries the chaining value over whole blocks. The flag that marks the first one is taken away
// behind it.
constexpr void blake3_chain(blake3_kernel kernel, blake3_input& input, const std::byte* from,
                            std::size_t blocks) noexcept {
#if defined(__x86_64__) && defined(__GNUC__)
    if !consteval {
        if (kernel == blake3_kernel::avx512) {
            return blake3_chain_avx512(input, from, blocks);
        }
        if (kernel == blake3_kernel::sse41 || kernel == blake3_kernel::avx2) {
            return blake3_chain_sse41(input, from, blocks);
        }
    }
#endif
    static_cast<void>(kernel);
    for (; blocks != 0; from += blake3_block, --blocks) {
        std::ranges::copy_n(blake3_compress(input, from).begin(), 8, input.value.begin());
        input.flags &= ~std::uint32_t{blake3_chunk_start};
    }
}

// The 64 bytes of one block of the output.
constexpr void blake3_output(blake3_kernel kernel, const blake3_input& input,
                             const std::byte* block, std::byte* to) noexcept {
#if defined(__x86_64__) && defined(__GNUC__)
    if !consteval {
        if (kernel == blake3_kernel::avx512) {
            return blake3_output_avx512(input, block, to);
        }
        if (kernel == blake3_kernel::sse41 || kernel == blake3_kernel::avx2) {
            return blake3_output_sse41(input, block, to);
        }
    }
#endif
    static_cast<void>(kernel);
    for (const std::uint32_t word : blake3_compress(input, block)) {
        store<std::endian::little>(to, word);
        to += sizeof word;
    }
}

// How many inputs the kernel takes at once.
[[nodiscard]] constexpr std::size_t blake3_width(blake3_kernel kernel) noexcept {
    switch (kernel) {
    case blake3_kernel::portable:
        return 1;
    case blake3_kernel::avx2:
        return 8;
    case blake3_kernel::avx512:
    case blake3_kernel::avx512_scalar:
        return 16;
    default:
        return 4;
    }
}

// One input.
constexpr void blake3_hash_one(blake3_kernel kernel, const blake3_batch& batch) noexcept {
    blake3_input input{*batch.key, batch.counter, blake3_block, batch.flags | batch.first};
    const std::size_t before = batch.blocks - 1;
    blake3_chain(kernel, input, batch.from, before);
    input.flags |= batch.last;
    blake3_chain(kernel, input, batch.from + before * blake3_block, 1);
    blake3_store(batch.to, input.value);
}

#if defined(__x86_64__) && defined(__GNUC__)

// At most as many inputs as the kernel's width, by the narrowest way that takes them.
inline void blake3_hash_few(blake3_kernel kernel, const blake3_batch& batch,
                            const blake3_filled& filled) noexcept {
    if (kernel >= blake3_kernel::avx512) {
        batch.count > 8   ? blake3_hash16_avx512(batch, filled)
        : batch.count > 4 ? blake3_hash8_avx512(batch, filled)
                          : blake3_hash4_avx512(batch, filled);
    } else {
        batch.count > 4 ? blake3_hash8_avx2(batch, filled) : blake3_hash4_sse41(batch, filled);
    }
}

#elif defined(__aarch64__) && defined(__GNUC__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__

inline void blake3_hash_few(blake3_kernel, const blake3_batch& batch,
                            const blake3_filled& filled) noexcept {
    blake3_hash4_neon(batch, filled);
}

#else

// There is no kernel that takes several inputs.
struct blake3_filled {
    explicit blake3_filled(const blake3_batch&) noexcept {}
};

inline void blake3_hash_few(blake3_kernel, const blake3_batch&, const blake3_filled&) noexcept {}

#endif

constexpr void blake3_advance(blake3_batch& batch, std::size_t count) noexcept {
    batch.from += count * batch.blocks * blake3_block;
    batch.to += count * blake3_value;
    batch.counter += batch.counting ? count : 0;
    batch.count -= count;
}

// Any number of inputs.
constexpr void blake3_hash_many(blake3_kernel kernel, blake3_batch batch) noexcept {
    if !consteval {
        const std::size_t width = blake3_width(kernel);
        if (width > 1 && batch.count > 1) {
            const blake3_filled filled(batch);
            while (batch.count > 1) {
                blake3_batch few = batch;
                few.count = std::min(few.count, width);
                blake3_hash_few(kernel, few, filled);
                blake3_advance(batch, few.count);
            }
        }
    }
    for (; batch.count != 0; blake3_advance(batch, 1)) {
        blake3_hash_one(kernel, batch);
    }
}

} // namespace tintype::inline v0::detail
