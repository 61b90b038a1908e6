#pragma once

// A server of HTTP on the loopback that answers as a script says, connection by connection: for
// tests of what a client does with answers that are late, cut short or lies.

#include <algorithm>
#include <arpa/inet.h>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <list>
#include <mutex>
#include <netinet/in.h>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace tests {

struct http_request {
    std::string method;
    std::string target;
    std::string head; // the request line and the headers, as they came
    std::string body;
    std::size_t connection = 0; // which one it came by, counted from 0
    std::size_t number = 0;     // of all requests, counted from 0

    // Of a header, by its name in small letters; empty where there is none.
    [[nodiscard]] std::string header(std::string_view name) const {
        std::size_t begin = head.find("\r\n");
        while (begin != std::string::npos && begin + 2 < head.size()) {
            begin += 2;
            const auto end = std::min(head.find("\r\n", begin), head.size());
            const auto line = std::string_view{head}.substr(begin, end - begin);
            const auto colon = std::min(line.find(':'), line.size());
            const auto same = [](char one, char other) {
                return (one >= 'A' && one <= 'Z' ? one - 'A' + 'a' : one) == other;
            };
            if (std::ranges::equal(line.substr(0, colon), name, same)) {
                auto value = line.substr(std::min(colon + 1, line.size()));
                value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
                return std::string(value);
            }
            begin = head.find("\r\n", begin);
        }
        return {};
    }
};

struct http_reply {
    std::string bytes;                         // as they go out, status line and all
    bool close = false;                        // the connection, behind them
    std::chrono::milliseconds delay{};         // before the first of them
    std::size_t slow_from = std::string::npos; // behind so many of them, wait once more
    std::chrono::milliseconds slow{};

    // A whole answer with its length.
    static http_reply of(int status, std::string_view body = {}, std::string_view headers = {}) {
        return {.bytes = "HTTP/1.1 " + std::to_string(status) +
                         " Said\r\ncontent-length: " + std::to_string(body.size()) + "\r\n" +
                         std::string(headers) + "\r\n" + std::string(body)};
    }
};

class http_server {
public:
    using script = std::function<http_reply(const http_request&)>;

    // The script is called from the connections' threads, one call at a time.
    explicit http_server(script answers) : answers_(std::move(answers)) {
        // No proxy stands before the loopback.
        ::setenv("no_proxy", "127.0.0.1", 1);
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const int on = 1;
        ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        ::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
        ::listen(listener_, 64);
        socklen_t size = sizeof address;
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
        port_ = ntohs(address.sin_port);
        accepting_ = std::thread([this] { accept_all(); });
    }

    http_server(const http_server&) = delete;
    http_server& operator=(const http_server&) = delete;

    ~http_server() {
        over_ = true;
        accepting_.join();
        for (std::thread& each : threads_) {
            each.join();
        }
        ::close(listener_);
    }

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

    [[nodiscard]] std::string origin() const { return "http://127.0.0.1:" + std::to_string(port_); }

    // What came so far.
    [[nodiscard]] std::vector<http_request> requests() const {
        const std::scoped_lock alone(mutex_);
        return requests_;
    }

    [[nodiscard]] std::size_t connections() const noexcept { return connections_; }

private:
    // Whether there is something to read; false when the server ends.
    [[nodiscard]] bool wait_for(int socket) const {
        while (!over_) {
            pollfd waiting{.fd = socket, .events = POLLIN, .revents = 0};
            if (::poll(&waiting, 1, 5) > 0) {
                return true;
            }
        }
        return false;
    }

    void accept_all() {
        while (wait_for(listener_)) {
            const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            if (socket >= 0) {
                const std::size_t index = connections_++;
                threads_.emplace_back([this, socket, index] {
                    serve(socket, index);
                    ::close(socket);
                });
            }
        }
    }

    // Until `enough` says that the text is.
    template <class Enough>
    [[nodiscard]] bool receive(int socket, std::string& text, Enough enough) const {
        while (!enough()) {
            char some[65536];
            if (!wait_for(socket)) {
                return false;
            }
            const auto got = ::recv(socket, some, sizeof some, 0);
            if (got <= 0) {
                return false;
            }
            text.append(some, static_cast<std::size_t>(got));
        }
        return true;
    }

    void serve(int socket, std::size_t index) {
        std::string text;
        for (;;) {
            const auto ended = [&] { return text.contains("\r\n\r\n"); };
            if (!receive(socket, text, ended)) {
                return;
            }
            http_request request;
            request.connection = index;
            const auto end = text.find("\r\n\r\n");
            request.head = text.substr(0, end);
            text.erase(0, end + 4);
            const auto first = request.head.find(' ');
            const auto second = request.head.find(' ', first + 1);
            request.method = request.head.substr(0, first);
            request.target = request.head.substr(first + 1, second - first - 1);
            if (!request.header("expect").empty()) {
                if (!send_all(socket, "HTTP/1.1 100 Continue\r\n\r\n")) {
                    return;
                }
            }
            const std::string length = request.header("content-length");
            const std::size_t size = length.empty() ? 0 : std::stoul(length);
            if (!receive(socket, text, [&] { return text.size() >= size; })) {
                return;
            }
            request.body = text.substr(0, size);
            text.erase(0, size);
            if (!reply(socket, request)) {
                return;
            }
        }
    }

    [[nodiscard]] bool reply(int socket, http_request& request) {
        http_reply answer;
        {
            const std::scoped_lock alone(mutex_);
            request.number = requests_.size();
            requests_.push_back(request);
            answer = answers_(request);
        }
        pause(answer.delay);
        const std::string_view bytes = answer.bytes;
        const auto cut = std::min(answer.slow_from, bytes.size());
        bool sent = send_all(socket, bytes.substr(0, cut));
        if (cut < bytes.size()) {
            pause(answer.slow);
            sent = sent && send_all(socket, bytes.substr(cut));
        }
        return sent && !answer.close;
    }

    void pause(std::chrono::milliseconds time) const {
        const auto until = std::chrono::steady_clock::now() + time;
        while (!over_ && std::chrono::steady_clock::now() < until) {
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
        }
    }

    [[nodiscard]] static bool send_all(int socket, std::string_view bytes) {
        while (!bytes.empty()) {
            const auto sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) {
                return false;
            }
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }

    script answers_;
    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::atomic<bool> over_ = false;
    std::atomic<std::size_t> connections_ = 0;
    mutable std::mutex mutex_;
    std::vector<http_request> requests_;
    std::list<std::thread> threads_;
    std::thread accepting_;
};

} // namespace tests
