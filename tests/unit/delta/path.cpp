// Paths as people write them.

#include <tintype/delta/path.hpp>
#include <tintype/delta/table.hpp>

#include "fixtures.hpp"
#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

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
using tintype::blob;
using tintype::path_text;

template <class T>
std::vector<std::string> texts_of(const T& value) {
    tintype::leaf_table table;
    REQUIRE(tintype::leaves_of(value, &table, nullptr));
    std::vector<std::string> texts;
    for (std::size_t i = 0; i != table.size(); ++i) {
        texts.push_back(path_text<T>(table.path(i)));
    }
    return texts;
}

using list = std::vector<std::string>;

} // namespace

TEST_CASE("path: members, positions and keys") {
    CHECK(texts_of(1) == list{""});
    CHECK(texts_of(tests::point{}) == list{"x", "y"});
    CHECK(texts_of(tests::small{}) == list{"id", "on", "values", "metrics", "tags"});
    tests::small value{};
    value.metrics = {{"cpu.load", 1}, {"", 2}};
    CHECK(texts_of(value) ==
          list{"id", "on", "values", "metrics", "metrics.", "metrics.cpu.load", "tags"});
    CHECK(texts_of(std::vector<tests::flagged>(2)) == list{"", "0.id", "0.on", "1.id", "1.on"});
    CHECK(texts_of(std::pair{1, std::string{}}) == list{"first", "second"});
    CHECK(texts_of(std::array<std::string, 2>{}) == list{"0", "1"});
    CHECK(texts_of(std::optional<tests::point>{tests::point{}}) == list{"", "x", "y"});
    CHECK(texts_of(std::variant<int, tests::point>{tests::point{}}) == list{"x", "y"});
    CHECK(texts_of(std::variant<std::monostate, int>{}) == list{""});
    CHECK(texts_of(std::vector<std::string>(200)).back() == "199");
}

TEST_CASE("path: keys that are no texts") {
    CHECK(texts_of(std::map<std::int32_t, int>{{-5, 1}, {4711, 1}}) == list{"", "-5", "4711"});
    CHECK(texts_of(std::map<std::uint8_t, int>{{7, 1}}) == list{"", "7"});
    CHECK(texts_of(std::map<std::uint64_t, int>{{~std::uint64_t{0}, 1}}) ==
          list{"", "18446744073709551615"});
    CHECK(texts_of(std::map<tests::color, int>{{tests::color::blue, 1}}) == list{"", "ff"});
    CHECK(texts_of(std::map<bool, int>{{true, 1}}) == list{"", "01"});
    CHECK(texts_of(std::map<char, int>{{'a', 1}}) == list{"", "61"});
    CHECK(texts_of(std::unordered_map<std::string, std::vector<std::string>>{{"k", {"v"}}}) ==
          list{"", "k", "k.0"});
}

TEST_CASE("path: what is none, as far as it goes") {
    using tests::small;
    CHECK(path_text<small>({}).empty());
    CHECK(path_text<small>(blob_of({9})).empty());
    CHECK(path_text<small>(blob_of({0x80})).empty());
    CHECK(path_text<small>(blob_of({0, 1, 2, 3})) == "id");
    CHECK(path_text<small>(blob_of({3, 9, 'a'})) == "metrics");
    CHECK(path_text<small>(blob_of({3, 0x80})) == "metrics");
    CHECK(path_text<std::map<int, int>>(blob_of({1, 2})).empty());
    CHECK(path_text<std::map<bool, int>>(blob_of({2})).empty());
    // However long it is, of a type that contains itself.
    blob deep;
    for (unsigned i = 0; i != 1'000'000; ++i) {
        append(deep, blob_of({1, 0}));
    }
    const std::string text = path_text<tests::tree>(deep);
    CHECK(text.starts_with("children.0.children.0."));
    CHECK(text.size() < 1000);
}
