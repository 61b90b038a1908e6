// Signatures against the examples that Amazon publishes for S3, HMAC against RFC 4231, and what is
// signed in which order.

#include <tintype/hash/hex.hpp>
#include <tintype/s3/signature.hpp>

#include "support/bytes.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using tintype::bytes_of;
using tintype::http_header;
using tintype::s3_request;
using tintype::to_hex;
using tintype::detail::hmac_sha256;
using tintype::detail::signed_headers;

const tintype::s3_credentials example{.access_key = "AKIAIOSFODNN7EXAMPLE",
                                      .secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};
constexpr tintype::timestamp day{std::chrono::sys_days{std::chrono::year{2013} / 5 / 24}};

s3_request example_request(std::string_view method, std::string target,
                           std::vector<http_header> headers = {}, std::string_view body = {}) {
    return {.method = method,
            .origin = "https://examplebucket.s3.amazonaws.com",
            .target = std::move(target),
            .headers = std::move(headers),
            .body = bytes_of(body),
            .region = "us-east-1"};
}

std::string value_of(const std::vector<http_header>& headers, std::string_view name) {
    const auto at = std::ranges::find(headers, name, &http_header::name);
    return at != headers.end() ? at->value : "";
}

std::string signature_of(const s3_request& request) {
    const auto line = value_of(signed_headers(request, example, day), "authorization");
    return line.substr(line.find("Signature=") + 10);
}

std::string names_of(const s3_request& request, const tintype::s3_credentials& who = example) {
    const auto line = value_of(signed_headers(request, who, day), "authorization");
    const auto begin = line.find("SignedHeaders=") + 14;
    return line.substr(begin, line.find(',', begin) - begin);
}

} // namespace

TEST_CASE("signature: the examples for S3") {
    CHECK(signature_of(example_request("GET", "/test.txt", {{"range", "bytes=0-9"}})) ==
          "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
    CHECK(signature_of(example_request("PUT", "/test%24file.text",
                                       {{"date", "Fri, 24 May 2013 00:00:00 GMT"},
                                        {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
                                       "Welcome to Amazon S3.")) ==
          "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
    CHECK(signature_of(example_request("GET", "/?lifecycle=")) ==
          "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
    CHECK(signature_of(example_request("GET", "/?max-keys=2&prefix=J")) ==
          "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
    const auto headers = signed_headers(example_request("GET", "/"), example, day);
    CHECK(value_of(headers, "authorization")
              .starts_with("AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/"
                           "s3/aws4_request,SignedHeaders=host;x-amz-content-sha256;x-amz-date,"));
    CHECK(value_of(headers, "x-amz-date") == "20130524T000000Z");
}

TEST_CASE("signature: HMAC with keys of every size around a block") {
    CHECK(to_hex(hmac_sha256(bytes_of("Jefe"), bytes_of("what do ya want for nothing?"))) ==
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    const tintype::blob key(20, std::byte{0x0b});
    CHECK(to_hex(hmac_sha256(key, bytes_of("Hi There"))) ==
          "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    const tintype::blob longer(131, std::byte{0xaa});
    CHECK(to_hex(hmac_sha256(longer,
                             bytes_of("Test Using Larger Than Block-Size Key - Hash Key First"))) ==
          "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    // A key up to a block's size is padded with zeros, a longer one hashed.
    for (const std::size_t size : {1U, 63U, 64U, 65U}) {
        CAPTURE(size);
        const auto some = tests::noise(size);
        auto other = some;
        if (size < 64) {
            other.resize(64, std::byte{0});
        } else if (size > 64) {
            const auto digest = tintype::hash_of<tintype::sha256>(some);
            other.assign(digest.begin(), digest.end());
        }
        CHECK(hmac_sha256(some, bytes_of("text")) == hmac_sha256(other, bytes_of("text")));
    }
}

TEST_CASE("signature: headers by their names, also where one begins with another") {
    const auto request = example_request("PUT", "/a",
                                         {{"X-Amz-Copy-Source-Range", "bytes=0-1"},
                                          {"x-amz-copy-source", "/b/c"},
                                          {"if-match", "\"x\""},
                                          {"x-amz-copy-source-if-match", "\"y\""}});
    CHECK(names_of(request) ==
          "host;if-match;x-amz-content-sha256;x-amz-copy-source;x-amz-copy-source-if-match;"
          "x-amz-copy-source-range;x-amz-date");
    auto who = example;
    who.session_token = "token";
    CHECK(names_of(request, who).ends_with(";x-amz-date;x-amz-security-token"));
    CHECK(value_of(signed_headers(request, who, day), "x-amz-security-token") == "token");
    CHECK(value_of(signed_headers(request, example, day), "x-amz-security-token").empty());
}

TEST_CASE("signature: everything that is signed changes it") {
    const auto plain = example_request("PUT", "/a?b=c", {{"x-amz-meta-a", "1  2"}}, "body");
    const std::string first = signature_of(plain);
    auto other = plain;
    other.headers[0].value = "1 2"; // blanks are folded before they are signed
    CHECK(signature_of(other) == first);
    other.headers[0].value = "1 3";
    CHECK(signature_of(other) != first);
    other = plain;
    other.method = "POST";
    CHECK(signature_of(other) != first);
    other = plain;
    other.target = "/a?b=d";
    CHECK(signature_of(other) != first);
    other = plain;
    other.target = "/b?b=c";
    CHECK(signature_of(other) != first);
    other = plain;
    other.body = bytes_of("bodz");
    CHECK(signature_of(other) != first);
    other = plain;
    other.region = "us-east-2";
    CHECK(signature_of(other) != first);
    other = plain;
    other.origin = "https://other.s3.amazonaws.com";
    CHECK(signature_of(other) != first);
}

TEST_CASE("signature: hosts and dates") {
    using tintype::detail::host_of;
    CHECK(host_of("http://h") == "h");
    CHECK(host_of("http://h:80") == "h");
    CHECK(host_of("https://h:443") == "h");
    CHECK(host_of("http://h:443") == "h:443");
    CHECK(host_of("https://h:80") == "h:80");
    CHECK(host_of("http://[::1]:7480") == "[::1]:7480");
    CHECK(host_of("h") == "");
    CHECK(host_of("") == "");
    using namespace std::chrono_literals;
    CHECK(tintype::detail::signing_date(day + 23h + 59min + 58s + 999ms) == "20130524T235958Z");
    CHECK(tintype::detail::signing_date(tintype::timestamp{}) == "19700101T000000Z");
    CHECK(tintype::detail::canonical_value("  a   b  ") == "a b");
    CHECK(tintype::detail::canonical_value("   ").empty());
}
