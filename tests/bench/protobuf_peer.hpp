#pragma once

// A chunk in the C++ that protoc makes of VectorXLite's messages, as what our encoding of the same
// bytes is measured against. Where libprotobuf is not installed `protobuf_build` gives null and
// nothing else may be called.

#include <tintype/core/bytes.hpp>
#include <tintype/stream/chunk.hpp>

#include <cstddef>
#include <memory>

namespace bench {

struct protobuf_peer;

struct protobuf_closer {
    void operator()(protobuf_peer* peer) const noexcept;
};

using protobuf_handle = std::unique_ptr<protobuf_peer, protobuf_closer>;

// A message that holds what the chunk, which has a file's piece, does.
[[nodiscard]] protobuf_handle protobuf_build(const tintype::snapshot_chunk& chunk);

// Its bytes, in memory that is used again; how many they are.
[[nodiscard]] std::size_t protobuf_encode(protobuf_peer& peer, tintype::blob& to);

// Into a message of the peer's that is used again.
[[nodiscard]] bool protobuf_decode(protobuf_peer& peer, tintype::byte_view bytes);

} // namespace bench
