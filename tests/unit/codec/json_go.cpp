// JSON as Go writes it: names, escapes, floats, bytes in base64, and null for what is nil.

#include <tintype/codec/json.hpp>
#include <tintype/codec/json/go_style.hpp>
#include <tintype/core/reflect.hpp>

#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

using go = tintype::json<tintype::go_style>;
using tests::said;

struct named {
    BOOST_HANA_DEFINE_STRUCT(named, (bool, snapshot_id), (bool, created_at), (bool, file_name),
                             (bool, is_last_chunk), (bool, id), (bool, url_of_http_api),
                             (bool, ideal), (bool, x), (bool, json2), (bool, utf8_text),
                             (bool, trailing_), (bool, a__b), (bool, Given), (bool, other));
};

struct place {
    BOOST_HANA_DEFINE_STRUCT(place, (std::string, text));

    friend bool operator==(const place&, const place&) = default;
};

enum class colour : std::int32_t { red = 1, green = 2 };

struct mixture {
    using numbers = std::vector<std::uint64_t>;
    using by_name = std::map<std::string, int>;
    BOOST_HANA_DEFINE_STRUCT(mixture, (std::optional<place>, nothing), (tintype::blob, data),
                             (numbers, values), (by_name, table), (colour, kind),
                             (std::string, text));

    friend bool operator==(const mixture&, const mixture&) = default;
};

template <class T>
std::string go_text(const T& value) {
    const auto bytes = tintype::encode<go>(value);
    REQUIRE(said(bytes) == "no error");
    return std::string(tintype::text_of(*bytes));
}

template <class T>
tintype::result<T> go_value(std::string_view text) {
    return tintype::decode<go, T>(tintype::bytes_of(text));
}

} // namespace

template <>
inline constexpr std::array<std::string_view, 14> tintype::json_names<named>{
    "snapshot_id", "created_at", "file_name", "is_last_chunk", "id",   "url_of_http_api", "ideal",
    "x",           "json2",      "utf8_text", "trailing_",     "a__b", "Given",           "@odd"};

TEST_CASE("json, Go: names are made of the members' own") {
    // A name that the type gives is kept, as a tag would be.
    static_assert(tintype::go_style::names<named> ==
                  std::array<std::string_view, 14>{
                      "SnapshotID", "CreatedAt", "FileName", "IsLastChunk", "ID", "URLOfHTTPAPI",
                      "Ideal", "X", "Json2", "UTF8Text", "Trailing", "AB", "Given", "@odd"});
    CHECK(go_text(named{}).starts_with(R"({"SnapshotID":false,"CreatedAt":false,)"));
    CHECK(go_value<place>(R"({"Text":"a","Other":{"x":[1,2e400]}})") == place{"a"});
    // Matched exactly: Go takes any case, and whoever writes it so is not Go.
    CHECK(said(go_value<place>(R"({"text":"a"})")) == "missing_field in Text @11 0/0");
}

TEST_CASE("json, Go: what is absent, empty or nil") {
    const mixture empty{
        .nothing = {}, .data = {}, .values = {}, .table = {}, .kind = colour::green, .text = {}};
    constexpr std::string_view written =
        R"({"Nothing":null,"Data":"","Values":[],"Table":{},"Kind":2,"Text":""})";
    CHECK(go_text(empty) == written);
    CHECK(go_value<mixture>(written) == empty);
    constexpr std::string_view nil =
        R"({"Nothing":null,"Data":null,"Values": null,"Table":null,"Kind":2,"Text":""})";
    CHECK(go_value<mixture>(nil) == empty);
    CHECK(said(go_value<tintype::blob>("nul")) == "truncated @3 3/4");
    CHECK(said(go_value<tintype::blob>("none")) == "invalid_value @1 111/117");
    CHECK(said(go_value<std::string>("null")) == "invalid_value @0 110/34");
    // No other style reads null as a list.
    CHECK(said(tintype::decode<tintype::json<>, std::vector<int>>(tintype::bytes_of("null"))) ==
          "invalid_value @0 110/91");
    const mixture full{.nothing = place{"p"},
                       .data = tests::blob_of({0, 255, 16}),
                       .values = {0, std::numeric_limits<std::uint64_t>::max()},
                       .table = {{"a", -1}},
                       .kind = static_cast<colour>(-7),
                       .text = "t"};
    constexpr std::string_view all = R"({"Nothing":{"Text":"p"},"Data":"AP8Q",)"
                                     R"("Values":[0,18446744073709551615],"Table":{"a":-1},)"
                                     R"("Kind":-7,"Text":"t"})";
    CHECK(go_text(full) == all);
    CHECK(go_value<mixture>(all) == full);
}

TEST_CASE("json, Go: escapes") {
    const auto both_ways = [](std::string_view meant, std::string_view written) {
        CAPTURE(written);
        CHECK(go_text(std::string(meant)) == written);
        CHECK(go_value<std::string>(written) == meant);
    };
    both_ways("<a href=\"x\">&amp;</a>", R"("\u003ca href=\"x\"\u003e\u0026amp;\u003c/a\u003e")");
    both_ways("\xe2\x80\xa8\xe2\x80\xa9", R"("\u2028\u2029")");
    // Their neighbours, and others with the same first bytes.
    both_ways("\xe2\x80\xa7\xe2\x80\xaa\xe2\x81\xa8\xe2\x82\xac",
              "\"\xe2\x80\xa7\xe2\x80\xaa\xe2\x81\xa8\xe2\x82\xac\"");
    both_ways("x\xe2\x80\xa8y<\n\r\t\b\f\x01\x1f\x7f/\\",
              "\"x\\u2028y\\u003c\\n\\r\\t\\b\\f\\u0001\\u001f\x7f/\\\\\"");
    CHECK(go_value<std::string>(R"("\u000a\u0008\/")") == "\n\b/");
    both_ways(
        std::string(5000, '<') + "end", "\"" + [] {
            std::string all;
            for (int i = 0; i != 5000; ++i) {
                all += "\\u003c";
            }
            return all;
        }() + "end\"");
    CHECK(said(tintype::encode<go>(place{"<\xe2\x80"})) == "invalid_utf8 in Text @1 226/0");
    // The other styles leave them as they are.
    const auto least = tintype::encode<tintype::json<>>(std::string("<&>\xe2\x80\xa8"));
    CHECK(tintype::text_of(least.value()) == "\"<&>\xe2\x80\xa8\"");
}

TEST_CASE("json, Go: floats") {
    const auto both_ways = [](auto number, std::string_view written) {
        CAPTURE(written);
        CHECK(go_text(number) == written);
        CHECK(go_value<decltype(number)>(written) == number);
    };
    both_ways(0.0, "0");
    both_ways(-0.0, "-0");
    both_ways(1.0, "1");
    both_ways(-1.5, "-1.5");
    both_ways(100.0, "100");
    both_ways(0.1, "0.1");
    both_ways(123456789.0, "123456789");
    both_ways(1e20, "100000000000000000000");
    both_ways(123456789012345680000.0, "123456789012345680000");
    both_ways(1e21, "1e+21");
    both_ways(-1.25e21, "-1.25e+21");
    both_ways(std::numeric_limits<double>::max(), "1.7976931348623157e+308");
    both_ways(0.000001, "0.000001");
    both_ways(0.00000123, "0.00000123");
    both_ways(9.99e-7, "9.99e-7");
    both_ways(1e-10, "1e-10");
    both_ways(std::numeric_limits<double>::denorm_min(), "5e-324");
    both_ways(0.0F, "0");
    both_ways(3.0F, "3");
    both_ways(0.1F, "0.1");
    both_ways(16777216.0F, "16777216");
    both_ways(1e21F, "1e+21");
    both_ways(1e-6F, "0.000001");
    both_ways(1e-7F, "1e-7");
    both_ways(-std::numeric_limits<float>::max(), "-3.4028235e+38");
    CHECK(go_text(std::vector<float>{1, 2.5F}) == "[1,2.5]");
}

TEST_CASE("json, Go: bytes of every length and what is no base64") {
    // As RFC 4648 has them.
    CHECK(go_text(tests::blob_of("f")) == R"("Zg==")");
    CHECK(go_text(tests::blob_of("fo")) == R"("Zm8=")");
    CHECK(go_text(tests::blob_of("foo")) == R"("Zm9v")");
    CHECK(go_text(tests::blob_of("foob")) == R"("Zm9vYg==")");
    CHECK(go_text(tests::blob_of("fooba")) == R"("Zm9vYmE=")");
    CHECK(go_text(tests::blob_of("foobar")) == R"("Zm9vYmFy")");
    CHECK(go_text(tests::blob_of({0xfb, 0xff, 0xbf, 0xff})) == R"("+/+//w==")");
    std::size_t wrong = 0;
    for (const std::size_t around : {0U, 3072U, 6144U, 49152U, 65536U}) {
        for (std::size_t size = around - (around == 0 ? 0 : 4); size != around + 5; ++size) {
            const auto bytes = tests::noise(size, size);
            const std::string text = go_text(bytes);
            wrong += text.size() == 2 + (size + 2) / 3 * 4 ? 0U : 1U;
            wrong += go_value<tintype::blob>(text) == bytes ? 0U : 1U;
        }
    }
    CHECK(wrong == 0);

    // Every character in every place of three groups: just the letters, and padding at the end.
    constexpr std::string_view letters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (const std::string_view good :
         {R"("QUJDREVGR0hJ")", R"("QUJDREVGR0g=")", R"("QUJDREVGRw==")"}) {
        CHECK(go_value<tintype::blob>(good).has_value());
        for (std::size_t at = 1; at + 1 != good.size(); ++at) {
            for (unsigned value = 0x20; value != 0x7f; ++value) {
                std::string text(good);
                text[at] = static_cast<char>(value);
                if (value == '"' || value == '\\') {
                    continue;
                }
                const auto read = go_value<tintype::blob>(text);
                const bool letter = letters.find(static_cast<char>(value)) != letters.npos;
                // What is read has one text.
                wrong += read && go_text(*read) != text ? 1U : 0U;
                wrong += read && !letter && value != '=' ? 1U : 0U;
                wrong += !read && letter && good[good.size() - 2] != '=' ? 1U : 0U;
            }
        }
    }
    CHECK(wrong == 0);
    CHECK(said(go_value<tintype::blob>(R"("QUJ")")) == "invalid_value @1 3/0");
    CHECK(said(go_value<tintype::blob>(R"("QUJD*UJD")")) == "invalid_value @1 42/0");
    CHECK(said(go_value<tintype::blob>(R"("QQ==QUJD")")) == "invalid_value @1 61/0");
    CHECK(said(go_value<tintype::blob>(R"("====")")) == "invalid_value @1 61/0");
}
