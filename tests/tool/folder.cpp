// A folder of versions: `save`, `ls`, `restore`, `prune`.

#include <tintype/manager/names.hpp>

#include "run.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <sys/stat.h>

namespace {

using tests::golden_bytes;
using tests::joined;
using tests::ran;
using tests::scratch;
using tests::tool;
using tests::words;

[[nodiscard]] bool holds(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

[[nodiscard]] ran save(const std::string& folder, const std::string& name, const words& more = {}) {
    return tool(joined(
        joined({"save", folder, "--format", "vamm-2", "--json"}, tests::golden_sections(name)),
        more));
}

[[nodiscard]] std::string version_file(const std::string& folder, std::uint64_t version) {
    return folder + "/" + tintype::numbered<"snapshot_", ".vamm">::name(version);
}

// As many versions as ages, oldest first.
void fill(const std::string& folder, const std::vector<std::chrono::hours>& ages) {
    std::filesystem::create_directories(folder);
    const auto now = std::filesystem::file_time_type::clock::now();
    for (std::size_t i = 0; i != ages.size(); ++i) {
        const auto file = version_file(folder, i + 1);
        tests::write_file(file, golden_bytes("tiny.v2.vamm"));
        std::filesystem::last_write_time(file, now - ages[i]);
    }
}

} // namespace

TEST_CASE("versions are saved, listed and restored as they were") {
    const scratch place;
    const auto folder = place / "new/snapshots";
    const words names{"tiny", "empty", "large"};
    for (std::size_t i = 0; i != names.size(); ++i) {
        const ran call = save(folder, names[i]);
        CHECK(call.status == 0);
        CHECK(call.err == "");
        CHECK(call.out == "{\"version\":" + std::to_string(i + 1) + "}\n");
        CHECK(tests::file_bytes(version_file(folder, i + 1)) ==
              golden_bytes(names[i] + ".v2.vamm"));
    }
    const ran listed = tool({"ls", "--json", folder});
    CHECK(listed.status == 0);
    CHECK(listed.out.starts_with(
        R"({"kind":"versions","snapshots":[{"version":1,"size":53,"ok":true,"pinned":false,"time":")"));
    CHECK(holds(listed.out, R"({"version":2,"size":41,"ok":true,)"));
    CHECK(holds(listed.out, R"({"version":3,"size":366586,"ok":true,)"));

    const auto check = [&](const words& options, const std::string& version,
                           const std::string& name) {
        const ran call = tool(joined({"restore", folder, "-d", place / "out", "--json"}, options));
        CHECK(call.status == 0);
        CHECK(call.out == "{\"version\":" + version +
                              R"(,"files":["semantic.bin","episodic.bin","procedural.bin",)"
                              R"("ttl.bin"]})"
                              "\n");
        for (const std::string section : {"semantic", "episodic", "procedural", "ttl"}) {
            CHECK(tests::file_bytes(place / "out/" + section + ".bin") ==
                  golden_bytes(name + "." + section + ".bin"));
        }
    };
    check({}, "3", "large");
    check({"--version", "1"}, "1", "tiny");
    check({"--version=2"}, "2", "empty");
}

TEST_CASE("a version 1 memory is kept and restored as it is") {
    const scratch place;
    const auto call =
        tool(joined({"save", place / "s", "--format", "vamm-1"}, tests::golden_sections("ragged")));
    CHECK(call.status == 0);
    CHECK(call.out == "version 1  " + version_file(place / "s", 1) + ", 4.1 KiB\n");
    CHECK(tests::file_bytes(version_file(place / "s", 1)) == golden_bytes("ragged.v1.vamm"));
    CHECK(tool({"restore", place / "s", "-d", place / "out"}).status == 0);
    CHECK(tests::file_bytes(place / "out/ttl.bin") == golden_bytes("ragged.ttl.bin"));
}

TEST_CASE("saving keeps as many as asked, and numbers go on") {
    const scratch folder;
    for (int i = 0; i != 3; ++i) {
        CHECK(save(folder.path(), "tiny").status == 0);
    }
    CHECK(save(folder.path(), "tiny", {"--keep-last", "2"}).out ==
          "{\"version\":4,\"removed\":[1,2]}\n");
    CHECK(tests::names_in(folder.path()) ==
          words{"snapshot_00000003.vamm", "snapshot_00000004.vamm"});
    CHECK(save(folder.path(), "tiny", {"--keep-last", "0"}).status == 2);
    CHECK(save(folder.path(), "tiny", {"--keep-last", "1"}).out ==
          "{\"version\":5,\"removed\":[3,4]}\n");
}

TEST_CASE("a payload index is not kept as versions") {
    const scratch folder;
    const ran call = tool({"save", folder / "s", "--format", "vsnp", "--section", "index=x"});
    CHECK(call.status == 2);
    CHECK(call.err == "tintype: vsnp is not kept as versions\n");
    CHECK(!tests::exists(folder / "s"));
}

TEST_CASE("a folder that is not there, and one that is empty") {
    const scratch folder;
    const auto absent = folder / "absent";
    CHECK(tool({"ls", absent}).status == 3);
    CHECK(tool({"restore", absent, "-d", folder / "out"}).status == 3);
    CHECK(tool({"prune", absent, "--keep-last", "1"}).status == 3);
    CHECK(tests::names_in(folder.path()).empty());

    CHECK(tool({"ls", "--json", folder.path()}).out ==
          "{\"kind\":\"versions\",\"snapshots\":[]}\n");
    CHECK(tool({"ls", folder.path()}).out == "no snapshots\n");
    CHECK(tool({"prune", folder.path(), "--keep-last", "1", "--json"}).out ==
          "{\"removed\":[],\"kept\":[]}\n");
    const ran none = tool({"restore", folder.path(), "-d", folder / "out"});
    CHECK(none.status == 3);
    CHECK(none.err == "tintype: " + folder.path() + ": not found in any snapshot\n");
    fill(folder.path(), {std::chrono::hours{0}});
    const ran other = tool({"restore", folder.path(), "--version", "7", "-d", folder / "out"});
    CHECK(other.status == 3);
    CHECK(other.err == "tintype: " + version_file(folder.path(), 7) +
                           ": not found: open: No such file or directory\n");
    CHECK(tool({"restore", folder.path(), "--version", "x", "-d", folder / "out"}).status == 2);
    CHECK(!tests::exists(folder / "out"));
}

TEST_CASE("ls shows what is damaged and what is pinned, and skips looking when told") {
    const scratch folder;
    fill(folder.path(), {std::chrono::hours{50}, std::chrono::hours{3}, std::chrono::hours{0}});
    tests::write_file(version_file(folder.path(), 2), "VAMM\x02 cut");
    tests::write_file(version_file(folder.path(), 1) + ".pin", "the audit");
    tests::write_file(folder / "snapshot_1.vamm", "not a version");
    const ran text = tool({"ls", folder.path()});
    CHECK(text.status == 0);
    CHECK(text.err == "");
    CHECK(text.out.starts_with("VERSION  SIZE  SAVED (UTC)          AGE  STATE\n"
                               "      1  53 B  "));
    CHECK(holds(text.out, "  2 d  ok, pinned\n"));
    CHECK(holds(text.out, "  BAD: truncated: 9 bytes, at least 41 needed\n"));
    CHECK(holds(text.out, "  0 s  ok\n"));

    const ran json = tool({"ls", folder.path(), "--json"});
    CHECK(holds(json.out, R"({"version":1,"size":53,"ok":true,"pinned":true,)"));
    CHECK(holds(json.out, R"({"version":2,"size":9,"ok":false,"pinned":false,)"));
    CHECK(holds(json.out, R"("error":{"code":"truncated","message":)"
                          R"("truncated: 9 bytes, at least 41 needed"}})"));
    const ran quick = tool({"ls", folder.path(), "--json", "--no-verify"});
    CHECK(holds(quick.out, R"({"version":2,"size":9,"ok":null,)"));
    CHECK(!holds(quick.out, "\"ok\":true"));
}

TEST_CASE("a damaged newest version is not restored, and the way out is named") {
    const scratch folder;
    fill(folder.path(), {std::chrono::hours{2}, std::chrono::hours{1}, std::chrono::hours{0}});
    tests::write_file(version_file(folder.path(), 3), "");
    tests::write_file(version_file(folder.path(), 2),
                      "garbage of no format at all, and so many bytes");
    const ran call = tool({"restore", folder.path(), "-d", folder / "out"});
    CHECK(call.status == 1);
    CHECK(call.out == "");
    CHECK(call.err == "tintype: " + folder.path() +
                          ": truncated in snapshot_00000003.vamm: 0 bytes, at least 41 needed; "
                          "version 1 is whole: --version 1\n");
    CHECK(!tests::exists(folder / "out"));
    const ran second = tool({"restore", folder.path(), "-d", folder / "out", "--version", "2"});
    CHECK(second.status == 1);
    CHECK(holds(second.err, "invalid magic"));
    CHECK(tool({"restore", folder.path(), "-d", folder / "out", "--version", "1"}).status == 0);
}

TEST_CASE("prune removes what no rule keeps, and says why the others stay") {
    using std::chrono::hours;
    const scratch folder;
    fill(folder.path(),
         {hours{24 * 800}, hours{24 * 400}, hours{72}, hours{48}, hours{1}, hours{0}});
    tests::write_file(version_file(folder.path(), 3) + ".pin", "");
    const ran plan = tool({"prune", folder.path(), "--keep-last", "1", "--keep-yearly", "3",
                           "--keep-within", "60m", "--dry-run", "--json"});
    CHECK(plan.status == 0);
    CHECK(holds(plan.out, R"("dry_run":true,"decisions":[{"version":1,"keep":)"));
    CHECK(holds(plan.out, R"({"version":3,"keep":true,"reason":"pinned"})"));
    CHECK(holds(plan.out, R"({"version":4,"keep":false,"reason":"no rule keeps it"})"));
    CHECK(holds(plan.out, R"({"version":6,"keep":true,"reason":"one of the last 1"})"));
    CHECK(tests::names_in(folder.path()).size() == 7);

    const ran text = tool({"prune", folder.path(), "--keep-within", "49h", "--dry-run"});
    CHECK(text.out.starts_with("VERSION  SIZE     AGE  DECISION  REASON\n"
                               "      1  53 B   800 d  remove    no rule keeps it\n"));
    CHECK(holds(text.out, "      4  53 B     2 d  keep      younger than the age kept\n"));

    const ran done = tool({"prune", folder.path(), "--keep-within", "49h", "--json"});
    CHECK(done.status == 0);
    CHECK(done.out == "{\"removed\":[1,2],\"kept\":[3,4,5,6]}\n");
    const ran again = tool({"prune", folder.path(), "--keep-last", "2"});
    CHECK(again.out == "removed 4\nkept 3, 5, 6\n");
    const ran nothing = tool({"prune", folder.path(), "--keep-last", "9"});
    CHECK(nothing.out == "removed nothing\nkept 3, 5, 6\n");
}

TEST_CASE("every rule of pruning is heard") {
    using std::chrono::hours;
    const scratch folder;
    // Far enough apart that each lies in a period of its own, of every kind.
    fill(folder.path(), {hours{24 * 1100}, hours{24 * 734}, hours{24 * 367}, hours{0}});
    for (const std::string rule : {"--keep-last", "--keep-hourly", "--keep-daily", "--keep-weekly",
                                   "--keep-monthly", "--keep-yearly"}) {
        CAPTURE(rule);
        for (const std::string count : {"1", "2", "3", "4", "5"}) {
            const ran call = tool({"prune", folder.path(), rule, count, "--dry-run", "--json"});
            CHECK(call.status == 0);
            const std::string_view removed = count == "1"   ? R"({"removed":[1,2,3],"kept":[4],)"
                                             : count == "2" ? R"({"removed":[1,2],"kept":[3,4],)"
                                             : count == "3" ? R"({"removed":[1],"kept":[2,3,4],)"
                                                            : R"({"removed":[],"kept":[1,2,3,4],)";
            CHECK(call.out.starts_with(removed));
        }
    }
}

TEST_CASE("only looking changes nothing, and works where nothing may be written") {
    const scratch folder;
    fill(folder.path(), {std::chrono::hours{1}, std::chrono::hours{0}});
    const auto stale = folder / ".tintype-0123456789abcdef.tmp";
    tests::write_file(stale, "left by a crash");
    std::filesystem::last_write_time(stale, std::filesystem::file_time_type::clock::now() -
                                                std::chrono::hours{5});
    REQUIRE(::chmod(folder.path().c_str(), 0555) == 0);
    const tests::circumstances nobody{.unprivileged = true};
    CHECK(tool({"ls", folder.path()}, nobody).status == 0);
    CHECK(tool({"prune", folder.path(), "--keep-last", "1", "--dry-run"}, nobody).status == 0);
    const ran refused = tool({"prune", folder.path(), "--keep-last", "1"}, nobody);
    CHECK(refused.status == 3);
    CHECK(holds(refused.err, "permission denied"));
    REQUIRE(::chmod(folder.path().c_str(), 0755) == 0);
    CHECK(tests::exists(stale));
    CHECK(tool({"prune", folder.path(), "--keep-last", "2"}).status == 0);
    CHECK(!tests::exists(stale));
}

TEST_CASE("a save that does not fit leaves the folder as it was") {
    const scratch folder;
    CHECK(save(folder.path(), "tiny").status == 0);
    const ran call =
        tool(joined({"save", folder.path(), "--format", "vamm-2"}, tests::golden_sections("large")),
             {.file_limit = 100000});
    CHECK(call.status == 3);
    CHECK(tests::names_in(folder.path()) == words{"snapshot_00000001.vamm"});
}
