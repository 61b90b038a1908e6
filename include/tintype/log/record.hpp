#pragma once

// What stands before each record of a log: 32 bytes, little-endian. A header names its own place in
// the object, so that a record that was copied, moved, repeated or put elsewhere is none, and has a
// checksum of its own, so that its length may be believed without a look at the payload.

#include <tintype/core/bytes.hpp>
#include <tintype/core/endian.hpp>
#include <tintype/hash/crc32c.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace tintype::inline v0 {

//  offset  type  field
//       0  u32   magic: the characters "TREC"
//       4  u32   kind, the user's
//       8  u64   offset of this header from the start of the object, a multiple of 8
//      16  u64   size of the payload, without the zeros that pad it to a multiple of 8
//      24  u32   CRC-32C of the payload and the zeros behind it
//      28  u32   CRC-32C of the 28 bytes before
struct record_header {
    static constexpr std::size_t bytes = 32;
    static constexpr std::uint32_t magic = 0x43455254;
    static constexpr std::uint64_t alignment = 8;

    std::uint32_t kind = 0;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    std::uint32_t checksum = 0; // of the payload and its padding

    friend constexpr bool operator==(const record_header&, const record_header&) = default;
};

static_assert(record_header::bytes % record_header::alignment == 0);

// The zeros behind a payload, at most seven.
[[nodiscard]] constexpr std::size_t record_padding(std::uint64_t size) noexcept {
    return static_cast<std::size_t>((~size + 1) % record_header::alignment);
}

// Header, payload and padding, for a payload that there is room for.
[[nodiscard]] constexpr std::uint64_t record_extent(std::uint64_t size) noexcept {
    return record_header::bytes + size + record_padding(size);
}

using encoded_header = std::array<std::byte, record_header::bytes>;

[[nodiscard]] constexpr encoded_header encode_header(const record_header& header) noexcept {
    constexpr auto little = std::endian::little;
    encoded_header to{};
    store<little>(to.data(), record_header::magic);
    store<little>(to.data() + 4, header.kind);
    store<little>(to.data() + 8, header.offset);
    store<little>(to.data() + 16, header.size);
    store<little>(to.data() + 24, header.checksum);
    store<little>(to.data() + 28, hash_of<crc32c>(byte_view{to}.first(28)));
    return to;
}

// The header at `offset`, if one that belongs there lies there whole.
[[nodiscard]] constexpr std::optional<record_header> header_at(byte_view object,
                                                               std::uint64_t offset) noexcept {
    constexpr auto little = std::endian::little;
    if (offset > object.size() || object.size() - offset < record_header::bytes) {
        return std::nullopt;
    }
    const auto from =
        object.subspan(static_cast<std::size_t>(offset)).first<record_header::bytes>();
    const record_header header{.kind = load<little, std::uint32_t>(&from[4]),
                               .offset = load<little, std::uint64_t>(&from[8]),
                               .size = load<little, std::uint64_t>(&from[16]),
                               .checksum = load<little, std::uint32_t>(&from[24])};
    if (load<little, std::uint32_t>(&from[0]) != record_header::magic || header.offset != offset ||
        load<little, std::uint32_t>(&from[28]) != hash_of<crc32c>(from.first(28))) {
        return std::nullopt;
    }
    return header;
}

// The checksum of a payload in pieces.
[[nodiscard]] constexpr std::uint32_t payload_checksum(std::span<const byte_view> pieces) noexcept {
    crc32c hash;
    std::uint64_t size = 0;
    for (const byte_view piece : pieces) {
        hash.update(piece);
        size += piece.size();
    }
    constexpr std::array<std::byte, record_header::alignment> zeros{};
    hash.update(byte_view{zeros}.first(record_padding(size)));
    return hash.finish();
}

static_assert(record_padding(0) == 0 && record_padding(1) == 7 && record_padding(8) == 0);
static_assert(record_extent(0) == 32 && record_extent(1) == 40 && record_extent(8) == 40);

} // namespace tintype::inline v0
