#pragma once

// Growing old: which snapshots are packed, how tightly, and which are let go. A move to another
// tier is one record that stands for those before it.

#include <tintype/core/error.hpp>
#include <tintype/core/progress.hpp>
#include <tintype/delta/block.hpp>
#include <tintype/delta/cursor.hpp>
#include <tintype/delta/index.hpp>
#include <tintype/delta/record.hpp>
#include <tintype/delta/source.hpp>
#include <tintype/log/writer.hpp>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

// Which snapshots the archive keeps: asked for each, in order, as it is moved there. The policy is
// a new copy for each block; of a block of which it keeps none, the first stays.
template <class P>
concept thinning_policy = std::copyable<P> && requires(P& thin, const snapshot_facts& facts) {
    { thin.keeps(facts) } -> std::same_as<bool>;
};

struct keep_everything {
    [[nodiscard]] static bool keeps(const snapshot_facts&) noexcept { return true; }
};

// The first snapshot of each stretch of time: the others are let go when they are archived.
class keep_one_per {
public:
    explicit keep_one_per(std::chrono::nanoseconds stretch) noexcept
        : stretch_(stretch.count() > 0 ? static_cast<std::uint64_t>(stretch.count()) : 1) {}

    [[nodiscard]] bool keeps(const snapshot_facts& facts) noexcept {
        const std::uint64_t now = facts.time / stretch_;
        return std::exchange(last_, now) != now;
    }

private:
    std::uint64_t stretch_;
    std::optional<std::uint64_t> last_;
};

template <thinning_policy Thin = keep_everything>
struct cleanup_options {
    // What is older is moved to the next tier, and at last let go.
    std::chrono::nanoseconds raw_max_age = std::chrono::hours{24};
    std::chrono::nanoseconds compressed_max_age = std::chrono::hours{24 * 30};
    std::chrono::nanoseconds archive_max_age = std::chrono::hours{24 * 365};
    std::uint64_t archive_block = 256; // snapshots in a block of the archive, at most
    Thin thin{};
    std::uint64_t moves = std::numeric_limits<std::uint64_t>::max(); // blocks made, at most
    bool compact = true;
    std::uint64_t tolerated_waste = 65536; // bytes
    const monitor* watch = nullptr;        // told of blocks; asked before each whether to stop
};

struct cleanup_outcome {
    std::uint64_t compressed = 0; // snapshots that were moved there
    std::uint64_t archived = 0;
    std::uint64_t dropped = 0; // snapshots that were too old
    std::uint64_t thinned = 0; // snapshots that the policy did not keep
    std::uint64_t damaged = 0; // groups that could not be read, and were left as they are
    bool complete = true;      // nothing was left for the next time
    bool compacted = false;
};

namespace detail {

template <class T, appendable_storage S, thinning_policy Thin>
class tiering {
public:
    tiering(history_source<S>& source, log_writer<S>& log, std::uint64_t now,
            const cleanup_options<Thin>& options, cleanup_outcome& outcome)
        : source_(&source), log_(&log), options_(&options), outcome_(&outcome),
          raw_(before(now, options.raw_max_age)),
          compressed_(before(now, options.compressed_max_age)),
          archive_(before(now, options.archive_max_age)) {}

    // Snapshots at the front that are too old, up to the first that is not.
    result<void> drop() {
        const history_index& index = source_->index();
        std::uint64_t kept_from = index.kept_from();
        std::uint64_t dropped = 0;
        const auto first = index.at_or_after(kept_from);
        for (auto place = first; place; place = index.after(*place)) {
            if (!older(index.entry(*place).facts.time, archive_)) {
                break;
            }
            // Of a group that goes as a whole, nothing stays behind that was thinned.
            const history_group& group = index.groups()[place->group];
            const bool whole = place->entry + 1 == group.entries.size();
            kept_from = whole ? group.last + 1 : index.entry(*place).facts.index + 1;
            ++dropped;
        }
        if (dropped == 0) {
            return {};
        }
        const blob payload = history_floor{kept_from, index.next()}.encode();
        auto done = appended(history_record::floor, payload);
        if (done) {
            outcome_->dropped += dropped;
        }
        return done;
    }

    // Blocks do not say which index comes next, and what does may be damaged.
    result<void> remember_next() {
        if (moved_ == 0) {
            return {};
        }
        const history_index& index = source_->index();
        return appended(history_record::floor,
                        history_floor{index.kept_from(), index.next()}.encode());
    }

    result<void> move() {
        for (std::size_t at = 0; at < source_->index().groups().size();) {
            const auto next = next_run(at);
            if (next.count == 0) {
                ++at;
                continue;
            }
            if (moved_ == options_->moves) {
                outcome_->complete = false;
                return {};
            }
            if (options_->watch != nullptr &&
                !options_->watch->report({.done = moved_, .total = 0})) {
                outcome_->complete = false;
                return {};
            }
            std::size_t good = 0;
            auto done = packed(at, next.count, next.to, good);
            if (!done && is_damage(done.error())) {
                if (good == 0) {
                    // Left as it is; so is what no reader would take at once.
                    outcome_->damaged += done.error().code == errc::limit_exceeded ? 0U : 1U;
                    ++at;
                    continue;
                }
                if (good == 1 && source_->index().groups()[at].kept_as == next.to) {
                    ++at;
                    continue;
                }
                // Those before it, and it is looked at by itself.
                done = packed(at, good, next.to, good);
            }
            if (!done) {
                return done;
            }
            ++moved_;
            ++at;
        }
        return {};
    }

private:
    struct run {
        std::size_t count = 0; // groups that become a block
        tier to = tier::compressed;
    };

    // Before this, or nothing where it is older than time is.
    [[nodiscard]] static std::optional<std::uint64_t>
    before(std::uint64_t now, std::chrono::nanoseconds age) noexcept {
        const auto past = static_cast<std::uint64_t>(std::max<std::int64_t>(age.count(), 0));
        return past > now ? std::nullopt : std::optional{now - past};
    }

    [[nodiscard]] static bool older(std::uint64_t time,
                                    const std::optional<std::uint64_t>& than) noexcept {
        return than && time < *than;
    }

    [[nodiscard]] static bool is_damage(const error& what) noexcept {
        return what.code != errc::no_space && what.code != errc::io &&
               what.code != errc::permission_denied && what.code != errc::cancelled &&
               what.code != errc::out_of_memory && what.system == 0;
    }

    [[nodiscard]] run next_run(std::size_t at) const {
        const auto& groups = source_->index().groups();
        std::size_t count = 0;
        std::uint64_t snapshots = 0;
        while (at + count != groups.size()) {
            const history_group& group = groups[at + count];
            // A full block of the archive is as it should be.
            const bool wanted = older(group.latest, compressed_) &&
                                (group.kept_as != tier::archive ||
                                 2 * group.entries.size() <= options_->archive_block);
            const std::uint64_t most =
                std::clamp<std::uint64_t>(options_->archive_block, 1, block_head::most_snapshots);
            // Across what is lost no block stands for it.
            const bool apart = count != 0 && group.first != groups[at + count - 1].last + 1;
            if (!wanted || apart || (count != 0 && snapshots + group.entries.size() > most)) {
                break;
            }
            snapshots += group.entries.size();
            ++count;
        }
        if (count > 1 || (count == 1 && groups[at].kept_as != tier::archive)) {
            return {count, tier::archive};
        }
        if (groups[at].kept_as == tier::raw && older(groups[at].latest, raw_)) {
            return {1, tier::compressed};
        }
        return {};
    }

    // `good` is how many groups there are before the one of which the error tells.
    result<void> packed(std::size_t at, std::size_t count, tier to, std::size_t& good) {
        const history_index& index = source_->index();
        const auto& groups = index.groups();
        const std::uint64_t first = groups[at].first;
        const std::uint64_t last = groups[at + count - 1].last;
        block_writer<T> block;
        history_cursor<T, history_source<S>> cursor{*source_};
        typename history_source<S>::holding held;
        std::optional<std::uint64_t> sound; // the record that was looked at last, as a whole
        std::vector<std::uint32_t> sums;    // of each snapshot, all its leaves
        const auto add = [&](history_index::place place) -> result<void> {
            if (const auto& record = index.entry(place).record; sound != record.offset) {
                if (const auto whole = source_->checked(index.entry(place), held); !whole) {
                    return pass(whole);
                }
                sound = record.offset;
            }
            if (auto done = cursor.go(place); !done) {
                return done;
            }
            const history_entry& entry = index.entry(place);
            if (auto done = block.add(cursor.snapshot(), entry.facts, index.label(entry.label));
                !done) {
                return done;
            }
            sums.push_back(cursor.state().checksum());
            if (block.decoded_size() > source_->most().bytes) {
                return fail({.code = errc::limit_exceeded,
                             .where = "block",
                             .found = block.decoded_size(),
                             .wanted = source_->most().bytes});
            }
            return {};
        };
        Thin thin = options_->thin;
        std::uint64_t thinned = 0;
        std::optional<history_index::place> oldest; // that nobody let go of before
        good = 0;
        for (std::size_t group = at; group != at + count; ++group) {
            for (std::size_t i = 0; i != groups[group].entries.size(); ++i) {
                const snapshot_facts& facts = groups[group].entries[i].facts;
                if (facts.index < index.kept_from()) {
                    continue;
                }
                oldest = oldest ? oldest : history_index::place{group, i};
                if (to == tier::archive && !thin.keeps(facts)) {
                    ++thinned;
                } else if (auto done = add({group, i}); !done) {
                    return done;
                }
            }
            ++good;
        }
        if (block.count() == 0 && oldest) {
            // A block stands on something, whatever the policy says.
            --thinned;
            if (auto done = add(*oldest); !done) {
                good = oldest->group - at;
                return done;
            }
        }
        const std::uint64_t kept = block.count();
        if (kept == 0) {
            return fail({.code = errc::not_found, .where = "block", .found = first});
        }
        const blob payload = block.finish(to, first, last);
        auto done = readable(payload, sums);
        if (done) {
            done = appended(history_record::block, payload);
        }
        if (done) {
            (to == tier::archive ? outcome_->archived : outcome_->compressed) += kept;
            outcome_->thinned += thinned;
        }
        return done;
    }

    // Whether what is to stand for records that go gives back every snapshot, whose checksums these
    // are: a type's own need not cover all of it.
    [[nodiscard]] result<void> readable(byte_view payload,
                                        std::span<const std::uint32_t> sums) const {
        reader in{payload};
        const auto head = block_head::decode(in);
        if (!head) {
            return pass(head);
        }
        leaf_state<T> state;
        block_reader<T> block;
        if (auto done = block.open(in, head->snapshots.size(), state, source_->most()); !done) {
            return done;
        }
        for (std::size_t i = 0; i != head->snapshots.size(); ++i) {
            if (i != 0) {
                if (auto done = block.next(state); !done) {
                    return done;
                }
            }
            const snapshot_facts& wanted = head->snapshots[i];
            const auto computed = snapshot_checksum(state, wanted.index);
            if (computed != wanted.checksum) {
                return fail({.code = errc::checksum_mismatch,
                             .where = "block",
                             .found = wanted.checksum,
                             .wanted = computed});
            }
            if (const auto sum = state.checksum(); sum != sums[i]) {
                return fail({.code = errc::checksum_mismatch,
                             .where = "block",
                             .found = sums[i],
                             .wanted = sum});
            }
        }
        return {};
    }

    result<void> appended(history_record kind, byte_view payload) {
        const auto number = static_cast<std::uint32_t>(kind);
        const auto offset = log_->append(number, payload);
        if (!offset) {
            return pass(offset);
        }
        if (kind == history_record::block) {
            // Of a block that a power cut tore, what stands before its content may be whole; only
            // the last record of a log is looked at as a whole when the log is opened. So no record
            // comes behind one that might be torn and stands for what was durable.
            if (auto done = log_->flush(); !done) {
                return done;
            }
        }
        return source_->index().add({number, *offset, payload.size()}, payload);
    }

    history_source<S>* source_;
    log_writer<S>* log_;
    const cleanup_options<Thin>* options_;
    cleanup_outcome* outcome_;
    std::optional<std::uint64_t> raw_;
    std::optional<std::uint64_t> compressed_;
    std::optional<std::uint64_t> archive_;
    std::uint64_t moved_ = 0;
};

} // namespace detail

} // namespace tintype::inline v0
