#pragma once

// A user's own state and its two files, known to both translation units.

#ifdef CONSUMER_SINGLE_HEADER
#include "tintype.hpp"
#else
#include <tintype/codec/json.hpp>
#include <tintype/tintype.hpp>
#endif

#include <cstdint>
#include <string>
#include <vector>

struct settings {
    BOOST_HANA_DEFINE_STRUCT(settings, (std::uint32_t, level), (std::string, name),
                             (std::vector<float>, position));
};

using settings_file =
    tintype::section_list<tintype::magic<"SETT">, tintype::version<std::uint8_t, 1>,
                          tintype::scalar<"level", std::uint32_t>, tintype::section<"name">,
                          tintype::section<"position">, tintype::checksum<tintype::crc32>>;
static_assert(tintype::describes<settings_file, settings>);

using settings_versions = tintype::versioned_manager<settings, settings_file>;

// In the other translation unit: the latest version as JSON; empty if there is none.
std::string latest_as_json(const settings_versions& versions);
