// One small file of each of the library's own binary formats.
//   files FOLDER

#include <tintype/chain/columnar.hpp>
#include <tintype/core/or_throw.hpp>
#include <tintype/formats/memvid.hpp>
#include <tintype/hash/hex.hpp>
#include <tintype/hash/poly31.hpp>
#include <tintype/replay/recorder.hpp>
#include <tintype/storage/directory.hpp>
#include <tintype/stream/native.hpp>

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

namespace {

namespace memvid = tintype::memvid;

struct store {
    std::uint64_t frames = 0;
};

struct summarise {
    using summary_type = memvid::state_snapshot;

    [[nodiscard]] summary_type operator()(const store& of) const {
        return {.frame_count = of.frames,
                .frame_ids = {of.frames},
                .lex_index_hash = {},
                .vec_index_hash = {},
                .wal_sequence = 0,
                .generation = of.frames};
    }
};

void write(const std::string& path, tintype::byte_view bytes) {
    std::ofstream out{path, std::ios::binary};
    const auto text = tintype::text_of(bytes);
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
}

// An ended session in the segment, and one in the journal that goes on.
void record_sessions(const std::string& folder) {
    using recorder = tintype::session_recorder<memvid::action_type, store,
                                               tintype::summarised_states<summarise>>;
    auto made = tintype::or_throw(recorder::open(tintype::directory{folder}, "sessions",
                                                 {.config = {.auto_checkpoint_interval = 2}}));
    for (const bool ends : {true, false}) {
        store now;
        tintype::or_throw(made.start("noon"));
        for (std::uint64_t i = 0; i != 3; ++i) {
            ++now.frames;
            tintype::or_throw(made.record(memvid::put{.frame_id = i}, {.affected = {i}}, now));
        }
        if (ends) {
            tintype::or_throw(made.end());
        }
    }
}

void write_manifest(const std::string& path) {
    const tintype::snapshot_info info{.id = "snap_1700000000000_0",
                                      .created_at = 1'700'000'000'000'000'000,
                                      .description = "the first",
                                      .state = tintype::blob(32, std::byte{7}),
                                      .data = "snap_1700000000000_0.snap",
                                      .data_size = 16};
    write(path, tintype::or_throw(tintype::chain_columns::encode_info<tintype::crc32c>(info)));
}

void write_stream(const std::string& path) {
    const std::string text(1000, 'x');
    const std::string name = "database.db";
    const auto content = tintype::bytes_of(text);
    const std::vector<tintype::file_info> files{
        {.file_name = name,
         .file_type = tintype::file_kind::sqlite_db,
         .file_size = text.size(),
         .checksum = tintype::to_hex(tintype::hash_of<tintype::poly31>(content))}};
    tintype::blob stream;
    const auto add = [&](const tintype::snapshot_chunk& chunk) {
        tintype::or_throw(tintype::native_wire::encode(chunk, stream));
    };
    add({.metadata =
             tintype::stream_metadata{.snapshot_id = "snap_1700000000000_01234567",
                                      .created_at = 1'700'000'000'000,
                                      .total_size = text.size(),
                                      .files = files,
                                      .version = 1,
                                      .checksum =
                                          tintype::checksum_of_files<tintype::poly31>(files)},
         .file_chunk = {},
         .sequence = 0,
         .is_final = false});
    for (const std::uint64_t half : {0, 1}) {
        const auto data = content.subspan(half * 500, 500);
        add({.metadata = {},
             .file_chunk = tintype::file_piece{.file_name = name,
                                               .offset = half * 500,
                                               .data = {data.begin(), data.end()},
                                               .is_last_chunk = half == 1},
             .sequence = 1 + half,
             .is_final = false});
    }
    add({.metadata = {}, .file_chunk = {}, .sequence = 3, .is_final = true});
    write(path, stream);
}

} // namespace

int main(int count, char** arguments) {
    if (count != 2) {
        return 2;
    }
    const std::string folder = arguments[1];
    try {
        record_sessions(folder);
        write_manifest(folder + "/manifest");
        write_stream(folder + "/stream");
        write(folder + "/data",
              tintype::bytes_of(std::string{"TTPIECES\1\0\0\0\0\0\0\0pieces", 22}));
    } catch (const tintype::exception& what) {
        std::puts(what.what());
        return 1;
    }
}
