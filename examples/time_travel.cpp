// A shop's till on a SQLite database records everything it does. It is killed in the middle; the
// session is recovered, the database made anew from the last checkpoint, and the day goes on. Then
// all of it is replayed, from the start and from every checkpoint, to the same digest. At last one
// line of the program is changed: the replay names the first action that comes out otherwise, and
// two recordings say where they part.
//
//   time_travel [--actions N] [--plain] [FOLDER]

#include <tintype/fmt.hpp>
#include <tintype/replay/compare.hpp>
#include <tintype/replay/engine.hpp>
#include <tintype/replay/recorder.hpp>
#include <tintype/replay/states.hpp>
#include <tintype/storage/directory.hpp>

#include "time_travel/database.hpp"
#include "time_travel/shop.hpp"
#include "time_travel/shopkeeper.hpp"
#include "time_travel/show.hpp"

#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <variant>

namespace {

using namespace shop;
namespace fs = std::filesystem;

// A checkpoint holds what changed since the one before; one of eight holds the whole shop.
using states = tintype::changed_states<state, 8>;
using recorder = tintype::session_recorder<action, state, states>;
using session = recorder::session_type;

template <class T>
T must(std::string_view doing, tintype::result<T> outcome) {
    if (!outcome) {
        fmt::print(stderr, "time_travel: {}: {}\n", doing, outcome.error());
        std::exit(3);
    }
    if constexpr (!std::is_void_v<T>) {
        return *std::move(outcome);
    }
}

// How a recorded action is done again: the very functions that did it the first time.
struct same_again {
    template <class Alternative>
    tintype::step_outcome operator()(database& at, const Alternative& what,
                                     const session::record_type& record) const {
        const auto answer = at(what);
        if (!answer) {
            return {tintype::verdict::mismatched, message(answer.error())};
        }
        const bool same = tintype::observe(tintype::bytes_of(*answer)).hash == record.output_hash;
        return {same ? tintype::verdict::matched : tintype::verdict::mismatched, *answer};
    }

    [[nodiscard]] tintype::result<tintype::blake3_digest> digest(const database& at) const {
        const auto all = at.read();
        return all ? states{}.digest(*all) : tintype::pass(all);
    }
};

std::string digest_of(const database& at) {
    return tintype::to_hex(must("digest", same_again{}.digest(at)));
}

recorder open_recorder(const fs::path& folder) {
    return must("open",
                recorder::open(tintype::directory{folder.string()}, "till",
                               {.config = {.auto_checkpoint_interval = 100},
                                .flush = tintype::flush_every{
                                    .records = 64, .time = std::chrono::milliseconds{10}}}));
}

// Does and records the actions from where the recorder is up to `end`, and calls told(count).
template <class Told>
void work(recorder& to, database& at, std::uint64_t end, Told told) {
    for (std::uint64_t step = to.progress().next_sequence; step != end; ++step) {
        const action what = next_action(at, step);
        const auto answer =
            must("work", std::visit([&](const auto& each) { return at(each); }, what));
        must("record", to.record(what, {.output = tintype::bytes_of(answer)}));
        if (to.checkpoint_due()) {
            must("checkpoint", to.checkpoint(must("read", at.read())));
        }
        told(step + 1);
    }
}

// A process that works until it is killed.
[[noreturn]] void work_as_child(const fs::path& folder, std::uint64_t actions, int tell) {
    auto to = open_recorder(folder);
    auto at = must("open", database::open((folder / "till.db").string(), {}));
    must("start", to.start("the first week"));
    work(to, at, actions, [&](std::uint64_t count) {
        if (write(tell, &count, sizeof count) != sizeof count) {
            std::_Exit(3);
        }
    });
    std::_Exit(0);
}

// How many actions the process said were recorded before it was killed.
std::uint64_t kill_in_the_middle(const fs::path& folder, std::uint64_t actions) {
    int ends[2];
    if (pipe(ends) != 0) {
        std::exit(3);
    }
    std::fflush(nullptr);
    const pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        work_as_child(folder, actions, ends[1]);
    }
    close(ends[1]);
    std::uint64_t told = 0;
    std::uint64_t count = 0;
    bool killed = false;
    while (read(ends[0], &count, sizeof count) == sizeof count) {
        told = count;
        if (!killed && told >= actions * 3 / 5) {
            kill(child, SIGKILL);
            killed = true;
        }
    }
    close(ends[0]);
    waitpid(child, nullptr, 0);
    return told;
}

// The database as it was behind the last recorded action: the last checkpoint, and the actions
// since.
database rebuilt(const session& of, const screen& to) {
    auto at = must("open", database::open(":memory:", {}));
    tintype::replay_options options;
    if (!of.checkpoints.empty()) {
        options.from_checkpoint = of.checkpoints.back().id;
        must("rebuild", at.write(must("restore", tintype::state_at<state>(
                                                     of, *options.from_checkpoint, states{}))));
    }
    const auto done = must("replay", replay(of, at, same_again{}, options));
    to.row("made anew from",
           fmt::format("checkpoint {} and {} actions, {} as recorded",
                       options.from_checkpoint.value_or(0), done.total_actions, done.matched));
    return at;
}

void replay_everywhere(const session& of, const std::string& expected, const screen& to) {
    std::size_t same = 0;
    for (std::size_t i = 0; i != of.checkpoints.size() + 1; ++i) {
        auto at = must("open", database::open(":memory:", {}));
        tintype::replay_options options;
        if (i != 0) {
            options.from_checkpoint = of.checkpoints[i - 1].id;
            must("restore", at.write(must("restore", tintype::state_at<state>(
                                                         of, *options.from_checkpoint, states{}))));
        }
        const auto done = must("replay", replay(of, at, same_again{}, options));
        same += done.success() && digest_of(at) == expected ? 1U : 0U;
        if (i == 0) {
            to.row("from the start",
                   fmt::format(
                       "{} of {} actions matched, in {} ms", done.matched, done.total_actions,
                       std::chrono::duration_cast<std::chrono::milliseconds>(done.took).count()));
        }
    }
    to.row("from each checkpoint",
           fmt::format("{} of {} replays end in the same state", same, of.checkpoints.size() + 1));
    to.row("digest", expected);
    if (same != of.checkpoints.size() + 1) {
        std::exit(1);
    }
}

// The program with one line changed, on the recorded actions.
void find_divergence(const session& of, const behaviour& changed, const screen& to) {
    auto now = must("open", database::open(":memory:", changed));
    const auto found = must("replay", replay(of, now, same_again{}, {.stop_on_mismatch = true}));
    if (!found.first) {
        to.row("nothing differs", "");
        return;
    }
    auto then = must("open", database::open(":memory:", {}));
    must("replay", replay(of, then, same_again{}, {.stop_at = found.first->sequence}));
    const auto& record = of.actions[static_cast<std::size_t>(found.first->sequence)];
    to.row("first other action", fmt::format("{} of {}: {}", found.first->sequence,
                                             of.actions.size(), text_of(record.action)));
    to.gone(record.output_preview);
    to.come(found.first->why);
    to.row("and what it left", "");
    show_difference(to, must("read", then.read()), must("read", now.read()));
}

} // namespace

int main(int argc, char** argv) {
    std::uint64_t actions = 2000;
    screen to{.colour = isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr};
    fs::path folder = "time-travel";
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word == "--plain") {
            to.colour = false;
        } else if (word == "--actions" && i + 1 < argc) {
            actions = std::strtoull(argv[++i], nullptr, 10);
        } else if (!word.starts_with("--")) {
            folder = word;
        } else {
            fmt::print(stderr, "usage: time_travel [--actions N] [--plain] [FOLDER]\n");
            return 2;
        }
    }
    if (actions < 200) {
        fmt::print(stderr, "time_travel: at least 200 actions make a story\n");
        return 2;
    }
    std::error_code ignored;
    fs::remove_all(folder, ignored);
    fs::create_directories(folder);

    to.title("A process works, and is killed");
    const auto told = kill_in_the_middle(folder, actions);
    to.row("recorded", fmt::format("{} actions, said the process before it was killed", told));

    to.title("The session is recovered");
    auto recording = open_recorder(folder);
    const auto so_far = must("read", recording.active());
    to.row("in the journal", fmt::format("{} actions, {} checkpoints", so_far.actions.size(),
                                         so_far.checkpoints.size()));
    if (so_far.actions.size() < told) {
        fmt::print(stderr, "time_travel: {} recorded actions are lost\n",
                   told - so_far.actions.size());
        return 1;
    }
    const auto again = rebuilt(so_far, to);
    {
        // The process may have been killed between an action and its record, or within either.
        const auto left = must("open", database::open((folder / "till.db").string(), {}));
        to.row("the database it left", digest_of(left) == digest_of(again)
                                           ? "is in the same state"
                                           : "is an action ahead of the record");
    }
    fs::remove(folder / "till.db");
    auto at = must("open", database::open((folder / "till.db").string(), {}));
    must("write", at.write(must("read", again.read())));

    to.title("The work goes on to its end");
    work(recording, at, actions, [](std::uint64_t) {});
    const auto summary = must("end", recording.end());
    const auto first = must("read", recording.sessions().read(summary.session_id));
    to.row("session", fmt::format("{}, {} actions, {} checkpoints", to_text(summary.session_id),
                                  summary.action_count, summary.checkpoint_count));
    to.row("in the segment", fmt::format("{} bytes, {:.0f} an action, with its checkpoints",
                                         recording.sessions().size(),
                                         static_cast<double>(recording.sessions().size()) /
                                             static_cast<double>(actions)));

    to.title("All of it is done again");
    replay_everywhere(first, digest_of(at), to);

    const behaviour changed{.bulk_from = 8};
    to.title("One line is changed: a tenth off from 8 pieces on, not from 10");
    find_divergence(first, changed, to);

    to.title("The changed program is recorded, too");
    must("start", recording.start("the week after the change"));
    {
        auto other = must("open", database::open(":memory:", changed));
        work(recording, other, actions, [](std::uint64_t) {});
    }
    const auto second =
        must("read", recording.sessions().read(must("end", recording.end()).session_id));
    const auto parts = first_divergence(first, second);
    const auto all = compare(first, second, {.data = true});
    to.row("they part at", parts ? fmt::format("action {}: {}", parts->sequence, parts->why)
                                 : std::string{"nothing"});
    to.row("alike", fmt::format("{} of {} actions", all.matching, first.actions.size()));
    to.row("both are in", folder.string());
    return parts && parts->sequence == all.differing.front().sequence ? 0 : 1;
}
