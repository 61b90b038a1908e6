#pragma once

// What the screen shows while the machine is watched: lately as sparklines, now as bars, who was
// busy in the last second, and what the history of it all takes. Where there is no screen, a line.

#include "sample.hpp"
#include "terminal.hpp"
#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace profiler {

// How far the recording is.
struct progress {
    double seconds = 0;
    double planned = 0;
    std::uint64_t samples = 0;
    std::uint64_t kept = 0; // bytes
    std::uint64_t raw = 0;
    bool over = false;
};

class dashboard {
public:
    explicit dashboard(bool colour) : colour_(colour) {}

    void add(const machine_sample& sample) {
        constexpr std::size_t most = 240;
        lately_.push_back(sample);
        if (lately_.size() > most) {
            lately_.pop_front();
        }
    }

    // The lines of a screen of this size; at least one sample was added.
    [[nodiscard]] std::vector<std::string> lines(const progress& now, extent size) const {
        // The last column stays free: not all terminals agree on where the cursor is behind it.
        const std::size_t columns = std::clamp<std::size_t>(size.columns, 20, 100) - 1;
        std::vector<std::string> all;
        const auto put = [&](const styled_line& line) { all.push_back(line.text()); };
        put(header(now, columns));
        put(line(columns));
        cpu(columns, put);
        put(memory(columns));
        put(pair(columns, "disk", "read", &io_sample::disk_read_kib, "written",
                 &io_sample::disk_written_kib, style::disk));
        put(pair(columns, "network", "in", &io_sample::net_received_kib, "out",
                 &io_sample::net_sent_kib, style::net));
        put(line(columns));
        const std::size_t around = all.size() + 4; // with what comes below the processes
        processes(columns, size.rows > around ? size.rows - around : 0, put);
        put(line(columns));
        put(history(now, columns));
        if (!now.over) {
            put(line(columns).add(" Ctrl-C ends it early", style::dim));
        }
        all.resize(std::min(all.size(), size.rows));
        return all;
    }

    // The last second in one line of plain text.
    [[nodiscard]] std::string summary(const progress& now) const {
        const auto mean = [&](auto member) {
            double sum = 0;
            const auto from = second();
            for (std::size_t i = from; i != lately_.size(); ++i) {
                sum += member(lately_[i]);
            }
            return sum / static_cast<double>(lately_.size() - from);
        };
        const auto rate = [&](double io_sample::* which) {
            return human_rate(mean([&](const machine_sample& each) { return each.io.*which; }));
        };
        const auto top = busiest(1);
        return fmt::format(
            columns_of_text, fmt::format("{:.1f}", now.seconds),
            fmt::format("{:.2f}", mean([](const machine_sample& each) { return each.cpu.total; })),
            human_size(lately_.back().memory.used_mib * 1024 * 1024),
            rate(&io_sample::disk_read_kib), rate(&io_sample::disk_written_kib),
            rate(&io_sample::net_received_kib), rate(&io_sample::net_sent_kib),
            human_size(now.kept), human_size(now.raw),
            top.empty() ? "" : fmt::format("{} {:.0f} %", top.front().name, top.front().cpu));
    }

    // What stands above such lines.
    [[nodiscard]] static std::string summary_head() {
        return fmt::format(columns_of_text, "s", "CPU %", "memory", "disk read", "written",
                           "net in", "out", "kept", "raw", "busiest");
    }

private:
    static constexpr std::size_t before_graph = 22;
    static constexpr std::string_view columns_of_text =
        "{:>7} {:>7} {:>9} {:>11} {:>11} {:>11} {:>11} {:>9} {:>9}  {}";

    struct busy {
        std::uint32_t id = 0;
        std::string_view name{};
        double cpu = 0;
        double rss_mib = 0;
    };

    [[nodiscard]] styled_line line(std::size_t columns) const { return {columns, colour_}; }

    [[nodiscard]] std::vector<double> values(auto member) const {
        std::vector<double> all;
        for (const machine_sample& each : lately_) {
            all.push_back(member(each));
        }
        return all;
    }

    // The first sample of the last second.
    [[nodiscard]] std::size_t second() const {
        const std::uint64_t last = lately_.back().timestamp_ns;
        std::size_t at = lately_.size() - 1;
        while (at != 0 && last - lately_[at - 1].timestamp_ns < 1'000'000'000) {
            --at;
        }
        return at;
    }

    // A left part, and a right part at the right edge if there is room for it.
    [[nodiscard]] styled_line header(const progress& now, std::size_t columns) const {
        const machine_sample& last = lately_.back();
        auto line = this->line(columns);
        line.add(" profiler", style::bold)
            .add(fmt::format("  {} CPU{}, {}, load {:.2f}", last.cpu.cores.size(),
                             last.cpu.cores.size() == 1 ? "" : "s",
                             human_size(last.memory.total_mib * 1024 * 1024), last.cpu.load),
                 style::dim);
        const auto right =
            fmt::format("{}   {:.1f} of {:.0f} s", clock_time(last.timestamp_ns, false),
                        now.seconds, now.planned);
        if (line.left() > right.size()) {
            line.add(std::string(line.left() - right.size(), ' ')).add(right);
        }
        return line;
    }

    [[nodiscard]] static std::string label(std::string_view name, std::string_view value) {
        return fmt::format(" {:<8} {:>10}  ", name, value);
    }

    [[nodiscard]] static std::string share(double percent) {
        return fmt::format("{:.2f} %", percent);
    }

    template <class Put>
    void cpu(std::size_t columns, const Put& put) const {
        const cpu_sample& now = lately_.back().cpu;
        put(line(columns)
                .add(label("CPU", share(now.total)))
                .add(sparkline(values([](const machine_sample& each) { return each.cpu.total; }),
                               100, columns - std::min(columns, before_graph)),
                     style::cpu));
        if (now.cores.size() > 4) { // a column for each
            put(line(columns)
                    .add(label("each", ""))
                    .add(sparkline(now.cores, 100, now.cores.size()), style::cpu));
            return;
        }
        for (std::size_t i = 0; i != now.cores.size(); ++i) {
            put(line(columns)
                    .add(label(fmt::format("  cpu{}", i), share(now.cores[i])), style::dim)
                    .add(bar(now.cores[i] / 100, columns - std::min(columns, before_graph)),
                         style::cpu));
        }
    }

    // From the least to the most that was used lately, as all that there is would show a flat line.
    [[nodiscard]] styled_line memory(std::size_t columns) const {
        const memory_sample& now = lately_.back().memory;
        auto used = values([](const machine_sample& each) { return each.memory.used_mib; });
        const auto [least, most] = std::ranges::minmax(used);
        std::ranges::transform(used, used.begin(), [&](double each) { return each - least; });
        const auto whole =
            fmt::format("  {:.1f} % used", 100 * now.used_mib / std::max(now.total_mib, 1.0));
        const std::size_t taken = before_graph + whole.size();
        return line(columns)
            .add(label("memory", human_size(now.used_mib * 1024 * 1024)))
            .add(sparkline(used, std::max(most - least, 1.0), columns - std::min(columns, taken)),
                 style::memory)
            .add(whole, style::dim);
    }

    // Two rates beside each other.
    [[nodiscard]] styled_line pair(std::size_t columns, std::string_view name,
                                   std::string_view left, double io_sample::* first,
                                   std::string_view right, double io_sample::* second,
                                   style how) const {
        constexpr std::size_t before = 9;
        constexpr std::size_t text = 8 + 10 + 2; // of each rate
        const std::size_t room = columns - std::min(columns, before + 2 * text + 2);
        auto line = this->line(columns);
        const auto add = [&](std::string_view said, double io_sample::* which) {
            const auto all = values([&](const machine_sample& each) { return each.io.*which; });
            line.add(fmt::format("{:<8}", said), style::dim)
                .add(fmt::format("{:>10}  ", human_rate(all.back())))
                .add(sparkline(all, std::ranges::max(all), room / 2), how);
        };
        line.add(fmt::format(" {:<8}", name));
        add(left, first);
        line.add("  ");
        add(right, second);
        return line;
    }

    // The busiest of the last second, by their mean share.
    [[nodiscard]] std::vector<busy> busiest(std::size_t most) const {
        std::map<std::uint32_t, busy> sums;
        const std::size_t from = second();
        for (std::size_t i = from; i != lately_.size(); ++i) {
            for (const auto& [id, each] : lately_[i].processes) {
                busy& sum = sums[id];
                sum = {id, each.name, sum.cpu + each.cpu, each.rss_mib};
            }
        }
        std::vector<busy> all;
        for (auto& [id, each] : sums) {
            each.cpu /= static_cast<double>(lately_.size() - from);
            all.push_back(each);
        }
        std::ranges::sort(all, [](const busy& a, const busy& b) {
            return std::pair{a.cpu, a.rss_mib} > std::pair{b.cpu, b.rss_mib};
        });
        all.resize(std::min(most, all.size()));
        return all;
    }

    template <class Put>
    void processes(std::size_t columns, std::size_t rows, const Put& put) const {
        if (rows < 2) {
            return;
        }
        constexpr std::size_t most = 10;
        put(line(columns).add(fmt::format(" {:>8}  {:<16}{:>9}{:>12}  {}", "pid", "process",
                                          "CPU %", "MiB", "lately"),
                              style::dim));
        const auto all = busiest(std::min(rows - 1, most));
        for (const busy& each : all) {
            const auto shares = values([&](const machine_sample& sample) {
                const auto at = sample.processes.find(each.id);
                return at == sample.processes.end() ? 0.0 : at->second.cpu;
            });
            const std::size_t room = columns - std::min<std::size_t>(columns, 49);
            put(line(columns)
                    .add(fmt::format(" {:>8}  ", each.id), style::dim)
                    .add(
                        fmt::format("{:<16}{:>9.2f}{:>12.2f}  ", each.name, each.cpu, each.rss_mib))
                    .add(sparkline(shares, 100, room), style::cpu));
        }
        // A list that grows and shrinks would move what is below it.
        for (std::size_t i = all.size(); i < std::min(rows - 1, most); ++i) {
            put(line(columns));
        }
    }

    [[nodiscard]] styled_line history(const progress& now, std::size_t columns) const {
        const double part = percent(now.kept, now.raw);
        return line(columns)
            .add(" history", style::bold)
            .add(fmt::format("  {} samples in {}, raw {}: {:.1f} %, {} a sample", now.samples,
                             human_size(now.kept), human_size(now.raw), part,
                             human_size(now.samples == 0 ? 0 : now.kept / now.samples)));
    }

    bool colour_;
    std::deque<machine_sample> lately_;
};

} // namespace profiler
