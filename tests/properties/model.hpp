#pragma once

// What a chain of snapshots must be, told without any storage: a full copy of the store for each
// snapshot, who was taken on whom, and what retention, removal and compaction leave.

#include "stores.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <ranges>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tests {

template <class World>
class chain_model {
public:
    using contents = plain_copy<World>;
    using keys = std::map<std::string, std::set<typename contents::key>>; // by the part

    struct snapshot {
        std::size_t number = 0; // of all that were ever taken
        std::string id;
        std::optional<std::string> parent;
        tintype::optional_text description;
        contents holds;
        // That its increment may erase, though no snapshot that is there holds them: put and erased
        // again since its parent was taken, or put by a link that was removed.
        keys passing{};
    };

    // In the order in which they were taken.
    [[nodiscard]] const std::vector<snapshot>& all() const noexcept { return all_; }

    void add(snapshot taken) { all_.push_back(std::move(taken)); }

    [[nodiscard]] const snapshot* find(std::string_view id) const {
        const auto at = std::ranges::find(all_, id, &snapshot::id);
        return at != all_.end() ? &*at : nullptr;
    }

    // Null where there are not so many.
    [[nodiscard]] const snapshot* newest_but(std::size_t back) const {
        return back < all_.size() ? &all_[all_.size() - 1 - back] : nullptr;
    }

    // From the full one to this one.
    [[nodiscard]] std::vector<std::string> path(std::string_view id) const {
        std::vector<std::string> ids;
        for (const snapshot* at = find(id); at != nullptr;
             at = at->parent ? find(*at->parent) : nullptr) {
            ids.push_back(at->id);
        }
        std::ranges::reverse(ids);
        return ids;
    }

    [[nodiscard]] std::size_t children(std::string_view id) const {
        return static_cast<std::size_t>(
            std::ranges::count_if(all_, [&](const snapshot& each) { return each.parent == id; }));
    }

    // What goes when so many newest stay, with all that they need.
    [[nodiscard]] std::set<std::string> keep_last(std::size_t count) {
        std::set<std::string> kept;
        for (const snapshot& each : all_ | std::views::reverse | std::views::take(count)) {
            for (std::string& id : path(each.id)) {
                kept.insert(std::move(id));
            }
        }
        std::set<std::string> gone;
        for (const snapshot& each : all_) {
            if (!kept.contains(each.id)) {
                gone.insert(each.id);
            }
        }
        forget(gone);
        return gone;
    }

    // Its children are then on its parent, or full where it was.
    void remove(std::string_view id) {
        const snapshot gone = *find(id);
        for (snapshot& each : all_) {
            if (each.parent == id) {
                each.parent = gone.parent;
                for (const auto& [part, passing] : gone.passing) {
                    each.passing[part].insert(passing.begin(), passing.end());
                }
                for (const auto& [part, records] : gone.holds.parts) {
                    for (const auto& [key, record] : records) {
                        each.passing[part].insert(key);
                    }
                }
            }
        }
        forget({std::string{id}});
    }

    // What goes when this one needs no parents any more. With `copy` (id, number) it is a new one
    // that does not.
    [[nodiscard]] std::set<std::string>
    compact(std::string_view id, const std::optional<std::pair<std::string, std::size_t>>& copy) {
        std::vector<std::string> links = path(id);
        if (links.size() == 1) {
            return {};
        }
        if (copy) {
            snapshot full = *find(id);
            full.id = copy->first;
            full.number = copy->second;
            full.parent.reset();
            full.passing.clear();
            all_.push_back(std::move(full));
        } else {
            const auto full = std::ranges::find(all_, id, &snapshot::id);
            full->parent.reset();
            full->passing.clear();
            links.pop_back();
        }
        std::set<std::string> gone;
        for (const std::string& each : links | std::views::reverse) {
            if (children(each) != 0) {
                break;
            }
            forget({each});
            gone.insert(each);
        }
        return gone;
    }

private:
    void forget(const std::set<std::string>& gone) {
        std::erase_if(all_, [&](const snapshot& each) { return gone.contains(each.id); });
    }

    std::vector<snapshot> all_{};
};

} // namespace tests
