#pragma once

// The body for Dakera's files: whatever is accepted, as metadata or as data, is written and read
// again as the same, and the numbers in it agree.

#include <tintype/chain/manifest.hpp>
#include <tintype/core/identical.hpp>
#include <tintype/formats/dakera.hpp>
#include <tintype/hash/crc32c.hpp>

#include "bodies.hpp"
#include "support/dakera_pieces.hpp"

#include <cstddef>
#include <cstdint>

namespace tests::fuzz {

inline void dakera_metadata(byte_view bytes) {
    using codec = dakera::chain_json<>;
    const auto info = codec::decode_info(bytes);
    if (!info) {
        const auto offset = info.error().offset;
        must(offset == tintype::error::no_offset || offset <= bytes.size(), "errors are inside");
        must(info.error().code != tintype::errc{}, "errors have a code");
        return;
    }
    const auto text = codec::encode_info<tintype::crc32c>(*info);
    must(text.has_value(), "metadata that was read can be written");
    const auto again = codec::decode_info(*text);
    must(again && *again == *info, "and says the same");
    must(codec::encode_info<tintype::crc32c>(*again) == text, "in the same way");
    if (const auto good = plausible(*info, info->id); !good) {
        must(good.error().code != tintype::errc{}, "errors have a code");
    }
}

// Under metadata that fits it as far as it can.
inline void dakera_data(byte_view bytes) {
    const auto data = tintype::decode<tintype::json<>, dakera::stored_data>(bytes);
    if (!data) {
        return;
    }
    auto beside = data->metadata;
    beside.size_bytes = bytes.size();
    const auto meta = tintype::encode<tintype::json<>>(beside);
    must(meta.has_value(), "what was read can be written");
    auto info = dakera::chain_json<>::decode_info(*meta);
    if (!info) {
        return;
    }
    info->data = "data";
    const auto pieces = pieces_in(bytes, *info);
    if (!pieces) {
        must(pieces.error().where.view().starts_with("data: "), "errors name the object");
        return;
    }
    must(check(*data).has_value(), "what is accepted agrees with itself");
    std::uint64_t records = 0;
    for (const auto& each : *pieces) {
        must(each.total == each.records.size(), "a piece knows its records");
        records += each.records.size();
    }
    must(records == info->records, "and the metadata does");
    auto told = *info;
    const auto written = data_of(*pieces, told);
    must(written.has_value(), "what was read can be written");
    must(told.pieces.size() == pieces->size() && told.records == records, "and is counted");
    const auto again = pieces_in(*written, told);
    must(again.has_value(), "what was written can be read");
    for (std::size_t i = 0; i != pieces->size(); ++i) {
        must((*again)[i].name == (*pieces)[i].name && (*again)[i].kind == (*pieces)[i].kind &&
                 tintype::identical((*again)[i].records, (*pieces)[i].records),
             "and is the same to the last bit");
    }
    must(data_of(*again, told) == written, "in the same bytes");
}

inline void fuzz_dakera(byte_view bytes) {
    dakera_metadata(bytes);
    dakera_data(bytes);
}

} // namespace tests::fuzz
