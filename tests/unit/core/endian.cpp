// Numbers in both byte orders, at every alignment, bit for bit; in constant expressions as at run
// time, which take different ways through the code.

#include <tintype/core/endian.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace {

using std::endian;

enum class small : std::uint16_t { some = 0x1234 };

static_assert(tintype::scalar_value<bool> && tintype::scalar_value<char> &&
              tintype::scalar_value<std::byte> && tintype::scalar_value<double> &&
              tintype::scalar_value<small> && tintype::scalar_value<std::int64_t>);
static_assert(!tintype::scalar_value<long double> && !tintype::scalar_value<wchar_t> &&
              !tintype::scalar_value<const int> && !tintype::scalar_value<int*> &&
              !tintype::scalar_value<void> && !tintype::scalar_value<std::array<int, 1>>);

// The bytes of `number` are `big`, most significant first, in the one order, reversed in the other.
template <class T, std::size_t Size>
constexpr bool stands_as(T number, std::array<std::uint8_t, Size> big) {
    static_assert(sizeof(T) == Size);
    std::array<std::byte, Size> most_first{};
    std::ranges::transform(big, most_first.begin(), [](auto b) { return std::byte{b}; });
    std::array<std::byte, Size> least_first = most_first;
    std::ranges::reverse(least_first);
    std::array<std::byte, Size> stored{};
    tintype::store<endian::big>(stored.data(), number);
    bool good = stored == most_first;
    tintype::store<endian::little>(stored.data(), number);
    good = good && stored == least_first;
    using bits = tintype::detail::bits_of<T>;
    const auto same = [&](T other) {
        return std::bit_cast<bits>(other) == std::bit_cast<bits>(number);
    };
    return good && same(tintype::load<endian::big, T>(most_first.data())) &&
           same(tintype::load<endian::little, T>(least_first.data()));
}

constexpr bool integers() {
    return stands_as<std::uint8_t, 1>(0xF1, {0xF1}) && stands_as<std::int8_t, 1>(-2, {0xFE}) &&
           stands_as<std::uint16_t, 2>(0xF102, {0xF1, 0x02}) &&
           stands_as<std::int16_t, 2>(-2, {0xFF, 0xFE}) &&
           stands_as<std::uint32_t, 4>(0xF1020384, {0xF1, 0x02, 0x03, 0x84}) &&
           stands_as<std::int32_t, 4>(std::numeric_limits<std::int32_t>::min(), {0x80, 0, 0, 0}) &&
           stands_as<std::uint64_t, 8>(0xF102030405060788, {0xF1, 2, 3, 4, 5, 6, 7, 0x88}) &&
           stands_as<std::int64_t, 8>(-1, {255, 255, 255, 255, 255, 255, 255, 255}) &&
           stands_as<char, 1>('A', {0x41}) && stands_as<std::byte, 1>(std::byte{9}, {9}) &&
           stands_as<char16_t, 2>(u'\u20AC', {0x20, 0xAC}) &&
           stands_as<small, 2>(small::some, {0x12, 0x34});
}

static_assert(integers());

constexpr bool floats() {
    return stands_as<float, 4>(1.0F, {0x3F, 0x80, 0, 0}) &&
           stands_as<float, 4>(-0.0F, {0x80, 0, 0, 0}) &&
           stands_as<double, 8>(-2.0, {0xC0, 0, 0, 0, 0, 0, 0, 0}) &&
           // Quiet NaNs with a payload and a sign.
           stands_as<float, 4>(std::bit_cast<float>(0xFFC12345U), {0xFF, 0xC1, 0x23, 0x45}) &&
           stands_as<double, 8>(std::bit_cast<double>(0x7FF8DEADBEEF0001U),
                                {0x7F, 0xF8, 0xDE, 0xAD, 0xBE, 0xEF, 0x00, 0x01}) &&
           // A signalling one, and the smallest number there is.
           stands_as<float, 4>(std::bit_cast<float>(0x7F800001U), {0x7F, 0x80, 0, 1}) &&
           stands_as<double, 8>(std::numeric_limits<double>::denorm_min(),
                                {0, 0, 0, 0, 0, 0, 0, 1});
}

static_assert(floats());

constexpr bool bools() {
    std::array<std::byte, 3> bytes{std::byte{0}, std::byte{1}, std::byte{2}};
    return !tintype::load<endian::little, bool>(bytes.data()) &&
           tintype::load<endian::little, bool>(&bytes[1]) &&
           tintype::load<endian::big, bool>(&bytes[2]) && stands_as<bool, 1>(true, {1}) &&
           stands_as<bool, 1>(false, {0});
}

static_assert(bools());

} // namespace

TEST_CASE("endian: integers stand in both orders") {
    CHECK(integers());
}

TEST_CASE("endian: floats stand bit for bit") {
    CHECK(floats());
}

TEST_CASE("endian: a bool is true for any byte but 0") {
    CHECK(bools());
}

TEST_CASE("endian: any alignment will do, and no neighbour is touched") {
    constexpr std::uint64_t number = 0x0102030405060708;
    for (std::size_t at = 0; at != 9; ++at) {
        std::array<std::byte, 18> room{};
        room.fill(std::byte{0xA5});
        tintype::store<endian::little>(room.data() + at, number);
        CHECK(tintype::load<endian::little, std::uint64_t>(room.data() + at) == number);
        CHECK(tintype::load<endian::big, std::uint64_t>(room.data() + at) == 0x0807060504030201);
        CHECK(std::ranges::count(room, std::byte{0xA5}) == 10);
        CHECK(room[at] == std::byte{8});
    }
}
