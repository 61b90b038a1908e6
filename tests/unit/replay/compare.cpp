// What two sessions, or many, have in common, and where they part.

#include <tintype/replay/compare.hpp>
#include <tintype/replay/preview.hpp>

#include "support/bytes.hpp"
#include "support/sessions.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

using tintype::compare;
using tintype::compare_all;
using tintype::first_divergence;
using session = tintype::session<tests::bank_action, tests::noted>;
using numbers = std::vector<std::uint64_t>;

// So many actions, a checkpoint behind every fourth; from `parts` on, another state.
session made(std::uint64_t count, std::uint64_t parts = ~std::uint64_t{0}) {
    session all{};
    for (std::uint64_t i = 0; i != count; ++i) {
        session::record_type action{};
        action.sequence = i;
        action.action = tests::bank_action_at(i);
        all.actions.push_back(std::move(action));
        if (i % 4 == 3) {
            session::checkpoint_type checkpoint{};
            checkpoint.id = all.checkpoints.size();
            checkpoint.at_sequence = i;
            checkpoint.state_hash[0] = static_cast<std::byte>(i);
            checkpoint.state_hash[1] = std::byte{i >= parts};
            all.checkpoints.push_back(checkpoint);
        }
    }
    return all;
}

void answers(session& of, std::uint64_t sequence, std::string_view output) {
    auto seen = tintype::observe(tintype::bytes_of(output));
    auto& action = of.actions[static_cast<std::size_t>(sequence)];
    action.output_hash = seen.hash;
    action.output_preview = std::move(seen.preview);
}

} // namespace

TEST_CASE("a session is identical to itself") {
    for (const std::uint64_t count : {0U, 1U, 9U}) {
        const auto one = made(count);
        const auto found = compare(one, one, {.data = true});
        CHECK(found.identical());
        CHECK(found.matching == count);
        CHECK(!first_divergence(one, one));
    }
}

TEST_CASE("actions are compared by their sequence and by every field") {
    const auto a = made(9);
    auto b = made(12);
    b.actions.erase(b.actions.begin() + 2);
    b.actions[0].action = tests::deposit{.account = "account 0", .amount = 5};
    b.actions[3].action = tests::noted{};
    answers(b, 5, "else");
    auto found = compare(a, b);
    CHECK(!found.identical());
    CHECK(found.only_in_a == numbers{2});
    CHECK(found.only_in_b == numbers{9, 10, 11});
    REQUIRE(found.differing.size() == 2);
    CHECK(found.differing[0].sequence == 0);
    CHECK(found.differing[0].reason == "amount: -20 against 5");
    CHECK(found.differing[1].sequence == 4);
    CHECK(found.differing[1].reason == "Action type mismatch: DEPOSIT vs CHECKPOINT");
    CHECK(found.matching == 6);
    found = compare(a, b, {.data = true});
    REQUIRE(found.differing.size() == 3);
    CHECK(found.differing[2].sequence == 6);
    CHECK(found.differing[2].reason == "output \"\" against \"else\"");
    auto input = a;
    input.actions[1].input_hash[0] = std::byte{1};
    CHECK(compare(a, input, {.data = true}).differing.at(0).reason == "input \"\" against \"\"");
    CHECK(compare(a, input).identical());
}

TEST_CASE("of actions of one sequence, and in any order, the last counts") {
    const auto a = made(4);
    auto b = a;
    std::swap(b.actions[0], b.actions[3]);
    CHECK(compare(a, b).identical());
    b.actions.insert(b.actions.begin(), b.actions.back());
    b.actions.front().action = tests::noted{};
    CHECK(compare(a, b).identical());
}

TEST_CASE("many sessions: what all have alike, and where each parts from the first") {
    std::vector<session> all{made(6), made(6), made(5), made(7)};
    all[1].actions[2].action = tests::noted{};
    all[1].actions[4].action = tests::noted{};
    const auto found = compare_all<session>(all);
    CHECK(found.unanimous == numbers{0, 1, 3});
    CHECK(found.divergent == numbers{2, 4, 5, 6});
    REQUIRE(found.first_departure.size() == 4);
    CHECK(!found.first_departure[0]);
    CHECK(found.first_departure[1] == 2);
    CHECK(found.first_departure[2] == 5);
    CHECK(found.first_departure[3] == 6);
    CHECK(compare_all<session>({}).first_departure.empty());
    const auto alone = compare_all<session>(std::vector{made(3)});
    CHECK(alone.unanimous == numbers{0, 1, 2});
    CHECK(alone.divergent.empty());
}

TEST_CASE("the first divergence of two recordings is the same as a look at every action finds") {
    constexpr std::uint64_t count = 33;
    const auto a = made(count);
    for (std::uint64_t parts = 0; parts != count; ++parts) {
        CAPTURE(parts);
        // An output that is another, and with it all states from then on.
        auto b = made(count, parts);
        answers(b, parts, "else");
        const auto found = first_divergence(a, b);
        REQUIRE(found);
        CHECK(found->sequence == parts);
        CHECK(!found->checkpoint);
        CHECK(found->why == "output \"\" against \"else\"");
        // Only the states.
        const auto silent = first_divergence(a, made(count, parts));
        if (parts > 31) {
            CHECK(!silent);
            continue;
        }
        REQUIRE(silent);
        CHECK(silent->sequence == parts / 4 * 4 + 3);
        CHECK(silent->checkpoint == parts / 4);
        // One of them stops there.
        const auto shorter = first_divergence(a, made(parts));
        REQUIRE(shorter);
        CHECK(shorter->sequence == parts);
        CHECK(shorter->why.ends_with(" only in the first"));
        const auto longer = first_divergence(made(parts), a);
        REQUIRE(longer);
        CHECK(longer->sequence == parts);
        CHECK(longer->why.ends_with(" only in the second"));
    }
}

TEST_CASE("recordings without checkpoints are compared action by action") {
    auto a = made(9);
    auto b = made(9);
    a.checkpoints.clear();
    answers(b, 7, "else");
    CHECK(first_divergence(a, b)->sequence == 7);
    b.checkpoints.clear();
    CHECK(first_divergence(a, b)->sequence == 7);
    CHECK(!first_divergence(a, a));
}

TEST_CASE("checkpoints at other places are no states in common") {
    const auto a = made(9);
    auto b = made(9);
    b.checkpoints[0].at_sequence = 2;
    b.checkpoints[1].at_sequence = 6;
    answers(b, 1, "else");
    CHECK(first_divergence(a, b)->sequence == 1);
}

TEST_CASE("states are told by what they are behind, however many checkpoints there are") {
    const auto a = made(33);
    for (std::uint64_t parts = 0; parts != 32; ++parts) {
        CAPTURE(parts);
        auto b = made(33, parts);
        // One more, and two fewer: those that are left are still the same places.
        auto extra = b.checkpoints[2];
        extra.at_sequence = 13;
        b.checkpoints.insert(b.checkpoints.begin() + 3, extra);
        b.checkpoints.erase(b.checkpoints.begin() + 5);
        b.checkpoints.erase(b.checkpoints.begin());
        for (const auto& [one, other] : {std::pair{a, b}, std::pair{b, a}}) {
            const auto found = first_divergence(one, other);
            REQUIRE(found);
            // Of the places 3, 7, 11, ... 31 the first and the fifth are not known to both.
            std::uint64_t expected = parts / 4 * 4 + 3;
            expected = expected == 3 ? 7 : expected == 19 ? 23 : expected;
            CHECK(found->sequence == expected);
            CHECK(found->checkpoint);
        }
    }
}

TEST_CASE("data that were too large to be looked at are compared by their size") {
    const auto a = made(1);
    auto b = made(1);
    auto c = made(1);
    const tintype::preview_limits most{.hashed = 1};
    const auto set = [&](session& of, std::string_view data) {
        auto seen = tintype::observe(tintype::bytes_of(data), most);
        of.actions[0].output_hash = seen.hash;
        of.actions[0].output_preview = seen.preview;
    };
    set(b, "ab");
    set(c, "abc");
    CHECK(!compare(b, c, {.data = true}).identical());
    CHECK(compare(b, b, {.data = true}).identical());
    CHECK(first_divergence(b, c));
    CHECK(!compare(a, b, {.data = true}).identical());
}
