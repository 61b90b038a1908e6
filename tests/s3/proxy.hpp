#pragma once

// A proxy between a client and an HTTP/1.1 server, both on loopback, that knows where requests and
// answers end and so can do harm to the n-th of them: hold it up, cut it, lose it, double it,
// change a byte of it, or answer in the server's place. Requests are numbered from 1 in the order
// in which they have come in whole.

#include "http.hpp"

#include <arpa/inet.h>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace tests {

// What is done to one request and its answer.
struct fault {
    enum class kind {
        none,
        refuse_request, // the connection is closed, and the server is told nothing
        lose_answer,    // the server carries it out, and the connection is closed without an answer
        cut_answer,     // after `at` bytes of it, head and all
        cut_body,       // after the head and `at` bytes of the body
        flip_byte,      // number `at` of the body (modulo its size), if it has one
        send_twice,     // the server is given the request twice; its second answer is handed on
        answer_twice,   // the client is given the answer's bytes twice
        busy,           // 503 in the server's place, which is told nothing
    };

    kind what = kind::none;
    std::size_t at = 0;
    std::chrono::milliseconds delay{}; // before the answer is handed on
    std::function<void()> sent{};      // called when the request is the server's, before it answers
    std::function<void()> answered{};  // called when its answer is there, before any is handed on
};

class proxy {
public:
    struct exchange {
        std::uint64_t number = 0;
        std::string method;
        std::string target;
        int status = 0; // the server's; 0 if it did not answer or was not asked
    };

    using rule = std::function<fault(const exchange&)>;

    explicit proxy(std::uint16_t server) : server_(server) {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        ::sockaddr_in address = loopback(0);
        ::socklen_t size = sizeof address;
        if (::bind(listener_, generic(address), size) != 0 || ::listen(listener_, 64) != 0 ||
            ::getsockname(listener_, generic(address), &size) != 0) {
            std::abort();
        }
        port_ = ntohs(address.sin_port);
        accepting_ = std::jthread{[this] { accept_all(); }};
    }

    proxy(const proxy&) = delete;
    proxy& operator=(const proxy&) = delete;

    ~proxy() {
        {
            const std::lock_guard guard{mutex_};
            stopping_ = true;
            ::shutdown(listener_, SHUT_RDWR);
            for (const int open : sockets_) {
                ::shutdown(open, SHUT_RDWR);
            }
        }
        stopped_.notify_all();
        accepting_.join();
        serving_.clear();
        ::close(listener_);
    }

    [[nodiscard]] std::string endpoint() const {
        return "http://127.0.0.1:" + std::to_string(port_);
    }

    // Asked for each request from now on, which are counted anew; none: everything is passed on.
    void harm(rule how = {}) {
        const std::lock_guard guard{mutex_};
        rule_ = std::move(how);
        seen_.clear();
    }

    // Only the n-th from now on.
    void harm(std::uint64_t number, fault what) {
        harm([number, what = std::move(what)](const exchange& each) {
            return each.number == number ? what : fault{};
        });
    }

    // What has passed since harm() was called.
    [[nodiscard]] std::vector<exchange> seen() const {
        const std::lock_guard guard{mutex_};
        return seen_;
    }

    [[nodiscard]] std::uint64_t count() const { return seen().size(); }

private:
    static ::sockaddr_in loopback(std::uint16_t port) {
        ::sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(port);
        return address;
    }

    static ::sockaddr* generic(::sockaddr_in& address) {
        return reinterpret_cast<::sockaddr*>(&address);
    }

    // A socket that the destructor can wake whoever waits for it.
    class watched {
    public:
        watched(proxy& owner, int socket) : owner_(owner), socket_(socket) {
            const std::lock_guard guard{owner_.mutex_};
            if (owner_.stopping_) {
                ::shutdown(socket_, SHUT_RDWR);
            }
            owner_.sockets_.insert(socket_);
        }

        watched(const watched&) = delete;
        watched& operator=(const watched&) = delete;

        ~watched() {
            const std::lock_guard guard{owner_.mutex_};
            owner_.sockets_.erase(socket_);
            ::close(socket_);
        }

        [[nodiscard]] int get() const noexcept { return socket_; }

    private:
        proxy& owner_;
        int socket_;
    };

    void accept_all() {
        for (;;) {
            const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            if (client < 0) {
                const std::lock_guard guard{mutex_};
                if (stopping_) {
                    return;
                }
                continue;
            }
            const int now = 1;
            ::setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &now, sizeof now);
            serving_.emplace_back([this, client] {
                const watched socket{*this, client};
                http::stream from{client};
                while (pass_on(from, client)) {
                }
            });
        }
    }

    // One request; false: the client's connection is to be closed.
    bool pass_on(http::stream& from, int client) {
        std::optional<http::message> request = http::read_request(from);
        if (!request) {
            return false;
        }
        const auto [index, harmed] = begin(*request);
        if (harmed.what == fault::kind::refuse_request) {
            return false;
        }
        if (harmed.what == fault::kind::busy) {
            wait(harmed.delay);
            const std::string body =
                "<Error><Code>SlowDown</Code><Message>come again later</Message></Error>";
            return http::write_all(client, "HTTP/1.1 503 Slow Down\r\nContent-Length: " +
                                               std::to_string(body.size()) + "\r\n\r\n" + body);
        }
        if (harmed.what == fault::kind::send_twice && !ask(*request, {})) {
            return false;
        }
        std::optional<http::message> answer = ask(*request, harmed.sent);
        if (harmed.answered) {
            harmed.answered();
        }
        if (!answer || harmed.what == fault::kind::lose_answer) {
            note(index, answer);
            return false;
        }
        note(index, answer);
        wait(harmed.delay);
        return hand_on(client, *answer, harmed);
    }

    static bool hand_on(int client, http::message& answer, const fault& harmed) {
        switch (harmed.what) {
        case fault::kind::cut_answer:
            http::write_all(client, (answer.head + answer.body).substr(0, harmed.at));
            return false;
        case fault::kind::cut_body:
            http::write_all(client, answer.head + answer.body.substr(0, harmed.at));
            return false;
        case fault::kind::flip_byte:
            http::flip(answer, harmed.at);
            break;
        case fault::kind::answer_twice:
            return http::write_all(client, answer.head + answer.body + answer.head + answer.body) &&
                   !answer.last;
        default:
            break;
        }
        return http::write_all(client, answer.head + answer.body) && !answer.last;
    }

    std::pair<std::size_t, fault> begin(const http::message& request) {
        const std::lock_guard guard{mutex_};
        const std::string_view head = request.head;
        const std::size_t space = head.find(' ');
        const std::size_t end = head.find(' ', space + 1);
        seen_.push_back({.number = seen_.size() + 1,
                         .method = std::string{head.substr(0, space)},
                         .target = std::string{head.substr(space + 1, end - space - 1)}});
        return {seen_.size() - 1, rule_ ? rule_(seen_.back()) : fault{}};
    }

    void note(std::size_t index, const std::optional<http::message>& answer) {
        const std::lock_guard guard{mutex_};
        if (answer && index < seen_.size()) {
            seen_[index].status = answer->status;
        }
    }

    // Gives the server the request over a connection of its own, so that none is ever sent again
    // by us because an old connection had ended.
    std::optional<http::message> ask(const http::message& request,
                                     const std::function<void()>& sent) {
        const watched socket{*this, ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        ::sockaddr_in address = loopback(server_);
        if (::connect(socket.get(), generic(address), sizeof address) != 0) {
            return std::nullopt;
        }
        // One that refuses a request before its end has answered all the same.
        static_cast<void>(http::write_all(socket.get(), request.head + request.body));
        if (sent) {
            sent();
        }
        http::stream from{socket.get()};
        return http::read_answer(from, request.head.starts_with("HEAD "));
    }

    void wait(std::chrono::milliseconds time) {
        std::unique_lock guard{mutex_};
        stopped_.wait_for(guard, time, [this] { return stopping_; });
    }

    std::uint16_t server_;
    std::uint16_t port_ = 0;
    int listener_ = -1;
    mutable std::mutex mutex_; // of what follows
    std::condition_variable stopped_;
    bool stopping_ = false;
    std::set<int> sockets_;
    rule rule_;
    std::vector<exchange> seen_;
    std::vector<std::jthread> serving_; // the accepting thread's, until that has ended
    std::jthread accepting_;
};

} // namespace tests
