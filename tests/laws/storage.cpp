// The laws of a storage, over folders, over memory, over a folder on a filesystem of the user's
// that takes and gives a few bytes at a time, and over a storage that a user put around another.

#include "storage.hpp"

#include <tintype/storage/directory.hpp>
#include <tintype/storage/memory.hpp>

#include "../../examples/policies.hpp"
#include "crash/simulated_filesystem.hpp"
#include "support/clock.hpp"
#include "support/scratch.hpp"
#include "support/watched_filesystem.hpp"

#include <doctest/doctest.h>

#include <string>

namespace {

// Folders that do not exist yet, each two floors below one that does.
class folders {
public:
    [[nodiscard]] std::string next() {
        return root_ / ("parent/" + std::to_string(count_++) + "/snapshots");
    }

private:
    tests::scratch root_;
    int count_ = 0;
};

} // namespace

TEST_CASE("laws: a folder is a storage") {
    folders root;
    tintype::laws::storage_laws([&] { return tintype::directory{root.next()}; });
}

TEST_CASE("laws: memory is a storage") {
    tintype::laws::storage_laws([] { return tintype::memory_storage{}; });
}

TEST_CASE("laws: memory with a clock of the user's is a storage") {
    tintype::laws::storage_laws(
        [] { return tintype::basic_memory_storage{tests::manual_clock{}}; });
}

TEST_CASE("laws: a folder on a user's filesystem is a storage") {
    // One without the calls that appending takes is a filesystem all the same.
    static_assert(
        !tintype::appendable_storage<tintype::basic_directory<tests::watched_filesystem>>);
    folders root;
    tintype::laws::storage_laws([&] {
        tests::watched_filesystem filesystem;
        filesystem.told().write_at_most = 4099;
        filesystem.told().read_at_most = 4001;
        return tintype::basic_directory{root.next(), filesystem};
    });
}

TEST_CASE("laws: a user's storage around a folder is a storage") {
    folders root;
    tintype::laws::storage_laws(
        [&] { return policies::masked{tintype::directory{root.next()}, std::byte{0x5a}}; });
}

TEST_CASE("laws: a user's storage around memory is a storage") {
    static_assert(!tintype::sweepable_storage<policies::masked<tintype::memory_storage>>);
    tintype::laws::storage_laws(
        [] { return policies::masked{tintype::memory_storage{}, std::byte{0xff}}; });
}

TEST_CASE("laws: a folder on the simulated filesystem is a storage") {
    static_assert(
        tintype::appendable_storage<tintype::basic_directory<tests::simulated_filesystem>>);
    tintype::laws::storage_laws([] {
        return tintype::basic_directory{"/simulated/folder", tests::simulated_filesystem{}};
    });
    tintype::laws::storage_laws([] {
        return tintype::basic_directory{"/simulated/folder",
                                        tests::simulated_filesystem{{.write_limit = 777}}};
    });
}
