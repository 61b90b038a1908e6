#include "support/scratch.hpp"

#include <tintype/stream/scratch.hpp>

#include "support/child.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

using tests::said;
using tintype::scratch_folder;

namespace {

std::size_t entries(const std::string& path) {
    return static_cast<std::size_t>(
        std::ranges::distance(std::filesystem::directory_iterator{path}));
}

// Makes a scratch folder with a file in it and dies.
void leave_one(const std::string& under) {
    tests::child dying{[&](int pipe) {
        auto made = scratch_folder::make(under);
        if (!made || !made->create("left")) {
            return 1;
        }
        tests::tell(pipe, 1);
        ::pause();
        return 0;
    }};
    REQUIRE(dying.next() == 1);
    dying.kill();
    CHECK(dying.wait() == -SIGKILL);
}

} // namespace

TEST_CASE("nobody else may enter a scratch folder, and it goes with its owner") {
    const tests::scratch root;
    std::string path;
    {
        auto made = scratch_folder::make(root.path());
        REQUIRE(made);
        path = made->path();
        CHECK(path.starts_with(root.path() + "/" + std::string{scratch_folder::prefix}));
        struct stat status{};
        REQUIRE(::stat(path.c_str(), &status) == 0);
        CHECK((status.st_mode & 0777) == 0700);
        const auto file = made->create("a");
        REQUIRE(file);
        REQUIRE(::fstat(file->get(), &status) == 0);
        CHECK((status.st_mode & 0777) == 0600);
        std::ofstream{made->path_of("b")} << "bytes";
        CHECK(made->open("b"));
        CHECK(said(made->create("a")) == "already_exists in a 0/0");
        CHECK(made->create("../a").error().code == tintype::errc::bad_name);
        CHECK(made->open(".lock").error().code == tintype::errc::bad_name);
        CHECK(made->open("c").error().code == tintype::errc::not_found);
        CHECK(made->remove("b"));
        CHECK(made->open("b").error().code == tintype::errc::not_found);
        CHECK(made->remove("b").error().code == tintype::errc::not_found);
        CHECK(made->remove(".lock").error().code == tintype::errc::bad_name);
    }
    CHECK(entries(root.path()) == 0);
}

TEST_CASE("a scratch folder that moves is removed once") {
    const tests::scratch root;
    std::optional<scratch_folder> kept;
    {
        auto made = scratch_folder::make(root.path());
        REQUIRE(made);
        kept.emplace(*std::move(made));
    }
    CHECK(kept->create("a"));
    auto other = scratch_folder::make(root.path());
    REQUIRE(other);
    CHECK(entries(root.path()) == 2);
    *other = *std::move(kept);
    kept.reset();
    CHECK(entries(root.path()) == 1);
    CHECK(other->open("a"));
}

TEST_CASE("its parent is made where it is missing, and must be a folder") {
    const tests::scratch root;
    {
        const auto made = scratch_folder::make(root / "some/where");
        REQUIRE(made);
        CHECK(made->path().starts_with(root / "some/where/"));
    }
    std::ofstream{root / "file"} << "";
    CHECK_FALSE(scratch_folder::make(root / "file"));
}

TEST_CASE("without a parent it is under $TMPDIR") {
    const tests::scratch root;
    const char* before = std::getenv("TMPDIR");
    const std::optional<std::string> old =
        before != nullptr ? std::optional<std::string>{before} : std::nullopt;
    REQUIRE(::setenv("TMPDIR", root.path().c_str(), 1) == 0);
    {
        const auto made = scratch_folder::make();
        REQUIRE(made);
        CHECK(made->path().starts_with(root.path() + "/"));
    }
    if (old) {
        ::setenv("TMPDIR", old->c_str(), 1);
    } else {
        ::unsetenv("TMPDIR");
    }
}

TEST_CASE("what the dead left is swept, and nothing else") {
    const tests::scratch root;
    const auto alive = scratch_folder::make(root.path());
    REQUIRE(alive);
    leave_one(root.path());
    CHECK(entries(root.path()) == 2);
    // Others' files of like names, folders in place of files, and links are left alone.
    std::ofstream{root / "tintype-scratch-file"} << "";
    std::filesystem::create_directory(root / "elsewhere");
    std::ofstream{root / "elsewhere/precious"} << "";
    std::filesystem::create_directory_symlink(root / "elsewhere", root / "tintype-scratch-link");
    const auto swept = scratch_folder::sweep(root.path());
    REQUIRE(swept);
    CHECK(*swept == 1);
    CHECK(entries(root.path()) == 4);
    CHECK(std::filesystem::exists(root / "elsewhere/precious"));
    CHECK(alive->create("still"));
    leave_one(root.path());
    {
        // The next one that is made sweeps.
        const auto next = scratch_folder::make(root.path());
        REQUIRE(next);
        CHECK(entries(root.path()) == 5);
    }
    CHECK(said(scratch_folder::sweep(root / "none")) == "not_found in " + (root / "none") + " 0/0");
}

TEST_CASE("many that make and sweep beside each other all get a folder of their own") {
    const tests::scratch root;
    const auto work = [&](int) {
        for (int i = 0; i != 40; ++i) {
            const auto made = scratch_folder::make(root.path());
            if (!made || !made->create("a") || !made->open("a")) {
                return 1;
            }
        }
        return 0;
    };
    tests::child a{work};
    tests::child b{work};
    tests::child c{work};
    CHECK(a.wait() == 0);
    CHECK(b.wait() == 0);
    CHECK(c.wait() == 0);
    CHECK(scratch_folder::sweep(root.path()));
    CHECK(entries(root.path()) == 0);
}
