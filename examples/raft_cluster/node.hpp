#pragma once

// A process of the cluster: the shelf of notes under libraft on libuv, and the client's channel.
//
//   the client says        and hears
//   put ID TEXT            ok ID, once the note is in; no ID where this is not the leader
//   who                    is ROLE APPLIED COUNT RESTORES
//   digest                 digest HEX
//   like TEXT              like ID ID ID
//   stop                   nothing more: the node closes everything and ends

#include <tintype/fmt.hpp>
#include <tintype/storage/directory.hpp>
#include <tintype/stream/manifest_from.hpp>
#include <tintype/stream/raft.hpp>

#include "channel.hpp"
#include "notes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <sys/prctl.h>
#include <utility>
#include <uv.h>
#include <vector>

extern "C" {
#include <raft/uv.h>
}

namespace notes {

[[nodiscard]] inline std::string address_of(std::uint16_t port) {
    return fmt::format("127.0.0.1:{}", port);
}

// A folder that all nodes see, for the chunks of snapshots of so many bytes and more.
struct shared_folder {
    std::filesystem::path path{};
    std::uint64_t above = tintype::limits::none;
};

class node {
public:
    // A founding node knows who belongs to the cluster; one that comes back empty is told.
    node(std::size_t number, const std::filesystem::path& folder,
         const std::vector<std::uint16_t>& ports, channel client, bool founds,
         const shared_folder& shared)
        : number_(number), client_(std::move(client)), shelf_(made_shelf()),
          replicated_(*shelf_, chunks{tintype::directory{shared.path.string()},
                                      {.group = "notes",
                                       .node = fmt::format("node-{}", number),
                                       .threshold = shared.above,
                                       .chunk_size = 65'536}}) {
        std::filesystem::create_directories(folder);
        expect("a loop", uv_loop_init(&loop_));
        expect("a transport", raft_uv_tcp_init(&transport_, &loop_));
        expect("a folder", raft_uv_init(&io_, &loop_, folder.c_str(), &transport_));
        const auto address = address_of(ports[number - 1]);
        expect("a server", raft_init(&raft_, &io_, replicated_.fsm(), number, address.c_str()));
        raft_uv_set_connect_retry_delay(&io_, 100);
        raft_set_election_timeout(&raft_, 600);
        raft_set_heartbeat_timeout(&raft_, 60);
        raft_set_snapshot_threshold(&raft_, 256);
        raft_set_snapshot_trailing(&raft_, 128);
        // A snapshot that was outdated while it was on its way is asked for again after this long.
        raft_set_install_snapshot_timeout(&raft_, 1000);
        raft_set_pre_vote(&raft_, true);
        raft_.data = this;
        if (founds) {
            raft_configuration all{};
            raft_configuration_init(&all);
            for (std::size_t i = 0; i != ports.size(); ++i) {
                expect(
                    "a configuration",
                    raft_configuration_add(&all, i + 1, address_of(ports[i]).c_str(), RAFT_VOTER));
            }
            expect("a beginning", raft_bootstrap(&raft_, &all));
            raft_configuration_close(&all);
        }
        expect("a start", raft_start(&raft_));
        expect("a channel", uv_poll_init(&loop_, &poll_, client_.socket()));
        poll_.data = this;
        uv_poll_start(&poll_, UV_READABLE, [](uv_poll_t* handle, int, int) {
            static_cast<node*>(handle->data)->listen();
        });
    }

    node(node&&) = delete;

    // Until it is told to stop.
    void run() {
        uv_run(&loop_, UV_RUN_DEFAULT);
        uv_loop_close(&loop_);
    }

private:
    struct request {
        struct raft_apply call{};
        std::uint64_t id = 0;
        node* of = nullptr;
    };

    using chunks = tintype::manifest_from<tintype::directory>;
    using replicated =
        tintype::raft_machine<shelf, format, tintype::snapshot_check_for<format>, chunks>;

    void expect(std::string_view what, int code) const {
        if (code != 0) {
            fmt::print(stderr, "raft_cluster: node {} got no {}: {}\n", number_, what,
                       raft_strerror(code));
            std::_Exit(3);
        }
    }

    static std::unique_ptr<shelf> made_shelf() {
        auto made = shelf::open();
        if (!made) {
            fmt::print(stderr, "raft_cluster: {}\n", made.error());
            std::_Exit(3);
        }
        return *std::move(made);
    }

    // Everything that the client has said by now.
    void listen() {
        while (const auto said = client_.hear(0)) {
            const std::string_view text = *said;
            const auto word = text.substr(0, text.find(' '));
            const auto rest = text.substr(std::min(text.size(), word.size() + 1));
            if (word == "put") {
                put(rest);
            } else if (word == "who") {
                client_.say(fmt::format("is {} {} {} {}", raft_state(&raft_),
                                        raft_last_applied(&raft_), shelf_->count(),
                                        shelf_->restores()));
            } else if (word == "digest") {
                const auto digest = shelf_->digest();
                client_.say("digest " + (digest ? *digest : std::string{"none"}));
            } else if (word == "like") {
                const auto ids = shelf_->like(rest, 3);
                client_.say(fmt::format("like {}",
                                        fmt::join(ids ? *ids : std::vector<std::uint64_t>{}, " ")));
            } else { // stop, or the client is gone
                stop();
                return;
            }
        }
    }

    void put(std::string_view text) {
        note what;
        const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), what.id);
        what.text = text.substr(
            std::min<std::size_t>(text.size(), static_cast<std::size_t>(end - text.data()) + 1));
        auto command = tintype::encode<note_format>(what);
        if (wrong != std::errc{} || !command) {
            return;
        }
        // libraft writes commands of whole words of eight bytes.
        command->resize((command->size() + 7) / 8 * 8, std::byte{});
        raft_buffer buffer{.base = raft_malloc(command->size()), .len = command->size()};
        std::memcpy(buffer.base, command->data(), command->size());
        auto* made = new request{.id = what.id, .of = this};
        made->call.data = made;
        if (raft_apply(&raft_, &made->call, &buffer, 1, &node::applied) != 0) {
            raft_free(buffer.base);
            client_.say(fmt::format("no {}", what.id));
            delete made;
        }
    }

    static void applied(struct raft_apply* call, int status, void* result) {
        const std::unique_ptr<request> done{static_cast<request*>(call->data)};
        const bool in = status == 0 && replicated::answer(result) != nullptr;
        done->of->client_.say(fmt::format("{} {}", in ? "ok" : "no", done->id));
    }

    void stop() {
        if (std::exchange(stopping_, true)) {
            return;
        }
        uv_close(reinterpret_cast<uv_handle_t*>(&poll_), nullptr);
        if (const auto& failed = replicated_.last_failure()) {
            fmt::print(stderr, "raft_cluster: node {}: {} failed: {}\n", number_,
                       name_of(failed->step), failed->what);
        }
        raft_close(&raft_, [](raft* closed) {
            auto& self = *static_cast<node*>(closed->data);
            raft_uv_close(&self.io_);
            raft_uv_tcp_close(&self.transport_);
        });
    }

    std::size_t number_;
    channel client_;
    std::unique_ptr<shelf> shelf_;
    replicated replicated_;
    uv_loop_t loop_{};
    uv_poll_t poll_{};
    raft_uv_transport transport_{};
    raft_io io_{};
    raft raft_{};
    bool stopping_ = false;
};

// The process of a node, which does not outlive the one that made it.
[[noreturn]] inline void run_node(std::size_t number, const std::filesystem::path& folder,
                                  const std::vector<std::uint16_t>& ports, channel client,
                                  bool founds, const shared_folder& shared) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::signal(SIGPIPE, SIG_IGN); // a peer that was killed is an error of a write, not the end
    {
        node self{number, folder, ports, std::move(client), founds, shared};
        self.run();
    }
    std::_Exit(0);
}

} // namespace notes
