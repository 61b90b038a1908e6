#pragma once

// Text that can be a template argument: the names of fields and the magics of formats. Two texts
// are the same template argument exactly when their characters are the same.

#include <tintype/core/language.hpp>

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace tintype::inline v0 {

template <std::size_t Size>
struct fixed_string {
    char characters[Size + 1]{};

    consteval fixed_string(const char (&literal)[Size + 1]) noexcept {
        std::copy_n(literal, Size + 1, characters);
    }

    [[nodiscard]] static constexpr std::size_t size() noexcept { return Size; }

    [[nodiscard]] constexpr std::string_view view() const noexcept { return {characters, Size}; }
};

template <std::size_t Extent>
fixed_string(const char (&)[Extent]) -> fixed_string<Extent - 1>;

} // namespace tintype::inline v0
