#pragma once

// All that there is, held against the model: the live stores, the list, every snapshot's chain and
// contents, and the objects in the storage.

#include <tintype/chain/manifest.hpp>
#include <tintype/core/message.hpp>

#include "answers.hpp"
#include "live.hpp"
#include "model.hpp"
#include "stores.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tests {

template <class World, class Manager>
struct held {
    using contents = plain_copy<World>;

    const Manager& manager;
    const chain_model<World>& model;

    [[nodiscard]] complaint everything(const std::array<live_store<World>, 2>& stores) const {
        for (const live_store<World>& each : stores) {
            const auto now = contents::of(each.store);
            if (!now || !now->same(each.plain)) {
                return "the live store holds " + (now ? now->text() : "a key twice") + ", not " +
                       each.plain.text();
            }
        }
        const auto listed = manager.list();
        if (!listed) {
            return "list: " + tintype::message(listed.error());
        }
        if (!listed->damaged.empty()) {
            return "damaged: " + tintype::message(listed->damaged.front().what);
        }
        if (auto wrong = all_listed(listed->snapshots)) {
            return wrong;
        }
        if (auto wrong = nothing_else(listed->snapshots)) {
            return wrong;
        }
        const auto verified = manager.verify();
        if (!verified || !verified->bad.empty() || verified->good.size() != model.all().size()) {
            return "verify: " +
                   tintype::message(verified ? verified->bad.at(0).what : verified.error());
        }
        return std::nullopt;
    }

private:
    // In their order, each as it was taken.
    [[nodiscard]] complaint all_listed(const std::vector<tintype::snapshot_info>& listed) const {
        if (listed.size() != model.all().size()) {
            return std::to_string(listed.size()) + " snapshots are listed, not " +
                   std::to_string(model.all().size());
        }
        for (std::size_t i = 0; i != listed.size(); ++i) {
            const tintype::snapshot_info& info = listed[i];
            const auto& wanted = *model.newest_but(i);
            const std::string name = "#" + std::to_string(wanted.number);
            if (info.id != wanted.id || info.parent_id != wanted.parent ||
                info.description != wanted.description) {
                return name + ": another is in its place, or on another parent: " + info.id;
            }
            // To the second, where the format has no more.
            if (i != 0 && info.created_at > listed[i - 1].created_at) {
                return name + " is younger than one that was taken after it";
            }
            const auto links = manager.chain(info.id);
            if (!links ||
                !std::ranges::equal(*links, model.path(info.id), {}, &tintype::snapshot_info::id)) {
                return name + ": its chain is another";
            }
            const auto found = manager.contents(info.id);
            if (!found) {
                return name + ": " + tintype::message(found.error());
            }
            contents holds;
            for (const auto& [part, records] : found->parts) {
                auto all = contents::part_of(records);
                if (!all) {
                    return name + " has a key twice";
                }
                holds.parts.emplace(part, *std::move(all));
            }
            if constexpr (answers<World>::sides != 0) {
                holds.side = found->side.value();
            }
            if (!holds.same(wanted.holds)) {
                return name + " holds " + holds.text() + ", not " + wanted.holds.text();
            }
        }
        return std::nullopt;
    }

    // A manifest and its data for each, and no other object.
    [[nodiscard]] complaint nothing_else(const std::vector<tintype::snapshot_info>& listed) const {
        auto names = manager.storage().names().value();
        for (const tintype::snapshot_info& each : listed) {
            std::erase(names, each.id + ".meta");
            std::erase(names, each.data);
        }
        return names.empty() ? std::nullopt : complaint{"left behind: " + names.front()};
    }
};

} // namespace tests
