// The system's random numbers: different each time, in every bit, from the device too.

#include <tintype/core/random.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <set>

namespace {

// The bits that were ever 1, and those that were ever 0.
struct seen_bits {
    std::uint64_t ones = 0;
    std::uint64_t zeros = 0;

    void add(std::uint64_t number) {
        ones |= number;
        zeros |= ~number;
    }
};

} // namespace

TEST_CASE("random: no number comes twice, and every bit is both") {
    std::set<std::uint64_t> seen;
    seen_bits bits;
    for (int i = 0; i != 200; ++i) {
        const std::uint64_t number = tintype::detail::system_random();
        seen.insert(number);
        bits.add(number);
    }
    CHECK(seen.size() == 200);
    CHECK(bits.ones == ~std::uint64_t{});
    CHECK(bits.zeros == ~std::uint64_t{});
}

TEST_CASE("random: the device gives all that is asked for") {
    std::array<std::uint64_t, 200> numbers{};
    REQUIRE(tintype::detail::read_random_device(numbers.data(), sizeof numbers));
    seen_bits bits;
    for (const std::uint64_t number : numbers) {
        bits.add(number);
    }
    CHECK(std::set<std::uint64_t>(numbers.begin(), numbers.end()).size() == 200);
    CHECK(bits.ones == ~std::uint64_t{});
    CHECK(bits.zeros == ~std::uint64_t{});
}
