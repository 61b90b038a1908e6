// What bincode refuses, with the path and the offset; that reading and viewing refuse the same; and
// that whatever is accepted has the one encoding that it was read from.

#include <tintype/codec/bincode.hpp>
#include <tintype/core/progress.hpp>

#include "support/bincode_values.hpp"
#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace {

using tests::blob_of;
using tests::said;
using namespace tests::bincoded;
using tintype::bincode_fixed;
using tintype::bincode_variable;
using tintype::blob;
using tintype::byte_view;
using tintype::decode_options;

constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();

// Why it is refused, by decode and by view alike.
template <class Codec, class T>
std::string refused(byte_view bytes, const decode_options& options = {}) {
    const auto read = tintype::decode<Codec, T>(bytes, options);
    const auto viewed = Codec::template view<T>(bytes, options);
    const std::string why = said(read);
    return said(viewed) == why ? why : why + ", but viewed: " + said(viewed);
}

template <class T>
std::string fixed(const blob& bytes, const decode_options& options = {}) {
    return refused<bincode_fixed, T>(bytes, options);
}

template <class T>
std::string variable(const blob& bytes, const decode_options& options = {}) {
    return refused<bincode_variable, T>(bytes, options);
}

blob length_of(std::uint64_t number) {
    return *tintype::encode<bincode_fixed>(number);
}

// A map or a set may have been in another order, and a view does not look for duplicates.
template <class Codec>
void check_any(byte_view some) {
    const blob exact(some.begin(), some.end());
    const auto read = tintype::decode<Codec, mixture>(exact);
    const auto viewed = Codec::template view<mixture>(exact);
    if (read) {
        const auto again = tintype::encode<Codec>(*read);
        REQUIRE(again.has_value());
        CHECK(again->size() == exact.size());
        const bool same = *again == exact;
        CHECK((same || read->some.size() > 1 || read->by_name.size() > 1 ||
               read->by_number.size() > 1));
        CHECK(viewed.has_value());
    } else {
        CHECK(read.error().offset <= exact.size());
        if (read.error().code == tintype::errc::duplicate) {
            return;
        }
        REQUIRE(!viewed.has_value());
        CHECK(viewed.error() == read.error());
    }
}

template <class Codec>
void check_damage(std::uint64_t seed) {
    auto bytes = *tintype::encode<Codec>(values{seed}.mixed());
    for (std::size_t size = 0; size != bytes.size(); ++size) {
        const blob cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
        CHECK(!tintype::decode<Codec, mixture>(cut).has_value());
        check_any<Codec>(cut);
    }
    for (std::byte& each : bytes) {
        for (unsigned bit = 0; bit != 8; ++bit) {
            each ^= static_cast<std::byte>(1U << bit);
            check_any<Codec>(bytes);
            each ^= static_cast<std::byte>(1U << bit);
        }
    }
    bytes.push_back(std::byte{0});
    CHECK(said(tintype::decode<Codec, mixture>(bytes)) ==
          "trailing_bytes @" + std::to_string(bytes.size() - 1) + " 1/0");
    check_any<Codec>(bytes);
    const decode_options accepting{.trailing = tintype::trailing::accept};
    CHECK(refused<Codec, mixture>(bytes, accepting) == "no error");
}

struct deep {
    using table = std::map<std::string, std::vector<std::optional<std::string>>>;
    using choice = std::variant<std::uint8_t, std::vector<tag>>;
    BOOST_HANA_DEFINE_STRUCT(deep, (table, rows), (choice, last));
};

} // namespace

TEST_CASE("bincode_refusals: cut short, or flipped bit by bit") {
    check_damage<bincode_fixed>(4);
    check_damage<bincode_variable>(4);
    check_damage<bincode_variable>(9);
}

TEST_CASE("bincode_refusals: values that there are none of") {
    CHECK(fixed<bool>(blob_of({2})) == "invalid_value @0 2/1");
    CHECK(fixed<std::optional<char>>(blob_of({255, 0})) == "invalid_value @0 255/1");
    CHECK(fixed<std::vector<bool>>(blob_of({2, 0, 0, 0, 0, 0, 0, 0, 1, 3})) ==
          "invalid_value @9 3/1");
    CHECK(fixed<std::array<bool, 2>>(blob_of({0, 9})) == "invalid_value @1 9/1");
    using choice = std::variant<std::monostate, char>;
    CHECK(fixed<choice>(blob_of({2, 0, 0, 0})) == "invalid_value @0 2/1");
    CHECK(fixed<choice>(blob_of({0, 0, 0, 1})) == "invalid_value @0 16777216/1");
    CHECK(variable<choice>(blob_of({2})) == "invalid_value @0 2/1");
    CHECK(fixed<color>(blob_of({128, 0, 0, 0})) == "invalid_value @0 128/127");
    CHECK(variable<color>(blob_of({251, 44, 1})) == "invalid_value @0 300/127");
    CHECK(fixed<tag>(blob_of({3, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3})) == "invalid_value @8 3/4");
    CHECK(fixed<std::string>(blob_of({3, 0, 0, 0, 0, 0, 0, 0, 'a', 0xc3, 'b'})) ==
          "invalid_utf8 @9 195/0");
    CHECK(variable<std::string>(blob_of({2, 'a', 0xc3})) == "invalid_utf8 @2 195/0");
}

TEST_CASE("bincode_refusals: integers in a longer form than theirs") {
    using u16 = std::uint16_t;
    using u32 = std::uint32_t;
    using u64 = std::uint64_t;
    CHECK(variable<u64>(blob_of({251, 250, 0})) == "invalid_value @0 250/251");
    CHECK(variable<u64>(blob_of({252, 255, 255, 0, 0})) == "invalid_value @0 65535/65536");
    CHECK(variable<u64>(blob_of({253, 255, 255, 255, 255, 0, 0, 0, 0})) ==
          "invalid_value @0 4294967295/4294967296");
    CHECK(variable<u64>(blob_of({254, 0, 0})) == "invalid_value @0 254/253");
    CHECK(variable<u64>(blob_of({255})) == "invalid_value @0 255/253");
    CHECK(variable<u16>(blob_of({252, 0, 0, 1, 0})) == "invalid_value @0 65536/65535");
    CHECK(variable<u32>(blob_of({253, 0, 0, 0, 0, 1, 0, 0, 0})) ==
          "invalid_value @0 4294967296/4294967295");
    CHECK(variable<u64>(blob_of({251, 9})) == "truncated_section @0 2/3");
    CHECK(variable<u64>(blob{}) == "truncated_section @0 0/1");
    CHECK(variable<std::string>(blob_of({251, 1, 0, 'a'})) == "invalid_value @0 1/251");
}

TEST_CASE("bincode_refusals: the path to what is wrong") {
    const deep good{.rows = {{"row", {std::nullopt, "text"}}}, .last = std::vector<tag>(2)};
    auto bytes = *tintype::encode<bincode_variable>(good);
    CHECK(bytes == blob_of({1, 3, 'r', 'o', 'w', 2, 0, 1, 4, 't', 'e', 'x', 't',
                            1, 2, 4,   0,   0,   0, 0, 4, 0, 0,   0,   0}));
    const auto with = [&](std::size_t at, unsigned value) {
        blob changed = bytes;
        changed[at] = static_cast<std::byte>(value);
        return variable<deep>(changed);
    };
    CHECK(with(2, 0xff) == "invalid_utf8 in rows.key @2 255/0");
    CHECK(with(7, 2) == "invalid_value in rows.value @7 2/1");
    CHECK(with(9, 0xff) == "invalid_utf8 in rows.value @9 255/0");
    CHECK(with(13, 2) == "invalid_value in last @13 2/1");
    CHECK(with(15, 3) == "invalid_value in last.1 @16 3/4");
    CHECK(with(14, 200) == "truncated_section in last.1 @15 10/200");
}

TEST_CASE("bincode_refusals: counts that the bytes cannot hold") {
    for (const std::uint64_t count : {std::uint64_t{1} << 32U, std::uint64_t{1} << 40U, most}) {
        const blob bytes = length_of(count);
        const std::string said_so = "truncated_section @8 0/" + std::to_string(count);
        CHECK(fixed<std::string>(bytes) == said_so);
        CHECK(fixed<std::vector<char>>(bytes) == said_so);
        CHECK(fixed<std::vector<std::optional<int>>>(bytes) == said_so);
        const std::uint64_t eight = count > most / 8 ? most : count * 8;
        CHECK(fixed<std::vector<double>>(bytes) ==
              "truncated_section @8 0/" + std::to_string(eight));
        CHECK(fixed<std::vector<std::string>>(bytes) ==
              "truncated_section @8 0/" + std::to_string(eight));
        using map = std::map<std::uint32_t, std::uint32_t>;
        CHECK(fixed<map>(bytes) == "truncated_section @8 0/" + std::to_string(eight));
    }
}

TEST_CASE("bincode_refusals: limits, and elements that cost nothing") {
    const auto three = *tintype::encode<bincode_fixed>(std::vector<std::uint16_t>{1, 2, 3});
    CHECK(fixed<std::vector<std::uint16_t>>(three, {.limits = {.count = 2}}) ==
          "limit_exceeded @0 3/2");
    CHECK(fixed<std::vector<std::uint16_t>>(three, {.limits = {.bytes = 1, .count = 3}}) ==
          "no error");
    const auto text = *tintype::encode<bincode_fixed>(std::string("abc"));
    CHECK(fixed<std::string>(text, {.limits = {.bytes = 2}}) == "limit_exceeded @0 3/2");
    using nothings = std::vector<nothing>;
    CHECK(fixed<nothings>(length_of(0)) == "no error");
    CHECK(fixed<nothings>(length_of(3)) == "limit_exceeded @0 3/0");
    CHECK(fixed<nothings>(length_of(3), {.limits = {.count = 3}}) == "no error");
    CHECK(fixed<nothings>(length_of(most), {.limits = {.count = 3}}) ==
          "limit_exceeded @0 " + std::to_string(most) + "/3");
}

TEST_CASE("bincode_refusals: what cannot be written") {
    enum class wide : std::int64_t { low = -1, high = 1LL << 32 };

    struct odd {
        BOOST_HANA_DEFINE_STRUCT(odd, (char, first), (wide, number), (std::string, text));
    };

    CHECK(said(tintype::encode<bincode_fixed>(odd{'a', wide::low, ""})) ==
          "invalid_value in number @1 " + std::to_string(most) + "/4294967295");
    CHECK(said(tintype::encode<bincode_variable>(odd{'a', wide::high, ""})) ==
          "invalid_value in number @1 4294967296/4294967295");
    CHECK(said(tintype::encode<bincode_variable>(odd{'a', wide{5}, "good \xe2\x82"})) ==
          "invalid_utf8 in text @8 226/0");
    blob small(3);
    CHECK(said(tintype::encode_into<bincode_fixed>(small, std::uint32_t{1})) ==
          "limit_exceeded in memory @0 4/3");
}

#if defined(__cpp_exceptions)
TEST_CASE("bincode_refusals: a variant that an exception has left empty") {
    struct bomb {
        BOOST_HANA_DEFINE_STRUCT(bomb, (int, n));

        bomb() : n(0) {}

        bomb(const bomb&) : n(0) { throw 1; }

        bomb& operator=(const bomb&) = default;
    };

    using choice = std::variant<std::string, bomb>;
    choice value{std::string("x")};
    const bomb one;
    try {
        value.emplace<bomb>(one);
    } catch (int) {
    }
    REQUIRE(value.valueless_by_exception());
    const std::string why = std::to_string(std::variant_npos) + "/1";
    CHECK(said(tintype::encode<bincode_fixed>(value)) == "invalid_value @0 " + why);
    CHECK(said(tintype::encode<bincode_variable>(value)) == "invalid_value @0 " + why);
    tintype::gather_sink gathered;
    CHECK(said(bincode_fixed::encode(value, gathered)) == "invalid_value @0 " + why);
}
#endif

TEST_CASE("bincode_refusals: whoever watches can stop it") {
    const std::vector<std::string> many(600'000, "some text");
    const auto bytes = *tintype::encode<bincode_fixed>(many);
    std::stop_source stop;
    int calls = 0;
    const auto seen = [&](tintype::progress now) {
        CHECK(now.total == bytes.size());
        if (++calls == 2) {
            stop.request_stop();
        }
    };
    const tintype::monitor watch(seen, stop.get_token());
    const auto read =
        tintype::decode<bincode_fixed, std::vector<std::string>>(bytes, {.watch = &watch});
    REQUIRE(!read.has_value());
    CHECK(read.error().code == tintype::errc::cancelled);
    CHECK(calls == 2);
}
