// The JSON writer.

#include "json.hpp"

#include "text.hpp"

#include <fmt/format.h>

namespace tool::json {

namespace {

void append_unit(std::string& out, std::uint32_t unit) {
    out += fmt::format("\\u{:04x}", unit);
}

void append_text(std::string& out, std::string_view text) {
    out += '"';
    while (!text.empty()) {
        const auto [point, size] = first_character(text);
        if (!point) {
            // JSON has no way to say a byte that is no text.
            out += "\xef\xbf\xbd";
        } else if (*point == '"' || *point == '\\') {
            out += '\\';
            out += static_cast<char>(*point);
        } else if (*point == '\n') {
            out += "\\n";
        } else if (*point == '\t') {
            out += "\\t";
        } else if (acts_on_terminals(*point)) {
            append_unit(out, static_cast<std::uint32_t>(*point)); // all below 0x10000
        } else {
            out += text.substr(0, size);
        }
        text.remove_prefix(size);
    }
    out += '"';
}

// Documents are made by the tool and only a few levels deep.
void append(std::string& out, const value& document) {
    const auto list = [&](char open, const auto& items, char close, auto each) {
        out += open;
        bool first = true;
        for (const auto& item : items) {
            out += first ? "" : ",";
            first = false;
            each(item);
        }
        out += close;
    };
    if (const auto* truth = document.get<bool>()) {
        out += *truth ? "true" : "false";
    } else if (const auto* number = document.get<std::uint64_t>()) {
        out += fmt::format_int(*number).str();
    } else if (const auto* negative = document.get<std::int64_t>()) {
        out += fmt::format_int(*negative).str();
    } else if (const auto* text = document.get<std::string>()) {
        append_text(out, *text);
    } else if (const auto* elements = document.get<array>()) {
        list('[', *elements, ']', [&](const value& each) { append(out, each); });
    } else if (const auto* members = document.get<object>()) {
        list('{', *members, '}', [&](const auto& each) {
            append_text(out, each.first);
            out += ':';
            append(out, each.second);
        });
    } else {
        out += "null";
    }
}

} // namespace

std::string written(const value& document) {
    std::string out;
    append(out, document);
    return out;
}

} // namespace tool::json
