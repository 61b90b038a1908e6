// The laws of the stores that chains are taken of, over the library's with each of its maps, over
// one of a user's with described records, and over one that makes its records while asked.

#include "chain_store.hpp"

#include <tintype/chain/part_store.hpp>
#include <tintype/chain/tracked.hpp>

#include "chain_stores.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

using namespace tintype;

using ordered = std::map<std::uint64_t, std::string>;
using hashed = std::unordered_map<std::string, double>;

struct mood {
    BOOST_HANA_DEFINE_STRUCT(mood, (std::uint32_t, level), (std::string, name));
};

const auto numbered = [](std::uint64_t number, std::uint64_t salt) {
    return std::pair{number, "text " + std::to_string(salt)};
};

// A value that differs by one bit, or only by its sign.
const auto named = [](std::uint64_t number, std::uint64_t salt) {
    const double values[] = {0.0, -0.0, std::numeric_limits<double>::quiet_NaN()};
    return std::pair{std::string(number % 7, 'k') + std::to_string(number), values[salt % 3]};
};

const auto booked = [](std::uint64_t number, std::uint64_t salt) {
    tests::book made{};
    made.id = std::bit_cast<tests::book_id>(number);
    if (salt != 0) {
        made.name = std::string(salt - 1, 'n');
    }
    made.content.assign(number % 4, std::bit_cast<double>(0x7ff8000000000000U + salt));
    return made;
};

const auto pointed = [](std::uint64_t number, std::uint64_t salt) {
    // What records are views of stays.
    static const std::string label(100, 'l');
    static const std::vector<float> values{0.0F, -0.0F, std::nanf("1"), std::nanf("2"), 5.0F};
    return tests::point{static_cast<std::uint32_t>(number),
                        std::string_view{label}.substr(0, number % 9),
                        std::span{values}.subspan(salt % 3, 3)};
};

template <class Store>
Store empty() {
    return {};
}

} // namespace

TEST_CASE("laws: parts that are maps") {
    laws::chain_store_laws(empty<part_store<ordered>>, numbered);
    laws::chain_store_laws(empty<part_store<hashed>>, named);
    laws::chain_store_laws(empty<part_store<tracked<ordered>>>, numbered);
    laws::chain_store_laws(empty<part_store<tracked<hashed>>>, named);
}

TEST_CASE("laws: parts that are maps, and a side state") {
    const auto make_side = [](std::uint64_t salt) {
        return mood{static_cast<std::uint32_t>(salt), std::string(salt, 'm')};
    };
    laws::side_laws(empty<part_store<ordered, mood>>, make_side);
    laws::side_laws(empty<part_store<tracked<hashed>, mood>>, make_side);
    laws::chain_store_laws(empty<part_store<ordered, mood>>, numbered);
}

TEST_CASE("laws: tracked maps") {
    laws::tracking_store_laws(empty<part_store<tracked<ordered>>>, numbered);
    laws::tracking_store_laws(empty<part_store<tracked<hashed>>>, named);
}

TEST_CASE("laws: a user's store of described records, which keeps a journal") {
    laws::chain_store_laws(empty<tests::library>, booked);
    laws::tracking_store_laws(empty<tests::library>, booked);
}

TEST_CASE("laws: a user's store that makes its records while asked") {
    laws::chain_store_laws(empty<tests::flat_store>, pointed);
}

TEST_CASE("laws: snapshots of maps") {
    laws::snapshot_laws(empty<part_store<ordered>>, numbered);
    laws::snapshot_laws(empty<part_store<hashed>>, named);
    laws::snapshot_laws(empty<part_store<tracked<ordered>>>, numbered);
}

TEST_CASE("laws: snapshots of users' stores") {
    laws::snapshot_laws(empty<tests::library>, booked);
    // Spans of numbers are lent only where they lie as they are stored.
    if (std::endian::native == std::endian::little) {
        laws::snapshot_laws(empty<tests::flat_store>, pointed);
    }
}
