// Chains in a bucket: processes take snapshots on each other's, compact and remove at the same
// time, each under a lock that is a lease. What is listed in the end is exactly what was taken.

#include "laws/chains.hpp"

#include <tintype/hash/crc32c.hpp>

#include "races/chain_labelled.hpp"
#include "scene.hpp"
#include "support/child.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace {

using manager = tintype::chain_manager<tests::labelled_store, tests::store, tintype::chain_columns,
                                       tintype::crc32c, tintype::keep_all>;

auto opened(const tintype::s3_location& where) {
    return manager::open(tests::open_store(where), tintype::keep_all{}, {.most_links = 6});
}

} // namespace

TEST_CASE("laws: chains in an object store") {
    tintype::laws::chain_laws([] { return tests::open_store(); });
}

TEST_CASE("processes work on one chain in a bucket: nothing is lost, no child without its parent") {
    constexpr std::uint32_t processes = 4;
    constexpr std::uint32_t steps = 12;
    const auto where = tests::place();
    std::vector<tests::child> children;
    for (std::uint32_t me = 1; me <= processes; ++me) {
        children.emplace_back([&, me](int pipe) {
            const auto mine = opened(where);
            if (!mine) {
                return 1;
            }
            tests::labelled_store store;
            tintype::splitmix64 random{me};
            for (std::uint32_t step = 0; step != steps; ++step) {
                std::string taken;
                if (const auto wrong =
                        tests::work_on_chain(*mine, store, me * 1000 + step, true, random, taken)) {
                    std::fprintf(stderr, "%s\n", wrong->c_str());
                    return 2;
                }
                tests::tell(pipe, step + 1);
            }
            return 0;
        });
    }
    for (tests::child& each : children) {
        CHECK(each.last() == steps);
        CHECK(each.wait() == 0);
    }
    const auto all = opened(where);
    REQUIRE(all);
    const auto listed = all->list();
    REQUIRE(tests::words(listed) == "no error");
    CHECK(listed->snapshots.size() > processes);
    for (const auto& each : listed->snapshots) {
        INFO(each.id);
        CHECK(tests::wrong_with(*all, each.id) == std::nullopt);
    }
}
