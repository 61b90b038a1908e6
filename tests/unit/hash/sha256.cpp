// SHA-256 against the examples of FIPS 180 and NIST, against what sha256sum says of files, and cut
// into updates anywhere.

#include <tintype/hash/hex.hpp>
#include <tintype/hash/sha256.hpp>

#include "laws/hash.hpp"
#include "support/bytes.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#ifndef TINTYPE_GOLDEN
#error "define TINTYPE_GOLDEN as the path of tests/golden"
#endif

namespace {

using tintype::blob;
using tintype::byte_view;
using tintype::bytes_of;
using tintype::hash_of;
using tintype::sha256;

std::string digest_of(byte_view bytes) {
    return tintype::to_hex(hash_of<sha256>(bytes));
}

// The algorithm as FIPS 180-4 defines it, one step after the other. Its constants are the first 32
// bits of the fractions of cube roots and square roots of primes.
class plain_sha256 {
public:
    static std::string of(byte_view bytes) {
        blob padded(bytes.begin(), bytes.end());
        padded.push_back(std::byte{0x80});
        while (padded.size() % 64 != 56) {
            padded.push_back(std::byte{0});
        }
        const std::uint64_t bits = bytes.size() * 8;
        for (unsigned i = 0; i != 8; ++i) {
            padded.push_back(static_cast<std::byte>(bits >> (56 - 8 * i)));
        }
        std::array<std::uint32_t, 8> state{};
        for (std::size_t i = 0; i != 8; ++i) {
            state[i] = fraction_of_root(prime(i), 2);
        }
        for (std::size_t at = 0; at != padded.size(); at += 64) {
            compress(state, padded.data() + at);
        }
        std::string text;
        for (const std::uint32_t word : state) {
            text += tintype::to_hex(word);
        }
        return text;
    }

private:
    static std::uint64_t prime(std::size_t index) {
        std::uint64_t candidate = 2;
        for (;; ++candidate) {
            bool divided = false;
            for (std::uint64_t i = 2; i * i <= candidate; ++i) {
                divided = divided || candidate % i == 0;
            }
            if (!divided && index-- == 0) {
                return candidate;
            }
        }
    }

    // The largest x with x^degree <= number * 2^(32 * degree), found bit by bit; no more than 35
    // bits, whose third power is less than 2^105.
    static std::uint32_t fraction_of_root(std::uint64_t number, unsigned degree) {
        __extension__ using wide = unsigned __int128;
        const wide target = wide{number} << (32 * degree);
        std::uint64_t root = 0;
        for (std::uint64_t bit = std::uint64_t{1} << 36U; bit != 0; bit >>= 1U) {
            const wide next = root | bit;
            if ((degree == 2 ? next * next : next * next * next) <= target) {
                root |= bit;
            }
        }
        return static_cast<std::uint32_t>(root);
    }

    static const std::array<std::uint32_t, 64>& constants() {
        static const auto all = [] {
            std::array<std::uint32_t, 64> made{};
            for (std::size_t i = 0; i != 64; ++i) {
                made[i] = fraction_of_root(prime(i), 3);
            }
            return made;
        }();
        return all;
    }

    static void compress(std::array<std::uint32_t, 8>& state, const std::byte* block) {
        std::array<std::uint32_t, 64> w{};
        for (std::size_t i = 0; i != 64; ++i) {
            if (i < 16) {
                for (std::size_t j = 0; j != 4; ++j) {
                    w[i] = w[i] << 8U | std::to_integer<std::uint32_t>(block[4 * i + j]);
                }
                continue;
            }
            const std::uint32_t a = w[i - 15];
            const std::uint32_t b = w[i - 2];
            w[i] = w[i - 16] + (std::rotr(a, 7) ^ std::rotr(a, 18) ^ a >> 3U) + w[i - 7] +
                   (std::rotr(b, 17) ^ std::rotr(b, 19) ^ b >> 10U);
        }
        auto s = state;
        for (std::size_t i = 0; i != 64; ++i) {
            const std::uint32_t e = s[4];
            const std::uint32_t first = s[7] +
                                        (std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25)) +
                                        ((e & s[5]) ^ (~e & s[6])) + constants()[i] + w[i];
            const std::uint32_t a = s[0];
            const std::uint32_t second = (std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22)) +
                                         ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));
            s = {first + second, s[0], s[1], s[2], s[3] + first, s[4], s[5], s[6]};
        }
        for (std::size_t i = 0; i != 8; ++i) {
            state[i] += s[i];
        }
    }
};

} // namespace

TEST_CASE("sha256: the examples of FIPS 180") {
    CHECK(digest_of({}) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(digest_of(bytes_of("abc")) ==
          "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(digest_of(bytes_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")) ==
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    CHECK(digest_of(bytes_of("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                             "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu")) ==
          "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
    CHECK(digest_of(blob(1'000'000, std::byte{'a'})) ==
          "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("sha256: as the standard's definition has it, at every size around a block") {
    const blob bytes = tests::noise(200);
    std::size_t wrong = 0;
    for (std::size_t size = 0; size <= 130; ++size) {
        const auto some = byte_view{bytes}.first(size);
        wrong += digest_of(some) == plain_sha256::of(some) ? 0U : 1U;
    }
    CHECK(wrong == 0);
}

TEST_CASE("sha256: two updates, cut anywhere") {
    const blob bytes = tests::noise(260, 1);
    std::size_t wrong = 0;
    for (std::size_t first = 0; first <= 130; ++first) {
        for (std::size_t second = 0; second <= 130; ++second) {
            const auto all = byte_view{bytes}.first(first + second);
            sha256 hash;
            hash.update(all.first(first));
            hash.update(all.subspan(first));
            wrong += hash.finish() == hash_of<sha256>(all) ? 0U : 1U;
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE("sha256: many updates of one size") {
    const blob bytes = tests::noise(1000, 2);
    const auto whole = hash_of<sha256>(bytes);
    for (const std::size_t size : {1U, 3U, 63U, 64U, 65U, 128U, 129U, 999U}) {
        CAPTURE(size);
        sha256 hash;
        for (std::size_t at = 0; at < bytes.size(); at += size) {
            hash.update(byte_view{bytes}.subspan(at, std::min(size, bytes.size() - at)));
        }
        CHECK(hash.finish() == whole);
    }
}

TEST_CASE("sha256: a copy goes its own way") {
    const blob bytes = tests::noise(200, 3);
    for (const std::size_t size : {0U, 1U, 55U, 56U, 63U, 64U, 65U, 130U}) {
        CAPTURE(size);
        const auto head = byte_view{bytes}.first(size);
        sha256 hash;
        hash.update(head);
        sha256 copy = hash;
        copy.update(bytes_of("its own"));
        CHECK(hash.finish() == hash_of<sha256>(head));
        CHECK(copy.finish() != hash.finish());
        hash.update(byte_view{bytes}.subspan(size));
        CHECK(hash.finish() == hash_of<sha256>(bytes));
        copy = std::move(hash);
        CHECK(copy.finish() == hash_of<sha256>(bytes));
    }
}

TEST_CASE("sha256: as sha256sum says of files") {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 5> files = {{
        {"blob0.bin", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"blob63.bin", "05c7c99355925ac7c4f39f8cbd28e34d5d857e94418437f2b565c7c8b74f0232"},
        {"blob64.bin", "e665f9f23fae2ccde2c9af8918781167e16666bf40b984f76ea7973a741b34ce"},
        {"blob65.bin", "ba6087edfee57c867176ef0cc7b56f74bd0f464b6c46b4192b441cb413a2f9ab"},
        {"blob200000.bin", "696f3ac60374aab991d18fa7a0f109f858096e7ace910ec6205b98aeabc4e851"},
    }};
    for (const auto& [file, digest] : files) {
        CAPTURE(file);
        const auto bytes = tests::file_bytes(TINTYPE_GOLDEN "/vectorxlite/" + std::string(file));
        CHECK(digest_of(bytes) == digest);
    }
}

TEST_CASE("sha256: the laws of a hash") {
    static_assert(!tintype::combinable_hash<sha256>);
    CHECK(sha256::name == "sha256");
    tintype::laws::hash_laws<sha256>();
}
