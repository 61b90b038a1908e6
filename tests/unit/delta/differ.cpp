// Snapshot after snapshot: what changed, applied to a state that never saw them, makes the same
// values to the last bit, and taken back the ones before.

#include <tintype/core/identical.hpp>
#include <tintype/delta/differ.hpp>
#include <tintype/delta/step.hpp>

#include "fixtures.hpp"
#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <string>
#include <utility>
#include <vector>

namespace {

using tests::everything;
using tests::said;
using tests::small;
using tintype::blob;
using tintype::byte_view;
using tintype::change_list;
using tintype::identical;
using tintype::leaf_edit;
using tintype::leaf_state;
using tintype::leaf_table;
using tintype::reader;
using tintype::state_differ;

// What a follower is sent: perhaps an edit, and the changes.
struct delta {
    blob edit{};
    blob changes{};
};

template <class T, class Same>
delta delta_to(state_differ<T, Same>& differ, const T& next) {
    const std::size_t before = differ.state().leaves().size();
    REQUIRE(said(differ.to(next)) == "no error");
    delta what;
    if (differ.edit()) {
        differ.edit()->encode(before, what.edit);
    }
    append_varint(what.changes, differ.count());
    append(what.changes, differ.changes());
    return what;
}

template <class T>
class follower {
public:
    explicit follower(const T& first) { REQUIRE(state_.assign(first)); }

    [[nodiscard]] const T& value() const { return state_.value(); }

    void next(const delta& what) {
        auto& taken = steps_.emplace_back();
        if (!what.edit.empty()) {
            reader in{what.edit};
            auto edit = leaf_edit::decode(in, state_.table());
            REQUIRE(said(edit) == "no error");
            REQUIRE(in.remaining() == 0);
            taken.edited = true;
            REQUIRE(taken.other.assign(state_.value()));
            REQUIRE(said(taken.other.restructure(std::move(edit->table), edit->from)) ==
                    "no error");
            taken.other.swap(state_);
        }
        reader in{what.changes};
        const auto leaves = state_.leaves();
        REQUIRE(said(taken.list.read(
                    in, [&](std::size_t leaf) { return leaves[leaf].ops->form; }, leaves.size())) ==
                "no error");
        REQUIRE(in.remaining() == 0);
        exchange_all(taken.list);
    }

    void back() {
        exchange_all(steps_.back().list);
        if (steps_.back().edited) {
            steps_.back().other.swap(state_);
        }
        steps_.pop_back();
    }

    void exchange_last() { exchange_all(steps_.back().list); }

private:
    struct step {
        change_list list{};
        leaf_state<T> other{};
        bool edited = false;
    };

    void exchange_all(change_list& list) {
        for (tintype::change& each : list.changes()) {
            REQUIRE(said(exchange(each, state_.leaves()[each.leaf])) == "no error");
        }
    }

    leaf_state<T> state_;
    std::vector<step> steps_;
};

} // namespace

TEST_CASE("differ: random pairs, there and back and there") {
    for (std::uint64_t seed = 0; seed != 400; ++seed) {
        CAPTURE(seed);
        const auto before = tests::random_value<everything>(3 * seed);
        auto after = before;
        tests::scrambler random{3 * seed + 1};
        if (seed % 4 == 0) {
            random.fill(after);
        } else {
            random.change(after);
        }
        state_differ<everything> differ;
        REQUIRE(differ.start(before));
        follower<everything> other{before};
        other.next(delta_to(differ, after));
        REQUIRE(identical(differ.state().value(), after));
        REQUIRE(identical(other.value(), after));
        if (!differ.edit()) {
            other.exchange_last();
            REQUIRE(identical(other.value(), before));
            other.exchange_last();
            REQUIRE(identical(other.value(), after));
        }
        other.back();
        REQUIRE(identical(other.value(), before));
    }
}

TEST_CASE("differ: random histories, there and back") {
    for (std::uint64_t seed = 0; seed != 40; ++seed) {
        CAPTURE(seed);
        tests::scrambler random{seed};
        std::vector<everything> history(1);
        random.fill(history[0]);
        state_differ<everything> differ;
        REQUIRE(differ.start(history[0]));
        follower<everything> other{history[0]};
        for (unsigned i = 0; i != 20; ++i) {
            auto next = history.back();
            random.change(next);
            other.next(delta_to(differ, next));
            REQUIRE(identical(other.value(), next));
            history.push_back(std::move(next));
        }
        for (std::size_t i = history.size() - 1; i != 0; --i) {
            other.back();
            REQUIRE(identical(other.value(), history[i - 1]));
        }
    }
}

TEST_CASE("differ: many small steps") {
    tests::scrambler random{77};
    small value;
    random.fill(value);
    state_differ<small> differ;
    REQUIRE(differ.start(value));
    follower<small> other{value};
    for (unsigned i = 0; i != 3000; ++i) {
        random.change(value);
        other.next(delta_to(differ, value));
        REQUIRE(identical(other.value(), value));
        REQUIRE(identical(differ.state().value(), value));
    }
}

TEST_CASE("differ: nothing changes") {
    const auto value = tests::random_value<everything>(5);
    state_differ<everything> differ;
    REQUIRE(differ.start(value));
    REQUIRE(differ.to(value));
    CHECK(differ.count() == 0);
    CHECK(differ.changes().empty());
    CHECK(!differ.edit());
}

TEST_CASE("differ: only bits matter, and all of them") {
    tests::named value;
    value.values = {0.0, std::nan("1")};
    state_differ<tests::named> differ;
    REQUIRE(differ.start(value));
    value.values[1] = std::nan("1");
    REQUIRE(differ.to(value));
    CHECK(differ.count() == 0);
    value.values[1] = std::nan("2");
    REQUIRE(differ.to(value));
    CHECK(differ.count() == 1);
    value.values[0] = -0.0;
    REQUIRE(differ.to(value));
    CHECK(differ.count() == 1);
    CHECK(std::signbit(differ.state().value().values[0]));
}

TEST_CASE("differ: within a tolerance, what is kept does not creep away") {
    tests::named value;
    value.values.assign(100, 1.0);
    state_differ<tests::named, tintype::within> differ{tintype::within{.tolerance = 0.5}};
    REQUIRE(differ.start(value));
    follower<tests::named> other{value};
    for (unsigned i = 0; i != 200; ++i) {
        for (std::size_t k = 0; k != value.values.size(); ++k) {
            value.values[k] += 0.01 * static_cast<double>(k % 7);
        }
        other.next(delta_to(differ, value));
        REQUIRE(identical(other.value(), differ.state().value()));
        for (std::size_t k = 0; k != value.values.size(); ++k) {
            REQUIRE(std::abs(other.value().values[k] - value.values[k]) <= 0.5);
        }
    }
    // Strings and integers have no tolerance.
    value.name = "x";
    other.next(delta_to(differ, value));
    CHECK(other.value().name == "x");
}

TEST_CASE("differ: a value that is too deep is refused, and a start begins anew") {
    state_differ<tests::tree> differ;
    CHECK(said(differ.start(tests::chain_of(40))) == "limit_exceeded in depth 65/64");
    REQUIRE(differ.start(tests::chain_of(3)));
    CHECK(said(differ.to(tests::chain_of(40))) == "limit_exceeded in depth 65/64");
    REQUIRE(differ.start(tests::chain_of(4)));
    REQUIRE(differ.to(tests::chain_of(31)));
    CHECK(identical(differ.state().value(), tests::chain_of(31)));
}
