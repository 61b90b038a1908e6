#pragma once

// memvid's sessions: the two files that hold them, over the types and with the rules of replay that
// are the original's.

#include <tintype/codec/bincode.hpp>
#include <tintype/codec/section_list.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/formats/memvid/rules.hpp>
#include <tintype/formats/memvid/types.hpp>
#include <tintype/replay/compare.hpp>
#include <tintype/replay/recorder.hpp>

#include <array>
#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

namespace tintype::inline v0::memvid {

// Where the original keeps its segment.
struct manifest {
    BOOST_HANA_DEFINE_STRUCT(manifest, (std::uint64_t, segment_offset),
                             (std::uint64_t, segment_size), (std::uint32_t, session_count),
                             (std::uint64_t, total_actions), (std::uint32_t, version));
    friend bool operator==(const manifest&, const manifest&) = default;
};

struct replay_segment {
    BOOST_HANA_DEFINE_STRUCT(replay_segment, (std::vector<replay_session>, sessions));
    friend bool operator==(const replay_segment&, const replay_segment&) = default;
};

// The segment file, version 1.
using segment = section_list<magic<"MV2RPLY!">, version<std::uint32_t, 1>,
                             count<"sessions", std::uint32_t>, total_size<std::uint64_t>,
                             frames<"sessions", bincode_fixed, std::uint64_t, counted_apart>>;

// The file of the session that is being recorded.
using active_file = section_list<magic<"MV2ACTIV">, payload<bincode_fixed>>;

static_assert(describes<segment, replay_segment>);
static_assert(describes<active_file, active_session>);
static_assert(segment::min_size == 24 && active_file::min_size == 16);
static_assert(segment::layout()[1].offset == 8 && segment::layout()[2].offset == 12 &&
              segment::layout()[3].offset == 16 && segment::layout()[4].offset == 24);
static_assert(std::variant_size_v<action_type> == 8);
static_assert(member_names<replay_session> ==
              std::array<std::string_view, 8>{"session_id", "name", "created_secs", "ended_secs",
                                              "checkpoints", "actions", "metadata", "version"});
static_assert(member_count<replay_action> == 9 && member_count<checkpoint<state_snapshot>> == 5 &&
              member_count<state_snapshot> == 6);

// The manifest of a segment that lies at `offset` of its file.
[[nodiscard]] inline manifest manifest_of(const replay_segment& of, std::uint64_t offset) {
    manifest made{.segment_offset = offset,
                  .segment_size = segment::size(of),
                  .session_count = static_cast<std::uint32_t>(of.sessions.size()),
                  .total_actions = 0,
                  .version = 1};
    for (const replay_session& each : of.sessions) {
        made.total_actions += each.actions.size();
    }
    return made;
}

} // namespace tintype::inline v0::memvid
