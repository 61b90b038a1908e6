// Finding out what chain a folder holds, and opening it.

#include "chains.hpp"

#include <tintype/hash/none.hpp>
#include <tintype/storage/concept.hpp>

#include "files.hpp"
#include "format.hpp"
#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace tool {

namespace {

using tintype::errc;
using tintype::result;
using tintype::snapshot_info;

template <class Reader>
struct checking : Reader {
    using Reader::check_data;
    using Reader::Reader;
};

// `Bare` reads what was written without digests.
template <chain_kind Kind, class Reader, class Bare>
class read_folder : public chain_folder {
public:
    read_folder(const store& place, const tintype::chain_options& options)
        : reader_(place, options), bare_(place, options) {}

    [[nodiscard]] chain_kind kind() const override { return Kind; }

    [[nodiscard]] result<tintype::snapshot_list> list() const override { return reader_.list(); }

    [[nodiscard]] result<snapshot_info> metadata(std::string_view id) const override {
        return reader_.metadata(id);
    }

    [[nodiscard]] result<void> check_data(const snapshot_info& info) const override {
        if (auto good = known_digests(info); !good) {
            return good;
        }
        return info.hash.empty() ? bare_.check_data(info) : reader_.check_data(info);
    }

private:
    checking<Reader> reader_;
    checking<Bare> bare_;
};

using dakera_folder = read_folder<chain_kind::dakera, dakera_reader, dakera_reader>;
using columns_folder = read_folder<chain_kind::columns, columns_reader<tintype::crc32c>,
                                   columns_reader<tintype::no_hash>>;

[[nodiscard]] std::optional<chain_kind> kind_of(const format* known) {
    for (const chain_kind kind : {chain_kind::dakera, chain_kind::columns}) {
        if (known != nullptr &&
            (known->family() == manifest_format(kind) || known->family() == data_format(kind))) {
            return kind;
        }
    }
    return std::nullopt;
}

[[nodiscard]] std::string_view stem_of(std::string_view name) {
    return name.substr(0, name.find_last_of('.'));
}

// Whether a manifest is of the id in its name.
[[nodiscard]] bool named_by_id(std::string_view name, tintype::byte_view bytes, chain_kind kind) {
    const auto read = kind == chain_kind::dakera ? tintype::dakera::chain_json<>::decode_info(bytes)
                                                 : tintype::chain_columns::decode_info(bytes);
    return read && read->id == stem_of(name);
}

} // namespace

std::string_view manifest_format(chain_kind kind) noexcept {
    return kind == chain_kind::dakera ? "dakera-meta" : "chain-manifest";
}

std::string_view data_format(chain_kind kind) noexcept {
    return kind == chain_kind::dakera ? "dakera-snap" : "chain-data";
}

outcome<std::optional<chain_seen>> chain_in(const store& place) {
    const auto names = place.names();
    if (!names) {
        return failed(place.where(), names.error());
    }
    std::optional<chain_seen> seen;
    bool named = false;
    // Data only counts where no manifest says anything.
    for (const std::string_view suffix : {manifest_suffix, data_suffix}) {
        for (const std::string& name : *names) {
            if (!name.ends_with(suffix)) {
                continue;
            }
            const bool by_time = tintype::timed_ids<>{}.order(stem_of(name)).has_value();
            named = named || by_time;
            const auto file = place.open(name);
            const auto kind = file ? kind_of(recognised(file->bytes())) : std::nullopt;
            if (!kind) {
                continue;
            }
            if (!seen) {
                seen = {.kind = *kind};
            }
            named = named || (suffix == manifest_suffix && named_by_id(name, file->bytes(), *kind));
            if (named) {
                break;
            }
        }
        if (seen) {
            break;
        }
    }
    if (seen) {
        seen->named = named;
    } else if (named) {
        // Named like a chain's, and nothing in them that is one: damaged beyond recognition.
        seen = {.kind = chain_kind::columns, .named = true};
    }
    return seen;
}

outcome<chain_kind> require_chain(const store& place) {
    auto seen = chain_in(place);
    if (!seen) {
        return pass(seen);
    }
    if (!*seen) {
        return std::unexpected(failure{.how = status::system,
                                       .about = place.where(),
                                       .what = "there is no chain of snapshots in this folder",
                                       .code = errc::not_found});
    }
    return (*seen)->kind;
}

std::unique_ptr<chain_folder> open_chain(const store& place, chain_kind kind,
                                         const tintype::monitor* watch) {
    const auto options = chain_options_for(watch);
    if (kind == chain_kind::dakera) {
        return std::make_unique<dakera_folder>(place, options);
    }
    return std::make_unique<columns_folder>(place, options);
}

std::optional<snapshot_beside> manifest_beside(const std::string& path, chain_kind kind,
                                               const tintype::monitor* watch) {
    const auto name = file_name_of(path);
    if (!name.ends_with(data_suffix)) {
        return std::nullopt;
    }
    const auto place = open_store(folder_of(path));
    if (!place) {
        return std::nullopt;
    }
    auto chain = open_chain(*place, kind, watch);
    // Data that was written anew is called ID.rN.
    std::string_view id = stem_of(name);
    for (int tries = 0; tries != 2; ++tries, id = stem_of(id)) {
        auto found = chain->metadata(id);
        if (found && found->data == name) {
            return snapshot_beside{*std::move(found), std::move(chain)};
        }
    }
    return std::nullopt;
}

tintype::chain_options chain_options_for(const tintype::monitor* watch) {
    tintype::chain_options options;
    options.decode.watch = watch;
    return options;
}

result<void> known_digests(const snapshot_info& info) {
    if (!info.hash.empty() && info.hash != tintype::crc32c::name) {
        return tintype::fail(
            {.code = errc::unsupported,
             .where = "digests by " + info.hash + ", which cannot be verified here"});
    }
    return {};
}

std::unexpected<failure> failed_snapshot(std::string_view about, tintype::error what) {
    const auto name = file_name_of(std::string{about});
    std::string_view where = what.where.view();
    if (what.system != 0 && !where.empty() && where != name) {
        return failed_snapshot(joined(about, where), what); // a file in the folder
    }
    for (const std::string_view known : {std::string_view{name}, stem_of(name)}) {
        if (!known.empty() && where.starts_with(known) &&
            where.substr(known.size()).starts_with(": ")) {
            where.remove_prefix(known.size() + 2); // it stands in front anyway
            break;
        }
    }
    what.where = tintype::label{std::string{where}};
    auto known = failed(about, what);
    if (what.code == errc::not_found && what.system != 0) {
        known.error().what = "the data is not there";
    }
    switch (what.code) {
    case errc::not_found:
    case errc::bad_name:
    case errc::already_exists:
    case errc::unsupported:
        known.error().how = status::bad_data;
        break;
    default:
        break;
    }
    return known;
}

std::unexpected<failure> no_snapshot(const std::string& folder, std::string_view id,
                                     const tintype::error& what) {
    return failed(what.code == errc::not_found
                      ? joined(folder, std::string{id}.append(manifest_suffix))
                      : folder,
                  what);
}

std::string_view type_name(tintype::snapshot_kind type) noexcept {
    return type == tintype::snapshot_kind::full ? "Full" : "Incremental";
}

std::int64_t seconds_of(const snapshot_info& info) noexcept {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::nanoseconds{info.created_at})
        .count();
}

} // namespace tool
