#pragma once

// Rows for the tests of columns: types of every kind, any of them filled with noise by its kind,
// the floats with what is easily lost, the lengths of one of several sorts.

#include <tintype/codec/columns.hpp>
#include <tintype/codec/columns/json_value.hpp>
#include <tintype/codec/json/style.hpp>
#include <tintype/core/identical.hpp>
#include <tintype/core/kind.hpp>
#include <tintype/core/mix.hpp>
#include <tintype/core/reflect.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace tintype {

// Found by the noise for a type of no kind.
inline void fill_form(json_value& value, splitmix64& random) {
    value = random() % 3 == 0 ? json_value() : json_value(static_cast<std::int32_t>(random()));
}

} // namespace tintype

namespace tests {

// What the lengths of strings, sequences and maps are like.
enum class lengths : std::uint8_t { none, same, short_ones, long_ones };

class noise_of {
public:
    explicit noise_of(lengths sort, std::uint64_t seed = 0) : sort_(sort), random_(seed) {}

    template <class T>
    T make() {
        T value{};
        fill(value);
        return value;
    }

    template <class T>
    void fill(T& value) {
        using tintype::kind;
        constexpr kind what = tintype::kind_of<T>;
        if constexpr (what == kind::scalar) {
            scalar(value);
        } else if constexpr (what == kind::array) {
            for (auto& each : value) {
                fill(each);
            }
        } else if constexpr (what == kind::optional) {
            value.reset();
            if (random_() % 2 == 0) {
                fill(value.emplace());
            }
        } else if constexpr (what == kind::variant) {
            variant(value, std::make_index_sequence<std::variant_size_v<T>>{});
        } else if constexpr (what == kind::pair) {
            fill(value.first);
            fill(value.second);
        } else if constexpr (what == kind::described) {
            tintype::for_each_member(value, [this](auto, auto& part) { this->fill(part); });
        } else if constexpr (what == kind::map) {
            for (std::size_t i = length(); i != 0; --i) {
                auto key = make<typename T::key_type>();
                value.insert({std::move(key), make<typename T::mapped_type>()});
            }
        } else if constexpr (what == kind::string || what == kind::sequence) {
            for (std::size_t i = length(); i != 0; --i) {
                value.insert(value.end(), make<typename T::value_type>());
            }
        } else if constexpr (!std::is_same_v<T, std::monostate>) {
            fill_form(value, random_);
        }
    }

private:
    template <class T>
    void scalar(T& value) {
        const std::uint64_t bits = random_();
        if constexpr (std::is_same_v<T, bool>) {
            value = bits % 2 == 0;
        } else {
            value = std::bit_cast<T>(static_cast<tintype::detail::bits_of<T>>(bits));
        }
        if constexpr (std::is_floating_point_v<T>) {
            // NaNs of any payload and both signs, both zeros.
            constexpr auto infinity =
                std::bit_cast<tintype::detail::bits_of<T>>(std::numeric_limits<T>::infinity());
            using bits_type = tintype::detail::bits_of<T>;
            if (bits % 5 == 0) {
                value = std::bit_cast<T>(
                    static_cast<bits_type>(std::bit_cast<bits_type>(value) | infinity | 1U));
            } else if (bits % 5 == 1) {
                value = bits % 2 == 0 ? T(0) : -T(0);
            }
        }
    }

    template <class T, std::size_t... I>
    void variant(T& value, std::index_sequence<I...>) {
        const auto chosen = random_() % sizeof...(I);
        static_cast<void>(((chosen == I && (fill(value.template emplace<I>()), true)) || ...));
    }

    std::size_t length() {
        switch (sort_) {
        case lengths::none:
            return 0;
        case lengths::same:
            return 3;
        case lengths::short_ones:
            return random_() % 4;
        default:
            // Long ones only outside, or the innermost would be without number.
            sort_ = lengths::short_ones;
            return random_() % 7 == 0 ? 300 : 2;
        }
    }

    lengths sort_;
    tintype::splitmix64 random_;
};

template <class T>
std::vector<T> rows_of(std::size_t count, lengths sort) {
    std::vector<T> rows(count);
    std::uint64_t seed = 0;
    for (auto& row : rows) {
        row = noise_of(sort, seed++).make<T>();
    }
    return rows;
}

constexpr std::array all_lengths{lengths::none, lengths::same, lengths::short_ones,
                                 lengths::long_ones};

namespace rows {

enum class colour : std::int16_t { red, green };

struct point {
    BOOST_HANA_DEFINE_STRUCT(point, (std::int16_t, x), (double, y));
    friend bool operator==(const point&, const point&) = default;
};

// No value of it lies in memory as it is stored.
struct flagged {
    BOOST_HANA_DEFINE_STRUCT(flagged, (bool, on), (std::uint32_t, n));
    friend bool operator==(const flagged&, const flagged&) = default;
};

// Too large to be put together before it is written.
struct many_flags {
    using flags = std::array<bool, 5000>;
    BOOST_HANA_DEFINE_STRUCT(many_flags, (flags, all), (std::uint8_t, last));
};

using alternatives =
    std::variant<std::monostate, std::int32_t, std::string, std::vector<std::string>, point>;

struct third {
    BOOST_HANA_DEFINE_STRUCT(third, (std::vector<std::string>, lines), (std::optional<point>, at));
    friend bool operator==(const third&, const third&) = default;
};

struct second {
    using by_name = std::map<std::string, std::vector<third>>;
    BOOST_HANA_DEFINE_STRUCT(second, (by_name, named), (alternatives, either));
    friend bool operator==(const second&, const second&) = default;
};

struct first {
    using twice = std::pair<second, std::uint8_t>;
    BOOST_HANA_DEFINE_STRUCT(first, (std::optional<twice>, rest), (std::vector<float>, values));
    friend bool operator==(const first&, const first&) = default;
};

struct everything {
    using wide = std::array<std::uint16_t, 3>;
    using names = std::array<std::string, 2>;
    using name = tintype::omit_if_absent<std::string>;
    BOOST_HANA_DEFINE_STRUCT(everything, (std::uint64_t, id), (bool, on), (colour, tint),
                             (wide, three), (names, both), (name, called), (first, deep),
                             (std::set<std::int8_t>, some), (std::vector<bool>, bits),
                             (tintype::blob, bytes), (std::vector<flagged>, flags));
    friend bool operator==(const everything&, const everything&) = default;
};

} // namespace rows

// What does not hold of rows that go there and back: nothing, or so many things.
template <class T>
std::size_t failures(const std::vector<T>& rows) {
    std::size_t bad = 0;
    const auto bytes = tintype::encode<tintype::columns>(rows);
    if (!bytes) {
        return 1;
    }
    bad += tintype::columns::size(rows) == bytes->size() && bytes->size() % 8 == 0 ? 0U : 1U;
    const auto back = tintype::decode<tintype::columns, std::vector<T>>(*bytes);
    bad += back && tintype::identical(*back, rows) ? 0U : 1U;
    bad += back && tintype::encode<tintype::columns>(*back) == bytes ? 0U : 1U;
    // Through a buffer, with long runs borrowed.
    tintype::gather_sink gathered;
    bad += tintype::columns::encode(rows, gathered) ? 0U : 1U;
    tintype::blob joined;
    for (const tintype::byte_view piece : gathered.pieces()) {
        append(joined, piece);
    }
    bad += joined == *bytes ? 0U : 1U;
    return bad;
}

} // namespace tests
