#pragma once

// A way through a history: it goes to any snapshot, and from one to the next or the one before by
// what changed between them alone. What it lends is verified before it is believed.

#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/reader.hpp>
#include <tintype/delta/apply.hpp>
#include <tintype/delta/block.hpp>
#include <tintype/delta/edit.hpp>
#include <tintype/delta/index.hpp>
#include <tintype/delta/record.hpp>
#include <tintype/delta/snapshot.hpp>
#include <tintype/delta/state.hpp>
#include <tintype/delta/step.hpp>
#include <tintype/log/record.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

namespace detail {

template <class T>
[[nodiscard]] std::uint64_t snapshot_checksum(const leaf_state<T>& state, std::uint64_t index) {
    if constexpr (has_snapshot_checksum<T>) {
        return snapshot_traits<T>::checksum(state.value(), index);
    } else {
        return state.checksum();
    }
}

// A keyframe and its deltas, one after another. Deltas are made where they are read; only whoever
// wants to come back has them kept.
template <class T>
class raw_reader {
public:
    [[nodiscard]] result<void> open(reader& in, leaf_state<T>& state, const limits& most) {
        at_ = 0;
        known_ = 0;
        forgot_ = false;
        if (auto done = state.read(in, most); !done) {
            return done;
        }
        return nothing_left(in, "keyframe");
    }

    [[nodiscard]] std::size_t at() const noexcept { return at_; }

    // Whether the next delta was kept, or else must be shown.
    [[nodiscard]] bool knows_next() const noexcept { return at_ < known_; }

    // Whether all deltas so far were kept.
    [[nodiscard]] bool can_go_back() const noexcept { return !forgot_; }

    // The next delta, `in` at its content, without being kept.
    [[nodiscard]] result<void> pass_by(reader& in, bool restructured, leaf_state<T>& state,
                                       const limits& most) {
        ++at_;
        forgot_ = true;
        if (restructured) {
            auto edit = leaf_edit::decode(in, state.table());
            if (!edit) {
                return pass(edit);
            }
            if (auto done = state.restructure(std::move(edit->table), edit->from); !done) {
                return done;
            }
        }
        if (auto done = applier_.apply(in, state.leaves(), most); !done) {
            return done;
        }
        return nothing_left(in, "delta");
    }

    [[nodiscard]] result<void> learn(reader& in, bool restructured, const leaf_state<T>& state) {
        if (steps_.size() == known_) {
            steps_.emplace_back();
        }
        step& fresh = steps_[known_];
        fresh.other.reset();
        const leaf_state<T>* now = &state;
        if (restructured) {
            auto edit = leaf_edit::decode(in, state.table());
            if (!edit) {
                return pass(edit);
            }
            fresh.other.emplace();
            if (auto done = fresh.other->assign(state.value()); !done) {
                return done;
            }
            if (auto done = fresh.other->restructure(std::move(edit->table), edit->from); !done) {
                return done;
            }
            now = &*fresh.other;
        }
        const auto leaves = now->leaves();
        if (auto done = fresh.list.read(
                in, [&](std::size_t leaf) { return leaves[leaf].ops->form; }, leaves.size());
            !done) {
            return done;
        }
        if (auto done = nothing_left(in, "delta"); !done) {
            return done;
        }
        ++known_;
        return {};
    }

    [[nodiscard]] result<void> next(leaf_state<T>& state, const limits& most) {
        step& taken = steps_[at_++];
        if (taken.other) {
            taken.other->swap(state);
        }
        return exchanged(taken, state, most);
    }

    [[nodiscard]] result<void> back(leaf_state<T>& state, const limits& most) {
        step& taken = steps_[--at_];
        if (auto done = exchanged(taken, state, most); !done) {
            return done;
        }
        if (taken.other) {
            taken.other->swap(state);
        }
        return {};
    }

private:
    struct step {
        change_list list{};
        std::optional<leaf_state<T>> other{}; // what the state is or was, where the leaves change
    };

    static result<void> exchanged(step& taken, leaf_state<T>& state, const limits& most) {
        for (change& each : taken.list.changes()) {
            if (auto done = exchange(each, state.leaves()[each.leaf], most); !done) {
                return done;
            }
        }
        return {};
    }

    change_applier applier_;
    std::vector<step> steps_;
    std::size_t known_ = 0; // how many of them are of this group
    std::size_t at_ = 0;
    bool forgot_ = false;
};

} // namespace detail

// Reads of one history. `Source` has
//   const history_index& index() const
//   result<byte_view> payload(const history_entry&, holding&) const     verified
//   std::uint64_t generation() const                        of its records' places
//   bool verifies() const                                   snapshots against their checksums
//   const limits& most() const
// A cursor finds its place again once the generation is another.
template <class T, class Source>
class history_cursor {
    static_assert(!detail::stamped_snapshot<T> || detail::has_snapshot_checksum<T>,
                  "snapshot_traits<T>::stamp changes what the default checksum covers: say "
                  "snapshot_traits<T>::checksum(const T&, std::uint64_t index) too");

public:
    using place = history_index::place;

    explicit history_cursor(const Source& source) noexcept : source_(&source) {}

    // What it is at; only after a call that succeeded.
    [[nodiscard]] const history_entry& entry() const noexcept { return entry_; }

    [[nodiscard]] const T& snapshot() const noexcept { return state_.value(); }

    [[nodiscard]] const leaf_state<T>& state() const noexcept { return state_; }

    [[nodiscard]] tier kept_as() const noexcept { return kept_as_; }

    // Whether there is a snapshot that it is at.
    [[nodiscard]] bool valid() const noexcept { return at_.has_value(); }

    // `out_of_bounds` with the index and how many were ever appended; `not_found` if it is gone.
    [[nodiscard]] result<void> seek(std::uint64_t index) {
        const auto found = source_->index().find(index);
        if (!found) {
            const std::uint64_t next = source_->index().next();
            return fail({.code = index < next ? errc::not_found : errc::out_of_bounds,
                         .where = "snapshot",
                         .found = index,
                         .wanted = next});
        }
        return go(*found);
    }

    // To the one after or before; false if there is none, and then it stays where it is.
    // `not_found` if it is nowhere.
    [[nodiscard]] result<bool> next() {
        keeps_ = false;
        if (!at_) {
            return nowhere();
        }
        const history_index& index = source_->index();
        return beside(stale() ? index.at_or_after(entry_.facts.index + 1) : index.after(*at_));
    }

    [[nodiscard]] result<bool> back() {
        keeps_ = true;
        if (!at_) {
            return nowhere();
        }
        const history_index& index = source_->index();
        if (stale()) {
            // Snapshots have other places, and this one may be gone.
            at_ = index.find(entry_.facts.index);
        }
        return at_ ? beside(index.before(*at_)) : nowhere();
    }

    // After an error it is nowhere.
    [[nodiscard]] result<void> go(place to) {
        at_.reset();
        if (auto done = moved(to); !done) {
            return done;
        }
        at_ = to;
        const history_group& group = source_->index().groups()[to.group];
        entry_ = group.entries[to.entry];
        kept_as_ = group.kept_as;
        return {};
    }

private:
    [[nodiscard]] bool stale() const noexcept { return generation_ != source_->generation(); }

    static result<bool> nowhere() { return fail({.code = errc::not_found, .where = "cursor"}); }

    result<bool> beside(std::optional<place> to) {
        if (!to) {
            return false;
        }
        auto done = go(*to);
        return done ? result<bool>{true} : pass(done);
    }

    result<void> moved(place to) {
        // Nothing is believed until the step is done, whatever ends it.
        const auto loaded = std::exchange(loaded_, std::nullopt);
        const history_index& index = source_->index();
        const history_group& group = index.groups()[to.group];
        const history_entry& wanted = group.entries[to.entry];
        const log_record& first = group.entries.front().record;
        const bool there = loaded && *loaded == first && !stale();
        // What was passed by is not come back to: once, it is read again, and kept.
        if (!there || (step() > wanted.step && !packed_ && !raw_.can_go_back())) {
            generation_ = source_->generation();
            if (auto done = load(group); !done) {
                return done;
            }
        }
        while (step() < wanted.step) {
            if (auto done = forward(group); !done) {
                return done;
            }
        }
        while (step() > wanted.step) {
            if (auto done = backward(); !done) {
                return done;
            }
        }
        if (source_->verifies()) {
            const auto computed = detail::snapshot_checksum(state_, wanted.facts.index);
            if (computed != wanted.facts.checksum) {
                return fail({.code = errc::checksum_mismatch,
                             .where = "snapshot",
                             .offset = wanted.record.offset,
                             .found = wanted.facts.checksum,
                             .wanted = computed});
            }
        }
        snapshot_traits<T>::stamp(state_.value(), wanted.facts.index, wanted.facts.checksum);
        loaded_ = first;
        return {};
    }

    [[nodiscard]] std::size_t step() const noexcept { return packed_ ? block_.at() : raw_.at(); }

    result<void> load(const history_group& group) {
        const history_entry& first = group.entries.front();
        const auto payload = source_->payload(first, held_);
        if (!payload) {
            return pass(payload);
        }
        reader in{*payload, first.record.offset + record_header::bytes};
        packed_ = group.kept_as != tier::raw;
        if (packed_) {
            const auto head = detail::take_sealed(in, "block");
            if (!head) {
                return pass(head);
            }
            return block_.open(in, group.entries.size(), state_, source_->most());
        }
        const auto head = head_of(in, first);
        if (!head) {
            return pass(head);
        }
        return raw_.open(in, state_, source_->most());
    }

    result<void> forward(const history_group& group) {
        if (packed_) {
            return block_.next(state_);
        }
        if (!raw_.knows_next()) {
            const history_entry& next = group.entries[raw_.at() + 1];
            const auto payload = source_->payload(next, held_);
            if (!payload) {
                return pass(payload);
            }
            reader in{*payload, next.record.offset + record_header::bytes};
            const auto head = head_of(in, next);
            if (!head) {
                return pass(head);
            }
            if (!keeps_ || !raw_.can_go_back()) {
                return raw_.pass_by(in, head->restructured, state_, source_->most());
            }
            if (auto done = raw_.learn(in, head->restructured, state_); !done) {
                return done;
            }
        }
        return raw_.next(state_, source_->most());
    }

    // Of the very snapshot, and not of one that another history has in the same place.
    static result<snapshot_head> head_of(reader& in, const history_entry& entry) {
        const std::uint64_t offset = in.offset();
        auto head = snapshot_head::decode(in);
        if (head && !(head->facts == entry.facts)) {
            return fail({.code = errc::invalid_value,
                         .where = "snapshot",
                         .offset = offset,
                         .found = head->facts.index,
                         .wanted = entry.facts.index});
        }
        return head;
    }

    result<void> backward() {
        return packed_ ? block_.back(state_) : raw_.back(state_, source_->most());
    }

    const Source* source_;
    leaf_state<T> state_;
    detail::raw_reader<T> raw_;
    block_reader<T> block_;
    typename Source::holding held_;
    std::uint64_t generation_ = 0;
    bool packed_ = false;
    bool keeps_ = false;               // deltas, to come back to
    std::optional<log_record> loaded_; // the first of the group that the state is in
    std::optional<place> at_;
    history_entry entry_{};
    tier kept_as_ = tier::raw;
};

} // namespace tintype::inline v0
