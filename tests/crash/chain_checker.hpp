#pragma once

// What a folder of chained snapshots must hold after a power cut: a ledger of what was asked and
// answered, and the real recovery, run on a state that survived and held against it.

#include <tintype/chain/chain_manager.hpp>
#include <tintype/chain/part_store.hpp>
#include <tintype/chain/tracked.hpp>
#include <tintype/core/message.hpp>
#include <tintype/core/mix.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/storage/directory.hpp>

#include "power_cut.hpp"
#include "simulated_filesystem.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tests {

inline const std::string chain_path = "chain";

struct side_mark {
    BOOST_HANA_DEFINE_STRUCT(side_mark, (std::uint32_t, number));
};

using chain_store =
    tintype::part_store<tintype::tracked<std::unordered_map<std::uint16_t, std::uint32_t>>,
                        side_mark>;

// What a store holds, so that two can be compared.
struct chain_state {
    std::map<std::string, std::map<std::uint16_t, std::uint32_t>> parts{};
    std::uint32_t number = 0;

    friend bool operator==(const chain_state&, const chain_state&) = default;

    [[nodiscard]] std::uint64_t fingerprint() const {
        std::uint64_t all = mixed(number, parts.size());
        for (const auto& [name, records] : parts) {
            all = mixed(all, tests::fingerprint(tintype::bytes_of(name)));
            for (const auto& [key, value] : records) {
                all = mixed(all, mixed(key, value));
            }
        }
        return all;
    }

    [[nodiscard]] static chain_state of(const chain_store& store) {
        chain_state made{.parts = {}, .number = store.side().number};
        for (const std::string& name : store.parts()) {
            const auto& records = store.records(name);
            made.parts[name] = {records.begin(), records.end()};
        }
        return made;
    }

    template <class Contents>
    [[nodiscard]] static chain_state of_contents(const Contents& contents) {
        chain_state made;
        for (const auto& [name, records] : contents.parts) {
            made.parts[name] = {records.begin(), records.end()};
        }
        made.number = contents.side ? contents.side->number : 0;
        return made;
    }
};

// A few keys of a few parts change, come and go; sometimes a whole part does.
inline void edit(chain_store& store, std::uint64_t seed) {
    tintype::splitmix64 random{seed};
    constexpr std::string_view names[] = {"a", "b"};
    const std::string_view name = names[random() % std::size(names)];
    if (random() % 8 == 0) {
        static_cast<void>(store.drop(name));
    }
    auto& part = store.part(name);
    for (std::size_t i = 0; i != 2; ++i) {
        part[static_cast<std::uint16_t>(random() % 4)] = static_cast<std::uint32_t>(random());
        part.erase(static_cast<std::uint16_t>(random() % 4));
    }
    store.side().number = static_cast<std::uint32_t>(seed);
}

// Ids as each process gives them: the counter begins anew. Copies count together.
class process_ids {
public:
    [[nodiscard]] std::string next(tintype::timestamp when) const {
        const auto time =
            std::chrono::floor<std::chrono::milliseconds>(when.time_since_epoch()).count();
        return "snap_" + std::to_string(time) + "_" + std::to_string((*counter_)++);
    }

    [[nodiscard]] std::optional<tintype::id_order> order(std::string_view id) const {
        return tintype::timed_ids<>{}.order(id);
    }

private:
    std::shared_ptr<std::uint64_t> counter_ = std::make_shared<std::uint64_t>(0);
};

// The time that the simulated disk stamps its files with.
struct disk_clock {
    simulated_filesystem disk{};

    [[nodiscard]] tintype::timestamp now() const { return disk.now(); }
};

template <class Storage, class Retention>
using simulated_chain = tintype::chain_manager<chain_store, Storage, tintype::chain_columns,
                                               tintype::crc32c, Retention, process_ids, disk_clock>;

class chain_ledger {
public:
    std::size_t keep = 1; // the least that any manager keeps
    // What may be under an id, and what must be, with its time, unless somebody asked for it to go
    // or a policy let it.
    std::map<std::string, std::vector<const chain_state*>, std::less<>> named{};
    std::map<std::string, std::pair<std::int64_t, const chain_state*>, std::less<>> acknowledged{};
    std::set<std::string, std::less<>> asked{}; // to go
    std::set<std::string, std::less<>> gone{};  // was acknowledged
    std::vector<std::string> direct{};          // what was wrong without any power cut

    const chain_state& add(chain_state state) { return states_.emplace_back(std::move(state)); }

    // The manifest of this id gets its name. The id of a snapshot that is gone may come again.
    void publishing(const std::string& id, const chain_state& state) {
        if (gone.erase(id) != 0) {
            asked.erase(id);
            acknowledged.erase(id);
            named.erase(id);
        }
        named[id].push_back(&state);
    }

    void acknowledge(const tintype::snapshot_info& info, const chain_state& state) {
        if (!acknowledged.emplace(info.id, std::pair{info.created_at, &state}).second) {
            direct.push_back(info.id + " was given out twice");
        }
    }

    void removed(const tintype::removed_snapshots& cleanup) {
        gone.insert(cleanup.removed.begin(), cleanup.removed.end());
    }

    // Equal for ledgers that ask for the same.
    [[nodiscard]] std::uint64_t fingerprint() const {
        const auto text = [](std::string_view id) {
            return tests::fingerprint(tintype::bytes_of(id));
        };
        std::uint64_t all = keep;
        for (const auto& [id, states] : named) {
            for (const chain_state* state : states) {
                all += mixed(mixed(text(id), 1), state->fingerprint());
            }
        }
        for (const auto& [id, told] : acknowledged) {
            all += mixed(mixed(text(id), 2), told.second->fingerprint());
        }
        for (const std::string& id : asked) {
            all += mixed(text(id), 3);
        }
        for (const std::string& id : gone) {
            all += mixed(text(id), 4);
        }
        return all;
    }

private:
    std::deque<chain_state> states_{};
};

class chain_recovery {
    using storage_type = tintype::basic_directory<simulated_filesystem>;
    using manager_type = simulated_chain<storage_type, tintype::keep_all>;
    using complaint = std::optional<std::string>;

public:
    chain_recovery(simulated_filesystem disk, const chain_ledger& book)
        : disk_(disk), storage_(chain_path, std::move(disk)), book_(book) {}

    // What is wrong with the state, if anything is.
    [[nodiscard]] complaint check() const {
        if (auto wrong = only_known_names()) {
            return wrong;
        }
        const auto manager =
            manager_type::open(storage_, tintype::keep_all{},
                               {.sweep_grace = std::chrono::nanoseconds{0}}, {}, {}, {disk_});
        if (!manager) {
            return described("open", manager.error());
        }
        const auto listed = manager->list();
        if (!listed) {
            return described("list", listed.error());
        }
        if (!listed->damaged.empty()) {
            return described("damaged", listed->damaged.front().what);
        }
        for (auto each : {&chain_recovery::nothing_left_over, &chain_recovery::every_one_is_whole,
                          &chain_recovery::nothing_is_missing, &chain_recovery::can_go_on}) {
            if (auto wrong = (this->*each)(*manager, listed->snapshots)) {
                return wrong;
            }
        }
        return std::nullopt;
    }

private:
    using infos = std::vector<tintype::snapshot_info>;

    [[nodiscard]] static std::string described(const std::string& during,
                                               const tintype::error& what) {
        return during + ": " + tintype::message(what);
    }

    [[nodiscard]] const simulated_names& files() const {
        return disk_.disk().folders.at(chain_path)->visible;
    }

    // Looks past the storage's own filter of names.
    [[nodiscard]] complaint only_known_names() const {
        for (const auto& [name, inode] : files()) {
            const bool known = name.ends_with(".meta") || name.ends_with(".snap");
            if (!tintype::detail::is_temporary(name) &&
                !(known && process_ids{}.order(name.substr(0, name.find('.'))))) {
                return "a file that nobody asked for: " + name;
            }
        }
        return std::nullopt;
    }

    // Beside every manifest stands its data, and there is no other file.
    [[nodiscard]] complaint nothing_left_over(const manager_type&, const infos& listed) const {
        std::set<std::string> wanted;
        for (const tintype::snapshot_info& each : listed) {
            wanted.insert(each.id + ".meta");
            wanted.insert(each.data);
        }
        for (const auto& [name, inode] : files()) {
            if (!wanted.contains(name)) {
                return "left over after opening: " + name;
            }
        }
        return wanted.size() == files().size() ? std::nullopt
                                               : complaint{"a manifest without its data"};
    }

    [[nodiscard]] complaint every_one_is_whole(const manager_type& manager,
                                               const infos& listed) const {
        for (const tintype::snapshot_info& each : listed) {
            const auto found = manager.contents(each.id);
            if (!found) {
                return described(each.id, found.error());
            }
            const auto state = chain_state::of_contents(*found);
            const auto must = book_.acknowledged.find(each.id);
            const auto may = book_.named.find(each.id);
            const bool right = must != book_.acknowledged.end()
                                   ? state == *must->second.second
                                   : may != book_.named.end() &&
                                         std::ranges::any_of(may->second, [&](const auto* known) {
                                             return state == *known;
                                         });
            if (!right) {
                return each.id + " holds what was not saved under that id";
            }
            if (book_.gone.contains(each.id)) {
                return each.id + " was removed and is back";
            }
        }
        const auto verified = manager.verify();
        if (!verified || !verified->bad.empty()) {
            return described("verify", verified ? verified->bad.front().what : verified.error());
        }
        return verified->good.size() == listed.size() ? std::nullopt
                                                      : complaint{"verify missed a snapshot"};
    }

    [[nodiscard]] complaint nothing_is_missing(const manager_type&, const infos& listed) const {
        for (const auto& [id, told] : book_.acknowledged) {
            if (book_.asked.contains(id) ||
                std::ranges::find(listed, id, &tintype::snapshot_info::id) != listed.end()) {
                continue;
            }
            const auto newer = [&, past = told.first](std::int64_t other) { return other > past; };
            const auto there =
                std::ranges::count_if(listed, newer, &tintype::snapshot_info::created_at);
            const auto asked = std::ranges::count_if(book_.asked, [&](const std::string& other) {
                const auto at = book_.acknowledged.find(other);
                return at != book_.acknowledged.end() && newer(at->second.first) &&
                       std::ranges::find(listed, other, &tintype::snapshot_info::id) ==
                           listed.end();
            });
            if (static_cast<std::size_t>(there + asked) < book_.keep) {
                return id + " was acknowledged and is gone, and only " + std::to_string(there) +
                       " newer ones are there";
            }
        }
        return std::nullopt;
    }

    // A full snapshot, and increments on it and on what was there.
    [[nodiscard]] complaint can_go_on(const manager_type& manager, const infos& listed) const {
        chain_store store;
        edit(store, 1);
        const auto full = manager.create_full(store);
        if (!full) {
            return described("a full snapshot", full.error());
        }
        auto wrong = is_new(manager, full->info, listed, store);
        edit(store, 2);
        for (const std::string& parent :
             {full->info.id, listed.empty() ? full->info.id : listed.front().id}) {
            const auto next = manager.create_incremental(store, parent);
            if (!next) {
                return described("an increment on " + parent, next.error());
            }
            wrong = wrong ? wrong : is_new(manager, next->info, listed, store);
        }
        return wrong;
    }

    [[nodiscard]] static complaint is_new(const manager_type& manager,
                                          const tintype::snapshot_info& info, const infos& listed,
                                          const chain_store& store) {
        if (std::ranges::find(listed, info.id, &tintype::snapshot_info::id) != listed.end()) {
            return info.id + " was given out again";
        }
        if (!listed.empty() && info.created_at <= listed.front().created_at) {
            return info.id + ", taken after the cut, is not the newest";
        }
        const auto found = manager.contents(info.id);
        if (!found) {
            return described(info.id + ", taken after the cut", found.error());
        }
        return chain_state::of_contents(*found) == chain_state::of(store)
                   ? std::nullopt
                   : complaint{info.id + ", taken after the cut, holds something else"};
    }

    simulated_filesystem disk_;
    storage_type storage_;
    const chain_ledger& book_;
};

} // namespace tests
