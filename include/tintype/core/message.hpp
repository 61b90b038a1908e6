#pragma once

// One line for people out of an `error`: what, where, and the two numbers by their meaning. Built
// with std::string alone, so that it is there without fmt.

#include <tintype/core/error.hpp>

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace tintype::inline v0 {

namespace detail {

inline void append_number(std::string& line, std::uint64_t number, int base = 10, int width = 0) {
    char digits[64];
    const auto end = std::to_chars(digits, digits + sizeof digits, number, base).ptr;
    for (auto missing = width - (end - digits); missing > 0; --missing) {
        line += '0';
    }
    line.append(digits, end);
}

// Names come from files and wires: what a terminal might act on is written as \xNN.
inline void append_visible(std::string& line, std::string_view text) {
    for (const char character : text) {
        const auto byte = static_cast<unsigned char>(character);
        if (byte < 0x20 || byte == 0x7f) {
            line += "\\x";
            append_number(line, byte, 16, 2);
        } else {
            line += character;
        }
    }
}

// "a, b" after the code's phrase: what the two numbers mean differs by code.
inline void append_numbers(std::string& line, const error& what) {
    const auto say = [&](std::string_view before, std::uint64_t number, std::string_view after) {
        line += before;
        append_number(line, number);
        line += after;
    };
    const auto hex = [&](std::string_view before, std::uint64_t number, int width) {
        line += before;
        append_number(line, number, 16, width);
    };
    switch (what.code) {
    case errc::truncated:
        say(": ", what.found, " bytes");
        say(", at least ", what.wanted, " needed");
        break;
    case errc::invalid_magic:
        hex(": found ", what.found, 0);
        hex(", expected ", what.wanted, 0);
        break;
    case errc::unsupported_version:
        say(" ", what.found, "");
        say(", the newest known is ", what.wanted, "");
        break;
    case errc::checksum_mismatch: {
        const int width = (what.found | what.wanted) >> 32U != 0 ? 16 : 8;
        hex(": stored ", what.found, width);
        hex(", computed ", what.wanted, width);
        break;
    }
    case errc::truncated_section:
        say(": claims ", what.wanted, " bytes");
        say(", ", what.found, " are left");
        break;
    case errc::trailing_bytes:
        say(": ", what.found, " bytes left over");
        break;
    case errc::length_overflow:
    case errc::limit_exceeded:
        say(": ", what.found, "");
        say(", the most is ", what.wanted, "");
        break;
    case errc::invalid_value:
        say(": ", what.found, "");
        break;
    case errc::out_of_bounds:
        say(": ", what.found, "");
        say(" of ", what.wanted, "");
        break;
    case errc::incomplete_stream:
    case errc::cancelled:
    case errc::timed_out:
        say(": ", what.found, "");
        say(" of ", what.wanted, "");
        break;
    default:
        break;
    }
}

} // namespace detail

[[nodiscard]] inline std::string message(const error& what) {
    std::string line;
    for (const char character : name_of(what.code)) {
        line += character == '_' ? ' ' : character;
    }
    if (what.code == errc::io) {
        line = "input/output error";
    }
    if (!what.where.empty()) {
        line += " in ";
        detail::append_visible(line, what.where.view());
    }
    detail::append_numbers(line, what);
    if (what.offset != error::no_offset) {
        line += " (at offset ";
        detail::append_number(line, what.offset);
        line += ')';
    }
    if (!what.during.empty() || what.system != 0) {
        line += ": ";
        line += what.during;
        if (what.system != 0) {
            line += what.during.empty() ? "" : ": ";
            line += what.system_code().message();
        }
    }
    return line;
}

} // namespace tintype::inline v0
