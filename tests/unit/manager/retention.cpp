// Each policy against a model that says the same in another way, with the C library's calendar for
// the periods; then the rules behind every policy, and the reasons that people read.

#include "laws/retention.hpp"

#include <tintype/manager/retention.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <ctime>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace {

using namespace tintype;
using namespace std::chrono_literals;
using laws::catalog;

// "2020-53" and the like: where strftime says that a time belongs.
std::string calendar(timestamp time, const char* format) {
    const std::time_t seconds =
        std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
    std::tm date{};
    if (::gmtime_r(&seconds, &date) == nullptr) {
        return "no date";
    }
    char text[64];
    return {text, std::strftime(text, sizeof text, format, &date)};
}

template <class Keep>
void agrees(const auto& policy, Keep keep) {
    std::size_t wrong = 0;
    for (std::uint64_t seed = 0; seed != 400; ++seed) {
        const catalog all = laws::newest_first(laws::random_catalog(seed));
        const timestamp now = seed % 5 == 0 ? timestamp{} : laws::some_day;
        const auto reasons = policy.reasons_to_keep(all, now);
        REQUIRE(reasons.size() == all.size());
        for (std::size_t i = 0; i != all.size(); ++i) {
            wrong += reasons[i].empty() == keep(all, i, now) ? 1U : 0U;
        }
    }
    CHECK(wrong == 0);
}

// An entry stays if it is the newest of its period, and fewer than `count` periods have newer ones.
auto newest_of(const char* format, std::size_t count) {
    return [=](const catalog& all, std::size_t i, timestamp) {
        std::set<std::string> newer;
        for (std::size_t j = 0; j != i; ++j) {
            newer.insert(calendar(all[j].time, format));
        }
        return newer.size() < count && !newer.contains(calendar(all[i].time, format));
    };
}

timestamp at(int year, unsigned month, unsigned day, std::chrono::nanoseconds time = 0ns) {
    return timestamp{std::chrono::sys_days{std::chrono::year{year} / static_cast<int>(month) /
                                           static_cast<int>(day)}} +
           time;
}

// Versions from the number of times down to 1, in this order.
catalog of_times(std::initializer_list<timestamp> times) {
    catalog all;
    for (const timestamp time : times) {
        all.push_back({.version = times.size() - all.size(), .time = time});
    }
    return all;
}

// One letter an entry, newest first: k for kept, - for not.
std::string kept(const auto& policy, const catalog& all, timestamp now = laws::some_day) {
    std::string letters;
    for (const decision& each : plan(policy, all, now)) {
        letters += each.keep ? 'k' : '-';
    }
    return letters;
}

std::vector<std::string> reasons_of(const auto& policy, const catalog& all,
                                    timestamp now = laws::some_day) {
    std::vector<std::string> texts;
    for (const decision& each : plan(policy, all, now)) {
        texts.push_back(each.reason);
    }
    return texts;
}

// Wants nothing, so that only the rules are left.
struct keep_nothing {
    [[nodiscard]] reasons reasons_to_keep(std::span<const catalog_entry> newest_first,
                                          timestamp) const {
        return reasons(newest_first.size());
    }
};

static_assert(retention_policy<keep_all> && retention_policy<keep_last> &&
              retention_policy<keep_within> && retention_policy<keep_hourly> &&
              retention_policy<keep_daily> && retention_policy<keep_weekly> &&
              retention_policy<keep_monthly> && retention_policy<keep_yearly>);
static_assert(retention_policy<keep_any<keep_last, std::optional<keep_daily>>>);
static_assert(!combinable_policy<int> && !combinable_policy<std::optional<int>>);
static_assert(keep_weekly::period(timestamp{}) == 0);
static_assert(keep_daily::period(timestamp{-1ns}) == -1 && keep_hourly::period(timestamp{}) == 0);

} // namespace

TEST_CASE("keep_last agrees with its model") {
    for (const std::size_t count : {1U, 2U, 5U, 29U, 30U, 1000U}) {
        const auto number = positive::of(count);
        REQUIRE(number);
        CHECK(number->number() == count);
        agrees(keep_last{*number},
               [=](const catalog&, std::size_t i, timestamp) { return i < count; });
    }
}

TEST_CASE("keep_within agrees with its model") {
    for (const auto age : {0h, 1h, 24h, 8760h, 100'000h}) {
        agrees(keep_within{age}, [=](const catalog& all, std::size_t i, timestamp now) {
            return now - all[i].time <= age;
        });
    }
}

TEST_CASE("the periods agree with the C library's calendar") {
    for (const std::size_t count : {1U, 2U, 7U, 1000U}) {
        const auto number = *positive::of(count);
        agrees(keep_hourly{number}, newest_of("%Y-%m-%d %H", count));
        agrees(keep_daily{number}, newest_of("%Y-%m-%d", count));
        agrees(keep_weekly{number}, newest_of("%G-%V", count));
        agrees(keep_monthly{number}, newest_of("%Y-%m", count));
        agrees(keep_yearly{number}, newest_of("%Y", count));
    }
}

TEST_CASE("every day around year ends and leap days is in its week, month and year") {
    // ISO weeks have borders of their own at year ends; leap days come and, in 2100, do not.
    std::size_t wrong = 0;
    const auto border = [&](auto period, const char* format, timestamp day) {
        for (const timestamp time : {day - 1ns, day, day + 1ns}) {
            const bool same = period(time) == period(time - 24h);
            wrong += same == (calendar(time, format) == calendar(time - 24h, format)) ? 0U : 1U;
        }
    };
    for (int year = 1960; year != 2110; ++year) {
        for (timestamp day = at(year, 2, 26); day < at(year, 3, 3); day += 24h) {
            border(keep_monthly::period, "%Y-%m", day);
        }
        for (timestamp day = at(year, 12, 24); day < at(year + 1, 1, 12); day += 24h) {
            border(keep_weekly::period, "%G-%V", day);
            border(keep_yearly::period, "%Y", day);
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE("borders of hours, days, weeks, months and years") {
    CHECK(kept(keep_hourly{9}, of_times({at(2024, 2, 29, 13h), at(2024, 2, 29, 13h - 1ns),
                                         at(2024, 2, 29, 12h)})) == "kk-");
    CHECK(kept(keep_daily{9}, of_times({at(2024, 3, 1), at(2024, 3, 1, -1ns), at(2024, 2, 29),
                                        at(2024, 2, 29, -1ns)})) == "kk-k");
    // 2021 began on a Friday, in the 53rd week of 2020.
    CHECK(kept(keep_weekly{9},
               of_times({at(2021, 1, 4), at(2021, 1, 3, 23h), at(2021, 1, 1), at(2020, 12, 31),
                         at(2020, 12, 28), at(2020, 12, 28, -1ns)})) == "kk---k");
    CHECK(kept(keep_monthly{9}, of_times({at(2023, 3, 1), at(2023, 2, 28, 24h - 1ns),
                                          at(2023, 2, 1), at(2022, 2, 1)})) == "kk-k");
    CHECK(kept(keep_yearly{9}, of_times({at(2025, 1, 1), at(2025, 1, 1, -1ns), at(2024, 1, 1),
                                         at(1970, 1, 1), at(1970, 1, 1, -1ns)})) == "kk-kk");
    // Before 1970 too, down to where time begins.
    CHECK(kept(keep_weekly{9}, of_times({at(1970, 1, 1), at(1969, 12, 29), at(1969, 12, 28)})) ==
          "k-k");
    const catalog ends = of_times({timestamp::max(), timestamp{}, timestamp::min()});
    CHECK(kept(keep_hourly{9}, ends) == "kkk");
    CHECK(kept(keep_daily{9}, ends) == "kkk");
    CHECK(kept(keep_weekly{9}, ends) == "kkk");
    CHECK(kept(keep_monthly{9}, ends) == "kkk");
    CHECK(kept(keep_yearly{9}, ends) == "kkk");
}

TEST_CASE("ages at the ends of time") {
    const catalog ends = of_times({timestamp::max(), timestamp{}, timestamp::min()});
    constexpr auto most = std::chrono::nanoseconds::max();
    CHECK(kept(keep_within{most}, ends, timestamp{}) == "kk-");
    CHECK(kept(keep_within{most}, ends, timestamp{-1h}) == "kkk");
    CHECK(kept(keep_within{most}, ends, timestamp::min()) == "kkk");
    CHECK(kept(keep_within{0h}, ends, timestamp::max()) == "k--");
    CHECK(kept(keep_within{0h}, ends, timestamp::min()) == "kkk");
    // A negative age is none.
    CHECK(kept(keep_within{-5h}, of_times({at(2024, 1, 1), at(2024, 1, 1)}), at(2024, 1, 1)) ==
          "kk");
    CHECK(kept(keep_within{std::chrono::nanoseconds::min()}, ends, timestamp{}) == "kk-");
}

TEST_CASE("what is exactly as old as the age kept stays") {
    const auto now = at(2024, 1, 2);
    CHECK(kept(keep_within{24h}, of_times({now, now - 24h + 1ns, now - 24h, now - 24h - 1ns}),
               now) == "kkk-");
}

TEST_CASE("versions order, whatever the clock said") {
    // The newest version has the oldest time; two times are equal.
    const catalog all = of_times({at(1999, 1, 1), at(2024, 1, 5), at(2024, 1, 5), at(2030, 1, 1)});
    CHECK(kept(keep_last{2}, all) == "kk--");
    CHECK(kept(keep_daily{2}, all) == "kk--");
    CHECK(kept(keep_daily{3}, all) == "kk-k");
    CHECK(kept(keep_within{24h}, all, at(2024, 1, 5)) == "kkkk"); // the first is the newest
    catalog shuffled{all[2], all[0], all[3], all[1]};
    CHECK(kept(keep_daily{2}, shuffled) == "kk--");
}

TEST_CASE("several policies keep what any of them keeps, for the first reason given") {
    const catalog all =
        of_times({at(2024, 2, 2), at(2024, 2, 1, 5h), at(2024, 2, 1), at(2024, 1, 1)});
    const keep_any both{keep_last{1}, keep_monthly{2}};
    CHECK(reasons_of(both, all) == std::vector<std::string>{"one of the last 1", "no rule keeps it",
                                                            "no rule keeps it",
                                                            "the newest of its month"});
    CHECK(reasons_of(keep_any{keep_monthly{2}, keep_last{1}}, all).front() ==
          "the newest of its month");
    CHECK(kept(keep_any{std::optional<keep_last>{}, std::optional<keep_daily>{}}, all) == "k---");
    CHECK(kept(keep_any{std::optional<keep_last>{}, std::optional{keep_daily{2}}}, all) == "kk--");
    agrees(keep_any{keep_last{3}, keep_yearly{2}},
           [](const catalog& entries, std::size_t i, timestamp now) {
               return i < 3 || newest_of("%Y", 2)(entries, i, now);
           });
}

TEST_CASE("a dry run says why") {
    catalog all = of_times({at(2024, 2, 3), at(2024, 2, 3), at(2024, 2, 2), at(2024, 2, 1)});
    all[2].pinned = true;
    CHECK(reasons_of(keep_all{}, all) == std::vector<std::string>{"everything is kept",
                                                                  "everything is kept", "pinned",
                                                                  "everything is kept"});
    CHECK(reasons_of(keep_nothing{}, all) ==
          std::vector<std::string>{"the newest", "no rule keeps it", "pinned", "no rule keeps it"});
    CHECK(reasons_of(keep_within{24h}, all, at(2024, 2, 4)) ==
          std::vector<std::string>{"younger than the age kept", "younger than the age kept",
                                   "pinned", "no rule keeps it"});
    CHECK(reasons_of(keep_hourly{1}, all).front() == "the newest of its hour");
    CHECK(reasons_of(keep_daily{1}, all).front() == "the newest of its day");
    CHECK(reasons_of(keep_weekly{1}, all).front() == "the newest of its week");
    CHECK(reasons_of(keep_monthly{1}, all).front() == "the newest of its month");
    CHECK(reasons_of(keep_yearly{1}, all).front() == "the newest of its year");
    all[2].needs = 3;
    CHECK(reasons_of(keep_last{2}, all).back() == "needed by 2");
    all[2].name = "the pinned one"; // what has a name is called by it
    CHECK(reasons_of(keep_last{2}, all).back() == "needed by the pinned one");
    all[3].name = "the needed one";
    CHECK(reasons_of(keep_last{2}, all).back() == "needed by the pinned one");
    CHECK(plan(keep_last{2}, all, laws::some_day).back().entry.name == "the needed one");
}

TEST_CASE("what a kept one needs stays, through chains, forks and cycles") {
    const auto needing = [](std::initializer_list<int> needs) {
        catalog all; // the first is the newest
        for (const int need : needs) {
            all.push_back({.version = 100 - all.size()});
            if (need >= 0) {
                all.back().needs = static_cast<std::size_t>(need);
            }
        }
        return all;
    };
    CHECK(kept(keep_last{1}, needing({1, 2, 3, -1, -1})) == "kkkk-"); // a chain to its root
    CHECK(kept(keep_last{1}, needing({2, 2, -1})) == "k-k");          // a fork
    CHECK(kept(keep_last{1}, needing({0, -1})) == "k-");              // itself
    CHECK(kept(keep_last{1}, needing({2, -1, 0})) == "k-k");          // a cycle
    CHECK(kept(keep_last{1}, needing({1, 2, 1, -1})) == "kkk-");      // a cycle behind it
    CHECK(kept(keep_last{1}, needing({-1, 2, 1, -1})) == "k---");     // a cycle that nobody needs
    CHECK(kept(keep_last{2}, needing({3, 0, -1, 1})) == "kk-k"); // newer needs older needs newer
    catalog pinned = needing({-1, -1, 3, -1});
    pinned[2].pinned = true;
    CHECK(kept(keep_last{1}, pinned) == "k-kk"); // a pinned one needs too
    // Given in another order, the needs still point at the same entries.
    catalog reversed = needing({-1, -1, -1, -1});
    std::ranges::reverse(reversed);
    reversed[3].needs = 1; // the newest needs the third
    CHECK(kept(keep_last{1}, reversed) == "k-k-");
    // A long chain takes no recursion.
    catalog chain;
    for (std::size_t i = 0; i != 100'000; ++i) {
        chain.push_back({.version = i + 1});
        if (i != 0) {
            chain.back().needs = i - 1;
        }
    }
    CHECK(std::ranges::all_of(plan(keep_last{1}, chain, {}), &decision::keep));
}

TEST_CASE("an empty catalog and one of a single entry") {
    CHECK(plan(keep_last{3}, {}, {}).empty());
    CHECK(plan(keep_nothing{}, {}, {}).empty());
    CHECK(keep_any{keep_last{1}, keep_daily{1}}.reasons_to_keep({}, {}).empty());
    CHECK(kept(keep_nothing{}, {{.version = 7}}) == "k");
}

TEST_CASE("a number to keep from elsewhere is at least one") {
    const auto none = positive::of(0);
    REQUIRE(!none);
    CHECK(none.error().code == errc::invalid_value);
    CHECK(none.error().found == 0);
    CHECK(none.error().wanted == 1);
    CHECK(positive::of(1)->number() == 1);
    CHECK(positive::of(~std::size_t{0})->number() == ~std::size_t{0});
    static_assert(positive{3}.number() == 3);
}
