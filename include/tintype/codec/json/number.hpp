#pragma once

// Numbers in JSON text: the grammar, and the exact value of what it allows. A float is the nearest
// to the decimal that stands there, ties to even; one beyond the largest is refused, one below the
// smallest is zero.

#include <tintype/codec/json/input.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace tintype::inline v0::detail {

// What the grammar found: mantissa * 10^exponent, unless there were more digits than fit.
struct json_number {
    const char* start = nullptr;
    std::uint64_t mantissa = 0;
    std::int64_t exponent = 0;
    int digits = 0; // significant ones; the mantissa is exact up to 19
    bool negative = false;
    bool integer = true; // neither point nor exponent
};

[[nodiscard]] inline bool is_digit(const char* at, const char* end) noexcept {
    return at != end && byte_at(at) - '0' < 10U;
}

inline void take_digits(json_input& in, json_number& number) noexcept {
    for (; is_digit(in.at, in.end()); ++in.at) {
        number.digits += number.digits != 0 || *in.at != '0' ? 1 : 0;
        if (number.digits <= 19) {
            number.mantissa = number.mantissa * 10 + (byte_at(in.at) - '0');
        } else {
            ++number.exponent;
            number.digits = 20;
        }
    }
}

// Reads a number by the grammar of JSON: no plus sign, no leading zeros, digits around the point.
[[nodiscard]] inline bool scan_number(json_input& in, json_number& number) {
    number.start = in.at;
    const char* const end = in.end();
    if (in.at != end && *in.at == '-') {
        number.negative = true;
        ++in.at;
    }
    if (!is_digit(in.at, end)) {
        return in.unexpected('0');
    }
    if (*in.at == '0') {
        ++in.at;
        if (is_digit(in.at, end)) {
            return in.unexpected('.');
        }
    } else {
        take_digits(in, number);
    }
    if (in.at != end && *in.at == '.') {
        number.integer = false;
        const char* const first = ++in.at;
        if (!is_digit(first, end)) {
            return in.unexpected('0');
        }
        take_digits(in, number);
        number.exponent -= in.at - first;
    }
    if (in.at != end && (*in.at | 0x20) == 'e') {
        number.integer = false;
        ++in.at;
        const bool down = in.at != end && *in.at == '-';
        if (in.at != end && (*in.at == '-' || *in.at == '+')) {
            ++in.at;
        }
        if (!is_digit(in.at, end)) {
            return in.unexpected('0');
        }
        std::int64_t exponent = 0;
        for (; is_digit(in.at, end); ++in.at) {
            // Beyond this nothing but the sign of the exponent matters any more.
            exponent = std::min<std::int64_t>(exponent * 10 + (byte_at(in.at) - '0'),
                                              std::int64_t{1} << 48U);
        }
        number.exponent += down ? -exponent : exponent;
    }
    return true;
}

inline constexpr std::array<double, 23> exact_tens{1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

// One rounding of exact operands gives the nearest double; `value` is its magnitude. With more
// than 53 bits of mantissa the value is off by less than two units in its last place.
[[nodiscard]] inline bool nearly_double(std::uint64_t mantissa, std::int64_t exponent,
                                        double& value) noexcept {
    if (exponent < -22 || exponent > 22) {
        return false;
    }
    const auto whole = static_cast<double>(mantissa);
    value = exponent < 0 ? whole / exact_tens[static_cast<std::size_t>(-exponent)]
                         : whole * exact_tens[static_cast<std::size_t>(exponent)];
    return true;
}

// Whether the double lies within two units in its last place of the middle between two floats (of
// the normal range). If not, every decimal that near to it rounds to the same float as it does.
[[nodiscard]] inline bool near_midpoint(double value) noexcept {
    constexpr std::uint32_t middle = 0x10000000;
    const auto low = static_cast<std::uint32_t>(std::bit_cast<std::uint64_t>(value)) & 0x1fffffffU;
    return low - (middle - 2) <= 4;
}

// Any number that the grammar allows, through the library.
template <std::floating_point F>
[[nodiscard]] bool library_float(json_input& in, const json_number& number, F& value) {
    const auto read = std::from_chars(number.start, in.at, value);
    // One more than the power of ten at which the first digit stands.
    const std::int64_t leading = number.exponent + std::min(number.digits, 19);
    if (read.ec == std::errc::result_out_of_range) {
        value = leading > 0 ? std::numeric_limits<F>::infinity() : F{0};
        value = number.negative ? -value : value;
    }
    if (std::isinf(value)) {
        // Powers of ten: of its first digit, and the largest that there is.
        return in.refuse_at(number.start, errc::invalid_value,
                            static_cast<std::uint64_t>(leading - 1),
                            std::numeric_limits<F>::max_exponent10);
    }
    return true;
}

template <std::floating_point F>
[[nodiscard]] bool float_of(json_input& in, const json_number& number, F& value) {
    double magnitude = 0;
    if (number.mantissa == 0) {
        value = number.negative ? -F{0} : F{0};
        return true;
    }
    if (number.digits <= 19 && nearly_double(number.mantissa, number.exponent, magnitude)) {
        const bool exact = number.mantissa >> 53U == 0;
        if constexpr (std::same_as<F, double>) {
            if (exact) {
                value = number.negative ? -magnitude : magnitude;
                return true;
            }
        } else {
            if (!near_midpoint(magnitude) && magnitude >= 0x1p-126 && magnitude < 0x1.fffffep127) {
                value = static_cast<F>(number.negative ? -magnitude : magnitude);
                return true;
            }
        }
    }
    return library_float(in, number, value);
}

template <std::floating_point F>
[[nodiscard]] bool read_float(json_input& in, F& value) {
    json_number number;
    return scan_number(in, number) && float_of(in, number, value);
}

// As serde_json has it, 1.0, 1e0 and -0 are no integers.
template <std::integral I>
[[nodiscard]] bool read_integer(json_input& in, I& value) {
    json_number number;
    if (!scan_number(in, number)) {
        return false;
    }
    using wide = std::conditional_t<std::signed_integral<I>, std::int64_t, std::uint64_t>;
    wide read = 0;
    const auto [stop, failed] = std::from_chars(number.start, in.at, read);
    const bool minus_zero = number.negative && number.mantissa == 0;
    if (failed != std::errc{} || stop != in.at || minus_zero ||
        read < wide{std::numeric_limits<I>::min()} || read > wide{std::numeric_limits<I>::max()}) {
        return in.refuse_at(number.start, errc::invalid_value,
                            number.digits > 19 ? std::numeric_limits<std::uint64_t>::max()
                                               : number.mantissa,
                            static_cast<std::uint64_t>(std::numeric_limits<I>::max()));
    }
    value = static_cast<I>(read);
    return true;
}

} // namespace tintype::inline v0::detail
