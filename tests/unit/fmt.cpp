// The formatters for fmt say what `message` and `name_of` say, under any width and alignment.
// Nothing here where fmt is not installed.

#if __has_include(<fmt/format.h>)

#if !defined(FMT_HEADER_ONLY)
#define FMT_HEADER_ONLY
#endif
#include <tintype/fmt.hpp>
#include <tintype/replay/uuid.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <string_view>

TEST_CASE("fmt: errors are their message") {
    const tintype::error what{.code = tintype::errc::truncated_section,
                              .where = "ttl",
                              .offset = 29,
                              .found = 0,
                              .wanted = 1};
    CHECK(fmt::format("{}", what) == tintype::message(what));
    CHECK(fmt::format("[{}]", what) ==
          "[truncated section in ttl: claims 1 bytes, 0 are left (at offset 29)]");
}

TEST_CASE("fmt: codes and kinds are their names") {
    CHECK(fmt::format("{} {}", tintype::errc::checksum_mismatch, tintype::field_kind::frames) ==
          "checksum_mismatch frames");
    CHECK(fmt::format("{:>10}|{:<8}|", tintype::errc::io, tintype::field_kind::tail) ==
          "        io|tail    |");
}

TEST_CASE("fmt: labels are their text") {
    CHECK(fmt::format("{}|{:>4}|{}|", tintype::label{"ttl"}, tintype::label{"ttl"},
                      tintype::label{}) == "ttl| ttl||");
}

TEST_CASE("fmt: a result is its value in any format, or its error's message") {
    const auto refused = tintype::fail({.code = tintype::errc::not_found, .where = "ttl"});
    CHECK(fmt::format("{}", tintype::result<int>{-3}) == "-3");
    CHECK(fmt::format("{:#06x}|", tintype::result<std::uint8_t>{std::uint8_t{12}}) == "0x000c|");
    CHECK(fmt::format("{:>5}|", tintype::result<std::string>{"abc"}) == "  abc|");
    CHECK(fmt::format("{}", tintype::result<int>{refused}) == "not found in ttl");
    CHECK(fmt::format("{:#06x}", tintype::result<int>{refused}) == "not found in ttl");
    CHECK(fmt::format("{}", tintype::result<std::string>{refused}) == "not found in ttl");
    CHECK(fmt::format("{:<6}|", tintype::result<void>{}) == "done  |");
    CHECK(fmt::format("{:>18}", tintype::result<void>{refused}) == "  not found in ttl");
}

TEST_CASE("fmt: a field is what it is, where, and how long") {
    const tintype::field_layout section{.name = "ttl",
                                        .kind = tintype::field_kind::section,
                                        .type = "u8",
                                        .prefix = "u64",
                                        .least = 8};
    CHECK(fmt::format("{}", section) == "section ttl: u8 behind u64, at least 8 bytes");
    const tintype::field_layout version{.name = "version",
                                        .kind = tintype::field_kind::version,
                                        .type = "u8",
                                        .offset = 4,
                                        .size = 1,
                                        .least = 1};
    CHECK(fmt::format("{}", version) == "version version: u8, at 4, 1 byte");
    CHECK(fmt::format("{:>26}", tintype::field_layout{}) == "  custom, at least 0 bytes");
}

TEST_CASE("fmt: a uuid is its text") {
    tintype::uuid id;
    for (unsigned i = 0; i != 16; ++i) {
        id.bytes[i] = static_cast<std::byte>(i * 17);
    }
    CHECK(fmt::format("{}|", id) == tintype::to_text(id) + "|");
    CHECK(fmt::format("{:>38}", id) == "  00112233-4455-6677-8899-aabbccddeeff");
}

#endif
