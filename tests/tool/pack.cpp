// `pack` and `unpack`: there and back, and the JSON of a payload index.

#include "run.hpp"

#include <doctest/doctest.h>

#include <string>

namespace {

using tests::golden;
using tests::golden_bytes;
using tests::ran;
using tests::scratch;
using tests::tool;
using tests::words;

[[nodiscard]] bool holds(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("the golden payloads are packed into the golden files, and unpacked from them") {
    const scratch folder;
    for (const std::string name : {"empty", "tiny", "ragged", "large", "ttl_only"}) {
        for (const std::string version : {"1", "2"}) {
            CAPTURE(name);
            CAPTURE(version);
            const ran packed =
                tool(tests::joined({"pack", "--format", "vamm-" + version, "-o", folder / "out"},
                                   tests::golden_sections(name)));
            CHECK(packed.status == 0);
            CHECK(packed.err == "");
            const auto file = name + ".v" + version + ".vamm";
            CHECK(tests::file_bytes(folder / "out") == golden_bytes(file));

            const ran unpacked =
                tool({"unpack", golden(file), "-d", folder / "parts/new", "--json"});
            CHECK(unpacked.status == 0);
            CHECK(unpacked.out == R"({"format":"vamm","files":["semantic.bin","episodic.bin",)"
                                  R"("procedural.bin","ttl.bin"]})"
                                  "\n");
            for (const std::string section : {"semantic", "episodic", "procedural", "ttl"}) {
                const auto part = section + ".bin";
                REQUIRE(tests::exists(folder / "parts/new/" + part));
                CHECK(tests::file_bytes(folder / "parts/new/" + part) ==
                      golden_bytes(name + "." + part));
            }
            CHECK(tests::names_in(folder / "parts/new").size() == 4);
        }
    }
}

TEST_CASE("a payload index goes to JSON and back") {
    const scratch folder;
    for (const std::string& name : tests::goldens(".vsnp")) {
        CAPTURE(name);
        CHECK(tool({"unpack", golden(name), "-d", folder / "parts"}).status == 0);
        CHECK(tests::names_in(folder / "parts") == words{"index.json"});
        CHECK(tool({"pack", "--format", "vsnp", "--section", "index=" + folder / "parts/index.json",
                    "-o", folder / "out"})
                  .status == 0);
        CHECK(tests::file_bytes(folder / "out") == golden_bytes(name));
    }
    CHECK(tests::text_file(folder / "parts/index.json").starts_with("{\"wal_position\":10485761,"));
}

TEST_CASE("index JSON is read in any order and spacing, and to the last bit") {
    const scratch folder;
    tests::write_file(folder / "i", " {\n\t\"entries\" : [ { \"offset\":18446744073709551615 ,\r\n"
                                    "\"id\": 0 } , {\"id\":1,\"offset\":2} ] , \"wal_position\": "
                                    "9007199254740993 } \n");
    CHECK(tool({"pack", "--format", "vsnp", "--section", "index=" + folder / "i", "-o",
                folder / "out"})
              .status == 0);
    CHECK(tool({"unpack", folder / "out", "-d", folder / "parts"}).status == 0);
    CHECK(tests::text_file(folder / "parts/index.json") ==
          "{\"wal_position\":9007199254740993,\"entries\":[\n"
          "{\"id\":0,\"offset\":18446744073709551615},\n"
          "{\"id\":1,\"offset\":2}\n"
          "]}\n");
}

TEST_CASE("index JSON that is not just that is refused, with the place") {
    const scratch folder;

    struct wrong {
        std::string_view text;
        std::string_view says;
    };

    constexpr std::string_view good = R"({"wal_position":1,"entries":[{"id":1,"offset":2}]})";
    for (const wrong& each : {
             wrong{"", "line 1, column 1: `{` is wanted, but the file ends"},
             wrong{"[]", "column 1: `{` is wanted, not `[`"},
             wrong{"{}", "`wal_position` is missing"},
             wrong{R"({"wal_position":1})", "`entries` is missing"},
             wrong{R"({"wal_position":1,"wal_position":1,"entries":[]})", "a second time"},
             wrong{R"({"wal_position":1,"entries":[],"more":1})", "unknown name `more`"},
             wrong{R"({"wal_position":-1,"entries":[]})",
                   "column 17: an integer from 0 on is wanted"},
             wrong{R"({"wal_position":01,"entries":[]})", "does not begin with 0"},
             wrong{R"({"wal_position":1.0,"entries":[]})", "the number is no integer"},
             wrong{R"({"wal_position":1e3,"entries":[]})", "the number is no integer"},
             wrong{R"({"wal_position":18446744073709551616,"entries":[]})",
                   "column 17: the number is above 18446744073709551615"},
             wrong{R"({"wal_position":"1","entries":[]})", "an integer from 0 on is wanted"},
             wrong{"{\"wal_position\":1,\n \"entries\":[{\"id\":1}]}",
                   "line 2, column 21: `offset` is missing"},
             wrong{R"({"wal_position":1,"entries":[{"id":1,"offset":2},]})", "`{` is wanted"},
             wrong{R"({"wal_position":1,"entries":[{"id":1,"offset":2}})", "`,` or `]` is wanted"},
             wrong{R"({"wal_position":1,"entries":[1]})", "`{` is wanted, not `1`"},
             wrong{R"({"wal_position":1,"entries":[]}x)", "the end of the file is wanted, not `x`"},
             wrong{"{\"wal_position\":1,\"entries\":[]}\x1b", "not `\\x1b`"},
         }) {
        CAPTURE(each.text);
        tests::write_file(folder / "i", each.text);
        const ran call = tool({"pack", "--format", "vsnp", "--section", "index=" + folder / "i",
                               "-o", folder / "out"});
        CHECK(call.status == 1);
        CAPTURE(call.err);
        CHECK(call.err.starts_with("tintype: " + folder / "i" + ": line "));
        CHECK(holds(call.err, each.says));
    }
    for (std::size_t size = 0; size != good.size(); ++size) {
        CAPTURE(size);
        tests::write_file(folder / "i", good.substr(0, size));
        CHECK(tool({"pack", "--format", "vsnp", "--section", "index=" + folder / "i", "-o",
                    folder / "out"})
                  .status == 1);
    }
    CHECK(!tests::exists(folder / "out"));
}

TEST_CASE("sections come from anything that can be read") {
    const scratch folder;
    const ran call = tool({"pack", "--format", "vamm-2", "--section", "semantic=/dev/null",
                           "--section", "episodic=/dev/stdin", "--section", "procedural=/dev/null",
                           "--section", "ttl=/dev/null", "-o", folder / "out", "--json"},
                          {.in_from = golden("tiny.episodic.bin")});
    CHECK(call.status == 0);
    CHECK(call.out == R"({"output":")" + folder / "out" + R"(","format":"vamm","size":44})" + "\n");

    const ran missing =
        tool({"pack", "--format", "vamm-2", "--section", "semantic=/dev/null", "--section",
              "episodic=" + folder / "nope", "--section", "procedural=/dev/null", "--section",
              "ttl=/dev/null", "-o", folder / "out2"});
    CHECK(missing.status == 3);
    CHECK(holds(missing.err, folder / "nope" + ": not found"));
    CHECK(!tests::exists(folder / "out2"));
}

TEST_CASE("nothing is unpacked from a damaged file, nor beyond the disk") {
    const scratch folder;
    auto bytes = golden_bytes("large.v2.vamm");
    bytes[1000] ^= std::byte{1};
    tests::write_file(folder / "bad", bytes);
    CHECK(tool({"unpack", folder / "bad", "-d", folder / "parts"}).status == 1);
    CHECK(!tests::exists(folder / "parts"));

    const ran full =
        tool({"unpack", golden("large.v2.vamm"), "-d", folder / "parts"}, {.file_limit = 100000});
    CHECK(full.status == 3);
    CHECK(holds(full.err, "semantic.bin: input/output error"));
    CHECK(tests::names_in(folder / "parts").empty());
}
