// `verify`: many files, a line or a row each.

#include "run.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

namespace {

using tests::golden;
using tests::ran;
using tests::scratch;
using tests::tool;

[[nodiscard]] bool holds(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("every golden file is whole") {
    for (const std::string& name :
         tests::joined(tests::goldens(".vamm"), tests::goldens(".vsnp"))) {
        CAPTURE(name);
        const ran call = tool({"verify", "--json", golden(name)});
        CHECK(call.status == 0);
        CHECK(call.err == "");
        const std::string format = name.ends_with(".vamm") ? "vamm" : "vsnp";
        CHECK(call.out == R"({"ok":true,"results":[{"path":")" + golden(name) + R"(","format":")" +
                              format + "\",\"ok\":true}]}\n");
    }
}

TEST_CASE("every byte of a file matters") {
    const scratch folder;
    const auto whole = tests::golden_bytes("empty.v2.vamm");
    for (std::size_t i = 0; i != whole.size(); ++i) {
        CAPTURE(i);
        auto flipped = whole;
        flipped[i] ^= std::byte{0x10};
        tests::write_file(folder / "x.vamm", flipped);
        const ran call = tool({"verify", "--json", folder / "x.vamm"});
        CHECK(call.status == 1);
        const auto* code = i < 4    ? R"("code":"invalid_magic")"
                           : i == 4 ? R"("code":"unsupported_version")"
                                    : R"("code":"checksum_mismatch")";
        CHECK(holds(call.out, code));

        tests::write_file(folder / "x.vamm", tintype::byte_view{whole}.first(i));
        const ran cut = tool({"verify", "--json", folder / "x.vamm"});
        CHECK(cut.status == 1);
        CHECK(holds(cut.out, R"("code":"truncated","message":"truncated: )" + std::to_string(i) +
                                 " bytes, at least 41 needed\""));
    }
}

TEST_CASE("a line for each file, and the worst of them decides") {
    const scratch folder;
    tests::write_file(folder / "bad", "VAMM and nothing more");
    const ran mixed = tool({"verify", golden("tiny.v1.vamm"), folder / "bad"});
    CHECK(mixed.status == 1);
    CHECK(mixed.err == "");
    CHECK(mixed.out == "ok   " + golden("tiny.v1.vamm") + "  vamm-1, 53 B\n" + "BAD  " +
                           folder / "bad" + "  vamm-2: truncated: 21 bytes, at least 41 needed\n");

    const ran missing = tool({"verify", golden("tiny.v1.vamm"), folder / "nope"});
    CHECK(missing.status == 3);
    CHECK(missing.out == "ok   " + golden("tiny.v1.vamm") + "  vamm-1, 53 B\n");
    CHECK(missing.err ==
          "tintype: " + folder / "nope" + ": not found: open: No such file or directory\n");

    const ran both = tool({"verify", "--json", folder / "nope", folder / "bad"});
    CHECK(both.status == 1);
    CHECK(both.out == R"({"ok":false,"results":[{"path":")" + folder / "nope" +
                          R"(","format":null,"ok":false,"error":{"code":"not_found","message":)"
                          R"("not found: open: No such file or directory"}},{"path":")" +
                          folder / "bad" +
                          R"(","format":"vamm","ok":false,"error":{"code":"truncated","message":)"
                          R"("truncated: 21 bytes, at least 41 needed"}}]})"
                          "\n");
}

TEST_CASE("a folder is searched, and what is no snapshot is named") {
    const scratch folder;
    std::filesystem::create_directories(folder / "inner/deeper");
    tests::write_file(folder / "snapshot_00000001.vamm", tests::golden_bytes("tiny.v2.vamm"));
    tests::write_file(folder / "inner/deeper/payloads.snapshot",
                      tests::golden_bytes("entries1.vsnp"));
    tests::write_file(folder / "notes.txt", "remember the milk");
    const ran good = tool({"verify", folder.path()});
    CHECK(good.status == 0);
    CHECK(good.err == "");
    CHECK(good.out == "ok   " + folder / "inner/deeper/payloads.snapshot" + "  vsnp, 41 B\n" +
                          "???  " + folder / "notes.txt" + "  unknown format\n" + "ok   " +
                          folder / "snapshot_00000001.vamm" + "  vamm-2, 53 B\n");
    CHECK(holds(tool({"verify", "--json", folder.path()}).out,
                R"(],"unknown":[")" + folder / "notes.txt" + "\"]}\n"));

    // Asked about by name, it is an answer that it is none; and so is a name that promises one.
    CHECK(tool({"verify", folder / "notes.txt"}).status == 1);
    tests::write_file(folder / "inner/deeper/payloads.snapshot", "VSNQ, of all things, and more");
    const ran bad = tool({"verify", folder.path()});
    CHECK(bad.status == 1);
    CHECK(holds(bad.out, "BAD  " + folder / "inner/deeper/payloads.snapshot" + "  invalid magic"));
}

TEST_CASE("a folder without a snapshot is no success") {
    const scratch folder;
    const ran none = tool({"verify", folder.path()});
    CHECK(none.status == 1);
    CHECK(none.out == "BAD  " + folder.path() + "  there is no snapshot in this folder\n");
    CHECK(none.err == "");
    // Others that are whole do not make up for it, and files of unknown formats are no snapshots.
    tests::write_file(folder / "notes.txt", "remember the milk");
    const ran call = tool({"verify", golden("tiny.v1.vamm"), folder.path(), "--json"});
    CHECK(call.status == 1);
    CHECK(call.out == R"({"ok":false,"results":[{"path":")" + golden("tiny.v1.vamm") +
                          R"(","format":"vamm","ok":true},{"path":")" + folder.path() +
                          R"(","format":null,"ok":false,"error":{"code":"not_found",)"
                          R"("message":"there is no snapshot in this folder"}}],"unknown":[")" +
                          folder / "notes.txt" + "\"]}\n");
}

TEST_CASE("hostile names do nothing to a terminal and break no document") {
    const scratch folder;
    const std::string name = "\x1b[31mred\n\x07\xff\xe2\x80\xae.vamm";
    tests::write_file(folder / name, "VAMM");
    const ran text = tool({"verify", folder.path()});
    CHECK(text.status == 1);
    CHECK(text.out == "BAD  " + folder / R"(\x1b[31mred\x0a\x07\xff\u{202e}.vamm)" +
                          "  vamm-2: truncated: 4 bytes, at least 41 needed\n");
    const ran json = tool({"verify", "--json", folder.path()});
    CHECK(holds(json.out, R"(/\u001b[31mred\n\u0007)"
                          "\xef\xbf\xbd"
                          R"(\u202e.vamm",)"));
    CHECK(tool({"inspect", folder / name}).err ==
          "tintype: " + folder / R"(\x1b[31mred\x0a\x07\xff\u{202e}.vamm)" +
              ": truncated: 4 bytes, at least 41 needed\n");

    for (const std::string odd : {"[a,b]", "verify", "--json", "-o", "a b", "\"", "\\", "\u00e4"}) {
        CAPTURE(odd);
        tests::write_file(folder / odd, tests::golden_bytes("tiny.v1.vamm"));
        CHECK(tool({"inspect", "--", odd}, {.folder = folder.path()}).status == 0);
        CHECK(tool({"verify", "--", odd}, {.folder = folder.path()}).status == 0);
    }
}
