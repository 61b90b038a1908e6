#pragma once

// Folders with chains of snapshots, for the tool to look at.

#include "run.hpp"
#include "support/scratch.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tests {

// Dakera's golden snapshots under the names that their ids give them: `full` with two increments,
// and three other full ones.
void copy_dakera(const std::string& folder);

namespace dakera_ids {

inline const std::string empty = "snap_1700000000000_0";
inline const std::string special_floats = "snap_1700000000001_1";
inline const std::string full = "snap_1700000100000_2";
inline const std::string incremental1 = "snap_1700000200000_3";
inline const std::string incremental2 = "snap_1700000300000_4";
inline const std::string pretty = "snap_1700000400000_5";

} // namespace dakera_ids

enum class digests : std::uint8_t { crc32c, crc32, none };

// A chain of Dakera's as this library takes it, in two links; the ids, oldest first.
std::vector<std::string> take_dakera(const std::string& folder, digests how = digests::crc32c);

// A chain of the library's own, of four snapshots: a full one, two on it, and one on the first of
// these two.
std::vector<std::string> take_chain(const std::string& folder, digests how = digests::crc32c);

// So many links, each on the one before.
std::vector<std::string> take_long_chain(const std::string& folder, std::size_t links);

// The one place where a file says `from` says `to` afterwards.
void edit_file(const std::string& path, std::string_view from, std::string_view to);

// One bit of the byte in the middle.
void damage_file(const std::string& path);

void remove_file(const std::string& path);

[[nodiscard]] bool holds(const std::string& text, std::string_view part);
[[nodiscard]] std::size_t count_of(const std::string& text, std::string_view part);

// A chain of the library's own with which everything is still well.
struct own_chain {
    scratch folder;
    words ids = take_chain(folder.path());

    [[nodiscard]] std::string meta(std::size_t i) const { return folder / ids[i] + ".meta"; }

    [[nodiscard]] std::string snap(std::size_t i) const { return folder / ids[i] + ".snap"; }

    [[nodiscard]] ran verified() const { return tool({"verify", "--json", folder.path()}); }
};

} // namespace tests
