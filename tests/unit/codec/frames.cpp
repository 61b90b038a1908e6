// Frames: one member, every element of a member or the whole state, each behind its length in an
// encoding of its own, and errors that say where in the whole object an inner encoding met them.

#include <tintype/codec/frames.hpp>
#include <tintype/codec/raw.hpp>
#include <tintype/codec/section_list.hpp>
#include <tintype/hash/crc32.hpp>

#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <vector>

namespace {

using tests::blob_of;
using tests::said;
using tintype::section_list;

template <class Text>
struct basic_action {
    BOOST_HANA_DEFINE_STRUCT(basic_action, (std::uint8_t, number), (Text, text));

    friend constexpr bool operator==(const basic_action&, const basic_action&) = default;
};

using action = basic_action<std::string>;

using action_list = section_list<tintype::magic<"A">, tintype::scalar<"number", std::uint8_t>,
                                 tintype::section<"text", std::uint8_t>>;

template <class Text>
struct basic_session {
    BOOST_HANA_DEFINE_STRUCT(basic_session, (std::vector<basic_action<Text>>, actions),
                             (Text, title));

    friend constexpr bool operator==(const basic_session&, const basic_session&) = default;
};

using session = basic_session<std::string>;

// Frames with their own count, and a frame behind them.
using plain = section_list<tintype::frames<"actions", action_list, std::uint8_t, std::uint8_t>,
                           tintype::frame<"title", tintype::raw_codec, std::uint16_t>>;

// A segment: magic, version, count apart, total size, frames, checksum, in the other byte order.
using segment = tintype::big_endian_section_list<
    tintype::magic<"SEG!">, tintype::version<std::uint16_t, 1>,
    tintype::count<"actions", std::uint32_t>, tintype::total_size<std::uint32_t>,
    tintype::frames<"actions", action_list, std::uint16_t, tintype::counted_apart>,
    tintype::section<"title", std::uint8_t>, tintype::checksum<tintype::crc32>>;

static_assert(tintype::describes<plain, session> && tintype::describes<segment, session>);
static_assert(plain::min_size == 3 && segment::min_size == 4 + 2 + 4 + 4 + 0 + 1 + 4);
static_assert(plain::layout()[0].prefix == "u8" && segment::layout()[4].prefix.empty());

const session sample{.actions = {{1, "ab"}, {2, ""}}, .title = "T"};

using blob_session = basic_session<tintype::blob>;

constexpr blob_session two_actions() {
    blob_session state;
    state.actions.push_back({1, blob_of("ab")});
    state.actions.push_back({2, blob_of("")});
    state.title = blob_of("T");
    return state;
}

// With blobs for texts, and without decoding frames: GCC 12 loses memory that moves twice in a
// constant expression.
constexpr bool frames_are_written_and_found() {
    const auto bytes = tintype::encode<plain>(two_actions());
    const auto view = plain::view<blob_session>(*bytes);
    const auto second = *++view->get<"actions">().begin();
    return bytes == blob_of({2, 5, 'A', 1, 2, 'a', 'b', 3, 'A', 2, 0, 1, 0, 'T'}) &&
           plain::size(two_actions()) == bytes->size() && second.size() == 3 &&
           tintype::decode<action_list, basic_action<tintype::blob>>(second)->number == 2;
}

static_assert(frames_are_written_and_found());

auto refusal(const tintype::blob& bytes, const tintype::decode_options& options = {}) {
    return said(tintype::decode<plain, session>(bytes, options));
}

// The whole state in a payload, under a checksum of the outer list.
using wrapped = section_list<tintype::magic<"W">, tintype::payload<action_list, std::uint8_t>,
                             tintype::checksum<tintype::crc32>>;
static_assert(tintype::describes<wrapped, action> && wrapped::min_size == 6);

} // namespace

TEST_CASE("frames: lists inside lists, in either order") {
    CHECK(frames_are_written_and_found());
    const auto little = tintype::encode<plain>(two_actions());
    const auto big = tintype::encode<segment>(two_actions());
    REQUIRE(little.has_value());
    REQUIRE(big.has_value());
    CHECK(segment::size(two_actions()) == big->size());
    CHECK(tintype::decode<plain, blob_session>(*little) == two_actions());
    CHECK(tintype::decode<segment, blob_session>(*big) == two_actions());
    for (const std::size_t many : {0U, 1U, 2U, 255U}) {
        session state{.actions = std::vector<action>(many, action{7, "x"}), .title = {}};
        const auto bytes = tintype::encode<plain>(state);
        REQUIRE(bytes.has_value());
        CHECK(tintype::decode<plain, session>(*bytes) == state);
    }
}

TEST_CASE("frames: a view walks the frames where they lie") {
    const auto bytes = tintype::encode<segment>(sample);
    REQUIRE(bytes.has_value());
    const auto view = segment::view<session>(*bytes);
    REQUIRE(view.has_value());
    const auto frames = view->get<"actions">();
    REQUIRE(frames.size() == 2);
    std::size_t index = 0;
    for (const tintype::byte_view frame : frames) {
        CHECK(frame.data() >= bytes->data());
        CHECK(tintype::decode<action_list, action>(frame) == sample.actions[index++]);
    }
    CHECK(index == 2);
    auto at = frames.begin();
    const auto first = at++;
    CHECK((*first).size() == 5);
    CHECK((*at).size() == 3);
    CHECK(++at == frames.end());
    CHECK(tintype::frames_view<std::endian::little, std::uint8_t>{}.begin() ==
          tintype::frames_view<std::endian::little, std::uint8_t>{}.end());
    CHECK(view->get<"title">() == "T");
}

TEST_CASE("frames: lengths and counts beyond the bytes left are refused") {
    // The second frame claims 4 bytes of its 3 and takes the title's length for its own.
    CHECK(refusal(blob_of({2, 5, 'A', 1, 2, 'a', 'b', 200, 'A', 2, 0, 1, 0, 'T'})) ==
          "truncated_section in actions @8 6/200");
    // 15 frames need 15 lengths, and 14 bytes are there.
    CHECK(refusal(blob_of({14, 5, 'A', 1, 2, 'a', 'b', 3, 'A', 2, 0, 1, 0, 'T'})) ==
          "truncated_section in actions @1 13/14");
    CHECK(refusal(blob_of({255, 0, 0})) == "truncated_section in actions @1 2/255");
    CHECK(refusal(blob_of({0, 2, 0, 'T'})) == "truncated_section in title @3 1/2");
    CHECK(refusal(blob_of({0, 0, 0, 'T'})) == "trailing_bytes @3 1/0");
}

TEST_CASE("frames: an inner error tells the part and the place in the whole object") {
    // A wrong magic in the second frame, which begins at offset 8.
    CHECK(refusal(blob_of({2, 5, 'A', 1, 2, 'a', 'b', 3, 'B', 2, 0, 1, 0, 'T'})) ==
          "invalid_magic in A @8 66/65");
    // A section inside the second frame that claims more than the frame has.
    CHECK(refusal(blob_of({2, 5, 'A', 1, 2, 'a', 'b', 3, 'A', 2, 9, 1, 0, 'T'})) ==
          "truncated_section in text @11 0/9");
    // Bytes left over inside the first frame: the inner list names no part, the outer does.
    CHECK(refusal(blob_of({1, 5, 'A', 1, 1, 'a', 'b', 0, 0})) ==
          "trailing_bytes in actions @6 1/0");
    CHECK(refusal(blob_of({1, 2, 'A', 1, 0, 0})) == "truncated in actions 2/3");
    CHECK(refusal(blob_of({1, 5, 'A', 1, 1, 'a', 'b', 0, 0}),
                  {.trailing = tintype::trailing::accept}) == "no error");
}

TEST_CASE("frames: limits of frames and of their bytes") {
    const auto bytes = tintype::encode<plain>(sample);
    REQUIRE(bytes.has_value());
    CHECK(refusal(*bytes, {.limits = {.bytes = 5, .count = 2}}) == "no error");
    CHECK(refusal(*bytes, {.limits = {.count = 1}}) == "limit_exceeded in actions @0 2/1");
    CHECK(refusal(*bytes, {.limits = {.bytes = 4}}) == "limit_exceeded in actions @1 5/4");
    // Inside a frame the limits hold as well.
    CHECK(said(tintype::decode<wrapped, action>(*tintype::encode<wrapped>(action{1, "abc"}),
                                                {.limits = {.bytes = 5}})) ==
          "limit_exceeded in payload @1 6/5");
    CHECK(said(tintype::decode<plain, session>(blob_of({0, 3, 0, 'a', 'b', 'c'}),
                                               {.limits = {.bytes = 2}})) ==
          "limit_exceeded in title @1 3/2");
}

TEST_CASE("frames: a length or count that its type cannot hold is refused on encode") {
    session state{.actions = {{1, std::string(252, 'x')}}, .title = {}};
    CHECK(tintype::encode<plain>(state).has_value());
    state.actions[0].text += 'x';
    CHECK(said(tintype::encode<plain>(state)) == "length_overflow in actions @1 256/255");
    state.actions.assign(256, {});
    CHECK(said(tintype::encode<plain>(state)) == "length_overflow in actions @0 256/255");
    CHECK(said(tintype::encode<plain>(session{.actions = {}, .title = std::string(65536, 'x')})) ==
          "length_overflow in title @1 65536/65535");
}

TEST_CASE("frames: counts and total sizes that lie under a right checksum") {
    const auto good = tintype::encode<segment>(sample);
    REQUIRE(good.has_value());
    const auto with = [&](std::size_t at, unsigned byte) {
        auto bytes = *good;
        bytes[at] = static_cast<std::byte>(byte);
        const auto body = tintype::byte_view{bytes}.first(bytes.size() - 4);
        tintype::store<std::endian::big>(bytes.data() + body.size(),
                                         tintype::hash_of<tintype::crc32>(body));
        return said(tintype::decode<segment, session>(bytes));
    };
    CHECK(good->size() == 32);
    CHECK(with(9, 2) == "no error");
    // One frame fewer: the next one's length is taken for an empty title. One more: the title is
    // taken for a length.
    CHECK(with(9, 1) == "trailing_bytes @22 6/0");
    CHECK(with(9, 3) == "truncated_section in actions @28 0/340");
    CHECK(with(9, 255) == "truncated_section in actions @14 14/510");
    CHECK(with(13, 33) == "truncated in total_size @10 32/33");
    CHECK(with(13, 31) == "trailing_bytes in total_size @31 1/0");
    CHECK(with(13, 0) == "trailing_bytes in total_size @0 32/0");
}

TEST_CASE("payload: the whole state in an encoding of its own") {
    const action state{5, "hello"};
    const auto bytes = tintype::encode<wrapped>(state);
    REQUIRE(bytes.has_value());
    CHECK(bytes->size() == wrapped::size(state));
    CHECK(tintype::byte_view{*bytes}.subspan(2, 8).size() == action_list::size(state));
    CHECK(tintype::decode<wrapped, action>(*bytes) == state);
    const auto view = wrapped::view<action>(*bytes);
    REQUIRE(view.has_value());
    CHECK(tintype::decode<action_list, action>(view->get<"payload">()) == state);
}

TEST_CASE("frame: an inner checksum is the inner list's own") {
    struct box {
        BOOST_HANA_DEFINE_STRUCT(box, (action, inner));
    };

    using outer = section_list<tintype::frame<"inner", wrapped, std::uint8_t>>;
    const auto bytes = tintype::encode<outer>(box{{5, "hi"}});
    REQUIRE(bytes.has_value());
    CHECK(tintype::decode<outer, box>(*bytes)->inner == action{5, "hi"});
    auto bad = *bytes;
    bad[4] ^= std::byte{1};
    const auto refused = tintype::decode<outer, box>(bad);
    REQUIRE(!refused.has_value());
    CHECK(refused.error().code == tintype::errc::checksum_mismatch);
    CHECK(refused.error().where.view() == "inner");
    CHECK(refused.error().offset == bytes->size() - 4);
}

TEST_CASE("frames: any sequence with push_back will do") {
    struct linked {
        BOOST_HANA_DEFINE_STRUCT(linked, (std::list<std::string>, words));
    };

    using list =
        section_list<tintype::frames<"words", tintype::raw_codec, std::uint8_t, std::uint8_t>>;
    const auto bytes = tintype::encode<list>(linked{{"a", "", "bc"}});
    CHECK(bytes == blob_of({3, 1, 'a', 0, 2, 'b', 'c'}));
    const auto back = tintype::decode<list, linked>(*bytes);
    REQUIRE(back.has_value());
    CHECK(back->words == std::list<std::string>{"a", "", "bc"});
}
