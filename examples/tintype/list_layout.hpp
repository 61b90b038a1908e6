#pragma once

// A format as the compiler knows it, for whatever shows it: tables, pictures, other languages.

#include <tintype/codec/field.hpp>

#include <cstdint>
#include <string_view>
#include <vector>

namespace tool {

struct list_layout {
    std::string_view endian;
    std::uint64_t min_size = 0;
    std::vector<tintype::field_layout> fields;

    // What a file has any number of, one behind another, if that is what it is: "message". These
    // are then its fields, and `head` is what stands in front of the first.
    std::string_view repeated{};
    std::vector<tintype::field_layout> head{};
};

// What stands in front of all that is repeated, alone.
[[nodiscard]] inline list_layout head_of(const list_layout& layout) {
    return {.endian = layout.endian,
            .min_size = layout.min_size,
            .fields = layout.head,
            .repeated = {},
            .head = {}};
}

// The type of a field of zeros that ends at a multiple of as many bytes as its `number` says.
inline constexpr std::string_view padding_type = "padding";

} // namespace tool
