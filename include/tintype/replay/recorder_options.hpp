#pragma once

// What a recorder is told and what it tells.

#include <tintype/core/error.hpp>
#include <tintype/log/flush.hpp>
#include <tintype/replay/preview.hpp>
#include <tintype/replay/segment.hpp>
#include <tintype/replay/segment_record.hpp>
#include <tintype/replay/session.hpp>

#include <cstdint>
#include <optional>
#include <vector>

namespace tintype::inline v0 {

struct recorder_options {
    session_config config{};             // of sessions that are started
    flush_policy flush = flush_always{}; // of actions and checkpoints
    bool record_checkpoints = false;     // as actions, too
    preview_limits preview{};
    segment_options segment{};
};

// An action that was recorded, and what became of the checkpoint that was due.
struct recorded_action {
    std::uint64_t sequence = 0;
    std::optional<std::uint64_t> checkpoint{}; // its id, if one was taken
    std::optional<error> not_taken{};          // why it was not; it stays due
};

// What opening found of a session that nobody ended.
struct recovered_session {
    std::uint64_t cut = 0;            // bytes that a power cut tore
    std::vector<log_damage> damage{}; // of the journal: what lies there is not in the session
};

} // namespace tintype::inline v0
