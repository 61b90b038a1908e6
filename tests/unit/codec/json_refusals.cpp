// What the JSON codec refuses to read, with where in the bytes and in which member; and what it
// refuses to write.

#include <tintype/codec/json.hpp>
#include <tintype/core/message.hpp>
#include <tintype/core/reflect.hpp>

#include "support/bytes.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

using tintype::errc;
using codec = tintype::json<>;

struct entry {
    BOOST_HANA_DEFINE_STRUCT(entry, (std::string, id), (std::vector<float>, values),
                             (tintype::json_value, metadata));
};

using optional_count = std::optional<std::uint8_t>;

struct state {
    BOOST_HANA_DEFINE_STRUCT(state, (std::int32_t, number), (optional_count, count), (bool, flag),
                             (std::vector<entry>, entries));
};

struct refusal {
    std::string_view text;
    errc code;
    std::uint64_t offset;
    std::string_view where = "";
};

template <class T>
void refused(const refusal& expected, const tintype::decode_options& options = {}) {
    const std::string text(expected.text);
    CAPTURE(text);
    const auto read = tintype::decode<codec, T>(tintype::bytes_of(expected.text), options);
    REQUIRE(!read.has_value());
    CHECK(tintype::name_of(read.error().code) == tintype::name_of(expected.code));
    CHECK(read.error().offset == expected.offset);
    CHECK(read.error().where.view() == expected.where);
}

} // namespace

TEST_CASE("members") {
    for (const refusal& each : std::vector<refusal>{
             {"", errc::truncated, 0},
             {" ", errc::truncated, 1},
             {"{", errc::truncated, 1},
             {"[]", errc::invalid_value, 0},
             {"{}", errc::missing_field, 1, "number"},
             {R"({"number":1})", errc::missing_field, 11, "count"},
             {R"({"number":1,"count":null,"flag":true})", errc::missing_field, 36, "entries"},
             {R"({"number":1,"number":1})", errc::duplicate, 12, "number"},
             {R"({"number":1,"count":1,"\u006eumber":1})", errc::duplicate, 22, "number"},
             {R"({"number":1,})", errc::invalid_value, 12},
             {R"({,"number":1})", errc::invalid_value, 1},
             {R"({"number"1})", errc::invalid_value, 9},
             {R"({"number":1 "count":1})", errc::invalid_value, 12},
             {R"({"number":1;"count":1})", errc::invalid_value, 11},
             {R"({number:1})", errc::invalid_value, 1},
             {R"({"number":})", errc::invalid_value, 10, "number"},
             {R"({"number":null})", errc::invalid_value, 10, "number"},
             {R"({"number":1,"count":null,"flag":1})", errc::invalid_value, 32, "flag"},
             {R"({"number":1,"count":null,"flag":tru})", errc::invalid_value, 35, "flag"},
             {R"({"number":1,"count":256})", errc::invalid_value, 20, "count"},
             {R"({"number":1,"unknown":tru})", errc::invalid_value, 25, "unknown"},
             {R"({"number":1,"unknown":{"a":1,"a":2}})", errc::duplicate, 29, "unknown"},
             {R"({"number":1,"unknown":[1,]})", errc::invalid_value, 25, "unknown"},
             {R"({"number":1,"unknown":"\ud800"})", errc::invalid_value, 23, "unknown"},
         }) {
        refused<state>(each);
    }
    const std::string good = R"({"number":1,"count":2,"flag":true,"entries":[]})";
    CHECK(tintype::decode<codec, state>(tintype::bytes_of(good)).has_value());
    refused<state>({good + "x", errc::trailing_bytes, 47});
    refused<state>({good + " {}", errc::trailing_bytes, 48});
    CHECK(tintype::decode<codec, state>(tintype::bytes_of(good + " \n")).has_value());
    CHECK(tintype::decode<codec, state>(tintype::bytes_of(good + "x"),
                                        {.trailing = tintype::trailing::accept})
              .has_value());
}

TEST_CASE("the path leads to the element") {
    const std::string start = R"({"number":1,"count":2,"flag":true,"entries":[)"
                              R"({"id":"a","values":[1.5],"metadata":null},)";
    for (const auto& [tail, code, where] :
         std::vector<std::tuple<std::string, errc, std::string_view>>{
             {R"({"id":"b","values":[0.5,0.25,x)", errc::invalid_value, "entries[1].values[2]"},
             {R"({"id":"b","values":[0.5,0.25,1e39)", errc::invalid_value, "entries[1].values[2]"},
             {R"({"id":"b","values":[0.5,0.25,)", errc::truncated, "entries[1].values[2]"},
             {R"({"id":"b","values":[0.5,0.25)", errc::truncated, "entries[1].values"},
             {R"({"id":"b","values":[0.5,0.25}])", errc::invalid_value, "entries[1].values"},
             {R"({"id":"b","values":[0.5,0.25],"metadata":{"a":[1,01]}})", errc::invalid_value,
              "entries[1].metadata"},
             {R"({"id":"b","metadata":1})", errc::missing_field, "entries[1].values"},
             {R"({"id":5)", errc::invalid_value, "entries[1].id"},
             {R"(5)", errc::invalid_value, "entries[1]"}}) {
        const std::string text = start + tail;
        CAPTURE(text);
        const auto read = tintype::decode<codec, state>(tintype::bytes_of(text));
        REQUIRE(!read.has_value());
        CHECK(tintype::name_of(read.error().code) == tintype::name_of(code));
        CHECK(read.error().where.view() == where);
    }
}

TEST_CASE("numbers that the grammar does not have") {
    for (const refusal& each : std::vector<refusal>{{"-", errc::truncated, 1},
                                                    {"+1", errc::invalid_value, 0},
                                                    {"01", errc::invalid_value, 1},
                                                    {"-01", errc::invalid_value, 2},
                                                    {"00", errc::invalid_value, 1},
                                                    {".5", errc::invalid_value, 0},
                                                    {"1.", errc::truncated, 2},
                                                    {"1.e5", errc::invalid_value, 2},
                                                    {"1e", errc::truncated, 2},
                                                    {"1e+", errc::truncated, 3},
                                                    {"1e+-1", errc::invalid_value, 3},
                                                    {"NaN", errc::invalid_value, 0},
                                                    {"Infinity", errc::invalid_value, 0},
                                                    {"-Infinity", errc::invalid_value, 1},
                                                    {"inf", errc::invalid_value, 0},
                                                    {"null", errc::invalid_value, 0},
                                                    {"0x10", errc::trailing_bytes, 1},
                                                    {"1.5.5", errc::trailing_bytes, 3},
                                                    {"1_000", errc::trailing_bytes, 1},
                                                    {"1 2", errc::trailing_bytes, 2}}) {
        refused<double>(each);
        refused<float>(each);
    }
}

TEST_CASE("numbers that the type cannot hold") {
    for (const std::string_view text : {"128", "-129", "1.0", "1e0", "-0", "9223372036854775808",
                                        "-9223372036854775809", "100000000000000000000000"}) {
        refused<std::int8_t>({text, errc::invalid_value, 0});
    }
    for (const std::string_view text : {"-1", "18446744073709551616", "0.0", "-0", "1E2",
                                        "99999999999999999999", "100000000000000000000"}) {
        refused<std::uint64_t>({text, errc::invalid_value, 0});
    }
    for (const std::string_view text :
         {"3.4028236e38", "-3.4028236e38", "1e39", "1e400",
          "340282356779733661637539395458142568448", "1e99999999999999999999", "0.1e40"}) {
        refused<float>({text, errc::invalid_value, 0});
    }
    for (const std::string_view text :
         {"1.7976931348623159e308", "-1e309", "1e99999999999999999999"}) {
        refused<double>({text, errc::invalid_value, 0});
    }
    const auto large = tintype::decode<codec, float>(tintype::bytes_of("1e40"));
    CHECK(large.error().found == 40);
    CHECK(large.error().wanted == 38);
    const auto wide = tintype::decode<codec, std::uint8_t>(tintype::bytes_of("256"));
    CHECK(wide.error().found == 256);
    CHECK(wide.error().wanted == 255);
}

TEST_CASE("texts") {
    for (const refusal& each :
         std::vector<refusal>{{"\"", errc::truncated, 1},
                              {"\"abc", errc::truncated, 4},
                              {"\"\\", errc::truncated, 2},
                              {"\"\\\"", errc::truncated, 3},
                              {"\"a\nb\"", errc::invalid_value, 2},
                              {"\"12345678\t\"", errc::invalid_value, 9},
                              {std::string_view("\"a\0b\"", 5), errc::invalid_value, 2},
                              {"\"\\a\"", errc::invalid_value, 2},
                              {"\"\\U0041\"", errc::invalid_value, 2},
                              {"\"\\u12\"", errc::invalid_value, 5},
                              {"\"\\u12g4\"", errc::invalid_value, 5},
                              {"\"\\u123", errc::truncated, 6},
                              {"\"\\ud800\"", errc::invalid_value, 1},
                              {"\"ab\\udfff\"", errc::invalid_value, 3},
                              {"\"\\ud83d\\u0041\"", errc::invalid_value, 1},
                              {"\"\\ud83d\\ud83d\"", errc::invalid_value, 1},
                              {"\"\\ud83dx\"", errc::invalid_value, 1},
                              {"\"\x80\"", errc::invalid_utf8, 1},
                              {"\"a\xff\"", errc::invalid_utf8, 2},
                              {"\"\xc0\xaf\"", errc::invalid_utf8, 1},
                              {"\"\xc3\"", errc::invalid_utf8, 1},
                              {"\"\xc3", errc::invalid_utf8, 1},
                              {"\"\xe0\x9f\xbf\"", errc::invalid_utf8, 1},
                              {"\"\xed\xa0\x80\"", errc::invalid_utf8, 1},
                              {"\"\xf0\x8f\xbf\xbf\"", errc::invalid_utf8, 1},
                              {"\"\xf4\x90\x80\x80\"", errc::invalid_utf8, 1},
                              {"\"\xf5\x80\x80\x80\"", errc::invalid_utf8, 1},
                              {"\"\\n12345678\xc3\xa9\xe2\x82\"", errc::invalid_utf8, 13},
                              {"'a'", errc::invalid_value, 0},
                              {"5", errc::invalid_value, 0}}) {
        refused<std::string>(each);
    }
}

TEST_CASE("limits are held") {
    refused<std::vector<int>>({"[1,2,3]", errc::limit_exceeded, 5, "[2]"},
                              {.limits = {.count = 2}});
    refused<std::vector<float>>({"[1,2,3]", errc::limit_exceeded, 5, "[2]"},
                                {.limits = {.count = 2}});
    refused<std::vector<float>>({"[0.5,0.5,0.5,0.5]", errc::limit_exceeded, 13, "[3]"},
                                {.limits = {.count = 3}});
    CHECK(tintype::decode<codec, std::vector<float>>(tintype::bytes_of("[0.5,0.5,0.5]"),
                                                     {.limits = {.count = 3}})
              .has_value());
    refused<std::map<std::string, int>>({R"({"a":1,"b":2})", errc::limit_exceeded, 7},
                                        {.limits = {.count = 1}});
    refused<std::string>({R"("abcd")", errc::limit_exceeded, 1}, {.limits = {.bytes = 3}});
    refused<std::string>({R"("\n\n\n\n")", errc::limit_exceeded, 1}, {.limits = {.bytes = 3}});
    CHECK(tintype::decode<codec, std::string>(tintype::bytes_of(R"("abc")"),
                                              {.limits = {.bytes = 3}}) == "abc");
    refused<tintype::json_value>({"[[[1]]]", errc::limit_exceeded, 2}, {.limits = {.depth = 2}});
    refused<std::vector<tintype::json_value>>({"[[[1]]]", errc::limit_exceeded, 2, "[0]"},
                                              {.limits = {.depth = 2}});
    refused<std::vector<std::vector<int>>>({"[[1]]", errc::limit_exceeded, 1, "[0]"},
                                           {.limits = {.depth = 1}});

    // A hundred thousand brackets are as cheap to refuse as 65.
    const std::string deep(100000, '[');
    refused<tintype::json_value>({deep, errc::limit_exceeded, 64});
    refused<state>({R"({"unknown":)" + deep, errc::limit_exceeded, 74, "unknown"});
    refused<tintype::json_value>({deep, errc::truncated, 100000}, {.limits = {.depth = 1000000}});
}

TEST_CASE("where it is, for people") {
    const std::string text = "{\n  \"number\": 1,\n  \"count\": x\n}";
    const auto read = tintype::decode<codec, state>(tintype::bytes_of(text));
    REQUIRE(!read.has_value());
    CHECK(tintype::line_and_column(text, read.error().offset) == tintype::text_position{3, 12});
    CHECK(tintype::line_and_column("", 0) == tintype::text_position{1, 1});
    CHECK(tintype::line_and_column("ab", 5) == tintype::text_position{1, 3});
    CHECK(tintype::line_and_column("a\n", 2) == tintype::text_position{2, 1});
    CHECK(tintype::line_and_column("\u00e9\U0001f600x", 6) == tintype::text_position{1, 3});
}

TEST_CASE("what JSON cannot say is not written") {
    state unspeakable{.number = 1, .count = {}, .flag = false, .entries = {}};
    for (int i = 0; i != 4; ++i) {
        unspeakable.entries.push_back(
            {.id = "x", .values = std::vector<float>(8, 1), .metadata = {}});
    }
    for (const float value :
         {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity(),
          std::numeric_limits<float>::infinity(), std::bit_cast<float>(0x7f800001U)}) {
        unspeakable.entries[3].values[5] = value;
        const auto written = tintype::encode<codec>(unspeakable);
        REQUIRE(!written.has_value());
        CHECK(written.error().code == errc::invalid_value);
        CHECK(written.error().where.view() == "entries[3].values[5]");
        CHECK(written.error().found == std::bit_cast<std::uint32_t>(value));
    }
    unspeakable.entries[3].values[5] = 0;
    unspeakable.entries[2].id = "ab\xff";
    const auto written = tintype::encode<codec>(unspeakable);
    REQUIRE(!written.has_value());
    CHECK(written.error().code == errc::invalid_utf8);
    CHECK(written.error().where.view() == "entries[2].id");
    CHECK(written.error().offset == 2);
    CHECK(written.error().found == 0xff);
    CHECK(tintype::encode<codec>(
              std::map<std::string, double>{{"k", std::numeric_limits<double>::infinity()}})
              .error()
              .where.view() == "k");
}
