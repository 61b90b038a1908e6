#pragma once

// A live store beside a plain copy of what it must hold, and beside that what it should remember of
// its changes, so that an increment is held against what it must cost as well.

#include "steps.hpp"
#include "stores.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tests {

template <class World>
class live_store {
    using contents = plain_copy<World>;
    using key = typename contents::key;
    using store_type = typename World::store_type;

public:
    static constexpr bool tracks = tintype::tracking_store<store_type>;

    store_type store{};
    contents plain{};

    // Whether the step was one that needs no manager; it is done then.
    bool edited(const step& of) {
        const std::string name{part_names[of.part]};
        const auto made = World::make(of.key, of.value);
        switch (of.what) {
        case deed::put:
            put(name, made, of.value);
            plain.parts[name].insert_or_assign(key_of_record(made), made);
            note(name, key_of_record(made));
            return true;
        case deed::erase:
            erase(name, key_of_record(made));
            return true;
        case deed::clear:
            if (plain.parts.contains(name)) {
                clear(name);
                plain.parts[name].clear();
                forget(name);
            }
            return true;
        case deed::assign:
            assign(name, of);
            return true;
        case deed::drop:
            static_cast<void>(store.drop(name));
            plain.parts.erase(name);
            forget(name);
            return true;
        case deed::create:
            static_cast<void>(store.upsert(name, {}));
            plain.parts.try_emplace(name);
            return true;
        case deed::edit_side:
            edit_side(of.value);
            return true;
        default:
            return false;
        }
    }

    void taken(const std::vector<std::string>& parts, const std::string& id) {
        for (const std::string& name : parts) {
            if (plain.parts.contains(name)) {
                notes_[name] = {id, {}, false};
            }
        }
    }

    void forget(const std::string& part) { notes_.erase(part); }

    // Somebody else wrote keys into the part that are not known here.
    void blur(const std::string& part) {
        if (const auto at = notes_.find(part); at != notes_.end()) {
            at->second.blurred = true;
        }
    }

    // Whether it can be told what an increment of the part costs.
    [[nodiscard]] bool sure_of(const std::string& part) const {
        const auto at = notes_.find(part);
        return at == notes_.end() || !at->second.blurred;
    }

    // Keys that an increment on that snapshot may speak of, whether it has them or not; all that
    // there are, where somebody else wrote some.
    [[nodiscard]] std::map<std::string, std::set<key>> touched(std::string_view since) const {
        std::map<std::string, std::set<key>> all;
        for (const auto& [part, noted] : notes_) {
            if (!tracks || noted.since != since) {
                continue;
            }
            all[part] = noted.keys;
            for (unsigned i = 0; noted.blurred && i != world_keys; ++i) {
                all[part].insert(key_of_record(World::make(i, 0)));
            }
        }
        return all;
    }

    // What an increment of a part on that snapshot must hold, put and erased together; nothing
    // where the parent has the part as it is. `before` is the part there.
    [[nodiscard]] std::optional<std::size_t> cost(const std::string& part, std::string_view parent,
                                                  const typename contents::part& before) const {
        if (const auto noted = notes_.find(part); tracks && noted != notes_.end()) {
            if (noted->second.since == parent) {
                const std::size_t keys = noted->second.keys.size();
                return keys == 0 ? std::nullopt : std::optional{keys};
            }
        }
        const auto& after = plain.parts.at(part);
        std::size_t changes = 0;
        for (const auto& [name, record] : before) {
            const auto at = after.find(name);
            changes += at == after.end() || !contents::same_record(at->second, record) ? 1U : 0U;
        }
        for (const auto& [name, record] : after) {
            changes += before.contains(name) ? 0U : 1U;
        }
        return changes == 0 ? std::nullopt : std::optional{changes};
    }

private:
    struct notes {
        std::string since;
        std::set<key> keys{};
        bool blurred = false;
    };

    [[nodiscard]] static key key_of_record(const typename World::record& of) {
        return key{tintype::key_of(of)};
    }

    void note(const std::string& part, const key& changed) {
        if (const auto at = notes_.find(part); at != notes_.end()) {
            at->second.keys.insert(changed);
        }
    }

    // By every way there is to put a value.
    void put(const std::string& part, const typename World::record& made, unsigned how) {
        if constexpr (tracks) {
            auto& map = store.part(part);
            const auto& [name, value] = made;
            if (how % 4 == 0) {
                map[name] = value;
            } else if (how % 4 == 1 && map.contains(name)) {
                *map.edit(name) = value;
            } else if (how % 4 == 2 && !map.contains(name)) {
                map.try_emplace(name, value);
            } else {
                map.insert_or_assign(name, value);
            }
        } else {
            static_cast<void>(store.upsert(part, {made}));
        }
    }

    void erase(const std::string& part, const key& gone) {
        const auto at = plain.parts.find(part);
        if constexpr (tracks) {
            if (at != plain.parts.end()) {
                store.part(part).erase(gone);
            }
        } else {
            static_cast<void>(store.erase(part, std::vector{gone}));
        }
        if (at != plain.parts.end() && at->second.erase(gone) != 0) {
            note(part, gone);
        }
    }

    void clear(const std::string& part) {
        if constexpr (tracks) {
            store.part(part).clear();
        } else {
            store.clear(part);
        }
    }

    void assign(const std::string& part, const step& of) {
        typename contents::part fresh;
        for (unsigned i = 0; i != of.key; ++i) {
            const auto made = World::make(i * of.value % 5, of.value + i);
            fresh.insert_or_assign(key_of_record(made), made);
        }
        if constexpr (tracks) {
            typename store_type::map_type::map_type map;
            for (const auto& [name, record] : fresh) {
                map.insert(record);
            }
            store.part(part).assign(std::move(map));
        } else {
            store.clear(part);
            std::vector<typename World::record> records;
            for (const auto& [name, record] : fresh) {
                records.insert(records.begin(), record);
            }
            static_cast<void>(store.upsert(part, std::move(records)));
        }
        plain.parts[part] = std::move(fresh);
        forget(part);
    }

    void edit_side(unsigned value) {
        if constexpr (tintype::described<typename contents::side_type>) {
            plain.side.writes += value;
            plain.side.label =
                value % 3 == 0 ? std::nullopt : std::optional{std::string(value % 3 - 1, 's')};
            store.side() = plain.side;
        }
    }

    std::map<std::string, notes> notes_{};
};

} // namespace tests
