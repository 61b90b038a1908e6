// Versions as objects with numbers: which number comes next, which names count, what stands beside
// a version, and what is cleared up, over memory and over a folder.

#include <tintype/manager/version_store.hpp>

#include "fixtures.hpp"
#include "support/scratch.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

namespace {

using namespace std::chrono_literals;
using tests::sorted_names;
using tests::versions;
using tintype::crc32;
using tintype::errc;
using tintype::memory_storage;
using tintype::no_hash;

using names = tintype::numbered<"snapshot_", ".vamm">;

template <class Storage, class Hash = no_hash>
using store = tintype::version_store<Storage, Hash, names>;

template <class Store>
[[nodiscard]] tintype::result<std::uint64_t> publish(const Store& to, std::string_view text = "x") {
    auto staged = to.storage().stage({});
    REQUIRE(staged);
    REQUIRE(staged->write(tintype::bytes_of(text)));
    if constexpr (Store::has_digests) {
        return to.publish(*staged, tintype::hash_of<crc32>(tintype::bytes_of(text)));
    } else {
        return to.publish(*staged, {});
    }
}

const tintype::decode_options verify{};
const tintype::decode_options skip{.integrity = tintype::integrity::skip};

// The snapshots of keep_last{1}: what carry_out is given.
std::vector<tintype::decision> keeping_newest(const auto& of) {
    return tintype::plan(tintype::keep_last{1}, *of.list(), {});
}

} // namespace

TEST_CASE("in a folder, what is named like a version but is no file is passed over") {
    const tests::scratch root;
    const store<tintype::directory, crc32> of{tintype::directory{root.path()}};
    REQUIRE(::mkdir((root / names::name(1)).c_str(), 0700) == 0);
    REQUIRE(::symlink("nowhere", (root / names::name(2)).c_str()) == 0);
    REQUIRE(::mkfifo((root / names::name(3)).c_str(), 0600) == 0);
    CHECK(of.versions()->empty());
    CHECK(publish(of) == 4U);
    CHECK(of.versions() == versions{4});
    CHECK(of.open(4, tintype::access::map, verify));
    // Nothing stands beside what is not ours.
    CHECK(sorted_names(of.storage()) ==
          std::vector<std::string>{names::name(4), names::name(4) + ".crc32"});
    for (const std::uint64_t version : {1U, 2U, 3U}) {
        CHECK(!of.open(version, tintype::access::map, skip));
    }
    CHECK(publish(of) == 5U);
}

TEST_CASE("who is faster keeps the number, and the slower one takes the next") {
    const auto racing = [](const auto& of) {
        int round = 0;
        of.storage().told().before_publish = [&](std::string_view name) {
            // Somebody takes each of the first three names just before we do.
            if (names::parse(name) && round++ < 3) {
                tests::put_object(of.storage(), name, tintype::bytes_of("theirs"));
            }
        };
        CHECK(publish(of, "ours") == 4U);
        of.storage().told().before_publish = nullptr;
        CHECK(of.versions() == versions{1, 2, 3, 4});
        CHECK(tests::object_bytes(of.storage(), names::name(1)) == tests::blob_of("theirs"));
        CHECK(tests::object_bytes(of.storage(), names::name(4)) == tests::blob_of("ours"));
    };
    const tests::unlocked_storage plain{memory_storage{}};
    racing(store<tests::unlocked_storage>{plain});
    const tests::unlocked_storage other{memory_storage{}};
    const store<tests::unlocked_storage, crc32> digesting{other};
    racing(digesting);
    // Our digest is not left beside somebody else's version.
    CHECK(digesting.digest(1).error().code == errc::not_found);
    CHECK(digesting.digest(4) == tintype::hash_of<crc32>(tintype::bytes_of("ours")));
}

TEST_CASE("without a lock a recorded digest takes the number too") {
    const tests::unlocked_storage storage{memory_storage{}};
    const store<tests::unlocked_storage, crc32> of{storage};
    CHECK(publish(of) == 1U);
    // Another writer has got as far as the digest.
    tests::put_object(storage, names::name(2) + ".crc32", tintype::bytes_of("00000000  x\n"));
    CHECK(publish(of) == 3U);
    storage.told().before_publish = [&](std::string_view name) {
        if (name == names::name(4) + ".crc32") {
            tests::put_object(storage, name, tintype::bytes_of("theirs"));
        }
    };
    CHECK(publish(of) == 5U);
    CHECK(tests::object_bytes(storage, names::name(4) + ".crc32") == tests::blob_of("theirs"));
    // Without a lock nobody can tell a crashed writer from a slow one: nothing is cleared up.
    storage.told().before_publish = nullptr;
    REQUIRE(of.sweep(0ns));
    CHECK(tests::object_bytes(storage, names::name(4) + ".crc32") == tests::blob_of("theirs"));
}

TEST_CASE("a publish that fails leaves no digest that waits for its object") {
    const tests::locked_storage storage{memory_storage{}};
    const store<tests::locked_storage, crc32> of{storage};
    CHECK(publish(of) == 1U);
    // Somebody cancels between the digest and the object.
    std::stop_source stop;
    const tintype::monitor watch{stop.get_token()};
    const tests::scratch root;
    const store<tintype::directory, crc32> folder{tintype::directory{root.path()}};
    auto staged = folder.storage().stage({.watch = &watch});
    REQUIRE(staged);
    REQUIRE(staged->write(tests::noise(10)));
    stop.request_stop();
    const auto cancelled = folder.publish(*staged, 0);
    REQUIRE(!cancelled);
    CHECK(cancelled.error().code == errc::cancelled);
    CHECK(sorted_names(folder.storage()).empty());
}

TEST_CASE("digests whose objects never came are cleared up, the others stay") {
    const store<memory_storage, crc32> of{memory_storage{}};
    REQUIRE(publish(of) == 1U);
    for (const char* name : {"snapshot_00000002.vamm.crc32", "snapshot_00000003.vamm.sha256",
                             "snapshot_4.vamm.crc32", "x.crc32", "snapshot_00000005.vamm.pin"}) {
        tests::put_object(of.storage(), name, {});
    }
    REQUIRE(of.sweep(0ns));
    CHECK(sorted_names(of.storage()) ==
          std::vector<std::string>{"snapshot_00000001.vamm", "snapshot_00000001.vamm.crc32",
                                   "snapshot_00000003.vamm.sha256", "snapshot_00000005.vamm.pin",
                                   "snapshot_4.vamm.crc32", "x.crc32"});
    CHECK(publish(of) == 2U);
    // Where nothing is kept yet there is nothing to clear up.
    const tests::scratch root;
    CHECK(store<tintype::directory, crc32>{tintype::directory{root / "absent"}}.sweep(0ns));
}

TEST_CASE("the list says when, how large and in which order, without a look at the bytes") {
    const tests::manual_clock clock{tintype::timestamp{1000s}};
    using storage = tintype::basic_memory_storage<tests::manual_clock>;
    const store<storage> of{storage{clock}};
    for (const char* text : {"", "a", "bb"}) {
        REQUIRE(publish(of, text));
        clock.advance(-10s);
    }
    const auto list = of.list();
    REQUIRE(list);
    REQUIRE(list->size() == 3);
    for (std::uint64_t i = 0; i != 3; ++i) {
        CHECK((*list)[i].version == i + 1);
        CHECK((*list)[i].size == i);
        CHECK((*list)[i].time == tintype::timestamp{1000s} - 10s * i);
        CHECK(!(*list)[i].needs);
    }
}

TEST_CASE("nothing is removed before what stays is durable") {
    const tests::locked_storage storage{memory_storage{}};
    const store<tests::locked_storage> of{storage};
    for (int i = 0; i != 4; ++i) {
        REQUIRE(publish(of));
    }
    storage.told().sync_fails = true;
    const auto refused = of.carry_out(keeping_newest(of));
    REQUIRE(!refused);
    CHECK(refused.error().code == errc::io);
    CHECK(of.versions()->size() == 4);

    storage.told().sync_fails = false;
    storage.told().syncs = 0;
    storage.told().unremovable = {names::name(2)};
    const auto done = of.carry_out(keeping_newest(of));
    REQUIRE(done);
    CHECK(storage.told().syncs == 1);
    CHECK(done->removed == versions{1, 3});
    CHECK(done->kept == versions{4});
    REQUIRE(done->failures.size() == 1);
    CHECK(done->failures.front().where == tintype::label{names::name(2)});
    CHECK(of.versions() == versions{2, 4});
    // Where nothing is to go, nothing is asked of the disk.
    storage.told().syncs = 0;
    storage.told().unremovable.clear();
    REQUIRE(of.carry_out(keeping_newest(of)));
    REQUIRE(of.carry_out(keeping_newest(of)));
    CHECK(storage.told().syncs == 1);
}

TEST_CASE("a storage that cannot list says so, and no number is guessed") {
    const tests::locked_storage storage{memory_storage{}};
    const store<tests::locked_storage, crc32> of{storage};
    REQUIRE(publish(of));
    storage.told().names_fail = true;
    storage.told().list_fails = true;
    CHECK(of.versions().error().code == errc::io);
    CHECK(of.newest().error().code == errc::io);
    CHECK(of.list().error().code == errc::io);
    CHECK(publish(of).error().code == errc::io);
    CHECK(of.sweep(0ns).error().code == errc::io);
    storage.told().names_fail = false;
    CHECK(of.versions() == versions{1});
}
