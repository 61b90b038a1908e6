#pragma once

// What a report tells of files that hold many things: histories and recorded sessions. Only what
// can be read is told; what is wrong with them `inspect` has said.

#include <tintype/core/bytes.hpp>
#include <tintype/core/progress.hpp>

#include "format.hpp"
#include "report_model.hpp"

namespace tool::report {

// So many points a chart, however many snapshots there are.
inline constexpr std::size_t most_points = 240;
inline constexpr std::size_t most_metrics = 24;
inline constexpr std::size_t most_sampled = 4000; // snapshots of which metrics are read
inline constexpr std::size_t most_sessions = 200; // in a file
inline constexpr std::size_t most_marks = 600;    // actions of a session

// Fails only where the work was stopped.
[[nodiscard]] tintype::result<void> add_history(history_facts& to, tintype::byte_view bytes,
                                                const tintype::monitor& watch);

// Whether the format has any.
[[nodiscard]] tintype::result<bool> add_sessions(session_facts& to, const format& of,
                                                 tintype::byte_view bytes,
                                                 const tintype::monitor& watch);

} // namespace tool::report
