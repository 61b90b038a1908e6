#pragma once

// Buckets of object stores, where the tool was built with what it takes to speak to them.

#include "store.hpp"

#include <string>

namespace tool {

// `where` is s3://bucket or s3://bucket/prefix.
[[nodiscard]] outcome<store> open_bucket(const std::string& where);

} // namespace tool
