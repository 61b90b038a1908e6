// Packed values where they lie: a random-access range over bytes of any alignment, and a plain span
// where the machine could read them in place.

#include <tintype/codec/packed_view.hpp>

#include "support/bytes.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <vector>

namespace {

using std::endian;
using tintype::packed_view;
constexpr auto other = endian::native == endian::little ? endian::big : endian::little;

struct padded {
    BOOST_HANA_DEFINE_STRUCT(padded, (std::uint8_t, tag), (std::uint32_t, id));

    friend constexpr bool operator==(const padded&, const padded&) = default;
};

using numbers = packed_view<std::uint16_t, endian::big>;
static_assert(std::ranges::random_access_range<numbers> && std::ranges::sized_range<numbers>);
static_assert(std::ranges::view<numbers> && std::ranges::borrowed_range<numbers>);
static_assert(std::ranges::common_range<numbers>);
static_assert(!std::ranges::contiguous_range<numbers>);

constexpr bool is_a_range() {
    const auto bytes = tests::blob_of({0, 1, 0, 2, 1, 0, 9});
    const numbers view{bytes};
    const auto first = view.begin();
    auto at = first;
    bool good = *at++ == 1 && *at == 2 && *++at == 0x100 && *at-- == 0x100 && *--at == 1;
    good = good && first[2] == 0x100 && *(2 + first) == 0x100 && *(view.end() - 1) == 0x100;
    at += 3;
    good = good && at == view.end() && at - first == 3 && first < at && (at -= 3) == first;
    return good && view.size() == 3 && view.bytes().size() == 6 && view[1] == 2 &&
           view.front() == 1 && view.back() == 0x100 && !view.empty() && numbers{}.empty() &&
           numbers{}.begin() == numbers{}.end() &&
           std::ranges::equal(view, std::array{1, 2, 0x100}) &&
           std::ranges::is_sorted(view | std::views::drop(1));
}

static_assert(is_a_range());

constexpr bool makes_structs() {
    const auto bytes = tests::blob_of({7, 1, 0, 0, 0, 8, 0, 0, 0, 1});
    const packed_view<padded, endian::little> view{bytes};
    return view.size() == 2 && view[0] == padded{.tag = 7, .id = 1} &&
           view[1] == padded{.tag = 8, .id = 0x01000000};
}

static_assert(makes_structs());

} // namespace

TEST_CASE("packed_view: is a random-access range of values") {
    CHECK(is_a_range());
    CHECK(makes_structs());
}

TEST_CASE("packed_view: what is left over behind the last whole value is no part of it") {
    for (std::size_t size = 0; size != 20; ++size) {
        const auto bytes = tests::noise(size);
        const packed_view<std::uint64_t, endian::little> view{bytes};
        CHECK(view.size() == size / 8);
        CHECK(view.bytes().size() == size / 8 * 8);
        CHECK(std::ranges::distance(view) == static_cast<std::ptrdiff_t>(size / 8));
    }
}

TEST_CASE("packed_view: values in place only where the machine could read them") {
    alignas(8) std::array<std::byte, 24> memory{};
    tintype::store<endian::native>(memory.data() + 8, std::uint64_t{42});
    const tintype::byte_view bytes{memory};
    const packed_view<std::uint64_t, endian::native> aligned{bytes};
    const auto in_place = aligned.contiguous();
    REQUIRE(in_place.has_value());
    CHECK(in_place->size() == 3);
    CHECK((*in_place)[1] == 42);
    CHECK(static_cast<const void*>(in_place->data()) == static_cast<const void*>(memory.data()));
    for (std::size_t at = 1; at != 8; ++at) {
        const packed_view<std::uint64_t, endian::native> askew{bytes.subspan(at)};
        CHECK(!askew.contiguous().has_value());
        CHECK(askew.size() == 2);
        CHECK(askew[0] == tintype::load<endian::native, std::uint64_t>(memory.data() + at));
    }
    CHECK(!packed_view<std::uint64_t, other>{bytes}.contiguous().has_value());
    CHECK(!packed_view<padded, endian::native>{bytes}.contiguous().has_value());
    CHECK(!packed_view<bool, endian::native>{bytes}.contiguous().has_value());
    CHECK(packed_view<std::uint8_t, other>{bytes.subspan(1)}.contiguous().has_value());
}

TEST_CASE("packed_view: a bool that is neither 0 nor 1 reads as true") {
    const auto bytes = tests::blob_of({0, 1, 2, 255});
    const packed_view<bool, endian::little> view{bytes};
    CHECK(std::vector<bool>(view.begin(), view.end()) == std::vector{false, true, true, true});
}
