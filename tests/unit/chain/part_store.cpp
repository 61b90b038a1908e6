// The store for programs that have none, used by hand: parts, a side state, and what a restore
// calls.

#include <tintype/chain/part_store.hpp>
#include <tintype/chain/tracked.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

using map = std::map<std::uint64_t, std::string>;
using hashed = std::unordered_map<std::uint64_t, std::string>;
using tintype::part_store;
using tintype::replaces;
using tintype::tracked;

struct mood {
    BOOST_HANA_DEFINE_STRUCT(mood, (std::uint32_t, level));

    friend bool operator==(const mood&, const mood&) = default;
};

using keys = std::vector<std::uint64_t>;

std::vector<std::string> names_of(const auto& store) {
    const auto parts = store.parts();
    return {parts.begin(), parts.end()};
}

using names = std::vector<std::string>;

} // namespace

TEST_CASE_TEMPLATE("part_store: parts come and go", Map, map, hashed, tracked<map>,
                   tracked<hashed>) {
    part_store<Map> store;
    CHECK(names_of(store).empty());
    CHECK(store.find_part("a") == nullptr);
    CHECK(store.records("a").empty());
    CHECK(store.find("a", 1) == nullptr);
    CHECK(!store.drop("a"));

    store.part("b").insert_or_assign(1, "one");
    static_cast<void>(store.part("a"));
    store.part("b").insert_or_assign(2, "two");
    CHECK(names_of(store) == names{"a", "b"});
    CHECK(store.find_part("b")->size() == 2);
    CHECK(store.records("a").empty());
    CHECK(&store.records("b") == store.find_part("b"));
    CHECK(store.find("b", 2)->second == "two");
    CHECK(store.find("b", 3) == nullptr);
    CHECK(store.find("a", 1) == nullptr);

    auto other = store;
    CHECK(other == store);
    CHECK(other.drop("a")); // empty parts are parts
    CHECK(other != store);
    CHECK(!other.drop("a"));
}

TEST_CASE_TEMPLATE("part_store: replacing everything, or just what is named", Map, map, hashed,
                   tracked<map>) {
    part_store<Map, mood> store;
    store.part("stays").insert_or_assign(1, "stays");
    store.part("a").insert_or_assign(1, "old");
    store.part("a").insert_or_assign(2, "old");
    store.side().level = 5;
    const auto before = store;
    const auto contents = [](bool sided) {
        typename part_store<Map, mood>::contents made{};
        made.parts["a"] = {{2, "new"}, {3, "new"}};
        made.parts["empty"] = {};
        if (sided) {
            made.side = mood{9};
        }
        return made;
    };
    REQUIRE(store.replace(contents(false), replaces::named));
    CHECK(names_of(store) == names{"a", "empty", "stays"});
    CHECK(store.find_part("a")->size() == 2);
    CHECK(store.find("a", 1) == nullptr);
    CHECK(store.find("a", 2)->second == "new");
    CHECK(store.find("stays", 1) != nullptr);
    CHECK(store.side().level == 5);
    REQUIRE(store.replace(contents(true), replaces::everything));
    CHECK(names_of(store) == names{"a", "empty"});
    CHECK(store.side().level == 9);
    REQUIRE(store.replace({}, replaces::named));
    CHECK(names_of(store) == names{"a", "empty"});
    REQUIRE(store.replace({}, replaces::everything));
    CHECK(names_of(store).empty());
    CHECK(store.side().level == 9); // contents that have none leave it
    CHECK(store != before);
}

TEST_CASE_TEMPLATE("part_store: merging and erasing", Map, map, hashed, tracked<map>) {
    part_store<Map> store;
    REQUIRE(store.upsert("new", {{1, "one"}, {2, "two"}}));
    REQUIRE(store.upsert("new", {{2, "TWO"}, {3, "three"}}));
    REQUIRE(store.upsert("empty", {}));
    CHECK(names_of(store) == names{"empty", "new"});
    CHECK(store.find_part("new")->size() == 3);
    CHECK(store.find("new", 2)->second == "TWO");
    REQUIRE(store.erase("new", keys{1, 77}));
    REQUIRE(store.erase("nowhere", keys{1}));
    CHECK(names_of(store) == names{"empty", "new"});
    CHECK(store.find_part("new")->size() == 2);
    CHECK(store.find("new", 1) == nullptr);
}

TEST_CASE("part_store: what changed is asked of each part") {
    part_store<tracked<map>> store;
    store.part("a").insert_or_assign(1, "one");
    CHECK(!store.changes_since("a", "x"));
    CHECK(!store.changes_since("nowhere", "x"));
    store.taken("a", "x");
    store.taken("nowhere", "x"); // makes no part
    CHECK(names_of(store) == names{"a"});
    CHECK(store.changes_since("a", "x") == keys{});
    store.part("a").insert_or_assign(2, "two");
    store.part("b").insert_or_assign(1, "one");
    CHECK(store.changes_since("a", "x") == keys{2});
    CHECK(!store.changes_since("a", "y"));
    CHECK(!store.changes_since("b", "x"));
    REQUIRE(store.upsert("a", {{1, "ONE"}}));
    REQUIRE(store.erase("a", keys{2, 99}));
    auto changed = store.changes_since("a", "x");
    REQUIRE(changed);
    std::ranges::sort(*changed);
    CHECK(*changed == keys{1, 2}); // 99 was not there, so nothing happened to it
    store.drop("a");
    static_cast<void>(store.part("a"));
    CHECK(!store.changes_since("a", "x"));
    store.taken("b", "x");
    part_store<tracked<map>>::contents from{};
    from.parts["b"] = {{1, "one"}};
    REQUIRE(store.replace(std::move(from), replaces::named));
    CHECK(!store.changes_since("b", "x"));
}
