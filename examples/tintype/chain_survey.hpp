#pragma once

// Everything that can be told of a folder's chain: each snapshot with what is wrong with it, and
// the data that belongs to none. What `ls` draws and `verify` says line by line.

#include <tintype/chain/manifest.hpp>

#include "chains.hpp"
#include "outcome.hpp"
#include "terminal.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace tool {

struct seen_snapshot {
    std::string id{};                             // empty for data that belongs to no snapshot
    std::optional<tintype::snapshot_info> info{}; // nothing where the manifest cannot be read
    std::string file{};                           // what there is to say is about this file
    std::string_view format{};                    // and what that file is
    std::optional<failure> what{};                // nothing where it can be restored
    std::string rests_on{};                       // where only a parent is to blame, which
};

struct chain_survey {
    std::vector<seen_snapshot> snapshots;     // newest first
    std::vector<seen_snapshot> strays;        // data of which no manifest speaks
    std::set<std::string, std::less<>> files; // all of the folder's that are the chain's
};

enum class look : std::uint8_t {
    manifests, // no data is opened
    all,
};

// "rests on ID, which is damaged: ...", or what is wrong with it itself.
[[nodiscard]] std::string reason_of(const seen_snapshot& seen);

// Fails where the folder cannot be read or the work was stopped.
[[nodiscard]] outcome<chain_survey> survey_chain(terminal& on, const store& place,
                                                 const chain_folder& folder, look how);

} // namespace tool
