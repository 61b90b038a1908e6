#pragma once

// What is known of one snapshot in a chain without reading its data: the manifest, one small object
// that is published last, so that a snapshot that is listed has its data. It names every piece with
// its place, its counts and its digest.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/reflect.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

enum class snapshot_kind : std::uint8_t { full, incremental };

[[nodiscard]] constexpr std::string_view name_of(snapshot_kind type) noexcept {
    return type == snapshot_kind::full ? "full" : "incremental";
}

enum class piece_kind : std::uint8_t {
    whole,   // all records of a part
    changes, // records put in or changed since the parent, and the keys of those erased
    dropped, // the part is gone since the parent
    side,    // a member of the side state
};

[[nodiscard]] constexpr std::string_view name_of(piece_kind kind) noexcept {
    switch (kind) {
    case piece_kind::whole:
        return "whole";
    case piece_kind::changes:
        return "changes";
    case piece_kind::dropped:
        return "dropped";
    case piece_kind::side:
        return "side";
    }
    return "unknown";
}

using optional_text = std::optional<std::string>;

// A part or a member of the side state, as far as this snapshot holds it. What an increment does
// not name is as in its parent.
struct piece_info {
    std::string name{};
    piece_kind kind = piece_kind::whole;
    std::uint64_t records = 0; // in this piece
    std::uint64_t erased = 0;  // keys in this piece
    std::uint64_t total = 0;   // records that the part has with these
    std::uint64_t offset = 0;  // bytes from the start of the data; 0 where the codec has no places
    std::uint64_t size = 0;    // bytes
    blob digest{};             // of these bytes; empty where there is only one of all data

    friend bool operator==(const piece_info&, const piece_info&) = default;
};

struct snapshot_info {
    std::string id{};
    std::int64_t created_at = 0; // Unix nanoseconds, later than of every snapshot that was there
    optional_text description{};
    snapshot_kind type = snapshot_kind::full;
    optional_text parent_id{};
    // Names what the snapshot holds, parents included. A child keeps its parent's, and so finds out
    // when another has taken the parent's name. It stays when a snapshot is written anew.
    blob state{};
    blob parent_state{};
    std::string data{}; // the object with the pieces
    std::uint64_t data_size = 0;
    std::uint64_t records = 0; // in all pieces together
    blob data_digest{};        // of all of it, where pieces have none
    std::string hash{};        // the algorithm of the digests; empty where there are none
    std::string schema{};      // of the records; empty where the codec keeps none
    std::vector<piece_info> pieces{};

    friend bool operator==(const snapshot_info&, const snapshot_info&) = default;
};

// Whether a manifest says what a snapshot of this id can be, whatever codec read it.
[[nodiscard]] inline result<void> plausible(const snapshot_info& info, std::string_view id) {
    const auto wrong = [&](std::string_view what, std::uint64_t found = 0,
                           std::uint64_t wanted = 0) {
        return fail({.code = errc::invalid_value,
                     .where = std::string{id}.append(": ").append(what),
                     .found = found,
                     .wanted = wanted});
    };
    if (info.id != id) {
        return wrong("the manifest is of " + info.id);
    }
    if (info.type > snapshot_kind::incremental) {
        return wrong("type", static_cast<std::uint64_t>(info.type), 1);
    }
    if ((info.type == snapshot_kind::full) == info.parent_id.has_value()) {
        return wrong(info.parent_id ? "a full snapshot has a parent"
                                    : "an incremental snapshot has no parent");
    }
    std::vector<std::pair<bool, std::string_view>> names;
    for (const piece_info& each : info.pieces) {
        if (each.kind > piece_kind::side) {
            return wrong(each.name, static_cast<std::uint64_t>(each.kind), 3);
        }
        if (info.type == snapshot_kind::full && each.kind != piece_kind::whole &&
            each.kind != piece_kind::side) {
            return wrong(each.name + " is not whole in a full snapshot");
        }
        if (each.offset > info.data_size || each.size > info.data_size - each.offset) {
            return fail({.code = errc::truncated_section,
                         .where = std::string{id}.append(": ").append(each.name),
                         .offset = each.offset,
                         .found = info.data_size,
                         .wanted = each.size});
        }
        names.emplace_back(each.kind == piece_kind::side, each.name);
    }
    std::ranges::sort(names);
    if (const auto twice = std::ranges::adjacent_find(names); twice != names.end()) {
        return fail(
            {.code = errc::duplicate, .where = std::string{id}.append(": ").append(twice->second)});
    }
    return {};
}

} // namespace tintype::inline v0

BOOST_HANA_ADAPT_STRUCT(tintype::piece_info, name, kind, records, erased, total, offset, size,
                        digest);
BOOST_HANA_ADAPT_STRUCT(tintype::snapshot_info, id, created_at, description, type, parent_id, state,
                        parent_state, data, data_size, records, data_digest, hash, schema, pieces);
