// Ids that are given, and what an id says of when it was.

#include <tintype/chain/ids.hpp>
#include <tintype/storage/concept.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using tintype::id_order;
using tintype::timed_ids;
using tintype::timestamp;

} // namespace

TEST_CASE("ids: the prefix, milliseconds, and a counter") {
    const timed_ids<> ids;
    const auto id = ids.next(timestamp{1234567ms + 999us});
    CHECK(id.starts_with("snap_1234567_"));
    const auto order = ids.order(id);
    REQUIRE(order);
    CHECK(order->milliseconds == 1'234'567);
    CHECK(ids.order(ids.next(timestamp{1234567ms}))->counter == order->counter + 1);
    CHECK(ids.next({}).starts_with("snap_0_"));
    CHECK(ids.next(timestamp{-1ns}).starts_with("snap_0_")); // before 1970 there are none
    CHECK(ids.next(timestamp::min()).starts_with("snap_0_"));
    CHECK(ids.next(timestamp::max()).starts_with("snap_9223372036854_"));
    CHECK(timed_ids<"">{}.next({}).starts_with("0_"));
    CHECK(timed_ids<"db.">{}.next({}).starts_with("db.0_"));
}

TEST_CASE("ids: what another policy gave says nothing") {
    const timed_ids<> ids;
    for (const auto* id : {"",
                           "snap",
                           "snap_",
                           "snap__",
                           "snap_1",
                           "snap_1_",
                           "snap__1",
                           "snap_1_2_3",
                           "snap_a_1",
                           "snap_1_a",
                           "snap_-1_2",
                           "snap_1_-2",
                           "snap_+1_2",
                           "snap_1_+2",
                           "snap_ 1_2",
                           "snap_1_2 ",
                           "Snap_1_2",
                           "xsnap_1_2",
                           "snap_0x1_2",
                           "snap_1.0_2",
                           "snap_18446744073709551616_0",
                           "snap_0_18446744073709551616",
                           "snap_1_2.r1",
                           "snap_01_2",
                           "snap_1_02",
                           "snap_00_0"}) {
        INFO(id);
        CHECK(!ids.order(id));
    }
    CHECK(!ids.order(std::string_view{"snap_1\0_2", 9}));
    CHECK(ids.order("snap_0_0") == id_order{});
    CHECK(ids.order("snap_18446744073709551615_18446744073709551615") ==
          id_order{~std::uint64_t{0}, ~std::uint64_t{0}});
    CHECK(timed_ids<"">{}.order("12_34") == id_order{12, 34});
    CHECK(!timed_ids<"a_">{}.order("snap_1_2"));
    CHECK(timed_ids<"a_b_">{}.order("a_b_1_2") == id_order{1, 2});
}

TEST_CASE("ids: numbers order, not characters") {
    const timed_ids<> ids;
    CHECK(ids.order("snap_9_0") < ids.order("snap_10_0"));
    CHECK(ids.order("snap_10_9") < ids.order("snap_10_10"));
    CHECK(ids.order("snap_10_18446744073709551615") < ids.order("snap_11_0"));
}

TEST_CASE("ids: threads are never given the same") {
    constexpr std::size_t threads = 4;
    constexpr std::size_t rounds = 500;
    std::vector<std::vector<std::string>> got(threads);
    {
        std::vector<std::jthread> all;
        for (auto& mine : got) {
            all.emplace_back([&mine] {
                for (std::size_t i = 0; i != rounds; ++i) {
                    mine.push_back(timed_ids<>{}.next({}));
                }
            });
        }
    }
    std::set<std::string> ids;
    for (const auto& mine : got) {
        for (const auto& id : mine) {
            ids.insert(id);
            CHECK(tintype::good_name(id));
        }
    }
    CHECK(ids.size() == threads * rounds);
}
