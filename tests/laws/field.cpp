// The laws of a field, over those of the library that keep a number or bytes, and over a user's.

#include "field.hpp"

#include "../../examples/policies.hpp"
#include "support/bytes.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

namespace {

using namespace tintype;

struct counter {
    BOOST_HANA_DEFINE_STRUCT(counter, (std::uint64_t, steps));

    friend bool operator==(const counter&, const counter&) = default;
};

struct body {
    BOOST_HANA_DEFINE_STRUCT(body, (blob, bytes));

    friend bool operator==(const body&, const body&) = default;
};

// Around every size of a number in seven bits a byte.
std::vector<counter> counters() {
    std::vector<counter> all{{0}, {~std::uint64_t{0}}};
    for (unsigned bits = 7; bits < 64; bits += 7) {
        const auto power = std::uint64_t{1} << bits;
        all.insert(all.end(), {{power - 1}, {power}, {power + 1}});
    }
    return all;
}

} // namespace

TEST_CASE("laws: a scalar is a field") {
    laws::field_laws<scalar<"steps", std::uint64_t>>(counters());
}

TEST_CASE("laws: a section is a field") {
    const std::vector<body> payloads{{{}}, {tests::noise(1)}, {tests::noise(300)}};
    laws::field_laws<section<"bytes", std::uint16_t>>(payloads);
    laws::field_laws<section<"bytes">>(payloads);
}

TEST_CASE("laws: a user's field") {
    laws::field_laws<policies::varint<"steps">>(counters());
}

TEST_CASE("a number has one form in seven bits a byte") {
    using list = section_list<policies::varint<"steps">>;
    CHECK(encode<list>(counter{127}) == tests::blob_of({0x7f}));
    CHECK(encode<list>(counter{128}) == tests::blob_of({0x80, 0x01}));
    CHECK(list::decode<counter>(tests::blob_of({0x80, 0x00})).error().code == errc::invalid_value);
    CHECK(list::decode<counter>(tests::blob_of({0x80})).error().code == errc::truncated_section);
    const auto too_large =
        tests::blob_of({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02});
    CHECK(list::decode<counter>(too_large).error().code == errc::invalid_value);
    const auto too_long =
        tests::blob_of({0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01});
    CHECK(list::decode<counter>(too_long).error().code == errc::invalid_value);
}
