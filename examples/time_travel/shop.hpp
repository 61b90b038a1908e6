#pragma once

// A shop's till: what can be done in it, and what of it a checkpoint keeps.

#include <tintype/core/reflect.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace shop {

struct deliver {
    BOOST_HANA_DEFINE_STRUCT(deliver, (std::string, item), (std::uint32_t, quantity));
    static constexpr std::string_view action_name = "DELIVER";
};

struct sell {
    BOOST_HANA_DEFINE_STRUCT(sell, (std::string, item), (std::uint32_t, quantity));
    static constexpr std::string_view action_name = "SELL";
};

struct reprice {
    BOOST_HANA_DEFINE_STRUCT(reprice, (std::string, item), (std::int64_t, cents));
    static constexpr std::string_view action_name = "REPRICE";
};

struct close_day {
    BOOST_HANA_DEFINE_STRUCT(close_day, (std::uint32_t, number));
    static constexpr std::string_view action_name = "CLOSE DAY";
};

using action = std::variant<deliver, sell, reprice, close_day>;

struct item {
    BOOST_HANA_DEFINE_STRUCT(item, (std::string, name), (std::int64_t, stock),
                             (std::int64_t, cents));
};

struct day {
    BOOST_HANA_DEFINE_STRUCT(day, (std::int64_t, number), (std::int64_t, takings));
};

// All that the database holds, in the order of its keys.
struct state {
    BOOST_HANA_DEFINE_STRUCT(state, (std::vector<item>, items), (std::vector<day>, days),
                             (std::int64_t, till));
};

} // namespace shop
