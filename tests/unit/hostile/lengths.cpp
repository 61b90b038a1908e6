// Lengths and counts that lie, under a right checksum so that nothing but their own check stops
// them: each is refused with both numbers, and before a byte was allocated for it.

#include <tintype/codec/raw.hpp>
#include <tintype/formats/velesdb.hpp>

#include "counting_new.hpp"
#include "support/bytes.hpp"
#include "support/said.hpp"
#include "support/sealed.hpp"

#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace {

using namespace tintype::velesdb;
using tests::said;

constexpr auto most = ~std::uint64_t{0};

struct claim {
    const char* section;
    std::size_t at; // of its length
    std::uint64_t size;
};

// Sizes that add up to more than a number holds, to just the file's size, to one more than is left.
std::vector<std::uint64_t> lies(std::uint64_t left) {
    return {most,
            most - 12,
            most - 3,
            std::uint64_t{1} << 63U,
            (std::uint64_t{1} << 63U) + left,
            std::uint64_t{1} << 32U,
            (std::uint64_t{1} << 32U) + left,
            left + 1};
}

tintype::blob with_number(tintype::blob bytes, std::size_t at, std::uint64_t number) {
    tintype::store<std::endian::little>(bytes.data() + at, number);
    tests::reseal(bytes);
    return bytes;
}

} // namespace

TEST_CASE("hostile: lengths of each of VAMM's sections") {
    const memory_state state{.semantic = tests::noise(10),
                             .episodic = tests::noise(20),
                             .procedural = tests::noise(30),
                             .ttl = tests::noise(40)};
    const auto good = tintype::encode<vamm<2>>(state);
    REQUIRE(good.has_value());
    const std::array<claim, 4> claims{
        {{"semantic", 5, 10}, {"episodic", 23, 20}, {"procedural", 51, 30}, {"ttl", 89, 40}}};
    for (const claim& each : claims) {
        REQUIRE(tintype::load<std::endian::little, std::uint64_t>(good->data() + each.at) ==
                each.size);
        const auto left = good->size() - 4 - (each.at + 8);
        for (const std::uint64_t lie : lies(left)) {
            const auto bytes = with_number(*good, each.at, lie);
            const tests::allocation_watch watch;
            const auto decoded = vamm<2>::decode<memory_state>(bytes);
            const auto any = vamm_any<>::decode<memory_state>(bytes);
            const auto viewed = vamm<2>::view<memory_state>(bytes);
            CHECK(watch.count() == 0);
            const auto expected = std::string("truncated_section in ") + each.section + " @" +
                                  std::to_string(each.at + 8) + " " + std::to_string(left) + "/" +
                                  std::to_string(lie);
            CHECK(said(decoded) == expected);
            CHECK(said(any) == expected);
            CHECK(said(viewed) == expected);
        }
    }
}

TEST_CASE("hostile: counts of VSNP's entries") {
    const payload_index index{.wal_position = 1, .entries = {{1, 2}, {3, 4}, {5, 6}}};
    const auto good = tintype::encode<vsnp>(index);
    REQUIRE(good.has_value());
    auto counts = lies(48);
    // What 16 bytes an entry multiply to 0, to 16 and to just the 48 bytes there are.
    for (const std::uint64_t more : {0U, 1U, 3U}) {
        counts.push_back((std::uint64_t{1} << 60U) + more);
        counts.push_back((std::uint64_t{15} << 60U) + more);
    }
    counts.push_back(4);
    for (const std::uint64_t count : counts) {
        const auto bytes = with_number(*good, 13, count);
        const tests::allocation_watch watch;
        const auto decoded = vsnp::decode<payload_index>(bytes);
        const auto viewed = vsnp::view<payload_index>(bytes);
        CHECK(watch.count() == 0);
        const auto claimed = count > most / 16 ? most : 16 * count;
        const auto expected = "truncated_section in entries @21 48/" + std::to_string(claimed);
        CHECK(said(decoded) == expected);
        CHECK(said(viewed) == expected);
    }
    CHECK(said(vsnp::decode<payload_index>(with_number(*good, 13, 2))) ==
          "trailing_bytes @53 16/0");
}

TEST_CASE("hostile: counts of frames, together with their section and apart from it") {
    struct texts {
        BOOST_HANA_DEFINE_STRUCT(texts, (std::vector<std::string>, x));
    };

    using together = tintype::section_list<tintype::frames<"x", tintype::raw_codec>,
                                           tintype::checksum<tintype::crc32>>;
    using apart = tintype::section_list<
        tintype::count<"x">, tintype::total_size<>,
        tintype::frames<"x", tintype::raw_codec, std::uint64_t, tintype::counted_apart>,
        tintype::checksum<tintype::crc32>>;
    const auto check = []<class List>(List, std::size_t begin) {
        const auto good = tintype::encode<List>(texts{{"ab", "c"}});
        REQUIRE(good.has_value());
        const auto left = good->size() - 4 - begin;
        for (const std::uint64_t count : lies(left)) {
            const auto bytes = with_number(*good, 0, count);
            const tests::allocation_watch watch;
            const auto decoded = List::template decode<texts>(bytes);
            CHECK(watch.count() == 0);
            const auto claimed = count > most / 8 ? most : 8 * count;
            CHECK(said(decoded) == "truncated_section in x @" + std::to_string(begin) + " " +
                                       std::to_string(left) + "/" + std::to_string(claimed));
        }
        // The lengths of the frames themselves.
        for (const std::uint64_t size : lies(left - 8)) {
            const auto bytes = with_number(*good, begin, size);
            const tests::allocation_watch watch;
            const auto decoded = List::template decode<texts>(bytes);
            CHECK(watch.count() == 0);
            CHECK(said(decoded) == "truncated_section in x @" + std::to_string(begin + 8) + " " +
                                       std::to_string(left - 8) + "/" + std::to_string(size));
        }
    };
    check(together{}, 8);
    check(apart{}, 16);
}
