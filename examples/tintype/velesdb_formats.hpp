#pragma once

// VelesDB's formats for the table, and the one migration between them.

#include "format.hpp"

#include <string_view>
#include <vector>

namespace tool {

[[nodiscard]] std::vector<const format*> velesdb_formats();

// Which memories an entry of a version 1 ttl section expired: "semantic", "episodic", "procedural"
// or "all".
[[nodiscard]] outcome<snapshot> migrated_to_vamm_2(const std::string& path, std::string_view kind,
                                                   const tintype::monitor& watch);

} // namespace tool
