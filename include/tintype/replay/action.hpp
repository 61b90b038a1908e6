#pragma once

// The type of an action: a variant of described structs, one for each thing that a program does, or
// a single described struct.

#include <tintype/core/endian.hpp>
#include <tintype/core/identical.hpp>
#include <tintype/core/kind.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/core/rules.hpp>
#include <tintype/hash/hex.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace tintype::inline v0 {

namespace detail {

template <class A>
inline constexpr bool described_alternatives = false;

template <class... Alternatives>
inline constexpr bool described_alternatives<std::variant<Alternatives...>> =
    ((described<Alternatives> || std::same_as<Alternatives, std::monostate>) && ...);

template <class Alternative>
[[nodiscard]] consteval std::string_view name_of_action() {
    if constexpr (requires {
                      { Alternative::action_name } -> std::convertible_to<std::string_view>;
                  }) {
        return Alternative::action_name;
    } else {
        return "ACTION";
    }
}

} // namespace detail

// Put `static constexpr std::string_view action_name = "PUT";` into an alternative to have it named
// in reports.
template <class A>
concept action_type = std::default_initializable<A> && std::copyable<A> &&
                      (described<A> || detail::described_alternatives<A>);

template <class A>
struct action_rules {
    static_assert(described<A> || detail::described_alternatives<A>,
                  "tintype: an action is a described struct, or a std::variant of such: put "
                  "BOOST_HANA_DEFINE_STRUCT(name, (type, member), ...) inside each alternative");
    static_assert(std::default_initializable<A> && std::copyable<A>,
                  "tintype: an action needs a default constructor, and to be copyable");
    static constexpr bool kept = action_type<A>;
};

namespace detail {

template <class A>
inline constexpr std::array<std::string_view, 1> names_of_actions{name_of_action<A>()};

template <class... Alternatives>
inline constexpr std::array<std::string_view, sizeof...(Alternatives)>
    names_of_actions<std::variant<Alternatives...>>{name_of_action<Alternatives>()...};

} // namespace detail

// Of each alternative, in their order.
template <action_type Action>
inline constexpr auto action_names = detail::names_of_actions<Action>;

// Calls visit(alternative) with what the action is, and answers what it answers. A variant that
// holds nothing, as only an exception can leave it, is taken for its first alternative.
template <action_type Action, class Visit>
constexpr decltype(auto) with_action(const Action& action, Visit&& visit) {
    if constexpr (kind_of<Action> == kind::variant) {
        using answer = std::invoke_result_t<Visit&, const std::variant_alternative_t<0, Action>&>;
        const auto go = [&]<std::size_t I>(const auto& self,
                                           std::integral_constant<std::size_t, I>) -> answer {
            if constexpr (I + 1 != std::variant_size_v<Action>) {
                if (action.index() != I) {
                    return self(self, std::integral_constant<std::size_t, I + 1>{});
                }
            }
            const auto* held = std::get_if<I>(&action);
            static const std::variant_alternative_t<I, Action> none{};
            return visit(held != nullptr ? *held : none);
        };
        return go(go, std::integral_constant<std::size_t, 0>{});
    } else {
        return visit(action);
    }
}

template <action_type Action>
[[nodiscard]] constexpr std::string_view action_name(const Action& action) {
    return with_action(action, []<class Alternative>(const Alternative&) {
        return detail::name_of_action<Alternative>();
    });
}

namespace detail {

// A value as a report shows it, or nothing for one that has no short text.
template <class T>
[[nodiscard]] std::string short_text(const T& value) {
    if constexpr (std::same_as<T, bool>) {
        return value ? "true" : "false";
    } else if constexpr (std::integral<T> || std::floating_point<T>) {
        return std::to_string(value);
    } else if constexpr (kind_of<T> == kind::string) {
        return '"' + std::string{std::string_view{value}} + '"';
    } else if constexpr (hash_digest<T>) {
        return to_hex(value).substr(0, 16);
    } else {
        return {};
    }
}

// The first member that differs, with both values.
template <described T>
[[nodiscard]] std::string first_difference(const T& a, const T& b) {
    std::string text;
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        const auto differs = [&]<std::size_t Index>(std::integral_constant<std::size_t, Index>) {
            const auto& of_a = member<Index>(a);
            const auto& of_b = member<Index>(b);
            if (identical(of_a, of_b)) {
                return false;
            }
            text = member_names<T>[Index];
            const auto shown = short_text(of_a);
            text += shown.empty() ? " differs" : ": " + shown + " against " + short_text(of_b);
            return true;
        };
        static_cast<void>((differs(std::integral_constant<std::size_t, I>{}) || ...));
    }(std::make_index_sequence<member_count<T>>{});
    return text;
}

} // namespace detail

// Why two actions are not the same, for people; empty where they are identical.
template <action_type Action>
[[nodiscard]] std::string difference(const Action& a, const Action& b) {
    if constexpr (kind_of<Action> == kind::variant) {
        if (a.index() != b.index()) {
            return "Action type mismatch: " + std::string{action_name(a)} + " vs " +
                   std::string{action_name(b)};
        }
    }
    return with_action(a, [&]<class Alternative>(const Alternative& of_a) -> std::string {
        if constexpr (std::same_as<Alternative, Action>) {
            return detail::first_difference(of_a, b);
        } else if constexpr (described<Alternative>) {
            const auto* of_b = std::get_if<Alternative>(&b);
            return of_b == nullptr ? std::string{} : detail::first_difference(of_a, *of_b);
        } else {
            return {};
        }
    });
}

// Specialise it with `static Action of(std::uint64_t checkpoint_id)` where an action says that a
// checkpoint was taken.
template <class Action>
struct checkpoint_action;

namespace detail {

template <class Action>
concept has_checkpoint_action = requires(std::uint64_t id) {
    { checkpoint_action<Action>::of(id) } -> std::same_as<Action>;
};

} // namespace detail

} // namespace tintype::inline v0
