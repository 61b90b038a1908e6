#pragma once

// The body for series: any bytes are refused or give values, every way to look at a block takes the
// same bytes, and whatever values come out, or the bytes themselves as values, come back to the
// last bit.

#include <tintype/core/endian.hpp>
#include <tintype/core/reader.hpp>
#include <tintype/delta/series.hpp>

#include "bodies.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace tests::fuzz {

template <class T>
void series_round_trip(const std::vector<T>& values) {
    blob bytes;
    const auto encoding = tintype::encode_series<T>(values, bytes);
    must(bytes.size() <= values.size() * sizeof(T) + 4 * (values.size() / 1024 + 1),
         "series: hardly ever longer than raw");
    std::vector<T> read(values.size());
    tintype::reader in{bytes};
    must(tintype::decode_series<T>(in, read).has_value(), "series: what is written is read");
    must(in.remaining() == 0, "series: all of it");
    must(values.empty() || std::memcmp(read.data(), values.data(), read.size() * sizeof(T)) == 0,
         "series: every bit comes back");
    must(tintype::peek_series<T>(tintype::reader{bytes}, values.size()) == encoding,
         "series: the encoding is seen");
}

template <class T>
void series_of(byte_view bytes, std::size_t count) {
    std::vector<T> values(count);
    tintype::reader in{bytes};
    const auto read = tintype::decode_series<T>(in, values);
    tintype::reader other{bytes};
    const auto taken = tintype::take_series<T>(other, count);
    must(taken.has_value() == tintype::peek_series<T>(tintype::reader{bytes}, count).has_value(),
         "series: what can be skipped can be named");
    if (!read) {
        must(in.offset() == 0, "series: a refusal moves nothing");
        must(read.error().offset <= bytes.size(), "series: a refusal is in the bytes");
        must(read.error().code != tintype::errc{}, "series: a refusal has a code");
    } else {
        must(taken && taken->size() == in.offset(), "series: skipping takes as much as reading");
        series_round_trip(values);
    }

    std::vector<T> own(bytes.size() / sizeof(T));
    for (std::size_t i = 0; i != own.size(); ++i) {
        own[i] = tintype::load<std::endian::little, T>(bytes.data() + i * sizeof(T));
    }
    series_round_trip(own);
}

// The first two bytes say how many values are wanted, the third of which type.
inline void fuzz_series(byte_view bytes) {
    if (bytes.size() < 3) {
        return;
    }
    const auto number = tintype::load<std::endian::little, std::uint16_t>(bytes.data());
    const std::size_t count = number % 3000U;
    const auto type = std::to_integer<unsigned>(bytes[2]) % 6;
    const blob input(bytes.begin() + 3, bytes.end());
    switch (type) {
    case 0:
        return series_of<double>(input, count);
    case 1:
        return series_of<float>(input, count);
    case 2:
        return series_of<std::uint64_t>(input, count);
    case 3:
        return series_of<std::int32_t>(input, count);
    case 4:
        return series_of<std::uint16_t>(input, count);
    default:
        return series_of<std::int8_t>(input, count);
    }
}

} // namespace tests::fuzz
