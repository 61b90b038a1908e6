#pragma once

// A picture as SVG: shapes and texts in one file, without scripts, and panels that know where a
// time and a value are in it.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace profiler {

struct point {
    double x = 0;
    double y = 0;
};

enum class anchor { start, middle, end };

[[nodiscard]] inline std::string escaped(std::string_view text) {
    std::string safe;
    for (const char c : text) {
        switch (c) {
        case '<':
            safe += "&lt;";
            break;
        case '>':
            safe += "&gt;";
            break;
        case '&':
            safe += "&amp;";
            break;
        case '"':
            safe += "&quot;";
            break;
        default:
            safe += c;
        }
    }
    return safe;
}

class svg {
public:
    svg(double width, double height, std::string_view title, std::string_view description) {
        text_ = fmt::format(
            R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" width="{0}" height="{1}")"
            R"( role="img" font-family="Inter, 'Segoe UI', Helvetica, Arial, 'DejaVu Sans', sans-serif")"
            R"( font-size="12">)"
            "\n<title>{2}</title>\n<desc>{3}</desc>\n"
            R"(<rect width="{0}" height="{1}" fill="#ffffff"/>)"
            "\n",
            width, height, escaped(title), escaped(description));
    }

    // `more` are attributes as they are written.
    void text(point at, std::string_view said, anchor where = anchor::start,
              std::string_view fill = "#57606a", std::string_view more = "") {
        constexpr std::string_view anchors[] = {"start", "middle", "end"};
        text_ += fmt::format(
            R"(<text x="{:.1f}" y="{:.1f}" text-anchor="{}" fill="{}" {}>{}</text>)"
            "\n",
            at.x, at.y, anchors[static_cast<std::size_t>(where)], fill, more, escaped(said));
    }

    // A heading, and something lighter behind it.
    void heading(point at, std::string_view said, std::string_view more) {
        text_ += fmt::format(R"(<text x="{:.1f}" y="{:.1f}" fill="#57606a"><tspan fill="#1f2328")"
                             R"( font-weight="600">{}</tspan><tspan dx="10">{}</tspan></text>)"
                             "\n",
                             at.x, at.y, escaped(said), escaped(more));
    }

    void rectangle(point at, double width, double height, std::string_view fill,
                   std::string_view more = "") {
        text_ += fmt::format(
            R"(<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="{}" {}/>)"
            "\n",
            at.x, at.y, width, height, fill, more);
    }

    void line(point from, point to, std::string_view stroke, double width,
              std::string_view more = "") {
        text_ += fmt::format(
            R"(<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" stroke="{}" stroke-width="{}" {}/>)"
            "\n",
            from.x, from.y, to.x, to.y, stroke, width, more);
    }

    void path(std::span<const point> points, std::string_view stroke, double width) {
        text_ += fmt::format(
            R"(<path d="{}" fill="none" stroke="{}" stroke-width="{}" stroke-linejoin="round"/>)"
            "\n",
            steps(points, 'M'), stroke, width);
    }

    // Between two lines over the same times.
    void area(std::span<const point> upper, std::span<const point> lower, std::string_view fill,
              double opacity = 1) {
        const std::vector<point> back{lower.rbegin(), lower.rend()};
        text_ += fmt::format(R"(<path d="{}{}Z" fill="{}" fill-opacity="{}"/>)"
                             "\n",
                             steps(upper, 'M'), steps(back, 'L'), fill, opacity);
    }

    [[nodiscard]] std::string finish() && { return std::move(text_) + "</svg>\n"; }

private:
    [[nodiscard]] static std::string steps(std::span<const point> points, char first) {
        std::string all;
        for (const point& each : points) {
            all += fmt::format("{}{:.1f} {:.1f}", all.empty() ? first : 'L', each.x, each.y);
        }
        return all;
    }

    std::string text_;
};

// A width that is good enough to put one text behind another.
[[nodiscard]] inline double text_width(std::string_view text) {
    return 6.6 * static_cast<double>(text.size());
}

struct interval {
    double least = 0;
    double most = 1;
};

// 1, 2 or 5 times a power of ten, so that about `wanted` of them fit.
[[nodiscard]] inline double even_step(double length, double wanted) {
    const double rough = length / wanted;
    const double power = std::pow(10, std::floor(std::log10(rough)));
    for (const double step : {1.0, 2.0, 5.0}) {
        if (rough <= step * power * 1.0000001) {
            return step * power;
        }
    }
    return 10 * power;
}

// Steps of a clock.
[[nodiscard]] inline double time_step(double seconds, double wanted) {
    constexpr std::array steps{1.0,    2.0,    5.0,     10.0,    15.0,   30.0,
                               60.0,   120.0,  300.0,   600.0,   900.0,  1800.0,
                               3600.0, 7200.0, 21600.0, 43200.0, 86400.0};
    for (const double step : steps) {
        if (seconds / step <= wanted) {
            return step;
        }
    }
    return even_step(seconds / 86400, wanted) * 86400;
}

// The multiples of a step in an interval.
[[nodiscard]] inline std::vector<double> ticks(interval within, double step) {
    std::vector<double> all;
    const double least = within.least - step * 1e-9;
    for (double at = std::ceil(least / step); at * step <= within.most + step * 1e-9; ++at) {
        all.push_back(at * step + 0.0); // never -0
    }
    return all;
}

// A rectangle of the picture with times from left to right and values from the bottom to the top.
struct panel {
    point corner{}; // upper left
    double width = 0;
    double height = 0;
    interval times{}; // seconds
    interval values{};

    [[nodiscard]] double x(double time) const {
        return corner.x + width * (time - times.least) / (times.most - times.least);
    }

    [[nodiscard]] double y(double value) const {
        const double part = (value - values.least) / (values.most - values.least);
        return corner.y + height * (1 - part);
    }

    [[nodiscard]] point at(double time, double value) const { return {x(time), y(value)}; }
};

} // namespace profiler
