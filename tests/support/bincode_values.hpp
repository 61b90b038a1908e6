#pragma once

// Values of every shape that bincode has, random ones of them, their schema for the naive reader,
// and the text that the naive reader must make of them.

#include <tintype/codec/bincode.hpp>
#include <tintype/core/mix.hpp>
#include <tintype/core/reflect.hpp>

#include "naive_bincode.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace tests::bincoded {

enum class color : std::int8_t { red, green, blue = 100 };

struct nothing {
    bool operator==(const nothing&) const = default;
};

// Kept as a length of four and four bytes.
struct tag {
    std::array<std::byte, 4> bytes{};

    bool operator==(const tag&) const = default;
};

struct point {
    BOOST_HANA_DEFINE_STRUCT(point, (std::int16_t, x), (std::uint16_t, y));
    bool operator==(const point&) const = default;
};

struct mixture {
    using choice = std::variant<std::monostate, point, std::string, nothing, std::uint64_t>;
    using digest = std::array<std::byte, 3>;
    using numbers = std::array<std::uint32_t, 2>;
    using names = std::map<std::string, std::int32_t>;
    using lookup = std::unordered_map<std::uint16_t, std::string>;
    using couple = std::pair<std::uint8_t, std::optional<std::int64_t>>;
    using choices = std::vector<choice>;
    BOOST_HANA_DEFINE_STRUCT(mixture, (bool, on), (std::int8_t, tiny), (std::uint64_t, wide),
                             (std::int64_t, deep), (float, ratio), (color, tint), (tag, id),
                             (std::string, name), (digest, hash), (numbers, pair),
                             (std::optional<std::string>, note), (choices, picks),
                             (std::vector<std::uint32_t>, values), (std::vector<bool>, flags),
                             (std::vector<point>, points), (std::set<std::int16_t>, some),
                             (names, by_name), (lookup, by_number), (couple, both));
    bool operator==(const mixture&) const = default;
};

// Numbers of every width, those around the turns among them.
class values {
public:
    explicit values(std::uint64_t seed) : random_(seed) {}

    template <class T>
    T number() {
        constexpr std::uint64_t turns[] = {0,     1,       250,        251,        252,
                                           255,   256,     65535,      65536,      0xffffffffU,
                                           ~0ULL, 1 << 15, 0x80000000, 1ULL << 32, 1ULL << 63};
        const std::uint64_t raw = random_() % 2 == 0 ? turns[random_() % std::size(turns)]
                                                     : random_() >> (random_() % 64);
        return static_cast<T>(raw);
    }

    std::size_t few() { return static_cast<std::size_t>(random_() % 4); }

    std::string text() {
        constexpr const char* words[] = {"a", "plain ", "\u00e9", "\u4e2d", "\U0001F600"};
        std::string all;
        for (std::uint64_t i = random_() % 12; i != 0; --i) {
            all += words[random_() % std::size(words)];
        }
        return all;
    }

    mixture::choice pick() {
        switch (random_() % 5) {
        case 0:
            return std::monostate{};
        case 1:
            return place();
        case 2:
            return text();
        case 3:
            return nothing{};
        default:
            return number<std::uint64_t>();
        }
    }

    point place() { return {number<std::int16_t>(), number<std::uint16_t>()}; }

    mixture mixed() {
        mixture all;
        all.on = random_() % 2 == 0;
        all.tiny = number<std::int8_t>();
        all.wide = number<std::uint64_t>();
        all.deep = number<std::int64_t>();
        all.ratio = static_cast<float>(number<std::int32_t>());
        all.tint = random_() % 2 == 0 ? color::green : color::blue;
        for (std::byte& each : all.id.bytes) {
            each = static_cast<std::byte>(random_());
        }
        all.name = text();
        all.hash = {std::byte{1}, std::byte{254}, number<std::byte>()};
        all.pair = {number<std::uint32_t>(), number<std::uint32_t>()};
        if (random_() % 2 == 0) {
            all.note = text();
        }
        for (std::size_t i = few(); i != 0; --i) {
            all.picks.push_back(pick());
            all.values.push_back(number<std::uint32_t>());
            all.flags.push_back(random_() % 2 == 0);
            all.points.push_back(place());
            all.some.insert(number<std::int16_t>());
            all.by_name[text()] = number<std::int32_t>();
            all.by_number[number<std::uint16_t>()] = text();
        }
        all.both = {number<std::uint8_t>(), std::nullopt};
        if (random_() % 2 == 0) {
            all.both.second = number<std::int64_t>();
        }
        return all;
    }

private:
    tintype::splitmix64 random_;
};

inline naive_schema schema_of_mixture() {
    using is = naive_schema::what;
    using all = std::vector<naive_schema>;
    const auto u = [](std::size_t size) { return naive_schema{is::uint, size}; };
    const auto s = [](std::size_t size) { return naive_schema{is::sint, size}; };
    const naive_schema text{is::text};
    const naive_schema flag{is::boolean};
    const naive_schema place{is::all, 0, all{s(2), u(2)}};
    const auto list = [](naive_schema of) { return naive_schema{is::list, 0, {std::move(of)}}; };
    const auto maybe = [](naive_schema of) { return naive_schema{is::option, 0, {std::move(of)}}; };
    const naive_schema none{is::all};
    const naive_schema pick{is::choice, 0, all{none, place, text, none, u(8)}};
    return {is::all, 0,
            all{flag, s(1), u(8), s(8), naive_schema{is::raw, 4}, naive_schema{is::index, 128},
                naive_schema{is::list, 4, all{u(1)}}, text, naive_schema{is::fixed, 3, all{u(1)}},
                naive_schema{is::fixed, 2, all{u(4)}}, maybe(text), list(pick), list(u(4)),
                list(flag), list(place), list(s(2)), naive_schema{is::map, 0, all{text, s(4)}},
                naive_schema{is::map, 0, all{u(2), text}},
                naive_schema{is::all, 0, all{u(1), maybe(s(8))}}}};
}

// What the naive reader makes of the value.
template <class T>
std::string said_of(const T& value);

template <class Map>
std::string said_of_map(const Map& map) {
    std::set<std::string> entries;
    for (const auto& [key, mapped] : map) {
        entries.insert(said_of(key) + ":" + said_of(mapped));
    }
    std::string all;
    for (const auto& each : entries) {
        all += each + ",";
    }
    return "<" + all + ">";
}

template <class T>
std::string said_of(const T& value) {
    if constexpr (std::is_same_v<T, bool>) {
        return value ? "yes" : "no";
    } else if constexpr (std::is_same_v<T, float>) {
        return std::to_string(std::bit_cast<std::uint32_t>(value));
    } else if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T>) {
        return std::to_string(
            +static_cast<std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>>(
                value));
    } else if constexpr (std::is_same_v<T, std::string>) {
        return "'" + value + "'";
    } else if constexpr (std::is_same_v<T, tag>) {
        return said_of(std::vector<std::byte>(value.bytes.begin(), value.bytes.end()));
    } else if constexpr (std::is_same_v<T, nothing> || std::is_same_v<T, std::monostate>) {
        return "{}";
    } else if constexpr (tintype::detail::is_optional<T>) {
        return value ? "?" + said_of(*value) : "none";
    } else if constexpr (tintype::detail::is_variant<T>) {
        return std::to_string(value.index()) + "=" +
               std::visit([](const auto& held) { return said_of(held); }, value);
    } else if constexpr (tintype::detail::is_pair<T>) {
        return "{" + said_of(value.first) + ";" + said_of(value.second) + ";}";
    } else if constexpr (requires { typename T::mapped_type; }) {
        return said_of_map(value);
    } else if constexpr (tintype::described<T>) {
        std::string all;
        tintype::for_each_member(value,
                                 [&](auto, const auto& part) { all += said_of(part) + ";"; });
        return "{" + all + "}";
    } else {
        std::string all;
        for (const typename T::value_type& each : value) {
            all += said_of(each) + ",";
        }
        return tintype::detail::is_fixed_array<T> ? "(" + all + ")" : "[" + all + "]";
    }
}

} // namespace tests::bincoded

template <>
struct tintype::bincode_form<tests::bincoded::tag> {
    using stored = tintype::byte_view;

    static stored to(const tests::bincoded::tag& value) { return value.bytes; }

    static result<tests::bincoded::tag> from(stored&& kept, const limits&) {
        if (kept.size() != 4) {
            return fail({.code = errc::invalid_value, .found = kept.size(), .wanted = 4});
        }
        tests::bincoded::tag made;
        std::ranges::copy(kept, made.bytes.begin());
        return made;
    }
};
