// Every truncation and every flipped bit of small files is refused, by decode and view alike, with
// the same error from both, and before anything was allocated.

#include <tintype/formats/velesdb.hpp>

#include "counting_new.hpp"
#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace tintype::velesdb;

// What the refusals were, and whether any of them had taken memory.
struct refusals {
    std::size_t accepted = 0;
    std::size_t disagreed = 0;
    std::size_t allocations = 0;

    template <class Codec, class State>
    tintype::errc note(tintype::byte_view bytes) {
        const tests::allocation_watch watch;
        const auto decoded = Codec::template decode<State>(bytes);
        const auto viewed = Codec::template view<State>(bytes);
        allocations += watch.count();
        if (decoded || viewed) {
            ++accepted;
            return {};
        }
        disagreed += decoded.error() == viewed.error() ? 0U : 1U;
        return decoded.error().code;
    }
};

template <class Codec, class State>
void every_truncation_is_refused(const tintype::blob& bytes) {
    refusals seen;
    for (std::size_t size = 0; size != bytes.size(); ++size) {
        const auto code = seen.note<Codec, State>(tintype::byte_view{bytes}.first(size));
        CHECK(code == (size < Codec::min_size ? tintype::errc::truncated
                                              : tintype::errc::checksum_mismatch));
    }
    CHECK(seen.accepted == 0);
    CHECK(seen.disagreed == 0);
    CHECK(seen.allocations == 0);
}

template <class Codec, class State>
void every_flip_is_refused(tintype::blob bytes) {
    refusals seen;
    for (std::size_t bit = 0; bit != 8 * bytes.size(); ++bit) {
        const std::byte mask{static_cast<unsigned char>(1U << bit % 8)};
        bytes[bit / 8] ^= mask;
        const auto code = seen.note<Codec, State>(bytes);
        CHECK(code == (bit / 8 < 4    ? tintype::errc::invalid_magic
                       : bit / 8 == 4 ? tintype::errc::unsupported_version
                                      : tintype::errc::checksum_mismatch));
        bytes[bit / 8] ^= mask;
    }
    CHECK(seen.accepted == 0);
    CHECK(seen.disagreed == 0);
    CHECK(seen.allocations == 0);
}

std::vector<tintype::blob> small_memories() {
    std::vector<tintype::blob> all;
    for (const std::size_t size : {0U, 1U, 17U}) {
        const memory_state state{.semantic = tests::noise(size, 1),
                                 .episodic = tests::noise(size / 2, 2),
                                 .procedural = {},
                                 .ttl = tests::noise(size, 3)};
        all.push_back(*tintype::encode<vamm<2>>(state));
    }
    return all;
}

std::vector<tintype::blob> small_indexes() {
    std::vector<tintype::blob> all;
    for (const std::size_t entries : {0U, 1U, 5U}) {
        payload_index index{.wal_position = 77, .entries = {}};
        for (std::size_t i = 0; i != entries; ++i) {
            index.entries.push_back({i, 16 * i});
        }
        all.push_back(*tintype::encode<vsnp>(index));
    }
    return all;
}

} // namespace

TEST_CASE("hostile: every truncation of a VAMM file") {
    for (const auto& bytes : small_memories()) {
        every_truncation_is_refused<vamm<2>, memory_state>(bytes);
    }
}

TEST_CASE("hostile: every truncation of a VSNP file") {
    for (const auto& bytes : small_indexes()) {
        every_truncation_is_refused<vsnp, payload_index>(bytes);
    }
}

TEST_CASE("hostile: every flipped bit of a VAMM file") {
    for (const auto& bytes : small_memories()) {
        every_flip_is_refused<vamm<2>, memory_state>(bytes);
    }
}

TEST_CASE("hostile: every flipped bit of a VSNP file") {
    for (const auto& bytes : small_indexes()) {
        every_flip_is_refused<vsnp, payload_index>(bytes);
    }
}

TEST_CASE("hostile: every flipped bit of either version of VAMM, read as any version") {
    for (const auto& second : small_memories()) {
        auto bytes = second;
        bytes[4] = std::byte{1};
        const auto state =
            tintype::decode<vamm<1>, memory_state>(bytes, {.integrity = tintype::integrity::skip});
        bytes = *tintype::encode<vamm<1>>(*state);
        std::size_t accepted = 0;
        for (std::size_t bit = 0; bit != 8 * bytes.size(); ++bit) {
            const std::byte mask{static_cast<unsigned char>(1U << bit % 8)};
            bytes[bit / 8] ^= mask;
            accepted += tintype::decode<vamm_any<>, memory_state>(bytes).has_value() ? 1U : 0U;
            bytes[bit / 8] ^= mask;
        }
        CHECK(accepted == 0);
    }
}

TEST_CASE("hostile: bytes appended, repeated and joined are refused") {
    for (const auto& good : small_memories()) {
        auto bytes = good;
        bytes.push_back(std::byte{0});
        CHECK(!tintype::decode<vamm<2>, memory_state>(bytes).has_value());
        bytes = good;
        append(bytes, good);
        CHECK(!tintype::decode<vamm<2>, memory_state>(bytes).has_value());
        bytes = good;
        append(bytes, tintype::blob(good.end() - 4, good.end()));
        CHECK(!tintype::decode<vamm<2>, memory_state>(bytes).has_value());
    }
}
