#pragma once

// A recorded session as JSON: memvid's names of members and actions, digests as hexadecimal digits.

#include <tintype/formats/memvid.hpp>

#include "outcome.hpp"
#include "terminal.hpp"

#include <optional>

namespace tool {

// On one line. What is wrong with the session stands behind its members, as `error`.
void print_json(terminal& on, const tintype::memvid::replay_session& session,
                const std::optional<failure>& damage);

} // namespace tool
