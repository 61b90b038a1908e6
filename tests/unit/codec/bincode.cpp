// The bytes of bincode in both widths, every kind there and back, a naive reader beside it, and the
// laws of a codec.

#include <tintype/codec/bincode.hpp>
#include <tintype/codec/frames.hpp>
#include <tintype/codec/packed_view.hpp>
#include <tintype/codec/section_list.hpp>
#include <tintype/hash/crc32.hpp>

#include "laws/codec.hpp"
#include "support/bincode_values.hpp"
#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <optional>
#include <ranges>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
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

template <class Codec, class T>
blob bytes_of(const T& value) {
    const auto bytes = tintype::encode<Codec>(value);
    REQUIRE(bytes.has_value());
    CHECK(Codec::size(value) == bytes->size());
    return *bytes;
}

template <class Codec, class T>
bool there_and_back(const T& value) {
    const auto bytes = bytes_of<Codec>(value);
    const auto back = tintype::decode<Codec, T>(bytes);
    return back && *back == value && tintype::encode<Codec>(*back) == bytes &&
           Codec::template view<T>(bytes).has_value();
}

template <class T>
void both_ways(const T& value, const blob& fixed, const blob& variable) {
    CHECK(bytes_of<bincode_fixed>(value) == fixed);
    CHECK(bytes_of<bincode_variable>(value) == variable);
    CHECK(there_and_back<bincode_fixed>(value));
    CHECK(there_and_back<bincode_variable>(value));
}

struct texts {
    BOOST_HANA_DEFINE_STRUCT(texts, (std::string, title), (std::vector<std::string>, lines));
    bool operator==(const texts&) const = default;
};

struct lent_texts {
    using numbers = tintype::packed_view<std::uint32_t, std::endian::little>;
    BOOST_HANA_DEFINE_STRUCT(lent_texts, (std::string_view, title),
                             (std::span<const std::byte>, data), (numbers, values));
};

struct owned_texts {
    BOOST_HANA_DEFINE_STRUCT(owned_texts, (std::string, title), (std::vector<std::byte>, data),
                             (std::vector<std::uint32_t>, values));
};

struct shelf {
    BOOST_HANA_DEFINE_STRUCT(shelf, (std::vector<texts>, books));
    bool operator==(const shelf&) const = default;
};

} // namespace

TEST_CASE("bincode: integers at every turn of their width") {
    using u64 = std::uint64_t;
    both_ways(u64{0}, blob_of({0, 0, 0, 0, 0, 0, 0, 0}), blob_of({0}));
    both_ways(u64{250}, blob_of({250, 0, 0, 0, 0, 0, 0, 0}), blob_of({250}));
    both_ways(u64{251}, blob_of({251, 0, 0, 0, 0, 0, 0, 0}), blob_of({251, 251, 0}));
    both_ways(u64{65535}, blob_of({255, 255, 0, 0, 0, 0, 0, 0}), blob_of({251, 255, 255}));
    both_ways(u64{65536}, blob_of({0, 0, 1, 0, 0, 0, 0, 0}), blob_of({252, 0, 0, 1, 0}));
    both_ways(u64{0xffffffff}, blob_of({255, 255, 255, 255, 0, 0, 0, 0}),
              blob_of({252, 255, 255, 255, 255}));
    both_ways(u64{1} << 32U, blob_of({0, 0, 0, 0, 1, 0, 0, 0}),
              blob_of({253, 0, 0, 0, 0, 1, 0, 0, 0}));
    both_ways(~u64{0}, blob_of({255, 255, 255, 255, 255, 255, 255, 255}),
              blob_of({253, 255, 255, 255, 255, 255, 255, 255, 255}));
    both_ways(std::uint16_t{0x1234}, blob_of({0x34, 0x12}), blob_of({251, 0x34, 0x12}));
    both_ways(std::uint32_t{7}, blob_of({7, 0, 0, 0}), blob_of({7}));
    both_ways(std::uint8_t{255}, blob_of({255}), blob_of({255}));
    both_ways('x', blob_of({'x'}), blob_of({'x'}));
    both_ways(std::byte{251}, blob_of({251}), blob_of({251}));
    both_ways(true, blob_of({1}), blob_of({1}));
}

TEST_CASE("bincode: signed integers are folded where they are of variable width") {
    both_ways(std::int8_t{-1}, blob_of({255}), blob_of({255}));
    both_ways(std::int16_t{-1}, blob_of({255, 255}), blob_of({1}));
    both_ways(std::int16_t{-125}, blob_of({131, 255}), blob_of({249}));
    both_ways(std::int16_t{125}, blob_of({125, 0}), blob_of({250}));
    both_ways(std::int16_t{-126}, blob_of({130, 255}), blob_of({251, 251, 0}));
    both_ways(std::numeric_limits<std::int16_t>::min(), blob_of({0, 128}),
              blob_of({251, 255, 255}));
    both_ways(std::numeric_limits<std::int32_t>::max(), blob_of({255, 255, 255, 127}),
              blob_of({252, 254, 255, 255, 255}));
    both_ways(std::numeric_limits<std::int64_t>::min(), blob_of({0, 0, 0, 0, 0, 0, 0, 128}),
              blob_of({253, 255, 255, 255, 255, 255, 255, 255, 255}));
    both_ways(std::numeric_limits<std::int64_t>::max(),
              blob_of({255, 255, 255, 255, 255, 255, 255, 127}),
              blob_of({253, 254, 255, 255, 255, 255, 255, 255, 255}));
}

TEST_CASE("bincode: the bytes of every kind") {
    both_ways(1.5F, blob_of({0, 0, 0xc0, 0x3f}), blob_of({0, 0, 0xc0, 0x3f}));
    both_ways(-2.0, blob_of({0, 0, 0, 0, 0, 0, 0, 0xc0}), blob_of({0, 0, 0, 0, 0, 0, 0, 0xc0}));
    both_ways(color::blue, blob_of({100, 0, 0, 0}), blob_of({100}));
    both_ways(std::string("h\xc3\xa9"), blob_of({3, 0, 0, 0, 0, 0, 0, 0, 'h', 0xc3, 0xa9}),
              blob_of({3, 'h', 0xc3, 0xa9}));
    both_ways(std::array<std::uint16_t, 2>{1, 300}, blob_of({1, 0, 44, 1}),
              blob_of({1, 251, 44, 1}));
    both_ways(std::array<std::byte, 2>{std::byte{9}, std::byte{252}}, blob_of({9, 252}),
              blob_of({9, 252}));
    both_ways(std::optional<std::uint8_t>{}, blob_of({0}), blob_of({0}));
    both_ways(std::optional<std::uint8_t>{7}, blob_of({1, 7}), blob_of({1, 7}));
    using choice = std::variant<std::monostate, std::uint16_t, nothing>;
    both_ways(choice{}, blob_of({0, 0, 0, 0}), blob_of({0}));
    both_ways(choice{std::uint16_t{5}}, blob_of({1, 0, 0, 0, 5, 0}), blob_of({1, 5}));
    both_ways(choice{nothing{}}, blob_of({2, 0, 0, 0}), blob_of({2}));
    both_ways(std::vector<std::uint16_t>{1, 300}, blob_of({2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 44, 1}),
              blob_of({2, 1, 251, 44, 1}));
    both_ways(std::vector<bool>{true, false}, blob_of({2, 0, 0, 0, 0, 0, 0, 0, 1, 0}),
              blob_of({2, 1, 0}));
    both_ways(std::pair<std::uint8_t, std::int16_t>{1, -2}, blob_of({1, 254, 255}),
              blob_of({1, 3}));
    both_ways(point{-1, 2}, blob_of({255, 255, 2, 0}), blob_of({1, 2}));
    both_ways(tag{}, blob_of({4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}), blob_of({4, 0, 0, 0, 0}));
    both_ways(std::deque<std::string>{"", "a"}, blob_of({2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  0,
                                                         0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 'a'}),
              blob_of({2, 0, 1, 'a'}));
    both_ways(std::array<std::string, 0>{}, blob{}, blob{});
    both_ways(nothing{}, blob{}, blob{});
    both_ways(std::array<std::uint8_t, 0>{}, blob{}, blob{});
}

TEST_CASE("bincode: keys are written in order, and read in any") {
    std::unordered_map<std::string, std::uint8_t> hashed;
    std::map<std::string, std::uint8_t> sorted;
    for (const char* each : {"delta", "alpha", "golf", "bravo", "\u00e9", "hotel", "", "kilo"}) {
        hashed[each] = static_cast<std::uint8_t>(sorted.size());
        sorted[each] = static_cast<std::uint8_t>(sorted.size());
    }
    for (auto& [key, value] : hashed) {
        value = sorted[key];
    }
    CHECK(bytes_of<bincode_fixed>(hashed) == bytes_of<bincode_fixed>(sorted));
    CHECK(there_and_back<bincode_variable>(hashed));
    const std::unordered_set<double> reals{2.5, -1.0, 0.0, 7.0};
    CHECK(bytes_of<bincode_fixed>(reals) ==
          bytes_of<bincode_fixed>(std::set<double>(reals.begin(), reals.end())));
    const auto unsorted = blob_of({2, 9, 'x', 3, 'y'});
    using map = std::map<std::uint16_t, char>;
    CHECK(tintype::decode<bincode_variable, map>(unsorted) == map{{3, 'y'}, {9, 'x'}});
    CHECK(said(tintype::decode<bincode_variable, map>(blob_of({2, 9, 'x', 9, 'y'}))) ==
          "duplicate in key @3 0/0");
    CHECK(said(tintype::decode<bincode_variable, std::set<std::uint16_t>>(blob_of({2, 9, 9}))) ==
          "duplicate @2 0/0");
}

TEST_CASE("bincode: a naive reader finds the same in random values of both widths") {
    const auto schema = schema_of_mixture();
    for (std::uint64_t seed = 0; seed != 150; ++seed) {
        const mixture value = values{seed}.mixed();
        const auto fixed = bytes_of<bincode_fixed>(value);
        const auto variable = bytes_of<bincode_variable>(value);
        const std::string wanted = said_of(value);
        CHECK(tests::naive_bincode(fixed, false).read(schema) == wanted);
        CHECK(tests::naive_bincode(variable, true).read(schema) == wanted);
        CHECK(tintype::decode<bincode_fixed, mixture>(fixed) == value);
        CHECK(tintype::decode<bincode_variable, mixture>(variable) == value);
    }
}

TEST_CASE("bincode: the laws of a codec") {
    static_assert(tintype::sized_codec<bincode_fixed, mixture>);
    static_assert(tintype::viewable_codec<bincode_variable, mixture>);
    constexpr tintype::laws::codec_promises promises{.has_checksum = false};
    const texts some{"title", {"", "one", std::string(300, 'x')}};
    tintype::laws::codec_suite<bincode_fixed, texts>(some, promises).all();
    tintype::laws::codec_suite<bincode_variable, texts>(some, promises).all();
}

TEST_CASE("bincode: inside section lists") {
    using list = tintype::section_list<tintype::magic<"SH">,
                                       tintype::frames<"books", bincode_fixed, std::uint32_t>,
                                       tintype::checksum<tintype::crc32>>;
    using whole = tintype::section_list<tintype::magic<"SH">, tintype::payload<bincode_variable>>;
    const shelf some{{{"one", {"a", "b"}}, {"two", {}}}};
    const auto framed = tintype::encode<list>(some);
    REQUIRE(framed.has_value());
    CHECK(tintype::decode<list, shelf>(*framed) == some);
    const auto paid = tintype::encode<whole>(some);
    REQUIRE(paid.has_value());
    CHECK(tintype::decode<whole, shelf>(*paid) == some);
    CHECK(said(tintype::encode<list>(shelf{{{"bad\xff", {}}}})) ==
          "invalid_utf8 in title @11 255/0");
}

TEST_CASE("bincode: views as members are lent from the bytes") {
    const owned_texts owned{"caf\u00e9", {std::byte{1}, std::byte{2}}, {7, 70000}};
    const auto bytes = bytes_of<bincode_fixed>(owned);
    const auto lent = tintype::decode<bincode_fixed, lent_texts>(bytes);
    REQUIRE(lent.has_value());
    CHECK(lent->title == owned.title);
    CHECK(std::ranges::equal(lent->data, owned.data));
    CHECK(std::ranges::equal(lent->values, owned.values));
    const auto* first = reinterpret_cast<const std::byte*>(lent->title.data());
    CHECK(first == bytes.data() + 8);
    CHECK(lent->data.data() == bytes.data() + 8 + 5 + 8);
    CHECK(bytes_of<bincode_fixed>(*lent) == bytes);
    const auto made = std::views::iota(std::uint16_t{0}, std::uint16_t{300});
    CHECK(bytes_of<bincode_variable>(made) ==
          bytes_of<bincode_variable>(std::vector<std::uint16_t>(made.begin(), made.end())));
}

TEST_CASE("bincode: large runs are borrowed, everything else is gathered") {
    struct large {
        using many = std::map<std::string, std::vector<std::string>>;
        BOOST_HANA_DEFINE_STRUCT(large, (std::string, text), (std::vector<std::uint8_t>, data),
                                 (many, words), (std::optional<std::string>, note),
                                 (std::vector<std::uint64_t>, numbers));
    };

    large some;
    some.text = std::string(100'000, 'x');
    some.data.assign(70'000, 9);
    for (int i = 0; i != 3000; ++i) {
        some.words["key" + std::to_string(i)] = {std::string(30, 'w'), "", "\u00e9"};
    }
    some.note = std::string(66'000, 'n');
    some.numbers.assign(30'000, 77);
    const auto check = [&]<class Codec>(Codec) {
        const auto bytes = bytes_of<Codec>(some);
        tintype::gather_sink gathered;
        REQUIRE(Codec::encode(some, gathered).has_value());
        blob joined;
        std::size_t borrowed = 0;
        for (const byte_view piece : gathered.pieces()) {
            borrowed += piece.data() == tintype::bytes_of(some.text).data() ? 1U : 0U;
            borrowed += piece.data() == tintype::bytes_of(*some.note).data() ? 1U : 0U;
            borrowed += piece.data() == std::as_bytes(std::span{some.data}).data() ? 1U : 0U;
            append(joined, piece);
        }
        CHECK(borrowed == 3);
        CHECK(joined == bytes);
        const auto back = tintype::decode<Codec, large>(bytes);
        REQUIRE(back.has_value());
        CHECK(back->words == some.words);
        CHECK(back->numbers == some.numbers);
        some.words["key7"][1] = "\xc0";
        CHECK(said(tintype::encode<Codec>(some)).starts_with("invalid_utf8 in words.value @"));
        const auto there = tintype::encode<Codec>(some);
        tintype::gather_sink other;
        CHECK(Codec::encode(some, other).error() == there.error());
        some.words["key7"][1] = "";
    };
    check(bincode_fixed{});
    check(bincode_variable{});
}

TEST_CASE("bincode: what was in a value before does not stay") {
    struct preset {
        using words = std::map<int, int>;
        BOOST_HANA_DEFINE_STRUCT(preset, (std::string, text), (std::vector<std::string>, lines),
                                 (words, map), (std::optional<int>, maybe), (std::set<int>, some),
                                 (std::vector<int>, numbers));

        preset() : text("x"), lines{"x"}, map{{9, 9}}, maybe(1), some{9}, numbers{3} {}
    };

    preset empty;
    empty.text.clear();
    empty.lines.clear();
    empty.map.clear();
    empty.maybe.reset();
    empty.some.clear();
    empty.numbers.clear();
    const auto bytes = bytes_of<bincode_variable>(empty);
    CHECK(bytes == blob_of({0, 0, 0, 0, 0, 0}));
    const auto back = tintype::decode<bincode_variable, preset>(bytes);
    REQUIRE(back.has_value());
    CHECK(bytes_of<bincode_variable>(*back) == bytes);
}

TEST_CASE("bincode: what is longer or shorter than it was when it was counted is refused") {
    for (const std::size_t other : {std::size_t{2}, std::size_t{9}, std::size_t{300}}) {
        static std::size_t made = 0;
        static std::size_t later = 0;
        made = 0;
        later = other;
        const auto words = std::views::iota(0, 3) | std::views::transform([](int) {
                               return std::string(++made <= 3 ? std::size_t{5} : later, 'x');
                           });
        blob target;
        tintype::blob_sink sink{target};
        CHECK(said(bincode_variable::encode(words, sink)) == "invalid_value @1 0/0");
        made = 0;
        tintype::gather_sink gathered;
        CHECK(said(bincode_variable::encode(words, gathered)) == "invalid_value @1 0/0");
        CHECK(target.size() == 19);
    }
}
