#pragma once

// Dakera's folders of snapshots, as a codec under the same `chain_manager` as any other. An
// increment holds whole namespaces, as the format has no word for less. What the library adds
// (digests, the parent's state, namespaces that are gone) stands in one more member of the
// metadata, which the original skips; without it the files are the original's, byte for byte.

#include <tintype/chain/chain_manager.hpp>
#include <tintype/chain/codec.hpp>
#include <tintype/chain/manifest.hpp>
#include <tintype/chain/record.hpp>
#include <tintype/chain/store.hpp>
#include <tintype/codec/json.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/core/sink.hpp>
#include <tintype/formats/dakera/layout.hpp>
#include <tintype/hash/concept.hpp>
#include <tintype/hash/crc32c.hpp>
#include <tintype/hash/hex.hpp>
#include <tintype/manager/retention.hpp>
#include <tintype/storage/directory.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
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

namespace tintype::inline v0::dakera {

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

    // How deep a vector's metadata may be: in the file it lies inside five values.
    static constexpr std::uint32_t metadata_depth = limits{}.depth - 5;

    template <hash_policy>
    [[nodiscard]] static result<blob> encode_info(const snapshot_info& info) {
        snapshot_metadata metadata = metadata_of(info);
        metadata.size_bytes = info.data_size;
        if (!info.hash.empty()) {
            additions& more = metadata.tintype ? *metadata.tintype : metadata.tintype.emplace();
            more.hash = info.hash;
            more.digest = hex_of(info.data_digest);
            more.state = hex_of(info.state);
            if (!info.parent_state.empty()) {
                more.parent_state = hex_of(info.parent_state);
            }
        }
        return tintype::encode<info_codec>(metadata);
    }

    [[nodiscard]] static result<snapshot_info> decode_info(byte_view bytes,
                                                           const decode_options& options = {}) {
        auto metadata = tintype::decode<info_codec, snapshot_metadata>(bytes, options);
        return metadata ? info_of(*std::move(metadata)) : pass(metadata);
    }

    template <hash_policy, class R, std::same_as<no_side> Side, byte_sink Sink>
    requires std::same_as<R, vector_entry>
    [[nodiscard]] static result<void>
    encode(snapshot_info& info, const std::vector<part_piece<R>>& parts, const Side*, Sink& sink) {
        info.schema = format_version;
        info.pieces.clear();
        info.records = 0;
        shown_data data;
        for (const part_piece<R>& each : parts) {
            info.pieces.push_back({.name = each.name,
                                   .kind = each.kind,
                                   .records = each.records.size(),
                                   .total = each.total});
            if (each.kind == piece_kind::dropped) {
                continue;
            }
            auto shown = show(each);
            if (!shown) {
                return pass(shown);
            }
            info.records += shown->vector_count;
            data.namespaces.push_back(*std::move(shown));
        }
        data.metadata = metadata_of(info);
        return data_codec::encode(data, sink);
    }

    // All of the data is read and checked, whatever is wanted of it.
    template <class R>
    requires std::same_as<R, vector_entry>
    [[nodiscard]] static result<std::vector<loaded_piece<R>>>
    decode(byte_view bytes, const snapshot_info& info, std::span<const piece_info* const> wanted,
           const decode_options& options) {
        auto data = tintype::decode<data_codec, stored_data>(bytes, options);
        if (!data) {
            return inside(info, data.error());
        }
        auto good = speaks_of(info, data->metadata);
        if (good) {
            good = check(*data);
        }
        if (!good) {
            return inside(info, good.error());
        }
        std::map<std::string_view, stored_namespace*> named;
        for (stored_namespace& each : data->namespaces) {
            if (!named.emplace(each.name, &each).second) {
                return inside(info, {.code = errc::duplicate, .where = each.name});
            }
        }
        std::vector<loaded_piece<R>> pieces;
        for (const piece_info* each : wanted) {
            loaded_piece<R>& piece = pieces.emplace_back();
            piece.name = each->name;
            piece.kind = each->kind;
            if (each->kind == piece_kind::dropped) {
                continue;
            }
            const auto found = named.find(each->name);
            if (found == named.end()) {
                return inside(info, {.code = errc::not_found, .where = each->name});
            }
            piece.records = std::move(found->second->vectors);
            piece.total = piece.records.size();
        }
        return pieces;
    }

    // The format has no place for one: a store with a side state does not compile.
    template <std::same_as<no_side> Side>
    [[nodiscard]] static result<std::optional<Side>> decode_side(byte_view, const snapshot_info&,
                                                                 const decode_options&) {
        return std::optional<Side>{};
    }

private:
    static constexpr std::int64_t nanoseconds = 1'000'000'000; // in a second

    // The metadata as the data has it: without the data's size and digest.
    [[nodiscard]] static snapshot_metadata metadata_of(const snapshot_info& info) {
        snapshot_metadata metadata{.id = info.id,
                                   .created_at = static_cast<std::uint64_t>(
                                       std::max<std::int64_t>(info.created_at, 0) / nanoseconds),
                                   .description = info.description,
                                   .total_vectors = info.records,
                                   .snapshot_type = info.type == snapshot_kind::full
                                                        ? kind_of_snapshot::full
                                                        : kind_of_snapshot::incremental,
                                   .parent_id = info.parent_id,
                                   .version = info.schema};
        std::vector<std::string> dropped;
        for (const piece_info& each : info.pieces) {
            (each.kind == piece_kind::dropped ? dropped : metadata.namespaces).push_back(each.name);
        }
        if (!dropped.empty()) {
            metadata.tintype = additions{.dropped = std::move(dropped)};
        }
        return metadata;
    }

    [[nodiscard]] static result<snapshot_info> info_of(snapshot_metadata&& metadata) {
        if (auto good = known_version(metadata); !good) {
            return pass(good);
        }
        constexpr std::uint64_t latest = std::numeric_limits<std::int64_t>::max() / nanoseconds;
        if (metadata.created_at > latest) {
            return fail({.code = errc::invalid_value,
                         .where = "created_at",
                         .found = metadata.created_at,
                         .wanted = latest});
        }
        snapshot_info info{
            .id = std::move(metadata.id),
            .created_at = static_cast<std::int64_t>(metadata.created_at) * nanoseconds,
            .description = std::move(metadata.description),
            .type = metadata.snapshot_type == kind_of_snapshot::full ? snapshot_kind::full
                                                                     : snapshot_kind::incremental,
            .parent_id = std::move(metadata.parent_id),
            .data_size = metadata.size_bytes,
            .records = metadata.total_vectors,
            .schema = std::move(metadata.version)};
        for (std::string& each : metadata.namespaces) {
            info.pieces.push_back({.name = std::move(each), .kind = piece_kind::whole});
        }
        const auto done =
            metadata.tintype ? add(info, *std::move(metadata.tintype)) : result<void>{};
        return done ? result<snapshot_info>{std::move(info)} : pass(done);
    }

    // Half of what guards the data is not less of a guard but damage.
    [[nodiscard]] static result<void> add(snapshot_info& info, additions&& more) {
        if (more.dropped) {
            for (std::string& each : *more.dropped) {
                info.pieces.push_back({.name = std::move(each), .kind = piece_kind::dropped});
            }
        }
        const bool guarded = more.hash && !more.hash->empty();
        if (!guarded && (more.hash || more.digest || more.state || more.parent_state)) {
            return fail({.code = errc::missing_field, .where = "tintype.hash"});
        }
        info.hash = guarded ? *std::move(more.hash) : std::string{};
        auto done = read_hex(more.digest, info.data_digest, "tintype.digest", guarded);
        if (done) {
            done = read_hex(more.state, info.state, "tintype.state", guarded);
        }
        if (done) {
            done = read_hex(more.parent_state, info.parent_state, "tintype.parent_state", false);
        }
        return done;
    }

    [[nodiscard]] static result<void> read_hex(const omit_if_absent<std::string>& text, blob& into,
                                               std::string_view where, bool needed) {
        if (!text) {
            return needed ? fail({.code = errc::missing_field, .where = where}) : result<void>{};
        }
        auto bytes = bytes_from_hex(*text);
        if (!bytes || bytes->empty()) {
            return fail({.code = errc::invalid_value, .where = where, .found = text->size()});
        }
        into = *std::move(bytes);
        return {};
    }

    // What could be written and never be read again is refused, by name.
    [[nodiscard]] static result<shown_namespace> show(const part_piece<vector_entry>& piece) {
        shown_namespace shown{.name = piece.name,
                              .vector_count = piece.records.size(),
                              .vectors = piece.records.records()};
        for (const vector_entry& each : shown.vectors) {
            if (!shown.dimension) {
                shown.dimension = each.values.size();
            }
            if (auto good = readable(each, *shown.dimension); !good) {
                error what = good.error();
                what.where = piece.name + "/" + each.id + std::string{what.where.view()};
                return fail(what);
            }
        }
        return shown;
    }

    [[nodiscard]] static result<void> readable(const vector_entry& entry, std::uint64_t dimension) {
        const std::vector<float>& values = entry.values;
        if (values.size() != dimension) {
            return fail({.code = errc::invalid_value,
                         .where = ".values",
                         .found = values.size(),
                         .wanted = dimension});
        }
        const auto none =
            std::ranges::find_if_not(values, [](float each) { return std::isfinite(each); });
        if (none != values.end()) {
            return fail({.code = errc::invalid_value,
                         .where = ".values[" + std::to_string(none - values.begin()) + "]",
                         .found = std::bit_cast<std::uint32_t>(*none),
                         .during = "JSON has no NaN and no infinity"});
        }
        // A text with so few brackets cannot be too deep.
        const std::string_view text = entry.metadata.text();
        if (std::ranges::count(text, '[') + std::ranges::count(text, '{') > metadata_depth) {
            if (auto good = json_value::parse(text, {.depth = metadata_depth}); !good) {
                error what = good.error();
                what.where = ".metadata";
                return fail(what);
            }
        }
        return {};
    }

    // The data is that of this snapshot, not of another that was put in its place.
    [[nodiscard]] static result<void> speaks_of(const snapshot_info& info,
                                                const snapshot_metadata& in_data) {
        snapshot_metadata beside = metadata_of(info);
        beside.size_bytes = in_data.size_bytes;
        std::string_view differs;
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            static_cast<void>(((member<I>(beside) == member<I>(in_data) ||
                                (differs = member_names<snapshot_metadata>[I], false)) &&
                               ...));
        }(std::make_index_sequence<member_count<snapshot_metadata>>{});
        if (!differs.empty()) {
            return fail({.code = errc::invalid_value,
                         .where = "metadata." + std::string{differs},
                         .during = "the metadata beside the data says something else"});
        }
        return {};
    }

    [[nodiscard]] static std::unexpected<error> inside(const snapshot_info& info, error what) {
        what.where = info.data + (what.where.empty() ? "" : ": ") + std::string{what.where.view()};
        return fail(what);
    }
};

static_assert(chain_codec<chain_json<>, vector_entry>);
static_assert(chain_codec<chain_json<serde_pretty_style>, vector_entry>);

// The original keeps so many unless told.
inline constexpr positive max_snapshots{10};

// A folder as Dakera keeps it, for a store whose records are `vector_entry`.
template <chain_source Store, json_style Style = serde_style, hash_policy Hash = crc32c,
          retention_policy Retention = keep_last>
using snapshots = chain_manager<Store, directory, chain_json<Style>, Hash, Retention>;

} // namespace tintype::inline v0::dakera
