// A list as a whole: the fixed order of refusals, what may be skipped and accepted, watching and
// stopping, descriptions, and lists without a header or with a user's own field.

#include <tintype/codec/concept.hpp>
#include <tintype/codec/section_list.hpp>
#include <tintype/hash/crc32.hpp>

#include "../../../examples/policies.hpp"
#include "support/bytes.hpp"
#include "support/said.hpp"
#include "support/sealed.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace {

using tests::blob_of;
using tests::said;
using tests::sealed;
using tintype::section_list;

struct pair {
    BOOST_HANA_DEFINE_STRUCT(pair, (tintype::blob, a), (tintype::blob, b));

    friend constexpr bool operator==(const pair&, const pair&) = default;
};

using list = section_list<tintype::magic<"PAIR">, tintype::version<std::uint8_t, 3>,
                          tintype::section<"a", std::uint8_t>, tintype::section<"b", std::uint8_t>,
                          tintype::checksum<tintype::crc32>>;

static_assert(tintype::describes<list, pair>);
static_assert(tintype::viewable_codec<list, pair> && tintype::sized_codec<list, pair>);
static_assert(list::min_size == 4 + 1 + 1 + 1 + 4 && !list::fixed_size);
static_assert(list::order == std::endian::little);
static_assert(std::same_as<list::hash, tintype::crc32>);
static_assert(list::stores("a") && !list::stores("magic") && !list::stores("c"));
static_assert(list::index_of("b") == 3 && list::index_of("c") == 5);
static_assert(list::layout()[1].offset == 4 && list::layout()[2].offset == 5);
static_assert(!list::layout()[3].offset && !list::layout()[4].offset);
static_assert(!list::layout()[2].size && list::layout()[4].size == 4);
static_assert(list::version_layout().number == 3 && list::version_layout().offset == 4);

constexpr bool goes_there_and_back() {
    const pair state{.a = blob_of("xyz"), .b = blob_of("")};
    const auto bytes = tintype::encode<list>(state);
    const auto view = list::view<pair>(*bytes);
    return bytes == sealed(blob_of({'P', 'A', 'I', 'R', 3, 3, 'x', 'y', 'z', 0})) &&
           list::size(state) == 14 && tintype::decode<list, pair>(*bytes) == state &&
           view->get<"a">().size() == 3 && view->get<"b">().empty() &&
           view->get<"version">() == 3 && list::version_of(*bytes) == 3;
}

static_assert(goes_there_and_back());

auto refusal(const tintype::blob& bytes, const tintype::decode_options& options = {}) {
    const auto decoded = said(tintype::decode<list, pair>(bytes, options));
    CHECK(said(list::view<pair>(bytes, options)) == decoded);
    CHECK(said(list::parse(bytes, options)) == decoded);
    return decoded;
}

struct numbered_text {
    BOOST_HANA_DEFINE_STRUCT(numbered_text, (std::uint64_t, number), (tintype::blob, text));

    friend constexpr bool operator==(const numbered_text&, const numbered_text&) = default;
};

// No magic, no version, no checksum: a number and what is left.
using bare = section_list<policies::varint<"number">, tintype::tail<"text">>;
static_assert(tintype::field<policies::varint<"number">> &&
              tintype::describes<bare, numbered_text>);
static_assert(bare::min_size == 1 && std::same_as<bare::hash, tintype::no_hash>);

constexpr bool a_users_field_stands_in_a_list() {
    for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128},
                                       std::uint64_t{16384}, ~std::uint64_t{0}}) {
        const numbered_text state{.number = number, .text = blob_of("t")};
        const auto bytes = tintype::encode<bare>(state);
        if (bytes->size() != bare::size(state) ||
            tintype::decode<bare, numbered_text>(*bytes) != state ||
            bare::view<numbered_text>(*bytes)->get<"number">() != number) {
            return false;
        }
    }
    return true;
}

static_assert(a_users_field_stands_in_a_list());

} // namespace

TEST_CASE("section_list: goes there and back") {
    CHECK(goes_there_and_back());
}

TEST_CASE("section_list: refusals come in a fixed order") {
    // Each line cures the first thing that was wrong in the line before it.
    CHECK(refusal(blob_of("PAXX\x09\x09\x09\x09\x09\x09")) == "truncated 10/11");
    CHECK(refusal(blob_of("PAXX\x09\x09\x09\x09\x09\x09\x09")) ==
          "invalid_magic in PAIR @0 " + std::to_string(0x50415858) + "/" +
              std::to_string(0x50414952));
    CHECK(refusal(blob_of("PAIR\x09\x09\x09\x09\x09\x09\x09")) ==
          "unsupported_version in version @4 9/3");
    auto bytes = blob_of("PAIR\x03\x09\x09\x09\x09\x09\x09");
    const auto stored = std::to_string(0x09090909);
    const auto computed =
        std::to_string(tintype::hash_of<tintype::crc32>(tintype::byte_view{bytes}.first(7)));
    CHECK(refusal(bytes) == "checksum_mismatch @7 " + stored + "/" + computed);
    tests::reseal(bytes);
    CHECK(refusal(bytes) == "truncated_section in a @6 1/9");
    CHECK(refusal(sealed(blob_of({'P', 'A', 'I', 'R', 3, 1, 'x', 9}))) ==
          "truncated_section in b @8 0/9");
    // The second section's own length is missing.
    CHECK(refusal(sealed(blob_of({'P', 'A', 'I', 'R', 3, 2, 'x', 9}))) ==
          "truncated_section in b @8 0/1");
    CHECK(refusal(sealed(blob_of({'P', 'A', 'I', 'R', 3, 0, 0, 9, 9}))) == "trailing_bytes @7 2/0");
    CHECK(refusal(sealed(blob_of({'P', 'A', 'I', 'R', 3, 0, 0}))) == "no error");
}

TEST_CASE("section_list: limits are looked at behind the checksum and the lengths") {
    const auto good = sealed(blob_of({'P', 'A', 'I', 'R', 3, 2, 'x', 'y', 0}));
    const tintype::decode_options one{.limits = {.bytes = 1}};
    CHECK(refusal(good, one) == "limit_exceeded in a @5 2/1");
    auto bad = good;
    bad.back() ^= std::byte{1};
    CHECK(refusal(bad, one).starts_with("checksum_mismatch @9"));
    CHECK(refusal(good, {.limits = {.bytes = 2}}) == "no error");
}

TEST_CASE("section_list: trailing bytes are accepted only when asked, and only behind the fields") {
    const auto more = sealed(blob_of({'P', 'A', 'I', 'R', 3, 1, 'x', 0, 7, 8, 9}));
    const tintype::decode_options accept{.trailing = tintype::trailing::accept};
    CHECK(refusal(more) == "trailing_bytes @8 3/0");
    CHECK(refusal(more, accept) == "no error");
    CHECK(tintype::decode<list, pair>(more, accept)->a == blob_of("x"));
    // Behind the checksum nothing may stand: the last four bytes are the checksum.
    auto behind = sealed(blob_of({'P', 'A', 'I', 'R', 3, 1, 'x', 0}));
    behind.push_back(std::byte{0});
    CHECK(refusal(behind, accept).starts_with("checksum_mismatch @9"));
}

TEST_CASE("section_list: integrity may be skipped, and then nothing but the checksum is believed") {
    auto bytes = sealed(blob_of({'P', 'A', 'I', 'R', 3, 1, 'x', 0}));
    bytes[6] = std::byte{'z'};
    const tintype::decode_options skip{.integrity = tintype::integrity::skip};
    CHECK(refusal(bytes).starts_with("checksum_mismatch @8"));
    CHECK(refusal(bytes, skip) == "no error");
    CHECK(tintype::decode<list, pair>(bytes, skip)->a == blob_of("z"));
    bytes[5] = std::byte{9};
    CHECK(refusal(bytes, skip) == "truncated_section in a @6 2/9");
    bytes[4] = std::byte{9};
    CHECK(refusal(bytes, skip) == "unsupported_version in version @4 9/3");
}

TEST_CASE("section_list: verification is watched in pieces, and stopped between them") {
    constexpr std::size_t piece = std::size_t{4} << 20U;

    struct large {
        BOOST_HANA_DEFINE_STRUCT(large, (tintype::blob, x));
    };

    using big = section_list<tintype::section<"x">, tintype::checksum<tintype::crc32>>;
    const auto bytes = tintype::encode<big>(large{tests::noise(2 * piece)});
    REQUIRE(bytes.has_value());
    const auto total = bytes->size() - 4;

    std::vector<std::pair<std::uint64_t, std::uint64_t>> told;
    std::stop_source stop;
    auto note = [&](tintype::progress now) {
        told.emplace_back(now.done, now.total);
        if (now.done >= 2 * piece) {
            stop.request_stop();
        }
    };
    const tintype::monitor watching{note};
    CHECK(tintype::decode<big, large>(*bytes, {.watch = &watching}).has_value());
    const std::vector<std::pair<std::uint64_t, std::uint64_t>> expected{
        {piece, total}, {2 * piece, total}, {total, total}};
    CHECK(told == expected);

    const tintype::monitor stopping{note, stop.get_token()};
    told.clear();
    CHECK(said(tintype::decode<big, large>(*bytes, {.watch = &stopping})) ==
          "cancelled " + std::to_string(piece) + "/" + std::to_string(total));
    stop = std::stop_source{};
    const tintype::monitor later{note, stop.get_token()};
    told.clear();
    CHECK(said(big::view<large>(*bytes, {.watch = &later})) ==
          "cancelled " + std::to_string(2 * piece) + "/" + std::to_string(total));
    CHECK(told.size() == 2);
}

TEST_CASE("section_list: a user's field stands beside the others") {
    CHECK(a_users_field_stands_in_a_list());
    CHECK(tintype::encode<bare>(numbered_text{300, blob_of("t")}) == blob_of({0xAC, 2, 't'}));
    const auto refused = [](const tintype::blob& bytes) {
        return said(tintype::decode<bare, numbered_text>(bytes));
    };
    CHECK(refused({}) == "truncated 0/1");
    CHECK(refused(blob_of({0x80})) == "truncated_section in number @1 0/1");
    CHECK(refused(blob_of({0x80, 0})) == "invalid_value in number @0 0/1");
    CHECK(refused(tintype::blob(11, std::byte{0xFF})) == "invalid_value in number @0 255/1");
    CHECK(refused(blob_of({5})) == "no error");
}

TEST_CASE("section_list: a list of fixed fields is exactly as long as they are") {
    struct point {
        BOOST_HANA_DEFINE_STRUCT(point, (std::uint16_t, x), (std::uint16_t, y));
    };

    using fixed =
        section_list<tintype::scalar<"y", std::uint16_t>, tintype::scalar<"x", std::uint16_t>>;
    static_assert(fixed::fixed_size && fixed::min_size == 4);
    static_assert(fixed::layout()[1].offset == 2);
    // In the list's order, whatever the order of the members.
    CHECK(tintype::encode<fixed>(point{.x = 1, .y = 2}) == blob_of({2, 0, 1, 0}));
    for (std::size_t size = 0; size != 8; ++size) {
        const auto bytes = tests::noise(size);
        const auto expected = size < 4   ? "truncated " + std::to_string(size) + "/4"
                              : size > 4 ? "trailing_bytes @4 " + std::to_string(size - 4) + "/0"
                                         : std::string("no error");
        CHECK(said(tintype::decode<fixed, point>(bytes)) == expected);
    }
}

TEST_CASE("section_list: the encoder's error is the first one, and nothing follows it") {
    const pair state{.a = tintype::blob(256), .b = tintype::blob(300)};
    CHECK(said(tintype::encode<list>(state)) == "length_overflow in a @5 256/255");
    tintype::blob bytes;
    tintype::blob_sink sink{bytes};
    CHECK(said(list::encode(state, sink)) == "length_overflow in a @5 256/255");
    CHECK(bytes == blob_of({'P', 'A', 'I', 'R', 3}));
}

TEST_CASE("section_list: an empty view can be made and assigned") {
    tintype::view_of<list, pair> view;
    CHECK(view.get<"a">().empty());
    const auto bytes = tintype::encode<list>(pair{.a = blob_of("x"), .b = {}});
    view = *list::view<pair>(*bytes);
    CHECK(view.get<"a">().data() == bytes->data() + 6);
}
