#pragma once

// The laws of the stores that a chain of snapshots is taken of: those that are restored, and those
// that track their changes. A suite knows of its model only the concept, and makes records by a
// function that the model brings: `make(number, salt)` has a key by the number, and is another
// record for each salt.

#include <tintype/chain/chain_manager.hpp>
#include <tintype/core/mix.hpp>
#include <tintype/storage/memory.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tintype::laws {

// What a store holds, told by hand beside it. Owns its keys; records may be views of what `make`
// keeps.
template <class Store>
using plain_part = std::map<key_of_record<record_of<Store>>, loaded_record<record_of<Store>>>;

template <class Store>
using plain_store = std::map<std::string, plain_part<Store>>;

template <class Store>
[[nodiscard]] chain_contents<record_of<Store>, side_of<Store>>
contents_of(const plain_store<Store>& parts) {
    chain_contents<record_of<Store>, side_of<Store>> made{};
    for (const auto& [name, records] : parts) {
        auto& part = made.parts[name];
        for (const auto& [key, record] : records) {
            part.push_back(record);
        }
    }
    return made;
}

// How many records of the part are not those expected.
template <class Store>
[[nodiscard]] std::size_t strangers(const Store& store, const std::string& name,
                                    const plain_part<Store>& expected) {
    std::size_t count = 0;
    std::size_t wrong = 0;
    for (const record_of<Store>& each : store.records(name)) {
        const auto at = expected.find(key_of_record<record_of<Store>>{key_of(each)});
        const bool same =
            at != expected.end() && identical_records<record_of<Store>>(each, at->second);
        wrong += same ? 0U : 1U;
        ++count;
    }
    return wrong + (count > expected.size() ? count - expected.size() : expected.size() - count);
}

// Each part once, and in each part just these records, to the last bit.
template <chain_source Store>
void holds(const Store& store, const plain_store<Store>& expected) {
    std::vector<std::string> names;
    for (const auto& name : store.parts()) {
        names.emplace_back(name);
    }
    std::ranges::sort(names);
    std::vector<std::string> wanted;
    for (const auto& [name, records] : expected) {
        wanted.push_back(name);
    }
    CHECK(names == wanted);
    std::size_t wrong = 0;
    for (const auto& [name, records] : expected) {
        wrong += strangers(store, name, records);
        wrong += strangers(store, name, records); // asked again, it says the same
    }
    CHECK(wrong == 0);
}

inline const std::vector<std::string> part_names{"a", "b", "", "c/d", "größe"};

// Does something to the store, and the same to what is told beside it. Gives the part and the keys
// that were touched; no part where it was more than one.
template <chain_store Store, class Make>
std::pair<std::optional<std::string>, std::set<key_of_record<record_of<Store>>>>
change(Store& store, plain_store<Store>& told, const Make& make, splitmix64& random) {
    using record = record_of<Store>;
    using key = key_of_record<record>;
    std::set<key> touched;
    const std::string name = part_names[random() % part_names.size()];
    const auto some = [&] {
        std::map<key, loaded_record<record>> records;
        for (std::size_t left = random() % 4; left != 0; --left) {
            auto each = make(random() % 20, random() % 3);
            records.insert_or_assign(key{key_of(each)}, std::move(each));
        }
        return records;
    };
    switch (random() % 8) {
    case 0: { // replace everything
        plain_store<Store> next;
        for (std::size_t left = random() % 4; left != 0; --left) {
            next[part_names[random() % part_names.size()]] = some();
        }
        CHECK(store.replace(contents_of<Store>(next), replaces::everything));
        told = std::move(next);
        return {std::nullopt, {}};
    }
    case 1: { // replace what is named
        plain_store<Store> next;
        for (std::size_t left = random() % 3; left != 0; --left) {
            next[part_names[random() % part_names.size()]] = some();
        }
        CHECK(store.replace(contents_of<Store>(next), replaces::named));
        for (auto& [part, records] : next) {
            told[part] = std::move(records);
        }
        return {std::nullopt, {}};
    }
    case 2:
    case 3: { // erase
        std::vector<key> keys;
        for (std::size_t left = random() % 4; left != 0; --left) {
            keys.push_back(key{key_of(make(random() % 20, 0))});
        }
        CHECK(store.erase(name, keys));
        if (const auto part = told.find(name); part != told.end()) {
            for (const key& each : keys) {
                part->second.erase(each);
            }
        }
        touched.insert(keys.begin(), keys.end());
        return {name, std::move(touched)};
    }
    default: { // put
        std::vector<loaded_record<record>> records;
        for (auto& [each, made] : some()) {
            touched.insert(each);
            told[name].insert_or_assign(each, made);
            records.push_back(std::move(made));
        }
        static_cast<void>(told[name]);
        CHECK(store.upsert(name, std::move(records)));
        return {name, std::move(touched)};
    }
    }
}

// The laws of a store: what is put is there, what is erased is gone, a replacement is all of it or
// just what it names, and nothing else ever changes. `empty()` gives a store without any part.
template <class Empty, class Make>
void chain_store_laws(const Empty& empty, const Make& make) {
    using store_type = decltype(empty());
    static_assert(chain_store<store_type>);
    using record = record_of<store_type>;
    using key = key_of_record<record>;
    {
        store_type store = empty();
        holds(store, {});
        // Nothing is done to what is not there.
        const std::vector<key> absent{key{key_of(make(1, 0))}};
        CHECK(store.erase("nowhere", absent));
        CHECK(store.replace({}, replaces::named));
        CHECK(store.replace({}, replaces::everything));
        holds(store, {});
        // Empty parts are parts, by either way.
        CHECK(store.upsert("put", {}));
        plain_store<store_type> told{{"put", {}}};
        holds(store, told);
        told["replaced"] = {};
        CHECK(store.replace(contents_of<store_type>({{"replaced", {}}}), replaces::named));
        holds(store, told);
        CHECK(store.replace(contents_of<store_type>({{"only", {}}}), replaces::everything));
        holds(store, {{"only", {}}});
    }
    for (std::uint64_t seed = 0; seed != 20; ++seed) {
        INFO("seed ", seed);
        splitmix64 random{seed};
        store_type store = empty();
        plain_store<store_type> told;
        for (int step = 0; step != 60; ++step) {
            change(store, told, make, random);
            holds(store, told);
        }
    }
}

// A side state comes with everything, and stays where there is none.
template <class Empty, class MakeSide>
void side_laws(const Empty& empty, const MakeSide& make_side) {
    using store_type = decltype(empty());
    store_type store = empty();
    for (std::uint64_t salt = 0; salt != 5; ++salt) {
        auto with = contents_of<store_type>({{"a", {}}});
        with.side = make_side(salt);
        CHECK(store.replace(std::move(with), replaces::everything));
        CHECK(identical(store.side(), make_side(salt)));
        CHECK(store.replace(contents_of<store_type>({{"b", {}}}), replaces::named));
        CHECK(store.upsert("c", {}));
        CHECK(identical(store.side(), make_side(salt)));
    }
}

// The laws of a store that tracks: after `taken` it names every key that differs and no key that
// nobody touched, for that mark and part alone, or says that it cannot tell.
template <class Empty, class Make>
void tracking_store_laws(const Empty& empty, const Make& make) {
    using store_type = decltype(empty());
    static_assert(tracking_store<store_type> && chain_store<store_type>);
    using record = record_of<store_type>;
    using key = key_of_record<record>;
    const auto differing = [](const plain_part<store_type>& before,
                              const plain_part<store_type>& now) {
        std::set<key> keys;
        for (const auto& [each, made] : before) {
            const auto at = now.find(each);
            if (at == now.end() || !identical_records<loaded_record<record>>(made, at->second)) {
                keys.insert(each);
            }
        }
        for (const auto& [each, made] : now) {
            if (!before.contains(each)) {
                keys.insert(each);
            }
        }
        return keys;
    };
    {
        store_type store = empty();
        store.taken("nowhere", "mark"); // makes no part
        holds(store, {});
        CHECK(store.upsert("a", {}));
        CHECK(!store.changes_since("a", "mark"));
        CHECK(!store.changes_since("a", ""));
        CHECK(!store.changes_since("nowhere", "mark"));
        store.taken("a", "mark");
        const auto none = store.changes_since("a", "mark");
        REQUIRE(none);
        CHECK(none->empty());
        CHECK(!store.changes_since("a", "mar"));
        CHECK(!store.changes_since("a", "mark2"));
        store.taken("a", "mark2");
        CHECK(!store.changes_since("a", "mark"));
    }
    for (std::uint64_t seed = 0; seed != 20; ++seed) {
        INFO("seed ", seed);
        splitmix64 random{seed};
        store_type store = empty();
        plain_store<store_type> told;
        plain_store<store_type> marked;               // as each part was when it was taken
        std::map<std::string, std::set<key>> touched; // since then, as far as that is known
        std::size_t wrong = 0;
        for (int step = 0; step != 80; ++step) {
            auto [part, keys] = change(store, told, make, random);
            if (!part) {
                touched.clear();
            } else if (const auto at = touched.find(*part); at != touched.end()) {
                at->second.merge(keys);
            }
            for (const auto& [name, now] : told) {
                for (const auto& [each, made] : now) {
                    const record* found = store.find(name, each);
                    wrong += found != nullptr && identical_records<record>(*found, made) ? 0U : 1U;
                }
                wrong += store.find(name, key{key_of(make(999, 0))}) == nullptr ? 0U : 1U;
                const auto changed = store.changes_since(name, "mark " + name);
                const auto at = touched.find(name);
                // What was only told key by key since the mark, it can tell.
                wrong += at != touched.end() && !changed ? 1U : 0U;
                if (!changed) {
                    continue;
                }
                const std::set<key> named(changed->begin(), changed->end());
                wrong += at != touched.end() && !std::ranges::includes(at->second, named) ? 1U : 0U;
                wrong += std::ranges::includes(named, differing(marked[name], now)) ? 0U : 1U;
            }
            if (random() % 4 == 0) {
                for (const auto& [name, records] : told) {
                    if (random() % 2 == 0) {
                        store.taken(name, "mark " + name);
                        marked[name] = records;
                        touched[name] = {};
                    }
                }
            }
        }
        CHECK(wrong == 0);
    }
}

// Whatever the store is: each snapshot of it is what it was, by either kind and in either mode.
template <class Empty, class Make>
void snapshot_laws(const Empty& empty, const Make& make) {
    using store_type = decltype(empty());
    using manager_type = chain_manager<store_type, memory_storage, chain_columns, crc32c, keep_all>;
    for (std::uint64_t seed = 0; seed != 3; ++seed) {
        INFO("seed ", seed);
        splitmix64 random{seed};
        const auto manager = manager_type::open(memory_storage{}, keep_all{});
        REQUIRE(manager);
        store_type store = empty();
        plain_store<store_type> told;
        std::vector<std::pair<std::string, plain_store<store_type>>> all;
        for (int step = 0; step != 20; ++step) {
            for (std::size_t left = 1 + random() % 3; left != 0; --left) {
                change(store, told, make, random);
            }
            const bool full = all.empty() || random() % 6 == 0;
            const auto taken =
                full ? manager->create_full(store)
                     : manager->create_incremental(store, all[random() % all.size()].first);
            REQUIRE(taken);
            all.emplace_back(taken->info.id, told);
            holds(store, told); // taking a snapshot changes nothing
        }
        for (const auto& [id, then] : all) {
            store_type fresh = empty();
            REQUIRE(manager->restore(fresh, id));
            holds(fresh, then);
            auto some = *manager->restore(fresh, id, {.parts = std::vector<std::string>{}});
            CHECK(some.parts == 0);
            holds(fresh, then);
        }
        // Back, and on from there.
        REQUIRE(manager->restore(store, all[5].first));
        told = all[5].second;
        holds(store, told);
        change(store, told, make, random);
        const auto next = manager->create_incremental(store, all[5].first);
        REQUIRE(next);
        store_type fresh = empty();
        REQUIRE(manager->restore(fresh, next->info.id));
        holds(fresh, told);
    }
}

} // namespace tintype::laws
