#pragma once

// A recorder at work on one simulated disk. After every call that changed something, and after
// every acknowledgement, each state that a power cut could leave is opened by the real recovery and
// held against the ledger.

#include <tintype/core/error.hpp>
#include <tintype/log/flush.hpp>
#include <tintype/storage/directory.hpp>

#include "intercepted.hpp"
#include "power_cut.hpp"
#include "replay_ledger.hpp"
#include "session.hpp"
#include "simulated_filesystem.hpp"
#include "support/clock.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace tests {

template <template <class> class Mutant = faithful>
class replay_session {
    using filesystem = Mutant<intercepted<simulated_filesystem>>;
    using stage = replay_life::stage;

public:
    using storage_type = tintype::basic_directory<filesystem>;
    using recorder_type = crash_recorder<storage_type>;

    explicit replay_session(tally& seen, simulated_options options = {.sector = 128})
        : replay_session(seen, simulated_filesystem{options}) {}

    replay_session(tally& seen, simulated_filesystem disk)
        : disk_(std::move(disk)), hooks_(std::make_shared<interception>()),
          storage_(simulated_path, filesystem{intercepted<simulated_filesystem>{disk_, hooks_}}),
          seen_(seen) {
        hooks_->before = [this](call& what) {
            return refuse ? refuse(what) : tintype::result<void>{};
        };
        hooks_->after = [this](const call&, bool) { look(); };
    }

    replay_session(const replay_session&) = delete;
    replay_session& operator=(const replay_session&) = delete;

    ~replay_session() {
        refuse = {};
        recorder_.reset();
        look();
    }

    std::function<tintype::result<void>(call&)> refuse{};

    // No power cuts, and a look at the recorder only when it is asked for.
    bool only_shown = false;

    [[nodiscard]] replay_ledger& book() noexcept { return book_; }

    [[nodiscard]] recorder_type& recorder() noexcept { return *recorder_; }

    [[nodiscard]] simulated_options& disk_options() noexcept { return disk_.disk().options; }

    tintype::result<void> open(tintype::flush_policy policy) {
        recorder_.reset();
        look();
        policy_ = policy;
        auto made =
            recorder_type::open(storage_, "bank", crash_options(policy), {}, manual_clock{}, ids_);
        if (!made) {
            look();
            return tintype::pass(made);
        }
        recorder_ = std::make_unique<recorder_type>(*std::move(made));
        waiting_ = 0;
        adopt();
        note();
        return {};
    }

    tintype::result<void> start() {
        const auto number = ids_.comes();
        if (!recorder_->recording()) {
            book_.lives.try_emplace(number);
        }
        const auto done = recorder_->start("of a test", {{"since", "start"}});
        if (!done) {
            note();
            return tintype::pass(done);
        }
        now_ = number;
        waiting_ = 0;
        program_ = {};
        taken_.clear();
        words_.clear();
        life().at = stage::started;
        life().words["since"] = "start";
        note();
        return {};
    }

    // One action; with a state behind it, a checkpoint where one is due.
    tintype::result<void> record() {
        const auto sequence = recorder_->progress().next_sequence;
        const auto checkpoint = recorder_->progress().next_checkpoint_id;
        const std::uint64_t number = ++serial_;
        if (now_) {
            life().asked[sequence].push_back(number);
        }
        auto after = program_;
        after.numbers.push_back(number);
        const auto done = recorder_->record({.number = number}, {}, after);
        if (done && done->sequence != sequence) {
            seen_.complain("another sequence was given than the next", true);
        }
        if (now_ && recorder_->progress().next_sequence != sequence) {
            program_ = std::move(after);
            life().recorded[sequence] = number;
            appended();
        }
        if (recorder_->progress().next_checkpoint_id != checkpoint) {
            taken_.insert(checkpoint);
            appended();
        }
        note();
        if (done && done->not_taken) {
            return tintype::fail(*done->not_taken);
        }
        return done ? tintype::result<void>{} : tintype::pass(done);
    }

    tintype::result<void> annotate(const std::string& key, const std::string& word) {
        auto done = recorder_->annotate(key, word);
        if (done) {
            words_[key] = word;
            appended();
        }
        note();
        return done;
    }

    tintype::result<void> flush() {
        auto done = recorder_->flush();
        if (done) {
            all_durable();
        }
        note();
        return done;
    }

    tintype::result<void> end() {
        if (now_) {
            life().at = std::max(life().at, stage::ending);
        }
        const auto done = recorder_->end();
        if (done) {
            all_durable();
            life().at = stage::ended;
            if (done->session_id != crash_ids::numbered(*now_) ||
                done->action_count != life().recorded.size()) {
                seen_.complain("another session ended", true);
            }
            now_.reset();
        }
        note();
        return done ? tintype::result<void>{} : tintype::pass(done);
    }

    tintype::result<void> abandon() {
        if (now_) {
            life().going = true;
        }
        auto done = recorder_->abandon();
        if (done) {
            life().gone = true;
            now_.reset();
        }
        note();
        return done;
    }

    tintype::result<void> remove(std::uint64_t number) {
        book_.lives.at(number).going = true;
        const auto done = recorder_->sessions().remove(crash_ids::numbered(number));
        if (done) {
            book_.lives.at(number).gone = true;
        }
        note();
        return done ? tintype::result<void>{} : tintype::pass(done);
    }

    tintype::result<void> compact() {
        auto done = recorder_->sessions().compact();
        note();
        return done;
    }

    // The recorder as it runs, by calls that do not fail.
    void check() {
        const auto refusing = std::exchange(refuse, {});
        if (recorder_) {
            if (auto wrong = lawful(*recorder_, book_, true)) {
                seen_.complain("as it runs: " + *wrong, true);
            }
        }
        refuse = refusing;
    }

    // Opens every state that a power cut could leave now.
    void look() {
        const auto folder = disk_.disk().folders.find(simulated_path);
        const std::pair now{disk_.disk().revision, book_.fingerprint()};
        if (only_shown || folder == disk_.disk().folders.end() || now == last_look_) {
            return;
        }
        last_look_ = now;
        each_state([&](const power_cut_state& state) {
            auto& journalled = seen_.states.try_emplace(state.key(), false).first->second;
            journalled = journalled || state.journalled();
            if (!seen_.checked.insert(mixed(book_.fingerprint(), state.key())).second) {
                return;
            }
            if (auto wrong = replay_recovery{state.disk(simulated_path, false), book_}.check()) {
                seen_.complain(*std::move(wrong), state.journalled());
            }
        });
    }

    // visit(power_cut_state) for each that could be left now.
    template <class Visit>
    void each_state(Visit visit) const {
        for_each_power_cut(*disk_.disk().folders.at(simulated_path), disk_.disk().options.sector,
                           visit);
    }

    // On a disk that a power cut left of the other's; what was acknowledged there is to be here.
    template <class Other>
    void go_on_from(const Other& other) {
        book_ = other.book_;
        now_ = other.now_;
        ids_ = crash_ids{other.ids_.comes()};
        serial_ = other.serial_;
    }

private:
    template <template <class> class>
    friend class replay_session;

    [[nodiscard]] replay_life& life() { return book_.lives.at(*now_); }

    void appended() {
        if (policy_.due(++waiting_)) {
            all_durable();
        }
    }

    void all_durable() {
        waiting_ = 0;
        if (now_) {
            life().durable = life().recorded.empty() ? 0 : life().recorded.rbegin()->first + 1;
            life().checkpoints.insert(taken_.begin(), taken_.end());
            life().words.insert(words_.begin(), words_.end());
        }
    }

    // What an opened recorder shows is durable, whether or not it was acknowledged.
    void adopt() {
        const auto refusing = std::exchange(refuse, {});
        if (auto wrong = lawful(*recorder_, book_, false)) {
            seen_.complain("opened: " + *wrong, true);
        }
        taken_.clear();
        words_.clear();
        if (now_ && recorder_->sessions().index().contains(crash_ids::numbered(*now_))) {
            life().at = stage::ended;
        }
        now_.reset();
        if (const auto id = recorder_->recording()) {
            now_ = crash_ids::number_of(*id);
            if (life().at == stage::asked) {
                life().at = stage::started;
            }
            life().recorded.clear();
            program_ = {};
            const auto session = recorder_->active();
            for (const auto& each : session.value().actions) {
                life().recorded[each.sequence] = each.action.number;
                program_.numbers.push_back(each.action.number);
            }
            for (const auto& each : session.value().checkpoints) {
                taken_.insert(each.id);
            }
            all_durable();
        }
        for (auto& [number, each] : book_.lives) {
            const auto id = crash_ids::numbered(number);
            const bool there =
                recorder_->recording() == id || recorder_->sessions().index().contains(id);
            // What is not there did not come to be, or went.
            each.going = each.going || !there;
            each.gone = each.gone || !there;
        }
        refuse = refusing;
    }

    void note() {
        if (!only_shown) {
            check();
        }
        look();
    }

    simulated_filesystem disk_;
    std::shared_ptr<interception> hooks_;
    storage_type storage_;
    tally& seen_;
    replay_ledger book_{};
    crash_ids ids_{};
    std::unique_ptr<recorder_type> recorder_{};
    tintype::flush_policy policy_{};
    std::optional<std::uint64_t> now_{}; // the session that is being recorded
    crash_program program_{};
    std::set<std::uint64_t> taken_{};
    std::map<std::string, std::string> words_{};
    std::uint64_t waiting_ = 0;
    std::uint64_t serial_ = 0;
    std::pair<std::uint64_t, std::uint64_t> last_look_{};
};

} // namespace tests
