#pragma once

// The kernel's texts in /proc as counters. All of these are pure functions of a text, and give
// nothing where it is not as proc(5) says.

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace profiler {

// The words of a text, one after the other.
class words {
public:
    explicit words(std::string_view text) : rest_(text) {}

    // Empty behind the last one.
    [[nodiscard]] std::string_view next() {
        const auto begin = std::min(rest_.find_first_not_of(" \t"), rest_.size());
        rest_.remove_prefix(begin);
        const auto word = rest_.substr(0, rest_.find_first_of(" \t"));
        rest_.remove_prefix(word.size());
        return word;
    }

    template <class T>
    [[nodiscard]] std::optional<T> number() {
        const auto word = next();
        T value{};
        const auto [end, code] = std::from_chars(word.data(), word.data() + word.size(), value);
        return code == std::errc{} && end == word.data() + word.size() && !word.empty()
                   ? std::optional{value}
                   : std::nullopt;
    }

    void skip(std::size_t count) {
        for (; count != 0; --count) {
            static_cast<void>(next());
        }
    }

private:
    std::string_view rest_;
};

template <class Visit>
void each_line(std::string_view text, Visit visit) {
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        visit(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

// -- stat

struct cpu_ticks {
    std::uint64_t busy = 0;
    std::uint64_t total = 0; // busy, idle, waiting for disks, and taken by other machines
};

struct cpu_counters {
    cpu_ticks all{};
    std::vector<cpu_ticks> cores{}; // those that are on line
};

// Guests' time is in `user` already.
[[nodiscard]] inline std::optional<cpu_ticks> parse_ticks(words fields) {
    std::uint64_t ticks[8] = {}; // user nice system idle iowait irq softirq steal
    std::size_t count = 0;
    while (count != 8) {
        const auto value = fields.number<std::uint64_t>();
        if (!value) {
            break; // old kernels tell fewer
        }
        ticks[count++] = *value;
    }
    if (count < 4) {
        return std::nullopt;
    }
    const std::uint64_t busy = ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6];
    return cpu_ticks{.busy = busy, .total = busy + ticks[3] + ticks[4] + ticks[7]};
}

[[nodiscard]] inline std::optional<cpu_counters> parse_stat(std::string_view text) {
    cpu_counters found;
    bool all = false;
    each_line(text, [&](std::string_view line) {
        words fields{line};
        const auto name = fields.next();
        if (!name.starts_with("cpu")) {
            return;
        }
        if (const auto ticks = parse_ticks(fields)) {
            if (name.size() == 3) {
                found.all = *ticks;
                all = true;
            } else {
                found.cores.push_back(*ticks);
            }
        }
    });
    return all ? std::optional{std::move(found)} : std::nullopt;
}

// -- meminfo, in KiB

struct memory_counters {
    std::uint64_t total = 0;
    std::uint64_t available = 0;
    std::uint64_t cached = 0;
    std::uint64_t swap_total = 0;
    std::uint64_t swap_free = 0;
};

[[nodiscard]] inline std::optional<memory_counters> parse_meminfo(std::string_view text) {
    memory_counters found;
    const std::pair<std::string_view, std::uint64_t*> wanted[] = {
        {"MemTotal:", &found.total},     {"MemAvailable:", &found.available},
        {"Cached:", &found.cached},      {"SwapTotal:", &found.swap_total},
        {"SwapFree:", &found.swap_free},
    };
    bool available = false;
    each_line(text, [&](std::string_view line) {
        words fields{line};
        const auto name = fields.next();
        for (const auto& [key, to] : wanted) {
            if (name == key) {
                *to = fields.number<std::uint64_t>().value_or(0);
                available |= to == &found.available;
            }
        }
    });
    return found.total != 0 && available ? std::optional{found} : std::nullopt;
}

// -- diskstats and net/dev, in bytes

struct traffic {
    std::uint64_t in = 0; // read, received
    std::uint64_t out = 0;
};

// Whether a name is that of a part of this disk: sda1 of sda, nvme0n1p2 of nvme0n1.
[[nodiscard]] inline bool is_partition_of(std::string_view name, std::string_view disk) {
    if (!name.starts_with(disk) || name.size() == disk.size()) {
        return false;
    }
    auto rest = name.substr(disk.size());
    if (disk.back() >= '0' && disk.back() <= '9') {
        if (rest.front() != 'p') {
            return false;
        }
        rest.remove_prefix(1);
    }
    return !rest.empty() && rest.find_first_not_of("0123456789") == std::string_view::npos;
}

[[nodiscard]] inline bool starts_with_any(std::string_view name,
                                          std::initializer_list<std::string_view> prefixes) {
    return std::ranges::any_of(prefixes, [&](auto each) { return name.starts_with(each); });
}

// Of whole disks: what stands on other devices, or in memory, would count twice.
[[nodiscard]] inline traffic parse_diskstats(std::string_view text) {
    constexpr std::uint64_t sector = 512; // whatever the disk's own is
    traffic sum;
    std::vector<std::string_view> disks;
    each_line(text, [&](std::string_view line) {
        words fields{line};
        fields.skip(2);
        const auto name = fields.next();
        if (name.empty() || starts_with_any(name, {"loop", "ram", "zram", "dm-", "md", "sr"}) ||
            std::ranges::any_of(disks, [&](auto disk) { return is_partition_of(name, disk); })) {
            return;
        }
        disks.push_back(name);
        fields.skip(2);
        const auto read = fields.number<std::uint64_t>();
        fields.skip(3);
        const auto written = fields.number<std::uint64_t>();
        sum.in += read.value_or(0) * sector;
        sum.out += written.value_or(0) * sector;
    });
    return sum;
}

// Of what leaves the machine: neither to itself nor between the machines inside it.
[[nodiscard]] inline traffic parse_net_dev(std::string_view text) {
    traffic sum;
    each_line(text, [&](std::string_view line) {
        const auto colon = line.find(':');
        if (colon == std::string_view::npos) {
            return; // a headline
        }
        const auto name = words{line.substr(0, colon)}.next();
        if (name == "lo" ||
            starts_with_any(name, {"veth", "docker", "br-", "virbr", "ifb", "tap", "dummy"})) {
            return;
        }
        words fields{line.substr(colon + 1)};
        sum.in += fields.number<std::uint64_t>().value_or(0);
        fields.skip(7);
        sum.out += fields.number<std::uint64_t>().value_or(0);
    });
    return sum;
}

// -- loadavg and PID/stat

[[nodiscard]] inline double parse_loadavg(std::string_view text) {
    return words{text}.number<double>().value_or(0);
}

struct process_counters {
    std::string name{};      // printable ASCII
    std::uint64_t ticks = 0; // of all its threads, the dead ones too
    std::uint64_t start = 0; // ticks since the machine started; tells two with one id apart
    std::uint64_t rss_pages = 0;
};

// A name is whatever the process likes, blanks and brackets among it: it ends at the last bracket.
[[nodiscard]] inline std::optional<process_counters> parse_process(std::string_view text) {
    const auto open = text.find('(');
    const auto close = text.rfind(')');
    if (open == std::string_view::npos || close == std::string_view::npos || close < open) {
        return std::nullopt;
    }
    process_counters found{.name = std::string{text.substr(open + 1, close - open - 1)}};
    std::ranges::replace_if(found.name, [](char c) { return c < ' ' || c > '~'; }, '?');
    words fields{text.substr(close + 1)};
    fields.skip(11);
    const auto user = fields.number<std::uint64_t>();
    const auto system = fields.number<std::uint64_t>();
    fields.skip(6);
    const auto start = fields.number<std::uint64_t>();
    fields.skip(1);
    const auto rss = fields.number<std::uint64_t>();
    if (!user || !system || !start || !rss) {
        return std::nullopt;
    }
    found.ticks = *user + *system;
    found.start = *start;
    found.rss_pages = *rss;
    return found;
}

} // namespace profiler
