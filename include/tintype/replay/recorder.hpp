#pragma once

// Records what a program does, so that a crash loses nothing that was acknowledged: each action is
// appended to a journal, and a session that has ended goes into a segment with those before it.

#include <tintype/codec/bincode.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/clock.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/rules.hpp>
#include <tintype/core/sink.hpp>
#include <tintype/log/flush.hpp>
#include <tintype/log/scan.hpp>
#include <tintype/log/writer.hpp>
#include <tintype/replay/action.hpp>
#include <tintype/replay/details.hpp>
#include <tintype/replay/journal.hpp>
#include <tintype/replay/recorder_options.hpp>
#include <tintype/replay/recording.hpp>
#include <tintype/replay/segment.hpp>
#include <tintype/replay/session.hpp>
#include <tintype/replay/states.hpp>
#include <tintype/replay/uuid.hpp>
#include <tintype/storage/concept.hpp>
#include <tintype/storage/directory.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

// Sessions are kept in the object NAME, and the one being recorded in NAME.active. One owner, whose
// calls are made one after another; `in_use` for a second, in this process or another.
template <obeys<action_rules> Action, class State, obeys<checkpoint_rules, State> States,
          obeys<appendable_storage_rules> S = directory, obeys<clock_rules> Clock = system_clock,
          uuid_policy Ids = random_uuids>
class session_recorder {
public:
    using session_type = session<Action, typename States::snapshot_type>;
    using record_type = typename session_type::record_type;
    using checkpoint_type = typename session_type::checkpoint_type;

    // Goes on with a session that was being recorded, and brings one that had ended to its place.
    [[nodiscard]] static result<session_recorder> open(const S& storage, const std::string& name,
                                                       const recorder_options& options = {},
                                                       States states = States{},
                                                       Clock clock = Clock{}, Ids ids = Ids{}) {
        if (options.record_checkpoints && !detail::has_checkpoint_action<Action>) {
            return fail({.code = errc::unsupported,
                         .where = "record_checkpoints",
                         .during = "no checkpoint_action<Action>"});
        }
        auto segment = session_segment<session_type, S>::open(storage, name, options.segment);
        if (!segment) {
            return pass(segment);
        }
        session_recorder made{
            storage,          name,          options, *std::move(segment), std::move(states),
            std::move(clock), std::move(ids)};
        if (auto done = made.recover(); !done) {
            return pass(done);
        }
        return made;
    }

    [[nodiscard]] const recovered_session& recovered() const noexcept { return recovered_; }

    // The session that is being recorded, if any.
    [[nodiscard]] std::optional<uuid> recording() const noexcept {
        return journal_ ? std::optional{opening_.session_id} : std::nullopt;
    }

    [[nodiscard]] const recording_progress& progress() const noexcept { return progress_; }

    // Those that have ended.
    [[nodiscard]] const session_segment<session_type, S>& sessions() const noexcept {
        return segment_;
    }

    [[nodiscard]] session_segment<session_type, S>& sessions() noexcept { return segment_; }

    // The new session's id; durable when this returns. `in_use` while another is being recorded,
    // `already_exists` where the ids' policy gives one again.
    [[nodiscard("tintype: look at the result: it may be an error")]] result<uuid>
    start(std::optional<std::string> name = std::nullopt, session_metadata metadata = {}) {
        if (journal_) {
            return fail({.code = errc::in_use, .where = to_text(opening_.session_id), .found = 1});
        }
        if (auto good = check_session_name(name); !good) {
            return pass(good);
        }
        journal_opening opening{.version = journal_opening::newest,
                                .schema = detail::session_schema<session_type>(),
                                .session_id = ids_.next(),
                                .name = std::move(name),
                                .created_secs = now(),
                                .metadata = std::move(metadata),
                                .config = options_.config};
        if (segment_.index().contains(opening.session_id)) {
            return fail({.code = errc::already_exists, .where = to_text(opening.session_id)});
        }
        const auto first = encode<bincode_fixed>(opening);
        if (!first) {
            return pass(first);
        }
        const byte_view payload{*first};
        auto log =
            log_writer<S>::create(storage_, journal_name(), journal_magic, std::span{&payload, 1},
                                  number(journal_record::opening), options_.flush);
        if (!log) {
            return pass(log);
        }
        journal_.emplace(*std::move(log));
        opening_ = std::move(opening);
        recovered_ = {};
        progress_ = {};
        at_ = stage::recording;
        states_.forget();
        return opening_.session_id;
    }

    // The action's sequence. It is durable when this returns, or as the flush policy says. After an
    // error it was not recorded; only after one of a sync it may have been, and the recorder has to
    // be opened again. `not_found` where no session is being recorded, `limit_exceeded`
    // where it has as many actions as it may have.
    [[nodiscard("tintype: look at the result: it may be an error")]] result<std::uint64_t>
    record(Action action, const action_details& details = {}) {
        return record_as(journal_record::action, std::move(action), details);
    }

    // The same, and then a checkpoint if one is due. An error is the action's; the checkpoint's is
    // told beside it, and the next call tries again.
    [[nodiscard("tintype: look at the result: it may be an error")]] result<recorded_action>
    record(Action action, const action_details& details, const State& after) {
        const auto sequence = record(std::move(action), details);
        if (!sequence) {
            return pass(sequence);
        }
        recorded_action made{.sequence = *sequence};
        if (checkpoint_due()) {
            if (const auto id = checkpoint(after)) {
                made.checkpoint = *id;
            } else {
                made.not_taken = id.error();
            }
        }
        return made;
    }

    [[nodiscard]] bool checkpoint_due() const noexcept {
        return journal_ && progress_.checkpoint_due(opening_.config);
    }

    // The checkpoint's id, of the state behind the last action. An action that says so counts for
    // no maximum; where only that one cannot be recorded, the checkpoint stays and the error is
    // told.
    [[nodiscard("tintype: look at the result: it may be an error")]] result<std::uint64_t>
    checkpoint(const State& state) {
        if (auto good = goes_on(); !good) {
            return pass(good);
        }
        if (auto good = progress_.room_for_checkpoint(); !good) {
            return pass(good);
        }
        const auto id = progress_.next_checkpoint_id;
        auto taken = states_.take(state, id);
        if (!taken) {
            states_.forget();
            return pass(taken);
        }
        set_place(taken->snapshot, progress_);
        const checkpoint_type made{.id = id,
                                   .at_sequence = progress_.at_sequence(),
                                   .timestamp_secs = now(),
                                   .state_hash = taken->state_hash,
                                   .snapshot = std::move(taken->snapshot)};
        if (auto done = append(journal_record::checkpoint, made); !done) {
            states_.forget();
            return pass(done);
        }
        progress_.took_checkpoint(id);
        if constexpr (detail::has_checkpoint_action<Action>) {
            if (options_.record_checkpoints) {
                const auto said = record_as(journal_record::checkpoint_action,
                                            checkpoint_action<Action>::of(id), {});
                if (!said) {
                    return pass(said);
                }
            }
        }
        return id;
    }

    // A word in the session's metadata.
    [[nodiscard]] result<void> annotate(std::string key, std::string value) {
        if (auto good = goes_on(); !good) {
            return good;
        }
        return append(journal_record::annotation,
                      annotation{.key = std::move(key), .value = std::move(value)});
    }

    // All that was recorded is durable.
    [[nodiscard("tintype: look at the result: it may be an error")]] result<void> flush() {
        return journal_ ? journal_->flush() : result<void>{};
    }

    // The session ends for good, and is in the segment when this returns. After an error it can be
    // called again, and opening anew does the same. Refused, with what is wrong, where anything
    // that was recorded is damaged by now: open the recorder anew to go on without it.
    [[nodiscard("tintype: look at the result: it may be an error")]] result<session_summary> end() {
        if (!journal_ || at_ == stage::abandoned) {
            return fail({.code = errc::not_found, .where = "session"});
        }
        if (at_ == stage::recording) {
            if (auto done = append(journal_record::end, now()); !done) {
                return pass(done);
            }
            at_ = stage::ended;
        }
        return put_away();
    }

    // The session that is being recorded is gone, with all its actions. After an error it can be
    // called again; `not_found` for one that end() was called for.
    [[nodiscard]] result<void> abandon() {
        if (!journal_ || at_ == stage::ended || at_ == stage::kept) {
            return fail({.code = errc::not_found, .where = "session"});
        }
        at_ = stage::abandoned;
        return drop_journal();
    }

    // What was recorded so far, all of it durable.
    [[nodiscard]] result<session_type> active() {
        if (!journal_) {
            return fail({.code = errc::not_found, .where = "session"});
        }
        if (auto done = flush(); !done) {
            return pass(done);
        }
        const auto bytes = read_journal();
        if (!bytes) {
            return pass(bytes);
        }
        return decode<bincode_fixed, session_type>(bytes->session,
                                                   {.limits = options_.segment.most});
    }

private:
    session_recorder(const S& storage, std::string name, const recorder_options& options,
                     session_segment<session_type, S> segment, States states, Clock clock, Ids ids)
        : storage_(storage), name_(std::move(name)), options_(options),
          segment_(std::move(segment)), states_(std::move(states)), clock_(std::move(clock)),
          ids_(std::move(ids)) {}

    struct read_back {
        session_summary summary;
        blob session;
    };

    [[nodiscard]] static constexpr std::uint32_t number(journal_record kind) noexcept {
        return static_cast<std::uint32_t>(kind);
    }

    [[nodiscard]] std::string journal_name() const { return name_ + ".active"; }

    [[nodiscard]] std::int64_t now() const {
        return std::chrono::floor<std::chrono::seconds>(clock_.now()).time_since_epoch().count();
    }

    [[nodiscard]] result<void> goes_on() const {
        if (!journal_ || at_ != stage::recording) {
            return fail({.code = errc::not_found, .where = "session"});
        }
        return {};
    }

    [[nodiscard]] result<void> recover() {
        journal_content content;
        auto log =
            log_writer<S>::open(storage_, journal_name(), journal_magic, options_.flush,
                                [&](const auto& what, byte_view object) { content(what, object); });
        if (!log) {
            return log.error().code == errc::not_found ? result<void>{} : pass(log);
        }
        auto opening = content.opening();
        if (!opening) {
            return pass(opening);
        }
        if (auto good =
                detail::check_schema(opening->schema, detail::session_schema<session_type>(),
                                     "journal of other actions");
            !good) {
            return good;
        }
        recovered_ = {.cut = log->cut(), .damage = content.damage()};
        opening_ = *std::move(opening);
        progress_ = content.progress();
        at_ = content.ended_secs() ? stage::ended : stage::recording;
        journal_.emplace(*std::move(log));
        states_.forget();
        if (at_ == stage::ended) {
            const auto done = put_away();
            return done ? result<void>{} : pass(done);
        }
        return {};
    }

    template <class T>
    [[nodiscard]] result<void> append(journal_record kind, const T& value) {
        scratch_.clear();
        blob_sink sink{scratch_};
        if (auto done = bincode_fixed::encode(value, sink); !done) {
            return done;
        }
        const auto offset = journal_->append(number(kind), scratch_);
        return offset ? result<void>{} : pass(offset);
    }

    [[nodiscard]] result<std::uint64_t> record_as(journal_record kind, Action action,
                                                  const action_details& details) {
        if (auto good = goes_on(); !good) {
            return pass(good);
        }
        const bool counts = kind == journal_record::action;
        if (auto good = progress_.room(counts ? opening_.config : session_config{}); !good) {
            return pass(good);
        }
        auto made = make_record(std::move(action), details, now(), options_.preview);
        made.sequence = progress_.next_sequence;
        if (auto done = append(kind, made); !done) {
            return pass(done);
        }
        progress_.acted(made.sequence, counts);
        return made.sequence;
    }

    [[nodiscard]] result<read_back> read_journal() const {
        const auto object = storage_.open(journal_name(), options_.segment.how);
        if (!object) {
            return pass(object);
        }
        const auto bytes = object->bytes();
        journal_content content;
        scan_log(bytes, log_begin,
                 [&](const auto& what) { detail::visit_with(content, what, bytes); });
        if (auto opening = content.opening(); !opening) {
            return pass(opening);
        }
        // What was damaged since it was recorded. Whoever opens the recorder anew is told what, and
        // goes on with the rest.
        if (content.damage().size() > recovered_.damage.size()) {
            return fail(content.damage().back().why);
        }
        if (content.progress().actions != progress_.actions) {
            return fail({.code = errc::incomplete_stream,
                         .where = "journal",
                         .found = content.progress().actions,
                         .wanted = progress_.actions});
        }
        auto session = content.session(bytes);
        if (!session) {
            return pass(session);
        }
        return read_back{.summary = content.summary(), .session = *std::move(session)};
    }

    // The ended session, from its journal into the segment. A crash may come after any of the
    // steps: whatever is left of them is done again. A segment that has the session already may
    // have had it torn, or not be durable, so it is put there anew.
    [[nodiscard]] result<session_summary> put_away() {
        if (at_ == stage::ended) {
            if (auto done = journal_->flush(); !done) {
                return pass(done);
            }
            auto ended = read_journal();
            if (!ended) {
                return pass(ended);
            }
            if (auto done = segment_.replace(ended->summary, ended->session); !done) {
                return pass(done);
            }
            kept_ = std::move(ended->summary);
            at_ = stage::kept;
        }
        if (auto done = drop_journal(); !done) {
            return pass(done);
        }
        return std::move(kept_);
    }

    [[nodiscard]] result<void> drop_journal() {
        const auto removed = storage_.remove(journal_name());
        if (!removed) {
            return pass(removed);
        }
        if (auto done = storage_.sync(); !done) {
            return done;
        }
        journal_.reset();
        progress_ = {};
        states_.forget();
        return {};
    }

    // How far the session has come that the journal is of.
    enum class stage : std::uint8_t {
        recording,
        ended, // and not in the segment yet
        kept,  // in the segment
        abandoned,
    };

    S storage_;
    std::string name_;
    recorder_options options_;
    session_segment<session_type, S> segment_;
    States states_;
    Clock clock_;
    Ids ids_;
    recovered_session recovered_;
    std::optional<log_writer<S>> journal_; // while a session is being recorded
    journal_opening opening_{};
    recording_progress progress_;
    stage at_ = stage::recording;
    session_summary kept_{}; // of a session that is in the segment, but not out of its journal
    blob scratch_;
};

} // namespace tintype::inline v0
