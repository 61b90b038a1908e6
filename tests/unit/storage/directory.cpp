// Objects as files: what a folder adds to the laws of a storage. Other people's files, links and
// pipes lie in it too.

#include <tintype/storage/directory.hpp>

#include "support/bytes.hpp"
#include "support/scratch.hpp"
#include "support/watched_filesystem.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace {

using namespace std::chrono_literals;
using tintype::byte_view;
using tintype::directory;
using tintype::errc;

void publish(const auto& storage, std::string_view name, byte_view bytes) {
    auto staged = storage.stage({.size_hint = bytes.size()});
    REQUIRE(staged);
    REQUIRE(staged->write(bytes));
    REQUIRE(staged->publish(name));
}

// As somebody else would write it.
void touch(const std::string& path, std::chrono::seconds age = 0s, std::string_view text = "x") {
    const tintype::detail::descriptor file{::open(path.c_str(), O_WRONLY | O_CREAT, 0600)};
    REQUIRE(file.get() >= 0);
    REQUIRE(::write(file.get(), text.data(), text.size()) == static_cast<::ssize_t>(text.size()));
    struct timespec times[2]{};
    times[1].tv_sec = ::time(nullptr) - age.count();
    REQUIRE(::futimens(file.get(), times) == 0);
}

std::vector<std::string> everything_in(const std::string& path) {
    std::vector<std::string> all;
    for (const auto& each : std::filesystem::directory_iterator{path}) {
        all.push_back(each.path().filename().string());
    }
    std::ranges::sort(all);
    return all;
}

} // namespace

TEST_CASE("a folder that is not there is empty, and looking does not make it") {
    const tests::scratch root;
    const directory storage{root / "not/there"};
    CHECK(storage.path() == root / "not/there");
    CHECK(storage.list()->empty());
    CHECK(storage.names()->empty());
    CHECK(storage.remove("object") == false);
    CHECK(storage.sweep(0ns) == 0);
    CHECK(storage.open("object").error().code == errc::not_found);
    CHECK(storage.lock().error().code == errc::not_found);
    CHECK(storage.sync().error().code == errc::not_found);
    CHECK(everything_in(root.path()).empty());
}

TEST_CASE("the first object makes the folder and its parents") {
    const tests::scratch root;
    for (const char* path : {"one", "two/", "three/four/five", "six//seven/"}) {
        INFO("path ", path);
        const directory storage{root / path};
        publish(storage, "object", tests::noise(10));
        CHECK(tests::file_bytes(root / path + "/object") == tests::noise(10));
        CHECK(everything_in(root / path) == std::vector<std::string>{"object"});
    }
}

TEST_CASE("an empty path is the working folder") {
    CHECK(directory{""}.path() == ".");
    const tests::scratch root;
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(root.path());
    publish(directory{""}, "object", tests::noise(3));
    publish(directory{"relative/path"}, "object", tests::noise(4));
    std::filesystem::current_path(before);
    CHECK(tests::file_bytes(root / "object").size() == 3);
    CHECK(tests::file_bytes(root / "relative/path/object").size() == 4);
}

TEST_CASE("a path that is no folder is an error, not an empty folder") {
    const tests::scratch root;
    touch(root / "file");
    for (const char* path : {"file", "file/below"}) {
        const directory storage{root / path};
        const auto names = storage.names();
        REQUIRE(!names);
        CHECK(names.error().system == ENOTDIR);
        CHECK(!storage.list());
        CHECK(!storage.stage());
        CHECK(!storage.open("object"));
        CHECK(!storage.remove("object"));
        CHECK(!storage.sweep(0ns));
    }
}

TEST_CASE("no name leads out of the folder") {
    const tests::scratch root;
    touch(root / "outside", 0s, "mine");
    const directory storage{root / "folder"};
    publish(storage, "object", {});
    for (const char* name : {"../outside", "./object", "/etc/passwd", "..", ".", "object/"}) {
        INFO("name ", name);
        CHECK(storage.open(name).error().code == errc::bad_name);
        CHECK(storage.remove(name).error().code == errc::bad_name);
        auto staged = storage.stage();
        REQUIRE(staged);
        CHECK(staged->replace(name).error().code == errc::bad_name);
    }
    CHECK(tests::file_bytes(root / "outside") == tests::blob_of("mine"));
    CHECK(everything_in(root / "folder") == std::vector<std::string>{"object"});
}

TEST_CASE("links under an object's name are not followed") {
    const tests::scratch root;
    touch(root / "outside", 0s, "mine");
    const directory storage{root / "folder"};
    publish(storage, "object", tests::noise(5));
    for (const char* target : {"../outside", "object", "nowhere", ".", ".."}) {
        INFO("to ", target);
        REQUIRE(::symlink(target, (root / "folder/link").c_str()) == 0);
        CHECK(storage.names() == std::vector<std::string>{"object"});
        CHECK(storage.list()->size() == 1);
        for (const auto how : {tintype::access::map, tintype::access::copy}) {
            CHECK(storage.open("link", how).error().code == errc::bad_name);
        }
        auto staged = storage.stage();
        REQUIRE(staged);
        REQUIRE(staged->write(tests::noise(7)));
        CHECK(staged->publish("link").error().code == errc::already_exists);
        REQUIRE(staged->replace("link"));
        CHECK(storage.open("link")->bytes().size() == 7);
        CHECK(storage.remove("link") == true);
    }
    REQUIRE(::symlink("../outside", (root / "folder/link").c_str()) == 0);
    CHECK(storage.remove("link") == true);
    CHECK(tests::file_bytes(root / "outside") == tests::blob_of("mine"));
    CHECK(tests::file_bytes(root / "folder/object") == tests::noise(5));
}

TEST_CASE("pipes and folders under an object's name are refused at once") {
    const tests::scratch root;
    const directory storage{root.path()};
    REQUIRE(::mkfifo((root / "pipe").c_str(), 0600) == 0);
    REQUIRE(::mkdir((root / "folder").c_str(), 0700) == 0);
    for (const char* name : {"pipe", "folder"}) {
        INFO("name ", name);
        for (const auto how : {tintype::access::map, tintype::access::copy}) {
            const auto opened = storage.open(name, how);
            REQUIRE(!opened);
            CHECK(opened.error().code == errc::unsupported);
        }
        auto staged = storage.stage();
        REQUIRE(staged);
        CHECK(staged->publish(name).error().code == errc::already_exists);
    }
    CHECK(!storage.remove("folder"));
    auto staged = storage.stage();
    REQUIRE(staged);
    CHECK(!staged->replace("folder"));
    CHECK(storage.names()->empty());
    CHECK(storage.list()->empty());
}

TEST_CASE("a copy is read in as many calls as it takes, and a map not at all") {
    const tests::scratch root;
    const tests::watched_filesystem fs;
    const tintype::basic_directory storage{root.path(), fs};
    publish(storage, "object", tests::noise(100'000));
    publish(storage, "empty", {});
    fs.told().read_at_most = 999;
    fs.told().calls.clear();
    const auto mapped = storage.open("object", tintype::access::map);
    REQUIRE(mapped);
    CHECK(fs.told().count("read") == 0);
    CHECK(fs.told().count("map") == 1);
    const auto copied = storage.open("object", tintype::access::copy);
    REQUIRE(copied);
    CHECK(fs.told().count("read") == 101);
    CHECK(fs.told().count("map") == 1);
    CHECK(std::ranges::equal(mapped->bytes(), copied->bytes()));
    CHECK(mapped->bytes().data() != copied->bytes().data());

    fs.told().calls.clear();
    CHECK(storage.open("empty", tintype::access::copy)->bytes().empty());
    CHECK(fs.told().count("read") == 0);
    CHECK(storage.open("empty", tintype::access::map)->bytes().empty());
}

TEST_CASE("a copy keeps its bytes when somebody truncates the file") {
    const tests::scratch root;
    const directory storage{root.path()};
    publish(storage, "object", tests::noise(100'000));
    const auto copied = storage.open("object", tintype::access::copy);
    REQUIRE(copied);
    REQUIRE(::truncate((root / "object").c_str(), 10) == 0);
    CHECK(std::ranges::equal(copied->bytes(), tests::noise(100'000)));
}

TEST_CASE("a file that shrinks while it is read is truncated, not half of it") {
    const tests::scratch root;
    const tests::watched_filesystem fs;
    const tintype::basic_directory storage{root.path(), fs};
    publish(storage, "object", tests::noise(1000));
    fs.told().read_at_most = 0;
    const auto copied = storage.open("object", tintype::access::copy);
    REQUIRE(!copied);
    CHECK(copied.error().code == errc::truncated);
    CHECK(copied.error().found == 0);
    CHECK(copied.error().wanted == 1000);
    CHECK(copied.error().where == tintype::label{"object"});
}

TEST_CASE("errors of the system while reading, listing and removing come through") {
    const tests::scratch root;
    const tests::watched_filesystem fs;
    const tintype::basic_directory storage{root.path(), fs};
    publish(storage, "object", tests::noise(1000));
    const auto failing = [&](const char* call) { fs.fail(call, EIO); };
    for (const char* call : {"open_folder", "open", "size", "map"}) {
        INFO("failing ", call);
        failing(call);
        CHECK(storage.open("object", tintype::access::map).error().system == EIO);
    }
    failing("read");
    CHECK(storage.open("object", tintype::access::copy).error().system == EIO);
    failing("entries");
    CHECK(storage.list().error().system == EIO);
    CHECK(storage.sweep(0ns).error().system == EIO);
    failing("names");
    CHECK(storage.names().error().system == EIO);
    failing("remove");
    CHECK(storage.remove("object").error().system == EIO);
    failing("sync_folder");
    CHECK(storage.sync().error().system == EIO);
    failing("lock");
    CHECK(storage.lock().error().system == EIO);
    failing("make_folder");
    const tintype::basic_directory absent{root / "absent", fs};
    CHECK(absent.stage().error().system == EIO);
    fs.fail("", 0);
    CHECK(storage.open("object")->bytes().size() == 1000);
}

TEST_CASE("interrupted reads, listings, locks and removals are done again") {
    const tests::scratch root;
    const tests::watched_filesystem fs;
    const tintype::basic_directory storage{root.path(), fs};
    publish(storage, "object", tests::noise(1000));
    const auto interrupting = [&](const char* call) { fs.fail(call, EINTR, 0, 2); };
    for (const char* call : {"open_folder", "open", "read"}) {
        interrupting(call);
        CHECK(storage.open("object", tintype::access::copy)->bytes().size() == 1000);
    }
    interrupting("entries");
    CHECK(storage.list()->size() == 1);
    interrupting("entries");
    CHECK(storage.sweep(0ns) == 0);
    interrupting("names");
    CHECK(storage.names()->size() == 1);
    interrupting("lock");
    CHECK(storage.lock());
    interrupting("sync_folder");
    CHECK(storage.sync());
    interrupting("remove");
    CHECK(storage.remove("object") == true);
}

TEST_CASE("the sweep takes old temporaries of its own kind and nothing else") {
    const tests::scratch root;
    const directory storage{root.path()};
    publish(storage, "object", tests::noise(10));
    touch(root / ".tintype-0000000000000001.tmp", 2h);
    touch(root / ".tintype-0000000000000002.tmp", 59min);
    touch(root / ".tintype-0000000000000003.tmp", -2h); // after a clock went back
    const std::vector<std::string> foreign{"snapshot_00000001.tmp",
                                           "snapshot_00000001.vamm.tmp",
                                           ".hidden",
                                           ".tintype-no-suffix",
                                           "tintype-1.tmp",
                                           "note.txt",
                                           ".x.tmp"};
    for (const std::string& name : foreign) {
        touch(root / name, 1000h);
    }
    REQUIRE(::mkdir((root / ".tintype-folder.tmp").c_str(), 0700) == 0);
    REQUIRE(::symlink("object", (root / ".tintype-link.tmp").c_str()) == 0);

    CHECK(storage.sweep(3h) == 0);
    CHECK(storage.sweep(1h) == 1);
    CHECK(storage.sweep(1h) == 0);
    CHECK(storage.sweep(58min) == 1);
    CHECK(storage.sweep(0ns) == 0); // the one from the future stays until its time has come
    CHECK(storage.sweep(-3h) == 1);
    auto left = foreign;
    left.insert(left.end(), {"object", ".tintype-folder.tmp", ".tintype-link.tmp"});
    std::ranges::sort(left);
    CHECK(everything_in(root.path()) == left);
}

TEST_CASE("the sweep survives file times that no clock means") {
    const tests::scratch root;
    const directory storage{root.path()};
    touch(root / ".tintype-0000000000000001.tmp", std::chrono::seconds{1LL << 40});
    touch(root / ".tintype-0000000000000002.tmp", std::chrono::seconds{-(1LL << 40)});
    CHECK(storage.sweep(1h) == 1);
    CHECK(everything_in(root.path()) == std::vector<std::string>{".tintype-0000000000000002.tmp"});
}

TEST_CASE("what is swept away under its writer is an error of the writer's") {
    const tests::scratch root;
    const directory storage{root.path()};
    auto staged = storage.stage();
    REQUIRE(staged);
    REQUIRE(staged->write(tests::noise(10)));
    CHECK(storage.sweep(-1h) == 1);
    const auto failed = staged->publish("object");
    REQUIRE(!failed);
    CHECK(failed.error().code == errc::not_found);
    CHECK(storage.names()->empty());
}

TEST_CASE("files that are no objects by their names are not listed") {
    const tests::scratch root;
    const directory storage{root.path()};
    for (const char* name : {".hidden", "a b", "na\xc3\xafve", "good", "a:b"}) {
        touch(root / name);
    }
    CHECK(storage.names() == std::vector<std::string>{"good"});
    REQUIRE(storage.list()->size() == 1);
    CHECK(storage.list()->front().name == "good");
    CHECK(storage.list()->front().size == 1);
}

TEST_CASE("an object's time is when it was published") {
    const tests::scratch root;
    const directory storage{root.path()};
    const auto before = tintype::system_clock{}.now();
    publish(storage, "object", tests::noise(10));
    const auto after = tintype::system_clock{}.now();
    const auto modified = storage.list()->front().modified;
    CHECK(modified >= before - 50ms); // the kernel's stamp ticks more slowly than the clock
    CHECK(modified <= after + 50ms);
}

TEST_CASE("only a regular file in the folder is appended to") {
    const tests::scratch root;
    const directory storage{root / "folder"};
    CHECK(storage.append("object").error().code == errc::not_found); // nor is there a folder
    publish(storage, "object", tests::noise(10));
    touch(root / "outside", 0s, "mine");
    REQUIRE(::symlink("../outside", (root / "folder/link").c_str()) == 0);
    REQUIRE(::symlink("object", (root / "folder/inner").c_str()) == 0);
    REQUIRE(::mkfifo((root / "folder/pipe").c_str(), 0600) == 0);
    REQUIRE(::mkdir((root / "folder/below").c_str(), 0700) == 0);
    CHECK(storage.append("link").error().code == errc::bad_name);
    CHECK(storage.append("inner").error().code == errc::bad_name);
    CHECK(storage.append("pipe").error().code == errc::unsupported);
    CHECK(storage.append("below").error().code == errc::unsupported);
    {
        // A pipe that somebody reads.
        const tintype::detail::descriptor reader{
            ::open((root / "folder/pipe").c_str(), O_RDONLY | O_NONBLOCK)};
        CHECK(storage.append("pipe").error().code == errc::unsupported);
    }
    auto object = storage.append("object");
    REQUIRE(object);
    REQUIRE(object->write(tests::noise(5)));
    CHECK(tests::file_bytes(root / "folder/object").size() == 15);
    CHECK(tests::file_bytes(root / "outside").size() == 4);
}

TEST_CASE("a claim is a hidden file beside the object that is never swept") {
    const tests::scratch root;
    const directory storage{root / "deep/folder"};
    {
        const auto claim = storage.claim("object"); // makes the folder
        REQUIRE(claim);
        CHECK(everything_in(root / "deep/folder") == std::vector<std::string>{".object.lock"});
        CHECK(storage.names()->empty());
        CHECK(storage.list()->empty());
        CHECK(storage.sweep(-1h) == 0U);
        // Another directory of the same path is the same place.
        const auto refused = directory{root / "deep/folder/"}.claim("object");
        REQUIRE(!refused);
        CHECK(refused.error().code == errc::in_use);
        CHECK(refused.error().where == "object");
    }
    CHECK(everything_in(root / "deep/folder") == std::vector<std::string>{".object.lock"});
    CHECK(storage.claim("object"));
    // Nobody can lead it elsewhere.
    touch(root / "outside", 0s, "mine");
    REQUIRE(::symlink("../../outside", (root / "deep/folder/.linked.lock").c_str()) == 0);
    CHECK(storage.claim("linked").error().code == errc::bad_name);
    REQUIRE(::mkfifo((root / "deep/folder/.pipe.lock").c_str(), 0600) == 0);
    CHECK(storage.claim("pipe").error().code == errc::unsupported);
    // Nor is the longest name too long for a file.
    CHECK(storage.claim(std::string(tintype::longest_claimed_name, 'n')));
}
