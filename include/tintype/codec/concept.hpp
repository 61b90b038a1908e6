#pragma once

// What it takes to be a codec of a state, and the few functions that any codec gets for it. A codec
// says the exact size first, encodes in one pass into any sink, and decodes all of it or none.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/sink.hpp>

#include <concepts>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace tintype {

template <class C, class State>
concept sizes = requires(const C codec, const State& state) {
    { codec.size(state) } -> std::same_as<std::uint64_t>;
};

template <class C, class State>
concept encodes = requires(const C codec, const State& state, blob_sink& sink) {
    { codec.encode(state, sink) } -> std::same_as<result<void>>;
};

template <class C, class State>
concept decodes = requires(const C codec, byte_view bytes, const decode_options& options) {
    { codec.template decode<State>(bytes, options) } -> std::same_as<result<State>>;
};

// size(state): bytes that encode writes. encode(state, sink): one pass, in order; a failed one
// leaves the sink to be thrown away. decode<State>(bytes, options): the state, or an error that
// names the first thing wrong; nothing is allocated for a length before it was held against the
// bytes.
template <class C, class State>
concept codec_for = sizes<C, State> && encodes<C, State> && decodes<C, State>;

// view<State>(bytes, options): the same checks, and then spans into the bytes, which must outlive
// the view.
template <class C, class State>
concept viewable_codec =
    codec_for<C, State> && requires(const C codec, byte_view bytes, const decode_options& options) {
        { codec.template view<State>(bytes, options).has_value() } -> std::convertible_to<bool>;
    };

template <class C, class State>
using view_of = typename decltype(std::declval<const C&>().template view<State>(
    byte_view{}, std::declval<const decode_options&>()))::value_type;

// The encoded bytes in a blob of exactly their size.
template <class Codec, class State>
[[nodiscard]] constexpr result<blob> encode(const State& state, const Codec& codec = {}) {
    blob bytes(static_cast<std::size_t>(codec.size(state)));
    span_sink sink{bytes};
    if (auto done = codec.encode(state, sink); !done) {
        return pass(done);
    }
    return bytes;
}

// Encodes into memory of the caller's and says how much of it the bytes took.
template <class Codec, class State>
[[nodiscard]] constexpr result<std::size_t> encode_into(mutable_bytes memory, const State& state,
                                                        const Codec& codec = {}) {
    span_sink sink{memory};
    if (auto done = codec.encode(state, sink); !done) {
        return pass(done);
    }
    return sink.written().size();
}

template <class Codec, class State>
[[nodiscard]] constexpr result<State> decode(byte_view bytes, const decode_options& options = {},
                                             const Codec& codec = {}) {
    return codec.template decode<State>(bytes, options);
}

} // namespace tintype
