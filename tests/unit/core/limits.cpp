// Nothing is limited unless told, and everything is verified unless told.

#include <tintype/core/limits.hpp>

#include <doctest/doctest.h>

#include <cstdint>

namespace {

constexpr tintype::decode_options untold;
static_assert(untold.limits == tintype::limits{});
static_assert(untold.limits.bytes == ~std::uint64_t{0});
static_assert(untold.limits.count == tintype::limits::none);
static_assert(untold.limits.depth == 64);
static_assert(untold.trailing == tintype::trailing::refuse);
static_assert(untold.integrity == tintype::integrity::verify);
static_assert(untold.watch == nullptr);
static_assert(tintype::limits{.bytes = 1} != tintype::limits{.bytes = 2});
static_assert(tintype::limits{.count = 1} != tintype::limits{});
static_assert(tintype::limits{.depth = 1} != tintype::limits{});

} // namespace

TEST_CASE("limits: two are equal when each of their numbers is") {
    const tintype::limits few{.bytes = 10, .count = 2, .depth = 3};
    CHECK(few == tintype::limits{.bytes = 10, .count = 2, .depth = 3});
    CHECK(few != tintype::limits{.bytes = 10, .count = 2, .depth = 4});
}
