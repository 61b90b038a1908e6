#pragma once

// Which version of the library a program is compiled with. What each number promises is in
// docs/versions.md; the major one is also in the inline namespace that everything stands in, so
// that two of them can be linked into one program.

#include <compare>
#include <cstdint>

namespace tintype::inline v0 {

struct version_number {
    std::uint32_t major = 0;
    std::uint32_t minor = 0;
    std::uint32_t patch = 0;

    friend constexpr auto operator<=>(const version_number&, const version_number&) = default;
};

inline constexpr version_number library_version{0, 1, 0};

} // namespace tintype::inline v0
