// The plot: a bar for each ratio on a logarithmic axis from 1, to the right where ours is better
// and to the left where it is not, with a mark where the goal is. One picture of SVG, without
// scripts.

#include "harness.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>

namespace bench {
namespace {

constexpr double width = 1000;
constexpr double left = 400;  // of the axis; the texts stand before it
constexpr double right = 900; // of the axis; the ratios stand behind the bars
constexpr double line = 19;

constexpr std::string_view style = R"(<style>
text { font: 12px system-ui, "DejaVu Sans", sans-serif; fill: #1f2328; }
.area { font-size: 17px; font-weight: bold; }
.case { font-weight: bold; }
.peer, .tick { fill: #57606a; }
.end { text-anchor: end; }
.middle { text-anchor: middle; }
.paper { fill: #ffffff; }
.grid { stroke: #d0d7de; }
.one { stroke: #57606a; }
.met { fill: #2da44e; }
.missed { fill: #d1760f; }
.free { fill: #6e9fd8; }
.goal { stroke: #1f2328; stroke-width: 2.5; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; }
.peer, .tick { fill: #9198a1; }
.paper { fill: #0d1117; }
.grid { stroke: #30363d; }
.one { stroke: #9198a1; }
.goal { stroke: #e6edf3; }
}
</style>
)";

std::string fixed(double value, int decimals = 1) {
    char text[32];
    std::snprintf(text, sizeof text, "%.*f", decimals, value);
    return text;
}

std::string ratio_text(double ratio) {
    return fixed(ratio, ratio >= 100 ? 0 : ratio >= 10 ? 1 : ratio >= 0.1 ? 2 : 4) + "x";
}

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        out += c == '&' ? "&amp;" : c == '<' ? "&lt;" : std::string{c};
    }
    return out;
}

std::string text_at(double x, double y, std::string_view kind, std::string_view text) {
    return "<text x=\"" + fixed(x) + "\" y=\"" + fixed(y) + "\" class=\"" + std::string{kind} +
           "\">" + escaped(text) + "</text>\n";
}

std::string line_at(double x, double top, double bottom, std::string_view kind) {
    return "<line x1=\"" + fixed(x) + "\" x2=\"" + fixed(x) + "\" y1=\"" + fixed(top) + "\" y2=\"" +
           fixed(bottom) + "\" class=\"" + std::string{kind} + "\"/>\n";
}

// The powers of ten that an area's ratios and goals lie between.
struct axis {
    double least = 0;
    double most = 1;

    explicit axis(const rows& all) {
        for (const row& each : all) {
            for (const double value : {each.ratio, each.goal.value_or(each.ratio)}) {
                const double place = std::log10(std::clamp(value, 1e-3, 1e7));
                least = std::min(least, std::floor(place * 2) / 2);
                most = std::max(most, std::ceil(place));
            }
        }
    }

    [[nodiscard]] double at(double ratio) const {
        const double place = std::clamp(std::log10(std::max(ratio, 1e-9)), least, most);
        return left + (right - left) * (place - least) / (most - least);
    }
};

class plot {
public:
    void area(const std::string& name, const rows& all) {
        const axis scale{all};
        y_ += 36;
        body_ += text_at(16, y_, "area", name);
        body_ += text_at(right, y_, "peer end", "times better than");
        y_ += 12;
        const double top = y_;
        std::string bars;
        std::string_view before;
        for (const row& each : all) {
            if (each.what != before) {
                before = each.what;
                y_ += line + 4;
                bars += text_at(16, y_, "case", each.what);
            }
            y_ += line;
            bars += bar(scale, each);
        }
        y_ += 10;
        for (double power = std::ceil(scale.least); power <= scale.most; ++power) {
            const double x = scale.at(std::pow(10, power));
            body_ += line_at(x, top, y_, power == 0 ? "one" : "grid");
            const int decimals = std::max(0, static_cast<int>(-power));
            body_ += text_at(x, y_ + 14, "tick middle", fixed(std::pow(10, power), decimals));
        }
        body_ += bars;
        y_ += 20;
    }

    [[nodiscard]] std::string picture() const {
        const double height = y_ + 44;
        const std::string size = fixed(width, 0) + ' ' + fixed(height, 0);
        std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + size +
                          "\" width=\"" + fixed(width, 0) + "\" height=\"" + fixed(height, 0) +
                          "\">\n" + std::string{style} +
                          "<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n" + body_;
        double x = 16;
        for (const auto& [kind, text, room] :
             {legend{"met", "goal met", 100}, legend{"missed", "goal not met", 125},
              legend{"free", "no goal named", 135}}) {
            out += box(x, height - 26, 12, kind);
            out += text_at(x + 18, height - 15, "peer", text);
            x += room;
        }
        out += line_at(x, height - 28, height - 12, "goal");
        out += text_at(x + 10, height - 15, "peer", "the goal");
        return out + "</svg>\n";
    }

private:
    struct legend {
        std::string_view kind;
        std::string_view text;
        double room;
    };

    [[nodiscard]] static std::string box(double x, double y, double size, std::string_view kind) {
        return "<rect x=\"" + fixed(x) + "\" y=\"" + fixed(y) + "\" width=\"" + fixed(size) +
               "\" height=\"12\" class=\"" + std::string{kind} + "\"/>\n";
    }

    [[nodiscard]] std::string bar(const axis& scale, const row& each) const {
        const double one = scale.at(1);
        const double end = scale.at(each.ratio);
        const double top = y_ - 11;
        const std::string_view kind = !each.goal                 ? "free"
                                      : each.ratio >= *each.goal ? "met"
                                                                 : "missed";
        std::string out = text_at(32, y_, "peer", "against " + each.against);
        out += box(std::min(one, end), top, std::max(std::abs(end - one), 1.0), kind);
        double behind = std::max(one, end);
        if (each.goal) {
            const double goal = scale.at(*each.goal);
            out += line_at(goal, top - 2, top + 14, "goal");
            behind = std::max(behind, goal);
        }
        return out + text_at(behind + 7, y_, "", ratio_text(each.ratio));
    }

    std::string body_;
    double y_ = 0;
};

} // namespace

bool write_svg(const rows& all, const std::string& path) {
    plot picture;
    for (std::size_t begin = 0; begin != all.size();) {
        std::size_t end = begin;
        rows area;
        while (end != all.size() && all[end].area == all[begin].area) {
            // Memory stays in the tables: a gigabyte against next to nothing leaves no room for
            // times.
            if (all[end].unit != "KiB" && all[end].unit != "x payload") {
                area.push_back(all[end]);
            }
            ++end;
        }
        picture.area(all[begin].area, area);
        begin = end;
    }
    std::ofstream out{path};
    out << picture.picture();
    return static_cast<bool>(out.flush());
}

} // namespace bench
