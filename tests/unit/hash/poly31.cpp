#include <tintype/hash/concept.hpp>
#include <tintype/hash/poly31.hpp>

#include "support/bytes.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>

namespace {

using tintype::byte_view;
using tintype::hash_of;
using tintype::poly31;

// As it is defined.
constexpr std::uint64_t naive(byte_view bytes) {
    std::uint64_t sum = 0;
    std::uint64_t power = 1;
    for (const std::byte byte : bytes) {
        sum += power * std::to_integer<std::uint64_t>(byte);
        power *= 31;
    }
    return sum;
}

static_assert(hash_of<poly31>({}) == 0);
static_assert(hash_of<poly31>(tests::blob_of({2})) == 2);
static_assert(hash_of<poly31>(tests::blob_of({2, 1})) == 33);
static_assert(hash_of<poly31>(tests::blob_of("a text of more than two blocks of thirty-two bytes,"
                                             " and some more of it behind them")) ==
              naive(tests::blob_of("a text of more than two blocks of thirty-two bytes,"
                                   " and some more of it behind them")));

} // namespace

TEST_CASE("poly31 is the sum of its definition at every size around its blocks") {
    const auto bytes = tests::noise(1025);
    for (std::size_t size = 0; size != bytes.size(); ++size) {
        const auto some = byte_view{bytes}.first(size);
        CHECK(hash_of<poly31>(some) == naive(some));
    }
    const tintype::blob most(999, std::byte{0xff}); // the largest sums in every lane
    CHECK(hash_of<poly31>(most) == naive(most));
}

TEST_CASE("how the bytes were cut does not show in poly31") {
    const auto bytes = tests::noise(300, 7);
    for (std::size_t cut = 0; cut != bytes.size(); ++cut) {
        poly31 hash;
        hash.update(byte_view{bytes}.first(cut));
        hash.update({});
        hash.update(byte_view{bytes}.subspan(cut));
        CHECK(hash.finish() == naive(bytes));
    }
}
