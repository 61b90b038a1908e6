// The checksum against its definition, a word at a time: in constant expressions, by every kernel
// that this machine can run, for every length and alignment, and cut into parts anywhere.

#include <tintype/core/mix.hpp>
#include <tintype/hash/cbtop.hpp>

#include "laws/hash.hpp"

#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

namespace {

using tintype::cbtop_checksum;
using tintype::detail::cbtop_kernel;
using tintype::detail::cbtop_run;
using tintype::detail::supported;

// The definition.
struct reference {
    std::uint32_t state = 0;

    constexpr void word(std::uint32_t next) { state = state * 31 + next; }

    constexpr void text(std::string_view bytes) {
        for (const char each : bytes) {
            word(static_cast<unsigned char>(each));
        }
    }

    constexpr void run(std::span<const double> values) {
        for (const double each : values) {
            const auto bits = std::bit_cast<std::uint64_t>(each);
            word(static_cast<std::uint32_t>(bits >> 32U));
            word(static_cast<std::uint32_t>(bits));
        }
    }
};

// Bits without a pattern: now and then a NaN among them.
constexpr double any_value(tintype::splitmix64& random) {
    return std::bit_cast<double>(random());
}

std::vector<double> any_values(std::size_t count, std::uint64_t seed) {
    tintype::splitmix64 random{seed};
    std::vector<double> values(count);
    for (double& each : values) {
        each = any_value(random);
    }
    return values;
}

constexpr auto some_values = [] {
    tintype::splitmix64 random{31};
    std::array<double, 203> values{};
    for (double& each : values) {
        each = any_value(random);
    }
    values[7] = -0.0;
    values[8] = 0.0;
    values[9] = std::numeric_limits<double>::infinity();
    values[10] = std::bit_cast<double>(std::uint64_t{0x7ff8'0000'dead'beefU});
    values[11] = std::bit_cast<double>(std::uint64_t{0xffff'ffff'ffff'ffffU});
    return values;
}();

constexpr std::string_view some_text = "a text of \xce\xb3, bytes up to \xff and down to \x01";

constexpr std::uint32_t by_definition() {
    reference sum;
    sum.word(0xffff'ffffU);
    sum.text(some_text);
    sum.run(some_values);
    sum.word(7);
    return sum.state;
}

constexpr std::uint32_t by_checksum() {
    std::array<std::byte, some_text.size()> bytes{};
    for (std::size_t i = 0; i != bytes.size(); ++i) {
        bytes[i] = static_cast<std::byte>(some_text[i]);
    }
    cbtop_checksum sum;
    sum.update_word(0xffff'ffffU);
    sum.update(bytes);
    sum.update_run(some_values);
    sum.update_word(7);
    return sum.finish();
}

static_assert(by_checksum() == by_definition());
static_assert(cbtop_checksum{}.finish() == 0);

std::uint32_t defined_run(std::uint32_t state, std::span<const double> values) {
    reference sum{state};
    sum.run(values);
    return sum.state;
}

template <class Visit>
void each_kernel(Visit visit) {
    for (const cbtop_kernel kernel : {cbtop_kernel::plain, cbtop_kernel::avx2}) {
        if (supported(kernel)) {
            INFO("kernel ", static_cast<int>(kernel));
            visit(kernel);
        }
    }
}

} // namespace

TEST_CASE("cbtop's checksum is a hash") {
    tintype::laws::hash_laws<cbtop_checksum>();
    CHECK(cbtop_checksum::name == "cbtop");
}

TEST_CASE("cbtop's checksum gives at run time what it gave the compiler") {
    constexpr std::uint32_t compiled = by_checksum();
    CHECK(by_checksum() == compiled);
    CHECK(by_definition() == compiled);
}

TEST_CASE("cbtop's checksum is the one that Java's strings have, if there are only bytes") {
    const auto of = [](std::string_view text) {
        return tintype::hash_of<cbtop_checksum>(tintype::bytes_of(text));
    };
    CHECK(of("") == 0);
    CHECK(of("a") == 97);
    CHECK(of("hello") == 99162322);
    CHECK(of("hello world") == 1794106052);
    CHECK(of("\xff") == 255);
}

TEST_CASE("cbtop's checksum: the kernel is the fastest that is supported") {
    const auto best = tintype::detail::best_cbtop_kernel();
    CHECK(supported(cbtop_kernel::plain));
    CHECK(supported(best));
    CHECK(best == tintype::detail::best_cbtop_kernel());
    each_kernel([&](cbtop_kernel kernel) { CHECK(kernel <= best); });
}

TEST_CASE("cbtop's checksum: runs of every length and alignment, by every kernel") {
    const auto values = any_values(204, 1);
    for (std::size_t offset = 0; offset != 4; ++offset) {
        for (std::size_t count = 0; count <= 200; ++count) {
            const auto run = std::span{values}.subspan(offset, count);
            for (const std::uint32_t before : {0U, 1U, 0x8000'0000U, 0xffff'ffffU}) {
                const std::uint32_t wanted = defined_run(before, run);
                each_kernel([&](cbtop_kernel kernel) {
                    if (cbtop_run(kernel, before, run) != wanted) {
                        FAIL_CHECK("offset ", offset, ", count ", count);
                    }
                });
            }
        }
    }
}

TEST_CASE("cbtop's checksum: long runs, around whole blocks") {
    constexpr std::size_t block = 128;
    const auto values = any_values(9 * block, 2);
    for (const std::size_t blocks : {1U, 2U, 3U, 8U}) {
        for (std::size_t by = 0; by != 18; ++by) {
            const auto run = std::span{values}.first(blocks * block + by - 9);
            const std::uint32_t wanted = defined_run(5, run);
            each_kernel([&](cbtop_kernel kernel) {
                INFO("count ", run.size());
                CHECK(cbtop_run(kernel, 5, run) == wanted);
            });
        }
    }
    const auto many = any_values(1'000'003, 3);
    each_kernel(
        [&](cbtop_kernel kernel) { CHECK(cbtop_run(kernel, 9, many) == defined_run(9, many)); });
}

TEST_CASE("cbtop's checksum: a run that lies nowhere") {
    each_kernel([](cbtop_kernel kernel) { CHECK(cbtop_run(kernel, 77, {}) == 77); });
    cbtop_checksum sum;
    sum.update_word(77);
    sum.update_run({});
    sum.update({});
    CHECK(sum.finish() == 77);
}

TEST_CASE("cbtop's checksum: every bit of a run counts, at every place") {
    for (const std::size_t count : {1U, 3U, 4U, 5U, 60U, 131U}) {
        auto values = any_values(count, count);
        cbtop_checksum whole;
        whole.update_run(values);
        std::size_t missed = 0;
        for (double& each : values) {
            const double before = each;
            for (unsigned bit = 0; bit != 64; ++bit) {
                each = std::bit_cast<double>(std::bit_cast<std::uint64_t>(before) ^ std::uint64_t{1}
                                                                                        << bit);
                cbtop_checksum sum;
                sum.update_run(values);
                missed += sum == whole ? 1U : 0U;
            }
            each = before;
        }
        INFO("count ", count);
        CHECK(missed == 0);
    }
}

TEST_CASE("cbtop's checksum: what looks the same is told apart by its bits") {
    const auto of = [](double value) {
        cbtop_checksum sum;
        sum.update_run({&value, 1});
        return sum.finish();
    };
    CHECK(of(0.0) == 0);
    CHECK(of(-0.0) == 0x8000'0000U); // an odd number times the sign: 31 * 2^31
    CHECK(of(std::bit_cast<double>(std::uint64_t{0x7ff8'0000'0000'0000U})) !=
          of(std::bit_cast<double>(std::uint64_t{0x7ff8'0000'0000'0001U})));
    CHECK(of(std::bit_cast<double>(std::uint64_t{0x0000'0001'0000'0000U})) == 31);
    CHECK(of(std::bit_cast<double>(std::uint64_t{1})) == 1);
}

TEST_CASE("cbtop's checksum: runs, bytes and words in any order, cut anywhere, and joined") {
    const auto values = any_values(60, 4);
    for (std::size_t cut = 0; cut <= values.size(); ++cut) {
        const auto first = std::span{values}.first(cut);
        const auto second = std::span{values}.subspan(cut);
        reference wanted;
        wanted.word(3);
        wanted.run(first);
        wanted.text(some_text);
        wanted.run(second);
        cbtop_checksum sum;
        sum.update_word(3);
        sum.update_run(first);
        sum.update(tintype::bytes_of(some_text));
        sum.update_run(second);
        CHECK(sum.finish() == wanted.state);

        cbtop_checksum before;
        before.update_word(3);
        before.update_run(first);
        cbtop_checksum after;
        after.update(tintype::bytes_of(some_text));
        after.update_run(second);
        CHECK(cbtop_checksum::combine(before.finish(), after.finish(),
                                      some_text.size() + 2 * second.size()) == wanted.state);
    }
}
