// Processes that save into one real folder at the same time, prune it, read it meanwhile, and are
// killed in the middle: no number is given out twice, nothing acknowledged is lost or torn.

#include <tintype/core/message.hpp>
#include <tintype/hash/crc32c.hpp>

#include "labelled.hpp"
#include "support/child.hpp"
#include "support/scratch.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <fcntl.h>
#include <map>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

using tests::child;
using tests::label_of;
using tests::labelled;
using tests::racing_manager;
using tests::record;

// All that a child tells until it ends.
std::vector<record> records_of(const child& from) {
    std::vector<record> all;
    // Writes of this size to a pipe are never split.
    for (record next; ::read(from.pipe(), &next, sizeof next) == sizeof next;) {
        all.push_back(next);
    }
    return all;
}

// Saves with labels of its own and tells of each; the status says what went wrong.
template <class Retention, class Hash = tintype::no_hash>
int save_many(int pipe, const std::string& path, const Retention& retention, std::uint64_t first,
              std::uint64_t count) {
    const auto manager = racing_manager<Retention, Hash>::open(tintype::directory{path}, retention);
    if (!manager) {
        return 1;
    }
    std::uint64_t before = 0;
    for (std::uint64_t label = first; label != first + count; ++label) {
        const auto saved = manager->save(labelled(label));
        if (!saved) {
            return 2;
        }
        if (!saved->cleanup.failures.empty()) {
            return 3;
        }
        const record told{.version = saved->version, .label = label};
        if (::write(pipe, &told, sizeof told) != sizeof told) {
            return 4;
        }
        if (saved->version <= before) {
            return 5;
        }
        before = saved->version;
    }
    return 0;
}

constexpr std::uint64_t label_space = 1'000'000;

// Loads the newest until nobody holds the other end of the pipe: it is whole and never older than
// the one before.
template <class Load>
int read_until_closed(int, const std::string& path, int closed, Load load) {
    const auto manager =
        racing_manager<tintype::keep_all>::open(tintype::directory{path}, tintype::keep_all{});
    if (!manager) {
        return 1;
    }
    std::uint64_t newest = 0;
    for (char byte = 0;;) {
        if (::read(closed, &byte, 1) == 0) {
            return newest == 0 ? 2 : 0;
        }
        const auto latest = load(*manager);
        if (!latest) {
            std::printf("after version %llu: %s\n", static_cast<unsigned long long>(newest),
                        tintype::message(latest.error()).c_str());
            static_cast<void>(std::fflush(stdout));
            return 3;
        }
        if (!label_of(latest->state)) {
            return 4;
        }
        if (latest->version < newest) {
            return 5;
        }
        newest = latest->version;
    }
}

// The records of eight savers who each save so often.
template <class Retention>
std::map<std::uint64_t, std::uint64_t>
eight_savers(const std::string& path, const Retention& retention, std::uint64_t count) {
    std::vector<child> children;
    for (std::uint64_t i = 1; i <= 8; ++i) {
        children.emplace_back(
            [&, i](int pipe) { return save_many(pipe, path, retention, i * label_space, count); });
    }
    // All pipes at once, or a full one would make its writer wait for us.
    std::vector<std::vector<record>> told(children.size());
    {
        std::vector<std::jthread> readers;
        for (std::size_t i = 0; i != children.size(); ++i) {
            readers.emplace_back([&, i] { told[i] = records_of(children[i]); });
        }
    }
    std::map<std::uint64_t, std::uint64_t> labels;
    for (std::size_t i = 0; i != children.size(); ++i) {
        CHECK(children[i].wait() == 0);
        CHECK(told[i].size() == count);
        for (const record& each : told[i]) {
            CHECK_MESSAGE(labels.emplace(each.version, each.label).second,
                          "version " << each.version << " was given out twice");
        }
    }
    return labels;
}

template <class Retention, class Load>
void savers_and_readers(const Retention& retention, std::size_t keep, std::uint64_t count,
                        Load load) {
    const tests::scratch folder;
    const std::string path = folder / "snapshots";
    const auto manager = racing_manager<Retention>::open(tintype::directory{path}, retention);
    REQUIRE(manager.has_value());
    REQUIRE(manager->save(labelled(1)).value().version == 1);
    int ends[2];
    REQUIRE(::pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0);
    std::vector<child> readers;
    for (int i = 0; i != 2; ++i) {
        readers.emplace_back([&](int pipe) {
            ::close(ends[1]);
            return read_until_closed(pipe, path, ends[0], load);
        });
    }
    const auto labels = eight_savers(path, retention, count);
    ::close(ends[1]);
    ::close(ends[0]);
    for (child& reader : readers) {
        CHECK(reader.wait() == 0);
    }
    CHECK(labels.size() == 8 * count);
    CHECK(labels.begin()->first == 2);
    CHECK(labels.rbegin()->first == 8 * count + 1);
    REQUIRE(manager->prune().has_value());
    const auto left = manager->versions().value();
    REQUIRE(left.size() == keep);
    for (std::size_t i = 0; i != keep; ++i) {
        CHECK(left[i] == 8 * count + 2 - keep + i);
        CHECK(label_of(manager->load(left[i]).value().state) == labels.at(left[i]));
    }
}

} // namespace

TEST_CASE("eight processes give out every number once and lose nothing") {
    constexpr std::uint64_t count = 1000;
    const tests::scratch folder;
    const std::string path = folder / "snapshots";
    const auto begin = std::chrono::steady_clock::now();
    const auto labels = eight_savers(path, tintype::keep_all{}, count);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    MESSAGE(labels.size() << " saves by eight processes in " << took.count() << " s");
    CHECK(labels.size() == 8 * count);
    CHECK(labels.begin()->first == 1);
    CHECK(labels.rbegin()->first == 8 * count);
    const auto manager =
        racing_manager<tintype::keep_all>::open(tintype::directory{path}, tintype::keep_all{});
    REQUIRE(manager.has_value());
    CHECK(manager->versions().value().size() == 8 * count);
    for (const auto& [version, label] : labels) {
        const auto loaded = manager->load(version);
        REQUIRE(loaded.has_value());
        REQUIRE(label_of(loaded->state) == label);
    }
}

TEST_CASE("the newest is always there for readers while eight processes save and prune") {
    savers_and_readers(tintype::keep_last{5}, 5, 150,
                       [](const auto& manager) { return manager.load_latest(); });
}

TEST_CASE("a reader of the latest valid one never finds none while others keep one") {
    savers_and_readers(tintype::keep_last{1}, 1, 60,
                       [](const auto& manager) { return manager.load_latest_valid(); });
}

TEST_CASE("what a killed process acknowledged is there") {
    using manager_type = racing_manager<tintype::keep_all, tintype::crc32c>;
    const tests::scratch folder;
    const std::string path = folder / "snapshots";
    tintype::splitmix64 random{1};
    std::map<std::uint64_t, std::uint64_t> acknowledged;
    std::size_t leftovers = 0;
    for (std::uint64_t round = 1; round <= 60; ++round) {
        std::vector<child> children;
        for (std::uint64_t i = 0; i != 2; ++i) {
            children.emplace_back([&, i](int pipe) {
                return save_many<tintype::keep_all, tintype::crc32c>(
                    pipe, path, tintype::keep_all{}, (round * 2 + i) * label_space, 100'000);
            });
        }
        for (child& each : children) {
            std::this_thread::sleep_for(std::chrono::microseconds{random() % 60'000});
            each.kill();
            CHECK(each.wait() == -SIGKILL);
            for (const record& told : records_of(each)) {
                CHECK(acknowledged.emplace(told.version, told.label).second);
            }
        }
        const tintype::directory storage{path};
        const auto swept = storage.sweep(std::chrono::nanoseconds{0});
        REQUIRE(swept.has_value());
        leftovers += *swept;
        const auto manager = manager_type::open(storage, tintype::keep_all{},
                                                {.sweep_grace = std::chrono::nanoseconds{0}});
        REQUIRE(manager.has_value());
        const auto versions = manager->versions().value();
        for (const auto& [version, label] : acknowledged) {
            const auto loaded = manager->load(version);
            REQUIRE(loaded.has_value());
            REQUIRE(label_of(loaded->state) == label);
        }
        // Others were published and not acknowledged, and are just as whole; beside each stands its
        // digest, and nothing else is left.
        for (const std::uint64_t version : versions) {
            REQUIRE(label_of(manager->load(version).value().state).has_value());
        }
        const tintype::posix_filesystem filesystem;
        auto opened = filesystem.open_folder(path);
        if (opened) {
            CHECK(filesystem.names(*opened).value().size() == 2 * versions.size());
        }
    }
    MESSAGE(acknowledged.size() << " versions acknowledged by 120 killed processes, " << leftovers
                                << " temporaries swept");
    CHECK(acknowledged.size() > 60);
    CHECK(leftovers > 0);
}
