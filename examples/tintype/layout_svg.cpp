// Layouts as pictures.

#include "layout_svg.hpp"

#include <tintype/codec/value_layout.hpp>

#include "layout_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace tool {

namespace {

using tintype::field_kind;
using tintype::field_layout;
using tintype::value_layout;
using tintype::value_part;
using tintype::value_shape;

// In pixels; a phone shows all of the width.
constexpr int width = 400;
constexpr int margin = 14;
constexpr int inside = width - 2 * margin;
constexpr int gap = 6;     // between boxes
constexpr int padding = 9; // between a box's edge and its text
constexpr int box_height = 66;
constexpr int row_height = 96; // with the place above
constexpr int tooth = 5;       // how deep an edge is torn

struct box {
    std::string place;
    std::string name;
    std::string type;
    std::string size;
    std::string_view look; // a class of the style below
    bool torn = false;
};

struct panel {
    std::string title;
    std::string note;
    std::vector<box> boxes;
};

[[nodiscard]] std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
        case '&':
            out += "&amp;";
            break;
        case '<':
            out += "&lt;";
            break;
        case '>':
            out += "&gt;";
            break;
        default:
            out += c;
        }
    }
    return out;
}

[[nodiscard]] std::string_view look_of(field_kind kind) {
    switch (kind) {
    case field_kind::magic:
    case field_kind::version:
        return "head";
    case field_kind::section:
    case field_kind::records:
    case field_kind::frame:
    case field_kind::frames:
    case field_kind::tail:
        return "data";
    case field_kind::checksum:
        return "sum";
    default:
        return "plain";
    }
}

[[nodiscard]] std::string in_bytes(const std::string& size) {
    return size + (size == "1" ? " byte" : " bytes");
}

// Of every font that may be there, a character takes at most so much of its height.
[[nodiscard]] int text_width(std::string_view text, int height) {
    return static_cast<int>(text.size()) * height * 62 / 100;
}

[[nodiscard]] int least_width(const box& of) {
    const int text = std::max({text_width(of.name, 15), text_width(of.type, 13),
                               text_width(of.size, 13), text_width(of.place, 12)});
    return std::max(64, text + 2 * padding + (of.torn ? tooth : 0));
}

class picture {
public:
    picture(std::string_view name, std::string_view about, const list_layout& layout)
        : name_(name), about_(about) {
        const bool behind_head = !layout.head.empty();
        const auto facts = fmt::format(
            "{}-endian, {}at least {} bytes", layout.endian,
            layout.repeated.empty() || behind_head ? "" : fmt::format("each {} ", layout.repeated),
            layout.min_size);
        if (behind_head) {
            panels_.push_back(panel_of(name, facts, head_of(layout)));
            panels_.push_back(panel_of(layout.repeated, "one behind another", layout));
        } else {
            panels_.push_back(panel_of(name, facts, layout));
        }
        for (const field_layout& each : layout.fields) {
            if (!each.parts.empty()) {
                add_record(each);
            }
            if (each.value != nullptr) {
                add(*each.value, each.name);
            }
        }
    }

    [[nodiscard]] std::string drawn() const {
        std::string body;
        int y = margin;
        for (const panel& each : panels_) {
            draw(each, y, body);
        }
        y += margin - gap;
        return fmt::format(
                   R"(<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{1}" viewBox="0 0 {0} {1}" role="img" aria-labelledby="title desc">
<title id="title">{2}: {3}</title>
<desc id="desc">{4}</desc>
)",
                   width, y, escaped(name_), escaped(about_), escaped(described())) +
               std::string{style} +
               fmt::format("<rect class=\"page\" width=\"{}\" height=\"{}\" rx=\"10\"/>\n", width,
                           y) +
               body + "</svg>\n";
    }

private:
    static constexpr std::string_view style = R"(<style>
text { font: 13px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: #1f2933 }
.title { font-size: 17px; font-weight: 700 }
.name { font-size: 15px; font-weight: 700 }
.place { font-size: 12px; fill: #52606d }
.dim { fill: #52606d }
.page { fill: #ffffff }
.head { fill: #e4e8fd; stroke: #5566c9 }
.plain { fill: #e3f4ee; stroke: #2b8a67 }
.data { fill: #fdf1d8; stroke: #b07a12 }
.sum { fill: #fbe4ea; stroke: #bb4463 }
.line { stroke: #cbd2d9 }
@media (prefers-color-scheme: dark) {
text { fill: #e8ecf1 }
.place, .dim { fill: #a9b4c0 }
.page { fill: #161b22 }
.head { fill: #262d52; stroke: #8b9aef }
.plain { fill: #16382d; stroke: #4dbd94 }
.data { fill: #40310f; stroke: #dba63c }
.sum { fill: #451f2b; stroke: #e97f9b }
.line { stroke: #3a4350 }
}
</style>
)";

    [[nodiscard]] static panel panel_of(std::string_view title, std::string_view note,
                                        const list_layout& layout) {
        panel made{.title = std::string{title}, .note = std::string{note}, .boxes = {}};
        const auto places = places_of(layout);
        for (std::size_t i = 0; i != layout.fields.size(); ++i) {
            const field_layout& each = layout.fields[i];
            const bool digest = each.kind == field_kind::custom && !each.text.empty();
            made.boxes.push_back({.place = places[i],
                                  .name = std::string{each.name},
                                  .type = content_of(each),
                                  .size = in_bytes(size_of(each)),
                                  .look = digest ? "sum" : look_of(each.kind),
                                  .torn = !each.size});
        }
        return made;
    }

    void add_record(const field_layout& field) {
        panel record{.title = std::string{field.name},
                     .note = fmt::format("{} bytes each", field.stride),
                     .boxes = {}};
        for (const field_layout& each : field.parts) {
            record.boxes.push_back({.place = fmt::format("+{}", each.offset.value_or(0)),
                                    .name = std::string{each.name},
                                    .type = std::string{each.type},
                                    .size = in_bytes(size_of(each)),
                                    .look = "plain"});
        }
        panels_.push_back(std::move(record));
    }

    // A panel for each struct and each choice in it, the outer ones first.
    void add(const value_layout& value, std::string_view member) {
        if (!known_.insert(&value).second) {
            return;
        }
        const bool choice = value.shape == value_shape::variant;
        if (choice || value.shape == value_shape::members) {
            panel made{.title = type_name(value, member),
                       .note = choice        ? fmt::format("a {} index says which", value.type)
                               : value.fixed ? in_bytes(fmt::format("{}", value.least))
                                             : fmt::format("at least {} bytes", value.least),
                       .boxes = {}};
            std::optional<std::uint64_t> offset = 0;
            for (std::size_t i = 0; i != value.parts.size(); ++i) {
                const value_part& part = value.parts[i];
                const value_layout& each = *part.value;
                made.boxes.push_back(
                    {.place = choice   ? fmt::format("{}", i)
                              : offset ? fmt::format("+{}", *offset)
                                       : "..",
                     .name = std::string{part.name},
                     .type = choice ? members_of(each) : type_of(each, part.name),
                     .size = in_bytes(each.fixed        ? fmt::format("{}", each.least)
                                      : each.least == 0 ? "n"
                                                        : fmt::format("{} + n", each.least)),
                     .look = each.fixed ? "plain" : "data",
                     .torn = !each.fixed});
                offset = offset && each.fixed ? std::optional{*offset + each.least} : std::nullopt;
            }
            panels_.push_back(std::move(made));
        }
        for (const value_part& part : value.parts) {
            // What an alternative holds is said in its box.
            if (choice) {
                for (const value_part& deeper : part.value->parts) {
                    add(*deeper.value, deeper.name);
                }
            } else {
                add(*part.value, part.name.empty() ? member : part.name);
            }
        }
    }

    [[nodiscard]] static std::string type_name(const value_layout& value, std::string_view member) {
        return std::string{value.name.empty() ? member : value.name};
    }

    [[nodiscard]] static std::string members_of(const value_layout& value) {
        if (value.shape != value_shape::members) {
            return type_of(value, "");
        }
        std::string all;
        for (const value_part& each : value.parts) {
            all += fmt::format("{}{} {}", all.empty() ? "" : ", ", each.name,
                               type_of(*each.value, each.name));
        }
        return all;
    }

    // The boxes in rows that are full, from `y` on, which goes on to what is below.
    static void draw(const panel& from, int& y, std::string& to) {
        if (y != margin) {
            to += fmt::format("<line class=\"line\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>\n",
                              margin, y, width - margin, y);
            y += 12;
        }
        to += fmt::format("<text class=\"title\" x=\"{}\" y=\"{}\">{}</text>\n", margin, y + 16,
                          escaped(from.title));
        to += fmt::format("<text class=\"dim\" x=\"{}\" y=\"{}\">{}</text>\n", margin, y + 36,
                          escaped(from.note));
        y += 44;
        for (std::size_t begin = 0; begin != from.boxes.size();) {
            std::size_t end = begin;
            std::vector<int> widths;
            int taken = 0;
            while (end != from.boxes.size()) {
                const int next = std::min(least_width(from.boxes[end]), inside);
                if (end != begin && taken + gap + next > inside) {
                    break;
                }
                taken += next + (end == begin ? 0 : gap);
                widths.push_back(next);
                ++end;
            }
            share(widths, inside - taken);
            int x = margin;
            for (std::size_t i = begin; i != end; ++i) {
                draw(from.boxes[i], x, y, widths[i - begin], to);
                x += widths[i - begin] + gap;
            }
            y += row_height;
            begin = end;
        }
        y += 4;
    }

    // What is left of a row goes to all its boxes, if it is not more than they have.
    static void share(std::vector<int>& widths, int left) {
        const int own = std::accumulate(widths.begin(), widths.end(), 0);
        if (left > own) {
            return;
        }
        int given = 0;
        for (int& each : widths) {
            const int more = left * each / own;
            each += more;
            given += more;
        }
        widths.back() += left - given;
    }

    static void draw(const box& from, int x, int y, int wide, std::string& to) {
        to += fmt::format("<text class=\"place\" x=\"{}\" y=\"{}\">{}</text>\n", x + 1, y + 15,
                          escaped(from.place));
        const int top = y + 21;
        std::string path;
        if (from.torn) {
            constexpr int teeth = 6;
            constexpr int high = box_height / teeth;
            path = fmt::format("M{} {}H{}", x, top, x + wide);
            for (int i = 0; i != teeth; ++i) {
                path += fmt::format("l{} {}l{} {}", -tooth, high / 2, tooth, high - high / 2);
            }
            path += fmt::format("H{}Z", x);
        } else {
            path = fmt::format("M{} {}h{}v{}h{}Z", x, top, wide, box_height, -wide);
        }
        to += fmt::format("<path class=\"{}\" d=\"{}\"/>\n", from.look, path);
        const auto line = [&](std::string_view look, int at, const std::string& text) {
            to += fmt::format("<text class=\"{}\" x=\"{}\" y=\"{}\">{}</text>\n", look, x + padding,
                              top + at, escaped(text));
        };
        line("name", 21, from.name);
        line("", 40, from.type);
        line("dim", 57, from.size);
    }

    // The picture for who does not see it.
    [[nodiscard]] std::string described() const {
        std::string all;
        for (const panel& each : panels_) {
            all += fmt::format("{}{}, {}: ", all.empty() ? "" : " ", each.title, each.note);
            for (std::size_t i = 0; i != each.boxes.size(); ++i) {
                const box& field = each.boxes[i];
                all += fmt::format("{}{} at {}, {}, {}", i == 0 ? "" : "; ", field.name,
                                   field.place == ".." ? "no fixed place" : field.place, field.type,
                                   field.size);
            }
            all += ".";
        }
        return all;
    }

    std::string_view name_;
    std::string_view about_;
    std::vector<panel> panels_;
    std::set<const value_layout*> known_;
};

} // namespace

std::string in_svg(std::string_view name, std::string_view about, const list_layout& layout) {
    return picture{name, about, layout}.drawn();
}

} // namespace tool
