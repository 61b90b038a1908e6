// The changes of a snapshot as they are read: what no writer would have written is refused, and
// nothing is taken for it.

#include <tintype/delta/state.hpp>
#include <tintype/delta/step.hpp>

#include "fixtures.hpp"
#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace {

using tests::blob_of;
using tests::said;
using tintype::blob;
using tintype::change_list;
using tintype::change_op;
using tintype::leaf_form;
using tintype::leaf_type;
using tintype::reader;

// A number, a marker, a run of numbers, a truth, three shorts, columns.
constexpr std::array<leaf_form, 6> forms{{{leaf_type::u32, 1, 4},
                                          {},
                                          {leaf_type::f32, 0, 4},
                                          {leaf_type::boolean, 1, 1},
                                          {leaf_type::i16, 3, 2},
                                          {leaf_type::columns, 0, 1}}};

std::string read(const blob& bytes, change_list& list) {
    reader in{bytes};
    return said(list.read(in, [](std::size_t leaf) { return forms[leaf]; }, forms.size()));
}

std::string read(const blob& bytes) {
    change_list list;
    return read(bytes, list);
}

// The bytes, and a number of as many as it needs, and more bytes.
blob around(std::initializer_list<unsigned> before, std::uint64_t number,
            std::initializer_list<unsigned> after = {}) {
    blob bytes = blob_of(before);
    tintype::append_varint(bytes, number);
    append(bytes, blob_of(after));
    return bytes;
}

constexpr unsigned head(unsigned skipped, change_op op) {
    return 4 * skipped + static_cast<unsigned>(op);
}

constexpr unsigned sparse_run = head(2, change_op::sparse);
constexpr unsigned mapped_run = head(2, change_op::mapped);
constexpr unsigned replaced_run = head(2, change_op::replaced);
constexpr unsigned slid_run = head(2, change_op::slid);
constexpr std::uint64_t most = ~std::uint64_t{0};

} // namespace

TEST_CASE("step: what was written is read") {
    change_list list;
    REQUIRE(read(blob_of({0}), list) == "no error");
    CHECK(list.changes().empty());
    REQUIRE(read(blob_of({5,
                          head(0, change_op::replaced),
                          1,
                          2,
                          3,
                          4, //
                          head(1, change_op::sparse),
                          2,
                          3,
                          0,
                          9,
                          9,
                          9,
                          9,
                          8,
                          8,
                          8,
                          8,
                          head(0, change_op::replaced),
                          1,
                          head(0, change_op::mapped),
                          3,
                          5,
                          1,
                          0,
                          2,
                          0,
                          head(0, change_op::replaced),
                          2,
                          7,
                          7}),
                 list) == "no error");
    REQUIRE(list.changes().size() == 5);
    const auto all = list.changes();
    CHECK(all[0].leaf == 0);
    CHECK(all[0].values.size() == 4);
    CHECK(all[1].leaf == 2);
    CHECK(std::vector(all[1].positions.begin(), all[1].positions.end()) ==
          std::vector<std::uint32_t>{3, 4});
    CHECK(blob(all[1].values.begin(), all[1].values.end()) == blob_of({9, 9, 9, 9, 8, 8, 8, 8}));
    CHECK(all[2].leaf == 3);
    CHECK(all[3].leaf == 4);
    CHECK(std::vector(all[3].positions.begin(), all[3].positions.end()) ==
          std::vector<std::uint32_t>{0, 2});
    CHECK(all[4].leaf == 5);
    CHECK(all[4].values.size() == 2);
    REQUIRE(read(blob_of({1, slid_run, 5, 1, 1, 2, 3, 4}), list) == "no error");
    CHECK(list.changes()[0].gone == 5);
    CHECK(list.changes()[0].positions.empty());
}

TEST_CASE("step: which leaf") {
    CHECK(read({}) == "truncated_section in changes @0 0/1");
    CHECK(read(blob_of({1})) == "out_of_bounds in changes @1 1/0");
    CHECK(read(blob_of({7, 0, 0, 0, 0, 0, 0, 0, 0})) == "out_of_bounds in changes @1 7/6");
    CHECK(read(around({}, most)) == "out_of_bounds in changes @10 18446744073709551615/0");
    CHECK(read(blob_of({1, head(6, change_op::replaced)})) == "out_of_bounds in change @2 6/6");
    CHECK(read(blob_of({2, head(5, change_op::replaced), 0, head(0, change_op::replaced), 0})) ==
          "out_of_bounds in change @4 0/0");
    CHECK(read(around({1}, most)) == "out_of_bounds in change @11 4611686018427387903/6");
    CHECK(read(blob_of({1, 0x80})) == "truncated_section in change @1 1/2");
}

TEST_CASE("step: positions") {
    CHECK(read(blob_of({1, sparse_run, 1, 0, 1, 2, 3, 4})) == "no error");
    CHECK(read(blob_of({1, sparse_run, 1, 0, 1, 2, 3})) == "truncated_section in change @4 0/1");
    CHECK(read(blob_of({1, sparse_run, 9, 0})) == "truncated_section in change @3 1/9");
    CHECK(read(around({1, sparse_run}, most, {0})) ==
          "truncated_section in change @12 1/18446744073709551615");
    constexpr std::uint64_t last = 0xffff'ffff;
    CHECK(read(around({1, sparse_run, 1}, last, {1, 2, 3, 4})) == "no error");
    CHECK(read(around({1, sparse_run, 1}, last + 1, {1, 2, 3, 4})) ==
          "out_of_bounds in change @8 4294967296/4294967296");
    CHECK(read(around({1, sparse_run, 1}, most, {1, 2, 3, 4})) ==
          "out_of_bounds in change @13 18446744073709551615/4294967296");
    // Positions never begin again from the front.
    CHECK(read(around({1, sparse_run, 2}, last, {0, 1, 2, 3, 4, 5, 6, 7, 8})) ==
          "out_of_bounds in change @9 0/0");
    CHECK(read(around({1, sparse_run, 2}, last - 1, {0, 1, 2, 3, 4, 5, 6, 7, 8})) == "no error");
    CHECK(read(around({1, sparse_run, 2}, last - 1, {1, 1, 2, 3, 4, 5, 6, 7, 8})) ==
          "out_of_bounds in change @9 1/1");
    CHECK(read(blob_of({1, mapped_run, 8, 0})) == "no error");
    CHECK(read(blob_of({1, mapped_run, 8, 1, 1, 2, 3, 4})) == "no error");
    CHECK(read(blob_of({1, mapped_run, 8, 3, 1, 2, 3, 4})) == "truncated_section in change @4 4/2");
    CHECK(read(blob_of({1, mapped_run, 9, 0})) == "truncated_section in change @3 1/2");
    CHECK(read(around({1, mapped_run}, most)) ==
          "truncated_section in change @12 0/2305843009213693952");
}

TEST_CASE("step: values") {
    CHECK(read(blob_of({1, head(0, change_op::replaced), 1, 2, 3})) ==
          "truncated_section in change @2 0/1");
    CHECK(read(blob_of({1, replaced_run, 1, 1, 2, 3})) == "truncated_section in change @3 0/1");
    CHECK(read(around({1, replaced_run}, most / 4 + 1, {1})) ==
          "truncated_section in change @11 0/4611686018427387904");
    CHECK(read(around({1, slid_run}, most, {0})) == "no error");
    CHECK(read(blob_of({1, slid_run, 1})) == "truncated_section in change @3 0/1");
    // A marker has no values to change.
    for (const auto op : {change_op::sparse, change_op::mapped, change_op::replaced}) {
        CHECK(read(blob_of({1, head(1, op), 0, 0})).starts_with("truncated_section in change @"));
    }
    CHECK(read(blob_of({1, head(1, change_op::slid), 0, 0})) ==
          "truncated_section in change @3 0/0");
}

TEST_CASE("step: a list is read into again") {
    change_list list;
    REQUIRE(read(blob_of({1, sparse_run, 1, 2, 1, 2, 3, 4}), list) == "no error");
    CHECK(read(blob_of({9}), list) != "no error");
    REQUIRE(read(blob_of({1, sparse_run, 1, 5, 4, 3, 2, 1}), list) == "no error");
    REQUIRE(list.changes().size() == 1);
    CHECK(list.changes()[0].positions[0] == 5);
    // Its memory is its own, also where it goes to another place.
    const change_list other = std::move(list);
    CHECK(other.changes()[0].values[0] == std::byte{4});
    CHECK(other.changes()[0].positions[0] == 5);
}
