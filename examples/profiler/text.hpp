#pragma once

// Numbers as people read them, and as pictures in one line of characters.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

namespace profiler {

// 1536 -> "1.5 KiB".
[[nodiscard]] inline std::string human_size(double bytes) {
    constexpr std::array<std::string_view, 5> units{"B", "KiB", "MiB", "GiB", "TiB"};
    std::size_t unit = 0;
    while (unit + 1 != units.size() && bytes >= 999.95) {
        bytes /= 1024;
        ++unit;
    }
    return fmt::format("{:.{}f} {}", bytes, unit == 0 ? 0 : 1, units[unit]);
}

[[nodiscard]] inline std::string human_size(std::uint64_t bytes) {
    return human_size(static_cast<double>(bytes));
}

[[nodiscard]] inline std::string human_rate(double kib_a_second) {
    return human_size(kib_a_second * 1024) + "/s";
}

// Percent of a whole that may be nothing.
[[nodiscard]] inline double percent(std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(whole);
}

[[nodiscard]] inline std::string human_time(std::chrono::nanoseconds time) {
    const auto us = static_cast<double>(time.count()) / 1000;
    return us < 999.5 ? fmt::format("{:.0f} us", us) : fmt::format("{:.1f} ms", us / 1000);
}

[[nodiscard]] inline std::tm utc(std::uint64_t time_ns) {
    const auto seconds = static_cast<std::time_t>(time_ns / 1'000'000'000);
    std::tm fields{};
    ::gmtime_r(&seconds, &fields);
    return fields;
}

// "18:52:04.120"
[[nodiscard]] inline std::string clock_time(std::uint64_t time_ns, bool milliseconds = true) {
    const std::tm at = utc(time_ns);
    const auto whole = fmt::format("{:02}:{:02}:{:02}", at.tm_hour, at.tm_min, at.tm_sec);
    return milliseconds ? fmt::format("{}.{:03}", whole, time_ns / 1'000'000 % 1000) : whole;
}

// "2026-11-21"
[[nodiscard]] inline std::string date(std::uint64_t time_ns) {
    const std::tm at = utc(time_ns);
    return fmt::format("{}-{:02}-{:02}", at.tm_year + 1900, at.tm_mon + 1, at.tm_mday);
}

// One column a value, the last ones if there is no room for all. `top` fills a column.
template <class Values>
[[nodiscard]] std::string sparkline(const Values& values, double top, std::size_t columns) {
    constexpr std::array<std::string_view, 8> steps{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    const std::size_t shown = std::min(values.size(), columns);
    std::string line(columns - shown, ' ');
    for (std::size_t i = values.size() - shown; i != values.size(); ++i) {
        const double part = top > 0 ? std::clamp(values[i] / top, 0.0, 1.0) : 0;
        line += steps[static_cast<std::size_t>(std::lround(part * 7))];
    }
    return line;
}

// A bar of so many columns, to an eighth of one.
[[nodiscard]] inline std::string bar(double part, std::size_t columns) {
    constexpr std::array<std::string_view, 8> eighths{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    const auto filled = static_cast<std::size_t>(
        std::lround(std::clamp(part, 0.0, 1.0) * static_cast<double>(columns * 8)));
    std::string line;
    for (std::size_t i = 0; i != filled / 8; ++i) {
        line += "█";
    }
    line += eighths[filled % 8];
    return line;
}

} // namespace profiler
