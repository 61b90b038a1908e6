// Writes the messages of a stream into a folder, one a file, for protoc to read.
//   protoc_messages FOLDER

#include <tintype/codec/protobuf.hpp>
#include <tintype/hash/crc32c.hpp>
#include <tintype/stream/chunk.hpp>

#include "support/bytes.hpp"
#include "support/streams.hpp"

#include <cstdio>
#include <memory>
#include <string>

int main(int count, char** arguments) {
    if (count != 2) {
        std::fputs("protoc_messages FOLDER\n", stderr);
        return 2;
    }
    const auto chunks =
        tests::chunks_of({{"database.db", tests::noise(1000, 1), tintype::file_kind::sqlite_db},
                          {"index_0.idx", {}, tintype::file_kind::hnsw_index},
                          {"index_1.idx", tests::noise(128, 2), tintype::file_kind::hnsw_index}},
                         128);
    for (const tintype::snapshot_chunk& each : chunks) {
        const auto message = tintype::encode<tintype::protobuf>(each);
        const auto path = arguments[1] + ("/" + std::to_string(each.sequence)) + ".bin";
        const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{std::fopen(path.c_str(), "wb"),
                                                                   &std::fclose};
        if (!message || !file ||
            std::fwrite(message->data(), 1, message->size(), file.get()) != message->size()) {
            std::fprintf(stderr, "cannot write %s\n", path.c_str());
            return 1;
        }
    }
    return 0;
}
