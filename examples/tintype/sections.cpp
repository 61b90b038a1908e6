// Parsing of NAME=FILE.

#include "sections.hpp"

#include "text.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace tool {

void section_options::declare(CLI::App& parser) {
    parser.add_option("--format", format_, "the format to write")->required()->type_name("F");
    parser
        .add_option("--section", sections_, "a section and the file that holds it; once for each")
        ->required()
        ->allow_extra_args(false)
        ->type_name("NAME=FILE");
}

outcome<const format*> section_options::chosen() const {
    auto kind = format_named(format_);
    if (kind && (*kind)->sections().empty()) {
        return wrong_call(fmt::format("{} cannot be put together from sections", format_));
    }
    return kind;
}

outcome<snapshot> section_options::assembled(const format& kind, terminal& on) const {
    const auto names = kind.sections();
    std::vector<given_section> given(names.size());
    for (const std::string& each : sections_) {
        const auto equals = each.find('=');
        if (equals == std::string::npos || equals + 1 == each.size()) {
            return wrong_call(fmt::format("--section takes NAME=FILE, not `{}`", each));
        }
        const auto name = each.substr(0, equals);
        const auto found = std::ranges::find(names, name);
        if (found == names.end()) {
            const auto guess = meant(name, names);
            return wrong_call(
                fmt::format("{} has no section `{}`{} {}", kind.name(), name,
                            guess ? fmt::format(", did you mean `{}`? It has", *guess) : "; it has",
                            fmt::join(names, ", ")));
        }
        given_section& place = given[static_cast<std::size_t>(found - names.begin())];
        if (!place.name.empty()) {
            return wrong_call(fmt::format("section `{}` is given twice", name));
        }
        place = {.name = name, .file = each.substr(equals + 1)};
    }
    std::vector<std::string_view> missing;
    for (std::size_t i = 0; i != names.size(); ++i) {
        if (given[i].name.empty()) {
            missing.push_back(names[i]);
        }
    }
    if (!missing.empty()) {
        return wrong_call(fmt::format("{} lacks --section {}=FILE", kind.name(),
                                      fmt::join(missing, "=FILE and --section ")));
    }
    return kind.assemble(given, on.watch("sections"));
}

std::string section_options::explained(bool only_versioned) {
    // Formats of the same sections share a sentence.
    std::vector<std::pair<std::vector<std::string_view>, std::vector<std::string_view>>> groups;
    for (const format* each : formats()) {
        const auto sections = each->sections();
        if (sections.empty() || (only_versioned && !each->versioned())) {
            continue;
        }
        if (groups.empty() || groups.back().first != sections) {
            groups.push_back({sections, {}});
        }
        groups.back().second.push_back(each->name());
    }
    std::string text;
    for (const auto& [sections, names] : groups) {
        text += fmt::format("{}{} {} the sections {}.", text.empty() ? "" : " ",
                            fmt::join(names, " and "), names.size() == 1 ? "has" : "have",
                            fmt::join(sections, ", "));
    }
    return text;
}

} // namespace tool
