// Texts as template arguments: the same type exactly when the characters are the same.

#include <tintype/core/fixed_string.hpp>

#include <doctest/doctest.h>

#include <string_view>
#include <type_traits>

namespace {

using namespace std::string_view_literals;

template <tintype::fixed_string Text>
struct named {
    static constexpr std::string_view text = Text.view();
};

static_assert(std::is_same_v<named<"one">, named<"one">>);
static_assert(!std::is_same_v<named<"one">, named<"two">>);
static_assert(!std::is_same_v<named<"one">, named<"one\0">>);
static_assert(!std::is_same_v<named<"">, named<"\0">>);

static_assert(named<"">::text.empty());
static_assert(named<"one">::text == "one");
static_assert(named<"a\0b">::text == "a\0b"sv);
static_assert(named<"\xF8">::text == "\xF8");

static_assert(tintype::fixed_string{""}.size() == 0);
static_assert(tintype::fixed_string{"VAMM"}.size() == 4);
static_assert(tintype::fixed_string{"VAMM"}.view().size() == 4);

} // namespace

TEST_CASE("fixed_string: the text is there at run time, zeros inside included") {
    CHECK(named<"a\0b">::text == "a\0b"sv);
    CHECK(named<"a\0b">::text.size() == 3);
    CHECK(named<"">::text.empty());
}
