// The version, and the inline namespace that goes with it.

#include <tintype/tintype.hpp>

#include <doctest/doctest.h>

#include <type_traits>

// One major version's names are not another's: with both in one program, each is found by its own.
static_assert(std::is_same_v<tintype::error, tintype::v0::error>);
static_assert(std::is_same_v<tintype::crc32, tintype::v0::crc32>);
static_assert(tintype::v0::library_version.major == 0);

// Another major version, as its headers would declare it.
namespace tintype::v1 {
struct error {};
} // namespace tintype::v1

static_assert(!std::is_same_v<tintype::v1::error, tintype::error>);

TEST_CASE("versions are ordered by major, minor, patch") {
    using tintype::version_number;
    CHECK(tintype::library_version == version_number{0, 1, 0});
    CHECK(version_number{0, 1, 9} < version_number{0, 2, 0});
    CHECK(version_number{0, 9, 9} < version_number{1, 0, 0});
    CHECK(version_number{1, 2, 3} < version_number{1, 2, 4});
    CHECK(tintype::library_version >= version_number{0, 1, 0});
}
