#pragma once

// Many snapshots in one record, leaf by leaf: the structure of the first, what became of it, and a
// track for each leaf that was ever there. The tiers below `raw` are blocks of few snapshots or of
// many.

#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/reader.hpp>
#include <tintype/core/varint.hpp>
#include <tintype/delta/block_content.hpp>
#include <tintype/delta/differ.hpp>
#include <tintype/delta/edit.hpp>
#include <tintype/delta/measure.hpp>
#include <tintype/delta/record.hpp>
#include <tintype/delta/state.hpp>
#include <tintype/delta/step.hpp>
#include <tintype/delta/table.hpp>
#include <tintype/delta/track.hpp>
#include <tintype/delta/track_cursor.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

template <class T>
class block_writer {
public:
    // Snapshots with ascending indices. `limit_exceeded` where a reader would not take them all at
    // once; after an error the writer is of no more use.
    [[nodiscard]] result<void> add(const T& snapshot, const snapshot_facts& facts,
                                   std::string_view label) {
        const auto step = static_cast<std::uint32_t>(head_.snapshots.size());
        if (step == block_head::most_snapshots) {
            return fail({.code = errc::limit_exceeded,
                         .where = "block",
                         .found = std::uint64_t{step} + 1,
                         .wanted = block_head::most_snapshots});
        }
        if (step == 0) {
            if (auto done = begin(snapshot); !done) {
                return done;
            }
        } else if (auto done = follow(snapshot, step); !done) {
            return done;
        }
        for (std::size_t i = 0; i != alive_.size(); ++i) {
            measured(i);
        }
        if (decoded_ > most_block_bytes) {
            return fail({.code = errc::limit_exceeded,
                         .where = "block",
                         .found = decoded_,
                         .wanted = most_block_bytes});
        }
        head_.snapshots.push_back(facts);
        const auto at = std::ranges::find(head_.labels, label);
        head_.label_of.push_back(static_cast<std::uint32_t>(at - head_.labels.begin()));
        if (at == head_.labels.end()) {
            head_.labels.emplace_back(label);
        }
        return {};
    }

    [[nodiscard]] std::size_t count() const noexcept { return head_.snapshots.size(); }

    // About what the decoded block takes.
    [[nodiscard]] std::uint64_t decoded_size() const noexcept { return decoded_; }

    // The payload of a block record that stands for these indices, and the writer is as new.
    [[nodiscard]] blob finish(tier kept_as, std::uint64_t first, std::uint64_t last) {
        head_.kept_as = kept_as;
        head_.first = first;
        head_.last = last;
        blob to;
        head_.encode(to);
        append_varint(to, table_.size());
        append(to, table_);
        append_varint(to, edits_.size());
        for (const auto& [step, bytes] : edits_) {
            append_varint(to, step);
            append_varint(to, bytes.size());
            append(to, bytes);
        }
        append_varint(to, tracks_.size());
        for (const leaf_track& each : tracks_) {
            blob bytes;
            each.encode(bytes);
            append_varint(to, bytes.size());
            append(to, bytes);
        }
        *this = {};
        return to;
    }

private:
    struct alive {
        std::size_t track = 0;
        std::uint32_t changed = 0; // the step of the last change, or the one it came in
        bool fresh = true;         // no change yet
        bool stale = true;         // `now` is to be measured
        measure now{};
    };

    result<void> begin(const T& snapshot) {
        if (auto done = differ_.start(snapshot); !done) {
            return done;
        }
        differ_.state().table().encode(table_);
        const auto leaves = differ_.state().leaves();
        for (std::size_t i = 0; i != leaves.size(); ++i) {
            leaf_state<T>::with_bytes(leaves[i], [&](byte_view bytes) {
                born(leaves[i].ops->form, 0);
                tracks_.back().initial = bytes.size() / leaves[i].ops->form.width;
                append(tracks_.back().values, bytes);
                decoded_ += bytes.size();
            });
            if (alive_.size() == i) {
                born(leaves[i].ops->form, 0);
            }
        }
        return {};
    }

    void born(const leaf_form& form, std::uint32_t step) {
        alive_.push_back({.track = tracks_.size(), .changed = step});
        tracks_.emplace_back();
        tracks_.back().form = form;
    }

    result<void> follow(const T& snapshot, std::uint32_t step) {
        const std::size_t before = differ_.state().leaves().size();
        const std::uint64_t size = differ_.state().size();
        if (auto done = differ_.to(snapshot); !done) {
            return done;
        }
        if (const auto& edit = differ_.edit()) {
            blob bytes;
            edit->encode(before, bytes);
            // The reader keeps the state before each, to go back.
            decoded_ += edit->table.footprint() + std::max(size, differ_.state().size());
            edits_.emplace_back(step, std::move(bytes));
            auto held = std::exchange(alive_, {});
            for (std::size_t i = 0; i != edit->from.size(); ++i) {
                if (edit->from[i] == leaf_edit::none) {
                    born(edit->table.form(i), step);
                } else {
                    alive_.push_back(held[edit->from[i]]);
                }
            }
        }
        const auto leaves = differ_.state().leaves();
        blob bytes;
        append_varint(bytes, differ_.count());
        append(bytes, differ_.changes());
        reader in{bytes};
        if (auto done = list_.read(
                in, [&](std::size_t leaf) { return leaves[leaf].ops->form; }, leaves.size());
            !done) {
            return done;
        }
        for (const change& each : list_.changes()) {
            alive& mine = alive_[each.leaf];
            leaf_track& track = tracks_[mine.track];
            track.add(step - mine.changed, each);
            mine.changed = step;
            mine.fresh = false;
            mine.stale = true;
            decoded_ += each.values.size() + 4 * each.positions.size() + leaf_track::change_bytes;
        }
        return {};
    }

    void measured(std::size_t leaf) {
        alive& mine = alive_[leaf];
        leaf_track& track = tracks_[mine.track];
        if (!is_number(track.form.type)) {
            return;
        }
        if (mine.stale) {
            const leaf_handle& handle = differ_.state().leaves()[leaf];
            mine.now = measure_of(*handle.ops, handle.at);
            mine.stale = false;
        }
        track.all.add(mine.now);
    }

    block_head head_;
    state_differ<T> differ_;
    change_list list_;
    blob table_;
    std::vector<std::pair<std::uint32_t, blob>> edits_;
    std::vector<leaf_track> tracks_; // in the order in which the leaves came
    std::vector<alive> alive_;       // a leaf each
    std::uint64_t decoded_ = 0;
};

// The snapshots of a block, one after another, there and back.
template <class T>
class block_reader {
public:
    // `in` stands behind the head of a block of so many snapshots. The first of them is the state.
    [[nodiscard]] result<void> open(reader& in, std::uint64_t steps, leaf_state<T>& state,
                                    const limits& most) {
        left_ = std::min(most.bytes, most_block_bytes);
        auto content = block_content::decode(in, steps, left_);
        if (!content) {
            return pass(content);
        }
        most_ = most;
        content_ = *std::move(content);
        at_ = 0;
        done_edits_ = 0;
        others_.clear();
        tracks_.clear();
        cursors_.clear();
        events_.assign(static_cast<std::size_t>(steps), {});
        tracks_.reserve(content_.tracks.size());
        for (std::size_t i = 0; i != content_.tracks.size(); ++i) {
            auto track = leaf_track::decode(content_.tracks[i], content_.forms[i], left_);
            if (!track) {
                return pass(track);
            }
            if (auto done = detail::nothing_left(content_.tracks[i], "leaf"); !done) {
                return done;
            }
            if (auto done = track->check(steps - content_.born[i]); !done) {
                return done;
            }
            std::uint32_t step = content_.born[i];
            for (const std::uint32_t gap : track->gaps) {
                step += gap;
                events_[step].push_back(static_cast<std::uint32_t>(i));
            }
            tracks_.push_back(*std::move(track));
        }
        for (leaf_track& each : tracks_) {
            cursors_.emplace_back(each);
        }
        return begin(state);
    }

    // The step that the state is at.
    [[nodiscard]] std::size_t at() const noexcept { return at_; }

    [[nodiscard]] result<void> next(leaf_state<T>& state) {
        ++at_;
        if (done_edits_ != content_.edits.size() && content_.edits[done_edits_].step == at_) {
            if (auto done = restructure(state); !done) {
                return done;
            }
        }
        for (const std::uint32_t track : events_[at_]) {
            if (leaf_of_[track] == absent) {
                return fail({.code = errc::out_of_bounds,
                             .where = "changes",
                             .found = track,
                             .wanted = state.leaves().size()});
            }
            if (auto done = cursors_[track].next(state.leaves()[leaf_of_[track]], most_); !done) {
                return done;
            }
        }
        return {};
    }

    [[nodiscard]] result<void> back(leaf_state<T>& state) {
        for (const std::uint32_t track : events_[at_]) {
            if (auto done = cursors_[track].back(state.leaves()[leaf_of_[track]], most_); !done) {
                return done;
            }
        }
        if (done_edits_ != 0 && content_.edits[done_edits_ - 1].step == at_) {
            --done_edits_;
            exchange_states(state);
        }
        --at_;
        return {};
    }

private:
    static constexpr auto absent = std::numeric_limits<std::uint32_t>::max();

    // A state of another structure, and which leaf of it each track is.
    struct other {
        leaf_state<T> state{};
        std::vector<std::uint32_t> leaf_of{};
    };

    result<void> begin(leaf_state<T>& state) {
        // As the content of a keyframe, so that there is one way to make a state.
        blob bytes;
        blob table;
        content_.table.encode(table);
        append_varint(bytes, table.size());
        append(bytes, table);
        leaf_of_.assign(tracks_.size(), absent);
        for (std::size_t i = 0; i != content_.table.size(); ++i) {
            const leaf_track& track = tracks_[i];
            leaf_of_[i] = static_cast<std::uint32_t>(i);
            if (track.form.type == leaf_type::marker) {
                continue;
            }
            if (track.form.resizable()) {
                append_varint(bytes, track.initial);
            } else if (track.initial != track.form.extent) {
                return fail({.code = errc::out_of_bounds,
                             .where = "leaf",
                             .found = track.initial,
                             .wanted = track.form.extent});
            }
            append(bytes, byte_view{track.values}.first(
                              static_cast<std::size_t>(track.initial * track.form.width)));
        }
        reader in{bytes};
        return state.read(in, most_);
    }

    result<void> restructure(leaf_state<T>& state) {
        if (done_edits_ == others_.size()) {
            const leaf_edit& edit = content_.edits[done_edits_].edit;
            const std::uint64_t size = state.size();
            if (size > left_) {
                return fail({.code = errc::limit_exceeded,
                             .where = "structure",
                             .found = size,
                             .wanted = left_});
            }
            left_ -= size;
            other made;
            if (auto done = made.state.assign(state.value()); !done) {
                return done;
            }
            if (auto done = made.state.restructure(leaf_table{edit.table}, edit.from); !done) {
                return done;
            }
            made.leaf_of = moved(edit);
            others_.push_back(std::move(made));
        }
        exchange_states(state);
        ++done_edits_;
        return {};
    }

    void exchange_states(leaf_state<T>& state) {
        other& held = others_[done_edits_];
        held.state.swap(state);
        std::swap(held.leaf_of, leaf_of_);
    }

    [[nodiscard]] std::vector<std::uint32_t> moved(const leaf_edit& edit) const {
        std::vector<std::uint32_t> track_of;
        for (std::uint32_t track = 0; track != leaf_of_.size(); ++track) {
            if (leaf_of_[track] != absent) {
                track_of.resize(std::max<std::size_t>(track_of.size(), leaf_of_[track] + 1));
                track_of[leaf_of_[track]] = track;
            }
        }
        std::vector<std::uint32_t> leaf_of(leaf_of_.size(), absent);
        const std::uint32_t step = content_.edits[done_edits_].step;
        auto fresh = static_cast<std::size_t>(std::ranges::lower_bound(content_.born, step) -
                                              content_.born.begin());
        for (std::uint32_t leaf = 0; leaf != edit.from.size(); ++leaf) {
            const std::size_t from = edit.from[leaf];
            leaf_of[from == leaf_edit::none ? fresh++ : track_of[from]] = leaf;
        }
        return leaf_of;
    }

    block_content content_;
    limits most_{};
    std::vector<leaf_track> tracks_;
    std::vector<track_cursor> cursors_;
    std::vector<std::vector<std::uint32_t>> events_; // the tracks that change at each step
    std::vector<std::uint32_t> leaf_of_;             // each track's leaf now, or `absent`
    std::vector<other> others_;
    std::uint64_t left_ = 0; // bytes of memory that may still be taken
    std::size_t at_ = 0;
    std::size_t done_edits_ = 0;
};

} // namespace tintype::inline v0
