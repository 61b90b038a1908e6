// memvid's rules of replay, one by one, against a store that answers as it is told.

#include <tintype/formats/memvid.hpp>

#include "support/said.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace tintype::memvid;
using tests::said;
using tintype::verdict;

struct frames {
    std::set<std::uint64_t> ids{};
    std::vector<search_hit> hits{};
    bool broken = false;

    [[nodiscard]] std::uint64_t frame_count() const { return ids.size(); }

    [[nodiscard]] bool contains(std::uint64_t id) const { return ids.contains(id); }

    [[nodiscard]] tintype::result<std::vector<search_hit>> search(std::string_view,
                                                                  std::uint64_t most) const {
        if (broken) {
            return tintype::fail({.code = tintype::errc::io});
        }
        auto found = hits;
        found.resize(std::min<std::size_t>(found.size(), most));
        return found;
    }
};

static_assert(replay_store<frames>);
static_assert(tintype::replay_rules<rules, frames, replay_session>);

verdict outcome(const frames& store, action_type action, rule_settings settings = {},
                std::vector<std::uint64_t> affected = {}) {
    replay_session session{};
    replay_action record{};
    record.action = std::move(action);
    record.affected = std::move(affected);
    session.actions.push_back(std::move(record));
    const auto found = replay(session, store, rules{std::move(settings)});
    REQUIRE(said(found) == "no error");
    REQUIRE(found->actions.size() == 1);
    return found->actions[0].what;
}

constexpr auto matched = verdict::matched;
constexpr auto mismatched = verdict::mismatched;
constexpr auto skipped = verdict::skipped;

const frames empty{};
const frames some{.ids = {1, 2, 3}, .hits = {{1, 0.9F}, {2, 0.5F}, {3, {}}}};

} // namespace

TEST_CASE("puts, updates and deletions are looked up in the store") {
    CHECK(outcome(some, put{.frame_id = 77}) == matched); // any frame will do
    CHECK(outcome(empty, put{.frame_id = 77}) == mismatched);
    CHECK(outcome(some, put_many{.frame_ids = {1, 2}, .count = 2}) == matched);
    CHECK(outcome(some, put_many{.frame_ids = {1, 9}, .count = 2}) == mismatched);
    CHECK(outcome(some, put_many{.frame_ids = {1, 9}, .count = 1}) == matched);
    CHECK(outcome(some, put_many{.frame_ids = {}, .count = 0}) == matched);
    CHECK(outcome(some, update{.frame_id = 3}) == matched);
    CHECK(outcome(some, update{.frame_id = 4}) == mismatched);
    CHECK(outcome(some, erase{.frame_id = 4}) == matched);
    CHECK(outcome(some, erase{.frame_id = 3}) == mismatched);
    const rule_settings skip{.skip_puts = true};
    CHECK(outcome(empty, put{}, skip) == skipped);
    CHECK(outcome(empty, put_many{.frame_ids = {1}, .count = 1}, skip) == skipped);
    CHECK(outcome(empty, update{}, skip) == skipped);
    CHECK(outcome(some, erase{.frame_id = 3}, skip) == skipped);
}

TEST_CASE("searches are done again, and their results counted") {
    const auto query = [](std::uint64_t results) {
        return find{.query = "q", .mode = "hybrid", .result_count = results};
    };
    CHECK(outcome(some, query(3)) == matched);
    CHECK(outcome(some, query(2)) == matched); // no more than were found are asked for
    CHECK(outcome(some, query(4)) == mismatched);
    CHECK(outcome(some, query(2), {.top_k = 3}) == mismatched);
    CHECK(outcome(some, query(3), {.top_k = 2}) == mismatched);
    CHECK(outcome(some, query(3), {.top_k = 9}) == matched);
    CHECK(outcome(some, query(2), {.top_k = 9, .adaptive = true}) == matched);
    CHECK(outcome(some, query(1), {.top_k = 9, .adaptive = true, .min_relevancy = 0.6F}) ==
          matched);
    // A hit without a score has that of 0.
    CHECK(outcome(some, query(3), {.top_k = 9, .adaptive = true, .min_relevancy = 0}) == matched);
    CHECK(outcome(some, query(9), {.skip_finds = true}) == skipped);
    auto broken = some;
    broken.broken = true;
    CHECK(outcome(broken, query(3)) == mismatched);
}

TEST_CASE("an ask shows the record, and in an audit it must say what it was answered from") {
    const ask question{.query = "q", .provider = "p", .model = "m"};
    CHECK(outcome(some, question) == matched);
    CHECK(outcome(some, question, {.audit = true}) == mismatched);
    CHECK(outcome(some, question, {.audit = true}, {1, 2}) == matched);
    CHECK(outcome(some, question, {.skip_asks = true, .audit = true}) == skipped);
    replay_session session{};
    replay_action record{};
    record.action = question;
    record.affected = {4, 5};
    record.output_preview = "yes";
    session.actions.push_back(record);
    const auto found =
        replay(session, some, rules{{.audit = true, .use_model = "other:model"}}).value();
    CHECK(found.actions[0].detail ==
          "\"q\" to p:m, now other:model, from frames [4, 5], answered \"yes\"");
}

TEST_CASE("checkpoints match, and tools are not called again") {
    CHECK(outcome(empty, mark{.checkpoint_id = 3}) == matched);
    CHECK(outcome(empty, tool_call{.name = "t", .args_hash = {}}) == skipped);
}

TEST_CASE("a replay counts, and begins behind a checkpoint or with what it was taken behind") {
    replay_session session{};
    for (std::uint64_t i = 0; i != 10; ++i) {
        replay_action record{};
        record.sequence = i;
        record.action = i % 2 == 0 ? action_type{put{.frame_id = i}}
                                   : action_type{tool_call{.name = "t", .args_hash = {}}};
        session.actions.push_back(std::move(record));
    }
    session.checkpoints.resize(1);
    session.checkpoints[0].id = 5;
    session.checkpoints[0].at_sequence = 6;
    const auto whole = replay(session, some, rules{}).value();
    CHECK(whole.total_actions == 10);
    CHECK(whole.matched == 5);
    CHECK(whole.skipped == 5);
    CHECK(whole.match_rate() == 50.0);
    CHECK(whole.success());
    CHECK(replay(session, some, rules{}, {.from_checkpoint = 5}).value().total_actions == 3);
    CHECK(replay(session, some, rules{}, from_checkpoint(5)).value().total_actions == 4);
    const auto stopped = replay(session, empty, rules{}, {.stop_on_mismatch = true}).value();
    CHECK(stopped.actions.size() == 1);
    CHECK(stopped.total_actions == 10);
    CHECK(stopped.first->why == "no frames in the store");
}
