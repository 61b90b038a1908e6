#pragma once

// How versions are written in the names of objects: a prefix, a decimal number of at least so many
// digits, a suffix. A name that this would not write is not a version, so no version has two names.

#include <tintype/core/fixed_string.hpp>
#include <tintype/core/rules.hpp>

#include <charconv>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tintype::inline v0 {

template <class N>
concept version_names = requires(std::uint64_t version, std::string_view name) {
    { N::name(version) } -> std::same_as<std::string>;
    { N::parse(name) } -> std::same_as<std::optional<std::uint64_t>>;
};

template <class N>
struct names_rules {
    static_assert(version_names<N>,
                  "tintype: the names of versions need `static std::string name(std::uint64_t)` "
                  "and `static std::optional<std::uint64_t> parse(std::string_view)`: write "
                  "numbered<\"prefix\", \".suffix\">");
    static constexpr bool kept = version_names<N>;
};

template <fixed_string Prefix, fixed_string Suffix, std::size_t Digits = 8>
struct numbered {
    [[nodiscard]] static std::string name(std::uint64_t version) {
        char digits[20];
        const auto end = std::to_chars(digits, digits + sizeof digits, version).ptr;
        const auto length = static_cast<std::size_t>(end - digits);
        std::string text{Prefix.view()};
        text.append(length < Digits ? Digits - length : 0, '0');
        text.append(digits, length);
        return text += Suffix.view();
    }

    [[nodiscard]] static constexpr std::optional<std::uint64_t> parse(std::string_view name) {
        if (!name.starts_with(Prefix.view())) {
            return std::nullopt;
        }
        name.remove_prefix(Prefix.size());
        if (!name.ends_with(Suffix.view())) {
            return std::nullopt;
        }
        name.remove_suffix(Suffix.size());
        if (name.size() < Digits || (name.size() > Digits && name.front() == '0')) {
            return std::nullopt;
        }
        std::uint64_t version = 0;
        for (const char c : name) {
            const auto digit = static_cast<std::uint64_t>(c - '0');
            if (c < '0' || c > '9' || version > (~std::uint64_t{0} - digit) / 10) {
                return std::nullopt;
            }
            version = version * 10 + digit;
        }
        return version;
    }
};

} // namespace tintype::inline v0
