#pragma once

// Rules that do every action again on a state of the program's own, and hold what comes out against
// the digest of what came out then.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/message.hpp>
#include <tintype/replay/engine.hpp>
#include <tintype/replay/preview.hpp>
#include <tintype/replay/session.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace tintype::inline v0 {

// `Apply`: apply(state, alternative) -> result<T>, the output as it was given to the recorder; T is
// a blob, a text, or anything that is a view of bytes or characters.
// `States`: what the checkpoints were taken by; their digests are compared with the state's.
// `Comparators`, for actions whose output is never the same twice: compare(alternative, record,
// output as bytes) -> step_outcome. The first that can be called with an alternative is asked
// instead of the digest.
template <class Apply, class States, class... Comparators>
class re_execution {
public:
    // As those of the recorder that made the session.
    preview_limits limits{};

    explicit re_execution(Apply apply, States states = {}, Comparators... comparators)
        : apply_(std::move(apply)), states_(std::move(states)),
          comparators_(std::move(comparators)...) {}

    template <class State, class Alternative, class Action>
    requires std::invocable<Apply&, State&, const Alternative&>
    [[nodiscard]] step_outcome operator()(State& state, const Alternative& what,
                                          const action_record<Action>& record) {
        const auto output = apply_(state, what);
        if (!output) {
            return {verdict::mismatched, message(output.error())};
        }
        return compared<0>(what, record, as_bytes(*output));
    }

    template <class State>
    requires requires(const States& states, const State& state) { states.digest(state); }
    [[nodiscard]] result<blake3_digest> digest(const State& state) const {
        return states_.digest(state);
    }

private:
    template <class Output>
    [[nodiscard]] static byte_view as_bytes(const Output& output) {
        if constexpr (std::convertible_to<const Output&, byte_view>) {
            return output;
        } else {
            return bytes_of(std::string_view{output});
        }
    }

    template <std::size_t Index, class Alternative, class Record>
    [[nodiscard]] step_outcome compared(const Alternative& what, const Record& record,
                                        byte_view output) {
        if constexpr (Index == sizeof...(Comparators)) {
            const auto now = observe(output, limits);
            if (now.hash == record.output_hash) {
                if (!unseen(now.hash)) {
                    return {verdict::matched, {}};
                }
                if (now.preview == record.output_preview) {
                    return {verdict::skipped, "an output too large to be told from another"};
                }
            }
            return {verdict::mismatched,
                    "output \"" + now.preview + "\" against \"" + record.output_preview + '"'};
        } else if constexpr (std::is_invocable_r_v<
                                 step_outcome,
                                 std::tuple_element_t<Index, std::tuple<Comparators...>>&,
                                 const Alternative&, const Record&, byte_view>) {
            return std::get<Index>(comparators_)(what, record, output);
        } else {
            return compared<Index + 1>(what, record, output);
        }
    }

    Apply apply_;
    States states_;
    std::tuple<Comparators...> comparators_;
};

// The state behind the action `sequence`, or behind the last one before it: from the nearest
// checkpoint, or from State{}, by doing again what came since. `invalid_value` with the sequence
// where that comes out otherwise than it was recorded.
template <class State, class Session, class States, class Rules>
requires replay_rules<Rules, State, Session>
[[nodiscard]] result<State> state_after(const Session& session, std::uint64_t sequence,
                                        const States& states, Rules&& rules,
                                        const limits& most = {}) {
    State state{};
    replay_options options{.stop_at = sequence};
    for (std::size_t i = session.checkpoints.size(); i-- != 0;) {
        const std::uint64_t next = first_after(session.checkpoints[i]);
        if (next == 0 || next - 1 <= sequence) {
            auto there = states.restore(std::span{session.checkpoints}, i, most);
            if (!there) {
                return there;
            }
            state = *std::move(there);
            options.from_checkpoint = session.checkpoints[i].id;
            break;
        }
    }
    const auto done = replay(session, state, rules, options);
    if (!done) {
        return pass(done);
    }
    if (done->first) {
        return fail({.code = errc::invalid_value,
                     .where = "replayed state",
                     .found = done->first->sequence,
                     .wanted = sequence});
    }
    return state;
}

} // namespace tintype::inline v0
