#pragma once

// Charts as inline SVG. Widths are percentages and heights pixels, so that a chart fits a phone
// without its texts shrinking; colours are classes of the page. Every mark says in its <title> what
// it stands for, and every chart has a name for those who cannot see it.

#include "report_model.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tool::report {

enum class mark_kind : std::uint8_t { version, full, incremental };

struct mark {
    tintype::timestamp time{};
    std::uint64_t bytes = 0;
    mark_kind kind = mark_kind::version;
    bool bad = false;
    std::string title{}; // escaped
};

// Sizes over time, as far as the clock reaches.
[[nodiscard]] std::string timeline_chart(std::span<const mark> marks);

// The mean of a metric's values over time, between the least and the greatest.
[[nodiscard]] std::string metric_chart(const metric_series& series);

// What a history would take as whole snapshots, and what it takes.
[[nodiscard]] std::string growth_chart(std::span<const growth_point> growth);

// The actions of a session in their order, and its checkpoints between them.
[[nodiscard]] std::string session_strip(const session_facts& of, const session_row& session);

// What stands in a row of the chain's graph.
struct graph_row {
    const snapshot_row* snapshot = nullptr; // null for a parent that is not there
    std::string_view id{};
    std::string svg{};
};

// Newest first, at most so many, each with its piece of the lines that join children to parents.
[[nodiscard]] std::vector<graph_row> chain_graph(const chain_facts& chain, std::size_t most);

// "14 Nov 2023, 22:13:20"
[[nodiscard]] std::string date_text(tintype::timestamp time);

} // namespace tool::report
