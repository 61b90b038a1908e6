#pragma once

// What an import noted about a folder, held against the files that are there now. Only reads.

#include "outcome.hpp"
#include "terminal.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tool {

struct imported_file {
    std::string name;              // in the folder
    std::string facts;             // for people
    std::optional<failure> what{}; // is wrong with it
};

struct imported_folder {
    std::string snapshot_id; // of the last import; empty where there was none
    std::vector<imported_file> files;
    std::optional<failure> interrupted{}; // an import that the next one completes
};

// Whether a folder of this name is one in which importers keep what is theirs.
[[nodiscard]] bool is_importers_own(std::string_view name) noexcept;

// Fails where the note is damaged, or the work was stopped.
[[nodiscard]] outcome<imported_folder> survey_imported(terminal& on, const std::string& folder);

} // namespace tool
