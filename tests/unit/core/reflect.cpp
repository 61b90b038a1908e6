// Described structs: their members by place and by name, in the order of the description, which
// need not be the order of the declaration.

#include <tintype/core/reflect.hpp>

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace {

struct defined {
    BOOST_HANA_DEFINE_STRUCT(defined, (int, number), (std::string, text), (std::vector<int>, many));
};

struct empty {
    BOOST_HANA_DEFINE_STRUCT(empty);
};

struct plain {
    int x = 0;
};

template <class T>
struct generic {
    BOOST_HANA_DEFINE_STRUCT(generic, (T, value));
};

} // namespace

namespace elsewhere {

// Declared in one order, described in another, and one member not at all.
struct adapted {
    int first = 1;
    double second = 2;
    char left_out = 'x';
};

} // namespace elsewhere

BOOST_HANA_ADAPT_STRUCT(elsewhere::adapted, second, first);

namespace {

using elsewhere::adapted;

static_assert(tintype::described<defined> && tintype::described<empty>);
static_assert(tintype::described<adapted> && tintype::described<generic<int>>);
static_assert(!tintype::described<plain> && !tintype::described<int>);
static_assert(!tintype::described<std::string>);

static_assert(tintype::member_count<defined> == 3);
static_assert(tintype::member_count<adapted> == 2);
static_assert(tintype::member_count<empty> == 0);
static_assert(tintype::member_names<defined> ==
              std::array<std::string_view, 3>{"number", "text", "many"});
static_assert(tintype::member_names<adapted> == std::array<std::string_view, 2>{"second", "first"});
static_assert(tintype::member_index<defined>("many") == 2);
static_assert(tintype::member_index<defined>("man") == 3);
static_assert(tintype::member_index<adapted>("left_out") == 2);
static_assert(tintype::member_index<empty>("") == 0);

static_assert(tintype::has_member<defined, "text"> && !tintype::has_member<defined, "tex">);
static_assert(!tintype::has_member<plain, "x"> && !tintype::has_member<empty, "x">);

static_assert(std::is_same_v<tintype::member_type<defined, 1>, std::string>);
static_assert(std::is_same_v<tintype::named_member_type<adapted, "first">, int>);
static_assert(std::is_same_v<tintype::named_member_type<generic<float>, "value">, float>);
static_assert(
    std::is_same_v<decltype(tintype::member<"first">(std::declval<const adapted&>())), const int&>);

constexpr bool members_by_name_and_place() {
    adapted object;
    tintype::member<"first">(object) = 10;
    tintype::member<0>(object) = 20;
    const adapted& same = object;
    return object.first == 10 && object.second == 20 && tintype::member<1>(same) == 10 &&
           &tintype::member<"second">(same) == &object.second;
}

static_assert(members_by_name_and_place());

constexpr bool visits_in_order() {
    adapted object;
    std::string_view names[2];
    std::size_t seen = 0;
    tintype::for_each_member(object, [&](std::string_view name, auto& part) {
        names[seen++] = name;
        part += 1;
    });
    empty none;
    tintype::for_each_member(none, [&](std::string_view, auto&) { ++seen; });
    return seen == 2 && names[0] == "second" && names[1] == "first" && object.first == 2 &&
           object.second == 3;
}

static_assert(visits_in_order());

} // namespace

TEST_CASE("reflect: members by name and by place are the members") {
    CHECK(members_by_name_and_place());
    defined object{.number = 1, .text = "two", .many = {3}};
    tintype::member<"text">(object) += "!";
    CHECK(object.text == "two!");
    CHECK(&tintype::member<2>(object) == &object.many);
}

TEST_CASE("reflect: visits the members in the order of the description") {
    CHECK(visits_in_order());
    const defined object{.number = 1, .text = "two", .many = {3, 4}};
    std::string seen;
    tintype::for_each_member(object, [&](std::string_view name, const auto& part) {
        static_assert(std::is_const_v<std::remove_reference_t<decltype(part)>>);
        seen += name;
        seen += ';';
    });
    CHECK(seen == "number;text;many;");
}
