#include <tintype/formats/vectorxlite.hpp>
#include <tintype/stream/exporter.hpp>
#include <tintype/stream/importer.hpp>
#include <tintype/stream/raft.hpp>
#include <tintype/stream/sqlite.hpp>
#include <tintype/stream/staging.hpp>

#include <cstddef>

std::size_t size_of_the_end();

// Of a stream's final message over protobuf.
std::size_t size_of_the_end() {
    tintype::blob bytes;
    const auto written = tintype::vectorxlite::protobuf_wire::encode(
        {.metadata = {}, .file_chunk = {}, .sequence = 1, .is_final = true}, bytes);
    return written ? bytes.size() : 0;
}
