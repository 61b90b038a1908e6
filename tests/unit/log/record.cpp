// The header of a record: its bytes one by one, and everything that must not be taken for one.

#include <tintype/log/record.hpp>

#include "support/bytes.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <vector>

namespace {

using tintype::blob;
using tintype::byte_view;
using tintype::record_header;

constexpr record_header sample{
    .kind = 0x01020304, .offset = 8, .size = 0x1112131415161718, .checksum = 0xa1a2a3a4};

blob object_with(const record_header& header, std::size_t at) {
    blob bytes(at);
    tintype::append(bytes, tintype::encode_header(header));
    return bytes;
}

} // namespace

TEST_CASE("a header is thirty-two bytes, little-endian") {
    constexpr auto bytes = tintype::encode_header(sample);
    static_assert(bytes.size() == 32);
    const auto fields = tests::blob_of({'T',  'R',  'E',  'C',  0x04, 0x03, 0x02, 0x01, 8,    0,
                                        0,    0,    0,    0,    0,    0,    0x18, 0x17, 0x16, 0x15,
                                        0x14, 0x13, 0x12, 0x11, 0xa4, 0xa3, 0xa2, 0xa1});
    CHECK(std::ranges::equal(byte_view{bytes}.first(28), fields));
    CHECK(tintype::load<std::endian::little, std::uint32_t>(&bytes[28]) ==
          tintype::hash_of<tintype::crc32c>(fields));
}

TEST_CASE("a header is read where it says that it is, in constant expressions too") {
    constexpr auto bytes = [] {
        std::array<std::byte, 40> all{};
        std::ranges::copy(tintype::encode_header(sample), all.begin() + 8);
        return all;
    }();
    static_assert(tintype::header_at(bytes, 8) == sample);
    CHECK(tintype::header_at(bytes, 8) == sample);
    for (const std::uint64_t other :
         {std::uint64_t{0}, std::uint64_t{7}, std::uint64_t{9}, std::uint64_t{16},
          std::uint64_t{39}, std::uint64_t{40}, std::uint64_t{41},
          std::numeric_limits<std::uint64_t>::max() - 31,
          std::numeric_limits<std::uint64_t>::max()}) {
        CHECK(!tintype::header_at(bytes, other));
    }
    CHECK(!tintype::header_at({}, 0));
    for (std::size_t size = 0; size != 40; ++size) {
        CHECK(!tintype::header_at(byte_view{bytes}.first(size), 8));
    }
}

TEST_CASE("a header in another place, or with any bit flipped, is none") {
    for (std::size_t at = 0; at <= 64; at += 8) {
        CHECK(tintype::header_at(object_with(sample, at), at).has_value() == (at == 8));
    }
    blob bytes = object_with(sample, 8);
    for (std::size_t i = 8; i != bytes.size(); ++i) {
        for (unsigned bit = 0; bit != 8; ++bit) {
            const auto flip = std::byte{static_cast<unsigned char>(1U << bit)};
            bytes[i] ^= flip;
            CHECK(!tintype::header_at(bytes, 8));
            bytes[i] ^= flip;
        }
    }
    CHECK(tintype::header_at(bytes, 8) == sample);
}

TEST_CASE("records fill whole multiples of eight") {
    for (std::uint64_t size = 0; size != 100; ++size) {
        CHECK(tintype::record_padding(size) < 8);
        CHECK(tintype::record_extent(size) % 8 == 0);
        CHECK(tintype::record_extent(size) >= 32 + size);
    }
}

TEST_CASE(
    "a payload's checksum is that of its bytes and the zeros behind them, however it is cut") {
    const blob bytes = tests::noise(1003);
    blob padded = bytes;
    padded.resize(1008, std::byte{});
    const auto whole = tintype::hash_of<tintype::crc32c>(padded);
    for (std::size_t cut = 0; cut <= bytes.size(); cut += 17) {
        const std::vector<byte_view> pieces{
            byte_view{bytes}.first(cut), {}, byte_view{bytes}.subspan(cut)};
        CHECK(tintype::payload_checksum(pieces) == whole);
    }
    CHECK(tintype::payload_checksum({}) == tintype::hash_of<tintype::crc32c>({}));
}
