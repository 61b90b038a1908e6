// `layout`: what it says of each format, in both forms.

#include "chain_folders.hpp"
#include "run.hpp"

#include <doctest/doctest.h>

#include <string>

using tests::count_of;
using tests::holds;
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
    CHECK(call.out ==
          "native-stream  little-endian, each message at least 45 bytes\n"
          "   OFFSET   SIZE  FIELD          KIND        CONTENT\n"
          "        0      7  magic          magic       `TTCHUNK`\n"
          "        7      1  version        version     u8 = 1\n"
          "        8      8  total_size     total_size  u64\n"
          "       16      4  head_checksum  custom      u32 crc32c of all before it\n"
          "       20      8  sequence       scalar      u64\n"
          "       28      1  is_final       scalar      bool\n"
          "       29  4 + n  metadata       frame       u32 length, stream_metadata or none\n"
          "       ..  8 + n  file_chunk     frame       u64 length, file_piece or none\n"
          "  end - 4      4  checksum       checksum    u32 crc32c of all before it\n");
}

TEST_CASE("a log is a magic and records") {
    const auto call = tool({"layout", "delta-store"});
    CHECK(call.status == 0);
    CHECK(call.out == "delta-store  little-endian, at least 40 bytes\n"
                      "  OFFSET  SIZE  FIELD             KIND     CONTENT\n"
                      "       0     8  magic             magic    `TTDELTA1`\n"
                      "      +0     4  magic             magic    `TREC`\n"
                      "      +4     4  kind              scalar   u32\n"
                      "      +8     8  offset            scalar   u64\n"
                      "     +16     8  payload           count    u64 count\n"
                      "     +24     4  payload_checksum  scalar   u32\n"
                      "     +28     4  header_checksum   custom   u32 crc32c of all before it\n"
                      "     +32     n  payload           records  bytes\n"
                      "      ..     n  padding           custom   zeros up to a multiple of 8\n");
    for (const std::string name : {"session-segment", "session-journal"}) {
        const auto json = tool({"layout", name, "--json"}).out;
        CHECK(holds(json,
                    R"("fields":[{"name":"magic","offset":0,"size":8,"kind":"magic","value":"TT)"));
        CHECK(holds(json, R"("repeated":"record","repeated_fields":[{"name":"magic","offset":0,)"));
    }
}

TEST_CASE("what lies in a frame, to the last member") {
    const auto text = tool({"layout", "memvid-segment"}).out;
    CHECK(holds(text, "u64 length and session each"));
    const auto json = tool({"layout", "memvid-segment", "--json"}).out;
    CHECK(holds(json, R"("each":"u64","frame":{"shape":"members","name":"session","size":null,)"
                      R"("least":46,"parts":[{"name":"session_id","value":{"shape":"sequence",)"
                      R"("type":"u64","size":null,"least":8,"parts":[{"value":{"shape":"number",)"
                      R"("type":"u8","size":1,"least":1}}]}},{"name":"name","value":)"
                      R"({"shape":"optional","type":"u8",)"));
    CHECK(holds(json, R"("name":"state_hash","value":{"shape":"array","size":32,"least":32,)"
                      R"("extent":32,)"));
    CHECK(holds(json, R"({"shape":"variant","type":"u32","size":null,"least":12,"parts":)"
                      R"([{"name":"put","value":{"shape":"members","name":"put","size":8,)"));
    CHECK(holds(json, R"({"name":"metadata","value":{"shape":"map","type":"u64",)"));
}

TEST_CASE("a layout for Kaitai's compiler") {
    const auto call = tool({"layout", "vsnp", "--as", "kaitai"});
    CHECK(call.status == 0);
    CHECK(call.err == "");
    CHECK(call.out == "meta:\n"
                      "  id: vsnp\n"
                      "  title: \"vsnp: VelesDB payload index\"\n"
                      "  endian: le\n"
                      "  ks-version: 0.9\n"
                      "doc: |\n"
                      "  Written from the description that the codec is compiled from. Checksums "
                      "are given\n"
                      "  as they are stored, and are not computed.\n"
                      "seq:\n"
                      "  - id: magic\n"
                      "    contents: [0x56, 0x53, 0x4e, 0x50]\n"
                      "    doc: \"VSNP\"\n"
                      "  - id: version\n"
                      "    type: u1\n"
                      "    valid: 1\n"
                      "  - id: wal_position\n"
                      "    type: u8\n"
                      "  - id: num_entries\n"
                      "    type: u8\n"
                      "    valid:\n"
                      "      expr: _io.size - _io.pos >= 4 and _ <= (_io.size - _io.pos - 4) / 16\n"
                      "  - id: entries\n"
                      "    type: entries_record\n"
                      "    repeat: expr\n"
                      "    repeat-expr: num_entries\n"
                      "  - id: checksum\n"
                      "    type: u4\n"
                      "    doc: crc32 of all bytes before it\n"
                      "  - id: end_of_file\n"
                      "    size: 0\n"
                      "    valid:\n"
                      "      expr: _io.eof\n"
                      "types:\n"
                      "  entries_record:\n"
                      "    seq:\n"
                      "      - id: id\n"
                      "        type: u8\n"
                      "      - id: offset\n"
                      "        type: u8\n");
    const auto stream = tool({"layout", "native-stream", "--as", "kaitai"}).out;
    CHECK(holds(stream, "  - id: messages\n    type: message\n    repeat: until\n"));
    CHECK(holds(stream, "          expr: _ >= 45 and _ - 16 <= _io.size - _io.pos\n"));
    CHECK(holds(stream, "        size: total_size - 16\n        type: body\n"));
    const auto log = tool({"layout", "delta-store", "--as", "kaitai"}).out;
    CHECK(holds(log, "        size: (8 - _io.pos % 8) % 8\n"));
    const auto segment = tool({"layout", "memvid-segment", "--as", "kaitai"}).out;
    CHECK(holds(segment, "      expr: _ == _io.size\n"));
    CHECK(holds(segment, "        type:\n          switch-on: index\n          cases:\n"
                         "            0: put\n            1: put_many\n"));
}

TEST_CASE("a layout as a picture") {
    const auto call = tool({"layout", "vamm-2", "--as", "svg"});
    CHECK(call.status == 0);
    CHECK(call.err == "");
    CHECK(call.out.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"400\" "));
    CHECK(call.out.ends_with("</svg>\n"));
    CHECK(holds(call.out, "<title id=\"title\">vamm-2: VelesDB agent memory</title>"));
    CHECK(holds(call.out, "semantic at 5, u64 length, bytes, 8 + n bytes; "));
    CHECK(holds(call.out, "@media (prefers-color-scheme: dark)"));
    CHECK(holds(call.out, ">end - 4</text>"));
    CHECK(count_of(call.out, "<path class=\"data\"") == 4);
    CHECK(count_of(call.out, "<path class=\"head\"") == 2);
    CHECK(count_of(call.out, "<path class=\"sum\"") == 1);
    CHECK(holds(tool({"layout", "vsnp", "--as", "svg"}).out, ">16 bytes each</text>"));
    CHECK(holds(tool({"layout", "memvid-active", "--as", "svg"}).out,
                ">a u32 index says which</text>"));
}

TEST_CASE("without a format, all of them") {
    const auto text = tool({"layout"});
    CHECK(text.status == 0);
    std::string all;
    for (const std::string name : {"vamm-1", "vamm-2", "vsnp", "chain-manifest", "chain-data",
                                   "delta-store", "memvid-segment", "memvid-active",
                                   "session-segment", "session-journal", "native-stream"}) {
        all += (all.empty() ? "" : "\n") + tool({"layout", name}).out;
    }
    CHECK(text.out == all);
    const auto json = tool({"layout", "--as", "json"});
    CHECK(json.out.starts_with(R"({"layouts":[{"name":"vamm-1","endian":"little",)"));
    CHECK(json.out.ends_with("]}\n"));
}

TEST_CASE("wrong calls of layout") {
    const auto form = tool({"layout", "vsnp", "--as", "yaml"});
    CHECK(form.status == 2);
    CHECK(form.err == "tintype: --as is one of text, json, svg, kaitai, not `yaml`\n");
    const auto all = tool({"layout", "--as", "svg"});
    CHECK(all.status == 2);
    CHECK(all.err == "tintype: --as svg takes one format; `tintype layout` lists them\n");
    CHECK(tool({"layout", "dakera-meta", "--as", "kaitai"}).status == 2);
}
