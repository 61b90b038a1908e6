// A replay: where it begins, what it counts, when it stops, and what it names as the first thing
// that came out otherwise.

#include <tintype/replay/engine.hpp>
#include <tintype/replay/execution.hpp>
#include <tintype/storage/memory.hpp>

#include "support/bytes.hpp"
#include "support/said.hpp"
#include "support/sessions.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace {

using tests::bank;
using tests::banking;
using tests::changed_banks;
using tests::said;
using tintype::memory_storage;
using tintype::re_execution;
using tintype::replay;
using tintype::replay_options;
using tintype::verdict;

using recorder = tests::bank_recorder<changed_banks, memory_storage>;
using session = recorder::session_type;

// Forty actions with a checkpoint behind every eighth, and one before the first.
session recorded(const banking& how = {}, std::uint64_t count = 40) {
    const memory_storage storage;
    auto made =
        recorder::open(storage, "bank", {.config = {.auto_checkpoint_interval = 8}}).value();
    REQUIRE(made.start());
    bank state{};
    REQUIRE(made.checkpoint(state));
    REQUIRE(said(bank_on(made, state, 0, count, how)) == "no error");
    return made.active().value();
}

struct outcomes {
    std::vector<std::uint64_t> sequences{};

    template <class Alternative>
    tintype::step_outcome operator()(int& wrong, const Alternative&,
                                     const session::record_type& record) {
        sequences.push_back(record.sequence);
        const bool matches = static_cast<std::uint64_t>(wrong) != record.sequence;
        return {matches ? verdict::matched : verdict::mismatched, matches ? "" : "as asked"};
    }
};

static_assert(tintype::replay_rules<outcomes, int, session>);
static_assert(!tintype::replay_rules<outcomes, bank, session>);
static_assert(tintype::replay_rules<re_execution<banking, changed_banks>, bank, session>);

} // namespace

TEST_CASE("the same program comes to the same end, from the start and from every checkpoint") {
    const auto original = recorded();
    bank last{};
    const auto whole = replay(original, last, re_execution{banking{}, changed_banks{}});
    REQUIRE(said(whole) == "no error");
    CHECK(whole->success());
    CHECK(whole->total_actions == 40);
    CHECK(whole->matched == 40);
    CHECK(whole->match_rate() == 100.0);
    CHECK(whole->actions.size() == 40);
    CHECK(whole->actions[5].name == "CLOSE");
    CHECK(whole->session_id == original.session_id);
    REQUIRE(original.checkpoints.size() == 6);
    for (const auto& checkpoint : original.checkpoints) {
        CAPTURE(checkpoint.id);
        auto state = tintype::state_at<bank>(original, checkpoint.id, changed_banks{});
        REQUIRE(said(state) == "no error");
        const auto rest = replay(original, *state, re_execution{banking{}, changed_banks{}},
                                 {.from_checkpoint = checkpoint.id});
        REQUIRE(said(rest) == "no error");
        CHECK(rest->success());
        CHECK(rest->from_checkpoint == checkpoint.id);
        CHECK(rest->total_actions == 40 - 8 * checkpoint.id);
        CHECK(*state == last);
    }
    CHECK(said(tintype::state_at<bank>(original, 6, changed_banks{})) ==
          "not_found in checkpoint 6/0");
    CHECK(said(replay(original, last, re_execution{banking{}, changed_banks{}},
                      {.from_checkpoint = 6})) == "not_found in checkpoint 6/0");
}

TEST_CASE("a program that does otherwise is found out at the first action that shows it") {
    const auto original = recorded();
    bank state{};
    const auto found =
        replay(original, state, re_execution{banking{.interest = 1}, changed_banks{}},
               {.stop_on_mismatch = true});
    REQUIRE(said(found) == "no error");
    CHECK(!found->success());
    REQUIRE(found->first);
    CHECK(found->first->sequence == 0);
    CHECK(found->first->why == "output \"-19\" against \"-20\"");
    CHECK(found->mismatched == 1);
    CHECK(found->actions.size() == 1);
    CHECK(found->total_actions == 40);
}

TEST_CASE("a state that went another way behind the same outputs is found at a checkpoint") {
    const auto original = recorded();
    bank state{};
    // Answers what was answered then, whatever it does.
    const auto any = [](const auto&, const auto&, tintype::byte_view) -> tintype::step_outcome {
        return {verdict::matched, "not compared"};
    };
    const auto found =
        replay(original, state, re_execution{banking{.interest = 1}, changed_banks{}, any});
    REQUIRE(said(found) == "no error");
    CHECK(found->matched == 40);
    CHECK(!found->success());
    REQUIRE(found->first);
    CHECK(found->first->sequence == 7);
    CHECK(found->first->checkpoint == 1);
    CHECK(found->first->why.starts_with("state "));
}

TEST_CASE("an action that fails now is a mismatch, with what is wrong") {
    const auto original = recorded();
    bank state{};
    const auto failing = [](bank&, const auto&) -> tintype::result<std::string> {
        return tintype::fail({.code = tintype::errc::no_space});
    };
    const auto found = replay(original, state, re_execution{failing, changed_banks{}});
    REQUIRE(said(found) == "no error");
    CHECK(found->mismatched == 40);
    CHECK(found->actions[0].detail == "no space");
    CHECK(found->match_rate() == 0.0);
}

TEST_CASE("where it begins and where it stops") {
    const auto original = recorded();
    const auto first_of = [&](replay_options options, int wrong = -1) {
        outcomes rules;
        const auto found = replay(original, wrong, rules, options);
        REQUIRE(said(found) == "no error");
        CHECK(found->actions.size() == rules.sequences.size());
        return std::vector<std::uint64_t>{rules.sequences.front(), rules.sequences.back(),
                                          found->total_actions};
    };
    using numbers = std::vector<std::uint64_t>;
    CHECK(first_of({}) == numbers{0, 39, 40});
    CHECK(first_of({.from_checkpoint = 0}) == numbers{0, 39, 40});
    CHECK(first_of({.from_checkpoint = 1}) == numbers{8, 39, 32});
    CHECK(first_of({.from_checkpoint = 1, .repeat_checkpointed = true}) == numbers{7, 39, 33});
    CHECK(first_of({.from_checkpoint = 4, .stop_at = 34}) == numbers{32, 34, 3});
    CHECK(first_of({.stop_at = 0}) == numbers{0, 0, 1});
    CHECK(first_of({.stop_on_mismatch = true}, 12) == numbers{0, 12, 40});
    CHECK(first_of({.from_checkpoint = 2, .stop_on_mismatch = true}, 12) == numbers{16, 39, 24});
    CHECK(first_of({}, 12) == numbers{0, 39, 40});
}

TEST_CASE("where there is nothing to do all of it matched") {
    session none{};
    int wrong = 0;
    const auto found = replay(none, wrong, outcomes{});
    REQUIRE(said(found) == "no error");
    CHECK(found->total_actions == 0);
    CHECK(found->match_rate() == 100.0);
    CHECK(found->success());
    CHECK(!found->first);
}

TEST_CASE("a replay tells how far it is, and stops when asked") {
    const auto original = recorded();
    std::vector<std::uint64_t> told;
    std::stop_source stop;
    auto tell = [&](tintype::progress now) {
        told.push_back(now.done);
        CHECK(now.total == 40);
        if (now.done == 3) {
            stop.request_stop();
        }
    };
    const tintype::monitor watch{tell, stop.get_token()};
    int wrong = -1;
    CHECK(said(replay(original, wrong, outcomes{}, {.watch = &watch})) == "cancelled 3/40");
    CHECK(told == std::vector<std::uint64_t>{1, 2, 3});
}

TEST_CASE("the last possible sequence is replayed, and nothing behind it") {
    auto original = recorded({}, 2);
    original.actions[1].sequence = ~std::uint64_t{0};
    original.checkpoints.clear();
    tintype::checkpoint<tests::noted> at{};
    at.at_sequence = ~std::uint64_t{0};
    CHECK(first_after(at) == ~std::uint64_t{0});
    int wrong = 77;
    outcomes rules;
    CHECK(replay(original, wrong, rules)->matched == 2);
    CHECK(rules.sequences.back() == ~std::uint64_t{0});
}

TEST_CASE("a store that does not begin as the session did is found out before the first action") {
    const auto original = recorded();
    bank state{};
    state.balances["account 0"] = 1;
    const auto found = replay(original, state, re_execution{banking{}, changed_banks{}});
    REQUIRE(said(found) == "no error");
    REQUIRE(found->first);
    CHECK(found->first->checkpoint == 0);
    bank other{};
    const auto behind =
        replay(original, other, re_execution{banking{}, changed_banks{}}, {.from_checkpoint = 2});
    CHECK(behind->first->checkpoint == 2);
    CHECK(behind->first->sequence == 15);
    // Before what the store has behind it there is nothing to compare.
    auto there = tintype::state_at<bank>(original, 2, changed_banks{}).value();
    const auto again = replay(original, there, re_execution{banking{}, changed_banks{}},
                              {.from_checkpoint = 2, .repeat_checkpointed = true});
    CHECK(again->first->sequence == 15);
}

TEST_CASE("an output too large to be told from another is neither the same nor another") {
    auto original = recorded({}, 2);
    original.checkpoints.clear();
    re_execution rules{banking{}, changed_banks{}};
    rules.limits = {.hashed = 1};
    for (auto& action : original.actions) {
        const auto* const output = action.sequence == 0 ? "???" : "????";
        const auto seen = tintype::observe(tintype::bytes_of(output), rules.limits);
        action.output_hash = seen.hash;
        action.output_preview = seen.preview;
    }
    bank state{};
    const auto found = replay(original, state, rules).value();
    CHECK(found.actions[0].what == verdict::skipped); // three characters it has, too
    CHECK(found.actions[1].what == verdict::mismatched);
}

TEST_CASE("the state behind any action, from the nearest checkpoint") {
    const auto original = recorded();
    const auto rules = [](const banking& how = {}) { return re_execution{how, changed_banks{}}; };
    bank state{};
    for (std::uint64_t i = 0; i != 40; ++i) {
        CAPTURE(i);
        const auto action = tests::bank_action_at(i);
        static_cast<void>(
            std::visit([&](const auto& what) { return banking{}(state, what); }, action));
        const auto there = tintype::state_after<bank>(original, i, changed_banks{}, rules());
        REQUIRE(said(there) == "no error");
        CHECK(*there == state);
    }
    CHECK(tintype::state_after<bank>(original, 77, changed_banks{}, rules()).value() == state);
    // From the checkpoint behind action 7 on, the next action comes out otherwise.
    CHECK(said(tintype::state_after<bank>(original, 9, changed_banks{}, rules({.interest = 1}))) ==
          "invalid_value in replayed state 8/9");
    auto without = original;
    without.checkpoints.clear();
    CHECK(tintype::state_after<bank>(without, 39, changed_banks{}, rules()).value() == state);
}
