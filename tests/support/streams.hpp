#pragma once

// Streams as a sender makes them, written out by hand, and a place in memory to stage them in.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/hash/concept.hpp>
#include <tintype/hash/crc32c.hpp>
#include <tintype/stream/chunk.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace tests {

struct stream_file {
    std::string name;
    tintype::blob bytes;
    tintype::file_kind kind = tintype::file_kind::unknown;
};

template <tintype::hash_policy Hash = tintype::crc32c>
[[nodiscard]] tintype::stream_metadata metadata_of(const std::vector<stream_file>& files,
                                                   std::string id = "snap_1700000000000_00c0ffee") {
    tintype::stream_metadata all{.snapshot_id = std::move(id),
                                 .created_at = 1'700'000'000'000,
                                 .total_size = 0,
                                 .files = {},
                                 .version = 1,
                                 .checksum = {}};
    for (const stream_file& each : files) {
        all.total_size += each.bytes.size();
        all.files.push_back({.file_name = each.name,
                             .file_type = each.kind,
                             .file_size = each.bytes.size(),
                             .checksum = tintype::to_hex(tintype::hash_of<Hash>(each.bytes))});
    }
    all.checksum = tintype::checksum_of_files<Hash>(all.files);
    return all;
}

template <tintype::hash_policy Hash = tintype::crc32c>
[[nodiscard]] std::vector<tintype::snapshot_chunk>
chunks_of(const std::vector<stream_file>& files, std::size_t chunk_size,
          std::string id = "snap_1700000000000_00c0ffee") {
    std::vector<tintype::snapshot_chunk> all;
    const auto add = [&](tintype::snapshot_chunk chunk) {
        chunk.sequence = all.size();
        all.push_back(std::move(chunk));
    };
    add({.metadata = metadata_of<Hash>(files, std::move(id)),
         .file_chunk = {},
         .sequence = 0,
         .is_final = false});
    for (const stream_file& each : files) {
        std::size_t at = 0;
        do {
            const auto size = std::min(chunk_size, each.bytes.size() - at);
            const auto data = tintype::byte_view{each.bytes}.subspan(at, size);
            add({.metadata = {},
                 .file_chunk = tintype::file_piece{.file_name = each.name,
                                                   .offset = at,
                                                   .data = {data.begin(), data.end()},
                                                   .is_last_chunk = at + size == each.bytes.size()},
                 .sequence = 0,
                 .is_final = false});
            at += size;
        } while (at != each.bytes.size());
    }
    add({.metadata = {}, .file_chunk = {}, .sequence = 0, .is_final = true});
    return all;
}

// What an import came to, which outlives the importer.
struct memory_target {
    std::map<std::string, tintype::blob> files{};
    std::size_t commits = 0;
    std::size_t created = 0;
    std::size_t calls_until_failure = ~std::size_t{0};

    [[nodiscard]] bool fails() { return calls_until_failure-- == 0; }
};

class memory_staging {
public:
    using part = std::shared_ptr<tintype::blob>;

    explicit memory_staging(memory_target& target) : target_(&target) {}

    [[nodiscard]] tintype::result<part> create() {
        if (target_->fails()) {
            return failure();
        }
        ++target_->created;
        return std::make_shared<tintype::blob>();
    }

    // A failing one leaves a part of what it should have written.
    [[nodiscard]] tintype::result<void> write_at(part& to, std::uint64_t offset,
                                                 tintype::byte_view bytes) {
        const bool failing = target_->fails();
        const auto taken = bytes.first(failing ? bytes.size() / 2 : bytes.size());
        const auto end = static_cast<std::size_t>(offset) + taken.size();
        if (to->size() < end) {
            to->resize(end, std::byte{});
        }
        std::ranges::copy(taken, to->begin() + static_cast<std::ptrdiff_t>(offset));
        return failing ? failure() : tintype::result<void>{};
    }

    [[nodiscard]] tintype::result<void> read_at(const part& from, std::uint64_t offset,
                                                tintype::mutable_bytes to) {
        if (target_->fails() || offset + to.size() > from->size()) {
            return failure();
        }
        std::ranges::copy(
            tintype::byte_view{*from}.subspan(static_cast<std::size_t>(offset), to.size()),
            to.begin());
        return {};
    }

    [[nodiscard]] tintype::result<void> truncate(part& of, std::uint64_t size) {
        if (target_->fails()) {
            return failure();
        }
        of->resize(static_cast<std::size_t>(size), std::byte{});
        return {};
    }

    [[nodiscard]] tintype::result<std::uint64_t> size(const part& of) {
        if (target_->fails()) {
            return failure();
        }
        return std::uint64_t{of->size()};
    }

    [[nodiscard]] tintype::result<void> commit(const tintype::stream_metadata& metadata,
                                               std::span<part> parts) {
        if (target_->fails()) {
            return failure();
        }
        for (std::size_t i = 0; i != parts.size(); ++i) {
            target_->files[metadata.files[i].file_name] = *parts[i];
        }
        ++target_->commits;
        return {};
    }

private:
    [[nodiscard]] static std::unexpected<tintype::error> failure() {
        return tintype::fail({.code = tintype::errc::io, .where = "a part", .system = 5});
    }

    memory_target* target_;
};

} // namespace tests
