#pragma once

// What the tests of the delta store make histories of: structs with every kind of member, and
// random values of them, in which much stays and a little becomes another.

#include <tintype/core/bytes.hpp>
#include <tintype/core/kind.hpp>
#include <tintype/core/mix.hpp>
#include <tintype/core/reader.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/delta/state.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <iterator>
#include <limits>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

namespace tests {

enum class color : std::uint8_t { red, green = 7, blue = 255 };
enum class level : std::int32_t { low = -1, high = 1 };
enum class gate : bool { shut, open };

// Lies in memory as it is stored.
struct point {
    BOOST_HANA_DEFINE_STRUCT(point, (float, x), (float, y));
};

// Does not, for its bool.
struct flagged {
    BOOST_HANA_DEFINE_STRUCT(flagged, (std::uint32_t, id), (bool, on));
};

struct named {
    BOOST_HANA_DEFINE_STRUCT(named, (std::string, name), (std::vector<double>, values));
};

struct scalars {
    BOOST_HANA_DEFINE_STRUCT(scalars, (std::int8_t, i8), (std::uint8_t, u8), (std::int16_t, i16),
                             (std::uint16_t, u16), (std::int32_t, i32), (std::uint32_t, u32),
                             (std::int64_t, i64), (std::uint64_t, u64), (float, f32), (double, f64),
                             (bool, yes), (char, letter), (std::byte, byte), (color, paint),
                             (level, height), (gate, door));
};

struct runs {
    using three = std::array<std::int32_t, 3>;
    using seventy = std::array<double, 70>;
    using two_points = std::array<point, 2>;
    using no_points = std::array<point, 0>;
    BOOST_HANA_DEFINE_STRUCT(runs, (std::string, text), (std::vector<double>, doubles),
                             (std::vector<float>, floats), (tintype::blob, bytes),
                             (std::vector<std::int16_t>, shorts), (std::vector<point>, points),
                             (std::vector<color>, colors), (three, triple), (seventy, many),
                             (two_points, pair_of_points), (no_points, none));
};

struct nests {
    using texts = std::array<std::string, 2>;
    using either = std::variant<std::monostate, std::int32_t, std::string, named, double>;
    using couple = std::pair<std::int32_t, std::string>;
    using by_name = std::map<std::string, double>;
    using by_number = std::map<std::int32_t, std::vector<float>>;
    using by_color = std::map<color, std::string>;
    using hashed = std::unordered_map<std::string, std::uint64_t>;
    using hashed_numbers = std::unordered_map<std::int64_t, named>;
    using nested = std::map<std::string, std::map<std::string, double>>;
    using maybe_run = std::optional<std::vector<std::int32_t>>;
    BOOST_HANA_DEFINE_STRUCT(nests, (std::vector<named>, items), (std::vector<flagged>, flags),
                             (texts, two), (std::optional<std::int32_t>, maybe),
                             (std::optional<std::string>, maybe_text), (maybe_run, maybe_many),
                             (either, one_of), (couple, both), (by_name, names),
                             (by_number, numbers), (by_color, colors), (hashed, counts),
                             (hashed_numbers, people), (nested, groups),
                             (std::deque<std::uint32_t>, queue));
};

// What has no leaves of its own.
struct packs {
    BOOST_HANA_DEFINE_STRUCT(packs, (std::vector<bool>, bits), (std::set<std::string>, words),
                             (std::list<std::int32_t>, chain),
                             (std::unordered_set<std::int32_t>, heap));
};

struct everything {
    BOOST_HANA_DEFINE_STRUCT(everything, (scalars, one), (runs, several), (nests, inside),
                             (packs, packed));
};

struct small {
    using by_name = std::map<std::string, double>;
    BOOST_HANA_DEFINE_STRUCT(small, (std::uint32_t, id), (bool, on), (std::vector<double>, values),
                             (by_name, metrics), (std::set<std::int32_t>, tags));
};

// Contains itself.
struct tree {
    BOOST_HANA_DEFINE_STRUCT(tree, (std::int32_t, value), (std::vector<tree>, children));
};

// A chain of so many values inside one another.
[[nodiscard]] inline tree chain_of(std::size_t depth) {
    tree root;
    tree* at = &root;
    for (std::size_t i = 0; i != depth; ++i) {
        at->value = static_cast<std::int32_t>(i);
        at = &at->children.emplace_back();
    }
    return root;
}

// Makes values random; and changes a few things in them.
class scrambler {
public:
    explicit scrambler(std::uint64_t seed) noexcept : random_{seed} {}

    [[nodiscard]] std::uint64_t below(std::uint64_t end) { return random_() % end; }

    template <class T>
    void fill(T& value) {
        using enum tintype::kind;
        constexpr tintype::kind what = tintype::kind_of<T>;
        if constexpr (what == scalar) {
            number(value);
        } else if constexpr (what == string) {
            value.resize(below(3) == 0 ? 0 : below(12));
            each(value);
        } else if constexpr (what == array) {
            each(value);
        } else if constexpr (what == optional) {
            value.reset();
            if (below(2) == 0) {
                fill(value.emplace());
            }
        } else if constexpr (what == variant) {
            alternative(value, std::make_index_sequence<std::variant_size_v<T>>{});
        } else if constexpr (what == sequence) {
            value.clear();
            const std::uint64_t most =
                tintype::detail::leaf_shape_v<T> == tintype::detail::leaf_shape::run ? 80 : 5;
            for (auto left = below(most); left != 0; --left) {
                typename T::value_type element{};
                fill(element);
                value.insert(value.end(), element);
            }
        } else if constexpr (what == map) {
            value.clear();
            for (auto left = below(5); left != 0; --left) {
                fill(value[some_key<typename T::key_type>()]);
            }
        } else if constexpr (what == pair) {
            fill(value.first);
            fill(value.second);
        } else if constexpr (what == described) {
            tintype::for_each_member(value, [&](const auto&, auto& part) { fill(part); });
        }
    }

    template <class T>
    void change(T& value) {
        using enum tintype::kind;
        using tintype::detail::leaf_shape;
        constexpr tintype::kind what = tintype::kind_of<T>;
        constexpr leaf_shape shape = tintype::detail::leaf_shape_v<T>;
        if constexpr (shape == leaf_shape::run) {
            change_run(value);
        } else if constexpr (what == scalar || shape == leaf_shape::encoded) {
            if (below(8) == 0) {
                fill(value);
            }
        } else if constexpr (what == described) {
            tintype::for_each_member(value, [&](const auto&, auto& part) { change(part); });
        } else if constexpr (what == pair) {
            change(value.first);
            change(value.second);
        } else if constexpr (what == array) {
            for (auto& part : value) {
                change(part);
            }
        } else if constexpr (what == optional || what == variant) {
            if (below(12) == 0) {
                fill(value);
            } else if constexpr (what == optional) {
                if (value) {
                    change(*value);
                }
            } else {
                std::visit([&](auto& part) { change(part); }, value);
            }
        } else if constexpr (what == map) {
            if (below(12) == 0) {
                fill(value[some_key<typename T::key_type>()]);
            } else if (!value.empty() && below(12) == 0) {
                value.erase(
                    std::next(value.begin(), static_cast<std::ptrdiff_t>(below(value.size()))));
            }
            for (auto& part : value) {
                change(part.second);
            }
        } else if constexpr (what == sequence) {
            if (below(12) == 0) {
                fill(value.emplace_back());
            } else if (!value.empty() && below(12) == 0) {
                value.erase(value.begin());
            }
            for (auto& part : value) {
                change(part);
            }
        }
    }

private:
    template <class T>
    void number(T& value) {
        if constexpr (std::is_same_v<T, bool>) {
            value = below(2) == 0;
        } else if constexpr (std::is_enum_v<T>) {
            std::underlying_type_t<T> inner{};
            number(inner);
            value = static_cast<T>(inner);
        } else {
            const std::uint64_t bits = random_();
            std::memcpy(&value, &bits, sizeof value);
            if constexpr (std::is_floating_point_v<T>) {
                using limits = std::numeric_limits<T>;
                const std::array special{T{0},
                                         -T{0},
                                         limits::infinity(),
                                         -limits::infinity(),
                                         limits::denorm_min(),
                                         limits::quiet_NaN(),
                                         T{1}};
                if (const auto which = below(2 * special.size()); which < special.size()) {
                    value = special[which];
                }
            }
        }
    }

    template <class T>
    void each(T& value) {
        for (auto& part : value) {
            fill(part);
        }
    }

    template <class T, std::size_t... I>
    void alternative(T& value, std::index_sequence<I...>) {
        const std::uint64_t which = below(sizeof...(I));
        (static_cast<void>(which == I && (fill(value.template emplace<I>()), true)), ...);
    }

    // Of a few, so that they come again.
    template <class K>
    [[nodiscard]] K some_key() {
        if constexpr (std::is_same_v<K, std::string>) {
            constexpr std::array<std::string_view, 6> keys{
                "", "a", "b.c", std::string_view{"nul\0key", 7}, "\xff", "a longer key than most"};
            return std::string{keys[below(keys.size())]};
        } else if constexpr (std::is_enum_v<K>) {
            return static_cast<K>(below(4));
        } else {
            return static_cast<K>(static_cast<K>(below(7)) - 3);
        }
    }

    template <class T>
    void change_run(T& value) {
        typename T::value_type element{};
        fill(element);
        switch (below(16)) {
        case 0:
            return fill(value);
        case 1:
            value.insert(value.end(), element);
            return;
        case 2: // slides
            value.insert(value.end(), element);
            value.erase(value.begin());
            return;
        case 3:
            return value.clear();
        case 4:
        case 5:
        case 6:
            if (!value.empty()) {
                value[below(value.size())] = element;
            }
            return;
        case 7:
            for (auto& part : value) {
                if (below(3) == 0) {
                    fill(part);
                }
            }
            return;
        default:
            return;
        }
    }

    tintype::splitmix64 random_;
};

template <class T>
[[nodiscard]] T random_value(std::uint64_t seed) {
    T value{};
    scrambler{seed}.fill(value);
    return value;
}

// The whole of a state, as a keyframe holds it.
template <class T>
[[nodiscard]] tintype::blob written(const tintype::leaf_state<T>& state) {
    tintype::detail::claimed_bytes bytes;
    state.write(bytes);
    return {bytes.bytes().begin(), bytes.bytes().end()};
}

} // namespace tests
