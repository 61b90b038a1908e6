// `import`: what is restored, and what must never be.

#include <tintype/stream/staging.hpp>
#include <tintype/stream/switch_plan.hpp>

#include "chunk_streams.hpp"
#include "run.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace {

using tests::ran;
using tests::scratch;
using tests::tool;
using tests::words;

[[nodiscard]] bool holds(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

// Metadata, three and two chunks, the end.
[[nodiscard]] tests::chunks two_files() {
    return tests::chunks_of(
        {{"database.db", tests::noise(25, 1)}, {"index_0.idx", tests::noise(20)}}, 10);
}

// A folder that has older files of the same names.
class old_folder {
public:
    old_folder() {
        std::filesystem::create_directory(path());
        tests::write_file(path() + "/database.db", "the old database");
        tests::write_file(path() + "/database.db-wal", "its log");
        tests::write_file(path() + "/other", "somebody else's");
    }

    [[nodiscard]] std::string path() const { return place_ / "target"; }

    [[nodiscard]] std::string stream(tintype::byte_view bytes) const {
        tests::write_file(place_ / "stream", bytes);
        return place_ / "stream";
    }

    [[nodiscard]] bool is_old() const {
        words names = tests::names_in(path());
        std::erase(names, ".tintype-import");
        return names == words{"database.db", "database.db-wal", "other"} &&
               tests::text_file(path() + "/database.db") == "the old database" &&
               tests::text_file(path() + "/database.db-wal") == "its log" &&
               tests::text_file(path() + "/other") == "somebody else's";
    }

    [[nodiscard]] bool is_new() const {
        words names = tests::names_in(path());
        std::erase(names, ".tintype-import");
        return names == words{"database.db", "index_0.idx", "other"} &&
               tests::file_bytes(path() + "/database.db") == tests::noise(25, 1) &&
               tests::file_bytes(path() + "/index_0.idx") == tests::noise(20) &&
               tests::text_file(path() + "/other") == "somebody else's";
    }

    [[nodiscard]] ran import(tintype::byte_view bytes, const words& more = {}) const {
        return tool(tests::joined({"import", stream(bytes), "-d", path()}, more));
    }

    // Refused with status 1, one line that holds `part`, and all as it was.
    void check_refused(tintype::byte_view bytes, std::string_view part,
                       const words& more = {}) const {
        const ran call = import(bytes, more);
        CHECK(call.status == 1);
        CHECK(call.out == "");
        CAPTURE(call.err);
        CHECK(call.err.find('\n') == call.err.size() - 1);
        CHECK(call.err.starts_with("tintype: " + place_ / "stream" + ": "));
        CHECK(holds(call.err, part));
        CHECK(is_old());
    }

private:
    scratch place_;
};

} // namespace

TEST_CASE("a stream in each wire takes the place of the old files") {
    for (const std::string& wire : tests::wires) {
        CAPTURE(wire);
        for (const words& named : {words{}, words{"--wire", wire}, words{"--checksum", "sha256"}}) {
            const old_folder folder;
            const ran call = folder.import(tests::stream_of(wire, two_files()),
                                           tests::joined(named, {"--json"}));
            CHECK(call.status == 0);
            CHECK(call.err == "");
            CHECK(call.out == "{\"snapshot_id\":\"snap_1700000000000_01234567\","
                              "\"bytes_restored\":45,\"files_restored\":2}\n");
            CHECK(folder.is_new());
        }
    }
}

TEST_CASE("chunks out of order and twice are taken") {
    for (const std::string& wire : tests::wires) {
        CAPTURE(wire);
        auto stream = two_files();
        std::reverse(stream.begin(), stream.end() - 1);
        stream.insert(stream.begin() + 2, stream[4]);
        const old_folder folder;
        const ran call = folder.import(tests::stream_of(wire, stream), {"--wire", wire});
        CHECK(call.status == 0);
        CHECK(call.err == "");
        CHECK(folder.is_new());
    }
}

TEST_CASE("a stream that is cut off anywhere is incomplete, and restores nothing") {
    for (const std::string& wire : tests::wires) {
        CAPTURE(wire);
        const old_folder folder;
        const auto messages = tests::messages_of(wire, two_files());
        tintype::blob bytes;
        for (std::size_t i = 0; i + 1 != messages.size(); ++i) {
            CAPTURE(i);
            bytes.insert(bytes.end(), messages[i].begin(), messages[i].end());
            folder.check_refused(bytes,
                                 "incomplete stream: chunks lacking: " + std::to_string(i + 1) +
                                     " and on: " + std::to_string(i + 1) + " of ");
            for (const std::size_t more : {std::size_t{1}, messages[i + 1].size() - 1}) {
                auto cut = bytes;
                cut.insert(cut.end(), messages[i + 1].begin(),
                           messages[i + 1].begin() + static_cast<std::ptrdiff_t>(more));
                folder.check_refused(
                    cut, "incomplete stream: chunks lacking: " + std::to_string(i + 1) + " and on");
            }
        }
        folder.check_refused({}, "incomplete stream", {"--wire", wire});
        folder.check_refused(tintype::byte_view{bytes}.first(3), "", {"--wire", wire});
    }
}

TEST_CASE("a chunk that is lacking is named") {
    for (const std::string& wire : tests::wires) {
        CAPTURE(wire);
        const old_folder folder;
        auto stream = two_files();
        stream.erase(stream.begin() + 4);
        folder.check_refused(tests::stream_of(wire, stream),
                             "incomplete stream: chunks lacking: 4: 6 of 7");
        stream.erase(stream.begin() + 1, stream.begin() + 3);
        folder.check_refused(tests::stream_of(wire, stream),
                             "incomplete stream: chunks lacking: 1 to 2, 4: 4 of 7");
    }
}

TEST_CASE("a damaged byte anywhere restores nothing") {
    for (const std::string& wire : tests::wires) {
        CAPTURE(wire);
        const old_folder folder;
        const auto whole = tests::stream_of(wire, two_files());
        // Every one of a native stream is under a checksum; of the others those of names and
        // numbers that nobody checks may pass, but never into the files.
        for (std::size_t i = 0; i < whole.size(); i += 13) {
            CAPTURE(i);
            auto bytes = whole;
            bytes[i] ^= std::byte{0x20};
            const ran call = folder.import(bytes);
            if (wire == "native") {
                REQUIRE(call.status == 1);
            }
            if (call.status == 0) {
                REQUIRE(folder.is_new());
                break;
            }
            CHECK(call.status == 1);
            CHECK(folder.is_old());
        }
    }
}

TEST_CASE("damage in a native stream is told together with the chunks that it cost") {
    const old_folder folder;
    const auto messages = tests::messages_of("native", two_files());
    tintype::blob bytes;
    for (std::size_t i = 0; i != messages.size(); ++i) {
        bytes.insert(bytes.end(), messages[i].begin(), messages[i].end());
        if (i == 2 || i == 4) {
            bytes[bytes.size() - 6] ^= std::byte{1};
        }
    }
    folder.check_refused(bytes, "checksum mismatch");
    folder.check_refused(bytes, "; chunks lacking: 2, 4\n");

    // All that was lost comes again, and still nobody trusts it.
    auto healed = bytes;
    const auto end = bytes.end() - static_cast<std::ptrdiff_t>(messages.back().size());
    healed.erase(healed.begin() + (end - bytes.begin()), healed.end());
    for (const std::size_t i : {2U, 4U, 6U}) {
        healed.insert(healed.end(), messages[i].begin(), messages[i].end());
    }
    folder.check_refused(healed, "checksum mismatch");

    // Even the first magic.
    bytes = tests::stream_of("native", two_files());
    bytes[0] ^= std::byte{1};
    folder.check_refused(bytes, "chunks lacking: 0\n");
}

TEST_CASE("names that lead elsewhere are refused") {
    const scratch outside;
    for (const std::string& wire : tests::wires) {
        for (const std::string& name :
             {std::string{"../evil"}, std::string{"/tmp/evil"}, std::string{"a/b"},
              std::string{".."}, std::string{"."}, std::string{""}, std::string{"a\0b", 3},
              std::string{".tintype-import"}, std::string(300, 'x')}) {
            CAPTURE(wire);
            CAPTURE(name);
            const old_folder folder;
            auto stream = two_files();
            stream[0].metadata->files[1].file_name = name;
            for (auto& each : stream) {
                if (each.file_chunk && each.file_chunk->file_name == "index_0.idx") {
                    each.file_chunk->file_name = name;
                }
            }
            tests::checksum_again(stream);
            folder.check_refused(tests::stream_of(wire, stream), "bad name");

            // In a chunk alone, of a file that the metadata does not have.
            stream = two_files();
            stream[2].file_chunk->file_name = name;
            folder.check_refused(tests::stream_of(wire, stream), "");
        }
        const old_folder folder;
        auto stream = two_files();
        stream[2].file_chunk->file_name = "unlisted";
        folder.check_refused(tests::stream_of(wire, stream), "not found in unlisted");
    }
}

TEST_CASE("a link under a file's name is replaced, not followed") {
    const old_folder folder;
    const scratch elsewhere;
    tests::write_file(elsewhere / "victim", "untouched");
    std::filesystem::remove(folder.path() + "/database.db");
    std::filesystem::create_symlink(elsewhere / "victim", folder.path() + "/database.db");
    CHECK(folder.import(tests::stream_of("native", two_files())).status == 0);
    CHECK(folder.is_new());
    CHECK(tests::text_file(elsewhere / "victim") == "untouched");
}

TEST_CASE("checksums, sizes and shapes that are not right are refused") {
    for (const std::string& wire : tests::wires) {
        CAPTURE(wire);
        const old_folder folder;
        auto stream = two_files();
        stream[2].file_chunk->data[3] ^= std::byte{1};
        folder.check_refused(tests::stream_of(wire, stream), "checksum mismatch in database.db");

        stream = two_files();
        stream[0].metadata->checksum[0] = stream[0].metadata->checksum[0] == 'a' ? 'b' : 'a';
        folder.check_refused(tests::stream_of(wire, stream),
                             "checksum mismatch in checksum of the snapshot");

        stream = two_files();
        stream[0].metadata->checksum = "abc";
        folder.check_refused(tests::stream_of(wire, stream), "unsupported");

        stream = two_files();
        stream[0].metadata->total_size = 46;
        folder.check_refused(tests::stream_of(wire, stream), "invalid value in total_size");

        stream = two_files();
        stream[0].metadata->version = 9;
        folder.check_refused(tests::stream_of(wire, stream), "unsupported version");

        stream = two_files();
        stream[2].file_chunk->offset = 11; // past what the metadata says the file has
        stream[2].file_chunk->data.resize(15);
        folder.check_refused(tests::stream_of(wire, stream), "");

        stream = two_files();
        stream[3].file_chunk->offset = std::uint64_t{1} << 62U;
        folder.check_refused(tests::stream_of(wire, stream), "");

        stream = two_files();
        auto bytes = tests::stream_of(wire, stream);
        bytes.push_back(std::byte{1});
        folder.check_refused(bytes, "trailing bytes");
    }
}

TEST_CASE("what is no stream, and a stream of another kind than was said") {
    const old_folder folder;
    folder.check_refused(tintype::bytes_of("PK\x03\x04 something"),
                         "invalid magic: no stream of chunks begins with 50 4b 03 04");
    folder.check_refused({}, "incomplete stream: it is empty");
    folder.check_refused(tests::stream_of("native", two_files()), "", {"--wire", "protobuf"});
    folder.check_refused(tests::stream_of("protobuf", two_files()), "", {"--wire", "native"});
    folder.check_refused(tests::stream_of("raft-json", two_files()), "", {"--wire", "protobuf"});
    folder.check_refused(tests::stream_of("native", two_files()),
                         "the checksums are not poly31: 64 digits, which is sha256",
                         {"--checksum", "poly31"});
}

TEST_CASE("calls of import that are wrong, and systems that fail") {
    const scratch folder;
    const auto wrong = [&](const words& arguments, std::string_view part) {
        const ran call = tool(arguments);
        CAPTURE(call.err);
        CHECK(call.status == 2);
        CHECK(call.out == "");
        CHECK(holds(call.err, part));
    };
    wrong({"import"}, "STREAM is required");
    wrong({"import", "s"}, "--directory is required");
    wrong({"import", "s", "-d", ""}, "-d takes the name of a folder");
    wrong({"import", "s", "-d", "x", "--wire", "tcp"}, "--wire is one of");
    wrong({"import", "s", "-d", "x", "--checksum", "crc"}, "--checksum is sha256 or poly31");
    const ran typed = tests::tool_on_terminal({"import", "-", "-d", folder / "x"}, 80);
    CHECK(typed.status == 2);
    CHECK(holds(typed.out, "standard input is a terminal"));

    const auto stream = folder / "s";
    tests::write_file(stream, tests::stream_of("native", two_files()));
    const ran absent = tool({"import", folder / "nope", "-d", folder / "x"});
    CHECK(absent.status == 3);
    CHECK(holds(absent.err, "nope: not found"));
    CHECK(!tests::exists(folder / "x"));
    CHECK(tool({"import", folder.path(), "-d", folder / "x"}).status == 3);

    tests::write_file(folder / "file", "in the way");
    const ran in_the_way = tool({"import", stream, "-d", folder / "file"});
    CHECK(in_the_way.status == 3);
    CHECK(tests::text_file(folder / "file") == "in the way");

    const ran full = tool({"import", stream, "-d", folder / "small"}, {.file_limit = 15});
    CHECK(full.status == 3);
    CHECK(tests::names_in(folder / "small") == words{".tintype-import"});

    // A folder where a file has to go.
    std::filesystem::create_directories(folder / "odd/database.db");
    const ran odd = tool({"import", stream, "-d", folder / "odd"});
    CHECK(odd.status != 0);
    CHECK(!tests::exists(folder / "odd/index_0.idx"));

    const auto taken = tintype::staging<>::open(folder / "taken");
    REQUIRE(taken);
    const ran busy = tool({"import", stream, "-d", folder / "taken"});
    CHECK(busy.status == 3);
    CHECK(holds(busy.err, "in use"));
}

TEST_CASE("what an interrupted import left is completed or removed, and that is said") {
    const auto bytes = tests::stream_of("native", two_files());
    {
        const old_folder folder;
        std::filesystem::create_directory(folder.path() + "/.tintype-import");
        tests::write_file(folder.path() + "/.tintype-import/part-7", "half");
        const ran call = folder.import(bytes);
        CHECK(call.status == 0);
        CHECK(call.err == "tintype: " + folder.path() +
                              ": an import was interrupted before it counted; what it left has "
                              "been removed\n");
        CHECK(folder.is_new());
        CHECK(!tests::exists(folder.path() + "/.tintype-import/part-7"));
    }
    // One that counted, whose process died before it renamed anything. The next one is refused,
    // but this one is done.
    const old_folder folder;
    const auto own = folder.path() + "/.tintype-import/";
    std::filesystem::create_directory(own);
    const auto stream = two_files();
    tintype::switch_plan plan{
        .number = 1, .what = *stream[0].metadata, .parts = {0, 1}, .taken = {}, .removed = {}};
    std::vector<bool> databases;
    for (const auto& each : plan.what.files) {
        databases.push_back(each.file_type == tintype::file_kind::sqlite_db);
    }
    plan.removed = tintype::companions_of(plan.what, databases);
    tests::write_file(own + "part-0", tests::noise(25, 1));
    tests::write_file(own + "part-1", tests::noise(20));
    const auto journal = tintype::encode_plan(plan);
    REQUIRE(journal);
    tests::write_file(own + "journal", *journal);

    const ran before = tool({"verify", folder.path()});
    CHECK(before.status == 1);
    CHECK(holds(before.out, "an import was interrupted; the next one into this folder completes"));

    const ran call = folder.import(tintype::byte_view{bytes}.first(bytes.size() - 5));
    CHECK(call.status == 1);
    CHECK(holds(call.err, ": the import of snap_1700000000000_01234567 was interrupted; it has now "
                          "been completed\n"));
    CHECK(holds(call.err, "incomplete stream"));
    CHECK(folder.is_new());
}

TEST_CASE("verify holds a folder against what was imported into it") {
    const old_folder folder;
    REQUIRE(folder.import(tests::stream_of("native", two_files())).status == 0);
    const ran good = tool({"verify", folder.path()});
    CHECK(good.status == 0);
    CHECK(good.out == "ok   " + folder.path() +
                          "/database.db  sqlite_db of snap_1700000000000_01234567, 25 B\n"
                          "ok   " +
                          folder.path() +
                          "/index_0.idx  unknown of snap_1700000000000_01234567, 20 B\n"
                          "???  " +
                          folder.path() + "/other  unknown format\n");
    tests::write_file(folder.path() + "/index_0.idx", tests::noise(20, 5));
    const ran bad = tool({"verify", "--json", folder.path()});
    CHECK(bad.status == 1);
    CHECK(holds(bad.out, R"("code":"checksum_mismatch")"));
    CHECK(holds(bad.out, "changed since it was imported, or damaged"));
    std::filesystem::remove(folder.path() + "/index_0.idx");
    CHECK(tool({"verify", folder.path()}).status == 1);
    auto note = tests::file_bytes(folder.path() + "/.tintype-import/restored");
    note[12] ^= std::byte{1};
    tests::write_file(folder.path() + "/.tintype-import/restored", note);
    const ran damaged = tool({"verify", folder.path()});
    CHECK(damaged.status == 1);
    CHECK(holds(damaged.out, "restored"));
}
