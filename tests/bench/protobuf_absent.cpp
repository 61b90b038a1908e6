// The peer where libprotobuf is not installed: there is none.

#include "harness.hpp"
#include "protobuf_peer.hpp"

namespace bench {
namespace {

constexpr std::string_view absent = "libprotobuf is not installed";

} // namespace

void protobuf_closer::operator()(protobuf_peer* /*peer*/) const noexcept {}

protobuf_handle protobuf_build(const tintype::snapshot_chunk& /*chunk*/) {
    return nullptr;
}

std::size_t protobuf_encode(protobuf_peer& /*peer*/, tintype::blob& /*to*/) {
    die(absent);
}

bool protobuf_decode(protobuf_peer& /*peer*/, tintype::byte_view /*bytes*/) {
    die(absent);
}

} // namespace bench
