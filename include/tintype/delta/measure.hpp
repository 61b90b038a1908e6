#pragma once

// The elements of a leaf as numbers, for questions that are asked of all metrics alike.

#include <tintype/core/bytes.hpp>
#include <tintype/core/endian.hpp>
#include <tintype/delta/leaf.hpp>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace tintype::inline v0 {

[[nodiscard]] constexpr bool is_number(leaf_type type) noexcept {
    return type >= leaf_type::u8 && type <= leaf_type::boolean;
}

// Numbers taken together. NaNs are counted and are in nothing else. Integers past 2^53 are rounded
// to doubles.
struct measure {
    std::uint64_t count = 0; // NaNs among them
    std::uint64_t nans = 0;
    double min = std::numeric_limits<double>::infinity();
    double max = -std::numeric_limits<double>::infinity();
    double sum = 0;

    [[nodiscard]] double mean() const noexcept {
        return count == nans ? std::numeric_limits<double>::quiet_NaN()
                             : sum / static_cast<double>(count - nans);
    }

    void add(double number) noexcept {
        ++count;
        if (std::isnan(number)) {
            ++nans;
            return;
        }
        min = number < min ? number : min;
        max = number > max ? number : max;
        sum += number;
    }

    void add(const measure& other) noexcept {
        count += other.count;
        nans += other.nans;
        min = other.min < min ? other.min : min;
        max = other.max > max ? other.max : max;
        sum += other.sum;
    }
};

namespace detail {

template <class T, class Visit>
void each_number(const std::byte* from, std::size_t count, std::endian order, Visit& visit) {
    for (; count != 0; --count, from += sizeof(T)) {
        visit(static_cast<double>(order == std::endian::little ? load<std::endian::little, T>(from)
                                                               : load<std::endian::big, T>(from)));
    }
}

} // namespace detail

// Calls visit(double) for each element of a leaf of numbers, in that order of bytes.
template <class Visit>
void for_each_number(leaf_type type, const std::byte* from, std::size_t count, std::endian order,
                     Visit visit) {
    switch (type) {
    case leaf_type::u8:
    case leaf_type::boolean:
        return detail::each_number<std::uint8_t>(from, count, order, visit);
    case leaf_type::i8:
        return detail::each_number<std::int8_t>(from, count, order, visit);
    case leaf_type::u16:
        return detail::each_number<std::uint16_t>(from, count, order, visit);
    case leaf_type::i16:
        return detail::each_number<std::int16_t>(from, count, order, visit);
    case leaf_type::u32:
        return detail::each_number<std::uint32_t>(from, count, order, visit);
    case leaf_type::i32:
        return detail::each_number<std::int32_t>(from, count, order, visit);
    case leaf_type::u64:
        return detail::each_number<std::uint64_t>(from, count, order, visit);
    case leaf_type::i64:
        return detail::each_number<std::int64_t>(from, count, order, visit);
    case leaf_type::f32:
        return detail::each_number<float>(from, count, order, visit);
    case leaf_type::f64:
        return detail::each_number<double>(from, count, order, visit);
    default:
        return;
    }
}

// Of what is in a leaf now.
[[nodiscard]] inline measure measure_of(const leaf_ops& ops, void* at) {
    measure all;
    if (is_number(ops.form.type)) {
        for_each_number(ops.form.type, ops.data(at), ops.count(at), std::endian::native,
                        [&](double number) { all.add(number); });
    }
    return all;
}

} // namespace tintype::inline v0
