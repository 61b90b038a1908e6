#pragma once

// fmt's formatters for what the library tells people: errors as one line, results as their value or
// that line, codes and kinds by their names, fields of a layout, ids. Opt-in, because fmt costs
// more to compile than all the rest. Times are fmt's own business (fmt/chrono.h), digests are
// to_hex's.

#if !__has_include(<fmt/format.h>)
#error "tintype: install fmt for fmt/format.h (Debian: libfmt-dev)"
#endif

#include <tintype/codec/field.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/message.hpp>

#include <fmt/format.h>

#include <concepts>
#include <expected>
#include <string>
#include <string_view>
#include <type_traits>

namespace tintype::inline v0 {

struct uuid; // of replay/uuid.hpp, which costs what its codec costs
}

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

template <>
struct fmt::formatter<tintype::label> : fmt::formatter<std::string_view> {
    template <class Context>
    auto format(const tintype::label& name, Context& context) const {
        return fmt::formatter<std::string_view>::format(name.view(), context);
    }
};

// The value in the format that is asked for; an error as its message, without a format.
template <class T>
requires(!std::is_void_v<T>)
struct fmt::formatter<std::expected<T, tintype::error>, char> : fmt::formatter<T, char> {
    template <class Context>
    auto format(const tintype::result<T>& outcome, Context& context) const {
        return outcome ? fmt::formatter<T, char>::format(*outcome, context)
                       : fmt::format_to(context.out(), "{}", tintype::message(outcome.error()));
    }
};

template <>
struct fmt::formatter<std::expected<void, tintype::error>, char>
    : fmt::formatter<std::string_view> {
    template <class Context>
    auto format(const tintype::result<void>& outcome, Context& context) const {
        return fmt::formatter<std::string_view>::format(
            outcome ? std::string{"done"} : tintype::message(outcome.error()), context);
    }
};

// "section ttl: u8 behind u64, at 20, at least 8 bytes"
template <>
struct fmt::formatter<tintype::field_layout> : fmt::formatter<std::string_view> {
    template <class Context>
    auto format(const tintype::field_layout& field, Context& context) const {
        std::string line{tintype::name_of(field.kind)};
        const auto say = [&](std::string_view before, std::string_view text) {
            if (!text.empty()) {
                line += before;
                line += text;
            }
        };
        say(" ", field.name);
        say(": ", field.type);
        say(" behind ", field.prefix);
        say(", at ", field.offset ? std::to_string(*field.offset) : std::string{});
        say(field.size ? ", " : ", at least ", std::to_string(field.size.value_or(field.least)));
        line += field.size.value_or(field.least) == 1 ? " byte" : " bytes";
        return fmt::formatter<std::string_view>::format(line, context);
    }
};

template <std::same_as<tintype::uuid> Id>
struct fmt::formatter<Id, char> : fmt::formatter<std::string_view> {
    template <class Context>
    auto format(const Id& id, Context& context) const {
        return fmt::formatter<std::string_view>::format(to_text(id), context);
    }
};
