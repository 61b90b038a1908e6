// The two loops that everything waits for, held against the simplest ones that there are: every
// length around a word of bits, every width, every kind of loop that the machine has.

#include <tintype/core/mix.hpp>
#include <tintype/delta/differing.hpp>

#include "fixtures.hpp"
#include "support/bytes.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace {

namespace detail = tintype::detail;

template <std::size_t Width>
struct wide {
    std::array<std::byte, Width> bytes;
};

template <class T>
void differs_as_it_should(std::uint64_t seed) {
    tintype::splitmix64 random{seed};
    for (std::size_t count = 0; count != 200; ++count) {
        const auto noise = tests::noise(count * sizeof(T), seed + count);
        std::vector<T> a(count);
        if (count != 0) {
            std::memcpy(a.data(), noise.data(), noise.size());
        }
        auto b = a;
        std::vector<bool> wanted(count, false);
        for (std::size_t i = 0; i != count; ++i) {
            if (random() % 4 == 0) {
                // One bit, anywhere in it.
                auto* at = reinterpret_cast<std::byte*>(&b[i]) + random() % sizeof(T);
                *at ^= static_cast<std::byte>(1U << random() % 8);
                wanted[i] = true;
            }
        }
        std::vector<std::uint64_t> words((count + 63) / 64 + 1, ~std::uint64_t{0});
        const auto changed = detail::differing(a.data(), b.data(), count, words.data());
        REQUIRE(changed == static_cast<std::size_t>(std::ranges::count(wanted, true)));
        for (std::size_t i = 0; i != (count + 63) / 64 * 64; ++i) {
            const bool is = (words[i / 64] >> i % 64 & 1) != 0;
            if (is != (i < count && wanted[i])) {
                FAIL("element ", i, " of ", count);
            }
        }
        REQUIRE(words.back() == ~std::uint64_t{0});
    }
}

template <std::size_t Width>
void exchanges_as_it_should(void (*reorder)(std::byte*, std::size_t)) {
    for (std::size_t count = 0; count != 20; ++count) {
        const auto data = tests::noise(count * Width, count);
        for (unsigned mask = 0; mask < 1U << std::min<std::size_t>(count, 6); ++mask) {
            std::vector<std::uint32_t> positions;
            for (unsigned bit = 0; bit != 6; ++bit) {
                if ((mask >> bit & 1U) != 0) {
                    positions.push_back(static_cast<std::uint32_t>(count - 1 - bit));
                }
            }
            std::ranges::reverse(positions);
            const auto values = tests::noise(positions.size() * Width, 99);
            auto now = data;
            auto held = values;
            detail::exchange_scattered(now.data(), positions, held.data(), Width, reorder);
            for (std::size_t i = 0; i != positions.size(); ++i) {
                tintype::blob stored(held.begin() + static_cast<std::ptrdiff_t>(i * Width),
                                     held.begin() + static_cast<std::ptrdiff_t>((i + 1) * Width));
                if (reorder != nullptr) {
                    reorder(stored.data(), 1);
                }
                REQUIRE(std::memcmp(stored.data(), data.data() + positions[i] * Width, Width) == 0);
            }
            detail::exchange_scattered(now.data(), positions, held.data(), Width, reorder);
            REQUIRE(now == data);
            REQUIRE(held == values);
        }
    }
}

template <std::size_t Width>
void turn_around(std::byte* at, std::size_t count) {
    for (; count != 0; --count, at += Width) {
        std::reverse(at, at + Width);
    }
}

} // namespace

TEST_CASE("differing: every count of every width") {
    differs_as_it_should<std::uint8_t>(1);
    differs_as_it_should<std::uint16_t>(2);
    differs_as_it_should<float>(3);
    differs_as_it_should<double>(4);
    differs_as_it_should<tests::point>(5);
    differs_as_it_should<wide<3>>(6);
    differs_as_it_should<wide<12>>(7);
    differs_as_it_should<wide<33>>(8);
}

TEST_CASE("differing: the wide loop and the simple one agree") {
#if TINTYPE_DIFFERING_X86
    if (detail::has_avx2()) {
        for (std::size_t count = 0; count <= 64; ++count) {
            const auto a = tests::noise(8 * count, count);
            for (std::size_t at = 0; at != 8 * count; ++at) {
                auto b = a;
                b[at] ^= std::byte{0x10};
                REQUIRE(detail::differing_word_avx2<8>(a.data(), b.data(), count) ==
                        std::uint64_t{1} << at / 8);
                if (count <= 32) {
                    REQUIRE(detail::differing_word_avx2<4>(a.data(), b.data(), 2 * count) ==
                            detail::differing_word<4>(a.data(), b.data(), 2 * count));
                }
            }
            REQUIRE(detail::differing_word_avx2<8>(a.data(), a.data(), count) == 0);
        }
    }
#endif
    const auto a = tests::noise(64, 1);
    CHECK(detail::differing_word<1>(a.data(), a.data(), 64) == 0);
}

TEST_CASE("differing: exchanged, and exchanged back") {
    exchanges_as_it_should<1>(nullptr);
    exchanges_as_it_should<2>(nullptr);
    exchanges_as_it_should<4>(nullptr);
    exchanges_as_it_should<8>(nullptr);
    exchanges_as_it_should<3>(nullptr);
    exchanges_as_it_should<24>(nullptr);
    exchanges_as_it_should<2>(turn_around<2>);
    exchanges_as_it_should<8>(turn_around<8>);
    exchanges_as_it_should<5>(turn_around<5>);
}
