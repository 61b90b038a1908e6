// VelesDB's files by hand-written bytes: the fixed order of refusals, the migration of the ttl
// table, the payload index, names and when a new index is due.

#include <tintype/formats/velesdb.hpp>

#include "support/bytes.hpp"
#include "support/said.hpp"
#include "support/sealed.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace {

using namespace tintype::velesdb;
using tests::blob_of;
using tests::said;
using tests::sealed;

constexpr void put_u64(tintype::blob& bytes, std::uint64_t number) {
    for (unsigned shift = 0; shift != 64; shift += 8) {
        bytes.push_back(static_cast<std::byte>(number >> shift));
    }
}

// The file as the format's page lays it out, written without the library's codec.
constexpr tintype::blob vamm_bytes(unsigned version, const memory_state& state) {
    auto bytes = blob_of("VAMM");
    bytes.push_back(static_cast<std::byte>(version));
    for (const auto* part : {&state.semantic, &state.episodic, &state.procedural, &state.ttl}) {
        put_u64(bytes, part->size());
        append(bytes, *part);
    }
    return sealed(bytes);
}

constexpr memory_state some_memory() {
    return {.semantic = blob_of("facts"),
            .episodic = blob_of("day 1"),
            .procedural = {},
            .ttl = blob_of("t")};
}

constexpr bool vamm_goes_there_and_back() {
    const auto state = some_memory();
    return tintype::encode<vamm<1>>(state) == vamm_bytes(1, state) &&
           tintype::encode<vamm<2>>(state) == vamm_bytes(2, state) &&
           tintype::decode<vamm<1>, memory_state>(vamm_bytes(1, state)) == state &&
           tintype::decode<vamm<2>, memory_state>(vamm_bytes(2, state)) == state &&
           vamm<2>::size(state) == 41 + 5 + 5 + 0 + 1;
}

static_assert(vamm_goes_there_and_back());

auto refusal(const tintype::blob& bytes, const tintype::decode_options& options = {}) {
    const auto decoded = said(tintype::decode<vamm<2>, memory_state>(bytes, options));
    CHECK(said(vamm<2>::view<memory_state>(bytes, options)) == decoded);
    CHECK(said(tintype::decode<vamm_any<>, memory_state>(bytes, options)) == decoded);
    return decoded;
}

constexpr tintype::blob table_1(const std::vector<ttl_entry_1>& entries) {
    tintype::blob bytes;
    put_u64(bytes, entries.size());
    for (const auto& each : entries) {
        put_u64(bytes, each.id);
        put_u64(bytes, each.expires_at);
        put_u64(bytes, each.created_at);
    }
    return bytes;
}

constexpr tintype::blob table_2(const std::vector<ttl_entry>& entries) {
    tintype::blob bytes;
    put_u64(bytes, entries.size());
    for (const auto& each : entries) {
        bytes.push_back(static_cast<std::byte>(each.kind));
        put_u64(bytes, each.id);
        put_u64(bytes, each.expires_at);
        put_u64(bytes, each.created_at);
    }
    return bytes;
}

constexpr memory_state with_ttl(tintype::blob ttl) {
    return {.semantic = blob_of("s"), .episodic = {}, .procedural = {}, .ttl = std::move(ttl)};
}

using enum memory_kind;

constexpr bool every_entry_becomes_three() {
    const auto old = vamm_bytes(1, with_ttl(table_1({{1, 2, 3}, {4, 5, 6}})));
    return tintype::decode<vamm_any<>, memory_state>(old) ==
           with_ttl(table_2({{semantic, 1, 2, 3},
                             {episodic, 1, 2, 3},
                             {procedural, 1, 2, 3},
                             {semantic, 4, 5, 6},
                             {episodic, 4, 5, 6},
                             {procedural, 4, 5, 6}}));
}

static_assert(every_entry_becomes_three());

constexpr bool an_index_goes_there_and_back() {
    const payload_index index{.wal_position = 0x0102, .entries = {{3, 4}, {5, 6}}};
    auto bytes = blob_of("VSNP\x01");
    for (const std::uint64_t number : {0x0102U, 2U, 3U, 4U, 5U, 6U}) {
        put_u64(bytes, number);
    }
    bytes = sealed(bytes);
    return tintype::encode<vsnp>(index) == bytes && vsnp::size(index) == 21 + 32 + 4 &&
           tintype::decode<vsnp, payload_index>(bytes) == index;
}

} // namespace

TEST_CASE("velesdb: VAMM is laid out as its page says") {
    CHECK(vamm_goes_there_and_back());
    CHECK(tintype::encode<vamm<2>>(memory_state{})->size() == 41);
}

TEST_CASE("velesdb: refusals of VAMM come in the fixed order, with their numbers") {
    const auto good = vamm_bytes(2, some_memory());
    REQUIRE(good.size() == 52);

    // Everything is wrong; each step cures the first thing that is.
    auto bytes = good;
    bytes[0] = std::byte{'X'};
    bytes[4] = std::byte{9};
    bytes[18] = std::byte{100}; // of episodic's length
    bytes[51] ^= std::byte{1};
    CHECK(refusal(tintype::blob(bytes.begin(), bytes.begin() + 40)) == "truncated 40/41");
    CHECK(refusal(bytes) == "invalid_magic in VAMM @0 " + std::to_string(0x58414D4D) + "/" +
                                std::to_string(0x56414D4D));
    bytes[0] = std::byte{'V'};
    CHECK(refusal(bytes) == "unsupported_version in version @4 9/2");
    bytes[4] = std::byte{2};
    const auto computed = tintype::hash_of<tintype::crc32>(tintype::byte_view{bytes}.first(48));
    const auto stored = tintype::load<std::endian::little, std::uint32_t>(bytes.data() + 48);
    CHECK(refusal(bytes) ==
          "checksum_mismatch @48 " + std::to_string(stored) + "/" + std::to_string(computed));
    tests::reseal(bytes);
    CHECK(refusal(bytes) == "truncated_section in episodic @26 22/100");
    CHECK(refusal(good) == "no error");
}

TEST_CASE("velesdb: what is left over before the checksum is refused unless accepted") {
    auto bytes = vamm_bytes(2, some_memory());
    bytes.resize(bytes.size() - 4);
    append(bytes, blob_of("left"));
    bytes = sealed(bytes);
    CHECK(refusal(bytes) == "trailing_bytes @48 4/0");
    CHECK(refusal(bytes, {.trailing = tintype::trailing::accept}) == "no error");
}

TEST_CASE("velesdb: each version's codec refuses the other, together they read both") {
    const auto state = with_ttl({});
    CHECK(said(tintype::decode<vamm<2>, memory_state>(vamm_bytes(1, state))) ==
          "unsupported_version in version @4 1/2");
    CHECK(said(tintype::decode<vamm<1>, memory_state>(vamm_bytes(2, state))) ==
          "unsupported_version in version @4 2/1");
    CHECK(tintype::decode<vamm_any<>, memory_state>(vamm_bytes(1, state)) == state);
    CHECK(tintype::decode<vamm_any<>, memory_state>(vamm_bytes(2, state)) == state);
    for (const unsigned version : {0U, 3U, 255U}) {
        CHECK(refusal(vamm_bytes(version, state)) ==
              "unsupported_version in version @4 " + std::to_string(version) + "/2");
    }
    CHECK(tintype::encode<vamm_any<>>(state) == vamm_bytes(2, state));
}

TEST_CASE("velesdb: an entry of version 1 becomes one for every kind, or for those named") {
    CHECK(every_entry_becomes_three());
    const auto old = vamm_bytes(1, with_ttl(table_1({{1, 2, 3}, {4, 5, 6}})));
    CHECK(tintype::decode<vamm_any<ttl_upgrade<episodic>>, memory_state>(old) ==
          with_ttl(table_2({{episodic, 1, 2, 3}, {episodic, 4, 5, 6}})));
    CHECK(tintype::decode<vamm_any<ttl_upgrade<procedural, semantic>>, memory_state>(old) ==
          with_ttl(table_2({{procedural, 1, 2, 3},
                            {semantic, 1, 2, 3},
                            {procedural, 4, 5, 6},
                            {semantic, 4, 5, 6}})));
    CHECK(tintype::decode<vamm_any<>, memory_state>(vamm_bytes(1, with_ttl(table_1({})))) ==
          with_ttl(table_2({})));
    // No table at all stays none.
    CHECK(tintype::decode<vamm_any<>, memory_state>(vamm_bytes(1, with_ttl({}))) == with_ttl({}));
}

TEST_CASE("velesdb: a ttl table that is none is refused by the migration, and named") {
    const auto refused = [](tintype::blob ttl) {
        return said(
            tintype::decode<vamm_any<>, memory_state>(vamm_bytes(1, with_ttl(std::move(ttl)))));
    };
    CHECK(refused(blob_of("abc")) == "truncated in ttl 3/8");
    auto table = table_1({{1, 2, 3}});
    CHECK(refused(table) == "no error");
    table.push_back(std::byte{0});
    CHECK(refused(table) == "trailing_bytes in ttl 1/0");
    table.resize(31);
    CHECK(refused(table) == "truncated_section in ttl 23/24");
    table[7] = std::byte{0x80};
    CHECK(refused(table) == "truncated_section in ttl 23/" + std::to_string(~std::uint64_t{0}));
}

TEST_CASE("velesdb: VSNP is laid out as its page says") {
    CHECK(an_index_goes_there_and_back());
    CHECK(tintype::encode<vsnp>(payload_index{})->size() == 25);
}

TEST_CASE("velesdb: VSNP is exactly as long as its count says") {
    const auto file = [](std::uint64_t count, std::size_t entries) {
        auto bytes = blob_of("VSNP\x01");
        put_u64(bytes, 7);
        put_u64(bytes, count);
        bytes.insert(bytes.end(), 16 * entries, std::byte{1});
        return said(tintype::decode<vsnp, payload_index>(sealed(bytes)));
    };
    CHECK(file(0, 0) == "no error");
    CHECK(file(2, 2) == "no error");
    CHECK(file(1, 2) == "trailing_bytes @37 16/0");
    CHECK(file(3, 2) == "truncated_section in entries @21 32/48");
    CHECK(file(std::uint64_t{1} << 60U, 2) ==
          "truncated_section in entries @21 32/" + std::to_string(~std::uint64_t{0}));
    CHECK(file(~std::uint64_t{0}, 0) ==
          "truncated_section in entries @21 0/" + std::to_string(~std::uint64_t{0}));
}

TEST_CASE("velesdb: views lend payloads and entries in place") {
    const auto bytes = vamm_bytes(2, some_memory());
    const auto view = vamm<2>::view<memory_state>(bytes);
    REQUIRE(view.has_value());
    CHECK(view->get<"semantic">().data() == bytes.data() + 13);
    CHECK(tintype::text_of(view->get<"episodic">()) == "day 1");
    CHECK(view->get<"procedural">().empty());
    CHECK(view->get<"version">() == 2);
    const payload_index index{.wal_position = 9, .entries = {{3, 4}, {5, 6}}};
    const auto file = tintype::encode<vsnp>(index);
    const auto entries = vsnp::view<payload_index>(*file)->get<"entries">();
    CHECK(std::ranges::equal(entries, index.entries));
    CHECK(vsnp::view<payload_index>(*file)->get<"wal_position">() == 9);
}

TEST_CASE("velesdb: names of snapshots") {
    CHECK(snapshot_names::name(1) == "snapshot_00000001.vamm");
    CHECK(snapshot_names::name(123456789) == "snapshot_123456789.vamm");
    CHECK(snapshot_names::parse("snapshot_123456789.vamm") == 123456789);
    for (const char* none : {"snapshot_x.vamm", "snapshot_1.vamm", "snapshot_00000001.vamm.tmp",
                             "snapshot_012345678.vamm", "snapshot_0000000x.vamm", "snapshot_.vamm",
                             "snapshot_00000001", "00000001.vamm", ""}) {
        CHECK(!snapshot_names::parse(none).has_value());
    }
}

TEST_CASE("velesdb: a new payload index is due after ten MiB of log") {
    CHECK(payload_snapshot_name == "payloads.snapshot");
    CHECK(!payload_snapshot_due(10485759, 0));
    CHECK(payload_snapshot_due(10485760, 0));
    CHECK(payload_snapshot_due(10485761, 1));
    CHECK(!payload_snapshot_due(10485761, 2));
    CHECK(!payload_snapshot_due(5, 10485765));
    CHECK(!payload_snapshot_due(7, 7));
    CHECK(payload_snapshot_due(~std::uint64_t{0}, 0));
}
