// What the fragments of README.md take for granted.
#pragma once

#include <tintype/chain/chain_manager.hpp>
#include <tintype/chain/part_store.hpp>
#include <tintype/core/or_throw.hpp>
#include <tintype/delta/store.hpp>

#include <map>
#include <string>
#include <vector>

struct item {
    BOOST_HANA_DEFINE_STRUCT(item, (std::string, text), (std::vector<float>, values));
};

struct reading {
    BOOST_HANA_DEFINE_STRUCT(reading, (std::uint64_t, timestamp_ns),
                             (std::map<std::string, double>, gauges));
};

inline tintype::part_store<tintype::tracked<std::map<std::string, item>>> live = [] {
    decltype(live) made;
    made.part("facts").insert_or_assign("sky", item{"blue", {0.1F}});
    made.part("facts").insert_or_assign("grass", item{"green", {0.7F}});
    return made;
}();
inline const auto snapshots = tintype::or_throw(tintype::chain_manager<decltype(live)>::open(
    tintype::directory{"memories"}, tintype::keep_last{24}));

inline const reading now{1'000, {{"load", 0.5}}};
inline constexpr std::uint64_t noon_ns = 1'000;
inline constexpr std::uint64_t from = 0;
inline constexpr std::uint64_t to = 2'000;
