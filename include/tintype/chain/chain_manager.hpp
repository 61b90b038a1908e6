#pragma once

// Snapshots of a live store: all of it, or what changed since another snapshot; and back. What is
// listed is durable and complete, a restore is all of a snapshot or an error that leaves the store
// as it was, and nothing that a kept snapshot needs ever goes.

#include <tintype/chain/archive.hpp>
#include <tintype/chain/codec.hpp>
#include <tintype/chain/columnar.hpp>
#include <tintype/chain/fold.hpp>
#include <tintype/chain/ids.hpp>
#include <tintype/chain/manifest.hpp>
#include <tintype/chain/objects.hpp>
#include <tintype/chain/outcome.hpp>
#include <tintype/chain/record.hpp>
#include <tintype/chain/store.hpp>
#include <tintype/core/clock.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/kind.hpp>
#include <tintype/core/rules.hpp>
#include <tintype/hash/concept.hpp>
#include <tintype/hash/crc32c.hpp>
#include <tintype/manager/retention.hpp>
#include <tintype/storage/concept.hpp>
#include <tintype/storage/directory.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <ranges>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

template <obeys<chain_source_rules> Store, obeys<storage_rules> Storage = directory,
          chain_codec<record_of<Store>, side_of<Store>> Codec = chain_columns,
          obeys<hash_rules> Hash = crc32c, obeys<retention_rules> Retention = keep_last,
          obeys<id_rules> Ids = timed_ids<>, obeys<clock_rules> Clock = system_clock>
class chain_manager : public chain_archive<record_of<Store>, side_of<Store>, Storage, Codec, Hash,
                                           Retention, Ids, Clock> {
    using record = record_of<Store>;
    using side_type = side_of<Store>;
    using archive = chain_archive<record, side_type, Storage, Codec, Hash, Retention, Ids, Clock>;
    using typename archive::objects;
    using key = key_of_record<record>;
    using parts_to_write = std::vector<part_piece<record>>;

public:
    // Sweeps what crashed writers left behind. A storage that holds nothing yet is no error.
    [[nodiscard]] static result<chain_manager> open(Storage storage, Retention retention,
                                                    chain_options options = {}, Codec codec = {},
                                                    Ids ids = {}, Clock clock = {}) {
        auto opened = archive::open(std::move(storage), std::move(retention), options,
                                    std::move(codec), std::move(ids), std::move(clock));
        if (!opened) {
            return pass(opened);
        }
        return chain_manager{*std::move(opened)};
    }

    // All parts, all records, durable when it returns. Then the retention policy is applied. A
    // store that tracks its changes counts them from here.
    template <class S>
    requires std::same_as<std::remove_const_t<S>, Store>
    [[nodiscard("tintype: look at the result: it may be an error")]] result<taken_snapshot>
    create_full(S& store, snapshot_options options = {}) const {
        const auto names = part_names(store);
        if (!names) {
            return pass(names);
        }
        parts_to_write parts;
        for (const std::string& name : *names) {
            auto whole = whole_part(store, name);
            if (!whole) {
                return pass(whole);
            }
            parts.push_back(*std::move(whole));
        }
        snapshot_info info{.description = std::move(options.description),
                           .type = snapshot_kind::full};
        return take(store, std::move(info), parts, *names, options.watch);
    }

    // What changed since the parent: records put in or changed, and the keys of those that went;
    // whole parts where the codec knows nothing smaller. A store that tracks its changes since that
    // parent is asked; any other is compared with what the parent holds.
    template <class S>
    requires std::same_as<std::remove_const_t<S>, Store>
    [[nodiscard("tintype: look at the result: it may be an error")]] result<taken_snapshot>
    create_incremental(S& store, std::string_view parent, increment_options options = {}) const {
        const auto names = part_names(store);
        if (!names) {
            return pass(names);
        }
        const part_filter asked{std::move(options.parts)};
        snapshot_info info{.description = std::move(options.description),
                           .type = snapshot_kind::incremental};
        const auto parts = this->steady(parent, [&](const std::vector<snapshot_info>& links) {
            info.parent_id = links.back().id;
            info.parent_state = links.back().state;
            return changed_parts(store, *names, links, asked);
        });
        if (!parts) {
            return pass(parts);
        }
        std::vector<std::string> covered;
        std::ranges::copy_if(*names, std::back_inserter(covered),
                             [&](const std::string& name) { return asked.has(name); });
        return take(store, std::move(info), *parts, covered, options.watch);
    }

    // The store is given the snapshot when all of it was read and verified, and not before.
    template <class S = Store>
    requires std::same_as<S, Store> && obeys<S, chain_store_rules>
    [[nodiscard("tintype: look at the result: it may be an error")]] result<restored>
    restore(S& store, std::string_view id, restore_options options = {}) const {
        const part_filter parts{std::move(options.parts)};
        return options.mode == restore_mode::exact ? replace(store, id, parts)
                                                   : upsert(store, id, parts);
    }

private:
    explicit chain_manager(archive&& from) : archive(std::move(from)) {}

    // In the store's order. A name that is there twice would be two parts with one name.
    [[nodiscard]] static result<std::vector<std::string>> part_names(const Store& store) {
        std::vector<std::string> names;
        for (const auto& name : store.parts()) {
            names.emplace_back(name);
        }
        std::vector<std::string_view> sorted{names.begin(), names.end()};
        std::ranges::sort(sorted);
        const auto twice = std::ranges::adjacent_find(sorted);
        if (twice != sorted.end()) {
            return fail({.code = errc::duplicate, .where = *twice});
        }
        return names;
    }

    [[nodiscard]] static result<part_piece<record>> whole_part(const Store& store,
                                                               const std::string& name) {
        // A map has each key once, unless it is a multimap.
        using range = std::remove_cvref_t<decltype(store.records(name))>;
        constexpr bool unique =
            detail::map_like<range> && requires(range& map, const record& each) {
                map.insert_or_assign(each.first, each.second);
            };
        part_piece<record> piece{.name = name,
                                 .kind = piece_kind::whole,
                                 .records = record_list<record>::of(store.records(name))};
        piece.total = piece.records.size();
        if constexpr (!unique) {
            if (auto good = unique_keys<record>(piece.records.records(), name); !good) {
                return pass(good);
            }
        }
        return piece;
    }

    [[nodiscard]] static result<std::optional<part_piece<record>>>
    optional_piece(result<part_piece<record>>&& piece) {
        return piece ? result<std::optional<part_piece<record>>>{*std::move(piece)} : pass(piece);
    }

    // The parts that are there at the last link.
    [[nodiscard]] static std::set<std::string, std::less<>>
    parts_at(const std::vector<snapshot_info>& links) {
        std::set<std::string, std::less<>> names;
        for (const snapshot_info& link : links) {
            for (const piece_info& each : link.pieces) {
                if (each.kind == piece_kind::dropped) {
                    names.erase(each.name);
                } else if (each.kind != piece_kind::side) {
                    names.insert(each.name);
                }
            }
        }
        return names;
    }

    // What an increment on these links holds.
    [[nodiscard]] result<parts_to_write> changed_parts(const Store& store,
                                                       const std::vector<std::string>& names,
                                                       const std::vector<snapshot_info>& links,
                                                       const part_filter& asked) const {
        if (links.size() >= this->options_.most_links) {
            return fail({.code = errc::limit_exceeded,
                         .where = links.back().id + ", the chain behind it",
                         .found = links.size() + 1,
                         .wanted = this->options_.most_links,
                         .during = "take a full snapshot, or compact the chain"});
        }
        const std::set<std::string_view> now{names.begin(), names.end()};
        const auto before = parts_at(links);
        for (const std::string& name : asked.names()) {
            if (!now.contains(name) && !before.contains(name)) {
                return fail({.code = errc::not_found, .where = name});
            }
        }
        parts_to_write parts;
        earlier last{links};
        for (const std::string& name : names) {
            if (!asked.has(name)) {
                continue;
            }
            auto piece = before.contains(name) ? changes_of(store, name, last, !asked.everything())
                                               : optional_piece(whole_part(store, name));
            if (!piece) {
                return pass(piece);
            }
            if (*piece) {
                parts.push_back(*std::move(*piece));
            }
        }
        for (const std::string_view name : before) {
            if (asked.has(name) && !now.contains(name)) {
                parts.push_back({.name = std::string{name}, .kind = piece_kind::dropped});
            }
        }
        return parts;
    }

    // What the last link holds, for comparing: part by part where that can be read, else all at
    // once.
    struct earlier {
        const std::vector<snapshot_info>& links;
        std::optional<typename archive::contents_type> all{};
    };

    // Nothing where the part is as the last link has it. `named`: the caller says that it changed.
    [[nodiscard]] result<std::optional<part_piece<record>>>
    changes_of(const Store& store, const std::string& name, earlier& before, bool named) const {
        if constexpr (!Codec::increments_of_records) {
            if (named) {
                return optional_piece(whole_part(store, name));
            }
        }
        if constexpr (tracking_store<Store>) {
            if (const auto keys =
                    store.changes_since(name, objects::mark_of(before.links.back(), name))) {
                if (keys->empty()) {
                    return std::optional<part_piece<record>>{};
                }
                if constexpr (!Codec::increments_of_records) {
                    return optional_piece(whole_part(store, name));
                } else {
                    return std::optional{tracked_changes(store, name, *std::move(keys))};
                }
            }
        }
        return compared(store, name, before);
    }

    // In ascending order and once each, however often the store names a key.
    [[nodiscard]] static part_piece<record>
    tracked_changes(const Store& store, const std::string& name, std::vector<key> keys)
    requires tracking_store<Store>
    {
        std::ranges::sort(keys);
        const auto twice = std::ranges::unique(keys);
        keys.erase(twice.begin(), twice.end());
        part_piece<record> piece{.name = name, .kind = piece_kind::changes};
        for (const key& each : keys) {
            if (const record* found = store.find(name, each); found != nullptr) {
                piece.records.point_at(*found);
            } else {
                piece.erased.push_back(each);
            }
        }
        piece.total = static_cast<std::uint64_t>(std::ranges::distance(store.records(name)));
        return piece;
    }

    [[nodiscard]] result<std::optional<part_piece<record>>>
    compared(const Store& store, const std::string& name, earlier& before) const {
        auto whole = whole_part(store, name);
        if (!whole) {
            return pass(whole);
        }
        if (!before.all || Codec::places_pieces) {
            auto read = this->contents_of(
                before.links, Codec::places_pieces ? part_filter{std::vector{name}} : part_filter{},
                true);
            if (!read) {
                return pass(read);
            }
            before.all = *std::move(read);
        }
        auto changes =
            compare_records<record>(before.all->parts.find(name)->second, whole->records.records());
        if (changes.empty()) {
            return std::optional<part_piece<record>>{};
        }
        if constexpr (Codec::increments_of_records) {
            // What a store makes while it is asked lies in `whole`, and goes with it.
            part_piece<record> piece{.name = name,
                                     .kind = piece_kind::changes,
                                     .records = std::move(whole->records),
                                     .erased = std::move(changes.removed),
                                     .total = whole->total};
            piece.records.only({&changes.added, &changes.changed});
            return std::optional{std::move(piece)};
        } else {
            return std::optional{*std::move(whole)};
        }
    }

    template <class S>
    [[nodiscard]] result<taken_snapshot>
    take(S& store, snapshot_info info, const parts_to_write& parts,
         const std::vector<std::string>& covered, const monitor* watch) const {
        result<void> done;
        if constexpr (described<side_type>) {
            const side_type& side = store.side(); // kept, if it was made for us
            done = this->publish(info, parts, &side, watch);
        } else {
            done = this->publish(info, parts, nullptr, watch);
        }
        if (!done) {
            return pass(done);
        }
        count_from(store, covered, info);
        taken_snapshot outcome{.info = std::move(info)};
        if constexpr (!std::same_as<Retention, keep_all>) {
            if (auto cleanup = this->carry_out(outcome.info.id); cleanup) {
                outcome.cleanup = *std::move(cleanup);
            } else {
                outcome.cleanup.failures.push_back(cleanup.error());
            }
        }
        return outcome;
    }

    // A part that the snapshot does not cover is still counted from where it was.
    template <class S>
    static void count_from([[maybe_unused]] S& store,
                           [[maybe_unused]] const std::vector<std::string>& parts,
                           [[maybe_unused]] const snapshot_info& info) {
        if constexpr (tracking_store<Store> && !std::is_const_v<S>) {
            for (const std::string& name : parts) {
                store.taken(name, objects::mark_of(info, name));
            }
        }
    }

    [[nodiscard]] result<restored> replace(Store& store, std::string_view id,
                                           const part_filter& parts) const {
        snapshot_info info;
        auto contents = this->steady(id, [&](const std::vector<snapshot_info>& links) {
            info = links.back();
            return this->contents_of(links, parts, true);
        });
        if (!contents) {
            return pass(contents);
        }
        restored outcome{.id = info.id, .parts = contents->parts.size()};
        std::vector<std::string> names;
        for (const auto& [name, records] : contents->parts) {
            outcome.records += records.size();
            names.push_back(name);
        }
        auto done = store.replace(*std::move(contents),
                                  parts.everything() ? replaces::everything : replaces::named);
        if (!done) {
            return pass(done);
        }
        count_from(store, names, info);
        return outcome;
    }

    using pieces_by_link = std::vector<typename archive::pieces>;

    [[nodiscard]] result<pieces_by_link>
    link_by_link(const std::vector<snapshot_info>& links, const part_filter& parts,
                 std::vector<std::shared_ptr<const void>>& backing) const {
        for (const std::string& name : parts.names()) {
            const auto holds = [&](const snapshot_info& link) {
                return std::ranges::any_of(link.pieces, [&](const piece_info& each) {
                    return each.name == name && each.kind != piece_kind::side &&
                           each.kind != piece_kind::dropped;
                });
            };
            if (std::ranges::none_of(links, holds)) {
                return fail({.code = errc::not_found, .where = links.back().id + ": " + name});
            }
        }
        pieces_by_link all;
        for (const snapshot_info& link : links) {
            auto loaded = this->folded({&link, 1}, parts, false, nullptr, backing);
            if (!loaded) {
                return pass(loaded);
            }
            all.push_back(*std::move(loaded));
        }
        return all;
    }

    // All links are read before the store is given the first.
    [[nodiscard]] result<restored> upsert(Store& store, std::string_view id,
                                          const part_filter& parts) const {
        std::vector<std::shared_ptr<const void>> backing;
        auto all = this->steady(id, [&](const auto& links) {
            backing.clear();
            return link_by_link(links, parts, backing);
        });
        if (!all) {
            return pass(all);
        }
        restored outcome{.id = std::string{id}};
        for (auto& link : *all) {
            for (loaded_piece<record>& each : link) {
                if (each.kind == piece_kind::dropped) {
                    continue;
                }
                ++outcome.parts;
                outcome.records += each.records.size();
                auto done = store.upsert(each.name, std::move(each.records));
                if (done && !each.erased.empty()) {
                    done = store.erase(each.name, each.erased);
                }
                if (!done) {
                    return pass(done);
                }
            }
        }
        return outcome;
    }
};

} // namespace tintype::inline v0
