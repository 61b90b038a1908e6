#pragma once

// How to tell whether two logs are one that grew: by the headers of its first and its last record.

#include <tintype/core/bytes.hpp>
#include <tintype/log/record.hpp>
#include <tintype/log/scan.hpp>

#include <algorithm>
#include <cstdint>

namespace tintype::inline v0 {

// Headers name their place and their payload's checksum, so two logs that have the same ones in the
// same places are the same as far as anybody looks.
struct log_marks {
    encoded_header first{};
    encoded_header last{};
    std::uint64_t last_offset = 0;
    std::uint64_t size = 0; // where the last record ends

    // The record that was put at the end.
    constexpr void add(const encoded_header& header, std::uint64_t offset,
                       std::uint64_t extent) noexcept {
        if (last_offset == 0) {
            first = header;
        }
        last = header;
        last_offset = offset;
        size = offset + extent;
    }

    // Whether what these were taken of is how `object` begins.
    [[nodiscard]] constexpr bool hold_in(byte_view object) const noexcept {
        if (object.size() < size || last_offset == 0) {
            return false;
        }
        const auto same = [&](const encoded_header& header, std::uint64_t offset) {
            return std::ranges::equal(
                header, object.subspan(static_cast<std::size_t>(offset)).first(header.size()));
        };
        return same(first, log_begin) && same(last, last_offset);
    }

    friend constexpr bool operator==(const log_marks&, const log_marks&) = default;
};

// The marks of a log whose last record is known; of a damaged first record, whatever lies there.
[[nodiscard]] constexpr log_marks marks_of(byte_view object, const log_record& last) noexcept {
    log_marks marks;
    const auto header = [&](std::uint64_t offset) {
        encoded_header bytes{};
        std::ranges::copy(
            object.subspan(static_cast<std::size_t>(offset)).first<record_header::bytes>(),
            bytes.begin());
        return bytes;
    };
    marks.add(header(log_begin), log_begin, record_header::bytes);
    marks.add(header(last.offset), last.offset, record_extent(last.size));
    return marks;
}

} // namespace tintype::inline v0
