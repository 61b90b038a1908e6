#pragma once

// A durable history of any described state: each snapshot is appended as what changed since the one
// before, and comes back bit for bit. Snapshots grow smaller as they grow older, and are let go by
// their age.

#include <tintype/codec/columns.hpp>
#include <tintype/core/clock.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/mix.hpp>
#include <tintype/core/progress.hpp>
#include <tintype/core/rules.hpp>
#include <tintype/delta/change.hpp>
#include <tintype/delta/differ.hpp>
#include <tintype/delta/history.hpp>
#include <tintype/delta/record.hpp>
#include <tintype/delta/snapshot.hpp>
#include <tintype/delta/source.hpp>
#include <tintype/delta/tiering.hpp>
#include <tintype/log/flush.hpp>
#include <tintype/log/writer.hpp>
#include <tintype/storage/directory.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

struct history_options {
    std::uint64_t keyframe_interval = 10; // of a new history; one that is there keeps its own
    bool verify_checksums = true;         // of each snapshot that is read, against the one taken
    std::uint64_t query_bytes = 52428800; // that an answer may take, where the query does not say
    flush_policy flush = flush_always{};
    // Of a history whose opening is damaged: it is believed to be of these snapshots. Readers do
    // that anyway, and are refused what has other leaves.
    bool mend_opening = false;
    access how = access::map;
    limits most{};
};

// One owner writes a history; `in_use` for a second, in this process or another. Reading is const,
// and may be done by many threads at the same time while nobody appends or cleans up.
template <obeys<snapshot_rules> T, obeys<appendable_storage_rules> S = directory,
          obeys<clock_rules> Clock = system_clock, same_policy Same = exact>
class delta_store : public history<T, S> {
    using base = history<T, S>;

    static_assert(detail::has_leaves<T>(),
                  "tintype: a history cannot look into a member of this struct: describe the "
                  "member's type with BOOST_HANA_DEFINE_STRUCT, or give it a tintype::column_form; "
                  "a pointer never has leaves");

public:
    // A history that is not there yet is made. What a power cut tore is cut off: see cut().
    [[nodiscard]] static result<delta_store> open(const S& storage, const std::string& name,
                                                  const history_options& options = {},
                                                  Clock clock = {}, Same same = {}) {
        if (options.keyframe_interval == 0 ||
            options.keyframe_interval > block_head::most_snapshots) {
            return fail(
                {.code = errc::invalid_value,
                 .where = "keyframe interval",
                 .found = options.keyframe_interval,
                 .wanted = options.keyframe_interval == 0 ? 1 : block_head::most_snapshots});
        }
        if (options.flush.gather() != 0) {
            // A snapshot is read from where it was written.
            return fail({.code = errc::unsupported, .where = "gathered records"});
        }
        history_scan scan;
        auto log =
            log_writer<S>::open(storage, name, history_magic, options.flush,
                                [&](const auto& what, byte_view object) { scan(what, object); });
        if (!log && log.error().code == errc::not_found) {
            log = made(storage, name, options, clock, scan);
        }
        if (!log) {
            return pass(log);
        }
        auto opening =
            options.mend_opening
                ? scan.opening_or({.interval = options.keyframe_interval,
                                   .schema = std::string{detail::schema_of_columns<T>()}})
                : scan.opening();
        if (!opening) {
            return pass(opening);
        }
        if (auto good = detail::check_schema(opening->schema, detail::schema_of_columns<T>(),
                                             "history of other snapshots");
            !good) {
            return pass(good);
        }
        auto source = std::make_unique<history_source<S>>(storage, name, options.how);
        source->reset(std::move(scan.index()));
        source->set(options.most, options.verify_checksums);
        return delta_store{std::move(source),   *std::move(opening), std::move(scan.damage()),
                           options.query_bytes, *std::move(log),     std::move(clock),
                           std::move(same)};
    }

    // Bytes of a torn tail that opening cut off.
    [[nodiscard]] std::uint64_t cut() const noexcept { return log_.cut(); }

    // The snapshot's index. Durable when this returns, or as the flush policy says. After an error
    // nothing was appended, and the next one may succeed; only after an error of a sync the history
    // has to be opened again.
    [[nodiscard("tintype: look at the result: it may be an error")]] result<std::uint64_t>
    append(const T& snapshot) {
        if (behind_) {
            // A record that there was no memory to take note of: it would be given out again.
            return fail({.code = errc::out_of_memory, .where = "open the history again"});
        }
        const std::uint64_t index = this->next_index();
        const bool keyframe = !following_ || index % this->keyframe_interval() == 0;
        following_ = false;
        if (auto done = keyframe ? differ_.start(snapshot) : differ_.to(snapshot); !done) {
            return pass(done);
        }
        const auto& its_label = snapshot_traits<T>::label(snapshot); // or a text of its own
        const std::string_view label = its_label;
        snapshot_head head;
        head.facts = {.index = index,
                      .time = time_of(snapshot),
                      .checksum = detail::snapshot_checksum(differ_.state(), index),
                      .size = size_of(snapshot)};
        head.restructured = !keyframe && differ_.edit().has_value();
        if (keyframe || label != label_) {
            head.label = label;
        }
        head_.clear();
        head.encode(head_);
        const std::size_t facts = head_.size();
        byte_view content;
        if (keyframe) {
            content_.clear();
            differ_.state().write(content_);
            content = content_.bytes();
        } else {
            if (const auto& edit = differ_.edit()) {
                edit->encode(leaves_, head_);
            }
            append_varint(head_, differ_.count());
            content = differ_.changes();
        }
        const auto kind = keyframe ? history_record::keyframe : history_record::delta;
        const std::array<byte_view, 2> pieces{byte_view{head_}, content};
        const auto offset = log_.append(static_cast<std::uint32_t>(kind), pieces);
        if (!offset) {
            return pass(offset);
        }
        behind_ = true;
        const log_record record{.kind = static_cast<std::uint32_t>(kind),
                                .offset = *offset,
                                .size = head_.size() + content.size()};
        if (auto done = this->source().index().add(record, byte_view{head_}.first(facts)); !done) {
            return pass(done);
        }
        behind_ = false;
        leaves_ = differ_.state().leaves().size();
        label_ = label;
        following_ = true;
        return index;
    }

    // All that was appended is durable.
    [[nodiscard("tintype: look at the result: it may be an error")]] result<void> flush() {
        return log_.flush();
    }

    // Bytes of the whole history, and of those how many a power cut cannot take any more.
    [[nodiscard]] std::uint64_t size() const { return log_.size(); }

    [[nodiscard]] std::uint64_t durable_size() const { return log_.durable_size(); }

    // Moves what is old enough to the next tier, lets go of what is too old, and gives the space
    // back once more of it is waste than not. Each move is one record: after a crash it is done or
    // it is not, and no snapshot is lost. Stops when the monitor or `moves` says so, and goes on
    // from there the next time.
    template <thinning_policy Thin = keep_everything>
    [[nodiscard("tintype: look at the result: it may be an error")]] result<cleanup_outcome>
    cleanup(std::uint64_t now, const cleanup_options<Thin>& options = {}) {
        cleanup_outcome outcome;
        detail::tiering<T, S, Thin> work{this->source(), log_, now, options, outcome};
        auto done = work.drop();
        if (done) {
            done = work.move();
        }
        if (done) {
            done = work.remember_next();
        }
        // The last group may be a block now, on which no delta can build.
        const auto& groups = this->source().index().groups();
        following_ = following_ && !groups.empty() && groups.back().kept_as == tier::raw;
        if (done) {
            done = log_.flush();
        }
        if (done && outcome.complete && options.compact) {
            const history_index& index = this->source().index();
            const std::uint64_t live = index.live();
            if (index.stored() - live > live + options.tolerated_waste) {
                done = compact(options.watch);
                outcome.compacted = done.has_value();
                if (!done &&
                    (!this->damage().empty() || done.error().code == errc::checksum_mismatch)) {
                    // What is damaged is left where it is, for whoever can mend it: known of, or
                    // found only now.
                    done = {};
                } else if (!done && done.error().code == errc::cancelled) {
                    outcome.complete = false;
                    done = {};
                }
            }
        }
        if (!done) {
            return pass(done);
        }
        return outcome;
    }

    [[nodiscard("tintype: look at the result: it may be an error")]] result<cleanup_outcome>
    cleanup() {
        return cleanup(static_cast<std::uint64_t>(clock_.now().time_since_epoch().count()));
    }

    // Writes the history anew, without what nobody needs any more. Where anything is damaged,
    // nothing is done, and the error says what is wrong with it.
    [[nodiscard]] result<void> compact(const monitor* watch = nullptr) {
        if (!this->damage().empty()) {
            return fail(this->damage().front().why);
        }
        history_index fresh;
        history_opening opening = this->opening();
        opening.salt = salt(clock_);
        auto done = log_.rewrite([&](auto put) { return rewritten(opening, fresh, put); }, watch);
        if (!done) {
            return done;
        }
        this->opening() = std::move(opening);
        this->source().reset(std::move(fresh));
        following_ = false;
        return {};
    }

private:
    delta_store(std::unique_ptr<history_source<S>> source, history_opening opening,
                std::vector<log_damage> damage, std::uint64_t query_bytes, log_writer<S> log,
                Clock clock, Same same)
        : base(std::move(source), std::move(opening), std::move(damage), query_bytes),
          log_(std::move(log)), clock_(std::move(clock)), differ_(std::move(same)) {}

    [[nodiscard]] static std::uint64_t salt(const Clock& clock) {
        // Two of one clock's tick differ by where they were made.
        static std::atomic<std::uint64_t> count{0};
        splitmix64 mixed{static_cast<std::uint64_t>(clock.now().time_since_epoch().count()) ^
                         count.fetch_add(1) << 48U};
        return mixed();
    }

    [[nodiscard]] static result<log_writer<S>> made(const S& storage, const std::string& name,
                                                    const history_options& options,
                                                    const Clock& clock, history_scan& scan) {
        const blob first = history_opening{.salt = salt(clock),
                                           .interval = options.keyframe_interval,
                                           .schema = std::string{detail::schema_of_columns<T>()}}
                               .encode();
        const byte_view payload{first};
        auto log = log_writer<S>::create(storage, name, history_magic, std::span{&payload, 1},
                                         static_cast<std::uint32_t>(history_record::opening),
                                         options.flush);
        if (log) {
            scan.take(first);
        }
        return log;
    }

    [[nodiscard]] std::uint64_t time_of(const T& snapshot) const {
        const auto time = snapshot_traits<T>::time(snapshot);
        return time ? *time : static_cast<std::uint64_t>(clock_.now().time_since_epoch().count());
    }

    [[nodiscard]] std::uint64_t size_of(const T& snapshot) const {
        if constexpr (detail::has_snapshot_size<T>) {
            return snapshot_traits<T>::size(snapshot);
        } else {
            return differ_.state().size();
        }
    }

    template <class Put>
    [[nodiscard]] result<void> rewritten(const history_opening& opening, history_index& fresh,
                                         Put& put) {
        const history_index& held = this->source().index();
        const auto copy = [&](history_record kind, byte_view payload) -> result<void> {
            const auto number = static_cast<std::uint32_t>(kind);
            const auto offset = put(number, std::span{&payload, 1});
            if (!offset) {
                return pass(offset);
            }
            return kind == history_record::opening
                       ? result<void>{}
                       : fresh.add({number, *offset, payload.size()}, payload);
        };
        if (auto done = copy(history_record::opening, opening.encode()); !done) {
            return done;
        }
        typename history_source<S>::holding holding;
        for (const history_group& group : held.groups()) {
            for (const history_entry& entry : group.entries) {
                const auto payload = this->source().checked(entry, holding);
                if (!payload) {
                    return pass(payload);
                }
                if (auto done = copy(static_cast<history_record>(entry.record.kind), *payload);
                    !done) {
                    return done;
                }
                if (group.kept_as != tier::raw) {
                    break;
                }
            }
        }
        return copy(history_record::floor, history_floor{held.kept_from(), held.next()}.encode());
    }

    log_writer<S> log_;
    Clock clock_;
    state_differ<T, Same> differ_;
    bool behind_ = false;    // the log has a record that the index does not have
    bool following_ = false; // the state is the last snapshot, and a delta may build on it
    std::size_t leaves_ = 0; // of the last snapshot
    std::string label_;
    blob head_;
    detail::claimed_bytes content_;
};

} // namespace tintype::inline v0
