// Dakera's folders as the chain writes them: what is added and that the original skips it, what a
// store may not hold, namespaces that go, clocks that jump.

#include <tintype/formats/dakera.hpp>

#include "dakera_handmade.hpp"
#include "support/bytes.hpp"
#include "support/clock.hpp"
#include "support/dakera_folder.hpp"
#include "support/said.hpp"
#include "support/scratch.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace tintype::dakera;
using tests::said;
using tests::vector_store;

vector_store some_vectors() {
    return vector_store{{{"users",
                          {{.id = "ann", .values = {0.5F, -1.0F}, .metadata = {}},
                           {.id = "bob", .values = {0.25F, 3e9F}, .metadata = 7}}},
                         {"docs", {{.id = "d", .values = {1.0F, 2.0F, 3.0F}, .metadata = true}}},
                         {"empty", {}}}};
}

// The metadata as the original knows it.
struct original_metadata {
    BOOST_HANA_DEFINE_STRUCT(original_metadata, (std::string, id), (std::uint64_t, created_at),
                             (std::optional<std::string>, description),
                             (std::vector<std::string>, namespaces), (std::uint64_t, total_vectors),
                             (std::uint64_t, size_bytes), (kind_of_snapshot, snapshot_type),
                             (std::optional<std::string>, parent_id), (std::string, version));
};

struct original_data {
    BOOST_HANA_DEFINE_STRUCT(original_data, (original_metadata, metadata),
                             (std::vector<stored_namespace>, namespaces));
};

// The files have no place for a side state, so that none is lost.
static_assert(tintype::chain_codec<chain_json<>, vector_entry>);
static_assert(!tintype::chain_codec<chain_json<>, vector_entry, original_metadata>);
static_assert(!tintype::chain_codec<chain_json<>, original_metadata>);

// What the original would write after it has read this.
template <class State, class Codec>
std::string by_the_original(const std::string& text) {
    const auto state = tintype::decode<Codec, State>(tests::blob_of(text));
    REQUIRE(said(state) == "no error");
    const auto again = tintype::encode<Codec>(*state);
    REQUIRE(said(again) == "no error");
    return std::string{tintype::text_of(*again)};
}

// The same calls under a hash policy: everything, a namespace changed and one gone, nothing new.
template <class Hash>
tintype::memory_storage some_calls() {
    tintype::memory_storage storage;
    const auto manager = tests::opened_vectors<tests::vector_snapshots<Hash>>(
        storage, tests::manual_clock{tests::at_milliseconds(1'700'000'000'000)});
    auto store = some_vectors();
    const auto all = manager.create_full(store, {.description = "all of it"});
    REQUIRE(said(all) == "no error");
    store["users"].pop_back();
    const auto changed = manager.create_incremental(store, all->info.id);
    REQUIRE(said(changed) == "no error");
    store.drop("docs");
    const auto gone = manager.create_incremental(store, changed->info.id);
    REQUIRE(said(gone) == "no error");
    REQUIRE(said(manager.create_incremental(store, gone->info.id)) == "no error");
    return storage;
}

const std::vector<std::string> ids_of_calls{"snap_1700000000000_0", "snap_1700000000001_1",
                                            "snap_1700000000002_2", "snap_1700000000003_3"};

std::string refused(vector_store store) {
    const tintype::memory_storage storage;
    const auto manager = tests::opened_vectors(storage);
    const auto taken = manager.create_full(store);
    CHECK(storage.names()->empty());
    return said(taken);
}

} // namespace

TEST_CASE("dakera: with digests one more member is the only difference") {
    const auto plain = some_calls<tintype::no_hash>();
    const auto guarded = some_calls<tintype::crc32c>();
    auto names = plain.names();
    REQUIRE(names);
    REQUIRE(names->size() == 8);
    CHECK(guarded.names() == names);
    using lines = tintype::json<tintype::serde_pretty_style>;
    for (const std::string& id : ids_of_calls) {
        CAPTURE(id);
        CHECK(tests::file_text(guarded, id + ".snap") == tests::file_text(plain, id + ".snap"));
        const auto meta = tests::file_text(guarded, id + ".meta");
        const auto without = tests::file_text(plain, id + ".meta");
        CHECK(meta.find("  \"tintype\": {\n    \"hash\": \"crc32c\",\n    \"digest\": \"") !=
              std::string::npos);
        // To the last line that the original knows, both are the same.
        const auto common = meta.find(",\n  \"tintype\"");
        CHECK(meta.substr(0, common) == without.substr(0, common));
        CHECK(by_the_original<original_metadata, lines>(meta) ==
              by_the_original<original_metadata, lines>(without));
        if (without.find("tintype") == std::string::npos) {
            CHECK(by_the_original<original_metadata, lines>(meta) == without);
        }
    }
}

TEST_CASE("dakera: without digests there is nothing that the original would not write") {
    const auto storage = some_calls<tintype::no_hash>();
    for (const std::string& id : {ids_of_calls[0], ids_of_calls[1], ids_of_calls[3]}) {
        CHECK(tests::file_text(storage, id + ".meta").find("tintype") == std::string::npos);
        const auto data = tests::file_text(storage, id + ".snap");
        CHECK(by_the_original<original_data, tintype::json<>>(data) == data);
    }
    CHECK(tests::file_text(storage, ids_of_calls[0] + ".snap") ==
          R"({"metadata":{"id":"snap_1700000000000_0","created_at":1700000000,)"
          R"("description":"all of it","namespaces":["users","docs","empty"],)"
          R"("total_vectors":3,"size_bytes":0,"snapshot_type":"Full","parent_id":null,)"
          R"("version":"1.0.0"},"namespaces":[{"namespace":"users","vector_count":2,)"
          R"("dimension":2,"vectors":[{"id":"ann","values":[0.5,-1.0],"metadata":null},)"
          R"({"id":"bob","values":[0.25,3000000000.0],"metadata":7}]},{"namespace":"docs",)"
          R"("vector_count":1,"dimension":3,"vectors":[{"id":"d","values":[1.0,2.0,3.0],)"
          R"("metadata":true}]},{"namespace":"empty","vector_count":0,"dimension":null,)"
          R"("vectors":[]}]})");
    // That a namespace is gone is said twice: beside the data and in it.
    const auto gone = tests::file_text(storage, ids_of_calls[2] + ".meta");
    CHECK(gone == "{\n  \"id\": \"snap_1700000000002_2\",\n  \"created_at\": 1700000000,\n"
                  "  \"description\": null,\n  \"namespaces\": [],\n  \"total_vectors\": 0,\n"
                  "  \"size_bytes\": 264,\n  \"snapshot_type\": \"Incremental\",\n"
                  "  \"parent_id\": \"snap_1700000000001_1\",\n  \"version\": \"1.0.0\",\n"
                  "  \"tintype\": {\n    \"dropped\": [\n      \"docs\"\n    ]\n  }\n}");
    CHECK(tests::file_text(storage, ids_of_calls[2] + ".snap")
              .find(R"("tintype":{"dropped":["docs"]})") != std::string::npos);
}

TEST_CASE("dakera: a namespace that went is gone after a restore") {
    const auto check = [](const auto& reader) {
        const auto gone = reader.contents(ids_of_calls[3]);
        REQUIRE(said(gone) == "no error");
        CHECK(gone->parts.size() == 2);
        CHECK(gone->parts.at("users").size() == 1);
        CHECK(gone->parts.at("empty").empty());
        CHECK(reader.contents(ids_of_calls[1])->parts.at("docs").size() == 1);
        const auto verified = reader.verify();
        REQUIRE(said(verified) == "no error");
        CHECK(verified->good.size() == 4);
    };
    check(tests::vector_reader<tintype::no_hash>{some_calls<tintype::no_hash>()});
    check(tests::vector_reader<tintype::crc32c>{some_calls<tintype::crc32c>()});
    // Nobody reads digests by a hash that he does not have.
    CHECK(said(tests::vector_reader<tintype::no_hash>{some_calls<tintype::crc32c>()}.contents(
              ids_of_calls[0])) == "unsupported in snap_1700000000000_0: digests by crc32c 0/0");
    // A folder without digests is read by whoever has one, and continued with digests.
    const auto plain = some_calls<tintype::no_hash>();
    const auto manager = tests::opened_vectors<tests::vector_snapshots<tintype::crc32c>>(plain);
    vector_store store;
    REQUIRE(said(manager.restore(store, ids_of_calls[3])) == "no error");
    store["users"][0].values[0] = -0.0F;
    const auto next = manager.create_incremental(store, ids_of_calls[3]);
    REQUIRE(said(next) == "no error");
    CHECK(next->info.hash == "crc32c");
    CHECK(manager.metadata(next->info.id)->parent_state.empty());
    vector_store again;
    REQUIRE(said(manager.restore(again, next->info.id)) == "no error");
    CHECK(std::bit_cast<std::uint32_t>(again.records("users")[0].values[0]) == 0x8000'0000);
}

TEST_CASE("dakera: numbers that JSON does not have are named, and nothing is written") {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const float infinity = std::numeric_limits<float>::infinity();
    const auto with = [](float value, std::size_t component) {
        auto store = some_vectors();
        store["docs"][0].values[component] = value;
        return store;
    };
    for (const auto& [value, component] : {std::pair{nan, 0U}, {infinity, 1U}, {-infinity, 2U}}) {
        CHECK(refused(with(value, component)) ==
              "invalid_value in docs/d.values[" + std::to_string(component) + "] " +
                  std::to_string(std::bit_cast<std::uint32_t>(value)) + "/0");
    }
    CHECK(refused(with(std::bit_cast<float>(0xFFC0'1234U), 1)) ==
          "invalid_value in docs/d.values[1] " + std::to_string(0xFFC0'1234U) + "/0");
    auto largest = with(std::numeric_limits<float>::max(), 2);
    CHECK(said(tests::opened_vectors(tintype::memory_storage{}).create_full(largest)) ==
          "no error");
}

TEST_CASE("dakera: vectors of one namespace have one dimension") {
    auto store = some_vectors();
    store["users"].push_back({.id = "eve", .values = {1.0F}, .metadata = {}});
    CHECK(refused(store) == "invalid_value in users/eve.values 1/2");
    store["users"].back().values = {1.0F, 2.0F, 3.0F};
    CHECK(refused(store) == "invalid_value in users/eve.values 3/2");
    store["users"].back().values = {};
    CHECK(refused(store) == "invalid_value in users/eve.values 0/2");
    // None at all is a dimension, too.
    vector_store none{{{"n", {{.id = "p"}, {.id = "q"}}}}};
    const auto manager = tests::opened_vectors(tintype::memory_storage{});
    const auto taken = manager.create_full(none);
    REQUIRE(said(taken) == "no error");
    CHECK(tests::file_text(manager.storage(), taken->info.data).find("\"dimension\":0") !=
          std::string::npos);
    CHECK(manager.contents(taken->info.id)->parts.at("n") == none.records("n"));
}

TEST_CASE("dakera: metadata that could not be read again is not written") {
    const auto nested = [](std::size_t depth) {
        auto value = tintype::json_value{1};
        for (std::size_t i = 0; i != depth; ++i) {
            value = tintype::json_value::array({&value, 1});
        }
        return value;
    };
    static_assert(chain_json<>::metadata_depth == 59);
    vector_store deepest{{{"n", {{.id = "v", .values = {}, .metadata = nested(59)}}}}};
    const auto manager = tests::opened_vectors(tintype::memory_storage{});
    const auto taken = manager.create_full(deepest);
    REQUIRE(said(taken) == "no error");
    CHECK(manager.contents(taken->info.id)->parts.at("n") == deepest.records("n"));

    for (const std::size_t depth : {60U, 64U, 1000U, 100'000U}) {
        vector_store deeper{{{"n", {{.id = "v", .values = {}, .metadata = nested(60)}}}}};
        deeper["n"][0].metadata = nested(depth);
        CHECK(refused(deeper).starts_with("limit_exceeded in n/v.metadata @59 60/59"));
    }
    // Brackets alone do not make it deep, nor do those in a text.
    const auto wide = tintype::json_value::array(std::vector(1000, nested(2)));
    const auto text = tintype::json_value::string(std::string(1000, '['));
    REQUIRE(text);
    vector_store good{{{"n",
                        {{.id = "v", .values = {}, .metadata = wide},
                         {.id = "w", .values = {}, .metadata = *text}}}}};
    const auto shallow = manager.create_full(good);
    REQUIRE(said(shallow) == "no error");
    CHECK(manager.contents(shallow->info.id)->parts.at("n") == good.records("n"));
}

TEST_CASE("dakera: texts that are no UTF-8 and ids that come twice are not written") {
    auto store = some_vectors();
    store["users"][1].id = "b\xFF";
    CHECK(refused(store) == "invalid_utf8 in namespaces[0].vectors[1].id @1 255/0");
    store = some_vectors();
    store["\xC0"] = {};
    CHECK(refused(store) == "invalid_utf8 in metadata.namespaces[3] @0 192/0");
    store = some_vectors();
    store["users"].push_back(store["users"][0]);
    CHECK(refused(store) == "duplicate in users/ann 0/0");
    const vector_store twice{{{"n", {}}, {"m", {}}, {"n", {}}}};
    CHECK(refused(twice) == "duplicate in n 0/0");
    const auto manager = tests::opened_vectors(tintype::memory_storage{});
    auto good = some_vectors();
    CHECK(said(manager.create_full(good, {.description = "\xED\xA0\x80"})) ==
          "invalid_utf8 in metadata.description @0 237/0");
}

TEST_CASE("dakera: an increment is told which namespaces, or compares them") {
    const auto manager = tests::opened_vectors(tintype::memory_storage{});
    auto store = some_vectors();
    const auto all = manager.create_full(store);
    REQUIRE(said(all) == "no error");
    const auto names = [](const auto& taken) {
        REQUIRE(said(taken) == "no error");
        std::vector<std::string> found;
        for (const auto& each : taken->info.pieces) {
            found.push_back(std::string{name_of(each.kind)} + " " + each.name);
        }
        return found;
    };
    using list = std::vector<std::string>;
    store["docs"][0].values[1] = -0.0F;
    CHECK(names(manager.create_incremental(store, all->info.id)) == list{"whole docs"});
    // What is named is written, changed or not, in the store's order.
    CHECK(
        names(manager.create_incremental(store, all->info.id, {.parts = list{"empty", "users"}})) ==
        list{"whole users", "whole empty"});
    store.drop("users");
    CHECK(names(manager.create_incremental(store, all->info.id, {.parts = list{"docs"}})) ==
          list{"whole docs"});
    CHECK(names(manager.create_incremental(store, all->info.id)) ==
          list{"whole docs", "dropped users"});
    CHECK(said(manager.create_incremental(store, all->info.id, {.parts = list{"nowhere"}})) ==
          "not_found in nowhere 0/0");
    CHECK(said(manager.create_incremental(store, "snap_9_9")) == "not_found in snap_9_9 0/0");
    CHECK(said(manager.create_incremental(store, "../etc")) == "bad_name in ../etc 46/0");
}

TEST_CASE("dakera: a clock that jumps ten years mixes nothing up") {
    using namespace std::chrono_literals;
    const auto start = tests::at_milliseconds(1'700'000'000'000);
    const tests::manual_clock clock{start};
    const auto manager = tests::opened_vectors<
        tests::vector_snapshots<tintype::crc32c, tintype::serde_style, tintype::keep_last>>(
        tintype::memory_storage{}, clock, tests::counted_ids{}, tintype::keep_last{6});
    auto store = some_vectors();
    std::vector<std::string> taken;
    constexpr auto ten_years = 10 * 365 * 24h;
    for (const auto now :
         {start, start + ten_years, start - ten_years, start, start - 60 * 365 * 24h, start + 1s,
          start + ten_years, start + 2 * ten_years}) {
        clock.set(now);
        store["users"][0].values[0] += 1.0F;
        const auto done = taken.empty() ? manager.create_full(store)
                                        : manager.create_incremental(store, taken.back());
        REQUIRE(said(done) == "no error");
        CHECK(done->cleanup.failures.empty());
        taken.insert(taken.end(), done->info.id);
    }
    const auto all = manager.list();
    REQUIRE(said(all) == "no error");
    CHECK(all->damaged.empty());
    // Newest first as they were taken, none lost, all of them needed by the newest.
    std::vector<std::string> ids;
    std::int64_t later = std::numeric_limits<std::int64_t>::max();
    for (const auto& each : all->snapshots) {
        ids.insert(ids.begin(), each.id);
        CHECK(each.created_at <= later);
        later = each.created_at;
    }
    CHECK(ids == taken);
    CHECK(taken[0] == "snap_1700000000000_0");
    CHECK(taken[1] == "snap_2015360000000_1");
    CHECK(taken[2] == "snap_2015360000001_2");
    CHECK(taken[6] == "snap_2015360000005_6");
    CHECK(taken[7] == "snap_2330720000000_7");
    vector_store newest;
    REQUIRE(said(manager.restore(newest, taken.back())) == "no error");
    CHECK(newest.records("users")[0].values[0] == 8.5F);
}

TEST_CASE("dakera: a clock before 1970 counts from there") {
    using manager_type =
        tintype::chain_manager<vector_store, tintype::memory_storage, chain_json<>, tintype::crc32c,
                               tintype::keep_all, tintype::timed_ids<>, tests::manual_clock>;
    const auto manager =
        manager_type::open(tintype::memory_storage{}, {}, {}, {}, {},
                           tests::manual_clock{tests::at_milliseconds(-86'400'000)});
    REQUIRE(said(manager) == "no error");
    auto store = some_vectors();
    const auto taken = manager->create_full(store);
    REQUIRE(said(taken) == "no error");
    CHECK(taken->info.id.starts_with("snap_0_"));
    CHECK(manager->metadata(taken->info.id)->created_at == 0);
    CHECK(manager->verify()->good.size() == 1);
}

TEST_CASE("dakera: the newest ten stay, and what they need") {
    using keeping =
        tests::vector_snapshots<tintype::crc32c, tintype::serde_style, tintype::keep_last>;
    static_assert(max_snapshots.number() == 10);
    const auto manager =
        tests::opened_vectors<keeping>(tintype::memory_storage{}, tests::manual_clock{},
                                       tests::counted_ids{}, tintype::keep_last{max_snapshots});
    auto store = some_vectors();
    std::string parent;
    std::vector<std::string> removed;
    for (int i = 0; i != 25; ++i) {
        const auto taken =
            i % 4 == 0 ? manager.create_full(store) : manager.create_incremental(store, parent);
        REQUIRE(said(taken) == "no error");
        CHECK(taken->cleanup.failures.empty());
        std::ranges::copy(taken->cleanup.removed, std::back_inserter(removed));
        parent = taken->info.id;
    }
    // The newest ten are 15 to 24; 15 needs 12, 13 and 14.
    CHECK(manager.list()->snapshots.size() == 13);
    CHECK(removed.size() == 12);
    CHECK(manager.storage().names()->size() == 26);
    CHECK(manager.verify()->good.size() == 13);
}

TEST_CASE("dakera: a folder on disk, by the alias") {
    const tests::scratch scratch;
    const auto folder = tintype::directory{scratch / "snapshots"};
    const auto manager = snapshots<vector_store>::open(folder, tintype::keep_last{max_snapshots});
    REQUIRE(said(manager) == "no error");
    auto store = some_vectors();
    const auto all = manager->create_full(store, {.description = "nightly"});
    REQUIRE(said(all) == "no error");
    store["users"].pop_back();
    const auto next = manager->create_incremental(store, all->info.id);
    REQUIRE(said(next) == "no error");
    vector_store again;
    const auto done = manager->restore(again, next->info.id);
    REQUIRE(said(done) == "no error");
    CHECK(done->parts == 3);
    CHECK(done->records == 2);
    CHECK(again.records("users") == store.records("users"));
    // The format cannot write a snapshot anew under its id: the newest is copied.
    const auto folded = manager->compact(next->info.id);
    REQUIRE(said(folded) == "no error");
    CHECK(folded->info.type == tintype::snapshot_kind::full);
    CHECK(folded->cleanup.removed == std::vector{next->info.id, all->info.id});
    CHECK(manager->contents(folded->info.id)->parts.at("docs") == store.records("docs"));
    CHECK(said(manager->remove(folded->info.id)) == "no error");
    CHECK(manager->list()->snapshots.empty());
}
