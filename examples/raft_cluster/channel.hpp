#pragma once

// What the client and a node say to each other: whole messages through a pair of sockets.

#include <tintype/core/bytes.hpp>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>
#include <utility>

namespace notes {

class channel {
public:
    channel() = default;

    explicit channel(int socket) noexcept : socket_(socket) {}

    channel(channel&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}

    channel& operator=(channel&& other) noexcept {
        std::swap(socket_, other.socket_);
        return *this;
    }

    ~channel() {
        if (socket_ >= 0) {
            close(socket_);
        }
    }

    // Both ends; neither is open where the system has no more.
    [[nodiscard]] static std::pair<channel, channel> pair() {
        std::array<int, 2> ends{-1, -1};
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
            return {};
        }
        return {channel{ends[0]}, channel{ends[1]}};
    }

    [[nodiscard]] int socket() const noexcept { return socket_; }

    // False where the other end is gone.
    bool say(std::string_view text) const {
        ssize_t sent = -1;
        do {
            sent = send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
        } while (sent < 0 && errno == EINTR);
        return sent == static_cast<ssize_t>(text.size());
    }

    // Nothing where none came in time; an empty message where the other end is gone.
    [[nodiscard]] std::optional<std::string> hear(int milliseconds) const {
        pollfd waiting{.fd = socket_, .events = POLLIN, .revents = 0};
        if (poll(&waiting, 1, milliseconds) <= 0) {
            return std::nullopt;
        }
        std::string text(longest, '\0');
        const ssize_t got = recv(socket_, text.data(), text.size(), 0);
        text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        return text;
    }

private:
    static constexpr std::size_t longest = 8192;

    int socket_ = -1;
};

} // namespace notes
