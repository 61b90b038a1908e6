// Which plan is chosen for which integers, that its size is what is written, and that the
// arithmetic wraps as it should.

#include <tintype/delta/series/integers.hpp>
#include <tintype/delta/series/plan.hpp>

#include "samples.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <numeric>
#include <span>
#include <type_traits>
#include <vector>

namespace {

using namespace tintype::detail::series;
using words = std::vector<std::uint64_t>;

integer_plan planned(const words& values, unsigned bits = 64) {
    piece_words room;
    return plan_integers(values, bits, room);
}

// Whether as many bytes are written as were planned, and the lowest bits come back.
bool comes_back(const words& values, unsigned bits) {
    piece_words room;
    const integer_plan plan = plan_integers(values, bits, room);
    tintype::blob bytes(plan.size + 8);
    const auto* const end = put_integers(values, bits, plan, room, bytes.data());
    if (static_cast<std::size_t>(end - bytes.data()) != plan.size) {
        return false;
    }
    bytes.resize(plan.size);
    constexpr piece_kind kinds[] = {piece_kind::frame, piece_kind::delta,
                                    piece_kind::delta_of_delta};
    const piece_tag tag{
        .kind = kinds[plan.order], .unit = plan.unit != 1, .patches = plan.patches != 0};
    tintype::reader in{bytes};
    if (!take_integers(in, tag, bits, values.size(), room, "") || in.remaining() != 0) {
        return false;
    }
    for (std::size_t i = 0; i != values.size(); ++i) {
        if (((room[i] ^ values[i]) & low_bits(bits)) != 0) {
            return false;
        }
    }
    return true;
}

words counted(std::size_t count, auto value) {
    words values(count);
    for (std::size_t i = 0; i != count; ++i) {
        values[i] = static_cast<std::uint64_t>(value(i));
    }
    return values;
}

} // namespace

TEST_CASE_TEMPLATE("series plan: what is planned is written and comes back", T, std::uint8_t,
                   std::int16_t, std::uint32_t, std::int64_t) {
    for (std::size_t kind = 0; kind != tests::series_kind_names.size(); ++kind) {
        for (const std::size_t size : {1U, 2U, 3U, 4U, 17U, 255U, 256U, 1024U}) {
            const auto series =
                tests::make_series<T>(static_cast<tests::series_kind>(kind), size, 3);
            words values(size);
            for (std::size_t i = 0; i != size; ++i) {
                values[i] = static_cast<std::make_unsigned_t<T>>(series[i]);
            }
            INFO(tests::series_kind_names[kind], ", ", size);
            CHECK(comes_back(values, 8 * sizeof(T)));
        }
    }
}

TEST_CASE("series plan: the order that is smallest") {
    const auto flat = planned(counted(500, [](std::size_t i) { return 1000 + i * 37 % 16; }));
    CHECK(flat.order == 0);
    CHECK(flat.width == 4);
    CHECK(flat.base == 1000);
    const auto line = planned(counted(500, [](std::size_t i) { return 9 + 1234 * i; }));
    CHECK(line.order == 1);
    CHECK(line.width == 0);
    CHECK(line.reference == 1234);
    const auto curve = planned(counted(500, [](std::size_t i) { return i * i * 5; }));
    CHECK(curve.order == 2);
    CHECK(curve.width == 0);
    CHECK(curve.reference == 10);
}

TEST_CASE("series plan: a unit that all are multiples of") {
    const auto thousands = counted(300, [](std::size_t i) { return 7 + 1000 * (i * 31 % 64); });
    CHECK(planned(thousands).unit == 1000);
    CHECK(planned(thousands).width == 6);
    CHECK(comes_back(thousands, 64));
    // Of either sign, even and odd, and as large as there is.
    for (const std::uint64_t unit :
         {std::uint64_t{3}, std::uint64_t{4096}, std::uint64_t{6'000'001}, std::uint64_t{1} << 62U,
          std::uint64_t{1} << 63U}) {
        tintype::splitmix64 random{unit};
        const auto values = counted(200, [&](std::size_t) { return 5 - unit * (random() % 5); });
        CHECK(comes_back(values, 64));
        CHECK(greatest_common_unit(values, 64) % unit == 0);
    }
    CHECK(greatest_common_unit(words(9, 4), 64) == 1);
}

TEST_CASE("series plan: a few far away on either side are patched") {
    auto values = counted(1024, [](std::size_t i) { return 100 + i * 29 % 32; });
    values[3] = 0 - std::uint64_t{1'000'000'000'000};
    values[700] = std::uint64_t{1} << 62U;
    const auto plan = planned(values);
    CHECK(plan.width == 5);
    CHECK(plan.patches == 2);
    CHECK(comes_back(values, 64));
}

TEST_CASE("series plan: widths are counted alike on every processor") {
    words values = {0, 1, 2, 3, 4, 7, 8, 255, 256, ~std::uint64_t{0}};
    for (unsigned bit = 0; bit != 64; ++bit) {
        values.push_back(std::uint64_t{1} << bit);
    }
    for (const unsigned bits : {8U, 64U}) {
        const width_counts counts = count_widths(values, bits, 0);
        width_counters plain{};
        count_widths_plain(values, low_bits(bits), 0, plain);
        for (std::size_t i = 0; i != counts.size(); ++i) {
            CHECK(counts[i] == plain[0][i] + plain[1][i] + plain[2][i] + plain[3][i]);
        }
        CHECK(std::accumulate(counts.begin(), counts.end(), 0U) == values.size());
    }
    CHECK(count_widths(values, 64, 0)[64] == 2);
    CHECK(count_widths(values, 8, 0)[0] == 58);
    CHECK(count_widths(words{9, 10, 12}, 64, 9)[2] == 1);
}

TEST_CASE("series plan: numbers that go around the end of their type") {
    for (const unsigned bits : {8U, 16U, 32U, 64U}) {
        const auto around = counted(
            600, [&](std::size_t i) { return (low_bits(bits) - 9 + 3 * i) & low_bits(bits); });
        CHECK(planned(around, bits).width == 0);
        CHECK(planned(around, bits).patches == 0);
        CHECK(comes_back(around, bits));
    }
}

TEST_CASE("series plan: small numbers of either sign are small") {
    CHECK(zigzag(0) == 0);
    CHECK(zigzag(~std::uint64_t{0}) == 1);
    CHECK(zigzag(1) == 2);
    CHECK(unzigzag(zigzag(std::uint64_t{1} << 63U)) == std::uint64_t{1} << 63U);
    CHECK(sign_extended(0xFF, 8) == ~std::uint64_t{0});
    CHECK(sign_extended(0x17F, 8) == 0x7F);
    CHECK(varint_size(0) == 1);
    CHECK(varint_size(127) == 1);
    CHECK(varint_size(128) == 2);
    CHECK(varint_size(~std::uint64_t{0}) == 10);
}
