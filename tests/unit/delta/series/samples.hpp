#pragma once

// Series of every kind that an encoding is made for, of any type and length, and those that none is
// made for.

#include <tintype/core/endian.hpp>
#include <tintype/core/mix.hpp>
#include <tintype/delta/series/tag.hpp>

#include <array>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

namespace tests {

enum class series_kind : std::uint8_t {
    constant,
    zero,
    counter,
    jitter,
    walk,
    gauge, // keeps its value for a while
    decimals,
    scaled,    // integers times 0.01
    multiples, // of a thousand
    outliers,  // small, a few far away on both sides, the first and the last among them
    wrapping,  // over the type's end
    extremes,
    noise, // any bits
    special,
    last // how many there are
};

inline constexpr std::array series_kind_names = {
    std::string_view{"constant"}, std::string_view{"zero"},     std::string_view{"counter"},
    std::string_view{"jitter"},   std::string_view{"walk"},     std::string_view{"gauge"},
    std::string_view{"decimals"}, std::string_view{"scaled"},   std::string_view{"multiples"},
    std::string_view{"outliers"}, std::string_view{"wrapping"}, std::string_view{"extremes"},
    std::string_view{"noise"},    std::string_view{"special"}};

static_assert(series_kind_names.size() == static_cast<std::size_t>(series_kind::last));

// NaNs of both kinds with payloads, both zeros, denormals, infinities, the ends of the type.
template <tintype::series_value T>
T special_value(std::uint64_t i) {
    using limits = std::numeric_limits<T>;
    if constexpr (std::floating_point<T>) {
        using bits = tintype::detail::bits_of<T>;
        const auto infinite = std::bit_cast<bits>(limits::infinity());
        const std::array all = {T{0},
                                -T{0},
                                limits::infinity(),
                                -limits::infinity(),
                                std::bit_cast<T>(static_cast<bits>(infinite | 1U)),
                                std::bit_cast<T>(static_cast<bits>(infinite | 0x1234U)),
                                std::bit_cast<T>(static_cast<bits>(~bits{0})),
                                std::bit_cast<T>(static_cast<bits>(infinite | infinite >> 1U)),
                                limits::denorm_min(),
                                -limits::denorm_min(),
                                limits::min(),
                                limits::max(),
                                limits::lowest(),
                                limits::epsilon(),
                                T{1},
                                static_cast<T>(0.1),
                                static_cast<T>(-0.3),
                                static_cast<T>(1e10),
                                static_cast<T>(9007199254740993.0),
                                static_cast<T>(-4611686018427387904.0),
                                static_cast<T>(9223372036854775808.0)};
        return all[i % all.size()];
    } else {
        const std::array all = {T{0},
                                T{1},
                                limits::max(),
                                limits::min(),
                                static_cast<T>(limits::max() - 1),
                                static_cast<T>(limits::min() + 1),
                                static_cast<T>(limits::max() / 2),
                                static_cast<T>(-1)};
        return all[i % all.size()];
    }
}

template <tintype::series_value T>
std::vector<T> make_series(series_kind kind, std::size_t size, std::uint64_t seed = 1) {
    using bits = tintype::detail::bits_of<T>;
    tintype::splitmix64 random{seed * 64 + static_cast<std::uint64_t>(kind)};
    std::vector<T> values(size);
    // As far as the type goes; modulo its size for integers.
    const auto number = [](std::int64_t value) {
        if constexpr (std::floating_point<T>) {
            return static_cast<T>(value);
        } else {
            return static_cast<T>(static_cast<bits>(static_cast<std::uint64_t>(value)));
        }
    };
    const auto below = [&](std::uint64_t most) {
        return static_cast<std::int64_t>(random() % most);
    };
    std::int64_t walk = 50;
    double full = 100;
    for (std::size_t i = 0; i != size; ++i) {
        const auto at = static_cast<std::int64_t>(i);
        switch (kind) {
        case series_kind::constant:
            values[i] = number(77);
            break;
        case series_kind::zero:
            values[i] = T{};
            break;
        case series_kind::counter:
            values[i] = number(walk += below(20));
            break;
        case series_kind::jitter:
            values[i] = number(1'700'000'000'000'000'000 + at * 1'000'000'000 + below(50'000));
            break;
        case series_kind::walk:
            full += static_cast<double>(below(2001) - 1000) / 997.0;
            values[i] = static_cast<T>(full);
            break;
        case series_kind::gauge:
            walk = below(10) < 6 ? walk : below(100);
            values[i] = number(walk);
            break;
        case series_kind::decimals:
            walk += below(201) - 100;
            values[i] = std::floating_point<T> ? static_cast<T>(static_cast<double>(walk) / 100)
                                               : number(walk);
            break;
        case series_kind::scaled:
            walk += below(201) - 100;
            values[i] = std::floating_point<T> ? static_cast<T>(static_cast<double>(walk) * 0.01)
                                               : number(walk * 7);
            break;
        case series_kind::multiples:
            values[i] = number(3 + 1000 * below(100));
            break;
        case series_kind::outliers:
            values[i] = i == 0 || i + 1 == size || below(60) == 0
                            ? number(below(2) == 0 ? 1'234'567'890'123 : -9'876'543'210)
                            : number(below(10));
            break;
        case series_kind::wrapping:
            if constexpr (std::floating_point<T>) {
                values[i] = static_cast<T>(static_cast<double>(at) - 10.5);
            } else {
                const auto start =
                    static_cast<bits>(std::numeric_limits<T>::max()) - static_cast<bits>(40);
                values[i] = static_cast<T>(
                    static_cast<bits>(static_cast<std::uint64_t>(start) + 3 * i + (random() & 1U)));
            }
            break;
        case series_kind::extremes:
            values[i] =
                below(2) == 0 ? std::numeric_limits<T>::max() : std::numeric_limits<T>::lowest();
            break;
        case series_kind::noise:
            values[i] = std::bit_cast<T>(static_cast<bits>(random()));
            break;
        default:
            values[i] = special_value<T>(random());
            break;
        }
    }
    return values;
}

} // namespace tests
