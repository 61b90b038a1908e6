#include <tintype/core/mix.hpp>
#include <tintype/stream/ranges.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <set>
#include <vector>

using tintype::number_range;
using tintype::number_ranges;

namespace {

using ranges = std::vector<number_range>;

} // namespace

TEST_CASE("ranges that touch or overlap become one") {
    number_ranges all;
    CHECK(all.end() == 0);
    CHECK(all.contains({7, 7}));
    CHECK_FALSE(all.contains({0, 1}));
    all.add({10, 20});
    all.add({30, 40});
    all.add({5, 5});
    CHECK(all.size() == 2);
    CHECK(all.count() == 20);
    CHECK(all.end() == 40);
    CHECK(all.present({0, 50}) == ranges{{10, 20}, {30, 40}});
    CHECK(all.absent({0, 50}) == ranges{{0, 10}, {20, 30}, {40, 50}});
    CHECK(all.absent({12, 18}).empty());
    CHECK(all.present({20, 30}).empty());
    all.add({20, 30});
    CHECK(all.size() == 1);
    CHECK(all.contains({10, 40}));
    CHECK_FALSE(all.contains({10, 41}));
    CHECK_FALSE(all.contains({9, 40}));
    all.add({0, 100});
    CHECK(all.present({0, 1000}) == ranges{{0, 100}});
    all.add({50, 60});
    CHECK(all.count() == 100);
}

TEST_CASE("any ranges in any order say the same as a set of numbers") {
    constexpr std::uint64_t most = 40;
    for (std::uint64_t seed = 0; seed != 300; ++seed) {
        tintype::splitmix64 mix{seed};
        number_ranges all;
        std::set<std::uint64_t> model;
        for (int step = 0; step != 12; ++step) {
            const std::uint64_t begin = mix() % most;
            const std::uint64_t end = begin + mix() % 6;
            all.add({begin, end});
            for (auto at = begin; at != end; ++at) {
                model.insert(at);
            }
            REQUIRE(all.count() == model.size());
            auto more = all;
            const std::uint64_t next = mix() % most;
            const number_range another{next, next + 1 + mix() % 5};
            more.add(another);
            REQUIRE(more.size() + all.touched(another) == all.size() + 1);
            const std::uint64_t from = mix() % most;
            const std::uint64_t to = from + mix() % 20;
            std::set<std::uint64_t> there;
            for (const auto& each : all.present({from, to})) {
                REQUIRE(each.begin < each.end);
                for (auto at = each.begin; at != each.end; ++at) {
                    REQUIRE(there.insert(at).second);
                }
            }
            std::uint64_t lacking = 0;
            for (const auto& each : all.absent({from, to})) {
                for (auto at = each.begin; at != each.end; ++at, ++lacking) {
                    REQUIRE_FALSE(model.contains(at));
                }
            }
            for (const auto at : there) {
                REQUIRE(model.contains(at));
            }
            REQUIRE(there.size() + lacking == to - from);
            REQUIRE(all.contains({from, to}) == (lacking == 0));
        }
    }
}
