// Reading within bounds: every size around the end, the largest lengths there are, and a place that
// does not move when a reader refuses.

#include <tintype/core/reader.hpp>

#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace {

constexpr std::array<std::byte, 5> five = {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4},
                                           std::byte{0x85}};

constexpr bool takes_to_the_end_and_no_further() {
    tintype::reader from{five};
    const auto two = from.take(2, "two");
    if (!two || two->size() != 2 || (*two)[1] != std::byte{2} || from.offset() != 2 ||
        from.remaining() != 3 || from.rest().size() != 3) {
        return false;
    }
    const auto four = from.take(4, "four");
    if (four || four.error() != tintype::error{.code = tintype::errc::truncated_section,
                                               .where = "four",
                                               .offset = 2,
                                               .found = 3,
                                               .wanted = 4}) {
        return false;
    }
    const auto three = from.take(3, "three");
    return three && three->back() == std::byte{0x85} && from.remaining() == 0 &&
           from.take(0, "none").has_value() && !from.take(1, "one");
}

static_assert(takes_to_the_end_and_no_further());

constexpr bool reads_numbers_in_both_orders() {
    tintype::reader little{five};
    tintype::reader big{five};
    return little.number<std::endian::little, std::uint32_t>("n") == 0x04030201U &&
           big.number<std::endian::big, std::uint32_t>("n") == 0x01020304U &&
           little.number<std::endian::big, std::int8_t>("n") == std::int8_t{-123} &&
           !little.number<std::endian::big, std::int8_t>("n") && little.offset() == 5;
}

static_assert(reads_numbers_in_both_orders());

} // namespace

TEST_CASE("reader: takes to the end and no further") {
    CHECK(takes_to_the_end_and_no_further());
}

TEST_CASE("reader: reads numbers in both orders") {
    CHECK(reads_numbers_in_both_orders());
}

TEST_CASE("reader: the largest lengths are refused with their numbers") {
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    for (const std::uint64_t size : {std::uint64_t{6}, std::uint64_t{1} << 32U,
                                     std::uint64_t{1} << 63U, most - 12, most - 4, most}) {
        tintype::reader from{five, 100};
        static_cast<void>(from.take(1, "first"));
        CHECK(tests::said(from.take(size, "rest")) ==
              "truncated_section in rest @101 4/" + std::to_string(size));
        CHECK(from.offset() == 101);
        CHECK(from.remaining() == 4);
        CHECK(from.take(4, "rest").has_value());
    }
}

TEST_CASE("reader: a number that is cut short leaves the place where it was") {
    for (std::size_t size = 0; size != 8; ++size) {
        const auto bytes = tests::noise(size);
        tintype::reader from{bytes};
        CHECK(tests::said(from.number<std::endian::little, std::uint64_t>("n")) ==
              "truncated_section in n @0 " + std::to_string(size) + "/8");
        CHECK(from.remaining() == size);
    }
    const auto bytes = tests::noise(8);
    tintype::reader from{bytes};
    CHECK(from.number<std::endian::little, std::uint64_t>("n").has_value());
    CHECK(from.remaining() == 0);
}

TEST_CASE("reader: of nothing there is nothing to take") {
    tintype::reader from{{}};
    CHECK(from.take(0, "none").has_value());
    CHECK(tests::said(from.take(1, "one")) == "truncated_section in one @0 0/1");
    CHECK(from.rest().empty());
}
