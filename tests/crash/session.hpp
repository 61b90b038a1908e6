#pragma once

// Managers at work on one simulated disk. After every call of theirs that changed something, and
// after every acknowledgement, each state that a power cut could leave is recovered and checked.

#include "checker.hpp"
#include "intercepted.hpp"
#include "power_cut.hpp"
#include "simulated_filesystem.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace tests {

// What was looked at, over many sessions.
struct tally {
    std::unordered_map<std::uint64_t, bool> states{}; // each once, and whether a journal leaves it
    std::unordered_set<std::uint64_t> checked{};      // each once for what it had to satisfy
    std::uint64_t violations = 0;
    std::uint64_t journalled_violations = 0;
    std::vector<std::string> examples{}; // of violations

    [[nodiscard]] std::uint64_t journalled() const {
        return static_cast<std::uint64_t>(
            std::ranges::count_if(states, [](const auto& each) { return each.second; }));
    }

    void complain(std::string what, bool journalled) {
        ++violations;
        journalled_violations += journalled ? 1 : 0;
        if (examples.size() < 3 && std::ranges::find(examples, what) == examples.end()) {
            examples.push_back(std::move(what));
        }
    }
};

// A storage that has no lock to offer.
template <tintype::storage_policy Storage>
class without_lock {
public:
    explicit without_lock(Storage storage) : storage_(std::move(storage)) {}

    [[nodiscard]] auto stage(const tintype::stage_options& options = {}) const {
        return storage_.stage(options);
    }

    [[nodiscard]] auto open(std::string_view name,
                            tintype::access how = tintype::access::map) const {
        return storage_.open(name, how);
    }

    [[nodiscard]] auto list() const { return storage_.list(); }

    [[nodiscard]] auto names() const { return storage_.names(); }

    [[nodiscard]] auto remove(std::string_view name) const { return storage_.remove(name); }

    [[nodiscard]] auto sync() const { return storage_.sync(); }

    [[nodiscard]] auto sweep(std::chrono::nanoseconds grace) const { return storage_.sweep(grace); }

private:
    Storage storage_;
};

// Adds nothing: the protocol as it is.
template <tintype::filesystem_policy Base>
struct faithful : Base {
    explicit faithful(Base base) : Base(std::move(base)) {}
};

template <template <class> class Mutant = faithful, tintype::hash_policy Hash = tintype::no_hash,
          bool Locks = true>
class session {
    using filesystem = Mutant<intercepted<simulated_filesystem>>;
    using directory = tintype::basic_directory<filesystem>;
    using interruption = std::pair<std::size_t, std::function<void()>>;

public:
    using storage_type = std::conditional_t<Locks, directory, without_lock<directory>>;
    using manager_type = tintype::versioned_manager<memory_state, vamm, storage_type, Hash,
                                                    tintype::keep_last, snapshot_names>;

    explicit session(tally& seen, simulated_options options = {.write_limit = 48})
        : disk_(options), seen_(seen) {}

    session(const session&) = delete;
    session& operator=(const session&) = delete;

    ~session() {
        for (std::string& what : book_.direct) {
            seen_.complain(std::move(what), true);
        }
    }

    [[nodiscard]] ledger& book() noexcept { return book_; }

    [[nodiscard]] simulated_filesystem disk() const { return disk_; }

    // Calls that reached the disk so far.
    [[nodiscard]] std::size_t calls() const noexcept { return calls_; }

    // Whether a saver holds the lock: whoever else wants it would wait.
    [[nodiscard]] bool locked() const {
        const auto at = disk_.disk().folders.find(simulated_path);
        return at != disk_.disk().folders.end() && at->second->locked;
    }

    // Runs `what` right after the so manieth call from now, as another process would. If somebody
    // holds the lock then, the other would wait for it, so it does not run.
    void interrupt(std::size_t after, std::function<void()> what) {
        interruptions_.emplace_back(calls_ + after, std::move(what));
    }

    void interrupt_no_more() { interruptions_.clear(); }

    // Calls for which it gives an error are not made.
    void refuse(std::function<tintype::result<void>(call&)> before) { refuse_ = std::move(before); }

    // One manager, as one process has it.
    class actor {
    public:
        actor(session& in, std::size_t keep)
            : session_(&in), storage_(in.storage_of(*this)),
              manager_(manager_type::open(storage_,
                                          tintype::keep_last{tintype::positive::of(keep).value()},
                                          {.sweep_grace = std::chrono::nanoseconds{0}})
                           .value()) {}

        actor(const actor&) = delete;
        actor& operator=(const actor&) = delete;

        [[nodiscard]] const manager_type& manager() const noexcept { return manager_; }

        // 0 if it failed.
        std::uint64_t save(saved_state made) {
            const saved_state& state = session_->book_.add(std::move(made));
            saving_ = &state;
            const auto saved = manager_.save(state.state);
            saving_ = nullptr;
            if (saved) {
                session_->book_.acknowledge(saved->version, state);
            }
            session_->look();
            return saved ? saved->version : 0;
        }

        void prune() {
            static_cast<void>(manager_.prune());
            session_->look();
        }

        void pin(std::uint64_t version, std::string_view why) {
            session_->book_.pins.emplace(version, ledger::pin_state::perhaps);
            if (manager_.pin(version, why)) {
                session_->book_.pins[version] = ledger::pin_state::certain;
            }
            session_->look();
        }

        void unpin(std::uint64_t version) {
            session_->book_.pins[version] = ledger::pin_state::perhaps;
            if (manager_.unpin(version)) {
                session_->book_.pins.erase(version);
            }
            session_->look();
        }

        void remove(std::uint64_t version) {
            session_->book_.removed.insert(version);
            static_cast<void>(manager_.remove(version));
            session_->look();
        }

        void replace(tintype::blob content) {
            auto& book = session_->book_;
            book.replacements.push_back(content);
            auto staged = storage_.stage();
            if (staged && staged->write(content) && staged->replace(replaced_name)) {
                book.replaced = book.replacements.size();
            }
            session_->look();
        }

    private:
        friend session;
        session* session_;
        const saved_state* saving_ = nullptr;
        storage_type storage_;
        manager_type manager_;
    };

    // Recovers every state that a power cut could leave now.
    void look() {
        const auto folder = disk_.disk().folders.find(simulated_path);
        const std::uint64_t asked = book_.fingerprint();
        const std::pair now{disk_.disk().revision, asked};
        if (folder == disk_.disk().folders.end() || now == last_look_) {
            return;
        }
        last_look_ = now;
        const std::size_t sector = disk_.disk().options.sector;
        for_each_power_cut(*folder->second, sector, [&](const power_cut_state& state) {
            auto& journalled = seen_.states.try_emplace(state.key(), false).first->second;
            journalled = journalled || state.journalled();
            if (!seen_.checked.insert(mixed(asked, state.key())).second) {
                return;
            }
            if (auto wrong = recovery<Hash>{state.disk(simulated_path), book_}.check()) {
                seen_.complain(*std::move(wrong), state.journalled());
            }
        });
    }

private:
    [[nodiscard]] storage_type storage_of(actor& who) {
        auto hooks = std::make_shared<interception>();
        hooks->before = [this](call& what) {
            return refuse_ ? refuse_(what) : tintype::result<void>{};
        };
        hooks->after = [this, &who](const call& what, bool done) { called(who, what, done); };
        return storage_type{directory{simulated_path, filesystem{intercepted<simulated_filesystem>{
                                                          disk_, std::move(hooks)}}}};
    }

    void called(const actor& who, const call& what, bool done) {
        const bool renamed =
            what.kind == call_kind::rename_new || what.kind == call_kind::rename_over;
        const auto version = renamed ? snapshot_names::parse(what.name) : std::nullopt;
        if (done && version && who.saving_ != nullptr) {
            book_.named[*version].push_back(who.saving_);
        }
        look();
        ++calls_;
        const auto due = std::ranges::find(interruptions_, calls_, &interruption::first);
        if (due != interruptions_.end() && !locked()) {
            const auto run = due->second;
            run();
        }
    }

    simulated_filesystem disk_;
    ledger book_;
    tally& seen_;
    std::size_t calls_ = 0;
    std::vector<interruption> interruptions_{};
    std::function<tintype::result<void>(call&)> refuse_{};
    std::pair<std::uint64_t, std::uint64_t> last_look_{};
};

} // namespace tests
