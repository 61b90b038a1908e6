// The bits that differ: as long as was said, and back; never longer than Gorilla has them.

#include <tintype/delta/series/xored.hpp>

#include "samples.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace {

using namespace tintype::detail::series;

template <class T>
void comes_back(const std::vector<T>& values) {
    using bits = tintype::detail::bits_of<T>;
    std::vector<bits> all(values.size());
    for (std::size_t i = 0; i != values.size(); ++i) {
        all[i] = std::bit_cast<bits>(values[i]);
    }
    const std::size_t size = xored_size<bits>(all);
    tintype::blob bytes(size);
    if (put_xored<bits>(all, bytes.data()) != bytes.data() + size) {
        FAIL_CHECK("other than ", size, " bytes");
        return;
    }
    std::vector<bits> read(all.size());
    tintype::reader in{bytes};
    const auto taken = take_xored<bits>(in, read, "");
    if (size > most_xored) {
        CHECK(!taken);
    } else {
        CHECK(taken);
        CHECK(read == all);
    }
}

} // namespace

TEST_CASE_TEMPLATE("series xor: comes back", T, float, double) {
    for (std::size_t kind = 0; kind != tests::series_kind_names.size(); ++kind) {
        for (const std::size_t size : {1U, 2U, 3U, 64U, 1024U}) {
            INFO(tests::series_kind_names[kind], ", ", size);
            comes_back(tests::make_series<T>(static_cast<tests::series_kind>(kind), size, 5));
        }
    }
}

TEST_CASE("series xor: stretches of every length at every place") {
    std::vector<double> values = {0};
    for (unsigned low = 0; low != 64; ++low) {
        for (unsigned length = 1; low + length <= 64; length += 1 + low % 3) {
            values.push_back(std::bit_cast<double>(std::bit_cast<std::uint64_t>(values.back()) ^
                                                   low_bits(length) << low));
        }
    }
    for (std::size_t at = 0; at < values.size(); at += 400) {
        const std::size_t end = std::min(at + 400, values.size());
        comes_back(std::vector<double>(values.begin() + static_cast<std::ptrdiff_t>(at),
                                       values.begin() + static_cast<std::ptrdiff_t>(end)));
    }
}

TEST_CASE("series xor: a bit for each that is the same, a new place when the old is too long") {
    const std::vector<std::uint64_t> same(801, 42);
    CHECK(xored_size<std::uint64_t>(same) == 108);
    // 64 bits once, then the last bit only: of the zeros above it 31 are seen.
    std::vector<std::uint64_t> flips = {0, ~std::uint64_t{0}};
    for (std::size_t i = 0; i != 100; ++i) {
        flips.push_back(flips.back() ^ 1U);
    }
    CHECK(xored_size<std::uint64_t>(flips) == (64 + 13 + 64 + 13 + 33 + 99 * 35 + 7) / 8);
}
