// Three processes keep the same notes, in SQLite and in hnswlib's graph, under libraft on loopback.
// A client writes. One node is killed and its folder wiped; the others go on; it comes back with
// nothing, gets a snapshot while the client goes on writing, and catches up. At the end all three
// answer alike: their digests, and the notes that they find.
//
//   raft_cluster [--notes N] [--shared-above BYTES] [--plain] [FOLDER]
//
// Snapshots of so many bytes and more lie in chunks in a folder that all three see, and only a
// manifest goes through libraft.

#include <tintype/core/limits.hpp>
#include <tintype/core/mix.hpp>

#include "raft_cluster/cluster.hpp"

#include <fmt/color.h>
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using namespace std::chrono_literals;
using notes::cluster;
namespace fs = std::filesystem;
using clock_type = std::chrono::steady_clock;

struct screen {
    bool colour = true;

    void title(std::string_view text) const {
        fmt::print("\n{}\n",
                   colour ? fmt::format(fmt::emphasis::bold, "{}", text) : std::string{text});
    }

    void row(std::string_view what, std::string_view value) const {
        fmt::print("  {:<22} {}\n", what, value);
        std::fflush(stdout);
    }
};

std::string text_of(std::uint64_t id) {
    constexpr std::array<std::string_view, 8> who{"mother",     "the baker",   "a sailor",
                                                  "my teacher", "nobody",      "the printer",
                                                  "a child",    "the ferryman"};
    constexpr std::array<std::string_view, 7> does{"painted", "mended", "sold", "found",
                                                   "lost",    "kept",   "drew"};
    constexpr std::array<std::string_view, 9> what{
        "an iron plate", "the old boat", "a clock",     "two letters",   "a silver frame",
        "the lantern",   "a map",        "the harmony", "a box of glass"};
    tintype::splitmix64 random{id};
    return fmt::format("{} {} {} on day {}", who[random() % who.size()],
                       does[random() % does.size()], what[random() % what.size()], id % 365);
}

double seconds_since(clock_type::time_point start) {
    return std::chrono::duration<double>(clock_type::now() - start).count();
}

// Polls until it holds; false if it does not in time.
bool wait_for(std::chrono::seconds most, const std::function<bool()>& holds) {
    const auto late = clock_type::now() + most;
    while (!holds()) {
        if (clock_type::now() > late) {
            return false;
        }
        std::this_thread::sleep_for(20ms);
    }
    return true;
}

// Writes notes to whoever leads, so many at a time on their way, and writes again what did not
// arrive. A note that arrived twice is there once.
class writer {
public:
    explicit writer(const cluster& to) : to_(&to) {}

    [[nodiscard]] std::uint64_t written() const noexcept { return written_; }

    // Until so many more are in; false where that takes too long.
    [[nodiscard]] bool write(std::uint64_t many) {
        const auto late = clock_type::now() + 15s;
        const auto end = written_ + many;
        while (written_ != end) {
            if (clock_type::now() > late || !has_leader(late)) {
                return false;
            }
            while (under_way_.size() < 32 && written_ + under_way_.size() != end) {
                under_way_.push_back(next_++);
                say(under_way_.back());
            }
            hear();
        }
        return true;
    }

private:
    bool has_leader(clock_type::time_point late) {
        while (!leader_ && clock_type::now() < late) {
            leader_ = to_->leader();
            if (!leader_) {
                std::this_thread::sleep_for(20ms);
            }
            for (std::size_t i = 0; leader_ && i != under_way_.size(); ++i) {
                say(under_way_[i]);
            }
        }
        return leader_.has_value();
    }

    void say(std::uint64_t id) {
        if (leader_ && !to_->to(*leader_).say(fmt::format("put {} {}", id, text_of(id)))) {
            leader_.reset();
        }
    }

    void hear() {
        if (!leader_) {
            return;
        }
        const auto said = to_->to(*leader_).hear(2000);
        std::uint64_t id = 0;
        if (said && said->size() > 3) {
            std::from_chars(said->data() + 3, said->data() + said->size(), id);
        }
        if (said && said->starts_with("ok ")) {
            written_ += std::erase(under_way_, id);
        } else if (!said || said->empty() || said->starts_with("no ")) {
            leader_.reset();
        }
    }

    const cluster* to_;
    std::optional<std::size_t> leader_{};
    std::deque<std::uint64_t> under_way_{};
    std::uint64_t next_ = 1;
    std::uint64_t written_ = 0;
};

int complain(std::string_view what) {
    fmt::print(stderr, "raft_cluster: {}\n", what);
    return 1;
}

// Asks all three the same, and prints what they say.
bool alike(const cluster& all, const screen& to, std::string_view what, std::string_view question,
           std::string_view expected) {
    const auto first = all.ask(0, question, expected);
    bool same = first.has_value() && !first->empty();
    for (std::size_t i = 0; i != all.size(); ++i) {
        const auto said = all.ask(i, question, expected);
        to.row(i == 0 ? what : "", fmt::format("node {}  {}", i + 1, said.value_or("nothing")));
        same = same && said == first;
    }
    return same;
}

int play(std::uint64_t notes, std::uint64_t shared_above, const fs::path& folder,
         const screen& to) {
    const auto start = clock_type::now();
    const auto ports = notes::free_ports(3);
    if (ports.empty()) {
        return complain("no free ports on loopback");
    }

    to.title("Three processes elect a leader");
    cluster all{folder, ports, shared_above};
    std::optional<std::size_t> leader;
    if (!wait_for(10s, [&] { return (leader = all.leader()).has_value(); })) {
        return complain("no leader was elected");
    }
    to.row("at", fmt::format("{}, {}, {}", notes::address_of(ports[0]), notes::address_of(ports[1]),
                             notes::address_of(ports[2])));
    to.row("leader", fmt::format("node {}, after {:.1f} s", *leader + 1, seconds_since(start)));

    to.title("A client writes");
    writer client{all};
    const auto began = clock_type::now();
    if (!client.write(notes / 3)) {
        return complain("the cluster takes no notes");
    }
    to.row("written", fmt::format("{} notes, {:.0f} a second", client.written(),
                                  static_cast<double>(client.written()) / seconds_since(began)));

    const std::size_t victim = (*leader + 1) % all.size();
    to.title(fmt::format("Node {} is killed, and its folder wiped", victim + 1));
    all.kill(victim);
    all.wipe(victim);
    if (!client.write(notes / 3)) {
        return complain("two nodes of three take no notes");
    }
    to.row("written meanwhile", fmt::format("{} notes, by the other two", notes / 3));

    to.title("It comes back with nothing, and the client goes on");
    const auto back = clock_type::now();
    all.start(victim, false);
    std::optional<notes::standing> is;
    std::optional<double> restored_after;
    const auto until = notes / 3 * 3;
    while (client.written() < until || !restored_after) {
        if (client.written() > notes * 20 || seconds_since(back) > 12 || !client.write(8)) {
            return complain("the node that came back got no snapshot");
        }
        is = all.who(victim);
        if (is && is->restores != 0 && !restored_after) {
            restored_after = seconds_since(back);
            to.row("got a snapshot",
                   fmt::format("after {:.1f} s, of {} notes", *restored_after, is->count));
        }
    }
    if (!wait_for(10s, [&] {
            for (std::size_t i = 0; i != all.size(); ++i) {
                is = all.who(i);
                if (!is || is->count != client.written()) {
                    return false;
                }
            }
            return true;
        })) {
        return complain("the nodes do not hold what was written");
    }
    to.row("caught up",
           fmt::format("after {:.1f} s: all hold {} notes", seconds_since(back), client.written()));

    to.title("All three are asked the same");
    const bool digests = alike(all, to, "digest", "digest", "digest");
    const std::string_view question = "a sailor lost the lantern";
    const bool found =
        alike(all, to, "like \"a sailor lost...\"", fmt::format("like {}", question), "like");
    if (const auto ids = all.ask(victim, fmt::format("like {}", question), "like")) {
        std::uint64_t id = 0;
        std::from_chars(ids->data(), ids->data() + ids->size(), id);
        to.row("the nearest", text_of(id));
    }
    if (shared_above != tintype::limits::none) {
        std::error_code wrong;
        const fs::directory_iterator chunks{all.shared_folder_path(), wrong};
        to.row("shared", fmt::format("{} chunks and manifests in {}",
                                     std::distance(begin(chunks), end(chunks)),
                                     all.shared_folder_path().string()));
    }
    const bool stopped = all.stop();
    to.row("they", digests && found ? "answer alike" : "do not answer alike");
    to.row("ended", fmt::format("{}, after {:.1f} s", stopped ? "by themselves" : "badly",
                                seconds_since(start)));
    return digests && found && stopped ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
    std::uint64_t notes = 3000;
    std::uint64_t shared_above = tintype::limits::none;
    screen to{.colour = isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr};
    fs::path folder = "build/raft-cluster";
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word == "--plain") {
            to.colour = false;
        } else if (word == "--notes" && i + 1 < argc) {
            notes = std::strtoull(argv[++i], nullptr, 10);
        } else if (word == "--shared-above" && i + 1 < argc) {
            shared_above = std::strtoull(argv[++i], nullptr, 10);
        } else if (!word.starts_with("--")) {
            folder = word;
        } else {
            fmt::print(
                stderr,
                "usage: raft_cluster [--notes N] [--shared-above BYTES] [--plain] [FOLDER]\n");
            return 2;
        }
    }
    if (notes < 1500) {
        fmt::print(stderr, "raft_cluster: fewer than 1500 notes need no snapshot\n");
        return 2;
    }
    std::error_code wrong;
    fs::remove_all(folder, wrong);
    fs::create_directories(folder, wrong);
    if (wrong) {
        fmt::print(stderr, "raft_cluster: {}: {}\n", folder.string(), wrong.message());
        return 3;
    }
    return play(notes, shared_above, folder, to);
}
