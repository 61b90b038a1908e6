// The questions that a list asks of itself, each with a yes and a no; that a no stops the compiler
// is shown where failures to compile are.

#include <tintype/codec/detail/list_facts.hpp>
#include <tintype/codec/header_fields.hpp>
#include <tintype/codec/sections.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <string_view>

namespace {

using kind = tintype::field_kind;

template <std::size_t Count>
consteval auto of_kinds(const kind (&kinds)[Count]) {
    tintype::detail::list_facts<Count> facts{};
    for (std::size_t i = 0; i != Count; ++i) {
        facts.kinds[i] = kinds[i];
    }
    return facts;
}

constexpr auto whole =
    of_kinds({kind::magic, kind::version, kind::section, kind::section, kind::checksum});
static_assert(whole.how_many(kind::section) == 2 && whole.how_many(kind::tail) == 0);
static_assert(whole.place_of(kind::section) == 2 && whole.place_of(kind::tail) == 5);

static_assert(whole.only_first(kind::magic) && whole.only_first(kind::tail));
static_assert(!whole.only_first(kind::version) && !whole.only_first(kind::section));
static_assert(!of_kinds({kind::magic, kind::magic}).only_first(kind::magic));

static_assert(whole.version_after_magic());
static_assert(of_kinds({kind::version, kind::scalar}).version_after_magic());
static_assert(of_kinds({kind::scalar}).version_after_magic());
static_assert(!of_kinds({kind::scalar, kind::version}).version_after_magic());
static_assert(!of_kinds({kind::magic, kind::scalar, kind::version}).version_after_magic());
static_assert(!of_kinds({kind::version, kind::version}).version_after_magic());

static_assert(whole.checksum_last() && of_kinds({kind::scalar}).checksum_last());
static_assert(!of_kinds({kind::checksum, kind::scalar}).checksum_last());

static_assert(of_kinds({kind::scalar, kind::tail}).tail_at_the_end());
static_assert(of_kinds({kind::tail, kind::checksum}).tail_at_the_end());
static_assert(!of_kinds({kind::tail, kind::scalar}).tail_at_the_end());
static_assert(!of_kinds({kind::tail, kind::scalar, kind::checksum}).tail_at_the_end());

constexpr tintype::detail::list_facts<3> named{.kinds = {kind::count, kind::scalar, kind::records},
                                               .names = {"a", "b", "a"}};
static_assert(named.names_differ());
static_assert(named.has_count("a", 2) && named.has_count("a", 1));
static_assert(!named.has_count("a", 0) && !named.has_count("b", 2));
static_assert(named.counts_something("a", {false, false, true}));
static_assert(!named.counts_something("a", {false, true, false}));
static_assert(!named.counts_something("a", {false, false, false}));

consteval bool may_stand_together(kind first, kind second) {
    return tintype::detail::list_facts<2>{.kinds = {first, second}, .names = {"a", "a"}}
        .names_differ();
}

static_assert(may_stand_together(kind::count, kind::frames));
static_assert(!may_stand_together(kind::frames, kind::count));
static_assert(!may_stand_together(kind::count, kind::count));
static_assert(!may_stand_together(kind::section, kind::section));

using tintype::detail::is_counted_apart;
static_assert(is_counted_apart<tintype::records<"x", int, tintype::counted_apart>>());
static_assert(!is_counted_apart<tintype::records<"x", int>>());
static_assert(!is_counted_apart<tintype::magic<"x">>());

} // namespace

TEST_CASE("list_facts: are there at run time for who wants to print them") {
    CHECK(whole.kinds[1] == kind::version);
    CHECK(named.names[2] == "a");
}
