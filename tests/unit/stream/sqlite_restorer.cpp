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
    .file_name = "database.db", .file_type = file_kind::sqlite_db, .file_size = 1, .checksum = {}};

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
            const auto takes = restore.takes(odd, of_database);
            CHECK(said(takes) == "no error");
            CHECK(takes.value_or(false));
            CHECK(said(restore.replace(odd, of_database)) == "no error");
            CHECK(live.ask("SELECT max(n) FROM a") == "5");
            CHECK(live.ask("SELECT count(*) FROM sqlite_master WHERE name = 'old'") == "0");
            CHECK(live.ask("PRAGMA integrity_check") == "ok");
        }
        live.must(tests::transaction());
    }
    // The staged file was neither changed nor given company.
    CHECK(std::distance(std::filesystem::directory_iterator{root / "staged"}, {}) == 1);
}

TEST_CASE("one file is taken by its name, and the others are left to others") {
    const tests::scratch root;
    make(root / "good.db", 2);
    database live{":memory:"};
    const auto takes = [&](const sqlite_restorer& restore, const char* name, file_kind kind) {
        auto file = of_database;
        file.file_name = name;
        file.file_type = kind;
        const auto answer = restore.takes(root / "good.db", file);
        REQUIRE(answer);
        CHECK(restore.replace(root / "good.db", file).has_value() == *answer);
        return *answer;
    };
    const sqlite_restorer restore{live.get()};
    const sqlite_restorer of_other{live.get(), {.file_name = "other.db"}};
    for (const auto kind : {file_kind::sqlite_db, file_kind::unknown, file_kind::hnsw_index}) {
        CHECK(takes(restore, "database.db", kind));
        CHECK_FALSE(takes(restore, "other.db", kind));
        CHECK_FALSE(takes(restore, "Database.db", kind));
        CHECK(takes(of_other, "other.db", kind));
        CHECK_FALSE(takes(of_other, "database.db", kind));
    }
}

TEST_CASE("what is no database leaves what was there") {
    const tests::scratch root;
    database live{root / "live.db"};
    tests::fill(live, 3);
    const sqlite_restorer restore{live.get()};
    const auto refused = [&](const std::string& name) {
        const auto takes = restore.takes(root / name, of_database);
        CHECK_FALSE(restore.replace(root / name, of_database));
        REQUIRE_FALSE(takes);
        return takes.error().code;
    };
    CHECK(refused("none") == errc::not_found);
    std::ofstream{root / "text"} << std::string(5000, 'x');
    CHECK(refused("text") == errc::invalid_value);
    make(root / "good.db", 2);
    std::filesystem::copy_file(root / "good.db", root / "short");
    std::filesystem::resize_file(root / "short", 4096);
    CHECK(restore.takes(root / "short", of_database).error().code == errc::invalid_value);
    CHECK(state_of(root / "live.db") == "1");
    CHECK(restore.replace(root / "good.db", of_database));
    CHECK(state_of(root / "live.db") == "2");
}

TEST_CASE("an empty file, and a log that comes alone, are refused") {
    const tests::scratch root;
    make(root / "good.db", 2);
    database live{root / "live.db"};
    live.must("CREATE TABLE t(x)");
    const sqlite_restorer restore{live.get()};
    auto file = of_database;
    file.file_size = 0;
    CHECK(restore.takes(root / "good.db", file).error().code == errc::invalid_value);
    for (const char* suffix : {"-wal", "-shm", "-journal"}) {
        file = of_database;
        file.file_name += suffix;
        file.file_type = file_kind::wal;
        CHECK(restore.takes(root / "good.db", file).error().code == errc::unsupported);
    }
}

TEST_CASE("a database that is damaged is restored") {
    const tests::scratch root;
    make(root / "good.db", 3);
    const std::string path = root / "live.db";
    {
        database live{path};
        live.must("PRAGMA journal_mode = delete; CREATE TABLE t(x); CREATE TABLE u(x)");
    }
    {
        // All of the first page but its header: the schema.
        std::fstream bytes{path, std::ios::in | std::ios::out | std::ios::binary};
        bytes.seekp(100);
        bytes << std::string(3000, '\0');
    }
    auto live = tintype::detail::open_sqlite(path, SQLITE_OPEN_READWRITE);
    REQUIRE(live);
    const sqlite_restorer restore{live->get()};
    const auto takes = restore.takes(root / "good.db", of_database);
    CHECK(said(takes) == "no error");
    CHECK(takes.value_or(false));
    CHECK(said(restore.replace(root / "good.db", of_database)) == "no error");
    CHECK(tintype::detail::ask_sqlite(live->get(), "SELECT max(n) FROM a") == "3");
    CHECK(tintype::detail::ask_sqlite(live->get(), "PRAGMA integrity_check") == "ok");
}

TEST_CASE("a connection that could not be restored into says so beforehand") {
    const tests::scratch root;
    make(root / "good.db", 2);
    database live{root / "live.db"};
    tests::fill(live, 3);
    const sqlite_restorer restore{live.get()};
    for (const char* begin : {"BEGIN", "BEGIN IMMEDIATE"}) {
        live.must(begin);
        CHECK(restore.takes(root / "good.db", of_database).error().code == errc::in_use);
        live.must("COMMIT");
    }
    {
        sqlite3_stmt* raw = nullptr;
        REQUIRE(sqlite3_prepare_v2(live.get(), "SELECT * FROM a, filler", -1, &raw, nullptr) ==
                SQLITE_OK);
        const tintype::detail::sqlite_statement reading{raw};
        REQUIRE(sqlite3_step(raw) == SQLITE_ROW);
        CHECK(restore.takes(root / "good.db", of_database).error().code == errc::in_use);
    }
    CHECK(restore.takes(root / "good.db", of_database));
    const auto only_reads =
        tintype::detail::open_sqlite(root / "live.db", SQLITE_OPEN_READONLY).value();
    CHECK(sqlite_restorer{only_reads.get()}.takes(root / "good.db", of_database).error().code ==
          errc::permission_denied);
    CHECK(state_of(root / "live.db") == "1");
}

TEST_CASE("a page size that does not fit is refused beforehand, and only then") {
    const tests::scratch root;
    {
        database small{root / "small.db"};
        small.must("PRAGMA page_size = 1024; CREATE TABLE t(x); INSERT INTO t VALUES (7)");
    }
    for (const char* mode : {"wal", "delete", "truncate", "memory"}) {
        INFO("journal ", std::string{mode});
        const std::string path =
            mode == std::string{"memory"} ? ":memory:" : root / (std::string{mode} + ".db");
        database live{path};
        CHECK(live.ask("PRAGMA journal_mode = " + std::string{mode}) == mode);
        live.must("CREATE TABLE old(x); INSERT INTO old VALUES (randomblob(100000))");
        const sqlite_restorer restore{live.get()};
        const auto takes = restore.takes(root / "small.db", of_database);
        const auto replaced = restore.replace(root / "small.db", of_database);
        CHECK(takes.has_value() == replaced.has_value());
        CHECK(replaced.has_value() == (mode != std::string{"wal"} && path != ":memory:"));
        CHECK(live.ask("SELECT count(*) FROM sqlite_master WHERE name = 'old'") ==
              (replaced ? "0" : "1"));
        if (!takes) {
            CHECK(takes.error().code == errc::invalid_value);
            CHECK(takes.error().found == 1024);
            CHECK(takes.error().wanted == 4096);
        }
    }
}

TEST_CASE("a path is a path, whatever it begins with") {
    const tests::scratch root;
    make(root / "good.db", 2);
    database live{":memory:"};
    const sqlite_restorer restore{live.get()};
    for (const char* slashes : {"/", "//", "///"}) {
        const std::string path = slashes + std::string{root / "good.db"};
        REQUIRE(path.starts_with("//"));
        CHECK(said(restore.takes(path, of_database)) == "no error");
        CHECK(said(restore.replace(path, of_database)) == "no error");
    }
    CHECK(tintype::detail::immutable_uri("//a b") == "file:////a%20b?immutable=1");
    CHECK(tintype::detail::immutable_uri("a/b.db") == "file:a/b.db?immutable=1");
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
    CHECK(said(restore.replace(root / "good.db", of_database)) ==
          "timed_out in database is locked 0/1");
    CHECK(tests::passed() - begin == 3s);
    other.must("COMMIT");
    CHECK(state_of(root / "live.db") == "1");
    CHECK(restore.replace(root / "good.db", of_database));
    CHECK(state_of(root / "live.db") == "3");
}
