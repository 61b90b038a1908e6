#pragma once

// Who needs whom in a chain, as pure functions over manifests: what retention says, the children of
// a snapshot, the order in which several may go, and how the contents of two differ.

#include <tintype/chain/fold.hpp>
#include <tintype/chain/manifest.hpp>
#include <tintype/chain/outcome.hpp>
#include <tintype/chain/record.hpp>
#include <tintype/chain/store.hpp>
#include <tintype/core/clock.hpp>
#include <tintype/manager/catalog.hpp>
#include <tintype/manager/retention.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

[[nodiscard]] inline std::vector<const snapshot_info*>
children_of(const std::vector<snapshot_info>& all, std::string_view id) {
    std::vector<const snapshot_info*> children;
    for (const snapshot_info& each : all) {
        if (each.parent_id == id) {
            children.push_back(&each);
        }
    }
    return children;
}

// The same snapshots, each before its parent. Those of a cycle, which nobody can restore, last.
[[nodiscard]] inline std::vector<const snapshot_info*>
children_first(std::vector<const snapshot_info*> all) {
    std::map<std::string_view, std::size_t> children; // those that are not in order yet
    for (const snapshot_info* each : all) {
        children.try_emplace(each->id, 0);
    }
    const auto parent = [&](const snapshot_info& info) {
        return info.parent_id ? children.find(*info.parent_id) : children.end();
    };
    for (const snapshot_info* each : all) {
        if (const auto of = parent(*each); of != children.end()) {
            ++of->second;
        }
    }
    std::vector<const snapshot_info*> order;
    std::map<std::string_view, const snapshot_info*> waiting;
    for (const snapshot_info* each : all) {
        if (children[each->id] == 0) {
            order.push_back(each);
        } else {
            waiting.emplace(each->id, each);
        }
    }
    for (std::size_t i = 0; i != order.size(); ++i) {
        const auto of = parent(*order[i]);
        if (of != children.end() && --of->second == 0) {
            order.push_back(waiting.extract(of->first).mapped());
        }
    }
    for (const auto& [id, each] : waiting) {
        order.push_back(each);
    }
    return order;
}

// What the policy and the rules behind it say, newest first as the snapshots come. A parent of a
// snapshot that is kept is kept.
template <retention_policy Policy>
[[nodiscard]] std::vector<chain_decision>
decide(const Policy& policy, std::vector<snapshot_info> newest_first, timestamp now) {
    std::map<std::string_view, std::size_t> places;
    for (std::size_t i = 0; i != newest_first.size(); ++i) {
        places.emplace(newest_first[i].id, i);
    }
    std::vector<catalog_entry> catalog;
    for (std::size_t i = 0; i != newest_first.size(); ++i) {
        const snapshot_info& each = newest_first[i];
        catalog_entry entry{.version = newest_first.size() - i,
                            .time = timestamp{std::chrono::nanoseconds{each.created_at}},
                            .size = each.data_size,
                            .name = each.id};
        if (const auto parent = each.parent_id ? places.find(*each.parent_id) : places.end();
            parent != places.end()) {
            entry.needs = parent->second;
        }
        catalog.push_back(std::move(entry));
    }
    std::vector<chain_decision> decisions;
    for (decision& each : plan(policy, std::move(catalog), now)) {
        decisions.push_back({.info = std::move(newest_first[decisions.size()]),
                             .keep = each.keep,
                             .reason = std::move(each.reason)});
    }
    return decisions;
}

// Keeps a snapshot for this reason, and its parents for its own sake.
inline void keep_with_parents(std::vector<chain_decision>& decisions, std::string_view id,
                              std::string_view why) {
    std::string reason{why};
    for (std::string at{id};;) {
        const auto found = std::ranges::find(
            decisions, at, [](const chain_decision& each) -> const auto& { return each.info.id; });
        if (found == decisions.end() || found->keep) {
            return;
        }
        found->keep = true;
        found->reason = std::move(reason);
        if (!found->info.parent_id) {
            return;
        }
        reason = "needed by " + at;
        at = *found->info.parent_id;
    }
}

// The parts in which two snapshots differ, by name.
template <keyed_record R, class Side>
[[nodiscard]] std::vector<part_difference<key_of_record<R>>>
differences(const chain_contents<R, Side>& before, const chain_contents<R, Side>& after) {
    using record = loaded_record<R>;
    std::set<std::string_view> names;
    for (const auto* side : {&before, &after}) {
        for (const auto& [name, records] : side->parts) {
            names.insert(name);
        }
    }
    static const std::vector<record> none{};
    std::vector<part_difference<key_of_record<R>>> all;
    for (const std::string_view name : names) {
        const auto a = before.parts.find(name);
        const auto b = after.parts.find(name);
        part_difference<key_of_record<R>> found{.name = std::string{name},
                                                .before = a != before.parts.end(),
                                                .after = b != after.parts.end()};
        auto changes = compare_records<record>(found.before ? a->second : none,
                                               found.after ? b->second : none);
        if (changes.empty() && found.before == found.after) {
            continue;
        }
        for (const record* each : changes.added) {
            found.added.emplace_back(key_of(*each));
        }
        for (const record* each : changes.changed) {
            found.changed.emplace_back(key_of(*each));
        }
        found.removed = std::move(changes.removed);
        for (auto* keys : {&found.added, &found.changed, &found.removed}) {
            std::ranges::sort(*keys);
        }
        all.push_back(std::move(found));
    }
    return all;
}

} // namespace tintype::inline v0
