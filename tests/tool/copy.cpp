// `copy` between folders: versions and chains, damage, resumption, what is there already.

#include "chain_folders.hpp"
#include "run.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <vector>

namespace {

namespace ids = tests::dakera_ids;
using tests::golden_bytes;
using tests::holds;
using tests::names_in;
using tests::ran;
using tests::scratch;
using tests::tool;
using tests::words;

[[nodiscard]] std::string version_name(int version) {
    return "snapshot_0000000" + std::to_string(version) + ".vamm";
}

// Three versions: the first pinned, the second with its digest as sha256sum writes it.
void fill(const std::string& folder) {
    std::filesystem::create_directories(folder);
    for (int i = 1; i <= 3; ++i) {
        tests::write_file(folder + "/" + version_name(i), golden_bytes("tiny.v2.vamm"));
    }
    tests::write_file(folder + "/" + version_name(1) + ".pin", "the audit");
    const auto sum = "sha256sum " + version_name(2) + " > " + version_name(2) + ".sha256";
    REQUIRE(std::system(("cd " + folder + " && " + sum).c_str()) == 0);
    tests::write_file(folder + "/notes.txt", "no snapshot");
}

[[nodiscard]] bool same_file(const std::string& a, const std::string& b) {
    return tests::file_bytes(a) == tests::file_bytes(b);
}

[[nodiscard]] words without(words names, const std::string& one) {
    std::erase(names, one);
    return names;
}

} // namespace

TEST_CASE("versions are copied with their digests and pins, and the second time skipped") {
    const scratch place;
    const auto from = place / "from";
    const auto to = place / "new/to";
    fill(from);
    const ran first = tool({"copy", from, to, "--json"});
    CHECK(first.status == 0);
    CHECK(first.err == "");
    const auto bytes = std::filesystem::file_size(from + "/" + version_name(2) + ".sha256");
    CHECK(first.out == R"({"copied":[1,2,3],"skipped":[],"failed":[],"bytes":)" +
                           std::to_string(3 * 53 + 9 + bytes) + "}\n");
    CHECK(names_in(to) == without(names_in(from), "notes.txt"));
    for (const std::string& name : names_in(to)) {
        CHECK(same_file(from + "/" + name, to + "/" + name));
    }
    const ran again = tool({"copy", from, to, "--json"});
    CHECK(again.status == 0);
    CHECK(again.out == "{\"copied\":[],\"skipped\":[1,2,3],\"failed\":[],\"bytes\":0}\n");

    // As if it had been stopped after some of them.
    tests::remove_file(to + "/" + version_name(2));
    tests::remove_file(to + "/" + version_name(1) + ".pin");
    const ran rest = tool({"copy", from, to});
    CHECK(rest.status == 0);
    CHECK(rest.out == "copied 1, 2, 62 B\nskipped 3\n");
    CHECK(names_in(to) == without(names_in(from), "notes.txt"));
}

TEST_CASE("named versions alone, and none that is not there") {
    const scratch place;
    fill(place / "from");
    const ran some =
        tool({"copy", "--version", "3", place / "from", "--version", "2", place / "to", "--json"});
    CHECK(some.status == 0);
    CHECK(holds(some.out, R"({"copied":[2,3],"skipped":[])"));
    const ran none = tool({"copy", place / "from", place / "other", "--version", "7"});
    CHECK(none.status == 3);
    CHECK(none.err == "tintype: " + (place / "from/") + version_name(7) + ": not found\n");
    CHECK(!tests::exists(place / "other"));
    CHECK(tool({"copy", place / "from", place / "other", "--version", "x"}).status == 2);
    CHECK(tool({"copy", place / "from", ""}).status == 2);
    CHECK(tool({"copy", place / "from"}).status == 2);
}

TEST_CASE("a damaged version, or one that its digest does not fit, is told and not copied") {
    const scratch place;
    const auto from = place / "from";
    fill(from);
    tests::damage_file(from + "/" + version_name(1));
    const auto digest = from + "/" + version_name(2) + ".sha256";
    auto line = tests::text_file(digest);
    line[0] = line[0] == '0' ? '1' : '0';
    tests::write_file(digest, line);
    const ran call = tool({"copy", from, place / "to"});
    CHECK(call.status == 1);
    CHECK(call.out == "copied 3, 53 B\nskipped nothing\n");
    CHECK(holds(call.err, "tintype: " + from + "/" + version_name(1) + ": checksum mismatch"));
    CHECK(holds(call.err, "tintype: " + from + "/" + version_name(1) + ".pin: needs " +
                              version_name(1) + ", which was not copied\n"));
    CHECK(holds(call.err, "tintype: " + from + "/" + version_name(2) + ": checksum mismatch in " +
                              version_name(2) + ".sha256: stored "));
    CHECK(names_in(place / "to") == words{version_name(3)});

    const ran json = tool({"copy", from, place / "to", "--json"});
    CHECK(json.status == 1);
    CHECK(json.out.starts_with(R"({"copied":[],"skipped":[3],"failed":[{"version":1,"error":{)"
                               R"("code":"checksum_mismatch","message":"checksum mismatch: )"));
}

TEST_CASE("what is there with other bytes stays, and both are named") {
    const scratch place;
    const auto from = place / "from";
    const auto to = place / "to";
    fill(from);
    std::filesystem::create_directories(to);
    const auto large = golden_bytes("large.v2.vamm");
    auto other = golden_bytes("tiny.v2.vamm");
    other[20] ^= std::byte{1};
    tests::write_file(to + "/" + version_name(2), large);
    tests::write_file(to + "/" + version_name(3), other);
    const ran call = tool({"copy", from, to});
    CHECK(call.status == 1);
    CHECK(call.out == "copied 1, 62 B\nskipped nothing\n");
    CHECK(holds(call.err, "tintype: " + to + "/" + version_name(2) +
                              ": is there with other bytes, and stays: " +
                              std::to_string(large.size()) + " bytes there, 53 here\n"));
    CHECK(holds(call.err, "tintype: " + to + "/" + version_name(3) +
                              ": is there with other bytes, and stays: 53 bytes, SHA-256 "));
    CHECK(tests::file_bytes(to + "/" + version_name(2)) == large);
    CHECK(tests::file_bytes(to + "/" + version_name(3)) == other);
    // Not its digest either.
    CHECK(names_in(to) ==
          words{version_name(1), version_name(1) + ".pin", version_name(2), version_name(3)});
}

TEST_CASE("chains of both kinds are copied, parents first, and are whole there") {
    for (const bool dakera : {true, false}) {
        const scratch place;
        const auto from = place / "from";
        const auto to = place / "to";
        std::filesystem::create_directories(from);
        if (dakera) {
            tests::copy_dakera(from);
        } else {
            tests::take_chain(from);
        }
        const ran call = tool({"copy", from, to, "--json"});
        CHECK(call.status == 0);
        CHECK(call.err == "");
        CHECK(holds(call.out, R"("skipped":[],"failed":[],"bytes":)"));
        CHECK(names_in(to) == names_in(from));
        for (const std::string& name : names_in(from)) {
            CHECK(same_file(from + "/" + name, to + "/" + name));
        }
        CHECK(tool({"verify", to}).status == 0);
        const ran again = tool({"copy", from, to, "--json"});
        CHECK(again.status == 0);
        CHECK(holds(again.out, R"({"copied":[],)"));
    }
}

TEST_CASE("a named snapshot comes with what it rests on") {
    const scratch from;
    const scratch to;
    tests::copy_dakera(from.path());
    const ran call = tool({"copy", from.path(), to.path(), "--id", ids::incremental1, "--json"});
    CHECK(call.status == 0);
    CHECK(holds(call.out, "{\"copied\":[\"" + ids::full + "\",\"" + ids::incremental1 + "\"],"));
    CHECK(names_in(to.path()).size() == 4);
    CHECK(tool({"restore", to.path(), "--id", ids::incremental1, "-o", to / "out.json"}).status ==
          0);
    const ran none = tool({"copy", from.path(), to.path(), "--id", "snap_1_1"});
    CHECK(none.status == 3);
    CHECK(none.err == "tintype: " + (from / "snap_1_1.meta") + ": not found\n");
}

TEST_CASE("of a damaged chain what can be restored is copied, and nothing that rests on damage") {
    const tests::own_chain chain;
    const scratch to;
    tests::damage_file(chain.snap(1));
    const ran call = tool({"copy", chain.folder.path(), to.path(), "--json"});
    CHECK(call.status == 1);
    CHECK(holds(call.out, "{\"copied\":[\"" + chain.ids[0] + "\""));
    CHECK(holds(call.out,
                "{\"id\":\"" + chain.ids[1] + "\",\"error\":{\"code\":\"checksum_mismatch\""));
    CHECK(holds(call.out, "\"code\":\"missing_parent\",\"message\":\"needs " + chain.ids[1] +
                              ", which was not copied\""));
    CHECK(!tests::exists(to / chain.ids[1] + ".meta"));
    CHECK(!tests::exists(to / chain.ids[1] + ".snap"));
    CHECK(tool({"verify", to.path()}).status == 0);

    // A manifest that nobody can read, and what it may have been needed by.
    tests::write_file(chain.meta(0), "{");
    const scratch other;
    const ran nothing = tool({"copy", chain.folder.path(), other.path(), "--json"});
    CHECK(nothing.status == 1);
    CHECK(holds(nothing.out, R"({"copied":[],"skipped":[],)"));
    CHECK(holds(nothing.out, "rests on " + chain.ids[0] + ", which is damaged: "));
    CHECK(names_in(other.path()).empty());
}

TEST_CASE("chains of two kinds do not meet in one folder") {
    const tests::own_chain chain;
    const scratch dakera;
    tests::copy_dakera(dakera.path());
    const auto before = names_in(dakera.path());
    const ran call = tool({"copy", chain.folder.path(), dakera.path()});
    CHECK(call.status == 2);
    CHECK(call.err == "tintype: " + dakera.path() + ": holds a chain of another kind\n");
    CHECK(names_in(dakera.path()) == before);
}

TEST_CASE("where there is nothing to copy, or no place for it, that is said") {
    const scratch place;
    const ran missing = tool({"copy", place / "no", place / "to"});
    CHECK(missing.status == 3);
    CHECK(missing.err ==
          "tintype: " + (place / "no") + ": not found: open: No such file or directory\n");
    std::filesystem::create_directories(place / "empty");
    const ran empty = tool({"copy", place / "empty", place / "to"});
    CHECK(empty.status == 3);
    CHECK(empty.err == "tintype: " + (place / "empty") + ": there is no snapshot in this folder\n");
    CHECK(!tests::exists(place / "to"));

    fill(place / "from");
    std::filesystem::create_directories(place / "shut");
    REQUIRE(::chmod((place / "shut").c_str(), 0555) == 0);
    REQUIRE(::chmod(place.path().c_str(), 0755) == 0);
    const ran shut =
        tool({"copy", place / "from", place / "shut", "--json"}, {.unprivileged = true});
    CHECK(shut.status == 3);
    CHECK(holds(shut.out, R"("code":"permission_denied")"));
    CHECK(holds(shut.out, R"("stopped":true})"));
}

TEST_CASE("a copy that does not fit leaves whole versions, and is resumed") {
    const scratch place;
    const auto from = place / "from";
    std::filesystem::create_directories(from);
    tests::write_file(from + "/" + version_name(1), golden_bytes("tiny.v2.vamm"));
    tests::write_file(from + "/" + version_name(2), golden_bytes("large.v2.vamm"));
    const ran full = tool({"copy", from, place / "to"}, {.file_limit = 100000});
    CHECK(full.status == 3);
    CHECK(full.out == "copied 1, 53 B\nskipped nothing\n");
    CHECK(names_in(place / "to") == words{version_name(1)});
    const ran rest = tool({"copy", from, place / "to", "--json"});
    CHECK(rest.status == 0);
    CHECK(holds(rest.out, R"({"copied":[2],"skipped":[1],)"));
}

TEST_CASE("Ctrl-C stops between whole snapshots") {
    const scratch place;
    const auto from = place / "from";
    std::filesystem::create_directories(from);
    const auto large = golden_bytes("large.v2.vamm");
    constexpr int count = 150;
    for (int i = 1; i <= count; ++i) {
        const auto digits = std::to_string(i);
        tests::write_file(
            from + "/snapshot_" + std::string(8 - digits.size(), '0') + digits + ".vamm", large);
    }
    const ran stopped = tool({"copy", from, place / "to"}, {.meanwhile = [&](pid_t process) {
                                 if (tests::wait_until_ready(process)) {
                                     while (!tests::exists(place / "to/snapshot_00000002.vamm") &&
                                            ::kill(process, 0) == 0) {
                                     }
                                     ::kill(process, SIGINT);
                                 }
                             }});
    CHECK(stopped.status == 3);
    CHECK(holds(stopped.err, "cancelled"));
    const auto there = tests::exists(place / "to") ? names_in(place / "to") : words{};
    CHECK(there.size() < count);
    for (const std::string& name : there) {
        CHECK(same_file(from + "/" + name, place / "to/" + name));
    }
    CHECK(tool({"copy", from, place / "to"}).status == 0);
    CHECK(names_in(place / "to").size() == count);
}

TEST_CASE("s3:// is never taken for a folder") {
    const scratch place;
    fill(place / "from");
    const tests::circumstances nowhere{.folder = place.path(),
                                       .environment = {"AWS_ENDPOINT_URL=ftp://nowhere"}};
    for (const words& call :
         {words{"copy", "from", "s3://bucket/to"}, words{"copy", "s3://bucket/from", "to"},
          words{"ls", "s3://bucket"}, words{"verify", "s3://bucket"},
          words{"restore", "s3://bucket/x", "-d", "out"},
          words{"prune", "s3://bucket", "--keep-last", "1"}, words{"inspect", "s3://bucket/x"}}) {
        const ran refused = tool(call, nowhere);
        CAPTURE(refused.err);
        CHECK((refused.status == 2 || (call[0] == "verify" && refused.status == 3)));
        CHECK(refused.err.starts_with("tintype: s3://bucket"));
    }
    const ran history = tool({"history", "s3://bucket/x"}, nowhere);
    CHECK(history.status == 2);
    CHECK(history.err == "tintype: s3://bucket/x: is a bucket, which this does not take\n");
    CHECK(names_in(place.path()) == words{"from"});
}
