// The fuzzers' corpus as normal tests, with every compiler: each file, each truncation of it, each
// flipped bit, and each byte set to the values where numbers turn over. A body ends the program
// where a property does not hold.

#include "fuzz/bincode.hpp"
#include "fuzz/bodies.hpp"
#include "fuzz/chain.hpp"
#include "fuzz/columns.hpp"
#include "fuzz/dakera.hpp"
#include "fuzz/delta.hpp"
#include "fuzz/import.hpp"
#include "fuzz/journal.hpp"
#include "fuzz/json.hpp"
#include "fuzz/log.hpp"
#include "fuzz/memvid.hpp"
#include "fuzz/protobuf.hpp"
#include "fuzz/segment.hpp"
#include "fuzz/series.hpp"
#include "fuzz/wires.hpp"
#include "support/bytes.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#ifndef TINTYPE_GOLDEN
#error "define TINTYPE_GOLDEN as the path of tests/golden"
#endif

namespace {

std::vector<tintype::blob> corpus_of(const std::string& name) {
    std::vector<tintype::blob> all;
    std::error_code failed;
    const auto folder = std::string(TINTYPE_GOLDEN "/../fuzz/corpus/") + name;
    for (const auto& file : std::filesystem::directory_iterator(folder, failed)) {
        all.push_back(tests::file_bytes(file.path().string()));
    }
    CHECK(!failed);
    CHECK(all.size() >= 3);
    return all;
}

// How many inputs the body has seen.
std::size_t replay(const std::string& name, void (*body)(tintype::byte_view)) {
    std::size_t inputs = 0;
    const auto run = [&](tintype::byte_view bytes) {
        // In memory of its own, so that a sanitizer sees a read beyond it.
        const tintype::blob exact(bytes.begin(), bytes.end());
        body(exact);
        ++inputs;
    };
    for (auto& bytes : corpus_of(name)) {
        for (std::size_t size = 0; size <= bytes.size(); ++size) {
            run(tintype::byte_view{bytes}.first(size));
        }
        for (std::byte& byte : bytes) {
            const std::byte before = byte;
            for (unsigned bit = 0; bit != 8; ++bit) {
                byte = before ^ std::byte{static_cast<unsigned char>(1U << bit)};
                run(bytes);
            }
            for (const unsigned value : {0x00U, 0x01U, 0x02U, 0x7FU, 0x80U, 0xFEU, 0xFFU}) {
                byte = static_cast<std::byte>(value);
                run(bytes);
            }
            byte = before;
        }
        bytes.push_back(std::byte{0});
        run(bytes);
    }
    return inputs;
}

} // namespace

TEST_CASE("fuzz_replay: vamm") {
    CHECK(replay("vamm", tests::fuzz::fuzz_vamm) > 1000);
}

TEST_CASE("fuzz_replay: vsnp") {
    CHECK(replay("vsnp", tests::fuzz::fuzz_vsnp) > 1000);
}

TEST_CASE("fuzz_replay: any_release") {
    CHECK(replay("any_release", tests::fuzz::fuzz_any_release) > 1000);
}

TEST_CASE("fuzz_replay: frames_list") {
    CHECK(replay("frames_list", tests::fuzz::fuzz_frames_list) > 1000);
}

TEST_CASE("fuzz_replay: names") {
    CHECK(replay("names", tests::fuzz::fuzz_names) > 500);
}

TEST_CASE("fuzz_replay: hex") {
    CHECK(replay("hex", tests::fuzz::fuzz_hex) > 300);
}

TEST_CASE("fuzz_replay: json") {
    CHECK(replay("json", tests::fuzz::fuzz_json) > 1000);
}

TEST_CASE("fuzz_replay: columns") {
    CHECK(replay("columns", tests::fuzz::fuzz_columns) > 1000);
}

TEST_CASE("fuzz_replay: bincode") {
    CHECK(replay("bincode", tests::fuzz::fuzz_bincode) > 1000);
}

TEST_CASE("fuzz_replay: dakera") {
    CHECK(replay("dakera", tests::fuzz::fuzz_dakera) > 1000);
}

TEST_CASE("fuzz_replay: log") {
    CHECK(replay("log", tests::fuzz::fuzz_log) > 1000);
}

TEST_CASE("fuzz_replay: series") {
    CHECK(replay("series", tests::fuzz::fuzz_series) > 1000);
}

TEST_CASE("fuzz_replay: chain") {
    CHECK(replay("chain", tests::fuzz::fuzz_chain) > 1000);
}

TEST_CASE("fuzz_replay: delta") {
    CHECK(replay("delta", tests::fuzz::fuzz_delta) > 1000);
}

TEST_CASE("fuzz_replay: segment") {
    CHECK(replay("segment", tests::fuzz::fuzz_segment) > 1000);
}

TEST_CASE("fuzz_replay: journal") {
    CHECK(replay("journal", tests::fuzz::fuzz_journal) > 1000);
}

TEST_CASE("fuzz_replay: import") {
    CHECK(replay("import", tests::fuzz::fuzz_import) > 500);
}

TEST_CASE("fuzz_replay: protobuf") {
    CHECK(replay("protobuf", tests::fuzz::fuzz_protobuf) > 1000);
}

TEST_CASE("fuzz_replay: memvid") {
    CHECK(replay("memvid", tests::fuzz::fuzz_memvid) > 1000);
}

TEST_CASE("fuzz_replay: wires") {
    CHECK(replay("wires", tests::fuzz::fuzz_wires) > 1000);
}
