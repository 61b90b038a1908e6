// Chains looked into: `verify` of whole and damaged ones, `inspect` of their files.

#include "chain_folders.hpp"
#include "run.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace {

using tests::count_of;
using tests::damage_file;
using tests::digests;
using tests::edit_file;
using tests::holds;
using tests::own_chain;
using tests::ran;
using tests::remove_file;
using tests::scratch;
using tests::tool;
using tests::words;
namespace ids = tests::dakera_ids;

// A row of `verify --json` about a file that is bad.
[[nodiscard]] std::string bad_row(const std::string& path, const std::string& format,
                                  const std::string& id, const std::string& code) {
    return R"({"path":")" + path + R"(","format":)" + format + R"(,"ok":false,)" +
           (id.empty() ? "" : R"("id":")" + id + "\",") + R"("error":{"code":")" + code + '"';
}

// The same where a parent is to blame.
[[nodiscard]] std::string lost_row(const std::string& path, const std::string& format,
                                   const std::string& id, const std::string& needs,
                                   const std::string& code) {
    return R"({"path":")" + path + R"(","format":)" + format + R"(,"ok":false,"id":")" + id +
           R"(","rests_on":")" + needs + R"(","error":{"code":")" + code + '"';
}

const std::string manifest = "\"chain-manifest\"";
const std::string data = "\"chain-data\"";

} // namespace

TEST_CASE("a whole chain: one line a snapshot, oldest first") {
    const scratch folder;
    tests::copy_dakera(folder.path());
    const ran text = tool({"verify", folder.path()});
    CHECK(text.status == 0);
    CHECK(text.err == "");
    const auto at = [&](const std::string& id) { return folder / id + ".snap  dakera-snap, "; };
    CHECK(text.out == "ok   " + at(ids::empty) + "full, 0 records, 208 B, no digests\n" + "ok   " +
                          at(ids::special_floats) + "full, 1 record, 635 B, no digests\n" +
                          "ok   " + at(ids::full) + "full, 70 records, 15.6 KiB, no digests\n" +
                          "ok   " + at(ids::incremental1) +
                          "incremental, 30 records, 7.4 KiB, no digests\n" + "ok   " +
                          at(ids::incremental2) + "incremental, 5 records, 1.3 KiB, no digests\n" +
                          "ok   " + at(ids::pretty) + "full, 3 records, 1.3 KiB, no digests\n");
    const ran json = tool({"verify", folder.path(), "--json"});
    CHECK(json.status == 0);
    CHECK(json.out.starts_with(R"({"ok":true,"results":[{"path":")" + folder / ids::empty +
                               R"(.snap","format":"dakera-snap","ok":true,"id":")" + ids::empty +
                               R"("},{"path":")"));
    CHECK(count_of(json.out, "\"ok\":true,\"id\"") == 6);
}

TEST_CASE("a chain of the library's own is verified without knowing its records") {
    for (const auto& [how, note] :
         {std::pair{digests::crc32c, ""}, std::pair{digests::none, ", no digests"}}) {
        const scratch folder;
        const auto taken = tests::take_chain(folder.path(), how);
        const ran call = tool({"verify", folder.path()});
        CHECK(call.status == 0);
        CHECK(call.err == "");
        CHECK(call.out.starts_with("ok   " + folder / taken[0] +
                                   ".snap  chain-data, full, 3 records, 272 B" + note + "\n"));
        CHECK(count_of(call.out, "ok   ") == 4);
    }
}

TEST_CASE("digests that cannot be computed here are no success, and nothing is pruned by them") {
    const scratch folder;
    const auto own = folder / "own";
    const auto dakera = folder / "dakera";
    for (const auto& [path, taken] :
         {std::pair{own, tests::take_chain(own, digests::crc32)},
          std::pair{dakera, tests::take_dakera(dakera, digests::crc32)}}) {
        CAPTURE(path);
        const ran call = tool({"verify", path});
        CHECK(call.status == 1);
        CHECK(count_of(call.out, "unsupported: digests by crc32, which cannot be verified here") ==
              taken.size());
        const ran json = tool({"verify", path, "--json"});
        CHECK(json.status == 1);
        CHECK(count_of(json.out, R"("error":{"code":"unsupported")") == taken.size());
        const ran file = tool({"verify", path + "/" + taken[0] + ".snap"});
        CHECK(file.status == 1);
        CHECK(holds(file.out, "which cannot be verified here"));
        const ran pruned = tool({"prune", path, "--keep-last", "1"});
        CHECK(pruned.status == 1);
        CHECK(holds(pruned.err, "digests by crc32, which cannot be verified here"));
        CHECK(tests::names_in(path).size() == 2 * taken.size());
    }
}

TEST_CASE("damaged data: its snapshot and all that need it are bad") {
    const own_chain chain;
    const auto& id = chain.ids;
    damage_file(chain.snap(1));
    const ran call = chain.verified();
    CHECK(call.status == 1);
    CHECK(call.err == "");
    CHECK(holds(call.out, R"({"ok":false,"results":[)"));
    CHECK(holds(call.out, R"({"path":")" + chain.snap(0) + R"(","format":"chain-data","ok":true)"));
    CHECK(holds(call.out, bad_row(chain.snap(1), data, id[1], "checksum_mismatch")));
    CHECK(holds(call.out, R"({"path":")" + chain.snap(2) + R"(","format":"chain-data","ok":true)"));
    CHECK(holds(call.out, lost_row(chain.meta(3), manifest, id[3], id[1], "checksum_mismatch")));

    const ran text = tool({"verify", chain.folder.path()});
    CHECK(holds(text.out, "BAD  " + chain.snap(1) + "  chain-data: checksum mismatch in people: "));
    CHECK(holds(text.out, "BAD  " + chain.meta(3) + "  chain-manifest: rests on " + id[1] +
                              ", which is damaged: checksum mismatch in people: "));

    const ran listed = tool({"ls", "--json", chain.folder.path()});
    CHECK(listed.status == 0);
    CHECK(count_of(listed.out, "\"ok\":true") == 2);
    CHECK(holds(listed.out, R"("ok":false,"error":{"code":"checksum_mismatch","message":)"
                            R"("checksum mismatch in people: stored )"));
    CHECK(holds(listed.out, R"(,"rests_on":")" + id[1] + "\"}"));
}

TEST_CASE("each kind of damage has its code") {
    const auto bad = [](auto damage, auto expected) {
        const own_chain chain;
        damage(chain);
        const ran call = chain.verified();
        CHECK(call.status == 1);
        CHECK(call.err == "");
        CAPTURE(call.out);
        CHECK(holds(call.out, expected(chain)));
    };
    SUBCASE("data cut short") {
        bad([](const own_chain& c) { std::filesystem::resize_file(c.snap(3), 100); },
            [](const own_chain& c) { return bad_row(c.snap(3), data, c.ids[3], "truncated"); });
    }
    SUBCASE("data with something behind it") {
        bad([](const own_chain& c) { std::filesystem::resize_file(c.snap(3), 200); },
            [](const own_chain& c) {
                return bad_row(c.snap(3), data, c.ids[3], "trailing_bytes");
            });
    }
    SUBCASE("data that is gone") {
        bad([](const own_chain& c) { remove_file(c.snap(3)); },
            [](const own_chain& c) { return bad_row(c.snap(3), data, c.ids[3], "not_found"); });
    }
    SUBCASE("data of another snapshot") {
        bad([](const own_chain& c) { tests::write_file(c.snap(1), tests::file_bytes(c.snap(2))); },
            [](const own_chain& c) {
                return bad_row(c.snap(1), data, c.ids[1], "checksum_mismatch");
            });
    }
    SUBCASE("data with another magic") {
        bad([](const own_chain& c) { edit_file(c.snap(3), "TTPIECES", "TTPIECER"); },
            [](const own_chain& c) { return bad_row(c.snap(3), data, c.ids[3], "invalid_magic"); });
    }
    SUBCASE("data of a newer version") {
        bad([](const own_chain& c) { edit_file(c.snap(3), "TTPIECES\x01", "TTPIECES\x02"); },
            [](const own_chain& c) {
                return bad_row(c.snap(3), data, c.ids[3], "unsupported_version");
            });
    }
    SUBCASE("a manifest that does not add up") {
        bad([](const own_chain& c) { damage_file(c.meta(3)); },
            [](const own_chain& c) {
                return bad_row(c.meta(3), manifest, c.ids[3], "checksum_mismatch");
            });
    }
    SUBCASE("an empty manifest") {
        bad([](const own_chain& c) { tests::write_file(c.meta(3), ""); },
            [](const own_chain& c) { return bad_row(c.meta(3), manifest, c.ids[3], "truncated"); });
    }
    SUBCASE("a manifest of something else") {
        bad([](const own_chain& c) { tests::write_file(c.meta(3), "remember the milk, and eggs"); },
            [](const own_chain& c) {
                return bad_row(c.meta(3), manifest, c.ids[3], "invalid_magic");
            });
    }
    SUBCASE("a manifest under another's name") {
        bad([](const own_chain& c) { tests::write_file(c.meta(3), tests::file_bytes(c.meta(2))); },
            [](const own_chain& c) {
                return bad_row(c.meta(3), manifest, c.ids[3], "invalid_value") +
                       R"(,"message":"invalid value: the manifest is of )" + c.ids[2] + '"';
            });
    }
    SUBCASE("a parent that is gone") {
        bad(
            [](const own_chain& c) {
                remove_file(c.meta(1));
                remove_file(c.snap(1));
            },
            [](const own_chain& c) {
                return bad_row(c.meta(3), manifest, c.ids[3], "missing_parent");
            });
    }
    SUBCASE("a parent whose manifest cannot be read") {
        bad([](const own_chain& c) { damage_file(c.meta(1)); },
            [](const own_chain& c) {
                return lost_row(c.meta(3), manifest, c.ids[3], c.ids[1], "checksum_mismatch");
            });
    }
    SUBCASE("data without a manifest") {
        bad([](const own_chain& c) { remove_file(c.meta(2)); },
            [](const own_chain& c) { return bad_row(c.snap(2), data, "", "not_found"); });
    }
}

TEST_CASE("each kind of damage in a chain of Dakera's has its code") {
    const scratch folder;
    const auto taken = tests::take_dakera(folder.path());
    const auto meta = [&](std::size_t i) { return folder / taken[i] + ".meta"; };
    const auto snap = [&](std::size_t i) { return folder / taken[i] + ".snap"; };
    const auto check = [&](const std::string& row) {
        const ran call = tool({"verify", "--json", folder.path()});
        CHECK(call.status == 1);
        CHECK(call.err == "");
        CAPTURE(call.out);
        CHECK(holds(call.out, row));
    };
    const std::string of_meta = "\"dakera-meta\"";
    const std::string of_snap = "\"dakera-snap\"";
    SUBCASE("a changed vector") {
        edit_file(snap(1), R"("values":[0.0,0.0,1.0])", R"("values":[0.0,0.0,7.0])");
        check(bad_row(snap(1), of_snap, taken[1], "checksum_mismatch"));
    }
    SUBCASE("data cut short") {
        std::filesystem::resize_file(snap(1), 9);
        check(bad_row(snap(1), of_snap, taken[1], "truncated"));
    }
    SUBCASE("data that is gone, and with it what needs it") {
        remove_file(snap(0));
        check(bad_row(snap(0), of_snap, taken[0], "not_found"));
        check(lost_row(meta(1), of_meta, taken[1], taken[0], "not_found"));
    }
    SUBCASE("a manifest that is no JSON any more") {
        edit_file(meta(1), "\"namespaces\"", "\"namespaces");
        const ran call = tool({"verify", "--json", folder.path()});
        CHECK(call.status == 1);
        CHECK(holds(call.out, R"({"path":")" + meta(1) + R"(","format":"dakera-meta","ok":false)"));
    }
    SUBCASE("a manifest cut short") {
        std::filesystem::resize_file(meta(1), 40);
        check(bad_row(meta(1), of_meta, taken[1], "truncated"));
    }
    SUBCASE("a parent that is gone") {
        remove_file(meta(0));
        check(bad_row(meta(1), of_meta, taken[1], "missing_parent"));
        check(bad_row(snap(0), of_snap, "", "not_found"));
    }
    SUBCASE("a parent whose name another snapshot has taken") {
        auto text = tests::text_file(meta(0));
        const auto at = text.find(R"("state": ")") + 10;
        text[at] = text[at] == '0' ? '1' : '0';
        tests::write_file(meta(0), text);
        check(bad_row(meta(1), of_meta, taken[1], "missing_parent"));
        CHECK(holds(tool({"verify", folder.path()}).out,
                    "missing parent: " + taken[1] + " needs " + taken[0] +
                        ": another snapshot has the parent's name\n"));
    }
    SUBCASE("a chain that comes back to itself") {
        edit_file(meta(0), R"("Full")", R"("Incremental")");
        edit_file(meta(0), R"("parent_id": null)", R"("parent_id": ")" + taken[1] + '"');
        check(bad_row(meta(0), of_meta, taken[0], "cyclic_chain"));
        check(bad_row(meta(1), of_meta, taken[1], "cyclic_chain"));
        const ran listed = tool({"ls", folder.path()});
        CHECK(listed.status == 0);
        CHECK(count_of(listed.out, "BAD: cyclic chain: ") == 2);
        const ran pruned = tool({"prune", folder.path(), "--keep-last", "1", "--dry-run"});
        CHECK(pruned.status == 0);
    }
    SUBCASE("a snapshot that is its own parent") {
        edit_file(meta(1), R"("parent_id": ")" + taken[0] + '"',
                  R"("parent_id": ")" + taken[1] + '"');
        check(bad_row(meta(1), of_meta, taken[1], "cyclic_chain"));
        CHECK(count_of(tool({"ls", folder.path()}).out, taken[1]) >= 1);
    }
    SUBCASE("a parent that no folder can hold") {
        edit_file(meta(1), R"("parent_id": ")" + taken[0] + '"',
                  R"("parent_id": "../../etc/passwd")");
        check(bad_row(meta(1), of_meta, taken[1], "missing_parent"));
    }
}

TEST_CASE("every byte of a manifest and of guarded data matters") {
    const own_chain chain;
    for (const std::string& path : {chain.meta(1), chain.snap(1)}) {
        const auto whole = tests::file_bytes(path);
        for (std::size_t i = 0; i != whole.size(); ++i) {
            CAPTURE(path);
            CAPTURE(i);
            auto flipped = whole;
            flipped[i] ^= std::byte{0x10};
            tests::write_file(path, flipped);
            REQUIRE(tool({"verify", chain.folder.path()}).status == 1);
        }
        tests::write_file(path, whole);
    }
    CHECK(chain.verified().status == 0);
}

TEST_CASE("all manifests damaged beyond recognition") {
    const own_chain chain;
    for (std::size_t i = 0; i != 4; ++i) {
        tests::write_file(chain.meta(i), "");
        tests::write_file(chain.snap(i), "");
    }
    const ran call = chain.verified();
    CHECK(call.status == 1);
    CHECK(count_of(call.out, R"("code":"truncated")") == 4);
    CHECK(count_of(tool({"ls", chain.folder.path()}).out, "BAD: truncated: ") == 4);
}

TEST_CASE("a chain, versions and other files in one folder") {
    const scratch folder;
    const auto taken = tests::take_chain(folder.path());
    tests::write_file(folder / "snapshot_00000001.vamm", tests::golden_bytes("tiny.v2.vamm"));
    tests::write_file(folder / "index.snap", tests::golden_bytes("entries1.vsnp"));
    tests::write_file(folder / "notes.txt", "remember the milk");
    std::filesystem::create_directories(folder / "inner/dakera");
    tests::copy_dakera(folder / "inner/dakera");
    const ran call = tool({"verify", folder.path()});
    CHECK(call.status == 0);
    CHECK(call.err == "");
    CHECK(count_of(call.out, "\n") == 4 + 3 + 6);
    CHECK(holds(call.out, "ok   " + folder / "index.snap" + "  vsnp, 41 B\n"));
    CHECK(holds(call.out, "ok   " + folder / "snapshot_00000001.vamm" + "  vamm-2, 53 B\n"));
    CHECK(holds(call.out, "???  " + folder / "notes.txt" + "  unknown format\n"));
    CHECK(holds(call.out, "ok   " + folder / "inner/dakera/" + ids::full + ".snap  dakera-snap"));

    const ran text = tool({"ls", folder.path()});
    CHECK(holds(text.out, "VERSION  SIZE  SAVED (UTC)          AGE  STATE\n      1  53 B  "));
    CHECK(holds(text.out, "  ok\n\nSNAPSHOT "));
    const ran json = tool({"ls", folder.path(), "--json"});
    CHECK(json.out.starts_with(R"({"kind":"versions","snapshots":[{"version":1,)"));
    CHECK(holds(json.out, R"(}],"chain":{"kind":"chain","snapshots":[{"id":")" + taken[3]));
    const ran pruned = tool({"prune", folder.path(), "--keep-last", "1"});
    CHECK(pruned.status == 2);
    CHECK(holds(pruned.err, "holds versions and a chain"));
    CHECK(tool({"restore", folder.path(), "-d", folder / "out"}).status == 0);
}

TEST_CASE("copies under other names are files by themselves") {
    const scratch folder;
    for (const std::string name : {"full", "incremental2"}) {
        for (const std::string suffix : {".meta", ".snap"}) {
            tests::write_file(folder / name + suffix,
                              tests::file_bytes(TINTYPE_GOLDEN "/dakera/" + name + suffix));
        }
    }
    const ran call = tool({"verify", folder.path()});
    CHECK(call.status == 0);
    CHECK(call.out == "ok   " + folder / "full.meta" + "  dakera-meta, 256 B\n" + "ok   " +
                          folder / "full.snap" + "  dakera-snap, 15.6 KiB\n" + "ok   " +
                          folder / "incremental2.meta" + "  dakera-meta, 276 B\n" + "ok   " +
                          folder / "incremental2.snap" + "  dakera-snap, 1.3 KiB\n");
}

TEST_CASE("the files of a snapshot by themselves") {
    const own_chain chain;
    const ran good = tool({"verify", chain.meta(1), chain.snap(1)});
    CHECK(good.status == 0);
    CHECK(good.out == "ok   " + chain.meta(1) + "  chain-manifest, 464 B\n" + "ok   " +
                          chain.snap(1) + "  chain-data, 184 B\n");
    damage_file(chain.snap(1));
    const ran bad = tool({"verify", chain.meta(1), chain.snap(1)});
    CHECK(bad.status == 1);
    CHECK(holds(bad.out, "ok   " + chain.meta(1)));
    CHECK(holds(bad.out, "BAD  " + chain.snap(1) + "  chain-data: checksum mismatch in "));
    // Without the manifest nobody can tell.
    std::filesystem::rename(chain.snap(1), chain.folder / "alone");
    CHECK(tool({"verify", chain.folder / "alone"}).status == 0);

    const scratch folder;
    const auto taken = tests::take_dakera(folder.path());
    const auto vectors = folder / taken[1] + ".snap";
    CHECK(tool({"verify", vectors}).status == 0);
    edit_file(vectors, R"("values":[0.0,0.0,1.0])", R"("values":[0.0,0.0,7.0])");
    CHECK(holds(tool({"verify", vectors, "--json"}).out, R"("code":"checksum_mismatch")"));
    CHECK(holds(tool({"inspect", vectors, "--json"}).out, R"("code":"checksum_mismatch")"));
    remove_file(folder / taken[1] + ".meta");
    CHECK(tool({"verify", vectors}).status == 0);
}

TEST_CASE("the document of a manifest") {
    const own_chain chain;
    const ran json = tool({"inspect", "--json", chain.meta(1)});
    CHECK(json.status == 0);
    CHECK(json.err == "");
    CHECK(json.out.starts_with(
        R"({"format":"chain-manifest","version":1,"size":464,"checksum":{"algorithm":"crc32c",)"));
    for (const std::string& part :
         {R"(,"id":")" + chain.ids[1] + R"(","snapshot_type":"Incremental","parent_id":")" +
              chain.ids[0] + R"(","created_at":)",
          std::string{R"("description":null,"records":1,"data":")"} + chain.ids[1] +
              R"(.snap","data_size":184,"hash":"crc32c","state":")",
          std::string{R"-("schema":"(string,{text:string,weights:[f32]})","pieces":[)-"
                      R"-({"name":"people","kind":"changes","records":1,"erased":1,"total":2,)-"
                      R"-("offset":64,)-"
                      R"("size":120,"digest":")"}}) {
        CAPTURE(part);
        CHECK(holds(json.out, part));
    }
    const ran text = tool({"inspect", chain.meta(2)});
    CHECK(holds(text.out, "\npieces\n"
                          "  NAME    KIND     RECORDS  ERASED  TOTAL  OFFSET  SIZE  DIGEST\n"));
    CHECK(holds(text.out, "\n  places  dropped        0       0      0       0     0  -\n"));

    damage_file(chain.meta(1));
    const ran damaged = tool({"inspect", "--json", chain.meta(1)});
    CHECK(damaged.status == 1);
    CHECK(holds(damaged.out, R"("error":{"code":"checksum_mismatch",)"));
    CHECK(!holds(damaged.out, "\"pieces\""));
}

TEST_CASE("the document of data, with its manifest beside it and without") {
    const own_chain chain;
    const ran whole = tool({"inspect", "--json", chain.snap(0)});
    CHECK(whole.status == 0);
    CHECK(whole.out.starts_with(R"({"format":"chain-data","version":1,"size":272,"manifest":")" +
                                chain.ids[0] +
                                R"(.meta","hash":"crc32c","pieces":[{"name":"people",)"
                                R"("kind":"whole","records":2,"offset":64,"size":104,"stored":")"));
    damage_file(chain.snap(0));
    const ran damaged = tool({"inspect", "--json", chain.snap(0)});
    CHECK(damaged.status == 1);
    CHECK(holds(damaged.out, R"("error":{"code":"checksum_mismatch",)"));
    CHECK(holds(damaged.err, "checksum mismatch in "));
    remove_file(chain.meta(0));
    CHECK(tool({"inspect", "--json", chain.snap(0)}).out ==
          R"({"format":"chain-data","version":1,"size":272,"manifest":null})"
          "\n");
    std::filesystem::resize_file(chain.snap(0), 15);
    CHECK(holds(tool({"inspect", "--json", chain.snap(0)}).out,
                R"({"format":"chain-data","version":null,"size":15,"error":{"code":"truncated",)"));
}

TEST_CASE("what of a chain can be written again, taken apart or resolved") {
    const own_chain chain;
    const scratch folder;
    for (std::size_t i = 0; i != 4; ++i) {
        CHECK(tool({"rewrite", chain.meta(i), "-o", folder / "o"}).err == "");
        CHECK(tests::file_bytes(folder / "o") == tests::file_bytes(chain.meta(i)));
    }
    const auto refused = [](const words& arguments, std::string_view why) {
        CAPTURE(arguments);
        const ran call = tool(arguments);
        CHECK(call.status == 2);
        CHECK(call.out == "");
        CAPTURE(call.err);
        CHECK(holds(call.err, why));
    };
    const auto& path = chain.folder.path();
    refused({"rewrite", chain.snap(0), "-o", folder / "x"}, "only a program that describes");
    refused({"unpack", chain.meta(0), "-d", folder / "x"}, "is not made of sections");
    refused({"restore", path, "--id", chain.ids[0], "-o", folder / "x"},
            "only a program that describes its records can restore this chain");
    refused({"diff", path, chain.ids[0], chain.ids[1]},
            "only a program that describes its records can compare snapshots of this chain");
    CHECK(!tests::exists(folder / "x"));
}
