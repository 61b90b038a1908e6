#pragma once

// Does again what a session recorded, and says of every action whether the same came of it. What
// "again" and "the same" mean is the rules' business; the engine knows where to begin, what to
// count and when to stop.

#include <tintype/core/clock.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/message.hpp>
#include <tintype/core/progress.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/hash/hex.hpp>
#include <tintype/replay/action.hpp>
#include <tintype/replay/session.hpp>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace tintype::inline v0 {

enum class verdict : std::uint8_t { matched, mismatched, skipped };

[[nodiscard]] constexpr std::string_view name_of(verdict what) noexcept {
    return what == verdict::matched      ? "matched"
           : what == verdict::mismatched ? "mismatched"
                                         : "skipped";
}

struct step_outcome {
    verdict what = verdict::matched;
    std::string detail{}; // for people
};

struct replayed_action {
    std::uint64_t sequence = 0;
    std::string_view name{};
    verdict what = verdict::matched;
    std::string detail{};
    std::chrono::nanoseconds took{0};
};

// The first thing that came out otherwise: an action, or the state behind it, which a checkpoint
// knew.
struct divergence {
    std::uint64_t sequence = 0;
    std::optional<std::uint64_t> checkpoint{}; // whose state was not met
    std::string why{};
};

struct replay_result {
    uuid session_id{};
    std::optional<std::uint64_t> from_checkpoint{};
    std::uint64_t total_actions = 0; // to be replayed, those behind a stop among them
    std::uint64_t matched = 0;
    std::uint64_t mismatched = 0;
    std::uint64_t skipped = 0;
    std::vector<replayed_action> actions{};
    std::optional<divergence> first{};
    std::chrono::nanoseconds took{0};

    [[nodiscard]] bool success() const noexcept { return mismatched == 0 && !first; }

    // Per cent of all actions; 100 where there was nothing to do.
    [[nodiscard]] double match_rate() const noexcept {
        return total_actions == 0
                   ? 100.0
                   : static_cast<double>(matched) / static_cast<double>(total_actions) * 100.0;
    }
};

struct replay_options {
    std::optional<std::uint64_t> from_checkpoint{}; // its id; the store is in its state
    bool repeat_checkpointed = false;       // begin with the action before it, as memvid does
    std::optional<std::uint64_t> stop_at{}; // the last sequence that is replayed
    bool stop_on_mismatch = false;
    const monitor* watch = nullptr; // told of actions
};

namespace detail {

template <class R, class Store, class Record, class Alternative>
concept replays = requires(R& rules, Store& store, const Alternative& what, const Record& record) {
    { rules(store, what, record) } -> std::same_as<step_outcome>;
};

template <class R, class Store, class Record, class Action>
inline constexpr bool replays_all = replays<R, Store, Record, Action>;

template <class R, class Store, class Record, class... Alternatives>
inline constexpr bool replays_all<R, Store, Record, std::variant<Alternatives...>> =
    (replays<R, Store, Record, Alternatives> && ...);

template <class R, class Store>
concept digests_states = requires(const R& rules, const Store& store) {
    { rules.digest(store) } -> std::same_as<result<blake3_digest>>;
};

} // namespace detail

// rules(store, alternative, record): does the action again on the store, or looks whether it was
//     done, for every alternative of the action's type.
// rules.digest(store), if there is one: what checkpoints know of the state; it is compared at each
//     that is passed.
template <class R, class Store, class Session>
concept replay_rules =
    detail::replays_all<R, Store, typename Session::record_type, typename Session::action_type>;

namespace detail {

template <class Session, class Store, class Rules>
class replay_run {
public:
    replay_run(const Session& session, Store& store, Rules& rules, const replay_options& options)
        : session_(session), store_(store), rules_(rules), options_(options) {}

    [[nodiscard]] result<replay_result> go() {
        const auto began = std::chrono::steady_clock::now();
        result_.session_id = session_.session_id;
        result_.from_checkpoint = options_.from_checkpoint;
        if (auto good = begin(); !good) {
            return pass(good);
        }
        if constexpr (digests_states<Rules, Store>) {
            // What it begins with, unless it begins before what the store has behind it.
            if (!options_.repeat_checkpointed) {
                if (auto done = compare_states(from_); !done) {
                    return pass(done);
                }
            }
        }
        std::vector<const record_type*> actions;
        for (const record_type& each : session_.actions) {
            if (each.sequence >= from_ && each.sequence <= options_.stop_at.value_or(last)) {
                actions.push_back(&each);
            }
        }
        result_.total_actions = actions.size();
        for (const record_type* const each : actions) {
            if (auto go_on = step(*each); !go_on) {
                return pass(go_on);
            }
            if (options_.stop_on_mismatch && !result_.success()) {
                break;
            }
        }
        result_.took = std::chrono::steady_clock::now() - began;
        return std::move(result_);
    }

private:
    using record_type = typename Session::record_type;
    static constexpr std::uint64_t last = ~std::uint64_t{0};

    [[nodiscard]] result<void> begin() {
        if (!options_.from_checkpoint) {
            return {};
        }
        const auto index = find_checkpoint(session_, *options_.from_checkpoint);
        if (!index) {
            return pass(index);
        }
        const auto& checkpoint = session_.checkpoints[*index];
        from_ = options_.repeat_checkpointed ? checkpoint.at_sequence : first_after(checkpoint);
        return {};
    }

    [[nodiscard]] result<void> step(const record_type& record) {
        const auto began = std::chrono::steady_clock::now();
        auto outcome = with_action(record.action, [&](const auto& what) -> step_outcome {
            return rules_(store_, what, record);
        });
        const auto count = outcome.what == verdict::matched      ? &replay_result::matched
                           : outcome.what == verdict::mismatched ? &replay_result::mismatched
                                                                 : &replay_result::skipped;
        ++(result_.*count);
        if (outcome.what == verdict::mismatched && !result_.first) {
            result_.first = divergence{.sequence = record.sequence, .why = outcome.detail};
        }
        result_.actions.push_back({.sequence = record.sequence,
                                   .name = action_name(record.action),
                                   .what = outcome.what,
                                   .detail = std::move(outcome.detail),
                                   .took = std::chrono::steady_clock::now() - began});
        if constexpr (digests_states<Rules, Store>) {
            if (auto done = compare_states(record.sequence + 1); !done) {
                return done;
            }
        }
        return options_.watch == nullptr ? result<void>{}
                                         : options_.watch->report({.done = result_.actions.size(),
                                                                   .total = result_.total_actions});
    }

    // At the checkpoints that were taken before the action `next`.
    [[nodiscard]] result<void> compare_states(std::uint64_t next) {
        std::optional<blake3_digest> now;
        for (; passed_ != session_.checkpoints.size(); ++passed_) {
            const auto& checkpoint = session_.checkpoints[passed_];
            const std::uint64_t behind = first_after(checkpoint);
            if (behind > next) {
                break;
            }
            if (behind != next || result_.first) {
                continue;
            }
            if (!now) {
                const auto digest = rules_.digest(std::as_const(store_));
                if (!digest) {
                    return pass(digest);
                }
                now = *digest;
            }
            if (*now != checkpoint.state_hash) {
                result_.first =
                    divergence{.sequence = checkpoint.at_sequence,
                               .checkpoint = checkpoint.id,
                               .why = "state " + to_hex(*now).substr(0, 16) + " against " +
                                      to_hex(checkpoint.state_hash).substr(0, 16)};
            }
        }
        return {};
    }

    const Session& session_;
    Store& store_;
    Rules& rules_;
    const replay_options& options_;
    replay_result result_{};
    std::uint64_t from_ = 0;
    std::size_t passed_ = 0; // checkpoints that are behind us
};

} // namespace detail

// `not_found` for a checkpoint that is none, `cancelled`, or what the rules say of the state's
// digest; a mismatch is no error.
template <class Session, class Store, class Rules>
requires replay_rules<Rules, Store, Session>
[[nodiscard]] result<replay_result> replay(const Session& session, Store& store, Rules&& rules,
                                           const replay_options& options = {}) {
    return detail::replay_run<Session, Store, std::remove_reference_t<Rules>>{session, store, rules,
                                                                              options}
        .go();
}

} // namespace tintype::inline v0
