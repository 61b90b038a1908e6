// How numbers stand in names; what holds of any names is in the laws.

#include <tintype/manager/names.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace {

using vamm = tintype::numbered<"snapshot_", ".vamm">;
using bare = tintype::numbered<"", "", 1>;

constexpr std::uint64_t largest = ~std::uint64_t{0};

static_assert(vamm::parse("snapshot_00000001.vamm") == 1);
static_assert(vamm::parse("snapshot_00000000.vamm") == 0);
static_assert(vamm::parse("snapshot_99999999.vamm") == 99'999'999);
static_assert(vamm::parse("snapshot_100000000.vamm") == 100'000'000);
static_assert(vamm::parse("snapshot_18446744073709551615.vamm") == largest);

// Names that other programs left, or that look alike.
static_assert(!vamm::parse(""));
static_assert(!vamm::parse("snapshot_x.vamm"));
static_assert(!vamm::parse("snapshot_.vamm"));
static_assert(!vamm::parse("snapshot_1.vamm"));
static_assert(!vamm::parse("snapshot_0000001.vamm"));
static_assert(!vamm::parse("snapshot_000000001.vamm"));
static_assert(!vamm::parse("snapshot_000000010.vamm"));
static_assert(!vamm::parse("snapshot_00000001.vamm.tmp"));
static_assert(!vamm::parse("snapshot_00000001.tmp"));
static_assert(!vamm::parse("snapshot_00000001.VAMM"));
static_assert(!vamm::parse("Snapshot_00000001.vamm"));
static_assert(!vamm::parse("snapshot_+0000001.vamm"));
static_assert(!vamm::parse("snapshot_-0000001.vamm"));
static_assert(!vamm::parse("snapshot_ 0000001.vamm"));
static_assert(!vamm::parse("snapshot_0000000a.vamm"));
static_assert(!vamm::parse("snapshot_00000001vamm"));
static_assert(!vamm::parse("snapshot_vamm"));
static_assert(!vamm::parse("snapshot_18446744073709551616.vamm"));
static_assert(!vamm::parse("snapshot_18446744073709551620.vamm"));
static_assert(!vamm::parse("snapshot_99999999999999999999.vamm"));
static_assert(!vamm::parse("snapshot_118446744073709551615.vamm"));

static_assert(bare::parse("0") == 0 && bare::parse("7") == 7 && bare::parse("10") == 10);
static_assert(!bare::parse("") && !bare::parse("00") && !bare::parse("07"));

} // namespace

TEST_CASE("numbered names have at least their digits and grow past them") {
    CHECK(vamm::name(0) == "snapshot_00000000.vamm");
    CHECK(vamm::name(1) == "snapshot_00000001.vamm");
    CHECK(vamm::name(99'999'999) == "snapshot_99999999.vamm");
    CHECK(vamm::name(100'000'000) == "snapshot_100000000.vamm");
    CHECK(vamm::name(largest) == "snapshot_18446744073709551615.vamm");
    CHECK(bare::name(0) == "0");
    CHECK(bare::name(10) == "10");
    CHECK(tintype::numbered<"v", "", 20>::name(largest) == "v18446744073709551615");
    CHECK(tintype::numbered<"v", "", 24>::name(7) == "v000000000000000000000007");
}

TEST_CASE("what the compiler refuses is refused at run time, too") {
    for (const std::string_view name :
         {"", "snapshot_.vamm", "snapshot_1.vamm", "snapshot_000000001.vamm",
          "snapshot_00000001.tmp", "Snapshot_00000001.vamm", "snapshot_-0000001.vamm",
          "snapshot_0000000a.vamm", "snapshot_vamm", "snapshot_18446744073709551616.vamm",
          "snapshot_118446744073709551615.vamm"}) {
        CAPTURE(name);
        CHECK(!vamm::parse(name));
    }
    for (const std::uint64_t version :
         {std::uint64_t{0}, std::uint64_t{99'999'999}, std::uint64_t{100'000'000}, largest}) {
        CHECK(vamm::parse(vamm::name(version)) == version);
    }
}

TEST_CASE("a prefix and a suffix may overlap in no name") {
    using odd = tintype::numbered<"aa", "aa", 1>;
    CHECK(!odd::parse("aaa"));
    CHECK(!odd::parse("aaaa"));
    CHECK(odd::parse("aa5aa") == 5U);
}
