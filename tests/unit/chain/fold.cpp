// Several links as one: the newest word about each record, parts that begin, go and begin again,
// words that contradict each other, and what differs between two lists of records.

#include <tintype/chain/fold.hpp>

#include "support/said.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace {

using tests::said;
using tintype::chain_fold;
using tintype::compare_records;
using tintype::errc;
using tintype::part_filter;
using tintype::piece_info;
using tintype::piece_kind;

using record = std::pair<const std::uint64_t, std::string>;
using piece = tintype::loaded_piece<record>;
using records = std::vector<std::pair<std::uint64_t, std::string>>;
using keys = std::vector<std::uint64_t>;
using names = std::vector<std::string>;

struct row {
    BOOST_HANA_DEFINE_STRUCT(row, (std::string, id), (float, weight));
};

piece whole(std::string name, records all) {
    const std::uint64_t total = all.size();
    return {std::move(name), piece_kind::whole, std::move(all), {}, total};
}

piece changes(std::string name, records put, keys erased, std::uint64_t total) {
    return {std::move(name), piece_kind::changes, std::move(put), std::move(erased), total};
}

piece dropped(std::string name) {
    return {std::move(name), piece_kind::dropped, {}, {}, 0};
}

// The links, the newest first, each a list of pieces; or the first error.
tintype::result<std::vector<piece>> folded(std::vector<std::vector<piece>> newest_first,
                                           bool complete = true, part_filter wanted = {}) {
    chain_fold<record> fold{std::move(wanted)};
    std::size_t link = newest_first.size();
    for (auto& pieces : newest_first) {
        const std::string id = "s" + std::to_string(--link);
        for (piece& each : pieces) {
            if (!fold.wants({.name = each.name, .kind = each.kind})) {
                continue;
            }
            if (auto done = fold.add(std::move(each), id); !done) {
                return tintype::pass(done);
            }
        }
    }
    auto all = std::move(fold).finish(complete);
    if (all) {
        for (piece& each : *all) {
            std::ranges::sort(each.records);
            std::ranges::sort(each.erased);
        }
    }
    return all;
}

// The only part there is.
records only(const tintype::result<std::vector<piece>>& all) {
    INFO(said(all));
    REQUIRE(all);
    REQUIRE(all->size() == 1);
    CHECK(all->front().kind == piece_kind::whole);
    CHECK(all->front().total == all->front().records.size());
    return all->front().records;
}

} // namespace

TEST_CASE("fold: a filter is everything, nothing, or the names in it") {
    const part_filter all;
    CHECK(all.everything());
    CHECK(all.has("x"));
    CHECK(all.has(""));
    CHECK(all.names().empty());
    const part_filter none{names{}};
    CHECK(!none.everything());
    CHECK(!none.has(""));
    CHECK(none.names().empty());
    const part_filter some{names{"b", "a", "", "b"}};
    CHECK(some.has("a"));
    CHECK(some.has("b"));
    CHECK(some.has(""));
    CHECK(!some.has("c"));
    CHECK(std::ranges::equal(some.names(), names{"", "a", "b", "b"}));
}

TEST_CASE("fold: a whole part is itself, and nothing older counts") {
    CHECK(only(folded({{whole("a", {{2, "x"}, {1, "y"}})}})) == records{{1, "y"}, {2, "x"}});
    CHECK(only(folded({{whole("a", {})}})).empty());
    CHECK(only(folded({{whole("a", {{1, "new"}})}, {whole("a", {{1, "old"}, {2, "old"}})}})) ==
          records{{1, "new"}});
    chain_fold<record> fold;
    const piece_info a{.name = "a"};
    CHECK(fold.wants(a));
    CHECK(!fold.wants({.name = "a", .kind = piece_kind::side}));
    REQUIRE(fold.add(changes("a", {{1, "x"}}, {}, 1), "s1"));
    CHECK(fold.wants(a));
    REQUIRE(fold.add(whole("a", {{1, "old"}}), "s0"));
    CHECK(!fold.wants(a));
    CHECK(fold.wants({.name = "b"}));
}

TEST_CASE("fold: the newest word about each record") {
    CHECK(only(folded({{changes("a", {{1, "newest"}, {5, "new"}}, {2}, 4)},
                       {changes("a", {{1, "middle"}, {2, "middle"}, {3, "middle"}}, {4}, 4)},
                       {whole("a", {{1, "old"}, {3, "old"}, {4, "old"}, {6, "old"}})}})) ==
          records{{1, "newest"}, {3, "middle"}, {5, "new"}, {6, "old"}});
    // Erased and put again, put and erased again.
    CHECK(only(folded({{changes("a", {{1, "back"}}, {}, 1)},
                       {changes("a", {}, {1}, 0)},
                       {whole("a", {{1, "old"}})}})) == records{{1, "back"}});
    CHECK(only(folded({{changes("a", {}, {1}, 0)},
                       {changes("a", {{1, "short"}}, {}, 1)},
                       {changes("a", {}, {1}, 0)},
                       {whole("a", {{1, "old"}})}}))
              .empty());
    // Erasing what is not there is no error; nothing happens.
    CHECK(only(folded({{changes("a", {}, {7, 8}, 1)}, {whole("a", {{1, "x"}})}})) ==
          records{{1, "x"}});
}

TEST_CASE("fold: parts that go and begin again") {
    CHECK(folded({{dropped("a")}, {whole("a", {{1, "x"}})}})->empty());
    CHECK(folded({{dropped("a")}})->empty()); // it was not there before, either
    CHECK(folded({{dropped("a")}, {dropped("a")}, {whole("a", {})}})->empty());
    CHECK(only(folded({{changes("a", {{2, "y"}}, {1}, 1)},
                       {whole("a", {{1, "again"}})},
                       {dropped("a")},
                       {whole("a", {{3, "before"}})}})) == records{{2, "y"}});
    const auto both =
        folded({{whole("b", {{1, "b"}}), dropped("a")}, {whole("a", {{1, "a"}}), whole("c", {})}});
    REQUIRE(both);
    REQUIRE(both->size() == 2);
    CHECK((*both)[0].name == "b");
    CHECK((*both)[1].name == "c");
}

TEST_CASE("fold: some parts, or links that are not all") {
    const auto some = folded({{changes("a", {{1, "x"}}, {}, 1), whole("b", {{1, "b"}})},
                              {whole("a", {}), whole("c", {})}},
                             true, part_filter{names{"a", "nowhere"}});
    CHECK(only(some) == records{{1, "x"}});

    const auto open = folded({{changes("a", {{1, "new"}}, {2}, 9), dropped("b")},
                              {changes("a", {{1, "old"}, {2, "old"}, {3, "old"}}, {4}, 8),
                               changes("b", {{1, "b"}}, {}, 1), dropped("c")}},
                             false);
    REQUIRE(open);
    REQUIRE(open->size() == 3);
    CHECK((*open)[0].kind == piece_kind::changes);
    CHECK((*open)[0].records == records{{1, "new"}, {3, "old"}});
    CHECK((*open)[0].erased == keys{2, 4});
    CHECK((*open)[0].total == 9); // of the newest
    CHECK((*open)[1].kind == piece_kind::dropped);
    CHECK((*open)[1].records.empty());
    CHECK((*open)[2].kind == piece_kind::dropped);

    // Once a part is whole, what was erased needs no word any more.
    const auto closed =
        folded({{changes("a", {}, {1, 2}, 1)}, {whole("a", {{1, "x"}, {3, "y"}})}}, false);
    REQUIRE(closed);
    CHECK((*closed)[0].kind == piece_kind::whole);
    CHECK((*closed)[0].records == records{{3, "y"}});
    CHECK((*closed)[0].erased.empty());
}

TEST_CASE("fold: words that contradict each other are refused, by link and part") {
    CHECK(said(folded({{whole("a", {{1, "x"}, {2, "y"}, {1, "z"}})}})) ==
          "duplicate in s0: a/1 0/0");
    CHECK(said(folded({{changes("a", {{2, "x"}, {2, "x"}}, {}, 2)}, {whole("a", {})}})) ==
          "duplicate in s1: a/2 0/0");
    CHECK(said(folded({{changes("a", {}, {3, 4, 3}, 0)}, {whole("a", {})}})) ==
          "duplicate in s1: a/3 0/0");
    CHECK(said(folded({{changes("a", {{5, "x"}}, {4, 5}, 0)}, {whole("a", {})}})) ==
          "duplicate in s1: a/5 0/0");
    // Changes of what a link before had dropped.
    const auto gone = folded({{changes("a", {{1, "x"}}, {}, 1)}, {dropped("a")}, {whole("a", {})}});
    CHECK(said(gone) == "invalid_value in s1: a 1/0");
    CHECK(gone.error().during == "changes of a part that is not there");
    // And of what never began.
    const auto nothing = folded({{changes("a", {{1, "x"}}, {}, 1)}, {}});
    CHECK(said(nothing) == "invalid_value in a 1/0");
    CHECK(folded({{changes("a", {{1, "x"}}, {}, 1)}, {}}, false));
}

TEST_CASE("fold: a part must have as many records as it had") {
    const auto wrong = folded({{changes("a", {{2, "y"}}, {}, 3)}, {whole("a", {{1, "x"}})}});
    CHECK(said(wrong) == "invalid_value in a 2/3");
    CHECK(wrong.error().during == "the part had another number of records when it was taken");
    auto lies = whole("a", {{1, "x"}});
    lies.total = 0;
    CHECK(said(folded({{lies}})) == "invalid_value in a 1/0");
    // What an older link says of the number does not count.
    CHECK(folded({{changes("a", {{2, "y"}}, {}, 2)}, {lies}}));
}

TEST_CASE("fold: what differs, by key") {
    const records before{{1, "same"}, {2, "changes"}, {3, "goes"}, {4, "goes"}};
    const std::map<std::uint64_t, std::string> after{
        {1, "same"}, {2, "changed"}, {5, "comes"}, {6, ""}};
    auto found = compare_records<record>(before, after);
    CHECK(!found.empty());
    std::ranges::sort(found.removed);
    CHECK(found.removed == keys{3, 4});
    REQUIRE(found.changed.size() == 1);
    CHECK(found.changed[0] == &*after.find(2)); // where it lies
    REQUIRE(found.added.size() == 2);
    CHECK(found.added[0]->first == 5);
    using loaded = records::value_type;
    CHECK(compare_records<loaded>(before, before).empty());
    CHECK(compare_records<loaded>({}, records{}).empty());
    CHECK(compare_records<loaded>(before, records{}).removed.size() == 4);
    CHECK(compare_records<record>({}, after).added.size() == 4);
}

TEST_CASE("fold: differences to the last bit") {
    const float nan = std::bit_cast<float>(0x7fc00001U);
    const float other = std::bit_cast<float>(0x7fc00002U);
    const std::vector<row> before{{"nan", nan}, {"zero", 0.0F}, {"one", 1.0F}};
    CHECK(compare_records<row>(before, before).empty());
    const std::vector<row> after{{"one", 1.0F}, {"nan", other}, {"zero", -0.0F}};
    const auto found = compare_records<row>(before, after);
    CHECK(found.changed.size() == 2);
    CHECK(found.added.empty());
    CHECK(found.removed.empty());
}
