#pragma once

// A user's own field for section lists, as small as one can be that does all that a field must: a
// number in groups of seven bits.

#include <tintype/codec/field.hpp>

#include <bit>
#include <cstdint>
#include <string_view>

namespace tests {

// The least group first, the high bit set in all but the last.
template <tintype::fixed_string Name>
struct varint {
    static constexpr std::string_view name = Name.view();
    static constexpr auto kind = tintype::field_kind::custom;
    static constexpr std::uint64_t min_size = 1;
    static constexpr bool fixed_size = false;
    using parsed = std::uint64_t;

    static constexpr bool stores(std::string_view member) { return member == name; }

    template <class State>
    static consteval void check() {
        static_assert(tintype::has_member<State, Name>);
    }

    template <class State>
    static constexpr std::uint64_t size(const State& state) {
        std::uint64_t bytes = 1;
        for (auto rest = tintype::member<Name>(state) >> 7U; rest != 0; rest >>= 7U) {
            ++bytes;
        }
        return bytes;
    }

    template <std::endian Order, class State, class Out>
    static constexpr tintype::result<void> encode(const State& state, Out& out) {
        auto rest = tintype::member<Name>(state);
        for (; rest >= 0x80; rest >>= 7U) {
            auto group = static_cast<std::uint8_t>((rest & 0x7FU) | 0x80U);
            if (auto done = out.template number<Order>(group); !done) {
                return done;
            }
        }
        return out.template number<Order>(static_cast<std::uint8_t>(rest));
    }

    template <std::endian Order>
    static constexpr tintype::result<parsed> parse(tintype::reader& from, tintype::parse_context&) {
        const auto offset = from.offset();
        parsed number = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            const auto group = from.number<Order, std::uint8_t>(name);
            if (!group) {
                return tintype::pass(group);
            }
            number |= std::uint64_t{*group & 0x7FU} << shift;
            if (*group < 0x80) {
                // The shortest form only, so that a number has one encoding.
                const bool shortest = *group != 0 || shift == 0;
                const bool fits = shift != 63 || *group == 1;
                if (shortest && fits) {
                    return number;
                }
                break;
            }
        }
        return tintype::fail(
            {.code = tintype::errc::invalid_value, .where = name, .offset = offset});
    }

    template <std::endian, class State>
    static constexpr tintype::result<void> restore(const parsed& number, State& state,
                                                   const tintype::decode_options&) {
        tintype::member<Name>(state) = number;
        return {};
    }

    template <std::endian, class>
    static constexpr std::uint64_t view(const parsed& number) {
        return number;
    }

    static constexpr tintype::field_layout describe() {
        return {.name = name, .kind = kind, .type = "varint", .least = 1};
    }
};

} // namespace tests
