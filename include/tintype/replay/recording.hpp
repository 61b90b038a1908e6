#pragma once

// The rules of recording: which sequence is next, when a checkpoint is due, when a session is full.
// They stand apart from where a session is kept, so that one in memory, as memvid saves it whole,
// and one in a journal obey the same.

#include <tintype/core/error.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/hash/blake3.hpp>
#include <tintype/replay/session.hpp>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace tintype::inline v0 {

// How far a recording has come.
struct recording_progress {
    std::uint64_t actions = 0;
    std::uint64_t next_sequence = 0;
    std::uint64_t next_checkpoint_id = 0;
    std::uint64_t since_checkpoint = 0; // actions

    // `limit_exceeded` with how many actions there are and how many there may be.
    [[nodiscard]] constexpr result<void> room(const session_config& config) const {
        const auto most =
            config.max_actions_per_session.value_or(std::numeric_limits<std::uint64_t>::max());
        if (actions >= most) {
            return full("actions of the session", actions, most);
        }
        if (next_sequence == std::numeric_limits<std::uint64_t>::max()) {
            return full("sequence", next_sequence, next_sequence - 1);
        }
        return {};
    }

    [[nodiscard]] constexpr result<void> room_for_checkpoint() const {
        if (next_checkpoint_id == std::numeric_limits<std::uint64_t>::max()) {
            return full("checkpoint", next_checkpoint_id, next_checkpoint_id - 1);
        }
        return {};
    }

    [[nodiscard]] constexpr bool checkpoint_due(const session_config& config) const noexcept {
        return config.auto_checkpoint_interval != 0 &&
               since_checkpoint >= config.auto_checkpoint_interval;
    }

    // Of a checkpoint that is taken now.
    [[nodiscard]] constexpr std::uint64_t at_sequence() const noexcept {
        return next_sequence == 0 ? 0 : next_sequence - 1;
    }

    // The action was recorded. One that only says that a checkpoint was taken does not bring the
    // next one nearer.
    constexpr void acted(std::uint64_t sequence, bool counts = true) noexcept {
        ++actions;
        next_sequence = number_behind(sequence); // room() refuses the last
        if (counts && since_checkpoint != std::numeric_limits<std::uint64_t>::max()) {
            ++since_checkpoint;
        }
    }

    constexpr void took_checkpoint(std::uint64_t id) noexcept {
        next_checkpoint_id = number_behind(id);
        since_checkpoint = 0;
    }

private:
    static constexpr std::unexpected<error> full(std::string_view what, std::uint64_t found,
                                                 std::uint64_t most) {
        return fail({.code = errc::limit_exceeded, .where = what, .found = found, .wanted = most});
    }
};

// Says in a checkpoint's snapshot, where there is a member for it, which action comes behind it:
// `at_sequence` is 0 behind the first action and before it.
template <class Snapshot>
constexpr void set_place(Snapshot& snapshot, const recording_progress& now) noexcept {
    if constexpr (has_member<Snapshot, "next_sequence">) {
        member<"next_sequence">(snapshot) = now.next_sequence;
    }
}

// A session that is being recorded in memory, as it is saved.
template <class Session>
struct active_session {
    BOOST_HANA_DEFINE_STRUCT(active_session, (Session, session),
                             (std::uint64_t, next_checkpoint_id),
                             (std::uint64_t, actions_since_checkpoint), (session_config, config));

    friend bool operator==(const active_session&, const active_session&) = default;
};

template <class Session>
[[nodiscard]] recording_progress progress_of(const active_session<Session>& active) noexcept {
    const auto& actions = active.session.actions;
    return {.actions = actions.size(),
            .next_sequence = actions.empty() ? 0 : number_behind(actions.back().sequence),
            .next_checkpoint_id = active.next_checkpoint_id,
            .since_checkpoint = active.actions_since_checkpoint};
}

template <class Session>
[[nodiscard]] active_session<Session> started(uuid id, std::optional<std::string> name,
                                              std::int64_t now_secs, session_config config = {}) {
    active_session<Session> active{};
    active.session.session_id = id;
    active.session.name = std::move(name);
    active.session.created_secs = now_secs;
    active.session.version = session_version;
    active.config = config;
    return active;
}

// The action's sequence, which is set in it. After an error nothing was recorded.
template <class Session>
[[nodiscard]] result<std::uint64_t>
record(active_session<Session>& active, typename Session::record_type action, bool counts = true) {
    auto now = progress_of(active);
    if (auto good = now.room(active.config); !good) {
        return pass(good);
    }
    action.sequence = now.next_sequence;
    now.acted(action.sequence, counts);
    active.session.actions.push_back(std::move(action));
    active.actions_since_checkpoint = now.since_checkpoint;
    return active.session.actions.back().sequence;
}

template <class Session>
[[nodiscard]] bool checkpoint_due(const active_session<Session>& active) noexcept {
    return progress_of(active).checkpoint_due(active.config);
}

// The checkpoint's id.
template <class Session>
[[nodiscard]] result<std::uint64_t>
record_checkpoint(active_session<Session>& active, typename Session::snapshot_type snapshot,
                  const blake3_digest& state_hash, std::int64_t now_secs) {
    auto now = progress_of(active);
    if (auto good = now.room_for_checkpoint(); !good) {
        return pass(good);
    }
    const auto id = now.next_checkpoint_id;
    set_place(snapshot, now);
    active.session.checkpoints.push_back({.id = id,
                                          .at_sequence = now.at_sequence(),
                                          .timestamp_secs = now_secs,
                                          .state_hash = state_hash,
                                          .snapshot = std::move(snapshot)});
    now.took_checkpoint(id);
    active.next_checkpoint_id = now.next_checkpoint_id;
    active.actions_since_checkpoint = now.since_checkpoint;
    return id;
}

// Once it has ended it stays so.
template <class Session>
void end(Session& session, std::int64_t now_secs) noexcept {
    if (!session.ended_secs) {
        session.ended_secs = now_secs;
    }
}

} // namespace tintype::inline v0
