// Dakera's files and folders: what is shown of them, resolved out of them, written again.

#include "chain_folders.hpp"
#include "run.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <sys/stat.h>
#include <utility>

namespace {

using tests::edit_file;
using tests::holds;
using tests::ran;
using tests::scratch;
using tests::tool;
using tests::words;
namespace ids = tests::dakera_ids;

[[nodiscard]] std::string golden(const std::string& name) {
    return TINTYPE_GOLDEN "/dakera/" + name;
}

const std::array<std::string, 6> names{"empty",        "full",   "incremental1",
                                       "incremental2", "pretty", "special_floats"};

} // namespace

TEST_CASE("the documents of a snapshot's two files") {
    const ran data = tool({"inspect", "--json", golden("incremental2.snap")});
    CHECK(data.status == 0);
    CHECK(data.err == "");
    CHECK(data.out ==
          R"({"format":"dakera-snap","id":"snap_1700000300000_4","snapshot_type":"Incremental",)"
          R"("parent_id":"snap_1700000200000_3","created_at":1700000300,"description":"third",)"
          R"("total_vectors":5,"version":"1.0.0","size":1318,"namespaces":[)"
          R"({"namespace":"docs é","vectors":5,"dimension":8},)"
          R"({"namespace":"gone","vectors":0,"dimension":null}]})"
          "\n");
    const ran meta = tool({"inspect", "--json", golden("full.meta")});
    CHECK(meta.status == 0);
    CHECK(meta.err == "");
    CHECK(meta.out ==
          R"({"format":"dakera-meta","id":"snap_1700000100000_2","created_at":1700000100,)"
          R"("description":"nightly","namespaces":["users","docs é"],"total_vectors":70,)"
          R"("size_bytes":15963,"snapshot_type":"Full","parent_id":null,"version":"1.0.0"})"
          "\n");
}

TEST_CASE("what people see of a snapshot's two files") {
    CHECK(tool({"inspect", golden("full.snap")}).out ==
          "format         dakera-snap\n"
          "id             snap_1700000100000_2\n"
          "snapshot type  Full\n"
          "parent id      -\n"
          "created at     1700000100 (2023-11-14 22:15:00 UTC)\n"
          "description    nightly\n"
          "total vectors  70\n"
          "version        1.0.0\n"
          "size           15963 (15.6 KiB)\n"
          "namespaces\n"
          "  NAMESPACE  VECTORS  DIMENSION\n"
          "  users           50         16\n"
          "  docs é          20          8\n");
    CHECK(tool({"inspect", golden("incremental1.meta")}).out ==
          "format         dakera-meta\n"
          "id             snap_1700000200000_3\n"
          "created at     1700000200 (2023-11-14 22:16:40 UTC)\n"
          "description    -\n"
          "namespaces     users\n"
          "total vectors  30\n"
          "size bytes     7615 (7.4 KiB)\n"
          "snapshot type  Incremental\n"
          "parent id      snap_1700000100000_2\n"
          "version        1.0.0\n");
    CHECK(holds(tool({"inspect", golden("empty.snap")}).out, "namespaces\n  none\n"));
}

TEST_CASE("what this library adds to a metadata is shown") {
    const scratch folder;
    const auto taken = tests::take_dakera(folder.path());
    const ran json = tool({"inspect", "--json", folder / taken[1] + ".meta"});
    CHECK(json.status == 0);
    CHECK(holds(json.out, R"("parent_id":")" + taken[0] + R"(","version":"1.0.0","tintype":{)"));
    CHECK(holds(json.out, R"({"hash":"crc32c","digest":")"));
    CHECK(holds(json.out, R"(,"dropped":["shapes"]}})"));
    const ran text = tool({"inspect", folder / taken[1] + ".meta"});
    CHECK(holds(text.out, "\ntintype        hash crc32c  digest "));
    CHECK(holds(text.out, "  dropped shapes\n"));
}

TEST_CASE("Dakera's files are recognised by their members, in any order and however cut") {
    const scratch folder;
    const auto format_of = [&](std::string_view text) {
        tests::write_file(folder / "x", text);
        const auto out = tool({"inspect", "--json", folder / "x"}).out;
        return out.substr(0, out.find(','));
    };
    const std::string snap = R"({"format":"dakera-snap")";
    const std::string meta = R"({"format":"dakera-meta")";
    for (const auto& [suffix, format] : {std::pair{".snap", snap}, std::pair{".meta", meta}}) {
        const auto text = tests::text_file(golden("full") + suffix);
        const auto from = text.find("snap_");
        for (const std::size_t size : {from, from + 20, text.find("namespaces"), text.size() - 1}) {
            CAPTURE(size);
            CHECK(format_of(text.substr(0, size)) == format);
        }
        CHECK(format_of(text.substr(0, text.find("\"id\"") + 2)) == "");
    }
    CHECK(format_of(" \n{ \"version\" : \"1.0.0\", \"size_bytes\": 5, \"parent_id\": null,"
                    "\"snapshot_type\": \"Full\", \"total_vectors\": 0, \"namespaces\": [],"
                    "\"description\": null, \"created_at\": 7, \"id\": \"a\" }") == meta);
    CHECK(format_of(R"({"metadata":{"parent_id":null,"version":"1.0.0","id":"a","created_at":7},)"
                    R"("namespaces":[]})") == snap);
    for (const std::string_view other :
         {"{}", "[]", "{", "{\"", "{\"id", "{\"id\"}", "{\"id\":1,\"name\":\"x\"}", "\"id\"",
          "{\"metadata\":{\"name\":\"a pod\"},\"kind\":\"Pod\"}", "{\"metadata\":[1,2,{\"id\":3}]}",
          "]]]]{\"id\":", "{\"id\\",
          "{\"a\":{\"id\":1,\"created_at\":2,\"version\":3,"
          "\"namespaces\":4,\"parent_id\":5}}"}) {
        CAPTURE(other);
        CHECK(format_of(other) == "");
    }
}

TEST_CASE("a damaged file: what is wrong, with its code and place, and status 1") {
    const scratch folder;
    const auto check = [&](const std::string& name, std::string_view from, std::string_view to,
                           std::string_view code, std::string_view message) {
        CAPTURE(from);
        CAPTURE(to);
        tests::write_file(folder / "x", tests::file_bytes(golden(name)));
        edit_file(folder / "x", from, to);
        const ran call = tool({"inspect", "--json", folder / "x"});
        CHECK(call.status == 1);
        CHECK(holds(call.out, R"("error":{"code":")" + std::string{code} + R"(","message":")"));
        CAPTURE(call.err);
        CHECK(holds(call.err, message));
        const ran checked = tool({"verify", "--json", folder / "x"});
        CHECK(checked.status == 1);
        CHECK(holds(checked.out, R"("error":{"code":")" + std::string{code}));
        CHECK(tool({"rewrite", folder / "x", "-o", folder / "out"}).status == 1);
        CHECK(!tests::exists(folder / "out"));
    };
    check("incremental2.snap", R"("vector_count":5)", R"("vector_count":6)", "invalid_value",
          "docs é.vector_count: 6");
    check("incremental2.snap", R"("total_vectors":5)", R"("total_vectors":4)", "invalid_value",
          "total_vectors: 4");
    check("incremental2.snap", R"("dimension":8)", R"("dimension":7)", "invalid_value", ".values");
    check("incremental2.snap", R"("id":"d000001")", R"("id":"d000002")", "duplicate",
          "docs é/d000002");
    check("incremental2.snap", R"("namespace":"gone")", R"("namespace":"gonf")", "invalid_value",
          "gonf");
    check("incremental2.snap", R"("vector_count":0,)", "", "missing_field", "vector_count");
    check("full.meta", R"("version": "1.0.0")", R"("version": "2.0.0")", "unsupported_version",
          "version");
    check("full.meta", R"("Full")", R"("Whole")", "invalid_value", "snapshot_type");
    check("full.meta", R"("parent_id": null)", R"("parent_id": "x")", "invalid_value",
          "a full snapshot has a parent");
    check("full.meta", R"(1700000100,)", R"(99999999999,)", "invalid_value", "created_at");
    check("full.meta", "\n}", "\n}}", "trailing_bytes", "left over");
}

TEST_CASE("every golden file is rewritten byte for byte, compact or pretty") {
    const scratch folder;
    for (const std::string& name : names) {
        for (const std::string suffix : {".snap", ".meta"}) {
            CAPTURE(name + suffix);
            const ran call = tool({"rewrite", "--json", golden(name + suffix), "-o", folder / "o"});
            CHECK(call.status == 0);
            CHECK(call.err == "");
            const auto bytes = tests::file_bytes(golden(name + suffix));
            CHECK(call.out == R"({"output":")" + folder / "o" + R"(","format":"dakera-)" +
                                  suffix.substr(1) + R"(","size":)" + std::to_string(bytes.size()) +
                                  ",\"identical\":true}\n");
            CHECK(tests::file_bytes(folder / "o") == bytes);
        }
    }
    CHECK(tests::names_in(folder.path()) == words{"o"});
}

TEST_CASE("what this library wrote is rewritten byte for byte, too") {
    const scratch folder;
    for (const auto how : {tests::digests::crc32c, tests::digests::none}) {
        const scratch taken;
        static_cast<void>(tests::take_dakera(taken.path(), how));
        for (const std::string& name : tests::names_in(taken.path())) {
            CAPTURE(name);
            CHECK(tool({"rewrite", taken / name, "-o", folder / "o"}).err == "");
            CHECK(tests::file_bytes(folder / "o") == tests::file_bytes(taken / name));
        }
    }
}

TEST_CASE("that members are lost which nobody knows is said") {
    const scratch folder;
    tests::write_file(folder / "x", tests::file_bytes(golden("full.meta")));
    edit_file(folder / "x", R"("version")", R"("tenant": "acme", "version")");
    const ran call = tool({"rewrite", folder / "x", "-o", folder / "out"});
    CHECK(call.status == 0);
    CHECK(call.out == folder / "out" + "  dakera-meta, 256 B\n");
    CHECK(call.err == "tintype: " + folder / "out" + ": not the bytes of " + folder / "x" +
                          ": that is laid out in another way, or has members that are not known "
                          "and were not written\n");
    CHECK(tests::file_bytes(folder / "out") == tests::file_bytes(golden("full.meta")));
    CHECK(holds(tool({"rewrite", "--json", folder / "x", "-o", folder / "out"}).out,
                R"("size":256,"identical":false})"));
    // In its own place it is done just as well.
    CHECK(tool({"rewrite", folder / "x", "-o", folder / "x"}).status == 0);
    CHECK(tests::file_bytes(folder / "x") == tests::file_bytes(golden("full.meta")));
}

TEST_CASE("a snapshot is restored with all that its parents hold") {
    const scratch folder;
    tests::copy_dakera(folder / "d");
    const ran call = tool({"restore", folder / "d", "--id", ids::incremental2, "-o", folder / "o"});
    CHECK(call.status == 0);
    CHECK(call.err == "");
    CHECK(call.out == folder / "o" + "  35 vectors in 3 namespaces, 8.2 KiB\n");
    const auto text = tests::text_file(folder / "o");
    // The namespace of the last increment as it was there, character for character.
    const auto last = tests::text_file(golden("incremental2.snap"));
    const auto docs = last.substr(last.find(R"("vectors":[{"id":"d0)"));
    const auto docs_end = docs.find(R"(]},{"namespace":"gone")");
    CHECK(text.starts_with(R"([{"namespace":"docs é","dimension":8,)" + docs.substr(0, docs_end) +
                           R"(]},{"namespace":"gone","dimension":null,"vectors":[]},)"));
    // And the one that only the increment before it changed.
    const auto middle = tests::text_file(golden("incremental1.snap"));
    const auto users = middle.substr(middle.find(R"("vectors":[{"id":"u0)"));
    CHECK(text.ends_with(R"({"namespace":"users","dimension":16,)" +
                         users.substr(0, users.size() - std::string_view{"}]}"}.size()) + "}]"));

    const ran json =
        tool({"restore", folder / "d", "--id", ids::full, "-o", folder / "o", "--json"});
    CHECK(json.out == R"({"id":"snap_1700000100000_2","output":")" + folder / "o" +
                          R"(","namespaces":2,"vectors":70,"size":)" +
                          std::to_string(tests::file_bytes(folder / "o").size()) + "}\n");
    for (const std::string to : {"-", "/dev/stdout"}) {
        CHECK(tool({"restore", folder / "d", "--id", ids::empty, "-o", to, "--json"}).out == "[]");
    }
    CHECK(tests::names_in(folder.path()) == words{"d", "o"});
}

TEST_CASE("vectors are restored in the order of their ids") {
    const scratch folder;
    const auto taken = tests::take_dakera(folder / "d");
    CHECK(tool({"restore", folder / "d", "--id", taken[0], "-o", "-"}).out ==
          R"([{"namespace":"colours","dimension":3,"vectors":[)"
          R"({"id":"green","values":[0.0,1.0,0.0],"metadata":null},)"
          R"({"id":"red","values":[1.0,0.0,0.0],"metadata":null}]},)"
          R"({"namespace":"shapes","dimension":1,"vectors":[)"
          R"({"id":"round","values":[0.5],"metadata":null}]}])");
    // The second snapshot was taken without one of the namespaces.
    CHECK(tool({"restore", folder / "d", "--id", taken[1], "-o", "-"}).out ==
          R"([{"namespace":"colours","dimension":3,"vectors":[)"
          R"({"id":"blue","values":[0.0,0.0,1.0],"metadata":null},)"
          R"({"id":"green","values":[0.0,1.0,0.0],"metadata":null},)"
          R"({"id":"red","values":[1.0,0.0,0.0],"metadata":null}]}])");
}

TEST_CASE("what cannot be restored leaves what was there") {
    const scratch folder;
    const auto d = folder / "d";
    const auto out = folder / "out";
    tests::copy_dakera(d);
    tests::write_file(out, "precious");
    const auto check = [&](const std::string& id, int status, std::string_view line) {
        CAPTURE(id);
        const ran call = tool({"restore", d, "--id=" + id, "-o", out});
        CHECK(call.status == status);
        CHECK(call.out == "");
        CHECK(call.err == "tintype: " + std::string{line} + "\n");
        CHECK(tests::text_file(out) == "precious");
    };
    check("snap_9_9", 3, d + "/snap_9_9.meta: not found: open: No such file or directory");
    for (const std::string hostile : {"../d/snap_1700000100000_2", "/etc/passwd", ".hidden", "a b",
                                      "snap\n1", "..", "\x1b[31m", "\u00e4"}) {
        const ran call = tool({"restore", d, "--id=" + hostile, "-o", out});
        CAPTURE(hostile);
        CHECK(call.status == 2);
        CHECK(holds(call.err, "bad name"));
        CHECK(call.err.find('\x1b') == std::string::npos);
        CHECK(call.err.find('\n') == call.err.size() - 1);
    }
    check(std::string(300, 'x'), 2,
          d + ": bad name in " + std::string(46, 'x') + "..." + std::string(46, 'x'));

    tests::write_file(d + "/" + ids::incremental1 + ".snap", "{\"metadata\":{");
    check(ids::incremental2, 1,
          d + ": truncated in snap_1700000200000_3.snap: 13 bytes, at least 7615 needed");
    check(ids::incremental1, 1,
          d + ": truncated in snap_1700000200000_3.snap: 13 bytes, at least 7615 needed");
    ::unlink((d + "/" + ids::incremental1 + ".snap").c_str());
    check(ids::incremental2, 1, d + "/snap_1700000200000_3.snap: the data is not there");
    ::unlink((d + "/" + ids::incremental1 + ".meta").c_str());
    check(ids::incremental2, 1,
          d + ": missing parent: snap_1700000300000_4 needs snap_1700000200000_3");
    CHECK(tool({"restore", d, "--id", ids::full, "-o", out}).status == 0);

    CHECK(tool({"restore", d, "--id", ids::full, "-o", "/dev/full"}).status == 3);
    CHECK(tool({"restore", d, "--id", ids::full, "-o", folder / "absent/out"}).status == 3);
    CHECK(tool({"restore", folder / "nope", "--id", ids::full, "-o", out}).status == 3);
    CHECK(tool({"restore", folder / "out", "--id", ids::full, "-o", out}).status == 3);
    const scratch empty;
    const ran none = tool({"restore", empty.path(), "--id", ids::full, "-o", out});
    CHECK(none.status == 3);
    CHECK(none.err ==
          "tintype: " + empty.path() + ": there is no chain of snapshots in this folder\n");
    // Somebody who knows versions is told what a chain needs.
    const ran version = tool({"restore", d, "-d", folder / "parts"});
    CHECK(version.status == 2);
    CHECK(version.err ==
          "tintype: " + d + ": holds a chain: name a snapshot, --id ID -o OUT.json\n");
}

TEST_CASE("what changed between two snapshots") {
    const scratch folder;
    const auto taken = tests::take_dakera(folder.path());
    const ran text = tool({"diff", folder.path(), taken[0], taken[1]});
    CHECK(text.status == 0);
    CHECK(text.err == "");
    CHECK(text.out == "colours  1 added\n"
                      "  + blue\n"
                      "shapes  gone, 1 removed\n"
                      "  - round\n");
    CHECK(tool({"diff", folder.path(), taken[1], taken[0]}).out == "colours  1 removed\n"
                                                                   "  - blue\n"
                                                                   "shapes  new, 1 added\n"
                                                                   "  + round\n");
    CHECK(tool({"diff", folder.path(), taken[0], taken[1], "--json"}).out ==
          R"({"before":")" + taken[0] + R"(","after":")" + taken[1] + R"(","namespaces":[)" +
              R"({"namespace":"colours","in_before":true,"in_after":true,"added":["blue"],)"
              R"("removed":[],"changed":[]},)"
              R"({"namespace":"shapes","in_before":true,"in_after":false,"added":[],)"
              R"("removed":["round"],"changed":[]}]})"
              "\n");
    const ran same = tool({"diff", folder.path(), taken[0], taken[0]});
    CHECK(same.status == 0);
    CHECK(same.out == "no differences\n");
    CHECK(holds(tool({"diff", folder.path(), taken[0], taken[0], "--json"}).out,
                R"("namespaces":[]})"));
}

TEST_CASE("what changed in the golden chain") {
    const scratch folder;
    tests::copy_dakera(folder.path());
    const ran call = tool({"diff", folder.path(), ids::full, ids::incremental2});
    CHECK(call.status == 0);
    CHECK(call.out.starts_with("docs é  15 removed, 5 changed\n  - d000005\n"));
    CHECK(holds(call.out, "  ~ d000004\ngone  new, empty\nusers  20 removed, 30 changed\n"));
    CHECK(call.out.ends_with("  ~ u000029\n"));
    const ran unrelated = tool({"diff", folder.path(), ids::pretty, ids::special_floats});
    CHECK(unrelated.status == 0);
    CHECK(unrelated.out.starts_with("f  new, 1 added\n  + "));
    CHECK(holds(unrelated.out, "\np  gone, 3 removed\n  - "));
}

TEST_CASE("snapshots that cannot be compared") {
    const scratch folder;
    tests::copy_dakera(folder.path());
    const ran absent = tool({"diff", folder.path(), ids::full, "snap_9_9"});
    CHECK(absent.status == 3);
    CHECK(absent.out == "");
    CHECK(holds(absent.err, "snap_9_9.meta: not found"));
    CHECK(tool({"diff", folder.path(), "../x", ids::full}).status == 2);
    tests::write_file(folder / ids::full + ".snap", "");
    const ran damaged = tool({"diff", folder.path(), ids::empty, ids::full});
    CHECK(damaged.status == 1);
    CHECK(holds(damaged.err, "truncated in snap_1700000100000_2.snap: 0 bytes"));
}

TEST_CASE("hostile names in a snapshot do nothing to a terminal") {
    const scratch folder;
    const auto evil = R"(red\u001b[31m\nnext\u202e)";
    tests::copy_dakera(folder.path());
    for (const std::string suffix : {".snap", ".meta"}) {
        auto text = tests::text_file(folder / ids::pretty + suffix);
        for (std::size_t at = text.find("\"p\""); at != std::string::npos;
             at = text.find("\"p\"", at + 1)) {
            text.replace(at, 3, '"' + std::string{evil} + '"');
        }
        if (suffix == ".meta") {
            const auto size = tests::file_bytes(folder / ids::pretty + ".snap").size();
            const std::string_view before = R"("size_bytes": 1328)";
            const auto at = text.find(before);
            REQUIRE(at != std::string::npos);
            text.replace(at, before.size(), R"("size_bytes": )" + std::to_string(size));
        }
        tests::write_file(folder / ids::pretty + suffix, text);
        const auto at = text.find(evil);
        REQUIRE(at != std::string::npos);
    }
    const auto shown = R"(red\x1b[31m\x0anext\u{202e})";
    CHECK(holds(tool({"inspect", folder / ids::pretty + ".snap"}).out, shown));
    CHECK(holds(tool({"inspect", folder / ids::pretty + ".meta"}).out, shown));
    const ran changed = tool({"diff", folder.path(), ids::empty, ids::pretty});
    CHECK(changed.status == 0);
    CHECK(changed.out.starts_with(shown));
    for (const words& call : {words{"verify", folder.path()}, words{"ls", folder.path()},
                              words{"diff", folder.path(), ids::empty, ids::pretty},
                              words{"inspect", folder / ids::pretty + ".snap"}}) {
        const ran seen = tests::tool_on_terminal(call, 80, {"NO_COLOR=1"});
        CHECK(seen.status == 0);
        CHECK(!holds(seen.out, "\x1b"));
        CHECK(!holds(seen.out, "\xe2\x80\xae"));
    }
}
