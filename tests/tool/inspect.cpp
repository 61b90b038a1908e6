// `inspect`: the documents of whole files, and what is still shown of damaged ones.

#include <tintype/formats/velesdb.hpp>

#include "run.hpp"

#include <doctest/doctest.h>

#include <string>
#include <sys/stat.h>
#include <unistd.h>

namespace {

using tests::golden;
using tests::ran;
using tests::scratch;
using tests::tool;

constexpr std::string_view tiny_start =
    R"({"format":"vamm","version":1,"size":53,"checksum":{"algorithm":"crc32",)";
constexpr std::string_view tiny_sections =
    R"("sections":[{"name":"semantic","offset":13,"size":3,"crc32":"e83920a6"},)"
    R"({"name":"episodic","offset":24,"size":3,"crc32":"4e9b4986"},)"
    R"({"name":"procedural","offset":35,"size":3,"crc32":"4432150b"},)"
    R"({"name":"ttl","offset":46,"size":3,"crc32":"43995118"}])";

[[nodiscard]] bool holds(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("the document of a memory") {
    const ran call = tool({"inspect", "--json", golden("tiny.v1.vamm")});
    CHECK(call.status == 0);
    CHECK(call.err == "");
    CHECK(call.out == std::string{tiny_start} + R"("stored":"856bf17f","computed":"856bf17f"},)" +
                          std::string{tiny_sections} + "}\n");
}

TEST_CASE("the document of an empty memory: every offset stands behind its length") {
    const ran call = tool({"inspect", "--json", golden("empty.v2.vamm")});
    CHECK(call.status == 0);
    for (const std::string_view part :
         {R"("version":2,"size":41)",
          R"({"name":"semantic","offset":13,"size":0,"crc32":"00000000"})",
          R"({"name":"episodic","offset":21,"size":0)", R"({"name":"procedural","offset":29,)",
          R"({"name":"ttl","offset":37,"size":0,)"}) {
        CAPTURE(part);
        CHECK(holds(call.out, part));
    }
}

TEST_CASE("the document of a payload index") {
    const ran call = tool({"inspect", golden("entries7.vsnp"), "--json"});
    CHECK(call.status == 0);
    CHECK(call.err == "");
    CHECK(call.out ==
          R"({"format":"vsnp","version":1,"size":137,"wal_position":10485761,"entries":7,)"
          R"("checksum":{"algorithm":"crc32","stored":"64fa61a2","computed":"64fa61a2"}})"
          "\n");
}

TEST_CASE("64-bit numbers are printed whole") {
    const scratch folder;
    tintype::velesdb::payload_index index;
    index.wal_position = ~std::uint64_t{0};
    tests::write_file(folder / "x", *tintype::encode<tintype::velesdb::vsnp>(index));
    CHECK(holds(tool({"inspect", "--json", folder / "x"}).out,
                R"("wal_position":18446744073709551615,"entries":0,)"));
}

TEST_CASE("what people see of a memory lines up") {
    const ran call = tool({"inspect", golden("tiny.v1.vamm")});
    CHECK(call.status == 0);
    CHECK(call.out == "format    vamm\n"
                      "version   1\n"
                      "size      53\n"
                      "checksum  crc32  stored 856bf17f  computed 856bf17f\n"
                      "sections\n"
                      "  NAME        OFFSET  SIZE  CRC32\n"
                      "  semantic        13     3  e83920a6\n"
                      "  episodic        24     3  4e9b4986\n"
                      "  procedural      35     3  4432150b\n"
                      "  ttl             46     3  43995118\n");
}

TEST_CASE("a format is recognised by content, never by name") {
    const scratch folder;
    tests::write_file(folder / "x.vsnp", tests::golden_bytes("tiny.v2.vamm"));
    tests::write_file(folder / "y.vamm", tests::golden_bytes("entries0.vsnp"));
    CHECK(holds(tool({"inspect", "--json", folder / "x.vsnp"}).out,
                R"({"format":"vamm","version":2,)"));
    CHECK(holds(tool({"inspect", "--json", folder / "y.vamm"}).out, R"({"format":"vsnp",)"));
}

TEST_CASE("a flipped payload byte: everything is shown, both checksums, and status 1") {
    const scratch folder;
    auto bytes = tests::golden_bytes("tiny.v1.vamm");
    bytes[13] ^= std::byte{1};
    tests::write_file(folder / "x", bytes);
    const ran call = tool({"inspect", "--json", folder / "x"});
    CHECK(call.status == 1);
    CHECK(call.out.starts_with(std::string{tiny_start} + R"("stored":"856bf17f","computed":")"));
    CHECK(!holds(call.out, R"("computed":"856bf17f")"));
    CHECK(holds(call.out, R"({"name":"ttl","offset":46,"size":3,"crc32":"43995118"}],"error":)"
                          R"({"code":"checksum_mismatch","message":"checksum mismatch: stored )"
                          R"(856bf17f, computed )"));
    CHECK(call.err.starts_with("tintype: " + folder / "x" +
                               ": checksum mismatch: stored 856bf17f, computed "));
    CHECK(tool({"inspect", folder / "x"}).out.starts_with("format    vamm\n"));
}

TEST_CASE("a file cut at every place shows the sections before the cut") {
    const scratch folder;
    const auto whole = tests::golden_bytes("tiny.v1.vamm");
    // A memory is believed to end in a checksum once it has its least size.
    for (const std::size_t size : {0U, 1U, 4U, 5U, 12U, 13U, 15U, 16U, 24U, 40U, 41U, 45U, 52U}) {
        CAPTURE(size);
        tests::write_file(folder / "x", tintype::byte_view{whole}.first(size));
        const ran call = tool({"inspect", "--json", folder / "x"});
        CHECK(call.status == 1);
        CHECK(holds(call.err, size < 41 ? "truncated: " : "checksum mismatch: "));
        CHECK(holds(call.out, R"("name":"semantic")") == (size >= 16));
        CHECK(holds(call.out, R"("name":"episodic")") == (size >= 27));
        CHECK(holds(call.out, R"("name":"procedural")") == (size >= 38 && size != 41));
        CHECK(!holds(call.out, R"("name":"ttl")"));
        CHECK((call.out == "") == (size < 4));
    }
}

TEST_CASE("an index cut short, or one that claims more than there is") {
    const scratch folder;
    auto bytes = tests::golden_bytes("entries7.vsnp");
    tests::write_file(folder / "cut", tintype::byte_view{bytes}.first(24));
    const ran cut = tool({"inspect", "--json", folder / "cut"});
    CHECK(cut.status == 1);
    CHECK(holds(cut.out,
                R"("wal_position":10485761,"entries":null,"checksum":{"algorithm":"crc32",)"
                R"("stored":null,"computed":null})"));
    CHECK(holds(cut.err, "truncated: 24 bytes, at least 25 needed"));

    for (std::size_t i = 13; i != 21; ++i) {
        bytes[i] = std::byte{0xff};
    }
    const tintype::crc32::digest_type crc =
        tintype::hash_of<tintype::crc32>(tintype::byte_view{bytes}.first(bytes.size() - 4));
    tintype::store<std::endian::little>(bytes.data() + bytes.size() - 4, crc);
    tests::write_file(folder / "claims", bytes);
    const ran claims = tool({"inspect", "--json", folder / "claims"});
    CHECK(claims.status == 1);
    CHECK(holds(claims.out, R"("entries":null)"));
    CHECK(holds(claims.out, R"("code":"truncated_section")"));
    CHECK(holds(claims.err, "truncated section in entries: claims 18446744073709551615 bytes"));
}

TEST_CASE("a newer version of a known format is named") {
    const scratch folder;
    auto bytes = tests::golden_bytes("tiny.v1.vamm");
    bytes[4] = std::byte{9};
    tests::write_file(folder / "x", bytes);
    const ran call = tool({"inspect", "--json", folder / "x"});
    CHECK(call.status == 1);
    CHECK(holds(call.out, R"("version":9)"));
    CHECK(holds(call.out, R"("sections":[])"));
    CHECK(holds(call.err, "unsupported version in version 9, the newest known is 2"));
}

TEST_CASE("bytes of no known format") {
    const scratch folder;
    tests::write_file(folder / "x", "PK\x03\x04 something");
    const ran call = tool({"inspect", folder / "x"});
    CHECK(call.status == 1);
    CHECK(call.out == "");
    CHECK(call.err == "tintype: " + folder / "x" +
                          ": invalid magic: no known format begins with 50 4b 03 04 20 73 6f 6d\n");
}

TEST_CASE("a file that is not there, and one that may not be read") {
    const scratch folder;
    const ran absent = tool({"inspect", folder / "nope"});
    CHECK(absent.status == 3);
    CHECK(absent.out == "");
    CHECK(absent.err ==
          "tintype: " + folder / "nope" + ": not found: open: No such file or directory\n");
    CHECK(tool({"inspect", ""}).status == 3);

    tests::write_file(folder / "secret", tests::golden_bytes("tiny.v1.vamm"));
    REQUIRE(::chmod((folder / "secret").c_str(), 0) == 0);
    REQUIRE(::chmod(folder.path().c_str(), 0755) == 0);
    const ran refused = tool({"inspect", folder / "secret"}, {.unprivileged = true});
    CHECK(refused.status == 3);
    CHECK(holds(refused.err, "permission denied: open: Permission denied"));
}

TEST_CASE("a link, a pipe and standard input are read like the file behind them") {
    const scratch folder;
    const auto expected = tool({"inspect", "--json", golden("tiny.v1.vamm")}).out;
    REQUIRE(::symlink(golden("tiny.v1.vamm").c_str(), (folder / "link").c_str()) == 0);
    CHECK(tool({"inspect", "--json", folder / "link"}).out == expected);
    CHECK(tool({"inspect", "--json", "/dev/stdin"}, {.in_from = golden("tiny.v1.vamm")}).out ==
          expected);
    CHECK(tool({"inspect", "/dev/null"}).status == 1);
}
