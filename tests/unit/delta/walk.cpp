// The order of leaves and their paths; two values side by side.

#include <tintype/delta/table.hpp>
#include <tintype/delta/walk.hpp>

#include "fixtures.hpp"
#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace {

using tests::blob_of;
using tests::said;
using tintype::blob;
using tintype::same_structure;

using path_list = std::vector<blob>;

template <class T>
path_list paths_of(const T& value) {
    tintype::leaf_table table;
    REQUIRE(said(tintype::leaves_of(value, &table, nullptr)) == "no error");
    path_list paths;
    for (std::size_t i = 0; i != table.size(); ++i) {
        paths.emplace_back(table.path(i).begin(), table.path(i).end());
    }
    return paths;
}

struct count_pairs {
    std::size_t markers = 0;
    std::size_t leaves = 0;

    void marker() { ++markers; }

    template <class T>
    void leaf(T&, const T&) {
        ++leaves;
    }
};

} // namespace

TEST_CASE("walk: paths") {
    CHECK(paths_of(5) == path_list{blob{}});
    CHECK(paths_of(std::string{"x"}) == path_list{blob{}});
    CHECK(paths_of(std::pair{1, std::string{}}) == path_list{blob_of({0}), blob_of({1})});
    CHECK(paths_of(tests::point{}) == path_list{blob_of({0}), blob_of({1})});
    CHECK(paths_of(std::array<std::string, 2>{}) == path_list{blob_of({0}), blob_of({1})});
    CHECK(paths_of(std::array<std::string, 0>{}) == path_list{blob{}});
    CHECK(paths_of(std::vector<std::string>(2)) == path_list{blob{}, blob_of({0}), blob_of({1})});
    CHECK(paths_of(std::optional<int>{}) == path_list{blob{}});
    CHECK(paths_of(std::optional{1}) == path_list{blob{}, blob_of({0})});
    using either = std::variant<std::monostate, int, std::vector<std::string>>;
    CHECK(paths_of(either{}) == path_list{blob_of({0})});
    CHECK(paths_of(either{1}) == path_list{blob_of({1})});
    CHECK(paths_of(either{std::vector<std::string>(1)}) ==
          path_list{blob_of({2}), blob_of({2, 0})});
}

TEST_CASE("walk: keys in their order, however they are held") {
    const std::vector wanted{blob{}, blob_of({0}), blob_of({1, 0}), blob_of({1, 'a'}),
                             blob_of({2, 'a', 'a'})};
    CHECK(paths_of(std::map<std::string, int>{
              {"a", 1}, {"", 2}, {std::string(1, '\0'), 3}, {"aa", 4}}) == wanted);
    CHECK(paths_of(std::unordered_map<std::string, int>{
              {"aa", 1}, {"a", 2}, {std::string(1, '\0'), 3}, {"", 4}}) == wanted);
    CHECK(paths_of(std::map<std::int16_t, int>{{-1, 1}, {258, 2}}) ==
          path_list{blob{}, blob_of({255, 255}), blob_of({2, 1})});
    CHECK(paths_of(std::unordered_map<tests::level, int>{{tests::level::high, 1},
                                                         {tests::level::low, 1}}) ==
          path_list{blob{}, blob_of({255, 255, 255, 255}), blob_of({1, 0, 0, 0})});
    CHECK(
        paths_of(std::map<std::string, std::map<std::string, int>>{{"x", {}}, {"y", {{"z", 1}}}}) ==
        path_list{blob{}, blob_of({1, 'x'}), blob_of({1, 'y'}), blob_of({1, 'y', 1, 'z'})});
}

TEST_CASE("walk: positions beyond 127 take more bytes") {
    const auto paths = paths_of(std::vector<std::string>(300));
    CHECK(paths[128] == blob_of({127}));
    CHECK(paths[129] == blob_of({128, 1}));
    CHECK(paths[300] == blob_of({0xab, 2}));
}

TEST_CASE("walk: the same structure") {
    using map = std::map<std::string, std::vector<double>>;
    CHECK(same_structure(1, 2));
    CHECK(same_structure(std::string{"a"}, std::string{}));
    CHECK(same_structure(map{{"a", {1}}}, map{{"a", {1, 2}}}));
    CHECK(!same_structure(map{{"a", {1}}}, map{{"b", {1}}}));
    CHECK(!same_structure(map{{"a", {1}}}, map{{"a", {1}}, {"b", {}}}));
    CHECK(!same_structure(std::optional<int>{}, std::optional{1}));
    using either = std::variant<int, double>;
    CHECK(!same_structure(either{1}, either{1.0}));
    CHECK(same_structure(either{1}, either{2}));
    using hashed = std::unordered_map<std::string, int>;
    CHECK(same_structure(hashed{{"a", 1}, {"b", 2}}, hashed{{"b", 1}, {"a", 2}}));
    CHECK(!same_structure(hashed{{"a", 1}, {"b", 2}}, hashed{{"b", 1}, {"c", 2}}));
    // Keys that are equal and not the same.
    using numbers = std::map<double, int>;
    CHECK(!same_structure(numbers{{0.0, 1}}, numbers{{-0.0, 1}}));
    using hashed_numbers = std::unordered_map<double, int>;
    CHECK(!same_structure(hashed_numbers{{0.0, 1}}, hashed_numbers{{-0.0, 1}}));
    using pairs = std::vector<std::pair<std::string, std::optional<int>>>;
    CHECK(same_structure(pairs{{"a", 1}}, pairs{{"b", 2}}));
    CHECK(!same_structure(pairs{{"a", 1}}, pairs{{"a", {}}}));
}

TEST_CASE("walk: values are of the same structure exactly if their tables are the same") {
    std::vector<tests::nests> all;
    for (std::uint64_t seed = 0; seed != 40; ++seed) {
        all.push_back(tests::random_value<tests::nests>(seed % 20));
        tests::scrambler{seed}.change(all.back());
    }
    for (auto& a : all) {
        tintype::leaf_table table;
        REQUIRE(tintype::leaves_of(a, &table, nullptr));
        for (const auto& b : all) {
            tintype::leaf_table other;
            REQUIRE(tintype::leaves_of(b, &other, nullptr));
            REQUIRE(same_structure(a, b) == (table == other));
            if (table == other) {
                count_pairs seen;
                tintype::detail::paired_leaves<count_pairs>{seen}.go(a, b);
                REQUIRE(seen.markers + seen.leaves == table.size());
            }
        }
    }
}
