#pragma once

// The library's own chains without their records: what their manifests say is read, and every piece
// is held against its digest, whatever struct a program keeps in them. With it the library's own
// reader and archive work in a folder whose records nobody here can name.

#include <tintype/chain/codec.hpp>
#include <tintype/chain/columnar.hpp>
#include <tintype/chain/manifest.hpp>
#include <tintype/chain/store.hpp>
#include <tintype/codec/columns.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/core/sink.hpp>
#include <tintype/hash/concept.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace tool {

// Stands for records that are never looked at.
struct unread_record {
    BOOST_HANA_DEFINE_STRUCT(unread_record, (std::uint64_t, key));
};

struct unread_columns {
    using columns = tintype::chain_columns;

    static constexpr std::string_view info_suffix = columns::info_suffix;
    static constexpr std::string_view data_suffix = columns::data_suffix;
    static constexpr bool increments_of_records = columns::increments_of_records;
    static constexpr bool places_pieces = columns::places_pieces;
    static constexpr bool names_data = columns::names_data;

    template <tintype::hash_policy Hash>
    [[nodiscard]] static tintype::result<tintype::blob>
    encode_info(const tintype::snapshot_info& info) {
        return columns::encode_info<Hash>(info);
    }

    [[nodiscard]] static tintype::result<tintype::snapshot_info>
    decode_info(tintype::byte_view bytes, const tintype::decode_options& options = {}) {
        return columns::decode_info(bytes, options);
    }

    template <tintype::hash_policy, class Record, class Side, tintype::byte_sink Sink>
    [[nodiscard]] static tintype::result<void>
    encode(tintype::snapshot_info& info, const std::vector<tintype::part_piece<Record>>&,
           const Side*, Sink&) {
        return tintype::fail({.code = tintype::errc::unsupported,
                              .where = info.id,
                              .during = "records that were not read cannot be written"});
    }

    // The pieces with nothing in them, once the frame around them was checked; their digests were.
    template <tintype::keyed_record Record>
    [[nodiscard]] static tintype::result<std::vector<tintype::loaded_piece<Record>>>
    decode(tintype::byte_view data, const tintype::snapshot_info& info,
           std::span<const tintype::piece_info* const> wanted,
           const tintype::decode_options& options) {
        tintype::snapshot_info framed = info;
        framed.schema = tintype::columns::schema<Record>(); // no record is read that could differ
        if (auto good = columns::decode<Record>(data, framed, {}, options); !good) {
            return tintype::pass(good);
        }
        std::vector<tintype::loaded_piece<Record>> pieces;
        for (const tintype::piece_info* each : wanted) {
            pieces.push_back({.name = each->name, .kind = each->kind});
        }
        return pieces;
    }

    template <class Side>
    [[nodiscard]] static tintype::result<std::optional<Side>>
    decode_side(tintype::byte_view, const tintype::snapshot_info&, const tintype::decode_options&) {
        return std::optional<Side>{};
    }
};

static_assert(tintype::chain_codec<unread_columns, unread_record>);

} // namespace tool
