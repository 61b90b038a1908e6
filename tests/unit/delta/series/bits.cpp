// Every width and every number of values, one behind the other and in lanes, written by one way and
// read by every other.

#include <tintype/delta/series/bits.hpp>
#include <tintype/delta/series/wide.hpp>

#include "support/bytes.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace {

using namespace tintype::detail::series;
using tintype::blob;

std::vector<std::uint64_t> numbers(std::size_t count, unsigned width) {
    tintype::splitmix64 random{count * 65 + width};
    std::vector<std::uint64_t> all(count);
    for (std::uint64_t& each : all) {
        each = random() & low_bits(width);
    }
    return all;
}

} // namespace

TEST_CASE("series bits: the least significant first, and nothing in between") {
    std::byte bytes[3];
    const std::uint64_t values[] = {1, 2, 3, 4, 5, 6, 7};
    CHECK(pack(7, 3, bytes, [&](std::size_t i) { return values[i]; }) == bytes + 3);
    CHECK(std::ranges::equal(bytes, tests::blob_of({0b11'010'001, 0b0'101'100'0, 0b000'111'11})));
}

TEST_CASE("series bits: what is packed is unpacked, at every width") {
    std::size_t wrong = 0;
    for (unsigned width = 0; width <= 64; ++width) {
        for (const std::size_t count : {1U, 2U, 7U, 8U, 9U, 15U, 63U, 64U, 65U, 200U}) {
            const auto values = numbers(count, width);
            blob bytes(packed_size(count, width));
            const auto* const end =
                pack(count, width, bytes.data(), [&](std::size_t i) { return values[i]; });
            wrong += end == bytes.data() + bytes.size() ? 0U : 1U;
            std::vector<std::uint64_t> read(count);
            unpack_few(bytes, count, width, read.data());
            wrong += read == values ? 0U : 1U;
            for (std::size_t i = 0; i != count && width != 0; ++i) {
                wrong += packed_at(bytes, i, width) == values[i] ? 0U : 1U;
            }
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE("series bits: in lanes, at every width and by every way") {
    std::size_t wrong = 0;
    for (unsigned width = 0; width <= 64; ++width) {
        for (const std::size_t count : {1U, 255U, 256U, 257U, 511U, 512U, 1000U, 1024U}) {
            const auto values = numbers(count, width);
            blob bytes(packed_size(count, width));
            const auto* const end =
                pack_many(count, width, bytes.data(), [&](std::size_t i) { return values[i]; });
            wrong += end == bytes.data() + bytes.size() ? 0U : 1U;
            std::vector<std::uint64_t> read(count, 1);
            unpack_many(bytes, count, width, read.data());
            wrong += read == values ? 0U : 1U;
            if (count % 256 == 0 && width != 0) {
                std::ranges::fill(read, 1U);
                lanes_plain(bytes.data(), count / 256, width, read.data());
                wrong += read == values ? 0U : 1U;
            }
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE("series bits: lanes take turns in the bytes") {
    blob bytes(8 * 4 * 8);
    pack_many(256, 8, bytes.data(), [](std::size_t i) { return i; });
    // The first lane's first word, then the second lane's.
    CHECK(std::ranges::equal(tintype::byte_view{bytes}.first(12),
                             tests::blob_of({0, 4, 8, 12, 16, 20, 24, 28, 1, 5, 9, 13})));
}
