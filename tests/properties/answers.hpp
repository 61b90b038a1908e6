#pragma once

// What single answers of a manager must be: how much an increment holds, how two snapshots differ,
// what putting a snapshot's records into a store leaves of it.

#include <tintype/chain/outcome.hpp>

#include "live.hpp"
#include "model.hpp"
#include "steps.hpp"
#include "stores.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tests {

// What is wrong, if anything is.
using complaint = std::optional<std::string>;

template <class World>
struct answers {
    using codec_type = typename World::codec_type;
    using model_type = chain_model<World>;
    using snapshot = typename model_type::snapshot;
    using contents = plain_copy<World>;

    // Members of the side state, each of which is a piece of every snapshot.
    static constexpr std::size_t sides = tintype::described<typename contents::side_type> ? 2 : 0;

    // No more than what changed.
    [[nodiscard]] static complaint costs(const live_store<World>& here,
                                         const tintype::snapshot_info& taken,
                                         const std::string& name, const snapshot& parent,
                                         bool named) {
        const auto piece = std::ranges::find_if(taken.pieces, [&](const auto& each) {
            return each.name == name && each.kind != tintype::piece_kind::side;
        });
        if (!here.sure_of(name)) {
            return std::nullopt;
        }
        const bool has = piece != taken.pieces.end();
        const bool there = here.plain.parts.contains(name);
        const auto before = parent.holds.parts.find(name);
        const auto wanted = [&]() -> std::optional<std::pair<tintype::piece_kind, std::size_t>> {
            if (!there) {
                return std::pair{tintype::piece_kind::dropped, std::size_t{0}};
            }
            const auto whole =
                std::pair{tintype::piece_kind::whole, here.plain.parts.at(name).size()};
            if (before == parent.holds.parts.end()) {
                return whole;
            }
            const auto cost = here.cost(name, parent.id, before->second);
            if constexpr (!codec_type::increments_of_records) {
                return named || cost ? std::optional{whole} : std::nullopt;
            }
            return cost ? std::optional{std::pair{tintype::piece_kind::changes, *cost}}
                        : std::nullopt;
        }();
        if (has != wanted.has_value()) {
            return name + (has ? " did not change and is in the increment"
                               : " changed and is not in the increment");
        }
        if (has &&
            (piece->kind != wanted->first || piece->records + piece->erased != wanted->second)) {
            return name + ": " + std::string{name_of(piece->kind)} + " of " +
                   std::to_string(piece->records) + " records and " +
                   std::to_string(piece->erased) + " keys, not " +
                   std::string{name_of(wanted->first)} + " of " + std::to_string(wanted->second);
        }
        return std::nullopt;
    }

    // The difference, applied to the one, makes the other.
    template <class Key>
    [[nodiscard]] static complaint
    makes(const contents& before, const contents& after,
          const std::vector<tintype::part_difference<Key>>& difference) {
        contents patched = before;
        for (const auto& part : difference) {
            for (const Key& key : part.removed) {
                patched.parts[part.name].erase(key);
            }
            for (const auto* keys : {&part.added, &part.changed}) {
                for (const Key& key : *keys) {
                    const bool had = before.parts.contains(part.name) &&
                                     before.parts.at(part.name).contains(key);
                    if (had != (keys == &part.changed)) {
                        return "added and changed are mixed up in " + part.name;
                    }
                    patched.parts[part.name].insert_or_assign(key,
                                                              after.parts.at(part.name).at(key));
                }
            }
            if (!part.after) {
                patched.parts.erase(part.name);
            } else {
                patched.parts.try_emplace(part.name);
            }
        }
        patched.side = after.side;
        return patched.same(after) ? std::nullopt : complaint{"the difference is not all of it"};
    }

    // Every record of the snapshot is there, and what its chain never spoke of is as it was.
    [[nodiscard]] static complaint put_into(const contents& before, const contents& after,
                                            const model_type& model, const snapshot& from,
                                            const std::optional<std::vector<std::string>>& names) {
        if (!after.same_side(before)) {
            return "it changed the side state";
        }
        for (const std::string_view part : part_names) {
            const std::string name{part};
            const bool wanted = !names || std::ranges::find(*names, name) != names->end();
            if (const auto at = from.holds.parts.find(name);
                wanted && at != from.holds.parts.end()) {
                for (const auto& [key, record] : at->second) {
                    if (!has(after, name, key, record)) {
                        return "a record of the snapshot was not put into " + name;
                    }
                }
            }
            const auto old = before.parts.find(name);
            if (old == before.parts.end()) {
                continue;
            }
            for (const auto& [key, record] : old->second) {
                if ((!wanted || !spoke_of(model, from.id, name, key)) &&
                    !has(after, name, key, record)) {
                    return "a record of which the snapshot knows nothing changed in " + name;
                }
            }
        }
        return std::nullopt;
    }

    // Whether the part was there at any link of the chain.
    [[nodiscard]] static bool ever_had(const model_type& model, const std::string& id,
                                       const std::string& part) {
        return std::ranges::any_of(model.path(id), [&](const std::string& each) {
            return model.find(each)->holds.parts.contains(part);
        });
    }

private:
    [[nodiscard]] static bool has(const contents& in, const std::string& part, const auto& key,
                                  const auto& record) {
        const auto at = in.parts.find(part);
        return at != in.parts.end() && at->second.contains(key) &&
               contents::same_record(at->second.at(key), record);
    }

    [[nodiscard]] static bool spoke_of(const model_type& model, const std::string& id,
                                       const std::string& part, const auto& key) {
        return std::ranges::any_of(model.path(id), [&](const std::string& each) {
            const auto speaks = [&](const auto& of) {
                const auto at = of.find(part);
                return at != of.end() && at->second.contains(key);
            };
            const snapshot& link = *model.find(each);
            return speaks(link.holds.parts) || speaks(link.passing);
        });
    }
};

} // namespace tests
