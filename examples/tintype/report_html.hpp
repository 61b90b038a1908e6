#pragma once

// Texts in a page of HTML: harmless wherever they came from, in element content and in quoted
// attributes alike, and valid UTF-8 whatever they were.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tool::report {

// What a terminal could act on, and what is no UTF-8, is shown as `visible` shows it; what HTML
// could act on is a character reference.
[[nodiscard]] std::string escaped(std::string_view text);

// The same of not more than so many characters.
[[nodiscard]] std::string escaped(std::string_view text, std::size_t most);

// "12 345", with spaces that do not break.
[[nodiscard]] std::string grouped(std::uint64_t number);

// A share as "62 %", without a denominator as "-".
[[nodiscard]] std::string percent(std::uint64_t part, std::uint64_t whole);

} // namespace tool::report
