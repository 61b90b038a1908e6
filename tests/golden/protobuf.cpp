// Messages that protoc 3.21 has encoded from the texts beside them, in this way (the schema of the
// chunks, the request and the response is ../vectorxlite/snapshot.proto):
//
//   protoc --deterministic_output --encode=tintype.tests.Kinds kinds.proto
//       < kinds_full.textproto > kinds_full.bin
//
// They are read as the values written here, and those are written as the same bytes.

#include <tintype/codec/protobuf.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/stream/chunk.hpp>

#include "support/bytes.hpp"
#include "support/protobuf_values.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string>

#ifndef TINTYPE_GOLDEN
#error "define TINTYPE_GOLDEN as the path of tests/golden"
#endif

namespace {

using tests::protobuffed::kinds;
using tintype::protobuf;
using tintype::snapshot_chunk;

struct export_request {
    BOOST_HANA_DEFINE_STRUCT(export_request, (std::uint32_t, chunk_size),
                             (bool, include_index_files));
    bool operator==(const export_request&) const = default;
};

struct import_response {
    BOOST_HANA_DEFINE_STRUCT(import_response, (bool, success), (std::string, error_message),
                             (std::string, snapshot_id), (std::uint64_t, bytes_restored),
                             (std::uint32_t, files_restored));
    bool operator==(const import_response&) const = default;
};

tintype::blob golden(const std::string& name) {
    return tests::file_bytes(TINTYPE_GOLDEN "/protobuf/" + name + ".bin");
}

// A read message in which a number is none is not equal to itself: its bytes are.
template <class Message>
void check_golden(const std::string& name, const Message& wanted, bool comparable = true) {
    CAPTURE(name);
    const auto bytes = golden(name);
    REQUIRE(bytes.empty() == (name == "kinds_empty"));
    const auto read = tintype::decode<protobuf, Message>(bytes);
    REQUIRE(tests::said(read) == "no error");
    if (comparable) {
        CHECK((*read == wanted));
    }
    CHECK(tintype::encode<protobuf>(*read) == bytes);
    CHECK(tintype::encode<protobuf>(wanted) == bytes);
    CHECK(protobuf::size(wanted) == bytes.size());
}

} // namespace

TEST_CASE("golden: every kind of protobuf's fields, as protoc writes them") {
    check_golden("kinds_empty", kinds{});
    check_golden("kinds_full", tests::protobuffed::full_kinds());
    check_golden("kinds_edges", tests::protobuffed::edge_kinds(), false);
}

TEST_CASE("golden: VectorXLite's chunks, as protoc writes them") {
    using tintype::file_kind;
    snapshot_chunk first{};
    first.metadata = {.snapshot_id = "snap_1712345678901_0a1b2c3d",
                      .created_at = 1712345678901,
                      .total_size = 200064,
                      .files = {{"database.db", file_kind::sqlite_db, 200000, "00c0ffee00c0ffee"},
                                {"index_0.idx", file_kind::hnsw_index, 64, "0123456789abcdef"},
                                {"database.db-wal", file_kind::wal, 0, ""}},
                      .version = 1,
                      .checksum = "fedcba9876543210"};
    check_golden("chunk_metadata", first);

    snapshot_chunk data{};
    auto text = tests::blob_of("SQLite format 3");
    tintype::append(text, tests::blob_of({0, 16, 0, 1, 1, 0, 64, 32, 32, 255, 254, 128}));
    data.file_chunk = {
        .file_name = "database.db", .offset = 65536, .data = text, .is_last_chunk = true};
    data.sequence = 2;
    check_golden("chunk_data", data);

    snapshot_chunk empty{};
    empty.file_chunk = {.file_name = "index_0.idx", .offset = 0, .data = {}, .is_last_chunk = true};
    empty.sequence = 128;
    check_golden("chunk_empty_file", empty);

    check_golden("chunk_final",
                 snapshot_chunk{.metadata = {}, .file_chunk = {}, .sequence = 5, .is_final = true});
}

TEST_CASE("golden: a file type that has no name yet, files without any, the largest numbers") {
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    snapshot_chunk extreme{};
    extreme.metadata.emplace();
    extreme.metadata->created_at = -1;
    extreme.metadata->total_size = most;
    extreme.metadata->files.resize(2);
    extreme.metadata->files[0].file_type = tintype::file_kind{7};
    extreme.metadata->version = std::numeric_limits<std::uint32_t>::max();
    extreme.file_chunk.emplace();
    extreme.sequence = most;
    check_golden("chunk_extremes", extreme);
}

TEST_CASE("golden: VectorXLite's request and response, as protoc writes them") {
    check_golden("export_request", export_request{65536, true});
    check_golden("import_response",
                 import_response{true, "", "snap_1712345678901_0a1b2c3d", 200064, 3});
}
