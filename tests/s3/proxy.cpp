// The harm that the proxy does, seen from both sides: what the server was asked, and what the
// client was given.

#include "proxy.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using tests::fault;
namespace http = tests::http;

// Answers every request with what was sent, or as its path says.
class echo {
public:
    echo() {
        ::sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        ::socklen_t size = sizeof address;
        REQUIRE(::bind(listener_, reinterpret_cast<::sockaddr*>(&address), size) == 0);
        REQUIRE(::listen(listener_, 16) == 0);
        REQUIRE(::getsockname(listener_, reinterpret_cast<::sockaddr*>(&address), &size) == 0);
        port_ = ntohs(address.sin_port);
        serving_ = std::jthread{[this] {
            for (int client = 0; (client = ::accept(listener_, nullptr, nullptr)) >= 0;) {
                http::stream from{client};
                while (const auto request = http::read_request(from)) {
                    {
                        const std::lock_guard guard{mutex_};
                        asked_.push_back(request->head.substr(0, request->head.find(" HTTP")));
                    }
                    if (!http::write_all(client, answer_to(*request))) {
                        break;
                    }
                }
                ::close(client);
            }
        }};
    }

    ~echo() {
        ::shutdown(listener_, SHUT_RDWR);
        serving_.join();
        ::close(listener_);
    }

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

    [[nodiscard]] std::vector<std::string> asked() {
        const std::lock_guard guard{mutex_};
        return std::exchange(asked_, {});
    }

private:
    static std::string answer_to(const http::message& request) {
        if (request.head.starts_with("HEAD ")) {
            return "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n";
        }
        if (request.head.find(" /chunks ") != std::string::npos) {
            return "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: "
                   "chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
        }
        return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(request.body.size()) +
               "\r\n\r\n" + request.body;
    }

    int listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    std::uint16_t port_ = 0;
    std::mutex mutex_;
    std::vector<std::string> asked_;
    std::jthread serving_;
};

// One connection to the proxy.
class client {
public:
    explicit client(const tests::proxy& to) : from_(socket_) {
        ::sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const std::string endpoint = to.endpoint();
        address.sin_port =
            htons(static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1))));
        REQUIRE(::connect(socket_, reinterpret_cast<::sockaddr*>(&address), sizeof address) == 0);
    }

    ~client() { ::close(socket_); }

    client(const client&) = delete;
    client& operator=(const client&) = delete;

    void ask(const std::string& line, const std::string& body = {}) const {
        REQUIRE(http::write_all(socket_, line + " HTTP/1.1\r\nHost: us\r\nCONTENT-LENGTH:  " +
                                             std::to_string(body.size()) + "\r\n\r\n" + body));
    }

    // "200 BODY", or "closed".
    [[nodiscard]] std::string answer(bool of_head = false) {
        const auto answer = http::read_answer(from_, of_head);
        return answer ? std::to_string(answer->status) + " " + answer->body : "closed";
    }

    [[nodiscard]] std::string line() { return from_.until("\r\n").value_or("closed"); }

    [[nodiscard]] std::string rest() { return from_.rest(); }

private:
    int socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
    http::stream from_;
};

struct scene {
    echo server;
    tests::proxy between{server.port()};
};

using texts = std::vector<std::string>;

} // namespace

TEST_CASE("proxy: passes on what it does not harm, and counts it") {
    scene now;
    client asking{now.between};
    asking.ask("PUT /one", "first");
    CHECK(asking.answer() == "200 first");
    asking.ask("GET /two?x=1");
    CHECK(asking.answer() == "200 ");
    asking.ask("HEAD /three");
    CHECK(asking.answer(true) == "200 ");
    asking.ask("GET /chunks");
    CHECK(asking.answer() == "200 3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    const std::string large(300'000, 'x');
    asking.ask("PUT /large", large);
    CHECK(asking.answer() == "200 " + large);
    CHECK(now.server.asked() ==
          texts{"PUT /one", "GET /two?x=1", "HEAD /three", "GET /chunks", "PUT /large"});
    const auto seen = now.between.seen();
    REQUIRE(seen.size() == 5);
    CHECK(seen[1].number == 2);
    CHECK(seen[1].method == "GET");
    CHECK(seen[1].target == "/two?x=1");
    CHECK(seen[1].status == 200);
}

TEST_CASE("proxy: gives leave to send a body, as the server would") {
    scene now;
    client asking{now.between};
    asking.ask("PUT /early", "abc");
    CHECK(asking.answer() == "200 abc");
    client waiting{now.between};
    waiting.ask("PUT /waits HTTP/1.1\r\nExpect: 100-continue\r\nX: y", "abc");
    CHECK(waiting.line() == "HTTP/1.1 100 Continue\r\n");
    CHECK(waiting.line() == "\r\n");
    CHECK(waiting.answer() == "200 abc");
}

TEST_CASE("proxy: what the server is not told") {
    scene now;
    now.between.harm(1, {.what = fault::kind::refuse_request});
    client refused{now.between};
    refused.ask("PUT /refused", "body");
    CHECK(refused.answer() == "closed");
    now.between.harm(1, {.what = fault::kind::busy});
    client busy{now.between};
    busy.ask("PUT /busy", "body");
    CHECK(busy.answer().starts_with("503 <Error><Code>SlowDown</Code>"));
    CHECK(now.server.asked().empty());
    busy.ask("PUT /next", "body");
    CHECK(busy.answer() == "200 body");
    CHECK(now.server.asked() == texts{"PUT /next"});
}

TEST_CASE("proxy: what the server did and the client is not told") {
    scene now;
    now.between.harm(2, {.what = fault::kind::lose_answer});
    client lost{now.between};
    lost.ask("PUT /one", "1");
    CHECK(lost.answer() == "200 1");
    lost.ask("PUT /two", "2");
    CHECK(lost.answer() == "closed");
    CHECK(now.server.asked() == texts{"PUT /one", "PUT /two"});
    CHECK(now.between.seen()[1].status == 200);
}

TEST_CASE("proxy: answers cut at every byte") {
    scene now;
    const std::string whole = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody";
    for (std::size_t at = 0; at != whole.size(); ++at) {
        now.between.harm(1, {.what = fault::kind::cut_answer, .at = at});
        client cut{now.between};
        cut.ask("PUT /cut", "body");
        CHECK(cut.rest() == whole.substr(0, at));
    }
    now.between.harm(1, {.what = fault::kind::cut_body, .at = 3});
    client cut{now.between};
    cut.ask("PUT /cut", "body");
    CHECK(cut.rest() == whole.substr(0, whole.size() - 1));
}

TEST_CASE("proxy: a byte changed, in chunks too") {
    scene now;
    now.between.harm([](const auto& each) {
        return fault{.what = fault::kind::flip_byte, .at = each.number + 1};
    });
    client asking{now.between};
    asking.ask("PUT /sized", "abc");
    CHECK(asking.answer() == "200 abs");
    asking.ask("GET /chunks"); // number 3 of five
    CHECK(asking.answer() == "200 3\r\nabc\r\n2\r\nte\r\n0\r\n\r\n");
    asking.ask("GET /empty");
    CHECK(asking.answer() == "200 ");
}

TEST_CASE("proxy: a request twice, an answer twice") {
    scene now;
    now.between.harm(1, {.what = fault::kind::send_twice});
    client asking{now.between};
    asking.ask("PUT /twice", "1");
    CHECK(asking.answer() == "200 1");
    CHECK(now.server.asked() == texts{"PUT /twice", "PUT /twice"});
    CHECK(now.between.count() == 1);
    now.between.harm(1, {.what = fault::kind::answer_twice});
    asking.ask("PUT /once", "2");
    CHECK(asking.answer() == "200 2");
    CHECK(asking.answer() == "200 2");
    CHECK(now.server.asked() == texts{"PUT /once"});
}

TEST_CASE("proxy: tells when a request was sent and when it was answered") {
    scene now;
    std::atomic<int> told{0};
    now.between.harm(1, {.what = fault::kind::lose_answer,
                         .sent = [&] { told = told * 10 + 1; },
                         .answered = [&] { told = told * 10 + 2; }});
    client asking{now.between};
    asking.ask("PUT /told", "1");
    CHECK(asking.answer() == "closed");
    CHECK(told == 12);
}

TEST_CASE("proxy: ends while a client waits, an answer is held up and nobody serves") {
    echo server;
    auto between = std::make_unique<tests::proxy>(server.port());
    between->harm(1, {.delay = std::chrono::hours{1}});
    client idle{*between};
    client held{*between};
    held.ask("PUT /held", "1");
    while (between->count() == 0) {
        std::this_thread::yield();
    }
    between.reset();
    CHECK(idle.answer() == "closed");
    tests::proxy nowhere{1}; // nobody listens there
    client asking{nowhere};
    asking.ask("GET /lost");
    CHECK(asking.answer() == "closed");
}
