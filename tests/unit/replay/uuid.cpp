#include <tintype/codec/bincode.hpp>
#include <tintype/replay/uuid.hpp>

#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <set>
#include <string>
#include <string_view>

using tests::said;
using tintype::uuid;
using tintype::uuid_from_text;

namespace {

constexpr std::string_view text = "d6eb93af-beae-c452-c99c-0595f758369e";
static_assert(uuid_from_text(text).has_value());
static_assert(uuid_from_text(text)->bytes[0] == std::byte{0xd6});
static_assert(uuid_from_text(text)->bytes[15] == std::byte{0x9e});
static_assert(!uuid_from_text(""));

} // namespace

TEST_CASE("a uuid has one text, and is read from it alone") {
    const auto id = uuid_from_text(text);
    REQUIRE(id);
    CHECK(to_text(*id) == text);
    CHECK(uuid_from_text("D6EB93AF-BEAE-C452-C99C-0595F758369E") == id);
    CHECK(to_text(uuid{}) == "00000000-0000-0000-0000-000000000000");
    for (std::size_t size = 0; size != text.size(); ++size) {
        CHECK(!uuid_from_text(text.substr(0, size)));
    }
    for (std::size_t i = 0; i != text.size(); ++i) {
        for (const char other : {'g', '-', ' ', '\0', '{'}) {
            std::string changed{text};
            if (changed[i] != other) {
                changed[i] = other;
                CHECK(!uuid_from_text(changed));
            }
        }
    }
    CHECK(!uuid_from_text(std::string{text} + "0"));
    CHECK(!uuid_from_text("d6eb93afbeaec452c99c0595f758369e"));
}

TEST_CASE("a uuid is kept as sixteen bytes behind their length, and as no other number of them") {
    const auto id = *uuid_from_text(text);
    auto bytes = tintype::encode<tintype::bincode_fixed>(id).value();
    REQUIRE(bytes.size() == 24);
    CHECK(bytes[0] == std::byte{16});
    CHECK(tintype::decode<tintype::bincode_fixed, uuid>(bytes).value() == id);
    auto shorter = bytes;
    shorter[0] = std::byte{15};
    shorter.pop_back();
    CHECK(
        said(tintype::decode<tintype::bincode_fixed, uuid>(shorter)).starts_with("invalid_value"));
    auto longer = bytes;
    longer[0] = std::byte{17};
    longer.push_back(std::byte{0});
    CHECK(said(tintype::decode<tintype::bincode_fixed, uuid>(longer)).starts_with("invalid_value"));
}

TEST_CASE("random uuids are of version 4 and no two the same") {
    std::set<uuid> all;
    for (int i = 0; i != 1000; ++i) {
        const auto id = tintype::random_uuids{}.next();
        CHECK((id.bytes[6] & std::byte{0xf0}) == std::byte{0x40});
        CHECK((id.bytes[8] & std::byte{0xc0}) == std::byte{0x80});
        all.insert(id);
    }
    CHECK(all.size() == 1000);
}
