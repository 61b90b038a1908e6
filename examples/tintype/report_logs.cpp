// Series out of histories, and rows out of recorded sessions.

#include "report_logs.hpp"

#include <tintype/codec/columns.hpp>
#include <tintype/delta/reader.hpp>
#include <tintype/formats/cbtop.hpp>
#include <tintype/log/record.hpp>
#include <tintype/replay/action.hpp>

#include "lent_storage.hpp"
#include "session_source.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

namespace tool::report {

namespace {

using tintype::history_survey;
using tintype::result;
using tintype::cbtop::profile_snapshot;

// What falls into one point.
struct bucket {
    double sum = 0;
    double least = std::numeric_limits<double>::infinity();
    double most = -std::numeric_limits<double>::infinity();
    std::uint64_t count = 0;
    std::int64_t time = 0;
};

struct gathered {
    std::map<std::size_t, bucket> buckets;
    std::uint64_t unplotted = 0;
};

[[nodiscard]] std::int64_t clamped(std::uint64_t time) {
    constexpr std::uint64_t latest = std::numeric_limits<std::int64_t>::max();
    return static_cast<std::int64_t>(std::min(time, latest));
}

// Sizes as they grow with each snapshot. What is packed together is shared out evenly.
void add_growth(history_facts& to, const tintype::history_index& index) {
    std::vector<std::pair<std::uint64_t, std::pair<std::uint64_t, std::uint64_t>>> each;
    for (const tintype::history_group& group : index.groups()) {
        const auto kept = index.kept(group);
        for (const tintype::history_entry& entry : kept) {
            const bool raw = group.kept_as == tintype::tier::raw;
            each.push_back({entry.facts.index,
                            {entry.facts.size, raw ? tintype::record_extent(entry.record.size)
                                                   : group.stored() / kept.size()}});
        }
    }
    std::ranges::sort(each);
    const std::size_t step = each.size() / most_points + 1;
    growth_point sum;
    for (std::size_t i = 0; i != each.size(); ++i) {
        sum.index = each[i].first;
        sum.raw += each[i].second.first;
        sum.stored += each[i].second.second;
        if (i % step == 0 || i + 1 == each.size()) {
            to.growth.push_back(sum);
        }
    }
}

void add_values(gathered& to, std::size_t place, std::int64_t time,
                const tintype::cbtop::metric_data& metric) {
    for (const double value : metric.values) {
        if (!std::isfinite(value)) {
            ++to.unplotted;
            continue;
        }
        bucket& at = to.buckets[place];
        at.time = at.count == 0 ? time : at.time;
        at.sum += value;
        at.least = std::min(at.least, value);
        at.most = std::max(at.most, value);
        ++at.count;
    }
}

[[nodiscard]] metric_series series_of(const std::string& name, const gathered& from) {
    metric_series series{.name = name, .points = {}, .unplotted = from.unplotted};
    for (const auto& [place, at] : from.buckets) {
        // A sum may be infinite where no value is.
        const double mean = at.sum / static_cast<double>(at.count);
        series.points.push_back({.time = at.time,
                                 .mean = std::clamp(mean, at.least, at.most),
                                 .least = at.least,
                                 .most = at.most});
    }
    std::ranges::sort(series.points, {}, &metric_point::time);
    return series;
}

[[nodiscard]] result<void> add_metrics(history_facts& to, tintype::byte_view bytes,
                                       const tintype::monitor& watch) {
    const auto reader =
        tintype::delta_reader<profile_snapshot, lent_storage>::open(lent_storage{bytes}, "history");
    if (!reader) {
        return {}; // of other snapshots, or too damaged
    }
    to.profiles = true;
    auto entries = reader->entries();
    to.every = entries.size() / most_sampled + 1;
    const std::size_t sampled = entries.size() / to.every + 1;
    const std::size_t step = sampled / most_points + 1;
    auto at = reader->read();
    std::map<std::string, gathered> metrics;
    std::size_t read = 0;
    for (std::size_t i = 0; i < entries.size(); i += to.every) {
        if (auto go_on = watch.report({.done = entries[i].offset, .total = bytes.size()}); !go_on) {
            return go_on;
        }
        if (!at.seek(entries[i].index)) {
            continue;
        }
        for (const auto& [name, metric] : at.snapshot().metrics) {
            add_values(metrics[name], read / step, clamped(entries[i].time), metric);
        }
        ++read;
    }
    for (const auto& [name, each] : metrics) {
        if (to.metrics.size() == most_metrics) {
            to.more_metrics = metrics.size() - most_metrics;
            break;
        }
        to.metrics.push_back(series_of(name, each));
    }
    return {};
}

} // namespace

result<void> add_history(history_facts& to, tintype::byte_view bytes,
                         const tintype::monitor& watch) {
    const auto seen = history_survey::of(bytes);
    if (!seen) {
        return {};
    }
    add_growth(to, seen->index);
    return add_metrics(to, bytes, watch);
}

result<bool> add_sessions(session_facts& to, const format& of, tintype::byte_view bytes,
                          const tintype::monitor& watch) {
    using action_type = tintype::memvid::action_type;
    const auto source = of.sessions(bytes);
    if (!source) {
        return false;
    }
    const session_source& from = *source;
    to.kinds.assign(tintype::action_names<action_type>.begin(),
                    tintype::action_names<action_type>.end());
    const auto ids = from.ids();
    for (std::size_t i = 0; i != ids.size(); ++i) {
        if (auto go_on = watch.report({.done = i, .total = ids.size()}); !go_on) {
            return tintype::pass(go_on);
        }
        const auto summary = from.summary(i);
        if (!summary) {
            continue;
        }
        session_row row{.id = to_text(summary->session_id),
                        .name = summary->name,
                        .created_secs = summary->created_secs,
                        .ended_secs = summary->ended_secs,
                        .actions = summary->action_count,
                        .checkpoints = summary->checkpoint_count};
        const bool wanted = from.knows_actions() && to.sessions.size() < most_sessions;
        if (const auto session = wanted
                                     ? from.read(i)
                                     : result<tintype::memvid::replay_session>{unknown_actions()}) {
            for (const auto& each : session->actions) {
                if (row.marks.size() == most_marks) {
                    break;
                }
                row.marks.push_back({.sequence = each.sequence,
                                     .secs = each.timestamp_secs,
                                     .duration_ms = each.duration_ms,
                                     .kind = each.action.index()});
            }
            for (const auto& each : session->checkpoints) {
                row.checkpoints_before.push_back(tintype::first_after(each));
            }
        }
        to.sessions.push_back(std::move(row));
    }
    return true;
}

} // namespace tool::report
