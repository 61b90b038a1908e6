// What the system's error numbers become.

#include <tintype/storage/filesystem.hpp>

#include <doctest/doctest.h>

#include <cerrno>

using tintype::code_of;
using tintype::errc;

static_assert(code_of(ENOENT) == errc::not_found);

TEST_CASE("code_of names what callers tell apart, and calls the rest io") {
    CHECK(code_of(ENOENT) == errc::not_found);
    CHECK(code_of(EEXIST) == errc::already_exists);
    CHECK(code_of(ENOSPC) == errc::no_space);
    CHECK(code_of(EDQUOT) == errc::no_space);
    CHECK(code_of(EACCES) == errc::permission_denied);
    CHECK(code_of(EPERM) == errc::permission_denied);
    CHECK(code_of(EROFS) == errc::permission_denied);
    CHECK(code_of(ENOMEM) == errc::out_of_memory);
    CHECK(code_of(ELOOP) == errc::bad_name);
    CHECK(code_of(ENAMETOOLONG) == errc::bad_name);
    for (const int other : {EIO, EINTR, EINVAL, ENOTDIR, EISDIR, EMFILE, ENXIO, 0, -1, 100'000}) {
        CHECK(code_of(other) == errc::io);
    }
}
