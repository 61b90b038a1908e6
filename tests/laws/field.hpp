#pragma once

// The laws of a field of a section list, as one suite for every model: `field_laws<Field>(states)`
// inside a test case, with states of a described struct whose only member the field keeps. It knows
// nothing of the field but the concept and what the list does with it.

#include <tintype/codec/concept.hpp>
#include <tintype/codec/section_list.hpp>
#include <tintype/hash/crc32.hpp>

#include <doctest/doctest.h>

#include <bit>
#include <cstddef>
#include <string_view>
#include <vector>

namespace tintype::laws {

// Whether every way of damaging the bytes is an error or another state, and never a fault.
template <class List, class State>
[[nodiscard]] std::size_t misread_after_damage(const blob& bytes, const State& state) {
    std::size_t wrong = 0;
    for (std::size_t size = 0; size != bytes.size(); ++size) {
        const auto cut = List::template decode<State>(byte_view{bytes}.first(size));
        wrong += cut && *cut == state ? 1U : 0U;
    }
    for (std::size_t i = 0; i != bytes.size(); ++i) {
        for (unsigned bit = 0; bit != 8; ++bit) {
            blob other = bytes;
            other[i] ^= static_cast<std::byte>(1U << bit);
            const auto changed = List::template decode<State>(other);
            wrong += changed && *changed == state ? 1U : 0U;
            // What is accepted is written just as it was read.
            wrong += changed && encode<List>(*changed) != other ? 1U : 0U;
        }
    }
    return wrong;
}

template <class List, class State>
void field_round_trips(const State& state) {
    static_assert(describes<List, State>);
    const auto bytes = encode<List>(state);
    REQUIRE(bytes);
    CHECK(bytes->size() == List::size(state));
    CHECK(bytes->size() >= List::min_size);
    CHECK((!List::fixed_size || bytes->size() == List::min_size));
    CHECK(decode<List, State>(*bytes) == state);
    CHECK(List::template view<State>(*bytes).has_value());
}

template <field Field, class State>
void field_laws(const std::vector<State>& states) {
    using little = section_list<Field>;
    using big = big_endian_section_list<Field>;
    using guarded = section_list<magic<"LAWS">, Field, checksum<crc32>>;
    static_assert(little::min_size == Field::min_size);

    constexpr std::string_view name{Field::name};
    CHECK(!name.empty());
    const field_layout layout = Field::describe();
    CHECK(layout.name == name);
    CHECK(layout.kind == Field::kind);
    CHECK(layout.least == Field::min_size);
    CHECK(layout.size.has_value() == Field::fixed_size);
    CHECK(Field::stores(member_names<State>[0]));
    CHECK(!Field::stores("another member"));
    for (const State& state : states) {
        field_round_trips<little>(state);
        field_round_trips<big>(state);
        field_round_trips<guarded>(state);
        CHECK(misread_after_damage<little>(*encode<little>(state), state) == 0);
        CHECK(misread_after_damage<guarded>(*encode<guarded>(state), state) == 0);
    }
}

} // namespace tintype::laws
