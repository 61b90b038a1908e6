#pragma once

// Text for people and for terminals: names that came from files made harmless, sizes, times and
// ages in words, numbers read strictly, and the word that somebody probably meant.

#include <tintype/core/clock.hpp>

#include "outcome.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tool {

// One character of a text: its code point, or none where the bytes are no valid UTF-8 (then `size`
// is 1).
struct character {
    std::optional<char32_t> point;
    std::size_t size = 1;
};

[[nodiscard]] character first_character(std::string_view text) noexcept;

// What moves cursors, changes colours, hides or reorders text.
[[nodiscard]] bool acts_on_terminals(char32_t point) noexcept;

// Safe to print: whatever a terminal might act on, and whatever is no UTF-8, as \xNN or \u{N}.
[[nodiscard]] std::string visible(std::string_view text);

// How many columns a text takes: its characters, each counted once.
[[nodiscard]] std::size_t columns_of(std::string_view text) noexcept;

// As much of a text as fits in so many columns, with `...` where some is missing.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t columns);

// A folder and a name in it.
[[nodiscard]] std::string joined(std::string_view folder, std::string_view name);

[[nodiscard]] std::string counted(std::uint64_t count, std::string_view what); // "1 vector"
[[nodiscard]] std::string human_size(std::uint64_t bytes);                  // "52 B", "358.0 KiB"
[[nodiscard]] std::string human_age(std::chrono::nanoseconds age);          // "3 s", "5 h", "12 d"
[[nodiscard]] std::string utc(tintype::timestamp time, char between = ' '); // "2026-01-31 23:59:59"
[[nodiscard]] std::optional<std::uint64_t> number(std::string_view text);   // decimal digits only

// "90s", "30m", "36h", "7d", "2w".
[[nodiscard]] outcome<std::chrono::nanoseconds> duration(std::string_view option,
                                                         std::string_view text);

// The candidate with the fewest mistypings, if it is near enough to be what was meant.
[[nodiscard]] std::optional<std::string_view> meant(std::string_view typed,
                                                    std::span<const std::string_view> candidates);

} // namespace tool
