// What becomes of a chunk on its way: each wire there and back beside copying the data there and
// back, the protobuf wire beside protoc's own code, and VectorXLite's checksum beside computing it
// as VectorXLite does.

#include <tintype/formats/vectorxlite.hpp>
#include <tintype/stream/native.hpp>

#include "baselines.hpp"
#include "harness.hpp"
#include "protobuf_peer.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace bench {
namespace {

// A power for each byte, by squaring.
[[gnu::noinline]] std::uint64_t powers_of_31(byte_view bytes) noexcept {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i != bytes.size(); ++i) {
        std::uint64_t power = 1;
        std::uint64_t square = 31;
        for (auto left = static_cast<std::uint32_t>(i); left != 0; left >>= 1U) {
            if ((left & 1U) != 0) {
                power *= square;
            }
            square *= square;
        }
        sum += std::to_integer<std::uint64_t>(bytes[i]) * power;
    }
    return sum;
}

void measure_poly31(std::size_t size, int rounds, rows& to) {
    std::vector<std::byte> bytes(size);
    std::vector<std::byte> copy(size);
    fill(bytes, 31);
    must(powers_of_31(bytes) == tintype::hash_of<tintype::poly31>(bytes), "another poly31");
    duel(to, "stream", "poly31, " + size_text(size),
         {.name = "ours",
          .run =
              [&] {
                  const auto sum = tintype::hash_of<tintype::poly31>(bytes);
                  keep(&sum);
              }},
         {{.run = {.name = "a power for each byte",
                   .run =
                       [&] {
                           const auto sum = powers_of_31(bytes);
                           keep(&sum);
                       }}},
          {.run = {.name = "memcpy",
                   .run =
                       [&] {
                           std::memcpy(copy.data(), bytes.data(), size);
                           keep(copy.data());
                       }}}},
         rounds, size);
}

[[nodiscard]] tintype::snapshot_chunk chunk_of(std::size_t size) {
    tintype::snapshot_chunk chunk{.metadata = {},
                                  .file_chunk =
                                      tintype::file_piece{.file_name = "database.db",
                                                          .offset = std::uint64_t{1} << 29U,
                                                          .data = tintype::blob(size),
                                                          .is_last_chunk = false},
                                  .sequence = 8193,
                                  .is_final = false};
    fill(chunk.file_chunk->data, 7);
    return chunk;
}

template <class Wire>
void decode(const tintype::blob& message, tintype::snapshot_chunk& into) {
    const auto found = must(Wire::extent(message, message.size()), "extent");
    must(found.known && found.size == message.size(), "another extent");
    if constexpr (tintype::reusing_wire<Wire>) {
        must(Wire::decode_into(message, into, {}), "decode");
    } else {
        into = must(Wire::decode(message, {}), "decode");
    }
}

template <class Wire>
[[nodiscard]] contender there_and_back(const tintype::snapshot_chunk& chunk, tintype::blob& message,
                                       tintype::snapshot_chunk& into) {
    return {.name = std::string{Wire::name}, .run = [&] {
                message.clear();
                must(Wire::encode(chunk, message), "encode");
                decode<Wire>(message, into);
                keep(into.file_chunk->data.data());
            }};
}

// The memory is used again, as a reader and a writer of streams do.
template <class Wire>
void measure_wire(std::size_t size, int rounds, rows& to) {
    const auto chunk = chunk_of(size);
    tintype::snapshot_chunk into;
    tintype::blob message;
    auto ours = there_and_back<Wire>(chunk, message, into);
    ours.run();
    must(into == chunk, "another chunk came back");
    std::vector<std::byte> there(size);
    std::vector<std::byte> back(size);
    duel(to, "stream", "chunk of " + size_text(size) + " by " + std::string{Wire::name},
         std::move(ours),
         {{.run = {.name = "memcpy there and back",
                   .run =
                       [&] {
                           std::memcpy(there.data(), chunk.file_chunk->data.data(), size);
                           keep(there.data());
                           std::memcpy(back.data(), there.data(), size);
                           keep(back.data());
                       }}}},
         rounds, size);
}

void measure_protobuf(std::size_t size, int rounds, rows& to) {
    using wire = tintype::vectorxlite::protobuf_wire;
    const auto chunk = chunk_of(size);
    const auto peer = protobuf_build(chunk);
    if (!peer) {
        return;
    }
    tintype::blob message;
    tintype::blob theirs;
    tintype::snapshot_chunk into;
    must(tintype::protobuf{}.size(chunk) == protobuf_encode(*peer, theirs), "another size");
    must(wire::encode(chunk, message), "encode");
    must(message.size() > theirs.size() &&
             std::memcmp(message.data() + message.size() - theirs.size(), theirs.data(),
                         theirs.size()) == 0,
         "other bytes than protoc's");
    const std::string what = "chunk of " + size_text(size) + ", protobuf: ";
    duel(to, "stream", what + "encode",
         {.name = "ours",
          .run =
              [&] {
                  message.clear();
                  must(wire::encode(chunk, message), "encode");
                  keep(message.data());
              }},
         {{.run = {.name = "protoc's C++",
                   .run =
                       [&] {
                           static_cast<void>(protobuf_encode(*peer, theirs));
                           keep(theirs.data());
                       }}}},
         rounds, size);
    duel(to, "stream", what + "decode",
         {.name = "ours",
          .run =
              [&] {
                  decode<wire>(message, into);
                  keep(into.file_chunk->data.data());
              }},
         {{.run = {.name = "protoc's C++",
                   .run = [&] { must(protobuf_decode(*peer, theirs), "protoc's decode"); }}}},
         rounds, size);
}

} // namespace

void measure_stream_wires(const options& chosen, rows& to) {
    const int rounds = chosen.quick ? 5 : 21;
    for (const std::size_t size : {64 * kib, 16 * mib}) {
        measure_poly31(size, rounds, to);
    }
    for (const std::size_t size : {64 * kib, mib}) {
        measure_wire<tintype::native_wire>(size, rounds, to);
        measure_wire<tintype::vectorxlite::protobuf_wire>(size, rounds, to);
        measure_wire<tintype::vectorxlite::raft_wire>(size, rounds, to);
        measure_protobuf(size, rounds, to);
    }
}

} // namespace bench
