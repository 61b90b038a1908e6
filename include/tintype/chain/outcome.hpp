#pragma once

// What the managers of chains are told and what they answer with.

#include <tintype/chain/manifest.hpp>
#include <tintype/chain/objects.hpp>
#include <tintype/core/clock.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/progress.hpp>
#include <tintype/storage/concept.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tintype::inline v0 {

struct chain_options {
    tintype::access access = access::map;
    decode_options decode{};
    // Snapshots from a full one to the last increment on it, both counted.
    std::size_t most_links = 1000;
    // How long what a crash may have left behind must have lain untouched before opening removes
    // it.
    std::chrono::nanoseconds sweep_grace = std::chrono::hours{1};
};

struct snapshot_options {
    optional_text description{};
    const monitor* watch = nullptr; // told of bytes
};

struct increment_options {
    optional_text description{};
    // The parts that may have changed; all of them unless told. Others are as in the parent.
    std::optional<std::vector<std::string>> parts{};
    const monitor* watch = nullptr;
};

struct taken_snapshot {
    snapshot_info info;
    removed_snapshots cleanup{}; // the snapshot was taken, whatever failed here
};

enum class restore_mode : std::uint8_t {
    exact,  // the store becomes what the snapshot holds: what it does not hold goes
    upsert, // each link's records are put into the store, oldest link first; nothing else goes
};

struct restore_options {
    restore_mode mode = restore_mode::exact;
    // Only these parts; the store keeps its others, and its side state.
    std::optional<std::vector<std::string>> parts{};
};

struct restored {
    std::string id;
    std::size_t parts = 0;     // exact: that the store was given; upsert: summed over the links
    std::uint64_t records = 0; // likewise
};

enum class removal : std::uint8_t {
    refuse_parents,  // a snapshot that another was taken on stays: `in_use`
    rebase_children, // its children are written anew on its own parent first
};

struct compacted {
    snapshot_info info; // the full snapshot that stands for the chain
    removed_snapshots cleanup{};
};

struct chain_verified {
    std::vector<std::string> good; // newest first
    std::vector<damaged_snapshot> bad;
};

// What retention says of a snapshot.
struct chain_decision {
    snapshot_info info;
    bool keep = false;
    std::string reason;
};

// How a part differs between two snapshots. Keys in ascending order.
template <class Key>
struct part_difference {
    std::string name;
    bool before = false; // whether the part was there
    bool after = false;
    std::vector<Key> added{};
    std::vector<Key> removed{};
    std::vector<Key> changed{};
};

} // namespace tintype::inline v0
