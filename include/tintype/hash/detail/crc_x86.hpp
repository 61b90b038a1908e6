#pragma once

// CRC by carry-less multiplication on x86-64: accumulators hold the last stretch of the message,
// and two multiplications move each of them forward over the bytes that follow ("folding"). Three
// widths of the same kernel; each can also pass the bytes on with stores that go around the caches.
//
// Written on vector extensions and the compilers' builtins, because <immintrin.h> alone would cost
// more compile time than everything else here. Each function is compiled for its own instruction
// set, whatever the flags are; calling one whose instructions the machine lacks is undefined.

#if defined(__x86_64__) && defined(__GNUC__)

#include <tintype/hash/detail/crc_poly.hpp>
#include <tintype/hash/detail/crc_table.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace tintype::inline v0::detail {

using crc_m128 [[gnu::vector_size(16)]] = long long;
using crc_m256 [[gnu::vector_size(32)]] = long long;
using crc_m512 [[gnu::vector_size(64)]] = long long;

using crc_shuffle [[gnu::vector_size(16)]] = char;

// The same, where the bytes lie: anywhere, and of whatever type they are.
using crc_bytes128 [[gnu::vector_size(16), gnu::aligned(1), gnu::may_alias]] = long long;
using crc_bytes256 [[gnu::vector_size(32), gnu::aligned(1), gnu::may_alias]] = long long;
using crc_shuffle_bytes [[gnu::vector_size(16), gnu::aligned(1), gnu::may_alias]] = char;
using crc_bytes512 [[gnu::vector_size(64), gnu::aligned(1), gnu::may_alias]] = long long;

// Every kernel wants at least this many bytes: below it the tables are faster.
inline constexpr std::size_t crc_x86_least = 24;

// A streaming kernel wants at least this many, and a destination aligned to it.
inline constexpr std::size_t crc_line = 64;

// Asks for the line that will be multiplied some hundred cycles from now. The address may lie
// behind the end of the bytes, where nothing comes of it; the hardware's own prefetcher stops at
// pages.
[[gnu::always_inline]] inline void crc_prefetch(const std::byte* line) noexcept {
    constexpr std::uintptr_t distance = 2048;
    __builtin_prefetch(
        reinterpret_cast<const void*>(reinterpret_cast<std::uintptr_t>(line) + distance));
}

// Where a kernel passes the bytes on: nowhere, or to memory that nobody will read soon.
struct crc_reads {
    void advance(std::size_t) noexcept {}

    void finish(const std::byte*, std::size_t) noexcept {}
};

struct crc_streams {
    std::byte* to;

    void advance(std::size_t size) noexcept { to += size; }

    // Such stores are ordered with nothing; other threads may be told of them only after a fence.
    void finish(const std::byte* from, std::size_t size) noexcept {
        std::memcpy(to, from, size);
        __builtin_ia32_sfence();
    }
};

// What moves an accumulator over `Bytes` bytes: for its first eight bytes and for its last eight.
// A product of two reflected 64-bit operands comes out one power of x too high, hence the -1.
template <std::uint32_t Polynomial, std::size_t Bytes>
inline constexpr std::array<long long, 2> crc_fold_by = [] {
    const auto operand = [](std::uint64_t n) {
        return static_cast<long long>(std::uint64_t{crc_power<Polynomial>(n - 1)} << 32);
    };
    return std::array{operand(8 * Bytes + 64), operand(8 * Bytes)};
}();

[[gnu::target("pclmul,sse4.1"), gnu::always_inline]] inline crc_m128
crc_fold(crc_m128 sum, crc_m128 by, crc_m128 next) noexcept {
    return __builtin_ia32_pclmulqdq128(sum, by, 0x00) ^ __builtin_ia32_pclmulqdq128(sum, by, 0x11) ^
           next;
}

[[gnu::target("avx2,vpclmulqdq"), gnu::always_inline]] inline crc_m256
crc_fold(crc_m256 sum, crc_m256 by, crc_m256 next) noexcept {
#if defined(__clang__)
    return __builtin_ia32_pclmulqdq256(sum, by, 0x00) ^ __builtin_ia32_pclmulqdq256(sum, by, 0x11) ^
           next;
#else
    return __builtin_ia32_vpclmulqdq_v4di(sum, by, 0x00) ^
           __builtin_ia32_vpclmulqdq_v4di(sum, by, 0x11) ^ next;
#endif
}

[[gnu::target("avx512f,vpclmulqdq"), gnu::always_inline]] inline crc_m512
crc_fold(crc_m512 sum, crc_m512 by, crc_m512 next) noexcept {
#if defined(__clang__)
    return __builtin_ia32_pclmulqdq512(sum, by, 0x00) ^ __builtin_ia32_pclmulqdq512(sum, by, 0x11) ^
           next;
#else
    return __builtin_ia32_vpclmulqdq_v8di(sum, by, 0x00) ^
           __builtin_ia32_vpclmulqdq_v8di(sum, by, 0x11) ^ next;
#endif
}

// Loads the bytes that lie `at` so far behind `from`, and passes them on.
template <class Sink>
[[gnu::target("pclmul,sse4.1"), gnu::always_inline]] inline crc_m128
crc_take128(const std::byte* from, std::size_t at, Sink sink) noexcept {
    const crc_m128 bytes = *reinterpret_cast<const crc_bytes128*>(from + at);
    if constexpr (std::same_as<Sink, crc_streams>) {
        const auto to = reinterpret_cast<crc_m128*>(sink.to + at);
#if defined(__clang__)
        __builtin_nontemporal_store(bytes, to);
#else
        __builtin_ia32_movntdq(to, bytes);
#endif
    }
    return bytes;
}

template <class Sink>
[[gnu::target("avx2,vpclmulqdq"), gnu::always_inline]] inline crc_m256
crc_take256(const std::byte* from, std::size_t at, Sink sink) noexcept {
    const crc_m256 bytes = *reinterpret_cast<const crc_bytes256*>(from + at);
    if constexpr (std::same_as<Sink, crc_streams>) {
        const auto to = reinterpret_cast<crc_m256*>(sink.to + at);
#if defined(__clang__)
        __builtin_nontemporal_store(bytes, to);
#else
        __builtin_ia32_movntdq256(to, bytes);
#endif
    }
    return bytes;
}

template <class Sink>
[[gnu::target("avx512f,vpclmulqdq"), gnu::always_inline]] inline crc_m512
crc_take512(const std::byte* from, std::size_t at, Sink sink) noexcept {
    const crc_m512 bytes = *reinterpret_cast<const crc_bytes512*>(from + at);
    if constexpr (std::same_as<Sink, crc_streams>) {
        const auto to = reinterpret_cast<crc_m512*>(sink.to + at);
#if defined(__clang__)
        __builtin_nontemporal_store(bytes, to);
#else
        __builtin_ia32_movntdq512(to, bytes);
#endif
    }
    return bytes;
}

// Sixteen bytes from here on, as a shuffle, move a register by the number of bytes skipped before
// them: [n] to the end by 16 - n, [16 + n] to the start by n. The sign bit makes a zero.
inline constexpr auto crc_shifts = [] {
    std::array<char, 48> shifts{};
    shifts.fill(static_cast<char>(0x80));
    for (std::size_t i = 0; i < 16; ++i) {
        shifts[16 + i] = static_cast<char>(i);
    }
    return shifts;
}();

// Moves the accumulator over the last `size` bytes, fewer than 16: its first bytes are folded over
// the block that its others make with them. Reads back to 16 bytes before the end.
template <std::uint32_t Polynomial>
[[gnu::target("pclmul,sse4.1"), gnu::always_inline]] inline crc_m128
crc_fold_few(crc_m128 sum, const std::byte* from, std::size_t size) noexcept {
    constexpr auto over16 = crc_fold_by<Polynomial, 16>;
    const crc_m128 by16 = {over16[0], over16[1]};
    const char* const shifts = crc_shifts.data() + size;
    const crc_shuffle to_end = *reinterpret_cast<const crc_shuffle_bytes*>(shifts);
    const crc_shuffle to_start = *reinterpret_cast<const crc_shuffle_bytes*>(shifts + 16);
    const crc_shuffle last = *reinterpret_cast<const crc_shuffle_bytes*>(from + size - 16);
    const auto bytes = reinterpret_cast<crc_shuffle>(sum);
    const crc_shuffle first = __builtin_ia32_pshufb128(bytes, to_end);
    const crc_shuffle others = __builtin_ia32_pshufb128(bytes, to_start);
    const crc_shuffle block = __builtin_ia32_pblendvb128(others, last, to_start);
    return crc_fold(reinterpret_cast<crc_m128>(first), by16, reinterpret_cast<crc_m128>(block));
}

// Carries one accumulator, the 16 bytes before `from`, over the rest and into the register.
template <std::uint32_t Polynomial>
[[gnu::target("pclmul,sse4.1"), gnu::always_inline]] inline std::uint32_t
crc_drain(crc_m128 sum, const std::byte* from, std::size_t size) noexcept {
    constexpr auto over16 = crc_fold_by<Polynomial, 16>;
    const crc_m128 by16 = {over16[0], over16[1]};
    for (; size >= 16; from += 16, size -= 16) {
        sum = crc_fold(sum, by16, crc_take128(from, 0, crc_reads{}));
    }
    if (size != 0) {
        sum = crc_fold_few<Polynomial>(sum, from, size);
    }
    std::array<std::byte, 16> block;
    std::memcpy(block.data(), &sum, block.size());
    return crc_update_table<Polynomial>(0, block.data(), block.size());
}

// The same for four accumulators, the 64 bytes before `from`. The wide kernels end here as well.
template <std::uint32_t Polynomial, class Sink>
[[gnu::target("pclmul,sse4.1"), gnu::always_inline]] inline std::uint32_t
crc_drain(crc_m128 (&sum)[4], const std::byte* from, std::size_t size, Sink sink) noexcept {
    constexpr auto over64 = crc_fold_by<Polynomial, 64>;
    constexpr auto over32 = crc_fold_by<Polynomial, 32>;
    constexpr auto over16 = crc_fold_by<Polynomial, 16>;
    const crc_m128 by64 = {over64[0], over64[1]};
    const crc_m128 by32 = {over32[0], over32[1]};
    const crc_m128 by16 = {over16[0], over16[1]};
    for (; size >= 64; from += 64, size -= 64) {
        crc_prefetch(from);
#pragma GCC unroll 4
        for (std::size_t i = 0; i < 4; ++i) {
            sum[i] = crc_fold(sum[i], by64, crc_take128(from, 16 * i, sink));
        }
        sink.advance(64);
    }
    sink.finish(from, size);
    const crc_m128 third = crc_fold(sum[0], by32, sum[2]);
    const crc_m128 fourth = crc_fold(sum[1], by32, sum[3]);
    return crc_drain<Polynomial>(crc_fold(third, by16, fourth), from, size);
}

// Four accumulators of 128 bits keep the multiplier of every machine busy that has no wider one.
template <std::uint32_t Polynomial, class Sink>
[[gnu::target("pclmul,sse4.1")]] std::uint32_t
crc_update_pclmul(std::uint32_t state, const std::byte* from, std::size_t size,
                  Sink sink) noexcept {
    const crc_m128 before = {static_cast<long long>(state)};
    if (size < 64) {
        const crc_m128 first = crc_take128(from, 0, crc_reads{});
        return crc_drain<Polynomial>(before ^ first, from + 16, size - 16);
    }
    crc_m128 sum[4];
#pragma GCC unroll 4
    for (std::size_t i = 0; i < 4; ++i) {
        sum[i] = crc_take128(from, 16 * i, sink);
    }
    sum[0] ^= before;
    sink.advance(64);
    return crc_drain<Polynomial>(sum, from + 64, size - 64, sink);
}

// Eight accumulators of 256 bits: the least that hides the multiplier's latency everywhere.
template <std::uint32_t Polynomial, class Sink>
[[gnu::target("avx2,vpclmulqdq,pclmul,sse4.1")]] std::uint32_t
crc_update_vpclmul256(std::uint32_t state, const std::byte* from, std::size_t size,
                      Sink sink) noexcept {
    constexpr std::size_t block = 256;
    if (size < block) {
        return crc_update_pclmul<Polynomial>(state, from, size, sink);
    }
    crc_m256 sum[8];
#pragma GCC unroll 8
    for (std::size_t i = 0; i < 8; ++i) {
        sum[i] = crc_take256(from, 32 * i, sink);
    }
    sum[0] ^= crc_m256{static_cast<long long>(state)};
    constexpr auto over_block = crc_fold_by<Polynomial, block>;
    const crc_m256 by_block = {over_block[0], over_block[1], over_block[0], over_block[1]};
    sink.advance(block);
    for (from += block, size -= block; size >= block; from += block, size -= block) {
#pragma GCC unroll 4
        for (std::size_t line = 0; line < block; line += 64) {
            crc_prefetch(from + line);
        }
#pragma GCC unroll 8
        for (std::size_t i = 0; i < 8; ++i) {
            sum[i] = crc_fold(sum[i], by_block, crc_take256(from, 32 * i, sink));
        }
        sink.advance(block);
    }
    constexpr auto over_line = crc_fold_by<Polynomial, 64>;
    const crc_m256 by_line = {over_line[0], over_line[1], over_line[0], over_line[1]};
#pragma GCC unroll 6
    for (std::size_t i = 2; i < 8; ++i) {
        sum[i] = crc_fold(sum[i - 2], by_line, sum[i]);
    }
    crc_m128 rest[4];
    std::memcpy(rest, &sum[6], sizeof rest);
    return crc_drain<Polynomial>(rest, from, size, sink);
}

// Four accumulators of 512 bits: every machine that has them multiplies at full width.
template <std::uint32_t Polynomial, class Sink>
[[gnu::target("avx512f,vpclmulqdq,pclmul,sse4.1")]] std::uint32_t
crc_update_vpclmul512(std::uint32_t state, const std::byte* from, std::size_t size,
                      Sink sink) noexcept {
    constexpr std::size_t block = 256;
    if (size < block) {
        return crc_update_pclmul<Polynomial>(state, from, size, sink);
    }
    crc_m512 sum[4];
#pragma GCC unroll 4
    for (std::size_t i = 0; i < 4; ++i) {
        sum[i] = crc_take512(from, 64 * i, sink);
    }
    sum[0] ^= crc_m512{static_cast<long long>(state)};
    constexpr auto over_block = crc_fold_by<Polynomial, block>;
    const crc_m512 by_block = {over_block[0], over_block[1], over_block[0], over_block[1],
                               over_block[0], over_block[1], over_block[0], over_block[1]};
    sink.advance(block);
    for (from += block, size -= block; size >= block; from += block, size -= block) {
#pragma GCC unroll 4
        for (std::size_t i = 0; i < 4; ++i) {
            crc_prefetch(from + 64 * i);
            sum[i] = crc_fold(sum[i], by_block, crc_take512(from, 64 * i, sink));
        }
        sink.advance(block);
    }
    constexpr auto over_line = crc_fold_by<Polynomial, 64>;
    const crc_m512 by_line = {over_line[0], over_line[1], over_line[0], over_line[1],
                              over_line[0], over_line[1], over_line[0], over_line[1]};
#pragma GCC unroll 3
    for (std::size_t i = 1; i < 4; ++i) {
        sum[i] = crc_fold(sum[i - 1], by_line, sum[i]);
    }
    crc_m128 rest[4];
    std::memcpy(rest, &sum[3], sizeof rest);
    return crc_drain<Polynomial>(rest, from, size, sink);
}

} // namespace tintype::inline v0::detail

#endif
