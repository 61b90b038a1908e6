#pragma once

// The checksum of cbtop's snapshots: a polynomial in 31 over 32-bit words, modulo 2^32. Bytes are
// words of their own, a double is its upper word and then its lower one. Runs of doubles are taken
// at several times the speed of the definition, with the same answers. It finds accidents, but not
// all of them, and is no defence against an adversary.

#include <tintype/core/bytes.hpp>
#include <tintype/core/endian.hpp>
#include <tintype/hash/concept.hpp>

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace tintype::inline v0 {

namespace detail {

inline constexpr std::uint32_t cbtop_base = 31;

// 31^words, in time logarithmic in it.
[[nodiscard]] constexpr std::uint32_t cbtop_power(std::uint64_t words) noexcept {
    std::uint32_t power = 1;
    for (std::uint32_t square = cbtop_base; words != 0; words >>= 1U, square *= square) {
        if ((words & 1U) != 0) {
            power *= square;
        }
    }
    return power;
}

[[nodiscard]] constexpr std::uint32_t cbtop_words(double value) noexcept {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    return static_cast<std::uint32_t>(bits >> 32U) * cbtop_base + static_cast<std::uint32_t>(bits);
}

// Four at a time: one multiplication waits for another only once in four.
[[nodiscard]] constexpr std::uint32_t cbtop_run_plain(std::uint32_t state, const double* from,
                                                      std::size_t count) noexcept {
    constexpr std::uint32_t one = cbtop_power(2);
    constexpr std::uint32_t two = cbtop_power(4);
    constexpr std::uint32_t three = cbtop_power(6);
    constexpr std::uint32_t four = cbtop_power(8);
    for (; count >= 4; from += 4, count -= 4) {
        state = state * four + (cbtop_words(from[0]) * three + cbtop_words(from[1]) * two +
                                cbtop_words(from[2]) * one + cbtop_words(from[3]));
    }
    for (; count != 0; ++from, --count) {
        state = state * one + cbtop_words(*from);
    }
    return state;
}

#if defined(__x86_64__) && defined(__GNUC__)

using cbtop_m256 [[gnu::vector_size(32)]] = std::uint32_t;
using cbtop_m256_at [[gnu::vector_size(32), gnu::aligned(1), gnu::may_alias]] = std::uint32_t;

inline constexpr std::size_t cbtop_block = 128; // doubles

// What each word of a block is multiplied with, as the words lie in memory, the lower one first;
// before those of the block stand those of four doubles more.
alignas(32) inline constexpr auto cbtop_weights = [] {
    std::array<std::uint32_t, 2 * (cbtop_block + 4)> weights{};
    std::uint32_t power = 1;
    for (std::size_t i = weights.size(); i != 0; i -= 2) {
        weights[i - 2] = power;
        weights[i - 1] = power * cbtop_base;
        power *= cbtop_base * cbtop_base;
    }
    return weights;
}();

// Multiplies every word with its own power: the products wait for nothing, and are added up at the
// end of a block. The machine must have AVX2.
[[gnu::target("avx2")]] inline std::uint32_t cbtop_run_avx2(std::uint32_t state, const double* from,
                                                            std::size_t count) noexcept {
    const std::uint32_t* const behind = cbtop_weights.data() + cbtop_weights.size();
    // What no vector is filled with comes first, as the weights are counted from the end.
    const std::size_t odd = count % 4;
    state = cbtop_run_plain(state, from, odd);
    from += odd;
    count -= odd;
    while (count != 0) {
        const std::size_t now = count < cbtop_block ? count : cbtop_block;
        const std::uint32_t* weight = behind - 2 * now;
        const std::uint32_t over = weight[-2]; // 31^(2 now)
        cbtop_m256 sum{};
        for (const double* const end = from + now; from != end; from += 4, weight += 8) {
            sum += *reinterpret_cast<const cbtop_m256_at*>(from) *
                   *reinterpret_cast<const cbtop_m256_at*>(weight);
        }
        sum += __builtin_shufflevector(sum, sum, 4, 5, 6, 7, 0, 1, 2, 3);
        sum += __builtin_shufflevector(sum, sum, 2, 3, 0, 1, 6, 7, 4, 5);
        sum += __builtin_shufflevector(sum, sum, 1, 0, 3, 2, 5, 4, 7, 6);
        state = state * over + sum[0];
        count -= now;
    }
    return state;
}

#endif

// The ways to take a run that this build knows.
enum class cbtop_kernel : std::uint8_t { plain, avx2 };

// Whether the processor has the instructions and the operating system keeps the registers.
[[nodiscard]] inline bool supported(cbtop_kernel kernel) noexcept {
#if defined(__x86_64__) && defined(__GNUC__)
    if (kernel == cbtop_kernel::avx2) {
        __builtin_cpu_init();
        return __builtin_cpu_supports("avx2") != 0;
    }
#endif
    return kernel == cbtop_kernel::plain;
}

// Chosen at the first use, by whichever thread comes first; choosing twice is harmless.
[[nodiscard]] inline cbtop_kernel best_cbtop_kernel() noexcept {
    constexpr auto unknown = static_cast<cbtop_kernel>(255);
    static constinit std::atomic<cbtop_kernel> chosen{unknown};
    cbtop_kernel best = chosen.load(std::memory_order_relaxed);
    if (best == unknown) [[unlikely]] {
        best = supported(cbtop_kernel::avx2) ? cbtop_kernel::avx2 : cbtop_kernel::plain;
        chosen.store(best, std::memory_order_relaxed);
    }
    return best;
}

// By a kernel that is supported.
[[nodiscard]] inline std::uint32_t cbtop_run(cbtop_kernel kernel, std::uint32_t state,
                                             std::span<const double> values) noexcept {
#if defined(__x86_64__) && defined(__GNUC__)
    if (kernel == cbtop_kernel::avx2) {
        return cbtop_run_avx2(state, values.data(), values.size());
    }
#endif
    static_cast<void>(kernel);
    return cbtop_run_plain(state, values.data(), values.size());
}

// Eight bytes, each a word: neighbours are joined to pairs, those to fours, and those to one.
[[nodiscard]] constexpr std::uint32_t cbtop_eight_bytes(std::uint64_t bytes) noexcept {
    constexpr std::uint64_t each = 0x00ff00ff00ff00ffU;
    constexpr std::uint64_t pair = 0x0000ffff0000ffffU;
    const std::uint64_t pairs = (bytes & each) * cbtop_power(1) + (bytes >> 8U & each);
    const std::uint64_t fours = (pairs & pair) * cbtop_power(2) + (pairs >> 16U & pair);
    return static_cast<std::uint32_t>(fours) * cbtop_power(4) +
           static_cast<std::uint32_t>(fours >> 32U);
}

} // namespace detail

class cbtop_checksum {
public:
    using digest_type = std::uint32_t;

    static constexpr std::string_view name = "cbtop";

    // Each byte is a word of its own.
    constexpr void update(byte_view bytes) noexcept {
        const std::byte* from = bytes.data();
        std::size_t size = bytes.size();
        for (; size >= 8; from += 8, size -= 8) {
            state_ = state_ * detail::cbtop_power(8) +
                     detail::cbtop_eight_bytes(load<std::endian::little, std::uint64_t>(from));
        }
        for (; size != 0; ++from, --size) {
            update_word(std::to_integer<std::uint32_t>(*from));
        }
    }

    constexpr void update_word(std::uint32_t word) noexcept {
        state_ = state_ * detail::cbtop_base + word;
    }

    // Each value by its bits: the upper word, then the lower one.
    constexpr void update_run(std::span<const double> values) noexcept {
        if consteval {
            state_ = detail::cbtop_run_plain(state_, values.data(), values.size());
        } else {
            state_ = detail::cbtop_run(detail::best_cbtop_kernel(), state_, values);
        }
    }

    [[nodiscard]] constexpr digest_type finish() const noexcept { return state_; }

    // The digest of two parts joined, of which the second has so many words.
    [[nodiscard]] static constexpr digest_type combine(digest_type first, digest_type second,
                                                       std::uint64_t second_words) noexcept {
        return first * detail::cbtop_power(second_words) + second;
    }

    friend bool operator==(const cbtop_checksum&, const cbtop_checksum&) = default;

private:
    std::uint32_t state_ = 0;
};

static_assert(combinable_hash<cbtop_checksum>);
static_assert(digest_size<cbtop_checksum> == 4);

} // namespace tintype::inline v0
