#pragma once

// The laws of a retention policy and of the rules behind it, as one suite for every model:
// `retention_laws(policy)` inside a test case. Catalogs are random: times out of order, equal, in
// the future and before 1970, versions with gaps, pins, chains and cycles of what needs what.

#include <tintype/core/mix.hpp>
#include <tintype/manager/retention.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tintype::laws {

using catalog = std::vector<catalog_entry>;

inline constexpr timestamp some_day =
    timestamp{std::chrono::sys_days{std::chrono::year{2024} / 2 / 29}} + std::chrono::hours{13};

// In no order. `seed` decides how many, how far apart, and how odd.
[[nodiscard]] inline catalog random_catalog(std::uint64_t seed) {
    using namespace std::chrono;
    splitmix64 random{seed};
    const std::size_t size = random() % 30;
    const bool old = random() % 4 == 0;            // around 1970
    const bool needing = random() % 2 == 0;        // some entries need others
    const std::uint64_t spread = 1 + random() % 4; // hours, days, months, years
    const auto start = old ? timestamp{} : some_day;
    catalog all;
    std::uint64_t version = random() % 3;
    for (std::size_t i = 0; i != size; ++i) {
        version += 1 + (random() % 4 == 0 ? random() % 100 : 0);
        const auto step = spread == 1   ? hours{random() % 72}
                          : spread == 2 ? hours{random() % 1000}
                          : spread == 3 ? hours{random() % 20'000}
                                        : hours{random() % 200'000};
        auto time = start - step + minutes{random() % 61} - seconds{random() % 61};
        if (random() % 8 == 0) {
            time = floor<days>(time); // exactly at a border
        }
        if (random() % 8 == 0) {
            time -= nanoseconds{1};
        }
        if (random() % 8 == 0) {
            time += step + hours{random() % 100}; // the future
        }
        if (!all.empty() && random() % 8 == 0) {
            time = all.back().time;
        }
        all.push_back({.version = version,
                       .time = time,
                       .size = random() % 1000,
                       .pinned = random() % 10 == 0});
    }
    for (std::size_t i = all.size(); i > 1; --i) {
        std::swap(all[i - 1], all[random() % i]);
    }
    for (catalog_entry& each : all) {
        if (needing && random() % 2 == 0) {
            each.needs = random() % all.size(); // itself, a newer one, a cycle: all may be
        }
    }
    return all;
}

[[nodiscard]] inline catalog newest_first(catalog all) {
    for (catalog_entry& each : all) {
        each.needs.reset();
    }
    std::ranges::sort(all, std::greater<>{}, &catalog_entry::version);
    return all;
}

[[nodiscard]] inline bool same_entry(const catalog_entry& a, const catalog_entry& b) {
    return a.version == b.version && a.time == b.time && a.size == b.size && a.pinned == b.pinned &&
           a.needs == b.needs;
}

// One reason an entry, the same for the same question, and from a copy.
template <retention_policy P>
void retention_is_pure(const P& policy, const catalog& all, timestamp now) {
    const catalog before = newest_first(all);
    const catalog asked = before;
    const auto first = policy.reasons_to_keep(asked, now);
    CHECK(first.size() == asked.size());
    CHECK(std::ranges::equal(asked, before, same_entry));
    CHECK(policy.reasons_to_keep(asked, now) == first);
    const P copy = policy;
    CHECK(copy.reasons_to_keep(asked, now) == first);
}

// What a policy wants kept it still wants after others are gone: pruning that failed half-way, or
// somebody who removed one by name, costs nothing more.
template <retention_policy P>
void retention_survives_removals(const P& policy, const catalog& all, timestamp now,
                                 std::uint64_t seed) {
    const catalog before = newest_first(all);
    const auto wanted = policy.reasons_to_keep(before, now);
    splitmix64 random{seed};
    catalog left;
    std::vector<bool> was_wanted;
    for (std::size_t i = 0; i != before.size(); ++i) {
        // The newest is never removed.
        if (i == 0 || random() % 3 != 0) {
            left.push_back(before[i]);
            was_wanted.push_back(!wanted[i].empty());
        }
    }
    const auto then = policy.reasons_to_keep(left, now);
    REQUIRE(then.size() == left.size());
    std::size_t dropped = 0;
    for (std::size_t i = 0; i != left.size(); ++i) {
        dropped += was_wanted[i] && then[i].empty() ? 1U : 0U;
    }
    CHECK(dropped == 0);
}

// What a policy has no reason to keep it does not want back because something newer came.
template <retention_policy P>
void retention_resurrects_nothing(const P& policy, const catalog& all, timestamp now,
                                  std::uint64_t seed) {
    catalog before = newest_first(all);
    const auto wanted = policy.reasons_to_keep(before, now);
    splitmix64 random{seed};
    catalog after = before;
    after.insert(
        after.begin(),
        {.version = (before.empty() ? 0 : before.front().version) + 1 + random() % 3,
         .time = now - std::chrono::hours{random() % 100} + std::chrono::hours{random() % 100}});
    const auto then = policy.reasons_to_keep(after, now);
    REQUIRE(then.size() == after.size());
    std::size_t resurrected = 0;
    for (std::size_t i = 0; i != before.size(); ++i) {
        resurrected += wanted[i].empty() && !then[i + 1].empty() ? 1U : 0U;
    }
    CHECK(resurrected == 0);
}

// The plan against the rules written down another way: the kept ones are the least set that holds
// what the policy wants, the newest and the pinned, and with each entry what it needs.
template <retention_policy P>
void retention_plan_keeps_the_rules(const P& policy, const catalog& all, timestamp now) {
    const auto decisions = plan(policy, all, now);
    REQUIRE(decisions.size() == all.size());
    CHECK(std::ranges::is_sorted(decisions, std::greater<>{},
                                 [](const decision& each) { return each.entry.version; }));

    const auto wanted = policy.reasons_to_keep(newest_first(all), now);
    std::map<std::uint64_t, bool> keep;
    for (std::size_t i = 0; i != decisions.size(); ++i) {
        const auto& entry = decisions[i].entry;
        keep[entry.version] = i == 0 || entry.pinned || !wanted[i].empty();
    }
    for (std::size_t round = 0; round != all.size(); ++round) {
        for (const catalog_entry& each : all) {
            if (keep[each.version] && each.needs) {
                keep[all[*each.needs].version] = true;
            }
        }
    }
    std::size_t wrong = 0;
    for (std::size_t i = 0; i != decisions.size(); ++i) {
        const decision& each = decisions[i];
        wrong += each.keep == keep[each.entry.version] ? 0U : 1U;
        wrong += each.reason.empty() ? 1U : 0U;
        wrong += !each.keep && each.reason != "no rule keeps it" ? 1U : 0U;
        wrong += each.entry.pinned && each.reason != "pinned" ? 1U : 0U;
        // `needs` follows the entries into the new order.
        const auto same = std::ranges::find(all, each.entry.version, &catalog_entry::version);
        REQUIRE(same != all.end());
        wrong += each.entry.needs.has_value() == same->needs.has_value() ? 0U : 1U;
        if (same->needs) {
            wrong +=
                decisions[*each.entry.needs].entry.version == all[*same->needs].version ? 0U : 1U;
        }
    }
    CHECK(wrong == 0);
}

// What stays after pruning stays when it is pruned again at the same time.
template <retention_policy P>
void retention_settles(const P& policy, const catalog& all, timestamp now) {
    const auto decisions = plan(policy, all, now);
    std::vector<std::optional<std::size_t>> place(decisions.size());
    catalog left;
    for (std::size_t i = 0; i != decisions.size(); ++i) {
        if (decisions[i].keep) {
            place[i] = left.size();
            left.push_back(decisions[i].entry);
        }
    }
    for (catalog_entry& each : left) {
        if (each.needs) {
            REQUIRE(place[*each.needs]); // what a kept one needs is kept
            each.needs = place[*each.needs];
        }
    }
    const auto again = plan(policy, left, now);
    CHECK(std::ranges::all_of(again, &decision::keep));
}

template <retention_policy P>
void retention_laws(const P& policy, int catalogs = 400) {
    CHECK(policy.reasons_to_keep({}, some_day).empty());
    CHECK(plan(policy, {}, some_day).empty());
    for (int i = 0; i != catalogs; ++i) {
        const auto seed = static_cast<std::uint64_t>(i);
        INFO("catalog ", seed);
        const catalog all = random_catalog(seed);
        const timestamp now = seed % 5 == 0 ? timestamp{} : some_day;
        retention_is_pure(policy, all, now);
        retention_survives_removals(policy, all, now, seed);
        retention_resurrects_nothing(policy, all, now, seed);
        retention_plan_keeps_the_rules(policy, all, now);
        retention_settles(policy, all, now);
    }
}

} // namespace tintype::laws
