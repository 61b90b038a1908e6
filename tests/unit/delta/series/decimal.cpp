// Floats in the order of their bits, and floats as decimals.

#include <tintype/delta/series/decimal.hpp>
#include <tintype/delta/series/wide.hpp>

#include "samples.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace {

using namespace tintype::detail::series;

template <class T>
auto ordered(T value) {
    using bits = tintype::detail::bits_of<T>;
    return static_cast<std::make_signed_t<bits>>(ordered_bits(std::bit_cast<bits>(value)));
}

} // namespace

TEST_CASE_TEMPLATE("series decimal: bits in order", T, float, double) {
    using limits = std::numeric_limits<T>;
    const T rising[] = {
        -limits::infinity(),  limits::lowest(), T{-1}, -limits::denorm_min(), T{0},
        limits::denorm_min(), limits::min(),    T{1},  limits::max(),         limits::infinity()};
    for (std::size_t i = 1; i != std::size(rising); ++i) {
        CHECK(ordered(rising[i - 1]) < ordered(rising[i]));
    }
    CHECK(ordered(T{0}) == 0);
    CHECK(ordered(-limits::denorm_min()) == -1);
    CHECK(ordered(-T{0}) == std::numeric_limits<decltype(ordered(T{}))>::min());
    using bits = tintype::detail::bits_of<T>;
    tintype::splitmix64 random{1};
    std::size_t wrong = 0;
    for (std::uint64_t i = 0; i != 10'000; ++i) {
        const auto some =
            i < 100 ? std::bit_cast<bits>(tests::special_value<T>(i)) : static_cast<bits>(random());
        wrong += bits_in_order(ordered_bits(some)) == some ? 0U : 1U;
    }
    CHECK(wrong == 0);
}

TEST_CASE("series decimal: the scale is the smallest that fits") {
    const auto scale_of = [](std::vector<double> values) { return choose_scale<double>(values); };
    CHECK(scale_of({1, 2, 300}).scale.exponent == 0);
    CHECK(scale_of({1.5, 2, 300}).scale.exponent == 1);
    CHECK(scale_of({0.01, 0.02, -7.77}).scale.exponent == 2);
    CHECK(scale_of({1e-17, 3e-17}).scale.exponent == 17);
    CHECK(!scale_of({0.01, 0.02, 0.07}).scale.inverse);
    CHECK(scale_of({3 * 0.1, 6 * 0.1, 7 * 0.1}).scale.inverse);
    std::vector<double> roots(50);
    for (std::size_t i = 0; i != roots.size(); ++i) {
        roots[i] = std::sqrt(static_cast<double>(i * i + 2));
    }
    CHECK(!scale_of(roots).promising);
    CHECK(!scale_of({std::nan(""), -0.0, 1e300}).promising);
    CHECK(choose_scale<float>(std::vector<float>{0.1F, 12.7F}).scale.exponent == 1);
}

TEST_CASE("series decimal: every decimal of few digits is one, everywhere") {
    std::size_t wrong = 0;
    tintype::splitmix64 random{2};
    for (unsigned exponent = 0; exponent <= 15; ++exponent) {
        const decimal_scale scale{exponent, false};
        for (int i = 0; i != 2000; ++i) {
            const auto digits = static_cast<std::int64_t>(random() % 1'000'000'000'000) - 500'000;
            const auto value = decimal_value<double>(digits, scale);
            wrong += decimal_digits(value, powers_of_ten[exponent]) == digits ? 0U : 1U;
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE("series decimal: what has no digits has none") {
    for (const double none :
         {std::nan(""), std::numeric_limits<double>::infinity(), -1e300, 3e15}) {
        CHECK(decimal_digits(none, 1) == 0);
    }
    CHECK(decimal_digits(-2251799813685247.0, 1) == -2251799813685247);
}

TEST_CASE_TEMPLATE("series decimal: many at a time are as one by one", T, float, double) {
    tintype::splitmix64 random{3};
    std::size_t wrong = 0;
    for (const std::size_t count : {1U, 15U, 16U, 17U, 100U, 1024U}) {
        for (unsigned exponent = 0; exponent <= most_decimals<T>(); ++exponent) {
            for (const bool inverse : {false, true}) {
                // Some that are wider than what is written, as damaged bytes have them.
                std::vector<std::uint64_t> digits(count);
                for (std::uint64_t& each : digits) {
                    each = static_cast<std::uint64_t>(static_cast<std::int64_t>(random()) >>
                                                      (random() % 64));
                }
                std::vector<T> all(count);
                std::vector<T> plain(count);
                from_decimals(std::span<const std::uint64_t>{digits}, {exponent, inverse},
                              all.data());
                decimals_plain(digits.data(), count / run_values, {exponent, inverse},
                               plain.data());
                for (std::size_t i = 0; i != count; ++i) {
                    const T one =
                        decimal_value<T>(static_cast<std::int64_t>(digits[i]), {exponent, inverse});
                    wrong += same_bits(all[i], one) ? 0U : 1U;
                    wrong +=
                        i >= count / run_values * run_values || same_bits(plain[i], one) ? 0U : 1U;
                }
            }
        }
    }
    CHECK(wrong == 0);
}
