// Its hand-made vector code looks, ahead of use, at four bytes behind the end of what it has.
#define NO_MANUAL_VECTORIZATION

#include <tintype/hash/blake3.hpp>
#include <tintype/hash/crc32c.hpp>
#include <tintype/stream/exporter.hpp>
#include <tintype/stream/hnsw.hpp>

#include "support/said.hpp"
#include "support/scratch.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <ios>
#include <iterator>
#include <sstream>
#include <string>
#include <sys/resource.h>
#include <utility>
#include <vector>

using tests::said;
using tintype::blake3;
using tintype::errc;
using tintype::file_info;

namespace {

using index_type = hnswlib::HierarchicalNSW<float>;
using exporter = tintype::exporter<blake3>;

// Odd, for then hnswlib keeps its labels where numbers of their size may lie.
constexpr std::size_t dimension = 7;

std::vector<float> vector_of(std::size_t number) {
    std::vector<float> values;
    for (std::size_t i = 0; i != dimension; ++i) {
        values.push_back(static_cast<float>((number * 31 + i * 17) % 101));
    }
    return values;
}

void add(index_type& to, std::size_t from, std::size_t end) {
    for (; from != end; ++from) {
        to.addPoint(vector_of(from).data(), from);
    }
}

// The labels of the nearest, as a text.
std::string nearest(const index_type& in, std::size_t number) {
    auto found = in.searchKnn(vector_of(number).data(), 5);
    std::string text;
    for (; !found.empty(); found.pop()) {
        text += std::to_string(found.top().second) + " ";
    }
    return text;
}

void write(const std::string& path, const std::string& bytes) {
    std::ofstream{path, std::ios::binary} << bytes;
}

std::string bytes_at(const std::string& path) {
    std::ostringstream bytes;
    bytes << std::ifstream{path, std::ios::binary}.rdbuf();
    return bytes.str();
}

// The one file of the stream.
file_info unpack(exporter& from, const std::string& path) {
    std::string bytes;
    for (const auto& chunk : from.chunks()) {
        REQUIRE(chunk);
        if (chunk->file_chunk) {
            bytes += tintype::text_of(chunk->file_chunk->data);
        }
    }
    write(path, bytes);
    return from.metadata().files.at(0);
}

} // namespace

TEST_CASE("an index comes back as it was saved, and answers the same") {
    const tests::scratch root;
    hnswlib::L2Space space{dimension};
    for (const std::size_t count : {0U, 1U, 300U}) {
        index_type index{&space, 400, 8, 50};
        add(index, 0, count);
        if (count > 7) {
            index.markDelete(7);
        }
        auto from = exporter::open({.chunk_size = 1000, .temp_dir = root / "temp"},
                                   tintype::hnsw_source{index});
        REQUIRE(from);
        const std::string answer = count == 0 ? "" : nearest(index, 7);
        // What is added later is not in it.
        add(index, count, count + 50);
        const file_info info = unpack(*from, root / "index");
        CHECK(info.file_name == "index_0.idx");
        CHECK(info.file_type == tintype::file_kind::hnsw_index);
        const auto back = tintype::load_index<blake3>(root / "index", info, space, 1000);
        REQUIRE(back);
        CHECK((*back)->cur_element_count == count);
        CHECK((*back)->num_deleted_ == (count > 7 ? 1 : 0));
        if (count != 0) {
            CHECK(nearest(**back, 7) == answer);
        }
        add(**back, count, count + 50);
        CHECK(nearest(**back, 9) == nearest(index, 9));
        // Saved again it is the same, byte for byte, but for the room of an empty one.
        const auto again = tintype::load_index<blake3>(root / "index", info, space);
        REQUIRE(again);
        auto copy = exporter::open({.temp_dir = root / "temp"}, tintype::hnsw_source{**again, "b"});
        REQUIRE(copy);
        CHECK((copy->metadata().files[0].checksum == info.checksum) == (count != 0));
        CHECK(std::filesystem::is_empty(root / "temp"));
    }
}

TEST_CASE("no byte of a damaged index reaches hnswlib") {
    const tests::scratch root;
    hnswlib::L2Space space{dimension};
    index_type index{&space, 10, 4, 20};
    add(index, 0, 10);
    auto from = exporter::open({.temp_dir = root / "temp"}, tintype::hnsw_source{index});
    REQUIRE(from);
    const file_info info = unpack(*from, root / "index");
    const std::string bytes = bytes_at(root / "index");
    const auto refusal = [&](const std::string& changed, const file_info& expected) {
        write(root / "bad", changed);
        const auto loaded = tintype::load_index<blake3>(root / "bad", expected, space);
        REQUIRE_FALSE(loaded);
        return loaded.error().code;
    };
    for (std::size_t at = 0; at != bytes.size(); ++at) {
        std::string changed = bytes;
        changed[at] = static_cast<char>(changed[at] ^ (1 << at % 8));
        REQUIRE(refusal(changed, info) == errc::checksum_mismatch);
    }
    for (std::size_t size = 0; size < bytes.size(); size += 13) {
        REQUIRE(refusal(bytes.substr(0, size), info) == errc::truncated);
    }
    CHECK(refusal(bytes + "x", info) == errc::trailing_bytes);
    CHECK(refusal(bytes, {.file_name = "index",
                          .file_type = {},
                          .file_size = bytes.size(),
                          .checksum = "00000000"}) == errc::invalid_value);
    CHECK(tintype::load_index<blake3>(root / "none", info, space).error().code == errc::not_found);
    CHECK(tintype::load_index<blake3>(root.path(), info, space).error().code == errc::unsupported);
    CHECK(tintype::verify_file<blake3>(root / "index", info));
}

TEST_CASE("what hnswlib throws, and what it cannot take, is an error") {
    const tests::scratch root;
    hnswlib::L2Space space{dimension};
    // An empty file has the digest of an empty file, and is no index.
    write(root / "empty", "");
    const file_info empty{.file_name = "empty",
                          .file_type = {},
                          .file_size = 0,
                          .checksum = tintype::to_hex(tintype::hash_of<blake3>({}))};
    const auto none = tintype::load_index<blake3>(root / "empty", empty, space);
    REQUIRE_FALSE(none);
    CHECK(none.error().code == errc::invalid_value);
    // Nor is an index of another space one of this.
    index_type index{&space, 10, 4, 20};
    add(index, 0, 10);
    auto from = exporter::open({.temp_dir = root / "temp"}, tintype::hnsw_source{index});
    REQUIRE(from);
    const file_info info = unpack(*from, root / "index");
    hnswlib::L2Space other{dimension * 2};
    CHECK(said(tintype::load_index<blake3>(root / "index", info, other)) ==
          "invalid_value in index_0.idx: bytes of an element's vector 28/56");
    CHECK(exporter::open({.temp_dir = root / "temp"}, tintype::hnsw_source{index, "a/b"})
              .error()
              .code == errc::bad_name);
}

TEST_CASE("an index that could not be written whole is not taken for one") {
    const tests::scratch root;
    hnswlib::L2Space space{dimension};
    index_type index{&space, 300, 8, 50};
    add(index, 0, 300);
    // hnswlib does not look: a limit on the size of files stands for a full disk.
    struct rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
    const auto ignored = std::signal(SIGXFSZ, SIG_IGN);
    struct rlimit low = before;
    low.rlim_cur = 20'000;
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &low) == 0);
    const auto from = exporter::open({.temp_dir = root / "temp"}, tintype::hnsw_source{index});
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
    std::signal(SIGXFSZ, ignored);
    REQUIRE_FALSE(from);
    CHECK(from.error().code == errc::io);
    CHECK(from.error().found <= 20'000);
    CHECK(from.error().wanted > 20'000);
    CHECK(std::filesystem::is_empty(root / "temp"));
}
