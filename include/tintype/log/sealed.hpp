#pragma once

// What is known of a record without its content: it stands in front of the content with a checksum
// of its own, so that whoever only looks for a record reads that alone, and may believe it.

#include <tintype/core/bytes.hpp>
#include <tintype/core/endian.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/reader.hpp>
#include <tintype/hash/crc32c.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tintype::inline v0::detail {

//  u32 CRC-32C of what follows, u32 size of the facts, the facts
inline void append_sealed(blob& to, byte_view facts) {
    std::array<std::byte, 8> head{};
    store<std::endian::little>(head.data() + 4, static_cast<std::uint32_t>(facts.size()));
    crc32c sum;
    sum.update(byte_view{head}.last<4>());
    sum.update(facts);
    store<std::endian::little>(head.data(), sum.finish());
    append(to, head);
    append(to, facts);
}

[[nodiscard]] inline result<reader> take_sealed(reader& in, std::string_view part) {
    const auto stored = in.number<std::endian::little, std::uint32_t>(part);
    if (!stored) {
        return pass(stored);
    }
    const byte_view all = in.rest();
    const auto size = in.number<std::endian::little, std::uint32_t>(part);
    if (!size) {
        return pass(size);
    }
    const std::uint64_t offset = in.offset();
    const auto facts = in.take(*size, part);
    if (!facts) {
        return pass(facts);
    }
    const auto computed = hash_of<crc32c>(all.first(4 + facts->size()));
    if (computed != *stored) {
        return fail({.code = errc::checksum_mismatch,
                     .where = part,
                     .offset = offset,
                     .found = *stored,
                     .wanted = computed});
    }
    return reader{*facts, offset};
}

[[nodiscard]] inline result<void> nothing_left(const reader& in, std::string_view part) {
    if (in.remaining() != 0) {
        return fail({.code = errc::trailing_bytes,
                     .where = part,
                     .offset = in.offset(),
                     .found = in.remaining()});
    }
    return {};
}

} // namespace tintype::inline v0::detail
