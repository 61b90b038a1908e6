// Which change is chosen, for every length of run around its thresholds, and that each makes the
// new from the old and the old from the new.

#include <tintype/core/identical.hpp>
#include <tintype/delta/state.hpp>
#include <tintype/delta/step.hpp>

#include "fixtures.hpp"
#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <list>
#include <numeric>
#include <set>
#include <string>
#include <vector>

namespace {

using tests::blob_of;
using tests::said;
using tintype::blob;
using tintype::change;
using tintype::change_list;
using tintype::change_op;
using tintype::exact;
using tintype::identical;
using tintype::leaf_state;
using tintype::reader;
using tintype::within;

constexpr auto nothing = static_cast<change_op>(0xff);

// What became of a single leaf; checked to be applied and taken back.
template <class T, class Same = exact>
change_op op_between(const T& before, const T& after, Same same = {}, T* result = nullptr) {
    leaf_state<T> state;
    REQUIRE(state.assign(before));
    tintype::detail::change_writer<Same> writer{same};
    REQUIRE(state.change_to(after, writer));
    if (Same::bitwise) {
        REQUIRE(identical(state.value(), after));
    }
    if (result != nullptr) {
        *result = state.value();
    }
    blob bytes;
    append_varint(bytes, writer.count());
    append(bytes, writer.bytes());
    leaf_state<T> other;
    REQUIRE(other.assign(before));
    reader in{bytes};
    change_list list;
    REQUIRE(said(list.read(
                in, [&](std::size_t leaf) { return other.leaves()[leaf].ops->form; },
                other.leaves().size())) == "no error");
    REQUIRE(in.remaining() == 0);
    const auto op = list.changes().empty() ? nothing : list.changes()[0].op;
    for (unsigned round = 0; round != 4; ++round) {
        for (change& each : list.changes()) {
            REQUIRE(said(exchange(each, other.leaves()[each.leaf])) == "no error");
        }
        REQUIRE(identical(other.value(), round % 2 == 0 ? state.value() : before));
    }
    return op;
}

template <class T>
std::vector<T> counting(std::size_t count) {
    std::vector<T> run(count);
    for (std::size_t i = 0; i != count; ++i) {
        run[i] = static_cast<T>(i);
    }
    return run;
}

// What a change of so many elements of a run should be.
change_op wanted(std::size_t changed, std::size_t count) {
    if (changed == 0) {
        return nothing;
    }
    if (count == 1 || 4 * changed > 3 * count) {
        return change_op::replaced;
    }
    return 8 * changed <= count ? change_op::sparse : change_op::mapped;
}

} // namespace

TEST_CASE_TEMPLATE("change: which is chosen, for every length", T, std::uint8_t, std::int16_t,
                   float, double) {
    for (std::size_t count = 0; count != 71; ++count) {
        const auto before = counting<T>(count);
        for (std::size_t changed = 0; changed <= count; ++changed) {
            auto after = before;
            for (std::size_t i = 0; i != changed; ++i) {
                // Spread out, and nothing that slid.
                after[i * count / changed] += static_cast<T>(100);
            }
            const auto op = op_between(before, after);
            if (op != wanted(changed, count)) {
                FAIL_CHECK("op ", static_cast<int>(op), " of ", changed, " in ", count);
            }
        }
    }
}

TEST_CASE("change: thresholds of a longer run, and of an array") {
    const auto before = counting<double>(800);
    for (const std::size_t changed : {1U, 100U, 101U, 600U, 601U, 800U}) {
        auto after = before;
        for (std::size_t i = 0; i != changed; ++i) {
            after[i] = -1;
        }
        CHECK(op_between(before, after) == wanted(changed, 800));
    }
    std::array<double, 64> fixed{};
    for (const std::size_t changed : {0U, 1U, 8U, 9U, 48U, 49U, 64U}) {
        auto after = fixed;
        std::fill_n(after.begin(), changed, 5.0);
        CHECK(op_between(fixed, after) == wanted(changed, 64));
    }
    CHECK(op_between(1, 2) == change_op::replaced);
    CHECK(op_between(true, false) == change_op::replaced);
    CHECK(op_between(std::string{"a"}, std::string{"b"}) == change_op::replaced);
    CHECK(op_between(tests::gate::shut, tests::gate::open) == change_op::replaced);
}

TEST_CASE("change: every run that slid, by every number, and every other length") {
    for (std::size_t held = 0; held != 71; ++held) {
        const auto before = counting<std::int32_t>(held);
        for (std::size_t gone = 0; gone <= held; gone += held > 40 ? 3 : 1) {
            for (const std::size_t come : {0U, 1U, 2U, 7U, 64U}) {
                std::vector<std::int32_t> after(before.begin() + static_cast<std::ptrdiff_t>(gone),
                                                before.end());
                for (std::size_t i = 0; i != come; ++i) {
                    after.push_back(1000 + static_cast<std::int32_t>(i));
                }
                const auto op = op_between(before, after);
                const bool slides = 2 * gone <= held && held != 0 && !after.empty();
                const bool same = gone == 0 && come == 0;
                const auto expected = same                   ? nothing
                                      : slides               ? change_op::slid
                                      : after.size() != held ? change_op::replaced
                                                             : wanted(held, held);
                if (op != expected && !(gone == come && held <= 1)) {
                    FAIL_CHECK("op ", static_cast<int>(op), ": ", held, " - ", gone, " + ", come);
                }
            }
        }
    }
}

TEST_CASE("change: runs that are nearly a slide") {
    std::vector<double> zeros(100, 0.0);
    CHECK(op_between(zeros, std::vector<double>(101, 0.0)) == change_op::slid);
    CHECK(op_between(zeros, std::vector<double>(99, 0.0)) == change_op::slid);
    CHECK(op_between(zeros, std::vector<double>(50, 0.0)) == change_op::slid);
    CHECK(op_between(zeros, std::vector<double>(49, 0.0)) == change_op::replaced);
    CHECK(op_between(zeros, std::vector<double>(99, -0.0)) == change_op::replaced);
    // Not searched any further than this.
    const auto before = counting<std::int32_t>(10'000);
    const std::vector<std::int32_t> near(before.begin() + 4096, before.end());
    const std::vector<std::int32_t> far(before.begin() + 4097, before.end());
    CHECK(op_between(before, near) == change_op::slid);
    CHECK(op_between(before, far) == change_op::replaced);
}

TEST_CASE("change: bits decide") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const double other_nan = std::bit_cast<double>(std::bit_cast<std::uint64_t>(nan) ^ 1U);
    CHECK(op_between(nan, nan) == nothing);
    CHECK(op_between(nan, other_nan) == change_op::replaced);
    CHECK(op_between(0.0, -0.0) == change_op::replaced);
    CHECK(op_between(1.0, std::nextafter(1.0, 2.0)) == change_op::replaced);
    std::vector<float> run(100, 1.0F);
    auto after = run;
    after[63] = std::nextafter(1.0F, 2.0F);
    after[64] = -1.0F;
    CHECK(op_between(run, after) == change_op::sparse);
}

TEST_CASE("change: columns are replaced") {
    CHECK(op_between(std::set<int>{1, 2}, std::set<int>{1, 3}) == change_op::replaced);
    CHECK(op_between(std::set<int>{1, 2}, std::set<int>{1, 2}) == nothing);
    CHECK(op_between(std::vector<bool>{true}, std::vector<bool>{}) == change_op::replaced);
    CHECK(op_between(std::list<std::string>{"a"}, std::list<std::string>{"b", ""}) ==
          change_op::replaced);
}

TEST_CASE("change: within a tolerance") {
    const within half{.tolerance = 0.5};
    CHECK(op_between(1.0, 1.5, half) == nothing);
    CHECK(op_between(1.0, 1.51, half) == change_op::replaced);
    CHECK(op_between(1.0F, 0.5F, half) == nothing);
    const double infinity = std::numeric_limits<double>::infinity();
    const double nan = std::numeric_limits<double>::quiet_NaN();
    CHECK(op_between(infinity, infinity, half) == nothing);
    CHECK(op_between(infinity, -infinity, half) == change_op::replaced);
    CHECK(op_between(nan, nan, half) == nothing);
    CHECK(op_between(nan, 1.0, half) == change_op::replaced);
    CHECK(op_between(0.0, -0.0, half) == nothing);
    CHECK(op_between(0.0, -0.0, within{}) == nothing);
    // Integers, letters and records are never near each other.
    CHECK(op_between(1, 2, within{.tolerance = 10}) == change_op::replaced);
    CHECK(op_between('a', 'b', within{.tolerance = 10}) == change_op::replaced);
    using points = std::vector<tests::point>;
    CHECK(op_between(points{{1, 1}, {2, 2}}, points{{1, 1}, {2, 2.25F}}, within{.tolerance = 10}) ==
          change_op::mapped);

    // Those that are near stay as they are, whatever becomes of the others.
    for (std::size_t far = 0; far <= 40; ++far) {
        const std::vector<double> before(40, 1.0);
        std::vector<double> after(40, 1.25);
        std::fill_n(after.begin(), far, 9.0);
        std::vector<double> kept;
        const auto op = op_between(before, after, half, &kept);
        std::vector<double> expected(40, 1.0);
        std::fill_n(expected.begin(), far, 9.0);
        CHECK(kept == expected);
        CHECK(op == (far == 0        ? nothing
                     : far == 40     ? change_op::replaced
                     : 8 * far <= 40 ? change_op::sparse
                                     : change_op::mapped));
    }
    // Of another length it is exact.
    std::vector<double> kept;
    CHECK(op_between(std::vector{1.0, 2.0}, std::vector{1.25, 2.0, 3.0}, half, &kept) ==
          change_op::replaced);
    CHECK(kept == std::vector{1.25, 2.0, 3.0});
}

namespace {

// A user's own, which knows of floating-point numbers only.
struct same_sign {
    static constexpr bool bitwise = false;

    bool operator()(double a, double b) const { return std::signbit(a) == std::signbit(b); }

    bool operator()(float a, float b) const { return std::signbit(a) == std::signbit(b); }
};

static_assert(tintype::same_policy<exact> && tintype::same_policy<within> &&
              tintype::same_policy<same_sign>);
static_assert(!tintype::same_policy<int>);

} // namespace

TEST_CASE("change: a policy of one's own") {
    CHECK(op_between(1.0, 2.0, same_sign{}) == nothing);
    CHECK(op_between(1.0F, -2.0F, same_sign{}) == change_op::replaced);
    CHECK(op_between(1, 2, same_sign{}) == change_op::replaced);
    CHECK(op_between(tests::color::red, tests::color::blue, same_sign{}) == change_op::replaced);
    using points = std::vector<tests::point>;
    CHECK(op_between(points{{1, 1}}, points{{2, 2}}, same_sign{}) == change_op::replaced);
}

namespace {

template <class T>
std::string exchanged(T& value, change what) {
    const tintype::leaf_handle leaf{&value, &tintype::detail::leaf_ops_of<T>};
    return said(exchange(what, leaf));
}

} // namespace

TEST_CASE("change: what does not fit the leaf is refused") {
    std::vector<std::int32_t> run{1, 2, 3};
    blob four(4, std::byte{0});
    blob eight(8, std::byte{0});
    const std::vector<std::uint32_t> beyond{3};
    const std::vector<std::uint32_t> last{2};
    CHECK(exchanged(run, {.op = change_op::sparse, .positions = beyond, .values = four}) ==
          "out_of_bounds in change 3/3");
    CHECK(exchanged(run, {.op = change_op::sparse, .positions = last, .values = four}) ==
          "no error");
    CHECK(run == std::vector{1, 2, 0});
    CHECK(exchanged(run, {.op = change_op::slid, .gone = 4, .values = four}) ==
          "out_of_bounds in change 4/3");
    CHECK(exchanged(run, {.op = change_op::slid, .gone = 3, .values = four}) == "no error");
    CHECK(run == std::vector{3}); // what was exchanged before
    CHECK(exchanged(run, {.op = change_op::replaced}) == "no error");
    CHECK(run.empty());
    CHECK(exchanged(run, {.op = change_op::replaced}) == "no error");
    CHECK(exchanged(run, {.op = change_op::slid}) == "no error");
    CHECK(run.empty());
    CHECK(exchanged(run, {.op = change_op::sparse}) == "no error");

    std::int32_t number = 1;
    CHECK(exchanged(number, {.op = change_op::replaced, .values = eight}) ==
          "out_of_bounds in change 2/1");
    CHECK(exchanged(number, {.op = change_op::replaced}) == "out_of_bounds in change 0/1");
    CHECK(exchanged(number, {.op = change_op::slid, .values = four}) ==
          "out_of_bounds in change 1/1");

    bool truth = false;
    blob two = blob_of({2});
    CHECK(exchanged(truth, {.op = change_op::replaced, .values = two}) ==
          "invalid_value in change 0/1");
    std::vector<tests::gate> gates(3);
    CHECK(exchanged(gates, {.op = change_op::slid, .gone = 1, .values = two}) ==
          "invalid_value in change 0/1");

    std::set<int> columns;
    CHECK(exchanged(columns, {.op = change_op::sparse}) == "out_of_bounds in change 0/2");
    CHECK(exchanged(columns, {.op = change_op::slid}) == "out_of_bounds in change 3/2");
    CHECK(exchanged(columns, {.op = change_op::replaced, .values = two}) == "truncated 1/8");

    change what{.leaf = 7, .op = change_op::replaced};
    CHECK(said(exchange(what, {nullptr, &tintype::detail::marker_ops})) ==
          "out_of_bounds in change 7/0");
}
