// Escaping, formatting and reading of short texts.

#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>
#include <vector>

namespace tool {

character first_character(std::string_view text) noexcept {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned lead = byte(0);
    if (lead < 0x80) {
        return {.point = static_cast<char32_t>(lead), .size = 1};
    }
    const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    constexpr std::array<char32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
    if (lead < 0xc2 || lead > 0xf4 || text.size() < size) {
        return {};
    }
    char32_t point = lead & (0x7fU >> size);
    for (std::size_t i = 1; i != size; ++i) {
        if ((byte(i) & 0xc0U) != 0x80) {
            return {};
        }
        point = point << 6U | (byte(i) & 0x3fU);
    }
    const bool surrogate = point >= 0xd800 && point <= 0xdfff;
    if (point < least[size] || point > 0x10ffff || surrogate) {
        return {};
    }
    return {.point = point, .size = size};
}

bool acts_on_terminals(char32_t point) noexcept {
    const auto between = [&](char32_t low, char32_t high) { return point >= low && point <= high; };
    return point < 0x20 || between(0x7f, 0x9f) || point == 0xad || between(0x200b, 0x200f) ||
           between(0x2028, 0x202e) || between(0x2060, 0x206f) || point == 0xfeff;
}

std::string visible(std::string_view text) {
    std::string safe;
    while (!text.empty()) {
        const auto [point, size] = first_character(text);
        if (!point || *point < 0x20 || *point == 0x7f) {
            safe += fmt::format("\\x{:02x}", static_cast<unsigned char>(text.front()));
        } else if (acts_on_terminals(*point)) {
            safe += fmt::format("\\u{{{:x}}}", static_cast<std::uint32_t>(*point));
        } else {
            safe += text.substr(0, size);
        }
        text.remove_prefix(size);
    }
    return safe;
}

std::size_t columns_of(std::string_view text) noexcept {
    std::size_t columns = 0;
    for (; !text.empty(); ++columns) {
        text.remove_prefix(first_character(text).size);
    }
    return columns;
}

std::string shortened(std::string_view text, std::size_t columns) {
    if (columns_of(text) <= columns) {
        return std::string{text};
    }
    constexpr std::string_view gap = "...";
    std::size_t size = 0;
    for (std::size_t room = columns - std::min(columns, gap.size()); room != 0; --room) {
        size += first_character(text.substr(size)).size;
    }
    return std::string{text.substr(0, size)}.append(gap);
}

std::string joined(std::string_view folder, std::string_view name) {
    return fmt::format("{}{}{}", folder, folder.ends_with('/') ? "" : "/", name);
}

std::string counted(std::uint64_t count, std::string_view what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string human_size(std::uint64_t bytes) {
    if (bytes < 1024) {
        return fmt::format("{} B", bytes);
    }
    constexpr std::string_view units = "KMGTPE";
    std::size_t unit = 0;
    auto size = static_cast<double>(bytes) / 1024;
    // 1023.95 and more would be printed as 1024.0.
    for (; size >= 1023.95 && unit + 1 != units.size(); ++unit) {
        size /= 1024;
    }
    return fmt::format("{:.1f} {}iB", size, units[unit]);
}

std::string human_age(std::chrono::nanoseconds age) {
    using namespace std::chrono;
    if (age < nanoseconds{0}) {
        return "in the future";
    }
    const auto seconds = duration_cast<std::chrono::seconds>(age).count();
    constexpr std::int64_t day = 86400;
    return seconds < 120          ? fmt::format("{} s", seconds)
           : seconds < 120 * 60   ? fmt::format("{} min", seconds / 60)
           : seconds < 2 * day    ? fmt::format("{} h", seconds / 3600)
           : seconds < 1000 * day ? fmt::format("{} d", seconds / day)
                                  : fmt::format("{} years", seconds / (365 * day));
}

std::string utc(tintype::timestamp time, char between) {
    using namespace std::chrono;
    const auto day = floor<days>(time);
    const year_month_day date{day};
    const hh_mm_ss clock{floor<seconds>(time - day)};
    return fmt::format("{:04}-{:02}-{:02}{}{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       between, clock.hours().count(), clock.minutes().count(),
                       clock.seconds().count());
}

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const char* end = text.data() + text.size();
    const auto [at, problem] = std::from_chars(text.data(), end, value);
    if (problem != std::errc{} || at != end || text.empty()) {
        return std::nullopt;
    }
    return value;
}

outcome<std::chrono::nanoseconds> duration(std::string_view option, std::string_view text) {
    constexpr std::array<std::pair<char, std::uint64_t>, 5> units{
        {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}}};
    const auto unit = std::ranges::find(units, text.empty() ? '\0' : text.back(),
                                        &std::pair<char, std::uint64_t>::first);
    const auto count = unit == units.end() ? std::nullopt : number(text.substr(0, text.size() - 1));
    if (!count || *count == 0) {
        return wrong_call(fmt::format(
            "{} takes a number above 0 and one of s, m, h, d, w, as in 36h or 7d, not `{}`", option,
            text));
    }
    constexpr auto most =
        static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) / 1'000'000'000;
    if (*count > most / unit->second) {
        return wrong_call(fmt::format("{} {} is too long: the most is {}d", option, text,
                                      most / std::uint64_t{86400}));
    }
    return std::chrono::seconds{static_cast<std::int64_t>(*count * unit->second)};
}

namespace {

// Letters to insert, leave out, replace or swap with their neighbour.
std::size_t mistypings(std::string_view a, std::string_view b) {
    std::vector<std::vector<std::size_t>> cost(a.size() + 1,
                                               std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) {
        for (std::size_t j = 0; j <= b.size(); ++j) {
            if (i == 0 || j == 0) {
                cost[i][j] = i + j;
                continue;
            }
            const bool same = a[i - 1] == b[j - 1];
            cost[i][j] = std::min(
                {cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + (same ? 0U : 1U)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
            }
        }
    }
    return cost[a.size()][b.size()];
}

} // namespace

std::optional<std::string_view> meant(std::string_view typed,
                                      std::span<const std::string_view> candidates) {
    // Half of a word wrong is another word; so is anything far longer than all of ours.
    if (typed.size() > 64) {
        return std::nullopt;
    }
    std::optional<std::string_view> best;
    std::size_t fewest = std::max<std::size_t>(1, typed.size() / 3) + 1;
    for (const std::string_view each : candidates) {
        if (const std::size_t cost = mistypings(typed, each); cost < fewest) {
            fewest = cost;
            best = each;
        }
    }
    return best;
}

} // namespace tool
