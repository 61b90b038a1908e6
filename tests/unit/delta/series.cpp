// What comes back is what was given, to the last bit, and so small as promised.

#include <tintype/delta/series.hpp>

#include "series/samples.hpp"
#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace {

using tests::make_series;
using tests::series_kind;
using tintype::blob;
using tintype::byte_view;
using tintype::reader;
using tintype::series_encoding;

static_assert(tintype::series_value<float> && tintype::series_value<double> &&
              tintype::series_value<std::uint8_t> && tintype::series_value<std::int64_t>);
static_assert(!tintype::series_value<bool> && !tintype::series_value<char> &&
              !tintype::series_value<const int> && !tintype::series_value<long double>);

template <class T>
blob encoded(const std::vector<T>& values) {
    blob bytes;
    tintype::encode_series<T>(values, bytes);
    return bytes;
}

template <class T>
bool same(std::span<const T> a, std::span<const T> b) {
    return a.size() == b.size() &&
           (a.empty() || std::memcmp(a.data(), b.data(), a.size_bytes()) == 0);
}

// What is wrong with a round trip, if anything is.
template <class T>
std::string wrong_with(const std::vector<T>& values) {
    blob bytes = tests::blob_of("before");
    const auto encoding = tintype::encode_series<T>(values, bytes);
    const auto again = encoded(values);
    if (!std::ranges::equal(byte_view{bytes}.subspan(6), again)) {
        return "not appended, or not the same twice";
    }
    // In memory of its own size, so that a sanitizer sees a read beyond it.
    reader in{again, 100};
    std::vector<T> read(values.size(), T{1});
    if (const auto done = tintype::decode_series<T>(in, read, "here"); !done) {
        return tests::said(done);
    }
    if (!same<T>(read, values)) {
        return "other values";
    }
    if (in.remaining() != 0) {
        return "bytes left over";
    }
    if (encoded(read) != again) {
        return "another encoding of what was read";
    }
    bytes.push_back(std::byte{7});
    reader longer{byte_view{bytes}.subspan(6)};
    if (const auto taken = tintype::take_series<T>(longer, values.size());
        !taken || !std::ranges::equal(*taken, again) || longer.remaining() != 1) {
        return "skipping it takes other bytes";
    }
    if (const auto seen = tintype::peek_series<T>(reader{again}, values.size());
        !seen || *seen != encoding) {
        return "another encoding is seen";
    }
    const std::size_t pieces = (values.size() + 1023) / 1024;
    return again.size() > values.size() * sizeof(T) + 4 * pieces ? "longer than raw" : "";
}

template <class T>
void comes_back(std::size_t size, std::uint64_t seed = 1) {
    for (std::size_t i = 0; i != tests::series_kind_names.size(); ++i) {
        const auto wrong = wrong_with(make_series<T>(static_cast<series_kind>(i), size, seed));
        if (!wrong.empty()) {
            FAIL_CHECK(tests::series_kind_names[i], ", ", size, " values of ", sizeof(T),
                       " bytes: ", wrong);
        }
    }
}

template <class T>
double bits_a_value(const std::vector<T>& values) {
    return 8.0 * static_cast<double>(encoded(values).size()) / static_cast<double>(values.size());
}

template <class T>
series_encoding encoding_of(const std::vector<T>& values) {
    blob bytes;
    return tintype::encode_series<T>(values, bytes);
}

} // namespace

TEST_CASE_TEMPLATE("series: every length comes back", T, float, double, std::uint8_t, std::int8_t,
                   std::uint16_t, std::int16_t, std::uint32_t, std::int32_t, std::uint64_t,
                   std::int64_t) {
    for (std::size_t size = 0; size <= 300; ++size) {
        comes_back<T>(size);
    }
}

TEST_CASE_TEMPLATE("series: lengths around the ends of pieces come back", T, float, double,
                   std::uint8_t, std::int16_t, std::uint32_t, std::uint64_t, std::int64_t) {
    for (const std::size_t size :
         {511U, 512U, 513U, 1022U, 1023U, 1024U, 1025U, 1026U, 2047U, 2048U, 2049U, 3072U, 5000U}) {
        comes_back<T>(size, 2);
    }
}

TEST_CASE_TEMPLATE("series: other numbers of the same kinds", T, float, double, std::int8_t,
                   std::uint64_t) {
    for (std::uint64_t seed = 10; seed != 60; ++seed) {
        comes_back<T>(64 + seed % 7, seed);
    }
}

TEST_CASE("series: none is no bytes") {
    blob bytes;
    CHECK(tintype::encode_series<double>({}, bytes) == series_encoding::constant);
    CHECK(bytes.empty());
    reader in{bytes};
    CHECK(tintype::decode_series<double>(in, std::span<double>{}));
    CHECK(tintype::take_series<double>(in, 0)->empty());
    CHECK(tintype::peek_series<double>(in, 0) == series_encoding::constant);
}

TEST_CASE("series: one value takes two bytes more than itself, and zeros none") {
    CHECK(encoded<double>({0}) == tests::blob_of({1, 1}));
    CHECK(encoded<double>({1}) == tests::blob_of({3, 1, 0x3F, 0xF0}));
    CHECK(encoded<double>({-0.0}) == tests::blob_of({2, 1, 0x80}));
    CHECK(encoded<std::uint64_t>({1}) == tests::blob_of({2, 1, 1}));
    CHECK(encoded<std::int16_t>({-2}) == tests::blob_of({3, 1, 0xFE, 0xFF}));
    CHECK(encoded<std::uint8_t>({255}) == tests::blob_of({2, 1, 0xFF}));
}

TEST_CASE("series: what is constant takes a few bytes, however long") {
    CHECK(encoded(std::vector<double>(1'000'000, 42.5)).size() == 5);
    CHECK(encoded(std::vector<double>(1'000'000, 0.1)).size() == 10);
    CHECK(encoded(std::vector<std::uint8_t>(100'000, 3)) == tests::blob_of({2, 1, 3}));
    CHECK(encoding_of(std::vector<float>(5000, 1.5F)) == series_encoding::constant);
    // A change, and the rest is constant again.
    std::vector<double> once(100'000, 1.0);
    once[3000] = 2;
    CHECK(encoded(once).size() < 40);
    CHECK(encoding_of(once) == series_encoding::mixed);
    CHECK(wrong_with(once).empty());
}

TEST_CASE("series: the bytes of each encoding") {
    using tests::blob_of;
    // size, tag, base 10 as zigzag, width 2, 0b10'01'00, of which the last is 3
    CHECK(encoded<std::uint8_t>({10, 11, 12, 13, 10, 12, 11, 13, 10}) ==
          blob_of({6, 2, 20, 2, 0b11100100, 0b11011000, 0}));
    // delta of delta: base 1, reference 1, step 1, width 0
    CHECK(encoded<std::uint32_t>({1, 2, 4, 7, 11, 16, 22, 29, 37, 46, 56, 67, 79}) ==
          blob_of({5, 4, 2, 2, 2, 0}));
    // delta over the end of the type: base 250, which is -6; reference 3; width 0
    CHECK(encoded<std::uint8_t>({250, 253, 0, 3, 6}) == blob_of({4, 3, 11, 6, 0}));
    // decimal, as deltas: one digit, no misses, base 15, reference 1, width 0
    CHECK(encoded<double>({1.5, 1.6, 1.7, 1.8, 1.9, 2.0}) == blob_of({6, 0x13, 1, 0, 30, 2, 0}));
    CHECK(encoding_of<double>({1.5, 1.6, 1.7, 1.8, 1.9, 2.0}) == series_encoding::decimal);
    const std::vector<double> far = {
        1.1,     1.1, 0x1.8p300, 0x1.8p300, -3e-200,
        -3e-200, 5,   5,         5,         std::numeric_limits<double>::infinity()};
    CHECK(encoding_of(far) == series_encoding::xored);
    CHECK(wrong_with(far).empty());
    CHECK(encoding_of(make_series<std::uint64_t>(series_kind::noise, 100)) == series_encoding::raw);
    CHECK(encoding_of(make_series<std::uint64_t>(series_kind::jitter, 100)) ==
          series_encoding::delta);
    CHECK(encoding_of(make_series<std::uint64_t>(series_kind::gauge, 1000)) ==
          series_encoding::frame);
}

TEST_CASE("series: a timestamp costs what its jitter costs, up to the end of the type") {
    std::vector<std::uint64_t> stamps(10'000);
    for (const std::uint64_t start : {std::uint64_t{1'700'000'000'000'000'000},
                                      std::numeric_limits<std::uint64_t>::max() - 5'000'000'000}) {
        tintype::splitmix64 random{5};
        for (std::size_t i = 0; i != stamps.size(); ++i) {
            stamps[i] = start + i * 1'000'000;
        }
        CHECK(wrong_with(stamps).empty());
        CHECK(bits_a_value(stamps) < 0.2);
        for (std::uint64_t& each : stamps) {
            each += random() % 1000;
        }
        CHECK(wrong_with(stamps).empty());
        CHECK(bits_a_value(stamps) < 11.3);
        // One in a hundred is very late.
        for (std::size_t i = 50; i < stamps.size(); i += 100) {
            stamps[i] += 123'456'789'012;
        }
        CHECK(wrong_with(stamps).empty());
        CHECK(bits_a_value(stamps) < 13);
    }
}

TEST_CASE("series: decimals cost what their digits cost") {
    const auto walk = make_series<double>(series_kind::decimals, 10'000);
    CHECK(bits_a_value(walk) < 10);
    CHECK(encoding_of(walk) == series_encoding::decimal);
    const auto scaled = make_series<double>(series_kind::scaled, 10'000);
    CHECK(bits_a_value(scaled) < 10);
    CHECK(bits_a_value(make_series<float>(series_kind::decimals, 10'000)) < 10);
    CHECK(bits_a_value(make_series<double>(series_kind::counter, 10'000)) < 6);
    CHECK(bits_a_value(make_series<double>(series_kind::gauge, 10'000)) < 5);
    CHECK(bits_a_value(make_series<double>(series_kind::multiples, 10'000)) < 7.5);
    CHECK(bits_a_value(make_series<double>(series_kind::walk, 10'000)) < 56);
}

TEST_CASE("series: what is no decimal is kept apart, wherever it is") {
    auto walk = make_series<double>(series_kind::decimals, 1024);
    const std::size_t before = encoded(walk).size();
    for (const std::size_t place : {0U, 1U, 511U, 1022U, 1023U}) {
        for (std::uint64_t i = 0; i != 21; ++i) {
            auto one = walk;
            one[place] = tests::special_value<double>(i);
            CHECK(wrong_with(one).empty());
            INFO("special value ", i, " at ", place);
            CHECK(encoded(one).size() <=
                  before + 60); // its bits twice, and what its neighbours take then
        }
    }
    walk[0] = walk[1] = std::numeric_limits<double>::quiet_NaN();
    walk[1023] = -0.0;
    CHECK(wrong_with(walk).empty());
    CHECK(encoding_of(walk) == series_encoding::decimal);
}

TEST_CASE("series: an integer far away is patched, wherever it is") {
    std::vector<std::int64_t> values(1024);
    for (std::size_t i = 0; i != values.size(); ++i) {
        values[i] = static_cast<std::int64_t>(i * i % 13);
    }
    const std::size_t before = encoded(values).size();
    for (const std::int64_t far : {std::numeric_limits<std::int64_t>::max(),
                                   std::numeric_limits<std::int64_t>::min(), std::int64_t{-1}}) {
        for (const std::size_t place : {0U, 1U, 2U, 511U, 1022U, 1023U}) {
            auto one = values;
            one[place] = far;
            CHECK(wrong_with(one).empty());
            CHECK(encoded(one).size() <= before + 40);
        }
    }
}

TEST_CASE("series: repeated values cost little more than a bit") {
    std::vector<double> steps(1024);
    tintype::splitmix64 random{9};
    double now = 0.1;
    for (double& step : steps) {
        now = random() % 4 == 0 ? std::bit_cast<double>(random() >> 2U) : now;
        step = now;
    }
    CHECK(bits_a_value(steps) < 18);
    CHECK(wrong_with(steps).empty());
}

TEST_CASE("series: blocks stand one behind the other") {
    const auto a = make_series<double>(series_kind::decimals, 1500);
    const auto b = make_series<std::uint16_t>(series_kind::counter, 33);
    const auto c = make_series<float>(series_kind::constant, 4000);
    blob bytes = encoded(a);
    append(bytes, encoded(b));
    append(bytes, encoded(c));
    reader in{bytes};
    std::vector<double> first(a.size());
    std::vector<float> third(c.size());
    CHECK(tintype::decode_series<double>(in, first));
    CHECK(tintype::take_series<std::uint16_t>(in, b.size())->size() == encoded(b).size());
    CHECK(tintype::decode_series<float>(in, third));
    CHECK(in.remaining() == 0);
    CHECK(same<double>(first, a));
    CHECK(same<float>(third, c));
}

TEST_CASE("series: encodings have names") {
    CHECK(name_of(series_encoding::xored) == "xor");
    CHECK(name_of(series_encoding::delta_of_delta) == "delta of delta");
    CHECK(name_of(static_cast<series_encoding>(99)) == "unknown");
}
