#include <tintype/fmt.hpp>
#include <tintype/formats/velesdb.hpp>
#include <tintype/tintype.hpp>

#include <cstdint>

std::uint64_t saved_elsewhere(const tintype::directory& folder);

std::uint64_t saved_elsewhere(const tintype::directory& folder) {
    const auto snapshots =
        tintype::velesdb::memory_snapshots<>::open(folder, tintype::keep_last{5});
    const auto saved = snapshots ? snapshots->save({}) : tintype::fail(snapshots.error());
    return saved ? saved->version : 0;
}
