// The transport against a server on the loopback that answers from a script: where bodies go, what
// is cut short, late or too long, which connections are used, and what is said of a request of
// which nobody knows.

#include <tintype/hash/hex.hpp>
#include <tintype/hash/sha256.hpp>
#include <tintype/s3/curl.hpp>

#include "support/bytes.hpp"
#include "support/http_server.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <netinet/in.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

using tests::http_reply;
using tests::http_request;
using tests::http_server;
using tintype::byte_view;
using tintype::bytes_of;
using tintype::errc;
using tintype::s3_request;
using tintype::text_of;

const tintype::s3_credentials someone{.access_key = "AKEY", .secret_key = "hush"};

s3_request request_of(const http_server& server, std::string_view method,
                      std::string target = "/bucket/key") {
    return {.method = method,
            .origin = server.origin(),
            .target = std::move(target),
            .headers = {},
            .most = 1000,
            .region = "us-east-1",
            .timeout = std::chrono::seconds{20},
            .connect_timeout = std::chrono::seconds{5}};
}

// A port of the loopback that nobody listens on.
std::uint16_t closed_port() {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(socket, reinterpret_cast<const sockaddr*>(&address), size);
    ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
    ::close(socket);
    return ntohs(address.sin_port);
}

} // namespace

TEST_CASE("curl_transport: each method as it is sent, signed") {
    http_server server([](const http_request& request) {
        return request.method == "HEAD"
                   ? http_reply{.bytes = "HTTP/1.1 200 OK\r\ncontent-length: 77\r\n\r\n"}
                   : http_reply::of(200, "done", "ETag: \"x\"\r\nDate:  today \r\n");
    });
    const tintype::curl_transport transport;
    const std::string body = "some bytes";
    for (const std::string_view method : {"GET", "HEAD", "PUT", "POST", "DELETE"}) {
        CAPTURE(method);
        const bool carries = method == "PUT" || method == "POST";
        auto request = request_of(server, method, "/bucket/a%20b?list-type=2&prefix=x");
        request.headers = {{"x-amz-meta-b", "two"}, {"x-amz-meta", "one"}};
        request.body = carries ? bytes_of(body) : byte_view{};
        const auto answer = transport.send(request, someone);
        REQUIRE(answer);
        CHECK(answer->status == 200);
        CHECK(text_of(answer->body) == (method == "HEAD" ? "" : "done"));
        CHECK(answer->header("etag") == (method == "HEAD" ? "" : "\"x\""));
        CHECK(answer->header("date") == (method == "HEAD" ? "" : "today"));
        const auto seen = server.requests().back();
        CHECK(seen.method == method);
        CHECK(seen.target == request.target);
        CHECK(seen.body == (carries ? body : ""));
        CHECK(seen.header("host") == server.origin().substr(7));
        CHECK(seen.header("user-agent") == "tintype");
        CHECK(seen.header("content-type").empty());
        CHECK(seen.header("transfer-encoding").empty());
        CHECK(seen.header("content-length") == (carries ? "10" : ""));
        CHECK(seen.header("x-amz-content-sha256") ==
              tintype::to_hex(tintype::hash_of<tintype::sha256>(request.body)));
        const std::string signature = seen.header("authorization");
        CHECK(signature.starts_with("AWS4-HMAC-SHA256 Credential=AKEY/" +
                                    seen.header("x-amz-date").substr(0, 8) +
                                    "/us-east-1/s3/aws4_request,SignedHeaders=host;"
                                    "x-amz-content-sha256;x-amz-date;x-amz-meta;x-amz-meta-b,"));
        CHECK_FALSE(seen.head.contains("hush"));
    }
    CHECK(server.connections() == 1);
}

TEST_CASE("curl_transport: an empty body has its length, and a session its token") {
    http_server server([](const http_request&) { return http_reply::of(204); });
    const tintype::curl_transport transport;
    auto who = someone;
    who.session_token = "token/+=";
    for (const std::string_view method : {"PUT", "POST"}) {
        const auto answer = transport.send(request_of(server, method), who);
        REQUIRE(answer);
        CHECK(answer->status == 204);
        const auto seen = server.requests().back();
        CHECK(seen.header("content-length") == "0");
        CHECK(seen.header("x-amz-security-token") == "token/+=");
        CHECK(seen.header("authorization").contains("x-amz-security-token"));
    }
}

TEST_CASE("curl_transport: a digest that is given is sent as it is") {
    http_server server([](const http_request&) { return http_reply::of(200); });
    auto request = request_of(server, "PUT");
    request.headers = {{"x-amz-content-sha256", "UNSIGNED-PAYLOAD"}};
    request.body = bytes_of("x");
    REQUIRE(tintype::curl_transport{}.send(request, someone));
    CHECK(server.requests().back().header("x-amz-content-sha256") == "UNSIGNED-PAYLOAD");
}

TEST_CASE("curl_transport: every status is an answer, and redirects are not followed") {
    std::vector<int> statuses{200, 204, 206, 301, 304, 307, 400, 403, 404, 412, 416, 429, 500, 503};
    http_server server([&](const http_request& request) {
        const int status = statuses[request.number];
        return http_reply::of(status, status == 204 || status == 304 ? "" : "why",
                              "location: /elsewhere\r\nretry-after: 3\r\n");
    });
    const tintype::curl_transport transport;
    for (const int status : statuses) {
        CAPTURE(status);
        const auto answer = transport.send(request_of(server, "GET"), someone);
        REQUIRE(answer);
        CHECK(answer->status == status);
        CHECK(answer->header("retry-after") == "3");
    }
    CHECK(server.requests().size() == statuses.size());
}

TEST_CASE("curl_transport: the body of a success goes to its place, another's does not") {
    const auto bytes = tests::noise(300);
    http_server server([&](const http_request& request) {
        return http_reply::of(request.target == "/good" ? 206 : 404, text_of(bytes));
    });
    const tintype::curl_transport transport;
    for (const std::size_t size : {300U, 301U, 299U, 1U}) {
        CAPTURE(size);
        tintype::blob place(size, std::byte{9});
        auto request = request_of(server, "GET", "/good");
        request.into = place;
        request.most = 0;
        const auto answer = transport.send(request, someone);
        REQUIRE(answer.has_value() == (size >= 300));
        if (answer) {
            CHECK(answer->received == 300);
            CHECK(answer->body.empty());
            CHECK(std::ranges::equal(byte_view{place}.first(300), bytes));
        } else {
            CHECK(answer.error().what.code == errc::limit_exceeded);
            CHECK(answer.error().what.found == 300);
            CHECK(answer.error().what.wanted == size);
            CHECK(answer.error().sent);
            CHECK_FALSE(answer.error().passing);
        }
    }
    for (const std::uint64_t most : {300U, 299U, 0U}) {
        CAPTURE(most);
        tintype::blob place(1000, std::byte{9});
        auto request = request_of(server, "GET", "/bad");
        request.into = place;
        request.most = most;
        const auto answer = transport.send(request, someone);
        REQUIRE(answer.has_value() == (most == 300));
        CHECK(std::ranges::all_of(place, [](std::byte byte) { return byte == std::byte{9}; }));
        if (answer) {
            CHECK(answer->received == 0);
            CHECK(std::ranges::equal(answer->body, bytes));
        } else {
            CHECK(answer.error().what.code == errc::limit_exceeded);
        }
    }
}

TEST_CASE("curl_transport: chunks, and bodies without a length, are held against the limit") {
    http_server server([](const http_request& request) -> http_reply {
        if (request.target == "/chunks") {
            return {.bytes = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
                             "3\r\nabc\r\n4\r\ndefg\r\n0\r\nx-late: 1\r\n\r\n"};
        }
        return {.bytes = "HTTP/1.1 200 OK\r\n\r\nabcdefg", .close = true};
    });
    const tintype::curl_transport transport;
    for (const std::string target : {"/chunks", "/closed"}) {
        for (const std::uint64_t most : {7U, 6U}) {
            CAPTURE(target);
            CAPTURE(most);
            auto request = request_of(server, "GET", target);
            request.most = most;
            const auto answer = transport.send(request, someone);
            REQUIRE(answer.has_value() == (most == 7));
            if (answer) {
                CHECK(text_of(answer->body) == "abcdefg");
                CHECK(answer->header("x-late").empty());
            } else {
                CHECK(answer.error().what.code == errc::limit_exceeded);
            }
        }
    }
}

TEST_CASE("curl_transport: an answer cut anywhere is none") {
    const std::string whole =
        "HTTP/1.1 200 OK\r\ncontent-length: 9\r\netag: \"e\"\r\n\r\nnine byte";
    http_server server([&](const http_request& request) -> http_reply {
        return {.bytes = whole.substr(0, std::stoul(request.target.substr(1))), .close = true};
    });
    const tintype::curl_transport transport;
    tintype::blob place(9);
    for (std::size_t size = 0; size <= whole.size(); ++size) {
        CAPTURE(size);
        auto request = request_of(server, "GET", "/" + std::to_string(size));
        request.into = place;
        const auto answer = transport.send(request, someone);
        REQUIRE(answer.has_value() == (size == whole.size()));
        if (!answer) {
            CHECK(answer.error().sent);
            CHECK(answer.error().passing);
            CHECK((answer.error().what.code == errc::incomplete_stream ||
                   answer.error().what.code == errc::io));
        }
    }
}

TEST_CASE("curl_transport: a chunked answer cut anywhere is none") {
    const std::string whole = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
                              "9\r\nnine byte\r\n0\r\n\r\n";
    http_server server([&](const http_request& request) -> http_reply {
        return {.bytes = whole.substr(0, std::stoul(request.target.substr(1))), .close = true};
    });
    const tintype::curl_transport transport;
    // The last empty line ends nothing that is asked for.
    for (std::size_t size = 0; size + 2 < whole.size(); ++size) {
        CAPTURE(size);
        const auto answer =
            transport.send(request_of(server, "GET", "/" + std::to_string(size)), someone);
        REQUIRE_FALSE(answer);
        CHECK(answer.error().sent);
    }
}

TEST_CASE("curl_transport: answers that are none") {
    const std::vector<std::string> lies{
        "HTTP/1.1 abc What\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 18446744073709551615\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\nabc",
        "SSH-2.0-no\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx: " + std::string(70'000, 'x') + "\r\ncontent-length: 0\r\n\r\n",
    };
    http_server server([&](const http_request& request) -> http_reply {
        return {.bytes = lies[std::stoul(request.target.substr(1))], .close = true};
    });
    const tintype::curl_transport transport;
    for (std::size_t i = 0; i != lies.size(); ++i) {
        CAPTURE(i);
        const auto answer =
            transport.send(request_of(server, "GET", "/" + std::to_string(i)), someone);
        REQUIRE_FALSE(answer);
        CHECK(answer.error().sent);
    }
}

TEST_CASE("curl_transport: what comes before the answer is not the answer") {
    http_server server([&](const http_request&) -> http_reply {
        return {.bytes = "HTTP/1.1 100 Continue\r\nx-a: 1\r\n\r\n"
                         "HTTP/1.1 412 Precondition Failed\r\ncontent-length: 2\r\n\r\nno"};
    });
    const auto answer = tintype::curl_transport{}.send(request_of(server, "PUT"), someone);
    REQUIRE(answer);
    CHECK(answer->status == 412);
    CHECK(answer->header("x-a").empty());
    CHECK(text_of(answer->body) == "no");
}

TEST_CASE("curl_transport: large bodies go and come whole") {
    const auto bytes = tests::noise(3'000'001);
    http_server server([&](const http_request& request) {
        return http_reply::of(200, request.method == "GET" ? text_of(bytes) : request.body);
    });
    const tintype::curl_transport transport;
    for (const std::string_view method : {"PUT", "POST", "GET"}) {
        CAPTURE(method);
        tintype::blob place(bytes.size());
        auto request = request_of(server, method);
        request.body = method == "GET" ? byte_view{} : byte_view{bytes};
        request.into = place;
        const auto answer = transport.send(request, someone);
        REQUIRE(answer);
        CHECK(answer->received == bytes.size());
        CHECK(place == bytes);
    }
}

TEST_CASE("curl_transport: late answers") {
    http_server server([&](const http_request& request) -> http_reply {
        auto reply = http_reply::of(200, "here it is");
        if (request.target == "/late") {
            reply.delay = std::chrono::seconds{60};
        } else {
            reply.slow_from = reply.bytes.size() - 4;
            reply.slow = std::chrono::seconds{60};
        }
        return reply;
    });
    const tintype::curl_transport transport;
    for (const std::string target : {"/late", "/stuck"}) {
        CAPTURE(target);
        auto request = request_of(server, "PUT", target);
        request.timeout = std::chrono::milliseconds{60};
        const auto answer = transport.send(request, someone);
        REQUIRE_FALSE(answer);
        CHECK(answer.error().what.code == errc::timed_out);
        CHECK(answer.error().sent);
        CHECK(answer.error().passing);
    }
}

TEST_CASE("curl_transport: what was surely not sent") {
    http_server server([](const http_request&) { return http_reply::of(200); });
    const tintype::curl_transport transport;
    SUBCASE("nobody listens") {
        auto request = request_of(server, "PUT");
        request.origin = "http://127.0.0.1:" + std::to_string(closed_port());
        const auto answer = transport.send(request, someone);
        REQUIRE_FALSE(answer);
        CHECK(answer.error().what.code == errc::io);
        CHECK(answer.error().what.system == ECONNREFUSED);
        CHECK_FALSE(answer.error().sent);
        CHECK(answer.error().passing);
    }
    SUBCASE("another protocol") {
        auto request = request_of(server, "PUT");
        for (const std::string origin : {"file://", "ftp://127.0.0.1", "gopher://127.0.0.1"}) {
            CAPTURE(origin);
            request.origin = origin;
            const auto answer = transport.send(request, someone);
            REQUIRE_FALSE(answer);
            CHECK(answer.error().what.code == errc::invalid_value);
            CHECK_FALSE(answer.error().sent);
            CHECK_FALSE(answer.error().passing);
        }
    }
    SUBCASE("a server that does not speak TLS") {
        auto request = request_of(server, "PUT");
        request.origin = "https://127.0.0.1:" + std::to_string(server.port());
        request.timeout = std::chrono::milliseconds{300};
        const auto answer = transport.send(request, someone);
        REQUIRE_FALSE(answer);
        CHECK_FALSE(answer.error().sent);
    }
    SUBCASE("a file of certificates that is not there") {
        const tintype::curl_transport strict({.ca_bundle = "/nowhere/certificates.pem"});
        auto request = request_of(server, "PUT");
        request.origin = "https://127.0.0.1:" + std::to_string(server.port());
        request.timeout = std::chrono::milliseconds{300};
        const auto answer = strict.send(request, someone);
        REQUIRE_FALSE(answer);
        CHECK(answer.error().what.code == errc::permission_denied);
        CHECK_FALSE(answer.error().sent);
        CHECK_FALSE(answer.error().passing);
    }
    CHECK(server.requests().empty());
}

TEST_CASE("curl_transport: requests that would not be what they say are not sent") {
    http_server server([](const http_request&) { return http_reply::of(200); });
    const tintype::curl_transport transport;
    const auto refused = [&](const s3_request& request,
                             const tintype::s3_credentials& who = someone) {
        const auto answer = transport.send(request, who);
        REQUIRE_FALSE(answer);
        CHECK_FALSE(answer.error().sent);
        CHECK_FALSE(answer.error().passing);
        CHECK_FALSE(answer.error().what.where.view().contains("hush"));
        return answer.error().what.code;
    };
    const auto good = request_of(server, "PUT");
    for (const std::string& value : std::vector<std::string>{
             "a\r\nx-evil: 1", "a\n", std::string("a\0b", 3), "", " a", "a ", "a\tb", "a\x7f"}) {
        CAPTURE(value);
        auto request = good;
        request.headers = {{"x-amz-meta-a", value}};
        CHECK(refused(request) == errc::invalid_value);
    }
    for (const std::string& name :
         std::vector<std::string>{"", "a b", "a:b", "a\nb", std::string("a\0", 2)}) {
        auto request = good;
        request.headers = {{name, "x"}};
        CHECK(refused(request) == errc::invalid_value);
    }
    for (const std::string& target : std::vector<std::string>{"", "key", "/a b", "/a\nb"}) {
        auto request = good;
        request.target = target;
        CHECK(refused(request) == errc::invalid_value);
    }
    for (const std::string& region :
         std::vector<std::string>{"", "a:b", "a b", std::string(64, 'a')}) {
        auto request = good;
        request.region = region;
        CHECK(refused(request) == errc::invalid_value);
    }
    auto request = good;
    request.method = "BREW";
    CHECK(refused(request) == errc::invalid_value);
    CHECK(refused(good, {"", ""}) == errc::permission_denied);
    CHECK(refused(good, {"AKEY", "hush\n"}) == errc::permission_denied);
    CHECK(refused(good, {"AKEY", "hush", "a\nb"}) == errc::permission_denied);
    CHECK(server.requests().empty());
}

TEST_CASE("curl_transport: a connection is used again, by copies too") {
    http_server server([](const http_request&) { return http_reply::of(200, "x"); });
    const tintype::curl_transport transport;
    const auto copy = transport;
    for (int i = 0; i != 5; ++i) {
        REQUIRE((i % 2 == 0 ? transport : copy).send(request_of(server, "PUT"), someone));
    }
    CHECK(server.connections() == 1);
    CHECK(server.requests().size() == 5);
}

TEST_CASE("curl_transport: a kept connection that died under a request") {
    const auto bytes = tests::noise(100'000);
    for (const std::string_view method : {"GET", "HEAD", "DELETE", "PUT", "POST"}) {
        CAPTURE(method);
        http_server server([](const http_request& request) -> http_reply {
            if (request.number == 1) {
                return {.bytes = "", .close = true}; // read, and hung up on
            }
            return {.bytes = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"};
        });
        const tintype::curl_transport transport;
        REQUIRE(transport.send(request_of(server, "GET"), someone));
        auto request = request_of(server, method);
        const bool carries = method == "PUT" || method == "POST";
        request.body = carries ? byte_view{bytes} : byte_view{};
        const auto answer = transport.send(request, someone);
        const auto seen = server.requests();
        if (answer) { // to a second sending
            REQUIRE(seen.size() == 3);
            CHECK(seen[2].connection == 1);
            CHECK(seen[2].body == seen[1].body);
        } else { // libcurl leaves it to us
            CHECK(carries);
            CHECK(seen.size() == 2);
            CHECK(answer.error().sent);
            CHECK(answer.error().passing);
        }
        CHECK(seen[1].body == text_of(request.body));
        CHECK(transport.send(request, someone));
    }
}

TEST_CASE("curl_transport: many threads, each its answer") {
    http_server server(
        [](const http_request& request) { return http_reply::of(200, request.target); });
    const tintype::curl_transport transport;
    std::vector<std::thread> threads;
    std::vector<std::size_t> right(6);
    for (std::size_t t = 0; t != right.size(); ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i != 20; ++i) {
                const std::string target = "/" + std::to_string(t) + "/" + std::to_string(i);
                const auto answer = transport.send(request_of(server, "GET", target), someone);
                right[t] += answer && text_of(answer->body) == target ? 1U : 0U;
            }
        });
    }
    for (std::thread& each : threads) {
        each.join();
    }
    CHECK(right == std::vector<std::size_t>(right.size(), 20));
    CHECK(server.connections() <= right.size());
}
