// Packed values: their sizes, their bytes in both orders, what memory holds that way already, and
// bools that are neither 0 nor 1.

#include <tintype/codec/packed.hpp>

#include "support/bytes.hpp"

#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace {

using std::endian;
constexpr auto other = endian::native == endian::little ? endian::big : endian::little;

struct entry { // no room between the members
    BOOST_HANA_DEFINE_STRUCT(entry, (std::uint32_t, id), (std::uint16_t, a), (std::uint16_t, b));
};

struct padded {
    BOOST_HANA_DEFINE_STRUCT(padded, (std::uint8_t, tag), (std::uint32_t, id));

    friend constexpr bool operator==(const padded&, const padded&) = default;
};

struct flagged {
    BOOST_HANA_DEFINE_STRUCT(flagged, (std::uint8_t, tag), (bool, on));

    friend constexpr bool operator==(const flagged&, const flagged&) = default;
};

struct nested {
    using flags = std::array<flagged, 2>;
    BOOST_HANA_DEFINE_STRUCT(nested, (padded, head), (flags, both), (double, weight));

    friend constexpr bool operator==(const nested&, const nested&) = default;
};

struct bytes_only {
    BOOST_HANA_DEFINE_STRUCT(bytes_only, (std::uint8_t, a), (std::byte, b), (char, c));
};

struct with_text {
    BOOST_HANA_DEFINE_STRUCT(with_text, (int, number), (std::string, text));
};

struct swapped {
    std::uint16_t first = 0;
    std::uint16_t second = 0;
};

struct partly {
    std::uint16_t kept = 0;
    std::uint16_t lost = 0;
};

} // namespace

BOOST_HANA_ADAPT_STRUCT(swapped, second, first);
BOOST_HANA_ADAPT_STRUCT(partly, kept);

namespace {

static_assert(tintype::packed_size<bool> == 1 && tintype::packed_size<double> == 8);
static_assert(tintype::packed_size<entry> == 8 && tintype::packed_size<padded> == 5);
static_assert(tintype::packed_size<nested> == 5 + 4 + 8);
static_assert(tintype::packed_size<std::array<padded, 3>> == 15);
static_assert(tintype::packed_size<std::uint16_t[2][3]> == 12);
static_assert(!tintype::packed<with_text> && !tintype::packed<std::string>);
static_assert(!tintype::packed<std::vector<int>> && !tintype::packed<int*>);
static_assert(!tintype::packed<std::array<std::string, 2>>);

static_assert(tintype::trivially_packed<std::uint32_t, endian::native>);
static_assert(!tintype::trivially_packed<std::uint32_t, other>);
static_assert(tintype::trivially_packed<std::uint8_t, other>);
static_assert(!tintype::trivially_packed<bool, endian::native>);
static_assert(tintype::trivially_packed<float, endian::native>);
static_assert(tintype::trivially_packed<std::array<float, 3>, endian::native>);
static_assert(!tintype::trivially_packed<std::array<float, 3>, other>);
static_assert(tintype::trivially_packed<entry, endian::native>);
static_assert(!tintype::trivially_packed<entry, other>);
static_assert(!tintype::trivially_packed<padded, endian::native>);
static_assert(!tintype::trivially_packed<flagged, endian::native>);
static_assert(tintype::trivially_packed<bytes_only, other>);
// The same size, and yet not the same bytes.
static_assert(!tintype::trivially_packed<swapped, endian::native>);
static_assert(!tintype::trivially_packed<partly, endian::native>);

template <endian Order, class T>
constexpr tintype::blob stored(const T& value) {
    tintype::blob bytes(tintype::packed_size<T>, std::byte{0});
    tintype::store_packed<Order>(bytes.data(), value);
    return bytes;
}

constexpr nested sample{.head = {.tag = 1, .id = 0x02030405},
                        .both = {flagged{.tag = 6, .on = true}, flagged{.tag = 7, .on = false}},
                        .weight = -0.0};

constexpr bool members_follow_each_other() {
    return stored<endian::big>(sample) ==
               tests::blob_of({1, 2, 3, 4, 5, 6, 1, 7, 0, 0x80, 0, 0, 0, 0, 0, 0, 0}) &&
           stored<endian::little>(sample) ==
               tests::blob_of({1, 5, 4, 3, 2, 6, 1, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0x80}) &&
           stored<endian::big>(swapped{.first = 1, .second = 2}) == tests::blob_of({0, 2, 0, 1}) &&
           stored<endian::little>(std::array{std::uint16_t{1}, std::uint16_t{2}}) ==
               tests::blob_of({1, 0, 2, 0});
}

static_assert(members_follow_each_other());

template <endian Order>
constexpr bool comes_back() {
    const auto bytes = stored<Order>(sample);
    nested back{};
    return tintype::load_packed<Order>(bytes.data(), back) && back == sample &&
           std::bit_cast<std::uint64_t>(back.weight) == std::uint64_t{1} << 63U;
}

static_assert(comes_back<endian::big>() && comes_back<endian::little>());

// Every byte in the place of every bool.
constexpr bool bools_are_0_or_1() {
    for (unsigned byte = 0; byte != 256; ++byte) {
        auto bytes = stored<endian::little>(sample);
        bytes[8] = static_cast<std::byte>(byte);
        nested back{};
        if (tintype::load_packed<endian::little>(bytes.data(), back) != (byte <= 1)) {
            return false;
        }
        const auto* bad = tintype::detail::bad_bool<nested>(bytes.data());
        if (bad != (byte <= 1 ? nullptr : bytes.data() + 8)) {
            return false;
        }
    }
    return true;
}

static_assert(bools_are_0_or_1());

} // namespace

TEST_CASE("packed: members follow each other in the order of the description") {
    CHECK(members_follow_each_other());
}

TEST_CASE("packed: what was stored comes back") {
    CHECK(comes_back<endian::big>());
    CHECK(comes_back<endian::little>());
}

TEST_CASE("packed: a bool is 0 or 1, and which byte is not is found") {
    CHECK(bools_are_0_or_1());
}

TEST_CASE("packed: NaNs keep their payloads in arrays and structs") {
    const std::array<float, 3> odd = {std::bit_cast<float>(0x7F800001U),
                                      std::bit_cast<float>(0xFFC12345U), -0.0F};
    const auto bytes = stored<other>(odd);
    std::array<float, 3> back{};
    CHECK(tintype::load_packed<other>(bytes.data(), back));
    CHECK(std::bit_cast<std::array<std::uint32_t, 3>>(back) ==
          std::array<std::uint32_t, 3>{0x7F800001U, 0xFFC12345U, 0x80000000U});
}
