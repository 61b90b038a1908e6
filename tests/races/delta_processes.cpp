// One process appends to a history in a real folder, cleans it up and compacts it, and is killed at
// any moment and started again, while others read it: each snapshot that a reader finds is the one
// that was appended, none that was there is gone but by its age, and after a kill all is there that
// was acknowledged.

#include <tintype/core/identical.hpp>
#include <tintype/core/message.hpp>
#include <tintype/core/mix.hpp>
#include <tintype/delta/reader.hpp>
#include <tintype/delta/store.hpp>
#include <tintype/storage/directory.hpp>

#include "support/child.hpp"
#include "support/histories.hpp"
#include "support/scratch.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using tests::child;
using tests::sample;
using tests::sample_at;
using tests::sample_second;
using tests::sample_start;
using tests::tell;
using tintype::directory;
using store = tintype::delta_store<sample>;
using reader = tintype::delta_reader<sample>;

int complain(const std::string& what) {
    std::printf("%s\n", what.c_str());
    static_cast<void>(std::fflush(stdout));
    return 1;
}

// So many snapshots are kept, about.
constexpr std::uint64_t kept = 120;

// The next ones, up to `last`; tells how many there are. A snapshot's index says all of it.
int write_many(int pipe, const std::string& path, std::uint64_t last,
               tintype::flush_policy policy) {
    auto held = store::open(directory{path}, "history", {.flush = policy});
    if (!held) {
        return complain("writer: " + tintype::message(held.error()));
    }
    if (!held->lost().empty() || !held->damage().empty()) {
        return complain("writer: something is damaged");
    }
    while (held->next_index() != last) {
        const std::uint64_t index = held->next_index();
        if (const auto done = held->append(sample_at(index)); !done || *done != index) {
            return complain("writer: it cannot append");
        }
        tell(pipe, index + 1);
        if (index % 7 == 3) {
            const auto done = held->cleanup(sample_start + index * sample_second,
                                            {.raw_max_age = 20s,
                                             .compressed_max_age = 50s,
                                             .archive_max_age = std::chrono::seconds{kept},
                                             .archive_block = 40,
                                             .tolerated_waste = 4096});
            if (!done || done->damaged != 0) {
                return complain("writer: it cannot clean up");
            }
        }
    }
    return held->flush() ? 0 : complain("writer: it cannot flush");
}

// Whether everything in a history is as it was appended, without a hole.
template <class History>
bool sound(const History& history, std::string& wrong) {
    auto at = history.read();
    const auto all = history.entries();
    if (all.empty()) {
        return history.next_index() == 0;
    }
    if (!history.lost().empty() || !history.damage().empty()) {
        wrong = "something is damaged";
        return false;
    }
    if (auto done = at.seek(all.front().index); !done) {
        wrong = tintype::message(done.error());
        return false;
    }
    for (std::uint64_t index = all.front().index;; ++index) {
        if (at.entry().facts.index != index ||
            !tintype::identical(at.snapshot(), sample_at(index))) {
            wrong = std::to_string(index) + " is another";
            return false;
        }
        const auto more = at.next();
        if (!more) {
            wrong = tintype::message(more.error());
            return false;
        }
        if (!*more) {
            break;
        }
    }
    const auto points = history.changes("metrics.cpu").value();
    if (at.entry().facts.index + 1 != history.next_index() || points.empty() ||
        points.front().index != all.front().index ||
        points.front().value != sample_at(all.front().index).metrics["cpu"][0]) {
        wrong = "the answers are others";
        return false;
    }
    return true;
}

// Looks until it has seen the last snapshot, or is killed.
int read_until(const std::string& path, tintype::access how, std::uint64_t last) {
    auto held = reader::open(directory{path}, "history", {.how = how});
    if (!held) {
        return complain("reader: " + tintype::message(held.error()));
    }
    std::uint64_t seen = 0;
    for (;;) {
        std::string wrong;
        if (!sound(*held, wrong)) {
            return complain("reader: " + wrong);
        }
        // With a writer that is not killed, nothing is ever taken back.
        if (held->next_index() < seen) {
            return complain("reader: it became less");
        }
        seen = held->next_index();
        if (seen >= last) {
            return 0;
        }
        if (const auto done = held->refresh(); !done) {
            return complain("refresh: " + tintype::message(done.error()));
        }
    }
}

void create(const std::string& path) {
    auto held = store::open(directory{path}, "history");
    REQUIRE(held);
    REQUIRE(held->append(sample_at(0)));
}

} // namespace

TEST_CASE("readers in other processes see a sound history while one appends and cleans up") {
    const tests::scratch root;
    const std::string path = root / "folder";
    create(path);
    constexpr std::uint64_t last = 1500;
    std::vector<child> readers;
    for (int i = 0; i != 2; ++i) {
        readers.emplace_back([&](int) {
            return read_until(path, i == 0 ? tintype::access::copy : tintype::access::map, last);
        });
    }
    child writing{[&](int pipe) {
        return write_many(pipe, path, last, tintype::flush_every{.records = 50});
    }};
    CHECK(writing.last() == last);
    CHECK(writing.wait() == 0);
    for (child& each : readers) {
        CHECK(each.wait() == 0);
    }
    const auto held = store::open(directory{path}, "history");
    REQUIRE(held);
    CHECK(held->count() <= kept + 8);
    CHECK(held->count() >= kept);
    CHECK(held->size() < 200'000);
}

TEST_CASE("a second writer is refused at once, in any process") {
    const tests::scratch root;
    const std::string path = root / "folder";
    create(path);
    const auto try_to_open = [&] {
        child other{[&](int) {
            const auto held = store::open(directory{path}, "history");
            return held ? 0 : static_cast<int>(held.error().code);
        }};
        return other.wait();
    };
    {
        const auto held = store::open(directory{path}, "history");
        REQUIRE(held);
        CHECK(try_to_open() == static_cast<int>(tintype::errc::in_use));
    }
    CHECK(try_to_open() == 0);
}

TEST_CASE("after a writer was killed another goes on, and all that was acknowledged is there") {
    const tests::scratch root;
    const std::string path = root / "folder";
    create(path);
    tintype::splitmix64 random{11};
    std::uint64_t torn = 0;
    std::uint64_t next = 1;
    for (int round = 0; round != 25; ++round) {
        child writing{[&](int pipe) {
            return write_many(pipe, path, 1'000'000, tintype::flush_on_request{});
        }};
        // By copies: whoever opens the history cuts it. What a killed writer wrote stays.
        child reading{[&](int) { return read_until(path, tintype::access::copy, ~0ULL); }};
        REQUIRE(writing.next() == next + 1);
        std::this_thread::sleep_for(std::chrono::microseconds{random() % 20'000});
        writing.kill();
        const auto acknowledged = std::max(writing.last(), next + 1);
        CHECK(writing.wait() == -SIGKILL);
        auto held = store::open(directory{path}, "history");
        REQUIRE(held);
        torn += held->cut() != 0 ? 1U : 0U;
        std::string wrong;
        CHECK(sound(*held, wrong));
        CHECK(wrong == "");
        CHECK(held->next_index() >= acknowledged);
        CHECK(held->next_index() <= acknowledged + 1); // one more may have been on its way
        CHECK(held->count() >= std::min(kept, held->next_index()));
        next = held->next_index();
        reading.kill();
        CHECK(reading.wait() == -SIGKILL); // and did not end before, which it does on an error
    }
    MESSAGE(next << " snapshots by 25 killed writers, of which " << torn << " tore a record");
}
