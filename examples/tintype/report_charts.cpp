// Axes, marks and lines.

#include "report_charts.hpp"

#include "report_html.hpp"
#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <map>
#include <optional>
#include <utility>

namespace tool::report {

namespace {

using tintype::timestamp;

constexpr double plot_height = 150; // pixels
constexpr double wide = 1000;       // units across, in what is stretched

constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

struct calendar {
    int year;
    unsigned month;
    unsigned day;
    long hour;
    long minute;
    long second;
};

[[nodiscard]] calendar calendar_of(std::int64_t ns) {
    using namespace std::chrono;
    const timestamp time{nanoseconds{ns}};
    const auto day = floor<days>(time);
    const year_month_day date{day};
    const hh_mm_ss clock{floor<seconds>(time - day)};
    return {static_cast<int>(date.year()),     static_cast<unsigned>(date.month()),
            static_cast<unsigned>(date.day()), clock.hours().count(),
            clock.minutes().count(),           static_cast<long>(clock.seconds().count())};
}

[[nodiscard]] std::string day_text(const calendar& at) {
    return fmt::format("{} {} {}", at.day, months[at.month - 1], at.year);
}

struct tick {
    double at = 0; // 0 to 1
    std::string label;
};

// Where a quantity lies between two ends, the second far away.
struct span_of {
    double from = 0;
    double to = 1;

    [[nodiscard]] double place(double value) const {
        return to <= from ? 0.5 : std::clamp((value - from) / (to - from), 0.0, 1.0);
    }
};

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t minute = 60 * second;
constexpr std::int64_t hour = 60 * minute;
constexpr std::int64_t day = 24 * hour;

// A time axis with so many ticks that they fit a phone.
class time_axis {
public:
    time_axis(std::int64_t from, std::int64_t to) : from_(from), to_(to) {
        // A subtraction of doubles cannot overflow.
        span_ = {0, static_cast<double>(to) - static_cast<double>(from)};
    }

    [[nodiscard]] double place(std::int64_t time) const {
        return span_.place(static_cast<double>(time) - static_cast<double>(from_));
    }

    [[nodiscard]] std::vector<tick> ticks() const {
        if (to_ <= from_) {
            const auto at = calendar_of(from_);
            return {{0.5, fmt::format("{:02}:{:02}:{:02}", at.hour, at.minute, at.second)}};
        }
        if (span_.to < 4 * static_cast<double>(second)) {
            return short_ticks();
        }
        constexpr std::array<std::int64_t, 26> steps{
            second,     2 * second,  5 * second,  15 * second, 30 * second,  minute,   2 * minute,
            5 * minute, 15 * minute, 30 * minute, hour,        2 * hour,     3 * hour, 6 * hour,
            12 * hour,  day,         2 * day,     4 * day,     7 * day,      14 * day, 30 * day,
            61 * day,   91 * day,    182 * day,   365 * day,   3 * 365 * day};
        constexpr double most = 4;
        std::int64_t step = steps.back();
        for (const std::int64_t each : steps) {
            if (span_.to / static_cast<double>(each) <= most) {
                step = each;
                break;
            }
        }
        while (span_.to / static_cast<double>(step) > most) {
            step *= 2;
        }
        std::vector<tick> all;
        const std::int64_t first = from_ - (from_ % step + step) % step;
        for (double at = static_cast<double>(first); at <= static_cast<double>(to_);
             at += static_cast<double>(step)) {
            if (at >= static_cast<double>(from_)) {
                const auto time = static_cast<std::int64_t>(at);
                all.push_back({place(time), label(time, step)});
            }
        }
        return all;
    }

    // "14 Nov 2023, 22:13 to 23:40 UTC"
    [[nodiscard]] std::string extent() const {
        const auto a = calendar_of(from_);
        const auto b = calendar_of(to_);
        const auto clock = [&](const calendar& at) {
            return to_ - 10 * minute > from_
                       ? fmt::format("{:02}:{:02}", at.hour, at.minute)
                       : fmt::format("{:02}:{:02}:{:02}", at.hour, at.minute, at.second);
        };
        const auto begin = fmt::format("{}, {}", day_text(a), clock(a));
        const bool same_day = day_text(a) == day_text(b);
        if (same_day && clock(a) == clock(b)) {
            return begin + " UTC";
        }
        return begin + " to " + (same_day ? clock(b) : day_text(b) + ", " + clock(b)) + " UTC";
    }

private:
    // From the beginning on.
    [[nodiscard]] std::vector<tick> short_ticks() const {
        constexpr std::array<std::pair<std::int64_t, std::string_view>, 4> units{
            {{second, "s"}, {1'000'000, "ms"}, {1'000, "µs"}, {1, "ns"}}};
        for (const auto& [unit, name] : units) {
            if (span_.to >= 2 * static_cast<double>(unit) || unit == 1) {
                const double in_units = span_.to / static_cast<double>(unit);
                const double step = std::max(1.0, std::ceil(in_units / 4));
                std::vector<tick> all;
                for (double at = 0; at <= in_units; at += step) {
                    all.push_back(
                        {in_units == 0 ? 0.5 : at / in_units, fmt::format("+{:.0f} {}", at, name)});
                }
                return all;
            }
        }
        return {};
    }

    [[nodiscard]] static std::string label(std::int64_t time, std::int64_t step) {
        const auto at = calendar_of(time);
        return step < minute     ? fmt::format("{:02}:{:02}:{:02}", at.hour, at.minute, at.second)
               : step < day      ? fmt::format("{:02}:{:02}", at.hour, at.minute)
               : step < 30 * day ? fmt::format("{} {}", at.day, months[at.month - 1])
                                 : fmt::format("{} {}", months[at.month - 1], at.year);
    }

    std::int64_t from_;
    std::int64_t to_;
    span_of span_;
};

// 1, 2 or 5 times a power of ten, so that so many steps reach it.
[[nodiscard]] double nice_step(double extent, int steps) {
    const double rough = extent / steps;
    if (!(rough > 0) || !std::isfinite(rough)) {
        return 1;
    }
    const double power = std::pow(10, std::floor(std::log10(rough)));
    if (!(power > 0) || !std::isfinite(power)) {
        return rough;
    }
    for (const double factor : {1.0, 2.0, 5.0}) {
        if (factor * power >= rough * 0.999) {
            return factor * power;
        }
    }
    return 10 * power;
}

struct value_axis {
    span_of span;
    std::vector<tick> ticks;

    [[nodiscard]] double y(double value) const {
        return plot_height - plot_height * span.place(value);
    }

    // Bytes from 0 on.
    [[nodiscard]] static value_axis of_bytes(std::uint64_t most) {
        constexpr std::string_view units = "BKMGTPE";
        std::size_t unit = 0;
        auto top = static_cast<double>(std::max<std::uint64_t>(most, 1));
        double size = 1;
        for (; top / size >= 1024 && unit + 1 != units.size(); ++unit) {
            size *= 1024;
        }
        const double step = std::max(nice_step(top / size, 3), unit == 0 ? 1.0 : 0.0);
        value_axis axis;
        const double count = std::ceil(top / size / step - 1e-9);
        axis.span = {0, count * step * size};
        for (int i = 0; i <= static_cast<int>(count); ++i) {
            const auto shown = fmt::format("{:.4g}", i * step);
            axis.ticks.push_back({i / count, i == 0 ? "0"
                                             : unit == 0
                                                 ? shown + " B"
                                                 : fmt::format("{} {}iB", shown, units[unit])});
        }
        return axis;
    }

    // Any values. From 0 on where they are near it.
    [[nodiscard]] static value_axis of_values(double least, double most) {
        if (least > 0 && least < most / 2) {
            least = 0;
        }
        if (!(most > least)) {
            const double half = least == 0 ? 1 : std::abs(least) / 2;
            most = least + half;
            least -= half;
        }
        value_axis axis;
        // Halves, as the difference of two values may be more than there is.
        const double step = 2 * nice_step(most / 2 - least / 2, 3);
        const double from = std::floor(least / step);
        const double to = std::ceil(most / step);
        const bool sane = std::isfinite(from) && std::isfinite(to) && to - from < 16;
        if (!sane) {
            axis.span = {least, most};
            axis.ticks = {{0, fmt::format("{:.3g}", least)}, {1, fmt::format("{:.3g}", most)}};
            return axis;
        }
        axis.span = {from * step, to * step};
        for (double at = from; at <= to; ++at) {
            axis.ticks.push_back({(at - from) / (to - from), fmt::format("{:.4g}", at * step)});
        }
        return axis;
    }
};

// The frame: captions, labels, grid; `marks` goes inside.
[[nodiscard]] std::string framed(std::string_view label, const value_axis& y,
                                 const std::vector<tick>& x, std::string_view x_title,
                                 std::string_view marks) {
    std::string widest;
    for (const tick& each : y.ticks) {
        widest = each.label.size() > widest.size() ? each.label : widest;
    }
    std::string html = fmt::format("<div class=\"chart\"><div class=\"y\" aria-hidden=\"true\">"
                                   "<i>{}</i>",
                                   escaped(widest));
    for (const tick& each : y.ticks) {
        html += fmt::format("<span style=\"top:{:.1f}px\">{}</span>",
                            plot_height - each.at * plot_height, escaped(each.label));
    }
    html += fmt::format("</div><svg class=\"plot\" width=\"100%\" height=\"{}\" role=\"img\" "
                        "aria-label=\"{}\">",
                        plot_height + 24, label);
    for (const tick& each : y.ticks) {
        const double at = plot_height - each.at * plot_height;
        html += fmt::format("<line class=\"{}\" x1=\"0\" x2=\"100%\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>",
                            each.at == 0 ? "base" : "grid", at, at);
    }
    for (const tick& each : x) {
        const char* anchor = each.at < 0.1 ? "start" : each.at > 0.9 ? "end" : "middle";
        html += fmt::format("<line class=\"base\" x1=\"{0:.2f}%\" x2=\"{0:.2f}%\" y1=\"{1}\" "
                            "y2=\"{2}\"/><text x=\"{0:.2f}%\" y=\"{3}\" text-anchor=\"{4}\">"
                            "{5}</text>",
                            100 * each.at, plot_height, plot_height + 4, plot_height + 18, anchor,
                            escaped(each.label));
    }
    html += marks;
    html += fmt::format("</svg><p class=\"x\">{}</p></div>\n", escaped(x_title));
    return html;
}

[[nodiscard]] std::string stretched(std::string_view paths) {
    return fmt::format("<svg width=\"100%\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" "
                       "preserveAspectRatio=\"none\" aria-hidden=\"true\">{2}</svg>",
                       wide, plot_height, paths);
}

[[nodiscard]] std::string number_text(double value) {
    return fmt::format("{:.6g}", value);
}

// "M0 1L2 3", through all points.
class path {
public:
    void to(double x, double y) {
        text_ += fmt::format("{}{:.1f} {:.1f}", text_.empty() ? "M" : "L", x * wide, y);
    }

    [[nodiscard]] std::string as(std::string_view of, std::string_view close = {}) const {
        return fmt::format("<path class=\"{}\" vector-effect=\"non-scaling-stroke\" "
                           "d=\"{}{}\"/>",
                           of, text_, close);
    }

private:
    std::string text_;
};

[[nodiscard]] std::int64_t ns_of(timestamp time) {
    return time.time_since_epoch().count();
}

} // namespace

std::string date_text(timestamp time) {
    const auto at = calendar_of(ns_of(time));
    return fmt::format("{}, {:02}:{:02}:{:02}", day_text(at), at.hour, at.minute, at.second);
}

std::string timeline_chart(std::span<const mark> marks) {
    if (marks.empty()) {
        return {};
    }
    const auto [first, last] = std::ranges::minmax(marks, {}, &mark::time);
    const time_axis x{ns_of(first.time), ns_of(last.time)};
    const auto y = value_axis::of_bytes(std::ranges::max(marks, {}, &mark::bytes).bytes);
    const bool dense = marks.size() > 120;
    const int radius = dense ? 3 : 5;
    std::string drawn;
    for (const mark& each : marks) {
        const double at = 100 * x.place(ns_of(each.time));
        const double top = y.y(static_cast<double>(each.bytes));
        const char* kind = each.kind == mark_kind::incremental ? "inc"
                           : each.kind == mark_kind::full      ? "full"
                                                               : "ver";
        drawn += fmt::format("<g class=\"mark {}{}\"><title>{}</title><line x1=\"{:.2f}%\" "
                             "x2=\"{:.2f}%\" y1=\"{:.1f}\" y2=\"{}\"/>",
                             kind, each.bad ? " bad" : "", each.title, at, at, top, plot_height);
        // The shape says it too: not everybody tells the colours apart.
        if (each.bad) {
            drawn += fmt::format("<svg x=\"{:.2f}%\" y=\"{:.1f}\" overflow=\"visible\"><path "
                                 "class=\"cross\" d=\"M-5 -5L5 5M-5 5L5 -5\"/></svg>",
                                 at, top);
        } else if (each.kind == mark_kind::incremental) {
            drawn += fmt::format("<circle cx=\"{:.2f}%\" cy=\"{:.1f}\" r=\"{}\"/>", at, top,
                                 dense ? 2.5 : 4);
        } else {
            drawn += fmt::format("<svg x=\"{:.2f}%\" y=\"{:.1f}\" overflow=\"visible\"><rect "
                                 "x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"1.5\"/></svg>",
                                 at, top, -radius, -radius, 2 * radius, 2 * radius);
        }
        drawn += "</g>";
    }
    const auto label = fmt::format("Size of each of {} over time, {}",
                                   counted(marks.size(), "snapshot"), x.extent());
    return framed(label, y, x.ticks(), x.extent(), drawn);
}

std::string metric_chart(const metric_series& series) {
    if (series.points.empty()) {
        return {};
    }
    const auto& points = series.points;
    const time_axis x{points.front().time, points.back().time};
    const double least = std::ranges::min(points, {}, &metric_point::least).least;
    const double most = std::ranges::max(points, {}, &metric_point::most).most;
    const auto y = value_axis::of_values(least, most);
    path line;
    path band;
    const bool ranged = std::ranges::any_of(
        points, [](const metric_point& each) { return each.least != each.most; });
    for (const metric_point& each : points) {
        line.to(x.place(each.time), y.y(each.mean));
        band.to(x.place(each.time), y.y(each.most));
    }
    for (auto at = points.rbegin(); at != points.rend(); ++at) {
        band.to(x.place(at->time), y.y(at->least));
    }
    std::string drawn = stretched((ranged && points.size() > 1 ? band.as("band", "Z") : "") +
                                  (points.size() > 1 ? line.as("line") : ""));
    const bool dots = points.size() <= 40;
    for (const metric_point& each : points) {
        const std::string title =
            each.least == each.most ? number_text(each.mean)
                                    : fmt::format("mean {}, from {} to {}", number_text(each.mean),
                                                  number_text(each.least), number_text(each.most));
        drawn += fmt::format(
            "<circle class=\"{}\" cx=\"{:.2f}%\" cy=\"{:.1f}\" r=\"{}\"><title>{}: {}</title>"
            "</circle>",
            dots ? "dot" : "hit", 100 * x.place(each.time), y.y(each.mean), dots ? 3 : 6,
            date_text(timestamp{std::chrono::nanoseconds{each.time}}), title);
    }
    const auto label = fmt::format("{} over time, from {} to {}, {}", escaped(series.name, 60),
                                   number_text(least), number_text(most), x.extent());
    return framed(label, y, x.ticks(), x.extent(), drawn);
}

std::string growth_chart(std::span<const growth_point> growth) {
    if (growth.size() < 2) {
        return {};
    }
    const growth_point& last = growth.back();
    const auto y = value_axis::of_bytes(std::max(last.raw, last.stored));
    const auto first_index = static_cast<double>(growth.front().index);
    const span_of x{first_index, static_cast<double>(last.index)};
    path raw;
    path stored;
    std::string dots;
    for (const growth_point& each : growth) {
        const double at = x.place(static_cast<double>(each.index));
        const double upper = y.y(static_cast<double>(each.raw));
        const double lower = y.y(static_cast<double>(each.stored));
        raw.to(at, upper);
        stored.to(at, lower);
        dots +=
            fmt::format("<circle class=\"hit\" cx=\"{0:.2f}%\" cy=\"{1:.1f}\" r=\"6\"><title>"
                        "up to snapshot {2}: {3} as whole snapshots, {4} kept</title>"
                        "</circle>",
                        100 * at, lower, each.index, human_size(each.raw), human_size(each.stored));
    }
    const std::string base = fmt::format("L{} {}L0 {}Z", wide, plot_height, plot_height);
    std::vector<tick> ticks;
    const double extent = x.to - x.from;
    const double step = std::max(1.0, nice_step(extent, 4));
    for (double at = std::ceil(x.from / step) * step; at <= x.to; at += step) {
        ticks.push_back({x.place(at), fmt::format("{:.0f}", at)});
    }
    const auto label = fmt::format("Bytes of all snapshots up to each: {} as whole ones, {} as "
                                   "they are kept",
                                   human_size(last.raw), human_size(last.stored));
    return framed(label, y, ticks, "snapshot index",
                  stretched(raw.as("area raw", base) + raw.as("line raw") +
                            stored.as("area stored", base) + stored.as("line stored")) +
                      dots);
}

std::string session_strip(const session_facts& of, const session_row& session) {
    if (session.marks.empty()) {
        return {};
    }
    const double width = std::min(100.0 / static_cast<double>(session.marks.size()), 3.0);
    const bool gaps = width > 0.8;
    std::string svg = fmt::format(
        "<svg class=\"strip\" width=\"100%\" height=\"30\" role=\"img\" aria-label=\"{} and {} of "
        "session {}, in their order\">",
        counted(session.actions, "action"), counted(session.checkpoints, "checkpoint"),
        escaped(session.name.value_or(session.id), 60));
    double at = 0;
    std::size_t next = 0;
    const auto& checkpoints = session.checkpoints_before;
    std::size_t number = 0;
    const auto checkpoint = [&] {
        svg += fmt::format("<line class=\"tick\" x1=\"{0:.2f}%\" x2=\"{0:.2f}%\" y1=\"0\" "
                           "y2=\"30\"><title>checkpoint {1}</title></line>",
                           at, number++);
        ++next;
    };
    for (const action_mark& each : session.marks) {
        while (next != checkpoints.size() && checkpoints[next] <= each.sequence) {
            checkpoint();
        }
        const auto kind = each.kind < of.kinds.size() ? of.kinds[each.kind] : std::string_view{};
        constexpr std::int64_t most = 9'000'000'000;
        const auto time = std::abs(std::clamp(each.secs, -most - 1, most + 1)) > most
                              ? fmt::format("{} s", each.secs)
                              : date_text(timestamp{std::chrono::seconds{each.secs}}) + " UTC";
        svg += fmt::format(
            "<rect class=\"k{}\" x=\"{:.2f}%\" y=\"6\" width=\"{:.2f}%\" height=\"18\"><title>"
            "{}: {}, {}{}</title></rect>",
            each.kind % 8, at, gaps ? width * 0.86 : width, each.sequence, escaped(kind), time,
            each.duration_ms == 0 ? "" : fmt::format(", {} ms", each.duration_ms));
        at += width;
    }
    while (next < checkpoints.size() && session.marks.size() == session.actions) {
        checkpoint();
    }
    return svg + "</svg>";
}

namespace {

// The lines of a graph, newest first: a lane waits for the parent of the snapshot that began it.
class lanes {
public:
    static constexpr int most = 12;

    // `parent` is empty for a snapshot that has none.
    [[nodiscard]] std::string row(std::string_view id, std::string_view parent, std::string_view of,
                                  std::string_view title, bool square) {
        std::string lines;
        std::optional<std::size_t> own;
        for (std::size_t i = 0; i != waiting_.size(); ++i) {
            if (waiting_[i] == id && !own) {
                own = i;
            }
        }
        const bool begun = own.has_value();
        if (!own) {
            const auto free = std::ranges::find(waiting_, std::string_view{});
            own = static_cast<std::size_t>(free - waiting_.begin());
            if (free == waiting_.end()) {
                waiting_.emplace_back();
            }
        }
        const int here = x(*own);
        for (std::size_t i = 0; i != waiting_.size(); ++i) {
            if (waiting_[i].empty() || i == *own) {
                continue;
            }
            if (waiting_[i] == id) { // another child of it
                lines += fmt::format("<path d=\"M{0} 0C{0} {2} {1} 0 {1} {2}\"/>", x(i), here, mid);
                waiting_[i] = {};
            } else {
                lines += fmt::format("<path d=\"M{0} 0V{1}\"/>", x(i), height);
            }
        }
        if (begun) {
            lines += fmt::format("<path d=\"M{} 0V{}\"/>", here, mid);
        }
        if (!parent.empty()) {
            lines += fmt::format("<path d=\"M{} {}V{}\"/>", here, mid, height);
        }
        waiting_[*own] = parent;
        width_ = std::max(width_, here + 10);
        const auto node =
            square ? fmt::format("<rect x=\"{}\" y=\"{}\" width=\"11\" height=\"11\" rx=\"2\">",
                                 here - 5.5, mid - 5.5)
                   : fmt::format("<circle cx=\"{}\" cy=\"{}\" r=\"4.5\">", here, mid);
        return fmt::format("{}<g class=\"node {}\">{}<title>{}</title>{}</g>", lines, of, node,
                           title, square ? "</rect>" : "</circle>");
    }

    [[nodiscard]] std::string whole(std::string_view content) const {
        return fmt::format("<svg class=\"lanes\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} "
                           "{1}\" aria-hidden=\"true\">{2}</svg>",
                           width_, height, content);
    }

private:
    static constexpr int height = 34;
    static constexpr int mid = 17;

    [[nodiscard]] static int x(std::size_t lane) {
        return 10 + 14 * static_cast<int>(std::min<std::size_t>(lane, most));
    }

    std::vector<std::string_view> waiting_; // for whom; empty where a lane is free
    int width_ = 20;
};

} // namespace

std::vector<graph_row> chain_graph(const chain_facts& chain, std::size_t most) {
    std::map<std::string_view, std::size_t> places;
    for (std::size_t i = 0; i != chain.snapshots.size(); ++i) {
        places.emplace(chain.snapshots[i].id, i);
    }
    // A parent that is not there stands behind the last of its children.
    std::map<std::string_view, std::size_t> missing;
    const auto parent_of = [](const snapshot_row& of) {
        return of.info && of.info->parent_id ? std::string_view{*of.info->parent_id}
                                             : std::string_view{};
    };
    for (std::size_t i = 0; i != chain.snapshots.size(); ++i) {
        const auto parent = parent_of(chain.snapshots[i]);
        if (!parent.empty() && !places.contains(parent)) {
            missing[parent] = i;
        }
    }
    std::vector<graph_row> rows;
    lanes drawn;
    for (std::size_t i = 0; i != std::min(chain.snapshots.size(), most); ++i) {
        const snapshot_row& each = chain.snapshots[i];
        const auto parent = parent_of(each);
        const auto at = places.find(parent);
        // No line leads upwards: in a cycle it would never arrive.
        const bool below = at == places.end() || at->second > i;
        const bool full = each.info && each.info->type == tintype::snapshot_kind::full;
        const auto kind = !each.info ? "unread" : full ? "full" : "inc";
        rows.push_back({&each, each.id,
                        drawn.row(each.id, below ? parent : std::string_view{},
                                  each.bad ? std::string{kind} + " bad" : kind, escaped(each.id),
                                  full || !each.info)});
        for (const auto& [id, last] : missing) {
            if (last == i) {
                rows.push_back({nullptr, id, drawn.row(id, {}, "gone", "missing", false)});
            }
        }
    }
    for (graph_row& each : rows) {
        each.svg = drawn.whole(each.svg);
    }
    return rows;
}

} // namespace tool::report
