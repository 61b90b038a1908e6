// Chains as folders: `ls` draws them, `prune` makes them shorter.

#include "chain_folders.hpp"
#include "run.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <regex>
#include <string>
#include <sys/stat.h>

namespace {

using tests::count_of;
using tests::damage_file;
using tests::holds;
using tests::own_chain;
using tests::ran;
using tests::remove_file;
using tests::scratch;
using tests::tool;
using tests::words;
namespace ids = tests::dakera_ids;

// Two lists that are made one after the other may tell of other ages, in a column as wide as these.
[[nodiscard]] std::string ageless(const std::string& list) {
    static const std::regex gaps{" +"};
    static const std::regex age{" [0-9]+ (s|min) "};
    return std::regex_replace(std::regex_replace(list, gaps, " "), age, " AGE ");
}

} // namespace

TEST_CASE("a chain is drawn as a tree") {
    const own_chain chain;
    const auto& id = chain.ids;
    const auto tree = [&](const std::string& locale) {
        return tool({"ls", chain.folder.path()}, {.environment = {"LC_ALL=" + locale}});
    };
    const ran drawn = tree("C.UTF-8");
    CHECK(drawn.status == 0);
    CHECK(drawn.err == "");
    CHECK(drawn.out.starts_with("SNAPSHOT "));
    CHECK(holds(drawn.out, "  RECORDS  DESCRIPTION  STATE\n" + id[0] + "  "));
    CHECK(holds(drawn.out, "3  the first    ok\n├─ " + id[1]));
    CHECK(holds(drawn.out, "ok\n│  └─ " + id[3]));
    CHECK(holds(drawn.out, "ok\n└─ " + id[2]));
    const ran typed = tree("C");
    CHECK(holds(typed.out, "ok\n|- " + id[1]));
    CHECK(holds(typed.out, "ok\n|  `- " + id[3]));
    CHECK(holds(typed.out, "ok\n`- " + id[2]));

    const ran quick = tool({"ls", chain.folder.path(), "--no-verify"});
    CHECK(count_of(quick.out, "  -\n") == 4);
    damage_file(chain.snap(0));
    CHECK(ageless(tool({"ls", chain.folder.path(), "--no-verify"}).out) == ageless(quick.out));
    CHECK(count_of(tree("C").out, "BAD: rests on " + id[0]) == 3);
    remove_file(chain.meta(0));
    const ran missing = tree("C");
    CHECK(holds(missing.out, "\n" + id[0] + "  "));
    CHECK(holds(missing.out, "  missing\n|- " + id[1]));
    CHECK(holds(missing.out, "\n" + id[0] + ".snap  "));
    CHECK(holds(missing.out, "BAD: no manifest speaks of it"));
    CHECK(holds(tool({"ls", chain.folder.path(), "--json"}).out,
                R"(],"strays":[")" + id[0] + ".snap\"]}\n"));
}

TEST_CASE("the newest chain comes first, and a chain is as new as its newest snapshot") {
    const scratch folder;
    tests::copy_dakera(folder.path());
    const ran json = tool({"ls", folder.path(), "--json"});
    CHECK(json.status == 0);
    CHECK(json.out.starts_with(
        R"({"kind":"chain","snapshots":[{"id":"snap_1700000400000_5","snapshot_type":"Full",)"
        R"("parent_id":null,"created_at":1700000400,"size_bytes":1328,"records":3,)"
        R"("description":null,"ok":true},{"id":"snap_1700000300000_4",)"
        R"("snapshot_type":"Incremental","parent_id":"snap_1700000200000_3",)"));
    std::size_t before = 0;
    for (const std::string& id : {ids::pretty, ids::incremental2, ids::incremental1, ids::full,
                                  ids::special_floats, ids::empty}) {
        const auto at = json.out.find(R"({"id":")" + id);
        CHECK(at > before);
        before = at;
    }
    before = 0;
    const ran text = tool({"ls", folder.path()});
    for (const std::string& id : {ids::pretty, ids::full, ids::incremental1, ids::incremental2,
                                  ids::special_floats, ids::empty}) {
        const auto at = text.out.find(id);
        CHECK(at > before);
        before = at;
    }
    CHECK(holds(text.out, "  2023-11-14 22:15:00  "));
    // Without the newest, the chain of three is still newer than the two before it.
    for (const std::string suffix : {".meta", ".snap"}) {
        remove_file(folder / ids::pretty + suffix);
    }
    CHECK(tool({"ls", folder.path()}).out.find(ids::full) <
          tool({"ls", folder.path()}).out.find(ids::special_floats));
}

TEST_CASE("a deep chain stays on the page") {
    const scratch folder;
    const auto taken = tests::take_long_chain(folder.path(), 40);
    const ran call = tool({"ls", folder.path()}, {.environment = {"LC_ALL=C"}});
    CHECK(call.status == 0);
    CHECK(count_of(call.out, "\n") == 41);
    for (std::size_t begin = 0; begin != call.out.size();) {
        const auto end = call.out.find('\n', begin);
        CHECK(end - begin <= 120);
        begin = end + 1;
    }
    std::size_t before = 0;
    for (const std::string& id : taken) {
        const auto at = call.out.find(id + " ");
        CHECK(at > before);
        before = at;
    }
    CHECK(tool({"verify", folder.path()}).status == 0);
}

TEST_CASE("on a narrow terminal the time gives way, and colours tell good from bad") {
    const own_chain chain;
    damage_file(chain.snap(2));
    const words call{"ls", chain.folder.path()};
    const ran wide = tests::tool_on_terminal(call, 200, {"LC_ALL=C.UTF-8"});
    CHECK(holds(wide.out, "TAKEN (UTC)"));
    CHECK(holds(wide.out, "\x1b[32mok\x1b[0m\n"));
    CHECK(holds(wide.out, "\x1b[1;31mBAD: checksum mismatch in people: "));
    const ran narrow = tests::tool_on_terminal(call, 80, {"LC_ALL=C.UTF-8"});
    CHECK(!holds(narrow.out, "TAKEN (UTC)"));
    CHECK(holds(narrow.out, "AGE"));
    const ran plain = tests::tool_on_terminal(call, 200, {"LC_ALL=C.UTF-8", "NO_COLOR=1"});
    CHECK(!holds(plain.out, "\x1b"));
    CHECK(ageless(plain.out) == ageless(tool(call, {.environment = {"LC_ALL=C.UTF-8"}}).out));

    const scratch folder;
    const auto taken = tests::take_dakera(folder.path());
    const ran changes = tests::tool_on_terminal({"diff", folder.path(), taken[0], taken[1]}, 80);
    CHECK(holds(changes.out, "\x1b[32m  + blue\x1b[0m\n"));
    CHECK(holds(changes.out, "\x1b[1;31m  - round\x1b[0m\n"));
}

TEST_CASE("prune removes what no rule keeps and nothing that is needed") {
    const own_chain chain;
    const auto& id = chain.ids;
    const auto& path = chain.folder.path();
    const ran plan = tool({"prune", path, "--keep-last", "1", "--dry-run", "--json"});
    CHECK(plan.status == 0);
    CHECK(plan.out == R"({"removed":[")" + id[2] + R"("],"kept":[")" + id[0] + "\",\"" + id[1] +
                          "\",\"" + id[3] + R"("],"dry_run":true,"decisions":[{"id":")" + id[0] +
                          R"(","keep":true,"reason":"needed by )" + id[1] + R"("},{"id":")" +
                          id[1] + R"(","keep":true,"reason":"needed by )" + id[3] +
                          R"("},{"id":")" + id[2] +
                          R"(","keep":false,"reason":"no rule keeps it"},{"id":")" + id[3] +
                          R"(","keep":true,"reason":"one of the last 1"}]})"
                          "\n");
    const ran text = tool({"prune", path, "--keep-last", "1", "--dry-run"});
    CHECK(text.out.starts_with("SNAPSHOT "));
    CHECK(holds(text.out, "SIZE  AGE  DECISION  REASON\n"));
    CHECK(holds(text.out, "\n" + id[2] + "  184 B  "));
    CHECK(holds(text.out, "  remove    no rule keeps it\n"));
    CHECK(tests::names_in(path).size() == 8);

    const ran nothing = tool({"prune", path, "--keep-within", "1h"});
    CHECK(nothing.status == 0);
    CHECK(nothing.out ==
          "removed nothing\nkept " + id[0] + ", " + id[1] + ", " + id[2] + ", " + id[3] + "\n");
    const ran done = tool({"prune", path, "--keep-last", "1", "--json"});
    CHECK(done.status == 0);
    CHECK(done.out == R"({"removed":[")" + id[2] + R"("],"kept":[")" + id[0] + "\",\"" + id[1] +
                          "\",\"" + id[3] + "\"]}\n");
    CHECK(tests::names_in(path).size() == 6);
    CHECK(tool({"verify", path}).status == 0);
}

TEST_CASE("a chain of Dakera's is pruned by every rule") {
    const scratch folder;
    tests::copy_dakera(folder.path());
    // All of one day; the newest stays.
    const ran daily = tool({"prune", folder.path(), "--keep-daily", "9", "--dry-run", "--json"});
    CHECK(holds(daily.out, R"("kept":["snap_1700000400000_5"],)"));
    const ran two = tool({"prune", folder.path(), "--keep-last", "2", "--json"});
    CHECK(two.status == 0);
    CHECK(two.out == R"({"removed":["snap_1700000000000_0","snap_1700000000001_1"],"kept":[)"
                     R"("snap_1700000100000_2","snap_1700000200000_3","snap_1700000300000_4",)"
                     R"("snap_1700000400000_5"]})"
                     "\n");
    CHECK(tests::names_in(folder.path()).size() == 8);
    const ran one = tool({"prune", folder.path(), "--keep-within", "1h"});
    CHECK(one.out == "removed snap_1700000100000_2, snap_1700000200000_3, snap_1700000300000_4\n"
                     "kept snap_1700000400000_5\n");
    CHECK(tests::names_in(folder.path()) == words{ids::pretty + ".meta", ids::pretty + ".snap"});
}

TEST_CASE("nothing goes while a manifest cannot be read, and the newest that is whole stays") {
    const scratch folder;
    tests::copy_dakera(folder.path());
    const auto metadata = tests::file_bytes(folder / ids::pretty + ".meta");
    std::filesystem::resize_file(folder / ids::pretty + ".meta", 60);
    const ran refused = tool({"prune", folder.path(), "--keep-last", "1"});
    CHECK(refused.status == 1);
    CHECK(refused.out == "");
    CHECK(holds(refused.err, "nothing is removed while it is not known which snapshots this one "
                             "needs"));
    CHECK(tests::names_in(folder.path()).size() == 12);

    tests::write_file(folder / ids::pretty + ".meta", metadata);
    std::filesystem::resize_file(folder / ids::pretty + ".snap", 5);
    const ran whole = tool({"prune", folder.path(), "--keep-last", "1", "--json"});
    CHECK(whole.status == 0);
    CHECK(holds(whole.out, R"("removed":["snap_1700000000000_0","snap_1700000000001_1"],)"));
    CHECK(tool({"restore", folder.path(), "--id", ids::incremental2, "-o", "-"}).status == 0);
}

TEST_CASE("that the newest of the library's own chains is whole is seen without its records") {
    for (const auto how : {tests::digests::crc32c, tests::digests::none}) {
        const scratch folder;
        const auto id = tests::take_chain(folder.path(), how);
        const auto keep_one = [&] {
            return tool({"prune", folder.path(), "--keep-last", "1", "--dry-run"}).out;
        };
        CHECK(!holds(keep_one(), "the newest that is whole"));
        std::filesystem::resize_file(folder / id[3] + ".snap", 100);
        const auto plan = keep_one();
        const auto line = plan.substr(plan.find("\n" + id[2]) + 1);
        CHECK(holds(line.substr(0, line.find('\n')), "  keep      the newest that is whole"));
    }
}

TEST_CASE("only looking at a chain changes nothing, and works where nothing may be written") {
    const own_chain chain;
    const auto& path = chain.folder.path();
    const auto stale = chain.folder / ".tintype-0123456789abcdef.tmp";
    tests::write_file(stale, "left by a crash");
    remove_file(chain.meta(3));
    const auto long_ago = std::filesystem::file_time_type::clock::now() - std::chrono::hours{5};
    std::filesystem::last_write_time(stale, long_ago);
    std::filesystem::last_write_time(chain.snap(3), long_ago);
    REQUIRE(::chmod(path.c_str(), 0555) == 0);
    const tests::circumstances nobody{.unprivileged = true};
    CHECK(tool({"ls", path}, nobody).status == 0);
    CHECK(tool({"verify", path}, nobody).status == 1);
    CHECK(tool({"prune", path, "--keep-last", "1", "--dry-run"}, nobody).status == 0);
    const ran refused = tool({"prune", path, "--keep-last", "1"}, nobody);
    CHECK(refused.status == 3);
    CHECK(holds(refused.err, "permission denied"));
    REQUIRE(::chmod(path.c_str(), 0755) == 0);
    CHECK(tests::exists(stale));
    CHECK(tests::exists(chain.snap(3)));
    // What crashed writers left behind goes when something may be changed.
    CHECK(tool({"prune", path, "--keep-last", "9"}).status == 0);
    CHECK(!tests::exists(stale));
    CHECK(!tests::exists(chain.snap(3)));
    CHECK(tool({"verify", path}).status == 0);
}

TEST_CASE("what may not be read is a failure of the system") {
    const own_chain chain;
    REQUIRE(::chmod(chain.folder.path().c_str(), 0755) == 0);
    for (std::size_t i = 0; i != 4; ++i) {
        REQUIRE(::chmod(chain.meta(i).c_str(), 0644) == 0);
        REQUIRE(::chmod(chain.snap(i).c_str(), 0644) == 0);
    }
    REQUIRE(::chmod(chain.snap(2).c_str(), 0) == 0);
    const ran call = tool({"verify", chain.folder.path()}, {.unprivileged = true});
    CHECK(call.status == 3);
    CHECK(count_of(call.out, "ok   ") == 3);
    CHECK(holds(call.err, "tintype: " + chain.snap(2) + ": permission denied"));
}
