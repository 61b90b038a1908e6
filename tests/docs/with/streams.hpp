// What the fragments of docs/streams.md take for granted.
#pragma once

#include <tintype/chain/chain_manager.hpp>
#include <tintype/chain/part_store.hpp>
#include <tintype/core/or_throw.hpp>
#include <tintype/manager/names.hpp>
#include <tintype/storage/directory.hpp>
#include <tintype/stream/source.hpp>
#include <tintype/stream/sqlite_restorer.hpp>
#include <tintype/stream/staging.hpp>

#include <map>
#include <string>

struct item {
    BOOST_HANA_DEFINE_STRUCT(item, (std::string, text));
};

using memory = tintype::part_store<std::map<std::string, item>>;

inline const tintype::directory storage{"snapshots"};
inline const auto manager =
    tintype::or_throw(tintype::chain_manager<memory>::open(storage, tintype::keep_last{24}));
inline const memory live{};
inline const std::string id = tintype::or_throw(manager.create_full(live)).info.id;
inline constexpr std::uintmax_t version = 1;
inline sqlite3* const connection = [] {
    sqlite3* opened = nullptr;
    sqlite3_open(":memory:", &opened);
    return opened;
}();
