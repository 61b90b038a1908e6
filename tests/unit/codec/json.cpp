// The JSON codec: what each kind of value looks like, that it comes back as it was, and the points
// at which a type or a style says something else.

#include <tintype/codec/json.hpp>
#include <tintype/core/message.hpp>
#include <tintype/core/reflect.hpp>

#include "support/bytes.hpp"

#include <doctest/doctest.h>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace {

using tintype::errc;
using compact = tintype::json<>;
using pretty = tintype::json<tintype::serde_pretty_style>;

template <class Codec = compact, class T>
std::string text_of(const T& value) {
    const auto bytes = tintype::encode<Codec>(value);
    REQUIRE(bytes.has_value());
    return std::string(tintype::text_of(*bytes));
}

template <class T, class Codec = compact>
tintype::result<T> value_of(std::string_view text, const tintype::decode_options& options = {}) {
    return tintype::decode<Codec, T>(tintype::bytes_of(text), options);
}

// The value has this text, in both directions.
template <class Codec = compact, class T>
void both_ways(const T& value, std::string_view text) {
    CAPTURE(text);
    CHECK(text_of<Codec>(value) == text);
    // Escapes are not looked for.
    CHECK((!std::same_as<Codec, compact> || text.find('\\') != text.npos ||
           Codec::estimate(value) >= text.size()));
    const auto read = value_of<T, Codec>(text);
    INFO((read ? std::string() : tintype::message(read.error())));
    REQUIRE(read.has_value());
    CHECK(*read == value);
}

enum class colour : std::uint8_t { red, green, blue };
enum class plain : std::int16_t { less = -1, more = 1 };

struct point {
    BOOST_HANA_DEFINE_STRUCT(point, (int, x), (int, y));
    friend bool operator==(const point&, const point&) = default;
};

using optional_text = std::optional<std::string>;
using omitted_text = tintype::omit_if_absent<std::string>;
using point_map = std::map<std::string, point>;

struct everything {
    BOOST_HANA_DEFINE_STRUCT(everything, (bool, flag), (std::int64_t, number), (double, real),
                             (colour, shade), (plain, bare), (std::string, text),
                             (optional_text, maybe), (omitted_text, digest),
                             (std::vector<point>, points), (point_map, named),
                             (tintype::json_value, any));
    friend bool operator==(const everything&, const everything&) = default;
};

struct empty {
    BOOST_HANA_DEFINE_STRUCT(empty);
    friend bool operator==(const empty&, const empty&) = default;
};

struct omitting {
    BOOST_HANA_DEFINE_STRUCT(omitting, (omitted_text, first), (int, second), (omitted_text, third));
    friend bool operator==(const omitting&, const omitting&) = default;
};

struct tree {
    BOOST_HANA_DEFINE_STRUCT(tree, (std::vector<tree>, branches));
    friend bool operator==(const tree&, const tree&) = default;
};

struct renamed {
    BOOST_HANA_DEFINE_STRUCT(renamed, (int, a), (int, b));
    friend bool operator==(const renamed&, const renamed&) = default;
};

struct attachment {
    BOOST_HANA_DEFINE_STRUCT(attachment, (tintype::blob, data));
    friend bool operator==(const attachment&, const attachment&) = default;
};

// Members called by their place, bytes as base64, floats with a sign of their own.
struct own_style : tintype::serde_style {
    static constexpr auto bytes = tintype::json_bytes::base64;

    template <tintype::described T>
    static constexpr auto names = [] {
        constexpr std::string_view letters = "ABCDEFGH";
        std::array<std::string_view, tintype::member_count<T>> all;
        for (std::size_t i = 0; i != all.size(); ++i) {
            all[i] = letters.substr(i, 1);
        }
        return all;
    }();

    struct floats {
        static char* write(char* to, std::floating_point auto number) {
            return std::to_chars(to, to + 32, number, std::chars_format::scientific).ptr;
        }
    };
};

using own = tintype::json<own_style>;

everything sample() {
    return {.flag = true,
            .number = -5,
            .real = 0.5,
            .shade = colour::blue,
            .bare = plain::less,
            .text = "a \"b\"",
            .maybe = {},
            .digest = {},
            .points = {{1, 2}, {3, 4}},
            .named = {{"a", {5, 6}}, {"b", {7, 8}}},
            .any = tintype::json_value::parse(R"({"k":[1,2.5,null]})").value()};
}

} // namespace

template <>
inline constexpr std::array<tintype::json_enum_name<colour>, 3> tintype::json_enum_names<colour>{
    {{colour::red, "Red"}, {colour::green, "Green"}, {colour::blue, "Blue"}}};

template <>
inline constexpr std::array<std::string_view, 2> tintype::json_names<renamed>{"class", "$ref"};

static_assert(tintype::codec_for<compact, everything>);
static_assert(tintype::codec_for<pretty, everything>);
static_assert(!tintype::sized_codec<compact, everything>);
static_assert(tintype::json_style<own_style>);

TEST_CASE("numbers, words and texts") {
    both_ways(true, "true");
    both_ways(false, "false");
    both_ways(0, "0");
    both_ways(-17, "-17");
    both_ways(std::numeric_limits<std::int64_t>::min(), "-9223372036854775808");
    both_ways(std::numeric_limits<std::int64_t>::max(), "9223372036854775807");
    both_ways(std::numeric_limits<std::uint64_t>::max(), "18446744073709551615");
    both_ways(std::int8_t{-128}, "-128");
    both_ways(std::uint8_t{255}, "255");
    both_ways('a', "97");
    both_ways(1.0, "1.0");
    both_ways(0.1F, "0.1");
    both_ways(std::string(), R"("")");
    both_ways(std::string("a\\\"\b\f\n\r\t\x01\x1f\x7f/"),
              "\"a\\\\\\\"\\b\\f\\n\\r\\t\\u0001\\u001f\x7f/\"");
    both_ways(std::string("nul\0inside", 10), R"("nul\u0000inside")");
    both_ways(std::string("\u00e9 \u03b3 \U0001f600"), "\"\u00e9 \u03b3 \U0001f600\"");
}

TEST_CASE("enumerations are their names, or numbers") {
    both_ways(colour::green, R"("Green")");
    both_ways(plain::less, "-1");
    both_ways(std::byte{200}, "200");
    CHECK(value_of<colour>("\"G\\u0072een\"") == colour::green);
    CHECK(value_of<colour>("\"green\"").error().code == errc::invalid_value);
    CHECK(value_of<colour>("1").error().code == errc::invalid_value);
    const auto nameless =
        tintype::encode<compact>(std::vector{colour::red, static_cast<colour>(7)});
    REQUIRE(!nameless.has_value());
    CHECK(nameless.error().code == errc::invalid_value);
    CHECK(nameless.error().found == 7);
    CHECK(nameless.error().where.view() == "[1]");
}

TEST_CASE("optional values") {
    both_ways(std::optional<int>(), "null");
    both_ways(std::optional<int>(3), "3");
    both_ways(std::vector<std::optional<std::string>>{"a", std::nullopt}, R"(["a",null])");
    CHECK(value_of<std::optional<int>>("nul").error().code == errc::truncated);
    CHECK(value_of<std::optional<int>>("nuls").error().code == errc::invalid_value);
}

TEST_CASE("arrays, sequences, sets") {
    both_ways(std::vector<int>{}, "[]");
    both_ways(std::vector<int>{1, 2, 3}, "[1,2,3]");
    both_ways(std::vector<bool>{true, false}, "[true,false]");
    both_ways(std::deque<std::string>{"a", "b"}, R"(["a","b"])");
    both_ways(std::list<std::vector<int>>{{1}, {}, {2, 3}}, "[[1],[],[2,3]]");
    both_ways(std::set<int>{3, 1, 2}, "[1,2,3]");
    both_ways(std::array<float, 3>{1, 2, 3}, "[1.0,2.0,3.0]");
    both_ways(std::array<std::array<int, 2>, 2>{{{1, 2}, {3, 4}}}, "[[1,2],[3,4]]");
    both_ways(tests::blob_of({1, 0, 255}), "[1,0,255]");
    both_ways(std::vector<float>{0.5F, -1.25F}, "[0.5,-1.25]");
    both_ways(std::vector<double>{0.1, 1e300}, "[0.1,1e300]");
    both_ways(std::deque<float>{0.5F, -1.25F}, "[0.5,-1.25]");

    const auto twice = value_of<std::set<int>>("[1, 2, 1]");
    REQUIRE(!twice.has_value());
    CHECK(twice.error().code == errc::duplicate);
    CHECK(twice.error().where.view() == "[2]");
    CHECK(twice.error().offset == 7);

    const auto few = value_of<std::array<int, 3>>("[1,2]");
    REQUIRE(!few.has_value());
    CHECK(few.error().code == errc::invalid_value);
    CHECK(few.error().found == 2);
    CHECK(few.error().wanted == 3);
    const auto many = value_of<std::array<int, 3>>("[1,2,3,4]");
    REQUIRE(!many.has_value());
    CHECK(many.error().found == 4);
    CHECK(many.error().wanted == 3);
    CHECK(value_of<std::array<int, 3>>("[]").error().found == 0);
}

TEST_CASE("maps") {
    using numbers = std::map<std::string, int>;
    both_ways(numbers{}, "{}");
    both_ways(numbers{{"b", 2}, {"a", 1}, {"\n", 0}}, R"({"\n":0,"a":1,"b":2})");
    both_ways(std::unordered_map<std::string, int>{{"x", 1}}, R"({"x":1})");
    both_ways(std::multimap<std::string, int>{{"x", 1}, {"x", 2}}, R"({"x":1,"x":2})");
    const auto twice = value_of<numbers>(R"({"a":1,"b":2,"\u0061":3})");
    REQUIRE(!twice.has_value());
    CHECK(twice.error().code == errc::duplicate);
    CHECK(twice.error().where.view() == "a");
    CHECK(twice.error().offset == 13);
    CHECK(value_of<std::map<std::string, point>>(R"({"k":{"x":1}})").error().where.view() == "k.y");
}

TEST_CASE("described structs") {
    both_ways(point{1, 2}, R"({"x":1,"y":2})");
    both_ways(empty{}, "{}");
    both_ways(renamed{1, 2}, R"({"class":1,"$ref":2})");
    both_ways(sample(), R"({"flag":true,"number":-5,"real":0.5,"shade":"Blue","bare":-1,)"
                        R"("text":"a \"b\"","maybe":null,"points":[{"x":1,"y":2},{"x":3,"y":4}],)"
                        R"("named":{"a":{"x":5,"y":6},"b":{"x":7,"y":8}},)"
                        R"("any":{"k":[1,2.5,null]}})");
}

TEST_CASE("members that may be left out") {
    both_ways(omitting{{}, 1, {}}, R"({"second":1})");
    both_ways(omitting{"a", 1, {}}, R"({"first":"a","second":1})");
    both_ways(omitting{{}, 1, "c"}, R"({"second":1,"third":"c"})");
    both_ways(omitting{"a", 1, "c"}, R"({"first":"a","second":1,"third":"c"})");
    both_ways<pretty>(omitting{{}, 1, {}}, "{\n  \"second\": 1\n}");
    CHECK(value_of<omitting>(R"({"first":null,"second":1})") == omitting{{}, 1, {}});
    CHECK(value_of<omitting>("{}").error().where.view() == "second");
}

TEST_CASE("pretty") {
    both_ways<pretty>(point{1, 2}, "{\n  \"x\": 1,\n  \"y\": 2\n}");
    both_ways<pretty>(empty{}, "{}");
    both_ways<pretty>(std::vector<int>{}, "[]");
    both_ways<pretty>(std::map<std::string, std::vector<int>>{{"a", {}}, {"b", {1, 2}}},
                      "{\n  \"a\": [],\n  \"b\": [\n    1,\n    2\n  ]\n}");
    both_ways<pretty>(
        std::vector{tintype::json_value::parse(R"({"a":[],"b":{"c,:[]{}\"":[1,{}]}})").value()},
        "[\n  {\n    \"a\": [],\n    \"b\": {\n      \"c,:[]{}\\\"\": [\n        1,\n"
        "        {}\n      ]\n    }\n  }\n]");
    both_ways<pretty>(sample(), text_of<pretty>(sample()));
}

TEST_CASE("a style of one's own") {
    both_ways<own>(point{1, 2}, R"({"A":1,"B":2})");
    both_ways<own>(0.25, "2.5e-01");
    for (const auto& [bytes, text] :
         std::vector<std::pair<std::string_view, std::string_view>>{{"", ""},
                                                                    {"f", "Zg=="},
                                                                    {"fo", "Zm8="},
                                                                    {"foo", "Zm9v"},
                                                                    {"foob", "Zm9vYg=="},
                                                                    {"fooba", "Zm9vYmE="},
                                                                    {"foobar", "Zm9vYmFy"},
                                                                    {"\xff\xef\xbe", "/+++"}}) {
        both_ways<own>(attachment{tests::blob_of(bytes)}, "{\"A\":\"" + std::string(text) + "\"}");
    }
    for (const std::string_view bad : {"Z", "Zg", "Zg=", "Zg===", "=", "====", "Z===", "Zh==",
                                       "Zm9=", "Zm=v", "Zm9vZg==Zm9v", "Zm 9", "Zm-_"}) {
        CAPTURE(bad);
        const auto read = value_of<attachment, own>("{\"A\":\"" + std::string(bad) + "\"}");
        REQUIRE(!read.has_value());
        CHECK(read.error().code == errc::invalid_value);
        CHECK(read.error().where.view() == "A");
    }
    for (const std::size_t size : {767U, 768U, 769U, 3000U, 100000U}) {
        const attachment large{tests::noise(size)};
        both_ways<own>(large, text_of<own>(large));
    }
    both_ways<own>(std::array<std::byte, 2>{std::byte{'f'}, std::byte{'o'}}, R"("Zm8=")");
    CHECK(value_of<std::array<std::byte, 2>, own>(R"("Zg==")").error().found == 1);
}

TEST_CASE("any order, unknown members and white space give the same state") {
    const point wanted{1, 2};
    for (const std::string_view text :
         {R"({"x":1,"y":2})", R"({"y":2,"x":1})", "{\"x\": 1, \"y\" : 2}",
          " \t\r\n{ \"x\"\n:\n1\r,\t\"y\" :2 } \n", R"({"\u0078":1,"y":2})",
          R"({"z":0,"x":1,"y":2})", R"({"x":1,"z":{"x":5,"deep":[[[{}]]]},"y":2})",
          R"({"x":1,"y":2,"z":"\ud83d\ude00"})", R"({"x":1,"y":2,"xy":1e999})",
          R"({"x":1,"y":2,"":[-0,0e0,1E+5,123456789012345678901234567890]})"}) {
        CAPTURE(text);
        CHECK(value_of<point>(text) == wanted);
    }
}

TEST_CASE("more bytes than the writer's buffer, in pieces of every kind") {
    std::vector<std::string> texts;
    for (const std::size_t size : {0U, 1U, 65534U, 65535U, 65536U, 65537U, 200000U}) {
        texts.emplace_back(size, 'x');
    }
    both_ways(texts, text_of(texts));
    CHECK(text_of(texts).size() ==
          2 + 3 * texts.size() - 1 + 65534 + 65535 + 65536 + 65537 + 200001);

    std::vector<std::vector<float>> floats;
    for (std::size_t size = 0; size < 5000; size += 499) {
        floats.emplace_back();
        for (std::size_t i = 0; i != size; ++i) {
            floats.back().push_back(static_cast<float>(i) / 7);
        }
    }
    both_ways(floats, text_of(floats));
    both_ways<pretty>(floats, text_of<pretty>(floats));
}

TEST_CASE("a sink that is full says so") {
    std::array<std::byte, 100> memory{};
    const auto none = tintype::encode_into<compact>(memory, std::vector<int>(60, 1));
    REQUIRE(!none.has_value());
    CHECK(none.error().code == errc::limit_exceeded);
    CHECK(none.error().where.view() == "memory");
    CHECK(tintype::encode_into<compact>(memory, std::vector<int>(40, 1)) == 81U);
}

TEST_CASE("trees may be as deep as the limit") {
    tree root;
    std::string text = R"({"branches":[]})";
    for (int depth = 2; depth < 64; depth += 2) {
        both_ways(root, text);
        root = tree{{root}};
        text = R"({"branches":[)" + text + "]}";
    }
    both_ways(root, text);
    text = R"({"branches":[)" + text + "]}";
    const auto deep = value_of<tree>(text);
    REQUIRE(!deep.has_value());
    CHECK(deep.error().code == errc::limit_exceeded);
    CHECK(deep.error().found == 65);
    CHECK(deep.error().wanted == 64);
    CHECK(value_of<tree>(text, {.limits = {.depth = 66}}).has_value());
}

TEST_CASE("progress is told and a stop is heeded") {
    const std::string text = text_of(std::vector<std::vector<int>>(3000, std::vector<int>(600, 1)));
    std::uint64_t calls = 0;
    std::uint64_t last = 0;
    auto callback = [&](tintype::progress now) {
        ++calls;
        CHECK(now.done > last);
        CHECK(now.total == text.size());
        last = now.done;
    };
    const tintype::monitor watch{callback};
    CHECK(value_of<std::vector<std::vector<int>>>(text, {.watch = &watch}).has_value());
    CHECK(calls == text.size() >> 20U);

    std::stop_source stop;
    stop.request_stop();
    const tintype::monitor stopped{stop.get_token()};
    const auto cancelled = value_of<std::vector<std::vector<int>>>(text, {.watch = &stopped});
    REQUIRE(!cancelled.has_value());
    CHECK(cancelled.error().code == errc::cancelled);
}

TEST_CASE("json: views are written as what they show") {
    struct lent {
        BOOST_HANA_DEFINE_STRUCT(lent, (std::string_view, name), (std::span<const float>, values),
                                 (std::span<const std::string>, lines));
    };

    const float values[] = {1.0F, -0.5F};
    const std::string lines[] = {"a", "b"};
    CHECK(text_of(lent{.name = "x", .values = values, .lines = lines}) ==
          R"({"name":"x","values":[1.0,-0.5],"lines":["a","b"]})");
    CHECK(text_of(lent{}) == R"({"name":"","values":[],"lines":[]})");
    CHECK(text_of<pretty>(std::span<const float>(values)) == "[\n  1.0,\n  -0.5\n]");
}
