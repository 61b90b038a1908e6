#pragma once

// The laws of a codec of chains, as one suite for every model: manifest and data come back, pieces
// in any order and number, the same bytes from the store's own records as from those that were
// read, places and digests as the codec says. `make(number, salt)` makes a record with a key by the
// number, another for each salt; `make_side(salt)` a side state.

#include <tintype/chain/codec.hpp>
#include <tintype/chain/manifest.hpp>
#include <tintype/chain/record.hpp>
#include <tintype/codec/encoder.hpp>
#include <tintype/core/identical.hpp>
#include <tintype/hash/crc32c.hpp>
#include <tintype/hash/hex.hpp>
#include <tintype/hash/none.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tintype::laws {

inline constexpr std::array<std::string_view, 3> coded_parts{"a", "", "c/d"};

struct chain_codec_promises {
    bool keeps_everything = true; // a manifest comes back as it was, to the last field
};

// A snapshot as a codec writes it.
struct coded {
    snapshot_info info;
    blob info_bytes;
    blob data;
};

template <class Hash, class Codec, class R, class Side>
[[nodiscard]] coded encoded(const Codec& codec, snapshot_info info,
                            const std::vector<part_piece<R>>& parts, const Side* side) {
    coded made;
    blob_sink sink{made.data};
    info.hash = digest_size<Hash> == 0 ? std::string{} : std::string{Hash::name};
    encoder<blob_sink, Hash> out{sink, 0};
    REQUIRE(codec.template encode<Hash>(info, parts, side, out));
    if constexpr (!Codec::places_pieces) {
        const auto digest = digest_bytes(out.digest());
        info.data_digest.assign(digest.begin(), digest.end());
        info.data_size = out.written();
    }
    const auto bytes = codec.template encode_info<Hash>(info);
    REQUIRE(bytes);
    made.info = std::move(info);
    made.info_bytes = *bytes;
    return made;
}

template <class R, class Side, class Codec, class Make, class MakeSide>
void chain_codec_laws(const Codec& codec, const Make& make, const MakeSide& make_side,
                      chain_codec_promises promises = {}) {
    static_assert(chain_codec<Codec, R, Side>);
    using loaded = loaded_record<R>;
    using key = key_of_record<R>;
    const decode_options options{};
    for (const bool full : {true, false}) {
        for (const std::size_t size : {0U, 1U, 2U, 50U}) {
            INFO("full ", full, ", records ", size);
            // Three parts, of which an increment may drop one and change another.
            std::vector<std::vector<loaded>> records(3);
            std::vector<std::vector<key>> erased(3);
            std::vector<part_piece<loaded>> parts;
            for (std::size_t part = 0; part != 3; ++part) {
                auto kind = piece_kind::whole;
                if (!full && part == 1) {
                    kind = piece_kind::dropped;
                } else if (!full && part == 2 && Codec::increments_of_records) {
                    kind = piece_kind::changes;
                }
                for (std::size_t i = 0; i != size && kind != piece_kind::dropped; ++i) {
                    records[part].push_back(make(i, part));
                    if (kind == piece_kind::changes) {
                        erased[part].push_back(key{key_of(make(100 + i, 0))});
                    }
                }
                parts.push_back({.name = std::string{coded_parts[part]},
                                 .kind = kind,
                                 .records = record_list<loaded>::of(records[part]),
                                 .erased = erased[part],
                                 .total = records[part].size()});
            }
            const Side side = make_side(size);
            snapshot_info info;
            info.id = "an-id";
            info.created_at = 1'700'000'000'000'000'000;
            info.description = size == 1 ? std::optional<std::string>{} : "words";
            info.type = full ? snapshot_kind::full : snapshot_kind::incremental;
            info.data = "an-id" + std::string{Codec::data_suffix};
            if (!full) {
                info.parent_id = "its-parent";
                info.parent_state = {std::byte{1}, std::byte{2}};
            }
            info.state = {std::byte{3}, std::byte{4}};
            const auto made = encoded<crc32c>(codec, info, parts, &side);

            // The manifest.
            const auto back = codec.decode_info(made.info_bytes, options);
            REQUIRE(back);
            if (promises.keeps_everything) {
                CHECK(*back == made.info);
            }
            CHECK(plausible(*back, "an-id"));
            CHECK(back->type == made.info.type);
            CHECK(back->parent_id == made.info.parent_id);
            CHECK(back->state == made.info.state);
            CHECK(back->parent_state == made.info.parent_state);
            CHECK(back->data_size == made.data.size());
            CHECK(back->hash == "crc32c");
            for (std::size_t cut = 0; cut < made.info_bytes.size();
                 cut += 1 + made.info_bytes.size() / 64) {
                CHECK(!codec.decode_info(byte_view{made.info_bytes}.first(cut), options));
            }

            // The data: all pieces, and then each alone, from the last to the first.
            REQUIRE(back->pieces.size() >= 3);
            std::size_t wrong = 0;
            const auto compare = [&](const loaded_piece<R>& piece, const piece_info& said) {
                const auto at = static_cast<std::size_t>(
                    std::ranges::find(coded_parts, piece.name) - coded_parts.begin());
                REQUIRE(at < 3);
                wrong += piece.name == said.name && piece.kind == said.kind ? 0U : 1U;
                wrong += piece.kind == parts[at].kind ? 0U : 1U;
                wrong += piece.total == parts[at].total ? 0U : 1U;
                wrong += piece.erased == erased[at] ? 0U : 1U;
                wrong += piece.records.size() == records[at].size() ? 0U : 1U;
                for (std::size_t i = 0; i != piece.records.size(); ++i) {
                    wrong += identical_records<loaded>(piece.records[i], records[at][i]) ? 0U : 1U;
                }
            };
            std::vector<const piece_info*> wanted;
            for (const piece_info& each : back->pieces) {
                if (each.kind != piece_kind::side) {
                    wanted.push_back(&each);
                }
            }
            const auto all = codec.template decode<R>(made.data, *back, wanted, options);
            REQUIRE(all);
            REQUIRE(all->size() == 3);
            for (std::size_t i = 0; i != 3; ++i) {
                compare((*all)[i], *wanted[i]);
            }
            for (std::size_t i = wanted.size(); i-- != 0;) {
                const auto one =
                    codec.template decode<R>(made.data, *back, {&wanted[i], 1}, options);
                REQUIRE(one);
                REQUIRE(one->size() == 1);
                compare(one->front(), *wanted[i]);
            }
            CHECK(wrong == 0);
            const auto its_side = codec.template decode_side<Side>(made.data, *back, options);
            REQUIRE(its_side);
            if constexpr (described<Side>) {
                REQUIRE(its_side->has_value());
                CHECK(identical(**its_side, side));
            }

            // Places and digests.
            CHECK(back->data_digest.empty() == Codec::places_pieces);
            for (const piece_info& each : made.info.pieces) {
                if (Codec::places_pieces && each.kind != piece_kind::dropped) {
                    const auto bytes = byte_view{made.data}.subspan(
                        static_cast<std::size_t>(each.offset), static_cast<std::size_t>(each.size));
                    CHECK(std::ranges::equal(each.digest, digest_bytes(hash_of<crc32c>(bytes))));
                } else {
                    CHECK(each.digest.empty());
                }
            }

            // The same bytes from what was read, and with no digests at all.
            std::vector<part_piece<loaded>> again;
            for (const loaded_piece<R>& each : *all) {
                again.push_back({.name = each.name,
                                 .kind = each.kind,
                                 .records = record_list<loaded>::of(each.records),
                                 .erased = each.erased,
                                 .total = each.total});
            }
            CHECK(encoded<crc32c>(codec, info, again, &side).data == made.data);
            CHECK(encoded<crc32c>(codec, info, again, &side).info_bytes == made.info_bytes);
            const auto unhashed = encoded<no_hash>(codec, info, again, &side);
            CHECK(unhashed.data == made.data);
            CHECK(unhashed.info.data_digest.empty());
            CHECK(codec.decode_info(unhashed.info_bytes, options)->hash.empty());
        }
    }
}

} // namespace tintype::laws
