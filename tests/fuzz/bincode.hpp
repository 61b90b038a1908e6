#pragma once

// The body for bincode: a reader written from the format's page accepts the same and reads the
// same, whatever is accepted has one encoding but for the order of keys, and a view is refused for
// the same reason. The first byte of the input says which width is meant.

#include <tintype/codec/bincode.hpp>

#include "bodies.hpp"
#include "support/bincode_values.hpp"

#include <algorithm>
#include <string>

namespace tests::fuzz {

template <class Codec>
void bincode_round_trip(byte_view bytes, bool variable) {
    using bincoded::mixture;
    const auto read = tintype::decode<Codec, mixture>(bytes);
    const auto viewed = Codec::template view<mixture>(bytes);
    const auto lenient =
        tintype::decode<Codec, mixture>(bytes, {.trailing = tintype::trailing::accept});
    const auto naive = naive_bincode(bytes, variable).read(bincoded::schema_of_mixture());
    const bool twice = !read && read.error().code == tintype::errc::duplicate;
    if (!read) {
        must(read.error().code != tintype::errc{}, "bincode: a refusal has a code");
        must(read.error().offset <= bytes.size(), "bincode: a refusal is in the bytes");
        must(twice || (!viewed && viewed.error() == read.error()),
             "bincode: a view is refused for the same reason");
    } else {
        must(viewed.has_value(), "bincode: what is read can be viewed");
        must(viewed->bytes().size() == bytes.size(), "bincode: a view ends where the bytes do");
        must(viewed->template get<"name">() == read->name, "bincode: a view shows the same");
        must(Codec::size(*read) == bytes.size(), "bincode: the size is told");
        // The naive reader's sets are lists: it does not know their order, nor what comes twice.
        must(naive.has_value(), "bincode: naive accepts what is read");
        must(read->some.size() > 1 || *naive == bincoded::said_of(*read), "bincode: naive agrees");
    }
    must(!naive || read || twice, "bincode: what naive accepts is read");
    if (lenient) {
        const auto again = tintype::encode<Codec>(*lenient);
        must(again && again->size() <= bytes.size(), "bincode: what was read can be written");
        const bool other_order = lenient->some.size() > 1 || lenient->by_name.size() > 1 ||
                                 lenient->by_number.size() > 1;
        must(other_order || std::ranges::equal(*again, bytes.first(again->size())),
             "bincode: a value has one encoding");
        const auto sorted = tintype::decode<Codec, mixture>(*again);
        must(sorted && tintype::encode<Codec>(*sorted) == *again, "bincode: there and back");
    }
}

inline void fuzz_bincode(byte_view bytes) {
    if (bytes.empty()) {
        return;
    }
    const bool variable = std::to_integer<unsigned>(bytes[0]) % 2 != 0;
    const blob input(bytes.begin() + 1, bytes.end());
    if (variable) {
        bincode_round_trip<tintype::bincode_variable>(input, true);
    } else {
        bincode_round_trip<tintype::bincode_fixed>(input, false);
    }
}

} // namespace tests::fuzz
