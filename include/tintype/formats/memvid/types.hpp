#pragma once

// memvid's actions and sessions. The order of members and alternatives is the order on the wire.

#include <tintype/core/reflect.hpp>
#include <tintype/replay/action.hpp>
#include <tintype/replay/recording.hpp>
#include <tintype/replay/session.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tintype::inline v0::memvid {

using digest = blake3_digest;

struct put {
    BOOST_HANA_DEFINE_STRUCT(put, (std::uint64_t, frame_id));
    static constexpr std::string_view action_name = "PUT";
    friend bool operator==(const put&, const put&) = default;
};

struct put_many {
    BOOST_HANA_DEFINE_STRUCT(put_many, (std::vector<std::uint64_t>, frame_ids),
                             (std::uint64_t, count));
    static constexpr std::string_view action_name = "PUT_MANY";
    friend bool operator==(const put_many&, const put_many&) = default;
};

struct find {
    BOOST_HANA_DEFINE_STRUCT(find, (std::string, query), (std::string, mode),
                             (std::uint64_t, result_count));
    static constexpr std::string_view action_name = "FIND";
    friend bool operator==(const find&, const find&) = default;
};

struct ask {
    BOOST_HANA_DEFINE_STRUCT(ask, (std::string, query), (std::string, provider),
                             (std::string, model));
    static constexpr std::string_view action_name = "ASK";
    friend bool operator==(const ask&, const ask&) = default;
};

struct mark {
    BOOST_HANA_DEFINE_STRUCT(mark, (std::uint64_t, checkpoint_id));
    static constexpr std::string_view action_name = "CHECKPOINT";
    friend bool operator==(const mark&, const mark&) = default;
};

struct update {
    BOOST_HANA_DEFINE_STRUCT(update, (std::uint64_t, frame_id));
    static constexpr std::string_view action_name = "UPDATE";
    friend bool operator==(const update&, const update&) = default;
};

struct erase {
    BOOST_HANA_DEFINE_STRUCT(erase, (std::uint64_t, frame_id));
    static constexpr std::string_view action_name = "DELETE";
    friend bool operator==(const erase&, const erase&) = default;
};

struct tool_call {
    BOOST_HANA_DEFINE_STRUCT(tool_call, (std::string, name), (digest, args_hash));
    static constexpr std::string_view action_name = "TOOL_CALL";
    friend bool operator==(const tool_call&, const tool_call&) = default;
};

using action_type = std::variant<put, put_many, find, ask, mark, update, erase, tool_call>;

// What a checkpoint says of the store; its digest is summary_digest() of it.
struct state_snapshot {
    BOOST_HANA_DEFINE_STRUCT(state_snapshot, (std::uint64_t, frame_count),
                             (std::vector<std::uint64_t>, frame_ids),
                             (std::optional<digest>, lex_index_hash),
                             (std::optional<digest>, vec_index_hash), (std::uint64_t, wal_sequence),
                             (std::uint64_t, generation));
    friend bool operator==(const state_snapshot&, const state_snapshot&) = default;
};

using replay_action = action_record<action_type>;
using replay_session = session<action_type, state_snapshot>;
using active_session = tintype::active_session<replay_session>;

} // namespace tintype::inline v0::memvid

namespace tintype::inline v0 {

template <>
struct checkpoint_action<memvid::action_type> {
    [[nodiscard]] static memvid::action_type of(std::uint64_t id) {
        return memvid::mark{.checkpoint_id = id};
    }
};

} // namespace tintype::inline v0
