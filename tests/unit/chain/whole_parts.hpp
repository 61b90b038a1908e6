#pragma once

// A codec of chains as a user would write one: an increment holds whole parts, all of the data has
// one digest, and a snapshot's data has one place.

#include <tintype/chain/codec.hpp>
#include <tintype/chain/columnar.hpp>
#include <tintype/chain/manifest.hpp>
#include <tintype/codec/columns.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tests {

struct stored_text {
    BOOST_HANA_DEFINE_STRUCT(stored_text, (std::uint64_t, key), (std::string, text));
};

struct stored_part {
    BOOST_HANA_DEFINE_STRUCT(stored_part, (std::string, name), (std::vector<stored_text>, texts));
};

// Of pairs of a number and a text.
struct whole_parts {
    static constexpr std::string_view info_suffix = ".index";
    static constexpr std::string_view data_suffix = ".parts";
    static constexpr bool increments_of_records = false;
    static constexpr bool places_pieces = false;
    static constexpr bool names_data = false;

    template <tintype::hash_policy Hash>
    [[nodiscard]] static tintype::result<tintype::blob>
    encode_info(const tintype::snapshot_info& info) {
        return tintype::chain_columns::encode_info<Hash>(info);
    }

    [[nodiscard]] static tintype::result<tintype::snapshot_info>
    decode_info(tintype::byte_view bytes, const tintype::decode_options& options) {
        return tintype::chain_columns::decode_info(bytes, options);
    }

    template <tintype::hash_policy, class R, class Side, tintype::byte_sink Sink>
    [[nodiscard]] static tintype::result<void>
    encode(tintype::snapshot_info& info, const std::vector<tintype::part_piece<R>>& parts,
           const Side*, Sink& sink) {
        std::vector<stored_part> all;
        info.pieces.clear();
        info.records = 0;
        for (const auto& each : parts) {
            info.pieces.push_back({.name = each.name,
                                   .kind = each.kind,
                                   .records = each.records.size(),
                                   .total = each.total});
            info.records += each.records.size();
            if (each.kind == tintype::piece_kind::dropped) {
                continue;
            }
            stored_part& part = all.emplace_back();
            part.name = each.name;
            for (const R& record : each.records.records()) {
                part.texts.push_back({record.first, record.second});
            }
        }
        return tintype::columns::encode(all, sink);
    }

    template <class R>
    [[nodiscard]] static tintype::result<std::vector<tintype::loaded_piece<R>>>
    decode(tintype::byte_view bytes, const tintype::snapshot_info& info,
           std::span<const tintype::piece_info* const> wanted,
           const tintype::decode_options& options) {
        const auto all = tintype::columns::decode<std::vector<stored_part>>(bytes, options);
        if (!all) {
            tintype::error what = all.error();
            what.where = info.id + ": " + std::string{what.where.view()};
            return tintype::fail(what);
        }
        std::vector<tintype::loaded_piece<R>> pieces;
        for (const tintype::piece_info* each : wanted) {
            tintype::loaded_piece<R>& piece = pieces.emplace_back();
            piece.name = each->name;
            piece.kind = each->kind;
            piece.total = each->total;
            if (each->kind == tintype::piece_kind::dropped) {
                continue;
            }
            const auto part = std::ranges::find(*all, each->name, &stored_part::name);
            if (part == all->end()) {
                return tintype::fail(
                    {.code = tintype::errc::missing_field, .where = info.id + ": " + each->name});
            }
            for (const stored_text& text : part->texts) {
                piece.records.emplace_back(text.key, text.text);
            }
        }
        return pieces;
    }

    template <class Side>
    [[nodiscard]] static tintype::result<std::optional<Side>>
    decode_side(tintype::byte_view, const tintype::snapshot_info&, const tintype::decode_options&) {
        return std::optional<Side>{};
    }
};

} // namespace tests
