// Escaping.

#include "report_html.hpp"

#include "text.hpp"

#include <fmt/format.h>

namespace tool::report {

std::string escaped(std::string_view text) {
    std::string safe;
    for (const char c : visible(text)) {
        switch (c) {
        case '&':
            safe += "&amp;";
            break;
        case '<':
            safe += "&lt;";
            break;
        case '>':
            safe += "&gt;";
            break;
        case '"':
            safe += "&quot;";
            break;
        case '\'':
            safe += "&#39;";
            break;
        default:
            safe += c;
        }
    }
    return safe;
}

std::string escaped(std::string_view text, std::size_t most) {
    return escaped(shortened(text, most));
}

std::string grouped(std::uint64_t number) {
    const auto digits = fmt::format("{}", number);
    std::string text;
    for (std::size_t i = 0; i != digits.size(); ++i) {
        // Four digits need no help.
        text += i != 0 && digits.size() > 4 && (digits.size() - i) % 3 == 0 ? "\u202f" : "";
        text += digits[i];
    }
    return text;
}

std::string percent(std::uint64_t part, std::uint64_t whole) {
    if (whole == 0) {
        return "-";
    }
    const double share = 100 * static_cast<double>(part) / static_cast<double>(whole);
    return share != 0 && share < 9.95 ? fmt::format("{:.1f} %", share)
                                      : fmt::format("{:.0f} %", share);
}

} // namespace tool::report
