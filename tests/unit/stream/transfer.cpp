// From an exporter over each wire to an importer, every size at every chunk size.

#include <tintype/codec/json.hpp>
#include <tintype/codec/json/go_style.hpp>
#include <tintype/hash/crc32c.hpp>
#include <tintype/storage/posix.hpp>
#include <tintype/stream/framing.hpp>
#include <tintype/stream/native.hpp>
#include <tintype/stream/staging.hpp>

#include "support/bytes.hpp"
#include "support/scratch.hpp"
#include "support/transfers.hpp"

#include <doctest/doctest.h>

#include <string>

namespace {

using raft_json = tintype::framed<tintype::big_endian_length, tintype::json<tintype::go_style>>;

} // namespace

TEST_CASE("files of every size arrive over the native wire") {
    tests::check_every_transfer<tintype::crc32c, tintype::native_wire>();
}

TEST_CASE("files of every size arrive over the JSON of a Raft log") {
    tests::check_every_transfer<tintype::crc32c, raft_json>();
}

TEST_CASE("a folder of real files becomes the new ones, and then those after them") {
    const tests::scratch folder;
    using importer = tintype::importer<tintype::hash_choice<tintype::crc32c>, tintype::staging<>>;
    for (const std::uint64_t seed : {1U, 2U, 3U}) {
        const tests::stream_file first{"database.db", tests::noise(100'000 * seed, seed),
                                       tintype::file_kind::sqlite_db};
        const tests::stream_file second{"index_0.idx", tests::noise(70'000, seed + 10),
                                        tintype::file_kind::hnsw_index};
        auto staging = tintype::staging<>::open(folder.path());
        REQUIRE(staging);
        importer into{*std::move(staging)};
        tests::transfer_stream<tintype::crc32c, tintype::native_wire>(first, second, 4096, into);
        CHECK((tests::file_bytes(folder.path() + "/database.db") == first.bytes));
        CHECK((tests::file_bytes(folder.path() + "/index_0.idx") == second.bytes));
    }
}
