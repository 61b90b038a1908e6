#pragma once

// A recording as a picture: who used the CPUs, how much memory was used, and what went to disks and
// networks, one below the other over the same time.

#include "sample.hpp"
#include "svg.hpp"
#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace profiler {

class chart {
public:
    explicit chart(std::vector<machine_sample> samples) : samples_(std::move(samples)) {
        find_busy_names();
        fill_columns();
    }

    // At least two samples.
    [[nodiscard]] std::string draw() const {
        const machine_sample& first = samples_.front();
        const machine_sample& last = samples_.back();
        const auto day = date(first.timestamp_ns);
        const auto last_day = date(last.timestamp_ns);
        const auto title = fmt::format(
            "The machine on {}, {} to {}{} UTC", day, clock_time(first.timestamp_ns, false),
            day == last_day ? "" : last_day + ", ", clock_time(last.timestamp_ns, false));
        svg out{width, 716, title, "CPU, memory, disk and network over time"};
        out.text({left, 36}, title, anchor::start, "#1f2328",
                 R"(font-size="19" font-weight="600")");
        out.text({left, 57}, subtitle());
        draw_cpu(out, frame(104, 220, {0, 100}));
        draw_memory(out, frame(392, 100, memory_range()));
        draw_io(out, frame(560, 100, {0, 1}));
        return std::move(out).finish();
    }

private:
    static constexpr double width = 1060;
    static constexpr double left = 72;
    static constexpr double right = 28;
    static constexpr std::size_t most_columns = 480; // more than two pixels apart
    static constexpr std::size_t named = 5;
    static constexpr std::array<std::string_view, named + 1> cpu_colours{
        "#4e79a7", "#f28e2b", "#59a14f", "#e15759", "#b07aa1", "#c9ced6"};
    static constexpr std::array<std::string_view, 4> io_colours{"#0072b2", "#d55e00", "#009e73",
                                                                "#cc79a7"};
    static constexpr std::string_view ink = "#1f2328";
    static constexpr std::string_view memory_colour = "#7a4fb5";

    // One or several samples, as their mean.
    struct column {
        double time = 0;                     // seconds since 1970
        std::array<double, named + 1> cpu{}; // percent of the machine: the named, and the others
        double memory = 0;
        std::array<double, 4> io{}; // KiB a second
    };

    // Processes of one name are one here: what compiles is many.
    void find_busy_names() {
        std::map<std::string, double> sums;
        for (const machine_sample& each : samples_) {
            for (const auto& [id, process] : each.processes) {
                sums[process.name] += process.cpu;
            }
        }
        std::vector<std::pair<double, std::string>> all;
        for (const auto& [name, sum] : sums) {
            if (sum > 0) {
                all.emplace_back(sum, name);
            }
        }
        std::ranges::sort(all, std::greater<>{});
        all.resize(std::min(all.size(), named));
        for (auto& [sum, name] : all) {
            names_.push_back(std::move(name));
        }
    }

    // Ticks of processes and of CPUs are not counted at the same moments: all of it is never more
    // than the CPUs say.
    [[nodiscard]] std::array<double, named + 1> shares(const machine_sample& sample) const {
        std::array<double, named + 1> parts{};
        const auto cores = static_cast<double>(std::max<std::size_t>(sample.cpu.cores.size(), 1));
        double sum = 0;
        for (const auto& [id, process] : sample.processes) {
            const auto at = std::ranges::find(names_, process.name);
            const auto part = static_cast<std::size_t>(at - names_.begin());
            parts[at == names_.end() ? named : part] += process.cpu / cores;
            sum += process.cpu / cores;
        }
        if (sum > sample.cpu.total) {
            for (double& each : parts) {
                each *= sample.cpu.total / sum;
            }
        } else {
            parts[named] += sample.cpu.total - sum;
        }
        return parts;
    }

    void fill_columns() {
        together_ = (samples_.size() + most_columns - 1) / most_columns;
        for (std::size_t from = 0; from < samples_.size(); from += together_) {
            const std::size_t count = std::min(together_, samples_.size() - from);
            const double part = 1 / static_cast<double>(count);
            column mean;
            for (const machine_sample& each : std::span{samples_}.subspan(from, count)) {
                mean.time += part * static_cast<double>(each.timestamp_ns) / 1e9;
                const auto parts = shares(each);
                for (std::size_t i = 0; i != parts.size(); ++i) {
                    mean.cpu[i] += part * parts[i];
                }
                mean.memory += part * each.memory.used_mib;
                const std::array rates{each.io.disk_read_kib, each.io.disk_written_kib,
                                       each.io.net_received_kib, each.io.net_sent_kib};
                for (std::size_t i = 0; i != rates.size(); ++i) {
                    mean.io[i] += part * rates[i];
                }
            }
            columns_.push_back(mean);
        }
    }

    [[nodiscard]] std::string subtitle() const {
        const machine_sample& last = samples_.back();
        const double seconds =
            static_cast<double>(last.timestamp_ns - samples_.front().timestamp_ns) / 1e9;
        const auto each =
            seconds / static_cast<double>(std::max<std::size_t>(samples_.size() - 1, 1));
        return fmt::format("{} samples in {:.1f} s, one every {}{}; {} CPU{}, {} of memory",
                           samples_.size(), seconds,
                           each < 1 ? fmt::format("{:.0f} ms", each * 1000)
                                    : fmt::format("{:.1f} s", each),
                           together_ == 1 ? "" : fmt::format(" (drawn: means of {})", together_),
                           last.cpu.cores.size(), last.cpu.cores.size() == 1 ? "" : "s",
                           human_size(last.memory.total_mib * 1024 * 1024));
    }

    [[nodiscard]] panel frame(double top, double height, interval values) const {
        const double from = columns_.front().time;
        const double to = std::max(columns_.back().time, from + 0.001);
        return {.corner = {left, top},
                .width = width - left - right,
                .height = height,
                .times = {from, to},
                .values = values};
    }

    // A heading with the unit, lines at even values, and times below.
    void draw_axes(svg& out, const panel& in, std::string_view heading, std::string_view unit,
                   double step) const {
        out.heading({left, in.corner.y - 14}, heading, unit);
        for (const double value : ticks(in.values, step)) {
            const double y = in.y(value);
            const bool base = value <= in.values.least + step * 1e-6;
            out.line({left, y}, {width - right, y}, base ? "#8c959f" : "#e4e8ec", 1);
            out.text({left - 8, y + 4}, fmt::format("{:.10g}", value), anchor::end);
        }
        const double seconds = in.times.most - in.times.least;
        const double apart = time_step(seconds, 10);
        const double floor = in.corner.y + in.height;
        for (const double time : ticks(in.times, apart)) {
            const double x = in.x(time);
            const auto ns = static_cast<std::uint64_t>(time + 0.5) * 1'000'000'000;
            out.line({x, floor}, {x, floor + 4}, "#8c959f", 1);
            out.text({x, floor + 18}, apart < 86400 ? clock_time(ns, false) : date(ns),
                     anchor::middle, "#57606a", R"(font-size="11")");
        }
    }

    // From right to left, so that it ends where the panels end.
    static void draw_legend(svg& out, double y,
                            std::span<const std::pair<std::string_view, std::string>> entries) {
        double x = width - right;
        for (std::size_t i = entries.size(); i-- != 0;) {
            const auto& [colour, name] = entries[i];
            x -= text_width(name);
            out.text({x, y}, name, anchor::start, "#1f2328");
            x -= 16;
            out.rectangle({x, y - 9}, 11, 11, colour, R"(rx="2")");
            x -= 16;
        }
    }

    template <class Value>
    [[nodiscard]] std::vector<point> curve(const panel& in, Value value) const {
        std::vector<point> all;
        for (const column& each : columns_) {
            all.push_back(in.at(each.time, value(each)));
        }
        return all;
    }

    void draw_cpu(svg& out, const panel& in) const {
        draw_axes(out, in, "CPU", "percent of all CPUs, by process", 25);
        std::vector<std::pair<std::string_view, std::string>> legend;
        const auto upto = [](std::size_t parts) {
            return [parts](const column& each) {
                double sum = 0;
                for (std::size_t i = 0; i != parts; ++i) {
                    sum += each.cpu[i];
                }
                return sum;
            };
        };
        auto below = curve(in, upto(0));
        for (std::size_t i = 0; i != named + 1; ++i) {
            if (i >= names_.size() && i != named) {
                continue;
            }
            auto above = curve(in, upto(i + 1));
            out.area(above, below, cpu_colours[i], 0.85);
            legend.emplace_back(cpu_colours[i], i == named ? "others" : names_[i]);
            below = std::move(above);
        }
        out.path(below, "#30363d", 1);
        draw_legend(out, in.corner.y - 14, legend);
        mark_busiest(out, in);
    }

    void mark_busiest(svg& out, const panel& in) const {
        const auto top = std::ranges::max_element(
            samples_, {}, [](const machine_sample& each) { return each.cpu.total; });
        const double time =
            std::clamp(static_cast<double>(top->timestamp_ns) / 1e9, in.times.least, in.times.most);
        const double x = in.x(time);
        out.line({x, in.corner.y}, {x, in.corner.y + in.height}, ink, 1,
                 R"(stroke-dasharray="3 3")");
        const auto said =
            fmt::format("busiest: {:.2f} % at {}", top->cpu.total, clock_time(top->timestamp_ns));
        const bool turned = x > width / 2;
        const double wide = text_width(said) + 2;
        out.rectangle({turned ? x - wide - 6 : x + 6, in.corner.y + 6}, wide, 18, "#ffffff",
                      R"(fill-opacity="0.85" rx="3")");
        out.text({turned ? x - 12 : x + 12, in.corner.y + 19}, said,
                 turned ? anchor::end : anchor::start, ink, R"(font-size="11")");
    }

    // The scale does not start at 0: what changed is the news.
    [[nodiscard]] interval memory_range() const {
        const auto [least, most] =
            std::ranges::minmax(columns_, {}, [](const column& each) { return each.memory; });
        const double step = even_step(std::max(most.memory - least.memory, 4.0), 3);
        const double below = std::ceil(least.memory / step) - 1; // nothing lies on the axis
        return {std::max(0.0, below * step), std::floor(most.memory / step + 1) * step};
    }

    void draw_memory(svg& out, const panel& in) const {
        draw_axes(out, in, "Memory",
                  fmt::format("MiB used, of {:.0f}", samples_.back().memory.total_mib),
                  even_step(in.values.most - in.values.least, 4));
        const auto used = curve(in, [](const column& each) { return each.memory; });
        const auto floor = curve(in, [&](const column&) { return in.values.least; });
        out.area(used, floor, memory_colour, 0.10);
        out.path(used, memory_colour, 1.75);
    }

    void draw_io(svg& out, panel in) const {
        double most = 0;
        for (const column& each : columns_) {
            most = std::max(most, std::ranges::max(each.io));
        }
        const bool large = most >= 2048;
        const double unit = large ? 1024 : 1;
        const double step = even_step(std::max(most / unit, 1.0), 4);
        in.values = {0, std::ceil(std::max(most / unit, 1.0) / step) * step};
        draw_axes(out, in, "Disk and network", large ? "MiB a second" : "KiB a second", step);
        constexpr std::array<std::string_view, 4> names{"disk read", "disk written", "network in",
                                                        "network out"};
        std::vector<std::pair<std::string_view, std::string>> legend;
        for (std::size_t i = 0; i != names.size(); ++i) {
            out.path(curve(in, [&](const column& each) { return each.io[i] / unit; }),
                     io_colours[i], 1.5);
            legend.emplace_back(io_colours[i], names[i]);
        }
        draw_legend(out, in.corner.y - 14, legend);
        out.text({width / 2, in.corner.y + in.height + 38}, "time, UTC", anchor::middle);
    }

    std::vector<machine_sample> samples_;
    std::vector<std::string> names_; // of the processes that used the CPUs most
    std::vector<column> columns_;
    std::size_t together_ = 1; // samples in a column
};

} // namespace profiler
