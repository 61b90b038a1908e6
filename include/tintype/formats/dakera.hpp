#pragma once

// Dakera's snapshots of vector namespaces: `{id}.snap` with the vectors and `{id}.meta` with what
// is known of them, both JSON. The same `chain_manager` as for any other codec; an increment holds
// whole namespaces, as the format has no word for less. What the library adds (digests, the
// parent's state, namespaces that are gone) stands in one more member of the metadata, which the
// original skips.

#include <tintype/chain/chain_manager.hpp>
#include <tintype/chain/codec.hpp>
#include <tintype/chain/ids.hpp>
#include <tintype/chain/manifest.hpp>
#include <tintype/chain/record.hpp>
#include <tintype/codec/json.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/core/sink.hpp>
#include <tintype/hash/concept.hpp>
#include <tintype/hash/crc32c.hpp>
#include <tintype/hash/hex.hpp>
#include <tintype/manager/retention.hpp>
#include <tintype/storage/directory.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tintype::dakera {

enum class kind_of_snapshot : std::uint8_t { full, incremental };

using optional_text = std::optional<std::string>;
using optional_size = std::optional<std::uint64_t>;
using texts = std::vector<std::string>;

// What this library adds. Digests and states are hexadecimal.
struct additions {
    std::string hash{};   // the algorithm
    std::string digest{}; // of the data
    std::string state{};
    omit_if_absent<std::string> parent_state{};
    omit_if_absent<texts> dropped{}; // namespaces that are gone since the parent

    friend bool operator==(const additions&, const additions&) = default;
};

struct snapshot_metadata {
    std::string id{};
    std::uint64_t created_at = 0; // Unix seconds
    optional_text description{};
    texts namespaces{};
    std::uint64_t total_vectors = 0;
    std::uint64_t size_bytes = 0; // of the data; 0 inside it, where it is not known yet
    kind_of_snapshot snapshot_type = kind_of_snapshot::full;
    optional_text parent_id{};
    std::string version = "1.0.0";
    omit_if_absent<additions> tintype{};

    friend bool operator==(const snapshot_metadata&, const snapshot_metadata&) = default;
};

// A record of a namespace. `metadata` is any JSON.
struct vector_entry {
    std::string id{};
    std::vector<float> values{};
    json_value metadata{};

    friend bool operator==(const vector_entry&, const vector_entry&) = default;
};

// Vectors: a sequence of entries, or a view of one.
template <class Vectors = std::vector<vector_entry>>
struct namespace_data {
    std::string name{};
    std::uint64_t vector_count = 0;
    optional_size dimension{}; // nothing where there are no vectors
    Vectors vectors{};
};

template <class Vectors = std::vector<vector_entry>>
struct snapshot_data {
    snapshot_metadata metadata{};
    std::vector<namespace_data<Vectors>> namespaces{};
};

using stored_namespace = namespace_data<>;
using stored_data = snapshot_data<>;

// The vectors of a store, as they are written.
using shown_namespace = namespace_data<record_view<vector_entry>>;
using shown_data = snapshot_data<record_view<vector_entry>>;

} // namespace tintype::dakera

BOOST_HANA_ADAPT_STRUCT(tintype::dakera::additions, hash, digest, state, parent_state, dropped);
BOOST_HANA_ADAPT_STRUCT(tintype::dakera::snapshot_metadata, id, created_at, description, namespaces,
                        total_vectors, size_bytes, snapshot_type, parent_id, version, tintype);
BOOST_HANA_ADAPT_STRUCT(tintype::dakera::vector_entry, id, values, metadata);
BOOST_HANA_ADAPT_STRUCT(tintype::dakera::stored_namespace, name, vector_count, dimension, vectors);
BOOST_HANA_ADAPT_STRUCT(tintype::dakera::stored_data, metadata, namespaces);
BOOST_HANA_ADAPT_STRUCT(tintype::dakera::shown_namespace, name, vector_count, dimension, vectors);
BOOST_HANA_ADAPT_STRUCT(tintype::dakera::shown_data, metadata, namespaces);

namespace tintype {

template <>
inline constexpr std::array<json_enum_name<dakera::kind_of_snapshot>, 2>
    json_enum_names<dakera::kind_of_snapshot>{
        {{dakera::kind_of_snapshot::full, "Full"},
         {dakera::kind_of_snapshot::incremental, "Incremental"}}};

template <>
inline constexpr std::array<std::string_view, 4> json_names<dakera::stored_namespace>{
    "namespace", "vector_count", "dimension", "vectors"};

template <>
inline constexpr std::array<std::string_view, 4> json_names<dakera::shown_namespace> =
    json_names<dakera::stored_namespace>;

} // namespace tintype

namespace tintype::dakera {

// The layout is the members' order and names.
static_assert(member_names<snapshot_metadata> ==
              std::array<std::string_view, 10>{"id", "created_at", "description", "namespaces",
                                               "total_vectors", "size_bytes", "snapshot_type",
                                               "parent_id", "version", "tintype"});
static_assert(member_names<vector_entry> ==
              std::array<std::string_view, 3>{"id", "values", "metadata"});
static_assert(record_key<vector_entry> == "id");

// Counts and dimensions are what the vectors say, and no id is there twice.
[[nodiscard]] inline result<void> check_namespace(const stored_namespace& of) {
    const auto wrong = [&](std::string_view what, std::uint64_t found, std::uint64_t wanted) {
        return fail({.code = errc::invalid_value,
                     .where = of.name + std::string{what},
                     .found = found,
                     .wanted = wanted});
    };
    if (of.vector_count != of.vectors.size()) {
        return wrong(".vector_count", of.vector_count, of.vectors.size());
    }
    if (!of.dimension && !of.vectors.empty()) {
        return fail({.code = errc::missing_field, .where = of.name + ".dimension"});
    }
    for (const vector_entry& each : of.vectors) {
        if (each.values.size() != of.dimension) {
            return wrong("/" + each.id + ".values", each.values.size(), *of.dimension);
        }
    }
    return unique_keys<vector_entry>(of.vectors, of.name);
}

// What the data says of itself. Unlike the metadata beside it, it does not know its own size.
[[nodiscard]] inline result<void> check_data(const stored_data& data) {
    const snapshot_metadata& metadata = data.metadata;
    std::uint64_t total = 0;
    for (std::size_t i = 0; i != data.namespaces.size(); ++i) {
        const stored_namespace& each = data.namespaces[i];
        if (i >= metadata.namespaces.size() || metadata.namespaces[i] != each.name) {
            return fail({.code = errc::invalid_value,
                         .where = metadata.id + ".namespaces: " + each.name,
                         .found = data.namespaces.size(),
                         .wanted = metadata.namespaces.size()});
        }
        if (auto good = check_namespace(each); !good) {
            return good;
        }
        total += each.vectors.size();
    }
    if (data.namespaces.size() != metadata.namespaces.size()) {
        return fail({.code = errc::invalid_value,
                     .where = metadata.id + ".namespaces",
                     .found = data.namespaces.size(),
                     .wanted = metadata.namespaces.size()});
    }
    if (total != metadata.total_vectors) {
        return fail({.code = errc::invalid_value,
                     .where = metadata.id + ".total_vectors",
                     .found = metadata.total_vectors,
                     .wanted = total});
    }
    return {};
}

// Style: how the data is laid out. The metadata beside it is always pretty.
template <json_style Style = serde_style>
struct chain_json {
    static constexpr std::string_view info_suffix = ".meta";
    static constexpr std::string_view data_suffix = ".snap";
    static constexpr bool increments_of_records = false;
    static constexpr bool places_pieces = false;
    static constexpr bool names_data = false;

    using data_codec = json<Style>;
    using info_codec = json<serde_pretty_style>;

    // Byte for byte the original's where there is nothing to add: with `no_hash`, and no namespace
    // gone.
    template <hash_policy Hash>
    [[nodiscard]] static result<blob> encode_info(const snapshot_info& info) {
        snapshot_metadata metadata = metadata_of(info);
        metadata.size_bytes = info.data_size;
        texts dropped;
        for (const piece_info& each : info.pieces) {
            if (each.kind == piece_kind::dropped) {
                dropped.push_back(each.name);
            }
        }
        if (digest_size<Hash> != 0 || !dropped.empty()) {
            additions more{
                .hash = info.hash, .digest = hex_of(info.data_digest), .state = hex_of(info.state)};
            if (!info.parent_state.empty()) {
                more.parent_state = hex_of(info.parent_state);
            }
            if (!dropped.empty()) {
                more.dropped = std::move(dropped);
            }
            metadata.tintype = std::move(more);
        }
        return tintype::encode<info_codec>(metadata);
    }

    [[nodiscard]] static result<snapshot_info> decode_info(byte_view bytes,
                                                           const decode_options& options = {}) {
        auto metadata = tintype::decode<info_codec, snapshot_metadata>(bytes, options);
        return metadata ? info_of(*std::move(metadata)) : pass(metadata);
    }

    template <hash_policy, class R, class Side, byte_sink Sink>
    requires std::same_as<R, vector_entry>
    [[nodiscard]] static result<void>
    encode(snapshot_info& info, const std::vector<part_piece<R>>& parts, const Side*, Sink& sink) {
        info.pieces.clear();
        info.records = 0;
        shown_data data;
        for (const part_piece<R>& each : parts) {
            info.pieces.push_back({.name = each.name,
                                   .kind = each.kind,
                                   .records = each.records.size(),
                                   .total = each.total});
            info.records += each.records.size();
            if (each.kind == piece_kind::dropped) {
                continue;
            }
            auto shown = show(each);
            if (!shown) {
                return pass(shown);
            }
            data.namespaces.push_back(*std::move(shown));
        }
        data.metadata = metadata_of(info);
        return data_codec::encode(data, sink);
    }

    template <class R>
    requires std::same_as<R, vector_entry>
    [[nodiscard]] static result<std::vector<loaded_piece<R>>>
    decode(byte_view bytes, const snapshot_info& info, std::span<const piece_info* const> wanted,
           const decode_options& options) {
        auto data = tintype::decode<data_codec, stored_data>(bytes, options);
        if (!data) {
            error what = data.error();
            what.where =
                info.data + (what.where.empty() ? "" : ": ") + std::string{what.where.view()};
            return fail(what);
        }
        if (auto good = speaks_of(info, data->metadata); !good) {
            return pass(good);
        }
        if (auto good = check_data(*data); !good) {
            return pass(good);
        }
        std::map<std::string_view, stored_namespace*> found;
        for (stored_namespace& each : data->namespaces) {
            if (!found.emplace(each.name, &each).second) {
                return fail({.code = errc::duplicate, .where = info.id + ": " + each.name});
            }
        }
        std::vector<loaded_piece<R>> pieces;
        for (const piece_info* each : wanted) {
            loaded_piece<R> piece{.name = each->name, .kind = each->kind};
            if (each->kind != piece_kind::dropped) {
                const auto at = found.find(each->name);
                if (at == found.end()) {
                    return fail(
                        {.code = errc::missing_field, .where = info.id + ": " + each->name});
                }
                piece.total = at->second->vectors.size();
                piece.records = std::move(at->second->vectors);
            }
            pieces.push_back(std::move(piece));
        }
        return pieces;
    }

    // The format has no place for one.
    template <class Side>
    [[nodiscard]] static result<std::optional<Side>> decode_side(byte_view, const snapshot_info&,
                                                                 const decode_options&) {
        return std::optional<Side>{};
    }

    // The metadata as the data has it: without the data's size, and without what is added.
    [[nodiscard]] static snapshot_metadata metadata_of(const snapshot_info& info) {
        snapshot_metadata metadata{.id = info.id,
                                   .created_at = static_cast<std::uint64_t>(
                                       std::max<std::int64_t>(info.created_at, 0) / nanoseconds),
                                   .description = info.description,
                                   .total_vectors = info.records,
                                   .snapshot_type = info.type == snapshot_type::full
                                                        ? kind_of_snapshot::full
                                                        : kind_of_snapshot::incremental,
                                   .parent_id = info.parent_id};
        for (const piece_info& each : info.pieces) {
            if (each.kind != piece_kind::dropped) {
                metadata.namespaces.push_back(each.name);
            }
        }
        return metadata;
    }

private:
    static constexpr std::int64_t nanoseconds = 1'000'000'000; // in a second

    // JSON has no NaN and no infinity; the error says where the first is.
    [[nodiscard]] static result<shown_namespace> show(const part_piece<vector_entry>& piece) {
        shown_namespace shown{.name = piece.name,
                              .vector_count = piece.records.size(),
                              .vectors = piece.records.records()};
        for (const vector_entry& each : shown.vectors) {
            if (!shown.dimension) {
                shown.dimension = each.values.size();
            }
            if (each.values.size() != *shown.dimension) {
                return fail({.code = errc::invalid_value,
                             .where = piece.name + "/" + each.id + ".values",
                             .found = each.values.size(),
                             .wanted = *shown.dimension});
            }
            for (std::size_t i = 0; i != each.values.size(); ++i) {
                const float value = each.values[i];
                if (!(value - value == 0.0F)) {
                    return fail(
                        {.code = errc::invalid_value,
                         .where = piece.name + "/" + each.id + ".values[" + std::to_string(i) + "]",
                         .found = std::bit_cast<std::uint32_t>(value),
                         .during = "JSON has no NaN and no infinity"});
                }
            }
        }
        return shown;
    }

    // The data is that of this snapshot, not of another that was put in its place.
    [[nodiscard]] static result<void> speaks_of(const snapshot_info& info,
                                                const snapshot_metadata& inside) {
        snapshot_metadata beside = metadata_of(info);
        beside.size_bytes = inside.size_bytes;
        beside.version = inside.version;
        beside.tintype = inside.tintype;
        if (beside != inside) {
            return fail({.code = errc::invalid_value,
                         .where = info.data + ": its metadata is of " + inside.id,
                         .found = inside.total_vectors,
                         .wanted = beside.total_vectors});
        }
        return {};
    }

    [[nodiscard]] static result<snapshot_info> info_of(snapshot_metadata&& metadata) {
        if (!metadata.version.starts_with("1.")) {
            return fail({.code = errc::unsupported_version,
                         .where = metadata.id + ": version " + metadata.version,
                         .wanted = 1});
        }
        constexpr auto latest =
            std::uint64_t{std::numeric_limits<std::int64_t>::max() / nanoseconds};
        if (metadata.created_at > latest) {
            return fail({.code = errc::invalid_value,
                         .where = metadata.id + ": created_at",
                         .found = metadata.created_at,
                         .wanted = latest});
        }
        snapshot_info info{
            .id = std::move(metadata.id),
            .created_at = static_cast<std::int64_t>(metadata.created_at) * nanoseconds,
            .description = std::move(metadata.description),
            .type = metadata.snapshot_type == kind_of_snapshot::full ? snapshot_type::full
                                                                     : snapshot_type::incremental,
            .parent_id = std::move(metadata.parent_id),
            .data_size = metadata.size_bytes,
            .records = metadata.total_vectors};
        for (std::string& each : metadata.namespaces) {
            info.pieces.push_back({.name = std::move(each), .kind = piece_kind::whole});
        }
        if (metadata.tintype) {
            additions& more = *metadata.tintype;
            for (std::string& each : more.dropped.value_or(texts{})) {
                info.pieces.push_back({.name = std::move(each), .kind = piece_kind::dropped});
            }
            info.hash = std::move(more.hash);
            const std::pair<std::string_view, blob*> digests[] = {
                {more.digest, &info.data_digest},
                {more.state, &info.state},
                {more.parent_state ? *more.parent_state : std::string_view{}, &info.parent_state}};
            for (const auto& [text, bytes] : digests) {
                auto read = bytes_from_hex(text);
                if (!read) {
                    return fail({.code = errc::invalid_value,
                                 .where = info.id + ": a digest",
                                 .found = text.size()});
                }
                *bytes = *std::move(read);
            }
        }
        return info;
    }
};

// The original keeps so many unless told.
inline constexpr positive max_snapshots{10};

// A folder as Dakera keeps it, for a store whose records are `vector_entry`.
template <chain_source Store, json_style Style = serde_style, hash_policy Hash = crc32c,
          retention_policy Retention = keep_last>
using snapshots = chain_manager<Store, directory, chain_json<Style>, Hash, Retention>;

static_assert(chain_codec<chain_json<>, vector_entry>);

} // namespace tintype::dakera
