#pragma once

// What an action was done on and what came of it, as the program has it, and as it is kept.

#include <tintype/core/bytes.hpp>
#include <tintype/replay/preview.hpp>
#include <tintype/replay/session.hpp>

#include <cstdint>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

// Of the data a digest and a preview are kept.
struct action_details {
    byte_view input{};
    byte_view output{};
    std::vector<std::uint64_t> affected{};
    std::uint64_t duration_ms = 0;
};

// The record of an action, without its sequence, which the session gives it.
template <class Action>
[[nodiscard]] action_record<Action> make_record(Action action, const action_details& details,
                                                std::int64_t now_secs,
                                                const preview_limits& most = {}) {
    auto input = observe(details.input, most);
    auto output = observe(details.output, most);
    return {.sequence = 0,
            .timestamp_secs = now_secs,
            .action = std::move(action),
            .input_hash = input.hash,
            .output_hash = output.hash,
            .input_preview = std::move(input.preview),
            .output_preview = std::move(output.preview),
            .affected = details.affected,
            .duration_ms = details.duration_ms};
}

} // namespace tintype::inline v0
