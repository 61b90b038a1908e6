// Numbers of as few bytes as they need, and the one encoding that each has.

#include <tintype/core/varint.hpp>

#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace {

using tests::blob_of;
using tests::said;
using tintype::blob;
using tintype::reader;

constexpr blob varint_of(std::uint64_t number) {
    blob bytes;
    tintype::append_varint(bytes, number);
    return bytes;
}

constexpr bool there_and_back(std::uint64_t number) {
    blob bytes = varint_of(number);
    bytes.push_back(std::byte{0x5a});
    reader in{bytes};
    const auto read = tintype::take_varint(in, "number");
    return read && *read == number && in.remaining() == 1;
}

static_assert(there_and_back(0));
static_assert(there_and_back(300));
static_assert(there_and_back(std::numeric_limits<std::uint64_t>::max()));

std::string refused(const blob& bytes) {
    reader in{bytes, 100};
    const auto number = tintype::take_varint(in, "n");
    CHECK(in.offset() == 100);
    return said(number);
}

} // namespace

TEST_CASE("varint: around every power of two") {
    for (unsigned bit = 0; bit != 64; ++bit) {
        const std::uint64_t power = std::uint64_t{1} << bit;
        for (const std::uint64_t number : {power - 1, power, power + 1, ~power}) {
            CHECK(there_and_back(number));
        }
        CHECK(varint_of(power).size() == bit / 7 + 1);
    }
}

TEST_CASE("varint: the bytes") {
    CHECK(varint_of(0) == blob_of({0}));
    CHECK(varint_of(127) == blob_of({127}));
    CHECK(varint_of(128) == blob_of({0x80, 1}));
    CHECK(varint_of(300) == blob_of({0xac, 2}));
    CHECK(varint_of(std::numeric_limits<std::uint64_t>::max()) ==
          blob_of({255, 255, 255, 255, 255, 255, 255, 255, 255, 1}));
    std::array<std::byte, tintype::longest_varint> room{};
    CHECK(tintype::store_varint(room.data(), 127) == room.data() + 1);
    CHECK(tintype::store_varint(room.data(), ~std::uint64_t{0}) == room.data() + 10);
}

TEST_CASE("varint: every truncation is refused, and nothing is taken") {
    CHECK(refused({}) == "truncated_section in n @100 0/1");
    const blob longest = varint_of(~std::uint64_t{0});
    for (std::size_t size = 1; size != longest.size(); ++size) {
        const auto part = tintype::byte_view{longest}.first(size);
        CHECK(refused(blob(part.begin(), part.end())) == "truncated_section in n @100 " +
                                                             std::to_string(size) + "/" +
                                                             std::to_string(size + 1));
    }
}

TEST_CASE("varint: no number has a second encoding, and none is beyond 64 bits") {
    CHECK(refused(blob_of({0x80, 0})) == "invalid_value in n @101 0/0");
    CHECK(refused(blob_of({0xff, 0x80, 0})) == "invalid_value in n @102 0/0");
    CHECK(refused(blob_of({255, 255, 255, 255, 255, 255, 255, 255, 255, 0})) ==
          "invalid_value in n @109 0/0");
    CHECK(refused(blob_of({255, 255, 255, 255, 255, 255, 255, 255, 255, 2})) ==
          "length_overflow in n @100 2/1");
    CHECK(refused(blob_of({128, 128, 128, 128, 128, 128, 128, 128, 128, 0x81, 0})) ==
          "length_overflow in n @100 129/1");
    CHECK(refused(blob(1000, std::byte{0x80})) == "length_overflow in n @100 128/1");
}

TEST_CASE("varint: every two bytes are refused or are the number's own") {
    for (unsigned first = 0; first != 256; ++first) {
        for (unsigned second = 0; second != 256; ++second) {
            const blob bytes = blob_of({first, second});
            reader in{bytes};
            const auto number = tintype::take_varint(in, "n");
            if (number) {
                const auto taken = tintype::byte_view{bytes}.first(bytes.size() - in.remaining());
                if (varint_of(*number) != blob(taken.begin(), taken.end())) {
                    FAIL_CHECK("two encodings of ", *number);
                }
            }
        }
    }
}
