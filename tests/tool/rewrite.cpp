// `rewrite` and `migrate`: the same bytes again, or the same state in the newer format.

#include <tintype/formats/velesdb.hpp>

#include "run.hpp"

#include <doctest/doctest.h>

#include <string>
#include <sys/stat.h>
#include <unistd.h>

namespace {

namespace velesdb = tintype::velesdb;
using tests::golden;
using tests::golden_bytes;
using tests::ran;
using tests::scratch;
using tests::tool;
using tests::words;

[[nodiscard]] bool holds(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

// The ttl entries of a version 2 file.
[[nodiscard]] std::vector<velesdb::ttl_entry> entries_of(const std::string& path) {
    const auto state =
        tintype::decode<velesdb::vamm<2>, velesdb::memory_state>(tests::file_bytes(path));
    REQUIRE(state.has_value());
    const auto table = tintype::decode<velesdb::ttl_payload<velesdb::ttl_entry>,
                                       velesdb::ttl_table<velesdb::ttl_entry>>(state->ttl);
    REQUIRE(table.has_value());
    return table->entries;
}

} // namespace

TEST_CASE("every golden file is rewritten byte for byte") {
    const scratch folder;
    const auto all = tests::joined(tests::goldens(".vamm"), tests::goldens(".vsnp"));
    REQUIRE(all.size() == 20);
    for (const std::string& name : all) {
        CAPTURE(name);
        const ran call = tool({"rewrite", golden(name), "-o", folder / "out"});
        CHECK(call.status == 0);
        CHECK(call.err == "");
        CHECK(tests::file_bytes(folder / "out") == golden_bytes(name));
    }
    CHECK(tests::names_in(folder.path()) == words{"out"});
}

TEST_CASE("a file may be rewritten onto itself, through a link, keeping its permissions") {
    const scratch folder;
    const auto bytes = golden_bytes("large.v2.vamm");
    tests::write_file(folder / "x", bytes);
    REQUIRE(::chmod((folder / "x").c_str(), 0600) == 0);
    REQUIRE(::symlink("x", (folder / "link").c_str()) == 0);
    for (const std::string name : {"x", "link"}) {
        CAPTURE(name);
        CHECK(tool({"rewrite", folder / name, "-o", folder / name}).status == 0);
        CHECK(tests::file_bytes(folder / "x") == bytes);
        CHECK(tests::names_in(folder.path()) == words{"link", "x"});
        struct stat found{};
        REQUIRE(::lstat((folder / "x").c_str(), &found) == 0);
        CHECK((found.st_mode & 07777U) == 0600U);
        REQUIRE(::lstat((folder / "link").c_str(), &found) == 0);
        CHECK(S_ISLNK(found.st_mode));
    }
}

TEST_CASE("names that the library would not give a file are fine for people") {
    const scratch folder;
    for (const std::string name : {"a b", ".hidden", "[x]", "-o", "\u00e4\u00f6.vamm"}) {
        CAPTURE(name);
        CHECK(tool({"rewrite", golden("tiny.v1.vamm"), "-o", folder / name}).status == 0);
        CHECK(tests::file_bytes(folder / name) == golden_bytes("tiny.v1.vamm"));
    }
}

TEST_CASE("standard output and pipes take a snapshot as it is") {
    const scratch folder;
    for (const std::string to : {"-", "/dev/stdout"}) {
        const ran call = tool({"rewrite", golden("ragged.v1.vamm"), "-o", to, "--json"},
                              {.folder = folder.path()});
        CHECK(call.status == 0);
        CHECK(tests::blob_of(call.out) == golden_bytes("ragged.v1.vamm"));
    }
    CHECK(tests::names_in(folder.path()).empty());
}

TEST_CASE("a damaged file is not rewritten, and what was there stays") {
    const scratch folder;
    tests::write_file(folder / "out", "precious");
    auto bytes = golden_bytes("tiny.v1.vamm");
    bytes.back() ^= std::byte{1};
    tests::write_file(folder / "bad", bytes);
    const ran call = tool({"rewrite", folder / "bad", "-o", folder / "out"});
    CHECK(call.status == 1);
    CHECK(call.out == "");
    CHECK(holds(call.err, "checksum mismatch"));
    CHECK(tests::text_file(folder / "out") == "precious");
    CHECK(tests::names_in(folder.path()) == words{"bad", "out"});
}

TEST_CASE("an output that cannot be written is a failure of the system") {
    const scratch folder;
    const auto from = golden("tiny.v1.vamm");
    const ran full = tool({"rewrite", from, "-o", "/dev/full"});
    CHECK(full.status == 3);
    CHECK(full.out == "");
    CHECK(holds(full.err, "/dev/full: no space: write: No space left on device"));
    CHECK(tool({"rewrite", from, "-o", folder / "absent/out"}).status == 3);
    CHECK(tool({"rewrite", from, "-o", folder.path()}).status == 3);
    CHECK(tool({"rewrite", from, "-o", folder / "x/"}).status == 3);
    CHECK(tool({"rewrite", from, "-o", ""}).status == 3);
    CHECK(tests::names_in(folder.path()).empty());

    REQUIRE(::chmod(folder.path().c_str(), 0555) == 0);
    const ran refused = tool({"rewrite", "/dev/stdin", "-o", folder / "out"},
                             {.in_from = from, .unprivileged = true});
    CHECK(refused.status == 3);
    CHECK(holds(refused.err, "permission denied"));
    REQUIRE(::chmod(folder.path().c_str(), 0755) == 0);
    CHECK(tests::names_in(folder.path()).empty());
}

TEST_CASE("a disk that is full in the middle leaves the old file and nothing else") {
    const scratch folder;
    tests::write_file(folder / "out", "precious");
    const ran call =
        tool({"rewrite", golden("large.v1.vamm"), "-o", folder / "out"}, {.file_limit = 100000});
    CHECK(call.status == 3);
    CHECK(holds(call.err, "File too large"));
    CHECK(tests::text_file(folder / "out") == "precious");
    CHECK(tests::names_in(folder.path()) == words{"out"});
}

TEST_CASE("migration of the golden ttl tables: one kind gives VelesDB's own bytes") {
    const scratch folder;
    for (const std::string count : {"0", "1", "5"}) {
        CAPTURE(count);
        const auto from = golden("ttl" + count + ".v1.vamm");
        CHECK(tool({"migrate", from, "--to", "vamm-2", "--ttl-kind", "semantic", "-o",
                    folder / "out"})
                  .status == 0);
        CHECK(tests::file_bytes(folder / "out") == golden_bytes("ttl" + count + ".v2.vamm"));
    }
}

TEST_CASE("migration with every kind") {
    using enum velesdb::memory_kind;
    const scratch folder;
    const auto from = golden("ttl5.v1.vamm");
    const auto before = entries_of(golden("ttl5.v2.vamm"));
    REQUIRE(before.size() == 5);
    const auto migrated = [&](const words& options) {
        const ran call =
            tool(tests::joined({"migrate", from, "--to", "vamm-2", "-o", folder / "out"}, options));
        CHECK(call.status == 0);
        return entries_of(folder / "out");
    };
    const auto check = [&](const std::vector<velesdb::ttl_entry>& after,
                           const std::vector<velesdb::memory_kind>& kinds) {
        std::vector<velesdb::ttl_entry> expected;
        for (auto each : before) {
            for (const auto kind : kinds) {
                each.kind = kind;
                expected.push_back(each);
            }
        }
        CHECK(after == expected);
    };
    check(migrated({"--ttl-kind", "semantic"}), {semantic});
    check(migrated({"--ttl-kind", "episodic"}), {episodic});
    check(migrated({"--ttl-kind", "procedural"}), {procedural});
    check(migrated({"--ttl-kind", "all"}), {semantic, episodic, procedural});
    check(migrated({}), {semantic, episodic, procedural});
}

TEST_CASE("what cannot be migrated") {
    const scratch folder;
    const auto to = [&](const std::string& from, const std::string& format) {
        return tool({"migrate", golden(from), "--to", format, "-o", folder / "out"});
    };
    CHECK(to("tiny.v2.vamm", "vamm-2").status == 0);
    CHECK(tests::file_bytes(folder / "out") == golden_bytes("tiny.v2.vamm"));
    CHECK(to("tiny.v2.vamm", "vamm-1").status == 2);
    CHECK(holds(to("ttl1.v1.vamm", "vsnp").err, "no migration to vsnp, only to vamm-2"));
    CHECK(holds(to("entries1.vsnp", "vamm-2").err, "no migration from vsnp to vamm-2"));
    CHECK(holds(to("ttl1.v1.vamm", "vamm-9").err, "unknown format `vamm-9`"));
    CHECK(tool({"migrate", golden("ttl1.v1.vamm"), "--to", "vamm-2", "--ttl-kind", "working", "-o",
                folder / "out"})
              .status == 2);
    // Three bytes are no table of ttl entries.
    const ran tiny = to("tiny.v1.vamm", "vamm-2");
    CHECK(tiny.status == 1);
    CHECK(holds(tiny.err, "tiny.v1.vamm: truncated in ttl: 3 bytes, at least 8 needed"));
}
