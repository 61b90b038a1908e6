// Addresses, buckets, prefixes and regions that are taken and that are not, and what requests name.

#include <tintype/s3/encoding.hpp>
#include <tintype/s3/location.hpp>

#include <doctest/doctest.h>

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

using tintype::errc;
using tintype::s3_addressing;
using tintype::s3_location;
using tintype::s3_query;

constexpr std::string_view service = "http://127.0.0.1:7480";

std::string code_of(const tintype::result<s3_location>& where) {
    return where ? "good" : std::string(name_of(where.error().code));
}

std::string bucket(const std::string& name) {
    return code_of(s3_location::parse("s3://" + name, service));
}

std::string prefix(const std::string& text) {
    const auto where = s3_location::parse("s3://bucket" + text, service);
    return where ? where->prefix : std::string(name_of(where.error().code));
}

std::string endpoint(const std::string& text, s3_addressing addressing = s3_addressing::path) {
    const auto where = s3_location::parse("s3://bucket", text, "us-east-1", addressing);
    return where ? where->origin() : std::string(name_of(where.error().code));
}

} // namespace

TEST_CASE("s3_location: names of buckets") {
    for (const std::string name : {"abc", "a-b", "a.b", "123", "0-0", "my.logs-2024", "1.2.3",
                                   "1.2.3.4.5", "a1.2.3.4", "name-s3alias"}) {
        CAPTURE(name);
        CHECK(bucket(name) == "good");
    }
    CHECK(bucket(std::string(63, 'a')) == "good");
    for (const std::string name : {"",
                                   "a",
                                   "ab",
                                   "Abc",
                                   "a_b",
                                   "-ab",
                                   "ab-",
                                   ".ab",
                                   "ab.",
                                   "a..b",
                                   "a.-b",
                                   "a-.b",
                                   "a b",
                                   "a%b",
                                   "192.168.5.4",
                                   "xn--abc",
                                   "sthree-abc",
                                   "amzn-s3-demo-abc",
                                   "abc--x-s3",
                                   "abc--table-s3",
                                   "abc.mrap",
                                   "\xc3\xa4"
                                   "bc"}) {
        CAPTURE(name);
        CHECK(bucket(name) == "bad_name");
    }
    CHECK(bucket(std::string(64, 'a')) == "bad_name");
    CHECK(code_of(s3_location::parse("", service)) == "invalid_value");
    CHECK(code_of(s3_location::parse("bucket", service)) == "invalid_value");
    CHECK(code_of(s3_location::parse("http://bucket", service)) == "invalid_value");
    const auto secret = s3_location::parse("s3://KEY:hush@bucket", service);
    REQUIRE_FALSE(secret);
    CHECK(secret.error().where.empty());
}

TEST_CASE("s3_location: prefixes end in a slash, and hold nothing that means another place") {
    CHECK(prefix("").empty());
    CHECK(prefix("/").empty());
    CHECK(prefix("/a") == "a/");
    CHECK(prefix("/a/") == "a/");
    CHECK(prefix("/a/b.c/day=1~/_-/") == "a/b.c/day=1~/_-/");
    CHECK(prefix("/.a/...") == ".a/.../");
    for (const std::string text :
         {"//", "//a", "/a//", "/a//b", "/.", "/..", "/a/.", "/a/../b", "/a b", "/a+b", "/a%20b",
          "/a?b", "/a#b", "/a\\b", "/a\nb", "/a:b", "/\xc3\xa4"}) {
        CAPTURE(text);
        CHECK(prefix(text) == "bad_name");
    }
    CHECK(prefix("/" + std::string(512, 'a')) == std::string(512, 'a') + "/");
    CHECK(prefix("/" + std::string(513, 'a')) == "bad_name");
}

TEST_CASE("s3_location: addresses of services") {
    CHECK(endpoint("http://localhost") == "http://localhost");
    CHECK(endpoint("http://localhost/") == "http://localhost");
    CHECK(endpoint("https://s3.example.com:9000") == "https://s3.example.com:9000");
    CHECK(endpoint("http://[::1]:7480") == "http://[::1]:7480");
    CHECK(endpoint("http://[fe80::1]") == "http://[fe80::1]");
    CHECK(endpoint("http://h:1") == "http://h:1");
    CHECK(endpoint("http://h:65535") == "http://h:65535");
    for (const std::string text : {"",
                                   "localhost",
                                   "ftp://localhost",
                                   "HTTP://localhost",
                                   "http://",
                                   "http:///",
                                   "http://h/path",
                                   "http://h//",
                                   "http://h?x",
                                   "http://h#x",
                                   "http://h:",
                                   "http://h:0",
                                   "http://h:65536",
                                   "http://h:999999",
                                   "http://h:1a",
                                   "http://h:80:80",
                                   "http://h .com",
                                   "http://a..b",
                                   "http://.a",
                                   "http://user:hush@h",
                                   "http://hush@h",
                                   "http://[::1",
                                   "http://[]",
                                   "http://[::1]80",
                                   "http://[::1]:",
                                   "http://[::g]",
                                   "http://[::1]:x",
                                   "http://h\r\n",
                                   "http://h\\"}) {
        CAPTURE(text);
        CHECK(endpoint(text) == "invalid_value");
        const auto where = s3_location::parse("s3://bucket", text);
        REQUIRE_FALSE(where);
        CHECK_FALSE(where.error().where.view().contains("hush"));
    }
    CHECK(endpoint("http://" + std::string(253, 'a')).size() == 260);
    CHECK(endpoint("http://" + std::string(254, 'a')) == "invalid_value");
}

TEST_CASE("s3_location: the bucket in the path or before the host") {
    CHECK(endpoint("https://s3.example.com:9000", s3_addressing::virtual_host) ==
          "https://bucket.s3.example.com:9000");
    CHECK(endpoint("http://127.0.0.1:80", s3_addressing::virtual_host) == "invalid_value");
    CHECK(endpoint("http://[::1]:80", s3_addressing::virtual_host) == "invalid_value");

    auto where = s3_location::parse("s3://bucket/a=b", "http://h:1");
    REQUIRE(where);
    const auto query = s3_query{}.add("uploads");
    CHECK(where->key("name") == "a=b/name");
    CHECK(where->text() == "s3://bucket/a=b/");
    CHECK(where->target(where->key("name")) == "/bucket/a%3Db/name");
    CHECK(where->target(where->key("name"), query) == "/bucket/a%3Db/name?uploads=");
    CHECK(where->target("") == "/bucket/");
    CHECK(where->copy_source("a b") == "/bucket/a%20b");
    where->addressing = s3_addressing::virtual_host;
    CHECK(where->origin() == "http://bucket.h:1");
    CHECK(where->target(where->key("name")) == "/a%3Db/name");
    CHECK(where->target("", query) == "/?uploads=");
    CHECK(where->copy_source("a b") == "/bucket/a%20b");
}

TEST_CASE("s3_location: regions") {
    for (const std::string region : {"us-east-1", "default", "Zone_1.a"}) {
        CHECK(code_of(s3_location::parse("s3://bucket", service, region)) == "good");
    }
    for (const std::string region : {"", "a:b", "a/b", "a b", "a\nb", "~"}) {
        CHECK(code_of(s3_location::parse("s3://bucket", service, region)) == "invalid_value");
    }
    CHECK(code_of(s3_location::parse("s3://bucket", service, std::string(63, 'a'))) == "good");
    CHECK(code_of(s3_location::parse("s3://bucket", service, std::string(64, 'a'))) ==
          "invalid_value");
}

TEST_CASE("s3_location: of the environment") {
    const std::vector<const char*> names{"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_REGION",
                                         "AWS_DEFAULT_REGION"};
    const auto clear = [&] {
        for (const char* name : names) {
            ::unsetenv(name);
        }
    };
    clear();
    auto where = s3_location::from_environment("s3://bucket/a");
    REQUIRE(where);
    CHECK(where->origin() == "https://bucket.s3.us-east-1.amazonaws.com");
    CHECK(where->region == "us-east-1");
    where = s3_location::from_environment("s3://dotted.bucket/a");
    REQUIRE(where);
    CHECK(where->origin() == "https://s3.us-east-1.amazonaws.com");
    where = s3_location::from_environment("s3://bucket/a", s3_addressing::path);
    REQUIRE(where);
    CHECK(where->origin() == "https://s3.us-east-1.amazonaws.com");

    ::setenv("AWS_DEFAULT_REGION", "cn-north-1", 1);
    where = s3_location::from_environment("s3://bucket");
    REQUIRE(where);
    CHECK(where->origin() == "https://bucket.s3.cn-north-1.amazonaws.com.cn");
    ::setenv("AWS_REGION", "eu-west-3", 1);
    where = s3_location::from_environment("s3://bucket");
    REQUIRE(where);
    CHECK(where->region == "eu-west-3");

    ::setenv("AWS_ENDPOINT_URL", "http://one:1", 1);
    where = s3_location::from_environment("s3://bucket");
    REQUIRE(where);
    CHECK(where->origin() == "http://one:1");
    CHECK(where->addressing == s3_addressing::path);
    CHECK(where->region == "eu-west-3");
    ::setenv("AWS_ENDPOINT_URL_S3", "http://two:2/", 1);
    where = s3_location::from_environment("s3://bucket", s3_addressing::virtual_host);
    REQUIRE(where);
    CHECK(where->origin() == "http://bucket.two:2");
    ::setenv("AWS_ENDPOINT_URL_S3", "two", 1);
    CHECK(code_of(s3_location::from_environment("s3://bucket")) == "invalid_value");
    clear();
    ::setenv("AWS_REGION", "a/b", 1);
    CHECK(code_of(s3_location::from_environment("s3://bucket")) == "invalid_value");
    clear();
}
