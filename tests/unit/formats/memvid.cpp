// memvid's recording, as its own recorder does it in memory.

#include <tintype/formats/memvid.hpp>
#include <tintype/storage/memory.hpp>

#include "support/clock.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <utility>

namespace {

using namespace tintype::memvid;
using tests::said;

active_session recording(std::uint64_t interval = 0, std::optional<std::uint64_t> most = {}) {
    return tintype::started<replay_session>(
        {}, "test", 100, {.auto_checkpoint_interval = interval, .max_actions_per_session = most});
}

replay_action doing(action_type what) {
    return tintype::make_record(std::move(what), {}, 50);
}

} // namespace

TEST_CASE("sequences count from 0, and checkpoints are due every so many actions") {
    auto active = recording(2);
    CHECK(active.session.version == 1);
    CHECK(!checkpoint_due(active));
    CHECK(record(active, doing(put{.frame_id = 1})).value() == 0);
    CHECK(!checkpoint_due(active));
    CHECK(record(active, doing(put{.frame_id = 2})).value() == 1);
    CHECK(checkpoint_due(active));
    CHECK(record(active, doing(put{.frame_id = 3})).value() == 2);
    CHECK(checkpoint_due(active));
    CHECK(record_checkpoint(active, {}, {}, 7).value() == 0);
    CHECK(!checkpoint_due(active));
    CHECK(active.session.checkpoints[0].at_sequence == 2);
    CHECK(active.session.checkpoints[0].timestamp_secs == 7);
    CHECK(active.next_checkpoint_id == 1);
    CHECK(active.actions_since_checkpoint == 0);
    CHECK(record(active, doing(mark{.checkpoint_id = 0}), false).value() == 3);
    CHECK(active.actions_since_checkpoint == 0);
    CHECK(record(active, doing(update{.frame_id = 1})).value() == 4);
    CHECK(!checkpoint_due(active));
    CHECK(!active.session.ended_secs);
    end(active.session, 200);
    end(active.session, 300);
    CHECK(active.session.ended_secs == 200);
    CHECK(duration_secs(active.session, 500) == 100);
}

TEST_CASE("a checkpoint before any action is at sequence 0") {
    auto active = recording();
    REQUIRE(record_checkpoint(active, {}, {}, 0));
    CHECK(active.session.checkpoints[0].at_sequence == 0);
    CHECK(first_after(active.session.checkpoints[0]) == 1);
}

TEST_CASE("a session takes as many actions as it may have, and no sequence beyond the last") {
    auto active = recording(0, 1);
    REQUIRE(record(active, doing(put{})));
    CHECK(said(record(active, doing(put{}))) == "limit_exceeded in actions of the session 1/1");
    CHECK(active.session.actions.size() == 1);
    auto none = recording(0, 0);
    CHECK(said(record(none, doing(put{}))) == "limit_exceeded in actions of the session 0/0");
    constexpr auto last = std::numeric_limits<std::uint64_t>::max();
    auto far = recording();
    REQUIRE(record(far, doing(put{})));
    far.session.actions[0].sequence = last;
    CHECK(said(record(far, doing(put{}))).starts_with("limit_exceeded in sequence"));
    far.session.actions[0].sequence = last - 1;
    CHECK(said(record(far, doing(put{}))).starts_with("limit_exceeded in sequence"));
    far.session.actions[0].sequence = last - 2;
    CHECK(record(far, doing(put{})).value() == last - 1);
    far.next_checkpoint_id = last;
    CHECK(said(record_checkpoint(far, {}, {}, 0)).starts_with("limit_exceeded in checkpoint"));
}

TEST_CASE("durations are never negative") {
    replay_session session{};
    session.created_secs = 10;
    CHECK(duration_secs(session, 5) == 0);
    CHECK(duration_secs(session, 15) == 5);
    session.created_secs = std::numeric_limits<std::int64_t>::min();
    session.ended_secs = std::numeric_limits<std::int64_t>::max();
    CHECK(duration_secs(session, 0) == std::numeric_limits<std::uint64_t>::max());
}

namespace {

struct summarise {
    using summary_type = state_snapshot;

    state_snapshot operator()(const std::vector<std::uint64_t>& frames) const {
        return {.frame_count = frames.size(),
                .frame_ids = frames,
                .lex_index_hash = std::nullopt,
                .vec_index_hash = std::nullopt,
                .wal_sequence = 0,
                .generation = 1};
    }
};

} // namespace

TEST_CASE("the library's recorder makes memvid's sessions") {
    using frames = std::vector<std::uint64_t>;
    using recorder =
        tintype::session_recorder<action_type, frames, tintype::summarised_states<summarise>,
                                  tintype::memory_storage, tests::manual_clock>;
    static_assert(std::same_as<recorder::session_type, replay_session>);
    const tintype::memory_storage storage;
    auto made = recorder::open(storage, "agent",
                               {.config = {.auto_checkpoint_interval = 2, .auto_record = true},
                                .record_checkpoints = true})
                    .value();
    REQUIRE(made.start("a day"));
    frames store;
    for (std::uint64_t i = 0; i != 4; ++i) {
        store.push_back(i);
        REQUIRE(made.record(put{.frame_id = i}, {.input = tintype::bytes_of("text")}, store));
    }
    const auto summary = made.end().value();
    CHECK(summary.checkpoint_count == 2);
    CHECK(summary.action_count == 6);
    const auto session = made.sessions().read(summary.session_id).value();
    CHECK(session.checkpoints[1].snapshot.frame_ids == store);
    CHECK(session.checkpoints[1].state_hash ==
          tintype::summary_digest(session.checkpoints[1].snapshot).value());
    CHECK(session.actions[2].action == action_type{mark{.checkpoint_id = 0}});
    CHECK(session.actions[0].input_preview == "text");
    // And the original's own file of it.
    const replay_segment all{.sessions = {session}};
    const auto bytes = tintype::encode<segment>(all).value();
    CHECK(tintype::decode<segment, replay_segment>(bytes).value() == all);
}
