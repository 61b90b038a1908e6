#pragma once

// What a chain asks of a codec: a manifest and the data it speaks of, each an object of its own.
// `chain_columns` is the library's own; `dakera::chain_json` shows what another looks like.

#include <tintype/chain/manifest.hpp>
#include <tintype/chain/record.hpp>
#include <tintype/chain/store.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/rules.hpp>
#include <tintype/core/sink.hpp>
#include <tintype/hash/crc32c.hpp>

#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tintype::inline v0 {

// A piece to be written: its records lie in the store, or wherever they were read to.
template <keyed_record R>
struct part_piece {
    std::string name;
    piece_kind kind = piece_kind::whole;
    record_list<R> records{};
    std::vector<key_of_record<R>> erased{};
    std::uint64_t total = 0; // records that the part has with these
};

// A piece that was read.
template <keyed_record R>
struct loaded_piece {
    std::string name;
    piece_kind kind = piece_kind::whole;
    std::vector<loaded_record<R>> records{};
    std::vector<key_of_record<R>> erased{};
    std::uint64_t total = 0;
};

// info_suffix, data_suffix: of the objects' names, behind the id.
// increments_of_records: whether an increment may hold less than a part.
// places_pieces: whether pieces have places and digests of their own in the data; where not, there
// is
//     one digest of all of it.
// names_data: whether a manifest may name another data object than its id does, so that a snapshot
//     can be written anew under its own id.
template <class C>
concept chain_codec_facts = requires {
    { C::info_suffix } -> std::convertible_to<std::string_view>;
    { C::data_suffix } -> std::convertible_to<std::string_view>;
    { C::increments_of_records } -> std::convertible_to<bool>;
    { C::places_pieces } -> std::convertible_to<bool>;
    { C::names_data } -> std::convertible_to<bool>;
};

template <class C>
concept codes_info = requires(const C codec, const snapshot_info& info, byte_view bytes,
                              const decode_options& options) {
    { codec.template encode_info<crc32c>(info) } -> std::same_as<result<blob>>;
    { codec.decode_info(bytes, options) } -> std::same_as<result<snapshot_info>>;
};

template <class C, class R, class Side>
concept codes_data =
    requires(const C codec, snapshot_info& info, const std::vector<part_piece<R>>& parts,
             const Side* side, blob_sink& sink, byte_view bytes,
             std::span<const piece_info* const> wanted, const decode_options& options) {
        { codec.template encode<crc32c>(info, parts, side, sink) } -> std::same_as<result<void>>;
        {
            codec.template decode<R>(bytes, info, wanted, options)
        } -> std::same_as<result<std::vector<loaded_piece<R>>>>;
        {
            codec.template decode_side<Side>(bytes, info, options)
        } -> std::same_as<result<std::optional<Side>>>;
    };

// encode_info<Hash>(info), decode_info(bytes, options): the manifest. What it says is held against
//     the object's name, the data and the parent by the chain.
// encode<Hash>(info, parts, side, sink): the data; sets the pieces of `info`, and the digest of
// each
//     as far as the codec places them.
// decode<R>(bytes, info, wanted, options): those pieces of `info`, in the order wanted; their
//     digests were verified, but what they hold was not.
// decode_side<Side>(bytes, info, options): nothing where the snapshot has none.
template <class C, class R, class Side = no_side>
concept chain_codec = std::copyable<C> && chain_codec_facts<C> && codes_info<C> &&
                      codes_data<C, R, Side> && codes_data<C, loaded_record<R>, Side>;

} // namespace tintype::inline v0
