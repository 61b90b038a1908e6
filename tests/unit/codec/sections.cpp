// Sections, records and tails: every element type that a member may have, both byte orders, all
// widths of lengths and counts, and claims that the bytes do not keep.

#include <tintype/codec/section_list.hpp>
#include <tintype/codec/sections.hpp>

#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace {

using std::endian;
using tests::blob_of;
using tests::said;
using tintype::section_list;

struct entry {
    BOOST_HANA_DEFINE_STRUCT(entry, (std::uint8_t, tag), (std::uint16_t, id));

    friend constexpr bool operator==(const entry&, const entry&) = default;
};

struct flagged {
    BOOST_HANA_DEFINE_STRUCT(flagged, (bool, on));

    friend constexpr bool operator==(const flagged&, const flagged&) = default;
};

template <class T>
struct holder {
    BOOST_HANA_DEFINE_STRUCT(holder, (T, x));

    friend constexpr bool operator==(const holder&, const holder&) = default;
};

template <class Field, endian Order = endian::little>
using only = tintype::basic_section_list<Order, Field>;

template <class List, class T>
constexpr tintype::blob encoded(const T& x) {
    return *tintype::encode<List>(holder<T>{x});
}

template <class List, class T>
constexpr auto decoded(tintype::byte_view bytes, const tintype::decode_options& options = {}) {
    return tintype::decode<List, holder<T>>(bytes, options);
}

template <class List, class T>
constexpr bool there_and_back(const T& x) {
    const auto bytes = encoded<List>(x);
    const auto back = decoded<List, T>(bytes);
    return List::size(holder<T>{x}) == bytes.size() && back && back->x == x;
}

template <endian Order>
constexpr bool every_element_type() {
    using list = only<tintype::section<"x">, Order>;
    using tail = only<tintype::tail<"x">, Order>;
    const auto both = [](const auto& x) {
        return there_and_back<list>(x) && there_and_back<tail>(x);
    };
    return both(tintype::blob{}) && both(blob_of("bytes")) &&
           both(std::vector<float>{1.5F, -2.25F}) && both(std::vector<std::uint16_t>{1, 0xFF00}) &&
           both(std::vector<entry>{{1, 2}, {3, 0x0405}}) &&
           both(std::vector<std::array<std::uint32_t, 2>>{{1, 2}, {3, 4}}) &&
           both(std::vector<flagged>{{true}, {false}}) && both(std::vector<std::int64_t>{-1});
}

static_assert(every_element_type<endian::little>() && every_element_type<endian::big>());

using shorts = std::vector<std::uint16_t>;

constexpr bool bytes_are_these() {
    const shorts two{0x0102, 0x0304};
    return encoded<only<tintype::section<"x", std::uint8_t>>>(two) == blob_of({4, 2, 1, 4, 3}) &&
           encoded<only<tintype::section<"x", std::uint16_t>, endian::big>>(two) ==
               blob_of({0, 4, 1, 2, 3, 4}) &&
           encoded<only<tintype::section<"x", std::uint32_t>>>(two) ==
               blob_of({4, 0, 0, 0, 2, 1, 4, 3}) &&
           encoded<only<tintype::section<"x">, endian::big>>(two) ==
               blob_of({0, 0, 0, 0, 0, 0, 0, 4, 1, 2, 3, 4}) &&
           encoded<only<tintype::tail<"x">>>(two) == blob_of({2, 1, 4, 3}) &&
           encoded<only<tintype::records<"x", std::uint16_t, std::uint8_t>>>(two) ==
               blob_of({2, 2, 1, 4, 3}) &&
           encoded<only<tintype::records<"x", entry, std::uint16_t>, endian::big>>(
               std::vector<entry>{{7, 0x0809}}) == blob_of({0, 1, 7, 8, 9});
}

static_assert(bytes_are_these());

using apart = section_list<tintype::count<"x", std::uint8_t>, tintype::scalar<"y", std::uint8_t>,
                           tintype::records<"x", std::uint16_t, tintype::counted_apart>>;

struct x_and_y {
    BOOST_HANA_DEFINE_STRUCT(x_and_y, (shorts, x), (std::uint8_t, y));

    friend constexpr bool operator==(const x_and_y&, const x_and_y&) = default;
};

static_assert(tintype::describes<apart, x_and_y> && apart::min_size == 2);
static_assert(apart::layout()[2].prefix.empty() && apart::layout()[2].stride == 2);

constexpr bool counts_stand_apart() {
    x_and_y state{.x = {1, 2}, .y = 9};
    const auto bytes = tintype::encode<apart>(state);
    return bytes == blob_of({2, 9, 1, 0, 2, 0}) && tintype::decode<apart, x_and_y>(*bytes) == state;
}

static_assert(counts_stand_apart());

} // namespace

TEST_CASE("sections: every element type in both orders") {
    CHECK(every_element_type<endian::little>());
    CHECK(every_element_type<endian::big>());
    // Not in a constant expression: not every compiler's standard library has such strings.
    CHECK(there_and_back<only<tintype::section<"x">>>(std::string("text")));
    CHECK(there_and_back<only<tintype::tail<"x">>>(std::string("text")));
    CHECK(bytes_are_these());
}

TEST_CASE("sections: NaN payloads and the sign of zero come back bit for bit") {
    const std::array<std::uint32_t, 5> bits = {0x7F800001, 0xFFC12345, 0x80000000, 0x7FFFFFFF, 1};
    std::vector<float> odd;
    for (const auto each : bits) {
        odd.push_back(std::bit_cast<float>(each));
    }
    const auto check = [&]<class List>(List) {
        const auto back = decoded<List, std::vector<float>>(encoded<List>(odd));
        REQUIRE(back.has_value());
        CHECK(std::ranges::equal(back->x, bits, {},
                                 [](float f) { return std::bit_cast<std::uint32_t>(f); }));
    };
    check(only<tintype::section<"x">, endian::little>{});
    check(only<tintype::section<"x">, endian::big>{});
    check(only<tintype::records<"x", float>, endian::big>{});
}

TEST_CASE("sections: a length that its prefix cannot hold is refused on encode") {
    using narrow = only<tintype::section<"x", std::uint8_t>>;
    using wide = only<tintype::section<"x", std::uint16_t>>;
    using few = only<tintype::records<"x", std::uint16_t, std::uint8_t>>;
    const auto refusal = [](auto list, auto x) {
        return said(tintype::encode<decltype(list)>(holder<decltype(x)>{x}));
    };
    CHECK(there_and_back<narrow>(std::string(255, 'a')));
    CHECK(refusal(narrow{}, std::string(256, 'a')) == "length_overflow in x @0 256/255");
    CHECK(there_and_back<narrow>(shorts(127)));
    CHECK(refusal(narrow{}, shorts(128)) == "length_overflow in x @0 256/255");
    CHECK(there_and_back<wide>(std::string(65535, 'a')));
    CHECK(refusal(wide{}, std::string(65536, 'a')) == "length_overflow in x @0 65536/65535");
    // A count counts records, not bytes.
    CHECK(there_and_back<few>(shorts(255)));
    CHECK(refusal(few{}, shorts(256)) == "length_overflow in x @0 256/255");
}

TEST_CASE("sections: a length beyond the bytes left is refused with both numbers") {
    using list = only<tintype::section<"x">>;
    for (const std::uint64_t claimed :
         {std::uint64_t{4}, std::uint64_t{1} << 32U, std::uint64_t{1} << 63U,
          ~std::uint64_t{0} - 12, ~std::uint64_t{0}}) {
        auto bytes = blob_of({0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3});
        tintype::store<endian::little>(bytes.data(), claimed);
        const auto expected = "truncated_section in x @8 3/" + std::to_string(claimed);
        CHECK(said(decoded<list, tintype::blob>(bytes)) == expected);
        CHECK(said(list::view<holder<tintype::blob>>(bytes)) == expected);
    }
    CHECK(said(decoded<list, tintype::blob>(blob_of({2, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3}))) ==
          "trailing_bytes @10 1/0");
}

TEST_CASE("sections: a count beyond the bytes left is refused, however it multiplies") {
    using list = only<tintype::records<"x", std::uint64_t>>;
    const auto refusal = [](std::uint64_t claimed) {
        tintype::blob bytes(16, std::byte{0});
        tintype::store<endian::little>(bytes.data(), claimed);
        return said(decoded<list, std::vector<std::uint64_t>>(bytes));
    };
    CHECK(refusal(1) == "no error");
    CHECK(refusal(2) == "truncated_section in x @8 8/16");
    // 2^61 * 8 would be 0, and 2^61 + 1 would be just the 8 bytes there are.
    CHECK(refusal(std::uint64_t{1} << 61U) ==
          "truncated_section in x @8 8/" + std::to_string(~std::uint64_t{0}));
    CHECK(refusal((std::uint64_t{1} << 61U) + 1) ==
          "truncated_section in x @8 8/" + std::to_string(~std::uint64_t{0}));
    CHECK(refusal(~std::uint64_t{0}) ==
          "truncated_section in x @8 8/" + std::to_string(~std::uint64_t{0}));
}

TEST_CASE("sections: a length that is no whole number of values is refused, decoded or viewed") {
    using list = only<tintype::section<"x", std::uint8_t>>;
    using tail = only<tintype::tail<"x">>;
    const auto three = blob_of({3, 1, 2, 3});
    CHECK(said(decoded<list, shorts>(three)) == "invalid_value in x 3/2");
    CHECK(said(list::view<holder<shorts>>(three)) == "invalid_value in x 3/2");
    CHECK(said(decoded<tail, std::vector<entry>>(three)) == "invalid_value in x 4/3");
    CHECK(said(tail::view<holder<std::vector<entry>>>(three)) == "invalid_value in x 4/3");
    CHECK(decoded<list, tintype::blob>(three).has_value());
    CHECK(list::view<holder<tintype::blob>>(three).has_value());
}

TEST_CASE("sections: bools that are neither 0 nor 1 are refused") {
    using list = only<tintype::section<"x", std::uint8_t>>;
    for (unsigned byte = 0; byte != 256; ++byte) {
        CHECK(said(decoded<list, std::vector<flagged>>(blob_of({3, 1, byte, 0}))) ==
              (byte <= 1 ? "no error" : "invalid_value in x " + std::to_string(byte) + "/1"));
    }
}

TEST_CASE("sections: limits of bytes and of counts are kept to the number") {
    using list = only<tintype::section<"x", std::uint8_t>>;
    using many = only<tintype::records<"x", std::uint16_t, std::uint8_t>>;
    using tail = only<tintype::tail<"x">>;
    const auto bytes = encoded<list>(std::string("abc"));
    CHECK(decoded<list, std::string>(bytes, {.limits = {.bytes = 3}}).has_value());
    CHECK(said(decoded<list, std::string>(bytes, {.limits = {.bytes = 2}})) ==
          "limit_exceeded in x @0 3/2");
    // The limit is no excuse for a length that the bytes do not keep.
    CHECK(said(decoded<list, std::string>(blob_of({200}), {.limits = {.bytes = 2}})) ==
          "truncated_section in x @1 0/200");
    const auto three = encoded<many>(shorts{1, 2, 3});
    CHECK(decoded<many, shorts>(three, {.limits = {.bytes = 6, .count = 3}}).has_value());
    CHECK(said(decoded<many, shorts>(three, {.limits = {.count = 2}})) ==
          "limit_exceeded in x @0 3/2");
    CHECK(said(decoded<many, shorts>(three, {.limits = {.bytes = 5}})) ==
          "limit_exceeded in x @0 6/5");
    CHECK(decoded<tail, std::string>(blob_of("abc"), {.limits = {.bytes = 3}}).has_value());
    CHECK(said(decoded<tail, std::string>(blob_of("abc"), {.limits = {.bytes = 2}})) ==
          "limit_exceeded in x @0 3/2");
}

TEST_CASE("sections: a count that stands apart is the count, with its errors at the records") {
    CHECK(counts_stand_apart());
    const auto refusal = [](const tintype::blob& bytes, const tintype::decode_options& how = {}) {
        return said(tintype::decode<apart, x_and_y>(bytes, how));
    };
    CHECK(refusal(blob_of({3, 9, 1, 0, 2, 0})) == "truncated_section in x @2 4/6");
    CHECK(refusal(blob_of({1, 9, 1, 0, 2, 0})) == "trailing_bytes @4 2/0");
    CHECK(refusal(blob_of({255, 9})) == "truncated_section in x @2 0/510");
    CHECK(refusal(blob_of({2, 9, 1, 0, 2, 0}), {.limits = {.count = 1}}) ==
          "limit_exceeded in x @2 2/1");
    CHECK(refusal(blob_of({0, 9})) == "no error");
}

TEST_CASE("sections: views are bytes, text or a range of values") {
    const auto bytes = blob_of({4, 'a', 0, 'b', 0});
    using list = only<tintype::section<"x", std::uint8_t>>;
    CHECK(list::view<holder<tintype::blob>>(bytes)->get<"x">().data() == bytes.data() + 1);
    CHECK(list::view<holder<std::string>>(bytes)->get<"x">() == std::string("a\0b\0", 4));
    CHECK(std::ranges::equal(list::view<holder<shorts>>(bytes)->get<"x">(), std::array{97, 98}));
    const auto state = x_and_y{.x = {5, 6}, .y = 1};
    const auto both = tintype::encode<apart>(state);
    REQUIRE(both.has_value());
    const auto view = apart::view<x_and_y>(*both);
    REQUIRE(view.has_value());
    CHECK(std::ranges::equal(view->get<"x">(), state.x));
    CHECK(view->get<"y">() == 1);
}
