// `layout`: what it says of each format, in both forms.

#include "run.hpp"

#include <doctest/doctest.h>

#include <string>

using tests::tool;

TEST_CASE("the layout of a memory in JSON") {
    for (const std::string version : {"1", "2"}) {
        const auto call = tool({"layout", "vamm-" + version, "--as", "json"});
        CHECK(call.status == 0);
        CHECK(call.err == "");
        const auto section = [](const std::string& name, const std::string& offset) {
            return R"({"name":")" + name + R"(","offset":)" + offset +
                   R"(,"size":null,"kind":"section","type":"bytes","prefix":"u64","least":8},)";
        };
        CHECK(call.out ==
              R"({"name":"vamm-)" + version +
                  R"(","endian":"little","min_size":41,"fields":[{"name":"magic","offset":0,)"
                  R"("size":4,"kind":"magic","value":"VAMM","type":"characters","least":4},)"
                  R"({"name":"version","offset":4,"size":1,"kind":"version","value":)" +
                  version + R"(,"type":"u8","least":1},)" + section("semantic", "5") +
                  section("episodic", "null") + section("procedural", "null") +
                  section("ttl", "null") +
                  R"({"name":"checksum","offset":null,"size":4,"kind":"checksum",)"
                  R"("algorithm":"crc32","type":"u32","least":4}]})"
                  "\n");
        CHECK(tool({"layout", "vamm-" + version, "--json"}).out == call.out);
    }
}

TEST_CASE("the layout of a payload index for people") {
    const auto call = tool({"layout", "vsnp"});
    CHECK(call.status == 0);
    CHECK(call.out == "vsnp  little-endian, at least 25 bytes\n"
                      "   OFFSET      SIZE  FIELD         KIND      CONTENT\n"
                      "        0         4  magic         magic     `VSNP`\n"
                      "        4         1  version       version   u8 = 1\n"
                      "        5         8  wal_position  scalar    u64\n"
                      "       13  8 + 16 n  entries       records   u64 count, struct each\n"
                      "       +0         8    id                    u64\n"
                      "       +8         8    offset                u64\n"
                      "  end - 4         4  checksum      checksum  u32 crc32 of all before it\n");
}

TEST_CASE("a field of a list's own says which checksum it is") {
    const auto call = tool({"layout", "native-stream"});
    CHECK(call.status == 0);
    CHECK(call.out == "native-stream  little-endian, at least 45 bytes\n"
                      "   OFFSET   SIZE  FIELD          KIND        CONTENT\n"
                      "        0      7  magic          magic       `TTCHUNK`\n"
                      "        7      1  version        version     u8 = 1\n"
                      "        8      8  total_size     total_size  u64\n"
                      "       16      4  head_checksum  custom      u32 crc32c of all before it\n"
                      "       20      8  sequence       scalar      u64\n"
                      "       28      1  is_final       scalar      bool\n"
                      "       29  4 + n  metadata       frame       frame\n"
                      "       ..  8 + n  file_chunk     frame       frame\n"
                      "  end - 4      4  checksum       checksum    u32 crc32c of all before it\n");
}

TEST_CASE("without a format, all of them") {
    const auto text = tool({"layout"});
    CHECK(text.status == 0);
    const auto one = [](const std::string& name) { return tool({"layout", name}).out; };
    CHECK(text.out == one("vamm-1") + "\n" + one("vamm-2") + "\n" + one("vsnp") + "\n" +
                          one("chain-manifest") + "\n" + one("memvid-segment") + "\n" +
                          one("memvid-active") + "\n" + one("native-stream"));
    const auto json = tool({"layout", "--as", "json"});
    CHECK(json.out.starts_with(R"({"layouts":[{"name":"vamm-1","endian":"little",)"));
    CHECK(json.out.ends_with("]}]}\n"));
}
