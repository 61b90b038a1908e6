#pragma once

// Looks at the machine: counters from /proc, and what they grew by since the last look. Processes
// come and go while they are being read, and files may be missing where /proc is somebody else's:
// both are ordinary, and what is missing is zero.

#include <tintype/core/error.hpp>

#include "parse.hpp"
#include "sample.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <unistd.h>
#include <unordered_map>
#include <utility>
#include <vector>

namespace profiler {

class sampler {
public:
    // Takes the first look. `most` is how many processes a sample has.
    [[nodiscard]] static tintype::result<sampler> open(std::string proc = "/proc",
                                                       std::size_t most = 12) {
        sampler made{std::move(proc), most};
        if (!made.look()) {
            return tintype::fail({.code = tintype::errc::not_found,
                                  .where = made.proc_ + "/stat",
                                  .system = ENOENT});
        }
        made.scan(0);
        return made;
    }

    [[nodiscard]] machine_sample take() {
        const auto before = counted_;
        static_cast<void>(look()); // what it could not read stays as it was
        const double seconds =
            std::max(std::chrono::duration<double>(counted_.when - before.when).count(), 1e-3);
        machine_sample sample;
        sample.timestamp_ns = now();
        fill_cpu(sample.cpu, before);
        const auto rate = [&](std::uint64_t from, std::uint64_t to) {
            return two_decimals(static_cast<double>(to - std::min(from, to)) / 1024 / seconds);
        };
        sample.io = {.disk_read_kib = rate(before.disks.in, counted_.disks.in),
                     .disk_written_kib = rate(before.disks.out, counted_.disks.out),
                     .net_received_kib = rate(before.net.in, counted_.net.in),
                     .net_sent_kib = rate(before.net.out, counted_.net.out)};
        const auto mib = [](std::uint64_t kib) {
            return two_decimals(static_cast<double>(kib) / 1024);
        };
        const memory_counters& memory = counted_.memory;
        sample.memory = {
            .total_mib = mib(memory.total),
            .used_mib = mib(memory.total - std::min(memory.available, memory.total)),
            .cached_mib = mib(memory.cached),
            .swapped_mib = mib(memory.swap_total - std::min(memory.swap_free, memory.swap_total))};
        scan(seconds);
        for (const busy_process& each : busiest()) {
            sample.processes.emplace(each.id, each.sample);
        }
        return sample;
    }

    [[nodiscard]] std::size_t cores() const { return counted_.cpu.cores.size(); }

private:
    using steady = std::chrono::steady_clock;

    struct counters {
        cpu_counters cpu{};
        memory_counters memory{};
        traffic disks{};
        traffic net{};
        double load = 0;
        steady::time_point when{};
    };

    struct known_process {
        std::uint64_t start = 0;
        std::uint64_t ticks = 0;
        double lately = 0; // its share, averaged over about a second
    };

    struct busy_process {
        std::uint32_t id = 0;
        double lately = 0;
        process_sample sample{};
    };

    sampler(std::string proc, std::size_t most) : proc_(std::move(proc)), most_(most) {}

    // A clock that is put back while it runs would turn the history round: the system's time once,
    // and from there on the time that passes.
    [[nodiscard]] std::uint64_t now() const {
        const auto passed = counted_.when - started_;
        return epoch_ns_ +
               static_cast<std::uint64_t>(
                   std::chrono::duration_cast<std::chrono::nanoseconds>(passed).count());
    }

    [[nodiscard]] static std::uint64_t system_ns() {
        const auto since = std::chrono::system_clock::now().time_since_epoch();
        return static_cast<std::uint64_t>(
            std::chrono::duration_cast<std::chrono::nanoseconds>(since).count());
    }

    // The text of a file below /proc, until the next one is read; nothing if it is not there.
    [[nodiscard]] std::optional<std::string_view> read(std::string_view name) {
        path_.assign(proc_).append("/").append(name);
        const int file = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
        if (file < 0) {
            return std::nullopt;
        }
        std::size_t used = 0;
        for (;;) {
            if (text_.size() - used < 4096) {
                text_.resize(text_.size() + 16384);
            }
            const auto got = ::read(file, text_.data() + used, text_.size() - used);
            if (got < 0 && errno == EINTR) {
                continue;
            }
            if (got <= 0) {
                ::close(file);
                return got == 0 ? std::optional{std::string_view{text_}.substr(0, used)}
                                : std::nullopt; // gone while it was being read
            }
            used += static_cast<std::size_t>(got);
        }
    }

    // Reads all counters but the processes'. False without /proc.
    [[nodiscard]] bool look() {
        counted_.when = steady::now();
        auto cpu = parse_stat(read("stat").value_or(""));
        if (!cpu) {
            return false;
        }
        counted_.cpu = *std::move(cpu);
        counted_.memory = parse_meminfo(read("meminfo").value_or("")).value_or(memory_counters{});
        counted_.disks = parse_diskstats(read("diskstats").value_or(""));
        counted_.net = parse_net_dev(read("net/dev").value_or(""));
        counted_.load = parse_loadavg(read("loadavg").value_or(""));
        return true;
    }

    // Percent; where no tick has passed, what it was the last time.
    [[nodiscard]] static double share(cpu_ticks before, cpu_ticks after, double last) {
        if (after.total <= before.total) {
            return last;
        }
        const auto busy = static_cast<double>(after.busy - std::min(before.busy, after.busy));
        const auto total = static_cast<double>(after.total - before.total);
        return two_decimals(std::min(100 * busy / total, 100.0));
    }

    void fill_cpu(cpu_sample& to, const counters& before) {
        const auto& cores = counted_.cpu.cores;
        last_.total = share(before.cpu.all, counted_.cpu.all, last_.total);
        last_.cores.resize(cores.size());
        if (before.cpu.cores.size() == cores.size()) { // else one has come or gone
            for (std::size_t i = 0; i != cores.size(); ++i) {
                last_.cores[i] = share(before.cpu.cores[i], cores[i], last_.cores[i]);
            }
        }
        last_.load = counted_.load;
        to = last_;
    }

    // Reads every process; `seconds` is the time since the last scan, 0 for the first one.
    void scan(double seconds) {
        const std::unique_ptr<DIR, int (*)(DIR*)> folder{::opendir(proc_.c_str()), &::closedir};
        std::unordered_map<std::uint32_t, known_process> known;
        known.reserve(known_.size() + 16);
        found_.clear();
        const dirent* entry = folder ? ::readdir(folder.get()) : nullptr;
        for (; entry != nullptr; entry = ::readdir(folder.get())) {
            const std::string_view name{entry->d_name};
            std::uint32_t id = 0;
            const auto [end, code] = std::from_chars(name.data(), name.data() + name.size(), id);
            if (code != std::errc{} || end != name.data() + name.size()) {
                continue;
            }
            const auto text = read(std::string{name} + "/stat");
            auto process = text ? parse_process(*text) : std::nullopt;
            if (!process) {
                continue;
            }
            known_process now{.start = process->start, .ticks = process->ticks};
            double cpu = 0;
            if (seconds != 0) {
                // One that was not there has done all that it ever did since.
                const auto before = known_.find(id);
                const bool same = before != known_.end() && before->second.start == now.start;
                const auto grew =
                    now.ticks - (same ? std::min(before->second.ticks, now.ticks) : 0);
                cpu = 100 * static_cast<double>(grew) / (ticks_a_second_ * seconds);
                const double keep = std::exp(-seconds);
                now.lately = (same ? before->second.lately * keep : 0) + cpu * (1 - keep);
            }
            known.emplace(id, now);
            found_.push_back(
                {.id = id,
                 .lately = now.lately < 0.05 ? 0 : now.lately,
                 .sample = {.name = std::move(process->name),
                            .cpu = two_decimals(cpu),
                            .rss_mib = two_decimals(static_cast<double>(process->rss_pages) *
                                                    page_mib_)}});
        }
        known_ = std::move(known);
    }

    // By what they did lately rather than in this very moment: so the list is a steady one. Where
    // fewer did anything, the largest.
    [[nodiscard]] std::vector<busy_process> busiest() {
        const auto order = [](const busy_process& a, const busy_process& b) {
            return std::pair{a.lately, a.sample.rss_mib} > std::pair{b.lately, b.sample.rss_mib};
        };
        const auto end =
            found_.begin() + static_cast<std::ptrdiff_t>(std::min(most_, found_.size()));
        std::ranges::partial_sort(found_, end, order);
        return {found_.begin(), end};
    }

    std::string proc_;
    std::size_t most_;
    counters counted_{};
    cpu_sample last_{};
    std::unordered_map<std::uint32_t, known_process> known_;
    std::vector<busy_process> found_;
    std::string path_;
    std::string text_;
    double ticks_a_second_ = static_cast<double>(::sysconf(_SC_CLK_TCK));
    double page_mib_ = static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1024 * 1024);
    steady::time_point started_ = steady::now();
    std::uint64_t epoch_ns_ = system_ns();
};

} // namespace profiler
