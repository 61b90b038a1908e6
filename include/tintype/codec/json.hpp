#pragma once

// JSON as a codec of described structs. What a text looks like is a style; what is read is checked
// in full, whoever wrote it, and refused with the offset and the path to what is wrong. See
// docs/json.md.

#include <tintype/codec/concept.hpp>
#include <tintype/codec/json/estimate.hpp>
#include <tintype/codec/json/input.hpp>
#include <tintype/codec/json/reader.hpp>
#include <tintype/codec/json/style.hpp>
#include <tintype/codec/json/value.hpp>
#include <tintype/codec/json/writer.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/sink.hpp>

#include <cstdint>
#include <utility>

namespace tintype::inline v0 {

template <json_style Style = serde_style>
struct json {
    using style = Style;

    template <class State, byte_sink Sink>
    [[nodiscard]] static result<void> encode(const State& state, Sink& sink) {
        return detail::json_writer<Style, Sink>(sink).run(state);
    }

    // About how many bytes `encode` will write compactly; see capacity_hint().
    template <class State>
    [[nodiscard]] static std::uint64_t estimate(const State& state) {
        return detail::json_estimate(state);
    }

    // Either layout is read, whichever the style writes.
    template <class State>
    [[nodiscard]] static result<State> decode(byte_view bytes, const decode_options& options = {}) {
        State state{};
        if (auto done = decode_into(bytes, state, options); !done) {
            return pass(done);
        }
        return state;
    }

    // The same into a state whose memory is used again. After an error it may hold anything.
    template <class State>
    [[nodiscard]] static result<void> decode_into(byte_view bytes, State& into,
                                                  const decode_options& options = {}) {
        detail::json_reader<Style> in(text_of(bytes), options);
        if (!in.read(into) || !in.finish(options.trailing)) {
            return fail(in.failure());
        }
        return {};
    }
};

} // namespace tintype::inline v0
