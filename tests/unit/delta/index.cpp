// Which snapshots there are, made from records in the order of the log.

#include <tintype/delta/index.hpp>

#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using tests::said;
using tintype::blob;
using tintype::block_head;
using tintype::history_index;
using tintype::history_record;
using tintype::index_range;
using tintype::tier;
using place = history_index::place;

constexpr std::uint64_t most = ~std::uint64_t{0};

// Records one after another, each where the log would have it.
class made_index : public history_index {
public:
    std::string record(history_record kind, const blob& payload) {
        const tintype::log_record what{static_cast<std::uint32_t>(kind), offset_, payload.size()};
        offset_ += tintype::record_extent(payload.size());
        return said(add(what, payload));
    }

    std::string snapshot(history_record kind, std::uint64_t index,
                         std::optional<std::string_view> label = {}) {
        tintype::snapshot_head head;
        head.facts = {index, 10 * index, 0, 1};
        head.label = label;
        blob to;
        head.encode(to);
        return record(kind, to);
    }

    std::string keyframe(std::uint64_t index, std::string_view label = "a") {
        return snapshot(history_record::keyframe, index, label);
    }

    std::string delta(std::uint64_t index) { return snapshot(history_record::delta, index); }

    std::string block(std::uint64_t first, std::uint64_t last,
                      std::initializer_list<std::uint64_t> held) {
        block_head head{.first = first, .last = last, .labels = {"of a block"}};
        for (const std::uint64_t index : held) {
            head.snapshots.push_back({index, 10 * index, 0, 1});
            head.label_of.push_back(0);
        }
        blob to;
        head.encode(to);
        return record(history_record::block, to);
    }

    std::string floor(std::uint64_t kept_from, std::uint64_t next = 0) {
        return record(history_record::floor, tintype::history_floor{kept_from, next}.encode());
    }

    [[nodiscard]] std::vector<std::uint64_t> indices() const {
        std::vector<std::uint64_t> all;
        for (auto at = at_or_after(0); at; at = after(*at)) {
            all.push_back(entry(*at).facts.index);
        }
        std::vector<std::uint64_t> back;
        std::optional<place> at = all.empty() ? std::nullopt : find(all.back());
        for (; at; at = before(*at)) {
            back.insert(back.begin(), entry(*at).facts.index);
        }
        CHECK(back == all);
        CHECK(count() == all.size());
        return all;
    }

private:
    std::uint64_t offset_ = 8;
};

using list = std::vector<std::uint64_t>;
using ranges = std::vector<index_range>;

// 0 1 2 | 3 4 5 | 6
made_index seven() {
    made_index all;
    for (std::uint64_t i = 0; i != 7; ++i) {
        REQUIRE((i % 3 == 0 ? all.keyframe(i) : all.delta(i)) == "no error");
    }
    return all;
}

} // namespace

TEST_CASE("index: keyframes and deltas") {
    const auto all = seven();
    CHECK(all.indices() == list{0, 1, 2, 3, 4, 5, 6});
    REQUIRE(all.groups().size() == 3);
    CHECK(all.groups()[1].first == 3);
    CHECK(all.groups()[1].last == 5);
    CHECK(all.groups()[1].earliest == 30);
    CHECK(all.groups()[1].latest == 50);
    CHECK(all.groups()[1].entries[2].step == 2);
    CHECK(all.next() == 7);
    CHECK(all.kept_from() == 0);
    CHECK(all.lost().empty());
    CHECK(all.stored() == all.live());
    CHECK(history_index{}.count() == 0);
    CHECK(!history_index{}.at_or_after(0));
    CHECK(history_index{}.lost().empty());
}

TEST_CASE("index: where a snapshot is, around the edges") {
    const auto all = seven();
    CHECK(all.find(0) == place{0, 0});
    CHECK(all.find(2) == place{0, 2});
    CHECK(all.find(3) == place{1, 0});
    CHECK(all.find(6) == place{2, 0});
    CHECK(!all.find(7));
    CHECK(!all.at_or_after(7));
    CHECK(!all.at_or_after(most));
    CHECK(all.after({0, 2}) == place{1, 0});
    CHECK(!all.after({2, 0}));
    CHECK(all.before({1, 0}) == place{0, 2});
    CHECK(!all.before({0, 0}));
}

TEST_CASE("index: labels") {
    made_index all;
    REQUIRE(all.keyframe(0, "a") == "no error");
    REQUIRE(all.delta(1) == "no error");
    REQUIRE(all.snapshot(history_record::delta, 2, "b") == "no error");
    REQUIRE(all.delta(3) == "no error");
    REQUIRE(all.keyframe(4, "a") == "no error");
    std::string labels;
    for (std::uint64_t i = 0; i != 5; ++i) {
        labels += all.label(all.entry(*all.find(i)).label);
    }
    CHECK(labels == "aabba");
    CHECK(all.label_number("a") == 0U);
    CHECK(all.label_number("b") == 1U);
    CHECK(!all.label_number("c"));
    // A keyframe always has one.
    CHECK(all.snapshot(history_record::keyframe, 5).starts_with("missing_parent in snapshot"));
}

TEST_CASE("index: a missing delta costs the rest of its group") {
    made_index all;
    REQUIRE(all.keyframe(0) == "no error");
    REQUIRE(all.delta(1) == "no error");
    CHECK(all.delta(3) == "missing_parent in snapshot @104 3/2");
    CHECK(all.delta(4) == "missing_parent in snapshot @152 4/4");
    REQUIRE(all.keyframe(5) == "no error");
    REQUIRE(all.delta(6) == "no error");
    CHECK(all.indices() == list{0, 1, 5, 6});
    CHECK(all.lost() == ranges{{2, 4}});
    CHECK(all.next() == 7);
    CHECK(all.at_or_after(2) == place{1, 0});
    CHECK(!all.find(3));
    // So does one whose facts are damaged.
    blob damaged(20, std::byte{1});
    CHECK(all.record(history_record::delta, damaged).starts_with("truncated_section in snapshot"));
    CHECK(all.delta(8).starts_with("missing_parent"));
    CHECK(all.delta(9).starts_with("missing_parent"));
    REQUIRE(all.keyframe(10) == "no error");
    CHECK(all.indices() == list{0, 1, 5, 6, 10});
    CHECK(all.lost() == ranges{{2, 4}, {7, 9}});
    CHECK(all.stored() > all.live());
}

TEST_CASE("index: a number is never given out twice") {
    auto all = seven();
    CHECK(all.keyframe(6).starts_with("missing_parent in snapshot"));
    CHECK(all.keyframe(0).ends_with(" 0/7"));
    CHECK(all.delta(7) == "no error");
    CHECK(all.delta(9).starts_with("missing_parent"));
    CHECK(all.keyframe(most).starts_with("missing_parent"));
    REQUIRE(all.keyframe(10) == "no error");
    CHECK(all.indices() == list{0, 1, 2, 3, 4, 5, 6, 7, 10});
    CHECK(all.lost() == ranges{{8, 9}});
    // Nor does a delta begin a history.
    made_index none;
    CHECK(none.delta(0).starts_with("missing_parent"));
    CHECK(none.indices().empty());
    CHECK(none.lost() == ranges{{0, 0}});
}

TEST_CASE("index: blocks stand for groups") {
    auto all = seven();
    const std::uint64_t before = all.live();
    REQUIRE(all.block(0, 2, {0, 1, 2}) == "no error");
    CHECK(all.indices() == list{0, 1, 2, 3, 4, 5, 6});
    CHECK(all.groups()[0].kept_as == tier::compressed);
    CHECK(all.groups()[0].entries[2].record.offset == all.groups()[0].entries[0].record.offset);
    CHECK(all.live() != before);
    // Of many groups, of which it does not hold all.
    REQUIRE(all.block(0, 5, {1, 4}) == "no error");
    CHECK(all.indices() == list{1, 4, 6});
    CHECK(all.lost().empty());
    CHECK(all.at_or_after(0) == place{0, 0});
    CHECK(all.at_or_after(2) == place{0, 1});
    CHECK(all.at_or_after(5) == place{1, 0});
    CHECK(!all.find(3));
    CHECK(all.groups().size() == 2);
    CHECK(all.delta(7) == "no error");
    // The last group, too; what comes is not its delta.
    REQUIRE(all.block(6, 7, {6, 7}) == "no error");
    CHECK(all.delta(8).starts_with("missing_parent"));
    REQUIRE(all.keyframe(9) == "no error");
    CHECK(all.indices() == list{1, 4, 6, 7, 9});
    CHECK(all.lost() == ranges{{8, 8}});
}

TEST_CASE("index: blocks that overlap are refused") {
    auto all = seven();
    CHECK(all.block(1, 2, {1}).starts_with("duplicate in block"));
    CHECK(all.block(1, 2, {1}).ends_with(" 1/2"));
    CHECK(all.block(0, 1, {0}).starts_with("duplicate"));
    CHECK(all.block(2, 3, {2}).starts_with("duplicate"));
    CHECK(all.block(0, 4, {0}).starts_with("duplicate"));
    CHECK(all.block(4, 4, {4}).starts_with("duplicate"));
    CHECK(all.block(0, most, {0}) == "out_of_bounds in block " + std::to_string(most) + "/0");
    CHECK(all.block(5, 4, {}).starts_with("invalid_value in block"));
    CHECK(all.block(0, 5, {3, 2}).starts_with("invalid_value in block"));
    CHECK(all.indices() == list{0, 1, 2, 3, 4, 5, 6});
    // One that comes in between, or after all.
    made_index other;
    REQUIRE(other.block(10, 12, {10}) == "no error");
    REQUIRE(other.block(4, 6, {5}) == "no error");
    REQUIRE(other.block(0, 1, {0, 1}) == "no error");
    CHECK(other.indices() == list{0, 1, 5, 10});
    CHECK(other.next() == 13);
    CHECK(other.lost() == ranges{{2, 3}, {7, 9}});
    REQUIRE(other.block(0, 12, {6}) == "no error");
    CHECK(other.indices() == list{6});
    CHECK(other.lost().empty());
}

TEST_CASE("index: what is below the floor is gone") {
    auto all = seven();
    REQUIRE(all.floor(4, 7) == "no error");
    CHECK(all.indices() == list{4, 5, 6});
    CHECK(all.kept_from() == 4);
    CHECK(all.groups().size() == 2);
    CHECK(all.at_or_after(0) == place{0, 1});
    CHECK(!all.before({0, 1}));
    CHECK(!all.find(3));
    CHECK(all.lost().empty());
    // It never sinks.
    REQUIRE(all.floor(2) == "no error");
    CHECK(all.kept_from() == 4);
    CHECK(all.delta(7) == "no error");
    REQUIRE(all.floor(8, 20) == "no error");
    CHECK(all.indices().empty());
    CHECK(all.groups().empty());
    CHECK(all.next() == 20);
    CHECK(all.lost() == ranges{{8, 19}});
    CHECK(all.delta(20).starts_with("missing_parent"));
    REQUIRE(all.keyframe(21) == "no error");
    CHECK(all.lost() == ranges{{8, 20}});
    CHECK(all.record(history_record::floor, {}).starts_with("truncated_section in floor"));
    CHECK(all.record(static_cast<history_record>(9), {}).ends_with(" 9/5"));
}
