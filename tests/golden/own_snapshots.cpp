// What version 0.1.0 wrote in the library's own formats: every later version reads the same values.
// The files are never changed. Those of another version join them, by a test case like the last
// one, which is not run: it writes where nothing is yet.

#include <tintype/chain/chain_manager.hpp>
#include <tintype/chain/part_store.hpp>
#include <tintype/codec/bincode.hpp>
#include <tintype/codec/columns.hpp>
#include <tintype/stream/native.hpp>
#include <tintype/stream/shared_upload.hpp>
#include <tintype/tintype.hpp>

#include "support/golden_folder.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace {

using tests::golden_folder;
using tests::golden_path;
using tests::said;
using tintype::blob;
using tintype::memory_storage;

struct player {
    BOOST_HANA_DEFINE_STRUCT(player, (std::uint32_t, level), (std::string, name),
                             (std::vector<float>, position));
    friend bool operator==(const player&, const player&) = default;
};

using player_file =
    tintype::section_list<tintype::magic<"PLYR">, tintype::version<std::uint8_t, 1>,
                          tintype::scalar<"level", std::uint32_t>, tintype::section<"name">,
                          tintype::section<"position">, tintype::checksum<tintype::crc32>>;
using player_manager = tintype::versioned_manager<player, player_file, memory_storage,
                                                  tintype::crc32c, tintype::keep_all>;

player player_at(std::uint32_t level) {
    return {level, "Ada", std::vector<float>(level, 0.5F)};
}

struct mood {
    BOOST_HANA_DEFINE_STRUCT(mood, (std::uint32_t, level));
};

struct item {
    BOOST_HANA_DEFINE_STRUCT(item, (std::string, text), (std::vector<float>, values));
    friend bool operator==(const item&, const item&) = default;
};

using memory = tintype::part_store<tintype::tracked<std::map<std::string, item>>, mood>;
using memory_manager = tintype::chain_manager<memory, memory_storage, tintype::chain_columns,
                                              tintype::crc32c, tintype::keep_all>;

memory first_memory() {
    memory made;
    made.part("facts").insert_or_assign("grass", item{"green", {1, 2}});
    made.part("facts").insert_or_assign("sky", item{"blue", {}});
    made.part("plans").insert_or_assign("today", item{"read", {-0.0F}});
    made.side().level = 7;
    return made;
}

void change(memory& live) {
    live.part("facts").edit("sky")->text = "grey";
    live.part("facts").erase("grass");
    live.part("plans").insert_or_assign("tomorrow", item{"write", {3}});
    live.side().level = 8;
}

// Of every kind that a codec knows.
struct everything {
    BOOST_HANA_DEFINE_STRUCT(everything, (std::uint8_t, small), (std::int64_t, large), (bool, flag),
                             (double, real), (std::string, text), (std::vector<std::uint16_t>, run),
                             (std::vector<std::string>, texts), (std::optional<float>, maybe),
                             (std::map<std::string, std::uint64_t>, table), (player, inner));
    friend bool operator==(const everything&, const everything&) = default;
};

std::vector<everything> rows() {
    return {{1,
             -2,
             true,
             0.1,
             "one",
             {1, 65535},
             {"a", ""},
             2.5F,
             {{"k", 1}, {"l", ~0ULL}},
             player_at(3)},
            {255, INT64_MIN, false, -0.0, "", {}, {}, {}, {}, player_at(0)}};
}

using choice = std::variant<player, mood>;

blob pattern(std::size_t size) {
    blob made(size);
    for (std::size_t i = 0; i != size; ++i) {
        made[i] = static_cast<std::byte>(i % 251);
    }
    return made;
}

tintype::snapshot_chunk chunk() {
    return {.metadata = {},
            .file_chunk = tintype::file_piece{.file_name = "database.db",
                                              .offset = 65536,
                                              .data = pattern(5),
                                              .is_last_chunk = true},
            .sequence = 3,
            .is_final = true};
}

constexpr std::size_t shared_size = 10'000;

blob file(const std::string& name) {
    return tests::file_bytes(golden_path(name).string());
}

template <class Codec, class State>
std::string reads(const std::string& name, const State& wanted) {
    const auto state = tintype::decode<Codec, State>(file(name));
    if (!state) {
        return said(state);
    }
    return *state == wanted ? "as it was" : "other values";
}

} // namespace

TEST_CASE("0.1.0: versions of a state, with digests and a pin") {
    const auto versions =
        player_manager::open(golden_folder("own/0.1.0/versions"), tintype::keep_all{});
    REQUIRE(said(versions) == "no error");
    const auto list = versions->list();
    REQUIRE(said(list) == "no error");
    REQUIRE(list->size() == 3);
    for (std::uint32_t version = 1; version != 4; ++version) {
        const auto loaded = versions->load(version);
        REQUIRE(said(loaded) == "no error");
        CHECK(loaded->state == player_at(version));
        CHECK(versions->digest(version));
    }
    for (const auto& entry : *list) {
        CHECK(entry.pinned == (entry.version == 2));
    }
    CHECK(versions->verify().value().good.size() == 3);
}

TEST_CASE("0.1.0: a chain of a full and an incremental snapshot") {
    auto chains = memory_manager::open(golden_folder("own/0.1.0/chain"), tintype::keep_all{});
    REQUIRE(said(chains) == "no error");
    const auto list = chains->list();
    REQUIRE(said(list) == "no error");
    REQUIRE(list->snapshots.size() == 2);
    REQUIRE(list->damaged.empty());
    CHECK(chains->verify().value().bad.empty());
    auto wanted = first_memory();
    const bool newest_first = list->snapshots.front().parent_id.has_value();
    for (const bool changed : {false, true}) {
        if (changed) {
            change(wanted);
        }
        memory back;
        const auto& info = list->snapshots[changed == newest_first ? 0 : 1];
        REQUIRE(said(chains->restore(back, info.id)) == "no error");
        CHECK(back.part("facts").map() == wanted.part("facts").map());
        CHECK(back.part("plans").map() == wanted.part("plans").map());
        CHECK(back.side().level == wanted.side().level);
    }
}

TEST_CASE("0.1.0: encodings that have no version") {
    CHECK(reads<tintype::columns>("own/0.1.0/rows.columns", rows()) == "as it was");
    CHECK(reads<tintype::bincode_fixed>("own/0.1.0/rows.bincode_fixed", rows()) == "as it was");
    CHECK(reads<tintype::bincode_variable>("own/0.1.0/rows.bincode_variable", rows()) ==
          "as it was");
    CHECK(reads<tintype::raw_codec>("own/0.1.0/numbers.raw", std::vector<float>{1, -0.5F, 3}) ==
          "as it was");
    const auto one =
        tintype::decode<tintype::bincode_fixed, choice>(file("own/0.1.0/choice.bincode"));
    REQUIRE(said(one) == "no error");
    REQUIRE(one->index() == 1);
    CHECK(std::get<1>(*one).level == 9);
}

TEST_CASE("0.1.0: a chunk of a stream in the library's own frame") {
    const auto read = tintype::native_wire::decode(file("own/0.1.0/chunk.native"));
    REQUIRE(said(read) == "no error");
    CHECK(*read == chunk());
}

TEST_CASE("0.1.0: a snapshot in shared chunks") {
    const tintype::shared_snapshots shared{golden_folder("own/0.1.0/shared/objects")};
    const auto manifest = shared.read(file("own/0.1.0/shared/manifest"));
    REQUIRE(said(manifest) == "no error");
    const auto bytes = shared.fetch(*manifest);
    REQUIRE(said(bytes) == "no error");
    CHECK(
        tintype::identical(blob(bytes->view().begin(), bytes->view().end()), pattern(shared_size)));
}

TEST_CASE("0.1.0: written" * doctest::skip()) {
    const memory_storage kept;
    const auto versions = player_manager::open(kept, tintype::keep_all{}).value();
    for (std::uint32_t version = 1; version != 4; ++version) {
        REQUIRE(said(versions.save(player_at(version))) == "no error");
    }
    REQUIRE(said(versions.pin(2, "golden")) == "no error");
    tests::write_golden_folder("own/0.1.0/versions", kept);

    const memory_storage linked;
    auto chains = memory_manager::open(linked, tintype::keep_all{}).value();
    auto live = first_memory();
    const auto full = chains.create_full(live, {.description = "the first"});
    REQUIRE(said(full) == "no error");
    change(live);
    REQUIRE(said(chains.create_incremental(live, full->info.id)) == "no error");
    tests::write_golden_folder("own/0.1.0/chain", linked);

    using tests::write_golden_file;
    write_golden_file("own/0.1.0/rows.columns", tintype::encode<tintype::columns>(rows()).value());
    write_golden_file("own/0.1.0/rows.bincode_fixed",
                      tintype::encode<tintype::bincode_fixed>(rows()).value());
    write_golden_file("own/0.1.0/rows.bincode_variable",
                      tintype::encode<tintype::bincode_variable>(rows()).value());
    write_golden_file("own/0.1.0/numbers.raw",
                      tintype::encode<tintype::raw_codec>(std::vector<float>{1, -0.5F, 3}).value());
    write_golden_file("own/0.1.0/choice.bincode",
                      tintype::encode<tintype::bincode_fixed>(choice{mood{9}}).value());
    blob message;
    REQUIRE(said(tintype::native_wire::encode(chunk(), message)) == "no error");
    write_golden_file("own/0.1.0/chunk.native", message);

    const memory_storage objects;
    tintype::shared_upload upload{
        tintype::shared_snapshots<memory_storage>{objects, {.threshold = 0, .chunk_size = 4096}}};
    REQUIRE(said(upload.write(pattern(shared_size))) == "no error");
    const auto manifest = upload.finish();
    REQUIRE(said(manifest) == "no error");
    tests::write_golden_folder("own/0.1.0/shared/objects", objects);
    write_golden_file("own/0.1.0/shared/manifest",
                      tintype::encode<tintype::shared_manifest_list>(*manifest).value());
}
