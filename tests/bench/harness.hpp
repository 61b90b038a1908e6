#pragma once

// How everything here is timed. The contenders of a race run in one process, one after the other in
// an order that is shuffled every round, and the median of each counts: the machine's moods fall on
// all of them alike, and it is the ratios that are reported. What only computes is timed by its
// thread's processor time, so that another program's turn is not taken for its own.

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
    bool quick = false; // fewer rounds, nothing of 1 GiB
    std::string area;   // only this one, or empty
    std::string json;
    std::string svg;
    std::string show;
    std::string data = "build/bench-data"; // a folder for files, on the disk to be measured
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
void measure_vamm_memory(const options& chosen, rows& to);
void measure_vamm_files(const options& chosen, rows& to);

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

// The median seconds of one run of each.
[[nodiscard]] inline std::vector<double> race(const std::vector<contender>& all, int rounds) {
    constexpr double least_sample = 1e-3;
    std::vector<std::vector<double>> samples(all.size());
    std::vector<std::size_t> times(all.size(), 1);
    for (std::size_t i = 0; i != all.size(); ++i) {
        if (all[i].most < rounds) {
            continue;
        }
        const double warm_up = seconds_of(all[i], 1);
        if (!all[i].prepare && warm_up < least_sample) {
            times[i] = static_cast<std::size_t>(std::ceil(least_sample / std::max(warm_up, 1e-9)));
        }
    }
    std::vector<std::size_t> order(all.size());
    std::iota(order.begin(), order.end(), std::size_t{});
    std::mt19937 random(1);
    for (int round = 0; round != rounds; ++round) {
        std::shuffle(order.begin(), order.end(), random);
        for (const std::size_t i : order) {
            if (round < all[i].most) {
                samples[i].push_back(seconds_of(all[i], times[i]));
            }
        }
    }
    std::vector<double> medians;
    for (auto& each : samples) {
        const auto middle = each.begin() + static_cast<std::ptrdiff_t>(each.size() / 2);
        std::ranges::nth_element(each, middle);
        medians.push_back(*middle);
    }
    return medians;
}

// Somebody else's way, or a limit, and the ratio that we aim for, if any.
struct rival {
    contender run;
    std::optional<double> goal{};
};

// Races ours against the others and adds a row for each, in milliseconds.
inline void duel(rows& to, std::string_view area, const std::string& what, contender ours,
                 std::vector<rival> others, int rounds) {
    std::vector<contender> all{std::move(ours)};
    for (const rival& each : others) {
        all.push_back(each.run);
    }
    const auto medians = race(all, rounds);
    for (std::size_t i = 0; i != others.size(); ++i) {
        to.push_back({.area = std::string{area},
                      .what = what,
                      .ours = medians[0] * 1e3,
                      .unit = "ms",
                      .against = others[i].run.name,
                      .theirs = medians[i + 1] * 1e3,
                      .ratio = medians[i + 1] / medians[0],
                      .goal = others[i].goal});
    }
    std::fprintf(stderr, "  %s\n", what.c_str());
}

} // namespace bench
