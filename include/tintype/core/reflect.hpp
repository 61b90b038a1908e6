#pragma once

// A struct that was described once, with BOOST_HANA_DEFINE_STRUCT or BOOST_HANA_ADAPT_STRUCT, as
// members with names and an order. Everything above asks here; no other header includes Hana.
// Hana describes 39 members with Boost 1.74 and 54 with 1.81: larger structs are made of structs.

#if !__has_include(<boost/hana/define_struct.hpp>)
#error "tintype: install Boost for boost/hana/define_struct.hpp (Debian: libboost-dev)"
#endif

#include <tintype/core/fixed_string.hpp>
#include <tintype/core/rules.hpp>

#include <boost/hana/accessors.hpp>
#include <boost/hana/adapt_struct.hpp>
#include <boost/hana/at.hpp>
#include <boost/hana/concept/struct.hpp>
#include <boost/hana/define_struct.hpp>
#include <boost/hana/first.hpp>
#include <boost/hana/length.hpp>
#include <boost/hana/pair.hpp>
#include <boost/hana/second.hpp>
#include <boost/hana/string.hpp>
#include <boost/hana/tuple.hpp>

#include <array>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

namespace tintype::inline v0 {

// Describe the struct to satisfy this: BOOST_HANA_DEFINE_STRUCT inside it, or
// BOOST_HANA_ADAPT_STRUCT at namespace scope behind it.
template <class T>
concept described = boost::hana::Struct<T>::value;

template <class T>
struct described_rules {
    static_assert(described<T>,
                  "tintype: this struct is not described: put BOOST_HANA_DEFINE_STRUCT(name, "
                  "(type, member), ...) inside it, or BOOST_HANA_ADAPT_STRUCT(name, member, ...) "
                  "behind it");
    static constexpr bool kept = described<T>;
};

namespace detail {

template <described T>
inline constexpr auto accessors_of = boost::hana::accessors<T>();

// The characters of a name. Hana's own storage of them is local to a translation unit in GCC 12,
// and under its address sanitizer two units that name the same member would not link.
template <class Name>
struct name_storage;

template <char... Characters>
struct name_storage<boost::hana::string<Characters...>> {
    static constexpr char text[] = {Characters..., '\0'};
    static constexpr std::string_view view{text, sizeof...(Characters)};
};

template <described T, std::size_t Index>
inline constexpr std::string_view member_name =
    name_storage<std::remove_cvref_t<decltype(boost::hana::first(
        boost::hana::at_c<Index>(accessors_of<T>)))>>::view;

} // namespace detail

template <described T>
inline constexpr std::size_t member_count =
    decltype(boost::hana::length(detail::accessors_of<T>))::value;

// The name of each member, in the order of the description.
template <described T>
inline constexpr auto member_names = []<std::size_t... I>(std::index_sequence<I...>) {
    return std::array<std::string_view, sizeof...(I)>{detail::member_name<T, I>...};
}(std::make_index_sequence<member_count<T>>{});

// The index of a member by name, or member_count<T> where there is none.
template <described T>
[[nodiscard]] constexpr std::size_t member_index(std::string_view name) noexcept {
    std::size_t index = 0;
    while (index != member_count<T> && member_names<T>[index] != name) {
        ++index;
    }
    return index;
}

template <class T, fixed_string Name>
concept has_member = described<T> && member_index<T>(Name.view()) != member_count<T>;

// The member itself: a reference, const if the object is.
template <std::size_t Index, class T>
requires described<std::remove_const_t<T>>
[[nodiscard]] constexpr auto& member(T& object) noexcept {
    return boost::hana::second(
        boost::hana::at_c<Index>(detail::accessors_of<std::remove_const_t<T>>))(object);
}

template <fixed_string Name, class T>
requires has_member<std::remove_const_t<T>, Name>
[[nodiscard]] constexpr auto& member(T& object) noexcept {
    return member<member_index<std::remove_const_t<T>>(Name.view())>(object);
}

template <described T, std::size_t Index>
using member_type = std::remove_reference_t<decltype(member<Index>(std::declval<T&>()))>;

template <described T, fixed_string Name>
requires has_member<T, Name>
using named_member_type = member_type<T, member_index<T>(Name.view())>;

// Calls `visit(name, member)` for each member in order.
template <class T, class Visitor>
requires described<std::remove_const_t<T>>
constexpr void for_each_member(T& object, Visitor&& visit) {
    using plain = std::remove_const_t<T>;
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        (static_cast<void>(visit(member_names<plain>[I], member<I>(object))), ...);
    }(std::make_index_sequence<member_count<plain>>{});
}

} // namespace tintype::inline v0

// Macros, behind those of Hana.
#include <tintype/core/struct_limit.hpp>
