#pragma once

// Databases and streams of chunks for tests of the tool: whole ones, and such as nobody should
// send.

#include <tintype/core/bytes.hpp>
#include <tintype/stream/chunk.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

struct sqlite3;

namespace tests {

// One table of so many rows.
void make_database(const std::string& path, std::uint64_t rows);

// The first column of the first row.
[[nodiscard]] std::string ask_database(const std::string& path, const std::string& question);

void run_in_database(const std::string& path, const std::string& statements);

// Keeps everybody else out of a database for as long as it lives.
class held_database {
public:
    explicit held_database(const std::string& path);
    held_database(const held_database&) = delete;
    held_database& operator=(const held_database&) = delete;
    ~held_database();

private:
    sqlite3* of_ = nullptr;
};

using named_bytes = std::vector<std::pair<std::string, tintype::blob>>;
using chunks = std::vector<tintype::snapshot_chunk>;

// What an exporter would send.
[[nodiscard]] chunks chunks_of(const named_bytes& files, std::size_t chunk_size);

// After something in the metadata was changed.
void checksum_again(chunks& stream);

// In the wire of that name, each as one message.
[[nodiscard]] std::vector<tintype::blob> messages_of(const std::string& wire, const chunks& stream);
[[nodiscard]] tintype::blob stream_of(const std::string& wire, const chunks& stream);

inline const std::vector<std::string> wires{"native", "protobuf", "raft-json"};

} // namespace tests
