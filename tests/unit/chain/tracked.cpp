// A map that remembers: every way to write is noted, no way to read is, and the notes are about one
// snapshot or about none.

#include <tintype/chain/tracked.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <vector>

namespace {

using tintype::tracked;
using names = std::vector<std::string>;

using ordered = std::map<std::string, int, std::less<>>;
using hashed = std::unordered_map<std::string, int>;

template <class Map>
tracked<Map> three() {
    return tracked<Map>{Map{{"a", 1}, {"b", 2}, {"c", 3}}};
}

std::optional<names> changed(const auto& map, std::string_view mark = "mark") {
    auto keys = map.changes_since(mark);
    if (!keys) {
        return std::nullopt;
    }
    names all(keys->begin(), keys->end());
    std::ranges::sort(all);
    return all;
}

// No way to change a value that goes unnoticed.
static_assert(
    std::is_const_v<std::remove_reference_t<decltype(*std::declval<tracked<ordered>&>().begin())>>);
static_assert(
    std::is_const_v<
        std::remove_reference_t<decltype(*std::declval<tracked<hashed>&>().find(std::string{}))>>);
static_assert(std::is_const_v<std::remove_reference_t<
                  decltype(*std::declval<tracked<hashed>&>().insert_or_assign({}, 1).first)>>);

} // namespace

TEST_CASE_TEMPLATE("tracked: it is the map", Map, ordered, hashed) {
    auto map = three<Map>();
    CHECK(map.size() == 3);
    CHECK(!map.empty());
    CHECK(map.contains("a"));
    CHECK(!map.contains("z"));
    CHECK(map.find("b")->second == 2);
    CHECK(map.find("z") == map.end());
    CHECK(std::distance(map.begin(), map.end()) == 3);
    CHECK(map.map() == Map{{"a", 1}, {"b", 2}, {"c", 3}});
    CHECK(map == three<Map>());
    CHECK(tracked<Map>{}.empty());
    map["d"] = 4;
    CHECK(map != three<Map>());
}

TEST_CASE_TEMPLATE("tracked: every way to write is noted", Map, ordered, hashed) {
    const auto after = [](auto write) {
        auto map = three<Map>();
        map.start("mark");
        write(map);
        return changed(map);
    };
    CHECK(after([](auto&) {}) == names{});
    CHECK(after([](auto& map) { map.insert_or_assign("z", 1); }) == names{"z"});
    CHECK(after([](auto& map) { map.insert_or_assign("a", 1); }) == names{"a"});
    CHECK(after([](auto& map) { map.try_emplace("z", 1); }) == names{"z"});
    CHECK(after([](auto& map) { map.try_emplace("a", 9); }) == names{});
    CHECK(after([](auto& map) { map["z"] = 1; }) == names{"z"});
    CHECK(after([](auto& map) { static_cast<void>(map["z"]); }) == names{"z"});
    CHECK(after([](auto& map) { ++map["a"]; }) == names{"a"});
    CHECK(after([](auto& map) { *map.edit("b") = 7; }) == names{"b"});
    CHECK(after([](auto& map) { CHECK(map.edit("z") == nullptr); }) == names{});
    CHECK(after([](auto& map) { CHECK(map.erase("a") == 1); }) == names{"a"});
    CHECK(after([](auto& map) { CHECK(map.erase("z") == 0); }) == names{});
    CHECK(after([](auto& map) {
              map.erase("a");
              map["a"] = 1;
              map["b"] = 1;
              map["a"] = 2;
          }) == names{"a", "b"});
    CHECK(after([](auto& map) { map.clear(); }) == std::nullopt);
    CHECK(after([](auto& map) { map.assign({}); }) == std::nullopt);
    CHECK(after([](auto& map) { map.forget(); }) == std::nullopt);
    CHECK(after([](auto& map) { map = three<Map>(); }) == std::nullopt);
}

TEST_CASE_TEMPLATE("tracked: reading is not noted", Map, ordered, hashed) {
    auto map = three<Map>();
    map.start("mark");
    int sum = 0;
    for (const auto& [key, value] : map) {
        sum += value;
    }
    CHECK(sum == 6);
    CHECK(map.contains("a"));
    CHECK(map.find("a") != map.end());
    CHECK(changed(map) == names{});
}

TEST_CASE_TEMPLATE("tracked: what was written is what is there", Map, ordered, hashed) {
    auto map = three<Map>();
    CHECK(map.insert_or_assign("a", 10).second == false);
    CHECK(map.insert_or_assign("z", 26).second == true);
    CHECK(map.try_emplace("b", 20).first->second == 2);
    *map.edit("c") = 30;
    map.erase("b");
    CHECK(map.map() == Map{{"a", 10}, {"c", 30}, {"z", 26}});
    map.assign(Map{{"q", 1}});
    CHECK(map.map() == Map{{"q", 1}});
    map.clear();
    CHECK(map.empty());
}

TEST_CASE("tracked: the notes are about one snapshot") {
    auto map = three<ordered>();
    map["a"] = 2;
    CHECK(!changed(map)); // nobody asked for notes yet
    CHECK(!changed(map, ""));
    map.start("first");
    map["a"] = 3;
    CHECK(!changed(map, "second"));
    CHECK(!changed(map, ""));
    CHECK(!changed(map, "firs"));
    CHECK(changed(map, "first") == names{"a"});
    map.start("second"); // counts from zero
    CHECK(!changed(map, "first"));
    CHECK(changed(map, "second") == names{});
    map["b"] = 3;
    map.start("second");
    CHECK(changed(map, "second") == names{});
    map.start("");
    CHECK(changed(map, "") == names{});
    map.forget();
    CHECK(!changed(map, ""));
}

TEST_CASE("tracked: copies take their notes along and go their own way") {
    auto map = three<ordered>();
    map.start("mark");
    map["a"] = 2;
    auto copy = map;
    copy["b"] = 2;
    map["c"] = 2;
    CHECK(changed(map) == names{"a", "c"});
    CHECK(changed(copy) == names{"a", "b"});
    auto moved = std::move(copy);
    CHECK(changed(moved) == names{"a", "b"});
    copy = map; // a map that was moved from can be given another's state
    CHECK(changed(copy) == names{"a", "c"});
}

TEST_CASE("tracked: keys that are equal to the map are one key") {
    struct without_case {
        bool operator()(std::string_view a, std::string_view b) const {
            return std::ranges::lexicographical_compare(a, b, {}, lower, lower);
        }

        static int lower(char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; }
    };

    tracked<std::map<std::string, int, without_case>> map;
    map["Key"] = 1;
    map.start("mark");
    map.insert_or_assign("KEY", 2);
    map.insert_or_assign("key", 3);
    CHECK(map.changes_since("mark")->size() == 1);
    CHECK(map.size() == 1);
}
