// VectorXLite's wires and checksums through an exporter and an importer.

#include <tintype/formats/vectorxlite.hpp>
#include <tintype/storage/posix.hpp>
#include <tintype/stream/native.hpp>

#include "support/bytes.hpp"
#include "support/transfers.hpp"

#include <doctest/doctest.h>

#include <string>

namespace vectorxlite = tintype::vectorxlite;

TEST_CASE("files of every size arrive over protobuf under SHA-256") {
    tests::check_every_transfer<tintype::sha256, vectorxlite::protobuf_wire>();
}

TEST_CASE("an importer that knows both checksums takes either") {
    const tests::stream_file first{"database.db", tests::noise(5000, 1),
                                   tintype::file_kind::sqlite_db};
    const tests::stream_file second{"index_0.idx", {}, tintype::file_kind::hnsw_index};
    const auto arrives = [&]<class Hash, class Wire>() {
        tests::memory_target target;
        tintype::importer<vectorxlite::checksums, tests::memory_staging> into{
            tests::memory_staging{target}};
        tests::transfer_stream<Hash, Wire>(first, second, 64, into);
        CHECK(into.metadata()->files[0].checksum ==
              tintype::to_hex(tintype::hash_of<Hash>(first.bytes)));
        CHECK(into.metadata()->files[0].checksum.size() == 2 * tintype::digest_size<Hash>);
        CHECK((target.files.at("database.db") == first.bytes));
        CHECK(target.files.at("index_0.idx").empty());
    };
    arrives.operator()<tintype::sha256, vectorxlite::protobuf_wire>();
    arrives.operator()<tintype::poly31, vectorxlite::protobuf_wire>();
    arrives.operator()<tintype::poly31, vectorxlite::raft_wire>();
    arrives.operator()<tintype::sha256, tintype::native_wire>();
}

TEST_CASE("the messages around a stream are protobuf's, byte for byte") {
    const vectorxlite::export_request request{.chunk_size = 65536, .include_index_files = true};
    const auto asked = tintype::encode<tintype::protobuf>(request);
    REQUIRE(asked);
    CHECK(*asked == tests::blob_of({0x08, 0x80, 0x80, 0x04, 0x10, 0x01}));
    CHECK(tintype::decode<tintype::protobuf, vectorxlite::export_request>(*asked) == request);

    const vectorxlite::import_response response{.success = true,
                                                .error_message = {},
                                                .snapshot_id = "snap_1",
                                                .bytes_restored = 300,
                                                .files_restored = 2};
    const auto answered = tintype::encode<tintype::protobuf>(response);
    REQUIRE(answered);
    CHECK(*answered == tests::blob_of({0x08, 0x01, 0x1a, 0x06, 's', 'n', 'a', 'p', '_', '1', 0x20,
                                       0xac, 0x02, 0x28, 0x02}));
    CHECK(tintype::decode<tintype::protobuf, vectorxlite::import_response>(*answered) == response);
}

TEST_CASE("the final chunk in either wire") {
    const tintype::snapshot_chunk last{
        .metadata = {}, .file_chunk = {}, .sequence = 300, .is_final = true};
    tintype::blob message;
    REQUIRE(vectorxlite::protobuf_wire::encode(last, message));
    CHECK(message == tests::blob_of({0x05, 0x18, 0xac, 0x02, 0x20, 0x01}));
    message.clear();
    REQUIRE(vectorxlite::raft_wire::encode(last, message));
    const std::string text{R"({"Metadata":null,"FileChunk":null,"Sequence":300,"IsFinal":true})"};
    REQUIRE(message.size() == 4 + text.size());
    CHECK(message[3] == static_cast<std::byte>(text.size()));
    CHECK(tintype::text_of(tintype::byte_view{message}.subspan(4)) == text);
}
