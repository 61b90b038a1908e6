#pragma once

// The processes of a cluster, from the client's side: started, killed, wiped, started again, asked,
// stopped. Whatever happens, none is left behind.

#include "channel.hpp"
#include "node.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <netinet/in.h>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace notes {

// Ports that nobody listens at; all are held until all are found, so no two are the same.
[[nodiscard]] inline std::vector<std::uint16_t> free_ports(std::size_t many) {
    std::vector<channel> held;
    std::vector<std::uint16_t> ports;
    while (ports.size() != many) {
        channel& at = held.emplace_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        if (bind(at.socket(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
            getsockname(at.socket(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
            return {};
        }
        ports.push_back(ntohs(address.sin_port));
    }
    return ports;
}

struct standing {
    bool leads = false;
    std::uint64_t applied = 0;
    std::uint64_t count = 0;
    std::uint64_t restores = 0;
};

class cluster {
public:
    // Snapshots of so many bytes and more go through a folder.
    cluster(std::filesystem::path folder, std::vector<std::uint16_t> ports,
            std::uint64_t shared_above)
        : folder_(std::move(folder)), ports_(std::move(ports)), shared_above_(shared_above),
          members_(ports_.size()) {
        for (std::size_t i = 0; i != members_.size(); ++i) {
            start(i, true);
        }
    }

    cluster(cluster&&) = delete;

    ~cluster() {
        for (std::size_t i = 0; i != members_.size(); ++i) {
            kill(i);
        }
    }

    [[nodiscard]] std::size_t size() const noexcept { return members_.size(); }

    [[nodiscard]] const channel& to(std::size_t member) const { return members_[member].talk; }

    void start(std::size_t member, bool founds) {
        auto [ours, theirs] = channel::pair();
        std::fflush(nullptr);
        const pid_t made = fork();
        if (made == 0) {
            for (auto& each : members_) {
                each.talk = channel{};
            }
            ours = channel{};
            run_node(member + 1, folder_of(member), ports_, std::move(theirs), founds,
                     {.path = shared_folder_path(), .above = shared_above_});
        }
        members_[member] = {.process = made, .talk = std::move(ours)};
    }

    // At once, with whatever it was doing.
    void kill(std::size_t member) {
        if (const pid_t process = std::exchange(members_[member].process, -1); process > 0) {
            ::kill(process, SIGKILL);
            waitpid(process, nullptr, 0);
            members_[member].talk = channel{};
        }
    }

    void wipe(std::size_t member) const {
        std::error_code ignored;
        std::filesystem::remove_all(folder_of(member), ignored);
    }

    // Whether all ended by themselves, and well.
    [[nodiscard]] bool stop() {
        for (const auto& each : members_) {
            each.talk.say("stop");
        }
        bool well = true;
        const auto late = std::chrono::steady_clock::now() + std::chrono::seconds{5};
        for (auto& each : members_) {
            int status = -1;
            pid_t ended = 0;
            while ((ended = waitpid(each.process, &status, WNOHANG)) == 0 &&
                   std::chrono::steady_clock::now() < late) {
                std::this_thread::sleep_for(std::chrono::milliseconds{5});
            }
            if (ended == each.process) {
                each.process = -1;
            }
            well = well && ended > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
        }
        return well;
    }

    // What it answers to a question; what it said before that was for somebody else.
    [[nodiscard]] std::optional<std::string> ask(std::size_t member, std::string_view question,
                                                 std::string_view expected) const {
        const channel& at = to(member);
        if (at.socket() < 0 || !at.say(question)) {
            return std::nullopt;
        }
        for (auto said = at.hear(3000); said && !said->empty(); said = at.hear(3000)) {
            if (said->starts_with(expected)) {
                return said->substr(std::min(said->size(), expected.size() + 1));
            }
        }
        return std::nullopt;
    }

    [[nodiscard]] std::optional<standing> who(std::size_t member) const {
        const auto said = ask(member, "who", "is");
        if (!said) {
            return std::nullopt;
        }
        std::uint64_t role = 0;
        standing is;
        const char* at = said->data();
        for (std::uint64_t* each : {&role, &is.applied, &is.count, &is.restores}) {
            at = std::from_chars(at, said->data() + said->size(), *each).ptr;
            at += at != said->data() + said->size() ? 1 : 0;
        }
        is.leads = role == RAFT_LEADER;
        return is;
    }

    [[nodiscard]] std::optional<std::size_t> leader() const {
        for (std::size_t i = 0; i != size(); ++i) {
            if (const auto is = who(i); is && is->leads) {
                return i;
            }
        }
        return std::nullopt;
    }

    [[nodiscard]] std::filesystem::path folder_of(std::size_t member) const {
        return folder_ / ("node-" + std::to_string(member + 1));
    }

    [[nodiscard]] std::filesystem::path shared_folder_path() const { return folder_ / "shared"; }

private:
    struct child {
        pid_t process = -1;
        channel talk{};
    };

    std::filesystem::path folder_;
    std::vector<std::uint16_t> ports_;
    std::uint64_t shared_above_;
    std::vector<child> members_;
};

} // namespace notes
