#pragma once

// The one line that a state of a pointer is: words with one space between them, read as strictly as
// they are written.

#include <tintype/core/bytes.hpp>

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

namespace tintype::inline v0::detail {

// Each function takes the next word, or answers false.
class pointer_text {
public:
    static constexpr std::size_t longest = 255;

    explicit pointer_text(byte_view bytes)
        : rest_(bytes.size() <= longest ? text_of(bytes) : std::string_view{}) {}

    [[nodiscard]] bool word(std::string_view wanted) { return next(' ') == wanted; }

    // Decimal, without leading zeros.
    [[nodiscard]] bool number(std::uint64_t& value, char end = ' ') {
        const auto digits = next(end);
        const char* const last = digits.data() + digits.size();
        const auto read = std::from_chars(digits.data(), last, value);
        return !digits.empty() && read.ec == std::errc{} && read.ptr == last &&
               (digits == "0" || digits.front() != '0');
    }

    // What random_writer() gave.
    [[nodiscard]] bool writer(std::string& value, char end = ' ') {
        value = next(end);
        return value.size() == 32 &&
               value.find_first_not_of("0123456789abcdef") == std::string::npos;
    }

    // The line ends with this word.
    [[nodiscard]] bool last(std::string_view wanted) const {
        return rest_.size() == wanted.size() + 1 && rest_.starts_with(wanted) &&
               rest_.ends_with('\n');
    }

    [[nodiscard]] bool ended() const { return rest_.empty(); }

private:
    // Without what ends it, which must be there.
    [[nodiscard]] std::string_view next(char end) {
        const auto at = rest_.find(end);
        const auto found = rest_.substr(0, at == std::string_view::npos ? 0 : at);
        rest_.remove_prefix(at == std::string_view::npos ? rest_.size() : at + 1);
        return found;
    }

    std::string_view rest_;
};

} // namespace tintype::inline v0::detail
