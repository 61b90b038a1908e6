// The chain as it is, on a simulated disk that loses power at every call: one program, several that
// interrupt each other, some that meet errors or die. Prints how many states were recovered, and
// expects each to hold what was promised.

#include "chain_scenarios.hpp"
#include "chain_session.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

namespace {

using tests::tally;
using session = tests::chain_session<>;
using actor = session::actor;
using does = tests::chain_scenarios<session>;

// Unoptimised and sanitised builds are ten times slower; they look at larger sectors.
#if !defined(__OPTIMIZE__) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool thorough = false;
#elif defined(__has_feature)
constexpr bool thorough = !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer) &&
                          !__has_feature(undefined_behavior_sanitizer);
#else
constexpr bool thorough = true;
#endif

void fulls_and_increments(tally& seen) {
    session in{seen};
    in.book().keep = 1000;
    actor one{in, 1000};
    const auto first = one.full(1);
    const auto second = one.increment(first, 2);
    const auto third = one.increment(second, 3);
    CHECK(!one.increment(first, 4).empty());
    CHECK(one.restore(second));
    CHECK(!one.increment(second, 5).empty());
    CHECK(!one.increment(third, 6).empty());
    CHECK(!one.full(7).empty());
    CHECK(one.listed() == 7);
}

// A chain goes as a whole when its newest is no longer kept.
void retention_of(tally& seen, std::size_t keep) {
    session in{seen};
    in.book().keep = keep;
    actor one{in, keep};
    for (std::uint64_t round = 0; round != 3; ++round) {
        const auto first = one.full(round * 10 + 1);
        const auto second = one.increment(first, round * 10 + 2);
        CHECK(!one.increment(second, round * 10 + 3).empty());
    }
    CHECK(!one.full(99).empty());
    CHECK(one.listed() == (keep == 1 ? 1 : 4));
}

void retention_of_one(tally& seen) {
    retention_of(seen, 1);
}

void retention_of_two(tally& seen) {
    retention_of(seen, 2);
}

// A middle one goes, a full one with two children, and leaves.
void removals(tally& seen) {
    session in{seen};
    in.book().keep = 1000;
    actor one{in, 1000};
    const auto first = one.full(1);
    const auto second = one.increment(first, 2);
    const auto third = one.increment(second, 3);
    const auto fourth = one.increment(first, 4);
    CHECK(one.refuses_to_remove(first));
    CHECK(one.remove(second));
    CHECK(one.remove(first));
    CHECK(one.remove(third));
    CHECK(!one.increment(fourth, 5).empty());
    CHECK(one.remove(fourth));
    CHECK(one.listed() == 1);
}

void compactions(tally& seen) {
    session in{seen};
    in.book().keep = 1000;
    actor one{in, 1000};
    const auto first = one.full(1);
    const auto second = one.increment(first, 2);
    const auto third = one.increment(second, 3);
    const auto fourth = one.increment(third, 4);
    const auto branch = one.increment(second, 5);
    CHECK(one.compact(third));
    CHECK(one.compact(branch));
    CHECK(one.compact(fourth));
    CHECK(one.listed() == 2);
    CHECK(!one.increment(fourth, 6).empty());
}

// Once each call of a kind fails, at each place.
template <class Work>
void each_fails(tally& seen, tests::call_kind kind, std::size_t most, Work work) {
    for (std::size_t failing = 1; failing <= most; ++failing) {
        session in{seen};
        in.book().keep = 1;
        actor one{in, 1};
        actor two{in, 2};
        std::size_t seen_of_kind = 0;
        in.refuse([&](tests::call& what) -> tintype::result<void> {
            return what.kind == kind && ++seen_of_kind == failing
                       ? tintype::result<void>{tintype::fail(
                             {.code = tintype::errc::io, .system = EIO})}
                       : tintype::result<void>{};
        });
        work(one, two);
    }
}

void much_work(actor& one, actor& two) {
    auto first = one.full(1);
    auto second = two.increment(first, 2);
    auto third = one.increment(second, 3);
    static_cast<void>(two.remove(second));
    static_cast<void>(one.compact(third));
    first = two.full(4);
    second = two.increment(first, 5);
    two.prune();
    one.prune();
}

void syncs_that_fail(tally& seen) {
    each_fails(seen, tests::call_kind::sync, 14, much_work);
}

void folder_syncs_that_fail(tally& seen) {
    each_fails(seen, tests::call_kind::sync_folder, 24, much_work);
}

void removals_that_fail(tally& seen) {
    each_fails(seen, tests::call_kind::remove, 14, much_work);
}

// As Linux does it: the pages of a file whose sync failed are clean from then on.
void pages_that_are_lost(tally& seen) {
    for (std::size_t failing = 1; failing != 3; ++failing) {
        session in{seen};
        in.book().keep = 1000;
        actor one{in, 1000};
        const auto first = one.full(1);
        in.disk().disk().options.failing_syncs = failing;
        for (std::size_t i = 0; i != failing; ++i) {
            CHECK(one.increment(first, 2 + i).empty());
        }
        CHECK(!one.increment(first, 9).empty());
    }
}

void dies_while_it_takes(tally& seen) {
    for (const auto& work : {does::takes_full, does::takes_increment}) {
        does::dies_in(seen, work, does::takes_both);
        does::dies_in(seen, work, does::removes_middle);
    }
}

void dies_while_it_removes(tally& seen) {
    for (const auto& work : {does::removes_last, does::removes_middle, does::removes_first}) {
        does::dies_in(seen, work, does::takes_both);
        does::dies_in(seen, work, does::removes_first);
        does::dies_in(seen, work, does::compacts_last);
    }
}

void dies_while_it_compacts(tally& seen) {
    for (const auto& afterwards : {does::takes_both, does::removes_first, does::compacts_last}) {
        does::dies_in(seen, does::compacts_last, afterwards);
    }
}

void takers_meet(tally& seen) {
    for (const auto& other : {does::takes_full, does::takes_increment, does::takes_both}) {
        for (const std::size_t keep : {1U, 1000U}) {
            does::one_inside_another(seen, keep, does::takes_full, other, tests::chain_disk, keep);
            does::one_inside_another(seen, keep, does::takes_increment, other);
        }
    }
}

void takers_meet_removers(tally& seen) {
    for (const auto& other :
         {does::removes_last, does::removes_middle, does::removes_first, does::prunes}) {
        const std::size_t keep = other == does::prunes ? 1 : 1000;
        does::one_inside_another(seen, keep, does::takes_increment, other);
        does::one_inside_another(seen, 1, other, does::takes_both);
    }
}

void removers_meet(tally& seen) {
    for (const auto& one : {does::removes_last, does::removes_middle, does::removes_first}) {
        for (const auto& other : {does::removes_last, does::removes_middle, does::removes_first}) {
            does::one_inside_another(seen, 1000, one, other);
        }
    }
}

void compactors_meet(tally& seen) {
    for (const auto& other : {does::takes_increment, does::removes_middle, does::removes_first,
                              does::compacts_last, does::compacts_middle, does::prunes}) {
        const std::size_t keep = other == does::prunes ? 1 : 1000;
        does::one_inside_another(seen, keep, does::compacts_last, other);
        does::one_inside_another(seen, keep, other, does::compacts_last);
    }
}

// What was removed while the clock stood an hour ahead comes again by its id, if not by more.
void clock_that_goes_back(tally& seen) {
    session in{seen};
    in.book().keep = 1000;
    actor one{in, 1000};
    const auto first = one.full(1);
    const auto second = one.increment(first, 2);
    in.disk().disk().time -= std::chrono::hours{1};
    actor two{in, 1000};
    CHECK(two.remove(second));
    CHECK(two.remove(two.full(3)));
    const auto again = two.full(4);
    CHECK(again == second);
    CHECK(!one.increment(again, 5).empty());
    CHECK(one.remove(first));
    CHECK(one.compact(again));
    CHECK(!two.full(6).empty());
}

struct scenario {
    const char* name;
    void (*run)(tally&);
};

constexpr scenario scenarios[] = {
    {"full ones and increments", fulls_and_increments},
    {"the last one kept", retention_of_one},
    {"the last two kept", retention_of_two},
    {"removals", removals},
    {"compactions", compactions},
    {"syncs that fail", syncs_that_fail},
    {"syncs of the folder that fail", folder_syncs_that_fail},
    {"removals that fail", removals_that_fail},
    {"pages that are lost", pages_that_are_lost},
    {"death while taking one", dies_while_it_takes},
    {"death while removing one", dies_while_it_removes},
    {"death while compacting", dies_while_it_compacts},
    {"a clock that goes back", clock_that_goes_back},
    {"two takers", takers_meet},
    {"takers and removers", takers_meet_removers},
    {"two removers", removers_meet},
    {"compactors and others", compactors_meet},
};

double seconds_since(std::chrono::steady_clock::time_point begin) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

} // namespace

TEST_CASE("no power cut breaks a chain") {
    std::unordered_map<std::uint64_t, bool> all; // each state once over all scenarios
    std::uint64_t checks = 0;
    const auto begin = std::chrono::steady_clock::now();
    std::printf("%-32s %9s %11s %9s %10s %7s\n", "", "POSIX", "journalled", "checks", "violations",
                "seconds");
    const auto row = [](const char* name, std::size_t posix, std::size_t journalled,
                        std::size_t checked, std::size_t violations, double seconds) {
        std::printf("%-32s %9zu %11zu %9zu %10zu %7.1f\n", name, posix, journalled, checked,
                    violations, seconds);
        static_cast<void>(std::fflush(stdout));
    };
    for (const scenario& each : scenarios) {
        INFO(std::string{each.name});
        const auto started = std::chrono::steady_clock::now();
        tally seen;
        each.run(seen);
        row(each.name, seen.states.size(), seen.journalled(), seen.checked.size(), seen.violations,
            seconds_since(started));
        for (const std::string& example : seen.examples) {
            FAIL_CHECK(example);
        }
        CHECK(seen.violations == 0);
        CHECK(seen.states.size() > 1);
        checks += seen.checked.size();
        for (const auto& [key, journalled] : seen.states) {
            auto& known = all.try_emplace(key, false).first->second;
            known = known || journalled;
        }
    }
    const double seconds = seconds_since(begin);
    const auto journalled = static_cast<std::size_t>(
        std::ranges::count_if(all, [](const auto& state) { return state.second; }));
    row("distinct, all chains together", all.size(), journalled, checks, 0, seconds);
    std::printf("%.0f states a second\n", static_cast<double>(checks) / seconds);
    if (thorough) {
        CHECK(all.size() >= 200'000);
    }
}
