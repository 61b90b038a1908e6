// The formatters for fmt say what `message` and `name_of` say, under any width and alignment.
// Nothing here where fmt is not installed.

#if __has_include(<fmt/format.h>)

#if !defined(FMT_HEADER_ONLY)
#define FMT_HEADER_ONLY
#endif
#include <tintype/fmt.hpp>

#include <doctest/doctest.h>

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

#endif
