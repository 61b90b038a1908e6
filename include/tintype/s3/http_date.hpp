#pragma once

// Dates as services write them: in headers ("Sun, 06 Nov 1994 08:49:37 GMT", the one form that HTTP
// still lets be sent) and in XML ("1994-11-06T08:49:37.123Z"). Anything else is `invalid_value`.

#include <tintype/core/clock.hpp>
#include <tintype/core/error.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tintype::inline v0 {

namespace detail {

// Just these digits.
[[nodiscard]] constexpr std::optional<unsigned> number_at(std::string_view text, std::size_t at,
                                                          std::size_t digits) noexcept {
    unsigned number = 0;
    for (const char c : text.substr(at, digits)) {
        if (c < '0' || c > '9') {
            return {};
        }
        number = number * 10 + static_cast<unsigned>(c - '0');
    }
    return number;
}

// Whether all but the places of digits, which are marked by zeros, is as in the pattern.
[[nodiscard]] constexpr bool has_form(std::string_view text, std::string_view pattern) noexcept {
    if (text.size() != pattern.size()) {
        return false;
    }
    for (std::size_t i = 0; i != text.size(); ++i) {
        const bool digit = text[i] >= '0' && text[i] <= '9';
        if (pattern[i] == '0' ? !digit : pattern[i] != '?' && text[i] != pattern[i]) {
            return false;
        }
    }
    return true;
}

[[nodiscard]] constexpr std::unexpected<error> no_date(std::string_view text) noexcept {
    return fail({.code = errc::invalid_value,
                 .where = text,
                 .found = text.empty() ? 0U : static_cast<unsigned char>(text.front()),
                 .during = "a date"});
}

// A leap second counts as the one before it; years that a timestamp cannot hold are none.
[[nodiscard]] constexpr std::optional<timestamp>
moment(std::chrono::year_month_day date, unsigned hour, unsigned minute, unsigned second) noexcept {
    const int year = static_cast<int>(date.year());
    if (!date.ok() || year < 1970 || year > 2261 || hour > 23 || minute > 59 || second > 60) {
        return {};
    }
    return timestamp{std::chrono::sys_days{date} + std::chrono::hours{hour} +
                     std::chrono::minutes{minute} +
                     std::chrono::seconds{second == 60 ? 59 : second}};
}

} // namespace detail

[[nodiscard]] constexpr result<timestamp> http_date(std::string_view text) noexcept {
    constexpr std::string_view days = "SunMonTueWedThuFriSat";
    constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    if (!detail::has_form(text, "???, 00 ??? 0000 00:00:00 GMT")) {
        return detail::no_date(text);
    }
    const auto day = days.find(text.substr(0, 3));
    const auto month = months.find(text.substr(8, 3));
    if (day == std::string_view::npos || day % 3 != 0 || month == std::string_view::npos ||
        month % 3 != 0) {
        return detail::no_date(text);
    }
    const std::chrono::year_month_day date{
        std::chrono::year{static_cast<int>(*detail::number_at(text, 12, 4))},
        std::chrono::month{static_cast<unsigned>(month / 3 + 1)},
        std::chrono::day{*detail::number_at(text, 5, 2)}};
    const auto when =
        detail::moment(date, *detail::number_at(text, 17, 2), *detail::number_at(text, 20, 2),
                       *detail::number_at(text, 23, 2));
    if (!when || std::chrono::weekday{std::chrono::sys_days{date}}.c_encoding() != day / 3) {
        return detail::no_date(text);
    }
    return *when;
}

// With a fraction of one to nine digits, or none; in UTC only.
[[nodiscard]] constexpr result<timestamp> iso_date(std::string_view text) noexcept {
    constexpr std::string_view form = "0000-00-00T00:00:00";
    if (text.size() <= form.size() || !detail::has_form(text.substr(0, form.size()), form)) {
        return detail::no_date(text);
    }
    auto rest = text.substr(form.size());
    std::chrono::nanoseconds fraction{0};
    if (rest.front() == '.') {
        const std::size_t digits = rest.size() - 2;
        const auto number = rest.size() >= 3 && digits <= 9 ? detail::number_at(rest, 1, digits)
                                                            : std::optional<unsigned>{};
        if (!number) {
            return detail::no_date(text);
        }
        std::int64_t parts = *number;
        for (std::size_t i = digits; i != 9; ++i) {
            parts *= 10;
        }
        fraction = std::chrono::nanoseconds{parts};
        rest = rest.substr(1 + digits);
    }
    const std::chrono::year_month_day date{
        std::chrono::year{static_cast<int>(*detail::number_at(text, 0, 4))},
        std::chrono::month{*detail::number_at(text, 5, 2)},
        std::chrono::day{*detail::number_at(text, 8, 2)}};
    const auto when =
        detail::moment(date, *detail::number_at(text, 11, 2), *detail::number_at(text, 14, 2),
                       *detail::number_at(text, 17, 2));
    if (rest != "Z" || !when) {
        return detail::no_date(text);
    }
    return *when + fraction;
}

} // namespace tintype::inline v0
