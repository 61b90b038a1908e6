// What is a leaf and what lies above one, for every kind of type; and a leaf by its address alone.

#include <tintype/delta/leaf.hpp>

#include "fixtures.hpp"
#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

namespace {

using tests::said;
using tintype::leaf_form;
using tintype::leaf_type;
using tintype::detail::holds_hashed;
using tintype::detail::leaf_ops_of;
using tintype::detail::leaf_shape;
using tintype::detail::leaf_shape_v;

template <class T>
constexpr leaf_form form_of = leaf_ops_of<T>.form;

static_assert(form_of<std::uint8_t> == leaf_form{leaf_type::u8, 1, 1});
static_assert(form_of<std::int8_t> == leaf_form{leaf_type::i8, 1, 1});
static_assert(form_of<std::uint16_t> == leaf_form{leaf_type::u16, 1, 2});
static_assert(form_of<std::int16_t> == leaf_form{leaf_type::i16, 1, 2});
static_assert(form_of<std::uint32_t> == leaf_form{leaf_type::u32, 1, 4});
static_assert(form_of<std::int32_t> == leaf_form{leaf_type::i32, 1, 4});
static_assert(form_of<std::uint64_t> == leaf_form{leaf_type::u64, 1, 8});
static_assert(form_of<std::int64_t> == leaf_form{leaf_type::i64, 1, 8});
static_assert(form_of<float> == leaf_form{leaf_type::f32, 1, 4});
static_assert(form_of<double> == leaf_form{leaf_type::f64, 1, 8});
static_assert(form_of<bool> == leaf_form{leaf_type::boolean, 1, 1});
static_assert(form_of<char> == leaf_form{leaf_type::character, 1, 1});
static_assert(form_of<std::byte> == leaf_form{leaf_type::u8, 1, 1});
static_assert(form_of<tests::color> == leaf_form{leaf_type::u8, 1, 1});
static_assert(form_of<tests::level> == leaf_form{leaf_type::i32, 1, 4});
static_assert(form_of<tests::gate> == leaf_form{leaf_type::boolean, 1, 1});
static_assert(form_of<std::string> == leaf_form{leaf_type::character, 0, 1});
static_assert(form_of<std::vector<double>> == leaf_form{leaf_type::f64, 0, 8});
static_assert(form_of<std::vector<tests::point>> == leaf_form{leaf_type::record, 0, 8});
static_assert(form_of<std::array<std::int16_t, 9>> == leaf_form{leaf_type::i16, 9, 2});
static_assert(form_of<std::array<tests::point, 2>> == leaf_form{leaf_type::record, 2, 8});
static_assert(form_of<std::set<int>> == leaf_form{leaf_type::columns, 0, 1});

static_assert(form_of<std::string>.resizable() && form_of<std::set<int>>.resizable());
static_assert(!form_of<double>.resizable() && !leaf_form{}.resizable());

static_assert(leaf_shape_v<const double> == leaf_shape::fixed);
static_assert(leaf_shape_v<std::array<int, 0>> == leaf_shape::nothing);
static_assert(leaf_shape_v<std::array<std::string, 3>> == leaf_shape::array);
static_assert(leaf_shape_v<tests::point> == leaf_shape::described);
static_assert(leaf_shape_v<std::pair<int, double>> == leaf_shape::pair);
static_assert(leaf_shape_v<std::optional<int>> == leaf_shape::optional);
static_assert(leaf_shape_v<std::variant<int, double>> == leaf_shape::variant);
static_assert(leaf_shape_v<std::monostate> == leaf_shape::nothing);
static_assert(leaf_shape_v<std::vector<tests::flagged>> == leaf_shape::items);
static_assert(leaf_shape_v<std::vector<std::string>> == leaf_shape::items);
static_assert(leaf_shape_v<std::deque<int>> == leaf_shape::items);
static_assert(leaf_shape_v<std::map<std::string, int>> == leaf_shape::keyed);
static_assert(leaf_shape_v<std::unordered_map<tests::color, int>> == leaf_shape::keyed);
static_assert(leaf_shape_v<std::map<std::pair<std::string, int>, int>> == leaf_shape::encoded);
static_assert(leaf_shape_v<std::multimap<int, int>> == leaf_shape::encoded);
static_assert(leaf_shape_v<std::vector<bool>> == leaf_shape::encoded);
static_assert(leaf_shape_v<std::list<int>> == leaf_shape::encoded);
static_assert(leaf_shape_v<std::set<std::string>> == leaf_shape::encoded);
static_assert(leaf_shape_v<int*> == leaf_shape::none);
static_assert(leaf_shape_v<std::string_view> == leaf_shape::none ||
              leaf_shape_v<std::string_view> == leaf_shape::encoded);

static_assert(holds_hashed<std::unordered_set<int>>());
static_assert(holds_hashed<std::list<std::unordered_set<int>>>());
static_assert(holds_hashed<std::map<int, std::optional<std::unordered_set<int>>>>());
static_assert(!holds_hashed<std::map<int, std::set<std::string>>>());
static_assert(!holds_hashed<tests::tree>());
static_assert(holds_hashed<tests::everything>());

} // namespace

TEST_CASE("leaf: a run by its address alone") {
    std::vector<std::int32_t> run{1, 2, 3};
    const auto& ops = leaf_ops_of<std::vector<std::int32_t>>;
    CHECK(ops.count(&run) == 3);
    CHECK(ops.data(&run) == reinterpret_cast<std::byte*>(run.data()));
    ops.resize(&run, 5);
    CHECK(run == std::vector{1, 2, 3, 0, 0});
    ops.resize(&run, 0);
    CHECK(run.empty());
    CHECK(!ops.encode);
}

TEST_CASE("leaf: as many elements as the type says") {
    std::array<tests::point, 2> points{};
    const auto& ops = leaf_ops_of<std::array<tests::point, 2>>;
    CHECK(ops.count(&points) == 2);
    CHECK(ops.data(&points) == reinterpret_cast<std::byte*>(points.data()));
    CHECK(!ops.resize);
    double one = 1;
    CHECK(leaf_ops_of<double>.count(&one) == 1);
    CHECK(leaf_ops_of<double>.data(&one) == reinterpret_cast<std::byte*>(&one));
}

TEST_CASE("leaf: columns") {
    using words = std::set<std::string>;
    const auto& ops = leaf_ops_of<words>;
    CHECK(!ops.data);
    const words value{"a", "", "bcd"};
    const auto bytes = ops.encode(&value);
    words read{"other"};
    REQUIRE(said(ops.decode(&read, bytes, {})) == "no error");
    CHECK(read == value);
    CHECK(ops.settled(&value) == bytes);
    ops.clear(&read);
    CHECK(read.empty());
    // One value, no more and no fewer.
    tintype::blob none;
    tintype::blob_sink sink{none};
    REQUIRE(tintype::columns::encode(std::vector<words>{}, sink));
    CHECK(said(ops.decode(&read, none, {})) == "invalid_value 0/1");
    tintype::blob two;
    tintype::blob_sink other{two};
    REQUIRE(tintype::columns::encode(std::vector<words>(2), other));
    CHECK(said(ops.decode(&read, two, {})) == "invalid_value 2/1");
    CHECK(said(ops.decode(&read, tests::blob_of({1, 2}), {})) == "truncated 2/8");
}

TEST_CASE("leaf: the same bytes for identical hashed containers") {
    using tintype::detail::settled_bytes;
    std::unordered_map<std::string, int> one;
    std::unordered_map<std::string, int> other(500);
    for (int i = 0; i != 40; ++i) {
        one.emplace(std::to_string(i), i);
        other.emplace(std::to_string(39 - i), 39 - i);
    }
    CHECK(settled_bytes(one) == settled_bytes(other));
    other["7"] = 8;
    CHECK(settled_bytes(one) != settled_bytes(other));
    // Of what is hashed further inside nothing is said.
    const std::list<std::unordered_set<int>> inner{{1, 2}};
    CHECK(settled_bytes(inner).empty());
}
