// Versions that cannot be loaded: what falls back and says what it skipped, what verifying finds,
// and which versions a sample looks at.

#include "fixtures.hpp"
#include "support/scratch.hpp"

#include <doctest/doctest.h>

#include <map>
#include <stop_token>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace {

using tests::note_of;
using tests::notes;
using tests::opened;
using tests::saved_as;
using tests::versions;
using tests::wide_hash;
using tintype::blob;
using tintype::directory;
using tintype::errc;
using tintype::keep_all;
using tintype::memory_storage;

using names = tintype::numbered<"snapshot_", ".tintype">;

struct damage {
    const char* name;
    void (*hurt)(blob&);
    errc code;
};

// In the order in which decoding looks.
const damage damages[] = {
    {"emptied", [](blob& bytes) { bytes.clear(); }, errc::truncated},
    {"cut to less than any", [](blob& bytes) { bytes.resize(24); }, errc::truncated},
    {"magic", [](blob& bytes) { bytes[0] ^= std::byte{1}; }, errc::invalid_magic},
    {"version", [](blob& bytes) { bytes[4] ^= std::byte{1}; }, errc::unsupported_version},
    {"a bit of the payload", [](blob& bytes) { bytes[30] ^= std::byte{8}; },
     errc::checksum_mismatch},
    {"checksum", [](blob& bytes) { bytes.back() ^= std::byte{1}; }, errc::checksum_mismatch},
    {"last byte gone", [](blob& bytes) { bytes.pop_back(); }, errc::checksum_mismatch},
    {"a byte too many", [](blob& bytes) { bytes.push_back({}); }, errc::checksum_mismatch},
};

template <class Storage>
void hurt(const Storage& storage, std::uint64_t version, const damage& how) {
    auto bytes = tests::object_bytes(storage, names::name(version));
    how.hurt(bytes);
    tests::put_object(storage, names::name(version), bytes);
}

versions of(const std::vector<tintype::damaged>& all) {
    versions numbers;
    for (const tintype::damaged& each : all) {
        numbers.push_back(each.version);
    }
    return numbers;
}

} // namespace

TEST_CASE("each kind of damage is skipped by name, and the newest good version comes back") {
    const tests::scratch root;
    std::size_t folder = 0;
    for (const auto how : {tintype::access::map, tintype::access::copy}) {
        const directory storage{root / std::to_string(++folder)};
        const auto manager = opened<notes<directory>>(storage, keep_all{}, {.access = how});
        saved_as(manager, 1, 100);
        std::vector<errc> expected;
        for (const damage& each : damages) {
            INFO("damage ", each.name);
            const auto version = saved_as(manager, 2, 100);
            hurt(storage, version, each);
            expected.insert(expected.begin(), each.code);
            const auto latest = manager.load_latest();
            REQUIRE(!latest);
            CHECK(latest.error().code == each.code);
            if (each.code != errc::invalid_magic && each.code != errc::unsupported_version) {
                CHECK(latest.error().where == tintype::label{names::name(version)});
            }
            CHECK(manager.view_latest().error().code == each.code);

            const auto valid = manager.load_latest_valid();
            REQUIRE(valid);
            CHECK(valid->version == 1);
            CHECK(valid->state == note_of(1, 100));
            REQUIRE(valid->skipped.size() == expected.size());
            CHECK(valid->skipped.front().version == version); // newest first
            for (std::size_t i = 0; i != expected.size(); ++i) {
                CHECK(valid->skipped[i].what.code == expected[i]);
            }
        }
        const auto again = saved_as(manager, 3);
        const auto valid = manager.load_latest_valid();
        REQUIRE(valid);
        CHECK(valid->version == again);
        CHECK(valid->skipped.empty());
    }
}

TEST_CASE("without a good version it is the newest's error, without any it is not found") {
    const memory_storage storage;
    const auto manager = opened<notes<memory_storage>>(storage);
    CHECK(manager.load_latest_valid().error().code == errc::not_found);
    saved_as(manager, 1);
    saved_as(manager, 2);
    hurt(storage, 1, damages[0]);
    hurt(storage, 2, damages[2]);
    CHECK(manager.load_latest_valid().error().code == errc::invalid_magic);
}

TEST_CASE("tampering that the codec cannot see, the digest sees") {
    const memory_storage storage;
    const auto manager = opened<notes<memory_storage, wide_hash>>(storage);
    for (std::uint64_t i = 1; i != 6; ++i) {
        saved_as(manager, i);
    }
    // 5: another note, whole in itself. 4: no digest. 3: a digest that is none. 2: another's
    // digest.
    tests::put_object(storage, names::name(5), *tintype::encode<tests::note_format>(note_of(99)));
    REQUIRE(storage.remove(names::name(4) + ".wide"));
    tests::put_object(storage, names::name(3) + ".wide", tintype::bytes_of("garbage"));
    tests::put_object(storage, names::name(2) + ".wide",
                      tests::object_bytes(storage, names::name(1) + ".wide"));
    CHECK(manager.load_latest().error().code == errc::checksum_mismatch);
    CHECK(manager.view_latest().error().code == errc::checksum_mismatch);
    const auto valid = manager.load_latest_valid();
    REQUIRE(valid);
    CHECK(valid->version == 1);
    CHECK(of(valid->skipped) == versions{5, 4, 3, 2});
    CHECK(valid->skipped[0].what.code == errc::checksum_mismatch);
    CHECK(valid->skipped[1].what.code == errc::missing_field);
    CHECK(valid->skipped[2].what.code == errc::invalid_value);
    CHECK(valid->skipped[3].what.code == errc::checksum_mismatch);
    CHECK(valid->skipped[3].what.found != valid->skipped[3].what.wanted);

    const auto verified = manager.verify();
    REQUIRE(verified);
    CHECK(verified->good == versions{1});
    CHECK(of(verified->bad) == versions{5, 4, 3, 2});

    // Whoever says so believes without asking.
    const auto trusting = opened<notes<memory_storage, wide_hash>>(
        storage, keep_all{}, {.decode = {.integrity = tintype::integrity::skip}});
    CHECK(trusting.load_latest()->state == note_of(99));
}

TEST_CASE("a version that is no file any more is skipped too") {
    const tests::scratch root;
    const auto manager = opened<notes<directory>>(directory{root.path()});
    saved_as(manager, 1);
    saved_as(manager, 2);
    const std::string path = root / names::name(2);
    REQUIRE(::unlink(path.c_str()) == 0);
    REQUIRE(::symlink(names::name(1).c_str(), path.c_str()) == 0);
    const auto valid = manager.load_latest_valid();
    REQUIRE(valid);
    CHECK(valid->version == 1);
    CHECK(manager.load(2).error().code == errc::bad_name); // never through a link
    CHECK(saved_as(manager, 3) == 3);                      // the name is taken all the same
}

TEST_CASE("whoever cancels a search for a good version has cancelled it") {
    const memory_storage storage;
    const auto saver = opened<notes<memory_storage>>(storage);
    saved_as(saver, 1);
    saved_as(saver, 2);
    std::stop_source stop;
    const tintype::monitor watch{stop.get_token()};
    const auto manager =
        opened<notes<memory_storage>>(storage, keep_all{}, {.decode = {.watch = &watch}});
    CHECK(manager.load_latest_valid()->version == 2);
    stop.request_stop();
    CHECK(manager.load_latest_valid().error().code == errc::cancelled);
    CHECK(manager.load_latest().error().code == errc::cancelled);
}

TEST_CASE("verifying looks at every version, newest first, and tells how far it is") {
    const memory_storage storage;
    const auto manager = opened<notes<memory_storage>>(storage);
    CHECK(manager.verify()->good.empty());
    for (std::uint64_t i = 1; i != 9; ++i) {
        saved_as(manager, i, 100);
    }
    hurt(storage, 2, damages[4]);
    hurt(storage, 7, damages[5]);
    std::vector<tintype::progress> told;
    const auto remember = [&](tintype::progress now) { told.push_back(now); };
    const tintype::monitor watch{remember};
    const auto outcome = manager.verify({.watch = &watch});
    REQUIRE(outcome);
    CHECK(outcome->good == versions{8, 6, 5, 4, 3, 1});
    CHECK(of(outcome->bad) == versions{7, 2});
    CHECK(outcome->bad[0].what.code == errc::checksum_mismatch);
    CHECK(outcome->bad[0].what.where == tintype::label{names::name(7)});
    REQUIRE(told.size() == 8);
    for (std::uint64_t i = 0; i != 8; ++i) {
        CHECK(told[i].done == i + 1);
        CHECK(told[i].total == 8);
    }

    std::stop_source stop;
    const auto after_three = [&](tintype::progress now) {
        if (now.done == 3) {
            stop.request_stop();
        }
    };
    const tintype::monitor stopping{after_three, stop.get_token()};
    const auto stopped = manager.verify({.watch = &stopping});
    REQUIRE(!stopped);
    CHECK(stopped.error().code == errc::cancelled);
    CHECK(stopped.error().found == 3);
    CHECK(stopped.error().wanted == 8);
}

TEST_CASE("a sample has the size that was asked for, is the same for a seed, and is fair") {
    constexpr std::uint64_t count = 40;
    const auto manager = opened<notes<memory_storage>>(memory_storage{});
    for (std::uint64_t i = 1; i <= count; ++i) {
        saved_as(manager, i);
    }
    const auto sample = [&](std::uint64_t size, std::uint64_t seed) {
        const auto outcome = manager.verify({.at_most = size, .seed = seed});
        REQUIRE(outcome);
        CHECK(outcome->bad.empty());
        CHECK(std::ranges::is_sorted(outcome->good, std::greater<>{}));
        CHECK(std::ranges::adjacent_find(outcome->good) == outcome->good.end());
        return outcome->good;
    };
    for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{2},
                                     count - 1, count, count + 1, ~std::uint64_t{0}}) {
        CHECK(sample(size, 5).size() == std::min(size, count));
        CHECK(sample(size, 5) == sample(size, 5));
    }
    CHECK(sample(10, 1) != sample(10, 2));

    // Each version is in a quarter of the samples of a quarter: 100 of 400, and 8.7 is one sigma.
    std::map<std::uint64_t, int> seen;
    for (std::uint64_t seed = 0; seed != 400; ++seed) {
        for (const std::uint64_t version : sample(count / 4, seed)) {
            ++seen[version];
        }
    }
    CHECK(seen.size() == count);
    for (const auto& [version, times] : seen) {
        INFO("version ", version);
        CHECK(times > 60);
        CHECK(times < 140);
    }
}
