// Hashing that is watched: the same digest as without, reports a piece, and a stop between pieces.

#include <tintype/hash/crc32.hpp>
#include <tintype/hash/none.hpp>
#include <tintype/hash/watched.hpp>

#include "support/bytes.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <vector>

namespace {

using tintype::crc32;
using tintype::leading_number;
using tintype::watched_hash;

constexpr std::size_t piece = 4U << 20U;

template <unsigned... Bytes>
constexpr std::array<std::byte, sizeof...(Bytes)> digest{static_cast<std::byte>(Bytes)...};

static_assert(leading_number(std::uint32_t{0xcbf43926}) == 0xcbf43926U);
static_assert(leading_number(~std::uint64_t{0}) == ~std::uint64_t{0});
static_assert(leading_number(std::array<std::byte, 0>{}) == 0);
static_assert(leading_number(digest<1, 2>) == 0x0102);
static_assert(leading_number(digest<1, 2, 3, 4, 5, 6, 7, 8>) == 0x0102030405060708U);
static_assert(leading_number(digest<255, 0, 0, 0, 0, 0, 0, 1, 99>) == 0xff00000000000001U);

constexpr bool in_a_constant_expression() {
    constexpr std::array<std::byte, 9> bytes{};
    return watched_hash<crc32>(bytes, nullptr) == tintype::hash_of<crc32>(bytes);
}

static_assert(in_a_constant_expression());

} // namespace

TEST_CASE("watched or not, the digest is the same, and every byte is told of") {
    const auto all = tests::noise(2 * piece + 1);
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, piece - 1, piece, piece + 1, 2 * piece, 2 * piece + 1}) {
        INFO("size ", size);
        const auto bytes = tintype::byte_view{all}.first(size);
        std::vector<tintype::progress> told;
        const auto remember = [&](tintype::progress now) { told.push_back(now); };
        const tintype::monitor watch{remember};
        const auto watched = watched_hash<crc32>(bytes, &watch);
        CHECK(watched == tintype::hash_of<crc32>(bytes));
        CHECK(watched_hash<crc32>(bytes, nullptr) == watched);
        REQUIRE(told.size() == (size + piece - 1) / piece);
        std::uint64_t before = 0;
        for (const tintype::progress& each : told) {
            CHECK(each.total == size);
            CHECK(each.done > before);
            CHECK(each.done - before <= piece);
            before = each.done;
        }
        CHECK(before == size);
    }
}

TEST_CASE("a stop is an error with the numbers, after the piece at hand") {
    const auto bytes = tests::noise(3 * piece);
    std::stop_source stop;
    const auto at_the_second = [&](tintype::progress now) {
        if (now.done == 2 * piece) {
            stop.request_stop();
        }
    };
    const tintype::monitor watch{at_the_second, stop.get_token()};
    const auto stopped = watched_hash<crc32>(bytes, &watch);
    REQUIRE(!stopped);
    CHECK(stopped.error().code == tintype::errc::cancelled);
    CHECK(stopped.error().found == 2 * piece);
    CHECK(stopped.error().wanted == 3 * piece);
    // It was requested already; a hash that stores nothing is stopped as well.
    CHECK(watched_hash<tintype::no_hash>(bytes, &watch).error().found == piece);
    // No bytes, no piece, nothing to stop.
    CHECK(watched_hash<crc32>({}, &watch) == tintype::hash_of<crc32>({}));
}
