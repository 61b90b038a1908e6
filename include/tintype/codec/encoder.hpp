#pragma once

// What a field writes into: it passes bytes on to the sink and hashes them on the way, while it
// copies them or a piece at a time, so that every byte is read from memory once. It is a sink
// itself, which is how an encoding inside another one comes under the outer one's checksum.

#include <tintype/core/bytes.hpp>
#include <tintype/core/endian.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/sink.hpp>
#include <tintype/hash/concept.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

namespace tintype::inline v0 {

template <byte_sink Sink, hash_policy Hash>
class encoder {
public:
    // `total`: bytes that will have been written at the end, the checksum's included.
    constexpr encoder(Sink& sink, std::uint64_t total) noexcept : sink_(&sink), total_(total) {}

    [[nodiscard]] constexpr std::uint64_t total() const noexcept { return total_; }

    [[nodiscard]] constexpr std::uint64_t written() const noexcept { return written_; }

    // Bytes that may be gone when this returns.
    [[nodiscard]] constexpr result<void> write(byte_view bytes) {
        if constexpr (claiming_sink<Sink> && copying_hash<Hash>) {
            const auto room = sink_->claim(bytes.size());
            if (!room) {
                return pass(room);
            }
            hash_.copy(room->data(), bytes);
            written_ += bytes.size();
            return {};
        } else {
            return write_pieces(bytes);
        }
    }

    // Room for bytes that are made where they go; only where nothing has to read them on their way.
    [[nodiscard]] constexpr result<mutable_bytes> claim(std::size_t size)
    requires(claiming_sink<Sink> && digest_size<Hash> == 0)
    {
        written_ += size;
        return sink_->claim(size);
    }

    // Bytes that stay until the encoded object was used: the state's own.
    [[nodiscard]] constexpr result<void> borrow(byte_view bytes) {
        if constexpr (borrowing_sink<Sink>) {
            hash_.update(bytes);
            written_ += bytes.size();
            return sink_->borrow(bytes);
        } else {
            return write(bytes);
        }
    }

    template <std::endian Order, scalar_value T>
    [[nodiscard]] constexpr result<void> number(T value) {
        std::array<std::byte, sizeof(T)> bytes{};
        store<Order>(bytes.data(), value);
        return write(bytes);
    }

    // A length, count or size in the type that the format keeps it in, or `length_overflow`.
    template <std::endian Order, std::unsigned_integral Prefix>
    [[nodiscard]] constexpr result<void> length(std::uint64_t value, std::string_view part) {
        if (value > std::numeric_limits<Prefix>::max()) {
            return fail({.code = errc::length_overflow,
                         .where = part,
                         .offset = written_,
                         .found = value,
                         .wanted = std::numeric_limits<Prefix>::max()});
        }
        return number<Order>(static_cast<Prefix>(value));
    }

    // Of all bytes up to here.
    [[nodiscard]] constexpr typename Hash::digest_type digest() { return hash_.finish(); }

private:
    // Small enough to be in the processor's own cache when the sink reads it again. Pieces end at
    // multiples of it, as a file that was written so is cached, and later mapped, in large pages.
    static constexpr std::size_t piece_size = std::size_t{512} << 10U;

    constexpr result<void> write_pieces(byte_view bytes) {
        while (!bytes.empty()) {
            const std::size_t most = piece_size - static_cast<std::size_t>(written_ % piece_size);
            const auto piece = bytes.first(std::min(bytes.size(), most));
            written_ += piece.size();
            hash_.update(piece);
            if (auto done = sink_->write(piece); !done) {
                return done;
            }
            bytes = bytes.subspan(piece.size());
        }
        return {};
    }

    Sink* sink_;
    Hash hash_{};
    std::uint64_t total_;
    std::uint64_t written_ = 0;
};

} // namespace tintype::inline v0
