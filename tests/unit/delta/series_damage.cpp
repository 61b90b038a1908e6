// Bytes that no encoder wrote: refused, or some values, and never a read beyond them.

#include <tintype/delta/series.hpp>

#include "series/samples.hpp"
#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace {

using tests::make_series;
using tests::said;
using tests::series_kind;
using tintype::blob;
using tintype::byte_view;
using tintype::reader;

// Decodes from memory of exactly this size, and holds the ways to look at a block against each
// other. Whether it was accepted.
template <class T>
bool decoded(byte_view bytes, std::size_t count) {
    const blob exact(bytes.begin(), bytes.end());
    std::vector<T> values(count);
    reader in{exact};
    const auto done = tintype::decode_series<T>(in, values, "part");
    reader other{exact};
    const auto taken = tintype::take_series<T>(other, count, "part");
    bool good = !done || (taken && in.offset() == other.offset());
    good = good && (done || (in.offset() == 0 && done.error().where == "part" &&
                             done.error().offset <= exact.size()));
    good = good && (taken || (other.offset() == 0 && !done));
    good = good && tintype::peek_series<T>(reader{exact}, count).has_value() == taken.has_value();
    if (!good) {
        FAIL_CHECK("the ways to look at a block disagree");
    }
    return done.has_value();
}

template <class T>
void holds_against_damage(const std::vector<T>& values) {
    blob bytes;
    tintype::encode_series<T>(values, bytes);
    REQUIRE(decoded<T>(bytes, values.size()));
    for (std::size_t size = 0; size != bytes.size(); ++size) {
        if (decoded<T>(byte_view{bytes}.first(size), values.size())) {
            FAIL_CHECK("accepted ", size, " of ", bytes.size(), " bytes");
        }
    }
    for (std::byte& byte : bytes) {
        const std::byte before = byte;
        for (unsigned bit = 0; bit != 8; ++bit) {
            byte = before ^ std::byte{static_cast<unsigned char>(1U << bit)};
            decoded<T>(bytes, values.size());
        }
        for (const unsigned value : {0x00U, 0x7FU, 0x80U, 0xFFU}) {
            byte = static_cast<std::byte>(value);
            decoded<T>(bytes, values.size());
        }
        byte = before;
    }
    // Another number of values than was written.
    for (const std::size_t count : {values.size() + 1, values.size() * 2, values.size() - 1}) {
        decoded<T>(bytes, count);
    }
}

template <class T>
std::string refused(const blob& bytes, std::size_t count) {
    std::vector<T> values(count);
    reader in{bytes};
    return said(tintype::decode_series<T>(in, values, "x"));
}

constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();

} // namespace

TEST_CASE_TEMPLATE("series, damaged: every truncation and every flipped bit", T, float, double,
                   std::uint8_t, std::int16_t, std::uint32_t, std::uint64_t) {
    for (std::size_t i = 0; i != tests::series_kind_names.size(); ++i) {
        INFO(tests::series_kind_names[i]);
        for (const std::size_t size : {2U, 3U, 9U, 40U}) {
            holds_against_damage(make_series<T>(static_cast<series_kind>(i), size));
        }
    }
}

TEST_CASE("series, damaged: between pieces") {
    auto values = make_series<double>(series_kind::gauge, 1030);
    holds_against_damage(values);
    holds_against_damage(std::vector<double>(3000, 1.25));
}

TEST_CASE("series, damaged: any bytes under any tag") {
    tintype::splitmix64 random{3};
    std::size_t accepted = 0;
    for (unsigned tag = 0; tag != 256; ++tag) {
        for (unsigned round = 0; round != 60; ++round) {
            blob bytes = tests::noise(2 + random() % 120, random());
            bytes[0] = static_cast<std::byte>(bytes.size() - 1);
            bytes[1] = static_cast<std::byte>(tag);
            for (std::size_t i = 2; i != bytes.size() && round % 2 == 0; ++i) {
                bytes[i] &= std::byte{0x0F}; // numbers that are believed more often
            }
            const std::size_t count = 1 + random() % 200;
            accepted += decoded<double>(bytes, count) ? 1U : 0U;
            accepted += decoded<float>(bytes, count) ? 1U : 0U;
            accepted += decoded<std::uint8_t>(bytes, count) ? 1U : 0U;
            accepted += decoded<std::int64_t>(bytes, count) ? 1U : 0U;
        }
    }
    CHECK(accepted > 0);
}

TEST_CASE("series, damaged: what is said") {
    using tests::blob_of;
    using byte = std::uint8_t;
    CHECK(refused<byte>({}, 1) == "truncated_section in x @0 0/1");
    CHECK(refused<byte>(blob_of({0}), 1) == "invalid_value in x @0 0/1");
    CHECK(refused<byte>(blob_of({1}), 1) == "truncated_section in x @1 0/1");
    CHECK(refused<byte>(blob_of({3, 1, 1, 1}), 1) == "invalid_value in x @0 3/2");
    CHECK(refused<byte>(blob_of({0x80, 0x80, 0x01}), 1) == "invalid_value in x @0 16384/2");
    // Tags: unknown, unknown flag, constants with flags, flags of integers on raw, floats' own.
    for (const unsigned tag : {7U, 0x82U, 0x09U, 0x16U, 0x26U, 0x46U, 0x12U, 5U}) {
        CHECK(refused<byte>(blob_of({1, tag}), 10) ==
              "invalid_value in x @1 " + std::to_string(tag) + "/6");
    }
    CHECK(refused<byte>(blob_of({3, 1, 1, 1}), 5) == "trailing_bytes in x @3 1/0");
    SUBCASE("integers") {
        CHECK(refused<byte>(blob_of({1, 2}), 9) == "truncated_section in x @2 0/1");
        CHECK(refused<byte>(blob_of({3, 2, 20, 9}), 9) == "invalid_value in x @3 9/8");
        CHECK(refused<byte>(blob_of({3, 2, 20, 1}), 9) == "truncated_section in x @4 0/2");
        CHECK(refused<byte>(blob_of({6, 2, 20, 1, 0, 0, 0}), 9) == "trailing_bytes in x @6 1/0");
        // Patches: more than values, wider than the type, behind the end.
        CHECK(refused<byte>(blob_of({5, 0x42, 20, 0, 10, 1}), 9) == "invalid_value in x @4 10/9");
        CHECK(refused<byte>(blob_of({5, 0x42, 20, 7, 1, 2}), 9) == "invalid_value in x @5 2/1");
        CHECK(refused<byte>(blob_of({7, 0x42, 20, 0, 1, 8, 9, 1}), 9) ==
              "invalid_value in x @6 9/8");
        CHECK(refused<byte>(blob_of({7, 0x42, 20, 0, 1, 8, 8, 1}), 9) == "no error");
    }
    SUBCASE("repeats") {
        CHECK(refused<byte>(blob_of({2, 0x0E, 1}), 9) == "truncated_section in x @2 1/2");
        CHECK(refused<byte>(blob_of({4, 0x0E, 0, 1, 5}), 9) == "invalid_value in x @4 0/1");
        CHECK(refused<byte>(blob_of({4, 0x0E, 3, 0, 5}), 9) == "truncated_section in x @4 1/2");
        CHECK(refused<byte>(blob_of({5, 0x0E, 3, 0, 5, 6}), 9) == "no error");
    }
    SUBCASE("decimals") {
        CHECK(refused<double>(blob_of({2, 0x12, 18}), 9) == "invalid_value in x @3 18/17");
        CHECK(refused<float>(blob_of({2, 0x12, 11}), 9) == "invalid_value in x @3 11/10");
        CHECK(refused<double>(blob_of({2, 0x12, 0x41}), 9) == "invalid_value in x @3 65/17");
        CHECK(refused<double>(blob_of({3, 0x12, 1, 10}), 9) == "invalid_value in x @3 10/9");
        CHECK(refused<float>(blob_of({10, 0x12, 1, 1, 9, 0, 0, 0, 0, 20, 0}), 9) ==
              "invalid_value in x @11 9/8");
        CHECK(refused<float>(blob_of({10, 0x12, 1, 1, 8, 0, 0, 0, 0, 20, 0}), 9) == "no error");
    }
    SUBCASE("xor") {
        CHECK(refused<float>(blob_of({1, 5}), 3) == "truncated_section in x @2 0/1");
        CHECK(refused<float>(blob_of({6, 5, 0, 0, 0, 0, 0}), 3) == "no error");
        CHECK(refused<float>(blob_of({7, 5, 0, 0, 0, 0, 0, 0}), 3) == "trailing_bytes in x @2 1/0");
        // A new place: 31 zeros above and 32 bits.
        CHECK(refused<float>(blob_of({8, 5, 0, 0, 0, 0, 0xFF, 0xFF, 0}), 3) ==
              "invalid_value in x @2 63/32");
    }
}

TEST_CASE("series, damaged: a number of values that no bytes stand for costs nothing") {
    blob bytes;
    tintype::encode_series<double>(make_series<double>(series_kind::walk, 100), bytes);
    reader in{bytes};
    CHECK(said(tintype::take_series<double>(in, most, "x")) ==
          "truncated_section in x @" + std::to_string(bytes.size()) + " 0/1");
    bytes.clear();
    tintype::encode_series<double>(std::vector<double>(10, 1.0), bytes);
    CHECK(tintype::take_series<double>(in = reader{bytes}, most).has_value());
}
