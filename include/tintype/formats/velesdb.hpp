#pragma once

// VelesDB's two snapshot files: VAMM, the memory of an agent, and VSNP, the index of a log's
// payloads. Instantiations and their promises; nothing here reads or writes a byte by hand.

#include <tintype/codec/releases.hpp>
#include <tintype/codec/section_list.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/hash/crc32.hpp>
#include <tintype/manager/names.hpp>
#include <tintype/manager/versioned.hpp>

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace tintype::inline v0::velesdb {

// Four payloads that the file does not look into; `ttl` has a layout of its own, below.
struct memory_state {
    BOOST_HANA_DEFINE_STRUCT(memory_state, (blob, semantic), (blob, episodic), (blob, procedural),
                             (blob, ttl));

    friend constexpr bool operator==(const memory_state&, const memory_state&) = default;
};

template <std::uint8_t Version>
using vamm =
    section_list<magic<"VAMM">, version<std::uint8_t, Version>, section<"semantic">,
                 section<"episodic">, section<"procedural">, section<"ttl">, checksum<crc32>>;

static_assert(vamm<1>::min_size == 41 && vamm<2>::min_size == 41);
static_assert(describes<vamm<1>, memory_state> && describes<vamm<2>, memory_state>);
static_assert(vamm<2>::layout()[1].offset == 4 && vamm<2>::layout()[2].offset == 5);

enum class memory_kind : std::uint8_t { semantic = 0, episodic = 1, procedural = 2 };

// When an entry of a memory expires. Version 1 did not say of which memory.
struct ttl_entry_1 {
    BOOST_HANA_DEFINE_STRUCT(ttl_entry_1, (std::uint64_t, id), (std::uint64_t, expires_at),
                             (std::uint64_t, created_at));

    friend constexpr bool operator==(const ttl_entry_1&, const ttl_entry_1&) = default;
};

struct ttl_entry {
    BOOST_HANA_DEFINE_STRUCT(ttl_entry, (memory_kind, kind), (std::uint64_t, id),
                             (std::uint64_t, expires_at), (std::uint64_t, created_at));

    friend constexpr bool operator==(const ttl_entry&, const ttl_entry&) = default;
};

template <class Entry>
struct ttl_table {
    BOOST_HANA_DEFINE_STRUCT(ttl_table, (std::vector<Entry>, entries));

    friend constexpr bool operator==(const ttl_table&, const ttl_table&) = default;
};

// What the ttl payload holds: a count and the entries.
template <class Entry>
using ttl_payload = section_list<records<"entries", Entry>>;

static_assert(packed_size<ttl_entry_1> == 24 && packed_size<ttl_entry> == 25);
static_assert(ttl_payload<ttl_entry>::min_size == 8);

// The upgrade of a state from version 1 to 2. An entry of version 1 expired its id in all three
// memories, so it becomes one entry for each of the kinds named, all three unless told.
template <memory_kind... Kinds>
struct ttl_upgrade {
    static_assert(sizeof...(Kinds) != 0, "tintype: name at least one memory_kind");

    constexpr result<memory_state> operator()(memory_state&& old) const {
        if (old.ttl.empty()) {
            return std::move(old);
        }
        auto before = decode<ttl_payload<ttl_entry_1>, ttl_table<ttl_entry_1>>(old.ttl);
        if (!before) {
            auto what = before.error();
            what.where = "ttl";
            what.offset = error::no_offset; // it counted from the table's start
            return fail(what);
        }
        ttl_table<ttl_entry> after;
        after.entries.reserve(before->entries.size() * sizeof...(Kinds));
        for (const ttl_entry_1& each : before->entries) {
            (after.entries.push_back({Kinds, each.id, each.expires_at, each.created_at}), ...);
        }
        auto payload = encode<ttl_payload<ttl_entry>>(after);
        if (!payload) {
            return pass(payload);
        }
        old.ttl = *std::move(payload);
        return std::move(old);
    }
};

using expire_everywhere =
    ttl_upgrade<memory_kind::semantic, memory_kind::episodic, memory_kind::procedural>;

// Reads both versions and writes the second.
template <class Upgrade = expire_everywhere>
using vamm_any = releases<release<vamm<1>, memory_state, Upgrade>, release<vamm<2>, memory_state>>;

static_assert(codec_for<vamm_any<>, memory_state>);

using snapshot_names = numbered<"snapshot_", ".vamm">;

static_assert(snapshot_names::parse("snapshot_00000001.vamm") == 1);
static_assert(!snapshot_names::parse("snapshot_1.vamm"));
static_assert(!snapshot_names::parse("snapshot_00000001.vamm.tmp"));

// A folder of an agent's memories, as VelesDB keeps it.
template <class Codec = vamm_any<>, retention_policy Retention = keep_last>
using memory_snapshots =
    versioned_manager<memory_state, Codec, directory, no_hash, Retention, snapshot_names>;

struct payload_entry {
    BOOST_HANA_DEFINE_STRUCT(payload_entry, (std::uint64_t, id), (std::uint64_t, offset));

    friend constexpr bool operator==(const payload_entry&, const payload_entry&) = default;
};

struct payload_index {
    BOOST_HANA_DEFINE_STRUCT(payload_index, (std::uint64_t, wal_position),
                             (std::vector<payload_entry>, entries));

    friend constexpr bool operator==(const payload_index&, const payload_index&) = default;
};

using vsnp =
    section_list<magic<"VSNP">, version<std::uint8_t, 1>, scalar<"wal_position", std::uint64_t>,
                 records<"entries", payload_entry>, checksum<crc32>>;

static_assert(vsnp::min_size == 25);
static_assert(describes<vsnp, payload_index>);
static_assert(vsnp::layout()[2].offset == 5 && vsnp::layout()[3].offset == 13);
static_assert(packed_size<payload_entry> == 16);

inline constexpr std::string_view payload_snapshot_name = "payloads.snapshot";
inline constexpr std::uint64_t payload_snapshot_growth = 10485760; // bytes of the log

// Whether the log grew enough since the last snapshot. A log that became shorter did not grow.
[[nodiscard]] constexpr bool payload_snapshot_due(std::uint64_t wal_position,
                                                  std::uint64_t last_position) noexcept {
    return wal_position > last_position && wal_position - last_position >= payload_snapshot_growth;
}

static_assert(payload_snapshot_due(payload_snapshot_growth, 0));
static_assert(!payload_snapshot_due(payload_snapshot_growth - 1, 0));
static_assert(!payload_snapshot_due(0, ~std::uint64_t{0}));

} // namespace tintype::inline v0::velesdb
