#pragma once

// Documents for people: the values of a JSON document as aligned lines, lists of objects as tables.

#include "json.hpp"
#include "terminal.hpp"

#include <string>
#include <vector>

namespace tool {

// One cell of a table.
struct cell {
    std::string text; // made visible already
    style how = style::plain;
};

// Columns as wide as their widest cell; numbers stand to the right.
class table {
public:
    struct column {
        std::string title;
        bool right = false;
    };

    explicit table(std::vector<column> columns) : columns_(std::move(columns)) {}

    void add(std::vector<cell> row) { rows_.push_back(std::move(row)); }

    // Of the widest line.
    [[nodiscard]] std::size_t width() const;

    // `indent` spaces in front of every line.
    [[nodiscard]] std::string shown(const terminal& on, std::size_t indent = 0) const;

private:
    [[nodiscard]] std::vector<std::size_t> widths() const;

    std::vector<column> columns_;
    std::vector<std::vector<cell>> rows_;
};

[[nodiscard]] std::string shown(const terminal& on, const json::object& document);

} // namespace tool
