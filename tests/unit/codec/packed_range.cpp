// Ranges of packed values on their way out and back in: as a block where memory holds the bytes
// already, through a small buffer where not; the same bytes either way.

#include <tintype/codec/packed_range.hpp>
#include <tintype/hash/none.hpp>

#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace {

using std::endian;
constexpr auto other = endian::native == endian::little ? endian::big : endian::little;

struct flagged {
    BOOST_HANA_DEFINE_STRUCT(flagged, (std::uint16_t, id), (bool, on));

    friend constexpr bool operator==(const flagged&, const flagged&) = default;
};

struct outer {
    using letters = std::array<char, 3>;
    BOOST_HANA_DEFINE_STRUCT(outer, (flagged, inner), (letters, code), (double, weight));
};

// Larger than the buffer that values of the other byte order go through.
struct wide {
    using row = std::array<std::uint64_t, 600>;
    BOOST_HANA_DEFINE_STRUCT(wide, (row, numbers));

    friend constexpr bool operator==(const wide&, const wide&) = default;
};

// A user's own range: resizable and contiguous, without assign and push_back.
struct own_range {
    std::unique_ptr<std::uint32_t[]> values;
    std::size_t many = 0;

    void resize(std::size_t size) {
        values = std::make_unique<std::uint32_t[]>(size);
        many = size;
    }

    [[nodiscard]] std::uint32_t* begin() const { return values.get(); }

    [[nodiscard]] std::uint32_t* end() const { return values.get() + many; }

    [[nodiscard]] std::size_t size() const { return many; }
};

static_assert(tintype::resizable_packed_range<std::vector<float>>);
static_assert(tintype::resizable_packed_range<std::string>);
static_assert(tintype::resizable_packed_range<tintype::blob>);
static_assert(tintype::resizable_packed_range<std::vector<flagged>>);
static_assert(tintype::resizable_packed_range<own_range>);
static_assert(tintype::packed_range<std::array<int, 3>>);
static_assert(!tintype::resizable_packed_range<std::array<int, 3>>);
static_assert(!tintype::packed_range<std::vector<bool>>);
static_assert(!tintype::packed_range<std::deque<int>>);
static_assert(!tintype::packed_range<std::vector<std::string>>);

template <endian Order, class Range>
constexpr tintype::blob encoded(const Range& range) {
    tintype::blob bytes;
    tintype::blob_sink sink{bytes};
    tintype::encoder<tintype::blob_sink, tintype::no_hash> out{sink, 0};
    static_cast<void>(tintype::detail::encode_range<Order>(range, out));
    return bytes;
}

template <endian Order, class Range>
constexpr bool there_and_back(const Range& range) {
    const auto bytes = encoded<Order>(range);
    Range back{};
    back.resize(1); // what it held before must be gone
    return bytes.size() == tintype::detail::packed_range_size(range) &&
           tintype::detail::decode_range<Order>(bytes, back, "x") && back == range;
}

constexpr bool small_ranges() {
    const std::vector<std::uint16_t> two{0x0102, 0x0304};
    const std::vector<flagged> flags{{1, true}, {2, false}, {3, true}};
    return encoded<endian::big>(two) == tests::blob_of({1, 2, 3, 4}) &&
           encoded<endian::little>(two) == tests::blob_of({2, 1, 4, 3}) &&
           there_and_back<endian::big>(two) && there_and_back<endian::little>(two) &&
           there_and_back<endian::big>(flags) && there_and_back<endian::little>(flags) &&
           there_and_back<endian::little>(std::vector<double>{}) &&
           there_and_back<endian::little>(tests::blob_of("ab"));
}

static_assert(small_ranges());

static_assert(tintype::detail::member_layouts<outer>[0].parts.size() == 2);
static_assert(tintype::detail::member_layouts<outer>[0].type == "struct");
static_assert(tintype::detail::member_layouts<outer>[1].type == "array");
static_assert(tintype::detail::member_layouts<outer>[1].offset == 3);
static_assert(tintype::detail::member_layouts<outer>[2].type == "f64");
static_assert(tintype::detail::member_layouts<outer>[2].offset == 6);
static_assert(tintype::detail::member_layouts<outer>[2].size == 8);

} // namespace

TEST_CASE("packed_range: small ranges in both orders") {
    CHECK(small_ranges());
    // Not in a constant expression: not every compiler's standard library has such strings.
    CHECK(there_and_back<endian::big>(std::string("text")));
}

TEST_CASE("packed_range: every size around the buffer that swaps bytes") {
    for (const std::size_t size : {0U, 1U, 511U, 512U, 513U, 1024U, 5000U}) {
        std::vector<std::uint64_t> numbers(size);
        std::vector<flagged> flags(size);
        for (std::size_t i = 0; i != size; ++i) {
            numbers[i] = tintype::splitmix64{i}();
            flags[i] = {.id = static_cast<std::uint16_t>(i), .on = i % 3 == 0};
        }
        CHECK(there_and_back<endian::native>(numbers));
        CHECK(there_and_back<other>(numbers));
        CHECK(there_and_back<endian::native>(flags));
        CHECK(there_and_back<other>(flags));
    }
    std::vector<wide> rows(3);
    rows[1].numbers[599] = 7;
    CHECK(there_and_back<other>(rows));
    CHECK(there_and_back<endian::native>(rows));
}

TEST_CASE("packed_range: bytes of any alignment are read") {
    const std::vector<std::uint32_t> numbers{1, 2, 3};
    const auto bytes = encoded<endian::native>(numbers);
    for (std::size_t at = 0; at != 8; ++at) {
        tintype::blob shifted(at, std::byte{0});
        shifted.insert(shifted.end(), bytes.begin(), bytes.end());
        const auto from = tintype::byte_view{shifted}.subspan(at);
        std::vector<std::uint32_t> back;
        CHECK(tintype::detail::decode_range<endian::native>(from, back, "x").has_value());
        CHECK(back == numbers);
        own_range own;
        CHECK(tintype::detail::decode_range<endian::native>(from, own, "x").has_value());
        CHECK(std::vector<std::uint32_t>(own.begin(), own.end()) == numbers);
    }
    own_range none;
    CHECK(tintype::detail::decode_range<other>({}, none, "x").has_value());
    CHECK(none.size() == 0);
}

TEST_CASE("packed_range: the bytes that are no bool are named") {
    std::vector<flagged> back;
    const auto refused = tintype::detail::decode_range<endian::little>(
        tests::blob_of({1, 0, 1, 2, 0, 7}), back, "flags");
    CHECK(tests::said(refused) == "invalid_value in flags 7/1");
}
