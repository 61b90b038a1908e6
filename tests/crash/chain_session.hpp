#pragma once

// Programs with live stores that take snapshots of a chain on one simulated disk. After every call
// of theirs that changed something, and after every answer, each state that a power cut could leave
// is recovered and checked.

#include "chain_checker.hpp"
#include "intercepted.hpp"
#include "power_cut.hpp"
#include "session.hpp"
#include "simulated_filesystem.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tests {

// Manifests take some 450 bytes, so that small sectors would make more states than can be looked
// at, all alike.
inline constexpr simulated_options chain_disk{.sector = 64, .write_limit = 256};

template <template <class> class Mutant = faithful>
class chain_session {
    using filesystem = Mutant<intercepted<simulated_filesystem>>;
    using interruption = std::pair<std::size_t, std::function<void()>>;

public:
    using storage_type = tintype::basic_directory<filesystem>;
    using manager_type = simulated_chain<storage_type, tintype::keep_last>;

    explicit chain_session(tally& seen, simulated_options options = chain_disk)
        : disk_(options), seen_(seen) {}

    chain_session(const chain_session&) = delete;
    chain_session& operator=(const chain_session&) = delete;

    ~chain_session() {
        for (std::string& what : book_.direct) {
            seen_.complain(std::move(what), true);
        }
    }

    [[nodiscard]] chain_ledger& book() noexcept { return book_; }

    [[nodiscard]] simulated_filesystem disk() const { return disk_; }

    // Calls that reached the disk so far.
    [[nodiscard]] std::size_t calls() const noexcept { return calls_; }

    // Runs `what` right after the so manieth call from now, as another process would. If somebody
    // holds the lock then, the other would wait for it, so it does not run.
    void interrupt(std::size_t after, std::function<void()> what) {
        interruptions_.emplace_back(calls_ + after, std::move(what));
    }

    void interrupt_no_more() { interruptions_.clear(); }

    // Calls for which it gives an error are not made.
    void refuse(std::function<tintype::result<void>(call&)> before) { refuse_ = std::move(before); }

    // After so many more calls the program is dead: whatever it still asks for fails.
    void kill_after(std::size_t calls) {
        refuse([left = calls](call&) mutable -> tintype::result<void> {
            if (left == 0) {
                return tintype::fail({.code = tintype::errc::io, .system = EIO});
            }
            --left;
            return {};
        });
    }

    // One manager and its store, as one process has them.
    class actor {
    public:
        actor(chain_session& in, std::size_t keep)
            : session_(&in), storage_(in.storage_of(*this)),
              manager_(manager_type::open(
                           storage_, tintype::keep_last{tintype::positive::of(keep).value()},
                           {.sweep_grace = std::chrono::nanoseconds{0}}, {}, {}, {in.disk_})
                           .value()) {
            session_->look();
        }

        actor(const actor&) = delete;
        actor& operator=(const actor&) = delete;

        [[nodiscard]] const manager_type& manager() const noexcept { return manager_; }

        [[nodiscard]] chain_store& store() noexcept { return store_; }

        // Empty if it failed; so below.
        std::string full(std::uint64_t seed) {
            edit(store_, seed);
            return take([&] { return manager_.create_full(store_); }, chain_state::of(store_));
        }

        std::string increment(std::string_view parent, std::uint64_t seed) {
            edit(store_, seed);
            return take([&] { return manager_.create_incremental(store_, parent); },
                        chain_state::of(store_));
        }

        bool restore(std::string_view id) {
            const bool done = manager_.restore(store_, id).has_value();
            session_->look();
            return done;
        }

        bool remove(std::string_view id, tintype::removal how = tintype::removal::rebase_children) {
            auto& book = session_->book_;
            book.asked.emplace(id);
            const auto done = manager_.remove(id, how);
            if (done && *done) {
                book.gone.emplace(id);
            }
            session_->look();
            return done && *done;
        }

        // Nothing may go, as another needs it.
        [[nodiscard]] bool refuses_to_remove(std::string_view id) const {
            const auto done = manager_.remove(id);
            session_->look();
            return !done && done.error().code == tintype::errc::in_use;
        }

        bool compact(std::string_view id) {
            auto& book = session_->book_;
            const auto links = session_->as_it_is().chain(id);
            for (std::size_t i = 0; links && i + 1 < links->size(); ++i) {
                book.asked.insert((*links)[i].id);
            }
            const auto done = manager_.compact(id);
            if (done) {
                book.removed(done->cleanup);
            }
            session_->look();
            return done.has_value();
        }

        void prune() {
            if (const auto done = manager_.prune()) {
                session_->book_.removed(*done);
            }
            session_->look();
        }

        [[nodiscard]] std::size_t listed() const {
            const auto all = manager_.list();
            return all ? all->snapshots.size() : 0;
        }

    private:
        friend chain_session;

        template <class Take>
        std::string take(const Take& work, chain_state state) {
            const chain_state& saving = session_->book_.add(std::move(state));
            const auto* const outer = std::exchange(saving_, &saving);
            const auto taken = work();
            saving_ = outer;
            if (taken) {
                session_->book_.acknowledge(taken->info, saving);
                if (std::ranges::find(taken->cleanup.removed, taken->info.id) !=
                    taken->cleanup.removed.end()) {
                    session_->book_.direct.push_back(taken->info.id + " let itself go");
                }
                session_->book_.removed(taken->cleanup);
            }
            session_->look();
            return taken ? taken->info.id : std::string{};
        }

        chain_session* session_;
        const chain_state* saving_ = nullptr;
        storage_type storage_;
        manager_type manager_;
        chain_store store_{};
    };

    // What is there now, asked past all hooks.
    [[nodiscard]] auto as_it_is() const {
        using plain = tintype::basic_directory<simulated_filesystem>;
        return tintype::chain_reader<tintype::record_of<chain_store>, side_mark, plain,
                                     tintype::chain_columns, tintype::crc32c, process_ids>{
            plain{chain_path, disk_}};
    }

    // Recovers every state that a power cut could leave now.
    void look() {
        const auto folder = disk_.disk().folders.find(chain_path);
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
            if (auto wrong = chain_recovery{state.disk(chain_path), book_}.check()) {
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
        return storage_type{chain_path,
                            filesystem{intercepted<simulated_filesystem>{disk_, std::move(hooks)}}};
    }

    // Somebody holds the lock: whoever else wants it would wait.
    [[nodiscard]] bool locked() const {
        const auto at = disk_.disk().folders.find(chain_path);
        return at != disk_.disk().folders.end() && at->second->locked;
    }

    void called(const actor& who, const call& what, bool done) {
        const bool renamed =
            what.kind == call_kind::rename_new || what.kind == call_kind::rename_over;
        if (done && renamed && what.name.ends_with(".meta") && who.saving_ != nullptr) {
            published(std::string{what.name.substr(0, what.name.find('.'))}, *who.saving_);
        }
        look();
        ++calls_;
        const auto due = std::ranges::find(interruptions_, calls_, &interruption::first);
        if (due != interruptions_.end() && !locked()) {
            const auto run = due->second;
            run();
        }
    }

    // Whatever a clock said, and whoever was faster.
    void published(const std::string& id, const chain_state& state) {
        book_.publishing(id, state);
        const auto given = process_ids{}.order(id);
        for (const auto& [name, inode] : disk_.disk().folders.at(chain_path)->visible) {
            const std::string other = name.substr(0, name.find('.'));
            if (name.ends_with(".meta") && other != id && process_ids{}.order(other) >= given) {
                book_.direct.push_back(id + " is published, and older than " + other);
            }
        }
    }

    simulated_filesystem disk_;
    chain_ledger book_;
    tally& seen_;
    std::size_t calls_ = 0;
    std::vector<interruption> interruptions_{};
    std::function<tintype::result<void>(call&)> refuse_{};
    std::pair<std::uint64_t, std::uint64_t> last_look_{};
};

} // namespace tests
