#pragma once

// Stores that say themselves which ones they are: all that one holds follows from a label, and most
// of it is the same from one label to the next. Whoever reads a snapshot can tell whether it is
// exactly one that was taken.

#include <tintype/chain/chain_manager.hpp>
#include <tintype/chain/part_store.hpp>
#include <tintype/chain/tracked.hpp>
#include <tintype/core/message.hpp>
#include <tintype/core/mix.hpp>
#include <tintype/core/reflect.hpp>

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace tests {

struct labelled_side {
    BOOST_HANA_DEFINE_STRUCT(labelled_side, (std::uint32_t, label));
};

using labelled_store =
    tintype::part_store<tintype::tracked<std::unordered_map<std::uint16_t, std::string>>,
                        labelled_side>;

template <class Retention>
using chain_of_labelled =
    tintype::chain_manager<labelled_store, tintype::directory, tintype::chain_columns,
                           tintype::crc32c, Retention>;

using labelled_parts = std::map<std::string, std::map<std::uint16_t, std::string>, std::less<>>;

// Each key changes, comes and goes at a pace of its own.
[[nodiscard]] inline labelled_parts parts_of(std::uint32_t label) {
    labelled_parts all;
    for (const std::string_view name : {"a", "b", "c"}) {
        if (name == "c" && label / 4 % 3 == 0) {
            continue;
        }
        auto& part = all[std::string{name}];
        for (std::uint16_t key = 0; key != 12; ++key) {
            const std::uint32_t age = label / (key + 1U);
            const std::uint64_t word =
                tintype::splitmix64{(std::uint64_t{age} << 20U) + (std::uint64_t{key} << 8U) +
                                    static_cast<std::uint64_t>(name.front())}();
            if (word % 5 != 0) {
                part[key] = std::to_string(word).substr(word / 5 % 8);
            }
        }
    }
    return all;
}

// Changes only what differs, as a program would.
inline void become(labelled_store& store, std::uint32_t label) {
    const labelled_parts wanted = parts_of(label);
    for (const std::string_view name : {"a", "b", "c"}) {
        const auto at = wanted.find(name);
        if (at == wanted.end()) {
            static_cast<void>(store.drop(name));
            continue;
        }
        auto& part = store.part(name);
        for (std::uint16_t key = 0; key != 12; ++key) {
            const auto value = at->second.find(key);
            const auto now = part.find(key);
            if (value == at->second.end()) {
                part.erase(key);
            } else if (now == part.end() || now->second != value->second) {
                part.insert_or_assign(key, value->second);
            }
        }
    }
    store.side().label = label;
}

// Nothing if they are not those of one label.
template <class Contents>
[[nodiscard]] std::optional<std::uint32_t> label_of_contents(const Contents& contents) {
    labelled_parts found;
    for (const auto& [name, records] : contents.parts) {
        found[name] = {records.begin(), records.end()};
    }
    const std::uint32_t label = contents.side ? contents.side->label : 0;
    return found == parts_of(label) ? std::optional{label} : std::nullopt;
}

// What is wrong with a snapshot, if anything is; it may have been removed.
template <class Manager>
[[nodiscard]] std::optional<std::string>
wrong_with(const Manager& manager, const std::string& id,
           std::optional<std::uint32_t> label = std::nullopt) {
    const auto found = manager.contents(id);
    if (found) {
        const auto is = label_of_contents(*found);
        return is && (!label || is == label) ? std::nullopt
                                             : std::optional{id + " holds something else"};
    }
    const auto there = manager.exists(id);
    const auto code = found.error().code;
    const bool gone = code == tintype::errc::not_found || code == tintype::errc::missing_parent;
    return gone && there && !*there ? std::nullopt : std::optional{tintype::message(found.error())};
}

// One of those that are there, most often among the newest; empty where there is none.
template <class Manager>
[[nodiscard]] std::string any_of(const Manager& manager, tintype::splitmix64& random) {
    const auto listed = manager.list();
    if (!listed || listed->snapshots.empty()) {
        return "";
    }
    const std::size_t among = random() % 2 == 0 ? 1 : listed->snapshots.size();
    return listed->snapshots[random() % among].id;
}

// One step of a program's work: a snapshot, full or on another of anybody's, and sometimes upkeep.
// What went wrong, if anything; `taken` gets the snapshot's id.
template <class Manager, class Store>
[[nodiscard]] std::optional<std::string>
work_on_chain(const Manager& manager, Store& store, std::uint32_t label, bool with_upkeep,
              tintype::splitmix64& random, std::string& taken) {
    become(store, label);
    const std::string parent = random() % 4 == 0 ? "" : any_of(manager, random);
    auto done =
        parent.empty() ? manager.create_full(store) : manager.create_incremental(store, parent);
    if (!done) {
        const auto code = done.error().code;
        const auto there = manager.exists(parent);
        const bool gone = code == tintype::errc::not_found || code == tintype::errc::missing_parent;
        if (!(code == tintype::errc::limit_exceeded || (gone && there && !*there))) {
            return "an increment on " + parent + ": " + tintype::message(done.error());
        }
        done = manager.create_full(store);
    }
    if (!done || !done->cleanup.failures.empty()) {
        return "a snapshot: " +
               tintype::message(done ? done->cleanup.failures.front() : done.error());
    }
    taken = done->info.id;
    if (auto wrong = wrong_with(manager, taken, label)) {
        return wrong;
    }
    if (with_upkeep && random() % 3 == 0) {
        const std::string id = any_of(manager, random);
        if (random() % 2 == 0) {
            const auto compacted = manager.compact(id);
            const auto there = manager.exists(id);
            if (!compacted && (!there || *there)) {
                return "compacting " + id + ": " + tintype::message(compacted.error());
            }
        } else {
            const auto gone = manager.remove(id, tintype::removal::rebase_children);
            if (!gone) {
                return "removing " + id + ": " + tintype::message(gone.error());
            }
        }
    }
    return std::nullopt;
}

} // namespace tests
