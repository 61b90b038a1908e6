#pragma once

// What two recorded sessions, or many, have in common and where they part.

#include <tintype/core/identical.hpp>
#include <tintype/replay/action.hpp>
#include <tintype/replay/engine.hpp>
#include <tintype/replay/preview.hpp>
#include <tintype/replay/session.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

struct comparison_options {
    // Besides the actions, what went in and what came out, by digest.
    bool data = false;
};

struct differing_action {
    std::uint64_t sequence = 0;
    std::string reason{};
};

// All in the order of the sequences.
struct session_comparison {
    std::vector<std::uint64_t> only_in_a{};
    std::vector<std::uint64_t> only_in_b{};
    std::vector<differing_action> differing{};
    std::uint64_t matching = 0;

    [[nodiscard]] bool identical() const noexcept {
        return only_in_a.empty() && only_in_b.empty() && differing.empty();
    }
};

namespace detail {

// Of two actions of one sequence the later one counts.
template <class Session>
[[nodiscard]] auto actions_by_sequence(const Session& session) {
    std::map<std::uint64_t, const typename Session::record_type*> actions;
    for (const auto& each : session.actions) {
        actions.insert_or_assign(each.sequence, &each);
    }
    return actions;
}

template <class Action>
[[nodiscard]] std::string record_difference(const action_record<Action>& a,
                                            const action_record<Action>& b,
                                            const comparison_options& options) {
    std::string why = difference(a.action, b.action);
    if (!why.empty() || !options.data) {
        return why;
    }
    const auto shown = [](std::string_view what, const std::string& of_a, const std::string& of_b) {
        return std::string{what} + " \"" + of_a + "\" against \"" + of_b + '"';
    };
    // Of data that were too large to be looked at the preview tells the size.
    const auto same = [](const auto& of_a, const auto& preview_a, const auto& of_b,
                         const auto& preview_b) {
        return of_a == of_b && (!unseen(of_a) || preview_a == preview_b);
    };
    if (!same(a.input_hash, a.input_preview, b.input_hash, b.input_preview)) {
        return shown("input", a.input_preview, b.input_preview);
    }
    if (!same(a.output_hash, a.output_preview, b.output_hash, b.output_preview)) {
        return shown("output", a.output_preview, b.output_preview);
    }
    return {};
}

} // namespace detail

template <class Session>
[[nodiscard]] session_comparison compare(const Session& a, const Session& b,
                                         const comparison_options& options = {}) {
    session_comparison found;
    const auto of_a = detail::actions_by_sequence(a);
    const auto of_b = detail::actions_by_sequence(b);
    for (const auto& [sequence, action] : of_a) {
        const auto other = of_b.find(sequence);
        if (other == of_b.end()) {
            found.only_in_a.push_back(sequence);
            continue;
        }
        auto why = detail::record_difference(*action, *other->second, options);
        if (why.empty()) {
            ++found.matching;
        } else {
            found.differing.push_back({sequence, std::move(why)});
        }
    }
    for (const auto& each : of_b) {
        if (!of_a.contains(each.first)) {
            found.only_in_b.push_back(each.first);
        }
    }
    return found;
}

struct sessions_comparison {
    std::vector<std::uint64_t> unanimous{}; // sequences of actions that all have, and have alike
    std::vector<std::uint64_t> divergent{}; // all others
    // Of each session, the first sequence at which it is not as the first session.
    std::vector<std::optional<std::uint64_t>> first_departure{};
};

template <class Session>
[[nodiscard]] sessions_comparison compare_all(std::span<const Session> sessions,
                                              const comparison_options& options = {}) {
    sessions_comparison found;
    found.first_departure.resize(sessions.size());
    if (sessions.empty()) {
        return found;
    }
    std::map<std::uint64_t, bool> agreed;
    for (const auto& each : sessions.front().actions) {
        agreed.emplace(each.sequence, true);
    }
    for (std::size_t i = 1; i != sessions.size(); ++i) {
        const auto with_first = compare(sessions.front(), sessions[i], options);
        const auto departs = [&](std::uint64_t sequence) {
            agreed.insert_or_assign(sequence, false);
            auto& first = found.first_departure[i];
            first = std::min(first.value_or(sequence), sequence);
        };
        std::ranges::for_each(with_first.only_in_a, departs);
        std::ranges::for_each(with_first.only_in_b, departs);
        std::ranges::for_each(with_first.differing, departs, &differing_action::sequence);
    }
    for (const auto& [sequence, all] : agreed) {
        (all ? found.unanimous : found.divergent).push_back(sequence);
    }
    return found;
}

namespace detail {

// Of the states that both recordings know, the last one that they have in common and the first one
// that they have not, as places among the checkpoints of the first. States that parted are taken to
// stay apart, so that a search by halves finds where.
struct common_states {
    std::optional<std::size_t> last_same{};
    std::optional<std::size_t> first_other{};
    std::size_t other = 0; // its counterpart
};

template <class Session>
[[nodiscard]] common_states states_in_common(const Session& a, const Session& b) {
    const auto counterpart = [&](std::size_t place) {
        const std::uint64_t behind = first_after(a.checkpoints[place]);
        const auto at = std::ranges::lower_bound(
            b.checkpoints, behind, {}, [](const auto& each) { return first_after(each); });
        return at != b.checkpoints.end() && first_after(*at) == behind
                   ? std::optional{static_cast<std::size_t>(at - b.checkpoints.begin())}
                   : std::nullopt;
    };
    common_states found;
    std::size_t begin = 0;
    std::size_t end = a.checkpoints.size();
    while (begin != end) {
        const std::size_t middle = begin + (end - begin) / 2;
        std::size_t at = middle;
        std::optional<std::size_t> other;
        while (at != end && !(other = counterpart(at))) {
            ++at;
        }
        if (at == end) {
            end = middle; // none of these does the other know
        } else if (a.checkpoints[at].state_hash == b.checkpoints[*other].state_hash) {
            found.last_same = at;
            begin = at + 1;
        } else {
            found.first_other = at;
            found.other = *other;
            end = middle;
        }
    }
    return found;
}

} // namespace detail

// Where two recordings of the same first part: the action whose type, fields, input or output are
// others, or is only in one of them, or the checkpoint whose state is. Looks at the digests of
// O(log n) checkpoints where both took them at the same places, and then at the actions from the
// last state that both have in common; nothing where all is the same. Actions before a common state
// that came out otherwise and left no trace in it are not looked at: compare() does that.
template <class Session>
[[nodiscard]] std::optional<divergence> first_divergence(const Session& a, const Session& b) {
    const auto states = detail::states_in_common(a, b);
    const std::uint64_t from = states.last_same ? first_after(a.checkpoints[*states.last_same]) : 0;
    const auto behind = [&](const Session& session) {
        return std::ranges::lower_bound(session.actions, from, {}, &Session::record_type::sequence);
    };
    std::optional<divergence> found;
    auto of_a = behind(a);
    auto of_b = behind(b);
    while (!found && (of_a != a.actions.end() || of_b != b.actions.end())) {
        const auto only = [&](const auto& action, std::string_view which) {
            found = divergence{.sequence = action.sequence,
                               .why = std::string{action_name(action.action)} + " only in " +
                                      std::string{which}};
        };
        if (of_b == b.actions.end() ||
            (of_a != a.actions.end() && of_a->sequence < of_b->sequence)) {
            only(*of_a, "the first");
        } else if (of_a == a.actions.end() || of_b->sequence < of_a->sequence) {
            only(*of_b, "the second");
        } else {
            auto why = detail::record_difference(*of_a, *of_b, {.data = true});
            if (!why.empty()) {
                found = divergence{.sequence = of_a->sequence, .why = std::move(why)};
            }
            ++of_a;
            ++of_b;
        }
    }
    if (states.first_other) {
        const auto& of_first = a.checkpoints[*states.first_other];
        const auto& of_second = b.checkpoints[states.other];
        if (!found || of_first.at_sequence < found->sequence) {
            found = divergence{.sequence = of_first.at_sequence,
                               .checkpoint = of_first.id,
                               .why = "state " + to_hex(of_first.state_hash).substr(0, 16) +
                                      " against " + to_hex(of_second.state_hash).substr(0, 16)};
        }
    }
    return found;
}

} // namespace tintype::inline v0
