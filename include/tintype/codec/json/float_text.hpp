#pragma once

// Where the point goes: the texts that serde_json gives to finite floats. Plain with a ".0" where
// the point would not show, with an exponent once the number is long. A style may bring another
// policy of the same two functions.

#include <tintype/codec/json/float_text_x86.hpp>
#include <tintype/codec/json/shortest_float.hpp>
#include <tintype/core/endian.hpp>

#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace tintype::inline v0 {

namespace detail {

// 0.digits * 10^point: plain for least < point <= most, d.ddde-7 otherwise.
inline char* lay_out(char* to, const char* digits, int count, int point, int least,
                     int most) noexcept {
    const auto copy = [&](const char* from, int size) {
        std::memcpy(to, from, static_cast<std::size_t>(size));
        to += size;
    };
    const auto zeros = [&](int size) {
        std::memset(to, '0', static_cast<std::size_t>(size));
        to += size;
    };
    if (point <= least || point > most) {
        copy(digits, 1);
        if (count > 1) {
            copy(".", 1);
            copy(digits + 1, count - 1);
        }
        copy("e", 1);
        return std::to_chars(to, to + 5, point - 1).ptr;
    }
    if (point <= 0) {
        copy("0.", 2);
        zeros(-point);
        copy(digits, count);
    } else if (point < count) {
        copy(digits, point);
        copy(".", 1);
        copy(digits + point, count - point);
    } else {
        copy(digits, count);
        zeros(point - count);
        copy(".0", 2);
    }
    return to;
}

} // namespace detail

struct serde_floats {
    // The longest text has 24 characters (-2.2250738585072014e-308); some bytes behind it are
    // written over as well.
    static constexpr std::size_t room = 40;

    static char* write(char* to, float number) noexcept {
        const auto bits = std::bit_cast<std::uint32_t>(number);
        const std::uint32_t magnitude = bits & 0x7fffffffU;
        *to = '-';
        to += bits >> 31U;
        if (magnitude == 0) {
            std::memcpy(to, "0.0", 3);
            return to + 3;
        }
        const f32_digits shortest = shortest_digits(magnitude);
        const auto put_eight = [](char* place, std::uint64_t eight) {
            store<std::endian::little>(reinterpret_cast<std::byte*>(place), eight);
        };
        if (shortest.point <= 0 && shortest.point > -6) {
            std::memcpy(to, "0.000000", 8);
            to += 2 - shortest.point;
            *to = shortest.first;
            put_eight(to + 1, shortest.others);
            return to + shortest.count;
        }
        if (shortest.point > 0 && shortest.point < shortest.count) {
            *to = shortest.first;
            put_eight(to + 1, shortest.others);
            to[shortest.point] = '.';
            put_eight(to + shortest.point + 1, shortest.others >> (8 * (shortest.point - 1)));
            return to + shortest.count + 1;
        }
        char all[9] = {shortest.first};
        put_eight(all + 1, shortest.others);
        return detail::lay_out(to, all, shortest.count, shortest.point, -6, 13);
    }

    // Each of the floats, which are finite, with a comma behind it: the same texts, only sooner.
    static char* write_run(char* to, const float* from, std::size_t count) noexcept {
#if defined(__x86_64__) && defined(__GNUC__)
        static const bool able = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
                                 __builtin_cpu_supports("lzcnt");
        if (able) {
            const auto one = [](char* place, float number) { return write_alone(place, number); };
            return detail::write_run_avx2(to, from, count, one);
        }
#endif
        for (; count != 0; ++from, --count) {
            to = write(to, *from);
            *to++ = ',';
        }
        return to;
    }

    static char* write(char* to, double number) noexcept {
        const auto bits = std::bit_cast<std::uint64_t>(number);
        *to = '-';
        to += bits >> 63U;
        if (bits << 1U == 0) {
            std::memcpy(to, "0.0", 3);
            return to + 3;
        }
        const f64_digits shortest =
            shortest_digits(std::bit_cast<double>(bits & ~(std::uint64_t{1} << 63U)));
        return detail::lay_out(to, shortest.all.data(), shortest.count, shortest.point, -5, 16);
    }

private:
    // Kept out of the loop over many, whose registers it would take.
    [[gnu::noinline, gnu::cold]] static char* write_alone(char* to, float number) noexcept {
        return write(to, number);
    }
};

} // namespace tintype::inline v0
