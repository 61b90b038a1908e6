// Protobuf: what each kind of field is written as, how messages are read as protobuf says (any
// order, the last one, merged, unknown ones), and all that is refused, with the path and the
// offset.

#include <tintype/codec/concept.hpp>
#include <tintype/codec/protobuf.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/progress.hpp>
#include <tintype/core/sink.hpp>
#include <tintype/stream/chunk.hpp>

#include "support/bytes.hpp"
#include "support/protobuf_values.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <limits>
#include <list>
#include <map>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace {

using tests::blob_of;
using tests::said;
using tests::protobuffed::colour;
using tests::protobuffed::inner;
using tests::protobuffed::kinds;
using tintype::blob;
using tintype::byte_view;
using tintype::decode_options;
using tintype::protobuf;

struct nothing {
    BOOST_HANA_DEFINE_STRUCT(nothing);
    bool operator==(const nothing&) const = default;
};

enum class narrow : std::uint8_t { zero, last = 255 };
enum class natural : std::uint32_t {};
enum class vast : std::uint64_t {};
enum class deep : std::int64_t {};

// Types of C++ that are narrower, or wider, than any of a schema.
struct odd {
    BOOST_HANA_DEFINE_STRUCT(odd, (std::int8_t, tiny), (std::uint8_t, byte), (std::int16_t, low),
                             (std::uint16_t, port), (narrow, small), (natural, wide), (vast, huge),
                             (deep, sunk), (nothing, none));
    bool operator==(const odd&) const = default;
};

struct other_lists {
    BOOST_HANA_DEFINE_STRUCT(other_lists, (std::deque<std::uint32_t>, counts),
                             (std::list<std::string>, names), (std::deque<double>, ratios));
    bool operator==(const other_lists&) const = default;
};

struct lent {
    BOOST_HANA_DEFINE_STRUCT(lent, (std::string_view, name), (byte_view, data));
};

struct outer {
    BOOST_HANA_DEFINE_STRUCT(outer, (inner, one), (std::vector<inner>, several));
};

// A message of the fields that somebody knew later, of every wire type.
struct newer {
    using map = std::map<std::uint32_t, std::uint32_t>;
    BOOST_HANA_DEFINE_STRUCT(newer, (std::string, name), (std::int32_t, level),
                             (std::uint64_t, number), (double, exact), (float, ratio),
                             (std::string, text), (inner, one), (map, numbers));
};

template <class T>
std::string refused(const blob& bytes, const decode_options& options = {}) {
    return said(tintype::decode<protobuf, T>(bytes, options));
}

std::string refused_kinds(std::initializer_list<unsigned> bytes) {
    return refused<kinds>(blob_of(bytes));
}

template <class T>
T read(const blob& bytes) {
    const auto value = tintype::decode<protobuf, T>(bytes);
    REQUIRE(said(value) == "no error");
    return *value;
}

kinds read_kinds(std::initializer_list<unsigned> bytes) {
    return read<kinds>(blob_of(bytes));
}

template <class T>
blob written(const T& value) {
    const auto bytes = tintype::encode<protobuf>(value);
    REQUIRE(said(bytes) == "no error");
    CHECK(protobuf::size(value) == bytes->size());
    return *bytes;
}

blob joined(const blob& a, const blob& b) {
    blob both = a;
    tintype::append(both, b);
    return both;
}

// Only written to, and takes so many bytes and no more.
struct plain_sink {
    std::size_t room = std::numeric_limits<std::size_t>::max();
    blob bytes{};

    tintype::result<void> write(byte_view some) {
        if (some.size() > room) {
            return tintype::fail({.code = tintype::errc::no_space, .where = "sink"});
        }
        room -= some.size();
        tintype::append(bytes, some);
        return {};
    }
};

static_assert(tintype::sized_codec<protobuf, kinds>);
static_assert(tintype::protobuf_message<kinds>);
static_assert(tintype::protobuf_message<nothing>);
static_assert(!tintype::protobuf_message<int>);
static_assert(!tintype::protobuf_message<std::vector<inner>>);

template <class Member>
struct with {
    BOOST_HANA_DEFINE_STRUCT(with, (Member, it));
};

static_assert(tintype::protobuf_message<with<std::vector<inner>>>);
static_assert(!tintype::protobuf_message<with<std::byte>>);
static_assert(!tintype::protobuf_message<with<char>>);
static_assert(!tintype::protobuf_message<with<std::optional<std::vector<int>>>>);
static_assert(!tintype::protobuf_message<with<std::vector<std::vector<int>>>>);
static_assert(!tintype::protobuf_message<with<std::vector<std::optional<int>>>>);
static_assert(!tintype::protobuf_message<with<std::vector<with<char>>>>);
static_assert(!tintype::protobuf_message<with<std::map<double, int>>>);
static_assert(!tintype::protobuf_message<with<std::map<colour, int>>>);
static_assert(!tintype::protobuf_message<with<std::map<int, std::vector<int>>>>);
static_assert(!tintype::protobuf_message<with<std::unordered_map<int, int>>>);
static_assert(!tintype::protobuf_message<with<std::array<int, 2>>>);
static_assert(!tintype::protobuf_message<with<std::variant<int, bool>>>);
static_assert(!tintype::protobuf_message<with<std::pair<int, int>>>);
static_assert(!tintype::protobuf_message<with<std::span<std::byte>>>);
static_assert(!tintype::protobuf_message<with<std::span<const std::int32_t>>>);

} // namespace

TEST_CASE("protobuf: the bytes of each kind of field") {
    CHECK(written(inner{"ab", 1}) == blob_of({0x0a, 2, 'a', 'b', 0x10, 1}));
    CHECK(written(inner{"", -1}) ==
          blob_of({0x10, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1}));
    CHECK(written(nothing{}).empty());
    CHECK(written(kinds{}).empty());
    kinds some{};
    some.exact = 1.0;
    some.ratio = -0.0F;
    CHECK(written(some) == blob_of({0x35, 0, 0, 0, 0x80, 0x39, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f}));
    some = {};
    some.numbers = {0};
    CHECK(written(some) == blob_of({0x82, 1, 1, 0}));
    some = {};
    some.totals = {{"", 0}};
    CHECK(written(some) == blob_of({0xc2, 1, 4, 0x0a, 0, 0x10, 0}));
}

TEST_CASE("protobuf: there and back, and the size is told") {
    const kinds full = tests::protobuffed::full_kinds();
    CHECK((read<kinds>(written(full)) == full));
    const kinds edge = tests::protobuffed::edge_kinds();
    const kinds again = read<kinds>(written(edge));
    CHECK(written(again) == written(edge));
    CHECK(std::signbit(again.ratio));
    CHECK(std::isnan(again.ratios.at(0)));
    const other_lists lists{{0, 300}, {"", "b"}, {0.5, -1}};
    CHECK((read<other_lists>(written(lists)) == lists));
    const odd extremes{-128,
                       255,
                       -32768,
                       65535,
                       narrow::last,
                       natural{0x7fffffff},
                       vast{0x7fffffff},
                       deep{-0x80000000LL},
                       {}};
    CHECK((read<odd>(written(extremes)) == extremes));
}

TEST_CASE("protobuf: varints of every length") {
    for (unsigned bits = 0; bits <= 64; ++bits) {
        for (const int step : {-1, 0, 1}) {
            const std::uint64_t power = bits == 64 ? 0 : std::uint64_t{1} << bits;
            kinds some{};
            some.total = power + static_cast<std::uint64_t>(static_cast<std::int64_t>(step));
            some.wide = static_cast<std::int64_t>(some.total);
            some.numbers = {some.wide, 0, some.wide};
            CAPTURE(some.total);
            CHECK((read<kinds>(written(some)) == some));
        }
    }
}

TEST_CASE("protobuf: strings of every size around where a length grows") {
    for (const std::size_t size : {1U, 126U, 127U, 128U, 129U, 16383U, 16384U, 16385U}) {
        kinds some{};
        some.text.assign(size, 'x');
        some.data = tests::noise(size);
        some.one.name = some.text;
        some.blobs = {{some.data.begin(), some.data.end()}};
        CAPTURE(size);
        CHECK((read<kinds>(written(some)) == some));
    }
}

TEST_CASE("protobuf: every sink gets the same bytes") {
    for (const std::size_t size : {0U, 1000U, 65000U, 65536U, 70000U, 200000U}) {
        CAPTURE(size);
        kinds all = tests::protobuffed::full_kinds();
        all.data = tests::noise(size);
        all.exacts.assign(size / 8, 0.25);
        all.numbers.assign(size, 300);
        const blob bytes = written(all);

        plain_sink plain;
        CHECK(said(protobuf::encode(all, plain)) == "no error");
        CHECK(plain.bytes == bytes);

        tintype::gather_sink gathered;
        CHECK(said(protobuf::encode(all, gathered)) == "no error");
        blob together;
        bool lent = false;
        for (const byte_view piece : gathered.pieces()) {
            lent = lent || piece.data() == all.data.data();
            tintype::append(together, piece);
        }
        CHECK(together == bytes);
        CHECK(lent == (size >= 65536));

        blob memory(bytes.size());
        CHECK(tintype::encode_into<protobuf>(memory, all).value_or(0) == bytes.size());
        CHECK(memory == bytes);
        const auto short_of = tintype::encode_into<protobuf>(
            tintype::mutable_bytes{memory}.first(memory.size() - 1), all);
        CHECK(said(short_of) == "limit_exceeded in memory @0 " + std::to_string(bytes.size()) +
                                    "/" + std::to_string(bytes.size() - 1));

        plain_sink full{.room = bytes.size() - 1};
        CHECK(protobuf::encode(all, full).error().code == tintype::errc::no_space);
    }
}

TEST_CASE("protobuf: fields come in any order, and the last number or string counts") {
    CHECK((read<inner>(blob_of({0x10, 1, 0x0a, 1, 'a', 0x10, 2, 0x0a, 1, 'b', 0x10, 3})) ==
           inner{"b", 3}));
    CHECK((read<inner>(blob_of({0x10, 1, 0x10, 0})) == inner{"", 0}));
    CHECK(read_kinds({0x52, 2, 'a', 'b', 0x52, 1, 'c'}).data == blob_of("c"));
    CHECK(read_kinds({0x68, 5, 0x68, 0}).told == 0U);
}

TEST_CASE("protobuf: messages of one field are merged") {
    kinds wanted{};
    wanted.one = {"b", 7};
    wanted.perhaps = inner{"c", 9};
    CHECK((read_kinds({0x5a, 5, 0x0a, 1, 'a',  0x10, 7,    0x5a, 3,    0x0a, 1,  'b', // one
                       0x62, 2, 0x10, 9, 0x62, 0,    0x62, 3,    0x0a, 1,    'c'}) == // perhaps
           wanted));
    const kinds full = tests::protobuffed::full_kinds();
    const kinds edge = tests::protobuffed::edge_kinds();
    kinds merged = full;
    REQUIRE(said(protobuf::merge(merged, written(edge))) == "no error");
    CHECK(written(merged) == written(read<kinds>(joined(written(full), written(edge)))));
    CHECK(merged.perhaps == edge.perhaps);
    CHECK(merged.said == full.said);
    CHECK(merged.ratios.size() == full.ratios.size() + edge.ratios.size());
}

TEST_CASE("protobuf: lists of numbers are read packed and not, also both") {
    const std::vector<std::int64_t> wanted{1, 2, 300, -1, 4};
    CHECK(read_kinds({0x82, 1,    4,    1,    2,    0xac, 2, 0x80, 1, 0xff, 0xff, 0xff,
                      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0x82, 1, 1,    4})
              .numbers == wanted);
    CHECK(read_kinds({0x8a, 1, 2, 1, 0, 0x88, 1, 9, 0x8a, 1, 0}).flags ==
          std::vector<bool>{true, false, true});
    CHECK(read_kinds({0x95, 1, 0, 0, 0x80, 0x3f, 0x92, 1, 4, 0, 0, 0, 0x40}).ratios ==
          std::vector<float>{1, 2});
    CHECK(read_kinds({0xa2, 1, 2, 1, 5, 0xa0, 1, 0}).tints ==
          std::vector<colour>{colour::red, colour{5}, colour::none});
}

TEST_CASE("protobuf: numbers are cut to the schema's width, and long forms are read") {
    CHECK(read_kinds({0x20, 0x81, 0x80, 0x80, 0x80, 0x10}).count == 1); // 2^32 + 1
    CHECK(read_kinds({0x10, 0x81, 0x80, 0x80, 0x80, 0x10}).small == 1);
    CHECK(read_kinds({0x10, 0xff, 0xff, 0xff, 0xff, 0x0f}).small == -1); // 2^32 - 1
    CHECK(read_kinds({0x40, 0xff, 0xff, 0xff, 0xff, 0x0f}).tint == colour::back);
    CHECK(read_kinds({0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1}).flag);
    CHECK(read_kinds({0x08, 2}).flag);
    CHECK(!read_kinds({0x08, 0x80, 0}).flag);
    CHECK(read_kinds({0x28, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}).total ==
          std::numeric_limits<std::uint64_t>::max());
    CHECK(read_kinds({0xa8, 0x00, 0x85, 0x80, 0x00}).total == 5); // its tag in a long form, too
    CHECK(read_kinds({0x4a, 0x81, 0x00, 'x'}).text == "x");
}

TEST_CASE("protobuf: a member narrower than the schema's type holds what it can") {
    CHECK(refused<odd>(blob_of({0x08, 0x80, 1})) == "invalid_value in tiny @1 128/0");
    CHECK(read<odd>(blob_of({0x08, 0x7f})).tiny == 127);
    CHECK(refused<odd>(blob_of({0x10, 0x80, 2})) == "invalid_value in byte @1 256/0");
    CHECK(refused<odd>(blob_of({0x18, 0x80, 0x80, 2})) == "invalid_value in low @1 32768/0");
    CHECK(refused<odd>(blob_of({0x20, 0x80, 0x80, 4})) == "invalid_value in port @1 65536/0");
    CHECK(refused<odd>(blob_of({0x28, 0x80, 2})) == "invalid_value in small @1 256/0");
    for (const unsigned tag : {0x28U, 0x30U, 0x38U}) {
        const auto read =
            tintype::decode<protobuf, odd>(blob_of({tag, 0xff, 0xff, 0xff, 0xff, 0x0f}));
        REQUIRE(!read.has_value());
        CHECK(read.error().code == tintype::errc::invalid_value);
    }
    CHECK(read<odd>(blob_of({0x40, 0xff, 0xff, 0xff, 0xff, 0x0f})).sunk == deep{-1});
}

TEST_CASE("protobuf: an enumeration's value that is no int32 is not written") {
    const auto refusal = [](const odd& value) { return said(tintype::encode<protobuf>(value)); };
    CHECK(refusal({.tiny = 0,
                   .byte = 0,
                   .low = 0,
                   .port = 0,
                   .small = {},
                   .wide = natural{0x80000000},
                   .huge = {},
                   .sunk = {},
                   .none = {}}) == "invalid_value in wide @1 2147483648/2147483647");
    odd value{};
    value.huge = vast{std::numeric_limits<std::uint64_t>::max()};
    CHECK(refusal(value) == "invalid_value in huge @1 18446744073709551615/2147483647");
    value.huge = {};
    value.sunk = deep{-0x80000001LL};
    CHECK(refusal(value) == "invalid_value in sunk @1 18446744071562067967/2147483647");
    value.sunk = deep{-0x80000000LL};
    CHECK(refusal(value) == "no error");
}

TEST_CASE("protobuf: fields that nobody knows are stepped over") {
    const newer all{"ab", -7, 300, 0.5, 2.5F, "unknown", {"in", 1}, {{1, 2}}};
    CHECK((read<inner>(written(all)) == inner{"ab", -7}));
    CHECK((read<nothing>(written(all)) == nothing{}));
    CHECK((read<nothing>(written(tests::protobuffed::full_kinds())) == nothing{}));
    // What an unknown field holds is not looked into.
    CHECK((read<inner>(blob_of({0x3a, 2, 0xff, 0xff, 0x10, 1})) == inner{"", 1}));
    // The largest field number, and one that protobuf keeps to itself.
    CHECK((read<inner>(blob_of({0xf8, 0xff, 0xff, 0xff, 0x0f, 1, 0xc0, 0xa3, 9, 1, 0x10, 1})) ==
           inner{"", 1}));
}

TEST_CASE("protobuf: groups that nobody knows are stepped over where they are nested well") {
    CHECK((read<inner>(blob_of({0x1b, 0x1c, 0x10, 1})) == inner{"", 1}));
    CHECK((read<inner>(blob_of({0x1b, 0x10, 5, 0x23, 0x2a, 1, 0xff, 0x24, 0x25, 1,    2,    3, 4,
                                0x21, 1,    2, 3,    4,    5, 6,    7,    8,    0x1c, 0x10, 1})) ==
           inner{"", 1}));
    CHECK(refused<inner>(blob_of({0x1b})) == "truncated_section @1 0/1");
    CHECK(refused<inner>(blob_of({0x1b, 0x23, 0x1c})) == "invalid_value @2 3/4");
    CHECK(refused<inner>(blob_of({0x1b, 0x2a, 2, 1})) == "truncated_section @3 1/2");
    CHECK(refused<inner>(blob_of({0x1c})) == "invalid_value @0 4/2");
    CHECK(refused<inner>(blob_of({0x1b, 0x1e})) == "invalid_value @1 6/2");
    CHECK(refused<inner>(blob_of({0x0b, 0x0c})) == "invalid_value in name @0 3/2");
    blob nested(64, std::byte{0x1b});
    tintype::append(nested, blob(64, std::byte{0x1c}));
    CHECK((read<inner>(nested) == inner{}));
    nested.insert(nested.begin(), std::byte{0x1b});
    nested.push_back(std::byte{0x1c});
    CHECK(refused<inner>(nested) == "limit_exceeded @64 65/64");
    CHECK(refused<inner>(blob_of({0x1b, 0x1c}), {.limits = {.depth = 0}}) ==
          "limit_exceeded @0 1/0");
}

TEST_CASE("protobuf: what is refused says where, and what was found and wanted") {
    CHECK(refused_kinds({0x00}) == "invalid_value @0 0/8");
    CHECK(refused_kinds({0x07}) == "invalid_value @0 7/8");
    CHECK(refused_kinds({0x80, 0x80, 0x80, 0x80, 0x10}) == "invalid_value @0 4294967296/8");
    CHECK(refused_kinds({0x80}) == "truncated_section @0 1/2");
    CHECK(refused_kinds({0x0e}) == "invalid_value in flag @0 6/0");
    CHECK(refused_kinds({0xff, 1}) == "invalid_value @0 7/2");
    CHECK(refused_kinds({0x08}) == "truncated_section in flag @1 0/1");
    CHECK(refused_kinds({0x10, 0x80}) == "truncated_section in small @1 1/2");
    CHECK(refused_kinds({0x20, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0}) ==
          "length_overflow in count @1 11/10");
    CHECK(refused_kinds({0x35, 1, 2, 3}) == "truncated_section in ratio @1 3/4");
    CHECK(refused_kinds({0x39, 1, 2, 3, 4, 5, 6, 7}) == "truncated_section in exact @1 7/8");
    CHECK(refused_kinds({0x4a, 2, 'a'}) == "truncated_section in text @2 1/2");
    CHECK(refused_kinds({0x52, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}) ==
          "truncated_section in data @11 0/18446744073709551615");
    CHECK(refused_kinds({0x4a, 3, 'a', 0xc0, 0x80}) == "invalid_utf8 in text @3 192/0");
    CHECK(refused_kinds({0xaa, 1, 1, 0xff}) == "invalid_utf8 in texts @3 255/0");
    CHECK(refused_kinds({0x0d, 0, 0, 0, 0}) == "invalid_value in flag @0 5/0");
    CHECK(refused_kinds({0x30, 0}) == "invalid_value in ratio @0 0/5");
    CHECK(refused_kinds({0x3d, 0, 0, 0, 0}) == "invalid_value in exact @0 5/1");
    CHECK(refused_kinds({0x48, 0}) == "invalid_value in text @0 0/2");
    CHECK(refused_kinds({0x50, 0}) == "invalid_value in data @0 0/2");
    CHECK(refused_kinds({0x58, 0}) == "invalid_value in one @0 0/2");
    CHECK(refused_kinds({0x6a, 0}) == "invalid_value in told @0 2/0");
    CHECK(refused_kinds({0x85, 1, 0, 0, 0, 0}) == "invalid_value in numbers @0 5/0");
    CHECK(refused_kinds({0xb8, 1, 0}) == "invalid_value in several @0 0/2");
    CHECK(refused_kinds({0xc0, 1, 0}) == "invalid_value in totals @0 0/2");
    CHECK(refused_kinds({0x92, 1, 5, 0, 0, 0, 0, 0}) == "invalid_value in ratios @0 5/4");
    CHECK(refused_kinds({0x82, 1, 2, 1, 0x80}) == "truncated_section in numbers @4 1/2");
    // A message inside ends where its length says, whatever stands behind it.
    CHECK(refused_kinds({0x5a, 1, 0x10, 1}) == "truncated_section in one.level @3 0/1");
    CHECK(refused_kinds({0x62, 3, 0x0a, 2, 'a', 'b'}) ==
          "truncated_section in perhaps.name @4 1/2");
    CHECK(refused_kinds({0xca, 1, 4, 0x12, 2, 0x0d, 0}) ==
          "invalid_value in levels.value.name @5 5/2");
    CHECK(refused_kinds({0xc2, 1, 3, 0x0a, 1, 0xff}) == "invalid_utf8 in totals.key @5 255/0");
    CHECK(refused_kinds({0xc2, 1, 2, 0x18, 0x80}) == "truncated_section in totals @4 1/2");
}

TEST_CASE("protobuf: entries of a map without a key or a value, and keys that come again") {
    kinds wanted{};
    wanted.totals = {{"", 0}, {"a", 2}};
    wanted.levels = {{1, {"b", 5}}};
    CHECK((read_kinds({0xc2, 1, 0,                                     // nothing
                       0xc2, 1, 5,  0x0a, 1, 'a',  0x10, 1,            // a: 1
                       0xc2, 1, 7,  0x10, 2, 0x18, 9,    0x0a, 1, 'a', // a: 2, and an unknown field
                       0xca, 1, 11, 0x12, 2, 0x10, 5,    0x12, 3, 0x0a, 1, 'b', 8, 1}) == wanted));
}

TEST_CASE("protobuf: limits") {
    const decode_options two_elements{.limits = {.count = 2}};
    CHECK(refused<kinds>(blob_of({0x82, 1, 3, 1, 2, 3}), two_elements) ==
          "limit_exceeded in numbers @0 3/2");
    CHECK(refused<kinds>(blob_of({0x82, 1, 2, 1, 2}), two_elements) == "no error");
    CHECK(refused<kinds>(blob_of({0x82, 1, 2, 1, 2, 0x80, 1, 3}), two_elements) ==
          "limit_exceeded in numbers @5 3/2");
    CHECK(refused<kinds>(blob_of({0x92, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}),
                         two_elements) == "limit_exceeded in ratios @0 3/2");
    CHECK(refused<kinds>(blob_of({0xaa, 1, 0, 0xaa, 1, 0, 0xaa, 1, 0}), two_elements) ==
          "limit_exceeded in texts @6 3/2");
    CHECK(refused<kinds>(blob_of({0xba, 1, 0, 0xba, 1, 0}), two_elements) == "no error");
    CHECK(refused<kinds>(blob_of({0xd2, 1, 0, 0xd2, 1, 2, 8, 1, 0xd2, 1, 0}), two_elements) ==
          "no error"); // the third key was there
    CHECK(refused<kinds>(blob_of({0xca, 1, 0, 0xca, 1, 2, 8, 1, 0xca, 1, 2, 8, 2}), two_elements) ==
          "limit_exceeded in levels @8 3/2");

    const decode_options two_bytes{.limits = {.bytes = 2}};
    CHECK(refused<inner>(blob_of({0x0a, 2, 'a', 'b'}), two_bytes) == "no error");
    CHECK(refused<inner>(blob_of({0x0a, 3, 'a', 'b', 'c'}), two_bytes) ==
          "limit_exceeded in name @1 3/2");
    CHECK(refused<kinds>(blob_of({0x52, 3, 0, 0, 0}), two_bytes) ==
          "limit_exceeded in data @1 3/2");
    CHECK(refused<kinds>(blob_of({0xb2, 1, 3, 0, 0, 0}), two_bytes) ==
          "limit_exceeded in blobs @2 3/2");
}

TEST_CASE("protobuf: views and spans point into the bytes") {
    const blob bytes = written(lent{"name", tintype::bytes_of("data")});
    const auto read = tintype::decode<protobuf, lent>(bytes);
    REQUIRE(said(read) == "no error");
    CHECK(read->name == "name");
    CHECK(static_cast<const void*>(read->name.data()) == bytes.data() + 2);
    CHECK(tintype::text_of(read->data) == "data");
    CHECK(read->data.data() == bytes.data() + 8);
    CHECK(refused<lent>(blob_of({0x0a, 1, 0xff})) == "invalid_utf8 in name @2 255/0");
}

TEST_CASE("protobuf: a string that is not UTF-8 is not written") {
    CHECK(said(tintype::encode<protobuf>(inner{"a\xff", 0})) == "invalid_utf8 in name @3 255/0");
    const outer deep{{}, {{"fine", 1}, {"\xc3", 2}}};
    CHECK(said(tintype::encode<protobuf>(deep)) == "invalid_utf8 in several.name @14 195/0");
    kinds keyed{};
    keyed.totals = {{"\x80", 1}};
    CHECK(said(tintype::encode<protobuf>(keyed)) == "invalid_utf8 in totals.key @5 128/0");
}

TEST_CASE("protobuf: who watches can stop it") {
    kinds some{};
    some.numbers.assign(100'000, 1);
    const blob bytes = written(some);
    std::size_t reports = 0;
    const auto count = [&](tintype::progress now) {
        ++reports;
        CHECK(now.done <= now.total);
        CHECK(now.total == bytes.size());
    };
    const tintype::monitor watching{count};
    CHECK(refused<kinds>(bytes, {.watch = &watching}) == "no error");
    CHECK(reports >= 1);
    std::stop_source stop;
    stop.request_stop();
    const tintype::monitor stopping{stop.get_token()};
    const auto stopped = tintype::decode<protobuf, kinds>(bytes, {.watch = &stopping});
    REQUIRE(!stopped.has_value());
    CHECK(stopped.error().code == tintype::errc::cancelled);
}

TEST_CASE("protobuf: cut anywhere, and with any byte changed, it is read or refused with a place") {
    const blob bytes = written(tests::protobuffed::full_kinds());
    const auto sound = [](byte_view some) {
        const blob exact(some.begin(), some.end());
        const auto read = tintype::decode<protobuf, kinds>(exact);
        if (!read) {
            return read.error().code != tintype::errc{} && read.error().offset <= exact.size();
        }
        const auto again = tintype::encode<protobuf>(*read);
        return again && again->size() == protobuf::size(*read) &&
               tintype::encode<protobuf>(*tintype::decode<protobuf, kinds>(*again)) == *again;
    };
    std::size_t wrong = 0;
    for (std::size_t size = 0; size <= bytes.size(); ++size) {
        wrong += sound(byte_view{bytes}.first(size)) ? 0U : 1U;
    }
    blob changed = bytes;
    for (std::byte& byte : changed) {
        const std::byte before = byte;
        for (const unsigned with : {0x00U, 0x01U, 0x7fU, 0x80U, 0xffU}) {
            byte = static_cast<std::byte>(with);
            wrong += sound(changed) ? 0U : 1U;
            byte = before ^ static_cast<std::byte>(with);
            wrong += sound(changed) ? 0U : 1U;
        }
        byte = before;
    }
    CHECK(wrong == 0);
}

TEST_CASE("protobuf: a stream's chunk, with data of every size around where a length grows") {
    for (const std::size_t size : {0U, 1U, 127U, 128U, 16383U, 16384U, 65535U, 65536U, 65537U}) {
        CAPTURE(size);
        tintype::snapshot_chunk chunk{};
        chunk.file_chunk = {.file_name = "database.db",
                            .offset = 65536,
                            .data = tests::noise(size),
                            .is_last_chunk = false};
        chunk.sequence = 2;
        CHECK((read<tintype::snapshot_chunk>(written(chunk)) == chunk));
    }
}
