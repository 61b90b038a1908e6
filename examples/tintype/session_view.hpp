#pragma once

// Recorded sessions for people: a list of them, one as a timeline, two side by side.

#include <tintype/formats/memvid.hpp>
#include <tintype/replay/compare.hpp>
#include <tintype/replay/session.hpp>

#include "terminal.hpp"

#include <optional>
#include <string>
#include <vector>

namespace tool {

// On a terminal too narrow for them, ids are cut to what tells them apart.
[[nodiscard]] std::string listed(const terminal& on,
                                 const std::vector<tintype::session_summary>& sessions);

// Printed action by action.
void print_timeline(terminal& on, const tintype::memvid::replay_session& session);

[[nodiscard]] std::string compared(const terminal& on, const tintype::memvid::replay_session& a,
                                   const tintype::memvid::replay_session& b,
                                   const tintype::session_comparison& found,
                                   const std::optional<tintype::divergence>& first);

} // namespace tool
