#pragma once

// A chain as a tree of lines: parents above children, at every level what is newest first. Chains
// are as deep as people let them grow, so the indentation ends at some depth and nothing recurses.

#include "chain_survey.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace tool {

struct tree_line {
    std::string lead; // branches, as text in front of the id
    std::string_view id;
    const seen_snapshot* snapshot = nullptr; // null for a parent that is not there
};

// `lines`: with the line-drawing characters of Unicode. What is returned points into
// `newest_first`.
[[nodiscard]] std::vector<tree_line> tree_of(const std::vector<seen_snapshot>& newest_first,
                                             bool lines);

} // namespace tool
