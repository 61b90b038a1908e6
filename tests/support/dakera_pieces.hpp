#pragma once

// Dakera's data by its codec alone, below the chain: bytes to pieces, and pieces to bytes.

#include <tintype/formats/dakera.hpp>

#include <vector>

namespace tests {

namespace dakera = tintype::dakera;

using vector_pieces = std::vector<tintype::loaded_piece<dakera::vector_entry>>;

// All pieces in the data.
template <class Codec = dakera::chain_json<>>
[[nodiscard]] tintype::result<vector_pieces>
pieces_in(tintype::byte_view data, const tintype::snapshot_info& info,
          const tintype::decode_options& options = {}) {
    std::vector<const tintype::piece_info*> wanted;
    for (const tintype::piece_info& each : info.pieces) {
        wanted.push_back(&each);
    }
    return Codec::template decode<dakera::vector_entry>(data, info, wanted, options);
}

// The data of such pieces. `info` is told of them.
template <class Codec = dakera::chain_json<>>
[[nodiscard]] tintype::result<tintype::blob> data_of(const vector_pieces& pieces,
                                                     tintype::snapshot_info& info) {
    std::vector<tintype::part_piece<dakera::vector_entry>> parts;
    for (const auto& each : pieces) {
        parts.push_back({.name = each.name,
                         .kind = each.kind,
                         .records = tintype::record_list<dakera::vector_entry>::of(each.records),
                         .total = each.total});
    }
    tintype::blob data;
    tintype::blob_sink sink{data};
    const tintype::no_side* none = nullptr;
    auto done = Codec::template encode<tintype::no_hash>(info, parts, none, sink);
    return done ? tintype::result<tintype::blob>{std::move(data)} : tintype::pass(done);
}

} // namespace tests
