// A file on its way to a name, watched at each call that it makes of the system: what is gathered
// and what goes straight, what comes in which order, and what an error at each place leaves behind.

#include <tintype/storage/directory.hpp>
#include <tintype/storage/staged_file.hpp>

#include "support/bytes.hpp"
#include "support/scratch.hpp"
#include "support/watched_filesystem.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace {

using tintype::byte_view;
using tintype::errc;

constexpr std::size_t small = 32U << 10U;
constexpr std::size_t mebibyte = 1U << 20U;

// As many bytes as any test here writes, made once.
byte_view plenty(std::size_t size) {
    static const auto bytes = tests::noise(9 * mebibyte);
    return byte_view{bytes}.first(size);
}

struct place {
    tests::scratch root;
    tests::watched_filesystem fs;
    tintype::basic_directory<tests::watched_filesystem> folder{root.path(), fs};

    [[nodiscard]] std::size_t files() const {
        return static_cast<std::size_t>(
            std::distance(std::filesystem::directory_iterator{root.path()}, {}));
    }
};

} // namespace

TEST_CASE("small writes are gathered until they are worth a call") {
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, small - 1, small}) {
        INFO("size ", size);
        const place in;
        const auto bytes = tests::noise(size);
        auto staged = in.folder.stage();
        REQUIRE(staged);
        std::size_t refused = 0;
        for (std::size_t i = 0; i != size; ++i) {
            refused += staged->write(byte_view{bytes}.subspan(i, 1)) ? 0U : 1U;
        }
        CHECK(refused == 0);
        CHECK(in.fs.told().count("write") == 0);
        REQUIRE(staged->publish("object"));
        CHECK(in.fs.told().count("write") == (size == 0 ? 0 : 1));
        CHECK(tests::file_bytes(in.root / "object") == bytes);
    }
}

TEST_CASE("what does not fit any more goes out together with what was gathered") {
    const place in;
    const auto bytes = tests::noise(small + 1);
    auto staged = in.folder.stage();
    REQUIRE(staged);
    REQUIRE(staged->write(byte_view{bytes}.first(small)));
    CHECK(in.fs.told().count("write") == 0);
    REQUIRE(staged->write(byte_view{bytes}.last(1)));
    CHECK(in.fs.told().count("write") == 1);
    REQUIRE(staged->publish("object"));
    CHECK(in.fs.told().count("write") == 1);
    CHECK(tests::file_bytes(in.root / "object") == bytes);
}

TEST_CASE("many tiny writes make few calls and all bytes") {
    const place in;
    const auto bytes = tests::noise(300'007);
    auto staged = in.folder.stage();
    REQUIRE(staged);
    std::size_t refused = 0;
    for (std::size_t at = 0; at != bytes.size();) {
        const auto size = std::min<std::size_t>(bytes.size() - at, 1 + at % 7);
        refused += staged->write(byte_view{bytes}.subspan(at, size)) ? 0U : 1U;
        at += size;
    }
    CHECK(refused == 0);
    REQUIRE(staged->publish("object"));
    CHECK(in.fs.told().count("write") == 300'007 / small + 1);
    CHECK(tests::file_bytes(in.root / "object") == bytes);
}

TEST_CASE("large objects: space is reserved, and the disk is kept busy") {
    for (const std::size_t size : {mebibyte / 2 - 1, mebibyte / 2, mebibyte - 1, mebibyte,
                                   mebibyte + 1, 8 * mebibyte, 9 * mebibyte}) {
        INFO("size ", size);
        const place in;
        const auto bytes = plenty(size);
        auto staged = in.folder.stage({.size_hint = size});
        REQUIRE(staged);
        REQUIRE(staged->write(bytes.first(1000)));
        REQUIRE(staged->write(bytes.subspan(1000, 100'000)));
        REQUIRE(staged->write(bytes.subspan(101'000)));
        REQUIRE(staged->publish("object"));
        CHECK(in.fs.told().count("reserve") == (size >= mebibyte ? 1 : 0));
        CHECK((in.fs.told().count("flush_behind") != 0) == (size >= mebibyte / 2));
        CHECK(in.fs.told().bytes_written == size);
        CHECK(std::ranges::equal(tests::file_bytes(in.root / "object"), bytes));
    }
}

TEST_CASE("more was announced than came: the file is as large as what came") {
    const place in;
    auto staged = in.folder.stage({.size_hint = 16 * mebibyte});
    REQUIRE(staged);
    REQUIRE(staged->write(tests::noise(10)));
    REQUIRE(staged->publish("object"));
    CHECK(tests::file_bytes(in.root / "object") == tests::noise(10));
}

TEST_CASE("a name is given after the bytes are durable, and is durable before it is reported") {
    const place in;
    for (const bool replacing : {false, true}) {
        auto staged = in.folder.stage();
        REQUIRE(staged);
        REQUIRE(staged->write(tests::noise(10)));
        in.fs.told().calls.clear();
        REQUIRE((replacing ? staged->replace("object") : staged->publish("object")));
        CHECK(in.fs.told().calls ==
              std::vector<std::string>{"write", "sync", "close",
                                       replacing ? "rename_over" : "rename_new", "sync_folder"});
    }
}

TEST_CASE("a taken name costs no second sync") {
    const place in;
    for (const char* name : {"one", "two"}) {
        auto staged = in.folder.stage();
        REQUIRE(staged);
        REQUIRE(staged->write(tintype::bytes_of(name)));
        in.fs.told().calls.clear();
        const auto first = staged->publish("one");
        if (!first) {
            CHECK(first.error().code == errc::already_exists);
            REQUIRE(staged->publish("two"));
        }
        CHECK(in.fs.told().count("sync") == 1);
    }
    CHECK(tests::file_bytes(in.root / "two") == tests::blob_of("two"));
    CHECK(in.files() == 2);
}

TEST_CASE("an error at any call is reported, abandons the file, and leaves the old object") {
    struct at {
        const char* call;
        int system;
        errc code;
    };

    for (const auto& [call, system, code] :
         {at{"open_folder", EACCES, errc::permission_denied}, at{"create", ENOSPC, errc::no_space},
          at{"reserve", ENOSPC, errc::no_space}, at{"write", ENOSPC, errc::no_space},
          at{"write", EIO, errc::io}, at{"sync", EIO, errc::io},
          at{"close", EDQUOT, errc::no_space}, at{"rename_over", EIO, errc::io}}) {
        INFO("failing ", call, " with ", system);
        const place in;
        {
            auto old = in.folder.stage();
            REQUIRE(old);
            REQUIRE(old->write(tintype::bytes_of("old")));
            REQUIRE(old->publish("object"));
        }
        in.fs.fail(call, system);
        const auto bytes = plenty(mebibyte + 1);
        const auto replace = [&]() -> tintype::result<void> {
            auto staged = in.folder.stage({.size_hint = bytes.size()});
            if (!staged) {
                return tintype::pass(staged);
            }
            auto done = staged->write(bytes);
            if (!done) {
                // Abandoned: neither written, synced nor renamed again, whatever is asked.
                in.fs.fail("", 0);
                in.fs.told().calls.clear();
                CHECK(staged->write(bytes) == done);
                CHECK(staged->replace("object") == done);
                CHECK(staged->publish("other") == done);
                CHECK(in.fs.told().calls.empty());
                return done;
            }
            done = staged->replace("object");
            in.fs.fail("", 0);
            in.fs.told().calls.clear();
            CHECK(staged->write(bytes) == done);
            CHECK(staged->replace("object") == done);
            CHECK(in.fs.told().calls.empty());
            return done;
        };
        const auto failed = replace();
        REQUIRE(!failed);
        CHECK(failed.error().code == code);
        CHECK(failed.error().system == system);
        CHECK(tests::file_bytes(in.root / "object") == tests::blob_of("old"));
        CHECK(in.files() == 1);
    }
}

TEST_CASE("a failed write says of which file, and where") {
    const place in;
    auto staged = in.folder.stage();
    REQUIRE(staged);
    in.fs.fail("write", EIO, 1);
    REQUIRE(staged->write(tests::noise(100'000)));
    const auto failed = staged->write(tests::noise(100'000));
    REQUIRE(!failed);
    CHECK(failed.error().offset == 100'000);
    CHECK(failed.error().where.view().starts_with(".tintype-"));
}

TEST_CASE("a folder that cannot be synced leaves the object, and says that it may be lost") {
    const place in;
    auto staged = in.folder.stage();
    REQUIRE(staged);
    REQUIRE(staged->write(tests::noise(10)));
    in.fs.fail("sync_folder", EIO);
    const auto failed = staged->publish("object");
    REQUIRE(!failed);
    CHECK(failed.error().code == errc::io);
    CHECK(tests::file_bytes(in.root / "object") == tests::noise(10));
    CHECK(in.files() == 1);
}

TEST_CASE("signals are waited out at every call") {
    for (const char* call : {"open_folder", "create", "reserve", "write", "sync", "rename_new",
                             "rename_over", "sync_folder"}) {
        INFO("interrupted ", call);
        const place in;
        in.fs.fail(call, EINTR, 0, 3);
        for (const bool replacing : {false, true}) {
            auto staged = in.folder.stage({.size_hint = mebibyte + 1});
            REQUIRE(staged);
            REQUIRE(staged->write(plenty(mebibyte + 1)));
            REQUIRE((replacing ? staged->replace("object") : staged->publish("object")));
        }
        CHECK(in.fs.told().fail_times == 0);
        CHECK(std::ranges::equal(tests::file_bytes(in.root / "object"), plenty(mebibyte + 1)));
        CHECK(in.files() == 1);
    }
}

TEST_CASE("short writes go on where they stopped") {
    for (const std::size_t at_most : {1U, 2U, 1000U, 32'767U, 32'769U}) {
        INFO("at most ", at_most);
        const place in;
        in.fs.told().write_at_most = at_most;
        const auto bytes = tests::noise(70'000);
        auto staged = in.folder.stage();
        REQUIRE(staged);
        REQUIRE(staged->write(byte_view{bytes}.first(20'000)));
        REQUIRE(staged->write(byte_view{bytes}.subspan(20'000, 40'000)));
        REQUIRE(staged->write(byte_view{bytes}.subspan(60'000)));
        REQUIRE(staged->publish("object"));
        CHECK(tests::file_bytes(in.root / "object") == bytes);
    }
}

TEST_CASE("a write that takes nothing is an error and no endless loop") {
    const place in;
    in.fs.told().write_at_most = 0;
    auto staged = in.folder.stage();
    REQUIRE(staged);
    const auto failed = staged->write(tests::noise(100'000));
    REQUIRE(!failed);
    CHECK(failed.error().code == errc::io);
    CHECK(failed.error().during == "write");
    CHECK(in.fs.told().count("write") == 1);
}

TEST_CASE("hints to the disk may fail") {
    const place in;
    in.fs.fail("flush_behind", EIO);
    auto staged = in.folder.stage();
    REQUIRE(staged);
    REQUIRE(staged->write(plenty(9 * mebibyte)));
    REQUIRE(staged->publish("object"));
    CHECK(in.fs.told().count("flush_behind") != 0);
    CHECK(std::ranges::equal(tests::file_bytes(in.root / "object"), plenty(9 * mebibyte)));
}

TEST_CASE("a bad name changes nothing") {
    const place in;
    auto staged = in.folder.stage();
    REQUIRE(staged);
    REQUIRE(staged->write(tests::noise(10)));
    for (const char* name : {"", "..", "a/b", ".a"}) {
        CHECK(!staged->publish(name));
        CHECK(!staged->replace(name));
    }
    REQUIRE(staged->write(tests::noise(5)));
    REQUIRE(staged->publish("object"));
    CHECK(tests::file_bytes(in.root / "object").size() == 15);
}

TEST_CASE("what was moved from leaves alone what it was") {
    const place in;
    auto staged = in.folder.stage();
    REQUIRE(staged);
    REQUIRE(staged->write(tests::noise(10)));
    {
        auto moved = *std::move(staged);
        REQUIRE(moved.write(tests::noise(5)));
        CHECK(in.files() == 1);
        staged = tintype::fail({});
        CHECK(in.files() == 1);
        REQUIRE(moved.publish("object"));
    }
    CHECK(tests::file_bytes(in.root / "object").size() == 15);
    CHECK(in.files() == 1);
}

TEST_CASE("a temporary that cannot be removed is left to the sweep") {
    const place in;
    in.fs.fail("remove", EIO);
    {
        const auto staged = in.folder.stage();
        REQUIRE(staged);
    }
    CHECK(in.files() == 1);
    CHECK(in.folder.names()->empty());
    CHECK(!in.folder.sweep(std::chrono::nanoseconds{0}));
    in.fs.fail("", 0);
    CHECK(in.folder.sweep(std::chrono::nanoseconds{0}) == 1);
    CHECK(in.files() == 0);
}

TEST_CASE("temporaries have names that nothing published can have, and each its own") {
    std::set<std::string> seen;
    for (std::uint64_t i = 0; i != 1000; ++i) {
        const auto name = tintype::detail::temporary_name(i % 2);
        CHECK(tintype::detail::is_temporary(name));
        CHECK(!tintype::good_name(name));
        seen.insert(name);
    }
    CHECK(seen.size() == 1000);
    for (const char* other : {"snapshot_00000001.tmp", ".tintype-1", "tintype-1.tmp", ".tmp", ""}) {
        CHECK(!tintype::detail::is_temporary(other));
    }
    // If one is taken all the same, the next is tried.
    const place in;
    in.fs.fail("create", EEXIST, 0, 3);
    auto staged = in.folder.stage();
    REQUIRE(staged);
    CHECK(in.fs.told().count("create") == 4);
    REQUIRE(staged->publish("object"));
}
