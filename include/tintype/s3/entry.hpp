#pragma once

// What the headers of an answer say of an object, and the metadata that every object carries: who
// wrote it and the digest of its bytes. Also the digest itself, which is made of parts, so that it
// can be computed where the parts are sent and received.

#include <tintype/core/bytes.hpp>
#include <tintype/core/clock.hpp>
#include <tintype/core/message.hpp>
#include <tintype/hash/hex.hpp>
#include <tintype/hash/sha256.hpp>
#include <tintype/s3/answers.hpp>
#include <tintype/s3/http_date.hpp>
#include <tintype/s3/transfer.hpp>
#include <tintype/s3/transport.hpp>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tintype::inline v0 {

inline constexpr std::string_view s3_writer_header = "x-amz-meta-tintype-writer";
inline constexpr std::string_view s3_digest_header = "x-amz-meta-tintype-digest";
inline constexpr std::string_view s3_reserved_header = "x-amz-meta-tintype-reserved";

// The body of an object that only keeps a name for a larger one. Lists tell by the size which
// objects may be such and must be looked at.
inline constexpr std::size_t s3_reserved_size = 4093;

// The most parts that an upload takes, and so the most that a digest is made of.
inline constexpr std::uint64_t s3_most_parts = 10'000;

// How an object's bytes are vouched for: SHA-256 of all of it, or of its parts' SHA-256s.
struct s3_digest {
    std::uint64_t part_size = 0; // 0: of all of it
    sha256::digest_type value{};

    friend bool operator==(const s3_digest&, const s3_digest&) = default;
};

[[nodiscard]] inline s3_digest digest_of_parts(std::span<const sha256::digest_type> parts,
                                               std::uint64_t part_size) noexcept {
    sha256 hash;
    for (const auto& part : parts) {
        hash.update(part);
    }
    return {.part_size = part_size, .value = hash.finish()};
}

// "sha256:HEX" or "sha256-parts:PARTSIZE:HEX".
[[nodiscard]] inline std::string write_s3_digest(const s3_digest& digest) {
    std::string text = "sha256";
    if (digest.part_size != 0) {
        text += "-parts:";
        detail::append_number(text, digest.part_size);
    }
    text += ':';
    return text += to_hex(digest.value);
}

[[nodiscard]] inline std::optional<s3_digest> read_s3_digest(std::string_view text) {
    constexpr std::string_view whole = "sha256:";
    constexpr std::string_view parts = "sha256-parts:";
    s3_digest digest;
    if (text.starts_with(whole)) {
        text.remove_prefix(whole.size());
    } else if (text.starts_with(parts)) {
        text.remove_prefix(parts.size());
        const auto end = text.data() + text.size();
        const auto read = std::from_chars(text.data(), end, digest.part_size);
        if (read.ec != std::errc{} || read.ptr == end || *read.ptr != ':' ||
            digest.part_size == 0) {
            return std::nullopt;
        }
        text = std::string_view{read.ptr + 1, end};
    } else {
        return std::nullopt;
    }
    const auto value = from_hex<sha256::digest_type>(text);
    if (!value) {
        return std::nullopt;
    }
    digest.value = *value;
    return digest;
}

[[nodiscard]] inline std::string in_quotes(std::string_view tag) {
    return '"' + std::string{tag} + '"';
}

// The time in that header of an answer.
[[nodiscard]] inline std::optional<timestamp> time_in(const s3_answer& answer,
                                                      std::string_view header) {
    const auto when = http_date(answer.header(header));
    return when ? std::optional{*when} : std::nullopt;
}

struct s3_entry {
    std::uint64_t size = 0;   // of the whole object, also where the answer holds a range of it
    std::string tag;          // its ETag, without quotes
    bool tag_of_bytes = true; // it may be their MD5; keys of the service's make it something else
    std::string writer;       // empty where another tool put it there
    std::string digest;       // as it is written
    bool reserved = false;
    std::optional<timestamp> modified; // to the second
    std::optional<timestamp> now;      // the service's, when it answered
};

// A range as a header names it: "bytes 0-4/5".
struct s3_range {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::uint64_t total = 0;
};

[[nodiscard]] inline std::optional<s3_range> read_content_range(std::string_view text) {
    constexpr std::string_view unit = "bytes ";
    if (!text.starts_with(unit)) {
        return std::nullopt;
    }
    text.remove_prefix(unit.size());
    const auto dash = text.find('-');
    const auto slash = text.find('/');
    if (dash == text.npos || slash == text.npos || slash < dash) {
        return std::nullopt;
    }
    const auto first = detail::decimal(text.substr(0, dash));
    const auto last = detail::decimal(text.substr(dash + 1, slash - dash - 1));
    const auto total = detail::decimal(text.substr(slash + 1));
    if (!first || !last || !total || *first > *last || *last >= *total) {
        return std::nullopt;
    }
    return s3_range{.first = *first, .last = *last, .total = *total};
}

// Nothing where the answer does not say how large the object is.
[[nodiscard]] inline std::optional<s3_entry> read_s3_entry(const s3_answer& answer) {
    const bool by_a_key = answer.header("x-amz-server-side-encryption").starts_with("aws:kms") ||
                          !answer.header("x-amz-server-side-encryption-customer-algorithm").empty();
    s3_entry entry{.tag = std::string{bare_etag(answer.header("etag"))},
                   .tag_of_bytes = !by_a_key,
                   .writer = std::string{answer.header(s3_writer_header)},
                   .digest = std::string{answer.header(s3_digest_header)},
                   .reserved = !answer.header(s3_reserved_header).empty(),
                   .modified = time_in(answer, "last-modified"),
                   .now = time_in(answer, "date")};
    if (answer.status == 206) {
        const auto range = read_content_range(answer.header("content-range"));
        if (!range) {
            return std::nullopt;
        }
        entry.size = range->total;
        return entry;
    }
    const auto size = detail::decimal(answer.header("content-length"));
    if (!size) {
        return std::nullopt;
    }
    entry.size = *size;
    return entry;
}

} // namespace tintype::inline v0
