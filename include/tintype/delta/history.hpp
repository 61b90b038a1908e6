#pragma once

// What can be asked of a history, by the one who writes it and by anybody who reads it. A metric is
// a leaf by its name, which is its path unless snapshot_traits say otherwise.

#include <tintype/core/error.hpp>
#include <tintype/delta/cursor.hpp>
#include <tintype/delta/index.hpp>
#include <tintype/delta/measure.hpp>
#include <tintype/delta/metric.hpp>
#include <tintype/delta/path.hpp>
#include <tintype/delta/quantile.hpp>
#include <tintype/delta/query.hpp>
#include <tintype/delta/record.hpp>
#include <tintype/delta/snapshot.hpp>
#include <tintype/delta/source.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

template <snapshot_type T, storage_policy S>
class history {
public:
    using cursor = history_cursor<T, history_source<S>>;

    history(const history&) = delete;
    history& operator=(const history&) = delete;
    history(history&&) noexcept = default;
    history& operator=(history&&) noexcept = default;
    ~history() = default;

    // Snapshots that are there.
    [[nodiscard]] std::uint64_t count() const noexcept { return source_->index().count(); }

    // The index that the next snapshot gets.
    [[nodiscard]] std::uint64_t next_index() const noexcept { return source_->index().next(); }

    [[nodiscard]] std::uint64_t keyframe_interval() const noexcept { return opening_.interval; }

    // Bytes of the snapshots that are there, and of the records that they are kept in.
    [[nodiscard]] std::uint64_t raw_size() const {
        std::uint64_t sum = 0;
        for_each(
            [&](const history_entry& entry, const history_group&) { sum += entry.facts.size; });
        return sum;
    }

    [[nodiscard]] std::uint64_t stored_size() const { return source_->index().live(); }

    // The stored size over the raw one; 1 where there is nothing.
    [[nodiscard]] double compression_ratio() const {
        const std::uint64_t raw = raw_size();
        return raw == 0 ? 1.0 : static_cast<double>(stored_size()) / static_cast<double>(raw);
    }

    [[nodiscard]] std::vector<index_entry> entries() const {
        std::vector<index_entry> all;
        for_each([&](const history_entry& entry, const history_group& group) {
            const bool delta = group.kept_as == tier::raw && entry.step != 0;
            all.push_back(
                {.index = entry.facts.index,
                 .time = entry.facts.time,
                 .label = std::string{source_->index().label(entry.label)},
                 .kept_as = group.kept_as,
                 .offset = entry.record.offset,
                 .size = entry.record.size,
                 .is_delta = delta,
                 .base = delta ? std::optional{group.entries.front().facts.index} : std::nullopt});
        });
        return all;
    }

    // Snapshots that were appended and are not there any more, by damage: nothing else is missing.
    [[nodiscard]] std::vector<index_range> lost() const { return source_->index().lost(); }

    [[nodiscard]] const std::vector<log_damage>& damage() const noexcept { return damage_; }

    // Many of them may be used at the same time, each by one thread.
    [[nodiscard]] cursor read() const { return cursor{*source_}; }

    // `out_of_bounds` with the index and how many were appended; `not_found` if it is gone.
    [[nodiscard]] result<T> get(std::uint64_t index) const {
        cursor at = read();
        if (auto done = at.seek(index); !done) {
            return pass(done);
        }
        return at.snapshot();
    }

    // The latest of those that were taken then or before; of several of one time, the last.
    [[nodiscard]] result<T> at(std::uint64_t time) const {
        const history_entry* found = nullptr;
        for_each_group([&](const history_group& group) {
            if (group.earliest > time || (found != nullptr && group.latest < found->facts.time)) {
                return;
            }
            for (const history_entry& entry : source_->index().kept(group)) {
                if (entry.facts.time <= time &&
                    (found == nullptr || entry.facts.time >= found->facts.time)) {
                    found = &entry;
                }
            }
        });
        if (found == nullptr) {
            return fail({.code = errc::not_found, .where = "time", .found = time});
        }
        return get(found->facts.index);
    }

    // Calls visit(index, time, snapshot) -> bool for the snapshots in the range, in the order of
    // their indices, until it says false. The snapshot is lent.
    template <class Visit>
    [[nodiscard]] result<void> range(const time_range& when, Visit visit) const {
        return scan({.time = when}, [&](const cursor& at) {
            const snapshot_facts& facts = at.entry().facts;
            return static_cast<bool>(visit(facts.index, facts.time, at.snapshot()));
        });
    }

    [[nodiscard]] result<history_page<T>> query(const history_query& what) const {
        return query(what, [](const T&) { return true; });
    }

    // Only snapshots that the predicate holds for.
    template <std::predicate<const T&> Predicate>
    [[nodiscard]] result<history_page<T>> query(const history_query& what,
                                                Predicate predicate) const {
        history_page<T> page;
        const std::uint64_t most = what.bytes == 0 ? query_bytes_ : what.bytes;
        std::uint64_t used = 0;
        if (what.limit == 0) {
            return page;
        }
        auto done = scan(what, [&](const cursor& at) {
            if (!predicate(at.snapshot())) {
                return true;
            }
            const std::uint64_t size = at.entry().facts.size;
            if (!page.snapshots.empty() && size > most - std::min(most, used)) {
                page.truncated = true;
                page.resume = at.entry().facts.index;
                return false;
            }
            used += size;
            page.snapshots.push_back({.index = at.entry().facts.index,
                                      .time = at.entry().facts.time,
                                      .kept_as = at.kept_as(),
                                      .snapshot = at.snapshot()});
            // What is behind the last of them may be damaged, and is not looked at.
            return page.snapshots.size() != what.limit;
        });
        if (!done) {
            return pass(done);
        }
        return page;
    }

    // The names of all metrics of a snapshot, each leaf of numbers by its path.
    [[nodiscard]] result<std::vector<std::string>> metrics(std::uint64_t index) const {
        cursor at = read();
        if (auto done = at.seek(index); !done) {
            return pass(done);
        }
        std::vector<std::string> names;
        const leaf_table& table = at.state().table();
        for (std::size_t i = 0; i != table.size(); ++i) {
            if (is_number(table.form(i).type)) {
                names.push_back(path_text<T>(table.path(i)));
            }
        }
        return names;
    }

    // What became of a metric: in the first snapshot of the range all of its elements, then those
    // that differ from the snapshot before in the range. Snapshots are not made for it.
    [[nodiscard]] result<std::vector<metric_point>> changes(std::string_view metric,
                                                            const time_range& when = {}) const {
        std::vector<metric_point> points;
        blob before; // of the last snapshot of the range that there was the metric in
        bool any = false;
        bool next = false; // what changed since the snapshot before is what changed since `before`
        auto done = walk(
            metric, when, [](const measure&) { return false; },
            [&](const metric_state& now) {
                const bool within = is_number(now.form.type) && when.holds(now.entry.facts.time);
                if (within) {
                    changed(now, any, next && !now.fresh, before, points);
                    any = true;
                }
                next = within;
            });
        if (!done) {
            return pass(done);
        }
        return points;
    }

    // Over every element of the metric in every snapshot of the range. A quantile q, from 0 to 1,
    // is the least number that at least q of the numbers are not above; NaN where there are none.
    [[nodiscard]] result<metric_aggregate> aggregate(std::string_view metric,
                                                     const time_range& when = {},
                                                     std::span<const double> quantiles = {}) const {
        metric_aggregate answer;
        auto done = walk(
            metric, when,
            [&](const measure& whole) {
                answer.all.add(whole);
                return true;
            },
            [&](const metric_state& now) {
                if (when.holds(now.entry.facts.time)) {
                    numbers(now, [&](double number) { answer.all.add(number); });
                }
            });
        if (!done) {
            return pass(done);
        }
        for (const double each : quantiles) {
            const auto found = quantile(metric, when, each, answer.all);
            if (!found) {
                return pass(found);
            }
            answer.quantiles.push_back(*found);
        }
        return answer;
    }

protected:
    history(std::unique_ptr<history_source<S>> source, history_opening opening,
            std::vector<log_damage> damage, std::uint64_t query_bytes)
        : source_(std::move(source)), opening_(std::move(opening)), damage_(std::move(damage)),
          query_bytes_(query_bytes) {}

    [[nodiscard]] history_source<S>& source() noexcept { return *source_; }

    [[nodiscard]] const history_source<S>& source() const noexcept { return *source_; }

    [[nodiscard]] history_opening& opening() noexcept { return opening_; }

    [[nodiscard]] std::vector<log_damage>& damages() noexcept { return damage_; }

private:
    template <class Visit>
    void for_each_group(Visit visit) const {
        for (const history_group& group : source_->index().groups()) {
            visit(group);
        }
    }

    template <class Visit>
    void for_each(Visit visit) const {
        for_each_group([&](const history_group& group) {
            for (const history_entry& entry : source_->index().kept(group)) {
                visit(entry, group);
            }
        });
    }

    // Calls visit(cursor) -> bool for what the query's time, label, metric and start let through.
    template <class Visit>
    result<void> scan(const history_query& what, Visit visit) const {
        const history_index& index = source_->index();
        const auto label = what.label ? index.label_number(*what.label) : std::nullopt;
        if (what.label && !label) {
            return {};
        }
        const std::string metric =
            what.metric ? std::string{snapshot_traits<T>::metric(*what.metric)} : std::string{};
        cursor at = read();
        for (auto place = index.at_or_after(what.start); place;) {
            const history_group& group = index.groups()[place->group];
            if (group.latest < what.time.from || group.earliest > what.time.to) {
                place->entry = group.entries.size() - 1;
                place = index.after(*place);
                continue;
            }
            const history_entry& entry = index.entry(*place);
            if (what.time.holds(entry.facts.time) && (!label || entry.label == *label)) {
                if (auto done = at.go(*place); !done) {
                    return about(done.error(), entry.facts.index);
                }
                if ((!what.metric || has_metric(at.state().table(), metric)) && !visit(at)) {
                    return {};
                }
            }
            place = index.after(*place);
        }
        return {};
    }

    // An answer ends where a snapshot cannot be read; behind it there may be others.
    [[nodiscard]] static std::unexpected<error> about(error what, std::uint64_t index) {
        what.where = "snapshot " + std::to_string(index);
        return fail(what);
    }

    [[nodiscard]] static bool has_metric(const leaf_table& table, std::string_view metric) {
        for (std::size_t i = 0; i != table.size(); ++i) {
            if (table.form(i).type != leaf_type::marker && path_text<T>(table.path(i)) == metric) {
                return true;
            }
        }
        return false;
    }

    // See metric_walk; groups out of the range are left out, and `whole` is told of what is in it
    // completely.
    template <class Whole, class Visit>
    result<void> walk(std::string_view name, const time_range& when, Whole whole,
                      Visit visit) const {
        const std::string metric{snapshot_traits<T>::metric(name)};
        const std::uint64_t kept_from = source_->index().kept_from();
        metric_walk walker{*source_, [&](byte_view path) { return path_text<T>(path) == metric; },
                           [&](const measure& all, const history_group& group) {
                               return when.holds(group.earliest) && when.holds(group.latest) &&
                                      group.entries.front().facts.index >= kept_from && whole(all);
                           },
                           [&](const metric_state& now) {
                               if (now.entry.facts.index >= kept_from) {
                                   visit(now);
                               }
                           }};
        for (const history_group& group : source_->index().groups()) {
            if (group.latest < when.from || group.earliest > when.to) {
                continue;
            }
            if (auto done = walker.group(group); !done) {
                return done;
            }
        }
        return {};
    }

    template <class Visit>
    static void numbers(const metric_state& now, Visit visit) {
        if (is_number(now.form.type)) {
            for_each_number(now.form.type, now.elements.data(),
                            now.elements.size() / now.form.width, std::endian::little, visit);
        }
    }

    static metric_point point_of(const metric_state& now, std::size_t element) {
        const std::size_t width = now.form.width;
        const byte_view bytes = now.elements.subspan(element * width, width);
        metric_point point{
            .index = now.entry.facts.index, .time = now.entry.facts.time, .element = element};
        for (std::size_t i = 0; i != width; ++i) {
            point.bits |= std::to_integer<std::uint64_t>(bytes[i]) << 8 * i;
        }
        for_each_number(now.form.type, bytes.data(), 1, std::endian::little,
                        [&](double number) { point.value = number; });
        return point;
    }

    static void changed(const metric_state& now, bool any, bool next, blob& before,
                        std::vector<metric_point>& points) {
        const std::size_t width = now.form.width;
        const std::size_t count = now.elements.size() / width;
        const bool scattered = next && now.changed != nullptr &&
                               now.changed->op == change_op::sparse && !now.changed->held;
        if (scattered) {
            for (const std::uint32_t element : now.changed->positions) {
                points.push_back(point_of(now, element));
                std::ranges::copy(now.elements.subspan(element * width, width),
                                  before.begin() + static_cast<std::ptrdiff_t>(element * width));
            }
            return;
        }
        if (next && now.changed == nullptr) {
            return;
        }
        for (std::size_t i = 0; i != count; ++i) {
            const byte_view element = now.elements.subspan(i * width, width);
            if (!any || (i + 1) * width > before.size() ||
                !std::ranges::equal(element, byte_view{before}.subspan(i * width, width))) {
                points.push_back(point_of(now, i));
            }
        }
        before.assign(now.elements.begin(), now.elements.end());
    }

    result<double> quantile(std::string_view metric, const time_range& when, double q,
                            const measure& all) const {
        quantile_search search{q, all};
        while (!search.found()) {
            search.begin();
            auto done = walk(
                metric, when, [&](const measure& whole) { return search.add(whole); },
                [&](const metric_state& now) {
                    if (when.holds(now.entry.facts.time)) {
                        numbers(now, [&](double number) { search.add(number); });
                    }
                });
            if (!done) {
                return pass(done);
            }
            search.narrow();
        }
        return *search.found();
    }

    std::unique_ptr<history_source<S>> source_; // stays where cursors know it
    history_opening opening_;
    std::vector<log_damage> damage_;
    std::uint64_t query_bytes_;
};

} // namespace tintype::inline v0
