#pragma once

// A message with every kind of field that protobuf has here, as tests/golden/protobuf/kinds.proto
// says it, and values of it.

#include <tintype/core/bytes.hpp>
#include <tintype/core/reflect.hpp>

#include "bytes.hpp"

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tests::protobuffed {

enum class colour : std::int32_t { none = 0, red = 1, blue = 1000, back = -1 };

struct inner {
    BOOST_HANA_DEFINE_STRUCT(inner, (std::string, name), (std::int32_t, level));
    bool operator==(const inner&) const = default;
};

struct kinds {
    using totals_map = std::map<std::string, std::uint64_t>;
    using levels_map = std::map<std::int32_t, inner>;
    using answers_map = std::map<bool, std::string>;
    BOOST_HANA_DEFINE_STRUCT(kinds, (bool, flag), (std::int32_t, small), (std::int64_t, wide),
                             (std::uint32_t, count), (std::uint64_t, total), (float, ratio),
                             (double, exact), (colour, tint), (std::string, text),
                             (tintype::blob, data), (inner, one), (std::optional<inner>, perhaps),
                             (std::optional<std::uint32_t>, told),
                             (std::optional<std::string>, said), (std::optional<bool>, asked),
                             (std::vector<std::int64_t>, numbers), (std::vector<bool>, flags),
                             (std::vector<float>, ratios), (std::vector<double>, exacts),
                             (std::vector<colour>, tints), (std::vector<std::string>, texts),
                             (std::vector<std::vector<std::byte>>, blobs),
                             (std::vector<inner>, several), (totals_map, totals),
                             (levels_map, levels), (answers_map, answers));
    bool operator==(const kinds&) const = default;
};

inline kinds full_kinds() {
    kinds all{};
    all.flag = true;
    all.small = -2;
    all.wide = -9'000'000'000;
    all.count = 300;
    all.total = 16384;
    all.ratio = 1.5F;
    all.exact = -0.1;
    all.tint = colour::blue;
    all.text = "na\xc3\xafve \xf0\x9f\x98\x80";
    all.data = blob_of({0, 1, 255});
    all.one = {"in", 1};
    all.perhaps.emplace();
    all.told = 0;
    all.said.emplace();
    all.asked = false;
    all.numbers = {0, 1, -1, 127, 128, std::numeric_limits<std::int64_t>::max()};
    all.flags = {true, false, true};
    all.ratios = {0.0F, -2.5F};
    all.exacts = {1e300};
    all.tints = {colour::red, colour::none, colour::back, colour{77}};
    all.texts = {"", "one", "two"};
    all.blobs = {{std::byte{0}}, {}};
    all.several = {{}, {"second", -5}};
    all.totals = {{"", 0}, {"a", 1}, {"b", std::numeric_limits<std::uint64_t>::max()}};
    all.levels = {{-1, {"below", 0}}, {7, {}}};
    all.answers = {{false, "no"}, {true, "yes"}};
    return all;
}

inline kinds edge_kinds() {
    kinds all{};
    all.small = std::numeric_limits<std::int32_t>::min();
    all.wide = std::numeric_limits<std::int64_t>::min();
    all.count = std::numeric_limits<std::uint32_t>::max();
    all.total = std::numeric_limits<std::uint64_t>::max();
    all.ratio = -0.0F;
    all.exact = std::numeric_limits<double>::infinity();
    all.tint = colour::back;
    all.text = std::string(1, '\0');
    all.perhaps = inner{"", std::numeric_limits<std::int32_t>::max()};
    all.told = std::numeric_limits<std::uint32_t>::max();
    all.asked = true;
    all.ratios = {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()};
    all.exacts = {-0.0, 5e-324};
    return all;
}

} // namespace tests::protobuffed
