#pragma once

// The body for chains: a manifest that is accepted is the one encoding of what it says, and data is
// read the same however it is asked for. The first byte of the input says which; where it is data,
// the bytes behind say what a manifest claims of it, so that counts, places and kinds lie freely.

#include <tintype/chain/columnar.hpp>
#include <tintype/chain/fold.hpp>

#include "bodies.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tests::fuzz {

using chain_record = std::pair<const std::uint64_t, std::string>;
using lent_chain_record = std::pair<std::uint64_t, std::string_view>;

inline void fuzz_manifest(byte_view bytes) {
    using codec = tintype::chain_columns;
    const auto look = [](byte_view some) {
        const auto info = codec::decode_info(some);
        if (!info) {
            const auto offset = info.error().offset;
            must(offset == tintype::error::no_offset || offset <= some.size(),
                 "chain: a refusal is in the manifest");
            must(info.error().code != tintype::errc{}, "chain: a refusal has a code");
            return;
        }
        const auto again = codec::encode_info<tintype::crc32c>(*info);
        must(again && std::ranges::equal(*again, some), "chain: a manifest has one encoding");
        // Whatever is plausible lies within the data.
        if (plausible(*info, info->id)) {
            for (const tintype::piece_info& each : info->pieces) {
                must(each.offset <= info->data_size && each.size <= info->data_size - each.offset,
                     "chain: pieces are in the data");
            }
            must((info->type == tintype::snapshot_kind::full) == !info->parent_id,
                 "chain: increments have parents");
        }
    };
    look(bytes);
    blob sealed(bytes.begin(), bytes.end());
    if (sealed.size() >= 4) {
        const auto body = byte_view{sealed}.first(sealed.size() - 4);
        tintype::store<std::endian::little>(sealed.data() + body.size(),
                                            tintype::hash_of<tintype::crc32c>(body));
        look(sealed);
    }
}

// What is said of the data, and the data.
struct claimed {
    tintype::snapshot_info info;
    blob data;
};

// Pieces one after another, each where it belongs; what is left over is behind the last. A flag
// moves one of them, or lies about the size of the whole.
inline claimed claims_of(unsigned flags, byte_view bytes) {
    const auto next = [&] {
        const auto byte = bytes.empty() ? 0U : std::to_integer<unsigned>(bytes[0]);
        bytes = bytes.subspan(bytes.empty() ? 0 : 1);
        return byte;
    };
    claimed made;
    made.info.id = "s";
    made.info.data = "s.snap";
    made.info.type = tintype::snapshot_kind::incremental;
    made.info.parent_id = "p";
    made.info.schema = tintype::columns::schema<chain_record>();
    tintype::append(made.data, tintype::bytes_of("TTPIECES"));
    made.data.resize(16, std::byte{0});
    made.data[8] = std::byte{1};
    const std::size_t count = next() % 5;
    for (std::size_t i = 0; i != count; ++i) {
        tintype::piece_info piece{.name = std::string(1, static_cast<char>('a' + i)),
                                  .kind = static_cast<tintype::piece_kind>(next() % 5),
                                  .records = next(),
                                  .erased = next(),
                                  .total = next()};
        piece.size = next();
        piece.size += 256U * (next() % 4);
        made.info.pieces.push_back(std::move(piece));
    }
    for (tintype::piece_info& each : made.info.pieces) {
        if (each.kind == tintype::piece_kind::dropped) {
            each.size = 0;
            continue;
        }
        const auto begin = (made.data.size() + 63) / 64 * 64;
        const auto taken = bytes.first(std::min<std::size_t>(bytes.size(), each.size));
        bytes = bytes.subspan(taken.size());
        made.data.resize(begin, std::byte{0});
        tintype::append(made.data, taken);
        each.offset = begin;
        each.size = taken.size();
    }
    tintype::append(made.data, bytes);
    made.info.data_size = made.data.size();
    if ((flags & 2U) != 0 && count != 0) {
        made.info.pieces[flags / 16 % count].offset += (flags & 4U) != 0 ? ~std::uint64_t{0} : 1;
    }
    if ((flags & 8U) != 0) {
        made.info.data_size += flags / 16;
    }
    return made;
}

template <class R>
auto decoded_claims(const claimed& of, bool backwards) {
    std::vector<const tintype::piece_info*> wanted;
    for (const tintype::piece_info& each : of.info.pieces) {
        if (each.kind != tintype::piece_kind::side) {
            wanted.push_back(&each);
        }
    }
    if (backwards) {
        std::ranges::reverse(wanted);
    }
    return tintype::chain_columns::decode<R>(of.data, of.info, wanted, {});
}

inline void fuzz_pieces(unsigned flags, byte_view bytes) {
    using codec = tintype::chain_columns;
    using record = tintype::loaded_record<chain_record>;
    const claimed it = claims_of(flags, bytes);
    auto pieces = decoded_claims<chain_record>(it, false);
    const auto backwards = decoded_claims<chain_record>(it, true);
    const auto lent = decoded_claims<lent_chain_record>(it, false);
    must(pieces.has_value() == backwards.has_value(), "chain: in any order");
    must(pieces.has_value() == lent.has_value(), "chain: what is copied can be lent");
    const auto checked = codec::check<chain_record>(it.data, it.info, {});
    if (!plausible(it.info, it.info.id)) {
        return; // nobody would have asked
    }
    must(checked.has_value() == pieces.has_value(), "chain: a check refuses the same");
    if (!pieces) {
        must(pieces.error().code != tintype::errc{}, "chain: a refusal has a code");
        must(checked.error() == pieces.error(), "chain: a check refuses for the same reason");
        return;
    }
    std::vector<tintype::part_piece<record>> parts;
    bool has_side = false;
    for (const tintype::piece_info& each : it.info.pieces) {
        has_side = has_side || each.kind == tintype::piece_kind::side;
    }
    for (std::size_t i = 0; i != pieces->size(); ++i) {
        const auto& each = (*pieces)[i];
        const auto& other = (*backwards)[pieces->size() - 1 - i];
        must(each.name == other.name && each.kind == other.kind && each.erased == other.erased &&
                 each.records == other.records,
             "chain: the same pieces in any order");
        const auto& view = (*lent)[i];
        must(std::ranges::equal(view.records, each.records,
                                [](const auto& a, const auto& b) {
                                    return a.first == b.first && a.second == b.second;
                                }),
             "chain: lent and copied are the same");
        parts.push_back({.name = each.name,
                         .kind = each.kind,
                         .records = tintype::record_list<record>::of(each.records),
                         .erased = each.erased,
                         .total = each.total});
    }
    if (!has_side) {
        auto info = it.info;
        blob again;
        tintype::blob_sink sink{again};
        const tintype::no_side* none = nullptr;
        must(codec::encode<tintype::crc32c>(info, parts, none, sink).has_value(),
             "chain: what was read can be written");
        must(again == it.data, "chain: pieces have one encoding");
        must(info.data_size == again.size(), "chain: the size is told");
    }
    // As links of one chain, each piece about the same part.
    tintype::chain_fold<chain_record> fold;
    bool good = true;
    for (auto& each : *pieces) {
        each.name = "a";
        good = good && fold.add(std::move(each), "s").has_value();
    }
    if (const auto all = std::move(fold).finish(false); good && all) {
        for (const auto& each : *all) {
            must(tintype::unique_keys<record>(each.records, "a").has_value(),
                 "chain: each key is there once");
        }
    }
}

inline void fuzz_chain(byte_view bytes) {
    if (bytes.empty()) {
        return;
    }
    const auto first = std::to_integer<unsigned>(bytes[0]);
    // At an address that anything may be lent from.
    const blob input(bytes.begin() + 1, bytes.end());
    if (first % 2 == 0) {
        fuzz_manifest(input);
    } else {
        fuzz_pieces(first, input);
    }
}

} // namespace tests::fuzz
