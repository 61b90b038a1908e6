// How keys and queries are written so that a signature holds, and read back.

#include <tintype/s3/encoding.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using tintype::errc;
using tintype::s3_query;

TEST_CASE("encoding: every byte, there and back") {
    std::string all;
    for (int i = 0; i != 256; ++i) {
        const std::string one(1, static_cast<char>(i));
        const std::string made = tintype::encoded_value(one);
        const bool plain = std::string_view("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                            "0123456789-._~")
                               .contains(one[0]);
        CHECK(made.size() == (plain ? 1 : 3));
        CHECK(tintype::encoded_path(one) == (i == '/' ? "/" : made));
        all += one;
    }
    CHECK(tintype::encoded_value(" /+\xff") == "%20%2F%2B%FF");
    CHECK(tintype::decoded(tintype::encoded_value(all)) == all);
    CHECK(tintype::decoded("a+b%2bc%2F") == "a b+c/");
    for (const std::string_view bad : {"%", "a%", "%4", "%4g", "%g4", "a%4", "%%41"}) {
        CAPTURE(bad);
        const auto text = tintype::decoded(bad);
        REQUIRE_FALSE(text);
        CHECK(text.error().code == errc::invalid_value);
        CHECK(text.error().offset == bad.find('%'));
    }
}

TEST_CASE("s3_query: sorted as it is signed") {
    CHECK(s3_query{}.empty());
    CHECK(s3_query{}.text().empty());
    CHECK(s3_query{}
              .add("prefix", "a b/")
              .add("list-type", "2")
              .add("uploads")
              .add("a", "2")
              .add("a", "1")
              .add("a-b", "")
              .text() == "a=1&a=2&a-b=&list-type=2&prefix=a%20b%2F&uploads=");
}
