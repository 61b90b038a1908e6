#include <tintype/stream/sqlite_source.hpp>

#include "support/said.hpp"
#include "support/scratch.hpp"
#include "unit/stream/sqlite_fixtures.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stop_token>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using tests::by_hand;
using tests::database;
using tests::said;
using tests::sqlite_exporter;
using tests::state_of;
using tests::unpack;
using tintype::errc;
using tintype::monitor;
using tintype::sqlite_options;
using tintype::sqlite_report;
using tintype::sqlite_source;

namespace {

std::size_t entries(const std::string& path) {
    return static_cast<std::size_t>(
        std::ranges::distance(std::filesystem::directory_iterator{path}));
}

// A database of about 130 pages, 10 of which are copied in a step, and where to export it to.
struct fixture {
    tests::scratch root;
    tests::scratch out;
    tests::scratch temp;
    database writer{root / "live.db"};
    sqlite_report report;

    explicit fixture(std::string_view mode) {
        CHECK(writer.ask("PRAGMA journal_mode = " + std::string{mode}) == mode);
        tests::fill(writer, 120);
    }

    [[nodiscard]] sqlite_options options() { return {.pages_per_step = 10, .report = &report}; }

    [[nodiscard]] tintype::result<sqlite_exporter> open(sqlite_options with,
                                                        const monitor* watch = nullptr) {
        return sqlite_exporter::open({.temp_dir = temp.path(), .watch = watch, .time = by_hand},
                                     sqlite_source{root / "live.db", std::move(with)});
    }

    // What came out.
    [[nodiscard]] std::string state(tintype::result<sqlite_exporter> from) const {
        CHECK(entries(temp.path()) == 0);
        if (!from) {
            return said(from);
        }
        unpack(*from, out.path());
        return state_of(out / "database.db");
    }
};

} // namespace

TEST_CASE("a database in WAL mode is as it was under the guard, while others write") {
    fixture of{"wal"};
    int written = 0;
    const auto write = [&](tintype::progress) {
        // Also the whole log into the database, which may not overwrite what is being read.
        of.writer.must(std::string{tests::transaction()} + "; PRAGMA wal_checkpoint(PASSIVE)");
        ++written;
    };
    for (const bool given : {false, true}) {
        const std::string before = of.writer.ask("SELECT max(n) FROM a");
        const monitor watch{write};
        auto source = given ? sqlite_source{of.writer.get(), of.options()}
                            : sqlite_source{of.root / "live.db", of.options()};
        written = 0;
        auto from = sqlite_exporter::open(
            {.temp_dir = of.temp.path(), .watch = &watch, .time = by_hand},
            [&] {
                of.writer.must(tests::transaction());
                written = 0;
                return 0;
            },
            std::move(source));
        // The monitor is asked once more before the source is.
        CHECK(of.state(std::move(from)) == std::to_string(std::stoi(before) + 2));
        CHECK(written > 2);
        CHECK(of.report.wal);
        CHECK(of.report.restarts == 0);
        CHECK_FALSE(of.report.fell_back);
        CHECK(of.report.pages > 120);
    }
}

TEST_CASE("what a given connection has not committed is not in the copy") {
    for (const char* mode : {"wal", "delete"}) {
        fixture of{mode};
        of.writer.must("BEGIN; INSERT INTO a VALUES (2, NULL)");
        CHECK(of.state(sqlite_exporter::open({.temp_dir = of.temp.path(), .time = by_hand},
                                             sqlite_source{of.writer.get()})) == "1");
        of.writer.must("ROLLBACK");
    }
}

TEST_CASE("outside of WAL mode a write begins the copy anew, and it is counted") {
    fixture of{"delete"};
    int asked = 0;
    const auto write = [&](tintype::progress) {
        if (++asked == 5 || asked == 8) {
            of.writer.must(tests::transaction());
        }
    };
    const monitor watch{write};
    CHECK(of.state(of.open(of.options(), &watch)) == "3");
    CHECK(of.report.restarts == 2);
    CHECK_FALSE(of.report.wal);
    CHECK_FALSE(of.report.fell_back);
}

TEST_CASE("where others always write, they are kept out at last") {
    fixture of{"delete"};
    std::uint64_t refused = 0;
    std::uint64_t written = 0;
    const auto write = [&](tintype::progress) {
        const int status = of.writer.run(tests::transaction());
        refused += status == SQLITE_BUSY ? 1U : 0U;
        written += status == SQLITE_OK ? 1U : 0U;
        if (status != SQLITE_OK) {
            static_cast<void>(of.writer.run("ROLLBACK"));
        }
    };
    const monitor watch{write};
    SUBCASE("after so many restarts") {
        auto options = of.options();
        options.most_restarts = 4;
        auto from = of.open(options, &watch);
        CHECK(of.report.restarts == 4);
        const auto state = of.state(std::move(from));
        CHECK(std::stoull(state) > 4);
    }
    SUBCASE("after more of a copy was given up than fits into memory") {
        of.writer.must("WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < "
                       "900) INSERT INTO filler SELECT zeroblob(3900) FROM c");
        auto options = of.options();
        options.pages_per_step = 600;
        options.most_restarts = 2;
        auto from = of.open(options, &watch);
        CHECK(of.report.restarts == 2);
        const auto state = of.state(std::move(from));
        CHECK(state.find_first_not_of("0123456789") == std::string::npos);
    }
    SUBCASE("when the time runs out") {
        auto options = of.options();
        options.most_restarts = ~0ULL;
        options.deadline = 1s;
        auto from = of.open(options, &watch);
        // A pause of 10 ms after each step.
        CHECK(of.report.restarts > 50);
        const auto state = of.state(std::move(from));
        CHECK(std::stoull(state) > 50);
    }
    CHECK(of.report.fell_back);
    CHECK(refused > 0);
    CHECK(written > 0);
    // Nobody is kept out any more.
    CHECK(of.writer.run(tests::transaction()) == SQLITE_OK);
}

TEST_CASE("pinned, a database in any mode is as it was under the guard") {
    for (const char* mode : {"wal", "delete", "truncate"}) {
        fixture of{mode};
        auto options = of.options();
        options.pinned = true;
        std::uint64_t refused = 0;
        bool pinned = false;
        const auto write = [&](tintype::progress) {
            pinned = pinned || entries(of.temp.path()) != 0;
            if (pinned && of.writer.run(tests::transaction()) == SQLITE_BUSY) {
                static_cast<void>(of.writer.run("ROLLBACK"));
                ++refused;
            }
        };
        const monitor watch{write};
        CHECK(of.state(of.open(options, &watch)) == "1");
        CHECK((refused == 0) == (mode == std::string_view{"wal"}));
        CHECK(of.report.restarts == 0);
    }
}

TEST_CASE("a locked database is waited for, as long as there is time") {
    fixture of{"delete"};
    of.writer.must("BEGIN EXCLUSIVE");
    auto options = of.options();
    options.deadline = 5s;
    const auto begin = tests::passed();
    CHECK(of.state(of.open(options)) == "timed_out in database is locked 0/0");
    CHECK(tests::passed() - begin == 5s);
    // The exporter's deadline is as good.
    options.deadline.reset();
    CHECK(said(sqlite_exporter::open({.temp_dir = of.temp.path(), .deadline = 3s, .time = by_hand},
                                     sqlite_source{of.root / "live.db", options})) ==
          "timed_out in database is locked 0/0");
    // It lets go in time.
    int asked = 0;
    const auto let_go = [&](tintype::progress) {
        if (++asked == 4) {
            of.writer.must("COMMIT");
        }
    };
    const monitor watch{let_go};
    CHECK(of.state(of.open(of.options(), &watch)) == "1");
}

TEST_CASE("a database in memory is copied from its own connection") {
    tests::scratch out;
    database live{":memory:"};
    tests::fill(live, 120);
    sqlite_report report;
    bool write = false;
    int asked = 0;
    const auto tell = [&](tintype::progress) {
        if (write && ++asked == 5) {
            live.must(tests::transaction());
        }
    };
    const monitor watch{tell};
    const auto state = [&](bool pinned) {
        auto from = sqlite_exporter::open(
            {.temp_dir = out.path(), .watch = &watch, .time = by_hand},
            sqlite_source{live.get(), {.pages_per_step = 10, .pinned = pinned, .report = &report}});
        if (!from) {
            return said(from);
        }
        unpack(*from, out.path());
        return state_of(out / "database.db");
    };
    CHECK(state(false) == "1");
    CHECK(state(true) == "1");
    // What the connection writes meanwhile is in it, and it is still one state.
    write = true;
    CHECK(state(false) == "2");
    CHECK(asked > 5);
    CHECK_FALSE(report.wal);
    // Not while it is in the middle of a transaction.
    write = false;
    live.must("BEGIN; INSERT INTO a VALUES (3, NULL)");
    CHECK(state(false) == "timed_out in database is locked 0/0");
    live.must("ROLLBACK");
    CHECK(state(false) == "2");
}

TEST_CASE("page sizes, and a database of nothing") {
    for (const int size : {512, 4096, 65536}) {
        const tests::scratch root;
        database live{root / "live.db"};
        live.must("PRAGMA page_size = " + std::to_string(size));
        for (const bool full : {false, true}) {
            if (full) {
                tests::fill(live, 30);
            }
            auto from = sqlite_exporter::open({.temp_dir = root.path()},
                                              sqlite_source{root / "live.db", {.name = "x.db"}});
            REQUIRE(from);
            REQUIRE(from->metadata().files.size() == 1);
            CHECK(from->metadata().files[0].file_name == "x.db");
            CHECK(from->metadata().files[0].file_type == tintype::file_kind::sqlite_db);
            unpack(*from, root.path());
            CHECK(database{root / "x.db"}.ask("PRAGMA integrity_check") == "ok");
            if (full) {
                CHECK(state_of(root / "x.db") == "1");
                CHECK(database{root / "x.db"}.ask("PRAGMA page_size") == std::to_string(size));
                CHECK(from->metadata().total_size == std::filesystem::file_size(root / "live.db"));
            }
        }
    }
}

TEST_CASE("copies of every size around what is written at once are whole") {
    for (const std::size_t page_size : {512U, 4096U, 32768U, 65536U}) {
        const tests::scratch root;
        const tests::scratch out;
        database live{root / "live.db"};
        live.must("PRAGMA page_size = " + std::to_string(page_size) +
                  "; CREATE TABLE t(x BLOB); VACUUM");
        // A page more each time.
        const auto row =
            "INSERT INTO t VALUES (randomblob(" + std::to_string(page_size * 7 / 10) + "))";
        const std::size_t piece = tintype::detail::gathered_writes::most;
        std::size_t size = 0;
        int near = 0;
        int exact = 0;
        while (size < 2 * piece + 2 * page_size) {
            live.must(row);
            size = static_cast<std::size_t>(std::filesystem::file_size(root / "live.db"));
            if ((size + 2 * page_size) % piece > 4 * page_size) {
                continue;
            }
            ++near;
            exact += size % piece == 0 ? 1 : 0;
            auto from =
                sqlite_exporter::open({.temp_dir = root / "temp"}, sqlite_source{root / "live.db"});
            REQUIRE(from);
            CHECK(from->metadata().total_size == size);
            unpack(*from, out.path());
            database copy{out / "database.db"};
            CHECK(copy.ask("PRAGMA integrity_check") == "ok");
            copy.must("ATTACH '" + (root / "live.db") + "' AS live");
            CHECK(copy.ask("SELECT count(*) FROM (SELECT rowid, x FROM live.t EXCEPT "
                           "SELECT rowid, x FROM main.t)") == "0");
        }
        CHECK(near > 1);
        CHECK(exact > 0);
    }
}

namespace {

// Until it goes, no file of this process grows beyond that.
class size_limit {
public:
    explicit size_limit(std::uint64_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
        REQUIRE(::getrlimit(RLIMIT_FSIZE, &before_) == 0);
        const rlimit now{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
        REQUIRE(::setrlimit(RLIMIT_FSIZE, &now) == 0);
    }

    size_limit(const size_limit&) = delete;
    size_limit& operator=(const size_limit&) = delete;

    ~size_limit() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }

private:
    void (*handler_)(int);
    rlimit before_{};
};

} // namespace

TEST_CASE("a copy that cannot be written is an error, wherever the writing fails") {
    for (const char* mode : {"wal", "delete"}) {
        fixture of{mode};
        // More than SQLite keeps in memory until the end.
        of.writer.must("WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < "
                       "300) INSERT INTO filler SELECT zeroblob(3900) FROM c");
        if (mode == std::string_view{"wal"}) {
            of.writer.must("PRAGMA wal_checkpoint(TRUNCATE)");
        }
        const std::uint64_t size = std::filesystem::file_size(of.root / "live.db");
        REQUIRE(size > 1'500'000);
        const std::uint64_t piece = tintype::detail::gathered_writes::most;
        const auto last = size / piece * piece;
        for (const std::uint64_t most :
             {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{4096}, piece - 1, piece, piece + 1,
              2 * piece, size / 2, last - 1, last, last + 1, size - 4096, size - 1}) {
            CAPTURE(most);
            const auto from = [&] {
                const size_limit limit{most};
                return of.open(of.options());
            }();
            REQUIRE_FALSE(from);
            CHECK(said(from) == "io in disk I/O error 0/0");
            CHECK(entries(of.temp.path()) == 0);
        }
        const size_limit limit{size};
        CHECK(of.state(of.open(of.options())) == "1");
    }
}

namespace {

// The default VFS, but for a write that begins at such an offset or behind it.
struct faulty_vfs {
    static inline sqlite3_vfs* base = nullptr;
    static inline sqlite3_io_methods methods{};
    static inline sqlite3_io_methods sound{};
    static inline sqlite3_int64 from = 0;
    static inline int status = SQLITE_OK; // what it says of them; it does nothing
    static inline int skipped = 0;

    static int open(sqlite3_vfs*, const char* path, sqlite3_file* file, int flags, int* opened) {
        const int done = base->xOpen(base, path, file, flags, opened);
        if (done == SQLITE_OK && std::strstr(path, "tintype-scratch-") != nullptr) {
            sound = methods = *file->pMethods;
            methods.xWrite = write;
            file->pMethods = &methods;
        }
        return done;
    }

    static int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
        if (offset < from) {
            return sound.xWrite(file, bytes, size, offset);
        }
        ++skipped;
        return status;
    }

    faulty_vfs() {
        base = sqlite3_vfs_find(nullptr);
        own = *base;
        own.zName = "faulty";
        own.xOpen = open;
        REQUIRE(sqlite3_vfs_register(&own, 1) == SQLITE_OK);
    }

    faulty_vfs(const faulty_vfs&) = delete;
    faulty_vfs& operator=(const faulty_vfs&) = delete;

    ~faulty_vfs() {
        sqlite3_vfs_unregister(&own);
        sqlite3_vfs_register(base, 1);
    }

    sqlite3_vfs own{};
};

} // namespace

TEST_CASE("neither a full disk nor one that loses what it took makes a short copy") {
    fixture of{"delete"};
    const auto size = static_cast<sqlite3_int64>(std::filesystem::file_size(of.root / "live.db"));
    const faulty_vfs disk;
    const sqlite3_int64 piece = tintype::detail::gathered_writes::most;
    for (sqlite3_int64 at = 0; at < size; at += piece) {
        CAPTURE(at);
        disk.from = at;
        for (const auto& [status, wanted] :
             {std::pair{SQLITE_FULL, "no_space in database or disk is full 0/0"},
              std::pair{SQLITE_IOERR_WRITE, "io in disk I/O error 0/0"},
              std::pair{SQLITE_OK, "truncated in the copy of a database"}}) {
            disk.status = status;
            disk.skipped = 0;
            const auto from = of.open(of.options());
            REQUIRE_FALSE(from);
            CHECK(said(from).starts_with(wanted));
            CHECK(disk.skipped > 0);
            CHECK(entries(of.temp.path()) == 0);
        }
    }
    disk.from = size;
    CHECK(of.state(of.open(of.options())) == "1");
}

TEST_CASE("given up again and again, a copy on a disk that fills is no short one") {
    fixture of{"delete"};
    const auto write = [&](tintype::progress) {
        if (of.writer.run(tests::transaction()) != SQLITE_OK) {
            static_cast<void>(of.writer.run("ROLLBACK"));
        }
    };
    const monitor watch{write};
    auto options = of.options();
    options.most_restarts = 2;
    const faulty_vfs disk;
    disk.from = 3 * sqlite3_int64{4096};
    disk.status = SQLITE_FULL;
    CHECK(said(of.open(options, &watch)) == "no_space in database or disk is full 0/0");
    CHECK(of.report.pages == 0);
    CHECK(entries(of.temp.path()) == 0);
    disk.from = 1 << 30;
    CHECK(of.open(options, &watch).has_value());
    CHECK(of.report.fell_back);
}

namespace {

// A file of the VFS for copies, and what another finds at its path.
struct scratch_file {
    tests::scratch root;
    tintype::detail::sqlite_scratch_vfs vfs;
    tintype::detail::sqlite_connection on;
    sqlite3_file* file = nullptr;

    scratch_file() {
        auto opened = tintype::detail::open_sqlite(
            root / "a", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs.name());
        REQUIRE(opened);
        on = *std::move(opened);
        sqlite3_file_control(on.get(), "main", SQLITE_FCNTL_FILE_POINTER,
                             static_cast<void*>(&file));
        REQUIRE(file != nullptr);
    }

    [[nodiscard]] int write(const std::string& text, sqlite3_int64 at) const {
        return file->pMethods->xWrite(file, text.data(), static_cast<int>(text.size()), at);
    }

    [[nodiscard]] std::uint64_t there() const { return std::filesystem::file_size(root / "a"); }
};

} // namespace

TEST_CASE("what waits to be written is written before anything looks") {
    const scratch_file of;
    REQUIRE(of.vfs.name() != nullptr);
    const auto* const methods = of.file->pMethods;
    std::string text(100, 'a');
    const auto waits = [&] {
        const auto before = of.there();
        CHECK(of.write(text, static_cast<sqlite3_int64>(before)) == SQLITE_OK);
        sqlite3_int64 hint = 1 << 20;
        methods->xFileControl(of.file, SQLITE_FCNTL_SIZE_HINT, &hint);
        CHECK(of.there() == before);
    };
    waits();
    sqlite3_int64 size = 0;
    CHECK(methods->xFileSize(of.file, &size) == SQLITE_OK);
    CHECK(size == 100);
    waits();
    std::array<char, 3> got{};
    CHECK(methods->xRead(of.file, got.data(), 3, 197) == SQLITE_OK);
    CHECK(std::string_view{got.data(), 3} == "aaa");
    waits();
    CHECK(methods->xSync(of.file, SQLITE_SYNC_NORMAL) == SQLITE_OK);
    CHECK(of.there() == 300);
    waits();
    CHECK(methods->xFileControl(of.file, SQLITE_FCNTL_SYNC, nullptr) == SQLITE_NOTFOUND);
    CHECK(of.there() == 400);
    waits();
    CHECK(methods->xTruncate(of.file, 450) == SQLITE_OK);
    CHECK(of.there() == 450);
    // What overlaps, and what does not touch, is written in order.
    CHECK(of.write("bbb", 450) == SQLITE_OK);
    CHECK(of.write("c", 451) == SQLITE_OK);
    CHECK(of.write("d", 500) == SQLITE_OK);
    CHECK(methods->xRead(of.file, got.data(), 3, 450) == SQLITE_OK);
    CHECK(std::string_view{got.data(), 3} == "bcb");
    CHECK(of.there() == 501);
    // More than a piece, and exactly one.
    const std::size_t piece = tintype::detail::gathered_writes::most;
    CHECK(of.write(std::string(piece + 1, 'e'), 501) == SQLITE_OK);
    CHECK(of.there() == 502 + piece);
    CHECK(of.write(std::string(piece, 'f'), static_cast<sqlite3_int64>(502 + piece)) == SQLITE_OK);
    CHECK(of.there() == 502 + piece);
    CHECK(of.write("g", static_cast<sqlite3_int64>(502 + 2 * piece)) == SQLITE_OK);
    CHECK(of.there() == 502 + 2 * piece);
    CHECK(methods->xFileSize(of.file, &size) == SQLITE_OK);
    CHECK(size == static_cast<sqlite3_int64>(503 + 2 * piece));
}

TEST_CASE("closed, a file has all that waited, and a failure stays") {
    const tests::scratch root;
    scratch_file closed;
    CHECK(closed.write("abc", 0) == SQLITE_OK);
    closed.on.reset();
    CHECK(closed.there() == 3);
    scratch_file failing;
    CHECK(failing.write("abc", 0) == SQLITE_OK);
    sqlite3_int64 size = 0;
    const auto* const methods = failing.file->pMethods;
    {
        const size_limit limit{2};
        CHECK(methods->xFileSize(failing.file, &size) == SQLITE_IOERR_WRITE);
    }
    CHECK(methods->xFileSize(failing.file, &size) == SQLITE_IOERR_WRITE);
    CHECK(methods->xSync(failing.file, SQLITE_SYNC_NORMAL) == SQLITE_IOERR_WRITE);
    CHECK(methods->xTruncate(failing.file, 0) == SQLITE_IOERR_WRITE);
    CHECK(failing.write("a", 0) == SQLITE_IOERR_WRITE);
    CHECK(tintype::detail::check_copied(failing.on.get(), 1).error().code == errc::io);
}

TEST_CASE("a copy is held against its pages, whatever VFS wrote it") {
    const tests::scratch root;
    database plain{root / "a"};
    const auto check = [&](std::uint64_t pages) {
        return said(tintype::detail::check_copied(plain.get(), pages));
    };
    CHECK(check(1) == "truncated in the copy of a database 0/0");
    plain.must("PRAGMA page_size = 65536; CREATE TABLE t(x)");
    CHECK(check(2) == "no error");
    CHECK(check(1) == "truncated in the copy of a database 131072/65536");
    CHECK(check(3) == "truncated in the copy of a database 131072/196608");
}

TEST_CASE("pages of another size since the copy was begun") {
    for (const char* page_size : {"512", "65536"}) {
        fixture of{"delete"};
        int asked = 0;
        const auto change = [&](tintype::progress) {
            if (++asked == 5) {
                of.writer.must("PRAGMA page_size = " + std::string{page_size} + "; VACUUM");
            }
        };
        const monitor watch{change};
        auto from = of.open(of.options(), &watch);
        REQUIRE(from);
        CHECK(of.report.restarts == 1);
        CHECK(from->metadata().total_size == std::filesystem::file_size(of.root / "live.db"));
        CHECK(of.state(std::move(from)) == "1");
        CHECK(database{of.out / "database.db"}.ask("PRAGMA page_size") == page_size);
    }
}

TEST_CASE("threads copy at the same time, each through a VFS of its own") {
    fixture of{"wal"};
    std::array<std::string, 3> outcomes;
    {
        std::vector<std::jthread> threads;
        for (std::string& outcome : outcomes) {
            threads.emplace_back([&] {
                for (int i = 0; i != 5; ++i) {
                    const auto from = sqlite_exporter::open({.temp_dir = of.temp.path()},
                                                            sqlite_source{of.root / "live.db"});
                    outcome += said(from) + ", ";
                }
            });
        }
    }
    for (const std::string& outcome : outcomes) {
        CHECK(outcome == "no error, no error, no error, no error, no error, ");
    }
    CHECK(std::string_view{sqlite3_vfs_find(nullptr)->zName}.starts_with("unix"));
}

TEST_CASE("what is no database is an error in SQLite's words") {
    const tests::scratch root;
    const auto refusal = [&](const std::string& path) {
        return sqlite_exporter::open({.temp_dir = root / "temp"}, sqlite_source{path}).error();
    };
    CHECK(refusal(root / "none").code == errc::not_found);
    CHECK(refusal(root / "none").where == root / "none");
    CHECK_FALSE(std::filesystem::exists(root / "none"));
    std::ofstream{root / "text"} << std::string(5000, 'x');
    CHECK(said(refusal(root / "text")) == "invalid_value in file is not a database 26/0");
    CHECK(refusal(":memory:").code == errc::unsupported);
    CHECK(refusal("").code == errc::unsupported);
    CHECK(sqlite_exporter::open({.temp_dir = root / "temp"},
                                sqlite_source{root / "text", {.name = "a/b"}})
              .error()
              .code == errc::bad_name);
    database live{root / "live.db"};
    tests::fill(live, 3);
    CHECK(sqlite_exporter::open({.temp_dir = root / "temp"},
                                sqlite_source{root / "live.db", {.name = "../b"}})
              .error()
              .code == errc::bad_name);
    CHECK_FALSE(std::filesystem::exists(root / "b"));
}

TEST_CASE("stopped at any step, nothing stays, and nobody is kept out") {
    for (const char* mode : {"wal", "delete"}) {
        fixture of{mode};
        for (int n = 1;; ++n) {
            int asked = 0;
            std::stop_source stop;
            const auto tell = [&](tintype::progress) {
                if (++asked == n) {
                    stop.request_stop();
                }
            };
            const monitor watch{tell, stop.get_token()};
            const auto from = of.open(of.options(), &watch);
            CHECK(entries(of.temp.path()) == 0);
            CHECK(of.writer.run(tests::transaction()) == SQLITE_OK);
            if (from) {
                CHECK(n > 4);
                break;
            }
            REQUIRE(from.error().code == errc::cancelled);
        }
    }
}

namespace {

// Speaks of index files as a schema with vectorlite's tables does.
void declare(database& in, const std::vector<std::string>& paths) {
    in.must("PRAGMA writable_schema = ON");
    for (std::size_t i = 0; i != paths.size(); ++i) {
        const auto name = "t" + std::to_string(i);
        in.must("INSERT INTO sqlite_master VALUES ('table', '" + name + "', '" + name +
                "', 0, 'CREATE VIRTUAL TABLE " + name +
                " USING vectorlite(v float32[3], hnsw(),''" + paths[i] + "'')')");
    }
    in.must("PRAGMA writable_schema = OFF");
}

std::string names_and_bytes(tintype::result<sqlite_exporter> from) {
    if (!from) {
        return said(from);
    }
    std::string text;
    for (const auto& chunk : from->chunks()) {
        REQUIRE(chunk);
        if (chunk->file_chunk && chunk->file_chunk->file_name != "database.db") {
            text += chunk->file_chunk->file_name + "=";
            text += tintype::text_of(chunk->file_chunk->data);
            text += " ";
        }
    }
    return text;
}

} // namespace

TEST_CASE("the index files of the schema come with the database, in the order of their tables") {
    for (const char* mode : {"wal", "delete"}) {
        fixture of{mode};
        CHECK(tintype::find_index_files(of.writer.get()) == std::vector<std::string>{});
        std::filesystem::create_directory(of.root / "sub");
        std::ofstream{of.root / "b.idx"} << "second table";
        std::ofstream{of.root / "sub/a.idx"} << "first table";
        declare(of.writer, {"sub/a.idx", of.root / "b.idx"});
        const std::vector<std::string> wanted{"sub/a.idx", of.root / "b.idx"};
        CHECK(tintype::find_index_files(of.writer.get()) == wanted);
        auto options = of.options();
        CHECK(names_and_bytes(of.open(options)).empty());
        options.with_indexes = true;
        // They and the database are of one moment in every mode.
        const auto write = [&](tintype::progress) {
            if (entries(of.temp.path()) != 0) {
                static_cast<void>(of.writer.run(tests::transaction()));
                static_cast<void>(of.writer.run("ROLLBACK"));
            }
        };
        const monitor watch{write};
        CHECK(names_and_bytes(of.open(options, &watch)) ==
              "index_0.idx=first table index_1.idx=second table ");
        auto from = of.open(options, &watch);
        REQUIRE(from);
        CHECK(from->metadata().files.at(0).file_name == "database.db");
        CHECK(from->metadata().files.at(1).file_type == tintype::file_kind::hnsw_index);
    }
}

TEST_CASE("no schema makes an exporter read what is not in the index files' folder") {
    fixture of{"wal"};
    tests::scratch elsewhere;
    std::ofstream{elsewhere / "secret"} << "secret";
    auto options = of.options();
    options.with_indexes = true;
    const auto outcome = [&](const std::string& path) {
        of.writer.must("PRAGMA writable_schema = ON; DELETE FROM sqlite_master WHERE rootpage = 0");
        declare(of.writer, {path});
        return said(of.open(options)).substr(0, 20);
    };
    CHECK(outcome(elsewhere / "secret") == "permission_denied in");
    CHECK(outcome("../" + elsewhere.path().substr(elsewhere.path().rfind('/') + 1) + "/secret") ==
          "permission_denied in");
    std::filesystem::create_symlink(elsewhere / "secret", of.root / "link");
    CHECK(outcome("link") == "permission_denied in");
    // Opened and closed, it would lose its locks.
    CHECK(outcome("live.db") == "permission_denied in");
    CHECK(outcome("live.db-wal") == "permission_denied in");
    std::filesystem::create_hard_link(of.root / "live.db", of.root / "same");
    CHECK(outcome("same") == "permission_denied in");
    std::filesystem::remove(of.root / "same");
    {
        // Another database that this process has open.
        database other{of.root / "other.db"};
        other.must("CREATE TABLE t(x); BEGIN IMMEDIATE");
        CHECK(outcome("other.db") == "permission_denied in");
    }
    CHECK(outcome("none.idx") == "not_found in " + (of.root / "none.idx").substr(0, 7));
    CHECK(outcome(".") == "permission_denied in");
    std::filesystem::create_directory(of.root / "folder");
    CHECK(outcome("folder").substr(0, 11) == "unsupported");
    // Unless the user says where they are.
    options.index_folder = elsewhere.path();
    CHECK(outcome("secret") == "no error");
    CHECK(outcome(elsewhere / "secret") == "no error");
    options.index_folder = "/";
    CHECK(outcome(elsewhere / "secret") == "no error");
}

TEST_CASE("two databases with their indexes go into one stream under names of their own") {
    fixture one{"wal"};
    fixture two{"wal"};
    for (fixture* each : {&one, &two}) {
        std::ofstream{each->root / "a.idx"} << "an index";
        declare(each->writer, {"a.idx"});
    }
    auto first = one.options();
    first.with_indexes = true;
    auto second = first;
    second.name = "other.db";
    second.index_prefix = "other_";
    const auto both =
        tintype::exporter<tintype::crc32c>::open({}, sqlite_source{one.root / "live.db", first},
                                                 sqlite_source{two.root / "live.db", second});
    REQUIRE(both);
    REQUIRE(both->metadata().files.size() == 4);
    CHECK(both->metadata().files[2].file_name == "other.db");
    CHECK(both->metadata().files[3].file_name == "other_0.idx");
}

TEST_CASE("names in the stream are looked at before anything is written under them") {
    fixture of{"wal"};
    auto options = of.options();
    options.name = "../victim.db";
    CHECK(said(of.open(options)).starts_with("bad_name"));
    options = of.options();
    options.index_prefix = "../";
    CHECK(said(of.open(options)).starts_with("bad_name"));
}

TEST_CASE("a database in memory has its index files beside the working directory's") {
    database live{":memory:"};
    tests::fill(live, 3);
    const tests::scratch root;
    std::ofstream{root / "a.idx"} << "bytes";
    declare(live, {"a.idx"});
    CHECK(names_and_bytes(sqlite_exporter::open(
              {.temp_dir = root.path()},
              sqlite_source{live.get(), {.with_indexes = true, .index_folder = root.path()}})) ==
          "index_0.idx=bytes ");
    CHECK(sqlite_exporter::open({.temp_dir = root.path()},
                                sqlite_source{live.get(), {.with_indexes = true}})
              .error()
              .code == errc::not_found);
}
