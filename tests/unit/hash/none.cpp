// Nothing in, nothing out, nothing stored.

#include <tintype/hash/none.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <type_traits>

namespace {

constexpr bool says_nothing() {
    constexpr std::array<std::byte, 3> bytes{std::byte{1}, std::byte{2}, std::byte{3}};
    tintype::no_hash hash;
    hash.update(bytes);
    return hash == tintype::no_hash{} && hash.finish() == tintype::hash_of<tintype::no_hash>({}) &&
           tintype::no_hash::combine({}, {}, 3) == hash.finish();
}

static_assert(says_nothing());
static_assert(std::is_empty_v<tintype::no_hash>);
static_assert(tintype::digest_size<tintype::no_hash> == 0);
static_assert(tintype::no_hash::name == "none");

} // namespace

TEST_CASE("no_hash tells no bytes apart and takes no room") {
    CHECK(says_nothing());
}
