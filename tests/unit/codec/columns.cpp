// The bytes of columns, what they are called, which rows they are made of, and the laws of a codec.

#include <tintype/codec/columns.hpp>
#include <tintype/codec/columns/json_value.hpp>
#include <tintype/codec/json/style.hpp>

#include "columns_rows.hpp"
#include "laws/codec.hpp"
#include "support/bytes.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

namespace {

using tests::blob_of;
using tests::lengths;
using namespace tests::rows;
using tintype::columns;
using tintype::identical;

} // namespace

TEST_CASE("columns: unordered containers come back as the same, in an order of their own") {
    using row =
        std::pair<std::unordered_map<std::string, double>, std::unordered_multiset<std::int8_t>>;
    for (const auto sort : tests::all_lengths) {
        const auto rows = tests::rows_of<row>(50, sort);
        const auto bytes = tintype::encode<columns>(rows);
        REQUIRE(bytes.has_value());
        const auto back = tintype::decode<columns, std::vector<row>>(*bytes);
        REQUIRE(back.has_value());
        CHECK(identical(*back, rows));
    }
}

TEST_CASE("columns: rows in other containers, and rows that are made when asked for") {
    const auto rows = tests::rows_of<third>(20, lengths::short_ones);
    const auto bytes = tintype::encode<columns>(rows);
    REQUIRE(bytes.has_value());
    const std::list<third> listed(rows.begin(), rows.end());
    CHECK(tintype::encode<columns>(listed) == bytes);
    CHECK(tintype::encode<columns>(std::span(rows)) == bytes);
    const auto made = rows | std::views::transform([](const third& row) { return row; });
    CHECK(columns::size(made) == bytes->size());
    CHECK(tintype::encode<columns>(made) == bytes);
    const auto back = tintype::decode<columns, std::list<third>>(*bytes);
    REQUIRE(back.has_value());
    CHECK(identical(*back, listed));
    const auto bits = tintype::encode<columns>(std::vector<bool>{true, false});
    CHECK(bits == tintype::encode<columns>(std::array<std::uint8_t, 2>{1, 0}));
    CHECK(tintype::decode<columns, std::deque<bool>>(*bits) == std::deque<bool>{true, false});
    static_assert(!tintype::decodes<columns, std::vector<bool>>);
}

TEST_CASE("columns: what was in a row before does not stay") {
    struct preset {
        using words = std::map<int, int>;
        BOOST_HANA_DEFINE_STRUCT(preset, (std::string, text), (std::vector<std::string>, lines),
                                 (words, map), (std::optional<int>, maybe), (std::set<int>, some));

        preset() : text("x"), lines{"x", "y"}, map{{9, 9}}, maybe(1), some{9} {}
    };

    std::vector<preset> rows(2);
    rows[0].text.clear();
    rows[0].lines.clear();
    rows[0].map = {{1, 1}};
    rows[0].maybe.reset();
    rows[0].some.clear();
    CHECK(tests::failures(rows) == 0);
}

TEST_CASE("columns: the bytes of a small table") {
    struct entry {
        BOOST_HANA_DEFINE_STRUCT(entry, (std::uint16_t, id), (std::string, name),
                                 (std::optional<std::uint32_t>, count),
                                 (std::vector<float>, values),
                                 (std::map<std::uint8_t, std::string>, tags));
    };

    const std::vector<entry> rows{
        {.id = 1, .name = "ab", .count = 7, .values = {1.0F, -0.0F}, .tags = {{1, "x"}}},
        {.id = 2, .name = "", .count = {}, .values = {2.0F, 0.5F}, .tags = {{1, "yz"}, {9, ""}}},
        {.id = 0x1234, .name = "c", .count = 9, .values = {0.0F, 1.5F}, .tags = {}}};
    const auto golden = blob_of({
        3,   0,   0,    0,    0,    0,    0,    0, // three rows
        1,   0,   2,    0,    0x34, 0x12, 0,    0, // id, and padding
        1,   0,   0,    0,    0,    0,    0,    0, // name: lengths of one byte
        2,   0,   1,    0,    0,    0,    0,    0, //   each, and padding
        'a', 'b', 'c',  0,    0,    0,    0,    0, //   all characters
        1,   0,   1,    0,    0,    0,    0,    0, // count: there, absent, there
        7,   0,   0,    0,    9,    0,    0,    0, //   what is there
        0,   0,   0,    0,    0,    0,    0,    0,
        2,   0,   0,    0,    0,    0,    0,    0,    // values: two in each row
        0,   0,   0x80, 0x3f, 0,    0,    0,    0x80, //   1.0 -0.0
        0,   0,   0,    0x40, 0,    0,    0,    0x3f, //   2.0 0.5
        0,   0,   0,    0,    0,    0,    0xc0, 0x3f, //   0.0 1.5
        1,   0,   0,    0,    0,    0,    0,    0,
        1,   2,   0,    0,    0,    0,    0,    0, // tags: one, two, none
        1,   1,   9,    0,    0,    0,    0,    0, //   all keys
        1,   0,   0,    0,    0,    0,    0,    0,
        1,   2,   0,    0,    0,    0,    0,    0, //   all values: lengths
        'x', 'y', 'z',  0,    0,    0,    0,    0, //   and characters
    });
    CHECK(tintype::encode<columns>(rows) == golden);
    CHECK(columns::size(rows) == golden.size());
    const auto back = tintype::decode<columns, std::vector<entry>>(golden);
    REQUIRE(back.has_value());
    CHECK(identical(*back, rows));
    CHECK(columns::schema<entry>() ==
          "{id:u16,name:string,count:?u32,values:[f32],tags:<u8,string>}");
    CHECK(tintype::encode<columns>(std::vector<entry>{}) == blob_of({0, 0, 0, 0, 0, 0, 0, 0}));
}

TEST_CASE("columns: lengths take the width that the longest needs") {
    const auto size = [](std::size_t longest) {
        return columns::size(std::vector{std::string(longest, 'x'), std::string()});
    };
    // The number of rows, the tag, two lengths, the characters; each filled up to eight.
    CHECK(size(255) == 8 + 8 + 8 + 256);
    CHECK(size(256) == 8 + 8 + 8 + 256);
    const auto width = [](std::size_t longest) {
        const auto bytes =
            tintype::encode<columns>(std::vector{std::string(longest, 'x'), std::string()});
        REQUIRE(bytes.has_value());
        return tintype::load<std::endian::little, std::uint64_t>(bytes->data() + 8);
    };
    CHECK(width(0) == 1);
    CHECK(width(1) == 1);
    CHECK(width(255) == 1);
    CHECK(width(256) == 2);
    CHECK(width(65535) == 2);
    CHECK(width(65536) == 4);
    using tintype::detail::length_facts;
    const auto tag = [](std::initializer_list<std::uint64_t> all) {
        length_facts facts;
        for (const std::uint64_t each : all) {
            facts.add(each);
        }
        return facts.tag();
    };
    CHECK(tag({0xFFFFFFFF, 0}) == 4);
    CHECK(tag({0x100000000, 0}) == 8);
    CHECK(tag({~std::uint64_t{0}, 0}) == 8);
    CHECK(tag({0x100000000, 0x100000000}) == 0);
    CHECK(tag({0, 0}) == 1);
}

TEST_CASE("columns: the schema names the layout") {
    static_assert(columns::schema<point>() == "{x:i16,y:f64}");
    static_assert(columns::schema<everything::wide>() == "[u16;3]");
    static_assert(columns::schema<std::array<char, 120>>() == "[char;120]");
    static_assert(columns::schema<alternatives>() == "(()|i32|string|[string]|{x:i16,y:f64})");
    static_assert(columns::schema<std::pair<colour, std::byte>>() == "(i16,u8)");
    static_assert(columns::schema<std::vector<tintype::json_value>>() == "[json(string)]");
    static_assert(columns::schema<std::set<bool>>() == columns::schema<std::vector<bool>>());
    static_assert(columns::schema<std::span<const float>>() == "[f32]");
    static_assert(columns::schema<std::string_view>() == columns::schema<std::string>());
    CHECK(columns::schema<first>() ==
          "{rest:?({named:<string,[{lines:[string],at:?{x:i16,y:f64}}]>,"
          "either:(()|i32|string|[string]|{x:i16,y:f64})},u8),values:[f32]}");
}

TEST_CASE("columns: the laws of a codec") {
    using tintype::laws::codec_laws;
    constexpr tintype::laws::codec_promises no_checksum{.has_checksum = false};
    static_assert(tintype::sized_codec<columns, std::vector<everything>>);
    codec_laws<columns, std::vector<std::uint16_t>>({{}, {1}, {1, 2, 3, 4, 5}}, no_checksum);
    codec_laws<columns, std::vector<std::string>>({{"", ""}, {"a", "bc", ""}, {"ab", "cd"}},
                                                  no_checksum);
    codec_laws<columns, std::vector<std::set<std::string>>>(
        {{{"a", "b"}, {}, {"c"}}, {{"a", "b", "c"}}}, no_checksum);
    codec_laws<columns, std::vector<std::map<bool, std::optional<flagged>>>>(
        {{{{false, flagged{true, 1}}, {true, {}}}, {}}}, no_checksum);
    codec_laws<columns, std::vector<std::vector<alternatives>>>(
        {{{{}, 1, "ab"}, {std::vector<std::string>{"c", ""}, point{1, 2}}}}, no_checksum);
    codec_laws<columns, std::vector<tintype::json_value>>({{{}, true, 12}}, no_checksum);
    // Two lengths of different width, and one constant.
    codec_laws<columns, std::vector<std::pair<std::vector<std::uint8_t>, std::string>>>(
        {{{std::vector<std::uint8_t>(256, 1), "abc"}, {{}, "abc"}}}, no_checksum);
}
