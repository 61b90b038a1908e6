#pragma once

// The body for JSON: whatever is accepted is written and read again as the same text, in both
// layouts; a quick way and the general one agree; a value in canonical form is its own.

#include <tintype/codec/json.hpp>
#include <tintype/core/reflect.hpp>

#include "bodies.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tests::fuzz {

using json_numbers = std::map<std::string, double>;
using json_note = std::optional<std::string>;
using json_digest = tintype::omit_if_absent<std::string>;

struct json_state {
    BOOST_HANA_DEFINE_STRUCT(json_state, (std::string, id), (std::vector<float>, values),
                             (std::int32_t, count), (json_note, note), (json_numbers, numbers),
                             (tintype::json_value, metadata), (json_digest, digest));
};

template <class State>
void json_round_trip(byte_view bytes) {
    using compact = tintype::json<>;
    using pretty = tintype::json<tintype::serde_pretty_style>;
    const auto state = tintype::decode<compact, State>(bytes);
    if (!state) {
        must(state.error().offset <= bytes.size(), "a refusal has an offset in the text");
        return;
    }
    const auto text = tintype::encode<compact>(*state);
    must(text.has_value(), "what was read can be written");
    const auto again = tintype::decode<compact, State>(*text);
    must(again.has_value(), "what was written can be read");
    must(tintype::encode<compact>(*again) == text, "and is the same");
    const auto lines = tintype::encode<pretty>(*state);
    must(lines.has_value(), "what was read can be written in lines");
    const auto from_lines = tintype::decode<pretty, State>(*lines);
    must(from_lines.has_value(), "lines can be read");
    must(tintype::encode<compact>(*from_lines) == text, "and hold the same");
}

inline void fuzz_json(byte_view bytes) {
    json_round_trip<json_state>(bytes);
    json_round_trip<tintype::json_value>(bytes);
    json_round_trip<std::vector<float>>(bytes);
    const auto quick = tintype::decode<tintype::json<>, std::vector<float>>(bytes);
    const auto slow = tintype::decode<tintype::json<>, std::vector<std::optional<float>>>(bytes);
    if (quick) {
        must(slow.has_value(), "the quick way accepts no more than the other");
        must(std::vector<std::optional<float>>(quick->begin(), quick->end()) == *slow,
             "both ways give the same floats");
    }
}

} // namespace tests::fuzz
