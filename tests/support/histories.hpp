#pragma once

// Histories for tests: a snapshot with a leaf of each sort in it, what may become of one, and a
// plain list of snapshots to hold the answers of a history against.

#include <tintype/core/identical.hpp>
#include <tintype/core/message.hpp>
#include <tintype/core/mix.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/delta/history.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tests {

struct sample {
    BOOST_HANA_DEFINE_STRUCT(sample, (std::uint64_t, timestamp_ns), (std::string, fingerprint),
                             (std::map<std::string, std::vector<double>>, metrics),
                             (std::vector<std::uint32_t>, ticks),
                             (std::map<std::string, std::string>, notes),
                             (std::optional<std::int32_t>, level), (bool, good));
};

inline constexpr std::uint64_t sample_second = 1'000'000'000;
inline constexpr std::uint64_t sample_start = 1'700'000'000 * sample_second;

// The so manieth of a quiet history: a second after the one before, few values changed.
[[nodiscard]] inline sample sample_at(std::uint64_t number) {
    sample made{.timestamp_ns = sample_start + number * sample_second,
                .fingerprint = "load",
                .metrics = {},
                .ticks = {1, 2, 3},
                .notes = {{"host", "a"}},
                .level = std::nullopt,
                .good = true};
    for (const std::string name : {"cpu", "heap"}) {
        auto& values = made.metrics[name];
        for (std::uint64_t i = 0; i != 12; ++i) {
            values.push_back(static_cast<double>((number + i) / 4) / 8);
        }
    }
    made.ticks[number % 3] += static_cast<std::uint32_t>(number);
    return made;
}

inline const std::array<std::string, 5> sample_names{"", std::string("\0", 1), "cpu", "heap",
                                                     "\xff"};

[[nodiscard]] inline double odd_number(tintype::splitmix64& random) {
    constexpr std::array<std::uint64_t, 9> odd{0,
                                               0x8000'0000'0000'0000U,
                                               0x7ff8'0000'0000'0001U,
                                               0xfff8'0000'0000'0000U,
                                               0x7ff0'0000'0000'0001U,
                                               0x7ff0'0000'0000'0000U,
                                               0xfff0'0000'0000'0000U,
                                               0x0000'0000'0000'0001U,
                                               0x3ff0'0000'0000'0001U};
    switch (random() % 4) {
    case 0:
        return std::bit_cast<double>(odd[random() % odd.size()]);
    case 1:
        return static_cast<double>(random() % 1000) / 100;
    default:
        return static_cast<double>(random() % 16);
    }
}

// What may become of one: values, lengths, structure, or nothing.
[[nodiscard]] inline sample changed(sample now, std::uint64_t seed) {
    tintype::splitmix64 random{seed};
    const std::string& name = sample_names[random() % sample_names.size()];
    auto& values = now.metrics[name];
    switch (random() % 16) {
    case 0:
        now.metrics.erase(name);
        break;
    case 1:
        values.resize(random() % 24, odd_number(random));
        break;
    case 2:
        values.clear();
        break;
    case 3:
        for (double& each : values) {
            each = odd_number(random);
        }
        break;
    case 4:
        now.notes[sample_names[random() % sample_names.size()]] = name;
        break;
    case 5:
        now.notes.erase(name);
        break;
    case 6:
        now.level = random() % 2 == 0 ? std::nullopt
                                      : std::optional{static_cast<std::int32_t>(random() % 5)};
        break;
    case 7:
        now.fingerprint = name;
        break;
    case 8:
        now.ticks.assign(random() % 9, static_cast<std::uint32_t>(random() % 3));
        break;
    case 9:
        now.good = !now.good;
        break;
    case 10:
        now.metrics.clear();
        break;
    case 11:
        if (!values.empty()) { // a window that slides
            std::rotate(values.begin(), values.begin() + 1, values.end());
            values.back() = odd_number(random);
        }
        break;
    default:
        for (double& each : values) {
            each = random() % 4 == 0 ? odd_number(random) : each;
        }
        break;
    }
    now.timestamp_ns += random() % 4 * sample_second;
    return now;
}

using complaint = std::optional<std::string>;

// What a history is to hold.
struct plain_history {
    std::map<std::uint64_t, sample> kept{};
    std::uint64_t next = 0;

    void add(const sample& made) { kept.emplace(next++, made); }
};

template <class History>
[[nodiscard]] complaint gives_back(const History& history, const plain_history& plain) {
    if (history.next_index() != plain.next || history.count() != plain.kept.size()) {
        return "it has " + std::to_string(history.count()) + " of " +
               std::to_string(history.next_index()) + ", not " + std::to_string(plain.kept.size()) +
               " of " + std::to_string(plain.next);
    }
    if (plain.kept.empty()) {
        return history.compression_ratio() == 1.0 ? complaint{} : "the ratio of nothing is not 1";
    }
    auto at = history.read();
    auto wanted = plain.kept.begin();
    const auto wrong = [&](const char* how) {
        return std::string{how} + " " + std::to_string(wanted->first) +
               (at.valid()
                    ? ": another than was appended, at " + std::to_string(at.entry().facts.index)
                    : ": nowhere");
    };
    const auto right = [&] {
        return at.valid() && at.entry().facts.index == wanted->first &&
               at.entry().facts.time == wanted->second.timestamp_ns &&
               tintype::identical(at.snapshot(), wanted->second);
    };
    if (auto done = at.seek(wanted->first); !done) {
        return tintype::message(done.error());
    }
    for (;;) {
        if (!right()) {
            return wrong("forwards to");
        }
        const auto more = at.next();
        if (!more) {
            return tintype::message(more.error());
        }
        if (++wanted == plain.kept.end()) {
            if (*more) {
                return "there is one behind the last";
            }
            break;
        }
    }
    --wanted;
    for (;;) {
        if (!right()) {
            return wrong("backwards to");
        }
        const auto more = at.back();
        if (!more) {
            return tintype::message(more.error());
        }
        if (wanted == plain.kept.begin()) {
            return *more ? complaint{"there is one before the first"} : complaint{};
        }
        --wanted;
    }
}

// Each by itself, and nothing else.
template <class History>
[[nodiscard]] complaint gets(const History& history, const plain_history& plain) {
    for (std::uint64_t index = 0; index != plain.next + 2; ++index) {
        const auto got = history.get(index);
        const auto wanted = plain.kept.find(index);
        if (wanted != plain.kept.end()) {
            if (!got) {
                return std::to_string(index) + ": " + tintype::message(got.error());
            }
            if (!tintype::identical(*got, wanted->second)) {
                return std::to_string(index) + " is another than was appended";
            }
            continue;
        }
        const auto code =
            index < plain.next ? tintype::errc::not_found : tintype::errc::out_of_bounds;
        if (got || got.error().code != code || got.error().found != index ||
            got.error().wanted != plain.next) {
            return std::to_string(index) + " is not refused as it should be";
        }
    }
    return std::nullopt;
}

namespace detail {

[[nodiscard]] inline double plain_quantile(std::vector<double> numbers, double q) {
    std::erase_if(numbers, [](double each) { return std::isnan(each); });
    if (numbers.empty()) {
        return std::numeric_limits<double>::quiet_NaN();
    }
    std::ranges::sort(numbers);
    const auto rank = static_cast<std::size_t>(std::ceil(q * static_cast<double>(numbers.size())));
    return numbers[rank == 0 ? 0 : rank - 1];
}

[[nodiscard]] inline bool same_number(double a, double b) {
    return a == b || (std::isnan(a) && std::isnan(b));
}

} // namespace detail

// Of the metric "metrics.NAME": a plain loop over the snapshots against changes() and aggregate().
template <class History>
[[nodiscard]] complaint answers(const History& history, const plain_history& plain,
                                const std::string& name, const tintype::time_range& when = {}) {
    const std::string metric = "metrics." + name;
    std::vector<tintype::metric_point> points;
    std::vector<double> numbers;
    std::vector<double> before;
    const auto bits = [](double value) { return std::bit_cast<std::uint64_t>(value); };
    for (const auto& [index, snapshot] : plain.kept) {
        const auto found = snapshot.metrics.find(name);
        if (found == snapshot.metrics.end() || !when.holds(snapshot.timestamp_ns)) {
            continue;
        }
        const auto& values = found->second;
        for (std::size_t i = 0; i != values.size(); ++i) {
            numbers.push_back(values[i]);
            if (i >= before.size() || bits(before[i]) != bits(values[i])) {
                points.push_back({index, snapshot.timestamp_ns, i, values[i], bits(values[i])});
            }
        }
        before = values;
    }
    const auto changes = history.changes(metric, when);
    if (!changes) {
        return metric + ": " + tintype::message(changes.error());
    }
    const auto same = [](const tintype::metric_point& a, const tintype::metric_point& b) {
        return a.index == b.index && a.time == b.time && a.element == b.element &&
               a.bits == b.bits && detail::same_number(a.value, b.value);
    };
    if (!std::ranges::equal(*changes, points, same)) {
        return metric +
               ": the changes are not those of a plain loop: " + std::to_string(changes->size()) +
               ", not " + std::to_string(points.size());
    }
    constexpr std::array quantiles{0.0, 0.25, 0.5, 0.99, 1.0};
    const auto whole = history.aggregate(metric, when, quantiles);
    if (!whole) {
        return metric + ": " + tintype::message(whole.error());
    }
    tintype::measure all;
    double magnitude = 0;
    for (const double each : numbers) {
        all.add(each);
        magnitude += std::isnan(each) ? 0 : std::abs(each);
    }
    // Sums are taken in another order where a block knows its own.
    const bool same_sum =
        !std::isfinite(magnitude) || std::abs(whole->all.sum - all.sum) <= 1e-12 * magnitude;
    if (whole->all.count != all.count || whole->all.nans != all.nans ||
        !detail::same_number(whole->all.min, all.min) ||
        !detail::same_number(whole->all.max, all.max) || !same_sum) {
        return metric + ": the aggregate is not that of a plain loop";
    }
    for (std::size_t i = 0; i != quantiles.size(); ++i) {
        if (!detail::same_number(whole->quantiles[i],
                                 detail::plain_quantile(numbers, quantiles[i]))) {
            return metric + ": quantile " + std::to_string(quantiles[i]) + " is " +
                   std::to_string(whole->quantiles[i]) + ", not " +
                   std::to_string(detail::plain_quantile(numbers, quantiles[i]));
        }
    }
    return std::nullopt;
}

// All snapshots that the query asks for, page after page; no page takes more than `bytes`, but for
// one snapshot.
template <class History>
[[nodiscard]] complaint pages(const History& history, const plain_history& plain,
                              tintype::history_query query) {
    auto wanted = plain.kept.lower_bound(query.start);
    const auto skip = [&] {
        while (wanted != plain.kept.end() &&
               !(query.time.holds(wanted->second.timestamp_ns) &&
                 (!query.label || wanted->second.fingerprint == *query.label) &&
                 (!query.metric || *query.metric == "ticks" ||
                  wanted->second.metrics.contains(query.metric->substr(8))))) {
            ++wanted;
        }
    };
    for (skip();; skip()) {
        const auto page = history.query(query);
        if (!page) {
            return "query: " + tintype::message(page.error());
        }
        for (const auto& each : page->snapshots) {
            if (wanted == plain.kept.end() || each.index != wanted->first ||
                each.time != wanted->second.timestamp_ns ||
                !tintype::identical(each.snapshot, wanted->second)) {
                return "query: " + std::to_string(each.index) + " is not the next one";
            }
            ++wanted;
            skip();
        }
        if (page->truncated) {
            if (page->snapshots.empty() || wanted == plain.kept.end() ||
                page->resume != wanted->first) {
                return "query: cut off at " + std::to_string(page->resume);
            }
            query.start = page->resume;
        } else if (page->snapshots.size() == query.limit && query.limit != 0) {
            query.start = page->snapshots.back().index + 1;
        } else {
            return wanted == plain.kept.end() || query.limit == 0
                       ? complaint{}
                       : "query: " + std::to_string(wanted->first) + " is not found";
        }
    }
}

// Everything.
template <class History>
[[nodiscard]] complaint holds(const History& history, const plain_history& plain) {
    if (auto wrong = gives_back(history, plain)) {
        return wrong;
    }
    if (auto wrong = gets(history, plain)) {
        return wrong;
    }
    for (const std::string& name : sample_names) {
        if (auto wrong = answers(history, plain, name)) {
            return wrong;
        }
    }
    return pages(history, plain, {.bytes = 700});
}

// One line for a check that shows both sides.
[[nodiscard]] inline std::string said(const complaint& wrong) {
    return wrong.value_or("as it should be");
}

} // namespace tests
