#pragma once

// A program for tests of sessions: a bank, what can be done to it, and a recorder of that.

#include <tintype/codec/bincode.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/replay/recorder.hpp>
#include <tintype/replay/session.hpp>
#include <tintype/replay/states.hpp>

#include "clock.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tests {

struct deposit {
    BOOST_HANA_DEFINE_STRUCT(deposit, (std::string, account), (std::int64_t, amount));
    static constexpr std::string_view action_name = "DEPOSIT";
    friend bool operator==(const deposit&, const deposit&) = default;
};

struct close_account {
    BOOST_HANA_DEFINE_STRUCT(close_account, (std::string, account));
    static constexpr std::string_view action_name = "CLOSE";
    friend bool operator==(const close_account&, const close_account&) = default;
};

struct noted {
    BOOST_HANA_DEFINE_STRUCT(noted, (std::uint64_t, checkpoint_id));
    static constexpr std::string_view action_name = "CHECKPOINT";
    friend bool operator==(const noted&, const noted&) = default;
};

using bank_action = std::variant<deposit, close_account, noted>;
using accounts = std::map<std::string, std::int64_t>;

struct bank {
    BOOST_HANA_DEFINE_STRUCT(bank, (std::uint64_t, actions), (accounts, balances),
                             (std::vector<std::int64_t>, amounts));
    friend bool operator==(const bank&, const bank&) = default;
};

// What each action does, and answers: the balance.
struct banking {
    std::int64_t interest = 0; // an amount that a changed program would add

    tintype::result<std::string> operator()(bank& state, const deposit& what) const {
        ++state.actions;
        state.amounts.push_back(what.amount);
        auto& balance = state.balances[what.account];
        balance += what.amount + interest;
        return std::to_string(balance);
    }

    tintype::result<std::string> operator()(bank& state, const close_account& what) const {
        ++state.actions;
        const auto at = state.balances.find(what.account);
        if (at == state.balances.end()) {
            return tintype::fail({.code = tintype::errc::not_found, .where = what.account});
        }
        const auto left = std::to_string(at->second);
        state.balances.erase(at);
        return left;
    }

    tintype::result<std::string> operator()(bank&, const noted&) const { return std::string{}; }
};

// The action that comes i-th.
inline bank_action bank_action_at(std::uint64_t i) {
    const auto account = "account " + std::to_string(i * 7 % 5);
    if (i % 6 == 5) {
        return close_account{.account = "account " + std::to_string((i - 1) * 7 % 5)};
    }
    return deposit{.account = account, .amount = static_cast<std::int64_t>(i * i % 97) - 20};
}

// 1, 2, 3, ...; copies count together.
class counted_uuids {
public:
    [[nodiscard]] tintype::uuid next() const {
        tintype::uuid id;
        const auto number = ++*count_;
        for (std::size_t i = 0; i != 8; ++i) {
            id.bytes[15 - i] = static_cast<std::byte>(number >> 8U * i & 0xffU);
        }
        return id;
    }

private:
    std::shared_ptr<std::uint64_t> count_ = std::make_shared<std::uint64_t>(0);
};

using whole_banks = tintype::whole_states<bank, tintype::bincode_fixed>;
using changed_banks = tintype::changed_states<bank, 4>;

template <class States, class Storage>
using bank_recorder =
    tintype::session_recorder<bank_action, bank, States, Storage, manual_clock, counted_uuids>;

// Does the actions [from, to) to the bank and records each; what was done last succeeded.
template <class Recorder>
tintype::result<void> bank_on(Recorder& recorder, bank& state, std::uint64_t from, std::uint64_t to,
                              const banking& how = {}) {
    for (std::uint64_t i = from; i != to; ++i) {
        const bank_action action = bank_action_at(i);
        const auto answer = std::visit([&](const auto& what) { return how(state, what); }, action);
        if (!answer) {
            return tintype::pass(answer);
        }
        const auto recorded = recorder.record(
            action,
            {.output = tintype::bytes_of(*answer), .affected = {i, i + 1}, .duration_ms = i},
            state);
        if (!recorded) {
            return tintype::pass(recorded);
        }
    }
    return {};
}

} // namespace tests

template <>
struct tintype::checkpoint_action<tests::bank_action> {
    [[nodiscard]] static tests::bank_action of(std::uint64_t id) {
        return tests::noted{.checkpoint_id = id};
    }
};
