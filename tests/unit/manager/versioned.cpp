// A state kept as numbered versions: saving, loading, viewing, retention after each save, progress
// and cancellation, and what many threads, processes and storages of the user's own may do to it.
// What happens to damaged versions is in versioned_damage.cpp.

#include <tintype/manager/versioned.hpp>

#include "fixtures.hpp"
#include "laws/versions.hpp"
#include "support/scratch.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using tests::note_of;
using tests::notes;
using tests::opened;
using tests::saved_as;
using tests::sorted_names;
using tests::versions;
using tests::wide_hash;
using tintype::directory;
using tintype::errc;
using tintype::keep_all;
using tintype::keep_last;
using tintype::memory_storage;
using tintype::no_hash;

static_assert(tintype::codec_for<tests::note_format, tests::note>);

// A codec that fails half-way through its bytes.
struct failing_codec {
    template <class State>
    [[nodiscard]] std::uint64_t size(const State&) const {
        return 10;
    }

    template <class State, class Sink>
    [[nodiscard]] tintype::result<void> encode(const State&, Sink& sink) const {
        if (auto done = sink.write(tests::noise(5)); !done) {
            return done;
        }
        return tintype::fail({.code = errc::length_overflow});
    }

    template <class State>
    [[nodiscard]] tintype::result<State> decode(tintype::byte_view,
                                                const tintype::decode_options&) const {
        return tintype::fail({.code = errc::unsupported});
    }
};

} // namespace

TEST_CASE("what was saved comes back, by its number and as the newest") {
    const tests::scratch root;
    tintype::laws::manager_round_trip(opened<notes<directory>>(directory{root / "one/two"}),
                                      9U << 20U);
    tintype::laws::manager_round_trip(opened<notes<directory>>(
        directory{root / "copied"}, keep_all{}, {.access = tintype::access::copy}));
    tintype::laws::manager_round_trip(
        opened<notes<tests::unlocked_storage>>(tests::unlocked_storage{memory_storage{}}));
}

TEST_CASE("another manager on the same storage goes on where the first stopped") {
    const tests::scratch root;
    {
        const auto first = opened<notes<directory>>(directory{root.path()});
        CHECK(saved_as(first, 10) == 1);
        CHECK(saved_as(first, 20) == 2);
    }
    const auto second = opened<notes<directory>>(directory{root.path()});
    CHECK(second.load_latest()->state == note_of(20));
    CHECK(saved_as(second, 30) == 3);
}

TEST_CASE("the plan is what pruning does, by the manager's clock") {
    using storage_type = tintype::basic_memory_storage<tests::manual_clock>;
    using manager_type =
        tintype::versioned_manager<tests::note, tests::note_format, storage_type, no_hash,
                                   tintype::keep_within, tintype::numbered<"v", "">,
                                   tests::manual_clock>;
    const tests::manual_clock clock{tintype::timestamp{1000h}};
    const auto manager =
        manager_type::open(storage_type{clock}, tintype::keep_within{5h}, {}, {}, clock);
    REQUIRE(manager);
    for (std::uint64_t i = 1; i != 6; ++i) {
        REQUIRE(manager->save(note_of(i)));
        clock.advance(1h);
    }
    CHECK(manager->versions() == versions{1, 2, 3, 4, 5});
    clock.advance(2h);
    const auto plan = manager->plan();
    REQUIRE(plan);
    REQUIRE(plan->size() == 5);
    versions going;
    for (const tintype::decision& each : *plan) {
        if (!each.keep) {
            going.insert(going.begin(), each.entry.version);
        }
    }
    CHECK(going == versions{1, 2});
    CHECK(manager->versions()->size() == 5); // planning removes nothing
    CHECK(manager->prune()->removed == going);
    CHECK(manager->versions() == versions{3, 4, 5});
    // Whatever the clock does, the newest stays.
    clock.advance(1000h);
    CHECK(manager->prune()->kept == versions{5});
    clock.set({});
    CHECK(saved_as(*manager, 6) == 6);
    CHECK(manager->load_latest()->state == note_of(6));
}

TEST_CASE("what cannot be removed is reported, and the save succeeded") {
    using names = tintype::numbered<"snapshot_", ".tintype">;
    const tests::locked_storage storage{memory_storage{}};
    const auto manager =
        opened<notes<tests::locked_storage, no_hash, keep_last>>(storage, keep_last{1});
    saved_as(manager, 1);
    storage.told().unremovable = {names::name(1)};
    const auto second = manager.save(note_of(2));
    REQUIRE(second);
    CHECK(second->version == 2);
    CHECK(second->cleanup.removed.empty());
    REQUIRE(second->cleanup.failures.size() == 1);
    CHECK(second->cleanup.failures.front().code == errc::io);
    CHECK(manager.load(1)->state == note_of(1));

    // Neither does a storage that cannot be listed or synced undo a save.
    for (bool* fails : {&storage.told().list_fails, &storage.told().sync_fails}) {
        *fails = true;
        const auto done = manager.save(note_of(3));
        REQUIRE(done);
        CHECK(done->cleanup.failures.size() == 1);
        CHECK(manager.load_latest()->version == done->version);
        *fails = false;
    }
    storage.told().unremovable.clear();
    CHECK(manager.prune()->removed == versions{1, 2, 3});
}

TEST_CASE("nothing changed, nothing is kept twice") {
    const tests::locked_storage storage{memory_storage{}};
    const auto manager = opened<notes<tests::locked_storage, wide_hash>>(storage);
    CHECK(manager.save_if_changed(note_of(1))->version == 1);
    CHECK(manager.digest(1) ==
          tintype::hash_of<wide_hash>(*tintype::encode<tests::note_format>(note_of(1))));
    const auto before = sorted_names(storage);
    storage.told().syncs = 0;
    const auto again = manager.save_if_changed(note_of(1));
    REQUIRE(again);
    CHECK(again->version == 1);
    CHECK(sorted_names(storage) == before);
    // The version may be another process's, which has not synced it yet.
    CHECK(storage.told().syncs == 1);
    storage.told().sync_fails = true;
    CHECK(manager.save_if_changed(note_of(1)).error().code == errc::io);
    storage.told().sync_fails = false;

    CHECK(manager.save_if_changed(note_of(2))->version == 2);
    CHECK(manager.save_if_changed(note_of(1))->version == 3); // the newest is another
    CHECK(manager.save(note_of(1))->version == 4);            // asked for
    // Without a digest to compare with it is kept again.
    REQUIRE(storage.remove("snapshot_00000004.tintype.wide"));
    CHECK(manager.save_if_changed(note_of(1))->version == 5);
    tests::put_object(storage, "snapshot_00000005.tintype.wide", tintype::bytes_of("garbage"));
    CHECK(manager.save_if_changed(note_of(1))->version == 6);
}

TEST_CASE("a CRC of the whole object tells nothing where the object ends in it") {
    // Why a manager refuses its codec's own CRC for a digest, at compile time.
    const auto one = tintype::encode<tests::note_format>(note_of(1));
    const auto two = tintype::encode<tests::note_format>(note_of(2, 77));
    REQUIRE(one);
    REQUIRE(two);
    CHECK(tintype::hash_of<tintype::crc32>(*one) == tintype::hash_of<tintype::crc32>(*two));
    CHECK(tintype::hash_of<wide_hash>(*one) != tintype::hash_of<wide_hash>(*two));
}

TEST_CASE("whoever watches a save is told of its bytes, and may stop it without a trace") {
    const auto watched = [](const auto& manager, const auto& everything) {
        for (const std::size_t size : {0U, 20U, 100'000U, 700'000U}) {
            INFO("size ", size);
            std::vector<tintype::progress> told;
            const auto remember = [&](tintype::progress now) { told.push_back(now); };
            const tintype::monitor teller{remember};
            const auto state = note_of(1, size);
            REQUIRE(manager.save(state, &teller));
            REQUIRE(!told.empty());
            const auto bytes = tests::note_format::size(state);
            CHECK(told.back().done == bytes);
            CHECK(told.back().total == bytes);
            CHECK(std::ranges::is_sorted(told, {}, &tintype::progress::done));

            // Stopped at each report in turn.
            const auto before = everything();
            for (std::size_t at = 0; at != told.size(); ++at) {
                std::stop_source stop;
                std::size_t reports = 0;
                const auto count = [&](tintype::progress) {
                    if (reports++ == at) {
                        stop.request_stop();
                    }
                };
                const tintype::monitor watch{count, stop.get_token()};
                const auto stopped = manager.save(state, &watch);
                REQUIRE(!stopped);
                CHECK(stopped.error().code == errc::cancelled);
                CHECK(stopped.error().wanted == bytes);
                CHECK(everything() == before);
            }
        }
        CHECK(manager.versions() == versions{1, 2, 3, 4});
        CHECK(manager.load_latest()->state == note_of(1, 700'000));
    };
    const tests::scratch root;
    const auto files = [&](const char* folder) {
        return [path = root / folder] {
            std::vector<std::string> all;
            for (const auto& each : std::filesystem::directory_iterator{path}) {
                all.push_back(each.path().filename().string());
            }
            std::ranges::sort(all);
            return all;
        };
    };
    watched(opened<notes<directory>>(directory{root / "plain"}), files("plain"));
    watched(opened<notes<directory, wide_hash>>(directory{root / "digests"}), files("digests"));
    const memory_storage storage;
    watched(opened<notes<memory_storage, wide_hash>>(storage),
            [&] { return sorted_names(storage); });
}

TEST_CASE("a state that cannot be encoded leaves nothing behind") {
    const tests::scratch root;
    const auto manager =
        tintype::versioned_manager<tests::note, failing_codec, directory, no_hash, keep_all>::open(
            directory{root.path()}, {});
    REQUIRE(manager);
    CHECK(manager->save(note_of(1)).error().code == errc::length_overflow);
    CHECK(std::filesystem::is_empty(root.path()));
}

TEST_CASE("a view keeps its bytes: pruned, removed, and after the manager is gone") {
    const tests::scratch root;
    for (const auto how : {tintype::access::map, tintype::access::copy}) {
        auto manager = std::optional{opened<notes<directory, no_hash, keep_last>>(
            directory{root.path()}, keep_last{1}, {.access = how})};
        const auto first = manager->save(note_of(1, 400'000));
        REQUIRE(first);
        auto view = manager->view_latest();
        REQUIRE(view);
        REQUIRE(manager->save(note_of(2)));
        CHECK(manager->load(first->version).error().code == errc::not_found);
        manager.reset();
        std::filesystem::remove_all(root.path());
        const auto moved = *std::move(view);
        CHECK(moved.version == first->version);
        CHECK(moved->get<"number">() == 1);
        CHECK(std::ranges::equal(moved->get<"text">(), note_of(1, 400'000).text));
    }
}

TEST_CASE("many threads save at once: each has a number of its own, and nothing is lost") {
    tintype::laws::manager_crowd(
        opened<notes<tests::unlocked_storage>>(tests::unlocked_storage{memory_storage{}}));
}

TEST_CASE("the newest may be pruned by somebody between its name and its bytes") {
    const tests::locked_storage storage{memory_storage{}};
    const auto manager = opened<notes<tests::locked_storage>>(storage);
    const auto other =
        opened<notes<tests::locked_storage, no_hash, keep_last>>(storage, keep_last{1});
    saved_as(manager, 1);
    const auto interfere = [&](std::uint64_t times) {
        storage.told().before_open = [&, times](std::string_view) mutable {
            if (times-- > 0) {
                const auto again = std::exchange(storage.told().before_open, nullptr);
                saved_as(other, 100 + times); // removes the version that was asked for
                storage.told().before_open = times > 0 ? again : nullptr;
            }
        };
    };
    interfere(1);
    const auto latest = manager.load_latest();
    REQUIRE(latest);
    CHECK(latest->version == 2);
    CHECK(latest->state == note_of(100));
    interfere(1);
    const auto view = manager.view_latest();
    REQUIRE(view);
    CHECK(view->version == 3);
}

TEST_CASE("what decoding is told and how objects are opened is the manager's to choose") {
    const memory_storage storage;
    saved_as(opened<notes<memory_storage>>(storage), 1, 1000);
    const auto limited =
        opened<notes<memory_storage>>(storage, keep_all{}, {.decode = {.limits = {.bytes = 999}}});
    const auto refused = limited.load_latest();
    REQUIRE(!refused);
    CHECK(refused.error().code == errc::limit_exceeded);
    CHECK(refused.error().found == 1000);
    CHECK(limited.view_latest().error().code == errc::limit_exceeded);
}

TEST_CASE("the last number was given out") {
    const tests::scratch root;
    const auto manager = opened<notes<directory>>(directory{root.path()});
    saved_as(manager, 1);
    REQUIRE(::rename((root / "snapshot_00000001.tintype").c_str(),
                     (root / "snapshot_18446744073709551615.tintype").c_str()) == 0);
    CHECK(manager.load_latest()->version == ~std::uint64_t{0});
    const auto refused = manager.save(note_of(2));
    REQUIRE(!refused);
    CHECK(refused.error().code == errc::out_of_bounds);
    CHECK(sorted_names(directory{root.path()}).size() == 1);
    CHECK(std::distance(std::filesystem::directory_iterator{root.path()}, {}) == 1);
}

TEST_CASE("opening sweeps what crashed writers left, after the grace that was asked for") {
    const tests::scratch root;
    const std::string stale = root / ".tintype-00000000deadbeef.tmp";
    const std::string foreign = root / "snapshot_00000001.tmp";
    const directory storage{root.path()};
    {
        const auto first = opened<notes<directory, wide_hash>>(storage);
        saved_as(first, 1);
        tests::put_object(storage, "orphan", {});
        REQUIRE(::rename((root / "orphan").c_str(), stale.c_str()) == 0);
        tests::put_object(storage, "snapshot_00000001.tmp", {});
        tests::put_object(storage, "snapshot_00000009.tintype.wide", {});
    }
    opened<notes<directory, wide_hash>>(storage); // an hour unless told
    CHECK(std::filesystem::exists(stale));
    CHECK(!std::filesystem::exists(root / "snapshot_00000009.tintype.wide"));
    opened<notes<directory, wide_hash>>(storage, keep_all{}, {.sweep_grace = 0ns});
    CHECK(!std::filesystem::exists(stale));
    CHECK(std::filesystem::exists(foreign));
    CHECK(opened<notes<directory, wide_hash>>(storage).load_latest()->state == note_of(1));
}

TEST_CASE("a folder that cannot be one is refused at opening") {
    const tests::scratch root;
    tests::put_object(directory{root.path()}, "file", {});
    const auto refused = notes<directory>::open(directory{root / "file"}, {});
    REQUIRE(!refused);
    CHECK(refused.error().code == errc::io);
}
