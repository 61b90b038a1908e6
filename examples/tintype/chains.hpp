#pragma once

// A folder that holds a chain of snapshots, Dakera's or the library's own, as the commands look at
// it. Which of the two it is, its files say, not their names.

#include <tintype/chain/archive.hpp>
#include <tintype/chain/manifest.hpp>
#include <tintype/chain/outcome.hpp>
#include <tintype/chain/reader.hpp>
#include <tintype/formats/dakera.hpp>
#include <tintype/hash/crc32c.hpp>

#include "outcome.hpp"
#include "store.hpp"
#include "terminal.hpp"
#include "unread_columns.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace tool {

enum class chain_kind : std::uint8_t { dakera, columns };

// What a command that only looks does with a folder, and one that removes.
using dakera_reader = tintype::chain_reader<tintype::dakera::vector_entry, tintype::no_side, store,
                                            tintype::dakera::chain_json<>>;
template <tintype::hash_policy Hash>
using columns_reader =
    tintype::chain_reader<unread_record, tintype::no_side, store, unread_columns, Hash>;

template <tintype::retention_policy Retention>
using dakera_archive =
    tintype::chain_archive<tintype::dakera::vector_entry, tintype::no_side, store,
                           tintype::dakera::chain_json<>, tintype::crc32c, Retention>;
template <tintype::hash_policy Hash, tintype::retention_policy Retention>
using columns_archive =
    tintype::chain_archive<unread_record, tintype::no_side, store, unread_columns, Hash, Retention>;

class chain_folder {
public:
    virtual ~chain_folder() = default;

    [[nodiscard]] virtual chain_kind kind() const = 0;
    [[nodiscard]] virtual tintype::result<tintype::snapshot_list> list() const = 0;
    [[nodiscard]] virtual tintype::result<tintype::snapshot_info>
    metadata(std::string_view id) const = 0;

    // All of its own data; `unsupported` where it has digests that this tool cannot compute.
    [[nodiscard]] virtual tintype::result<void>
    check_data(const tintype::snapshot_info& info) const = 0;
};

// The names of a snapshot's two objects, and of formats of them.
inline constexpr std::string_view manifest_suffix = ".meta";
inline constexpr std::string_view data_suffix = ".snap";

[[nodiscard]] std::string_view manifest_format(chain_kind kind) noexcept;
[[nodiscard]] std::string_view data_format(chain_kind kind) noexcept;

struct chain_seen {
    chain_kind kind{};
    // Whether the files are called as a chain calls them: copies under other names are files like
    // any others.
    bool named = false;
};

// Nothing where the folder holds no chain.
[[nodiscard]] outcome<std::optional<chain_seen>> chain_in(const store& place);

// The same for a command that can do nothing without one.
[[nodiscard]] outcome<chain_kind> require_chain(const store& place);

[[nodiscard]] std::unique_ptr<chain_folder> open_chain(const store& place, chain_kind kind,
                                                       const tintype::monitor* watch);

// The readable manifest beside a data file that names it, by the file's path, and where it is.
struct snapshot_beside {
    tintype::snapshot_info info;
    std::unique_ptr<chain_folder> chain;
};

[[nodiscard]] std::optional<snapshot_beside>
manifest_beside(const std::string& path, chain_kind kind, const tintype::monitor* watch);

[[nodiscard]] tintype::chain_options chain_options_for(const tintype::monitor* watch);

// Whether the snapshot's digests, if it has any, can be computed here: `unsupported` otherwise.
[[nodiscard]] tintype::result<void> known_digests(const tintype::snapshot_info& info);

// An error of a snapshot that was listed: whatever it lacks, its data is bad.
[[nodiscard]] std::unexpected<failure> failed_snapshot(std::string_view about, tintype::error what);

// The same of one that was asked for by its id.
[[nodiscard]] std::unexpected<failure> no_snapshot(const std::string& folder, std::string_view id,
                                                   const tintype::error& what);

[[nodiscard]] inline tintype::timestamp time_of(const tintype::snapshot_info& info) {
    return tintype::timestamp{std::chrono::nanoseconds{info.created_at}};
}

// "Full" or "Incremental", as Dakera's files have it and the tool's documents.
[[nodiscard]] std::string_view type_name(tintype::snapshot_kind type) noexcept;

// Seconds since 1970, as those files count them.
[[nodiscard]] std::int64_t seconds_of(const tintype::snapshot_info& info) noexcept;

} // namespace tool
