#pragma once

// What it takes to be a codec of a state, and the few functions that any codec gets for it. A codec
// encodes in one pass into any sink, and decodes all of the state or none.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/rules.hpp>
#include <tintype/core/sink.hpp>
#include <tintype/hash/none.hpp>

#include <concepts>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace tintype::inline v0 {

template <class C, class State>
concept encodes = requires(const C codec, const State& state, blob_sink& sink) {
    { codec.encode(state, sink) } -> std::same_as<result<void>>;
};

template <class C, class State>
concept decodes = requires(const C codec, byte_view bytes, const decode_options& options) {
    { codec.template decode<State>(bytes, options) } -> std::same_as<result<State>>;
};

// encode(state, sink): one pass, in order; a failed one leaves the sink to be thrown away.
// decode<State>(bytes, options): the state, or an error that names the first thing wrong; nothing
// is allocated for a length before it was held against the bytes.
template <class C, class State>
concept codec_for = encodes<C, State> && decodes<C, State>;

template <class C, class State>
struct codec_rules {
    static_assert(encodes<C, State>,
                  "tintype: the codec does not encode this state: it needs `template <class Sink> "
                  "result<void> encode(const State&, Sink&) const`");
    static_assert(decodes<C, State>,
                  "tintype: the codec does not decode this state: it needs `template <class "
                  "State> result<State> decode(byte_view, const decode_options&) const`");
    static constexpr bool kept = codec_for<C, State>;
};

// size(state): the bytes that encode will write, exactly, without writing them. What stands behind
// a length needs it; a text format, whose size is as much work as its text, need not offer it.
template <class C, class State>
concept sized_codec = codec_for<C, State> && requires(const C codec, const State& state) {
    { codec.size(state) } -> std::same_as<std::uint64_t>;
};

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

namespace detail {

template <class T>
struct own_hash {
    using type = no_hash;
};

template <class T>
requires requires { typename T::hash; }
struct own_hash<T> {
    using type = typename T::hash;
};

// For static_assert where both are named, so that a codec that can say what does not fit in the
// state says it there, and not where the first snapshot is taken.
template <class C, class State>
[[nodiscard]] consteval bool suits() {
    if constexpr (requires { C::template check<State>(); }) {
        return C::template check<State>();
    } else {
        return true;
    }
}

} // namespace detail

// The hash whose digest ends what a codec or a field writes, or no_hash.
template <class T>
using own_hash_of = typename detail::own_hash<T>::type;

// The bytes that encode will write, or 0 where the codec cannot tell beforehand.
template <class Codec, class State>
[[nodiscard]] constexpr std::uint64_t size_hint(const Codec& codec, const State& state) {
    if constexpr (sized_codec<Codec, State>) {
        return codec.size(state);
    } else {
        return 0;
    }
}

// How much memory to reserve for the encoded bytes: their size, or what the codec takes it to be at
// the most. Memory that is reserved and not written to is no memory yet.
template <class Codec, class State>
[[nodiscard]] constexpr std::uint64_t capacity_hint(const Codec& codec, const State& state) {
    if constexpr (!sized_codec<Codec, State> && requires { codec.estimate(state); }) {
        return codec.estimate(state);
    } else {
        return size_hint(codec, state);
    }
}

// The encoded bytes; allocated once if the codec knows their size, or nearly.
template <class Codec, class State>
[[nodiscard]] constexpr result<blob> encode(const State& state, const Codec& codec = {}) {
    blob bytes;
    bytes.reserve(static_cast<std::size_t>(capacity_hint(codec, state)));
    blob_sink sink{bytes};
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

} // namespace tintype::inline v0
