#pragma once

// Ended sessions as they lie in their segment. Reading one costs its own bytes and the index; what
// is damaged costs the session it is in.

#include <tintype/codec/bincode.hpp>
#include <tintype/codec/columns.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/reader.hpp>
#include <tintype/log/record.hpp>
#include <tintype/log/scan.hpp>
#include <tintype/replay/action.hpp>
#include <tintype/replay/segment_index.hpp>
#include <tintype/replay/segment_record.hpp>
#include <tintype/replay/session.hpp>
#include <tintype/storage/concept.hpp>
#include <tintype/storage/directory.hpp>

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

namespace detail {

// What the actions are called, and what is in them and in a checkpoint where columns can look into
// that.
template <class Session>
[[nodiscard]] std::string session_schema() {
    std::string schema;
    for (const std::string_view name : action_names<typename Session::action_type>) {
        schema += name;
        schema += ',';
    }
    schema += schema_of_columns<typename Session::record_type>();
    schema += ';';
    schema += schema_of_columns<typename Session::snapshot_type>();
    return schema;
}

template <class Session>
[[nodiscard]] result<void> check_segment_opening(byte_view object) {
    const auto header = header_at(object, log_begin).value_or(record_header{});
    const auto opening = decode_record<segment_opening>(
        object, {.kind = header.kind, .offset = log_begin, .size = header.size});
    if (!opening) {
        return pass(opening);
    }
    if (opening->version > segment_opening::newest) {
        return fail({.code = errc::unsupported_version,
                     .where = "segment",
                     .found = opening->version,
                     .wanted = segment_opening::newest});
    }
    return check_schema(opening->schema, session_schema<Session>(), "segment of other actions");
}

struct stored_session {
    session_summary summary{};
    byte_view bytes{}; // its own
};

// What a record holds, verified.
[[nodiscard]] inline result<stored_session> take_session(byte_view object, std::uint64_t offset,
                                                         std::uint64_t size) {
    const auto payload =
        log_payload(object, {.kind = static_cast<std::uint32_t>(segment_record::session),
                             .offset = offset,
                             .size = size});
    if (!payload) {
        return pass(payload);
    }
    reader in{*payload, offset + record_header::bytes};
    auto summary = take_summary(in);
    if (!summary) {
        return pass(summary);
    }
    return stored_session{.summary = *std::move(summary), .bytes = in.rest()};
}

// A session's own bytes, verified, and that they are of the session that the index names.
[[nodiscard]] inline result<byte_view> session_bytes(byte_view object, const segment_entry& entry) {
    const auto stored = take_session(object, entry.offset, entry.size);
    if (!stored) {
        return pass(stored);
    }
    if (stored->summary.session_id != entry.summary.session_id) {
        return fail({.code = errc::invalid_value,
                     .where = to_text(stored->summary.session_id),
                     .offset = entry.offset});
    }
    return stored->bytes;
}

template <class Session>
[[nodiscard]] result<Session> read_session(byte_view object, const segment_entry& entry,
                                           const limits& most) {
    const auto bytes = session_bytes(object, entry);
    if (!bytes) {
        return pass(bytes);
    }
    auto session = tintype::decode<bincode_fixed, Session>(*bytes, {.limits = most});
    if (session && summary_of(*session) != entry.summary) {
        return fail({.code = errc::invalid_value, .where = "summary", .offset = entry.offset});
    }
    return session;
}

} // namespace detail

// A segment as it was when it was opened, for whoever only reads it; others may append meanwhile.
template <class Session, storage_policy S = directory>
class segment_reader {
public:
    [[nodiscard]] static result<segment_reader> open(const S& storage, std::string_view name,
                                                     access how = access::map, limits most = {}) {
        auto object = storage.open(name, how);
        if (!object) {
            return pass(object);
        }
        if (auto good = check_log_magic(object->bytes(), segment_magic); !good) {
            return pass(good);
        }
        if (auto good = detail::check_segment_opening<Session>(object->bytes()); !good) {
            return pass(good);
        }
        auto index = segment_index::of(object->bytes());
        return segment_reader{*std::move(object), std::move(index), most};
    }

    [[nodiscard]] const segment_index& index() const noexcept { return index_; }

    // `not_found`, or what is wrong with it.
    [[nodiscard]] result<Session> read(const uuid& id) const {
        const auto entry = index_.find(id);
        return entry ? detail::read_session<Session>(object_.bytes(), *entry, most_)
                     : result<Session>{pass(entry)};
    }

    // Its bincode, verified, lent as long as the reader is there: what a view is made of.
    [[nodiscard]] result<byte_view> bytes_of_session(const uuid& id) const {
        const auto entry = index_.find(id);
        return entry ? detail::session_bytes(object_.bytes(), *entry)
                     : result<byte_view>{pass(entry)};
    }

    // All that is wrong with it, every byte looked at. A torn tail is no damage.
    [[nodiscard]] std::vector<log_damage> verify() const {
        std::vector<log_damage> found;
        const auto bytes = object_.bytes();
        const auto whole = bytes.first(bytes.size() - static_cast<std::size_t>(index_.tail()));
        scan_log(whole, log_begin, [&]<class What>(const What& what) {
            if constexpr (std::same_as<What, log_gap>) {
                found.push_back(log_damage::at(what));
            } else if (const auto good = sound(what); !good) {
                found.push_back(log_damage::at(what, good.error()));
            }
        });
        return found;
    }

private:
    segment_reader(object_of<S> object, segment_index index, limits most)
        : object_(std::move(object)), index_(std::move(index)), most_(most) {}

    [[nodiscard]] result<void> sound(const log_record& record) const {
        if (record.kind != static_cast<std::uint32_t>(segment_record::session)) {
            const auto payload = log_payload(object_.bytes(), record);
            return payload ? result<void>{} : pass(payload);
        }
        const auto stored = detail::take_session(object_.bytes(), record.offset, record.size);
        if (!stored) {
            return pass(stored);
        }
        const auto session =
            tintype::decode<bincode_fixed, Session>(stored->bytes, {.limits = most_});
        return session ? result<void>{} : pass(session);
    }

    object_of<S> object_;
    segment_index index_;
    limits most_;
};

} // namespace tintype::inline v0
