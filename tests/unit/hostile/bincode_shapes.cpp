// Bincode of the shapes that are read in a way of their own: packed structs whose memory is not
// their bytes, views of them, and types that are kept as another and refuse what they never give.

#include <tintype/codec/bincode.hpp>
#include <tintype/codec/packed_view.hpp>

#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace {

using tests::blob_of;
using tests::said;
using tintype::bincode_fixed;

// Padding in memory, none in the bytes, and a value that no byte may have.
struct flagged {
    BOOST_HANA_DEFINE_STRUCT(flagged, (bool, on), (std::uint32_t, number));
    friend bool operator==(const flagged&, const flagged&) = default;
};

struct digits {
    std::string text;
};

} // namespace

// Lent from the bytes; says at which of them it is no digit.
template <>
struct tintype::bincode_form<digits> {
    using stored = std::string_view;

    [[nodiscard]] static stored to(const digits& value) noexcept { return value.text; }

    [[nodiscard]] static result<digits> from(stored kept, const limits&) {
        if (kept == "0") {
            return fail({.code = errc::invalid_value, .where = "digits"});
        }
        const auto bad = kept.find_first_not_of("0123456789");
        if (bad != stored::npos) {
            return fail({.code = errc::invalid_value,
                         .where = "digits",
                         .offset = bad,
                         .found = static_cast<unsigned char>(kept[bad])});
        }
        return digits{std::string{kept}};
    }
};

namespace {

template <class T>
std::string refused(const tintype::blob& bytes) {
    return said(tintype::decode<bincode_fixed, T>(bytes));
}

} // namespace

TEST_CASE("bincode: packed structs with padding in memory, one by one") {
    const std::array<flagged, 2> both{{{true, 1}, {false, 2}}};
    const auto bytes = tintype::encode<bincode_fixed>(both);
    REQUIRE(bytes.has_value());
    CHECK(*bytes == blob_of({1, 1, 0, 0, 0, 0, 2, 0, 0, 0}));
    CHECK(tintype::decode<bincode_fixed, std::array<flagged, 2>>(*bytes) == both);
    CHECK(refused<std::array<flagged, 2>>(blob_of({1, 1, 0, 0, 0, 2, 2, 0, 0, 0})) ==
          "invalid_value @5 2/1");
    CHECK(refused<std::array<flagged, 2>>(blob_of({1, 1, 0, 0, 0, 0, 2, 0, 0})) ==
          "truncated_section @0 9/10");
    const std::vector<flagged> some(both.begin(), both.end());
    auto counted = tintype::encode<bincode_fixed>(some);
    REQUIRE(counted.has_value());
    CHECK(tintype::decode<bincode_fixed, std::vector<flagged>>(*counted) == some);
    (*counted)[8] = std::byte{3};
    CHECK(refused<std::vector<flagged>>(*counted) == "invalid_value @8 3/1");
}

TEST_CASE("bincode: a lent view of packed structs has seen the bools") {
    using view = tintype::packed_view<flagged, std::endian::little>;
    auto bytes = tintype::encode<bincode_fixed>(std::vector<flagged>{{true, 7}, {false, 8}});
    REQUIRE(bytes.has_value());
    const auto lent = tintype::decode<bincode_fixed, view>(*bytes);
    REQUIRE(lent.has_value());
    REQUIRE(lent->size() == 2);
    CHECK((*lent)[1] == flagged{false, 8});
    bytes->at(13) = std::byte{2};
    CHECK(refused<view>(*bytes) == "invalid_value @13 2/1");
}

TEST_CASE("bincode: what a form refuses is refused where it lies") {
    CHECK(refused<digits>(blob_of({2, 0, 0, 0, 0, 0, 0, 0, '1', '2'})) == "no error");
    CHECK(refused<digits>(blob_of({2, 0, 0, 0, 0, 0, 0, 0, '1', 'x'})) ==
          "invalid_value in digits @9 120/0");
    CHECK(refused<digits>(blob_of({1, 0, 0, 0, 0, 0, 0, 0, '0'})) ==
          "invalid_value in digits @8 0/0");
    CHECK(refused<digits>(blob_of({0, 0, 0, 0, 0, 0, 0, 0})) == "no error");
    CHECK(refused<digits>(blob_of({2, 0, 0, 0, 0, 0, 0, 0, '1'})) == "truncated_section @8 1/2");
}
