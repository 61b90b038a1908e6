// Manifests and data of the library's own chains, as the tool handles them.

#include "chain_formats.hpp"

#include <tintype/chain/columnar.hpp>
#include <tintype/core/endian.hpp>
#include <tintype/hash/crc32c.hpp>
#include <tintype/hash/hex.hpp>
#include <tintype/hash/watched.hpp>

#include "chains.hpp"
#include "list_format.hpp"

#include <algorithm>
#include <bit>
#include <string>
#include <string_view>
#include <utility>

namespace tool {

namespace {

using tintype::byte_view;
using tintype::chain_columns;
using tintype::decode_options;
using tintype::errc;
using tintype::piece_info;
using tintype::result;
using tintype::snapshot_info;

using manifest_list = chain_columns::info_list;
// What can be told of a snapshot's data without its manifest, which knows the pieces.
using data_list =
    tintype::section_list<tintype::magic<"TTPIECES">, tintype::version<std::uint64_t, 1>,
                          tintype::tail<"pieces">>;

static_assert(data_list::layout()[0].text == chain_columns::data_magic &&
              data_list::layout()[1].number == chain_columns::data_version);

using manifest_body = list_body<manifest_list, snapshot_info>;

// Nothing where a chain keeps none.
[[nodiscard]] json::value hex_or_null(const tintype::blob& bytes) {
    return bytes.empty() ? json::value{} : json::value{tintype::hex_of(bytes)};
}

[[nodiscard]] json::value text_or_null(const std::string& text) {
    return text.empty() ? json::value{} : json::value{text};
}

class manifest_format : public list_format<manifest_list, snapshot_info, manifest_body> {
    using list = list_format<manifest_list, snapshot_info, manifest_body>;

public:
    [[nodiscard]] std::string_view name() const override { return "chain-manifest"; }

    [[nodiscard]] std::string_view family() const override { return "chain-manifest"; }

    [[nodiscard]] std::string_view about() const override {
        return "snapshot in a chain: what is known of it";
    }

    [[nodiscard]] result<void> verify(byte_view bytes,
                                      const decode_options& options) const override {
        const auto info = chain_columns::decode_info(bytes, options);
        return info ? tintype::plausible(*info, info->id) : tintype::pass(info);
    }

    [[nodiscard]] result<inspection> inspect(byte_view bytes,
                                             const decode_options& options) const override {
        auto seen = list::inspect(bytes, options);
        if (!seen || seen->damage) {
            return seen;
        }
        const auto info = chain_columns::decode_info(bytes, options);
        if (!info) {
            seen->damage = info.error();
            return seen;
        }
        add(seen->document, *info);
        if (const auto good = tintype::plausible(*info, info->id); !good) {
            seen->damage = good.error();
        }
        return seen;
    }

private:
    static void add(json::object& document, const snapshot_info& info) {
        document.insert(document.end(), {{"id", info.id},
                                         {"snapshot_type", type_name(info.type)},
                                         {"parent_id", info.parent_id},
                                         {"created_at", seconds_of(info)},
                                         {"created_at_ns", info.created_at},
                                         {"description", info.description},
                                         {"records", info.records},
                                         {"data", text_or_null(info.data)},
                                         {"data_size", info.data_size},
                                         {"hash", text_or_null(info.hash)},
                                         {"state", hex_or_null(info.state)},
                                         {"parent_state", hex_or_null(info.parent_state)},
                                         {"schema", text_or_null(info.schema)}});
        json::array rows;
        for (const piece_info& each : info.pieces) {
            rows.emplace_back(json::object{{"name", each.name},
                                           {"kind", tintype::name_of(each.kind)},
                                           {"records", each.records},
                                           {"erased", each.erased},
                                           {"total", each.total},
                                           {"offset", each.offset},
                                           {"size", each.size},
                                           {"digest", hex_or_null(each.digest)}});
        }
        document.emplace_back("pieces", std::move(rows));
    }
};

class data_format_of_chains : public format {
public:
    [[nodiscard]] std::string_view name() const override { return "chain-data"; }

    [[nodiscard]] std::string_view family() const override { return "chain-data"; }

    [[nodiscard]] std::string_view about() const override {
        return "snapshot in a chain: its records";
    }

    [[nodiscard]] likeness recognise(byte_view bytes) const override {
        const auto magic = tintype::bytes_of(chain_columns::data_magic);
        if (bytes.size() < magic.size() || !std::ranges::equal(bytes.first(magic.size()), magic)) {
            return likeness::none;
        }
        return version_of(bytes) == chain_columns::data_version ? likeness::exact
                                                                : likeness::family;
    }

    // All that can be told without a manifest: its own head.
    [[nodiscard]] result<void> verify(byte_view bytes, const decode_options&) const override {
        const auto version = version_of(bytes);
        if (!version) {
            return tintype::fail(
                {.code = errc::truncated, .found = bytes.size(), .wanted = head_size});
        }
        if (*version != chain_columns::data_version) {
            return tintype::fail({.code = errc::unsupported_version,
                                  .where = "version",
                                  .found = *version,
                                  .wanted = chain_columns::data_version});
        }
        return {};
    }

    [[nodiscard]] result<void> verify_file(const input& file,
                                           const decode_options& options) const override {
        auto good = verify(file.bytes(), options);
        if (good) {
            if (const auto found = beside(file, options)) {
                good = found->chain->check_data(found->info);
            }
        }
        return good;
    }

    [[nodiscard]] result<inspection> inspect(byte_view bytes,
                                             const decode_options& options) const override {
        const auto version = version_of(bytes);
        inspection seen{.document = {{"format", family()},
                                     {"version", version ? json::value{*version} : json::value{}},
                                     {"size", std::uint64_t{bytes.size()}}},
                        .damage = {}};
        if (const auto good = verify(bytes, options); !good) {
            seen.damage = good.error();
        }
        return seen;
    }

    [[nodiscard]] result<inspection> inspect_file(const input& file,
                                                  const decode_options& options) const override {
        auto seen = inspect(file.bytes(), options);
        if (!seen || seen->damage) {
            return seen;
        }
        const auto found = beside(file, options);
        seen->document.emplace_back(
            "manifest",
            found ? json::value{found->info.id + std::string{manifest_suffix}} : json::value{});
        if (!found) {
            return seen;
        }
        auto rows = pieces_of(file.bytes(), found->info, options);
        if (!rows) {
            return tintype::pass(rows);
        }
        seen->document.emplace_back("hash", text_or_null(found->info.hash));
        seen->document.emplace_back("pieces", *std::move(rows));
        if (const auto good = verify_file(file, options); !good) {
            seen->damage = good.error();
        }
        return seen;
    }

    [[nodiscard]] result<snapshot> decode(byte_view bytes,
                                          const decode_options& options) const override {
        if (auto good = verify(bytes, options); !good) {
            return tintype::pass(good);
        }
        return tintype::fail({.code = errc::unsupported,
                              .where = family(),
                              .during = "only a program that describes its records can read them"});
    }

    [[nodiscard]] std::optional<list_layout> layout() const override {
        constexpr auto fields = data_list::layout();
        return list_layout{.endian = data_list::order == std::endian::little ? "little" : "big",
                           .min_size = data_list::min_size,
                           .fields = {fields.begin(), fields.end()}};
    }

private:
    static constexpr std::uint64_t head_size = chain_columns::data_magic.size() + 8;

    [[nodiscard]] static std::optional<std::uint64_t> version_of(byte_view bytes) {
        if (bytes.size() < head_size) {
            return std::nullopt;
        }
        return tintype::load<std::endian::little, std::uint64_t>(bytes.data() +
                                                                 chain_columns::data_magic.size());
    }

    [[nodiscard]] static std::optional<snapshot_beside> beside(const input& file,
                                                               const decode_options& options) {
        return manifest_beside(file.path(), chain_kind::columns, options.watch);
    }

    // Every piece that the manifest speaks of, with what its digest is and what it should be.
    [[nodiscard]] static result<json::value> pieces_of(byte_view bytes, const snapshot_info& info,
                                                       const decode_options& options) {
        json::array rows;
        for (const piece_info& each : info.pieces) {
            json::value computed;
            const bool there = each.size <= bytes.size() && each.offset <= bytes.size() - each.size;
            if (there && !each.digest.empty() && known_digests(info)) {
                const auto digest = tintype::watched_hash<tintype::crc32c>(
                    bytes.subspan(static_cast<std::size_t>(each.offset),
                                  static_cast<std::size_t>(each.size)),
                    options.watch);
                if (!digest) {
                    return tintype::pass(digest);
                }
                computed = tintype::to_hex(*digest);
            }
            rows.emplace_back(json::object{{"name", each.name},
                                           {"kind", tintype::name_of(each.kind)},
                                           {"records", each.records},
                                           {"offset", each.offset},
                                           {"size", each.size},
                                           {"stored", hex_or_null(each.digest)},
                                           {"computed", std::move(computed)}});
        }
        return json::value{std::move(rows)};
    }
};

const manifest_format manifest;
const data_format_of_chains data;

} // namespace

std::vector<const format*> chain_formats() {
    return {&manifest, &data};
}

} // namespace tool
