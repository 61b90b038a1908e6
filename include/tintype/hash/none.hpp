#pragma once

// The hash that says, in a type, that nothing guards these bytes. It costs nothing, stores nothing
// and refuses nothing: whoever names it has decided that another layer verifies, or that none does.

#include <tintype/hash/concept.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tintype::inline v0 {

struct no_hash {
    using digest_type = std::array<std::byte, 0>;

    static constexpr std::string_view name = "none";

    constexpr void update(byte_view) noexcept {}

    [[nodiscard]] constexpr digest_type finish() const noexcept { return {}; }

    [[nodiscard]] static constexpr digest_type combine(digest_type, digest_type,
                                                       std::uint64_t) noexcept {
        return {};
    }

    friend bool operator==(const no_hash&, const no_hash&) = default;
};

static_assert(combinable_hash<no_hash>);
static_assert(digest_size<no_hash> == 0);

} // namespace tintype::inline v0
