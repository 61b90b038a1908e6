// The peer, of what protoc makes of snapshot.proto.

#include "protobuf_peer.hpp"

#include "snapshot.pb.h"

#include <string>

namespace bench {

struct protobuf_peer {
    vectorxlite::SnapshotChunkPB message{};
    vectorxlite::SnapshotChunkPB decoded{};
};

void protobuf_closer::operator()(protobuf_peer* peer) const noexcept {
    delete peer;
}

protobuf_handle protobuf_build(const tintype::snapshot_chunk& chunk) {
    protobuf_handle made{new protobuf_peer};
    const tintype::file_piece& piece = *chunk.file_chunk;
    auto& file = *made->message.mutable_file_chunk();
    file.set_file_name(piece.file_name);
    file.set_offset(piece.offset);
    file.set_data(std::string{tintype::text_of(piece.data)});
    file.set_is_last_chunk(piece.is_last_chunk);
    made->message.set_sequence(chunk.sequence);
    made->message.set_is_final(chunk.is_final);
    return made;
}

std::size_t protobuf_encode(protobuf_peer& peer, tintype::blob& to) {
    const std::size_t size = peer.message.ByteSizeLong();
    to.resize(size);
    return peer.message.SerializeToArray(to.data(), static_cast<int>(size)) ? size : 0;
}

bool protobuf_decode(protobuf_peer& peer, tintype::byte_view bytes) {
    return peer.decoded.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

} // namespace bench
