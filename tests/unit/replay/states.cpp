// What checkpoints keep: states that come back from them are the ones that were taken, and what is
// damaged or put together wrongly is not taken for one.

#include <tintype/replay/states.hpp>

#include "support/bytes.hpp"
#include "support/said.hpp"
#include "support/sessions.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace {

using tests::bank;
using tests::said;
using tintype::kept_state;
using kept = tintype::checkpoint<kept_state>;

struct taken {
    std::vector<bank> states{};
    std::vector<kept> checkpoints{};
};

template <class States>
taken take(States& states, std::size_t count) {
    taken all;
    bank now{};
    for (std::uint64_t i = 0; i != count; ++i) {
        for (std::uint64_t k = 0; k != 3; ++k) {
            const auto action = tests::bank_action_at(3 * i + k);
            static_cast<void>(
                std::visit([&](const auto& what) { return tests::banking{}(now, what); }, action));
        }
        auto one = states.take(now, i);
        REQUIRE(said(one) == "no error");
        all.states.push_back(now);
        all.checkpoints.push_back({.id = i,
                                   .at_sequence = 3 * i + 2,
                                   .timestamp_secs = 0,
                                   .state_hash = one->state_hash,
                                   .snapshot = std::move(one->snapshot)});
    }
    return all;
}

template <class States>
void comes_back(const taken& all, const States& states) {
    for (std::size_t i = 0; i != all.states.size(); ++i) {
        const auto back = states.restore(all.checkpoints, i, {});
        REQUIRE(said(back) == "no error");
        CHECK(*back == all.states[i]);
        CHECK(states.digest(all.states[i]).value() == all.checkpoints[i].state_hash);
    }
}

static_assert(tintype::restoring_policy<tests::whole_banks, bank>);
static_assert(tintype::restoring_policy<tests::changed_banks, bank>);

struct count_of {
    using summary_type = tests::noted;

    tests::noted operator()(const bank& state) const { return {.checkpoint_id = state.actions}; }
};

static_assert(tintype::checkpoint_policy<tintype::summarised_states<count_of>, bank>);
static_assert(!tintype::restoring_policy<tintype::summarised_states<count_of>, bank>);

} // namespace

TEST_CASE("every state comes back, whole or from what changed") {
    tests::whole_banks whole;
    const auto wholes = take(whole, 9);
    comes_back(wholes, whole);
    tests::changed_banks changed;
    const auto changes = take(changed, 9);
    comes_back(changes, changed);
    // One of four is whole; the others build on the one before.
    for (std::size_t i = 0; i != 9; ++i) {
        const auto& base = changes.checkpoints[i].snapshot.base;
        CHECK(base.has_value() == (i % 4 != 0));
        CHECK((!base || *base == i - 1));
        CHECK(!wholes.checkpoints[i].snapshot.base);
    }
    tintype::changed_states<bank, 1> always;
    const auto each = take(always, 3);
    comes_back(each, always);
    CHECK(!each.checkpoints[2].snapshot.base);
}

TEST_CASE("what changed of a large state is small") {
    tintype::changed_states<bank> states;
    bank large{};
    large.amounts.resize(10000);
    const auto first = states.take(large, 0).value();
    large.amounts[5000] = 1;
    const auto second = states.take(large, 1).value();
    CHECK(first.snapshot.bytes.size() > 80000);
    CHECK(second.snapshot.bytes.size() < 64);
}

TEST_CASE("after a checkpoint that does not count the next one is whole") {
    tests::changed_banks states;
    const bank state{};
    CHECK(!states.take(state, 0).value().snapshot.base);
    CHECK(states.take(state, 1).value().snapshot.base == 0);
    states.forget();
    CHECK(!states.take(state, 2).value().snapshot.base);
    CHECK(states.take(state, 3).value().snapshot.base == 2);
}

TEST_CASE("a state whose bytes or whose bases are not what they were is refused") {
    tests::changed_banks states;
    const auto all = take(states, 4);
    std::uint64_t refused = 0;
    std::uint64_t tried = 0;
    for (std::size_t which = 0; which != 4; ++which) {
        const auto size = all.checkpoints[which].snapshot.bytes.size();
        for (std::size_t i = 0; i != size; ++i) {
            auto changed = all.checkpoints;
            changed[which].snapshot.bytes[i] ^= std::byte{0x11};
            const auto back = states.restore(changed, 3, {});
            // Whatever still reads is the very state.
            CHECK((!back || *back == all.states[3]));
            refused += back ? 0U : 1U;
            auto cut = all.checkpoints;
            cut[which].snapshot.bytes.resize(i);
            CHECK(!states.restore(cut, 3, {}));
            ++tried;
        }
    }
    CHECK(refused > tried / 2); // the rest is overwritten by what comes after
    auto orphan = all.checkpoints;
    orphan.erase(orphan.begin() + 1);
    CHECK(said(states.restore(orphan, 2, {})) == "missing_parent in checkpoint 1/2");
    auto cycle = all.checkpoints;
    cycle[1].snapshot.base = 3;
    CHECK(said(states.restore(cycle, 3, {})) == "missing_parent in checkpoint 3/1");
    auto own = all.checkpoints;
    own[3].snapshot.base = 3;
    CHECK(said(states.restore(own, 3, {})) == "missing_parent in checkpoint 3/3");
    auto skips = all.checkpoints;
    skips[3].snapshot.base = 0;
    const auto skipped = states.restore(skips, 3, {});
    CHECK((!skipped || *skipped == all.states[3]));

    tests::whole_banks whole;
    auto wholes = take(whole, 1);
    wholes.checkpoints[0].state_hash[0] ^= std::byte{1};
    CHECK(said(whole.restore(wholes.checkpoints, 0, {})).starts_with("checksum_mismatch in state"));
    CHECK(said(whole.restore(all.checkpoints, 1, {})) == "unsupported in state 0/0");
}

TEST_CASE("the digest of a summary is that of its bincode of variable width") {
    tintype::summarised_states<count_of> states;
    bank state{};
    state.actions = 250;
    const auto taken = states.take(state, 0).value();
    CHECK(taken.snapshot.checkpoint_id == 250);
    const auto one = tests::blob_of({250});
    CHECK(taken.state_hash == tintype::hash_of<tintype::blake3>(one));
    state.actions = 251;
    const auto three = tests::blob_of({251, 251, 0});
    CHECK(states.take(state, 1).value().state_hash == tintype::hash_of<tintype::blake3>(three));
}

namespace {

struct account_sheet {
    BOOST_HANA_DEFINE_STRUCT(account_sheet, (std::int64_t, credit), (std::int64_t, debt));
};

struct other_sheet {
    BOOST_HANA_DEFINE_STRUCT(other_sheet, (std::int64_t, debt), (std::int64_t, credit));
};

} // namespace

TEST_CASE("a state of another type is none of this one") {
    tintype::changed_states<account_sheet> states;
    auto taken = states.take({.credit = 1, .debt = 2}, 0).value();
    const std::vector<kept> all{{.id = 0,
                                 .at_sequence = 0,
                                 .timestamp_secs = 0,
                                 .state_hash = taken.state_hash,
                                 .snapshot = std::move(taken.snapshot)}};
    CHECK(states.restore(all, 0, {}).value().credit == 1);
    CHECK(!tintype::changed_states<other_sheet>{}.restore(all, 0, {}));
}
