#pragma once

// What chunks look like on their way: a wire turns one chunk into one message and back, and tells
// from a message's first bytes where it ends. `framed` makes a wire out of a framing and a codec;
// chunk_writer is the way out, chunk_reader (in reader.hpp) the way in.

#include <tintype/codec/concept.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/fixed_string.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/progress.hpp>
#include <tintype/core/rules.hpp>
#include <tintype/core/sink.hpp>
#include <tintype/stream/chunk.hpp>
#include <tintype/stream/framing.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

namespace tintype::inline v0 {

struct message_extent {
    std::uint64_t size = 0; // of the whole message; where that is not known, bytes to see first
    bool known = false;

    friend constexpr bool operator==(const message_extent&,
                                     const message_extent&) noexcept = default;
};

namespace detail {

template <class W>
concept wire_has_name = requires {
    { W::name } -> std::convertible_to<std::string_view>;
};

template <class W>
concept wire_encodes = requires(const snapshot_chunk& chunk, blob& to) {
    { W::encode(chunk, to) } -> std::same_as<result<void>>;
};

template <class W>
concept wire_has_extent = requires(byte_view bytes, std::uint64_t most) {
    { W::extent(bytes, most) } -> std::same_as<result<message_extent>>;
};

template <class W>
concept wire_decodes = requires(byte_view bytes, const decode_options& options) {
    { W::decode(bytes, options) } -> std::same_as<result<snapshot_chunk>>;
};

} // namespace detail

// encode(chunk, to): appends one whole message; after an error nothing was appended.
// extent(begin, most): how long the message is that begins so, which may be as few bytes as none;
// `limit_exceeded` where that is more than `most`. Offsets in errors count from its first byte.
// decode(message, options): the chunk of just these bytes. Where `options.limits.count` holds for
// the bytes of the data too, as elements like any other, the wire says `counts_bytes = true`.
template <class W>
concept wire_policy = detail::wire_has_name<W> && detail::wire_encodes<W> &&
                      detail::wire_has_extent<W> && detail::wire_decodes<W>;

template <class W>
struct wire_rules {
    static_assert(detail::wire_has_name<W>,
                  "tintype: a wire needs `static constexpr std::string_view name = ...`");
    static_assert(detail::wire_encodes<W>,
                  "tintype: a wire needs `static result<void> encode(const snapshot_chunk&, blob& "
                  "to)`");
    static_assert(detail::wire_has_extent<W>,
                  "tintype: a wire needs `static result<message_extent> extent(byte_view begin, "
                  "std::uint64_t most)`");
    static_assert(detail::wire_decodes<W>,
                  "tintype: a wire needs `static result<snapshot_chunk> decode(byte_view message, "
                  "const decode_options&)`");
    static constexpr bool kept = wire_policy<W>;
};

// decode_into(message, into, options): the same into a chunk whose memory is used again. After an
// error that chunk may hold anything.
template <class W>
concept reusing_wire =
    wire_policy<W> && requires(byte_view bytes, snapshot_chunk& into, const decode_options& how) {
        { W::decode_into(bytes, into, how) } -> std::same_as<result<void>>;
    };

// find(bytes): the first place at which a message might begin, or their size where there is none.
// is_intact(message): whether these bytes, as many as their extent says, are what was written; one
// that was searched for is believed only then.
// Such a wire is read on behind bytes that are no message, or behind one that is too long, whose
// size its `limit_exceeded` has in `found`; any other ends there.
template <class W>
concept searchable_wire = wire_policy<W> && requires(byte_view bytes) {
    { W::find(bytes) } noexcept -> std::same_as<std::size_t>;
    { W::is_intact(bytes) } noexcept -> std::same_as<bool>;
};

template <class T>
inline constexpr bool counts_bytes = false;

template <class T>
requires requires { T::counts_bytes; }
inline constexpr bool counts_bytes<T> = T::counts_bytes;

// The largest message, in any of the library's wires, of a chunk within the limits.
[[nodiscard]] constexpr std::uint64_t most_message_size(const stream_limits& most) noexcept {
    constexpr std::uint64_t of_a_file = 2048; // its name, escaped, and its checksum
    constexpr std::uint64_t besides = std::uint64_t{64} << 10U;
    constexpr auto none = std::numeric_limits<std::uint64_t>::max();
    const std::uint64_t data = std::min<std::uint64_t>(most.chunk_size, none / 8);
    const std::uint64_t files = std::min<std::uint64_t>(most.files, none / 8 / of_a_file);
    return data / 3 * 4 + files * of_a_file + besides;
}

// A message is its length in the framing and the chunk in the encoding, a codec of snapshot_chunk.
template <framing_policy Framing, codec_for<snapshot_chunk> Encoding, fixed_string Name = "framed">
struct framed {
    using framing = Framing;
    using encoding = Encoding;

    static constexpr std::string_view name = Name.view();
    static constexpr bool counts_bytes = tintype::counts_bytes<Encoding>;

    [[nodiscard]] static result<void> encode(const snapshot_chunk& chunk, blob& to) {
        const std::size_t before = to.size();
        auto done = append_message(chunk, to);
        if (!done) {
            to.resize(before);
        }
        return done;
    }

    [[nodiscard]] static result<message_extent> extent(byte_view begin, std::uint64_t most) {
        const auto head = Framing::head(begin);
        if (!head) {
            return pass(head);
        }
        if (!head->whole) {
            return message_extent{.size = head->size};
        }
        if (head->size > most || head->body > most - head->size) {
            return fail({.code = errc::limit_exceeded,
                         .where = name,
                         .offset = 0,
                         .found = head->body,
                         .wanted = most - std::min<std::uint64_t>(most, head->size)});
        }
        return message_extent{.size = head->size + head->body, .known = true};
    }

    [[nodiscard]] static result<snapshot_chunk> decode(byte_view message,
                                                       const decode_options& options = {}) {
        const auto payload = payload_of(message);
        if (!payload) {
            return pass(payload);
        }
        auto chunk = Encoding{}.template decode<snapshot_chunk>(*payload, options);
        if (!chunk) {
            return behind_head(chunk.error(), message.size() - payload->size());
        }
        return chunk;
    }

    [[nodiscard]] static result<void> decode_into(byte_view message, snapshot_chunk& into,
                                                  const decode_options& options = {})
    requires requires(byte_view bytes) {
        { Encoding{}.decode_into(bytes, into, options) } -> std::same_as<result<void>>;
    }
    {
        const auto payload = payload_of(message);
        if (!payload) {
            return pass(payload);
        }
        if (auto done = Encoding{}.decode_into(*payload, into, options); !done) {
            return behind_head(done.error(), message.size() - payload->size());
        }
        return {};
    }

private:
    using head_bytes = std::array<std::byte, Framing::longest>;

    [[nodiscard]] static result<void> append_message(const snapshot_chunk& chunk, blob& to) {
        head_bytes head{};
        const std::size_t before = to.size();
        if constexpr (sized_codec<Encoding, snapshot_chunk>) {
            const std::uint64_t payload = Encoding{}.size(chunk);
            const auto size = Framing::store(payload, head);
            if (!size) {
                return pass(size);
            }
            reserve_more(to, *size + static_cast<std::size_t>(payload));
            append(to, byte_view{head}.first(*size));
            blob_sink sink{to};
            if (auto done = Encoding{}.encode(chunk, sink); !done) {
                return done;
            }
            const std::uint64_t written = to.size() - before - *size;
            if (written != payload) {
                return fail({.code = errc::invalid_value,
                             .where = name,
                             .found = written,
                             .wanted = payload});
            }
        } else {
            // Behind room for the longest head, and moved down where its own is shorter.
            to.resize(before + head.size());
            blob_sink sink{to};
            if (auto done = Encoding{}.encode(chunk, sink); !done) {
                return done;
            }
            const std::size_t payload = to.size() - before - head.size();
            const auto size = Framing::store(payload, head);
            if (!size) {
                return pass(size);
            }
            std::byte* const at = to.data() + before;
            if (*size != head.size()) {
                std::memmove(at + *size, at + head.size(), payload);
            }
            copy_bytes(byte_view{head}.first(*size), at);
            to.resize(before + *size + payload);
        }
        return {};
    }

    // Room for one more message, at twice the size if there was too little.
    static void reserve_more(blob& to, std::size_t size) {
        if (to.capacity() - to.size() < size) {
            to.reserve(std::max(to.size() + size, 2 * to.capacity()));
        }
    }

    [[nodiscard]] static result<byte_view> payload_of(byte_view message) {
        const auto head = Framing::head(message);
        if (!head) {
            return pass(head);
        }
        const std::uint64_t rest = message.size() - std::min(head->size, message.size());
        if (!head->whole || head->body > rest) {
            return fail({.code = errc::truncated,
                         .where = name,
                         .offset = 0,
                         .found = head->whole ? rest : message.size(),
                         .wanted = head->whole ? head->body : head->size});
        }
        if (head->body < rest) {
            return fail({.code = errc::trailing_bytes,
                         .where = name,
                         .offset = head->size + head->body,
                         .found = rest - head->body});
        }
        return message.subspan(head->size);
    }

    [[nodiscard]] static std::unexpected<error> behind_head(error what, std::size_t head) {
        if (what.offset != error::no_offset) {
            what.offset += head;
        }
        return fail(what);
    }
};

// Writes chunks, in whatever order they come, as messages into a sink, which must outlive it. A
// chunk that cannot be encoded leaves the stream as it was; after an error of the sink nobody knows
// where the stream ends, and every later call reports that error.
template <obeys<wire_rules> Wire, byte_sink Sink>
class chunk_writer {
public:
    explicit chunk_writer(Sink& sink) noexcept : sink_(&sink) {}

    [[nodiscard]] result<void> write(const snapshot_chunk& chunk) {
        if (!torn_) {
            return torn_;
        }
        message_.clear();
        if (auto done = Wire::encode(chunk, message_); !done) {
            return done;
        }
        torn_ = sink_->write(message_);
        if (torn_) {
            bytes_ += message_.size();
            ++messages_;
        }
        return torn_;
    }

    // What the sink has taken.
    [[nodiscard]] std::uint64_t messages() const noexcept { return messages_; }

    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

private:
    Sink* sink_;
    blob message_;
    std::uint64_t messages_ = 0;
    std::uint64_t bytes_ = 0;
    result<void> torn_{};
};

// Chunks by their sequence, as an exporter gives them.
template <class S>
concept chunk_sequence = requires(S& from, std::uint64_t sequence, snapshot_chunk& into) {
    { from.chunk_count() } -> std::convertible_to<std::uint64_t>;
    { from.read(sequence, into) } -> std::same_as<result<void>>;
};

// Writes the chunks from `first` to the last; `out_of_bounds` where there is no such chunk. How
// many bytes the sink took; the monitor is told how many chunks.
template <obeys<wire_rules> Wire, chunk_sequence From, byte_sink Sink>
[[nodiscard]] result<std::uint64_t> write_stream(From& from, Sink& to, std::uint64_t first = 0,
                                                 const monitor* watch = nullptr) {
    chunk_writer<Wire, Sink> out(to);
    snapshot_chunk chunk{};
    const std::uint64_t count = from.chunk_count();
    if (first >= count) {
        return fail({.code = errc::out_of_bounds,
                     .where = "chunks of the stream",
                     .found = first,
                     .wanted = count});
    }
    for (std::uint64_t sequence = first; sequence < count; ++sequence) {
        if (auto done = from.read(sequence, chunk); !done) {
            return pass(done);
        }
        if (auto done = out.write(chunk); !done) {
            return pass(done);
        }
        if (watch != nullptr) {
            const auto going_on = watch->report({.done = sequence + 1, .total = count});
            if (!going_on) {
                return pass(going_on);
            }
        }
    }
    return out.bytes();
}

} // namespace tintype::inline v0
