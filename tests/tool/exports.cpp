// `export`: databases and files into streams, whose content an import shows.

#include "chunk_streams.hpp"
#include "run.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace {

using tests::ran;
using tests::scratch;
using tests::tool;
using tests::words;

[[nodiscard]] bool holds(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

void check_wrong_call(const words& arguments, std::string_view part) {
    CAPTURE(arguments);
    const ran call = tool(arguments);
    CHECK(call.status == 2);
    CHECK(call.out == "");
    CAPTURE(call.err);
    CHECK(call.err.find('\n') == call.err.size() - 1);
    CHECK(holds(call.err, part));
}

[[nodiscard]] std::uint64_t number_in(const std::string& document, const std::string& member) {
    const auto at = document.find("\"" + member + "\":");
    REQUIRE(at != std::string::npos);
    return std::stoull(document.substr(at + member.size() + 3));
}

} // namespace

TEST_CASE("a database goes through every wire and comes out the same") {
    const scratch folder;
    tests::make_database(folder / "app.db", 5000);
    tests::write_file(folder / "a.idx", tests::noise(100000, 1));
    tests::write_file(folder / "b.idx", "");
    tests::write_file(folder / "notes.txt", "kept under its name");
    const auto sum = tests::ask_database(folder / "app.db", "SELECT sum(length(x)) FROM t");
    for (const std::string& wire : tests::wires) {
        for (const std::string checksum : {"sha256", "poly31"}) {
            CAPTURE(wire);
            CAPTURE(checksum);
            const auto stream = folder / (wire + checksum);
            const auto target = folder / (wire + checksum + ".d");
            const ran out =
                tool({"export", "--sqlite", folder / "app.db", "--index", folder / "a.idx",
                      "--index", folder / "b.idx", "--file", folder / "notes.txt", "-o", stream,
                      "--wire", wire, "--checksum", checksum, "--json"});
            REQUIRE(out.status == 0);
            CHECK(out.err == "");
            CHECK(out.out.starts_with(R"({"format":"chunk-stream","wire":")" + wire +
                                      R"(","chunks":)"));
            CHECK(holds(out.out, R"("complete":true,"snapshot_id":"snap_)"));
            CHECK(holds(out.out, R"("algorithm":")" + checksum + '"'));
            CHECK(number_in(out.out, "size") == std::filesystem::file_size(stream));

            const ran seen = tool({"inspect", "--json", stream});
            CHECK(seen.status == 0);
            CHECK(seen.err == "");
            CHECK(holds(seen.out, R"("file_name":"database.db","file_type":"sqlite_db")"));
            CHECK(holds(seen.out, R"("file_name":"index_0.idx","file_type":"hnsw_index",)"
                                  R"("file_size":100000,)"));
            CHECK(holds(seen.out, R"("file_name":"index_1.idx","file_type":"hnsw_index",)"
                                  R"("file_size":0,)"));
            CHECK(holds(seen.out, R"("file_name":"notes.txt","file_type":"unknown")"));
            CHECK(number_in(seen.out, "chunks") == number_in(out.out, "chunks"));
            CHECK(tool({"verify", stream}).status == 0);

            const ran again = tool({"rewrite", stream, "-o", folder / "again", "--json"});
            CHECK(again.status == 0);
            CHECK(holds(again.out, R"("identical":true)"));
            CHECK(tests::file_bytes(folder / "again") == tests::file_bytes(stream));

            const ran in = tool({"import", stream, "-d", target, "--json"});
            CHECK(in.status == 0);
            CHECK(in.err == "");
            CHECK(in.out.starts_with(R"({"snapshot_id":"snap_)"));
            CHECK(number_in(in.out, "files_restored") == 4);
            CHECK(number_in(in.out, "bytes_restored") == number_in(seen.out, "total_size"));
            CHECK(tests::ask_database(target + "/database.db", "PRAGMA integrity_check") == "ok");
            CHECK(tests::ask_database(target + "/database.db", "SELECT sum(length(x)) FROM t") ==
                  sum);
            CHECK(tests::file_bytes(target + "/index_0.idx") == tests::noise(100000, 1));
            CHECK(tests::text_file(target + "/index_1.idx") == "");
            CHECK(tests::text_file(target + "/notes.txt") == "kept under its name");
        }
    }
}

TEST_CASE("a pipe from one tool to another, for people and for programs") {
    const scratch folder;
    tests::make_database(folder / "app.db", 2000);
    for (const bool json : {false, true}) {
        for (const std::string& wire : tests::wires) {
            CAPTURE(wire);
            const auto pipe = folder / ("pipe" + wire + (json ? "j" : ""));
            REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
            ran out;
            std::jthread exporting{[&] {
                words call{"export", "--sqlite", folder / "app.db", "-o",  "-",
                           "--wire", wire,       "--chunk-size",    "1000"};
                if (json) {
                    call.push_back("--json");
                }
                out = tool(call, {.out_to = pipe});
            }};
            const ran in = tool({"import", "-", "-d", folder / "target"}, {.in_from = pipe});
            exporting.join();
            CHECK(out.status == 0);
            CHECK(in.status == 0);
            CHECK(in.err == "");
            CHECK(in.out.starts_with(folder / "target" + "  snap_"));
            CHECK(holds(out.err, json ? R"("file_name":"database.db")" : "1 file, "));
            CHECK(tests::ask_database(folder / "target" + "/database.db",
                                      "SELECT count(*) FROM t") == "2000");
        }
    }
}

TEST_CASE("every size of a file around that of a chunk") {
    const scratch folder;
    for (const std::size_t size : {0U, 1U, 2U, 99U, 100U, 101U, 199U, 200U, 201U, 1000U}) {
        CAPTURE(size);
        const auto bytes = tests::noise(size, size);
        tests::write_file(folder / "f", bytes);
        for (const std::string& wire : tests::wires) {
            const ran out = tool({"export", "--file", folder / "f", "-o", folder / "s", "--wire",
                                  wire, "--chunk-size", "100", "--json"});
            REQUIRE(out.status == 0);
            const std::uint64_t pieces = size == 0 ? 1 : (size + 99) / 100;
            CHECK(number_in(out.out, "chunks") == pieces + 2);
            CHECK(tool({"verify", folder / "s"}).status == 0);
            CHECK(tool({"import", folder / "s", "-d", folder / "d"}).status == 0);
            CHECK(tests::file_bytes(folder / "d" + "/f") == bytes);
        }
    }
    tests::write_file(folder / "f", "abc");
    const ran smallest =
        tool({"export", "--file", folder / "f", "-o", folder / "s", "--chunk-size", "1", "--json"});
    CHECK(number_in(smallest.out, "chunks") == 5);
    CHECK(tool({"export", "--file", folder / "f", "-o", folder / "s", "--chunk-size", "67108864"})
              .status == 0);
}

TEST_CASE("the index files are those of the schema, unless the call says otherwise") {
    const scratch folder;
    tests::make_database(folder / "app.db", 10);
    tests::run_in_database(
        folder / "app.db",
        "PRAGMA writable_schema = ON; INSERT INTO sqlite_master VALUES('table', 'v', 'v', 0, "
        "'CREATE VIRTUAL TABLE v USING vectorlite(e float32[4], hnsw(max_elements=10), "
        "''vectors.idx'')')");
    tests::write_file(folder / "vectors.idx", "the index");
    tests::write_file(folder / "other.idx", "another");
    const words call{"export", "--sqlite", folder / "app.db", "-o", folder / "s", "--json"};

    const ran found = tool(call);
    CHECK(found.status == 0);
    CHECK(holds(found.out, R"("file_name":"index_0.idx","file_type":"hnsw_index","file_size":9,)"));
    const ran none = tool(tests::joined(call, {"--no-indexes"}));
    CHECK(none.status == 0);
    CHECK(!holds(none.out, "index_0.idx"));
    const ran given = tool(tests::joined(call, {"--index", folder / "other.idx"}));
    CHECK(given.status == 0);
    CHECK(holds(given.out, R"("file_name":"index_0.idx","file_type":"hnsw_index","file_size":7,)"));
    CHECK(!holds(given.out, "index_1.idx"));

    std::filesystem::remove(folder / "vectors.idx");
    const ran lacking = tool(call);
    CHECK(lacking.status == 3);
    CHECK(holds(lacking.err, "vectors.idx: not found: "));
    CHECK(tests::file_bytes(folder / "s").size() > 0); // the one before

    REQUIRE(::symlink("/etc/passwd", (folder / "vectors.idx").c_str()) == 0);
    const ran outside = tool(call);
    CHECK(outside.status == 3);
    CHECK(holds(outside.err, "permission denied in vectors.idx: an index file outside of its "
                             "folder; --index names it, --no-indexes leaves it out"));
}

TEST_CASE("an export that fails leaves the stream that was there") {
    const scratch folder;
    tests::make_database(folder / "app.db", 3000);
    tests::write_file(folder / "s", "what was there");
    const words call{"export", "--sqlite", folder / "app.db", "-o", folder / "s"};
    const auto untouched = [&] {
        const auto names = tests::names_in(folder.path());
        return tests::text_file(folder / "s") == "what was there" &&
               std::ranges::none_of(names, [](const auto& each) { return each[0] == '.'; });
    };

    const ran full = tool(call, {.file_limit = 20000});
    CHECK(full.status == 3);
    CHECK(untouched());

    const ran absent = tool({"export", "--sqlite", folder / "nope.db", "-o", folder / "s"});
    CHECK(absent.status == 3);
    CHECK(absent.err.starts_with("tintype: " + folder / "nope.db" + ": not found"));
    CHECK(untouched());

    const ran no_index = tool(tests::joined(call, {"--index", folder / "nope.idx"}));
    CHECK(no_index.status == 3);
    CHECK(no_index.err ==
          "tintype: " + folder / "nope.idx" + ": not found: open: No such file or directory\n");
    CHECK(untouched());

    const ran no_file = tool(tests::joined(call, {"--file", folder / "nope"}));
    CHECK(no_file.status == 3);
    CHECK(untouched());

    const ran none = tool({"export", "--sqlite", folder / "s", "-o", folder / "t"});
    CHECK(none.status == 1);
    CHECK(holds(none.err, "file is not a database"));
    CHECK(untouched());

    const ran elsewhere =
        tool({"export", "--sqlite", folder / "app.db", "-o", folder / "no/such/folder"});
    CHECK(elsewhere.status == 3);
    CHECK(tool({"export", "--sqlite", folder / "app.db", "-o", "/dev/full"}).status == 3);
    const ran piped =
        tool({"export", "--sqlite", folder / "app.db", "-o", "-"}, {.out_to = "/dev/full"});
    CHECK(piped.status == 3);
    CHECK(piped.err == "tintype: standard output: no space: write: No space left on device\n");
    CHECK(tool({"export", "--sqlite", folder / "app.db", "-o", "-"}, {.out_closed = true}).status ==
          3);
    CHECK(untouched());
}

TEST_CASE("a database that somebody keeps locked is waited for until the deadline") {
    const scratch folder;
    tests::make_database(folder / "app.db", 10);
    tests::run_in_database(folder / "app.db", "PRAGMA journal_mode = DELETE");
    const tests::held_database held{folder / "app.db"};
    const ran call =
        tool({"export", "--sqlite", folder / "app.db", "-o", folder / "s", "--deadline", "1"});
    CHECK(call.status == 3);
    CHECK(holds(call.err, "app.db: timed out in database is locked"));
    CHECK(!tests::exists(folder / "s"));
}

TEST_CASE("nothing is left in the temporary folder") {
    const scratch folder;
    const scratch temporary;
    tests::make_database(folder / "app.db", 100);
    const ran call = tool({"export", "--sqlite", folder / "app.db", "-o", folder / "s"},
                          {.environment = {"TMPDIR=" + temporary.path()}});
    CHECK(call.status == 0);
    CHECK(tests::names_in(temporary.path()).empty());
}

TEST_CASE("calls of export that are wrong") {
    const scratch folder;
    tests::make_database(folder / "app.db", 10);
    tests::write_file(folder / "a.idx", "a");
    tests::write_file(folder / "database.db", "b");
    const std::string db = folder / "app.db";
    const std::string out = folder / "s";
    check_wrong_call({"export"}, "--output is required");
    check_wrong_call({"export", "-o", out}, "export needs --sqlite");
    check_wrong_call({"export", "--sqlite", db}, "--output is required");
    check_wrong_call({"export", "--index", folder / "a.idx", "--file", db, "-o", out},
                     "--index goes with --sqlite");
    check_wrong_call(
        {"export", "--sqlite", db, "--index", folder / "a.idx", "--no-indexes", "-o", out},
        "exclude each other");
    check_wrong_call({"export", "--sqlite", db, "--wire", "json", "-o", out},
                     "--wire is one of native, protobuf, raft-json, not `json`");
    check_wrong_call({"export", "--sqlite", db, "--checksum", "md5", "-o", out},
                     "--checksum is sha256 or poly31, not `md5`");
    for (const std::string bad : {"0", "-1", "x", "67108865", "18446744073709551616"}) {
        check_wrong_call({"export", "--sqlite", db, "--chunk-size=" + bad, "-o", out},
                         "--chunk-size takes a number from 1 to 67108864");
    }
    check_wrong_call({"export", "--sqlite", db, "--rate=0", "-o", out}, "--rate takes");
    check_wrong_call({"export", "--sqlite", db, "--deadline=0", "-o", out}, "--deadline takes");
    check_wrong_call({"export", "--sqlite", db, "--file", folder / "database.db", "-o", out},
                     "two files would be called `database.db`");
    check_wrong_call({"export", "--sqlite", db, "-o", db}, "would be overwritten");
    check_wrong_call(
        {"export", "--sqlite", db, "--index", folder / "a.idx", "-o", folder / "a.idx"},
        "would be overwritten");
    check_wrong_call({"export", "--sqlite", db, "--file", folder / ".", "-o", out}, "");
    CHECK(!tests::exists(out));
    CHECK(tests::ask_database(db, "SELECT count(*) FROM t") == "10");

    const ran typed = tests::tool_on_terminal({"export", "--sqlite", db, "-o", "-"}, 80);
    CHECK(typed.status == 2);
    CHECK(holds(typed.out, "standard output is a terminal"));
}

TEST_CASE("a rate is held") {
    const scratch folder;
    tests::write_file(folder / "f", tests::noise(4000));
    const auto begin = std::chrono::steady_clock::now();
    const ran call = tool({"export", "--file", folder / "f", "-o", folder / "s", "--chunk-size",
                           "1000", "--rate", "10000"});
    CHECK(call.status == 0);
    // Three chunks wait for the one before them, for a tenth of a second each.
    CHECK(std::chrono::steady_clock::now() - begin >= std::chrono::milliseconds{290});
}
