#pragma once

// How everything here is timed. The contenders of a race run in one process, one after the other in
// an order that is shuffled every round, and the median of each counts: the machine's moods fall on
// all of them alike, and it is the ratios that are reported. What only computes is timed by its
// thread's processor time, so that another program's turn is not taken for its own. A race has a
// budget of time, of which each contender has its share: the slow run fewer rounds.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <limits>
#include <malloc.h>
#include <numeric>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <time.h>
#include <utility>
#include <vector>

namespace bench {

struct options {
    bool quick = false;             // fewer rounds, nothing of 1 GiB
    std::vector<std::string> areas; // only these, or all
    std::string json;
    std::string svg;
    std::string show;
    std::string data = "build/bench-data"; // a folder for files, on the disk to be measured
    std::size_t size = 0;                  // MiB of the streamed database; 0: as `quick` says
};

// One comparison. `ratio`: how many times better ours is.
struct row {
    std::string area;
    std::string what;
    double ours = 0;
    std::string unit;
    std::string against;
    double theirs = 0;
    double ratio = 0;
    std::optional<double> goal{};
};

using rows = std::vector<row>;

void measure_checksums(const options& chosen, rows& to);
void measure_blake3(const options& chosen, rows& to);
void measure_vamm_memory(const options& chosen, rows& to);
void measure_vamm_files(const options& chosen, rows& to);
void measure_bincode(const options& chosen, rows& to);
void measure_chain(const options& chosen, rows& to);
void measure_compile(const options& chosen, rows& to);
void measure_json(const options& chosen, rows& to);
void measure_replay(const options& chosen, rows& to);
void measure_rocksdb(const options& chosen, rows& to);
void measure_series(const options& chosen, rows& to);
void measure_delta(const options& chosen, rows& to);
void measure_s3(const options& chosen, rows& to);
void measure_stream(const options& chosen, rows& to);
void measure_stream_wires(const options& chosen, rows& to);

void print_tables(const rows& all);
[[nodiscard]] bool write_json(const rows& all, const std::string& path);
[[nodiscard]] bool write_svg(const rows& all, const std::string& path);
[[nodiscard]] std::optional<rows> read_json(const std::string& path);

inline constexpr std::size_t kib = std::size_t{1} << 10U;
inline constexpr std::size_t mib = std::size_t{1} << 20U;
inline constexpr std::size_t gib = std::size_t{1} << 30U;

[[nodiscard]] inline std::string size_text(std::size_t bytes) {
    return bytes >= gib   ? std::to_string(bytes / gib) + " GiB"
           : bytes >= mib ? std::to_string(bytes / mib) + " MiB"
           : bytes >= kib ? std::to_string(bytes / kib) + " KiB"
                          : std::to_string(bytes) + " bytes";
}

[[noreturn]] inline void die(std::string_view what) {
    std::fprintf(stderr, "tintype_bench: %.*s\n", static_cast<int>(what.size()), what.data());
    std::exit(1);
}

// A figure of something that failed or gave a wrong answer must not be printed.
inline void must(bool good, std::string_view what) {
    if (!good) {
        die(what);
    }
}

template <class T>
auto must(tintype::result<T> outcome, std::string_view what) {
    if (!outcome) {
        const tintype::error& failed = outcome.error();
        std::fprintf(
            stderr, "%s: %.*s, found %llu, wanted %llu, errno %d\n", std::string{what}.c_str(),
            static_cast<int>(tintype::name_of(failed.code).size()),
            tintype::name_of(failed.code).data(), static_cast<unsigned long long>(failed.found),
            static_cast<unsigned long long>(failed.wanted), failed.system);
        std::exit(1);
    }
    if constexpr (!std::is_void_v<T>) {
        return *std::move(outcome);
    }
}

// Makes the compiler believe that somebody looks at the memory behind the pointer.
inline void keep(const void* memory) noexcept {
    asm volatile("" : : "r"(memory) : "memory");
}

struct contender {
    std::string name;
    std::function<void()> run;
    std::function<void()> prepare{}; // before every run, not timed; then runs are not repeated
    int most = std::numeric_limits<int>::max(); // rounds, for what takes seconds
    bool waits = false;                         // for a disk, so that time passes on the wall only
};

[[nodiscard]] inline double seconds_by(clockid_t clock) noexcept {
    struct timespec now{};
    ::clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

[[nodiscard]] inline double seconds_of(const contender& each, std::size_t times) {
    if (each.prepare) {
        each.prepare();
    }
    const clockid_t clock = each.waits ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID;
    const double begin = seconds_by(clock);
    for (std::size_t i = 0; i != times; ++i) {
        each.run();
    }
    return (seconds_by(clock) - begin) / static_cast<double>(times);
}

// One that takes part: how long it had the machine, and what its runs took.
struct lane {
    const contender* who = nullptr;
    std::size_t times = 1; // one after the other, for what is over too soon to be timed
    double spent = 0;
    std::vector<double> samples{};

    double run() {
        const double begin = seconds_by(CLOCK_MONOTONIC);
        const double seconds = seconds_of(*who, times);
        spent += seconds_by(CLOCK_MONOTONIC) - begin;
        return seconds;
    }

    // Three samples are wanted of the slowest too, unless they are slower than that.
    [[nodiscard]] bool goes_on(double share) const noexcept {
        const std::size_t count = samples.size();
        return count < static_cast<std::size_t>(who->most) &&
               (count == 0 || spent < share || (count < 3 && spent < 2 * share));
    }

    [[nodiscard]] double median() {
        const auto middle = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2);
        std::ranges::nth_element(samples, middle);
        return samples.size() % 2 != 0 ? *middle
                                       : (*middle + *std::max_element(samples.begin(), middle)) / 2;
    }
};

// The median seconds of one run of each, of at most so many rounds.
[[nodiscard]] inline std::vector<double> race(const std::vector<contender>& all, int rounds) {
    constexpr double budget = 6;
    constexpr double least_sample = 1e-3;
    const double share = budget / static_cast<double>(all.size());
    std::vector<lane> lanes;
    for (const contender& each : all) {
        lane& added = lanes.emplace_back(lane{.who = &each});
        const double warm_up = added.run();
        if (added.spent > share / 2) {
            added.samples.push_back(warm_up); // it has been warm for long before its end
        } else if (!each.prepare && warm_up < least_sample) {
            added.times =
                static_cast<std::size_t>(std::ceil(least_sample / std::max(warm_up, 1e-9)));
        }
    }
    std::vector<std::size_t> order(all.size());
    std::iota(order.begin(), order.end(), std::size_t{});
    std::mt19937 random(1);
    for (int round = 0; round != rounds; ++round) {
        std::shuffle(order.begin(), order.end(), random);
        for (const std::size_t i : order) {
            if (lanes[i].goes_on(share)) {
                lanes[i].samples.push_back(lanes[i].run());
            }
        }
    }
    std::vector<double> medians;
    for (lane& each : lanes) {
        medians.push_back(each.median());
    }
    return medians;
}

// Somebody else's way, or a limit, and the ratio that we aim for, if any.
struct rival {
    contender run;
    std::optional<double> goal{};
};

// Races ours against the others and adds a row for each: in milliseconds, or, where it is told how
// many bytes a run goes through, in megabytes (10^6 bytes) a second.
inline void duel(rows& to, std::string_view area, const std::string& what, contender ours,
                 std::vector<rival> others, int rounds, std::size_t bytes = 0) {
    std::vector<contender> all{std::move(ours)};
    for (const rival& each : others) {
        all.push_back(each.run);
    }
    const auto medians = race(all, rounds);
    const auto figure = [&](double seconds) {
        return bytes == 0 ? seconds * 1e3 : static_cast<double>(bytes) / seconds / 1e6;
    };
    for (std::size_t i = 0; i != others.size(); ++i) {
        to.push_back({.area = std::string{area},
                      .what = what,
                      .ours = figure(medians[0]),
                      .unit = bytes == 0 ? "ms" : "MB/s",
                      .against = others[i].run.name,
                      .theirs = figure(medians[i + 1]),
                      .ratio = medians[i + 1] / medians[0],
                      .goal = others[i].goal});
    }
    std::fprintf(stderr, "  %s\n", what.c_str());
}

// A field of /proc/self/status, in bytes.
[[nodiscard]] inline double own_status(std::string_view field) {
    std::FILE* file = std::fopen("/proc/self/status", "r");
    must(file != nullptr, "no /proc/self/status");
    char line[256];
    double found = 0;
    while (std::fgets(line, sizeof line, file) != nullptr) {
        if (std::string_view{line}.starts_with(field)) {
            found = std::strtod(line + field.size() + 1, nullptr) * 1024;
        }
    }
    std::fclose(file);
    return found;
}

// The most memory that was the process's own during `act`, beyond what was before, in bytes. What
// `act` returns still counts.
template <class Act>
[[nodiscard]] double peak_of(Act act) {
    ::malloc_trim(0); // what was freed before would be used again without being seen
    std::FILE* reset = std::fopen("/proc/self/clear_refs", "w");
    must(reset != nullptr && std::fputs("5", reset) >= 0 && std::fclose(reset) == 0,
         "cannot reset the peak of memory");
    const double before = own_status("VmRSS");
    const auto held = act();
    keep(&held);
    return std::max(own_status("VmHWM") - before, 0.0);
}

} // namespace bench
