// `layout`: the fields of a format as the compiler knows them.

#include "command.hpp"
#include "document.hpp"
#include "format.hpp"
#include "text.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace tool {

namespace {

using tintype::field_kind;
using tintype::field_layout;

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
    return row;
}

[[nodiscard]] json::object in_json(std::string_view name, const list_layout& layout) {
    json::array fields;
    for (const field_layout& each : layout.fields) {
        fields.emplace_back(in_json(each));
    }
    return {{"name", name},
            {"endian", layout.endian},
            {"min_size", layout.min_size},
            {"fields", std::move(fields)}};
}

// "8 + n" and the like, in bytes.
[[nodiscard]] std::string size_of(const field_layout& field) {
    if (field.size) {
        return fmt::format("{}", *field.size);
    }
    const auto rest = field.stride > 1 ? fmt::format("{} n", field.stride) : "n";
    return field.least == 0 ? rest : fmt::format("{} + {}", field.least, rest);
}

// What stands in the field, in words.
[[nodiscard]] std::string content_of(const field_layout& field) {
    switch (field.kind) {
    case field_kind::magic:
        return fmt::format("`{}`", visible(field.text));
    case field_kind::version:
        return fmt::format("{} = {}", field.type, field.number);
    case field_kind::checksum:
        return fmt::format("{} {} of all before it", field.type, field.text);
    case field_kind::section:
        return fmt::format("{} length, {}", field.prefix, field.type);
    case field_kind::records:
        return field.prefix.empty() ? fmt::format("{} each", field.type)
                                    : fmt::format("{} count, {} each", field.prefix, field.type);
    default:
        // One of a list's own that is a checksum says of what kind.
        return field.kind == field_kind::custom && !field.text.empty()
                   ? fmt::format("{} {} of all before it", field.type, field.text)
                   : std::string{field.type};
    }
}

[[nodiscard]] std::string in_text(const terminal& on, std::string_view name,
                                  const list_layout& layout) {
    table rows{{{"OFFSET", true}, {"SIZE", true}, {"FIELD"}, {"KIND"}, {"CONTENT"}}};
    // Behind the last field of no fixed size, places are counted from the end.
    std::uint64_t behind = 0;
    std::vector<std::string> places(layout.fields.size(), "..");
    for (std::size_t i = layout.fields.size(); i-- != 0;) {
        const field_layout& each = layout.fields[i];
        if (each.offset) {
            places[i] = fmt::format("{}", *each.offset);
        } else if (each.size && behind != tintype::limits::none) {
            behind += *each.size;
            places[i] = fmt::format("end - {}", behind);
        } else {
            behind = tintype::limits::none;
        }
    }
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
    return fmt::format("{}  {}-endian, at least {} bytes\n", on.dye(style::bold, name),
                       layout.endian, layout.min_size) +
           rows.shown(on, 2);
}

class layout_command : public command {
public:
    [[nodiscard]] std::string_view name() const override { return "layout"; }

    [[nodiscard]] std::string_view summary() const override {
        return "show where the fields of a format lie";
    }

    [[nodiscard]] std::string_view usage() const override { return "[FORMAT] [--as text|json]"; }

    [[nodiscard]] std::string details() const override {
        return "The layout as the compiler knows it: the codec, the checks and this page come from "
               "the same declaration. Without a format, all of them. An offset is `..`, or counted "
               "from the end, where it is not the same in every file.";
    }

    [[nodiscard]] std::vector<example> examples() const override {
        return {{"tintype layout vamm-2", "a table"},
                {"tintype layout vsnp --as json", "the same for programs"}};
    }

    void declare(CLI::App& parser) override {
        parser.add_option("FORMAT", format_, "one format only");
        parser.add_option("--as", as_, "text (default) or json")->type_name("FORM");
        parser.add_flag("--json", json_, "the same as --as json");
    }

    [[nodiscard]] outcome<status> run(terminal& on) override {
        if (as_ != "text" && as_ != "json") {
            return wrong_call(fmt::format("--as is text or json, not `{}`", as_));
        }
        const bool json = json_ || as_ == "json";
        if (!format_.empty()) {
            const auto kind = format_named(format_);
            if (!kind) {
                return std::unexpected(kind.error());
            }
            const auto layout = (*kind)->layout();
            if (!layout) {
                return wrong_call(fmt::format("{} is not laid out by a section list", format_));
            }
            on.print(json ? json::written(in_json(format_, *layout)) + "\n"
                          : in_text(on, format_, *layout));
            return status::done;
        }
        json::array all;
        for (const format* each : formats()) {
            const auto layout = each->layout();
            if (layout && json) {
                all.emplace_back(in_json(each->name(), *layout));
            } else if (layout) {
                on.print((each == formats().front() ? "" : "\n") +
                         in_text(on, each->name(), *layout));
            }
        }
        if (json) {
            on.print(json::written(json::object{{"layouts", std::move(all)}}) + "\n");
        }
        return status::done;
    }

private:
    std::string format_;
    std::string as_ = "text";
    bool json_ = false;
};

} // namespace

std::unique_ptr<command> make_layout() {
    return std::make_unique<layout_command>();
}

} // namespace tool
