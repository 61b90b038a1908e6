#pragma once

// bincode as a codec of described structs and variants: little-endian, nothing but the values and
// their lengths, as Rust's bincode 1 writes them. It knows its size beforehand, and what is read is
// checked in full, whoever wrote it. See docs/bincode.md.

#include <tintype/codec/bincode/checker.hpp>
#include <tintype/codec/bincode/layout.hpp>
#include <tintype/codec/bincode/output.hpp>
#include <tintype/codec/bincode/reader.hpp>
#include <tintype/codec/bincode/shape.hpp>
#include <tintype/codec/bincode/size.hpp>
#include <tintype/codec/bincode/view.hpp>
#include <tintype/codec/bincode/writer.hpp>
#include <tintype/codec/concept.hpp>
#include <tintype/codec/value_layout.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/sink.hpp>

#include <cstddef>
#include <cstdint>

namespace tintype::inline v0 {

template <bincode_integers Integers = bincode_integers::fixed>
struct bincode {
    static constexpr bincode_integers integers = Integers;

    template <class State>
    [[nodiscard]] static std::uint64_t size(const State& state) {
        if constexpr (detail::bincode_keeps<State, true>()) {
            return detail::bincode_size_of<Integers>(state);
        } else {
            return 0;
        }
    }

    // `invalid_utf8` where a string is none, `invalid_value` where an enumerator has no index of 32
    // bits or an exception has left a variant empty.
    template <class State, byte_sink Sink>
    [[nodiscard]] static result<void> encode(const State& state, Sink& sink) {
        if constexpr (!detail::bincode_keeps<State, true>()) {
            return {};
        } else if constexpr (claiming_sink<Sink>) {
            detail::bincode_claims<Sink> out(sink);
            return write(state, out);
        } else {
            detail::bincode_buffer<Sink> out(sink);
            return write(state, out);
        }
    }

    // String views and spans in the state point into `bytes`.
    template <class State>
    [[nodiscard]] static result<State> decode(byte_view bytes, const decode_options& options = {}) {
        State state{};
        if constexpr (detail::bincode_keeps<State, true>()) {
            detail::bincode_reader<Integers> in(bytes, options);
            if (!in.read(state) || !in.finish()) {
                return fail(in.failure());
            }
        }
        return state;
    }

    // What shows the state where it lies: `bytes` must outlive it and all that comes out of it. It
    // is refused what decode refuses, but for keys that come twice in a map or a set.
    template <bincode_value State>
    [[nodiscard]] static result<bincode_view_of<State, Integers>>
    view(byte_view bytes, const decode_options& options = {}) {
        detail::bincode_checker<Integers> in(bytes, options);
        if (!in.template check<State>() || !in.finish()) {
            return fail(in.failure());
        }
        return detail::bincode_lend<State, Integers>(bytes.data());
    }

    // Where the parts of a state lie. Of integers in as few bytes as they need there is none.
    template <bincode_value State>
    requires(Integers == bincode_integers::fixed)
    [[nodiscard]] static constexpr const value_layout* layout() noexcept {
        return detail::bincode_layout<State>;
    }

private:
    template <class State, class Out>
    static result<void> write(const State& state, Out& out) {
        detail::bincode_writer<Integers, Out> writer(out);
        if (!writer.run(state)) {
            return fail(writer.failure());
        }
        return {};
    }
};

using bincode_fixed = bincode<bincode_integers::fixed>;
using bincode_variable = bincode<bincode_integers::variable>;

} // namespace tintype::inline v0
