// Drawing the tree.

#include "chain_tree.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <map>
#include <optional>
#include <utility>

namespace tool {

namespace {

// Below this depth a line stands under its parent, without another step to the right.
constexpr std::size_t deepest_step = 8;

struct branch_marks {
    std::string_view child;
    std::string_view last_child;
    std::string_view beside; // in front of what lies under a child
    std::string_view below;  // and under the last
};

constexpr branch_marks drawn{"├─ ", "└─ ", "│  ", "   "};
constexpr branch_marks typed{"|- ", "`- ", "|  ", "   "};

class drawer {
public:
    drawer(const std::vector<seen_snapshot>& newest_first, bool lines)
        : marks_(lines ? drawn : typed) {
        for (const seen_snapshot& each : newest_first) {
            places_.emplace(each.id, nodes_.size());
            nodes_.push_back({.id = each.id, .snapshot = &each});
        }
        const std::size_t there = nodes_.size();
        for (std::size_t i = 0; i != there; ++i) {
            const auto* info = nodes_[i].snapshot->info ? &*nodes_[i].snapshot->info : nullptr;
            if (info == nullptr || !info->parent_id) {
                continue;
            }
            const auto [at, missing] = places_.emplace(*info->parent_id, nodes_.size());
            if (missing) {
                nodes_.push_back({.id = *info->parent_id});
            }
            nodes_[i].parent = at->second;
        }
        rank();
    }

    [[nodiscard]] std::vector<tree_line> run() {
        std::vector<std::size_t> order(nodes_.size());
        for (std::size_t i = 0; i != order.size(); ++i) {
            order[i] = i;
        }
        std::ranges::sort(order, {}, [this](std::size_t i) { return nodes_[i].rank; });
        for (const std::size_t i : order) {
            if (nodes_[i].parent) {
                nodes_[*nodes_[i].parent].children.push_back(i);
            }
        }
        for (const std::size_t i : order) {
            if (!nodes_[i].parent) {
                draw(i);
            }
        }
        for (const std::size_t i : order) {
            draw(i); // what is left comes back to itself
        }
        return std::move(lines_);
    }

private:
    struct node {
        std::string_view id;
        const seen_snapshot* snapshot = nullptr;
        std::optional<std::size_t> parent{};
        std::size_t rank = std::numeric_limits<std::size_t>::max(); // of the newest at or below it
        std::vector<std::size_t> children{};
        bool shown = false;
    };

    // The newest first, so that whoever has a rank already has the better one.
    void rank() {
        constexpr auto none = std::numeric_limits<std::size_t>::max();
        for (std::size_t i = 0; i != nodes_.size(); ++i) {
            for (std::optional<std::size_t> at = i; at && nodes_[*at].rank == none;
                 at = nodes_[*at].parent) {
                nodes_[*at].rank = i;
            }
        }
    }

    void draw(std::size_t root) {
        struct step {
            std::size_t node;
            std::string lead;
            std::string under;
            std::size_t depth;
        };

        std::vector<step> waiting{{root, "", "", 0}};
        while (!waiting.empty()) {
            const step now = std::move(waiting.back());
            waiting.pop_back();
            node& at = nodes_[now.node];
            if (std::exchange(at.shown, true)) {
                continue;
            }
            lines_.push_back({now.lead, at.id, at.snapshot});
            // The last is drawn last, so it waits longest.
            for (std::size_t i = at.children.size(); i-- != 0;) {
                const bool last = i + 1 == at.children.size();
                const std::string lead =
                    now.under + std::string{last ? marks_.last_child : marks_.child};
                const std::string under =
                    now.depth >= deepest_step
                        ? now.under
                        : now.under + std::string{last ? marks_.below : marks_.beside};
                waiting.push_back({at.children[i], lead, under, now.depth + 1});
            }
        }
    }

    branch_marks marks_;
    std::vector<node> nodes_;
    std::map<std::string_view, std::size_t> places_;
    std::vector<tree_line> lines_;
};

} // namespace

std::vector<tree_line> tree_of(const std::vector<seen_snapshot>& newest_first, bool lines) {
    return drawer{newest_first, lines}.run();
}

} // namespace tool
