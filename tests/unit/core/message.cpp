// The line that people read: each code with its numbers by their meaning, and nothing in it that a
// terminal would act on.

#include <tintype/core/message.hpp>

#include <doctest/doctest.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>

namespace {

using tintype::errc;

std::string line_of(errc code, std::uint64_t found = 0, std::uint64_t wanted = 0) {
    return tintype::message({.code = code, .found = found, .wanted = wanted});
}

} // namespace

TEST_CASE("message: each code tells its numbers by their meaning") {
    CHECK(line_of(errc::truncated, 40, 41) == "truncated: 40 bytes, at least 41 needed");
    CHECK(line_of(errc::invalid_magic, 0x5641, 0x56414d4d) ==
          "invalid magic: found 5641, expected 56414d4d");
    CHECK(line_of(errc::unsupported_version, 3, 2) ==
          "unsupported version 3, the newest known is 2");
    CHECK(line_of(errc::truncated_section, 7, 8) ==
          "truncated section: claims 8 bytes, 7 are left");
    CHECK(line_of(errc::trailing_bytes, 5) == "trailing bytes: 5 bytes left over");
    CHECK(line_of(errc::length_overflow, 256, 255) == "length overflow: 256, the most is 255");
    CHECK(line_of(errc::limit_exceeded, 11, 10) == "limit exceeded: 11, the most is 10");
    CHECK(line_of(errc::invalid_value, 2, 1) == "invalid value: 2");
    CHECK(line_of(errc::out_of_bounds, 4, 3) == "out of bounds: 4 of 3");
    CHECK(line_of(errc::incomplete_stream, 1, 9) == "incomplete stream: 1 of 9");
    CHECK(line_of(errc::cancelled, 2, 9) == "cancelled: 2 of 9");
    CHECK(line_of(errc::not_found) == "not found");
    CHECK(line_of(errc::io) == "input/output error");
    CHECK(line_of(errc{0}) == "unknown");
}

TEST_CASE("message: digests are written in full, four or eight bytes") {
    CHECK(line_of(errc::checksum_mismatch, 0xAB, 0xCBF43926) ==
          "checksum mismatch: stored 000000ab, computed cbf43926");
    CHECK(line_of(errc::checksum_mismatch, 1, std::uint64_t{1} << 32U) ==
          "checksum mismatch: stored 0000000000000001, computed 0000000100000000");
    CHECK(line_of(errc::checksum_mismatch, ~std::uint64_t{0}, 0) ==
          "checksum mismatch: stored ffffffffffffffff, computed 0000000000000000");
}

TEST_CASE("message: the largest numbers are written in full") {
    CHECK(line_of(errc::truncated_section, 0, ~std::uint64_t{0}) ==
          "truncated section: claims 18446744073709551615 bytes, 0 are left");
}

TEST_CASE("message: where, offset and the system's words come in this order") {
    CHECK(tintype::message({.code = errc::truncated_section,
                            .where = "ttl",
                            .offset = 29,
                            .found = 0,
                            .wanted = 1}) ==
          "truncated section in ttl: claims 1 bytes, 0 are left (at offset 29)");
    const auto words = std::error_code{ENOSPC, std::system_category()}.message();
    CHECK(tintype::message({.code = errc::no_space,
                            .where = "a.vamm",
                            .offset = 0,
                            .system = ENOSPC,
                            .during = "write"}) ==
          "no space in a.vamm (at offset 0): write: " + words);
    CHECK(tintype::message({.code = errc::io, .system = ENOSPC}) == "input/output error: " + words);
    CHECK(tintype::message({.code = errc::io, .during = "fsync"}) == "input/output error: fsync");
}

TEST_CASE("message: what a terminal would act on is made visible") {
    using namespace std::string_view_literals;
    CHECK(tintype::message({.code = errc::not_found, .where = "a\x1B[2J\n\0\x7F\x1F b"sv}) ==
          "not found in a\\x1b[2J\\x0a\\x00\\x7f\\x1f b");
    CHECK(tintype::message({.code = errc::not_found, .where = "na\xC3\xAFve"sv}) ==
          "not found in na\xC3\xAFve");
}
