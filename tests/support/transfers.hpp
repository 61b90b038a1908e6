#pragma once

// Files through an exporter, a wire and an importer, and into a folder or memory.

#include <tintype/core/bytes.hpp>
#include <tintype/core/sink.hpp>
#include <tintype/hash/choice.hpp>
#include <tintype/stream/byte_source.hpp>
#include <tintype/stream/exporter.hpp>
#include <tintype/stream/importer.hpp>
#include <tintype/stream/reader.hpp>
#include <tintype/stream/source.hpp>
#include <tintype/stream/wire.hpp>

#include "support/streams.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace tests {

template <class Hash>
[[nodiscard]] tintype::result<tintype::exporter<Hash>>
exporter_of(const stream_file& first, const stream_file& second, std::size_t chunk_size) {
    return tintype::exporter<Hash>::open(
        {.chunk_size = chunk_size}, tintype::source_of(first.name, first.bytes, first.kind),
        tintype::source_of(second.name, second.bytes, second.kind));
}

// The whole stream as bytes, and back through a reader.
template <class Hash, class Wire, class Importer>
void transfer_stream(const stream_file& first, const stream_file& second, std::size_t chunk_size,
                     Importer& into) {
    auto from = exporter_of<Hash>(first, second, chunk_size);
    REQUIRE(from);
    tintype::blob bytes;
    tintype::blob_sink sink{bytes};
    const auto written = tintype::write_stream<Wire>(*from, sink);
    REQUIRE(written);
    REQUIRE(*written == bytes.size());
    tintype::memory_source source{bytes};
    tintype::chunk_reader<Wire, tintype::memory_source> reader{source};
    const auto done = tintype::import_all(into, reader);
    REQUIRE(done);
    CHECK(done->snapshot_id == from->metadata().snapshot_id);
    CHECK(done->files_restored == 2);
    CHECK(reader.chunks() == from->chunk_count());
}

// Message by message, so that the stream may be larger than memory.
template <class Hash, class Wire, class Importer>
void transfer_messages(const stream_file& first, const stream_file& second, std::size_t chunk_size,
                       Importer& into) {
    auto from = exporter_of<Hash>(first, second, chunk_size);
    REQUIRE(from);
    tintype::snapshot_chunk sent{};
    tintype::blob message;
    tintype::decode_options options;
    options.limits.count = std::size_t{1} << 24U;
    for (std::uint64_t sequence = 0; sequence != from->chunk_count(); ++sequence) {
        message.clear();
        REQUIRE(from->read(sequence, sent));
        REQUIRE(Wire::encode(sent, message));
        const auto received = Wire::decode(message, options);
        REQUIRE(received);
        REQUIRE(into.add(*received));
    }
    REQUIRE(into.finish());
}

// Every size around every boundary of a chunk size.
[[nodiscard]] inline std::vector<std::size_t> sizes_around(std::size_t chunk_size) {
    return {0,
            1,
            chunk_size - 1,
            chunk_size,
            chunk_size + 1,
            2 * chunk_size - 1,
            2 * chunk_size,
            2 * chunk_size + 1};
}

inline constexpr std::size_t seventeen_mib = std::size_t{17} << 20U;

// In memory: how the bytes come to lie in files is another test's.
template <class Hash, class Wire>
void check_transfers(const std::vector<std::size_t>& sizes, std::size_t chunk_size, bool whole) {
    for (const std::size_t size : sizes) {
        CAPTURE(size);
        CAPTURE(chunk_size);
        const stream_file first{"database.db", noise(size, size), tintype::file_kind::sqlite_db};
        const stream_file second{"index_0.idx", noise(size == 0 ? 3 : size % 5, 2),
                                 tintype::file_kind::hnsw_index};
        memory_target target;
        tintype::importer<tintype::hash_choice<Hash>, memory_staging> into{memory_staging{target}};
        if (whole) {
            transfer_stream<Hash, Wire>(first, second, chunk_size, into);
        } else {
            transfer_messages<Hash, Wire>(first, second, chunk_size, into);
        }
        REQUIRE(target.commits == 1);
        CHECK((target.files.at(first.name) == first.bytes));
        CHECK((target.files.at(second.name) == second.bytes));
    }
}

template <class Hash, class Wire>
void check_every_transfer() {
    for (const std::size_t chunk_size : {1U, 7U, 4096U, 65536U, 1U << 20U}) {
        check_transfers<Hash, Wire>(sizes_around(chunk_size), chunk_size, true);
    }
    for (const std::size_t chunk_size : {65536U, 1U << 20U}) {
        check_transfers<Hash, Wire>({seventeen_mib}, chunk_size, true);
    }
#if defined(__OPTIMIZE__) && !defined(TINTYPE_EMULATED)
    // Millions of messages, which take a sanitized build minutes.
    for (const std::size_t chunk_size : {1U, 7U, 4096U}) {
        check_transfers<Hash, Wire>({seventeen_mib}, chunk_size, false);
    }
#endif
}

} // namespace tests
