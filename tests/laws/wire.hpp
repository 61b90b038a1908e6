#pragma once

// The laws of a wire, as one suite for every model: `wire_laws<Wire>(chunks, promises)` inside a
// test case. What a wire does not promise, for want of a checksum, its promises say.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/stream/byte_source.hpp>
#include <tintype/stream/chunk.hpp>
#include <tintype/stream/reader.hpp>
#include <tintype/stream/wire.hpp>

#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

namespace tintype::laws {

struct wire_promises {
    bool has_checksum = false; // every flipped bit is refused
    bool one_encoding = true;  // what is accepted is written as the same bytes
};

// Every kind of chunk, with members at their ends.
inline std::vector<snapshot_chunk> chunks_of_every_kind() {
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    const stream_metadata none{.snapshot_id = {},
                               .created_at = std::numeric_limits<std::int64_t>::min(),
                               .total_size = 0,
                               .files = {},
                               .version = 0,
                               .checksum = {}};
    const stream_metadata two{.snapshot_id = "snap_1700000000000_0badf00d",
                              .created_at = 1'700'000'000'000,
                              .total_size = most,
                              .files = {{.file_name = "database.db",
                                         .file_type = file_kind::sqlite_db,
                                         .file_size = most,
                                         .checksum = "ffffffffffffffff"},
                                        {.file_name = "\xc3\xa4<&>\n.idx",
                                         .file_type = file_kind::hnsw_index,
                                         .file_size = 0,
                                         .checksum = {}}},
                              .version = std::numeric_limits<std::uint32_t>::max(),
                              .checksum = "0123456789abcdef"};
    const file_piece empty{.file_name = {}, .offset = 0, .data = {}, .is_last_chunk = true};
    const file_piece some{.file_name = "index_0.idx",
                          .offset = most,
                          .data = tests::noise(37),
                          .is_last_chunk = false};
    return {{.metadata = {}, .file_chunk = {}, .sequence = 0, .is_final = false},
            {.metadata = {}, .file_chunk = {}, .sequence = most, .is_final = true},
            {.metadata = none, .file_chunk = {}, .sequence = 0, .is_final = false},
            {.metadata = two, .file_chunk = {}, .sequence = 0, .is_final = false},
            {.metadata = {}, .file_chunk = empty, .sequence = 1, .is_final = false},
            {.metadata = {}, .file_chunk = some, .sequence = 127, .is_final = false},
            {.metadata = two, .file_chunk = some, .sequence = 128, .is_final = true}};
}

template <wire_policy Wire>
class wire_suite {
public:
    wire_suite(const snapshot_chunk& chunk, wire_promises promises)
        : chunk_(chunk), promises_(promises) {
        REQUIRE(tests::said(Wire::encode(chunk, message_)) == "no error");
    }

    void all() {
        goes_there_and_back();
        is_appended();
        tells_its_extent();
        limits_are_kept();
        prefixes_are_refused();
        more_is_refused();
        memory_is_used_again();
        flips_do_no_harm();
        may_be_searched_for();
    }

private:
    static constexpr auto any = std::numeric_limits<std::uint64_t>::max();

    void goes_there_and_back() const {
        const auto back = Wire::decode(message_, decode_options{});
        REQUIRE(tests::said(back) == "no error");
        CHECK(*back == chunk_);
    }

    // Behind what is there, and the same bytes again.
    void is_appended() const {
        blob two = tests::blob_of("before");
        CHECK(Wire::encode(chunk_, two).has_value());
        CHECK(Wire::encode(chunk_, two).has_value());
        CHECK(text_of(two) ==
              "before" + std::string(text_of(message_)) + std::string(text_of(message_)));
    }

    // From the fewest bytes that tell it, and whatever follows; before that it asks for more.
    void tells_its_extent() const {
        blob bytes = message_;
        append(bytes, message_);
        std::size_t wrong = 0;
        bool known = false;
        for (std::size_t size = 0; size <= bytes.size(); ++size) {
            const blob begin(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
            const auto extent = Wire::extent(begin, any);
            if (!extent) {
                ++wrong;
            } else if (extent->known) {
                known = true;
                wrong += extent->size == message_.size() ? 0U : 1U;
            } else {
                wrong += known || extent->size <= size || extent->size > message_.size() ? 1U : 0U;
            }
        }
        CHECK(known);
        CHECK(wrong == 0);
    }

    void limits_are_kept() const {
        CHECK(Wire::extent(message_, message_.size()).has_value());
        const auto longer = Wire::extent(message_, message_.size() - 1);
        REQUIRE(!longer.has_value());
        CHECK(longer.error().code == errc::limit_exceeded);
        CHECK(!Wire::extent(message_, 0).has_value());
    }

    void prefixes_are_refused() const {
        std::size_t accepted = 0;
        for (std::size_t size = 0; size != message_.size(); ++size) {
            // In memory of its own, so that a sanitizer sees a read beyond it.
            const blob prefix(message_.begin(),
                              message_.begin() + static_cast<std::ptrdiff_t>(size));
            accepted += Wire::decode(prefix, decode_options{}) ? 1U : 0U;
        }
        CHECK(accepted == 0);
    }

    void more_is_refused() const {
        blob more = message_;
        more.push_back(std::byte{0});
        CHECK(!Wire::decode(more, decode_options{}).has_value());
        append(more, message_);
        CHECK(!Wire::decode(more, decode_options{}).has_value());
    }

    void memory_is_used_again() const {
        if constexpr (reusing_wire<Wire>) {
            for (snapshot_chunk& into : chunks_of_every_kind()) {
                CHECK(Wire::decode_into(message_, into, decode_options{}).has_value());
                CHECK(into == chunk_);
            }
        }
    }

    // An error names a place in the message; what is accepted in spite of one is a chunk like any.
    void flips_do_no_harm() const {
        std::size_t wrong = 0;
        std::size_t accepted = 0;
        blob bytes = message_;
        for (std::byte& byte : bytes) {
            for (unsigned bit = 0; bit != 8; ++bit) {
                const std::byte before = byte;
                byte ^= std::byte{static_cast<unsigned char>(1U << bit)};
                const auto extent = Wire::extent(bytes, any);
                wrong += !extent && extent.error().offset > bytes.size() ? 1U : 0U;
                const auto chunk = Wire::decode(bytes, decode_options{});
                if (chunk) {
                    ++accepted;
                    blob again;
                    wrong += Wire::encode(*chunk, again) ? 0U : 1U;
                    wrong += again != bytes && promises_.one_encoding ? 1U : 0U;
                    const auto twice = Wire::decode(again, decode_options{});
                    wrong += twice && *twice == *chunk ? 0U : 1U;
                } else {
                    const auto offset = chunk.error().offset;
                    wrong += offset != error::no_offset && offset > bytes.size() ? 1U : 0U;
                    wrong += chunk.error().code == errc{} ? 1U : 0U;
                }
                byte = before;
            }
        }
        CHECK(wrong == 0);
        CHECK((accepted == 0 || !promises_.has_checksum));
    }

    // At its place, and never only behind it; so much of its beginning as there is is found too.
    void may_be_searched_for() const {
        if constexpr (searchable_wire<Wire>) {
            CHECK(Wire::find(message_) == 0);
            CHECK(Wire::find({}) == 0);
            CHECK(Wire::is_intact(message_));
            CHECK(!Wire::is_intact({}));
            CHECK(!Wire::is_intact(byte_view{message_}.first(message_.size() - 1)));
            for (std::size_t before = 0; before != 40; ++before) {
                blob bytes(before, std::byte{0x20});
                append(bytes, message_);
                CHECK(Wire::find(bytes) == before);
                CHECK(Wire::find(byte_view{bytes}.first(before + 1)) == before);
                CHECK(Wire::find(byte_view{bytes}.first(before)) == before);
            }
        }
    }

    const snapshot_chunk& chunk_;
    wire_promises promises_;
    blob message_;
};

// Whole streams, and all of them through one reader.
template <wire_policy Wire>
void wire_laws(const std::vector<snapshot_chunk>& chunks, wire_promises promises = {}) {
    CHECK(!std::string_view(Wire::name).empty());
    blob stream;
    for (const snapshot_chunk& each : chunks) {
        CAPTURE(each.sequence);
        wire_suite<Wire>(each, promises).all();
        if (!each.is_final) {
            CHECK(Wire::encode(each, stream).has_value());
        }
    }
    CHECK(Wire::encode({.metadata = {}, .file_chunk = {}, .sequence = 99, .is_final = true}, stream)
              .has_value());
    memory_source source(stream);
    chunk_reader<Wire, memory_source> reader(source, {.trailing = trailing::refuse});
    snapshot_chunk chunk;
    for (const snapshot_chunk& each : chunks) {
        if (!each.is_final) {
            REQUIRE(tests::said(reader.next(chunk)) == "no error");
            CHECK(chunk == each);
        }
    }
    CHECK(reader.next(chunk) == true);
    CHECK(chunk.is_final);
    CHECK(reader.next(chunk) == false);
    CHECK(reader.offset() == stream.size());
}

} // namespace tintype::laws
