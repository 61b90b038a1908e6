// The chunks of VectorXLite's Go cluster as its log holds them: a big-endian length and what Go's
// encoding/json prints for its structs, written out by hand.

#include <tintype/codec/json.hpp>
#include <tintype/codec/json/go_style.hpp>
#include <tintype/stream/byte_source.hpp>
#include <tintype/stream/framing.hpp>
#include <tintype/stream/reader.hpp>
#include <tintype/stream/wire.hpp>

#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace {

using tests::blob_of;
using tests::said;
using tintype::blob;
using tintype::snapshot_chunk;

using raft_wire =
    tintype::framed<tintype::big_endian_length, tintype::json<tintype::go_style>, "raft-json">;

struct printed {
    snapshot_chunk chunk;
    std::string_view text;
};

std::vector<printed> stream() {
    const tintype::stream_metadata about{.snapshot_id = "snap_1700000000123_00c0ffee",
                                         .created_at = 1700000000123,
                                         .total_size = 13,
                                         .files = {{.file_name = "database.db",
                                                    .file_type = tintype::file_kind::sqlite_db,
                                                    .file_size = 9,
                                                    .checksum = "00000000deadbeef"},
                                                   {.file_name = "a<b>&c.idx",
                                                    .file_type = tintype::file_kind::hnsw_index,
                                                    .file_size = 0,
                                                    .checksum = "0000000000000000"}},
                                         .version = 1,
                                         .checksum = "0123456789abcdef"};
    const auto piece = [](std::string_view name, std::uint64_t offset, blob data, bool last,
                          std::uint64_t sequence) {
        return snapshot_chunk{.metadata = {},
                              .file_chunk = tintype::file_piece{.file_name = std::string(name),
                                                                .offset = offset,
                                                                .data = std::move(data),
                                                                .is_last_chunk = last},
                              .sequence = sequence,
                              .is_final = false};
    };
    return {
        {{.metadata = about, .file_chunk = {}, .sequence = 0, .is_final = false},
         R"({"Metadata":{"SnapshotID":"snap_1700000000123_00c0ffee","CreatedAt":1700000000123,)"
         R"("TotalSize":13,"Files":[{"FileName":"database.db","FileType":1,"FileSize":9,)"
         R"("Checksum":"00000000deadbeef"},{"FileName":"a\u003cb\u003e\u0026c.idx","FileType":2,)"
         R"("FileSize":0,"Checksum":"0000000000000000"}],"Version":1,)"
         R"("Checksum":"0123456789abcdef"},"FileChunk":null,"Sequence":0,"IsFinal":false})"},
        {piece("database.db", 0, blob_of({0, 1, 2, 253, 254, 255}), false, 1),
         R"({"Metadata":null,"FileChunk":{"FileName":"database.db","Offset":0,"Data":"AAEC/f7/",)"
         R"("IsLastChunk":false},"Sequence":1,"IsFinal":false})"},
        {piece("database.db", 6, blob_of("abc?"), true, 2),
         R"({"Metadata":null,"FileChunk":{"FileName":"database.db","Offset":6,"Data":"YWJjPw==",)"
         R"("IsLastChunk":true},"Sequence":2,"IsFinal":false})"},
        {piece("a<b>&c.idx", 0, {}, true, 3),
         R"({"Metadata":null,"FileChunk":{"FileName":"a\u003cb\u003e\u0026c.idx","Offset":0,)"
         R"("Data":"","IsLastChunk":true},"Sequence":3,"IsFinal":false})"},
        {piece("far", std::numeric_limits<std::uint64_t>::max(), blob_of("x"), false,
               std::uint64_t{1} << 63U),
         R"({"Metadata":null,"FileChunk":{"FileName":"far","Offset":18446744073709551615,)"
         R"("Data":"eA==","IsLastChunk":false},"Sequence":9223372036854775808,"IsFinal":false})"},
        {{.metadata = {}, .file_chunk = {}, .sequence = 5, .is_final = true},
         R"({"Metadata":null,"FileChunk":null,"Sequence":5,"IsFinal":true})"},
    };
}

blob behind_length(std::string_view text) {
    blob message = blob_of({static_cast<unsigned>(text.size() >> 24U),
                            static_cast<unsigned>(text.size() >> 16U & 0xffU),
                            static_cast<unsigned>(text.size() >> 8U & 0xffU),
                            static_cast<unsigned>(text.size() & 0xffU)});
    tintype::append(message, tintype::bytes_of(text));
    return message;
}

} // namespace

TEST_CASE("golden: VectorXLite's Raft log, message by message") {
    for (const auto& [chunk, text] : stream()) {
        CAPTURE(text);
        blob message;
        CHECK(said(raft_wire::encode(chunk, message)) == "no error");
        CHECK(tintype::text_of(message).substr(4) == text);
        CHECK(message == behind_length(text));
        CHECK(raft_wire::decode(message) == chunk);
    }
}

TEST_CASE("golden: VectorXLite's Raft log, as one stream") {
    blob log;
    for (const auto& [chunk, text] : stream()) {
        tintype::append(log, behind_length(text));
    }
    tintype::memory_source source(log);
    tintype::chunk_reader<raft_wire, tintype::memory_source> reader(
        source, {.trailing = tintype::trailing::refuse});
    snapshot_chunk chunk;
    for (const auto& each : stream()) {
        REQUIRE(said(reader.next(chunk)) == "no error");
        CHECK(chunk == each.chunk);
    }
    CHECK(reader.next(chunk) == false);
}

TEST_CASE("golden: what Go writes for nil slices is read as empty ones") {
    const auto data = raft_wire::decode(
        behind_length(R"({"Metadata":null,"FileChunk":{"FileName":"f","Offset":0,"Data":null,)"
                      R"("IsLastChunk":true},"Sequence":1,"IsFinal":false})"));
    REQUIRE(said(data) == "no error");
    CHECK(data->file_chunk->data.empty());
    const auto files = raft_wire::decode(behind_length(
        R"({"Metadata":{"SnapshotID":"s","CreatedAt":-1,"TotalSize":0,"Files":null,"Version":1,)"
        R"("Checksum":""},"FileChunk":null,"Sequence":0,"IsFinal":false})"));
    REQUIRE(said(files) == "no error");
    CHECK(files->metadata->files.empty());
    CHECK(files->metadata->created_at == -1);
}

TEST_CASE("golden: what a newer VectorXLite might add is skipped") {
    const auto chunk = raft_wire::decode(behind_length(
        R"({"Codec":{"Name":"zstd","Levels":[1,2]},"Metadata":null,"FileChunk":null,"IsFinal":true,)"
        R"("Sequence":7})"));
    CHECK(chunk ==
          snapshot_chunk{.metadata = {}, .file_chunk = {}, .sequence = 7, .is_final = true});
}
