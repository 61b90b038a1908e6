#pragma once

// One body for each decoder, for libFuzzer and for the replay of its corpus in the normal tests. A
// body holds the library against a parser written by hand from the format's page, and against
// itself: what is accepted is written as the same bytes, and a view agrees. The program ends at the
// first property that does not hold.

#include <tintype/codec/section_list.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/formats/velesdb.hpp>
#include <tintype/hash/crc32.hpp>
#include <tintype/hash/hex.hpp>
#include <tintype/manager/names.hpp>
#include <tintype/storage/concept.hpp>

#include "naive.hpp"
#include "support/sealed.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tests::fuzz {

using tintype::blob;
using tintype::byte_view;

inline void must(bool holds, const char* property) {
    if (!holds) {
        std::fprintf(stderr, "does not hold: %s\n", property);
        std::abort();
    }
}

// The bytes as they are, and again under a right checksum: few inputs would have one by chance.
template <class Body>
void with_and_without_seal(byte_view bytes, Body body) {
    body(bytes);
    blob fixed(bytes.begin(), bytes.end());
    reseal(fixed);
    body(byte_view{fixed});
}

// What holds for any codec: an accepted input is the encoding of what was decoded, leniency never
// refuses more, and an error is somewhere in the bytes.
template <class Codec, class State>
tintype::result<State> decoded(byte_view bytes) {
    auto state = tintype::decode<Codec, State>(bytes);
    const auto accepting = tintype::decode<Codec, State>(
        bytes, {.trailing = tintype::trailing::accept, .integrity = tintype::integrity::skip});
    if (state) {
        const auto again = tintype::encode<Codec>(*state);
        must(again && std::ranges::equal(*again, bytes), "encode(decode(bytes)) == bytes");
        must(Codec::size(*state) == bytes.size(), "size(decode(bytes)) == size of bytes");
        must(accepting && *accepting == *state, "lenient options accept what strict ones do");
    } else {
        const auto offset = state.error().offset;
        must(offset == tintype::error::no_offset || offset <= bytes.size(), "errors are inside");
        must(state.error().code != tintype::errc{}, "errors have a code");
    }
    return state;
}

namespace velesdb = tintype::velesdb;

template <std::uint8_t Version>
void fuzz_vamm_version(byte_view bytes) {
    using codec = velesdb::vamm<Version>;
    const auto state = decoded<codec, velesdb::memory_state>(bytes);
    const auto naive = naive_vamm(bytes);
    must(state.has_value() == (naive && naive->version == Version), "vamm: naive agrees");
    const auto view = codec::template view<velesdb::memory_state>(bytes);
    must(view.has_value() == state.has_value(), "vamm: view agrees");
    if (!state) {
        must(view.error() == state.error(), "vamm: view has the same error");
        return;
    }
    const std::array<byte_view, 4> parts{state->semantic, state->episodic, state->procedural,
                                         state->ttl};
    const std::array<byte_view, 4> viewed{
        view->template get<"semantic">(), view->template get<"episodic">(),
        view->template get<"procedural">(), view->template get<"ttl">()};
    for (std::size_t i = 0; i != 4; ++i) {
        must(std::ranges::equal(parts[i], naive->parts[i]), "vamm: the naive payloads");
        must(viewed[i].data() == naive->parts[i].data() || viewed[i].empty(), "vamm: in place");
        must(std::ranges::equal(viewed[i], naive->parts[i]), "vamm: the viewed payloads");
    }
}

inline void fuzz_vamm(byte_view bytes) {
    with_and_without_seal(bytes, [](byte_view some) {
        fuzz_vamm_version<1>(some);
        fuzz_vamm_version<2>(some);
    });
}

inline void fuzz_vsnp(byte_view bytes) {
    with_and_without_seal(bytes, [](byte_view some) {
        using velesdb::payload_index, velesdb::vsnp;
        const auto index = decoded<vsnp, payload_index>(some);
        const auto naive = naive_vsnp(some);
        must(index.has_value() == naive.has_value(), "vsnp: naive agrees");
        const auto view = vsnp::view<payload_index>(some);
        must(view.has_value() == index.has_value(), "vsnp: view agrees");
        if (!index) {
            must(view.error() == index.error(), "vsnp: view has the same error");
            return;
        }
        must(index->wal_position == naive->wal_position, "vsnp: the naive position");
        must(view->get<"wal_position">() == naive->wal_position, "vsnp: the viewed position");
        must(std::ranges::equal(view->get<"entries">(), index->entries), "vsnp: viewed entries");
        must(std::ranges::equal(index->entries, naive->entries, {},
                                [](const velesdb::payload_entry& each) {
                                    return std::pair{each.id, each.offset};
                                }),
             "vsnp: the naive entries");
    });
}

// Both versions of VAMM, the older with a ttl table that must be one.
inline void fuzz_any_release(byte_view bytes) {
    with_and_without_seal(bytes, [](byte_view some) {
        using codec = velesdb::vamm_any<>;
        const auto state = tintype::decode<codec, velesdb::memory_state>(some);
        const auto naive = naive_vamm(some);
        const auto table = naive && naive->version == 1 ? naive_ttl_1(naive->parts[3])
                                                        : std::optional<naive_table>{};
        const bool good = naive && (naive->version == 2 ||
                                    (naive->version == 1 && (naive->parts[3].empty() || table)));
        must(state.has_value() == good, "releases: naive agrees");
        const auto view = codec::view<velesdb::memory_state>(some);
        must(view.has_value() == (naive && naive->version == 2), "releases: only new ones viewed");
        if (!state) {
            return;
        }
        must(std::ranges::equal(state->semantic, naive->parts[0]), "releases: payloads stay");
        if (table) {
            must(std::ranges::equal(state->ttl, migrated(*table)), "releases: three an entry");
        } else {
            must(std::ranges::equal(state->ttl, naive->parts[3]), "releases: ttl stays");
        }
        const auto newest = tintype::encode<codec>(*state);
        must(newest && tintype::decode<codec, velesdb::memory_state>(*newest) == *state,
             "releases: what was read is written in the newest version");
    });
}

// A list with a count apart, a total size and lists inside frames, in big-endian.
struct part {
    BOOST_HANA_DEFINE_STRUCT(part, (bool, on), (std::vector<std::uint16_t>, values));

    friend bool operator==(const part&, const part&) = default;
};

struct segment {
    BOOST_HANA_DEFINE_STRUCT(segment, (std::vector<part>, parts), (std::string, title));

    friend bool operator==(const segment&, const segment&) = default;
};

using part_list = tintype::big_endian_section_list<tintype::scalar<"on", bool>,
                                                   tintype::section<"values", std::uint8_t>>;
using segment_list =
    tintype::section_list<tintype::magic<"SG">, tintype::version<std::uint8_t, 1>,
                          tintype::count<"parts", std::uint16_t>,
                          tintype::total_size<std::uint16_t>,
                          tintype::frames<"parts", part_list, std::uint8_t, tintype::counted_apart>,
                          tintype::tail<"title">, tintype::checksum<tintype::crc32>>;

inline void fuzz_frames_list(byte_view bytes) {
    with_and_without_seal(bytes, [](byte_view some) {
        const auto state = decoded<segment_list, segment>(some);
        const auto naive = naive_segment(some);
        must(state.has_value() == naive.has_value(), "frames: naive agrees");
        const auto view = segment_list::view<segment>(some);
        must(view.has_value() || !state.has_value(), "frames: view accepts what decode does");
        const tintype::decode_options few{.limits = {.bytes = 8, .count = 2}};
        const auto limited = tintype::decode<segment_list, segment>(some, few);
        must(limited.has_value() == (naive && naive->longest <= 8 && naive->parts.size() <= 2),
             "frames: limits are kept");
        if (!state) {
            return;
        }
        must(std::ranges::equal(tintype::bytes_of(state->title), naive->title), "frames: title");
        must(state->parts.size() == naive->parts.size(), "frames: as many");
        std::size_t i = 0;
        for (const byte_view frame : view->get<"parts">()) {
            const auto& kept = state->parts[i];
            must(kept.on == naive->parts[i].on, "frames: the naive flag");
            must(kept.values == naive->parts[i].values, "frames: the naive values");
            must(tintype::decode<part_list, part>(frame) == kept, "frames: the viewed frame");
            ++i;
        }
        must(i == state->parts.size(), "frames: a view has as many");
    });
}

// Names of versions and of objects.
inline void fuzz_names(byte_view bytes) {
    using names = tintype::numbered<"s-", ".x", 3>;
    const auto text = tintype::text_of(bytes);
    const auto version = names::parse(text);
    must(version == naive_version(text), "names: naive agrees");
    if (version) {
        must(names::name(*version) == text, "names: a version has one name");
    }
    std::uint64_t number = 0;
    for (const std::byte byte : bytes.first(std::min<std::size_t>(bytes.size(), 8))) {
        number = number << 8U | std::to_integer<std::uint64_t>(byte);
    }
    must(names::parse(names::name(number)) == number, "names: every version has a name");
    must(tintype::good_name(names::name(number)).has_value(), "names: every version's is good");

    const auto good = tintype::good_name(text);
    must(good.has_value() == naive_good_name(text), "names: naive knows the good ones");
    must(good || good.error().code == tintype::errc::bad_name, "names: bad ones are called so");
    must(!version || good.has_value(), "names: a version's name is a good name");
}

inline void fuzz_hex(byte_view bytes) {
    const auto text = tintype::text_of(bytes);
    const auto number = tintype::from_hex<std::uint32_t>(text);
    const auto array = tintype::from_hex<std::array<std::byte, 4>>(text);
    const auto naive = naive_hex(text, 8);
    must(number == naive, "hex: naive agrees");
    must(number.has_value() == array.has_value(), "hex: numbers and bytes agree");
    std::string lower{text};
    for (char& c : lower) {
        c = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    if (number) {
        must(tintype::to_hex(*number) == lower, "hex: there and back, a number");
        must(tintype::to_hex(*array) == lower, "hex: there and back, bytes");
    }
}

} // namespace tests::fuzz
