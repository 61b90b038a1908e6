#pragma once

// What the ships of a fleet report, and what is told of it while they do. Each report is made of
// the ship's number and its own, so that whoever reads it back can tell every byte.

#include <tintype/core/mix.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/manager/versioned.hpp>
#include <tintype/s3/storage.hpp>
#include <tintype/tintype.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace fleet {

struct report {
    BOOST_HANA_DEFINE_STRUCT(report, (std::uint32_t, ship), (std::uint32_t, number),
                             (std::string, words), (std::vector<double>, positions));

    friend bool operator==(const report&, const report&) = default;
};

using report_file =
    tintype::section_list<tintype::magic<"SHIP">, tintype::version<std::uint8_t, 1>,
                          tintype::scalar<"ship", std::uint32_t>,
                          tintype::scalar<"number", std::uint32_t>, tintype::section<"words">,
                          tintype::section<"positions">, tintype::checksum<tintype::crc32>>;

static_assert(tintype::describes<report_file, report>);

// What that ship reports with that number: a few hundred bytes, sometimes some hundred thousand.
[[nodiscard]] inline report report_of(std::uint32_t ship, std::uint32_t number) {
    tintype::splitmix64 random{std::uint64_t{ship} << 32U | number};
    report made{.ship = ship,
                .number = number,
                .words = "ship " + std::to_string(ship) + ", day " + std::to_string(number),
                .positions = {}};
    const std::size_t hours = number % 25 == 0 ? 50'000 : 24;
    made.positions.reserve(hours);
    for (std::size_t i = 0; i != hours; ++i) {
        made.positions.push_back(static_cast<double>(random() >> 11U) * 0x1p-53 * 360 - 180);
    }
    return made;
}

template <tintype::retention_policy Retention>
using logbook = tintype::versioned_manager<report, report_file, tintype::s3_storage,
                                           tintype::no_hash, Retention>;

} // namespace fleet
