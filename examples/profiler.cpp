// Watches the machine that it runs on for some seconds and keeps what it sees in a delta store:
// CPUs, memory, disks, networks and the busiest processes, many times a second. Then it opens the
// store again, asks it what happened, lets it grow old until all of it is in the archive, asks
// again, and draws a chart of what the archive says.
//
//   profiler [--seconds N] [--interval MS] [--store DIR] [--svg FILE] [--plain]

#include <tintype/fmt.hpp>

#include "profiler/chart.hpp"
#include "profiler/dashboard.hpp"
#include "profiler/history.hpp"
#include "profiler/questions.hpp"
#include "profiler/sampler.hpp"
#include "profiler/terminal.hpp"
#include "profiler/text.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace profiler;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

struct wishes {
    double seconds = 8;
    int interval_ms = 100;
    std::string store{};
    std::string svg{};
    bool plain = false;
};

[[noreturn]] void stop(std::string_view doing, const tintype::error& what) {
    fmt::print(stderr, "profiler: {}: {}\n", doing, what);
    std::exit(3);
}

template <class T>
T must(std::string_view doing, tintype::result<T> outcome) {
    if (!outcome) {
        stop(doing, outcome.error());
    }
    return *std::move(outcome);
}

void must(std::string_view doing, tintype::result<void> outcome) {
    if (!outcome) {
        stop(doing, outcome.error());
    }
}

void row(std::string_view what, std::string_view value) {
    fmt::print("  {:<18} {}\n", what, value);
}

// -- the recording

struct recording {
    time_range when{};
    std::uint64_t samples = 0;
    std::uint32_t digest = 0;            // of every sample
    std::chrono::nanoseconds sampling{}; // all of them together
    std::chrono::nanoseconds appending{};
};

// Shows what was recorded so far: a picture on a terminal, else a line each second.
class show {
public:
    explicit show(bool plain) : board_(wants_colour()) {
        if (!plain && can_redraw()) {
            screen_.emplace();
        }
    }

    void add(const machine_sample& sample) { board_.add(sample); }

    void draw(const progress& now) {
        if (screen_) {
            screen_->draw(board_.lines(now, terminal_extent()));
        } else if (now.seconds >= next_line_) {
            fmt::print("{}{}\n", next_line_ < 1 ? dashboard::summary_head() + "\n" : "",
                       board_.summary(now));
            std::fflush(stdout);
            next_line_ = std::floor(now.seconds + 0.05) + 0.95;
        }
    }

private:
    dashboard board_;
    std::optional<screen> screen_;
    double next_line_ = 0.95;
};

// Adds to a history until the time is over or somebody stops it. The screen is as it was before
// when this returns, also by an error.
tintype::result<recording> record(const wishes& wanted, sampler& look, history& past) {
    using steady = std::chrono::steady_clock;
    const std::uint64_t already = past.count();
    const std::uint64_t already_kept = past.kept_bytes();
    const std::uint64_t already_raw = past.raw_bytes();

    recording done;
    fingerprint whole;
    show on{wanted.plain};
    const auto interval = std::chrono::milliseconds{wanted.interval_ms};
    const auto start = steady::now();
    const auto end = start + std::chrono::duration_cast<steady::duration>(
                                 std::chrono::duration<double>{wanted.seconds});
    const auto so_far = [&](bool over) {
        return progress{.seconds = std::chrono::duration<double>(steady::now() - start).count(),
                        .planned = wanted.seconds,
                        .samples = past.count() - already,
                        .kept = past.kept_bytes() - already_kept,
                        .raw = past.raw_bytes() - already_raw,
                        .over = over};
    };
    auto next = start + interval;
    auto drawn = start;
    while (next <= end && sleep_until(next)) {
        const auto woken = steady::now();
        const machine_sample sample = look.take();
        const auto sampled = steady::now();
        auto good = past.append(sample);
        done.sampling += sampled - woken;
        done.appending += steady::now() - sampled;
        good = good ? whole.add(sample) : good;
        if (!good) {
            return tintype::pass(good);
        }
        done.when = {done.samples == 0 ? sample.timestamp_ns : done.when.from, sample.timestamp_ns};
        ++done.samples;
        on.add(sample);
        if (sampled - drawn >= 90ms) {
            drawn = sampled;
            on.draw(so_far(false));
        }
        // Moments that were missed are not made up for.
        do {
            next += interval;
        } while (next < steady::now());
    }
    if (done.samples != 0) {
        on.draw(so_far(true));
    }
    if (auto good = past.flush(); !good) {
        return tintype::pass(good);
    }
    done.digest = whole.digest();
    return done;
}

// -- what the history says

void show_recording(const wishes& wanted, const recording& done) {
    fmt::print("\nThe recording\n");
    const auto each = [&](std::chrono::nanoseconds all) {
        return human_time(all / static_cast<std::int64_t>(done.samples));
    };
    row("samples",
        fmt::format("{}, from {} to {} UTC on {}", done.samples, clock_time(done.when.from),
                    clock_time(done.when.to), date(done.when.from)));
    row("each took", fmt::format("{} to look, {} to append, of {} ms", each(done.sampling),
                                 each(done.appending), wanted.interval_ms));
}

// The busiest first.
std::string who_ran(const machine_sample& then) {
    std::vector<std::pair<double, std::string>> all;
    for (const auto& [id, each] : then.processes) {
        if (each.cpu >= 0.5) {
            all.emplace_back(each.cpu, fmt::format("{} {:.0f} %", each.name, each.cpu));
        }
    }
    std::ranges::sort(all, std::greater<>{});
    all.resize(std::min<std::size_t>(all.size(), 3));
    std::vector<std::string> said;
    for (auto& [cpu, text] : all) {
        said.push_back(std::move(text));
    }
    return said.empty() ? "nothing that is counted" : fmt::format("{}", fmt::join(said, ", "));
}

void show_answers(const answers& all) {
    fmt::print("  {:<18} {:>12} {:>12} {:>12} {:>12} {:>14}\n", "", "min", "mean", "p95", "max",
               "answered in");
    const auto in_figures = [](std::string_view what, const answer<figures>& of) {
        fmt::print("  {:<18} {:>12.2f} {:>12.2f} {:>12.2f} {:>12.2f} {:>14}\n", what,
                   of.value.least, of.value.mean, of.value.p95, of.value.most, human_time(of.took));
    };
    const auto in_words = [](std::string_view what, const std::string& said,
                             std::chrono::nanoseconds took) {
        fmt::print("  {:<18} {:<51} {:>14}\n", what, said, human_time(took));
    };
    in_figures("CPU, %", all.cpu);
    in_figures("memory, MiB", all.memory);
    in_words(
        "busiest moment",
        fmt::format("{}, at {:.2f} %", clock_time(all.busiest.value.time), all.busiest.value.value),
        all.busiest.took);
    in_words("what ran then", who_ran(all.then.value), all.then.took);
    in_words("every sample", fmt::format("{} of them", all.samples), all.digest.took);
}

// Whether each age gave the same answers.
bool grow_old(const wishes& wanted, const recording& done, const answers& first) {
    fmt::print("\nIt grows old, and says the same\n");
    fmt::print("  {:<18} {:>11} {:>13}  {:<16} {}\n", "kept as", "bytes", "of raw",
               "all answers in", "same answers");
    bool good = true;
    const auto line = [&](std::string_view name, const history& past, const answers& now) {
        const bool alike = same(first, now) && now.digest.value == done.digest;
        fmt::print("  {:<18} {:>11} {:>11.1f} %  {:<16} {}\n", name, human_size(past.kept_bytes()),
                   percent(past.kept_bytes(), past.raw_bytes()), human_time(now.took()),
                   alike ? "yes" : "NO");
        good = good && alike;
    };
    {
        auto past = must("open the store", history::open(wanted.store));
        line("raw tier", past, first);
        must("clean up", past.grow(age::old, done.when.to));
        line("compressed tier", past, must("ask", ask(past, done.when)));
        must("clean up", past.grow(age::oldest, done.when.to));
    }
    const auto past = must("open the store", history::open(wanted.store));
    line("archive tier", past, must("ask", ask(past, done.when)));
    return good;
}

void draw_chart(const wishes& wanted, const recording& done) {
    const auto past = must("open the store", history::open(wanted.store));
    std::vector<machine_sample> samples;
    must("read",
         past.each(done.when, [&](const machine_sample& each) { samples.push_back(each); }));
    std::ofstream file{wanted.svg, std::ios::binary | std::ios::trunc};
    file << chart{std::move(samples)}.draw();
    file.close();
    if (!file) {
        fmt::print(stderr, "profiler: cannot write {}\n", wanted.svg);
        std::exit(3);
    }
}

int run(wishes wanted) {
    if (wanted.store.empty()) {
        std::string name = (fs::temp_directory_path() / "tintype-profiler-XX"
                                                        "XXXX")
                               .string();
        if (::mkdtemp(name.data()) == nullptr) {
            std::perror("profiler: mkdtemp");
            return 3;
        }
        wanted.store = std::move(name);
    }
    if (wanted.svg.empty()) {
        wanted.svg =
            fs::path{wanted.store + "/."}.lexically_normal().parent_path().string() + ".svg";
    }
    watch_for_stop();
    const recording done = [&] {
        auto look = must("look at the machine", sampler::open());
        auto past = must("open the store", history::open(wanted.store));
        return must("record", record(wanted, look, past));
    }();
    if (done.samples < 2) {
        fmt::print(stderr, "profiler: stopped before the second sample\n");
        return 1;
    }
    show_recording(wanted, done);

    fmt::print("\nWhat happened, by the store's files\n");
    const auto first = [&] {
        const auto past = must("open the store", history::open(wanted.store));
        return must("ask", ask(past, done.when));
    }();
    show_answers(first);
    row("as recorded", first.digest.value == done.digest ? "yes, to the last bit" : "NO");

    const bool good = grow_old(wanted, done, first);
    draw_chart(wanted, done);
    fmt::print("\n");
    row("the chart", wanted.svg);
    row("the store", wanted.store);
    return good ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
    wishes wanted;
    CLI::App parser{"Watches this machine, keeps what it sees, and says what happened."};
    parser.add_option("--seconds", wanted.seconds, "how long")
        ->check(CLI::Range(0.1, 1e7))
        ->capture_default_str();
    parser.add_option("--interval", wanted.interval_ms, "milliseconds from sample to sample")
        ->check(CLI::Range(20, 3'600'000))
        ->capture_default_str();
    parser.add_option("--store", wanted.store, "folder of the history, continued if there is one");
    parser.add_option("--svg", wanted.svg, "file of the chart; STORE.svg otherwise");
    parser.add_flag("--plain", wanted.plain, "a line a second, also on a terminal");
    try {
        parser.parse(argc, argv);
    } catch (const CLI::ParseError& what) {
        return parser.exit(what) == 0 ? 0 : 2;
    }
    if (wanted.interval_ms * 2 > wanted.seconds * 1000) {
        fmt::print(stderr, "profiler: two samples are the least: {} ms twice are more than {} s\n",
                   wanted.interval_ms, wanted.seconds);
        return 2;
    }
    return run(std::move(wanted));
}
