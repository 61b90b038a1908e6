// A process writes to a database as fast as it can while another exports it a hundred times, in
// each mode that SQLite has: every export is whole and holds one state between two transactions.
// And exporters that are killed leave nothing that the next one does not sweep.

#include <tintype/hash/crc32c.hpp>
#include <tintype/stream/exporter.hpp>
#include <tintype/stream/sqlite_source.hpp>

#include "support/child.hpp"
#include "support/scratch.hpp"
#include "unit/stream/sqlite_fixtures.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <string>
#include <unistd.h>

using namespace std::chrono_literals;
using tests::child;
using tests::database;
using tests::sqlite_exporter;

namespace {

// Writes until it is killed, and tells of each transaction.
int write_for_ever(int pipe, const std::string& path) {
    database writer{path};
    sqlite3_busy_timeout(writer.get(), 10'000);
    for (std::uint64_t i = 1;; ++i) {
        if (writer.run(tests::transaction()) != SQLITE_OK) {
            static_cast<void>(writer.run("ROLLBACK"));
            continue;
        }
        if (i % 100 == 0) {
            // So that it stays small.
            static_cast<void>(writer.run("UPDATE a SET x = NULL"));
        }
        if (i == 1) {
            tests::tell(pipe, i);
        }
    }
}

// The exports' states, checked, in order.
void export_many(const std::string& mode, const tintype::sqlite_options& options, int times) {
    const tests::scratch root;
    const tests::scratch temp;
    const std::string path = root / "live.db";
    {
        database make{path};
        REQUIRE(make.ask("PRAGMA journal_mode = " + mode) == mode);
        tests::fill(make, 300);
    }
    child writer{[&](int pipe) { return write_for_ever(pipe, path); }};
    REQUIRE(writer.next() == 1);
    std::uint64_t before = 0;
    std::uint64_t moved = 0;
    for (int i = 0; i != times; ++i) {
        auto from =
            sqlite_exporter::open({.temp_dir = temp.path()}, tintype::sqlite_source{path, options});
        REQUIRE(tests::said(from) == "no error");
        tests::unpack(*from, root.path());
        const auto state = tests::state_of(root / "database.db");
        INFO(state);
        REQUIRE(state.find_first_not_of("0123456789") == std::string::npos);
        const std::uint64_t now = std::stoull(state);
        REQUIRE(now >= before);
        moved += now > before ? 1U : 0U;
        before = now;
        std::filesystem::remove(root / "database.db");
    }
    // The writer did write, from one export to the next.
    CHECK(moved > static_cast<std::uint64_t>(times / 2));
    CHECK(std::filesystem::is_empty(temp.path()));
    writer.kill();
    CHECK(writer.wait() == -SIGKILL);
    // What a killed writer left is no obstacle.
    auto last =
        sqlite_exporter::open({.temp_dir = temp.path()}, tintype::sqlite_source{path, options});
    REQUIRE(tests::said(last) == "no error");
    tests::unpack(*last, root.path());
    CHECK(std::stoull(tests::state_of(root / "database.db")) >= before);
}

} // namespace

TEST_CASE("a hundred exports of a database in WAL mode, beside a process that writes") {
    tintype::sqlite_report report;
    export_many("wal", {.report = &report}, 100);
    CHECK(report.wal);
    CHECK(report.restarts == 0);
}

TEST_CASE("a hundred exports of a database with a rollback journal, beside a process that writes") {
    export_many("delete",
                {.pages_per_step = 50, .pause = 1ms, .busy_pause = 1ms, .most_restarts = 2}, 50);
    export_many("delete", {.busy_pause = 1ms, .pinned = true}, 50);
}

TEST_CASE("what killed exporters left is swept by the next one") {
    const tests::scratch root;
    const tests::scratch temp;
    {
        database make{root / "live.db"};
        tests::fill(make, 300);
    }
    for (int i = 0; i != 20; ++i) {
        child exporting{[&](int pipe) {
            std::uint64_t steps = 0;
            const auto tell = [&](tintype::progress) { tests::tell(pipe, ++steps); };
            const tintype::monitor watch{tell};
            const auto from = sqlite_exporter::open(
                {.temp_dir = temp.path(), .watch = &watch},
                tintype::sqlite_source{root / "live.db", {.pages_per_step = 20, .pause = 1ms}});
            ::pause();
            return 0;
        }};
        // In the middle of it, each time somewhere else.
        for (int steps = 0; steps <= i; ++steps) {
            REQUIRE(exporting.next() != 0);
        }
        exporting.kill();
        CHECK(exporting.wait() == -SIGKILL);
    }
    CHECK_FALSE(std::filesystem::is_empty(temp.path()));
    CHECK(
        sqlite_exporter::open({.temp_dir = temp.path()}, tintype::sqlite_source{root / "live.db"}));
    CHECK(std::filesystem::is_empty(temp.path()));
    CHECK(tests::state_of(root / "live.db") == "1");
}
