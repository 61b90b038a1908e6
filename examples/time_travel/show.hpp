#pragma once

// What people see: rows of figures, and the difference of two shops.

#include "shop.hpp"

#include <fmt/color.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace shop {

struct screen {
    bool colour = true;

    void title(std::string_view text) const {
        fmt::print("\n{}\n",
                   colour ? fmt::format(fmt::emphasis::bold, "{}", text) : std::string{text});
    }

    void row(std::string_view what, std::string_view value) const {
        fmt::print("  {:<22} {}\n", what, value);
    }

    void gone(std::string_view line) const { line_of('-', fmt::terminal_color::red, line); }

    void come(std::string_view line) const { line_of('+', fmt::terminal_color::green, line); }

private:
    void line_of(char sign, fmt::terminal_color which, std::string_view line) const {
        const auto text = fmt::format("    {} {}", sign, line);
        fmt::print("{}\n", colour ? fmt::format(fmt::fg(which), "{}", text) : text);
    }
};

[[nodiscard]] inline std::string money(std::int64_t cents) {
    return fmt::format("{}.{:02}", cents / 100, cents % 100);
}

[[nodiscard]] inline std::string text_of(const action& what) {
    struct words {
        std::string operator()(const deliver& is) const {
            return fmt::format("DELIVER {} {}", is.quantity, is.item);
        }

        std::string operator()(const sell& is) const {
            return fmt::format("SELL {} {}", is.quantity, is.item);
        }

        std::string operator()(const reprice& is) const {
            return fmt::format("REPRICE {} to {}", is.item, money(is.cents));
        }

        std::string operator()(const close_day& is) const {
            return fmt::format("CLOSE DAY {}", is.number);
        }
    };

    return std::visit(words{}, what);
}

[[nodiscard]] inline std::vector<std::string> lines_of(const state& all) {
    std::vector<std::string> lines;
    for (const item& each : all.items) {
        lines.push_back(
            fmt::format("{:<16} {:>4} at {:>7}", each.name, each.stock, money(each.cents)));
    }
    for (const day& each : all.days) {
        lines.push_back(fmt::format("day {:<12} {:>15}", each.number, money(each.takings)));
    }
    lines.push_back(fmt::format("in the till {:>20}", money(all.till)));
    return lines;
}

// Lines that only one of them has; both are in the same order.
inline void show_difference(const screen& to, const state& before, const state& after) {
    const auto old_lines = lines_of(before);
    const auto new_lines = lines_of(after);
    for (const auto& line : old_lines) {
        if (std::ranges::find(new_lines, line) == new_lines.end()) {
            to.gone(line);
        }
    }
    for (const auto& line : new_lines) {
        if (std::ranges::find(old_lines, line) == old_lines.end()) {
            to.come(line);
        }
    }
}

} // namespace shop
