#pragma once

// Five snapshots of one store, and what was there when each was taken.

#include "fixtures.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <map>
#include <string>

namespace tests {

using sided = tintype::part_store<texts, mood>;

// full - a - b - c, and d on a: with parts that change, go, come and come again.
struct family {
    std::map<std::string, sided> then; // what was there, by id
    std::string full;
    std::string a;
    std::string b;
    std::string c;
    std::string d;

    explicit family(const auto& manager) {
        sided store;
        store.part("stays") = {{1, "1"}, {2, "2"}, {3, "3"}};
        store.part("goes") = {{1, "1"}};
        store.part("again") = {{1, "old"}, {2, "old"}};
        static_cast<void>(store.part("empty"));
        store.side() = {"full", 0, {}};
        full = full_of(manager, store);
        then[full] = store;
        const auto take = [&](const std::string& parent, const char* name) {
            store.side().name = name;
            const auto id = increment_of(manager, store, parent);
            then[id] = store;
            return id;
        };
        store.part("stays").erase(1);
        store.part("stays")[4] = "a";
        store.drop("goes");
        store.drop("again");
        store.part("new") = {{1, "a"}};
        a = take(full, "a");
        store.part("stays").erase(4);
        store.part("stays")[1] = "back in b";
        store.part("again") = {{2, "new"}};
        store.drop("new");
        store.drop("empty");
        b = take(a, "b");
        store.part("stays") = {{9, "c"}};
        store.part("goes") = {{7, "c"}};
        store.drop("again");
        c = take(b, "c");
        store = then[a];
        store.part("stays")[4] = "d";
        store.part("again") = {{2, "d"}};
        d = take(a, "d");
    }

    // Each that is listed is what it was.
    void check(const auto& manager) const {
        for (const auto& [id, store] : then) {
            if (manager.exists(id) != true) {
                continue;
            }
            INFO(id);
            sided target;
            const auto done = manager.restore(target, id);
            INFO(said(done));
            CHECK(done);
            CHECK(target == store);
        }
    }
};

inline std::size_t objects_in(const auto& storage) {
    return tests::sorted_names(storage).size();
}

} // namespace tests
