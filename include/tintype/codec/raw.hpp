#pragma once

// The codec of a state that is bytes already: a blob, a text, a vector of numbers. It adds nothing,
// so integrity is another layer's: a checksum around it, or the manager's hash.

#include <tintype/codec/concept.hpp>
#include <tintype/codec/packed_range.hpp>
#include <tintype/codec/sections.hpp>
#include <tintype/hash/none.hpp>

#include <bit>
#include <cstdint>

namespace tintype::inline v0 {

template <std::endian Order>
struct basic_raw {
    template <resizable_packed_range State>
    [[nodiscard]] static constexpr std::uint64_t size(const State& state) noexcept {
        return detail::packed_range_size(state);
    }

    template <resizable_packed_range State, byte_sink Sink>
    [[nodiscard]] static constexpr result<void> encode(const State& state, Sink& sink) {
        encoder<Sink, no_hash> out{sink, size(state)};
        return detail::encode_range<Order>(state, out);
    }

    template <resizable_packed_range State>
    [[nodiscard]] static constexpr result<State> decode(byte_view bytes,
                                                        const decode_options& options = {}) {
        const auto good = fits<State>(bytes, options);
        if (!good) {
            return pass(good);
        }
        State state{};
        if (auto done = detail::decode_range<Order>(bytes, state, ""); !done) {
            return pass(done);
        }
        return state;
    }

    template <resizable_packed_range State>
    [[nodiscard]] static constexpr auto view(byte_view bytes, const decode_options& options = {}) {
        using viewed = decltype(detail::view_range<detail::element_of<State>, Order>(bytes));
        const auto good = fits<State>(bytes, options);
        return good ? result<viewed>{detail::view_range<detail::element_of<State>, Order>(bytes)}
                    : result<viewed>{pass(good)};
    }

private:
    template <class State>
    static constexpr result<void> fits(byte_view bytes, const decode_options& options) {
        using element = detail::element_of<State>;
        if (auto good = detail::whole_values<element>(bytes, ""); !good) {
            return good;
        }
        return detail::within(bytes.size(), options.limits.bytes, "", 0);
    }
};

using raw_codec = basic_raw<std::endian::little>;

} // namespace tintype::inline v0
