// JSON that ends or goes on where nobody would write it, in every shape of state.

#include <tintype/codec/json.hpp>
#include <tintype/codec/json/go_style.hpp>
#include <tintype/core/reflect.hpp>

#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using tests::said;
using codec = tintype::json<>;
using go = tintype::json<tintype::go_style>;

enum class colour : std::uint8_t { red, green };

struct pair_of_numbers {
    BOOST_HANA_DEFINE_STRUCT(pair_of_numbers, (int, a), (int, b));
};

struct preset {
    BOOST_HANA_DEFINE_STRUCT(preset, (std::optional<int>, number));

    preset() : number(7) {}
};

} // namespace

template <>
inline constexpr auto tintype::json_enum_names<colour> = std::array{
    tintype::json_enum_name<colour>{colour::red, "red"},
    tintype::json_enum_name<colour>{colour::green, "green"},
};

namespace {

template <class T, class Codec = codec>
std::string refused(std::string_view text, const tintype::decode_options& options = {}) {
    return said(tintype::decode<Codec, T>(tintype::bytes_of(text), options));
}

// Every text that is cut anywhere is refused, with an offset inside it.
template <class T, class Codec = codec>
bool whole_or_nothing(std::string_view text) {
    bool good = refused<T, Codec>(text) == "no error";
    for (std::size_t size = 0; size != text.size(); ++size) {
        const auto read = tintype::decode<Codec, T>(tintype::bytes_of(text.substr(0, size)));
        good = good && !read && read.error().offset <= size;
    }
    return good;
}

} // namespace

TEST_CASE("json: a text that is cut anywhere is refused, whatever is read from it") {
    CHECK(whole_or_nothing<bool>("true"));
    CHECK(whole_or_nothing<bool>("false"));
    CHECK(whole_or_nothing<colour>("\"green\""));
    CHECK(whole_or_nothing<std::string>("\"a\\u00e9\\ud83d\\ude00\\n\""));
    CHECK(whole_or_nothing<std::optional<int>>("null"));
    CHECK(whole_or_nothing<std::set<std::string>>("[\"a\", \"b\"]"));
    CHECK(whole_or_nothing<std::vector<float>>("[1.5, 2.25]"));
    CHECK(whole_or_nothing<std::array<int, 2>>("[1, 2]"));
    CHECK(whole_or_nothing<std::map<std::string, int>>("{\"a\": 1, \"b\": 2}"));
    CHECK(whole_or_nothing<pair_of_numbers>("{\"b\": 2, \"a\": 1}"));
    CHECK(whole_or_nothing<pair_of_numbers>("{\"a\": 1, \"c\": [true], \"b\": 2}"));
    CHECK(whole_or_nothing<tintype::blob, go>("\"YWJj\""));
    CHECK(whole_or_nothing<std::vector<std::string>, go>("null"));
    CHECK(whole_or_nothing<std::vector<std::string>, go>("[\"a\"]"));
}

TEST_CASE("json: surrogates that are no pair, and escapes that are no digits") {
    CHECK(refused<std::string>("\"\\ud800\"") == "invalid_value @1 55296/0");
    CHECK(refused<std::string>("\"\\ud800\\n\"") == "invalid_value @1 55296/0");
    CHECK(refused<std::string>("\"\\udc00\\ud800\"") == "invalid_value @1 56320/0");
    CHECK(refused<std::string>("\"\\ud800\\ud800\"") == "invalid_value @1 55296/0");
    CHECK(refused<std::string>("\"\\ud800\\ue000\"") == "invalid_value @1 55296/0");
    CHECK(refused<std::string>("\"\\ud800\\u12g4\"") == "invalid_value @11 103/0");
    CHECK(refused<std::string>("\"\\u00/0\"") == "invalid_value @5 47/0");
    CHECK(refused<std::string>("\"\\x\"") == "invalid_value @2 120/0");
    CHECK(refused<std::string>("\"\\ue000\\uffff\"") == "no error");
}

TEST_CASE("json: what is of another type is refused where it begins") {
    CHECK(refused<std::set<std::string>>("[\"a\", 1]") == "invalid_value in [1] @6 49/34");
    CHECK(refused<std::set<std::string>>("[\"a\", \"a\"]") == "duplicate in [1] @6 0/0");
    CHECK(refused<tintype::blob, go>("5") == "invalid_value @0 53/34");
    CHECK(refused<tintype::blob, go>("\"YW") == "truncated @3 3/4");
    CHECK(refused<colour>("\"green") == "truncated @6 6/7");
    CHECK(refused<colour>("\"blue\"") == "invalid_value @0 0/0");
    CHECK(refused<bool>("tree") == "invalid_value @2 101/117");
    CHECK(refused<bool>("1") == "invalid_value @0 49/102");
    CHECK(refused<std::map<std::string, int>>("{\"a\" 1}") == "invalid_value in a @5 49/58");
    CHECK(refused<std::map<std::string, int>>("{\"a\": 1, \"a\": 2}") == "duplicate in a @9 0/0");
    CHECK(refused<pair_of_numbers>("{\"b\" 1}") == "invalid_value @5 49/58");
    CHECK(refused<pair_of_numbers>("{\"c\" 1}") == "invalid_value in c @5 49/58");
    CHECK(refused<pair_of_numbers>("{\"a") == "truncated @3 3/4");
}

TEST_CASE("json: members in any order, known or not") {
    const auto read = tintype::decode<codec, pair_of_numbers>(
        tintype::bytes_of("{\"b\": 2, \"a\": 1, \"c\": {\"deep\": [null]}}"));
    REQUIRE(read.has_value());
    CHECK(read->a == 1);
    CHECK(read->b == 2);
    CHECK(refused<pair_of_numbers>("{\"b\": 2, \"a\": 1, \"b\": 3}") == "duplicate in b @17 0/0");
}

TEST_CASE("json: an optional that holds something from the start is read over") {
    const auto read = tintype::decode<codec, preset>(tintype::bytes_of("{\"number\": 12}"));
    REQUIRE(read.has_value());
    CHECK(read->number == 12);
    const auto none = tintype::decode<codec, preset>(tintype::bytes_of("{\"number\": null}"));
    REQUIRE(none.has_value());
    CHECK(none->number == std::nullopt);
}

TEST_CASE("json: no more floats than the limit, wherever it is reached") {
    std::string text = "[0.5";
    for (int i = 1; i != 3000; ++i) {
        text += ",0.5";
    }
    text += ']';
    for (const std::uint64_t most : {0U, 1U, 2047U, 2048U, 2049U, 2999U}) {
        const tintype::decode_options options{.limits = {.count = most}};
        const auto read =
            tintype::decode<codec, std::vector<float>>(tintype::bytes_of(text), options);
        REQUIRE(!read.has_value());
        CHECK(read.error().code == tintype::errc::limit_exceeded);
        CHECK(read.error().wanted == most);
    }
    const tintype::decode_options enough{.limits = {.count = 3000}};
    CHECK(refused<std::vector<float>>(text, enough) == "no error");
}

TEST_CASE("json: floats half way between two that there are are rounded once") {
    // Next to 1 + 2113 * 2^-24 and the like, closer than a double can tell.
    const auto read = tintype::decode<codec, std::vector<float>>(tintype::bytes_of(
        "[1.0001260638237,1.0001340508461,-1.0001420378685,1.0001500248909,0.5,2.25,1.0]"));
    REQUIRE(read.has_value());
    CHECK(*read == std::vector<float>{1.0001260638237F, 1.0001340508461F, -1.0001420378685F,
                                      1.0001500248909F, 0.5F, 2.25F, 1.0F});
}

TEST_CASE("json: values of the tree are of one type each, and texts that are none make no object") {
    const auto tree = tintype::json_value::parse("[\"text\", 300, 1.5, true, null, {}]");
    REQUIRE(tree.has_value());
    const auto all = tree->view().elements();
    REQUIRE(all.size() == 6);
    CHECK(all[0].type() == tintype::json_type::string);
    CHECK(all[1].number<std::uint8_t>() == std::nullopt);
    CHECK(all[1].number<std::uint16_t>() == 300);
    CHECK(all[2].number<int>() == std::nullopt);
    CHECK(all[2].number<double>() == 1.5);
    CHECK(all[3].boolean() == true);
    CHECK(all[3].string() == std::nullopt);
    CHECK(all[5].type() == tintype::json_type::object);
    const std::vector<std::pair<std::string, tintype::json_value>> members{{"\xff", 1}};
    CHECK(said(tintype::json_value::object(members)) == "invalid_utf8 @0 255/0");
}
