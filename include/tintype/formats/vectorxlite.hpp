#pragma once

// VectorXLite's streams: a SQLite database and its HNSW index files, in chunks over gRPC or in the
// log of its Raft cluster. The chunk is the library's own described one, whose members have the
// original's order and so its field numbers; what is the original's here is the wires, the checksum
// and the two messages around a stream.

#include <tintype/codec/json.hpp>
#include <tintype/codec/json/go_style.hpp>
#include <tintype/codec/protobuf.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/hash/choice.hpp>
#include <tintype/hash/poly31.hpp>
#include <tintype/hash/sha256.hpp>
#include <tintype/stream/chunk.hpp>
#include <tintype/stream/framing.hpp>
#include <tintype/stream/wire.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace tintype::inline v0::vectorxlite {

// SnapshotChunkPB, each message behind its length as a varint.
using protobuf_wire = framed<varint_length, protobuf, "protobuf">;

// As the Go cluster keeps chunks in its log: a big-endian length, then JSON.
using raft_wire = framed<big_endian_length, json<go_style>, "raft-json">;

// It says SHA-256 and computes poly31; the length tells which was meant.
using checksums = hash_choice<sha256, poly31>;

// ExportSnapshotRequestPB.
struct export_request {
    BOOST_HANA_DEFINE_STRUCT(export_request, (std::uint32_t, chunk_size),
                             (bool, include_index_files));

    friend bool operator==(const export_request&, const export_request&) = default;
};

// ImportSnapshotResponsePB.
struct import_response {
    BOOST_HANA_DEFINE_STRUCT(import_response, (bool, success), (std::string, error_message),
                             (std::string, snapshot_id), (std::uint64_t, bytes_restored),
                             (std::uint32_t, files_restored));

    friend bool operator==(const import_response&, const import_response&) = default;
};

static_assert(wire_policy<protobuf_wire> && wire_policy<raft_wire>);
static_assert(codec_for<protobuf, snapshot_chunk> && codec_for<protobuf, export_request> &&
              codec_for<protobuf, import_response>);

// A member's position is its field number.
static_assert(member_names<snapshot_chunk> ==
              std::array<std::string_view, 4>{"metadata", "file_chunk", "sequence", "is_final"});
static_assert(member_names<stream_metadata> ==
              std::array<std::string_view, 6>{"snapshot_id", "created_at", "total_size", "files",
                                              "version", "checksum"});
static_assert(member_names<file_info> ==
              std::array<std::string_view, 4>{"file_name", "file_type", "file_size", "checksum"});
static_assert(member_names<file_piece> ==
              std::array<std::string_view, 4>{"file_name", "offset", "data", "is_last_chunk"});
static_assert(go_style::names<stream_metadata> ==
              std::array<std::string_view, 6>{"SnapshotID", "CreatedAt", "TotalSize", "Files",
                                              "Version", "Checksum"});
static_assert(go_style::names<snapshot_chunk> ==
              std::array<std::string_view, 4>{"Metadata", "FileChunk", "Sequence", "IsFinal"});
static_assert(static_cast<int>(file_kind::sqlite_db) == 1 &&
              static_cast<int>(file_kind::hnsw_index) == 2 &&
              static_cast<int>(file_kind::wal) == 3);

} // namespace tintype::inline v0::vectorxlite
