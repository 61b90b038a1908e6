// A program of somebody else's: saves, loads, and asks another translation unit to do the same.
#include <tintype/fmt.hpp>
#include <tintype/formats/vectorxlite.hpp>
#include <tintype/formats/velesdb.hpp>
#include <tintype/tintype.hpp>

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>

std::uint64_t saved_elsewhere(const tintype::directory& folder);
std::size_t size_of_the_end();
bool knows_a_refusal();

int main() {
    const tintype::directory folder{"consumer-snapshots"};
    auto snapshots = tintype::velesdb::memory_snapshots<>::open(folder, tintype::keep_last{5});
    if (!snapshots) {
        fmt::print("{}\n", snapshots.error());
        return 1;
    }
    const auto first = snapshots->save({});
    if (!first) {
        fmt::print("{}\n", first.error());
        return 1;
    }
    const auto second = saved_elsewhere(folder);
    fmt::print("saved {} and {}\n", first->version, second);
    return second == first->version + 1 && size_of_the_end() == 5 && knows_a_refusal() ? 0 : 1;
}
