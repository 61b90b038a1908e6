// Published answers, in constant expressions and through whatever kernel this machine chose; the
// kernels themselves are tested one by one in detail/crc_kernel.cpp.

#include <tintype/hash/crc32c.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace {

using tintype::byte_view;
using tintype::crc32c;
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

constexpr std::array<std::byte, 32> counted(bool up) {
    std::array<std::byte, 32> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<std::byte>(up ? i : bytes.size() - 1 - i);
    }
    return bytes;
}

constexpr bool published_answers() {
    // The sequences of 32 bytes are those of RFC 3720, appendix B.4.
    return hash_of<crc32c>(text("")) == 0x00000000U && hash_of<crc32c>(text("a")) == 0xC1D04330U &&
           hash_of<crc32c>(text("123456789")) == 0xE3069283U &&
           hash_of<crc32c>(all_of(std::byte{0})) == 0x8A9136AAU &&
           hash_of<crc32c>(all_of(std::byte{0xFF})) == 0x62A8AB43U &&
           hash_of<crc32c>(counted(true)) == 0x46DD794EU &&
           hash_of<crc32c>(counted(false)) == 0x113FDB5CU;
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

constexpr std::uint32_t long_answer = hash_of<crc32c>(long_bytes);

constexpr bool copies() {
    std::array<std::byte, 702> room{};
    crc32c hash;
    hash.copy(room.data() + 1, byte_view{long_bytes}.first(700));
    bool same = room.front() == std::byte{} && room.back() == std::byte{};
    for (std::size_t i = 0; i < 700; ++i) {
        same = same && room[i + 1] == long_bytes[i];
    }
    return same && hash.finish() == hash_of<crc32c>(byte_view{long_bytes}.first(700));
}

static_assert(copies());

constexpr bool combines() {
    const byte_view all = long_bytes;
    for (const std::size_t split : {0U, 1U, 9U, 64U, 1000U, 1999U, 2000U}) {
        if (crc32c::combine(hash_of<crc32c>(all.first(split)), hash_of<crc32c>(all.subspan(split)),
                            2000 - split) != long_answer) {
            return false;
        }
    }
    return true;
}

static_assert(combines());

} // namespace

TEST_CASE("crc32c gives the published answers") {
    CHECK(published_answers());
    CHECK(crc32c::name == "crc32c");
    CHECK(crc32c::polynomial == 0x82F63B78U);
}

TEST_CASE("crc32c gives at run time what it gave the compiler") {
    CHECK(hash_of<crc32c>(long_bytes) == long_answer);
    CHECK(copies());
    CHECK(combines());
}

TEST_CASE("crc32c joins parts of any size") {
    // Appending n zero bytes to a digest, doubled again and again, is appending 2n.
    std::uint32_t digest = hash_of<crc32c>(text("123456789"));
    std::uint32_t zeros = hash_of<crc32c>(text("\0"));
    std::uint64_t size = 1;
    for (int doubling = 0; doubling < 62; ++doubling) {
        const std::uint32_t once = crc32c::combine(digest, zeros, size);
        const std::uint32_t twice = crc32c::combine(once, zeros, size);
        zeros = crc32c::combine(zeros, zeros, size);
        size *= 2;
        CHECK(crc32c::combine(digest, zeros, size) == twice);
    }
    const std::vector<std::byte> many(std::size_t{1} << 20);
    std::uint32_t pieced = 0;
    for (std::size_t i = 0; i < 1024; ++i) {
        pieced = crc32c::combine(pieced, hash_of<crc32c>(byte_view{many}.first(1024)), 1024);
    }
    CHECK(pieced == hash_of<crc32c>(many));
}
