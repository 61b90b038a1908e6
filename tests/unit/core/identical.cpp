// Bit for bit: each kind against itself, against what differs, and against what only looks equal.

#include <tintype/core/identical.hpp>

#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <chrono>
#include <cstdint>
#include <deque>
#include <limits>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

namespace {

using tintype::identical;

constexpr float nan = std::numeric_limits<float>::quiet_NaN();
const auto other_nan = std::bit_cast<float>(std::bit_cast<std::uint32_t>(nan) + 1);

enum class colour : std::uint8_t { red, blue };

using note = std::optional<std::string>;

struct leaf {
    BOOST_HANA_DEFINE_STRUCT(leaf, (float, weight), (note, text));
};

struct tree {
    using branch = std::map<std::string, std::vector<leaf>>;
    using either = std::variant<int, double, leaf>;
    BOOST_HANA_DEFINE_STRUCT(tree, (int, id), (branch, leaves), (either, top));
};

// An == that is coarser than its bits: characters are compared without their case.
struct no_case : std::char_traits<char> {
    static char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

    static int compare(const char* a, const char* b, std::size_t size) {
        for (std::size_t i = 0; i != size; ++i) {
            if (upper(a[i]) != upper(b[i])) {
                return upper(a[i]) < upper(b[i]) ? -1 : 1;
            }
        }
        return 0;
    }
};

struct length_only {
    std::size_t operator()(const std::string& text) const { return text.size(); }
};

static_assert(identical(1, 1) && !identical(1, 2));
static_assert(identical(true, true) && !identical(colour::red, colour::blue));
static_assert(identical(nan, nan) && !identical(0.0, -0.0));
static_assert(identical(std::array{1.0F, nan}, std::array{1.0F, nan}));
static_assert(!identical(std::array{1, 2}, std::array{1, 3}));
static_assert(identical(std::optional<int>{}, std::optional<int>{}));
static_assert(identical(std::pair{1, 2.0}, std::pair{1, 2.0}));
static_assert(!identical(std::pair{1, 2}, std::pair{1, 3}));
static_assert(identical(std::string_view{"a"}, std::string_view{"a"}));
static_assert(!identical(std::variant<int, long>{1}, std::variant<int, long>{1L}));

// Different in both directions.
template <class T>
void differ(const T& a, const T& b) {
    CHECK(identical(a, a));
    CHECK(identical(b, b));
    CHECK(!identical(a, b));
    CHECK(!identical(b, a));
}

template <class T>
void same(const T& a, const T& b) {
    CHECK(identical(a, b));
    CHECK(identical(b, a));
}

} // namespace

TEST_CASE("identical: a scalar is its bits") {
    differ(nan, other_nan);
    differ(0.0F, -0.0F);
    differ(0.0, -0.0);
    differ(1, 2);
    differ(colour::red, colour::blue);
    differ(std::byte{0}, std::byte{1});
    differ(false, true);
}

TEST_CASE("identical: texts by their bytes, whatever their traits say") {
    using text = std::basic_string<char, no_case>;
    CHECK(text("a") == text("A"));
    differ(text("a"), text("A"));
    differ(std::string("a"), std::string("a\0", 2));
    differ(std::string(), std::string("a"));
    differ(std::string_view("ab"), std::string_view("ac"));
}

TEST_CASE("identical: absent is not empty, and one alternative is not another") {
    differ(note(), note(""));
    differ(note("a"), note("b"));
    differ(std::optional(0.0F), std::optional(-0.0F));
    using numbers = std::variant<int, unsigned, std::monostate>;
    differ(numbers(1), numbers(1U));
    differ(numbers(1), numbers(2));
    same(numbers(std::monostate{}), numbers(std::monostate{}));
}

TEST_CASE("identical: sequences, contiguous or not") {
    differ(std::vector{0.0F}, std::vector{-0.0F});
    same(std::vector{nan}, std::vector{nan});
    differ(std::vector<int>{}, std::vector{0});
    differ(std::vector{1, 2}, std::vector{2, 1});
    differ(std::vector{1, 2}, std::vector{1, 2, 3});
    differ(std::vector{true, false}, std::vector{true, true});
    differ(std::vector<std::string>{"a"}, std::vector<std::string>{"b"});
    differ(std::deque{0.0}, std::deque{-0.0});
    differ(std::list{1}, std::list{2});
    differ(std::set{1, 2}, std::set{1, 3});
    const int first[] = {1, 2};
    const int second[] = {1, 2};
    const int third[] = {1, 3};
    same(std::span<const int>(first), std::span<const int>(second));
    differ(std::span<const int>(first), std::span<const int>(third));
    CHECK(identical(first, second));
    CHECK(!identical(first, third));
    same(std::span<const int>(), std::span<const int>(first, 0));
    const std::string texts[] = {"a", "b"};
    const std::span<const std::string> all(texts);
    differ(all.first(1), all.last(1));
}

TEST_CASE("identical: maps, ordered or not") {
    using ordered = std::map<std::string, float>;
    differ(ordered{{"a", 0.0F}}, ordered{{"a", -0.0F}});
    differ(ordered{{"a", 0.0F}}, ordered{{"b", 0.0F}});
    same(ordered{{"a", nan}, {"b", 1}}, ordered{{"b", 1}, {"a", nan}});

    using hashed = std::unordered_map<std::string, float, length_only>;
    hashed forwards{{"a", nan}, {"b", 1}, {"c", 2}};
    hashed backwards{{"c", 2}, {"b", 1}, {"a", nan}};
    backwards.rehash(97);
    same(forwards, backwards);
    backwards["b"] = -1;
    differ(forwards, backwards);
    differ(hashed{{"a", 1}}, hashed{{"b", 1}});

    using doubled = std::unordered_multimap<int, float>;
    same(doubled{{1, 1}, {1, 2}, {1, 2}}, doubled{{1, 2}, {1, 1}, {1, 2}});
    differ(doubled{{1, 1}, {1, 2}, {1, 2}}, doubled{{1, 1}, {1, 1}, {1, 2}});
    differ(doubled{{1, 1}, {2, 1}}, doubled{{1, 1}, {3, 1}});

    using some = std::unordered_set<std::string, length_only>;
    same(some{"a", "b", "cc"}, some{"cc", "b", "a"});
    differ(some{"a", "b"}, some{"a", "c"});
    differ(std::unordered_multiset<int>{1, 1, 2}, std::unordered_multiset<int>{1, 2, 2});
}

TEST_CASE("identical: described structs, as deep as they go") {
    const auto made = [](float weight, note text) {
        return tree{.id = 1,
                    .leaves = {{"a", {}}, {"b", {{weight, text}, {2, note()}}}},
                    .top = leaf{weight, text}};
    };
    same(made(nan, "x"), made(nan, "x"));
    differ(made(nan, "x"), made(other_nan, "x"));
    differ(made(1, "x"), made(1, "y"));
    differ(made(1, note()), made(1, ""));
    auto other = made(1, "x");
    other.top = 2.0;
    differ(made(1, "x"), other);
    other = made(1, "x");
    other.leaves["a"].push_back({});
    differ(made(1, "x"), other);
}

TEST_CASE("identical: a type of no kind by its own ==") {
    using namespace std::chrono_literals;
    differ(1s, 2s);
    same(std::monostate{}, std::monostate{});
}
