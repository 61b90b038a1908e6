// Databases and streams for tests of the tool.

#include "chunk_streams.hpp"

#include <tintype/formats/vectorxlite.hpp>
#include <tintype/stream/native.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <sqlite3.h>

namespace tests {

namespace {

struct close_database {
    void operator()(sqlite3* of) const noexcept { sqlite3_close_v2(of); }
};

using database = std::unique_ptr<sqlite3, close_database>;

[[nodiscard]] database open_database(const std::string& path) {
    sqlite3* raw = nullptr;
    const int status = sqlite3_open(path.c_str(), &raw);
    database opened{raw};
    REQUIRE(status == SQLITE_OK);
    return opened;
}

void run(const database& on, const std::string& statements) {
    const int status = sqlite3_exec(on.get(), statements.c_str(), nullptr, nullptr, nullptr);
    CAPTURE(sqlite3_errmsg(on.get()));
    REQUIRE(status == SQLITE_OK);
}

} // namespace

void run_in_database(const std::string& path, const std::string& statements) {
    run(open_database(path), statements);
}

void make_database(const std::string& path, std::uint64_t rows) {
    run_in_database(path, "PRAGMA journal_mode = WAL; BEGIN; CREATE TABLE t(n INTEGER, x TEXT);"
                          "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT " +
                              std::to_string(rows) +
                              ") INSERT INTO t SELECT n, hex(n * 7919) FROM c; COMMIT");
}

std::string ask_database(const std::string& path, const std::string& question) {
    const auto on = open_database(path);
    sqlite3_stmt* raw = nullptr;
    REQUIRE(sqlite3_prepare_v2(on.get(), question.c_str(), -1, &raw, nullptr) == SQLITE_OK);
    std::string answer;
    if (sqlite3_step(raw) == SQLITE_ROW) {
        answer = reinterpret_cast<const char*>(sqlite3_column_text(raw, 0));
    }
    sqlite3_finalize(raw);
    return answer;
}

held_database::held_database(const std::string& path) {
    auto opened = open_database(path);
    run(opened, "BEGIN EXCLUSIVE");
    of_ = opened.release();
}

held_database::~held_database() {
    sqlite3_close_v2(of_);
}

void checksum_again(chunks& stream) {
    auto& metadata = *stream.front().metadata;
    metadata.checksum = tintype::checksum_of_files<tintype::sha256>(metadata.files);
}

chunks chunks_of(const named_bytes& files, std::size_t chunk_size) {
    chunks all(1);
    tintype::stream_metadata metadata{.snapshot_id = "snap_1700000000000_01234567",
                                      .created_at = 1700000000000,
                                      .total_size = 0,
                                      .files = {},
                                      .version = 1,
                                      .checksum = {}};
    for (const auto& [name, bytes] : files) {
        metadata.total_size += bytes.size();
        metadata.files.push_back(
            {.file_name = name,
             .file_type = name.ends_with(".db") ? tintype::file_kind::sqlite_db
                                                : tintype::file_kind::unknown,
             .file_size = bytes.size(),
             .checksum = tintype::to_hex(tintype::hash_of<tintype::sha256>(bytes))});
        for (std::size_t at = 0;; at += chunk_size) {
            const auto size = std::min(chunk_size, bytes.size() - at);
            const auto data = tintype::byte_view{bytes}.subspan(at, size);
            all.push_back(
                {.metadata = {},
                 .file_chunk = tintype::file_piece{.file_name = name,
                                                   .offset = at,
                                                   .data = {data.begin(), data.end()},
                                                   .is_last_chunk = at + size == bytes.size()},
                 .sequence = all.size(),
                 .is_final = false});
            if (at + size == bytes.size()) {
                break;
            }
        }
    }
    all.push_back({.metadata = {}, .file_chunk = {}, .sequence = all.size(), .is_final = true});
    all.front().metadata = std::move(metadata);
    checksum_again(all);
    return all;
}

std::vector<tintype::blob> messages_of(const std::string& wire, const chunks& stream) {
    std::vector<tintype::blob> messages;
    for (const tintype::snapshot_chunk& each : stream) {
        tintype::blob message;
        const auto done = wire == "native" ? tintype::native_wire::encode(each, message)
                          : wire == "protobuf"
                              ? tintype::vectorxlite::protobuf_wire::encode(each, message)
                              : tintype::vectorxlite::raft_wire::encode(each, message);
        REQUIRE(done);
        messages.push_back(std::move(message));
    }
    return messages;
}

tintype::blob stream_of(const std::string& wire, const chunks& stream) {
    tintype::blob bytes;
    for (const tintype::blob& each : messages_of(wire, stream)) {
        bytes.insert(bytes.end(), each.begin(), each.end());
    }
    return bytes;
}

} // namespace tests
