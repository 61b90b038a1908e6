#pragma once

// What lies in a frame, as data: an encoding that can say so has `layout<T>()`, by which pages,
// pictures and parsers in other languages are made. A value's parts are other values, and none is a
// part of itself.

#include <cstdint>
#include <span>
#include <string_view>

namespace tintype::inline v0 {

enum class value_shape : std::uint8_t {
    number,      // of the type that is named
    enumeration, // an index, of the type that is named
    array,       // as many elements as `extent` says, nothing in front
    string,      // a length and UTF-8
    sequence,    // a length and the elements
    map,         // a length, and each key with its value
    optional,    // a tag of one byte, and behind a 1 the value
    variant,     // an index and the alternative
    members,     // one after another: a struct, a pair
    nothing,     // no bytes
};

struct value_layout;

// A member, an element, or one of several alternatives; those without a name of their own have "".
struct value_part {
    std::string_view name{};
    const value_layout* value = nullptr;
};

struct value_layout {
    value_shape shape = value_shape::nothing;
    std::string_view name{};             // the struct's, without namespaces and arguments, or ""
    std::string_view type{};             // "u64" and the like: the number, length or index
    std::uint64_t least = 0;             // bytes, at least
    bool fixed = false;                  // always just these
    std::uint64_t extent = 0;            // elements of an array
    std::span<const value_part> parts{}; // empty for numbers, enumerations and strings
};

} // namespace tintype::inline v0
