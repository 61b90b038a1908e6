// Changes made where they are read are the changes that a list of them makes, and bytes that no
// writer wrote are refused or make some other value.

#include <tintype/core/identical.hpp>
#include <tintype/delta/apply.hpp>
#include <tintype/delta/differ.hpp>
#include <tintype/delta/step.hpp>

#include "fixtures.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace {

using tests::said;
using tests::small;
using tintype::blob;
using tintype::byte_view;
using tintype::change_applier;
using tintype::identical;
using tintype::leaf_state;
using tintype::reader;
using tintype::state_differ;

template <class T>
blob changes_of(const state_differ<T>& differ) {
    blob bytes;
    append_varint(bytes, differ.count());
    append(bytes, differ.changes());
    return bytes;
}

// The follower gets everything, a new structure as its own edit.
template <class T>
void follows(std::uint64_t seed, int steps) {
    tests::scrambler random{seed};
    T now{};
    random.fill(now);
    state_differ<T> differ;
    leaf_state<T> follower;
    change_applier applier;
    REQUIRE(differ.start(now));
    REQUIRE(follower.assign(now));
    std::size_t wrong = 0;
    for (int i = 0; i != steps; ++i) {
        random.change(now);
        REQUIRE(said(differ.to(now)) == "no error");
        if (const auto& edit = differ.edit()) {
            REQUIRE(follower.restructure(tintype::leaf_table{edit->table}, edit->from));
        }
        const blob bytes = changes_of(differ);
        reader in{bytes};
        REQUIRE(said(applier.apply(in, follower.leaves(), {})) == "no error");
        wrong += in.remaining() == 0 && identical(follower.value(), now) ? 0U : 1U;
    }
    CHECK(wrong == 0);
}

// A state before a change, and the bytes of it.
struct prepared {
    small before{};
    small after{};
    blob bytes{};

    explicit prepared(std::uint64_t seed) {
        before.values.assign(200, 0.5);
        before.metrics = {{"a", 1}, {"b", 2}};
        before.tags = {1, 2};
        after = before;
        tests::scrambler random{seed};
        for (std::uint64_t left = 1 + random.below(60); left != 0; --left) {
            after.values[random.below(after.values.size())] = static_cast<double>(random.below(9));
        }
        after.on = random.below(2) == 0;
        after.metrics["b"] = 3;
        after.tags.insert(7);
        state_differ<small> differ;
        REQUIRE(differ.start(before));
        REQUIRE(differ.to(after));
        bytes = changes_of(differ);
    }

    // Whether the bytes are taken; whatever they do stays within the value.
    [[nodiscard]] static bool taken(const small& to, byte_view bytes) {
        leaf_state<small> state;
        REQUIRE(state.assign(to));
        change_applier applier;
        reader in{bytes};
        return applier.apply(in, state.leaves(), {}).has_value();
    }
};

} // namespace

TEST_CASE("changes are made where they are read") {
    for (std::uint64_t seed = 0; seed != 4; ++seed) {
        INFO("seed ", seed);
        follows<tests::everything>(seed, 25);
        follows<small>(seed, 200);
    }
}

TEST_CASE("every truncation of changes is refused, and no flipped bit does harm") {
    for (std::uint64_t seed = 0; seed != 6; ++seed) {
        INFO("seed ", seed);
        const prepared what{seed};
        CHECK(prepared::taken(what.before, what.bytes));
        std::size_t believed = 0;
        for (std::size_t size = 0; size != what.bytes.size(); ++size) {
            believed += prepared::taken(what.before, byte_view{what.bytes}.first(size)) ? 1U : 0U;
        }
        CHECK(believed == 0);
        for (std::size_t bit = 0; bit != 8 * what.bytes.size(); ++bit) {
            blob other = what.bytes;
            other[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
            static_cast<void>(prepared::taken(what.before, other));
        }
    }
}

TEST_CASE("places beyond the elements are refused with both numbers") {
    small value{};
    value.values = {1, 2, 3};
    leaf_state<small> state;
    REQUIRE(state.assign(value));
    // One change, of leaf 2 (the values), sparse: one element, the fourth of three.
    blob bytes;
    for (const std::uint64_t number : {1U, 8U, 1U, 3U}) {
        tintype::append_varint(bytes, number);
    }
    bytes.resize(bytes.size() + 8, std::byte{1});
    change_applier applier;
    reader in{bytes};
    const auto done = applier.apply(in, state.leaves(), {});
    REQUIRE(!done);
    CHECK(done.error().code == tintype::errc::out_of_bounds);
    CHECK(done.error().found == 3);
    CHECK(done.error().wanted == 3);
    CHECK(identical(state.value(), value));
}
