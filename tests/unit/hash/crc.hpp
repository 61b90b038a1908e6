#pragma once

// What holds for a CRC of any polynomial beside the laws of a hash: a constant expression and the
// kernel that this machine chose give the same, copies are whole and go nowhere else, and parts of
// any size are joined.

#include <tintype/core/bytes.hpp>
#include <tintype/hash/concept.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tests {

template <std::size_t N>
constexpr std::array<std::byte, N - 1> text(const char (&letters)[N]) {
    std::array<std::byte, N - 1> bytes{};
    for (std::size_t i = 0; i + 1 < N; ++i) {
        bytes[i] = static_cast<std::byte>(letters[i]);
    }
    return bytes;
}

constexpr std::array<std::byte, 32> all_of(std::byte byte) {
    std::array<std::byte, 32> bytes{};
    bytes.fill(byte);
    return bytes;
}

// Long enough for every kernel, short enough for a constant expression.
inline constexpr auto long_bytes = [] {
    std::array<std::byte, 2000> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<std::byte>(i * i / 3 % 251);
    }
    return bytes;
}();

template <class Crc>
constexpr std::uint32_t long_answer = tintype::hash_of<Crc>(long_bytes);

template <class Crc>
constexpr bool copies() {
    std::array<std::byte, 702> room{};
    Crc hash;
    hash.copy(room.data() + 1, tintype::byte_view{long_bytes}.first(700));
    bool same = room.front() == std::byte{} && room.back() == std::byte{};
    for (std::size_t i = 0; i < 700; ++i) {
        same = same && room[i + 1] == long_bytes[i];
    }
    return same &&
           hash.finish() == tintype::hash_of<Crc>(tintype::byte_view{long_bytes}.first(700));
}

template <class Crc>
constexpr bool combines() {
    const tintype::byte_view all = long_bytes;
    for (const std::size_t split : {0U, 1U, 9U, 64U, 1000U, 1999U, 2000U}) {
        if (Crc::combine(tintype::hash_of<Crc>(all.first(split)),
                         tintype::hash_of<Crc>(all.subspan(split)),
                         2000 - split) != long_answer<Crc>) {
            return false;
        }
    }
    return true;
}

template <class Crc>
void at_run_time_as_compiled() {
    static_assert(copies<Crc>() && combines<Crc>());
    CHECK(tintype::hash_of<Crc>(long_bytes) == long_answer<Crc>);
    CHECK(copies<Crc>());
    CHECK(combines<Crc>());
}

template <class Crc>
void joins_parts_of_any_size() {
    // Appending n zero bytes to a digest, doubled again and again, is appending 2n.
    std::uint32_t digest = tintype::hash_of<Crc>(text("123456789"));
    std::uint32_t zeros = tintype::hash_of<Crc>(text("\0"));
    std::uint64_t size = 1;
    for (int doubling = 0; doubling < 62; ++doubling) {
        const std::uint32_t once = Crc::combine(digest, zeros, size);
        const std::uint32_t twice = Crc::combine(once, zeros, size);
        zeros = Crc::combine(zeros, zeros, size);
        size *= 2;
        CHECK(Crc::combine(digest, zeros, size) == twice);
    }
    const std::vector<std::byte> many(std::size_t{1} << 20);
    std::uint32_t pieced = 0;
    for (std::size_t i = 0; i < 1024; ++i) {
        pieced =
            Crc::combine(pieced, tintype::hash_of<Crc>(tintype::byte_view{many}.first(1024)), 1024);
    }
    CHECK(pieced == tintype::hash_of<Crc>(many));
}

} // namespace tests
