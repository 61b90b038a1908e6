#pragma once

// What versions promise on any storage, as one suite: `version_laws(make)` inside a test case,
// where `make()` gives a storage that holds nothing yet and shares nothing with the one before.

#include <tintype/manager/version_store.hpp>
#include <tintype/manager/versioned.hpp>

#include "unit/manager/fixtures.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace tintype::laws {

using tests::note_of;
using tests::notes;
using tests::opened;
using tests::saved_as;
using tests::sorted_names;
using tests::versions;
using tests::wide_hash;

template <class Make>
using made = decltype(std::declval<Make&>()());

using names = numbered<"snapshot_", ".vamm">;

template <class Storage, class Hash = no_hash>
using store = version_store<Storage, Hash, names>;

template <class Store>
[[nodiscard]] result<std::uint64_t> publish(const Store& to, std::string_view text = "x") {
    auto staged = to.storage().stage({});
    REQUIRE(staged);
    REQUIRE(staged->write(bytes_of(text)));
    if constexpr (Store::has_digests) {
        return to.publish(*staged, hash_of<crc32>(bytes_of(text)));
    } else {
        return to.publish(*staged, {});
    }
}

inline constexpr decode_options verify{};
inline constexpr decode_options skip{.integrity = integrity::skip};

// The snapshots of keep_last{1}: what carry_out is given.
std::vector<decision> keeping_newest(const auto& of) {
    return plan(keep_last{1}, *of.list(), {});
}

// The next number is the highest and one.
template <class Make>
void versions_are_numbered(Make make) {
    const store<made<Make>> of{make()};
    CHECK(of.newest().error().code == errc::not_found);
    CHECK(of.versions()->empty());
    CHECK(publish(of) == 1U);
    CHECK(publish(of) == 2U);
    CHECK(publish(of) == 3U);
    CHECK(of.remove(2) == true);
    CHECK(publish(of) == 4U); // no gap is filled
    CHECK(of.remove(1) == true);
    CHECK(publish(of) == 5U); // also when the lowest went
    CHECK(of.versions() == versions{3, 4, 5});
    tests::put_object(of.storage(), names::name(99'999'998), {});
    CHECK(publish(of) == 99'999'999U);
    CHECK(publish(of) == 100'000'000U);
    CHECK(publish(of) == 100'000'001U);
    CHECK(of.newest() == 100'000'001U);
    CHECK(of.versions() == versions{3, 4, 5, 99'999'998, 99'999'999, 100'000'000, 100'000'001});
    tests::put_object(of.storage(), names::name(0), {});
    CHECK(of.versions()->front() == 0); // never given out, but nothing is wrong with it
}

// After the last number there is none.
template <class Make>
void versions_end(Make make) {
    for (const std::uint64_t left : {0U, 1U, 2U}) {
        const store<made<Make>, crc32> of{make()};
        const auto highest = ~std::uint64_t{0} - left;
        tests::put_object(of.storage(), names::name(highest), {});
        for (std::uint64_t i = 0; i != left; ++i) {
            CHECK(publish(of) == highest + 1 + i);
        }
        const auto before = sorted_names(of.storage());
        const auto refused = publish(of);
        REQUIRE(!refused);
        CHECK(refused.error().code == errc::out_of_bounds);
        CHECK(refused.error().found == ~std::uint64_t{0});
        CHECK(sorted_names(of.storage()) == before);
    }
}

// Other names are nobody's versions, and stay.
template <class Make>
void versions_leave_others_alone(Make make) {
    const store<made<Make>> of{make()};
    const std::vector<std::string> foreign{"note.txt",
                                           "snapshot_00000009.vamm.tmp",
                                           "snapshot_00000009.tmp",
                                           "snapshot_7.vamm",
                                           "snapshot_x.vamm",
                                           "snapshot_99999999999999999999.vamm",
                                           "snapshot_00000008",
                                           "snapshot_00000005.vamm.sha256"};
    for (const std::string& name : foreign) {
        tests::put_object(of.storage(), name, {});
    }
    CHECK(of.versions()->empty());
    CHECK(of.list()->empty());
    CHECK(of.newest().error().code == errc::not_found);
    CHECK(publish(of) == 1U);
    CHECK(publish(of) == 2U);
    REQUIRE(of.carry_out(keeping_newest(of)));
    REQUIRE(of.sweep(std::chrono::nanoseconds{0}));
    auto left = foreign;
    left.push_back(names::name(2));
    std::ranges::sort(left);
    CHECK(sorted_names(of.storage()) == left);
}

// A digest stands beside its version as checksum tools write it.
template <class Make>
void versions_have_digests(Make make) {
    const store<made<Make>, crc32> of{make()};
    REQUIRE(publish(of, "123456789") == 1U);
    CHECK(tests::object_bytes(of.storage(), "snapshot_00000001.vamm.crc32") ==
          tests::blob_of("cbf43926  snapshot_00000001.vamm\n"));
    CHECK(of.digest(1) == 0xcbf43926U);
    CHECK(of.versions() == versions{1});
    CHECK(of.list()->size() == 1);
    CHECK(of.digest(2).error().code == errc::not_found);

    const version_store<made<Make>, tests::wide_hash, names> wide{make()};
    auto staged = wide.storage().stage();
    REQUIRE(staged);
    const auto digest = hash_of<tests::wide_hash>({});
    REQUIRE(wide.publish(*staged, digest) == 1U);
    CHECK(tests::object_bytes(wide.storage(), "snapshot_00000001.vamm.wide") ==
          tests::blob_of("cbf29ce4842223259ae16a3b2f90404f  snapshot_00000001.vamm\n"));
    CHECK(wide.digest(1) == digest);
}

// An object is believed only with the digest that was recorded for it.
template <class Make>
void versions_are_believed_by_digest(Make make) {
    const store<made<Make>, crc32> of{make()};
    REQUIRE(publish(of, "123456789") == 1U);
    const std::string beside = names::name(1) + ".crc32";
    const auto open = [&](std::string_view line) {
        tests::put_object(of.storage(), beside, bytes_of(line));
        return of.open(1, access::map, verify);
    };
    // What other tools write of the same digest.
    CHECK(open("cbf43926"));
    CHECK(open("CBF43926  another/name\n"));
    CHECK(open("cbf43926 *snapshot_00000001.vamm\n"));

    const auto tampered = open("cbf43927  snapshot_00000001.vamm\n");
    REQUIRE(!tampered);
    CHECK(tampered.error().code == errc::checksum_mismatch);
    CHECK(tampered.error().found == 0xcbf43927U);
    CHECK(tampered.error().wanted == 0xcbf43926U);
    CHECK(tampered.error().where == label{names::name(1)});

    for (const char* garbage : {"", " ", "cbf4392", "cbf439260", "cbf43926\n", "cbf4392g  x\n",
                                "  cbf43926", "cbf43926cbf43926  x\n", "\xff\xff\xff\xff"}) {
        INFO("digest ", garbage);
        const auto refused = open(garbage);
        REQUIRE(!refused);
        CHECK(refused.error().code == errc::invalid_value);
        CHECK(refused.error().where == label{beside});
    }
    REQUIRE(of.storage().remove(beside) == true);
    const auto missing = of.open(1, access::map, verify);
    REQUIRE(!missing);
    CHECK(missing.error().code == errc::missing_field);
    CHECK(missing.error().where == label{beside});
    // Whoever skips integrity does not ask for it.
    CHECK(of.open(1, access::map, skip));
}

// An object that was changed is refused.
template <class Make>
void versions_changed_are_refused(Make make) {
    const store<made<Make>, crc32> of{make()};
    REQUIRE(publish(of, "123456789") == 1U);
    for (const char* changed : {"123456788", "12345678", "1234567890", ""}) {
        tests::put_object(of.storage(), names::name(1), bytes_of(changed));
        const auto refused = of.open(1, access::map, verify);
        REQUIRE(!refused);
        CHECK(refused.error().code == errc::checksum_mismatch);
        CHECK(refused.error().found == 0xcbf43926U);
        CHECK(of.open(1, access::map, skip)->bytes().size() == std::string_view{changed}.size());
    }
}

// Opening with a watcher can be stopped.
template <class Make>
void versions_opening_is_stopped(Make make) {
    const store<made<Make>, crc32> of{make()};
    REQUIRE(publish(of, "123456789") == 1U);
    std::stop_source stop;
    stop.request_stop();
    const monitor watch{stop.get_token()};
    const auto stopped = of.open(1, access::map, {.watch = &watch});
    REQUIRE(!stopped);
    CHECK(stopped.error().code == errc::cancelled);
    CHECK(stopped.error().found == 9);
}

// Removing a version takes its digest along.
template <class Make>
void versions_go_with_digests(Make make) {
    const store<made<Make>, crc32> of{make()};
    REQUIRE(publish(of) == 1U);
    REQUIRE(publish(of) == 2U);
    CHECK(of.remove(1) == true);
    CHECK(sorted_names(of.storage()) ==
          std::vector<std::string>{names::name(2), names::name(2) + ".crc32"});
    CHECK(of.remove(1) == false);
    CHECK(of.remove(77) == false);
    const auto newest = of.remove(2);
    REQUIRE(!newest);
    CHECK(newest.error().code == errc::unsupported);
    CHECK(newest.error().where == label{names::name(2)});
    CHECK(of.versions() == versions{2});
    const store<made<Make>, crc32> empty{make()};
    CHECK(empty.remove(1) == false);
}

// Pins are beside their versions, and go by name.
template <class Make>
void versions_are_pinned(Make make) {
    const store<made<Make>> of{make()};
    REQUIRE(publish(of) == 1U);
    REQUIRE(publish(of) == 2U);
    CHECK(of.pin(3, "").error().code == errc::not_found);
    CHECK(of.unpin(1) == false);
    REQUIRE(of.pin(1, "before the migration"));
    CHECK(tests::object_bytes(of.storage(), "snapshot_00000001.vamm.pin") ==
          tests::blob_of("before the migration"));
    REQUIRE(of.pin(1, "")); // again, for another reason
    auto list = of.list();
    REQUIRE(list);
    REQUIRE(list->size() == 2);
    CHECK((*list)[0].pinned);
    CHECK(!(*list)[1].pinned);
    CHECK(of.carry_out(keeping_newest(of))->removed.empty());
    CHECK(of.unpin(1) == true);
    CHECK(of.unpin(1) == false);
    CHECK(of.carry_out(keeping_newest(of))->removed == versions{1});
    CHECK(of.versions() == versions{2});
}

// Retention follows each save, and numbers go on after what is gone.
template <class Make>
void manager_retains(Make make) {
    using manager_type = notes<made<Make>, wide_hash, keep_last>;
    const auto storage = make();
    const auto manager = opened<manager_type>(storage, keep_last{2});
    for (std::uint64_t i = 1; i != 6; ++i) {
        const auto done = manager.save(note_of(i));
        REQUIRE(done);
        CHECK(done->version == i);
        CHECK(done->cleanup.failures.empty());
        CHECK(done->cleanup.removed == (i > 2 ? versions{i - 2} : versions{}));
        CHECK(done->cleanup.kept == (i == 1 ? versions{1} : versions{i - 1, i}));
    }
    CHECK(sorted_names(storage).size() == 4); // two versions, two digests
    const auto one = opened<manager_type>(storage, keep_last{1});
    CHECK(one.plan()->size() == 2);
    const auto pruned = one.prune();
    REQUIRE(pruned);
    CHECK(pruned->removed == versions{4});
    CHECK(pruned->kept == versions{5});
    CHECK(saved_as(one, 6) == 6);
    CHECK(one.versions() == versions{6});
}

// Pinned versions stay until they are unpinned.
template <class Make>
void manager_keeps_what_is_pinned(Make make) {
    const auto manager = opened<notes<made<Make>, no_hash, keep_last>>(make(), keep_last{1});
    saved_as(manager, 1);
    REQUIRE(manager.pin(1, "the first"));
    for (std::uint64_t i = 2; i != 5; ++i) {
        saved_as(manager, i);
    }
    CHECK(manager.versions() == versions{1, 4});
    CHECK(manager.list()->front().pinned);
    CHECK(manager.plan()->back().reason == "pinned");
    CHECK(manager.unpin(1) == true);
    CHECK(manager.unpin(1) == false);
    CHECK(manager.pin(2).error().code == errc::not_found);
    CHECK(manager.prune()->removed == versions{1});
}

// Versions go by name, but for the newest.
template <class Make>
void manager_removes_by_name(Make make) {
    const auto manager = opened<notes<made<Make>, wide_hash>>(make());
    for (std::uint64_t i = 1; i != 4; ++i) {
        saved_as(manager, i);
    }
    CHECK(manager.remove(2) == true);
    CHECK(manager.remove(2) == false);
    CHECK(manager.remove(3).error().code == errc::unsupported);
    CHECK(manager.versions() == versions{1, 3});
    CHECK(saved_as(manager, 4) == 4);
    CHECK(manager.remove(3) == true);
    CHECK(manager.digest(3).error().code == errc::not_found);
}

// What was saved comes back, by its number and as the newest.
void manager_round_trip(const auto& manager, std::size_t largest = 300'000) {
    CHECK(manager.load_latest().error().code == errc::not_found);
    CHECK(manager.view_latest().error().code == errc::not_found);
    CHECK(manager.load(1).error().code == errc::not_found);
    CHECK(manager.versions()->empty());
    CHECK(manager.list()->empty());
    CHECK(manager.plan()->empty());
    CHECK(manager.prune()->removed.empty());
    const std::size_t sizes[] = {0, 1, 40'000, largest};
    for (std::uint64_t i = 0; i != std::size(sizes); ++i) {
        const auto state = note_of(i, sizes[i]);
        CHECK(manager.save(state)->version == i + 1);
        const auto latest = manager.load_latest();
        REQUIRE(latest);
        CHECK(latest->version == i + 1);
        CHECK(latest->state == state);
        const auto view = manager.view_latest();
        REQUIRE(view);
        CHECK(view->version == i + 1);
        CHECK((*view)->template get<"number">() == i);
        CHECK(std::ranges::equal((*view)->template get<"text">(), latest->state.text));
    }
    for (std::uint64_t i = 0; i != std::size(sizes); ++i) {
        CHECK(manager.load(i + 1)->state.number == i);
        CHECK(manager.view(i + 1)->version == i + 1);
    }
    CHECK(manager.load(99).error().code == errc::not_found);
    CHECK(manager.view(99).error().code == errc::not_found);
    CHECK(manager.versions() == versions{1, 2, 3, 4});
    CHECK(manager.list()->size() == 4);
}

// Many threads save at once: each has a number of its own, and nothing is lost.
void manager_crowd(const auto& manager, std::uint64_t rounds = 25) {
    constexpr int threads = 4;

    std::vector<versions> got(threads);
    std::atomic<int> failed{0};
    std::vector<std::jthread> all;
    for (std::size_t me = 0; me != threads; ++me) {
        all.emplace_back([&, me] {
            for (std::uint64_t i = 0; i != rounds; ++i) {
                const auto done = manager.save(note_of(me * 1000 + i));
                failed += done && manager.load_latest() && manager.list() ? 0 : 1;
                got[me].push_back(done ? done->version : 0);
            }
        });
    }
    all.clear();
    CHECK(failed == 0);
    versions everything;
    for (std::size_t me = 0; me != threads; ++me) {
        CHECK(std::ranges::is_sorted(got[me]));
        for (std::uint64_t i = 0; i != rounds; ++i) {
            everything.push_back(got[me][i]);
            const auto back = manager.load(got[me][i]);
            REQUIRE(back);
            CHECK(back->state == note_of(me * 1000 + i));
        }
    }
    std::ranges::sort(everything);
    CHECK(manager.versions() == everything);
    CHECK(std::ranges::adjacent_find(everything) == everything.end());
}

struct version_pace {
    std::size_t largest = 300'000; // bytes of the largest state
    std::uint64_t rounds = 25;     // of each of four threads that save
};

template <class Make>
void version_laws(Make make, const version_pace& pace = {}) {
    versions_are_numbered(make);
    versions_end(make);
    versions_leave_others_alone(make);
    versions_have_digests(make);
    versions_are_believed_by_digest(make);
    versions_changed_are_refused(make);
    versions_opening_is_stopped(make);
    versions_go_with_digests(make);
    versions_are_pinned(make);
    manager_retains(make);
    manager_keeps_what_is_pinned(make);
    manager_removes_by_name(make);
    manager_round_trip(opened<notes<made<Make>, wide_hash>>(make()), pace.largest);
    manager_crowd(opened<notes<made<Make>, wide_hash>>(make()), pace.rounds);
}

} // namespace tintype::laws
