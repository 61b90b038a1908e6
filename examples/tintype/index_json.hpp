#pragma once

// A payload index as JSON and back: {"wal_position":N,"entries":[{"id":N,"offset":N},...]}. The
// reader takes this shape alone, keys in any order, each exactly once, integers from 0 to 2^64 - 1.

#include <tintype/formats/velesdb.hpp>

#include <expected>
#include <string>
#include <string_view>

namespace tool {

[[nodiscard]] std::string written_index(const tintype::velesdb::payload_index& index);

// Or what is wrong, with its line and column.
[[nodiscard]] std::expected<tintype::velesdb::payload_index, std::string>
read_index(std::string_view text);

} // namespace tool
