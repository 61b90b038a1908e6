#pragma once

// Questions about the fields of a section list as a whole: what stands where, how often, under
// which names. The list asks them of itself at compile time, and does not compile on a wrong
// answer.

#include <tintype/codec/field.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace tintype::inline v0::detail {

template <std::size_t Count>
struct list_facts {
    std::array<field_kind, Count> kinds;
    std::array<std::string_view, Count> names;

    [[nodiscard]] consteval std::size_t how_many(field_kind kind) const {
        return static_cast<std::size_t>(std::ranges::count(kinds, kind));
    }

    // Where the first of that kind stands, or Count.
    [[nodiscard]] consteval std::size_t place_of(field_kind kind) const {
        return static_cast<std::size_t>(std::ranges::find(kinds, kind) - kinds.begin());
    }

    [[nodiscard]] consteval bool only_first(field_kind kind) const {
        return how_many(kind) == 0 || (how_many(kind) == 1 && kinds[0] == kind);
    }

    [[nodiscard]] consteval bool version_after_magic() const {
        const auto place = place_of(field_kind::version);
        return how_many(field_kind::version) <= 1 &&
               (place == Count || place == how_many(field_kind::magic));
    }

    [[nodiscard]] consteval bool checksum_last() const {
        const auto place = place_of(field_kind::checksum);
        return place == Count || place == Count - 1 || how_many(field_kind::checksum) > 1;
    }

    [[nodiscard]] consteval bool tail_at_the_end() const {
        const auto place = place_of(field_kind::tail);
        return place == Count || place + how_many(field_kind::checksum) + 1 == Count;
    }

    // A name may stand twice only as a count and what it counts.
    [[nodiscard]] consteval bool names_differ() const {
        for (std::size_t i = 0; i != Count; ++i) {
            for (std::size_t j = i + 1; j != Count; ++j) {
                if (names[i] == names[j] && kinds[i] != field_kind::count) {
                    return false;
                }
                if (names[i] == names[j] && kinds[j] == field_kind::count) {
                    return false;
                }
            }
        }
        return true;
    }

    [[nodiscard]] consteval bool has_count(std::string_view name, std::size_t before) const {
        for (std::size_t i = 0; i != before; ++i) {
            if (kinds[i] == field_kind::count && names[i] == name) {
                return true;
            }
        }
        return false;
    }

    // A count that no field asks for would be believed whatever it says.
    [[nodiscard]] consteval bool counts_something(std::string_view name,
                                                  std::array<bool, Count> apart) const {
        for (std::size_t i = 0; i != Count; ++i) {
            if (apart[i] && names[i] == name) {
                return true;
            }
        }
        return false;
    }
};

template <class F>
[[nodiscard]] consteval bool is_counted_apart() {
    if constexpr (requires { F::apart; }) {
        return F::apart;
    } else {
        return false;
    }
}

} // namespace tintype::inline v0::detail
