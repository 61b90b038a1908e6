// A leader writes rows into a SQLite database and their vectors into an index, without a pause. A
// follower asks it for a snapshot over TCP. The connection breaks off; the follower asks again, for
// the chunks that it lacks; then it switches, verifies, and answers as the leader did. Twice more a
// follower takes over the newest state and is killed, while it stages and between the renaming of
// the two files: what is there then is all old, and all new.
//
//   replica [--wire native|protobuf|raft-json] [--rows N] [--plain] [FOLDER]

#include <tintype/formats/vectorxlite.hpp>
#include <tintype/stream/native.hpp>

#include "replica/follower.hpp"
#include "replica/leader.hpp"
#include "replica/show.hpp"
#include "replica/talk.hpp"

#include <fmt/format.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/prctl.h>
#endif

namespace {

using namespace replica;
namespace fs = std::filesystem;

// A process that ends with what `work()` returns, or with us.
template <class Work>
[[nodiscard]] pid_t process(Work work) {
    std::fflush(nullptr);
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    check_call(child >= 0, "fork");
    if (child == 0) {
#if defined(__linux__)
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
        if (::getppid() != parent) {
            leave(3);
        }
        leave(work());
    }
    return child;
}

// Its exit status, or minus the signal that ended it.
[[nodiscard]] int end_of(pid_t child) {
    int status = 0;
    check_call(::waitpid(child, &status, 0) == child, "waitpid");
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

// Whether the files of the folder are those of the snapshot, all of them, and say so.
[[nodiscard]] bool holds(const std::string& folder, const tintype::stream_metadata& what,
                         const screen& to) {
    bool all = true;
    for (const tintype::file_info& each : what.files) {
        const auto same =
            tintype::verify_file<tintype::sha256>(folder + "/" + each.file_name, each);
        to.row(each.file_name, same ? "the old one" : "another than the old one");
        all = all && same;
    }
    return all;
}

// What was said to be, and is or is not.
[[nodiscard]] bool held(bool good, const screen& to, std::string_view what,
                        std::string_view value) {
    to.row(what, good ? value : "WRONG");
    return good;
}

// `follow(how)`: a follower's end.
template <class Follow>
[[nodiscard]] bool story(const std::string& here, std::uint16_t port, Follow follow,
                         const screen& to) {
    if (follow(death::none) != 0) {
        return false;
    }
    const auto first = held_in(here);

    to.title("Another is killed while it stages the next one");
    if (!held(follow(death::while_staging) == -SIGKILL, to, "killed",
              fmt::format("with {} chunks staged", chunks_before_death))) {
        return false;
    }
    to.row("opened again", "");
    if (!held(held_in(here) == first && holds(here, *first, to), to, "which is", "all old")) {
        return false;
    }

    to.title("Another is killed within the switch");
    if (!held(follow(death::within_the_switch) == -SIGKILL, to, "killed",
              "with the database renamed, and the index not")) {
        return false;
    }
    to.row("as it lies there", "");
    const bool torn = !holds(here, *first, to);
    const auto second = held_in(here);
    if (!held(torn && second && second != first, to, "opened again",
              second ? second->snapshot_id : "")) {
        return false;
    }
    const std::string ours = answer_of(here, *second);
    to.row("answers", ours);
    return held(line_of(asked(port, "facts " + second->snapshot_id)) == ours, to, "which is",
                "all new, and as the leader answered then");
}

template <class Wire>
[[nodiscard]] bool run(const std::string& folder, std::uint64_t rows, const screen& to) {
    const std::string here = folder + "/follower";
    fs::create_directories(folder + "/leader");
    auto [at, port] = listening();
    const pid_t leading = process([&] {
        leader{folder + "/leader", rows}.serve<Wire>(at);
        return 0;
    });
    at = connection{};
    static_cast<void>(line_of(asked(port, "facts -"))); // there are none, but then it is ready
    to.title(fmt::format("A follower takes a snapshot over, by the {} wire", Wire::name));
    const auto follow = [&](death how) {
        return end_of(
            process([&] { return follower{here, port, to}.take_over<Wire>(how) ? 0 : 1; }));
    };
    bool good = story(here, port, follow, to);
    static_cast<void>(asked(port, "bye"));
    good = end_of(leading) == 0 && good;
    to.title(good ? "Everything held" : "Something did not hold");
    return good;
}

} // namespace

int main(int argc, char** argv) {
    screen to{.colour = isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr};
    std::string folder = "replica";
    std::string_view wire = tintype::native_wire::name;
    std::uint64_t rows = 8000;
    bool good = true;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word == "--plain") {
            to.colour = false;
        } else if (word == "--rows" && i + 1 < argc) {
            rows = std::strtoull(argv[++i], nullptr, 10);
        } else if (word == "--wire" && i + 1 < argc) {
            wire = argv[++i];
        } else if (!word.starts_with("--")) {
            folder = word;
        } else {
            good = false;
        }
    }
    bool (*chosen)(const std::string&, std::uint64_t, const screen&) = nullptr;
    if (wire == tintype::native_wire::name) {
        chosen = run<tintype::native_wire>;
    } else if (wire == tintype::vectorxlite::protobuf_wire::name) {
        chosen = run<tintype::vectorxlite::protobuf_wire>;
    } else if (wire == tintype::vectorxlite::raft_wire::name) {
        chosen = run<tintype::vectorxlite::raft_wire>;
    }
    if (!good || chosen == nullptr || rows < 5000 || rows > room / 2) {
        fmt::print(stderr,
                   "usage: replica [--wire native|protobuf|raft-json] [--rows 5000 to {}]"
                   " [--plain] [FOLDER]\n",
                   room / 2);
        return 2;
    }
    std::error_code ignored;
    fs::remove_all(folder, ignored);
    fs::create_directories(folder);
    return chosen(folder, rows, to) ? 0 : 1;
}
