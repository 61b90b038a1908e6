#pragma once

// A way through the records of a log that somebody may have torn or damaged. Only headers are read
// on the way, so a large log costs its headers; a payload is verified when it is asked for. Where
// no header is, the next one that names its own place is looked for, so damage costs the record it
// is in, and is reported.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/log/record.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace tintype::inline v0 {

// The first bytes of a log are its file's magic.
inline constexpr std::uint64_t log_begin = 8;

struct log_record {
    std::uint32_t kind = 0;
    std::uint64_t offset = 0; // of the header
    std::uint64_t size = 0;   // of the payload

    friend constexpr bool operator==(const log_record&, const log_record&) = default;
};

// Bytes between records that are none.
struct log_gap {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;

    friend constexpr bool operator==(const log_gap&, const log_gap&) = default;
};

// Bytes of a log that cannot be believed, and why.
struct log_damage {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    error why{};

    [[nodiscard]] static constexpr log_damage at(const log_record& record, const error& why) {
        return {.offset = record.offset, .size = record_extent(record.size), .why = why};
    }

    [[nodiscard]] static constexpr log_damage at(const log_gap& gap) {
        return {.offset = gap.offset,
                .size = gap.size,
                .why = {.code = errc::checksum_mismatch,
                        .where = "record header",
                        .offset = gap.offset}};
    }
};

struct log_end {
    std::uint64_t whole = 0; // offset behind the last record
    std::uint64_t tail = 0;  // bytes behind that
    std::optional<log_record> last{};

    friend constexpr bool operator==(const log_end&, const log_end&) = default;
};

namespace detail {

[[nodiscard]] constexpr bool fits(const record_header& header, byte_view object) noexcept {
    const auto room = object.size() - header.offset - record_header::bytes;
    return header.size <= room && header.size + record_padding(header.size) <= room;
}

// Of the payload and its padding, of a record that fits.
[[nodiscard]] constexpr std::uint32_t computed_checksum(const record_header& header,
                                                        byte_view object) noexcept {
    const auto size = static_cast<std::size_t>(header.size) + record_padding(header.size);
    return hash_of<crc32c>(
        object.subspan(static_cast<std::size_t>(header.offset) + record_header::bytes, size));
}

// The first place behind `offset` where a whole record is. A header that is only come upon may be a
// part of somebody's payload or of what was torn, and one that does not fit now would once the log
// has grown: so its payload is looked at. `budget` is how many bytes of such payloads are looked at
// at the most: only an adversary makes so many headers that are right, in front of payloads that
// are not.
[[nodiscard]] constexpr std::optional<std::uint64_t>
next_record(byte_view object, std::uint64_t offset, std::uint64_t& budget) noexcept {
    while (object.size() - offset >= record_header::alignment + record_header::bytes) {
        offset += record_header::alignment;
        const auto header = header_at(object, offset);
        if (!header || !fits(*header, object)) {
            continue;
        }
        if (header->size > budget) {
            return std::nullopt;
        }
        budget -= header->size;
        if (computed_checksum(*header, object) == header->checksum) {
            return offset;
        }
    }
    return std::nullopt;
}

template <class Visit, class What>
constexpr void visit_with(Visit& visit, const What& what, byte_view object) {
    if constexpr (std::is_invocable_v<Visit&, const What&, byte_view>) {
        visit(what, object);
    } else {
        visit(what);
    }
}

} // namespace detail

// Calls visit(log_record) and visit(log_gap) in order, from `from` on, a place where a record may
// begin; both may take the object's bytes as a second argument. A record whose payload runs past
// the end, or bytes behind which no header comes any more, are the tail. `from` is rounded up to a
// multiple of 8, and no record lies before `log_begin`.
template <class Visit>
constexpr log_end scan_log(byte_view object, std::uint64_t from, Visit visit) {
    constexpr auto step = record_header::alignment;
    from = std::max(from, log_begin);
    const auto begin = from > object.size() ? object.size() : from + (step - from % step) % step;
    std::uint64_t at = std::min<std::uint64_t>(begin, object.size());
    std::uint64_t budget = std::uint64_t{64} * object.size();
    std::optional<log_record> last;
    while (at != object.size()) {
        auto header = header_at(object, at);
        if (!header) {
            const auto next = detail::next_record(object, at, budget);
            if (!next) {
                break;
            }
            header = header_at(object, *next);
            detail::visit_with(visit, log_gap{.offset = at, .size = *next - at}, object);
            at = *next;
        } else if (!detail::fits(*header, object)) {
            break;
        }
        last = log_record{.kind = header->kind, .offset = at, .size = header->size};
        detail::visit_with(visit, *last, object);
        at += record_extent(header->size);
    }
    return {.whole = at, .tail = object.size() - at, .last = last};
}

// The record's payload, verified: `checksum_mismatch` at the record's offset, with both numbers, if
// header or payload is not what was written; `invalid_value` if another record is there, with its
// size; `truncated` or `truncated_section` if the bytes end before it does.
[[nodiscard]] constexpr result<byte_view> log_payload(byte_view object, const log_record& record) {
    if (record.offset > object.size() || object.size() - record.offset < record_header::bytes) {
        return fail({.code = errc::truncated,
                     .where = "record",
                     .offset = record.offset,
                     .found = object.size() - std::min<std::uint64_t>(record.offset, object.size()),
                     .wanted = record_header::bytes});
    }
    const auto header = header_at(object, record.offset);
    if (!header) {
        const auto from = object.subspan(static_cast<std::size_t>(record.offset));
        return fail({.code = errc::checksum_mismatch,
                     .where = "record header",
                     .offset = record.offset,
                     .found = load<std::endian::little, std::uint32_t>(&from[28]),
                     .wanted = hash_of<crc32c>(from.first(28))});
    }
    if (header->kind != record.kind || header->size != record.size) {
        return fail({.code = errc::invalid_value,
                     .where = "record",
                     .offset = record.offset,
                     .found = header->size,
                     .wanted = record.size});
    }
    const auto rest =
        object.subspan(static_cast<std::size_t>(record.offset) + record_header::bytes);
    if (!detail::fits(*header, object)) {
        return fail({.code = errc::truncated_section,
                     .where = "record",
                     .offset = record.offset,
                     .found = rest.size(),
                     .wanted = header->size});
    }
    const auto size = static_cast<std::size_t>(header->size);
    const auto computed = detail::computed_checksum(*header, object);
    if (computed != header->checksum) {
        return fail({.code = errc::checksum_mismatch,
                     .where = "record",
                     .offset = record.offset,
                     .found = header->checksum,
                     .wanted = computed});
    }
    return rest.first(size);
}

// Where the last whole record ends, its payload verified: what lies behind was torn by a power cut
// or is not there yet. Costs the headers, and the payloads from the end back to one that is whole.
// Where none is whole from `from` on, `whole` is `from`, rounded up.
[[nodiscard]] inline log_end find_tail(byte_view object, std::uint64_t from = log_begin) {
    // Of many records a fixed number is remembered; if none of them is whole, more.
    for (std::size_t most = 64;; most *= 64) {
        std::vector<log_record> last;
        std::uint64_t count = 0;
        std::optional<std::uint64_t> begin;
        const auto see = [&]<class What>(const What& what) {
            if (!begin) {
                begin = what.offset;
            }
            if constexpr (std::is_same_v<What, log_record>) {
                if (last.size() < most) {
                    last.push_back(what);
                } else {
                    last[static_cast<std::size_t>(count % most)] = what;
                }
                ++count;
            }
        };
        const auto end = scan_log(object, from, see);
        for (std::size_t back = 1; back <= last.size(); ++back) {
            const auto& record = last[static_cast<std::size_t>((count - back) % most)];
            if (log_payload(object, record)) {
                const auto whole = record.offset + record_extent(record.size);
                return {.whole = whole, .tail = object.size() - whole, .last = record};
            }
        }
        if (count <= most) {
            const auto whole = begin.value_or(end.whole);
            return {.whole = whole, .tail = object.size() - whole};
        }
    }
}

// Whether the object begins with the eight characters of `magic`: `truncated` if it is too short
// for that, `invalid_magic` with both as big-endian numbers.
[[nodiscard]] constexpr result<void> check_log_magic(byte_view object,
                                                     std::string_view magic) noexcept {
    std::array<std::byte, log_begin> wanted{};
    if (magic.size() != wanted.size()) {
        return fail({.code = errc::invalid_value,
                     .where = "magic",
                     .found = magic.size(),
                     .wanted = wanted.size()});
    }
    std::ranges::transform(magic, wanted.begin(), [](char c) { return static_cast<std::byte>(c); });
    if (object.size() < wanted.size()) {
        return fail({.code = errc::truncated,
                     .where = "magic",
                     .offset = 0,
                     .found = object.size(),
                     .wanted = wanted.size()});
    }
    const auto number = [](const std::byte* from) {
        return load<std::endian::big, std::uint64_t>(from);
    };
    if (!std::ranges::equal(object.first<log_begin>(), wanted)) {
        return fail({.code = errc::invalid_magic,
                     .where = "magic",
                     .offset = 0,
                     .found = number(object.data()),
                     .wanted = number(wanted.data())});
    }
    return {};
}

} // namespace tintype::inline v0
