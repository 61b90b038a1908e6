#pragma once

// Databases for tests: made, written to, looked into, and taken out of a stream.

#include <tintype/hash/crc32c.hpp>
#include <tintype/stream/exporter.hpp>
#include <tintype/stream/sqlite_source.hpp>

#include "support/said.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <ios>
#include <map>
#include <string>
#include <utility>

namespace tests {

// A connection, and what its statements say.
class database {
public:
    explicit database(const std::string& path) {
        REQUIRE(sqlite3_open(path.c_str(), &raw_) == SQLITE_OK);
        REQUIRE(run("PRAGMA synchronous = OFF") == SQLITE_OK); // no test cuts the power
    }

    database(const database&) = delete;
    database& operator=(const database&) = delete;

    ~database() { sqlite3_close(raw_); }

    [[nodiscard]] int run(const std::string& statements) {
        return sqlite3_exec(raw_, statements.c_str(), nullptr, nullptr, nullptr);
    }

    void must(const std::string& statements) {
        const int status = run(statements);
        INFO(sqlite3_errmsg(raw_));
        REQUIRE(status == SQLITE_OK);
    }

    [[nodiscard]] std::string ask(const std::string& question) {
        const auto answer = tintype::detail::ask_sqlite(raw_, question);
        return answer ? *answer : said(answer);
    }

    [[nodiscard]] sqlite3* get() const { return raw_; }

private:
    sqlite3* raw_ = nullptr;
};

// Two tables whose sums agree whenever nobody is in a transaction, about so many pages large.
inline void fill(database& into, int pages) {
    into.must("BEGIN; CREATE TABLE a(n INTEGER, x BLOB); CREATE TABLE b(n INTEGER);"
              "CREATE TABLE filler(x BLOB);"
              "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < " +
              std::to_string(pages) +
              ") INSERT INTO filler SELECT zeroblob(3900) FROM c;"
              "INSERT INTO a VALUES (1, NULL); INSERT INTO b VALUES (1); COMMIT");
}

inline const char* transaction() {
    return "BEGIN IMMEDIATE; INSERT INTO a VALUES ((SELECT max(n) + 1 FROM a), randomblob(2000));"
           "UPDATE filler SET x = randomblob(3900) WHERE rowid = 1;"
           "INSERT INTO b VALUES ((SELECT max(n) + 1 FROM b)); COMMIT";
}

// "n" where it is whole and both tables are of the same n transactions.
inline std::string state_of(const std::string& path) {
    database found{path};
    const auto whole = found.ask("PRAGMA integrity_check");
    if (whole != "ok") {
        return whole;
    }
    const auto a = found.ask("SELECT max(n) || ' ' || count(*) || ' ' || sum(n) FROM a");
    const auto b = found.ask("SELECT max(n) || ' ' || count(*) || ' ' || sum(n) FROM b");
    return a == b ? found.ask("SELECT max(n) FROM a") : a + " against " + b;
}

using sqlite_exporter = tintype::exporter<tintype::crc32c>;

// Puts each file of the stream into the folder.
inline void unpack(sqlite_exporter& from, const std::string& folder) {
    for (const auto& chunk : from.chunks()) {
        REQUIRE(chunk);
        if (chunk->file_chunk) {
            const tintype::file_piece& piece = *chunk->file_chunk;
            const auto mode = piece.offset == 0 ? std::ios::trunc : std::ios::app;
            std::ofstream{folder + "/" + piece.file_name, std::ios::binary | mode}
                << tintype::text_of(piece.data);
        }
    }
}

// A time that passes only while somebody sleeps.
inline std::chrono::nanoseconds& passed() {
    static std::chrono::nanoseconds time = std::chrono::hours{1};
    return time;
}

inline constexpr tintype::time_source by_hand{
    .now = [] { return tintype::time_source::point{passed()}; },
    .sleep = [](std::chrono::nanoseconds time) { passed() += time; },
};

} // namespace tests
