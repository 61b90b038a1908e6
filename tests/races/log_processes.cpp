// One process appends to a log in a real folder while others read it, want to write it too, and
// while it is killed in the middle: readers see whole records only, in order, and whoever comes
// after a killed writer may write and finds all that was acknowledged.

#include <tintype/core/message.hpp>
#include <tintype/core/mix.hpp>
#include <tintype/log/view.hpp>
#include <tintype/log/writer.hpp>
#include <tintype/storage/directory.hpp>

#include "support/bytes.hpp"
#include "support/child.hpp"
#include "support/logs.hpp"
#include "support/scratch.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <fcntl.h>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

using tests::child;
using tests::log_magic;
using tests::tell;
using tintype::byte_view;
using tintype::directory;
using writer = tintype::log_writer<directory>;
using view = tintype::log_view<directory>;

// What the so manieth record holds: its number stands for all of it.
tintype::blob payload_of(std::uint64_t number) {
    return tests::noise(tintype::splitmix64{number}() % 5000, number);
}

// Whether these are records in order, from number `next` on, whole; `next` is told to be behind.
bool in_order(byte_view bytes, std::uint64_t from, std::uint32_t& next) {
    bool good = true;
    tintype::scan_log(bytes, from, [&]<class What>(const What& what) {
        if constexpr (std::is_same_v<What, tintype::log_record>) {
            const auto payload = tintype::log_payload(bytes, what);
            good = good && payload && what.kind == next &&
                   std::ranges::equal(*payload, payload_of(next));
            ++next;
        } else {
            good = false;
        }
    });
    return good;
}

// Appends records `next` and on; tells of each.
int append_many(int pipe, const std::string& path, std::uint32_t next, std::uint32_t count,
                tintype::flush_policy policy) {
    auto log = writer::open(directory{path}, "log", log_magic, policy);
    if (!log) {
        std::printf("%s\n", tintype::message(log.error()).c_str());
        static_cast<void>(std::fflush(stdout));
        return 1;
    }
    for (const auto end = next + count; next != end; ++next) {
        const auto payload = payload_of(next);
        if (!log->append(next, byte_view{payload})) {
            return 2;
        }
        tell(pipe, next);
    }
    return log->flush() ? 0 : 3;
}

// Looks until it has seen the last record.
int read_until(const std::string& path, tintype::access how, std::uint32_t last) {
    auto log = view::open(directory{path}, "log", log_magic, how);
    if (!log) {
        return 1;
    }
    std::uint32_t next = 1;
    for (std::uint64_t from = tintype::log_begin;;) {
        if (!in_order(log->bytes(), from, next)) {
            return 2;
        }
        if (next > last) {
            return 0;
        }
        from = log->bytes().size();
        for (;;) {
            const auto change = log->refresh();
            if (!change || *change == tintype::log_change::rewritten) {
                return 3;
            }
            if (*change == tintype::log_change::grown) {
                break;
            }
        }
    }
}

void create_log(const std::string& path) {
    const auto payload = payload_of(1);
    const std::array<byte_view, 1> pieces{payload};
    REQUIRE(writer::create(directory{path}, "log", log_magic, pieces, 1));
}

} // namespace

TEST_CASE("readers in other processes see whole records, in order, while one appends") {
    const tests::scratch root;
    const std::string path = root / "folder";
    create_log(path);
    constexpr std::uint32_t count = 3000;
    std::vector<child> readers;
    for (int i = 0; i != 3; ++i) {
        readers.emplace_back([&](int) {
            return read_until(path, i == 0 ? tintype::access::copy : tintype::access::map,
                              count + 1);
        });
    }
    child appending{[&](int pipe) {
        return append_many(pipe, path, 2, count, tintype::flush_every{.records = 100});
    }};
    CHECK(appending.last() == count + 1);
    CHECK(appending.wait() == 0);
    for (child& each : readers) {
        CHECK(each.wait() == 0);
    }
}

TEST_CASE("a second writer is refused at once, in any process") {
    const tests::scratch root;
    const std::string path = root / "folder";
    create_log(path);
    const auto try_to_open = [&] {
        child other{[&](int) {
            const auto log = writer::open(directory{path}, "log", log_magic);
            return log ? 0 : static_cast<int>(log.error().code);
        }};
        return other.wait();
    };
    {
        auto log = writer::open(directory{path}, "log", log_magic);
        REQUIRE(log);
        CHECK(try_to_open() == static_cast<int>(tintype::errc::in_use));
        auto moved = std::move(log);
        CHECK(try_to_open() == static_cast<int>(tintype::errc::in_use));
        REQUIRE(moved->append(1, byte_view{}));
    }
    CHECK(try_to_open() == 0);
}

TEST_CASE("after a writer was killed another may write, and all that was acknowledged is there") {
    const tests::scratch root;
    const std::string path = root / "folder";
    create_log(path);
    tintype::splitmix64 random{7};
    std::uint32_t next = 2;
    std::uint64_t torn = 0;
    for (int round = 0; round != 25; ++round) {
        child appending{[&](int pipe) {
            return append_many(pipe, path, next, 1'000'000, tintype::flush_on_request{});
        }};
        // By copies: whoever opens the log cuts it.
        child reading{[&](int) { return read_until(path, tintype::access::copy, 2'000'000'000); }};
        REQUIRE(appending.next() == next);
        std::this_thread::sleep_for(std::chrono::microseconds{random() % 6000});
        appending.kill();
        const auto acknowledged = std::max<std::uint64_t>(appending.last(), next);
        CHECK(appending.wait() == -SIGKILL);
        std::uint32_t found = 1;
        bool good = true;
        auto log =
            writer::open(directory{path}, "log", log_magic, {}, [&](const auto&, byte_view) {});
        REQUIRE(log);
        torn += log->cut() != 0 ? 1U : 0U;
        const auto there = view::open(directory{path}, "log", log_magic);
        REQUIRE(there);
        good = in_order(there->bytes(), tintype::log_begin, found);
        CHECK(good);
        CHECK(found > acknowledged);
        CHECK(found <= acknowledged + 2); // one more may have been on its way
        next = found;
        reading.kill();
        CHECK(reading.wait() == -SIGKILL); // and did not end before, which it does on an error
    }
    MESSAGE(next << " records by 25 killed writers, of which " << torn << " tore one");
}
