// One kind for each type, decided by what the type can do: the standard's containers, a user's own,
// and what is no value at all.

#include <tintype/core/kind.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace {

using tintype::kind;
using tintype::kind_of;

enum class colour : std::uint8_t { red };

struct point {
    BOOST_HANA_DEFINE_STRUCT(point, (int, x), (int, y));
};

struct opaque {
    int x;
};

// A user's own container, with just what a sequence needs.
struct own_sequence {
    using value_type = int;

    [[nodiscard]] const int* begin() const { return nullptr; }

    [[nodiscard]] const int* end() const { return nullptr; }

    [[nodiscard]] std::size_t size() const { return 0; }

    void clear() {}

    void insert(const int*, int) {}
};

static_assert(kind_of<int> == kind::scalar && kind_of<bool> == kind::scalar);
static_assert(kind_of<double> == kind::scalar && kind_of<colour> == kind::scalar);
static_assert(kind_of<std::byte> == kind::scalar && kind_of<const int> == kind::scalar);
static_assert(kind_of<std::string> == kind::string && kind_of<const std::string> == kind::string);
static_assert(kind_of<std::array<int, 3>> == kind::array && kind_of<int[3]> == kind::array);
static_assert(kind_of<std::array<std::string, 0>> == kind::array);
static_assert(kind_of<std::optional<int>> == kind::optional);
static_assert(kind_of<std::variant<int, std::string>> == kind::variant);
static_assert(kind_of<std::vector<int>> == kind::sequence);
static_assert(kind_of<std::deque<int>> == kind::sequence);
static_assert(kind_of<std::list<int>> == kind::sequence);
static_assert(kind_of<std::set<int>> == kind::sequence);
static_assert(kind_of<std::vector<bool>> == kind::sequence);
static_assert(kind_of<tintype::blob> == kind::sequence);
static_assert(kind_of<own_sequence> == kind::sequence);
static_assert(kind_of<std::map<std::string, int>> == kind::map);
static_assert(kind_of<std::unordered_map<int, int>> == kind::map);
static_assert(kind_of<point> == kind::described);
static_assert(kind_of<opaque> == kind::unknown && kind_of<int*> == kind::unknown);
static_assert(kind_of<std::string_view> == kind::string);
static_assert(kind_of<std::span<const int>> == kind::sequence);
static_assert(kind_of<tintype::byte_view> == kind::sequence);
static_assert(kind_of<const std::span<std::string>> == kind::sequence);
static_assert(kind_of<std::span<const int, 3>> == kind::sequence);
static_assert(kind_of<std::pair<int, std::string>> == kind::pair);
static_assert(kind_of<std::map<int, int>::value_type> == kind::pair);
static_assert(kind_of<std::tuple<int, int>> == kind::unknown);
static_assert(kind_of<long double> == kind::unknown && kind_of<wchar_t> == kind::unknown);

// What can be read into, and what can only be pointed elsewhere.
using tintype::detail::growable;
using tintype::detail::lent;

static_assert(growable<std::string> && growable<std::vector<int>> && growable<own_sequence>);
static_assert(growable<std::map<int, int>> && growable<tintype::blob>);
static_assert(!growable<std::string_view> && !growable<std::span<const int>>);
static_assert(!growable<std::span<int, 3>> && !lent<std::span<int, 3>>);
static_assert(!growable<int> && !growable<std::pair<int, int>> && !growable<std::array<int, 3>>);
static_assert(lent<std::string_view> && lent<std::span<const int>> && lent<tintype::byte_view>);
static_assert(lent<const std::string_view> && !lent<std::string> && !lent<std::vector<int>>);

} // namespace

TEST_CASE("kind: decided without looking at a value") {
    // The table above is checked by the compiler; here only that it is there at run time too.
    const kind kinds[] = {kind_of<int>, kind_of<std::string>, kind_of<point>, kind_of<opaque>};
    CHECK(kinds[0] == kind::scalar);
    CHECK(kinds[1] == kind::string);
    CHECK(kinds[2] == kind::described);
    CHECK(kinds[3] == kind::unknown);
}
