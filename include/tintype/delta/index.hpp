#pragma once

// Which snapshots a history has and where each is kept: all that is held of it in memory. Made from
// the facts before each record's content, and kept up as records are appended.

#include <tintype/core/error.hpp>
#include <tintype/core/reader.hpp>
#include <tintype/delta/record.hpp>
#include <tintype/log/scan.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

struct history_entry {
    snapshot_facts facts{};
    log_record record{}; // that it is in
    std::uint32_t label = 0;
    std::uint32_t step = 0;            // how many come before it in its group
    mutable std::uint8_t verified = 0; // whether the record's checksum was looked at
};

// Snapshots that are read together: a keyframe and its deltas, or a block.
struct history_group {
    tier kept_as = tier::raw;
    std::uint64_t first = 0; // the indices that it stands for
    std::uint64_t last = 0;
    std::uint64_t earliest = 0; // the times in it
    std::uint64_t latest = 0;
    std::vector<history_entry> entries{};

    void add(const history_entry& entry) {
        earliest = entries.empty() ? entry.facts.time : std::min(earliest, entry.facts.time);
        latest = entries.empty() ? entry.facts.time : std::max(latest, entry.facts.time);
        last = entries.empty() ? entry.facts.index : std::max(last, entry.facts.index);
        entries.push_back(entry);
    }

    [[nodiscard]] std::uint64_t stored() const noexcept {
        if (kept_as != tier::raw) {
            return entries.empty() ? 0 : record_extent(entries.front().record.size);
        }
        std::uint64_t sum = 0;
        for (const history_entry& each : entries) {
            sum += record_extent(each.record.size);
        }
        return sum;
    }
};

// Indices from `first` to `last`, both among them.
struct index_range {
    std::uint64_t first = 0;
    std::uint64_t last = 0;

    friend constexpr bool operator==(const index_range&, const index_range&) noexcept = default;
};

class history_index {
public:
    // A record of the log, in the order of the log; its facts are believed if their checksum holds,
    // and a record of which they do not is left out, as one that is not there.
    result<void> add(const log_record& record, byte_view payload) {
        reader in{payload, record.offset + record_header::bytes};
        stored_ += record_extent(record.size);
        switch (static_cast<history_record>(record.kind)) {
        case history_record::keyframe:
        case history_record::delta:
            return add_snapshot(record, in);
        case history_record::block:
            return add_block(record, in);
        case history_record::floor:
            return add_floor(in);
        default:
            return fail({.code = errc::invalid_value,
                         .where = "record kind",
                         .offset = record.offset,
                         .found = record.kind,
                         .wanted = static_cast<std::uint32_t>(history_record::floor)});
        }
    }

    [[nodiscard]] const std::vector<history_group>& groups() const noexcept { return groups_; }

    // Another number when snapshots have other places.
    [[nodiscard]] std::uint64_t revision() const noexcept { return revision_; }

    [[nodiscard]] std::string_view label(std::uint32_t number) const noexcept {
        return labels_[number];
    }

    // The number of a label, if any snapshot ever had it.
    [[nodiscard]] std::optional<std::uint32_t> label_number(std::string_view label) const {
        const auto at = label_numbers_.find(label);
        return at == label_numbers_.end() ? std::nullopt : std::optional{at->second};
    }

    // Of the next snapshot.
    [[nodiscard]] std::uint64_t next() const noexcept { return next_; }

    [[nodiscard]] std::uint64_t kept_from() const noexcept { return kept_from_; }

    // Of a group, those that nobody let go of.
    [[nodiscard]] std::span<const history_entry> kept(const history_group& group) const noexcept {
        const auto from = std::ranges::lower_bound(group.entries, kept_from_, {}, index_of);
        return {from, group.entries.end()};
    }

    [[nodiscard]] std::uint64_t count() const noexcept {
        std::uint64_t sum = 0;
        for (const history_group& each : groups_) {
            sum += kept(each).size();
        }
        return sum;
    }

    // Bytes of all records but the opening, and of those that are still needed.
    [[nodiscard]] std::uint64_t stored() const noexcept { return stored_; }

    [[nodiscard]] std::uint64_t live() const noexcept {
        std::uint64_t sum = 0;
        for (const history_group& each : groups_) {
            sum += each.stored();
        }
        return sum;
    }

    // Where a snapshot is, or the first after it, if there is one.
    struct place {
        std::size_t group = 0;
        std::size_t entry = 0;

        friend constexpr bool operator==(const place&, const place&) noexcept = default;
        friend constexpr auto operator<=>(const place&, const place&) noexcept = default;
    };

    [[nodiscard]] std::optional<place> at_or_after(std::uint64_t index) const {
        index = std::max(index, kept_from_);
        auto group = std::ranges::lower_bound(groups_, index, {}, &history_group::last);
        for (; group != groups_.end(); ++group) {
            const auto entry = std::ranges::lower_bound(group->entries, index, {}, index_of);
            if (entry != group->entries.end()) {
                return place{static_cast<std::size_t>(group - groups_.begin()),
                             static_cast<std::size_t>(entry - group->entries.begin())};
            }
        }
        return std::nullopt;
    }

    [[nodiscard]] std::optional<place> find(std::uint64_t index) const {
        const auto found = at_or_after(index);
        return found && entry(*found).facts.index == index ? found : std::nullopt;
    }

    [[nodiscard]] std::optional<place> after(place at) const {
        if (++at.entry == groups_[at.group].entries.size()) {
            ++at.group;
            at.entry = 0;
        }
        return at.group == groups_.size() ? std::nullopt : std::optional{at};
    }

    [[nodiscard]] std::optional<place> before(place at) const {
        if (at.entry == 0) {
            if (at.group == 0) {
                return std::nullopt;
            }
            --at.group;
            at.entry = groups_[at.group].entries.size();
        }
        --at.entry;
        return entry(at).facts.index < kept_from_ ? std::nullopt : std::optional{at};
    }

    [[nodiscard]] const history_entry& entry(place at) const noexcept {
        return groups_[at.group].entries[at.entry];
    }

    // Indices that were given out and of which nothing is known any more.
    [[nodiscard]] std::vector<index_range> lost() const {
        std::vector<index_range> all;
        std::uint64_t next = kept_from_;
        const auto missing = [&](std::uint64_t before) {
            if (next < before) {
                all.push_back({next, before - 1});
            }
        };
        for (const history_group& each : groups_) {
            if (each.last >= next) {
                missing(each.first);
                next = each.last + 1;
            }
        }
        missing(next_);
        return all;
    }

private:
    static constexpr auto index_of = [](const history_entry& each) { return each.facts.index; };

    [[nodiscard]] std::uint32_t number_of(std::string_view label) {
        const auto [at, fresh] = label_numbers_.try_emplace(
            std::string{label}, static_cast<std::uint32_t>(labels_.size()));
        if (fresh) {
            labels_.push_back(at->first);
        }
        return at->second;
    }

    result<void> add_snapshot(const log_record& record, reader& in) {
        const auto head = snapshot_head::decode(in);
        if (!head) {
            return pass(head);
        }
        const snapshot_facts& facts = head->facts;
        const bool keyframe = record.kind == static_cast<std::uint32_t>(history_record::keyframe);
        const bool follows = !groups_.empty() && groups_.back().kept_as == tier::raw &&
                             groups_.back().last + 1 == facts.index && facts.index == next_;
        // A number is never given out twice; a delta is of no use without the one before it.
        if (facts.index < next_ || facts.index == std::numeric_limits<std::uint64_t>::max() ||
            (!keyframe && !follows) || (keyframe && !head->label)) {
            const std::uint64_t expected = next_;
            next_ = facts.index == std::numeric_limits<std::uint64_t>::max()
                        ? next_
                        : std::max(next_, facts.index + 1);
            return fail({.code = errc::missing_parent,
                         .where = "snapshot",
                         .offset = record.offset,
                         .found = facts.index,
                         .wanted = expected});
        }
        const auto label =
            head->label ? number_of(*head->label) : groups_.back().entries.back().label;
        if (keyframe) {
            groups_.push_back({.first = facts.index, .last = facts.index});
        }
        history_group& group = groups_.back();
        group.add({.facts = facts,
                   .record = record,
                   .label = label,
                   .step = static_cast<std::uint32_t>(group.entries.size())});
        next_ = facts.index + 1;
        return {};
    }

    result<void> add_block(const log_record& record, reader& in) {
        auto head = block_head::decode(in);
        if (!head) {
            return pass(head);
        }
        if (head->last == std::numeric_limits<std::uint64_t>::max()) {
            return fail({.code = errc::out_of_bounds, .where = "block", .found = head->last});
        }
        history_group group{.kept_as = head->kept_as, .first = head->first, .last = head->first};
        for (std::size_t i = 0; i != head->snapshots.size(); ++i) {
            group.add({.facts = head->snapshots[i],
                       .record = record,
                       .label = number_of(head->labels[head->label_of[i]]),
                       .step = static_cast<std::uint32_t>(i)});
        }
        group.last = head->last;
        // In place of every group within its range; there may be none that reaches out of it.
        const auto begin =
            std::ranges::lower_bound(groups_, group.first, {}, &history_group::first);
        auto end = begin;
        while (end != groups_.end() && end->last <= group.last) {
            ++end;
        }
        const bool clear = (begin == groups_.begin() || std::prev(begin)->last < group.first) &&
                           (end == groups_.end() || end->first > group.last);
        if (!clear) {
            return fail({.code = errc::duplicate,
                         .where = "block",
                         .offset = record.offset,
                         .found = group.first,
                         .wanted = group.last});
        }
        next_ = std::max(next_, group.last + 1);
        ++revision_;
        const auto at = groups_.erase(begin, end);
        groups_.insert(at, std::move(group));
        return {};
    }

    result<void> add_floor(reader& in) {
        const auto floor = history_floor::decode(in);
        if (!floor) {
            return pass(floor);
        }
        ++revision_;
        kept_from_ = std::max(kept_from_, floor->kept_from);
        next_ = std::max(next_, floor->next);
        const auto kept = std::ranges::lower_bound(groups_, kept_from_, {}, &history_group::last);
        groups_.erase(groups_.begin(), kept);
        return {};
    }

    std::vector<history_group> groups_; // ascending, none overlapping
    std::map<std::string, std::uint32_t, std::less<>> label_numbers_;
    std::vector<std::string> labels_;
    std::uint64_t next_ = 0;
    std::uint64_t kept_from_ = 0;
    std::uint64_t stored_ = 0;
    std::uint64_t revision_ = 0;
};

} // namespace tintype::inline v0
