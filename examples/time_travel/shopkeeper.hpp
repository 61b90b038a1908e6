#pragma once

// Decides what is done next, by chance and by what is left in the shop: the same shop and the same
// step give the same decision.

#include <tintype/core/mix.hpp>

#include "database.hpp"
#include "shop.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace shop {

inline constexpr std::array<std::string_view, 12> goods{
    "tea",     "coffee", "bread", "butter", "honey",  "salt",
    "candles", "soap",   "ink",   "paper",  "plates", "silver nitrate"};

inline constexpr std::uint64_t actions_a_day = 50;

[[nodiscard]] inline action next_action(const database& at, std::uint64_t step) {
    tintype::splitmix64 chance{step};
    static_cast<void>(chance());
    const std::string name{goods[static_cast<std::size_t>(chance() % goods.size())]};
    const auto quantity = static_cast<std::uint32_t>(1 + chance() % 12);
    if (step % actions_a_day == actions_a_day - 1) {
        return close_day{.number = static_cast<std::uint32_t>(step / actions_a_day + 1)};
    }
    if (at.stock_of(name) < 12) {
        return deliver{.item = name, .quantity = 60 + quantity};
    }
    if (chance() % 16 == 0) {
        return reprice{.item = name, .cents = static_cast<std::int64_t>(100 + chance() % 900)};
    }
    return sell{.item = name, .quantity = quantity};
}

} // namespace shop
