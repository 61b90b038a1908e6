#pragma once

// CRC-32 as zlib, gzip, PNG and Ethernet mean it: reflected 0x04C11DB7, all ones before and after.
// Any single burst of up to 32 flipped bits changes it; it is no defence against an adversary.

#include <tintype/hash/concept.hpp>
#include <tintype/hash/detail/crc.hpp>

#include <string_view>

namespace tintype::inline v0 {

// A type of its own rather than an alias: compiler messages call it what the user does.
struct crc32 : detail::reflected_crc<0xEDB88320U> {
    static constexpr std::string_view name = "crc32";
};

static_assert(combinable_hash<crc32> && copying_hash<crc32>);
static_assert(digest_size<crc32> == 4);

} // namespace tintype::inline v0
