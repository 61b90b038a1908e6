// Files that VelesDB itself wrote: each is read, compared with the payloads kept beside it, and
// written again byte for byte, by every way that the library has to write. Nothing here depends on
// the byte order of the machine.

#include <tintype/formats/velesdb.hpp>

#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <unordered_set>
#include <vector>

#ifndef TINTYPE_GOLDEN
#error "define TINTYPE_GOLDEN as the path of tests/golden"
#endif

namespace {

using namespace tintype::velesdb;
using tests::said;

const char* const payload_names[] = {"empty", "large", "ragged", "tiny", "ttl_only"};

struct table {
    const char* name;
    std::size_t entries;
};

constexpr table ttl_tables[] = {{"ttl0", 0}, {"ttl1", 1}, {"ttl5", 5}};

std::string path_of(const std::string& name) {
    return std::string(TINTYPE_GOLDEN "/velesdb/") + name;
}

// A file that is missing is told apart from one that is empty.
tintype::blob golden(const std::string& name) {
    const auto path = path_of(name);
    std::FILE* file = std::fopen(path.c_str(), "rb");
    REQUIRE_MESSAGE(file != nullptr, path);
    std::fclose(file);
    return tests::file_bytes(path);
}

memory_state payloads_of(const std::string& name) {
    return {.semantic = golden(name + ".semantic.bin"),
            .episodic = golden(name + ".episodic.bin"),
            .procedural = golden(name + ".procedural.bin"),
            .ttl = golden(name + ".ttl.bin")};
}

// To a blob, into memory, in gathered pieces: each must be the file.
template <class Codec, class State>
void is_written_as(const State& state, const tintype::blob& file) {
    CHECK(Codec::size(state) == file.size());
    CHECK(tintype::encode<Codec>(state) == file);

    tintype::blob memory(file.size() + 1, std::byte{0xA5});
    CHECK(tintype::encode_into<Codec>(memory, state) == file.size());
    CHECK(std::equal(file.begin(), file.end(), memory.begin()));
    CHECK(memory.back() == std::byte{0xA5});

    tintype::gather_sink gathered;
    CHECK(Codec::encode(state, gathered).has_value());
    tintype::blob joined;
    for (const tintype::byte_view piece : gathered.pieces()) {
        append(joined, piece);
    }
    CHECK(joined == file);
}

template <class Codec>
void holds(const tintype::blob& file, const memory_state& expected) {
    const auto decoded = tintype::decode<Codec, memory_state>(file);
    CHECK(said(decoded) == "no error");
    CHECK(decoded == expected);
    const auto view = Codec::template view<memory_state>(file);
    REQUIRE(view.has_value());
    CHECK(std::ranges::equal(view->template get<"semantic">(), expected.semantic));
    CHECK(std::ranges::equal(view->template get<"episodic">(), expected.episodic));
    CHECK(std::ranges::equal(view->template get<"procedural">(), expected.procedural));
    CHECK(std::ranges::equal(view->template get<"ttl">(), expected.ttl));
    is_written_as<Codec>(expected, file);
}

std::vector<ttl_entry> entries_of(const memory_state& state) {
    const auto table = tintype::decode<ttl_payload<ttl_entry>, ttl_table<ttl_entry>>(state.ttl);
    REQUIRE(said(table) == "no error");
    return table->entries;
}

} // namespace

TEST_CASE("golden: VAMM files of both versions hold their payloads") {
    for (const std::string name : payload_names) {
        INFO(name);
        const auto expected = payloads_of(name);
        holds<vamm<1>>(golden(name + ".v1.vamm"), expected);
        holds<vamm<2>>(golden(name + ".v2.vamm"), expected);
        CHECK(tintype::decode<vamm_any<>, memory_state>(golden(name + ".v2.vamm")) == expected);
    }
}

TEST_CASE("golden: each version's codec refuses the other's files") {
    for (const std::string name : payload_names) {
        CHECK(said(tintype::decode<vamm<2>, memory_state>(golden(name + ".v1.vamm"))) ==
              "unsupported_version in version @4 1/2");
        CHECK(said(tintype::decode<vamm<1>, memory_state>(golden(name + ".v2.vamm"))) ==
              "unsupported_version in version @4 2/1");
    }
}

TEST_CASE("golden: ttl tables of both versions are read and written byte for byte") {
    for (const auto& [name, count] : ttl_tables) {
        INFO(name);
        const auto file_1 = golden(std::string(name) + ".v1.vamm");
        const auto file_2 = golden(std::string(name) + ".v2.vamm");
        const auto state_1 = tintype::decode<vamm<1>, memory_state>(file_1);
        const auto state_2 = tintype::decode<vamm<2>, memory_state>(file_2);
        REQUIRE(state_1.has_value());
        REQUIRE(state_2.has_value());
        is_written_as<vamm<1>>(*state_1, file_1);
        is_written_as<vamm<2>>(*state_2, file_2);

        const auto old =
            tintype::decode<ttl_payload<ttl_entry_1>, ttl_table<ttl_entry_1>>(state_1->ttl);
        REQUIRE(old.has_value());
        const auto entries = entries_of(*state_2);
        REQUIRE(old->entries.size() == count);
        REQUIRE(entries.size() == count);
        for (std::size_t i = 0; i != count; ++i) {
            CHECK(entries[i].kind == memory_kind::semantic);
            CHECK(entries[i].id == old->entries[i].id);
            CHECK(entries[i].expires_at == old->entries[i].expires_at);
            CHECK(entries[i].created_at == old->entries[i].created_at);
        }
        is_written_as<ttl_payload<ttl_entry_1>>(*old, state_1->ttl);
        is_written_as<ttl_payload<ttl_entry>>(ttl_table<ttl_entry>{entries}, state_2->ttl);
    }
}

TEST_CASE("golden: version 1 migrated for one kind is the file of version 2") {
    using for_semantic = vamm_any<ttl_upgrade<memory_kind::semantic>>;
    for (const auto& [name, count] : ttl_tables) {
        INFO(name);
        const auto file_2 = golden(std::string(name) + ".v2.vamm");
        const auto migrated =
            tintype::decode<for_semantic, memory_state>(golden(std::string(name) + ".v1.vamm"));
        REQUIRE(said(migrated) == "no error");
        CHECK(tintype::encode<for_semantic>(*migrated) == file_2);
        CHECK(entries_of(*migrated).size() == count);
    }
}

TEST_CASE("golden: version 1 migrated for all kinds has each entry three times") {
    for (const auto& [name, count] : ttl_tables) {
        INFO(name);
        const auto one_kind =
            tintype::decode<vamm<2>, memory_state>(golden(std::string(name) + ".v2.vamm"));
        const auto migrated =
            tintype::decode<vamm_any<>, memory_state>(golden(std::string(name) + ".v1.vamm"));
        REQUIRE(one_kind.has_value());
        REQUIRE(said(migrated) == "no error");
        CHECK(migrated->semantic == one_kind->semantic);
        CHECK(migrated->episodic == one_kind->episodic);
        CHECK(migrated->procedural == one_kind->procedural);
        std::vector<ttl_entry> expected;
        for (ttl_entry each : entries_of(*one_kind)) {
            for (const auto kind :
                 {memory_kind::semantic, memory_kind::episodic, memory_kind::procedural}) {
                each.kind = kind;
                expected.push_back(each);
            }
        }
        CHECK(expected.size() == 3 * count);
        CHECK(entries_of(*migrated) == expected);
    }
}

TEST_CASE("golden: payload indexes are read and written byte for byte") {
    for (const std::size_t count : {0U, 1U, 7U, 1000U}) {
        const auto file = golden("entries" + std::to_string(count) + ".vsnp");
        INFO("entries ", count);
        REQUIRE(file.size() == 25 + 16 * count);
        const auto index = tintype::decode<vsnp, payload_index>(file);
        REQUIRE(said(index) == "no error");
        CHECK(index->wal_position == 10485761);
        REQUIRE(index->entries.size() == count);
        is_written_as<vsnp>(*index, file);

        const auto view = vsnp::view<payload_index>(file);
        REQUIRE(view.has_value());
        CHECK(std::ranges::equal(view->get<"entries">(), index->entries));
        // They stand in the order of a hash map, each id once.
        std::unordered_set<std::uint64_t> ids;
        for (const payload_entry& each : index->entries) {
            ids.insert(each.id);
        }
        CHECK(ids.size() == count);
    }
}

TEST_CASE("golden: a file that lost its last byte or had one flipped is refused") {
    for (const char* name : {"large.v2.vamm", "ragged.v2.vamm", "entries1000.vsnp"}) {
        auto bytes = golden(name);
        const bool index = bytes[1] == std::byte{'S'};
        const auto refused = [&](tintype::byte_view some) {
            return index ? said(tintype::decode<vsnp, payload_index>(some))
                         : said(tintype::decode<vamm<2>, memory_state>(some));
        };
        CHECK(refused(bytes) == "no error");
        CHECK(refused(tintype::byte_view{bytes}.first(bytes.size() - 1))
                  .starts_with("checksum_mismatch"));
        bytes[bytes.size() / 2] ^= std::byte{0x10};
        CHECK(refused(bytes).starts_with("checksum_mismatch"));
    }
}
