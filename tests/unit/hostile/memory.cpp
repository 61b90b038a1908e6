// What a refusal may cost: nothing where the header or a length is wrong, and never more than twice
// the bytes given where the fault lies deep inside.

#include <tintype/codec/raw.hpp>
#include <tintype/formats/velesdb.hpp>

#include "counting_new.hpp"
#include "support/bytes.hpp"
#include "support/said.hpp"
#include "support/sealed.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace {

using namespace tintype::velesdb;
using tests::said;

constexpr std::size_t slack = std::size_t{64} << 10U;
constexpr std::size_t payload = std::size_t{1} << 20U;

struct entry {
    BOOST_HANA_DEFINE_STRUCT(entry, (std::string, text));
};

struct journal {
    BOOST_HANA_DEFINE_STRUCT(journal, (std::vector<entry>, entries));
};

using entry_list = tintype::section_list<tintype::section<"text", std::uint16_t>>;
using journal_list = tintype::section_list<tintype::frames<"entries", entry_list, std::uint16_t>,
                                           tintype::checksum<tintype::crc32>>;

struct flags {
    BOOST_HANA_DEFINE_STRUCT(flags, (bool, on));
};

} // namespace

TEST_CASE("hostile: a megabyte with a wrong header, checksum or end costs nothing") {
    const memory_state state{
        .semantic = tests::noise(payload), .episodic = {}, .procedural = {}, .ttl = {}};
    const auto good = tintype::encode<vamm<2>>(state);
    REQUIRE(good.has_value());
    const auto costs = [](tintype::byte_view bytes, tintype::errc expected,
                          const tintype::decode_options& options = {}) {
        const tests::allocation_watch watch;
        const auto refused = vamm_any<>::decode<memory_state>(bytes, options);
        const auto count = watch.count();
        REQUIRE(!refused.has_value());
        CHECK(refused.error().code == expected);
        return count;
    };
    const auto flipped = [&](std::size_t at) {
        auto bytes = *good;
        bytes[at] ^= std::byte{0x40};
        return bytes;
    };
    using enum tintype::errc;
    CHECK(costs(tintype::byte_view{*good}.first(40), truncated) == 0);
    CHECK(costs(tintype::byte_view{*good}.first(payload), checksum_mismatch) == 0);
    CHECK(costs(flipped(0), invalid_magic) == 0);
    CHECK(costs(flipped(4), unsupported_version) == 0);
    CHECK(costs(flipped(payload / 2), checksum_mismatch) == 0);
    CHECK(costs(*good, limit_exceeded, {.limits = {.bytes = payload - 1}}) == 0);
    auto longer = *good;
    longer.resize(good->size() - 4);
    longer.push_back(std::byte{0});
    CHECK(costs(tests::sealed(longer), trailing_bytes) == 0);
}

TEST_CASE("hostile: a decode that succeeds takes what the data needs") {
    const payload_index index{.wal_position = 0,
                              .entries = std::vector<payload_entry>(payload / 16)};
    const auto bytes = tintype::encode<vsnp>(index);
    REQUIRE(bytes.has_value());
    const tests::allocation_watch watch;
    const auto decoded = vsnp::decode<payload_index>(*bytes);
    CHECK(watch.peak() >= payload);
    CHECK(watch.peak() <= payload + slack);
    CHECK(watch.count() == 1);
    CHECK(decoded == index);
}

TEST_CASE("hostile: a view takes nothing") {
    const auto bytes = tintype::encode<vamm<2>>(memory_state{
        .semantic = tests::noise(payload), .episodic = {}, .procedural = {}, .ttl = {}});
    REQUIRE(bytes.has_value());
    const tests::allocation_watch watch;
    CHECK(vamm<2>::view<memory_state>(*bytes).has_value());
    CHECK(watch.count() == 0);
}

TEST_CASE("hostile: a fault in the last of many frames costs at most twice the bytes") {
    journal many;
    for (std::size_t i = 0; i != 2000; ++i) {
        many.entries.push_back({std::string(500, 'x')});
    }
    const auto good = tintype::encode<journal_list>(many);
    REQUIRE(good.has_value());
    auto bad = *good;
    // The last frame's section claims a byte more than the frame has.
    const auto at = bad.size() - 4 - 502;
    REQUIRE(tintype::load<std::endian::little, std::uint16_t>(bad.data() + at) == 500);
    tintype::store<std::endian::little>(bad.data() + at, std::uint16_t{501});
    tests::reseal(bad);
    const tests::allocation_watch watch;
    const auto refused = journal_list::decode<journal>(bad);
    CHECK(watch.peak() <= 2 * bad.size() + slack);
    CHECK(said(refused) == "truncated_section in text @" + std::to_string(at + 2) + " 500/501");
}

TEST_CASE("hostile: a migration that is refused costs at most twice the bytes") {
    memory_state old{.semantic = tests::noise(payload),
                     .episodic = {},
                     .procedural = {},
                     .ttl = tests::noise(64)};
    const auto bytes = tintype::encode<vamm<1>>(old);
    REQUIRE(bytes.has_value());
    const tests::allocation_watch watch;
    const auto refused = vamm_any<>::decode<memory_state>(*bytes);
    CHECK(watch.peak() <= 2 * bytes->size() + slack);
    REQUIRE(!refused.has_value());
    CHECK(refused.error().code == tintype::errc::truncated_section);
    CHECK(refused.error().where.view() == "ttl");
}

TEST_CASE("hostile: a bad bool at the end of a long run costs at most twice the bytes") {
    tintype::blob bytes(payload, std::byte{1});
    bytes.back() = std::byte{2};
    const tests::allocation_watch watch;
    const auto refused = tintype::raw_codec::decode<std::vector<flags>>(bytes);
    CHECK(watch.peak() <= 2 * bytes.size() + slack);
    CHECK(said(refused) == "invalid_value 2/1");
}
