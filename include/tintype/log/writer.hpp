#pragma once

// The one writer of a log: an object that begins with eight characters and a first record, and
// grows by records that are durable when the flush policy says. What a power cut tore is cut off
// when the log is opened again.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/progress.hpp>
#include <tintype/core/rules.hpp>
#include <tintype/log/draft.hpp>
#include <tintype/log/flush.hpp>
#include <tintype/log/marks.hpp>
#include <tintype/log/record.hpp>
#include <tintype/log/scan.hpp>
#include <tintype/storage/concept.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace tintype::inline v0 {

// append(), flush() and the sizes may be called from many threads; each waits for the others. An
// error of a sync, the background's too, is final: nothing is acknowledged any more, and every call
// reports it. The system may go on showing what it could not write: whoever opens the log again on
// the same machine rewrites it before anything rests on it.
// Destroyed, it flushes; an error of that is lost, so whoever wants to know calls flush() before.
template <obeys<appendable_storage_rules> S>
class log_writer {
public:
    // A log that was not there: `already_exists` otherwise, `in_use` if another owns the name. It
    // appears whole with its first record, and is durable when this returns. `magic` is eight
    // characters.
    [[nodiscard]] static result<log_writer> create(const S& storage, std::string name,
                                                   std::string_view magic,
                                                   std::span<const byte_view> first_payload,
                                                   std::uint32_t first_kind,
                                                   flush_policy policy = {}) {
        if (auto good = check_log_magic(bytes_of(magic), magic); !good) {
            return pass(good);
        }
        auto claim = storage.claim(name);
        if (!claim) {
            return pass(claim);
        }
        auto staged = storage.stage({});
        if (!staged) {
            return pass(staged);
        }
        detail::log_draft draft{*staged, nullptr, 0};
        if (auto done = draft.begin(magic); !done) {
            return pass(done);
        }
        if (auto done = draft.put(first_kind, first_payload); !done) {
            return pass(done);
        }
        if (auto done = staged->publish(name); !done) {
            return pass(done);
        }
        auto made =
            std::make_unique<log>(storage, std::move(name), magic, *std::move(claim), policy);
        made->marks = draft.marks();
        if (auto done = made->attach(); !done) {
            return pass(done);
        }
        return log_writer{std::move(made)};
    }

    // Visits the records and gaps that are left, as scan_log() does, once what a power cut tore is
    // known; then cuts that off, and what is left is durable. A log whose records are all damaged
    // is refused as it is, with what is wrong with the first.
    template <class Visit>
    [[nodiscard]] static result<log_writer> open(const S& storage, std::string name,
                                                 std::string_view magic, flush_policy policy,
                                                 Visit visit) {
        // Before the claim, so that nothing is made for a log that is not there.
        if (auto there = storage.open(name, access::map); !there) {
            return pass(there);
        }
        auto claim = storage.claim(name);
        if (!claim) {
            return pass(claim);
        }
        auto made =
            std::make_unique<log>(storage, std::move(name), magic, *std::move(claim), policy);
        if (auto done = made->recover(visit); !done) {
            return pass(done);
        }
        return log_writer{std::move(made)};
    }

    [[nodiscard]] static result<log_writer> open(const S& storage, std::string name,
                                                 std::string_view magic, flush_policy policy = {}) {
        return open(storage, std::move(name), magic, policy, [](const auto&) {});
    }

    // Bytes that open() cut off.
    [[nodiscard]] std::uint64_t cut() const noexcept { return log_->cut; }

    // The record's offset. After an error of the write the log is as it was and the next append may
    // succeed; a record whose sync failed may be there when the log is opened again.
    [[nodiscard("tintype: look at the result: it may be an error")]] result<std::uint64_t>
    append(std::uint32_t kind, std::span<const byte_view> payload) {
        return log_->append(kind, payload);
    }

    [[nodiscard("tintype: look at the result: it may be an error")]] result<std::uint64_t>
    append(std::uint32_t kind, byte_view payload) {
        return log_->append(kind, std::span<const byte_view>{&payload, 1});
    }

    // All that was appended is durable.
    [[nodiscard("tintype: look at the result: it may be an error")]] result<void> flush() {
        const std::lock_guard hold{log_->mutex};
        return log_->flush();
    }

    [[nodiscard]] std::uint64_t size() const {
        const std::lock_guard hold{log_->mutex};
        return log_->marks.size;
    }

    // How much of it a power cut cannot take any more.
    [[nodiscard]] std::uint64_t durable_size() const {
        const std::lock_guard hold{log_->mutex};
        return log_->durable;
    }

    // Puts another log in the place of this one: fill(put) -> result<void> says what it holds, with
    // put(kind, payload) -> result<std::uint64_t> for each record, of which there must be one. It
    // is durable when this returns, and appends go on behind it. Appends wait meanwhile, and `fill`
    // calls nothing of this writer. After an error, `cancelled` too, the log is as it was and can
    // be appended to; only if it cannot be told which of the two is under the name any more, the
    // writer refuses everything, and opening finds one of them whole.
    template <class Fill>
    [[nodiscard]] result<void> rewrite(Fill fill, const monitor* watch = nullptr) {
        return log_->rewrite(fill, watch);
    }

private:
    // Where a writer that moves about leaves its thread and its lock.
    struct log {
        log(const S& kept_in, std::string its_name, std::string_view its_magic, claim_of<S> mine,
            flush_policy when)
            : storage(kept_in), name(std::move(its_name)), magic(its_magic), claim(std::move(mine)),
              policy(when) {}

        log(const log&) = delete;
        log& operator=(const log&) = delete;

        ~log() {
            if (flusher.joinable()) {
                {
                    const std::lock_guard hold{mutex};
                    stopping = true;
                }
                changed.notify_one();
                flusher.join();
            }
            if (object) {
                static_cast<void>(flush());
            }
        }

        // Takes hold of the object whose marks are known, all of it durable.
        result<void> attach() {
            auto opened = storage.append(name);
            if (!opened) {
                return noted(pass(opened));
            }
            object.emplace(*std::move(opened));
            if (object->size() != marks.size) {
                // Somebody writes to it who did not claim it.
                return noted(fail({.code = errc::in_use, .where = name, .found = 1}));
            }
            durable = marks.size;
            waiting = 0;
            if (policy.time().count() != 0 && !flusher.joinable()) {
                flusher = std::thread{[this] { flush_in_time(); }};
            }
            return {};
        }

        template <class Visit>
        result<void> recover(Visit& visit) {
            const auto there = storage.open(name, access::map);
            if (!there) {
                return pass(there);
            }
            const auto bytes = there->bytes();
            if (auto good = check_log_magic(bytes, magic); !good) {
                return pass(good);
            }
            const auto end = find_tail(bytes);
            if (!end.last) {
                const auto header = header_at(bytes, log_begin).value_or(record_header{});
                const auto why = log_payload(
                    bytes, {.kind = header.kind, .offset = log_begin, .size = header.size});
                return why ? fail({.code = errc::truncated, .where = name}) : pass(why);
            }
            const auto whole = bytes.first(static_cast<std::size_t>(end.whole));
            scan_log(whole, log_begin,
                     [&](const auto& what) { detail::visit_with(visit, what, whole); });
            auto opened = storage.append(name);
            if (!opened) {
                return pass(opened);
            }
            if (opened->size() != bytes.size()) {
                return fail({.code = errc::in_use, .where = name, .found = 1});
            }
            marks = marks_of(bytes, *end.last);
            cut = end.tail;
            if (cut != 0) {
                if (auto done = opened->truncate(end.whole); !done) {
                    return done;
                }
            }
            // The writer before may have been killed between a write and its sync, or before the
            // name was durable.
            if (auto done = opened->sync(); !done) {
                return done;
            }
            if (auto done = storage.sync(); !done) {
                return done;
            }
            return attach();
        }

        result<std::uint64_t> append(std::uint32_t kind, std::span<const byte_view> payload) {
            const std::lock_guard hold{mutex};
            if (failed) {
                return fail(*failed);
            }
            if (overdue) {
                if (auto done = flush(); !done) {
                    return pass(done);
                }
            }
            const auto offset = marks.size;
            const detail::record_pieces record{kind, offset, payload};
            if (auto done = put(record); !done) {
                return pass(done);
            }
            marks.add(record.header(), offset, record.extent());
            if (++waiting == 1 && flusher.joinable()) {
                due = std::chrono::steady_clock::now() + policy.time();
                changed.notify_one();
            }
            if (policy.due(waiting)) {
                if (auto done = flush(); !done) {
                    return pass(done);
                }
            }
            return offset;
        }

        // Where that fails the record is none; those that were gathered before it still wait.
        result<void> put(const detail::record_pieces& record) {
            if (policy.gather() == 0) {
                return object->write(record.pieces());
            }
            const std::size_t before = gathered.size();
            for (const byte_view piece : record.pieces()) {
                tintype::append(gathered, piece);
            }
            if (gathered.size() < policy.gather() && !policy.due(waiting + 1)) {
                return {};
            }
            auto done = write_gathered();
            if (!done) {
                gathered.resize(before);
            }
            return done;
        }

        result<void> write_gathered() {
            auto done = gathered.empty() ? result<void>{} : object->write(byte_view{gathered});
            if (done) {
                gathered.clear();
            }
            return done;
        }

        result<void> flush() {
            if (failed) {
                return fail(*failed);
            }
            if (auto done = write_gathered(); !done) {
                return done;
            }
            if (durable != marks.size) {
                if (auto done = noted(object->sync()); !done) {
                    return done;
                }
                durable = marks.size;
                waiting = 0;
            }
            overdue = false;
            return {};
        }

        void flush_in_time() {
            std::unique_lock hold{mutex};
            while (!stopping) {
                if (waiting == 0 || failed) {
                    changed.wait(hold);
                } else if (std::chrono::steady_clock::now() < due) {
                    changed.wait_until(hold, due);
                } else {
                    // What fails is tried again, or reported, by the next call.
                    overdue = !flush();
                    due = std::chrono::steady_clock::now() + policy.time();
                }
            }
        }

        template <class Fill>
        result<void> rewrite(Fill& fill, const monitor* watch) {
            const std::lock_guard hold{mutex};
            // However long this takes, what was appended is durable in time.
            if (auto done = flush(); !done) {
                return done;
            }
            auto staged = storage.stage({});
            if (!staged) {
                return pass(staged);
            }
            detail::log_draft draft{*staged, watch, marks.size};
            if (auto done = draft.begin(magic); !done) {
                return done;
            }
            const auto put = [&](std::uint32_t kind, std::span<const byte_view> payload) {
                return draft.put(kind, payload);
            };
            if (result<void> done = fill(put); !done) {
                return done;
            }
            if (auto done = draft.outcome(); !done) {
                return done;
            }
            if (auto done = staged->replace(name); !done) {
                if (!certainly_old(draft.marks())) {
                    failed = done.error();
                }
                return done;
            }
            marks = draft.marks();
            return attach();
        }

        // After a replacement that failed: the old log is still under the name, not the new one.
        [[nodiscard]] bool certainly_old(const log_marks& fresh) const {
            const auto there = storage.open(name, access::map);
            return there && there->bytes().size() == marks.size && marks.hold_in(there->bytes()) &&
                   marks != fresh;
        }

        result<void> noted(result<void> done) {
            if (!done) {
                failed = done.error();
            }
            return done;
        }

        S storage;
        std::string name;
        std::string magic;
        claim_of<S> claim;
        flush_policy policy;
        mutable std::mutex mutex; // guards what follows
        std::optional<appended_of<S>> object;
        log_marks marks;
        blob gathered; // records that are not written
        std::uint64_t durable = 0;
        std::uint64_t waiting = 0; // records that are not durable
        std::uint64_t cut = 0;
        std::optional<error> failed;
        std::chrono::steady_clock::time_point due{}; // when the first that waits must be durable
        bool overdue = false; // the flusher could not write what was gathered
        bool stopping = false;
        std::condition_variable changed;
        std::thread flusher;
    };

    explicit log_writer(std::unique_ptr<log> made) noexcept : log_(std::move(made)) {}

    std::unique_ptr<log> log_;
};

} // namespace tintype::inline v0
