#pragma once

// The laws of a field by itself, through encoder and reader as a list uses it, but without a list:
// what it reads and leaves, where its errors lie, and what it restores over. For fields whose
// meaning hangs on their surroundings too, which a list of that field alone cannot hold.

#include <tintype/codec/encoder.hpp>
#include <tintype/codec/field.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/sink.hpp>
#include <tintype/hash/crc32.hpp>

#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace tintype::laws {

// What stands around the field: a number further up that counts its elements, if it counts them
// apart, and whether it takes all that is left.
struct field_surroundings {
    std::string_view counted = "";
    std::uint64_t number = 0;
    bool takes_the_rest = false;
};

// Bytes of the object before the field: every offset in an error counts them.
inline constexpr std::uint64_t bytes_before = 100;

template <field F, std::endian Order, class State>
result<blob> field_bytes(const State& state) {
    blob bytes;
    blob_sink sink{bytes};
    encoder<blob_sink, crc32> out{sink, F::size(state)};
    if (auto done = F::template encode<Order>(state, out); !done) {
        return pass(done);
    }
    return bytes;
}

template <field F, std::endian Order>
result<typename F::parsed> parse_field(reader& from, const field_surroundings& around,
                                       std::uint64_t total) {
    const decode_options options;
    std::array<counted, 1> counts{{{around.counted, around.number}}};
    parse_context context{.options = options, .total = total, .counts = counts};
    return F::template parse<Order>(from, context);
}

template <field F>
void field_describes_itself() {
    const field_layout layout = F::describe();
    CHECK(layout.name == std::string_view{F::name});
    CHECK(layout.kind == F::kind);
    CHECK(layout.least == F::min_size);
    CHECK(!layout.type.empty());
    CHECK(layout.size.has_value() == F::fixed_size);
    CHECK(layout.size.value_or(F::min_size) == F::min_size);
    std::uint64_t offset = 0;
    for (const field_layout& part : layout.parts) {
        CHECK(part.offset == offset);
        offset += part.least;
    }
}

// The size is told before, exactly; parsing takes just that much and leaves the rest; what was
// parsed and restored, over another state or a fresh one, is written as the same bytes.
template <field F, std::endian Order, class State>
void field_goes_there_and_back(const State& state, const field_surroundings& around) {
    const auto bytes = field_bytes<F, Order>(state);
    REQUIRE(bytes.has_value());
    CHECK(bytes->size() == F::size(state));
    CHECK(bytes->size() >= F::min_size);
    CHECK((!F::fixed_size || bytes->size() == F::min_size));

    blob longer = *bytes;
    if (!around.takes_the_rest) {
        append(longer, bytes_of("what follows"));
    }
    reader from{longer, bytes_before};
    const auto found = parse_field<F, Order>(from, around, bytes->size());
    REQUIRE(found.has_value());
    CHECK(from.offset() == bytes_before + bytes->size());

    State same = state;
    CHECK(F::template restore<Order>(*found, same, decode_options{}).has_value());
    CHECK(field_bytes<F, Order>(same) == *bytes);
    if (F::stores(std::string_view{F::name}) && !bytes->empty()) {
        State fresh{};
        CHECK(F::template restore<Order>(*found, fresh, decode_options{}).has_value());
        CHECK(field_bytes<F, Order>(fresh) == *bytes);
    }
}

// Every strict prefix is refused, with an offset inside the object where there is one.
template <field F, std::endian Order, class State>
void field_refuses_prefixes(const State& state, const field_surroundings& around) {
    const auto bytes = field_bytes<F, Order>(state);
    REQUIRE(bytes.has_value());
    std::size_t accepted = 0;
    std::size_t misplaced = 0;
    for (std::size_t size = 0; size < bytes->size(); ++size) {
        reader from{byte_view{*bytes}.first(size), bytes_before};
        const auto found = parse_field<F, Order>(from, around, bytes->size());
        if (found) {
            ++accepted;
        } else if (const auto at = found.error().offset; at != error::no_offset) {
            misplaced += at < bytes_before || at > bytes_before + size ? 1U : 0U;
        }
    }
    CHECK(accepted == 0);
    CHECK(misplaced == 0);
}

template <field F, std::endian Order, class State>
void lone_field_laws_in(std::initializer_list<State> states, const field_surroundings& around) {
    for (const State& state : states) {
        field_goes_there_and_back<F, Order>(state, around);
        if (!around.takes_the_rest) {
            field_refuses_prefixes<F, Order>(state, around);
        }
    }
}

// In both byte orders.
template <field F, class State>
void lone_field_laws(std::initializer_list<State> states, field_surroundings around = {}) {
    field_describes_itself<F>();
    lone_field_laws_in<F, std::endian::little>(states, around);
    lone_field_laws_in<F, std::endian::big>(states, around);
}

} // namespace tintype::laws
