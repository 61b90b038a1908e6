// What the fragments of docs/raft.md take for granted.
#pragma once

#include <tintype/codec/bincode.hpp>
#include <tintype/storage/directory.hpp>
#include <tintype/stream/manifest_from.hpp>
#include <tintype/stream/raft.hpp>

#include <memory>
#include <vector>

struct state {
    BOOST_HANA_DEFINE_STRUCT(state, (std::vector<tintype::blob>, commands));
};

using answer = std::uint64_t; // how many there are
using my_format = tintype::bincode_fixed;

inline struct raft raft;
inline struct raft_io io;
inline constexpr raft_id id = 1;
inline constexpr const char* address = "127.0.0.1:9001";
