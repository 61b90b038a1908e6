// How one structure becomes another: which leaves stay, and how little that takes.

#include <tintype/delta/edit.hpp>

#include "fixtures.hpp"
#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace {

using tests::blob_of;
using tests::said;
using tintype::blob;
using tintype::byte_view;
using tintype::leaf_edit;
using tintype::leaf_table;
using tintype::reader;

template <class T>
leaf_table table_of(const T& value) {
    leaf_table table;
    REQUIRE(said(tintype::leaves_of(value, &table, nullptr)) == "no error");
    return table;
}

blob encoded(const leaf_edit& edit, std::size_t before) {
    blob bytes;
    edit.encode(before, bytes);
    return bytes;
}

using numbers = std::map<std::string, std::int32_t>;
constexpr std::size_t none = leaf_edit::none;

leaf_edit between(const numbers& a, const numbers& b) {
    return leaf_edit::between(table_of(a), table_of(b));
}

std::string refused(const blob& bytes, const numbers& before) {
    reader in{bytes};
    return said(leaf_edit::decode(in, table_of(before)));
}

constexpr unsigned stay(unsigned leaves) {
    return 3 * leaves;
}

constexpr unsigned go(unsigned leaves) {
    return 3 * leaves + 1;
}

constexpr unsigned come(unsigned leaves) {
    return 3 * leaves + 2;
}

} // namespace

TEST_CASE("edit: which leaves stay") {
    const numbers abc{{"a", 1}, {"b", 1}, {"c", 1}};
    CHECK(between(abc, abc).from == std::vector<std::size_t>{0, 1, 2, 3});
    CHECK(between(abc, {}).from == std::vector<std::size_t>{0});
    CHECK(between({}, abc).from == std::vector<std::size_t>{0, none, none, none});
    CHECK(between(abc, {{"b", 1}, {"d", 1}}).from == std::vector<std::size_t>{0, 2, none});
    // Another form is another leaf.
    CHECK(leaf_edit::between(table_of(std::map<int, float>{{1, 1}}),
                             table_of(std::map<int, double>{{1, 1}}))
              .from == std::vector<std::size_t>{0, none});
    CHECK(leaf_edit::between(leaf_table{}, leaf_table{}).from.empty());
}

TEST_CASE("edit: the bytes") {
    const numbers abc{{"a", 1}, {"b", 1}, {"c", 1}};
    CHECK(encoded(between(abc, abc), 4) == blob_of({1, stay(4)}));
    CHECK(encoded(between(abc, {}), 4) == blob_of({2, stay(1), go(3)}));
    CHECK(encoded(between(abc, {{"a", 1}, {"c", 1}}), 4) == blob_of({3, stay(2), go(1), stay(1)}));
    CHECK(encoded(between(abc, {{"a", 1}, {"b", 1}, {"bb", 1}, {"c", 1}}), 4) ==
          blob_of({3, stay(3), come(1), 0, 3, 2, 'b', 'b', 6, stay(1)}));
    CHECK(encoded(between({}, {{"a", 1}, {"b", 1}}), 1) ==
          blob_of({2, stay(1), come(2), 0, 2, 1, 'a', 6, 1, 1, 'b', 6}));
    CHECK(encoded(leaf_edit::between(leaf_table{}, leaf_table{}), 0) == blob_of({0}));
}

TEST_CASE("edit: there and back") {
    for (std::uint64_t seed = 0; seed != 60; ++seed) {
        const auto a = tests::random_value<tests::nests>(seed);
        auto b = a;
        if (seed % 3 == 0) {
            b = tests::random_value<tests::nests>(seed + 1);
        } else {
            tests::scrambler{seed}.change(b);
        }
        const auto before = table_of(a);
        const auto edit = leaf_edit::between(before, table_of(b));
        const blob bytes = encoded(edit, before.size());
        reader in{bytes};
        const auto read = leaf_edit::decode(in, before);
        REQUIRE(said(read) == "no error");
        REQUIRE(in.remaining() == 0);
        REQUIRE(read->table == edit.table);
        REQUIRE(read->from == edit.from);
        for (std::size_t size = 0; size < bytes.size(); size += 1 + size / 16) {
            reader cut{byte_view{bytes}.first(size)};
            REQUIRE(!leaf_edit::decode(cut, before));
        }
    }
}

TEST_CASE("edit: refusals") {
    const numbers one{{"a", 1}};
    CHECK(refused({}, one) == "truncated_section in structure @0 0/1");
    CHECK(refused(blob_of({1, stay(2)}), one) == "no error");
    CHECK(refused(blob_of({1, stay(1)}), one) == "truncated_section in structure @2 1/2");
    CHECK(refused(blob_of({0}), one) == "truncated_section in structure @1 0/2");
    CHECK(refused(blob_of({1, stay(3)}), one) == "out_of_bounds in structure @2 3/2");
    CHECK(refused(blob_of({2, go(1), go(2)}), one) == "out_of_bounds in structure @3 2/1");
    CHECK(refused(blob_of({1, come(1), 0, 0}), one) == "out_of_bounds in structure @2 1/0");
    CHECK(refused(blob_of({1, come(1), 1, 0, 6}), one) == "invalid_value in leaf path @3 1/0");
    blob lie;
    tintype::append_varint(lie, ~std::uint64_t{0});
    CHECK(refused(lie, one) == "truncated_section in structure @10 0/1");
    blob many = blob_of({1});
    tintype::append_varint(many, ~std::uint64_t{0}); // a third of it stays
    CHECK(refused(many, one) == "out_of_bounds in structure @11 6148914691236517205/2");
    // Steps of nothing take a byte each, and do nothing.
    CHECK(refused(blob_of({4, 0, 1, 2, stay(2)}), one) == "no error");
}
