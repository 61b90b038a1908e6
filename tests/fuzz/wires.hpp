#pragma once

// The body for wires: a stream is the same chunks and the same errors in whatever pieces it
// arrives, and comes to an end; a chunk that was read is written again, in the library's own wire
// as the very bytes that it was read from.

#include <tintype/codec/json.hpp>
#include <tintype/codec/json/go_style.hpp>
#include <tintype/core/endian.hpp>
#include <tintype/hash/crc32c.hpp>
#include <tintype/stream/byte_source.hpp>
#include <tintype/stream/framing.hpp>
#include <tintype/stream/native.hpp>
#include <tintype/stream/reader.hpp>

#include "bodies.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <vector>

namespace tests::fuzz {

using fuzzed_raft_wire =
    tintype::framed<tintype::big_endian_length, tintype::json<tintype::go_style>, "raft-json">;

// Gives a few bytes at a time.
class dripping_source {
public:
    explicit dripping_source(byte_view bytes) noexcept : rest_(bytes) {}

    [[nodiscard]] tintype::result<std::size_t> read(tintype::mutable_bytes to) {
        const std::size_t size = std::min({++last_ % 8 + 1, to.size(), rest_.size()});
        tintype::copy_bytes(rest_.first(size), to.data());
        rest_ = rest_.subspan(size);
        return size;
    }

private:
    byte_view rest_;
    std::size_t last_ = 0;
};

struct wire_events {
    std::vector<tintype::snapshot_chunk> chunks;
    std::vector<tintype::error> errors;
    bool ended = false;
    std::uint64_t offset = 0;

    friend bool operator==(const wire_events&, const wire_events&) = default;
};

inline constexpr tintype::chunk_reader_options few_bytes{
    .limits = {.total_size = 1000, .files = 3, .chunk_size = 64},
    .trailing = tintype::trailing::refuse};

template <class Wire, class Source>
wire_events wire_read(Source source, byte_view bytes) {
    tintype::chunk_reader<Wire, Source> reader(source, few_bytes);
    wire_events all;
    tintype::snapshot_chunk chunk;
    for (;;) {
        const std::uint64_t before = reader.offset() + reader.passed_over();
        const auto got = reader.next(chunk);
        must(reader.offset() <= bytes.size(), "wires: nothing is read that is not there");
        all.offset = reader.offset();
        if (got && !*got) {
            all.ended = true;
            return all;
        }
        if (got) {
            if constexpr (tintype::searchable_wire<Wire>) {
                blob again;
                must(Wire::encode(chunk, again).has_value(), "wires: a chunk is written again");
                const auto end = static_cast<std::size_t>(reader.offset());
                must(again.size() <= end &&
                         std::ranges::equal(bytes.subspan(end - again.size(), again.size()), again),
                     "wires: as the bytes that it was read from");
            }
            must(!chunk.file_chunk || chunk.file_chunk->data.size() <= 64, "wires: limit of data");
            must(!chunk.metadata || chunk.metadata->files.size() <= 3, "wires: limit of files");
            all.chunks.push_back(chunk);
        } else {
            must(got.error().offset <= bytes.size(), "wires: errors are inside");
            must(got.error().code != tintype::errc{}, "wires: errors have a code");
            all.errors.push_back(got.error());
            if (reader.over()) {
                return all;
            }
        }
        must(reader.offset() + reader.passed_over() > before, "wires: every call gets on");
    }
}

template <class Wire>
void wire_in_pieces(byte_view bytes) {
    const auto whole = wire_read<Wire>(tintype::memory_source(bytes), bytes);
    auto pieces = wire_read<Wire>(dripping_source(bytes), bytes);
    // How much lies behind the final chunk is only known as far as it has been read.
    if (!pieces.errors.empty() && !whole.errors.empty() &&
        pieces.errors.back().code == tintype::errc::trailing_bytes) {
        pieces.errors.back().found = whole.errors.back().found;
    }
    // Nor are more of the bytes shown that are no magic.
    must(pieces.errors.size() == whole.errors.size(), "wires: as many errors");
    for (std::size_t i = 0; i != pieces.errors.size(); ++i) {
        if (pieces.errors[i].code == tintype::errc::invalid_magic) {
            pieces.errors[i].found = whole.errors[i].found;
        }
    }
    must(pieces == whole, "wires: the same in pieces");
    must(whole.ended || !whole.errors.empty(), "wires: no end without the final chunk");
}

// The bytes as one message of the library's own wire, with a size and checksums that are right.
inline blob sealed_message(byte_view bytes) {
    using tintype::native_wire;
    constexpr auto little = std::endian::little;
    blob message(bytes.begin(), bytes.end());
    if (message.size() < tintype::native_message::min_size) {
        return message;
    }
    const auto put = [&](std::size_t at) {
        tintype::store<little>(message.data() + at,
                               tintype::hash_of<tintype::crc32c>(byte_view{message}.first(at)));
    };
    tintype::copy_bytes(tintype::bytes_of(native_wire::magic), message.data());
    message[7] = std::byte{1};
    tintype::store<little>(message.data() + 8, std::uint64_t{message.size()});
    put(16);
    put(message.size() - 4);
    return message;
}

inline void fuzz_wires(byte_view bytes) {
    wire_in_pieces<tintype::native_wire>(bytes);
    wire_in_pieces<fuzzed_raft_wire>(bytes);
    const blob sealed = sealed_message(bytes);
    const auto chunk = tintype::native_wire::decode(sealed);
    const auto listed = tintype::decode<tintype::native_message, tintype::snapshot_chunk>(sealed);
    must(chunk == listed || (!chunk && !listed), "wires: the list alone reads the same");
    if (chunk) {
        blob again;
        must(tintype::native_wire::encode(*chunk, again) && again == sealed,
             "wires: a message has one encoding");
    }
}

} // namespace tests::fuzz
