// What the fragments of docs/chains.md take for granted.
#pragma once

#include <tintype/chain/chain_manager.hpp>
#include <tintype/chain/part_store.hpp>
#include <tintype/chain/reader.hpp>
#include <tintype/core/message.hpp>
#include <tintype/core/or_throw.hpp>

#include <algorithm>
#include <cstdio>
#include <map>
#include <ranges>
#include <string>
#include <vector>

struct item {
    BOOST_HANA_DEFINE_STRUCT(item, (std::string, text), (std::vector<float>, values));
};

struct old_note { // as it was described once
    BOOST_HANA_DEFINE_STRUCT(old_note, (std::string, id), (std::uint32_t, colour));
};

using memory = tintype::part_store<tintype::tracked<std::map<std::string, item>>>;

inline memory live = [] {
    memory made;
    made.part("facts").insert_or_assign("sky", item{"blue", {0.1F}});
    return made;
}();
inline const auto snapshots = tintype::or_throw(
    tintype::chain_manager<memory>::open(tintype::directory{"memories"}, tintype::keep_last{24}));
inline const std::string id = tintype::or_throw(snapshots.create_full(live)).info.id;
