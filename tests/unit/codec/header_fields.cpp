// The small fields: each through a list of one or two, so that sizes, bytes, errors with their
// numbers and offsets, and views are those of the field alone.

#include <tintype/codec/header_fields.hpp>
#include <tintype/codec/section_list.hpp>
#include <tintype/hash/crc32.hpp>
#include <tintype/hash/crc32c.hpp>

#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace {

using tests::blob_of;
using tests::said;
using tintype::section_list;
using big = tintype::big_endian_section_list<tintype::version<std::uint16_t, 0x0102>>;

struct nothing {
    BOOST_HANA_DEFINE_STRUCT(nothing);
};

template <class List, class State = nothing>
constexpr auto decoded(const tintype::blob& bytes, const tintype::decode_options& options = {}) {
    return tintype::decode<List, State>(bytes, options);
}

// Fletcher's two sums, stored as bytes: a digest that is no number.
struct two_sums {
    using digest_type = std::array<std::byte, 2>;

    static constexpr const char* name = "two_sums";

    constexpr void update(tintype::byte_view bytes) noexcept {
        for (const std::byte byte : bytes) {
            first = (first + std::to_integer<unsigned>(byte)) % 255;
            second = (second + first) % 255;
        }
    }

    [[nodiscard]] constexpr digest_type finish() const noexcept {
        return {static_cast<std::byte>(first), static_cast<std::byte>(second)};
    }

    unsigned first = 0;
    unsigned second = 0;
};

enum class mode : std::uint16_t { off, on = 0x0102 };

struct flags {
    BOOST_HANA_DEFINE_STRUCT(flags, (std::uint32_t, id), (bool, on), (bool, hot));

    friend constexpr bool operator==(const flags&, const flags&) = default;
};

struct scalars {
    using triple = std::array<std::int16_t, 3>;
    BOOST_HANA_DEFINE_STRUCT(scalars, (std::uint64_t, number), (bool, yes), (mode, how),
                             (double, weight), (triple, three), (flags, inner));

    friend constexpr bool operator==(const scalars&, const scalars&) = default;
};

template <std::endian Order>
using all_scalars = tintype::basic_section_list<
    Order, tintype::scalar<"number", std::uint64_t>, tintype::scalar<"yes", bool>,
    tintype::scalar<"how", mode>, tintype::scalar<"weight", double>,
    tintype::scalar<"three", scalars::triple>, tintype::scalar<"inner", flags>>;

using little_scalars = all_scalars<std::endian::little>;
static_assert(little_scalars::min_size == 8 + 1 + 2 + 8 + 6 + 6);
static_assert(little_scalars::fixed_size);
static_assert(little_scalars::layout()[4].offset == 19);
static_assert(little_scalars::layout()[4].type == "array");
static_assert(little_scalars::layout()[5].type == "struct");
static_assert(little_scalars::layout()[5].parts.size() == 3);

constexpr scalars sample{.number = 0x0102030405060708,
                         .yes = true,
                         .how = mode::on,
                         .weight = -0.0,
                         .three = {1, -2, 3},
                         .inner = {.id = 9, .on = false, .hot = true}};

constexpr bool scalars_go_there_and_back() {
    const auto little = tintype::encode<little_scalars>(sample);
    const auto big_end = tintype::encode<all_scalars<std::endian::big>>(sample);
    return little && big_end &&
           *little == blob_of({8, 7, 6,   5, 4, 3,   2,   1, 1, 2, 1, 0, 0, 0, 0, 0,
                               0, 0, 128, 1, 0, 254, 255, 3, 0, 9, 0, 0, 0, 0, 1}) &&
           *big_end == blob_of({1, 2, 3, 4, 5, 6,   7,   8, 1, 1, 2, 128, 0, 0, 0, 0,
                                0, 0, 0, 0, 1, 255, 254, 0, 3, 0, 0, 0,   9, 0, 1}) &&
           tintype::decode<little_scalars, scalars>(*little) == sample &&
           tintype::decode<all_scalars<std::endian::big>, scalars>(*big_end) == sample;
}

static_assert(scalars_go_there_and_back());

} // namespace

TEST_CASE("magic: the characters, and those found instead") {
    using list = section_list<tintype::magic<"VAMM">>;
    static_assert(list::min_size == 4 && list::layout()[0].text == "VAMM");
    CHECK(tintype::encode<list>(nothing{}) == blob_of("VAMM"));
    CHECK(decoded<list>(blob_of("VAMM")).has_value());
    CHECK(said(decoded<list>(blob_of("VANN"))) == "invalid_magic in VAMM @0 " +
                                                      std::to_string(0x56414E4E) + "/" +
                                                      std::to_string(0x56414D4D));
    CHECK(said(decoded<list>(blob_of("VAM"))) == "truncated 3/4");
    CHECK(said(decoded<list>(blob_of("VAMMx"))) == "trailing_bytes @4 1/0");
    CHECK(list::view<nothing>(blob_of("VAMM"))->get<"magic">() == "VAMM");
}

TEST_CASE("magic: of a long one the first eight bytes are told") {
    using list = section_list<tintype::magic<"longer than eight">>;
    CHECK(decoded<list>(blob_of("longer than eight")).has_value());
    // The difference lies behind the eighth byte: the code tells it, the numbers cannot.
    const auto refused = decoded<list>(blob_of("longer than EIGHT"));
    CHECK(said(refused) == "invalid_magic in longer than eight @0 " +
                               std::to_string(0x6C6F6E6765722074U) + "/" +
                               std::to_string(0x6C6F6E6765722074U));
}

TEST_CASE("version: this one and no other") {
    using list = section_list<tintype::magic<"AB">, tintype::version<std::uint16_t, 0x0102>>;
    static_assert(list::layout()[1].number == 0x0102 && list::layout()[1].offset == 2);
    CHECK(tintype::encode<list>(nothing{}) == blob_of({'A', 'B', 2, 1}));
    CHECK(tintype::encode<big>(nothing{}) == blob_of({1, 2}));
    CHECK(decoded<big>(blob_of({1, 2})).has_value());
    CHECK(said(decoded<list>(blob_of({'A', 'B', 1, 2}))) ==
          "unsupported_version in version @2 513/258");
    CHECK(said(decoded<big>(blob_of({2, 1}))) == "unsupported_version in version @0 513/258");
    CHECK(list::view<nothing>(blob_of({'A', 'B', 2, 1}))->get<"version">() == 0x0102);
    CHECK(list::version_of(blob_of({'x', 'x', 7, 0})) == 7U);
    CHECK(said(list::version_of(blob_of({'A', 'B', 2}))) == "truncated 3/4");
    CHECK(said(list::version_of({})) == "truncated 0/4");
}

TEST_CASE("scalar: numbers, bools, enumerations, arrays and structs in both orders") {
    CHECK(scalars_go_there_and_back());
    const auto bytes = tintype::encode<little_scalars>(sample);
    REQUIRE(bytes.has_value());
    const auto view = little_scalars::view<scalars>(*bytes);
    REQUIRE(view.has_value());
    CHECK(view->get<"number">() == sample.number);
    CHECK(view->get<"how">() == mode::on);
    CHECK(std::bit_cast<std::uint64_t>(view->get<"weight">()) == std::uint64_t{1} << 63U);
    CHECK(view->get<"three">() == sample.three);
    CHECK(view->get<"inner">() == sample.inner);
}

TEST_CASE("scalar: a bool that is neither 0 nor 1 is refused where it stands") {
    const auto bytes = tintype::encode<little_scalars>(sample);
    REQUIRE(bytes.has_value());
    for (const std::size_t at : {std::size_t{8}, std::size_t{29}, std::size_t{30}}) {
        for (unsigned byte = 2; byte != 256; ++byte) {
            auto bad = *bytes;
            bad[at] = static_cast<std::byte>(byte);
            const auto expected = std::string("invalid_value in ") + (at == 8 ? "yes" : "inner") +
                                  " @" + std::to_string(at) + " " + std::to_string(byte) + "/1";
            CHECK(said(decoded<little_scalars, scalars>(bad)) == expected);
            CHECK(said(little_scalars::view<scalars>(bad)) == expected);
        }
    }
}

TEST_CASE("total_size: the object's own size, neither more nor less") {
    using list = section_list<tintype::magic<"T">, tintype::total_size<std::uint16_t>>;
    CHECK(tintype::encode<list>(nothing{}) == blob_of({'T', 3, 0}));
    CHECK(decoded<list>(blob_of({'T', 3, 0})).has_value());
    CHECK(list::view<nothing>(blob_of({'T', 3, 0}))->get<"total_size">() == 3);
    CHECK(said(decoded<list>(blob_of({'T', 4, 0}))) == "truncated in total_size @1 3/4");
    CHECK(said(decoded<list>(blob_of({'T', 255, 255}))) == "truncated in total_size @1 3/65535");
    CHECK(said(decoded<list>(blob_of({'T', 2, 0}))) == "trailing_bytes in total_size @2 1/0");
    CHECK(said(decoded<list>(blob_of({'T', 3, 0, 9}))) == "trailing_bytes in total_size @3 1/0");
    const tintype::decode_options accept{.trailing = tintype::trailing::accept};
    CHECK(decoded<list>(blob_of({'T', 3, 0, 9}), accept).has_value());
    CHECK(said(decoded<list>(blob_of({'T', 2, 0, 9}), accept)) ==
          "invalid_value in total_size 2/3");
    CHECK(said(decoded<list>(blob_of({'T', 4, 0, 9}), accept)) ==
          "invalid_value in total_size 4/3");
}

TEST_CASE("total_size: one that its type cannot hold is refused on encode") {
    struct text {
        BOOST_HANA_DEFINE_STRUCT(text, (std::string, words));
    };

    using list = section_list<tintype::total_size<std::uint8_t>, tintype::tail<"words">>;
    CHECK(tintype::encode<list>(text{std::string(254, 'x')}).has_value());
    CHECK(said(tintype::encode<list>(text{std::string(255, 'x')})) ==
          "length_overflow in total_size @0 256/255");
}

TEST_CASE("checksum: an integral digest in the list's order, bytes as they stand") {
    using little = section_list<tintype::magic<"123456789">, tintype::checksum<tintype::crc32>>;
    using large = tintype::big_endian_section_list<tintype::magic<"123456789">,
                                                   tintype::checksum<tintype::crc32>>;
    using castagnoli =
        section_list<tintype::magic<"123456789">, tintype::checksum<tintype::crc32c>>;
    using bytewise = section_list<tintype::magic<"ab">, tintype::checksum<two_sums>>;
    const auto after = [](const auto& bytes) {
        return tintype::blob(bytes->begin() + 9, bytes->end());
    };
    CHECK(after(tintype::encode<little>(nothing{})) == blob_of({0x26, 0x39, 0xF4, 0xCB}));
    CHECK(after(tintype::encode<large>(nothing{})) == blob_of({0xCB, 0xF4, 0x39, 0x26}));
    CHECK(after(tintype::encode<castagnoli>(nothing{})) == blob_of({0x83, 0x92, 0x06, 0xE3}));
    CHECK(tintype::encode<bytewise>(nothing{}) == blob_of({'a', 'b', 195, 37}));

    static_assert(little::layout()[1].text == "crc32" && little::layout()[1].type == "u32");
    static_assert(bytewise::layout()[1].type == "array" && bytewise::layout()[1].size == 2);
    CHECK(decoded<bytewise>(blob_of({'a', 'b', 195, 37})).has_value());
    CHECK(said(decoded<bytewise>(blob_of({'a', 'b', 195, 38}))) ==
          "checksum_mismatch @2 " + std::to_string(195 * 256 + 38) + "/" +
              std::to_string(195 * 256 + 37));
    CHECK(said(decoded<large>(blob_of("123456789\xCB\xF4\x39\x27"))) ==
          "checksum_mismatch @9 3421780263/3421780262");
    CHECK(little::view<nothing>(blob_of("123456789\x26\x39\xF4\xCB"))->get<"checksum">() ==
          0xCBF43926U);
}

TEST_CASE("transient: takes no bytes and comes back as it begins") {
    struct cached {
        BOOST_HANA_DEFINE_STRUCT(cached, (std::uint8_t, kept), (std::vector<int>, cache));
    };

    using list = section_list<tintype::scalar<"kept", std::uint8_t>, tintype::transient<"cache">>;
    static_assert(tintype::describes<list, cached> && list::min_size == 1);
    const auto bytes = tintype::encode<list>(cached{.kept = 7, .cache = {1, 2, 3}});
    CHECK(bytes == blob_of({7}));
    const auto back = decoded<list, cached>(*bytes);
    REQUIRE(back.has_value());
    CHECK(back->kept == 7);
    CHECK(back->cache.empty());
}

TEST_CASE("count: a number that its type cannot hold is refused on encode") {
    struct numbers {
        BOOST_HANA_DEFINE_STRUCT(numbers, (std::vector<std::uint8_t>, some));
    };

    using counted_list =
        section_list<tintype::count<"some", std::uint8_t>,
                     tintype::records<"some", std::uint8_t, tintype::counted_apart>>;
    static_assert(counted_list::layout()[0].kind == tintype::field_kind::count);
    static_assert(counted_list::min_size == 1);
    CHECK(tintype::encode<counted_list>(numbers{std::vector<std::uint8_t>(255)}).has_value());
    CHECK(said(tintype::encode<counted_list>(numbers{std::vector<std::uint8_t>(256)})) ==
          "length_overflow in some @0 256/255");
}
