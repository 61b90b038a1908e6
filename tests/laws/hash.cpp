// The laws of a hash policy, over every model that needs no other library and over two that a user
// might write: one with a number for a digest, one with bytes.

#include "hash.hpp"

#include <tintype/hash/blake3.hpp>
#include <tintype/hash/crc32.hpp>
#include <tintype/hash/crc32c.hpp>
#include <tintype/hash/none.hpp>
#include <tintype/hash/poly31.hpp>

#include "../../examples/policies.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace {

using policies::fnv1a;

// Fletcher's sum modulo 255 over 16 bits, stored as bytes, and joined from parts.
struct fletcher16 {
    using digest_type = std::array<std::byte, 2>;

    static constexpr std::string_view name = "fletcher16";

    constexpr void update(tintype::byte_view bytes) noexcept {
        for (const std::byte byte : bytes) {
            first = (first + static_cast<unsigned>(byte)) % 255;
            second = (second + first) % 255;
        }
    }

    [[nodiscard]] constexpr digest_type finish() const noexcept {
        return {static_cast<std::byte>(first), static_cast<std::byte>(second)};
    }

    [[nodiscard]] static constexpr digest_type combine(digest_type a, digest_type b,
                                                       std::uint64_t size) noexcept {
        const auto first_a = static_cast<std::uint64_t>(a[0]);
        return {static_cast<std::byte>((first_a + static_cast<std::uint64_t>(b[0])) % 255),
                static_cast<std::byte>((static_cast<std::uint64_t>(a[1]) + size % 255 * first_a +
                                        static_cast<std::uint64_t>(b[1])) %
                                       255)};
    }

    unsigned first = 0;
    unsigned second = 0;
};

} // namespace

TEST_CASE("laws: crc32 is a hash") {
    tintype::laws::hash_laws<tintype::crc32>();
}

TEST_CASE("laws: crc32c is a hash") {
    tintype::laws::hash_laws<tintype::crc32c>();
}

TEST_CASE("laws: blake3 is a hash") {
    static_assert(!tintype::combinable_hash<tintype::blake3>);
    tintype::laws::hash_laws<tintype::blake3>();
}

TEST_CASE("laws: poly31 is a hash") {
    static_assert(!tintype::combinable_hash<tintype::poly31>);
    tintype::laws::hash_laws<tintype::poly31>();
}

TEST_CASE("laws: no_hash is a hash") {
    tintype::laws::hash_laws<tintype::no_hash>();
}

TEST_CASE("laws: a user's hash with a number for a digest") {
    static_assert(!tintype::combinable_hash<fnv1a>);
    static_assert(!tintype::copying_hash<fnv1a>);
    tintype::laws::hash_laws<fnv1a>();
}

TEST_CASE("laws: a user's hash with bytes for a digest, joined from parts") {
    static_assert(tintype::combinable_hash<fletcher16>);
    static_assert(tintype::digest_size<fletcher16> == 2);
    tintype::laws::hash_laws<fletcher16>();
}
