#include <tintype/storage/directory.hpp>
#include <tintype/storage/memory.hpp>
#include <tintype/stream/source.hpp>

#include "support/bytes.hpp"
#include "support/said.hpp"
#include "support/scratch.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <utility>
#include <vector>

using tests::said;
using tintype::capture;
using tintype::file_kind;
using tintype::file_source;
using tintype::file_use;

namespace {

void write(const std::string& path, std::string_view bytes) {
    std::ofstream{path, std::ios::binary} << bytes;
}

std::string bytes_of(const tintype::captured_file& file) {
    tintype::blob bytes(static_cast<std::size_t>(file.size));
    const auto read = file.read(0, bytes);
    return read ? std::string{tintype::text_of(bytes)} : said(read);
}

// What a source alone gives.
template <class Source>
tintype::result<std::vector<tintype::captured_file>> files_of(capture& into, Source source) {
    auto done = source.pin(into);
    if (done) {
        done = source.collect(into);
    }
    if (!done) {
        return tintype::pass(done);
    }
    return into.take_files();
}

std::size_t entries(const std::string& path) {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator{path}) {
        ++count;
    }
    return count;
}

} // namespace

TEST_CASE("a file is as it was when it was pinned, whatever is done to it") {
    const tests::scratch root;
    const tests::scratch temp;
    for (const std::size_t size : {0U, 1U, 4096U, 300'000U, 5'000'000U}) {
        const auto noise = tests::noise(size, 7);
        const std::string before{tintype::text_of(noise)};
        write(root / "index", before);
        std::vector<tintype::captured_file> files;
        {
            capture into{temp.path()};
            auto taken = files_of(into, file_source{root / "index", file_kind::hnsw_index});
            REQUIRE(taken);
            files = *std::move(taken);
            CHECK(entries(temp.path()) == 1);
        }
        CHECK(entries(temp.path()) == 0);
        write(root / "index", "others");
        REQUIRE(files.size() == 1);
        CHECK(files[0].name == "index");
        CHECK(files[0].kind == file_kind::hnsw_index);
        CHECK(files[0].size == size);
        CHECK(bytes_of(files[0]) == before);
    }
}

TEST_CASE("an immutable file is not copied, may be replaced, and must keep its size") {
    const tests::scratch root;
    capture into{root / "none"};
    write(root / "a", "first bytes");
    auto files =
        files_of(into, file_source{root / "a", file_kind::wal, "other", file_use::immutable});
    REQUIRE(files);
    CHECK_FALSE(std::filesystem::exists(root / "none"));
    const auto& file = files->at(0);
    CHECK(file.name == "other");
    write(root / "b", "second");
    std::filesystem::rename(root / "b", root / "a");
    CHECK(bytes_of(file) == "first bytes");

    write(root / "c", "12345");
    files = files_of(into, file_source{root / "c", file_kind::wal, {}, file_use::immutable});
    REQUIRE(files);
    std::filesystem::resize_file(root / "c", 3);
    CHECK(bytes_of(files->at(0)) == "truncated in c @3 3/5");
    std::filesystem::resize_file(root / "c", 9);
    CHECK(bytes_of(files->at(0)) == "trailing_bytes in c @5 4/0");
    std::filesystem::resize_file(root / "c", 5);
    tintype::blob more(1);
    CHECK(said(files->at(0).read(5, more)) == "truncated in c @5 5/6");
}

TEST_CASE("what is no regular file, or is not there, is refused") {
    const tests::scratch root;
    REQUIRE(::mkfifo((root / "pipe").c_str(), 0600) == 0);
    capture into{root.path()};
    CHECK(files_of(into, file_source{root / "pipe"}).error().code == tintype::errc::unsupported);
    CHECK(files_of(into, file_source{root.path()}).error().code == tintype::errc::unsupported);
    CHECK(files_of(into, file_source{root / "none"}).error().code == tintype::errc::not_found);
    CHECK(files_of(into, file_source{"/"}).error().code == tintype::errc::bad_name);
    write(root / "a", "");
    CHECK(files_of(into, file_source{root / "a", {}, "a/b"}).error().code ==
          tintype::errc::bad_name);
    CHECK(files_of(into, file_source{root / "a", {}, ".."}).error().code ==
          tintype::errc::bad_name);
}

TEST_CASE("a file is copied to another file system, too") {
    const tests::scratch root;
    const bool other = std::filesystem::is_directory("/dev/shm");
    for (const std::size_t size : {1U, 262'144U, 262'145U, 1'000'000U}) {
        const auto noise = tests::noise(size, 3);
        write(root / "a", tintype::text_of(noise));
        capture into{other ? "/dev/shm" : root.path()};
        const auto files = files_of(into, file_source{root / "a"});
        REQUIRE(files);
        CHECK(bytes_of(files->at(0)) == tintype::text_of(noise));
    }
}

TEST_CASE("bytes are lent, shared or owned") {
    capture into;
    const std::string text = "a view";
    const auto shared = std::make_shared<const tintype::blob>(tests::noise(5, 1));
    auto files = files_of(into, tintype::source_of_view("x", tintype::bytes_of(text)));
    REQUIRE(files);
    CHECK(bytes_of(files->at(0)) == "a view");
    files = files_of(into, tintype::source_of("y", shared, file_kind::wal));
    REQUIRE(files);
    CHECK(shared.use_count() == 2);
    CHECK(bytes_of(files->at(0)) == tintype::text_of(*shared));
    CHECK(files->at(0).kind == file_kind::wal);
    files = files_of(into, tintype::source_of("z", tests::noise(0, 1)));
    REQUIRE(files);
    CHECK(files->at(0).size == 0);
    CHECK(bytes_of(files->at(0)).empty());
    tintype::blob more(1);
    CHECK(said(files->at(0).read(0, more)) == "truncated in z @0 0/1");
    CHECK(said(files->at(0).read(7, more)) == "truncated in z @7 0/8");
}

TEST_CASE("bytes may lie within their owner, which moves") {
    struct within {
        std::string text;

        [[nodiscard]] tintype::byte_view bytes() const noexcept { return tintype::bytes_of(text); }
    };

    tintype::capture into;
    tintype::bytes_source<within> source{"short.txt", within{"short"}};
    REQUIRE(source.pin(into));
    auto files = into.take_files();
    REQUIRE(files.size() == 1);
    const auto moved = std::move(files[0]);
    tintype::blob read(5);
    REQUIRE(moved.read(0, read));
    CHECK(tintype::text_of(read) == "short");
    CHECK_FALSE(moved.read(1, read));
}

TEST_CASE("more files than a stream may have are refused") {
    tintype::capture into;
    constexpr std::size_t most = tintype::stream_limits{}.files;
    for (std::size_t i = 0; i != most; ++i) {
        REQUIRE(tintype::source_of("f" + std::to_string(i), tintype::blob{}).pin(into));
    }
    const auto more = tintype::source_of("one_more", tintype::blob{}).pin(into);
    REQUIRE_FALSE(more);
    CHECK(more.error().code == tintype::errc::limit_exceeded);
    CHECK(more.error().wanted == most);
}

TEST_CASE("objects of a storage stay although they are removed from it") {
    const auto check = [](const auto& storage) {
        for (const std::string_view name : {"one", "two", "three"}) {
            auto staged = storage.stage();
            REQUIRE(staged);
            REQUIRE(staged->write(tintype::bytes_of(name)));
            REQUIRE(staged->publish(name));
        }
        capture into;
        const auto files = files_of(into, tintype::object_source{storage, {"two", "one"}});
        REQUIRE(files);
        REQUIRE(storage.remove("two"));
        REQUIRE(files->size() == 2);
        CHECK(files->at(0).name == "two");
        CHECK(bytes_of(files->at(0)) == "two");
        CHECK(bytes_of(files->at(1)) == "one");
        CHECK(files_of(into, tintype::object_source{storage, {"one", "two"}}).error().code ==
              tintype::errc::not_found);
    };
    const tests::scratch root;
    check(tintype::directory{root / "objects"});
    check(tintype::basic_memory_storage<>{});
}

TEST_CASE("files stand in the order of their sources, and no name comes twice") {
    capture into;
    const auto add = [&](std::size_t source, std::string name) {
        into.set_source(source);
        return into.add_bytes(std::move(name), file_kind::unknown,
                              tintype::detail::kept_bytes{{}, {}});
    };
    CHECK(add(1, "index_0.idx"));
    CHECK(add(0, "database.db"));
    CHECK(add(1, "index_1.idx"));
    CHECK(add(0, "database.db-wal"));
    CHECK(said(add(2, "index_0.idx")) == "duplicate in index_0.idx 0/0");
    CHECK(said(add(2, ".hidden")) == "bad_name in .hidden 46/0");
    std::string names;
    for (const auto& file : into.take_files()) {
        names += file.name + " ";
    }
    CHECK(names == "database.db database.db-wal index_0.idx index_1.idx ");
}

namespace {

struct link {
    std::string id;
    std::string data;
};

struct chains {
    [[nodiscard]] tintype::result<std::vector<link>> chain(std::string_view id) const {
        if (id != "c") {
            return tintype::fail({.code = tintype::errc::not_found, .where = id});
        }
        return std::vector<link>{{"a", "a.snap"}, {"b", "b.r1.snap"}, {"c", "c.snap"}};
    }
};

} // namespace

TEST_CASE("a chain's objects are the manifests and data of all its links") {
    CHECK(tintype::object_names_of_chain(chains{}, "c") ==
          std::vector<std::string>{"a.meta", "a.snap", "b.meta", "b.r1.snap", "c.meta", "c.snap"});
    CHECK(said(tintype::object_names_of_chain(chains{}, "d")) == "not_found in d 0/0");
}
