#pragma once

// Bytes under a right CRC-32: what gets a damaged length or count past the checksum, to the check
// that it is meant for.

#include <tintype/core/bytes.hpp>
#include <tintype/core/endian.hpp>
#include <tintype/hash/crc32.hpp>

#include <bit>
#include <cstdint>

namespace tests {

// Makes the last four bytes the little-endian CRC-32 of those before them; fewer stay as they are.
constexpr void reseal(tintype::mutable_bytes bytes) {
    if (bytes.size() >= 4) {
        const auto body = bytes.first(bytes.size() - 4);
        tintype::store<std::endian::little>(bytes.data() + body.size(),
                                            tintype::hash_of<tintype::crc32>(body));
    }
}

// The bytes with their CRC-32 behind them.
constexpr tintype::blob sealed(tintype::blob bytes) {
    bytes.insert(bytes.end(), 4, std::byte{0});
    reseal(bytes);
    return bytes;
}

} // namespace tests
