#pragma once

// What a recorder must hold after a power cut: a ledger of what was recorded, what was
// acknowledged, and what ended, went or was given up; and the real recovery, run on a state that
// survived and held against it.

#include <tintype/core/bytes.hpp>
#include <tintype/core/endian.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/message.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/log/flush.hpp>
#include <tintype/replay/recorder.hpp>
#include <tintype/replay/segment.hpp>
#include <tintype/replay/states.hpp>
#include <tintype/storage/directory.hpp>

#include "checker.hpp"
#include "power_cut.hpp"
#include "simulated_filesystem.hpp"
#include "support/clock.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tests {

struct crash_action {
    BOOST_HANA_DEFINE_STRUCT(crash_action, (std::uint64_t, number));
    friend bool operator==(const crash_action&, const crash_action&) = default;
};

// What the actions make: their numbers.
struct crash_program {
    BOOST_HANA_DEFINE_STRUCT(crash_program, (std::vector<std::uint64_t>, numbers));
};

using crash_states = tintype::changed_states<crash_program, 2>;

// From a number on; copies count together.
class crash_ids {
public:
    explicit crash_ids(std::uint64_t first = 1) : next_(std::make_shared<std::uint64_t>(first)) {}

    [[nodiscard]] tintype::uuid next() const { return numbered((*next_)++); }

    [[nodiscard]] std::uint64_t comes() const noexcept { return *next_; }

    [[nodiscard]] static tintype::uuid numbered(std::uint64_t number) {
        tintype::uuid id;
        tintype::store<std::endian::big>(id.bytes.data() + 8, number);
        return id;
    }

    [[nodiscard]] static std::uint64_t number_of(const tintype::uuid& id) {
        return tintype::load<std::endian::big, std::uint64_t>(id.bytes.data() + 8);
    }

private:
    std::shared_ptr<std::uint64_t> next_;
};

template <class Storage>
using crash_recorder = tintype::session_recorder<crash_action, crash_program, crash_states, Storage,
                                                 manual_clock, crash_ids>;

[[nodiscard]] inline tintype::recorder_options crash_options(tintype::flush_policy flush) {
    return {.config = {.auto_checkpoint_interval = 2,
                       .max_actions_per_session = std::nullopt,
                       .auto_record = false},
            .flush = flush,
            .record_checkpoints = false,
            .preview = {},
            .segment = {.how = tintype::access::map, .most = {}, .tolerated_waste = 0}};
}

// What was asked of one session, and what was said.
struct replay_life {
    enum class stage : std::uint8_t { asked, started, ending, ended };

    stage at = stage::asked;
    // By sequence; one that failed may be there, and its sequence may have been given again.
    std::map<std::uint64_t, std::vector<std::uint64_t>> asked{};
    std::map<std::uint64_t, std::uint64_t> recorded{}; // those that were acknowledged
    std::uint64_t durable = 0;                         // sequences below were said to be so
    std::set<std::uint64_t> checkpoints{};             // that are durable
    std::map<std::string, std::string> words{};        // that are durable
    bool going = false;                                // somebody asked for it to go
    bool gone = false;

    [[nodiscard]] std::uint64_t fingerprint() const {
        std::uint64_t all = mixed(mixed(static_cast<std::uint64_t>(at), durable),
                                  (going ? 1U : 0U) + (gone ? 2U : 0U));
        for (const auto& [sequence, some] : asked) {
            all = mixed(mixed(all, sequence), some.size());
        }
        return mixed(mixed(all, recorded.size()), mixed(checkpoints.size(), words.size()));
    }
};

struct replay_ledger {
    std::map<std::uint64_t, replay_life> lives{}; // by the number of its id
    bool made = false;

    [[nodiscard]] std::uint64_t fingerprint() const {
        std::uint64_t all = made ? 1 : 0;
        for (const auto& [number, life] : lives) {
            all = mixed(mixed(all, number), life.fingerprint());
        }
        return all;
    }
};

namespace detail {

[[nodiscard]] inline std::string numbered(std::string_view what, std::uint64_t number) {
    return std::string{what} + " " + std::to_string(number);
}

// The state behind a checkpoint is what the actions before it made.
template <class Session>
[[nodiscard]] std::optional<std::string> restores(const Session& held, const replay_life& life) {
    for (const auto& each : held.checkpoints) {
        const auto state = tintype::state_at<crash_program>(held, each.id, crash_states{});
        if (!state) {
            // What it builds on may have been torn, as long as nobody was told that it is durable.
            if (!life.checkpoints.contains(each.id) &&
                state.error().code == tintype::errc::missing_parent) {
                continue;
            }
            return numbered("checkpoint", each.id) + ": " + tintype::message(state.error());
        }
        const auto next = first_after(each);
        for (std::uint64_t i = 0; i != next; ++i) {
            const auto known = life.asked.find(i);
            if (state->numbers.size() != next || known == life.asked.end() ||
                std::ranges::find(known->second, state->numbers[static_cast<std::size_t>(i)]) ==
                    known->second.end()) {
                return numbered("another state in checkpoint", each.id);
            }
        }
    }
    return std::nullopt;
}

// Actions of the life in order, with nothing lost that was acknowledged. Of what was not durable
// any part may be gone, in the middle too, and then that is told.
template <class Session>
[[nodiscard]] std::optional<std::string> lawful(const Session& held, const replay_life& life,
                                                bool told) {
    std::uint64_t next = 0;
    for (const auto& each : held.actions) {
        const auto known = life.asked.find(each.sequence);
        if (known == life.asked.end() ||
            std::ranges::find(known->second, each.action.number) == known->second.end()) {
            return numbered("nobody recorded action", each.sequence);
        }
        if (each.sequence < next) {
            return numbered("out of order is action", each.sequence);
        }
        const auto must = life.recorded.find(each.sequence);
        if (each.sequence < life.durable && must != life.recorded.end() &&
            must->second != each.action.number) {
            return numbered("another one is action", each.sequence);
        }
        if (each.sequence != next && (next < life.durable || !told)) {
            return numbered(next < life.durable ? "acknowledged and gone is action"
                                                : "without a word gone is action",
                            next);
        }
        next = each.sequence + 1;
    }
    if (next < life.durable) {
        return numbered("acknowledged and gone is action", next);
    }
    for (const std::uint64_t id : life.checkpoints) {
        if (!find_checkpoint(held, id)) {
            return numbered("gone is checkpoint", id);
        }
    }
    for (const auto& [key, word] : life.words) {
        const auto at = held.metadata.find(key);
        if (at == held.metadata.end() || at->second != word) {
            return "gone is the word " + key;
        }
    }
    return restores(held, life);
}

} // namespace detail

// Whether what a recorder shows is what the ledger knows. Of one that runs, the session that is
// being recorded is not looked at, since that would make it durable, and what ended may be in the
// segment though its end failed.
template <class Recorder>
[[nodiscard]] std::optional<std::string> lawful(Recorder& recorder, const replay_ledger& book,
                                                bool runs) {
    using stage = replay_life::stage;
    std::set<std::uint64_t> seen;
    const auto check = [&](const auto& session, bool ended) -> std::optional<std::string> {
        const auto number = crash_ids::number_of(session.session_id);
        const auto life = book.lives.find(number);
        if (life == book.lives.end()) {
            return detail::numbered("nobody started session", number);
        }
        if (!seen.insert(number).second) {
            return detail::numbered("twice there is session", number);
        }
        if (life->second.gone) {
            return detail::numbered("removed and back is session", number);
        }
        if (session.ended_secs.has_value() != ended) {
            return detail::numbered("in the wrong place is session", number);
        }
        auto wrong = detail::lawful(session, life->second, !recorder.recovered().damage.empty());
        return wrong ? detail::numbered("session", number) + ": " + *wrong : wrong;
    };
    for (const tintype::segment_entry& each : recorder.sessions().index().entries()) {
        const auto session = recorder.sessions().read(each.summary.session_id);
        if (!session) {
            return "ended session: " + tintype::message(session.error());
        }
        if (summary_of(*session) != each.summary) {
            return "a summary says something else";
        }
        if (auto wrong = check(*session, true)) {
            return wrong;
        }
        if (book.lives.at(crash_ids::number_of(session->session_id)).at < stage::ending) {
            return "nobody ended that session";
        }
    }
    if (runs) {
        if (const auto id = recorder.recording()) {
            seen.insert(crash_ids::number_of(*id));
        }
    } else if (recorder.recording()) {
        const auto session = recorder.active();
        if (!session) {
            return "active session: " + tintype::message(session.error());
        }
        if (auto wrong = check(*session, false)) {
            return wrong;
        }
        if (book.lives.at(crash_ids::number_of(session->session_id)).at == stage::ended) {
            return "it had ended and goes on";
        }
    }
    for (const auto& [number, life] : book.lives) {
        if (life.at != stage::asked && !life.going && !seen.contains(number)) {
            return detail::numbered("gone is session", number);
        }
    }
    return std::nullopt;
}

// What is wrong with what a power cut left, if anything is.
class replay_recovery {
    using storage_type = tintype::basic_directory<simulated_filesystem>;
    using recorder_type = crash_recorder<storage_type>;
    using complaint = std::optional<std::string>;

public:
    replay_recovery(const simulated_filesystem& disk, const replay_ledger& book)
        : storage_(simulated_path, disk), book_(book) {}

    [[nodiscard]] complaint check() {
        tintype::uuid id;
        std::vector<tintype::segment_entry> before;
        std::size_t recorded = 0;
        {
            auto recorder = opened();
            if (!recorder) {
                return "open: " + tintype::message(recorder.error());
            }
            if (auto wrong = lawful(*recorder, book_, false)) {
                return wrong;
            }
            if (auto wrong = reader_agrees(*recorder)) {
                return wrong;
            }
            for (const tintype::segment_entry& each : recorder->sessions().index().entries()) {
                before.push_back(each);
            }
            if (!recorder->recording() && !recorder->start()) {
                return "no session can be started";
            }
            id = *recorder->recording();
            recorded = recorder->active()->actions.size();
            const auto next = recorder->progress().next_sequence;
            if (recorder->record({.number = never}).value_or(next + 1) != next) {
                return "nothing can be recorded";
            }
        }
        return goes_on(id, before, recorded + 1);
    }

private:
    static constexpr std::uint64_t never = 77'777;

    [[nodiscard]] tintype::result<recorder_type> opened() const {
        return recorder_type::open(storage_, "bank", crash_options(tintype::flush_always{}), {},
                                   manual_clock{}, crash_ids{5000});
    }

    [[nodiscard]] complaint reader_agrees(const recorder_type& recorder) const {
        const auto reader =
            tintype::segment_reader<recorder_type::session_type, storage_type>::open(storage_,
                                                                                     "bank");
        return reader && std::ranges::equal(reader->index().entries(),
                                            recorder.sessions().index().entries())
                   ? std::nullopt
                   : complaint{"a reader does not see what the recorder found"};
    }

    [[nodiscard]] complaint goes_on(const tintype::uuid& id,
                                    const std::vector<tintype::segment_entry>& before,
                                    std::size_t actions) const {
        auto recorder = opened();
        if (!recorder || recorder->recording() != id || recorder->recovered().cut != 0) {
            return "the session after the cut is gone";
        }
        if (!std::ranges::equal(recorder->sessions().index().entries(), before)) {
            return "recording changed what had ended";
        }
        const auto summary = recorder->end();
        if (!summary || summary->action_count != actions) {
            return "the session after the cut cannot be ended";
        }
        if (const auto done = recorder->sessions().compact(); !done) {
            return "compact: " + tintype::message(done.error());
        }
        const auto session = recorder->sessions().read(id);
        return session && session->actions.back().action.number == never &&
                       recorder->sessions().index().size() == before.size() + 1
                   ? std::nullopt
                   : complaint{"the session after the cut is another"};
    }

    storage_type storage_;
    const replay_ledger& book_;
};

} // namespace tests
