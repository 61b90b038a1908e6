#pragma once

// Ended sessions in one object, and its one owner. Appending one costs its own bytes.

#include <tintype/codec/bincode.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/progress.hpp>
#include <tintype/log/flush.hpp>
#include <tintype/log/record.hpp>
#include <tintype/log/scan.hpp>
#include <tintype/log/writer.hpp>
#include <tintype/replay/segment_index.hpp>
#include <tintype/replay/segment_reader.hpp>
#include <tintype/replay/segment_record.hpp>
#include <tintype/replay/session.hpp>
#include <tintype/storage/concept.hpp>
#include <tintype/storage/directory.hpp>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

struct segment_options {
    access how = access::map;
    limits most{};
    std::uint64_t tolerated_waste = 4096; // bytes, beyond as much as is live, before compacting
};

// The one owner of a segment: `in_use` for a second, in this process or another. What it appended
// or removed is durable when the call returns. Readers need not ask it.
template <class Session, appendable_storage S = directory>
class session_segment {
public:
    // A segment that is not there yet is made. Opening looks at every record's header, and cuts off
    // what a power cut tore.
    [[nodiscard]] static result<session_segment> open(const S& storage, const std::string& name,
                                                      const segment_options& options = {}) {
        segment_index index;
        auto log = log_writer<S>::open(storage, name, segment_magic, flush_on_request{});
        if (log) {
            const auto object = storage.open(name, options.how);
            if (!object) {
                return pass(object);
            }
            if (auto good = detail::check_segment_opening<Session>(object->bytes()); !good) {
                return pass(good);
            }
            index = segment_index::of(object->bytes());
        } else if (log.error().code == errc::not_found) {
            const auto first = opening();
            if (!first) {
                return pass(first);
            }
            const byte_view payload{*first};
            log = log_writer<S>::create(storage, name, segment_magic, std::span{&payload, 1},
                                        number(segment_record::opening), flush_on_request{});
        }
        if (!log) {
            return pass(log);
        }
        return session_segment{storage, name, options, *std::move(log), std::move(index)};
    }

    [[nodiscard]] const segment_index& index() const noexcept { return index_; }

    [[nodiscard]] result<Session> read(const uuid& id) const {
        const auto entry = index_.find(id);
        if (!entry) {
            return pass(entry);
        }
        const auto object = storage_.open(name_, options_.how);
        return object ? detail::read_session<Session>(object->bytes(), *entry, options_.most)
                      : result<Session>{pass(object)};
    }

    // `already_exists` where a session has its id, `limit_exceeded` for a name longer than
    // `longest_session_name`.
    [[nodiscard]] result<void> append(const Session& session) {
        const auto bytes = encode<bincode_fixed>(session);
        return bytes ? append(summary_of(session), *bytes) : pass(bytes);
    }

    // The same of a session that is encoded already.
    [[nodiscard]] result<void> append(const session_summary& summary, byte_view bytes) {
        if (index_.contains(summary.session_id)) {
            return fail({.code = errc::already_exists, .where = to_text(summary.session_id)});
        }
        return replace(summary, bytes);
    }

    // The same, in the place of the session that has its id, if there is one.
    [[nodiscard]] result<void> replace(const session_summary& summary, byte_view bytes) {
        if (auto good = check_session_name(summary.name); !good) {
            return good;
        }
        const auto head = detail::sealed_summary(summary);
        if (!head) {
            return pass(head);
        }
        const std::array<byte_view, 2> pieces{byte_view{*head}, bytes};
        const auto offset = log_.append(number(segment_record::session), pieces);
        if (!offset) {
            return pass(offset);
        }
        index_.add({.summary = summary, .offset = *offset, .size = head->size() + bytes.size()});
        return paged();
    }

    // Whether there was one. Its space is given back by compact().
    [[nodiscard]] result<bool> remove(const uuid& id) {
        if (!index_.contains(id)) {
            // Removed before, perhaps, by a call whose sync failed.
            const auto done = log_.flush();
            return done ? result<bool>{false} : pass(done);
        }
        const auto payload = encode<bincode_fixed>(id);
        if (!payload) {
            return pass(payload);
        }
        if (auto done = log_.append(number(segment_record::removal), *payload); !done) {
            return pass(done);
        }
        index_.remove(id);
        if (auto done = paged(); !done) {
            return pass(done);
        }
        return true;
    }

    // Bytes of the whole segment.
    [[nodiscard]] std::uint64_t size() const { return log_.size(); }

    // Whether compact() would give back more than half of it.
    [[nodiscard]] bool wasteful() const {
        return size() > 2 * index_.live() + options_.tolerated_waste;
    }

    // Writes the segment anew, with the sessions that are left. Where anything is known to be
    // damaged, or found to be, nothing is changed.
    [[nodiscard]] result<void> compact(const monitor* watch = nullptr) {
        if (!index_.damage().empty()) {
            return fail(index_.damage().front().why);
        }
        const auto object = storage_.open(name_, options_.how);
        if (!object) {
            return pass(object);
        }
        segment_index fresh;
        auto done = log_.rewrite(
            [&](auto put) -> result<void> { return copy(object->bytes(), fresh, put); }, watch);
        if (done) {
            index_ = std::move(fresh);
        } else if (!log_.flush()) {
            // Either may be under the name now; reading goes on with the one that is.
            if (const auto left = storage_.open(name_, options_.how)) {
                index_ = segment_index::of(left->bytes());
            }
        }
        return done;
    }

private:
    session_segment(const S& storage, std::string name, const segment_options& options,
                    log_writer<S> log, segment_index index)
        : storage_(storage), name_(std::move(name)), options_(options), log_(std::move(log)),
          index_(std::move(index)) {}

    [[nodiscard]] static constexpr std::uint32_t number(segment_record kind) noexcept {
        return static_cast<std::uint32_t>(kind);
    }

    [[nodiscard]] static result<blob> opening() {
        return encode<bincode_fixed>(segment_opening{.version = segment_opening::newest,
                                                     .schema = detail::session_schema<Session>()});
    }

    // The index behind what was appended, and both durable.
    [[nodiscard]] result<void> paged() {
        const segment_page page = index_.page(log_.size());
        const auto bytes = encode<bincode_fixed>(page);
        if (!bytes) {
            return pass(bytes);
        }
        if (log_.append(number(segment_record::page), *bytes)) {
            index_.wrote(page);
        }
        // Without its page a session is found all the same, by a longer look.
        return log_.flush();
    }

    template <class Put>
    [[nodiscard]] result<void> copy(byte_view object, segment_index& fresh, Put& put) const {
        std::uint64_t end = log_begin; // of what was put
        const auto one = [&](segment_record kind, byte_view payload) {
            const auto offset = put(number(kind), std::span{&payload, 1});
            if (offset) {
                end = *offset + record_extent(payload.size());
            }
            return offset;
        };
        const auto first = opening();
        if (!first) {
            return pass(first);
        }
        if (auto done = one(segment_record::opening, *first); !done) {
            return pass(done);
        }
        const auto page = [&]() -> result<void> {
            const segment_page next = fresh.page(end);
            const auto bytes = encode<bincode_fixed>(next);
            if (!bytes) {
                return pass(bytes);
            }
            if (const auto offset = one(segment_record::page, *bytes); !offset) {
                return pass(offset);
            }
            fresh.wrote(next);
            return {};
        };
        std::size_t copied = 0;
        for (const segment_entry& entry : index_.entries()) {
            const auto payload = log_payload(object, {.kind = number(segment_record::session),
                                                      .offset = entry.offset,
                                                      .size = entry.size});
            if (!payload) {
                return pass(payload);
            }
            const auto offset = one(segment_record::session, *payload);
            if (!offset) {
                return pass(offset);
            }
            fresh.add({.summary = entry.summary, .offset = *offset, .size = entry.size});
            if (++copied % segment_page::most == 0) {
                if (auto done = page(); !done) {
                    return done;
                }
            }
        }
        return page();
    }

    S storage_;
    std::string name_;
    segment_options options_;
    log_writer<S> log_;
    segment_index index_;
};

} // namespace tintype::inline v0
