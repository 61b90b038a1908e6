// The number of a rank, found without keeping the numbers, against sorting them.

#include <tintype/core/mix.hpp>
#include <tintype/delta/quantile.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

namespace {

using tintype::measure;
using tintype::quantile_search;

constexpr double no_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

measure of(const std::vector<double>& numbers) {
    measure all;
    for (const double each : numbers) {
        all.add(each);
    }
    return all;
}

double sorted_quantile(std::vector<double> numbers, double q) {
    std::erase_if(numbers, [](double each) { return std::isnan(each); });
    if (numbers.empty() || !(q >= 0 && q <= 1)) {
        return no_number;
    }
    std::ranges::sort(numbers);
    const auto up_to = static_cast<std::size_t>(std::ceil(q * static_cast<double>(numbers.size())));
    return numbers[std::clamp<std::size_t>(up_to, 1, numbers.size()) - 1];
}

// One by one, or so many at once where that is enough.
double searched(const std::vector<double>& numbers, double q, std::size_t batch, unsigned most) {
    quantile_search search{q, of(numbers)};
    unsigned rounds = 0;
    while (!search.found()) {
        REQUIRE(rounds++ < most);
        search.begin();
        for (std::size_t at = 0; at < numbers.size(); at += batch) {
            const auto begin = numbers.begin() + static_cast<std::ptrdiff_t>(at);
            const std::vector<double> part(
                begin, begin + static_cast<std::ptrdiff_t>(std::min(batch, numbers.size() - at)));
            if (batch == 1 || !search.add(of(part))) {
                for (const double each : part) {
                    search.add(each);
                }
            }
        }
        search.narrow();
    }
    return *search.found();
}

void agrees(const std::vector<double>& numbers, std::size_t batch = 1) {
    for (const double q : {0.0, 0.001, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1.0}) {
        const double wanted = sorted_quantile(numbers, q);
        // 14 bits of 64 are settled each time.
        const double found = searched(numbers, q, batch, 5);
        if (!(found == wanted || (std::isnan(found) && std::isnan(wanted)))) {
            FAIL_CHECK("quantile ", q, " of ", numbers.size(), ": ", found, " for ", wanted);
        }
    }
}

std::vector<double> random_numbers(std::size_t count, std::uint64_t seed, unsigned kind) {
    tintype::splitmix64 random{seed};
    std::vector<double> numbers(count);
    for (double& each : numbers) {
        const std::uint64_t bits = random();
        switch (kind) {
        case 0: // any bits, NaNs among them
            std::memcpy(&each, &bits, sizeof each);
            break;
        case 1: // ties
            each = static_cast<double>(bits % 7) - 3;
            break;
        case 2: // close to each other
            each = 1.0 + static_cast<double>(bits % 1000) * 1e-15;
            break;
        default:
            each = static_cast<double>(bits >> 11U) * 0x1p-53 * 100 - 50;
            break;
        }
    }
    return numbers;
}

} // namespace

TEST_CASE("quantile: of a few") {
    agrees({});
    agrees({no_number});
    agrees({5});
    agrees({no_number, 5, no_number});
    agrees({1, 2});
    agrees({-1, -2, 3});
    agrees({infinity, -infinity, 0});
    agrees({infinity, infinity, no_number});
    agrees({-infinity});
    agrees({0.0, -0.0, 0.0});
    agrees({-0.0, std::numeric_limits<double>::denorm_min(),
            -std::numeric_limits<double>::denorm_min()});
    agrees({std::numeric_limits<double>::max(), std::numeric_limits<double>::lowest()});
    CHECK(searched({1, 2, 3, 4}, 0.5, 1, 5) == 2);
    CHECK(searched({1, 2, 3, 4}, 0.51, 1, 5) == 3);
}

TEST_CASE("quantile: what is none") {
    for (const double q : {-0.1, 1.1, no_number, infinity}) {
        const quantile_search search{q, of({1, 2})};
        REQUIRE(search.found());
        CHECK(std::isnan(*search.found()));
    }
    // -0.0 is 0.0.
    const quantile_search zero{0.5, of({-0.0})};
    REQUIRE(zero.found());
    CHECK(!std::signbit(*zero.found()));
}

TEST_CASE("quantile: of every count, against sorting") {
    for (std::size_t count = 1; count != 60; ++count) {
        for (unsigned kind = 0; kind != 4; ++kind) {
            agrees(random_numbers(count, count, kind));
            agrees(random_numbers(count, count, kind), 7);
        }
    }
}

TEST_CASE("quantile: of many, against sorting") {
    for (unsigned kind = 0; kind != 4; ++kind) {
        agrees(random_numbers(3'000, kind, kind), 100);
    }
    const auto many = random_numbers(100'000, 9, 3);
    CHECK(searched(many, 0.5, 1, 5) == sorted_quantile(many, 0.5));
    CHECK(searched(many, 0.99, 1000, 5) == sorted_quantile(many, 0.99));
    auto sorted = many;
    std::ranges::sort(sorted);
    CHECK(searched(sorted, 0.95, 500, 5) == sorted_quantile(many, 0.95));
}

TEST_CASE("quantile: numbers that are not those that were measured") {
    const std::vector<measure> lies{
        {.count = 10, .nans = 0, .min = 1, .max = 2, .sum = 0},
        {.count = 10, .nans = 0, .min = 2, .max = 1, .sum = 0},
        {.count = 10, .nans = 0, .min = no_number, .max = no_number, .sum = no_number},
        {.count = 10, .nans = 0, .min = -no_number, .max = no_number, .sum = no_number},
        {.count = ~std::uint64_t{0}, .nans = 1, .min = -infinity, .max = infinity, .sum = 0},
        {.count = 1, .nans = 5, .min = 0, .max = 1, .sum = 0}};
    for (const measure& lie : lies) {
        for (const double q : {0.0, 0.5, 1.0}) {
            quantile_search search{q, lie};
            for (unsigned round = 0; round != 10 && !search.found(); ++round) {
                search.begin();
                for (const double each : {1.0, 1.5, -3.0, infinity, no_number}) {
                    search.add(each);
                }
                for (const measure& other : lies) {
                    static_cast<void>(search.add(other));
                }
                search.narrow();
            }
            CHECK(search.found());
        }
    }
}
