// JSON values of any shape: their canonical text, and walking through them.

#include <tintype/codec/json/value.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using tintype::errc;
using tintype::json_type;
using tintype::json_value;

std::string canonical(std::string_view text) {
    const auto value = json_value::parse(text);
    return value ? std::string(value->text()) : std::string(tintype::name_of(value.error().code));
}

json_value made(tintype::result<json_value> value) {
    REQUIRE(value.has_value());
    return *std::move(value);
}

} // namespace

TEST_CASE("one text for each value") {
    for (const auto& [text, wanted] : std::vector<std::pair<std::string_view, std::string_view>>{
             {"null", "null"},
             {" true ", "true"},
             {"\tfalse\n", "false"},
             {"0", "0"},
             {"-0", "-0.0"},
             {"0.0", "0.0"},
             {"-0.0", "-0.0"},
             {"10", "10"},
             {"1e1", "10.0"},
             {"1.50", "1.5"},
             {"100E-2", "1.0"},
             {"18446744073709551615", "18446744073709551615"},
             {"18446744073709551616", "1.8446744073709552e19"},
             {"-9223372036854775808", "-9223372036854775808"},
             {"-9223372036854775809", "-9.223372036854776e18"},
             {"1e400", "invalid_value"},
             {"1e-400", "0.0"},
             {"-1e-400", "-0.0"},
             {"5e-324", "5e-324"},
             {R"("")", R"("")"},
             {R"("\/\u0041\u000a\u001f\u00e9\ud83d\ude00")", "\"/A\\n\\u001f\u00e9\U0001f600\""},
             {"[ ]", "[]"},
             {"{ }", "{}"},
             {"[ 1 , [ 2 , [ ] ] , { } ]", "[1,[2,[]],{}]"},
             {R"({"b":1,"a":2})", R"({"a":2,"b":1})"},
             {R"({"b":{"z":1,"y":[{"d":1,"c":2}]},"a":2})",
              R"({"a":2,"b":{"y":[{"c":2,"d":1}],"z":1}})"},
             {R"({"a":1,"":2,"aa":3,"A":4})", R"({"":2,"A":4,"a":1,"aa":3})"},
             // By what the keys mean: a quote is less than '#', a line feed less than a quote.
             {R"({"#":1,"\"":2,"\n":3,"\u0001":4})", R"({"\u0001":4,"\n":3,"\"":2,"#":1})"},
             {"{\"\u00e9\":1,\"z\":2,\"\\\\\":3}", "{\"\\\\\":3,\"z\":2,\"\u00e9\":1}"},
             {R"({"a":1,"b":2,"a":3})", "duplicate"},
             {R"({"a":1,"\u0061":3})", "duplicate"},
             {R"([{"x":{"a":1,"a":3}}])", "duplicate"},
             {"", "truncated"},
             {"[", "truncated"},
             {"[1", "truncated"},
             {"{\"a\"", "truncated"},
             {"[1,]", "invalid_value"},
             {"[,1]", "invalid_value"},
             {"{\"a\":1,}", "invalid_value"},
             {"{1:2}", "invalid_value"},
             {"[1}", "invalid_value"},
             {"{\"a\":1]", "invalid_value"},
             {"nulL", "invalid_value"},
             {"null null", "trailing_bytes"},
             {"\"\xff\"", "invalid_utf8"}}) {
        CAPTURE(text);
        CHECK(canonical(text) == wanted);
    }
}

TEST_CASE("a canonical text is its own") {
    for (const std::string_view text :
         {"null", "-1.5e-7", R"({"a":[1,2,{"b":"\"\\"}],"c":{}})", "[[],{},\"\",0,-1,0.1]"}) {
        CHECK(canonical(text) == text);
    }
}

TEST_CASE("keys in order, in any order, many of them") {
    for (const std::size_t count : {1U, 2U, 3U, 16U, 17U, 1000U}) {
        std::string forward = "{";
        std::string backward = "{";
        for (std::size_t i = 0; i != count; ++i) {
            const auto member = [&](std::size_t n) {
                return "\"" + std::to_string(10000 + n) + "\":[" + std::to_string(n) + "]";
            };
            forward += (i == 0 ? "" : ",") + member(i);
            backward += (i == 0 ? "" : ",") + member(count - 1 - i);
        }
        CHECK(canonical(forward + "}") == forward + "}");
        CHECK(canonical(backward + "}") == forward + "}");
        CHECK(canonical(backward + ",\"10000\":0}") == "duplicate");
    }
}

TEST_CASE("nesting costs no stack") {
    const std::size_t depth = 1000000;
    const std::string text = std::string(depth, '[') + std::string(depth, ']');
    const auto value = json_value::parse(text, {.depth = depth});
    REQUIRE(value.has_value());
    CHECK(value->text() == text);
    const json_value copy = *value;
    CHECK(copy == *value);
    CHECK(copy.view().elements().front().text().size() == text.size() - 2);
    CHECK(json_value::parse(text, {.depth = depth - 1}).error().code == errc::limit_exceeded);
}

TEST_CASE("what is in it") {
    const auto value = made(json_value::parse(
        R"({"nested":{"a":null,"m":true,"z":1},"rank":-86,"score":444.25,"tags":["q\"d","\u0001"]})"));
    const auto view = value.view();
    CHECK(view.type() == json_type::object);
    CHECK(view.members().size() == 4);
    CHECK(view.members()[1].first.string() == "rank");
    CHECK(view.elements().size() == 4);
    CHECK(view.find("rank")->number<int>() == -86);
    CHECK(view.find("rank")->number<unsigned>() == std::nullopt);
    CHECK(view.find("rank")->number<double>() == -86.0);
    CHECK(view.find("score")->number<double>() == 444.25);
    CHECK(view.find("score")->number<int>() == std::nullopt);
    CHECK(view.find("score")->string() == std::nullopt);
    CHECK(view.find("nested")->find("m")->boolean() == true);
    CHECK(view.find("nested")->find("a")->is_null());
    CHECK(view.find("nested")->find("b") == std::nullopt);
    CHECK(view.find("a") == std::nullopt);
    const auto tags = view.find("tags")->elements();
    REQUIRE(tags.size() == 2);
    CHECK(tags[0].string() == "q\"d");
    CHECK(tags[1].string() == "\x01");
    CHECK(tags[1].type() == json_type::string);
    CHECK(tags[0].elements().empty());
    CHECK(view.find("tags")->members().empty());
    CHECK(view.find("tags")->find("a") == std::nullopt);
    CHECK(made(json_value::parse("[]")).view().elements().empty());
    CHECK(made(json_value::parse("[[1],{\"a\":2},\"]\",3]")).view().elements()[2].string() == "]");
}

TEST_CASE("made by hand") {
    CHECK(json_value().is_null());
    CHECK(json_value(nullptr).text() == "null");
    CHECK(json_value(true).text() == "true");
    CHECK(json_value(-5).text() == "-5");
    CHECK(json_value(std::numeric_limits<std::uint64_t>::max()).text() == "18446744073709551615");
    CHECK(made(json_value::number(1)).text() == "1.0");
    CHECK(json_value::number(std::numeric_limits<double>::quiet_NaN()).error().code ==
          errc::invalid_value);
    CHECK(made(json_value::string("a\n")).text() == R"("a\n")");
    CHECK(json_value::string("a\xff").error().code == errc::invalid_utf8);
    CHECK(json_value::string("a\xff").error().offset == 1);
    const std::vector<json_value> elements{1, nullptr, false};
    CHECK(json_value::array(elements).text() == "[1,null,false]");
    CHECK(json_value::array({}).text() == "[]");
    std::vector<std::pair<std::string, json_value>> members{{"b", 1},
                                                            {"a\"", json_value::array(elements)}};
    CHECK(made(json_value::object(members)).text() == R"({"a\"":[1,null,false],"b":1})");
    CHECK(made(json_value::object({})).text() == "{}");
    members.emplace_back("b", 2);
    CHECK(json_value::object(members).error().code == errc::duplicate);
    json_value deep;
    for (int i = 0; i != 200; ++i) {
        deep = json_value::array(std::vector{deep});
    }
    const std::vector<std::pair<std::string, json_value>> one{{"k", deep}};
    CHECK(made(json_value::object(one)).view().find("k") == deep.view());
}
