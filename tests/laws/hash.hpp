#pragma once

// The laws of a hash policy, as one suite for every model: `hash_laws<H>()` inside a test case. It
// knows nothing of H but the concepts, so it holds a user's own hash to the same promises.

#include <tintype/hash/concept.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

namespace tintype::laws {

// Bytes without a pattern that a hash could be lucky with; the same in every run.
inline std::vector<std::byte> some_bytes(std::size_t size, std::uint64_t seed = 1) {
    std::vector<std::byte> bytes;
    bytes.reserve(size);
    std::uint64_t state = seed * 0x9E3779B97F4A7C15U + 1;
    while (bytes.size() < size) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.push_back(static_cast<std::byte>(state >> 32));
    }
    return bytes;
}

// Sizes around the steps that hashes are built of.
inline constexpr std::array<std::size_t, 22> hash_sizes = {
    0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 255, 256, 515};

template <class H>
void hash_is_cut_anywhere() {
    for (const std::size_t size : hash_sizes) {
        const std::vector<std::byte> bytes = some_bytes(size);
        const byte_view all = bytes;
        const auto whole = hash_of<H>(all);
        std::size_t wrong = 0;
        for (std::size_t split = 0; split <= size; ++split) {
            H hash{};
            hash.update(all.first(split));
            hash.update(byte_view{});
            hash.update(all.subspan(split));
            wrong += hash.finish() == whole ? 0U : 1U;
        }
        for (const std::size_t piece : {1U, 3U, 8U, 61U}) {
            H hash{};
            for (byte_view rest = all; !rest.empty();) {
                const byte_view now = rest.first(rest.size() < piece ? rest.size() : piece);
                hash.update(now);
                rest = rest.subspan(now.size());
            }
            wrong += hash.finish() == whole ? 0U : 1U;
        }
        INFO("size ", size);
        CHECK(wrong == 0);
    }
}

template <class H>
void hash_may_be_asked_at_any_time() {
    const std::vector<std::byte> bytes = some_bytes(200);
    H asked{};
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const auto so_far = hash_of<H>(byte_view{bytes}.first(i));
        wrong += asked.finish() == so_far ? 0U : 1U;
        wrong += asked.finish() == so_far ? 0U : 1U;
        asked.update(byte_view{bytes}.subspan(i, 1));
    }
    CHECK(wrong == 0);
    CHECK(asked.finish() == hash_of<H>(bytes));
}

template <class H>
void hash_copies_fork() {
    const std::vector<std::byte> bytes = some_bytes(150);
    const std::vector<std::byte> other = some_bytes(150, 2);
    for (const std::size_t at : {0U, 1U, 64U, 149U, 150U}) {
        H left{};
        left.update(byte_view{bytes}.first(at));
        H right = left;
        left.update(byte_view{bytes}.subspan(at));
        right.update(other);
        std::vector<std::byte> joined(bytes.begin(),
                                      bytes.begin() + static_cast<std::ptrdiff_t>(at));
        joined.insert(joined.end(), other.begin(), other.end());
        INFO("forked at ", at);
        CHECK(left.finish() == hash_of<H>(bytes));
        CHECK(right.finish() == hash_of<H>(joined));
        right = left;
        CHECK(right.finish() == left.finish());
        left = H{};
        CHECK(left.finish() == hash_of<H>(byte_view{}));
    }
}

// A hash that stores something must notice each flipped bit and each byte more or less.
template <class H>
void hash_notices() {
    if constexpr (digest_size<H> != 0) {
        std::vector<std::byte> bytes = some_bytes(100);
        const auto whole = hash_of<H>(bytes);
        std::size_t missed = 0;
        for (std::byte& byte : bytes) {
            for (unsigned bit = 0; bit < 8; ++bit) {
                const std::byte mask{static_cast<unsigned char>(1U << bit)};
                byte ^= mask;
                missed += hash_of<H>(bytes) == whole ? 1U : 0U;
                byte ^= mask;
            }
        }
        CHECK(missed == 0);
        CHECK(hash_of<H>(byte_view{bytes}.first(99)) != whole);
        CHECK(hash_of<H>(byte_view{bytes}.last(99)) != whole);
    }
}

template <class H>
void hash_combines() {
    if constexpr (combinable_hash<H>) {
        for (const std::size_t size : hash_sizes) {
            const std::vector<std::byte> bytes = some_bytes(size);
            const byte_view all = bytes;
            const auto whole = hash_of<H>(all);
            std::size_t wrong = 0;
            for (std::size_t split = 0; split <= size; ++split) {
                const byte_view second = all.subspan(split);
                const auto joined = H::combine(hash_of<H>(all.first(split)), hash_of<H>(second),
                                               std::uint64_t{second.size()});
                wrong += joined == whole ? 0U : 1U;
            }
            INFO("size ", size);
            CHECK(wrong == 0);
        }
        // It does not matter which neighbours are joined first.
        const std::vector<std::byte> bytes = some_bytes(300);
        const byte_view all = bytes;
        const auto a = hash_of<H>(all.first(100));
        const auto b = hash_of<H>(all.subspan(100, 130));
        const auto c = hash_of<H>(all.last(70));
        CHECK(H::combine(H::combine(a, b, 130), c, 70) == hash_of<H>(all));
        CHECK(H::combine(a, H::combine(b, c, 70), 200) == hash_of<H>(all));
    }
}

template <class H>
void hash_copies_on_the_way() {
    if constexpr (copying_hash<H>) {
        constexpr std::byte canary{0xA5};
        for (const std::size_t size : hash_sizes) {
            const std::vector<std::byte> bytes = some_bytes(size);
            std::vector<std::byte> room(size + 2, canary);
            H hash{};
            hash.copy(room.data() + 1, bytes);
            INFO("size ", size);
            CHECK(hash.finish() == hash_of<H>(bytes));
            CHECK(std::vector<std::byte>(room.begin() + 1, room.end() - 1) == bytes);
            CHECK(room.front() == canary);
            CHECK(room.back() == canary);
        }
    }
}

template <class H>
void hash_laws() {
    static_assert(hash_policy<H>);
    CHECK(!std::string_view{H::name}.empty());
    CHECK(H{}.finish() == hash_of<H>(byte_view{}));
    hash_is_cut_anywhere<H>();
    hash_may_be_asked_at_any_time<H>();
    hash_copies_fork<H>();
    hash_notices<H>();
    hash_combines<H>();
    hash_copies_on_the_way<H>();
}

} // namespace tintype::laws
