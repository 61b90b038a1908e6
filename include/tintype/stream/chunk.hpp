#pragma once

// A snapshot of several files on its way to somebody: what each message says. The first, of
// sequence 0, carries the metadata alone; then comes each file in the metadata's order, in chunks
// whose offsets ascend, the last one marked (an empty file is one empty chunk, marked); then one
// empty chunk that is final. Sequences have no gaps. The order of members is that of VectorXLite's
// messages, whose protobuf numbers are their positions.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/hash/concept.hpp>
#include <tintype/hash/hex.hpp>
#include <tintype/storage/concept.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace tintype::inline v0 {

enum class file_kind : std::int32_t { unknown = 0, sqlite_db = 1, hnsw_index = 2, wal = 3 };

[[nodiscard]] constexpr std::string_view name_of(file_kind kind) noexcept {
    switch (kind) {
    case file_kind::sqlite_db:
        return "sqlite_db";
    case file_kind::hnsw_index:
        return "hnsw_index";
    case file_kind::wal:
        return "wal";
    case file_kind::unknown:
        break;
    }
    return "unknown";
}

// A name is one component, as good_name() wants it. The checksum is the digest of the file's bytes
// in lower-case hexadecimal digits.
struct file_info {
    BOOST_HANA_DEFINE_STRUCT(file_info, (std::string, file_name), (file_kind, file_type),
                             (std::uint64_t, file_size), (std::string, checksum));

    friend bool operator==(const file_info&, const file_info&) = default;
};

// The checksum is that of checksum_of_files().
struct stream_metadata {
    static constexpr std::uint32_t newest = 1;

    BOOST_HANA_DEFINE_STRUCT(stream_metadata, (std::string, snapshot_id),
                             (std::int64_t, created_at),  // Unix, milliseconds
                             (std::uint64_t, total_size), // of all files, bytes
                             (std::vector<file_info>, files), (std::uint32_t, version),
                             (std::string, checksum));

    friend bool operator==(const stream_metadata&, const stream_metadata&) = default;
};

struct file_piece {
    BOOST_HANA_DEFINE_STRUCT(file_piece, (std::string, file_name), (std::uint64_t, offset),
                             (blob, data), (bool, is_last_chunk));

    friend bool operator==(const file_piece&, const file_piece&) = default;
};

struct snapshot_chunk {
    BOOST_HANA_DEFINE_STRUCT(snapshot_chunk, (std::optional<stream_metadata>, metadata),
                             (std::optional<file_piece>, file_chunk), (std::uint64_t, sequence),
                             (bool, is_final));

    friend bool operator==(const snapshot_chunk&, const snapshot_chunk&) = default;
};

inline constexpr std::size_t default_chunk_size = 65536; // bytes

// What a stream may ask of the one who takes it.
struct stream_limits {
    std::uint64_t total_size = std::numeric_limits<std::int64_t>::max(); // bytes
    std::size_t files = 512;                         // each is an open one while it arrives
    std::size_t chunk_size = std::size_t{64} << 20U; // bytes of data in a chunk
};

// What the metadata's checksum is the digest of: for each file in order its name's bytes, then its
// checksum's characters.
template <class Hash>
void update_with_files(Hash& hash, const std::vector<file_info>& files) {
    for (const file_info& each : files) {
        hash.update(bytes_of(each.file_name));
        hash.update(bytes_of(each.checksum));
    }
}

template <hash_policy Hash>
[[nodiscard]] std::string checksum_of_files(const std::vector<file_info>& files) {
    Hash hash{};
    update_with_files(hash, files);
    return to_hex(hash.finish());
}

// What metadata must hold, whoever sent it. Its checksums are not looked at.
[[nodiscard]] inline result<void> check_metadata(const stream_metadata& of,
                                                 const stream_limits& most = {}) {
    if (of.version == 0 || of.version > stream_metadata::newest) {
        return fail({.code = errc::unsupported_version,
                     .found = of.version,
                     .wanted = stream_metadata::newest,
                     .during = "metadata of the stream"});
    }
    if (of.files.size() > most.files) {
        return fail({.code = errc::limit_exceeded,
                     .where = "files of the stream",
                     .found = of.files.size(),
                     .wanted = most.files});
    }
    std::set<std::string_view> names;
    std::uint64_t total = 0;
    for (const file_info& each : of.files) {
        if (auto good = good_name(each.file_name); !good) {
            return good;
        }
        if (!names.insert(each.file_name).second) {
            return fail({.code = errc::duplicate, .where = each.file_name});
        }
        if (each.file_size > most.total_size - total) {
            return fail({.code = errc::limit_exceeded,
                         .where = each.file_name,
                         .found = each.file_size,
                         .wanted = most.total_size - total});
        }
        total += each.file_size;
    }
    if (total != of.total_size) {
        return fail({.code = errc::invalid_value,
                     .where = "total_size",
                     .found = of.total_size,
                     .wanted = total});
    }
    return {};
}

} // namespace tintype::inline v0
