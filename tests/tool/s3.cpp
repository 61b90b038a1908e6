// The tool on a bucket, where the environment names a service: TINTYPE_S3_ENDPOINT,
// TINTYPE_S3_BUCKET, and the keys as the tool itself takes them.

#include "chain_folders.hpp"
#include "run.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

namespace {

namespace ids = tests::dakera_ids;
using tests::golden_bytes;
using tests::holds;
using tests::names_in;
using tests::ran;
using tests::scratch;
using tests::words;

[[nodiscard]] std::string variable(const char* name) {
    const char* const value = std::getenv(name);
    return value != nullptr ? value : "";
}

// A prefix of its own in the bucket; what is in it stays, as the service does not.
struct bucket {
    std::string where;

    bucket() {
        std::random_device random;
        where = "s3://" + variable("TINTYPE_S3_BUCKET") + "/tool-" + std::to_string(random()) +
                "-" + std::to_string(random());
    }

    [[nodiscard]] std::string operator/(const std::string& name) const {
        return where + "/" + name;
    }
};

[[nodiscard]] ran tool(const words& arguments, words more = {}) {
    words environment{"AWS_ENDPOINT_URL=" + variable("TINTYPE_S3_ENDPOINT")};
    environment.insert(environment.end(), more.begin(), more.end());
    return tests::tool(arguments, {.environment = environment});
}

[[nodiscard]] ran save(const std::string& where, const std::string& name, const words& more = {}) {
    return tool(tests::joined(tests::joined({"save", where, "--format", "vamm-2", "--json"},
                                            tests::golden_sections(name)),
                              more));
}

[[nodiscard]] bool skipped() {
    if (!variable("TINTYPE_S3_ENDPOINT").empty()) {
        return false;
    }
    MESSAGE("TINTYPE_S3_ENDPOINT is not set");
    return true;
}

} // namespace

TEST_CASE("s3: versions are saved, listed, restored, verified and pruned in a bucket") {
    if (skipped()) {
        return;
    }
    const bucket at;
    const scratch out;
    const words names{"tiny", "empty", "large"};
    CHECK(tool({"ls", at.where}).out == "no snapshots\n");
    for (std::size_t i = 0; i != names.size(); ++i) {
        const ran call = save(at.where, names[i]);
        CHECK(call.status == 0);
        CHECK(call.err == "");
        CHECK(call.out == "{\"version\":" + std::to_string(i + 1) + "}\n");
    }
    const ran listed = tool({"ls", at.where, "--json"});
    CHECK(listed.status == 0);
    CHECK(holds(listed.out, R"({"kind":"versions","snapshots":[{"version":1,"size":53,"ok":true)"));
    CHECK(tests::count_of(listed.out, R"("ok":true)") == 3);

    const ran restored = tool({"restore", at.where, "--version", "1", "-d", out / "tiny"});
    CHECK(restored.status == 0);
    CHECK(tests::file_bytes(out / "tiny/semantic.bin") == golden_bytes("tiny.semantic.bin"));
    const ran newest = tool({"restore", at.where, "-d", at / "large"});
    CHECK(newest.status == 0);
    CHECK(tool({"verify", at / "snapshot_00000003.vamm"}).status == 0);
    CHECK(holds(tool({"inspect", at / "snapshot_00000001.vamm"}).out, "vamm"));
    const ran verified = tool({"verify", at.where});
    CHECK(verified.status == 0);
    CHECK(holds(verified.out, "ok   " + (at / "snapshot_00000002.vamm")));

    const ran none = tool({"restore", at.where, "--version", "7", "-d", out / "none"});
    CHECK(none.status == 3);
    CHECK(none.err == "tintype: " + (at / "snapshot_00000007.vamm") + ": not found\n");
    CHECK(tool({"prune", at.where, "--keep-last", "2", "--dry-run"}).status == 0);
    const ran pruned = tool({"prune", at.where, "--keep-last", "2", "--json"});
    CHECK(pruned.status == 0);
    CHECK(pruned.out == "{\"removed\":[1],\"kept\":[2,3]}\n");
    CHECK(save(at.where, "tiny", {"--keep-last", "1"}).out ==
          "{\"version\":4,\"removed\":[2,3]}\n");
}

TEST_CASE("s3: what is damaged in a bucket is told by its name") {
    if (skipped()) {
        return;
    }
    const bucket at;
    const scratch place;
    // Sections may be any bytes, and unpacked they are objects.
    tests::write_file(place / "cut", "VAMM\x02 cut");
    auto sections = tests::golden_sections("tiny");
    sections[1] = "semantic=" + (place / "cut");
    REQUIRE(tests::tool(tests::joined({"save", place / "local", "--format", "vamm-2"}, sections))
                .status == 0);
    REQUIRE(tool({"unpack", place / "local/snapshot_00000001.vamm", "-d", at.where}).status == 0);
    REQUIRE(save(at.where, "tiny").status == 0);
    const ran one = tool({"verify", at / "semantic.bin"});
    CHECK(one.status == 1);
    CHECK(one.out ==
          "BAD  " + (at / "semantic.bin") + "  vamm-2: truncated: 9 bytes, at least 41 needed\n");
    const ran all = tool({"verify", at.where, "--json"});
    CHECK(all.status == 1);
    CHECK(holds(all.out,
                "{\"path\":\"" + (at / "semantic.bin") + "\",\"format\":\"vamm\",\"ok\":false"));
    CHECK(holds(all.out, "\"unknown\":[\"" + (at / "episodic.bin")));
    const ran inspected = tool({"inspect", at / "semantic.bin"});
    CHECK(inspected.status == 1);
    CHECK(holds(inspected.err, "tintype: " + (at / "semantic.bin") + ": truncated"));
    const ran nothing = tool({"verify", at / "nothing"});
    CHECK(nothing.status == 1);
    CHECK(holds(nothing.out, "there is no snapshot in this folder"));
}

TEST_CASE("s3: copies to a bucket, within it and back are the same bytes, and are resumed") {
    if (skipped()) {
        return;
    }
    const bucket one;
    const bucket other;
    const scratch place;
    const auto from = place / "from";
    std::filesystem::create_directories(from);
    tests::copy_dakera(from);
    tests::write_file(from + "/snapshot_00000001.vamm", golden_bytes("tiny.v2.vamm"));
    tests::write_file(from + "/snapshot_00000002.vamm", golden_bytes("large.v2.vamm"));
    tests::write_file(from + "/snapshot_00000002.vamm.pin", "the audit");

    const ran up = tool({"copy", from, one.where, "--json"});
    CHECK(up.status == 0);
    CHECK(up.err == "");
    CHECK(holds(up.out, "{\"copied\":[1,2,\"snap_"));
    CHECK(tool({"verify", one.where}).status == 0);
    CHECK(holds(tool({"copy", from, one.where, "--json"}).out, R"({"copied":[],"skipped":[1,2,)"));

    CHECK(tool({"copy", one.where, other.where, "--version", "2"}).status == 0);
    const ran across = tool({"copy", one.where, other.where, "--json"});
    CHECK(across.status == 0);
    CHECK(holds(across.out, "{\"copied\":[1,\"snap_"));
    CHECK(holds(across.out, R"("skipped":[2],)"));

    CHECK(tool({"copy", other.where, place / "back"}).status == 0);
    CHECK(names_in(place / "back") == names_in(from));
    for (const std::string& name : names_in(from)) {
        CHECK(tests::file_bytes(from + "/" + name) == tests::file_bytes(place / "back/" + name));
    }

    // Other bytes under one of the names.
    tests::write_file(from + "/snapshot_00000001.vamm", golden_bytes("empty.v2.vamm"));
    const ran differs = tool({"copy", from, one.where});
    CHECK(differs.status == 1);
    CHECK(holds(differs.err, "tintype: " + (one / "snapshot_00000001.vamm") +
                                 ": is there with other bytes, and stays: 53 bytes there, "));
}

TEST_CASE("s3: a chain in a bucket is listed, compared, restored and pruned") {
    if (skipped()) {
        return;
    }
    const bucket at;
    const scratch place;
    const scratch from;
    tests::copy_dakera(from.path());
    REQUIRE(tool({"copy", from.path(), at.where}).status == 0);
    const ran listed = tool({"ls", at.where, "--json"});
    CHECK(listed.out == tool({"ls", from.path(), "--json"}).out);
    const words between{ids::full, ids::incremental2};
    CHECK(tool(tests::joined({"diff", at.where}, between)).out ==
          tool(tests::joined({"diff", from.path()}, between)).out);
    CHECK(tool({"restore", at.where, "--id", ids::incremental2, "-o", place / "a"}).status == 0);
    CHECK(tool({"restore", from.path(), "--id", ids::incremental2, "-o", place / "b"}).status == 0);
    CHECK(tests::file_bytes(place / "a") == tests::file_bytes(place / "b"));
    CHECK(tool({"verify", at / ids::incremental1 + ".snap"}).status == 0);
    const ran pruned = tool({"prune", at.where, "--keep-last", "1", "--json"});
    CHECK(pruned.status == 0);
    CHECK(holds(pruned.out, "\"kept\":[\"" + ids::pretty + "\"]"));
    CHECK(tool({"verify", at.where}).status == 0);
}

TEST_CASE("s3: a wrong secret, no such bucket and no service are the system's failures") {
    if (skipped()) {
        return;
    }
    const bucket at;
    const scratch place;
    tests::write_file(place / "snapshot_00000001.vamm", golden_bytes("tiny.v2.vamm"));
    const auto check = [&](const std::string& where, const words& environment,
                           const std::string& says) {
        for (const words& call :
             {words{"ls", where}, words{"verify", where}, words{"restore", where, "-d", "x"},
              words{"prune", where, "--keep-last", "1"}, words{"inspect", where + "/name"},
              words{"diff", where, "a", "b"}, words{"copy", where, place / "to"},
              words{"copy", place.path(), where},
              tests::joined({"save", where, "--format", "vamm-2"},
                            tests::golden_sections("tiny"))}) {
            const ran refused = tool(call, environment);
            CAPTURE(call[0]);
            CAPTURE(refused.err);
            CHECK(refused.status == 3);
            CHECK(refused.err.starts_with("tintype: " + where));
            CHECK(holds(refused.err, says));
            CHECK(std::ranges::count(refused.err, '\n') == 1);
        }
    };
    check(at.where, {"AWS_SECRET_ACCESS_KEY=wrong"}, "permission denied");
    check("s3://no-such-bucket-here/x", {}, "there is no such bucket");
    check(at.where, {"AWS_ENDPOINT_URL=http://127.0.0.1:9"}, "Connection refused");
    CHECK(tool({"ls", "s3://b"}).status == 2);
    CHECK(tool({"ls", at.where}, {"AWS_ENDPOINT_URL=nonsense"}).status == 2);
}
