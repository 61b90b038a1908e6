// Who needs whom, over manifests that nobody stored: children, the order in which snapshots may go,
// what retention says of them, and how the contents of two differ.

#include <tintype/chain/upkeep.hpp>
#include <tintype/core/mix.hpp>

#include "unit/chain/fixtures.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace {

using tests::ids;
using tintype::chain_decision;
using tintype::children_first;
using tintype::children_of;
using tintype::decide;
using tintype::keep_last;
using tintype::snapshot_info;

snapshot_info snapshot(std::string id, tintype::optional_text parent = {},
                       std::int64_t created_at = 0) {
    snapshot_info info;
    info.id = std::move(id);
    info.parent_id = std::move(parent);
    info.created_at = created_at;
    return info;
}

using all_of_them = std::vector<snapshot_info>;

ids order_of(const all_of_them& all) {
    std::vector<const snapshot_info*> pointers;
    for (const auto& each : all) {
        pointers.push_back(&each);
    }
    ids order;
    for (const auto* each : children_first(std::move(pointers))) {
        order.push_back(each->id);
    }
    return order;
}

// "id: reason", those kept with a star.
std::vector<std::string> told(const std::vector<chain_decision>& decisions) {
    std::vector<std::string> lines;
    for (const auto& each : decisions) {
        lines.push_back((each.keep ? "*" : "") + each.info.id + ": " + each.reason);
    }
    return lines;
}

using lines = std::vector<std::string>;
using record = std::pair<const std::string, int>;
using contents = tintype::chain_contents<record>;

} // namespace

TEST_CASE("upkeep: children are those that name it as their parent") {
    const all_of_them all{snapshot("d", "b"), snapshot("c", "a"), snapshot("b", "a"), snapshot("a"),
                          snapshot("self", "self")};
    const auto named = [&](std::string_view id) {
        ids found;
        for (const auto* each : children_of(all, id)) {
            found.push_back(each->id);
        }
        return found;
    };
    CHECK(named("a") == ids{"c", "b"});
    CHECK(named("b") == ids{"d"});
    CHECK(named("d").empty());
    CHECK(named("").empty()); // a snapshot without a parent is nobody's child
    CHECK(named("self") == ids{"self"});
}

TEST_CASE("upkeep: children go before their parents") {
    CHECK(order_of({}).empty());
    CHECK(order_of({snapshot("a"), snapshot("b", "a"), snapshot("c", "b")}) == ids{"c", "b", "a"});
    CHECK(order_of({snapshot("c", "b"), snapshot("b", "a"), snapshot("a")}) == ids{"c", "b", "a"});
    // A parent that is not among them holds nobody up.
    CHECK(order_of({snapshot("b", "elsewhere"), snapshot("c", "b")}) == ids{"c", "b"});
    const auto fork =
        order_of({snapshot("a"), snapshot("l", "a"), snapshot("r", "a"), snapshot("rr", "r")});
    CHECK(fork == ids{"l", "rr", "r", "a"});
    // Cycles go last, and what hangs on them before.
    CHECK(order_of({snapshot("x", "y"), snapshot("y", "x"), snapshot("tail", "x"),
                    snapshot("self", "self"), snapshot("a")}) ==
          ids{"tail", "a", "self", "x", "y"});
}

TEST_CASE("upkeep: any forest, in any order, children first") {
    tintype::splitmix64 random{1};
    for (int round = 0; round != 200; ++round) {
        const std::size_t size = 1 + random() % 40;
        all_of_them all;
        for (std::size_t i = 0; i != size; ++i) {
            all.push_back(snapshot(std::to_string(i)));
            if (i != 0 && random() % 4 != 0) {
                all.back().parent_id = std::to_string(random() % i);
            }
        }
        for (std::size_t i = size; i > 1; --i) {
            std::swap(all[i - 1], all[random() % i]);
        }
        const auto order = order_of(all);
        REQUIRE(order.size() == size);
        std::map<std::string, std::size_t> place;
        for (std::size_t i = 0; i != size; ++i) {
            place[order[i]] = i;
        }
        CHECK(place.size() == size);
        for (const auto& each : all) {
            CHECK((!each.parent_id || place[each.id] < place[*each.parent_id]));
        }
    }
}

TEST_CASE("upkeep: a long chain takes no recursion") {
    all_of_them all;
    for (std::size_t i = 0; i != 50'000; ++i) {
        all.push_back(snapshot(std::to_string(i)));
        if (i != 0) {
            all.back().parent_id = std::to_string(i - 1);
        }
    }
    CHECK(order_of(all).front() == "49999");
    std::ranges::reverse(all);
    const auto decisions = decide(keep_last{1}, std::move(all), {});
    CHECK(std::ranges::all_of(decisions, &chain_decision::keep));
    CHECK(decisions.back().reason == "needed by 1");
}

TEST_CASE("upkeep: what a policy keeps, its parents are kept for") {
    CHECK(decide(keep_last{3}, {}, {}).empty());
    const auto decisions = decide(keep_last{2},
                                  {snapshot("f", "d"), snapshot("e"), snapshot("d", "b"),
                                   snapshot("c", "b"), snapshot("b"), snapshot("a")},
                                  {});
    CHECK(told(decisions) == lines{"*f: one of the last 2", "*e: one of the last 2",
                                   "*d: needed by f", "c: no rule keeps it", "*b: needed by d",
                                   "a: no rule keeps it"});
    // The order is the one given, whatever the times say; ages are by the times.
    const tintype::keep_within hour{std::chrono::hours{1}};
    const tintype::timestamp now{std::chrono::hours{10}};
    const auto at = [&](int hours) { return std::int64_t{hours} * 3'600'000'000'000; };
    CHECK(told(decide(hour,
                      {snapshot("new", {}, at(2)), snapshot("future", {}, at(99)),
                       snapshot("just", {}, at(9)), snapshot("old", {}, at(8))},
                      now)) == lines{"*new: the newest", "*future: younger than the age kept",
                                     "*just: younger than the age kept", "old: no rule keeps it"});
    // Parents that are not there, and cycles.
    CHECK(told(decide(keep_last{1}, {snapshot("b", "gone"), snapshot("a")}, {})) ==
          lines{"*b: one of the last 1", "a: no rule keeps it"});
    CHECK(told(decide(keep_last{1}, {snapshot("b", "a"), snapshot("a", "b"), snapshot("s", "s")},
                      {})) ==
          lines{"*b: one of the last 1", "*a: needed by b", "s: no rule keeps it"});
}

TEST_CASE("upkeep: keeping one keeps its parents, and nothing that is kept changes its reason") {
    std::vector<chain_decision> decisions{{snapshot("d", "c"), true, "so"},
                                          {snapshot("c", "b"), false, "no rule keeps it"},
                                          {snapshot("b", "a"), false, "no rule keeps it"},
                                          {snapshot("a"), true, "pinned"},
                                          {snapshot("x", "y"), false, "no rule keeps it"},
                                          {snapshot("y", "x"), false, "no rule keeps it"}};
    tintype::keep_with_parents(decisions, "c", "because");
    CHECK(told(decisions) == lines{"*d: so", "*c: because", "*b: needed by c", "*a: pinned",
                                   "x: no rule keeps it", "y: no rule keeps it"});
    tintype::keep_with_parents(decisions, "x", "a cycle");
    CHECK(told(decisions)[4] == "*x: a cycle");
    CHECK(told(decisions)[5] == "*y: needed by x");
    const auto before = told(decisions);
    tintype::keep_with_parents(decisions, "nowhere", "because");
    tintype::keep_with_parents(decisions, "d", "because");
    CHECK(told(decisions) == before);
}

TEST_CASE("upkeep: how contents differ, part by part and key by key") {
    contents before{};
    before.parts["same"] = {{"k", 1}};
    before.parts["changed"] = {{"stays", 1}, {"goes b", 1}, {"changes", 1}, {"goes a", 1}};
    before.parts["gone"] = {{"k", 1}};
    before.parts["gone and empty"] = {};
    before.parts["empty"] = {};
    contents after{};
    after.parts["same"] = {{"k", 1}};
    after.parts["changed"] = {{"comes z", 1}, {"changes", 2}, {"stays", 1}, {"comes y", 1}};
    after.parts["new"] = {{"k", 1}};
    after.parts["new and empty"] = {};
    after.parts["empty"] = {};
    const auto found = tintype::differences<record>(before, after);
    REQUIRE(found.size() == 5);
    CHECK(found[0].name == "changed");
    CHECK((found[0].before && found[0].after));
    CHECK(found[0].added == ids{"comes y", "comes z"});
    CHECK(found[0].removed == ids{"goes a", "goes b"});
    CHECK(found[0].changed == ids{"changes"});
    CHECK(found[1].name == "gone");
    CHECK((found[1].before && !found[1].after));
    CHECK(found[1].removed == ids{"k"});
    CHECK(found[2].name == "gone and empty");
    CHECK((found[2].before && !found[2].after && found[2].removed.empty()));
    CHECK(found[3].name == "new");
    CHECK((!found[3].before && found[3].after));
    CHECK(found[3].added == ids{"k"});
    CHECK(found[4].name == "new and empty");

    const auto back = tintype::differences<record>(after, before);
    REQUIRE(back.size() == 5);
    CHECK(back[0].added == found[0].removed);
    CHECK(back[0].removed == found[0].added);
    CHECK(back[0].changed == found[0].changed);
    CHECK(back[1].before == found[1].after);
    CHECK(tintype::differences<record>(before, before).empty());
    CHECK(tintype::differences<record>(contents{}, contents{}).empty());
}
