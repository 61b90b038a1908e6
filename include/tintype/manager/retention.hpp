#pragma once

// Which snapshots stay. A policy is a pure function from the catalog and the time to the reasons
// for keeping each entry; what has no reason may go. Behind every policy stand three rules that it
// cannot lift: the newest stays, what is pinned stays, and what a kept one needs stays.

#include <tintype/core/clock.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/rules.hpp>
#include <tintype/manager/catalog.hpp>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

// One text an entry; empty where the policy has no reason to keep it.
using reasons = std::vector<std::string>;

// reasons_to_keep(newest_first, now): as many reasons as entries.
template <class P>
concept retention_policy =
    std::copyable<P> &&
    requires(const P& policy, std::span<const catalog_entry> newest_first, timestamp now) {
        { policy.reasons_to_keep(newest_first, now) } -> std::same_as<reasons>;
    };

template <class P>
struct retention_rules {
    static_assert(retention_policy<P>,
                  "tintype: a retention policy needs `reasons reasons_to_keep(std::span<const "
                  "catalog_entry> newest_first, timestamp now) const`, one text an entry, empty "
                  "where it may go; and to be copyable");
    static constexpr bool kept = retention_policy<P>;
};

struct keep_all {
    [[nodiscard]] reasons reasons_to_keep(std::span<const catalog_entry> newest_first,
                                          timestamp) const {
        return reasons(newest_first.size(), "everything is kept");
    }
};

// How many to keep: at least one. A constant 0 does not compile; a number from elsewhere comes in
// through `of`.
class positive {
public:
#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wgcc-compat"
#endif
    consteval positive(std::size_t number)
#if defined(__clang__)
        // Clang's own first line says only that this is no constant.
        __attribute__((diagnose_if(number == 0,
                                   "tintype: keeping none would delete the snapshot just taken: "
                                   "give a number of 1 or more",
                                   "error")))
#endif
        : number_(number) {
        if (number == 0) {
            keeping_none_would_delete_the_snapshot_just_taken();
        }
    }
#if defined(__clang__)
#pragma clang diagnostic pop
#endif

    // `invalid_value` for 0.
    [[nodiscard]] static result<positive> of(std::size_t number) {
        if (number == 0) {
            return fail({.code = errc::invalid_value, .where = "the number to keep", .wanted = 1});
        }
        positive checked{1};
        checked.number_ = number;
        return checked;
    }

    [[nodiscard]] constexpr std::size_t number() const noexcept { return number_; }

private:
    // What GCC says first is that this is called.
    static void keeping_none_would_delete_the_snapshot_just_taken() {}

    std::size_t number_;
};

namespace detail {

// The newest entry of each of the newest periods that have any.
template <class Policy>
class keep_periodic {
public:
    explicit constexpr keep_periodic(positive count) noexcept : count_(count) {}

    [[nodiscard]] reasons reasons_to_keep(std::span<const catalog_entry> newest_first,
                                          timestamp) const {
        reasons all(newest_first.size());
        std::vector<std::int64_t> seen;
        for (std::size_t i = 0; i != all.size() && seen.size() != count_.number(); ++i) {
            const std::int64_t period = Policy::period(newest_first[i].time);
            if (std::ranges::find(seen, period) == seen.end()) {
                seen.push_back(period);
                all[i] = std::string{"the newest of its "} += Policy::unit;
            }
        }
        return all;
    }

private:
    positive count_;
};

[[nodiscard]] constexpr std::int64_t days_of(timestamp time) noexcept {
    return std::chrono::floor<std::chrono::days>(time).time_since_epoch().count();
}

[[nodiscard]] constexpr std::int64_t months_of(timestamp time) noexcept {
    const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(time)};
    return std::int64_t{static_cast<int>(date.year())} * 12 + static_cast<unsigned>(date.month());
}

} // namespace detail

class keep_last {
public:
    explicit constexpr keep_last(positive count) noexcept : count_(count) {}

    [[nodiscard]] reasons reasons_to_keep(std::span<const catalog_entry> newest_first,
                                          timestamp) const {
        reasons all(newest_first.size());
        const auto kept = std::min(all.size(), count_.number());
        std::fill_n(all.begin(), kept, "one of the last " + std::to_string(count_.number()));
        return all;
    }

private:
    positive count_;
};

// What is not older than an age, by the time that the storage keeps: of files, when they were last
// written, so copy folders with their times, and combine it with keep_last: a clock that jumps
// ahead makes everything old at once. A time in the future, after a clock went back, is not old.
class keep_within {
public:
    explicit keep_within(std::chrono::nanoseconds age) noexcept
        : age_(std::max(age, std::chrono::nanoseconds{0})) {}

    [[nodiscard]] reasons reasons_to_keep(std::span<const catalog_entry> newest_first,
                                          timestamp now) const {
        reasons all(newest_first.size());
        // An age may reach back further than time does.
        const auto oldest = now < timestamp::min() + age_ ? timestamp::min() : now - age_;
        for (std::size_t i = 0; i != all.size(); ++i) {
            if (newest_first[i].time >= oldest) {
                all[i] = "younger than the age kept";
            }
        }
        return all;
    }

private:
    std::chrono::nanoseconds age_;
};

// Hours, days, weeks (from Monday), months and years of UTC.
class keep_hourly : public detail::keep_periodic<keep_hourly> {
public:
    static constexpr std::string_view unit = "hour";
    using keep_periodic::keep_periodic;

    [[nodiscard]] static constexpr std::int64_t period(timestamp time) noexcept {
        return std::chrono::floor<std::chrono::hours>(time).time_since_epoch().count();
    }
};

class keep_daily : public detail::keep_periodic<keep_daily> {
public:
    static constexpr std::string_view unit = "day";
    using keep_periodic::keep_periodic;

    [[nodiscard]] static constexpr std::int64_t period(timestamp time) noexcept {
        return detail::days_of(time);
    }
};

class keep_weekly : public detail::keep_periodic<keep_weekly> {
public:
    static constexpr std::string_view unit = "week";
    using keep_periodic::keep_periodic;

    // 1970 began on a Thursday.
    [[nodiscard]] static constexpr std::int64_t period(timestamp time) noexcept {
        const std::int64_t days = detail::days_of(time) + 3;
        return (days >= 0 ? days : days - 6) / 7;
    }
};

class keep_monthly : public detail::keep_periodic<keep_monthly> {
public:
    static constexpr std::string_view unit = "month";
    using keep_periodic::keep_periodic;

    [[nodiscard]] static constexpr std::int64_t period(timestamp time) noexcept {
        return detail::months_of(time);
    }
};

class keep_yearly : public detail::keep_periodic<keep_yearly> {
public:
    static constexpr std::string_view unit = "year";
    using keep_periodic::keep_periodic;

    [[nodiscard]] static constexpr std::int64_t period(timestamp time) noexcept {
        const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(time)};
        return static_cast<int>(date.year());
    }
};

namespace detail {

template <class P>
inline constexpr bool is_optional_policy = false;

template <retention_policy P>
inline constexpr bool is_optional_policy<std::optional<P>> = true;

} // namespace detail

template <class P>
concept combinable_policy = retention_policy<P> || detail::is_optional_policy<P>;

// What any of the policies keeps, for the first reason given. An empty optional keeps nothing.
template <combinable_policy... Policies>
class keep_any {
public:
    explicit keep_any(Policies... policies) : policies_(std::move(policies)...) {}

    [[nodiscard]] reasons reasons_to_keep(std::span<const catalog_entry> newest_first,
                                          timestamp now) const {
        reasons all(newest_first.size());
        const auto add = [&](const reasons& more) {
            for (std::size_t i = 0; i != all.size(); ++i) {
                if (all[i].empty()) {
                    all[i] = i < more.size() ? more[i] : "its policy did not say";
                }
            }
        };
        const auto ask = [&]<class P>(const P& policy) {
            if constexpr (retention_policy<P>) {
                add(policy.reasons_to_keep(newest_first, now));
            } else if (policy) {
                add(policy->reasons_to_keep(newest_first, now));
            }
        };
        std::apply([&](const Policies&... each) { (ask(each), ...); }, policies_);
        return all;
    }

private:
    std::tuple<Policies...> policies_;
};

struct decision {
    catalog_entry entry;
    bool keep = false;
    std::string reason; // for keeping it, or that nothing keeps it
};

// What the policy and the three rules behind it say of each entry, newest first. Removes nothing.
template <retention_policy Policy>
[[nodiscard]] std::vector<decision> plan(const Policy& policy, std::vector<catalog_entry> catalog,
                                         timestamp now) {
    // `needs` are places in the catalog as it came; they follow the entries into the new order.
    std::vector<std::size_t> order(catalog.size());
    for (std::size_t i = 0; i != order.size(); ++i) {
        order[i] = i;
    }
    std::ranges::sort(order, [&](std::size_t one, std::size_t other) {
        return catalog[one].version > catalog[other].version;
    });
    std::vector<std::size_t> place(catalog.size());
    std::vector<catalog_entry> newest_first;
    for (std::size_t i = 0; i != order.size(); ++i) {
        place[order[i]] = i;
        newest_first.push_back(catalog[order[i]]);
    }
    for (catalog_entry& entry : newest_first) {
        if (entry.needs) {
            entry.needs =
                *entry.needs < place.size() ? std::optional{place[*entry.needs]} : std::nullopt;
        }
    }

    reasons why = policy.reasons_to_keep(newest_first, now);
    // An entry that the policy was silent about was not refused.
    why.resize(newest_first.size(), "its policy did not say");
    for (std::size_t i = 0; i != why.size(); ++i) {
        if (newest_first[i].pinned) {
            why[i] = "pinned";
        } else if (i == 0 && why[i].empty()) {
            why[i] = "the newest";
        }
    }
    for (std::size_t i = 0; i != why.size(); ++i) {
        // Each step marks an entry that had no reason, so this ends even in a cycle.
        for (std::size_t at = i; !why[at].empty() && newest_first[at].needs;) {
            const std::size_t needed = *newest_first[at].needs;
            if (!why[needed].empty()) {
                break;
            }
            const catalog_entry& by = newest_first[at];
            why[needed] = "needed by " + (by.name.empty() ? std::to_string(by.version) : by.name);
            at = needed;
        }
    }

    std::vector<decision> decisions;
    for (std::size_t i = 0; i != why.size(); ++i) {
        const bool keep = !why[i].empty();
        decisions.push_back({.entry = newest_first[i],
                             .keep = keep,
                             .reason = keep ? std::move(why[i]) : "no rule keeps it"});
    }
    return decisions;
}

} // namespace tintype::inline v0
