// splitmix64 against the published reference outputs for the seed 1234567.

#include <tintype/core/mix.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <set>

namespace {

constexpr std::array<std::uint64_t, 5> reference = {6457827717110365317U, 3203168211198807973U,
                                                    9817491932198370423U, 4593380528125082431U,
                                                    16408922859458223821U};

constexpr bool gives_the_reference() {
    tintype::splitmix64 random{1234567};
    for (const std::uint64_t expected : reference) {
        if (random() != expected) {
            return false;
        }
    }
    return true;
}

static_assert(gives_the_reference());

} // namespace

TEST_CASE("mix: the reference sequence") {
    CHECK(gives_the_reference());
}

TEST_CASE("mix: neighbouring seeds do not meet at once") {
    std::set<std::uint64_t> seen;
    for (std::uint64_t seed = 0; seed != 1000; ++seed) {
        seen.insert(tintype::splitmix64{seed}());
    }
    CHECK(seen.size() == 1000);
    CHECK(tintype::splitmix64{5}() == tintype::splitmix64{5}());
}
