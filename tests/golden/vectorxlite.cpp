// VectorXLite's checksums of files of every size around its blocks and chunks.

#include <tintype/codec/json.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/hash/hex.hpp>
#include <tintype/hash/poly31.hpp>

#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

#ifndef TINTYPE_GOLDEN
#error "define TINTYPE_GOLDEN as the path of tests/golden"
#endif

namespace {

struct golden_checksum {
    BOOST_HANA_DEFINE_STRUCT(golden_checksum, (std::string, file), (std::string, poly31),
                             (std::uint64_t, size));
};

} // namespace

TEST_CASE("golden: VectorXLite's checksums are worked out the same") {
    const std::string folder = TINTYPE_GOLDEN "/vectorxlite/";
    const auto text = tests::file_bytes(folder + "poly31.json");
    const auto all = tintype::decode<tintype::json<>, std::vector<golden_checksum>>(text);
    REQUIRE(tests::said(all) == "no error");
    REQUIRE(all->size() == 10);
    for (const golden_checksum& each : *all) {
        CAPTURE(each.file);
        const auto bytes = tests::file_bytes(folder + each.file);
        REQUIRE(bytes.size() == each.size);
        CHECK(tintype::to_hex(tintype::hash_of<tintype::poly31>(bytes)) == each.poly31);
    }
}
