// Documents that are no answers: cut, changed, nested without end, too large, or with characters
// that end a text early.

#include <tintype/s3/xml.hpp>

#include "support/bytes.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace {

using tintype::bytes_of;
using tintype::errc;
using tintype::detail::maybe_text;
using tintype::detail::xml_answer;

std::string code_of(std::string_view text) {
    const auto answer = xml_answer::read(bytes_of(text));
    return answer ? "good" : std::string(name_of(answer.error().code));
}

// Of <a>'s child <b>.
std::string text_in(const std::string& inside) {
    const auto answer = xml_answer::read(bytes_of("<a>" + inside + "</a>"));
    if (!answer) {
        return std::string(name_of(answer.error().code));
    }
    const auto text = maybe_text(answer->root(), "b");
    return !text   ? std::string(name_of(text.error().code))
           : *text ? "'" + std::string(**text) + "'"
                   : "none";
}

} // namespace

TEST_CASE("xml: one root and nothing beside it") {
    CHECK(code_of("<a/>") == "good");
    CHECK(code_of("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a></a>\n") == "good");
    CHECK(code_of("<!-- c --><a/><!-- c -->") == "good");
    for (const std::string_view bad :
         {"", " ", "text", "<a>", "<a/><b/>", "</a>", "<a></b>", "<a", "<a b></a>", "<a b=c/>",
          "<?xml version=\"1.0\"?>", "<!DOCTYPE a [", "\xff\xfe<\0a\0"}) {
        CAPTURE(bad);
        CHECK(code_of(bad) == "invalid_value");
    }
}

TEST_CASE("xml: the text of a child, whole or not at all") {
    CHECK(text_in("").starts_with("none"));
    CHECK(text_in("<b>x</b>") == "'x'");
    CHECK(text_in("<b></b>") == "''");
    CHECK(text_in("<b/>") == "''");
    CHECK(text_in("<b>&lt;&amp;&gt;&quot;&apos;&#65;&#x42;</b>") == "'<&>\"'AB'");
    CHECK(text_in("<b><![CDATA[<x>]]></b>") == "'<x>'");
    CHECK(text_in("<b>x</b><c/><b>y</b>") == "duplicate");
    CHECK(text_in("<b>x<!-- c -->y</b>") == "invalid_value");
    CHECK(text_in("<b>x<c/></b>") == "invalid_value");
    CHECK(text_in("<b><c/></b>") == "invalid_value");
    CHECK(text_in("<b>x<![CDATA[y]]></b>") == "invalid_value");
    // No document of one's own may define what they mean.
    const auto answer =
        xml_answer::read(bytes_of("<!DOCTYPE a [<!ENTITY e \"evil\">]><a><b>&e;</b></a>"));
    REQUIRE(answer);
    const auto text = maybe_text(answer->root(), "b");
    REQUIRE(text);
    CHECK(*text == "&e;");
}

TEST_CASE("xml: zeros, and what becomes one") {
    CHECK(code_of(std::string_view("<a>x\0y</a>", 10)) == "invalid_value");
    for (const std::string bad :
         {"&#0;", "&#00;", "&#x0;", "&#x000;", "&#;", "&#x;", "&#4294967296;", "&#x100000000;",
          "&#1114112;", "&#x110000;", "&#-1;", "&#99999999999999999999999999999999999;",
          "&#18446744073709551616;"}) {
        CAPTURE(bad);
        CHECK(text_in("<b>x" + bad + "y</b>") == "invalid_value");
    }
    CHECK(text_in("<b>&#1;</b>") == "'\x01'");
    CHECK(text_in("<b>&#x10ffff;</b>") == "'\xf4\x8f\xbf\xbf'");
}

TEST_CASE("xml: nesting costs no stack, neither to read nor to drop") {
    constexpr std::size_t depth = 500'000;
    std::string text;
    for (std::size_t i = 0; i != depth; ++i) {
        text += "<a>";
    }
    CHECK(code_of(text) == "invalid_value"); // never closed
    for (std::size_t i = 0; i != depth; ++i) {
        text += "</a>";
    }
    CHECK(code_of(text) == "good");
}

TEST_CASE("xml: no larger than any answer is") {
    constexpr std::size_t most = tintype::detail::most_xml_bytes;
    const auto of_size = [](std::size_t size) {
        return "<a>" + std::string(size - 7, 'x') + "</a>";
    };
    CHECK(code_of(of_size(most)) == "good");
    CHECK(code_of(of_size(most + 1)) == "limit_exceeded");
}

TEST_CASE("xml: numbers and flags") {
    const auto answer = xml_answer::read(
        bytes_of("<a><zero>0</zero><most>9223372036854775807</most><more>9223372036854775808</more>"
                 "<long>99999999999999999999</long><minus>-1</minus><plus>+1</plus><hex>0x1</hex>"
                 "<blank> 1</blank><empty/><yes>true</yes><no>false</no><True>True</True></a>"));
    REQUIRE(answer);
    using tintype::detail::flag_at;
    using tintype::detail::number_at;
    CHECK(number_at(answer->root(), "zero") == 0);
    CHECK(number_at(answer->root(), "most") == 9223372036854775807);
    for (const char* name : {"more", "long", "minus", "plus", "hex", "blank"}) {
        CAPTURE(name);
        const auto number = number_at(answer->root(), name);
        REQUIRE_FALSE(number);
        CHECK(number.error().code == errc::invalid_value);
        CHECK(number.error().where.view() == name);
    }
    for (const char* name : {"empty", "absent"}) {
        CAPTURE(name);
        const auto number = number_at(answer->root(), name);
        REQUIRE_FALSE(number);
        CHECK(number.error().code == errc::missing_field);
        const auto flag = flag_at(answer->root(), name);
        REQUIRE_FALSE(flag);
        CHECK(flag.error().code == errc::missing_field);
    }
    CHECK(flag_at(answer->root(), "yes") == true);
    CHECK(flag_at(answer->root(), "no") == false);
    CHECK_FALSE(flag_at(answer->root(), "True"));
    CHECK_FALSE(flag_at(answer->root(), "zero"));
}
