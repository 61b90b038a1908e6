#pragma once

// fmt's formatters for what the library tells people: errors as one line, codes and kinds by their
// names. Opt-in, because fmt costs more to compile than all the rest.

#include <tintype/codec/field.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/message.hpp>

#include <fmt/format.h>

#include <string_view>

template <>
struct fmt::formatter<tintype::error> : fmt::formatter<std::string_view> {
    template <class Context>
    auto format(const tintype::error& what, Context& context) const {
        return fmt::formatter<std::string_view>::format(tintype::message(what), context);
    }
};

template <>
struct fmt::formatter<tintype::errc> : fmt::formatter<std::string_view> {
    template <class Context>
    auto format(tintype::errc code, Context& context) const {
        return fmt::formatter<std::string_view>::format(tintype::name_of(code), context);
    }
};

template <>
struct fmt::formatter<tintype::field_kind> : fmt::formatter<std::string_view> {
    template <class Context>
    auto format(tintype::field_kind kind, Context& context) const {
        return fmt::formatter<std::string_view>::format(tintype::name_of(kind), context);
    }
};
