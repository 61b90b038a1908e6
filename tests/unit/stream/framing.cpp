// Lengths in front of messages: each size around a boundary, and what hostile ones are refused for.

#include <tintype/core/bytes.hpp>
#include <tintype/stream/framing.hpp>

#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace {

using tests::blob_of;
using tests::said;
using tintype::big_endian_length;
using tintype::blob;
using tintype::byte_view;
using tintype::frame_head;
using tintype::varint_length;

template <class Framing>
blob stored(std::uint64_t size) {
    std::array<std::byte, Framing::longest> to{};
    const auto used = Framing::store(size, to);
    REQUIRE(said(used) == "no error");
    return {to.begin(), to.begin() + static_cast<std::ptrdiff_t>(*used)};
}

// Whole at its own size, and whatever follows; a prefix asks for more and says no size.
template <class Framing>
void both_ways(std::uint64_t size) {
    CAPTURE(size);
    blob bytes = stored<Framing>(size);
    const std::size_t own = bytes.size();
    for (std::size_t seen = 0; seen != own; ++seen) {
        const auto head = Framing::head(byte_view{bytes}.first(seen));
        REQUIRE(head.has_value());
        CHECK(!head->whole);
        CHECK(head->size > seen);
        CHECK(head->size <= own);
    }
    const frame_head whole{.size = own, .body = size, .whole = true};
    CHECK(Framing::head(bytes) == whole);
    bytes.push_back(std::byte{0xff});
    CHECK(Framing::head(bytes) == whole);
}

} // namespace

TEST_CASE("framing: a varint, of every number of bytes") {
    std::uint64_t limit = 1;
    for (std::size_t bytes = 1; bytes != 10; ++bytes) {
        limit <<= 7U;
        CHECK(stored<varint_length>(limit - 1).size() == bytes);
        CHECK(stored<varint_length>(limit).size() == bytes + 1);
        both_ways<varint_length>(limit - 1);
        both_ways<varint_length>(limit);
    }
    both_ways<varint_length>(0);
    both_ways<varint_length>(std::uint64_t{1} << 63U);
    both_ways<varint_length>(std::numeric_limits<std::uint64_t>::max());
    CHECK(stored<varint_length>(300) == blob_of({0xac, 0x02}));
}

TEST_CASE("framing: a varint that would do with fewer bytes") {
    CHECK(varint_length::head(blob_of({0x80, 0x00})) ==
          frame_head{.size = 2, .body = 0, .whole = true});
    CHECK(varint_length::head(blob_of({0x85, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0})) ==
          frame_head{.size = 10, .body = 5, .whole = true});
}

TEST_CASE("framing: a varint beyond 64 bits, or without an end") {
    blob endless(11, std::byte{0xff});
    CHECK(said(varint_length::head(endless)) == "length_overflow in varint_length @0 255/1");
    CHECK(varint_length::head(byte_view{endless}.first(9)) == frame_head{.size = 10});
    CHECK(said(varint_length::head(byte_view{endless}.first(10))) ==
          "length_overflow in varint_length @0 255/1");
    endless[9] = std::byte{2};
    CHECK(said(varint_length::head(endless)) == "length_overflow in varint_length @0 2/1");
    endless[9] = std::byte{1};
    CHECK(varint_length::head(endless)->body == std::numeric_limits<std::uint64_t>::max());
}

TEST_CASE("framing: a u32, its most significant byte first") {
    for (const std::uint64_t size :
         {0ULL, 1ULL, 255ULL, 256ULL, 65535ULL, 65536ULL, 0x7fffffffULL, 0xffffffffULL}) {
        both_ways<big_endian_length>(size);
        CHECK(stored<big_endian_length>(size).size() == 4);
    }
    CHECK(stored<big_endian_length>(0x01020304) == blob_of({1, 2, 3, 4}));
    std::array<std::byte, 4> to{};
    CHECK(said(big_endian_length::store(0x100000000, to)) ==
          "length_overflow in big_endian_length 4294967296/4294967295");
}
