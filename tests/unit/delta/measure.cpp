// Numbers taken together, and the elements of a leaf as numbers.

#include <tintype/delta/measure.hpp>

#include "support/bytes.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace {

using tintype::leaf_type;
using tintype::measure;

constexpr double no_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

measure of(const std::vector<double>& numbers) {
    measure all;
    for (const double each : numbers) {
        all.add(each);
    }
    return all;
}

template <class T>
std::vector<double> numbers_of(leaf_type type, const std::vector<T>& run) {
    std::vector<double> seen;
    const auto* from = reinterpret_cast<const std::byte*>(run.data());
    tintype::for_each_number(type, from, run.size(), std::endian::native,
                             [&](double number) { seen.push_back(number); });
    // The same in the other order of bytes.
    tintype::blob turned(from, from + run.size() * sizeof(T));
    for (std::size_t i = 0; i != run.size(); ++i) {
        std::reverse(turned.data() + i * sizeof(T), turned.data() + (i + 1) * sizeof(T));
    }
    constexpr auto other =
        std::endian::native == std::endian::little ? std::endian::big : std::endian::little;
    std::vector<double> again;
    tintype::for_each_number(type, turned.data(), run.size(), other,
                             [&](double number) { again.push_back(number); });
    CHECK(seen == again);
    return seen;
}

} // namespace

TEST_CASE("measure: of nothing, and of NaNs alone") {
    CHECK(std::isnan(measure{}.mean()));
    const auto nans = of({no_number, no_number});
    CHECK(nans.count == 2);
    CHECK(nans.nans == 2);
    CHECK(nans.min == infinity);
    CHECK(nans.max == -infinity);
    CHECK(std::isnan(nans.mean()));
}

TEST_CASE("measure: numbers") {
    const auto some = of({3, no_number, -1, 4});
    CHECK(some.count == 4);
    CHECK(some.nans == 1);
    CHECK(some.min == -1);
    CHECK(some.max == 4);
    CHECK(some.sum == 6);
    CHECK(some.mean() == 2);
    const auto ends = of({infinity, 1});
    CHECK(ends.max == infinity);
    CHECK(ends.mean() == infinity);
    CHECK(std::isnan(of({infinity, -infinity}).mean()));
}

TEST_CASE("measure: together") {
    auto all = of({1, 2});
    all.add(of({no_number, -5}));
    all.add(measure{});
    CHECK(all.count == 4);
    CHECK(all.nans == 1);
    CHECK(all.min == -5);
    CHECK(all.max == 2);
    CHECK(all.sum == -2);
}

TEST_CASE("measure: every type of number, in either order of bytes") {
    using limits32 = std::numeric_limits<std::int32_t>;
    CHECK(numbers_of<std::uint8_t>(leaf_type::u8, {0, 255}) == std::vector<double>{0, 255});
    CHECK(numbers_of<std::uint8_t>(leaf_type::boolean, {0, 1}) == std::vector<double>{0, 1});
    CHECK(numbers_of<std::int8_t>(leaf_type::i8, {-128, 127}) == std::vector<double>{-128, 127});
    CHECK(numbers_of<std::uint16_t>(leaf_type::u16, {258, 65535}) ==
          std::vector<double>{258, 65535});
    CHECK(numbers_of<std::int16_t>(leaf_type::i16, {-2, 258}) == std::vector<double>{-2, 258});
    CHECK(numbers_of<std::uint32_t>(leaf_type::u32, {~0U}) == std::vector<double>{4294967295.0});
    CHECK(numbers_of<std::int32_t>(leaf_type::i32, {limits32::min()}) ==
          std::vector<double>{-2147483648.0});
    CHECK(numbers_of<std::uint64_t>(leaf_type::u64, {~std::uint64_t{0}}) ==
          std::vector<double>{18446744073709551616.0});
    CHECK(numbers_of<std::int64_t>(leaf_type::i64, {-3}) == std::vector<double>{-3});
    CHECK(numbers_of<float>(leaf_type::f32, {0.5F, -std::numeric_limits<float>::infinity()}) ==
          std::vector<double>{0.5, -infinity});
    CHECK(numbers_of<double>(leaf_type::f64, {0.1}) == std::vector<double>{0.1});
    CHECK(numbers_of<char>(leaf_type::character, {'a'}).empty());
    CHECK(numbers_of<std::uint8_t>(leaf_type::record, {1}).empty());
    CHECK(numbers_of<std::uint8_t>(leaf_type::columns, {1}).empty());
    CHECK(!tintype::is_number(leaf_type::marker));
    CHECK(!tintype::is_number(leaf_type::character));
    CHECK(tintype::is_number(leaf_type::boolean));
}

TEST_CASE("measure: of a leaf") {
    std::vector<float> run{1, 2, 4};
    const auto all = tintype::measure_of(tintype::detail::leaf_ops_of<std::vector<float>>, &run);
    CHECK(all.count == 3);
    CHECK(all.sum == 7);
    std::string text = "abc";
    CHECK(tintype::measure_of(tintype::detail::leaf_ops_of<std::string>, &text).count == 0);
}
