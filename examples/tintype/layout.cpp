// `layout`: the fields of a format as the compiler knows them.

#include <tintype/codec/value_layout.hpp>

#include "command.hpp"
#include "document.hpp"
#include "format.hpp"
#include "layout_kaitai.hpp"
#include "layout_svg.hpp"
#include "layout_words.hpp"
#include "text.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

namespace tool {

namespace {

using tintype::field_kind;
using tintype::field_layout;
using tintype::value_layout;
using tintype::value_part;

[[nodiscard]] json::value value_of(const field_layout& field) {
    switch (field.kind) {
    case field_kind::magic:
    case field_kind::checksum:
        return field.text;
    case field_kind::version:
        return field.number;
    default:
        return {};
    }
}

[[nodiscard]] std::string_view name_of(tintype::value_shape shape) {
    static constexpr std::array<std::string_view, 10> names{
        "number", "enumeration", "array",   "string",  "sequence",
        "map",    "optional",    "variant", "members", "nothing"};
    return names[static_cast<std::size_t>(shape)];
}

// As deep as the types are.
[[nodiscard]] json::object in_json(const value_layout& value) {
    json::object row{{"shape", name_of(value.shape)}};
    if (!value.name.empty()) {
        row.emplace_back("name", value.name);
    }
    if (!value.type.empty()) {
        row.emplace_back("type", value.type);
    }
    row.emplace_back("size", value.fixed ? json::value{value.least} : json::value{});
    row.emplace_back("least", value.least);
    if (value.extent != 0) {
        row.emplace_back("extent", value.extent);
    }
    if (!value.parts.empty()) {
        json::array parts;
        for (const value_part& each : value.parts) {
            json::object part;
            if (!each.name.empty()) {
                part.emplace_back("name", each.name);
            }
            part.emplace_back("value", in_json(*each.value));
            parts.emplace_back(std::move(part));
        }
        row.emplace_back("parts", std::move(parts));
    }
    return row;
}

[[nodiscard]] json::object in_json(const field_layout& field) {
    json::object row{{"name", field.name},
                     {"offset", field.offset},
                     {"size", field.size},
                     {"kind", tintype::name_of(field.kind)}};
    if (auto value = value_of(field); !value.is_null()) {
        row.emplace_back(field.kind == field_kind::checksum ? "algorithm" : "value",
                         std::move(value));
    }
    row.emplace_back("type", field.type);
    if (!field.prefix.empty()) {
        row.emplace_back("prefix", field.prefix);
    }
    row.emplace_back("least", field.least);
    if (field.stride != 0) {
        row.emplace_back("stride", field.stride);
    }
    if (!field.parts.empty()) {
        json::array parts;
        for (const field_layout& each : field.parts) {
            parts.emplace_back(json::object{{"name", each.name},
                                            {"offset", each.offset},
                                            {"size", each.size},
                                            {"type", each.type}});
        }
        row.emplace_back("record", std::move(parts));
    }
    if (!field.each.empty()) {
        row.emplace_back("each", field.each);
    }
    if (field.value != nullptr) {
        row.emplace_back("frame", in_json(*field.value));
    }
    return row;
}

[[nodiscard]] json::array in_json(std::span<const field_layout> fields) {
    json::array rows;
    for (const field_layout& each : fields) {
        rows.emplace_back(in_json(each));
    }
    return rows;
}

[[nodiscard]] json::object in_json(std::string_view name, const list_layout& layout) {
    json::object row{{"name", name}, {"endian", layout.endian}, {"min_size", layout.min_size}};
    if (layout.head.empty()) {
        row.emplace_back("fields", in_json(layout.fields));
        if (!layout.repeated.empty()) {
            row.emplace_back("repeated", layout.repeated);
        }
    } else {
        row.emplace_back("fields", in_json(layout.head));
        row.emplace_back("repeated", layout.repeated);
        row.emplace_back("repeated_fields", in_json(layout.fields));
    }
    return row;
}

void add_rows(table& rows, const list_layout& layout) {
    const auto places = places_of(layout);
    for (std::size_t i = 0; i != layout.fields.size(); ++i) {
        const field_layout& each = layout.fields[i];
        rows.add({{places[i]},
                  {size_of(each)},
                  {std::string{each.name}},
                  {std::string{tintype::name_of(each.kind)}, style::dim},
                  {content_of(each)}});
        for (const field_layout& member : each.parts) {
            rows.add({{fmt::format("+{}", member.offset.value_or(0)), style::dim},
                      {size_of(member), style::dim},
                      {fmt::format("  {}", member.name)},
                      {""},
                      {content_of(member)}});
        }
    }
}

[[nodiscard]] std::string in_text(const terminal& on, std::string_view name,
                                  const list_layout& layout) {
    table rows{{{"OFFSET", true}, {"SIZE", true}, {"FIELD"}, {"KIND"}, {"CONTENT"}}};
    if (!layout.head.empty()) {
        add_rows(rows, head_of(layout));
    }
    add_rows(rows, layout);
    return fmt::format("{}  {}-endian, {}at least {} bytes\n", on.dye(style::bold, name),
                       layout.endian,
                       layout.repeated.empty() || !layout.head.empty()
                           ? ""
                           : fmt::format("each {} ", layout.repeated),
                       layout.min_size) +
           rows.shown(on, 2);
}

class layout_command : public command {
public:
    [[nodiscard]] std::string_view name() const override { return "layout"; }

    [[nodiscard]] std::string_view summary() const override {
        return "show where the fields of a format lie";
    }

    [[nodiscard]] std::string_view usage() const override {
        return "[FORMAT] [--as text|json|svg|kaitai]";
    }

    [[nodiscard]] std::string details() const override {
        return "The layout as the compiler knows it: the codec, the checks and this page come from "
               "the same declaration. Without a format, all of them. An offset is `..`, or counted "
               "from the end, where it is not the same in every file, and `+0` is where each "
               "record "
               "of a log begins. svg is a picture; kaitai is a description for Kaitai Struct, "
               "whose "
               "compiler makes parsers in other languages that hold lengths and counts against the "
               "bytes as well.";
    }

    [[nodiscard]] std::vector<example> examples() const override {
        return {{"tintype layout vamm-2", "a table"},
                {"tintype layout vsnp --as json", "the same for programs"},
                {"tintype layout vamm-2 --as svg > vamm-2.svg", "a picture"},
                {"tintype layout memvid-segment --as kaitai > memvid_segment.ksy",
                 "for parsers in other languages"}};
    }

    void declare(CLI::App& parser) override {
        parser.add_option("FORMAT", format_, "one format only");
        parser.add_option("--as", as_, "text (default), json, svg or kaitai")->type_name("FORM");
        parser.add_flag("--json", json_, "the same as --as json");
    }

    [[nodiscard]] outcome<status> run(terminal& on) override {
        static constexpr std::array<std::string_view, 4> forms{"text", "json", "svg", "kaitai"};
        if (std::ranges::find(forms, as_) == forms.end()) {
            return wrong_call(
                fmt::format("--as is one of {}, not `{}`", fmt::join(forms, ", "), as_));
        }
        if (json_) {
            as_ = "json";
        }
        if (!format_.empty()) {
            const auto kind = format_named(format_);
            if (!kind) {
                return std::unexpected(kind.error());
            }
            const auto layout = (*kind)->layout();
            if (!layout) {
                return wrong_call(fmt::format("{} is not laid out by a section list", format_));
            }
            on.print(shown(on, **kind, *layout));
            return status::done;
        }
        if (as_ == "svg" || as_ == "kaitai") {
            return wrong_call(
                fmt::format("--as {} takes one format; `tintype layout` lists them", as_));
        }
        json::array all;
        for (const format* each : formats()) {
            const auto layout = each->layout();
            if (layout && as_ == "json") {
                all.emplace_back(in_json(each->name(), *layout));
            } else if (layout) {
                on.print((each == formats().front() ? "" : "\n") +
                         in_text(on, each->name(), *layout));
            }
        }
        if (as_ == "json") {
            on.print(json::written(json::object{{"layouts", std::move(all)}}) + "\n");
        }
        return status::done;
    }

private:
    [[nodiscard]] std::string shown(const terminal& on, const format& kind,
                                    const list_layout& layout) const {
        if (as_ == "json") {
            return json::written(in_json(kind.name(), layout)) + "\n";
        }
        if (as_ == "svg") {
            return in_svg(kind.name(), kind.about(), layout);
        }
        return as_ == "kaitai" ? in_kaitai(kind.name(), kind.about(), layout)
                               : in_text(on, kind.name(), layout);
    }

    std::string format_;
    std::string as_ = "text";
    bool json_ = false;
};

} // namespace

std::unique_ptr<command> make_layout() {
    return std::make_unique<layout_command>();
}

} // namespace tool
