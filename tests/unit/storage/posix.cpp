// What a POSIX system adds to the laws of a filesystem: links, pipes and folders under the names of
// files, the errors that it reports, and file times at the ends of what a timestamp can hold.

#include <tintype/storage/posix.hpp>

#include "support/bytes.hpp"
#include "support/scratch.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace {

using namespace tintype;

const posix_filesystem fs;

// A folder with one file, "real", and what a test puts beside it.
struct place {
    place() {
        auto file = fs.create(folder, "real");
        REQUIRE(file);
        const byte_view bytes = bytes_of("real bytes");
        REQUIRE(fs.write(*file, std::span{&bytes, 1}) == bytes.size());
        REQUIRE(fs.close(*file));
    }

    tests::scratch root;
    posix_filesystem::folder folder = *fs.open_folder(root.path());
};

void refuses(const place& in, const std::string& name, errc code) {
    const auto opened = fs.open(in.folder, name);
    REQUIRE(!opened);
    CHECK(opened.error().code == code);
    CHECK(opened.error().where == label{name});
    // Neither is its name free.
    const auto made = fs.create(in.folder, name);
    REQUIRE(!made);
    CHECK(made.error().code == errc::already_exists);
    const auto renamed = fs.rename_new(in.folder, "real", name);
    REQUIRE(!renamed);
    CHECK(renamed.error().code == errc::already_exists);
    // Nor is it listed.
    CHECK(fs.names(in.folder) == std::vector<std::string>{"real"});
    const auto entries = fs.entries(in.folder);
    REQUIRE(entries);
    CHECK(entries->size() == 1);
}

} // namespace

TEST_CASE("links are not followed, wherever they lead") {
    const place in;
    for (const char* target : {"real", "nowhere", "link", "/", "."}) {
        INFO("to ", target);
        REQUIRE(::symlink(target, (in.root / "link").c_str()) == 0);
        refuses(in, "link", errc::bad_name);
        REQUIRE(fs.remove(in.folder, "link"));
    }
    // Removing and replacing a link leave alone what it leads to.
    REQUIRE(::symlink("real", (in.root / "link").c_str()) == 0);
    auto file = fs.create(in.folder, "fresh");
    REQUIRE(file);
    REQUIRE(fs.rename_over(in.folder, "fresh", "link"));
    CHECK(tests::file_bytes(in.root / "link").empty());
    CHECK(tests::file_bytes(in.root / "real") == tests::blob_of("real bytes"));
    CHECK(std::filesystem::is_regular_file(std::filesystem::symlink_status(in.root / "link")));
}

TEST_CASE("pipes, folders and sockets are refused without waiting for anybody") {
    const place in;
    REQUIRE(::mkfifo((in.root / "pipe").c_str(), 0600) == 0);
    refuses(in, "pipe", errc::unsupported);
    REQUIRE(fs.remove(in.folder, "pipe"));

    REQUIRE(::mkdir((in.root / "folder").c_str(), 0700) == 0);
    refuses(in, "folder", errc::unsupported);
    CHECK(!fs.rename_over(in.folder, "real", "folder"));
    CHECK(!fs.remove(in.folder, "folder"));
    REQUIRE(::rmdir((in.root / "folder").c_str()) == 0);

    const int number = ::socket(AF_UNIX, SOCK_STREAM, 0);
    REQUIRE(number >= 0);
    const detail::descriptor owner{number};
    struct sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = in.root / "socket";
    REQUIRE(path.size() < sizeof address.sun_path);
    path.copy(address.sun_path, path.size());
    REQUIRE(::bind(number, reinterpret_cast<const struct sockaddr*>(&address), sizeof address) ==
            0);
    refuses(in, "socket", errc::io);
}

TEST_CASE("folders are made with their parents, whatever the path looks like") {
    const tests::scratch root;
    for (const char* path : {"a", "b/", "c/d/e", "c//f", "./g/../h", "c/d/e"}) {
        INFO("path ", path);
        REQUIRE(fs.make_folder(root / path));
        CHECK(fs.open_folder(root / path));
    }
    // Relative to the working folder too.
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(root.path());
    CHECK(fs.make_folder("relative/path"));
    CHECK(fs.make_folder("one"));
    std::filesystem::current_path(before);
    CHECK(fs.open_folder(root / "relative/path"));
    CHECK(fs.open_folder(root / "one"));
}

TEST_CASE("a file in the place of a folder is an error that says where") {
    const place in;
    const auto opened = fs.open_folder(in.root / "real");
    REQUIRE(!opened);
    CHECK(opened.error().code == errc::io);
    CHECK(opened.error().system == ENOTDIR);
    CHECK(opened.error().during == "open");
    const auto made = fs.make_folder(in.root / "real/deep");
    REQUIRE(!made);
    CHECK(made.error().system == ENOTDIR);
    CHECK(made.error().during == "mkdir");
    CHECK(!made.error().where.empty());
}

TEST_CASE("errors of the system carry its number and the call") {
    const place in;
    const auto absent = fs.open(in.folder, "absent");
    REQUIRE(!absent);
    CHECK(absent.error().system == ENOENT);
    CHECK(absent.error().during == "open");
    const auto long_name = fs.create(in.folder, std::string(256, 'n'));
    REQUIRE(!long_name);
    CHECK(long_name.error().code == errc::bad_name);
    CHECK(long_name.error().system == ENAMETOOLONG);

    // A file that was opened to be read takes nothing.
    auto file = fs.open(in.folder, "real");
    REQUIRE(file);
    const byte_view bytes = bytes_of("x");
    const auto written = fs.write(*file, std::span{&bytes, 1});
    REQUIRE(!written);
    CHECK(written.error().code == errc::io);
    CHECK(written.error().system == EBADF);
    CHECK(!fs.reserve(*file, 100));
    // One that was closed is gone.
    REQUIRE(fs.close(*file));
    CHECK(!fs.close(*file));
    CHECK(!fs.sync(*file));
    CHECK(!fs.size(*file));
    CHECK(!fs.map(*file, 10));
    std::byte room{};
    CHECK(!fs.read(*file, 0, mutable_bytes{&room, 1}));
    CHECK(!fs.flush_behind(*file, 0, 10));
    posix_filesystem::folder none;
    CHECK(!fs.sync_folder(none));
    CHECK(!fs.lock(none));
    CHECK(!fs.names(none));
    CHECK(!fs.entries(none));
}

TEST_CASE("more pieces than one call takes are written in several") {
    const place in;
    auto file = fs.create(in.folder, "pieces");
    REQUIRE(file);
    const blob bytes = tests::noise(1000);
    std::vector<byte_view> pieces;
    for (std::size_t at = 0; at != bytes.size(); at += 10) {
        pieces.push_back(byte_view{bytes}.subspan(at, 10));
    }
    std::span<const byte_view> rest{pieces};
    while (!rest.empty()) {
        const auto taken = fs.write(*file, rest);
        REQUIRE(taken);
        REQUIRE(*taken % 10 == 0);
        REQUIRE(*taken != 0);
        rest = rest.subspan(*taken / 10);
    }
    REQUIRE(fs.close(*file));
    CHECK(tests::file_bytes(in.root / "pieces") == bytes);
}

TEST_CASE("descriptors and mappings belong to one owner at a time") {
    const place in;
    detail::descriptor first = *fs.open(in.folder, "real");
    const int number = first.get();
    detail::descriptor second = std::move(first);
    CHECK(second.get() == number);
    CHECK(first.get() == -1); // NOLINT: what moving leaves behind is what is asked for here
    first = std::move(second);
    CHECK(first.get() == number);
    CHECK(::fcntl(number, F_GETFD) != -1);
    {
        const detail::descriptor third = std::move(first);
        CHECK(third.get() == number);
    }
    CHECK(::fcntl(number, F_GETFD) == -1);

    const auto file = fs.open(in.folder, "real");
    REQUIRE(file);
    auto mapping = fs.map(*file, 10);
    REQUIRE(mapping);
    detail::mapped_bytes moved = *std::move(mapping);
    CHECK(mapping->bytes().empty());
    CHECK(text_of(moved.bytes()) == "real bytes");
    detail::mapped_bytes other;
    other = std::move(moved);
    CHECK(text_of(other.bytes()) == "real bytes");
    CHECK(fs.map(*file, 0)->bytes().empty());
}

TEST_CASE("a folder beneath is for its owner alone, and nothing else is taken for it") {
    const place in;
    const auto old_mask = ::umask(0);
    REQUIRE(fs.make_folder_in(in.folder, "beneath"));
    ::umask(old_mask);
    struct stat status{};
    REQUIRE(::stat((in.root / "beneath").c_str(), &status) == 0);
    CHECK((status.st_mode & 07777U) == 0700U);
    auto beneath = fs.open_folder_in(in.folder, "beneath");
    REQUIRE(beneath);
    CHECK(fs.try_lock(*beneath, "lock"));
    CHECK(std::filesystem::exists(in.root / "beneath/lock"));

    REQUIRE(::symlink("beneath", (in.root / "link").c_str()) == 0);
    REQUIRE(::symlink("/", (in.root / "away").c_str()) == 0);
    REQUIRE(::symlink("nowhere", (in.root / "dangling").c_str()) == 0);
    REQUIRE(::mkfifo((in.root / "pipe").c_str(), 0600) == 0);
    for (const char* name : {"link", "away", "dangling", "pipe", "real"}) {
        INFO("name ", name);
        CHECK(fs.make_folder_in(in.folder, name));
        const auto opened = fs.open_folder_in(in.folder, name);
        REQUIRE(!opened);
        CHECK(opened.error().code == errc::unsupported);
        CHECK(opened.error().where == label{name});
    }
    CHECK(!std::filesystem::exists(in.root / "nowhere"));
    // Neither upwards nor by an absolute path.
    CHECK(!fs.open_folder_in(in.folder, ".."));
    CHECK(!fs.open_folder_in(in.folder, "/"));
    CHECK(!fs.make_folder_in(in.folder, "absent/deep"));
}

TEST_CASE("what is opened to be written anywhere is a regular file") {
    const place in;
    REQUIRE(::symlink("real", (in.root / "link").c_str()) == 0);
    REQUIRE(::mkfifo((in.root / "pipe").c_str(), 0600) == 0);
    REQUIRE(::mkdir((in.root / "folder").c_str(), 0700) == 0);
    const auto code_of_opening = [&](const char* name) {
        const auto opened = fs.open_to_write(in.folder, name);
        REQUIRE(!opened);
        return opened.error().code;
    };
    CHECK(code_of_opening("link") == errc::bad_name);
    CHECK(code_of_opening("pipe") == errc::unsupported);
    CHECK(code_of_opening("folder") == errc::unsupported);
    CHECK(code_of_opening("absent") == errc::not_found);
    auto file = fs.open_to_write(in.folder, "real");
    REQUIRE(file);
    CHECK(fs.write_at(*file, 5, bytes_of("BYTES")) == 5U);
    CHECK(tests::file_bytes(in.root / "real") == tests::blob_of("real BYTES"));
    const auto no_place = fs.write_at(*file, ~std::uint64_t{0}, bytes_of("x"));
    REQUIRE(!no_place);
    CHECK(no_place.error().system == EINVAL);
}

TEST_CASE("links are made of the link itself, never of what it leads to") {
    const place in;
    REQUIRE(fs.make_folder_in(in.folder, "beneath"));
    auto beneath = fs.open_folder_in(in.folder, "beneath");
    REQUIRE(beneath);
    REQUIRE(::symlink("nowhere", (in.root / "taken").c_str()) == 0);
    const auto taken = fs.link_new(in.folder, "real", in.folder, "taken");
    REQUIRE(!taken);
    CHECK(taken.error().code == errc::already_exists);
    REQUIRE(fs.link_new(in.folder, "taken", *beneath, "copy"));
    CHECK(std::filesystem::is_symlink(in.root / "beneath/copy"));
    REQUIRE(fs.link_new(in.folder, "real", *beneath, "real"));
    CHECK(std::filesystem::hard_link_count(in.root / "real") == 2);
    const auto folder = fs.link_new(in.folder, "beneath", in.folder, "other");
    REQUIRE(!folder);
    CHECK(folder.error().system == EPERM);
    const auto absent = fs.link_new(in.folder, "absent", in.folder, "other");
    REQUIRE(!absent);
    CHECK(absent.error().code == errc::not_found);
    CHECK(absent.error().during == "link");
}

TEST_CASE("permissions are passed on, and never a link's") {
    const place in;
    const auto mode = [&](const char* name) {
        struct stat status{};
        REQUIRE(::stat((in.root / name).c_str(), &status) == 0);
        return status.st_mode & 07777U;
    };
    auto to = fs.create(in.folder, "to");
    REQUIRE(to);
    for (const unsigned given : {0600U, 0640U, 0777U, 0444U}) {
        REQUIRE(::chmod((in.root / "real").c_str(), given) == 0);
        CHECK(fs.copy_mode(in.folder, "real", *to) == true);
        CHECK(fs.copy_mode(in.folder, "real", *to) == false);
        CHECK(mode("to") == given);
    }
    REQUIRE(::chmod((in.root / "real").c_str(), 06011) == 0);
    CHECK(fs.copy_mode(in.folder, "real", *to) == true);
    CHECK(mode("to") == 0411U);
    REQUIRE(::chmod((in.root / "real").c_str(), 0666) == 0);
    REQUIRE(::symlink("real", (in.root / "copied").c_str()) == 0);
    CHECK(fs.copy_mode(in.folder, "copied", *to) == true);
    CHECK(fs.copy_mode(in.folder, "absent", *to) == false);
    CHECK(mode("to") == 0400U);
    const auto no_name = fs.copy_mode(in.folder, std::string(300, 'n'), *to);
    REQUIRE(!no_name);
    CHECK(no_name.error().system == ENAMETOOLONG);
}

// Somebody's clock, or somebody's joke: nothing about such a file may be undefined.
TEST_CASE("file times that no timestamp can hold become the nearest that can") {
    const place in;
    const auto stamped = [&](std::time_t seconds) {
        const struct timespec times[2] = {{seconds, 999'999'999}, {seconds, 999'999'999}};
        return ::utimensat(in.folder.get(), "real", times, 0) == 0;
    };
    const auto seen = [&] {
        const auto entries = fs.entries(in.folder);
        REQUIRE(entries);
        REQUIRE(entries->size() == 1);
        return entries->front().modified;
    };
    REQUIRE(stamped(0));
    CHECK(seen() == timestamp{std::chrono::nanoseconds{999'999'999}});
    REQUIRE(stamped(-1));
    CHECK(seen() == timestamp{std::chrono::nanoseconds{-1}});
    // The real ones come from the file system, which may keep a narrower range of its own.
    struct stat status{};
    for (const std::time_t seconds :
         {std::time_t{9'223'372'035}, std::time_t{9'223'372'036}, std::time_t{9'223'372'037},
          std::time_t{1} << 40, std::time_t{1} << 62}) {
        INFO("seconds ", seconds);
        status.st_mtim = {seconds, 999'999'999};
        const auto late = detail::modified_at(status);
        CHECK(late >= timestamp{std::chrono::seconds{9'223'372'035}});
        status.st_mtim = {-seconds, 1};
        const auto early = detail::modified_at(status);
        CHECK(early <= timestamp{std::chrono::seconds{-9'223'372'034}});
    }
}
