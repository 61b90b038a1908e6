// A vector search whose passages come, change and go for some days: a full snapshot each night, an
// increment each other hour. Then its process is killed in the middle of a snapshot and its newest
// files are damaged; the newest snapshot that is whole is found and restored, and gives every
// answer that it gave when it was taken, to the last bit. So do the lost hours, lived again from
// there.
//
//   vector_store [--quick] FOLDER [[NAME=]TEXTS...]

#include <tintype/chain/chain_manager.hpp>
#include <tintype/fmt.hpp>
#include <tintype/storage/directory.hpp>

#include "vector_store/life.hpp"
#include "vector_store/store.hpp"
#include "vector_store/texts.hpp"
#include "vector_store/visitors.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

// A clock of the example's own: its hours pass in no time. Copies are the same clock.
class story_clock {
public:
    void show(std::uint64_t hour) const {
        *now_ = std::chrono::sys_days{std::chrono::year{2026} / 3 / 2} + std::chrono::hours{hour};
    }

    [[nodiscard]] tintype::timestamp now() const { return *now_; }

private:
    std::shared_ptr<tintype::timestamp> now_ = std::make_shared<tintype::timestamp>();
};

using retention = tintype::keep_any<tintype::keep_last, tintype::keep_daily>;
using snapshots =
    tintype::chain_manager<vector_store, tintype::directory, tintype::chain_columns,
                           tintype::crc32c, retention, tintype::timed_ids<>, story_clock>;

[[noreturn]] void stop(std::string_view doing, const tintype::error& what) {
    fmt::print(stderr, "vector_store: {}: {}\n", doing, what);
    std::exit(3);
}

template <class T>
T must(std::string_view doing, tintype::result<T> outcome) {
    if (!outcome) {
        stop(doing, outcome.error());
    }
    return *std::move(outcome);
}

void row(std::string_view what, std::string_view value) {
    fmt::print("  {:<22} {}\n", what, value);
}

std::string kib(std::uint64_t bytes) {
    return bytes < (10U << 20U) ? fmt::format("{} KiB", bytes >> 10U)
                                : fmt::format("{} MiB", bytes >> 20U);
}

template <class Work>
double milliseconds(Work work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
        .count();
}

// What the process tells its parent when an hour's snapshot is durable.
struct acknowledgement {
    std::uint64_t hour = 0;
    std::array<char, 48> snapshot{};
    std::uint32_t fingerprint = 0;
    answers told{};
};

acknowledgement acknowledge(vector_store& store, const library& texts, std::string_view id) {
    acknowledgement done{.hour = store.side().hour,
                         .fingerprint = must("fingerprint", fingerprint(store)),
                         .told = must("search", ask(store, texts))};
    std::ranges::copy(id.substr(0, done.snapshot.size() - 1), done.snapshot.begin());
    return done;
}

bool same(const acknowledgement& a, const acknowledgement& b) {
    return a.hour == b.hour && a.fingerprint == b.fingerprint && same(a.told, b.told);
}

// -- the days

struct plan_of_days {
    std::string folder;
    std::uint64_t last_hour; // whose snapshot is acknowledged
};

snapshots open(const plan_of_days& plan, const story_clock& clock) {
    // No other process writes here, so every temporary is a dead one's.
    return must("open", snapshots::open(tintype::directory{plan.folder},
                                        retention{tintype::keep_last{12}, tintype::keep_daily{7}},
                                        {.sweep_grace = 0s}, {}, {}, clock));
}

bool is_night(std::uint64_t hour) {
    return hour == 0 || hour % 24 == 23;
}

struct day_figures {
    changes count{};
    std::uint64_t increments = 0;
    std::uint64_t bytes = 0;
    double time = 0;
    std::size_t removed = 0;
};

// Takes the hour's snapshot, prints a line at night, and returns the id.
std::string snapshot(const snapshots& manager, vector_store& store, std::string_view parent,
                     day_figures& day) {
    const std::uint64_t hour = store.side().hour;
    const std::string said = clock_face(hour);
    tintype::taken_snapshot taken;
    const auto time = milliseconds([&] {
        taken =
            is_night(hour)
                ? must("take a full snapshot", manager.create_full(store, {.description = said}))
                : must("take an increment",
                       manager.create_incremental(store, parent, {.description = said}));
    });
    if (!taken.cleanup.failures.empty()) {
        stop("remove", taken.cleanup.failures.front());
    }
    day.removed += taken.cleanup.removed.size();
    if (!is_night(hour)) {
        ++day.increments;
        day.bytes += taken.info.data_size;
        day.time += time;
        return taken.info.id;
    }
    const auto each = std::max<std::uint64_t>(day.increments, 1);
    fmt::print("  {}  {:>5} passages  +{:<4} ~{:<4} -{:<4}  full {:>9} {:>4.0f} ms{}{}\n",
               clock_face(hour), store.size(), day.count.came, day.count.corrected, day.count.went,
               kib(taken.info.data_size), time,
               day.increments == 0
                   ? ""
                   : fmt::format(", {} increments of {} {:.1f} ms", day.increments,
                                 kib(day.bytes / each), day.time / static_cast<double>(each)),
               day.removed == 0 ? "" : fmt::format(", {} removed", day.removed));
    day = {};
    return taken.info.id;
}

// Lives, acknowledges each hour, and dies in the middle of a night's full snapshot.
[[noreturn]] void live(const plan_of_days& plan, const library& texts, int acknowledgements) {
    const story_clock clock;
    const auto manager = open(plan, clock);
    vector_store store;
    day_figures day;
    std::string id;
    for (begin(store, texts);; day.count += next_hour(store, texts)) {
        clock.show(store.side().hour);
        if (store.side().hour > plan.last_hour) {
            break;
        }
        id = snapshot(manager, store, id, day);
        const auto done = acknowledge(store, texts, id);
        if (::write(acknowledgements, &done, sizeof done) != sizeof done) {
            std::exit(3);
        }
    }
    const auto die = [](tintype::progress now) {
        if (now.done >= now.total / 2) {
            fmt::print("  {} KiB of {} KiB written, and the process is killed\n", now.done >> 10U,
                       now.total >> 10U);
            std::fflush(stdout);
            ::raise(SIGKILL);
        }
    };
    fmt::print("  {}  {:>5} passages  and a full snapshot begins ...\n",
               clock_face(store.side().hour), store.size());
    const tintype::monitor watch{die};
    must("take a full snapshot", manager.create_full(store, {.watch = &watch}));
    std::exit(3);
}

std::vector<acknowledgement> live_until_killed(const plan_of_days& plan, const library& texts) {
    int ends[2];
    if (::pipe(ends) != 0) {
        std::perror("vector_store: pipe");
        std::exit(3);
    }
    std::fflush(stdout);
    const pid_t child = ::fork();
    if (child == 0) {
        ::close(ends[0]);
        live(plan, texts, ends[1]);
    }
    ::close(ends[1]);
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> from{::fdopen(ends[0], "rb"),
                                                               &std::fclose};
    std::vector<acknowledgement> all;
    for (acknowledgement each{}; std::fread(&each, sizeof each, 1, from.get()) == 1;) {
        all.push_back(each);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL || all.size() != plan.last_hour + 1) {
        fmt::print(stderr, "vector_store: the process died before its time\n");
        std::exit(3);
    }
    return all;
}

// -- the disaster

void rewrite(const std::string& path, const auto& change) {
    std::ifstream in{path, std::ios::binary};
    std::string bytes{std::istreambuf_iterator<char>{in}, {}};
    in.close();
    change(bytes);
    std::ofstream{path, std::ios::binary | std::ios::trunc}.write(
        bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

void damage(const plan_of_days& plan, std::span<const acknowledgement> acknowledged) {
    const auto path = [&](std::size_t back, std::string_view suffix) {
        return fmt::format("{}/{}{}", plan.folder,
                           acknowledged[acknowledged.size() - 1 - back].snapshot.data(), suffix);
    };
    rewrite(path(0, ".meta"), [](std::string& bytes) { bytes[bytes.size() / 2] ^= 0x10; });
    rewrite(path(2, ".snap"), [](std::string& bytes) {
        const auto sector = bytes.size() / 2 / 512 * 512;
        std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(sector), bytes.end(), '\0');
    });
    row("the newest", "one bit of its manifest is flipped");
    row("two before that", "from the middle on, its sectors never reached the disk: zeros");
}

// -- the way back

std::string yes(bool so) {
    return so ? "yes" : "NO";
}

const acknowledgement& of(std::span<const acknowledgement> all, std::string_view id) {
    const auto at = std::ranges::find_if(
        all, [&](const acknowledgement& each) { return each.snapshot.data() == id; });
    if (at == all.end()) {
        fmt::print(stderr, "vector_store: {} was never acknowledged\n", id);
        std::exit(1);
    }
    return *at;
}

// What is newer than the one restored, each before its parent.
void clear_away(const snapshots& manager, std::string_view restored) {
    const auto all = must("list", manager.list());
    for (const tintype::damaged_snapshot& each : all.damaged) {
        must("remove", manager.remove(each.id));
    }
    for (const tintype::snapshot_info& each : all.snapshots) {
        if (each.id == restored) {
            return;
        }
        must("remove", manager.remove(each.id));
    }
}

// The nearest of the first few answers.
void show_answers(const vector_store& store, const library& texts, const answers& all) {
    for (std::size_t i = 0; i != 3; ++i) {
        fmt::print("  \"{}\"\n", queries[i]);
        for (const hit& each : std::span{all[i]}.first(2)) {
            for (const shelf& where : texts.shelves()) {
                if (const passage* found = store.find(where.name, each.id)) {
                    fmt::print("    {:.3f}  {}/{}: {}...\n", 1 - each.distance, where.name,
                               found->source, found->text.substr(0, 72));
                }
            }
        }
    }
}

std::string changes_between(const snapshots& manager, std::string_view before,
                            std::string_view after) {
    std::vector<std::string> all;
    for (const auto& each : must("compare", manager.diff(before, after))) {
        all.push_back(each.before && each.after
                          ? fmt::format("{} +{} ~{} -{}", each.name, each.added.size(),
                                        each.changed.size(), each.removed.size())
                          : fmt::format("\"{}\" is {}", each.name, each.after ? "new" : "gone"));
    }
    return fmt::format("{}", fmt::join(all, ", "));
}

// Increments kept for a like reason are shown by the first and the last of them.
void show_tree(const snapshots& manager) {
    const auto all = must("plan", manager.plan());
    const auto show = [](const tintype::chain_decision& each) {
        fmt::print("  {}  {}  {:<22} {:<11} {:>8}  {}\n", each.info.parent_id ? '|' : '*',
                   each.info.description.value_or(""), each.info.id, name_of(each.info.type),
                   kib(each.info.data_size), each.reason);
    };
    const auto alike = [](const tintype::chain_decision& a, const tintype::chain_decision& b) {
        return a.info.parent_id && b.info.parent_id &&
               a.reason.substr(0, a.reason.find(' ')) == b.reason.substr(0, b.reason.find(' '));
    };
    for (auto at = all.begin(); at != all.end();) {
        const auto end =
            std::find_if_not(at, all.end(), [&](const auto& each) { return alike(*at, each); });
        show(*at);
        if (end - at > 2) {
            fmt::print("  |  ... {} more ...\n", end - at - 2);
        }
        if (end - at > 1) {
            show(*std::prev(end));
        }
        at = std::max(end, std::next(at));
    }
}

// Whether everything was as it must be.
bool recover_and_live_on(const plan_of_days& plan, const library& texts,
                         std::span<const acknowledgement> acknowledged) {
    const auto snapshot_of = [&](std::size_t back) -> std::string {
        return acknowledged[acknowledged.size() - 1 - back].snapshot.data();
    };
    const story_clock clock;
    clock.show(plan.last_hour + 1);
    const auto manager = open(plan, clock);

    const auto verified = must("verify", manager.verify());
    for (const auto& [id, what] : verified.bad) {
        row(clock_face(of(acknowledged, id).hour), fmt::format("{}", what));
    }
    std::vector<std::string> bad;
    std::ranges::transform(verified.bad, std::back_inserter(bad), &tintype::damaged_snapshot::id);
    const std::vector wanted{snapshot_of(0), snapshot_of(1), snapshot_of(2)};
    const bool named = std::ranges::is_permutation(bad, wanted);
    row("damage found", fmt::format("{}: {} cannot be restored, {} can", yes(named), bad.size(),
                                    verified.good.size()));

    vector_store store;
    std::string id = verified.good.empty() ? "" : verified.good.front();
    const auto reading = milliseconds([&] { must("read", manager.contents(id)); });
    const auto restoring = milliseconds([&] { must("restore", manager.restore(store, id)); });
    const auto& then = of(acknowledged, id);
    const auto links = must("chain", manager.chain(id));
    row("restored", fmt::format("{}, {}: {} passages from {} snapshots", clock_face(then.hour), id,
                                store.size(), links.size()));
    row("", fmt::format("read and verified in {:.0f} ms, with new indexes in {:.0f} ms", reading,
                        restoring));
    row("since the night before", changes_between(manager, links.front().id, id));
    const auto now = acknowledge(store, texts, id);
    row("same records", yes(now.fingerprint == then.fingerprint));
    row("same answers", yes(same(now.told, then.told)));
    show_answers(store, texts, now.told);
    const bool good = named && id == snapshot_of(3) && same(now, then);

    fmt::print("\nThe lost hours are lived again\n");
    clear_away(manager, id);
    std::size_t again = 0;
    std::size_t lost = 0;
    day_figures day;
    while (store.side().hour != plan.last_hour) {
        day.count += next_hour(store, texts);
        id = snapshot(manager, store, id, day);
        ++lost;
        again += same(acknowledge(store, texts, id), acknowledged[store.side().hour]) ? 1U : 0U;
    }
    row("same answers", fmt::format("{}: in {} of {} hours", yes(again == lost), again, lost));
    day.count += next_hour(store, texts);
    snapshot(manager, store, id, day);

    fmt::print("\nThe folder\n");
    show_tree(manager);
    const auto after = must("verify", manager.verify());
    row("verified", fmt::format("{} undamaged, {} damaged", after.good.size(), after.bad.size()));
    return good && again == lost && after.bad.empty();
}

} // namespace

int main(int argc, char** argv) {
    std::vector<std::string> arguments{argv + 1, argv + argc};
    const bool quick = std::erase(arguments, "--quick") != 0;
    if (arguments.empty()) {
        fmt::print(stderr, "usage: vector_store [--quick] FOLDER [[NAME=]TEXTS...]\n");
        return 2;
    }
    const plan_of_days plan{.folder = arguments.front(), .last_hour = (quick ? 2U : 4U) * 24 - 2};
    arguments.erase(arguments.begin());
    if (arguments.empty()) {
        arguments = {"licenses=/usr/share/common-licenses", "packages=/usr/share/doc"};
    }
    fs::remove_all(plan.folder);
    const library texts{arguments, quick ? std::size_t{300} : 4000};
    if (texts.shelves().empty()) {
        fmt::print(stderr, "vector_store: no text in {}\n", fmt::join(arguments, " "));
        return 3;
    }

    fmt::print("A vector search lives for {} days\n", plan.last_hour / 24 + 1);
    row("reads", fmt::format("{} files: {} passages on {} shelves, {} dimensions", texts.files(),
                             texts.paragraphs(), texts.shelves().size(), dimensions));
    row("keeps", "the last 12 snapshots, the last of each of 7 days, and what these need");
    const auto acknowledged = live_until_killed(plan, texts);
    std::size_t moved = 0;
    for (std::size_t i = 1; i < acknowledged.size(); ++i) {
        moved += same(acknowledged[i - 1].told, acknowledged[i].told) ? 0U : 1U;
    }
    row("answers", fmt::format("{} questions asked in each of {} hours; in {} of them some answer "
                               "was new",
                               queries.size(), acknowledged.size(), moved));

    fmt::print("\nIts memory is gone, and its newest files are damaged\n");
    damage(plan, acknowledged);
    fmt::print("\nRecovery\n");
    return recover_and_live_on(plan, texts, acknowledged) ? 0 : 1;
}
