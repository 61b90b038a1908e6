// The laws of names of versions, over the library's with several digits, and over a user's.

#include "names.hpp"

#include "../../examples/policies.hpp"

#include <doctest/doctest.h>

TEST_CASE("laws: numbered names") {
    tintype::laws::names_laws<tintype::numbered<"snapshot_", ".vamm">>();
    tintype::laws::names_laws<tintype::numbered<"", "", 1>>();
    tintype::laws::names_laws<tintype::numbered<"v", "", 20>>();
    tintype::laws::names_laws<tintype::numbered<"a.9", "9.b", 3>>();
}

TEST_CASE("laws: names of a user's") {
    tintype::laws::names_laws<policies::hex_names>();
}
