#pragma once

// Protocol Buffers (proto3) as a codec of described structs: a member's field number is its
// position, from 1 on. What is written is what protoc writes for the same message; what is read is
// checked in full, whoever wrote it. See docs/protobuf.md.
//
// The wire's types and tags are protozero's. Its reader and its varints throw, and do not compile
// where there are no exceptions, so reading is done here, where every refusal is a value.

#if !__has_include(<protozero/types.hpp>)
#error "tintype: install protozero for protozero/types.hpp (Debian: libprotozero-dev)"
#endif

#include <tintype/codec/bincode/output.hpp>
#include <tintype/codec/concept.hpp>
#include <tintype/codec/protobuf/number.hpp>
#include <tintype/codec/protobuf/output.hpp>
#include <tintype/codec/protobuf/reader.hpp>
#include <tintype/codec/protobuf/shape.hpp>
#include <tintype/codec/protobuf/writer.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/sink.hpp>

#include <cstddef>
#include <cstdint>
#include <protozero/types.hpp>

namespace tintype::inline v0 {

namespace detail {

struct protobuf_wire_facts {
    using type = protozero::pbf_wire_type;

    template <protobuf_number T>
    [[nodiscard]] static constexpr type type_of() noexcept {
        return !protobuf_fixed<T> ? type::varint : sizeof(T) == 4 ? type::fixed32 : type::fixed64;
    }

    [[nodiscard]] static constexpr std::uint64_t tag(std::uint32_t number, type of) noexcept {
        return protozero::tag_and_type(number, of);
    }
};

} // namespace detail

struct protobuf {
    template <class State>
    [[nodiscard]] static std::uint64_t size(const State& state) {
        detail::protobuf_counter counter;
        if constexpr (keeps<State>()) {
            static_cast<void>(writer<detail::protobuf_counter>(counter).message(state));
        }
        return counter.written();
    }

    // `invalid_utf8` where a string is none, `invalid_value` where an enumeration's value is no
    // int32.
    template <class State, byte_sink Sink>
    [[nodiscard]] static result<void> encode(const State& state, Sink& sink) {
        if constexpr (!keeps<State>()) {
            return {};
        } else if constexpr (claiming_sink<Sink>) {
            const auto room = sink.claim(static_cast<std::size_t>(size(state)));
            if (!room) {
                return pass(room);
            }
            detail::protobuf_memory memory(*room);
            return write(state, memory);
        } else {
            detail::bincode_buffer<Sink> buffer(sink);
            return write(state, buffer);
        }
    }

    // String views and spans in the state point into `bytes`.
    template <class State>
    [[nodiscard]] static result<State> decode(byte_view bytes, const decode_options& options = {}) {
        State state{};
        if (auto merged = merge(state, bytes, options); !merged) {
            return pass(merged);
        }
        return state;
    }

    // Reads a message into one that is there: what the bytes do not name stays as it is, lists
    // grow, messages inside are merged. After an error it is whatever it had become.
    template <class State>
    [[nodiscard]] static result<void> merge(State& into, byte_view bytes,
                                            const decode_options& options = {}) {
        if constexpr (keeps<State>()) {
            detail::protobuf_reader<detail::protobuf_wire_facts> in(bytes, options);
            if (!in.message(into)) {
                return fail(in.failure());
            }
        }
        return {};
    }

private:
    template <class Out>
    using writer = detail::protobuf_writer<detail::protobuf_wire_facts, Out>;

    template <class State>
    static consteval bool keeps() {
        static_assert(described<State>, "tintype: a protobuf message is a struct described with "
                                        "BOOST_HANA_DEFINE_STRUCT or BOOST_HANA_ADAPT_STRUCT");
        if constexpr (described<State>) {
            return detail::protobuf_keeps<State, true>();
        } else {
            return false;
        }
    }

    template <class State, class Out>
    static result<void> write(const State& state, Out& to) {
        detail::protobuf_output<Out> out(to);
        writer<detail::protobuf_output<Out>> fields(out);
        if (!fields.message(state)) {
            return fail(fields.failure());
        }
        if (!to.finish()) {
            return fail(to.failure());
        }
        return {};
    }
};

} // namespace tintype::inline v0
