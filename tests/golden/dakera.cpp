// Snapshots that Dakera's own serializer wrote: every value in them is what the bit patterns beside
// them say, the chain reads them as one folder, and writes that folder again byte for byte.

#include <tintype/codec/json.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/formats/dakera.hpp>

#include "support/bytes.hpp"
#include "support/clock.hpp"
#include "support/dakera_folder.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace tintype::dakera;
using tests::said;

// What NAME.bits.json holds.
struct vector_bits {
    BOOST_HANA_DEFINE_STRUCT(vector_bits, (std::vector<std::uint32_t>, bits), (std::string, id));
};

struct namespace_bits {
    BOOST_HANA_DEFINE_STRUCT(namespace_bits, (std::string, name),
                             (std::vector<vector_bits>, vectors));
};

} // namespace

template <>
inline constexpr std::array<std::string_view, 2> tintype::json_names<namespace_bits>{"namespace",
                                                                                     "vectors"};

namespace {

using compact = chain_json<>;
using pretty = chain_json<tintype::serde_pretty_style>;

struct file {
    const char* name;
    const char* id;
};

// Oldest first.
constexpr std::array<file, 6> files{{{"empty", "snap_1700000000000_0"},
                                     {"special_floats", "snap_1700000000001_1"},
                                     {"full", "snap_1700000100000_2"},
                                     {"incremental1", "snap_1700000200000_3"},
                                     {"incremental2", "snap_1700000300000_4"},
                                     {"pretty", "snap_1700000400000_5"}}};

constexpr std::string_view full = files[2].id;
constexpr std::string_view first = files[3].id;
constexpr std::string_view second = files[4].id;

tintype::blob data_in(const file& of) {
    return tests::dakera_golden(std::string(of.name) + ".snap");
}

tintype::blob meta_in(const file& of) {
    return tests::dakera_golden(std::string(of.name) + ".meta");
}

template <class State>
State read(tintype::byte_view bytes) {
    auto state = tintype::decode<tintype::json<>, State>(bytes);
    REQUIRE(said(state) == "no error");
    return *std::move(state);
}

// The folder as the original left it.
tintype::memory_storage folder() {
    tintype::memory_storage storage;
    for (const file& each : files) {
        tests::put_file(storage, std::string(each.id) + ".snap", data_in(each));
        tests::put_file(storage, std::string(each.id) + ".meta", meta_in(each));
    }
    return storage;
}

using namespaces = std::map<std::string, tests::entries, std::less<>>;

namespaces namespaces_in(const file& of) {
    namespaces all;
    for (stored_namespace& each : read<stored_data>(data_in(of)).namespaces) {
        all.emplace(each.name, std::move(each.vectors));
    }
    return all;
}

// What was there after the second increment: each namespace as the newest snapshot that has it.
namespaces after_second() {
    namespaces all = namespaces_in(files[2]);
    for (const file& each : {files[3], files[4]}) {
        for (auto& [name, vectors] : namespaces_in(each)) {
            all.insert_or_assign(name, vectors);
        }
    }
    return all;
}

template <class Reader>
namespaces contents_of(const Reader& reader, std::string_view id) {
    auto contents = reader.contents(id);
    REQUIRE(said(contents) == "no error");
    return std::move(contents->parts);
}

} // namespace

TEST_CASE("golden: Dakera's snapshots hold the values that stand beside them, bit for bit") {
    for (const file& each : files) {
        CAPTURE(each.name);
        const auto info = tests::info_in(meta_in(each));
        CHECK(info.id == each.id);
        const auto pieces = tests::pieces_in(data_in(each), info);
        REQUIRE(said(pieces) == "no error");
        const auto bits = read<std::vector<namespace_bits>>(
            tests::dakera_golden(std::string(each.name) + ".bits.json"));
        REQUIRE(pieces->size() == bits.size());
        std::uint64_t vectors = 0;
        for (std::size_t n = 0; n != bits.size(); ++n) {
            const auto& piece = (*pieces)[n];
            CHECK(piece.name == bits[n].name);
            CHECK(piece.kind == tintype::piece_kind::whole);
            CHECK(piece.total == bits[n].vectors.size());
            REQUIRE(piece.records.size() == bits[n].vectors.size());
            for (std::size_t v = 0; v != piece.records.size(); ++v) {
                CHECK(piece.records[v].id == bits[n].vectors[v].id);
                std::vector<std::uint32_t> found;
                for (const float value : piece.records[v].values) {
                    found.push_back(std::bit_cast<std::uint32_t>(value));
                }
                CHECK(found == bits[n].vectors[v].bits);
            }
            vectors += piece.records.size();
        }
        CHECK(info.records == vectors);
    }
}

TEST_CASE("golden: Dakera's metadata files are written again byte for byte") {
    for (const file& each : files) {
        CAPTURE(each.name);
        const auto bytes = meta_in(each);
        const auto info = compact::decode_info(bytes);
        REQUIRE(said(info) == "no error");
        CHECK(info->data_size == data_in(each).size());
        CHECK(compact::encode_info<tintype::no_hash>(*info) == bytes);
        CHECK(pretty::encode_info<tintype::no_hash>(*info) == bytes);
    }
}

TEST_CASE("golden: Dakera's data files are written again byte for byte, compact and pretty") {
    for (const file& each : files) {
        CAPTURE(each.name);
        const auto bytes = data_in(each);
        const bool in_lines = std::string_view(each.name) == "pretty";
        auto info = tests::info_in(meta_in(each));
        const auto said_before = info;
        const auto pieces = tests::pieces_in(bytes, info);
        REQUIRE(said(pieces) == "no error");
        const auto short_text = tests::data_of<compact>(*pieces, info);
        const auto long_text = tests::data_of<pretty>(*pieces, info);
        REQUIRE(said(short_text) == "no error");
        REQUIRE(said(long_text) == "no error");
        CHECK(tintype::text_of(in_lines ? *long_text : *short_text) == tintype::text_of(bytes));
        CHECK(info.records == said_before.records);
        CHECK(info.pieces.size() == said_before.pieces.size());

        // Either layout is read by both codecs, and holds the same.
        for (const tintype::blob* text : {&*short_text, &*long_text}) {
            for (const auto& again : {tests::pieces_in<compact>(*text, said_before),
                                      tests::pieces_in<pretty>(*text, said_before)}) {
                REQUIRE(said(again) == "no error");
                auto told = said_before;
                CHECK(tests::data_of<compact>(*again, told) == short_text);
            }
        }
    }
}

TEST_CASE("golden: Dakera's folder is listed newest first, and all of it is good") {
    const tests::vector_reader<> reader{folder()};
    const auto all = reader.list();
    REQUIRE(said(all) == "no error");
    CHECK(all->damaged.empty());
    std::vector<std::string> ids;
    for (const auto& each : all->snapshots) {
        ids.push_back(each.id);
    }
    std::vector<std::string> newest_first;
    for (const file& each : files) {
        newest_first.insert(newest_first.begin(), each.id);
    }
    CHECK(ids == newest_first);
    const auto verified = reader.verify();
    REQUIRE(said(verified) == "no error");
    CHECK(verified->good == newest_first);
    CHECK(verified->bad.empty());
}

TEST_CASE("golden: Dakera's metadata says what each snapshot is") {
    const tests::vector_reader<> reader{folder()};
    const auto info = reader.metadata(full);
    REQUIRE(said(info) == "no error");
    CHECK(info->type == tintype::snapshot_kind::full);
    CHECK(info->created_at == 1'700'000'100'000'000'000);
    CHECK(info->description == "nightly");
    CHECK(info->parent_id == std::nullopt);
    CHECK(info->records == 70);
    CHECK(info->data == "snap_1700000100000_2.snap");
    CHECK(info->hash.empty());
    CHECK(info->state.empty());
    REQUIRE(info->pieces.size() == 2);
    CHECK(info->pieces[0].name == "users");
    CHECK(info->pieces[1].name == "docs \u00e9");
    CHECK(reader.metadata(files[1].id)->description == "special \"floats\"");
    CHECK(reader.metadata(second)->parent_id == first);
    CHECK(reader.exists(second) == true);
    CHECK(reader.exists("snap_1700000300000_5") == false);

    const auto links = reader.chain(second);
    REQUIRE(said(links) == "no error");
    REQUIRE(links->size() == 3);
    CHECK((*links)[0].id == full);
    CHECK((*links)[1].id == first);
    CHECK((*links)[2].id == second);
}

TEST_CASE("golden: a namespace in one of Dakera's increments replaces that namespace") {
    const tests::vector_reader<> reader{folder()};
    for (const file& each : {files[0], files[1], files[2], files[5]}) {
        CHECK(contents_of(reader, each.id) == namespaces_in(each));
    }
    auto middle = namespaces_in(files[2]);
    middle["users"] = namespaces_in(files[3])["users"];
    CHECK(contents_of(reader, first) == middle);

    const auto last = contents_of(reader, second);
    CHECK(last == after_second());
    CHECK(last.at("users").size() == 30);
    CHECK(last.at("docs \u00e9").size() == 5);
    CHECK(last.at("gone").empty());
}

TEST_CASE("golden: Dakera's chain is restored exactly, or upserted and counted as it counts") {
    const auto manager = tests::opened_vectors(folder());
    tests::vector_store exact{{{"other", {{.id = "x"}}}, {"users", {{.id = "not there"}}}}};
    const auto done = manager.restore(exact, second);
    REQUIRE(said(done) == "no error");
    CHECK(done->id == second);
    CHECK(done->parts == 3);
    CHECK(done->records == 35);
    tests::vector_store expected;
    for (const auto& [name, vectors] : after_second()) {
        expected[name] = vectors;
    }
    CHECK(exact == expected);

    tests::vector_store upserted{{{"other", {{.id = "x"}}}, {"users", {{.id = "mine"}}}}};
    const auto counted = manager.restore(upserted, second, {.mode = tintype::restore_mode::upsert});
    REQUIRE(said(counted) == "no error");
    CHECK(counted->parts == 2 + 1 + 2);
    CHECK(counted->records == 70 + 30 + 5);
    CHECK(upserted.records("other").size() == 1);
    CHECK(upserted.records("users").size() == 1 + 50); // of which 30 as the increment has them
    CHECK(upserted.records("users")[1] == namespaces_in(files[3])["users"][0]);
    CHECK(upserted.records("users")[50] == namespaces_in(files[2])["users"][49]);
    CHECK(upserted.records("docs \u00e9").size() == 20);
    CHECK(upserted.records("gone").empty());
}

TEST_CASE("golden: how Dakera's snapshots differ") {
    const tests::vector_reader<> reader{folder()};
    const auto users = reader.diff(full, first);
    REQUIRE(said(users) == "no error");
    REQUIRE(users->size() == 1);
    const auto& changes = users->front();
    CHECK(changes.name == "users");
    CHECK(changes.before);
    CHECK(changes.after);
    CHECK(changes.added.empty());
    CHECK(changes.changed.size() == 30);
    REQUIRE(changes.removed.size() == 20);
    CHECK(changes.removed.front() == "u000030");
    CHECK(changes.removed.back() == "u000049");

    const auto others = reader.diff(first, second);
    REQUIRE(said(others) == "no error");
    REQUIRE(others->size() == 2);
    CHECK(others->front().name == "docs \u00e9");
    CHECK(others->front().changed.size() == 5);
    CHECK(others->front().removed.size() == 15);
    CHECK(others->back().name == "gone");
    CHECK(!others->back().before);
    CHECK(others->back().after);
    CHECK(reader.diff(second, second)->empty());
}

TEST_CASE("golden: the same calls write Dakera's folder again, byte for byte") {
    const tintype::memory_storage storage;
    const tests::manual_clock clock;
    const tests::counted_ids ids;
    const auto manager = tests::opened_vectors(storage, clock, ids);
    const auto in_lines = tests::opened_vectors<
        tests::vector_snapshots<tintype::no_hash, tintype::serde_pretty_style>>(storage, clock,
                                                                                ids);
    for (const file& each : files) {
        CAPTURE(each.name);
        const auto of = read<stored_data>(data_in(each));
        const auto order = tintype::timed_ids<>{}.order(each.id);
        REQUIRE(order.has_value());
        clock.set(tests::at_milliseconds(static_cast<std::int64_t>(order->milliseconds)));
        // The increments were told what changed; the store has other namespaces, too.
        tests::vector_store store;
        if (of.metadata.parent_id) {
            store["never named"] = {{.id = "not asked for"}};
        }
        for (const stored_namespace& space : of.namespaces) {
            store[space.name] = space.vectors;
        }
        const auto taken =
            of.metadata.parent_id
                ? manager.create_incremental(
                      store, *of.metadata.parent_id,
                      {.description = of.metadata.description, .parts = of.metadata.namespaces})
            : std::string_view(each.name) == "pretty"
                ? in_lines.create_full(store, {.description = of.metadata.description})
                : manager.create_full(store, {.description = of.metadata.description});
        REQUIRE(said(taken) == "no error");
        CHECK(taken->info.id == each.id);
    }

    const auto original = folder();
    auto names = storage.names();
    auto wanted = original.names();
    REQUIRE(names);
    REQUIRE(wanted);
    std::ranges::sort(*names);
    std::ranges::sort(*wanted);
    REQUIRE(*names == *wanted);
    for (const std::string& name : *names) {
        CHECK(tests::file_text(storage, name) == tests::file_text(original, name));
    }
}
