// Fields in words.

#include "layout_words.hpp"

#include <tintype/codec/value_layout.hpp>
#include <tintype/core/limits.hpp>

#include "text.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>

namespace tool {

using tintype::field_kind;
using tintype::field_layout;
using tintype::value_layout;
using tintype::value_shape;

std::vector<std::string> places_of(const list_layout& layout) {
    // Behind the last field of no fixed size, places are counted from the end.
    std::uint64_t behind = 0;
    std::vector<std::string> places(layout.fields.size(), "..");
    const std::string_view sign = layout.head.empty() ? "" : "+";
    for (std::size_t i = layout.fields.size(); i-- != 0;) {
        const field_layout& each = layout.fields[i];
        if (each.offset) {
            places[i] = fmt::format("{}{}", sign, *each.offset);
        } else if (each.size && behind != tintype::limits::none) {
            behind += *each.size;
            places[i] = fmt::format("end - {}", behind);
        } else {
            behind = tintype::limits::none;
        }
    }
    return places;
}

std::string size_of(const field_layout& field) {
    if (field.size) {
        return fmt::format("{}", *field.size);
    }
    const auto rest = field.stride > 1 ? fmt::format("{} n", field.stride) : "n";
    return field.least == 0 ? rest : fmt::format("{} + {}", field.least, rest);
}

std::string content_of(const field_layout& field) {
    switch (field.kind) {
    case field_kind::magic:
        return fmt::format("`{}`", visible(field.text));
    case field_kind::version:
        return fmt::format("{} = {}", field.type, field.number);
    case field_kind::checksum:
        return fmt::format("{} {} of all before it", field.type, field.text);
    case field_kind::count:
        return fmt::format("{} count", field.type);
    case field_kind::section:
        return fmt::format("{} length, {}", field.prefix, field.type);
    case field_kind::frame:
        return fmt::format("{} length, {}", field.prefix,
                           field.value == nullptr ? "bytes" : type_of(*field.value, field.name));
    case field_kind::frames: {
        const auto each =
            fmt::format("{} length and {} each", field.each,
                        field.value == nullptr ? "bytes" : type_of(*field.value, field.name));
        return field.prefix.empty() ? each : fmt::format("{} count, {}", field.prefix, each);
    }
    case field_kind::records:
        if (field.prefix.empty() && field.type == "bytes") {
            return "bytes";
        }
        return field.prefix.empty() ? fmt::format("{} each", field.type)
                                    : fmt::format("{} count, {} each", field.prefix, field.type);
    default:
        if (field.type == padding_type) {
            return fmt::format("zeros up to a multiple of {}", field.number);
        }
        // One of a list's own that is a checksum says of what kind.
        return field.kind == field_kind::custom && !field.text.empty()
                   ? fmt::format("{} {} of all before it", field.type, field.text)
                   : std::string{field.type};
    }
}

std::string type_of(const value_layout& value, std::string_view member) {
    const auto part = [&](std::size_t i) {
        // Elements in the singular is more than a name can be asked for.
        return type_of(*value.parts[i].value, member);
    };
    const auto bytes = [&] {
        const value_layout& each = *value.parts[0].value;
        return each.shape == value_shape::number && each.type == "u8";
    };
    switch (value.shape) {
    case value_shape::number:
        return std::string{value.type};
    case value_shape::enumeration:
        return fmt::format("{} index", value.type);
    case value_shape::string:
        return "text";
    case value_shape::array:
        return bytes() ? fmt::format("{} bytes", value.extent)
                       : fmt::format("{} of {}", value.extent, part(0));
    case value_shape::sequence:
        return bytes() ? "bytes" : fmt::format("list of {}", part(0));
    case value_shape::map:
        return fmt::format("map of {} to {}", part(0), part(1));
    case value_shape::optional:
        return fmt::format("{} or none", part(0));
    case value_shape::variant:
        return fmt::format("one of {}", value.parts.size());
    case value_shape::members:
    case value_shape::nothing:
        break;
    }
    return std::string{value.name.empty() ? member : value.name};
}

} // namespace tool
