// The laws of a codec over lists with and without checksum, in both orders, nested and in releases,
// over raw bytes, over VelesDB's two files, and over a codec that a user might write.

#include "codec.hpp"

#include <tintype/codec/raw.hpp>
#include <tintype/codec/releases.hpp>
#include <tintype/codec/section_list.hpp>
#include <tintype/formats/velesdb.hpp>
#include <tintype/hash/crc32.hpp>
#include <tintype/hash/crc32c.hpp>

#include "../../examples/policies.hpp"
#include "support/bytes.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace models {

using tests::blob_of;
using tintype::section_list;

// Every kind of field at once, in either order.
struct pixel {
    BOOST_HANA_DEFINE_STRUCT(pixel, (std::uint8_t, red), (std::uint16_t, depth));

    friend constexpr bool operator==(const pixel&, const pixel&) = default;
};

struct everything {
    using triple = std::array<std::int16_t, 3>;
    BOOST_HANA_DEFINE_STRUCT(everything, (std::uint32_t, number), (triple, three),
                             (std::string, text), (std::vector<std::uint32_t>, numbers),
                             (std::vector<pixel>, pixels), (std::vector<std::string>, lines),
                             (std::uint64_t, groups), (tintype::blob, rest));

    friend bool operator==(const everything&, const everything&) = default;
};

template <std::endian Order>
using everything_list = tintype::basic_section_list<
    Order, tintype::magic<"ALL">, tintype::version<std::uint16_t, 2>,
    tintype::count<"pixels", std::uint8_t>, tintype::total_size<std::uint32_t>,
    tintype::scalar<"number", std::uint32_t>, tintype::scalar<"three", everything::triple>,
    tintype::section<"text", std::uint8_t>, tintype::section<"numbers", std::uint16_t>,
    tintype::records<"pixels", pixel, tintype::counted_apart>,
    tintype::frames<"lines", tintype::raw_codec, std::uint8_t, std::uint8_t>,
    policies::varint<"groups">, tintype::tail<"rest">, tintype::checksum<tintype::crc32>>;

template <class View>
bool same_as_viewed(const View& view, const everything& state) {
    std::vector<std::string> lines;
    for (const tintype::byte_view line : view.template get<"lines">()) {
        lines.emplace_back(tintype::text_of(line));
    }
    return view.template get<"number">() == state.number &&
           view.template get<"three">() == state.three &&
           view.template get<"text">() == state.text &&
           std::ranges::equal(view.template get<"numbers">(), state.numbers) &&
           std::ranges::equal(view.template get<"pixels">(), state.pixels) &&
           lines == state.lines && view.template get<"groups">() == state.groups &&
           std::ranges::equal(view.template get<"rest">(), state.rest);
}

everything full() {
    return {.number = 7,
            .three = {1, -2, 3},
            .text = "text",
            .numbers = {1, 0xFFFFFFFF},
            .pixels = {{1, 2}, {3, 4}},
            .lines = {"one", "", "three"},
            .groups = 300,
            .rest = blob_of("rest")};
}

// No header and no checksum: what stands in it is believed, but its end is known.
struct bare {
    BOOST_HANA_DEFINE_STRUCT(bare, (std::uint16_t, number), (std::vector<std::uint16_t>, values));

    friend bool operator==(const bare&, const bare&) = default;
};

using bare_list = section_list<tintype::scalar<"number", std::uint16_t>,
                               tintype::section<"values", std::uint8_t>>;

template <class View>
bool same_as_viewed(const View& view, const bare& state) {
    return view.template get<"number">() == state.number &&
           std::ranges::equal(view.template get<"values">(), state.values);
}

// Lists inside a list: an inner one has no checksum, the outer one's covers it.
struct segment {
    BOOST_HANA_DEFINE_STRUCT(segment, (std::vector<bare>, parts));

    friend bool operator==(const segment&, const segment&) = default;
};

using segment_list =
    section_list<tintype::magic<"SEGM">, tintype::count<"parts", std::uint32_t>,
                 tintype::total_size<>,
                 tintype::frames<"parts", bare_list, std::uint32_t, tintype::counted_apart>,
                 tintype::checksum<tintype::crc32c>>;

using payload_list = section_list<tintype::payload<bare_list>, tintype::checksum<tintype::crc32>>;

// A payload is viewed as its bytes.
bool same_as_viewed(const tintype::view_of<payload_list, bare>& view, const bare& state) {
    return tintype::decode<bare_list, bare>(view.get<"payload">()) == state;
}

// A user's own codec, that is no list and knows no view: numbers in text, one a line, with a sum.
struct lines_with_sum {
    using state_type = std::vector<std::uint8_t>;

    static std::string text_of(const state_type& numbers) {
        std::string text;
        unsigned sum = 0;
        for (const std::uint8_t number : numbers) {
            text += std::to_string(number) + "\n";
            sum += number;
        }
        return text + "=" + std::to_string(sum) + "\n";
    }

    template <tintype::byte_sink Sink>
    static tintype::result<void> encode(const state_type& numbers, Sink& sink) {
        return sink.write(tintype::bytes_of(text_of(numbers)));
    }

    template <class State>
    static tintype::result<state_type> decode(tintype::byte_view bytes,
                                              const tintype::decode_options& = {}) {
        state_type numbers;
        unsigned value = 0;
        for (const char c : tintype::text_of(bytes)) {
            if (c == '\n') {
                numbers.push_back(static_cast<std::uint8_t>(value));
                value = 0;
            } else if (c >= '0' && c <= '9') {
                value = value * 10 + static_cast<unsigned>(c - '0');
            }
        }
        if (!numbers.empty()) {
            numbers.pop_back(); // the sum's line
        }
        // One text for each state: whatever does not come out the same is refused.
        if (text_of(numbers) != tintype::text_of(bytes)) {
            return tintype::fail({.code = tintype::errc::invalid_value});
        }
        return numbers;
    }
};

using tintype::velesdb::memory_state;
using tintype::velesdb::payload_index;

// A checksummed format in two releases, of which the older one is also read.
struct same_again {
    tintype::result<bare> operator()(bare&& old) const { return std::move(old); }
};

template <std::uint8_t Version>
using bare_release =
    section_list<tintype::magic<"REL">, tintype::version<std::uint8_t, Version>,
                 tintype::scalar<"number", std::uint16_t>, tintype::section<"values", std::uint8_t>,
                 tintype::checksum<tintype::crc32>>;

using bare_releases = tintype::releases<tintype::release<bare_release<1>, bare, same_again>,
                                        tintype::release<bare_release<6>, bare>>;

} // namespace models

namespace tintype::velesdb {

template <class View>
bool same_as_viewed(const View& view, const memory_state& state) {
    return std::ranges::equal(view.template get<"semantic">(), state.semantic) &&
           std::ranges::equal(view.template get<"episodic">(), state.episodic) &&
           std::ranges::equal(view.template get<"procedural">(), state.procedural) &&
           std::ranges::equal(view.template get<"ttl">(), state.ttl);
}

template <class View>
bool same_as_viewed(const View& view, const payload_index& state) {
    return view.template get<"wal_position">() == state.wal_position &&
           std::ranges::equal(view.template get<"entries">(), state.entries);
}

} // namespace tintype::velesdb

using namespace models;
using tintype::laws::codec_laws;

TEST_CASE("laws: a list of every field is a codec, in either order") {
    static_assert(tintype::laws::comparable_view<
                  tintype::view_of<everything_list<std::endian::little>, everything>, everything>);
    codec_laws<everything_list<std::endian::little>>({everything{}, full()});
    codec_laws<everything_list<std::endian::big>>({everything{}, full()});
}

TEST_CASE("laws: a list without header and checksum is a codec") {
    codec_laws<bare_list>({bare{}, bare{1, {2}}, bare{3, {4, 5, 6}}}, {.has_checksum = false});
}

TEST_CASE("laws: a list of lists is a codec") {
    codec_laws<segment_list>({segment{}, segment{{{1, {2}}, {}, {3, {4, 5}}}}});
    codec_laws<payload_list>({bare{}, bare{1, {2, 3}}});
}

TEST_CASE("laws: raw bytes, texts and numbers are a codec") {
    constexpr tintype::laws::codec_promises none{.knows_its_end = false, .has_checksum = false};
    codec_laws<tintype::raw_codec>({tintype::blob{}, tests::noise(20)}, none);
    codec_laws<tintype::raw_codec>({std::string("text")}, none);
    codec_laws<tintype::basic_raw<std::endian::big>>({std::vector<std::uint16_t>{1, 0x0203}}, none);
}

TEST_CASE("laws: VelesDB's files are codecs") {
    const memory_state some{.semantic = tests::noise(5),
                            .episodic = {},
                            .procedural = tests::noise(1),
                            .ttl = tests::noise(25)};
    codec_laws<tintype::velesdb::vamm<1>>({memory_state{}, some});
    codec_laws<tintype::velesdb::vamm<2>>({memory_state{}, some});
    codec_laws<tintype::velesdb::vsnp>(
        {payload_index{}, payload_index{.wal_position = 1, .entries = {{2, 3}, {4, 5}}}});
}

TEST_CASE("laws: releases are a codec") {
    codec_laws<bare_releases>({bare{}, bare{3, {4, 5, 6}}});
    // The only flips that lead to VAMM's other version break the checksum.
    codec_laws<tintype::velesdb::vamm_any<>>({memory_state{}}, {.views_check_all = false});
}

TEST_CASE("laws: a user's codec") {
    static_assert(!tintype::sized_codec<lines_with_sum, lines_with_sum::state_type>);
    codec_laws<lines_with_sum>(
        {lines_with_sum::state_type{}, lines_with_sum::state_type{1, 20, 255}},
        {.has_checksum = false});
}
