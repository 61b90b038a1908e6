#pragma once

// The records of a segment's log: ended sessions, and pages of an index of them. A page is written
// behind every session, so that the last record of a segment leads to all others.

#include <tintype/codec/bincode.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/reader.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/log/record.hpp>
#include <tintype/log/scan.hpp>
#include <tintype/log/sealed.hpp>
#include <tintype/replay/session.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tintype::inline v0 {

inline constexpr std::string_view segment_magic = "TTSESSN1";

enum class segment_record : std::uint32_t {
    opening = 1, // what the sessions are of; the first
    session = 2, // its summary, sealed, and the session in bincode of fixed width
    removal = 3, // the session of this id is gone
    page = 4,    // where the sessions are
};

struct segment_opening {
    BOOST_HANA_DEFINE_STRUCT(segment_opening, (std::uint32_t, version), (std::string, schema));

    static constexpr std::uint32_t newest = 1;
};

// A session as the index knows it.
struct segment_entry {
    BOOST_HANA_DEFINE_STRUCT(segment_entry, (session_summary, summary),
                             (std::uint64_t, offset), // of the record
                             (std::uint64_t, size));  // of its payload

    friend bool operator==(const segment_entry&, const segment_entry&) = default;
};

// What came and went since the page at `previous`, which is full, or since the beginning where that
// is 0. A page takes the place of those before it that are not full. It ends with the place of its
// own record: so the end of a segment says where its last page begins, whatever is in the names of
// sessions.
struct segment_page {
    BOOST_HANA_DEFINE_STRUCT(segment_page, (std::uint64_t, previous),
                             (std::vector<uuid>, removed), // of what stands in pages before
                             (std::vector<segment_entry>, entries), (std::uint64_t, offset));

    static constexpr std::size_t most = 32; // of both together, or of what a scan found

    [[nodiscard]] bool full() const noexcept { return removed.size() + entries.size() >= most; }
};

// So that a page is small, whoever names the sessions.
inline constexpr std::size_t longest_session_name = 1024; // bytes

[[nodiscard]] inline result<void> check_session_name(const std::optional<std::string>& name) {
    if (name && name->size() > longest_session_name) {
        return fail({.code = errc::limit_exceeded,
                     .where = "name of the session",
                     .found = name->size(),
                     .wanted = longest_session_name});
    }
    return {};
}

namespace detail {

template <class T>
[[nodiscard]] result<T> decode_record(byte_view object, const log_record& record) {
    const auto payload = log_payload(object, record);
    if (!payload) {
        return pass(payload);
    }
    auto decoded = tintype::decode<bincode_fixed, T>(*payload);
    if (!decoded && decoded.error().offset != error::no_offset) {
        decoded.error().offset += record.offset + record_header::bytes;
    }
    return decoded;
}

// What stands before a session's own bytes.
[[nodiscard]] inline result<blob> sealed_summary(const session_summary& summary) {
    const auto facts = encode<bincode_fixed>(summary);
    if (!facts) {
        return pass(facts);
    }
    blob bytes;
    append_sealed(bytes, *facts);
    return bytes;
}

// `in` is at a session's payload, and then at the session.
[[nodiscard]] inline result<session_summary> take_summary(reader& in) {
    const auto facts = take_sealed(in, "summary");
    if (!facts) {
        return pass(facts);
    }
    return tintype::decode<bincode_fixed, session_summary>(facts->rest());
}

} // namespace detail

} // namespace tintype::inline v0
