// The laws of a filesystem, over the system's own, over one that a user put around it, and over the
// one in memory that the power cut tests run on.

#include "filesystem.hpp"

#include <tintype/storage/posix.hpp>

#include "crash/simulated_filesystem.hpp"
#include "support/scratch.hpp"
#include "support/watched_filesystem.hpp"

#include <doctest/doctest.h>

TEST_CASE("laws: POSIX is a filesystem") {
    const tests::scratch root;
    tintype::laws::filesystem_laws(tintype::posix_filesystem{}, root / "deep/down/here");
}

TEST_CASE("laws: a user's filesystem that takes a few bytes at a time") {
    const tests::scratch root;
    const tests::watched_filesystem filesystem;
    filesystem.told().write_at_most = 1021;
    filesystem.told().read_at_most = 509;
    tintype::laws::filesystem_laws(filesystem, root / "here");
}

TEST_CASE("laws: the simulated filesystem of the power cut tests") {
    tintype::laws::filesystem_laws(tests::simulated_filesystem{}, "/simulated/deep/down");
    tintype::laws::filesystem_laws(tests::simulated_filesystem{{.write_limit = 7}}, "/simulated");
}
