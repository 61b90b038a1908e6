// Sums, bounds and counts, and that parts make the whole.

#include <tintype/delta/series/summary.hpp>

#include "samples.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace {

using tintype::series_summary;
using tintype::summarise;

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

constexpr bool of_integers() {
    constexpr std::array<std::int16_t, 4> values = {5, -7, 32767, 3};
    const auto all = summarise<std::int16_t>(values);
    return all.count == 4 && all.nans == 0 && all.min == -7 && all.max == 32767 &&
           all.sum == 32768 && !all.overflowed && all.first == 5 && all.last == 3 &&
           all.mean() == 8192;
}

static_assert(of_integers());

} // namespace

TEST_CASE("series summary: integers") {
    CHECK(of_integers());
    const auto top = std::numeric_limits<std::uint64_t>::max();
    const std::vector<std::uint64_t> fits = {top - 1, 1};
    CHECK(summarise<std::uint64_t>(fits).sum == top);
    CHECK(!summarise<std::uint64_t>(fits).overflowed);
    const std::vector<std::uint64_t> over = {top, 2};
    CHECK(summarise<std::uint64_t>(over).sum == 1);
    CHECK(summarise<std::uint64_t>(over).overflowed);
    const auto low = std::numeric_limits<std::int64_t>::min();
    CHECK(summarise<std::int64_t>(std::array{low, std::int64_t{-1}}).overflowed);
}

TEST_CASE("series summary: NaNs are counted and nothing else") {
    const std::vector<double> values = {not_a_number, 2, not_a_number, -3, 0.5, not_a_number};
    const auto all = summarise<double>(values);
    CHECK(all.count == 6);
    CHECK(all.nans == 3);
    CHECK(all.min == -3);
    CHECK(all.max == 2);
    CHECK(all.sum == -0.5);
    CHECK(std::isnan(all.first));
    CHECK(std::isnan(all.last));
    CHECK(all.mean() == -0.5 / 3);
}

TEST_CASE("series summary: of nothing and of no number") {
    const auto none = summarise<float>({});
    CHECK(none.count == 0);
    CHECK(none.min == std::numeric_limits<float>::infinity());
    CHECK(none.max == -std::numeric_limits<float>::infinity());
    CHECK(none.first == 0);
    CHECK(std::isnan(none.mean()));
    const auto no_number = summarise<double>(std::array{not_a_number, not_a_number});
    CHECK(no_number.min == infinity);
    CHECK(no_number.max == -infinity);
    CHECK(no_number.sum == 0);
    CHECK(std::isnan(no_number.mean()));
    const auto integers = summarise<std::int8_t>({});
    CHECK(integers.min == 127);
    CHECK(integers.max == -128);
}

TEST_CASE("series summary: infinities are numbers") {
    const auto all = summarise<double>(std::array{1.0, -infinity, 2.0});
    CHECK(all.min == -infinity);
    CHECK(all.max == 2);
    CHECK(all.sum == -infinity);
    CHECK(std::isnan(summarise<double>(std::array{infinity, -infinity}).sum));
}

TEST_CASE_TEMPLATE("series summary: parts make the whole", T, double, float, std::uint8_t,
                   std::int32_t) {
    const auto values = tests::make_series<T>(tests::series_kind::counter, 100);
    const std::span<const T> span = values;
    const auto whole = summarise<T>(span);
    for (std::size_t cut = 0; cut <= values.size(); ++cut) {
        auto parts = summarise<T>(span.first(cut));
        parts.add(summarise<T>(span.subspan(cut)));
        CHECK(parts.count == whole.count);
        CHECK(parts.min == whole.min);
        CHECK(parts.max == whole.max);
        CHECK(parts.sum == whole.sum);
        CHECK(parts.first == whole.first);
        CHECK(parts.last == whole.last);
    }
}
