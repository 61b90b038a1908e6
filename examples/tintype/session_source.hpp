#pragma once

// The recorded sessions in a file of any format that has them: found without decoding them, and
// then read one by one. What is damaged is told, and costs no more than the session that it is in.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/formats/memvid.hpp>
#include <tintype/replay/segment_record.hpp>
#include <tintype/replay/session.hpp>
#include <tintype/replay/uuid.hpp>

#include "json.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace tool {

class session_source {
public:
    virtual ~session_source() = default;

    // Of each session in the order of the file; none where it cannot be read.
    [[nodiscard]] virtual std::vector<std::optional<tintype::uuid>> ids() const = 0;

    [[nodiscard]] virtual tintype::result<tintype::session_summary>
    summary(std::size_t index) const = 0;

    // `unsupported` where the actions are not memvid's.
    [[nodiscard]] virtual tintype::result<tintype::memvid::replay_session>
    read(std::size_t index) const = 0;

    // Whether read() can read any.
    [[nodiscard]] virtual bool knows_actions() const { return true; }

    // Whether what the session says of itself holds, besides that it could be read.
    [[nodiscard]] virtual tintype::result<void>
    consistent(const tintype::memvid::replay_session&) const {
        return {};
    }

    // What was found to be wrong with the file on the way to its sessions.
    [[nodiscard]] virtual std::vector<tintype::log_damage> damage() const = 0;

    // Bytes of the file.
    [[nodiscard]] virtual std::uint64_t size() const = 0;
};

// Of sessions whose actions only their program knows.
[[nodiscard]] std::unexpected<tintype::error> unknown_actions();

// {"id":..,"name":..,"created_secs":..,"ended_secs":..,"actions":..,"checkpoints":..}
[[nodiscard]] json::object in_json(const tintype::session_summary& summary);

enum class look { summaries, all };

// The rows of all that can be read, and the first thing that is wrong.
struct listed_sessions {
    std::vector<tintype::session_summary> rows;
    std::optional<tintype::error> damage; // `cancelled` where the work was stopped

    [[nodiscard]] json::array in_json() const;
};

// With `look::all` every session is read and checked, as far as its actions are known.
[[nodiscard]] listed_sessions list_of(const session_source& source, look how,
                                      const tintype::decode_options& options = {});

} // namespace tool
