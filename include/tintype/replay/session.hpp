#pragma once

// What a program recorded of itself: its actions in order, and checkpoints between them. Both the
// action and what a checkpoint says of the state are the user's types. The order of members is the
// order on the wire.

#include <tintype/core/error.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/hash/blake3.hpp>
#include <tintype/replay/uuid.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tintype::inline v0 {

using blake3_digest = blake3::digest_type;

// One action: what was done, on what, and what came of it.
template <class Action>
struct action_record {
    using action_type = Action;

    BOOST_HANA_DEFINE_STRUCT(action_record,
                             (std::uint64_t, sequence),      // one more than that of the last
                             (std::int64_t, timestamp_secs), // Unix
                             (Action, action),               //
                             (blake3_digest, input_hash),    // zero where there was none
                             (blake3_digest, output_hash),   //
                             (std::string, input_preview),   //
                             (std::string, output_preview),  //
                             (std::vector<std::uint64_t>, affected), // ids, the program's own
                             (std::uint64_t, duration_ms));

    friend bool operator==(const action_record&, const action_record&) = default;
};

// The state behind the action `at_sequence`; 0 too where there was none yet. The digest is of the
// state, or of what `snapshot` says of it.
template <class Snapshot>
struct checkpoint {
    using snapshot_type = Snapshot;

    BOOST_HANA_DEFINE_STRUCT(checkpoint, (std::uint64_t, id), (std::uint64_t, at_sequence),
                             (std::int64_t, timestamp_secs), (blake3_digest, state_hash),
                             (Snapshot, snapshot));

    friend bool operator==(const checkpoint&, const checkpoint&) = default;
};

using session_metadata = std::map<std::string, std::string>;

// Actions are in the order of their sequences, and checkpoints in that of their ids.
template <class Action, class Snapshot>
struct session {
    using action_type = Action;
    using snapshot_type = Snapshot;
    using record_type = action_record<Action>;
    using checkpoint_type = checkpoint<Snapshot>;

    BOOST_HANA_DEFINE_STRUCT(session, (uuid, session_id), (std::optional<std::string>, name),
                             (std::int64_t, created_secs),
                             (std::optional<std::int64_t>, ended_secs),
                             (std::vector<checkpoint_type>, checkpoints),
                             (std::vector<record_type>, actions), (session_metadata, metadata),
                             (std::uint32_t, version));

    friend bool operator==(const session&, const session&) = default;
};

inline constexpr std::uint32_t session_version = 1;

struct session_config {
    std::uint64_t auto_checkpoint_interval = 0; // actions; 0 is never
    std::optional<std::uint64_t> max_actions_per_session{};
    bool auto_record = false; // kept for whoever asks

    friend bool operator==(const session_config&, const session_config&) = default;
};

// What a list of sessions says of each.
struct session_summary {
    BOOST_HANA_DEFINE_STRUCT(session_summary, (uuid, session_id),
                             (std::optional<std::string>, name), (std::int64_t, created_secs),
                             (std::optional<std::int64_t>, ended_secs),
                             (std::uint64_t, action_count), (std::uint64_t, checkpoint_count));

    friend bool operator==(const session_summary&, const session_summary&) = default;
};

// From its start to its end, or to `now_secs` where it goes on; never negative.
template <class Session>
[[nodiscard]] constexpr std::uint64_t duration_secs(const Session& of,
                                                    std::int64_t now_secs) noexcept {
    const std::int64_t end = of.ended_secs.value_or(now_secs);
    return end <= of.created_secs
               ? 0
               : static_cast<std::uint64_t>(end) - static_cast<std::uint64_t>(of.created_secs);
}

template <class Action, class Snapshot>
[[nodiscard]] session_summary summary_of(const session<Action, Snapshot>& of) {
    return {.session_id = of.session_id,
            .name = of.name,
            .created_secs = of.created_secs,
            .ended_secs = of.ended_secs,
            .action_count = of.actions.size(),
            .checkpoint_count = of.checkpoints.size()};
}

// Behind the last possible number none comes: that one stays.
[[nodiscard]] constexpr std::uint64_t number_behind(std::uint64_t number) noexcept {
    return number + (number + 1 == 0 ? 0U : 1U);
}

// The sequence of the first action behind a checkpoint. One whose snapshot does not say so was
// taken behind the action `at_sequence`.
template <class Snapshot>
[[nodiscard]] std::uint64_t first_after(const checkpoint<Snapshot>& from) noexcept {
    if constexpr (has_member<Snapshot, "next_sequence">) {
        return member<"next_sequence">(from.snapshot);
    } else {
        return number_behind(from.at_sequence);
    }
}

// `not_found` where the session has no such checkpoint.
template <class Session>
[[nodiscard]] result<std::size_t> find_checkpoint(const Session& session, std::uint64_t id) {
    const auto at = std::ranges::find(session.checkpoints, id, &Session::checkpoint_type::id);
    if (at == session.checkpoints.end()) {
        return fail({.code = errc::not_found, .where = "checkpoint", .found = id});
    }
    return static_cast<std::size_t>(at - session.checkpoints.begin());
}

} // namespace tintype::inline v0

BOOST_HANA_ADAPT_STRUCT(tintype::session_config, auto_checkpoint_interval, max_actions_per_session,
                        auto_record);
