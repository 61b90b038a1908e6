// The structure of a value as bytes, and a value made from it again.

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
#include <utility>
#include <variant>
#include <vector>

namespace {

using tests::blob_of;
using tests::said;
using tintype::blob;
using tintype::byte_view;
using tintype::leaf_form;
using tintype::leaf_handle;
using tintype::leaf_table;
using tintype::leaf_type;
using tintype::reader;

blob encoded(const leaf_table& table) {
    blob bytes;
    table.encode(bytes);
    return bytes;
}

template <class T>
leaf_table table_of(const T& value) {
    leaf_table table;
    REQUIRE(said(tintype::leaves_of(value, &table, nullptr)) == "no error");
    return table;
}

std::string refused(const blob& bytes) {
    reader in{bytes};
    return said(leaf_table::decode(in));
}

template <class T>
std::string made(const std::vector<std::pair<blob, leaf_form>>& leaves) {
    leaf_table table;
    for (const auto& [path, form] : leaves) {
        table.add(path, form);
    }
    T value{};
    std::vector<leaf_handle> handles;
    return said(tintype::make_leaves(table, value, handles));
}

constexpr leaf_form marker{};
constexpr leaf_form i32{leaf_type::i32, 1, 4};
constexpr leaf_form text{leaf_type::character, 0, 1};

} // namespace

TEST_CASE("table: the bytes") {
    CHECK(encoded(table_of(std::int32_t{})) == blob_of({1, 0, 0, 6}));
    CHECK(encoded(table_of(std::string{})) == blob_of({1, 0, 0, 0x8c}));
    CHECK(encoded(table_of(std::array<float, 3>{})) == blob_of({1, 0, 0, 0x49, 3}));
    CHECK(encoded(table_of(std::array<float, 1>{})) == blob_of({1, 0, 0, 9}));
    CHECK(encoded(table_of(std::vector<tests::point>{})) == blob_of({1, 0, 0, 0x8d, 8}));
    CHECK(encoded(table_of(std::map<std::string, int>{{"ab", 1}, {"ac", 1}})) ==
          blob_of({3, 0, 0, 0, 0, 3, 2, 'a', 'b', 6, 2, 1, 'c', 6}));
    CHECK(encoded(leaf_table{}) == blob_of({0}));
}

TEST_CASE("table: there and back, and a value with just these leaves") {
    for (std::uint64_t seed = 0; seed != 30; ++seed) {
        const auto value = tests::random_value<tests::nests>(seed);
        const auto table = table_of(value);
        const blob bytes = encoded(table);
        reader in{bytes};
        const auto read = leaf_table::decode(in);
        REQUIRE(said(read) == "no error");
        REQUIRE(in.remaining() == 0);
        REQUIRE(*read == table);
        REQUIRE(encoded(*read) == bytes);
        auto other = tests::random_value<tests::nests>(seed + 1000);
        std::vector<leaf_handle> handles;
        REQUIRE(said(tintype::make_leaves(*read, other, handles)) == "no error");
        REQUIRE(tintype::same_structure(value, other));
        REQUIRE(handles.size() == table.size());
        for (std::size_t size = 0; size < bytes.size(); size += 1 + size / 16) {
            reader cut{byte_view{bytes}.first(size)};
            REQUIRE(!leaf_table::decode(cut));
        }
    }
}

TEST_CASE("table: refusals") {
    CHECK(refused({}) == "truncated_section in leaves @0 0/1");
    CHECK(refused(blob_of({2, 0, 0, 6})) == "truncated_section in leaves @1 1/2");
    blob many;
    tintype::append_varint(many, ~std::uint64_t{0});
    CHECK(refused(many) == "truncated_section in leaves @10 0/18446744073709551615");
    CHECK(refused(blob_of({1, 1, 0, 6})) == "invalid_value in leaf path @2 1/0");
    CHECK(refused(blob_of({2, 0, 1, 9, 6, 2, 0, 6})) == "invalid_value in leaf path @6 2/1");
    CHECK(refused(blob_of({1, 0, 5, 1})) == "truncated_section in leaf path @3 1/5");
    CHECK(refused(blob_of({1, 0, 0, 15})) == "invalid_value in leaf form @3 15/14");
    CHECK(refused(blob_of({1, 0, 0, 0x3f})) == "invalid_value in leaf form @3 63/14");
    CHECK(refused(blob_of({1, 0, 0, 0x80})) == "invalid_value in leaf form @3 128/14");
    CHECK(refused(blob_of({1, 0, 0, 0x40, 2})) == "invalid_value in leaf form @3 64/14");
    CHECK(refused(blob_of({1, 0, 0, 0xc6, 2})) == "invalid_value in leaf form @3 198/14");
    CHECK(refused(blob_of({1, 0, 0, 0x46, 1})) == "invalid_value in leaf form @5 1/2");
    CHECK(refused(blob_of({1, 0, 0, 13, 0})) == "invalid_value in leaf form @5 0/1");
    CHECK(refused(blob_of({1, 0, 0, 13})) == "truncated_section in leaf form @4 0/1");
    CHECK(refused(blob_of({1, 0, 0, 0x46, 0xff, 0xff, 0xff, 0xff, 0x1f})) ==
          "invalid_value in leaf form @9 8589934591/2");
}

TEST_CASE("table: paths that no value of the type has") {
    CHECK(made<std::int32_t>({{{}, i32}}) == "no error");
    CHECK(made<std::int32_t>({}) == "invalid_value in leaves 0/1");
    CHECK(made<std::int32_t>({{{}, i32}, {{}, i32}}) == "invalid_value in leaves 2/1");
    CHECK(made<std::int32_t>({{{}, text}}) == "invalid_value in leaves 1/1");
    CHECK(made<std::int32_t>({{blob_of({0}), i32}}) == "trailing_bytes in leaf path @0 1/0");

    using texts = std::vector<std::string>;
    CHECK(made<texts>({{{}, marker}, {blob_of({0}), text}}) == "no error");
    CHECK(made<texts>({{{}, marker}, {blob_of({1}), text}}) == "out_of_bounds in leaf path @1 1/0");
    CHECK(made<texts>({{{}, marker}, {blob_of({0}), text}, {blob_of({2}), text}}) ==
          "out_of_bounds in leaf path @1 2/1");
    CHECK(made<texts>({{{}, marker}, {blob_of({0}), text}, {blob_of({0}), text}}) ==
          "invalid_value in leaves 3/2");
    CHECK(made<texts>({{blob_of({0}), text}}) == "invalid_value in leaves 1/2");
    CHECK(made<texts>({{blob_of({0}), text}, {{}, marker}}) == "invalid_value in leaves 2/2");
    blob huge;
    tintype::append_varint(huge, ~std::uint64_t{0});
    CHECK(made<texts>({{{}, marker}, {huge, text}}) ==
          "out_of_bounds in leaf path @10 18446744073709551615/0");

    using map = std::map<std::string, std::int32_t>;
    const auto key = [](char c) { return blob_of({1, static_cast<unsigned char>(c)}); };
    CHECK(made<map>({{{}, marker}, {key('a'), i32}, {key('b'), i32}}) == "no error");
    CHECK(made<map>({{{}, marker}, {key('b'), i32}, {key('a'), i32}}) ==
          "invalid_value in leaves 3/3");
    CHECK(made<map>({{{}, marker}, {blob_of({9, 'a'}), i32}}) ==
          "truncated_section in leaf path @1 1/9");
    CHECK(made<map>({{{}, marker}, {blob_of({1, 'a', 0}), i32}}) ==
          "trailing_bytes in leaf path @2 1/0");
    CHECK(made<std::map<bool, std::int32_t>>({{{}, marker}, {blob_of({2}), i32}}) ==
          "out_of_bounds in leaf path @1 2/1");
    CHECK(made<std::map<std::int16_t, std::int32_t>>({{{}, marker}, {blob_of({2}), i32}}) ==
          "truncated_section in leaf path @0 1/2");

    using either = std::variant<std::monostate, std::int32_t>;
    CHECK(made<either>({{blob_of({0}), marker}}) == "no error");
    CHECK(made<either>({{blob_of({1}), i32}}) == "no error");
    CHECK(made<either>({{blob_of({2}), i32}}) == "out_of_bounds in leaf path @1 2/2");
    CHECK(made<either>({{blob_of({0}), marker}, {blob_of({1}), i32}}) ==
          "invalid_value in leaves 2/1");
    CHECK(made<std::optional<std::int32_t>>({{{}, marker}, {blob_of({1}), i32}}) ==
          "out_of_bounds in leaf path @1 1/1");
    CHECK(made<std::array<std::string, 0>>({{blob_of({0}), text}}) ==
          "trailing_bytes in leaf path @0 1/0");
    CHECK(made<std::array<std::string, 0>>({{{}, marker}}) == "no error");
}

TEST_CASE("table: depth") {
    using tests::tree;
    for (const std::size_t depth : {0U, 1U, 31U}) {
        const auto table = table_of(tests::chain_of(depth));
        tree value;
        std::vector<leaf_handle> handles;
        CHECK(said(tintype::make_leaves(table, value, handles)) == "no error");
        CHECK(handles.size() == 2 * (depth + 1));
    }
    // A path of so many first children.
    const auto deep = [](std::size_t links) {
        blob path;
        for (std::size_t i = 0; i != links; ++i) {
            append(path, blob_of({1, 0}));
        }
        path.push_back(std::byte{0});
        return made<tree>({{path, i32}});
    };
    CHECK(deep(1) == "invalid_value in leaves 1/4");
    CHECK(deep(32) == "limit_exceeded in leaf path 65/64");
    CHECK(deep(33) == "limit_exceeded in leaf path 65/64");
    CHECK(deep(1'000'000) == "limit_exceeded in leaf path 65/64");
}

TEST_CASE("table: a few bytes that stand for many long paths") {
    blob bytes;
    constexpr std::size_t leaves = 20'000;
    constexpr std::size_t length = 60'000;
    tintype::append_varint(bytes, leaves);
    append(bytes, blob_of({0}));
    tintype::append_varint(bytes, length);
    bytes.resize(bytes.size() + length, std::byte{1});
    bytes.push_back(std::byte{6});
    for (std::size_t i = 1; i != leaves; ++i) {
        tintype::append_varint(bytes, length);
        append(bytes, blob_of({0, 6}));
    }
    // After so many of them as there is room for.
    constexpr std::size_t whole = tintype::most_path_bytes / length;
    CHECK(refused(bytes) == "limit_exceeded in leaf path @" +
                                std::to_string(3 + 1 + 3 + length + 1 + whole * 5) + " 60000/" +
                                std::to_string(tintype::most_path_bytes - whole * length));
}
