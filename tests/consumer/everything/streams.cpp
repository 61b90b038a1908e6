#include <tintype/formats/vectorxlite.hpp>
#include <tintype/s3/answers.hpp>
#include <tintype/s3/curl.hpp>
#include <tintype/stream/exporter.hpp>
#include <tintype/stream/importer.hpp>
#include <tintype/stream/raft.hpp>
#include <tintype/stream/sqlite.hpp>
#include <tintype/stream/staging.hpp>

#if defined(__cpp_exceptions) // hnswlib throws
#include <tintype/stream/hnsw.hpp>
#endif

#include <cstddef>

std::size_t size_of_the_end();
bool knows_a_refusal();

// Of a stream's final message over protobuf.
std::size_t size_of_the_end() {
    tintype::blob bytes;
    const auto written = tintype::vectorxlite::protobuf_wire::encode(
        {.metadata = {}, .file_chunk = {}, .sequence = 1, .is_final = true}, bytes);
    return written ? bytes.size() : 0;
}

// Of a service for objects: needs pugixml, and libcurl for the transport that is made.
bool knows_a_refusal() {
    const tintype::curl_transport transport;
    const auto why = tintype::read_refusal(tintype::bytes_of("<Error><Code>No</Code></Error>"));
    return why && why->code == "No";
}
