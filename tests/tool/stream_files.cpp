// `inspect`, `verify` and `rewrite` of streams, in files and out of pipes.

#include "chunk_streams.hpp"
#include "run.hpp"

#include <doctest/doctest.h>

#include <string>
#include <sys/stat.h>
#include <thread>
#include <utility>

namespace {

using tests::ran;
using tests::scratch;
using tests::tool;
using tests::words;

[[nodiscard]] bool holds(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

[[nodiscard]] tests::chunks two_files() {
    return tests::chunks_of({{"a", tests::blob_of("0123456789abc")}, {"b", {}}}, 10);
}

// The file's bytes through a pipe, which nobody can map or ask for its size.
[[nodiscard]] ran through_pipe(const words& call, const std::string& file) {
    const scratch place;
    const auto pipe = place / "pipe";
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    const std::jthread writer{[&] { tests::write_file(pipe, tests::file_bytes(file)); }};
    return tool(tests::joined(call, {"/dev/stdin"}), {.in_from = pipe});
}

} // namespace

TEST_CASE("inspect knows a stream by its content, whatever the wire") {
    const scratch folder;
    for (const std::string& wire : tests::wires) {
        CAPTURE(wire);
        tests::write_file(folder / "x.vamm", tests::stream_of(wire, two_files()));
        const ran call = tool({"inspect", "--json", folder / "x.vamm"});
        CHECK(call.status == 0);
        CHECK(call.err == "");
        CHECK(call.out.starts_with(
            R"({"format":"chunk-stream","wire":")" + wire +
            R"(","chunks":5,"complete":true,"snapshot_id":"snap_1700000000000_01234567",)"
            R"("total_size":13,"files":[{"file_name":"a","file_type":"unknown","file_size":13,)"
            R"("checksum":")"));
        CHECK(holds(call.out, R"(}],"version":1,"created_at":1700000000000,"checksum":")"));
        CHECK(holds(call.out, R"("algorithm":"sha256")"));
        CHECK(holds(call.out, R"({"file_name":"b","file_type":"unknown","file_size":0,)"));
        CHECK(through_pipe({"inspect", "--json"}, folder / "x.vamm").out == call.out);

        const ran shown = tool({"inspect", folder / "x.vamm"});
        CHECK(shown.status == 0);
        CHECK(holds(shown.out, "FILE NAME  FILE TYPE  FILE SIZE  CHECKSUM\n"));
        const ran good = tool({"verify", folder / "x.vamm"});
        CHECK(good.status == 0);
        CHECK(good.out.starts_with("ok   " + folder / "x.vamm" + "  " + wire + "-stream, "));
        const ran piped = through_pipe({"verify"}, folder / "x.vamm");
        CHECK(piped.status == 0);
        CHECK(piped.out == "ok   /dev/stdin  " + wire + "-stream\n");
    }
}

TEST_CASE("a stream that is cut off is shown as far as it goes") {
    const scratch folder;
    for (const std::string& wire : tests::wires) {
        CAPTURE(wire);
        const auto messages = tests::messages_of(wire, two_files());
        const auto whole = tests::stream_of(wire, two_files());
        std::size_t size = messages[0].size();
        for (std::size_t i = 1; i != messages.size(); ++i) {
            for (const std::size_t more : {std::size_t{0}, messages[i].size() - 1}) {
                tests::write_file(folder / "x", tintype::byte_view{whole}.first(size + more));
                const ran call = tool({"inspect", "--json", folder / "x"});
                CHECK(call.status == 1);
                CHECK(holds(call.out, R"("chunks":)" + std::to_string(i) +
                                          R"(,"complete":false,"snapshot_id":"snap_)"));
                CHECK(holds(call.out,
                            R"("missing":[{"first":)" + std::to_string(i) + R"(,"last":null}])"));
                CHECK(holds(call.out, R"("error":{"code":"incomplete_stream",)"));
                const ran bad = tool({"verify", "--json", folder / "x"});
                CHECK(bad.status == 1);
                CHECK(holds(bad.out, R"("format":"chunk-stream","ok":false,"error":{"code":)"
                                     R"("incomplete_stream","message":"incomplete stream: chunks )"
                                     R"(lacking: )" +
                                         std::to_string(i) + " and on"));
                CHECK(tool({"rewrite", folder / "x", "-o", folder / "y"}).status == 1);
                CHECK(!tests::exists(folder / "y"));
            }
            size += messages[i].size();
        }
    }
}

TEST_CASE("damage is found, and told where it is") {
    const scratch folder;
    for (const std::string& wire : tests::wires) {
        CAPTURE(wire);
        auto stream = two_files();
        stream[2].file_chunk->data[0] ^= std::byte{1};
        tests::write_file(folder / "x", tests::stream_of(wire, stream));
        const ran call = tool({"verify", "--json", folder / "x"});
        CHECK(call.status == 1);
        CHECK(holds(call.out, R"("code":"checksum_mismatch","message":"checksum mismatch in a:)"));
        const ran piped = through_pipe({"verify", "--json"}, folder / "x");
        CHECK(piped.status == 1);
        CHECK(holds(piped.out, R"("code":"checksum_mismatch")"));

        stream = two_files();
        stream[2].file_chunk->file_name = "../a";
        tests::write_file(folder / "x", tests::stream_of(wire, stream));
        const ran hostile = tool({"inspect", "--json", folder / "x"});
        CHECK(hostile.status == 1);
        CHECK(holds(hostile.out, R"("complete":false)"));
        CHECK(holds(hostile.out, R"("missing":[{"first":2,"last":2}])"));
        CHECK(holds(hostile.out, R"("error":{"code":"bad_name")"));

        auto bytes = tests::stream_of(wire, two_files());
        bytes.push_back(std::byte{0});
        tests::write_file(folder / "x", bytes);
        const ran more = tool({"verify", "--json", folder / "x"});
        CHECK(more.status == 1);
        CHECK(holds(more.out, R"("code":"trailing_bytes")"));
    }
    // Every byte of a native stream counts.
    const auto whole = tests::stream_of("native", two_files());
    for (std::size_t i = 7; i < whole.size(); i += 17) {
        CAPTURE(i);
        auto bytes = whole;
        bytes[i] ^= std::byte{4};
        tests::write_file(folder / "x", bytes);
        CHECK(tool({"verify", folder / "x"}).status == 1);
    }
}

TEST_CASE("chunks out of order are verified in a file, not in a pipe") {
    const scratch folder;
    for (const std::string& wire : tests::wires) {
        CAPTURE(wire);
        auto stream = two_files();
        std::swap(stream[1], stream[2]);
        stream.insert(stream.begin() + 3, stream[1]);
        tests::write_file(folder / "x", tests::stream_of(wire, stream));
        CHECK(tool({"verify", folder / "x"}).status == 0);
        const ran again = tool({"rewrite", "--json", folder / "x", "-o", folder / "y"});
        CHECK(holds(again.out, R"("identical":true)"));
        const ran piped = through_pipe({"verify", "--json"}, folder / "x");
        CHECK(piped.status == 1);
        CHECK(holds(piped.out, R"("code":"unsupported")"));

        stream[1].file_chunk->data[1] ^= std::byte{1};
        tests::write_file(folder / "x", tests::stream_of(wire, stream));
        CHECK(tool({"verify", folder / "x"}).status == 1);
    }
}

TEST_CASE("streams are no snapshots made of sections") {
    const scratch folder;
    tests::write_file(folder / "x", tests::stream_of("native", two_files()));
    const ran unpacked = tool({"unpack", folder / "x", "-d", folder / "d"});
    CHECK(unpacked.status == 2);
    CHECK(holds(unpacked.err, "native-stream is not made of sections"));
    const ran layout = tool({"layout", "native-stream", "--json"});
    CHECK(layout.status == 0);
    CHECK(holds(layout.out, R"({"name":"native-stream","endian":"little","min_size":45,)"
                            R"("fields":[{"name":"magic","offset":0,"size":7,)"));
    CHECK(holds(layout.out, R"({"name":"sequence","offset":20,"size":8)"));
    const ran none = tool({"layout", "protobuf-stream"});
    CHECK(none.status == 2);
    CHECK(holds(none.err, "protobuf-stream is not laid out by a section list"));
}
