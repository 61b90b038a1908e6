#pragma once

// How much a decoder may believe. Every length and count in the bytes is held against the bytes
// present and against these limits before anything is allocated for it.

#include <tintype/core/language.hpp>

#include <cstdint>
#include <limits>

namespace tintype::inline v0 {

class monitor;

struct limits {
    static constexpr std::uint64_t none = std::numeric_limits<std::uint64_t>::max();

    std::uint64_t bytes = none; // of one section or frame
    std::uint64_t count = none; // of records, frames, elements
    std::uint32_t depth = 64;   // of values inside values

    friend constexpr bool operator==(const limits&, const limits&) noexcept = default;
};

// Bytes between the last field and the checksum (or the end).
enum class trailing : std::uint8_t { refuse, accept };

// `skip` believes bytes whose checksum nobody looked at: for views that must open in constant
// time over bytes that were verified before.
enum class integrity : std::uint8_t { verify, skip };

struct decode_options {
    tintype::limits limits{};
    tintype::trailing trailing = trailing::refuse;
    tintype::integrity integrity = integrity::verify;
    const monitor* watch = nullptr; // told of progress, asked whether to stop; may be null
};

} // namespace tintype::inline v0
