#include <tintype/stream/sqlite_restorer.hpp>

#include "support/said.hpp"
#include "support/scratch.hpp"
#include "unit/stream/sqlite_fixtures.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

using namespace std::chrono_literals;
using tests::by_hand;
using tests::database;
using tests::said;
using tests::state_of;
using tintype::errc;
using tintype::file_info;
using tintype::file_kind;
using tintype::sqlite_restorer;

namespace {

const file_info of_database{
    .file_name = "database.db", .file_type = file_kind::sqlite_db, .file_size = 0, .checksum = {}};

// A database of n transactions, in WAL mode, as it comes out of a stream: one file.
void make(const std::string& path, int transactions) {
    {
        database from{path};
        CHECK(from.ask("PRAGMA journal_mode = wal") == "wal");
        tests::fill(from, 20);
        for (int i = 1; i != transactions; ++i) {
            from.must(tests::transaction());
        }
    }
    REQUIRE_FALSE(std::filesystem::exists(path + "-wal"));
}

} // namespace

TEST_CASE("a file is put in the place of what the connection's database held") {
    const tests::scratch root;
    std::filesystem::create_directory(root / "staged");
    const std::string odd = root / "staged/a b%20?x#y\xc3\xa4.db";
    make(odd, 5);
    for (const char* mode : {"wal", "delete", "memory"}) {
        const std::string path =
            mode == std::string{"memory"} ? ":memory:" : root / (std::string{mode} + ".db");
        database live{path};
        CHECK(live.ask("PRAGMA journal_mode = " + std::string{mode}) == mode);
        live.must("CREATE TABLE old(x); INSERT INTO old VALUES (randomblob(100000))");
        const sqlite_restorer restore{live.get()};
        for (int i = 0; i != 2; ++i) { // again is the same
            const auto done = restore(odd, of_database);
            CHECK(said(done) == "no error");
            CHECK(done.value_or(false));
            CHECK(live.ask("SELECT max(n) FROM a") == "5");
            CHECK(live.ask("SELECT count(*) FROM sqlite_master WHERE name = 'old'") == "0");
            CHECK(live.ask("PRAGMA integrity_check") == "ok");
        }
        live.must(tests::transaction());
    }
    // The staged file was neither changed nor given company.
    CHECK(std::distance(std::filesystem::directory_iterator{root / "staged"}, {}) == 1);
}

TEST_CASE("files of other kinds are left to others") {
    database live{":memory:"};
    const sqlite_restorer restore{live.get()};
    for (const auto kind : {file_kind::unknown, file_kind::hnsw_index, file_kind::wal}) {
        auto other = of_database;
        other.file_type = kind;
        const auto done = restore("nowhere", other);
        REQUIRE(done);
        CHECK_FALSE(*done);
    }
}

TEST_CASE("what is no database leaves what was there") {
    const tests::scratch root;
    database live{root / "live.db"};
    tests::fill(live, 3);
    const sqlite_restorer restore{live.get()};
    CHECK(restore(root / "none", of_database).error().code == errc::not_found);
    std::ofstream{root / "text"} << std::string(5000, 'x');
    CHECK(restore(root / "text", of_database).error().code == errc::invalid_value);
    live.must("BEGIN IMMEDIATE");
    make(root / "good.db", 2);
    CHECK_FALSE(restore(root / "good.db", of_database));
    live.must("COMMIT");
    CHECK(state_of(root / "live.db") == "1");
    CHECK(restore(root / "good.db", of_database));
    CHECK(state_of(root / "live.db") == "2");
}

TEST_CASE("a database that others use is waited for, as long as there is time") {
    const tests::scratch root;
    make(root / "good.db", 3);
    database live{root / "live.db"};
    tests::fill(live, 3);
    database other{root / "live.db"};
    other.must("BEGIN; SELECT * FROM a");
    const auto begin = tests::passed();
    const sqlite_restorer restore{live.get(), {.deadline = 3s, .time = by_hand}};
    other.must("COMMIT; BEGIN IMMEDIATE");
    CHECK(said(restore(root / "good.db", of_database)) == "timed_out in database is locked 0/0");
    CHECK(tests::passed() - begin == 3s);
    other.must("COMMIT");
    CHECK(state_of(root / "live.db") == "1");
    CHECK(restore(root / "good.db", of_database));
    CHECK(state_of(root / "live.db") == "3");
}
