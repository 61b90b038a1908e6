// Published answers, in constant expressions and through whatever kernel this machine chose; the
// kernels themselves are tested one by one in detail/crc_kernel.cpp.

#include <tintype/hash/crc32.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace {

using tintype::byte_view;
using tintype::crc32;
using tintype::hash_of;

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

constexpr bool published_answers() {
    // RFC 1952 and zlib agree on these.
    return hash_of<crc32>(text("")) == 0x00000000U && hash_of<crc32>(text("a")) == 0xE8B7BE43U &&
           hash_of<crc32>(text("abc")) == 0x352441C2U &&
           hash_of<crc32>(text("123456789")) == 0xCBF43926U &&
           hash_of<crc32>(text("The quick brown fox jumps over the lazy dog")) == 0x414FA339U &&
           hash_of<crc32>(all_of(std::byte{0})) == 0x190A55ADU &&
           hash_of<crc32>(all_of(std::byte{0xFF})) == 0xFF6CAB0BU;
}

static_assert(published_answers());

// Long enough for every kernel, short enough for a constant expression.
constexpr auto long_bytes = [] {
    std::array<std::byte, 2000> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<std::byte>(i * i / 3 % 251);
    }
    return bytes;
}();

constexpr std::uint32_t long_answer = hash_of<crc32>(long_bytes);

constexpr bool copies() {
    std::array<std::byte, 702> room{};
    crc32 hash;
    hash.copy(room.data() + 1, byte_view{long_bytes}.first(700));
    bool same = room.front() == std::byte{} && room.back() == std::byte{};
    for (std::size_t i = 0; i < 700; ++i) {
        same = same && room[i + 1] == long_bytes[i];
    }
    return same && hash.finish() == hash_of<crc32>(byte_view{long_bytes}.first(700));
}

static_assert(copies());

constexpr bool combines() {
    const byte_view all = long_bytes;
    for (const std::size_t split : {0U, 1U, 9U, 64U, 1000U, 1999U, 2000U}) {
        if (crc32::combine(hash_of<crc32>(all.first(split)), hash_of<crc32>(all.subspan(split)),
                           2000 - split) != long_answer) {
            return false;
        }
    }
    return true;
}

static_assert(combines());

} // namespace

TEST_CASE("crc32 gives the published answers") {
    CHECK(published_answers());
    CHECK(crc32::name == "crc32");
    CHECK(crc32::polynomial == 0xEDB88320U);
}

TEST_CASE("crc32 gives at run time what it gave the compiler") {
    CHECK(hash_of<crc32>(long_bytes) == long_answer);
    CHECK(copies());
    CHECK(combines());
}

TEST_CASE("crc32 joins parts of any size") {
    // Appending n zero bytes to a digest, doubled again and again, is appending 2n.
    std::uint32_t digest = hash_of<crc32>(text("123456789"));
    std::uint32_t zeros = hash_of<crc32>(text("\0"));
    std::uint64_t size = 1;
    for (int doubling = 0; doubling < 62; ++doubling) {
        const std::uint32_t once = crc32::combine(digest, zeros, size);
        const std::uint32_t twice = crc32::combine(once, zeros, size);
        zeros = crc32::combine(zeros, zeros, size);
        size *= 2;
        CHECK(crc32::combine(digest, zeros, size) == twice);
    }
    const std::vector<std::byte> many(std::size_t{1} << 20);
    std::uint32_t pieced = 0;
    for (std::size_t i = 0; i < 1024; ++i) {
        pieced = crc32::combine(pieced, hash_of<crc32>(byte_view{many}.first(1024)), 1024);
    }
    CHECK(pieced == hash_of<crc32>(many));
}
