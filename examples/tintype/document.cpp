// Tables and documents as text.

#include "document.hpp"

#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace tool {

std::vector<std::size_t> table::widths() const {
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i != columns_.size(); ++i) {
        std::size_t widest = columns_of(columns_[i].title);
        for (const auto& row : rows_) {
            widest = std::max(widest, columns_of(row[i].text));
        }
        all.push_back(widest);
    }
    return all;
}

std::size_t table::width() const {
    const auto all = widths();
    return std::accumulate(all.begin(), all.end(), 2 * std::max<std::size_t>(all.size(), 1) - 2);
}

std::string table::shown(const terminal& on, std::size_t indent) const {
    const auto widths = this->widths();
    std::string text;
    const auto line = [&](auto cell_at) {
        text.append(indent, ' ');
        std::size_t owed = 0; // spaces not written yet: none at the end of a line
        for (std::size_t i = 0; i != columns_.size(); ++i) {
            const cell now = cell_at(i);
            const auto padding = widths[i] - std::min(widths[i], columns_of(now.text));
            text.append(now.text.empty() ? 0 : owed + (columns_[i].right ? padding : 0), ' ');
            text += on.dye(now.how, now.text);
            owed = now.text.empty() ? owed + widths[i] + 2 : (columns_[i].right ? 0 : padding) + 2;
        }
        text += '\n';
    };
    line([&](std::size_t i) { return cell{columns_[i].title, style::bold}; });
    for (const auto& row : rows_) {
        line([&](std::size_t i) { return row[i]; });
    }
    return text;
}

namespace {

// What a timestamp can hold.
constexpr std::uint64_t latest_second = 9'000'000'000;

[[nodiscard]] bool is_time(std::string_view name, std::uint64_t number) {
    return number < latest_second && (name == "created_at" || name.ends_with("_secs"));
}

[[nodiscard]] std::string date(std::uint64_t secs) {
    return utc(tintype::timestamp{std::chrono::seconds{static_cast<std::int64_t>(secs)}});
}

// Elements of arrays are no arrays.
[[nodiscard]] std::string plain(std::string_view name, const json::value& value) {
    if (const auto* text = value.get<std::string>()) {
        return visible(*text);
    }
    const auto* number = value.get<std::uint64_t>();
    const bool size = name == "size" || name.ends_with("_size") || name == "size_bytes";
    if (number != nullptr && *number >= 1024 && size) {
        return fmt::format("{} ({})", *number, human_size(*number));
    }
    if (number != nullptr && is_time(name, *number)) {
        return fmt::format("{} ({} UTC)", *number, date(*number));
    }
    if (const auto* elements = value.get<json::array>()) {
        std::string all;
        for (const json::value& each : *elements) {
            all += all.empty() ? "" : ", ";
            all += plain({}, each);
        }
        return elements->empty() ? "none" : all;
    }
    return value.is_null() ? "-" : json::written(value);
}

// Every element has the members of the first.
[[nodiscard]] std::string rows_of(const terminal& on, const json::array& rows) {
    std::vector<table::column> columns;
    for (const auto& [name, value] : *rows.front().get<json::object>()) {
        std::string title = name;
        std::ranges::transform(title, title.begin(), [](char c) {
            return c == '_' ? ' ' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        });
        columns.push_back({title, value.get<std::uint64_t>() != nullptr});
    }
    table all{columns};
    for (const json::value& row : rows) {
        std::vector<cell> cells;
        for (const auto& [name, value] : *row.get<json::object>()) {
            const auto* number = value.get<std::uint64_t>();
            const bool seconds = number != nullptr && is_time(name, *number);
            cells.push_back({seconds ? date(*number) : plain({}, value)});
        }
        all.add(std::move(cells));
    }
    return all.shown(on, 2);
}

// "crc32  stored 55bc801d  computed 55bc801d"; what should agree and does not stands out.
[[nodiscard]] std::string in_line(const terminal& on, const json::object& members) {
    const auto member = [&](std::string_view name) -> const json::value* {
        const auto found =
            std::ranges::find(members, name, &std::pair<std::string, json::value>::first);
        return found == members.end() ? nullptr : &found->second;
    };
    const json::value* stored = member("stored");
    const json::value* computed = member("computed");
    const bool differ =
        stored != nullptr && computed != nullptr && plain({}, *stored) != plain({}, *computed);
    std::string text;
    for (const auto& [name, value] : members) {
        const bool bad = differ && (&value == stored || &value == computed);
        text += text.empty() ? "" : "  ";
        text += name == "algorithm" ? "" : on.dye(style::dim, name) + " ";
        text += on.dye(bad ? style::bad : style::plain, plain(name, value));
    }
    return text;
}

// What has an id is a thing of its own, and no remark.
[[nodiscard]] bool has_id(const json::object& members) {
    return !members.empty() && members.front().first == "id";
}

// A line for each member.
[[nodiscard]] std::string below(const terminal& on, const json::object& members) {
    std::size_t widest = 0;
    for (const auto& [name, value] : members) {
        widest = std::max(widest, name.size());
    }
    std::string text;
    for (const auto& [name, value] : members) {
        std::string title = name;
        std::ranges::replace(title, '_', ' ');
        text += "  " + on.dye(style::dim, title);
        text.append(widest - title.size() + 2, ' ');
        text += plain(name, value) + '\n';
    }
    return text;
}

} // namespace

std::string shown(const terminal& on, const json::object& document) {
    std::size_t widest = 0;
    for (const auto& [name, value] : document) {
        widest = std::max(widest, name.size());
    }
    std::string text;
    for (const auto& [name, value] : document) {
        std::string title = name;
        std::ranges::replace(title, '_', ' ');
        text += on.dye(style::bold, title);
        const auto* rows = value.get<json::array>();
        if (rows != nullptr && (rows->empty() || rows->front().get<json::object>() != nullptr)) {
            text += '\n';
            text += rows->empty() ? "  none\n" : rows_of(on, *rows);
            continue;
        }
        const auto* members = value.get<json::object>();
        if (members != nullptr && has_id(*members)) {
            text += '\n' + below(on, *members);
            continue;
        }
        text.append(widest - title.size() + 2, ' ');
        text += members != nullptr ? in_line(on, *members) : plain(name, value);
        text += '\n';
    }
    return text;
}

} // namespace tool
