#pragma once

// A lock that its holder need not live to give back: a pointer says who holds it and for how long.
// The holder renews it; where that stops, others take it over by the storage's own clock. Whoever
// holds one asks check() before each step that only the holder may take, for it can be lost.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/progress.hpp>
#include <tintype/storage/lease_state.hpp>
#include <tintype/storage/pointer.hpp>
#include <tintype/storage/waiting.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace tintype::inline v0 {

// Any thread may ask held(), check() and fence(); the others are for one at a time.
template <class Pointers, waiting_policy Waiting = steady_waiting>
class lease {
public:
    // Waits until it is free or its holder's term is over. `timed_out` where patience ends.
    [[nodiscard]] static result<lease> acquire(Pointers storage, std::string_view name,
                                               const lease_options& options = {},
                                               Waiting waiting = {}) {
        auto made = make(std::move(storage), name, options, std::move(waiting));
        if (!made) {
            return pass(made);
        }
        core& own = **made;
        const auto start = own.waiting.now();
        backoff pause{options.poll / 64, options.poll};
        for (;;) {
            const auto got = own.attempt();
            if (!got) {
                return pass(got);
            }
            if (*got == outcome::ours) {
                return lease{*std::move(made)};
            }
            const auto waited = own.waiting.now() - start;
            if (options.watch != nullptr) {
                if (auto go_on = options.watch->report({.done = milliseconds(waited)}); !go_on) {
                    return pass(go_on);
                }
            }
            if (waited >= options.patience) {
                return fail({.code = errc::timed_out,
                             .where = name,
                             .found = milliseconds(waited),
                             .wanted = milliseconds(options.patience),
                             .during = "waiting for a lease"});
            }
            own.waiting.wait(std::min(pause.next(), options.patience - waited));
        }
    }

    // `in_use` at once where another holds it.
    [[nodiscard]] static result<lease> try_acquire(Pointers storage, std::string_view name,
                                                   const lease_options& options = {},
                                                   Waiting waiting = {}) {
        auto made = make(std::move(storage), name, options, std::move(waiting));
        if (!made) {
            return pass(made);
        }
        // Who met another looks again: it may have been its own request, or a holder that left.
        (*made)->most_unknown = 4;
        auto got = (*made)->attempt();
        for (int tried = 0; got && *got == outcome::unclear && tried != 8; ++tried) {
            got = (*made)->attempt();
        }
        if (!got) {
            return pass(got);
        }
        if (*got != outcome::ours) {
            return fail({.code = errc::in_use, .where = name, .found = 1});
        }
        return lease{*std::move(made)};
    }

    lease(lease&&) noexcept = default;

    lease& operator=(lease&& other) noexcept {
        if (this != &other) {
            give_back();
            core_ = std::move(other.core_);
            fence_ = other.fence_;
            renewing_ = std::move(other.renewing_);
        }
        return *this;
    }

    ~lease() { give_back(); }

    // Ours now, and for as long as the margin of the options at least.
    [[nodiscard]] bool held() const { return check().has_value(); }

    [[nodiscard]] result<void> check() const {
        if (core_ == nullptr) {
            return fail({.code = errc::timed_out, .during = "the lease was given back"});
        }
        return core_->check();
    }

    // Greater each time that it is acquired, whoever does.
    [[nodiscard]] std::uint64_t fence() const { return fence_; }

    // Ours for another term. An error of the storage leaves it as it was, to be tried again.
    [[nodiscard]] result<void> renew() {
        if (core_ == nullptr) {
            return check();
        }
        return core_->renew();
    }

    // Gives it back for the next. Where that cannot be said, it is free when the term is over.
    void give_back() noexcept {
        if (core_ != nullptr) {
            renewing_.request_stop();
            if (renewing_.joinable()) {
                renewing_.join();
            }
            core_->give_back();
            core_.reset();
        }
    }

private:
    using time = std::chrono::nanoseconds;

    enum class outcome : std::uint8_t { ours, others, unclear };

    struct core {
        Pointers storage;
        std::string name;
        lease_options options;
        Waiting waiting;
        lease_state state; // owner and term from the start, the rest once it is ours
        std::string tag;
        // When what may be the last state of ours was not there yet.
        std::optional<time> unresolved{};
        int unknown = 0;
        int most_unknown = 64;
        std::mutex changing{}; // one request at a time; guards what stands above
        mutable std::mutex mutex{};
        std::condition_variable_any wake{};
        // Guarded by `mutex`.
        time believed_until{};
        bool lost = false;

        [[nodiscard]] std::unexpected<error> gone() const {
            return fail({.code = errc::timed_out, .where = name, .during = "the lease was lost"});
        }

        [[nodiscard]] result<void> check() const {
            const std::lock_guard hold{mutex};
            return !lost && waiting.now() < believed_until ? result<void>{} : gone();
        }

        // The state was put there after `since`.
        void adopt(lease_state now, std::string its_tag, time since) {
            state = std::move(now);
            tag = std::move(its_tag);
            unresolved.reset();
            const std::lock_guard hold{mutex};
            believed_until = since + options.term - options.margin;
        }

        [[nodiscard]] result<lease_state> parsed(const pointer& read) const {
            auto now = lease_state::parse(read.bytes);
            if (!now) {
                return fail(
                    {.code = errc::invalid_value, .where = name, .found = read.bytes.size()});
            }
            return *std::move(now);
        }

        [[nodiscard]] bool is_ours(const lease_state& now) const {
            return now.held && now.owner == state.owner;
        }

        [[nodiscard]] result<outcome> attempt() {
            // Whatever is put there after this reading was put there after `asked`.
            const auto asked = waiting.now();
            const auto before = std::exchange(unresolved, asked);
            auto read = storage.read_pointer(name);
            lease_state next{
                .fence = 1, .beat = 1, .owner = state.owner, .term = state.term, .held = true};
            std::string from;
            if (read) {
                auto now = parsed(*read);
                if (!now) {
                    return pass(now);
                }
                if (is_ours(*now)) {
                    adopt(*std::move(now), std::move(read->tag), before.value_or(asked));
                    return outcome::ours;
                }
                if (now->held &&
                    read->age < std::chrono::milliseconds{now->term} + options.margin) {
                    return outcome::others;
                }
                if (now->fence == ~std::uint64_t{0} || now->beat == ~std::uint64_t{0}) {
                    return fail({.code = errc::out_of_bounds, .where = name, .found = now->fence});
                }
                next.fence = now->fence + 1;
                next.beat = now->beat + 1;
                from = std::move(read->tag);
            } else if (read.error().code != errc::not_found) {
                // A request of ours may have been carried out; nothing was seen of it.
                unresolved = before;
                return given_up(read.error());
            }
            auto put = storage.swap_pointer(name, from, bytes_of(next.text()));
            if (put) {
                adopt(std::move(next), *std::move(put), asked);
                return outcome::ours;
            }
            return put.error().code == errc::already_exists ? outcome::unclear
                                                            : given_up(put.error());
        }

        // What nobody knows the outcome of is looked at again, but not for ever. Services answer so
        // in a rush, too, to those who lost.
        [[nodiscard]] result<outcome> given_up(const error& what) {
            return ++unknown == most_unknown ? result<outcome>{fail(what)} : outcome::unclear;
        }

        [[nodiscard]] result<void> renew() {
            const std::lock_guard one{changing};
            {
                const std::lock_guard hold{mutex};
                if (lost) {
                    return gone();
                }
            }
            const auto asked = waiting.now();
            if (!unresolved) {
                unresolved = asked;
            }
            lease_state next = state;
            if (++next.beat == 0) {
                return lose();
            }
            auto put = storage.swap_pointer(name, tag, bytes_of(next.text()));
            if (put) {
                adopt(std::move(next), *std::move(put), asked);
                return {};
            }
            auto read = storage.read_pointer(name);
            if (!read && read.error().code != errc::not_found) {
                return pass(put);
            }
            auto now = read ? lease_state::parse(read->bytes) : std::nullopt;
            if (!now || !is_ours(*now)) {
                return lose();
            }
            if (now->beat == state.beat) {
                return pass(put);
            }
            adopt(*std::move(now), std::move(read->tag), *unresolved);
            return {};
        }

        [[nodiscard]] std::unexpected<error> lose() {
            const std::lock_guard hold{mutex};
            lost = true;
            return gone();
        }

        void give_back() {
            const std::lock_guard one{changing};
            bool free = false; // or another's
            {
                const std::lock_guard hold{mutex};
                free = std::exchange(lost, true);
            }
            for (int tried = 0; !free && tried != 2; ++tried) {
                lease_state next = state;
                ++next.beat;
                next.held = false;
                free = storage.swap_pointer(name, tag, bytes_of(next.text())).has_value();
                if (!free) {
                    // A renewal may have been carried out that nobody saw.
                    auto read = storage.read_pointer(name);
                    auto now = read ? lease_state::parse(read->bytes) : std::nullopt;
                    free = !now || !is_ours(*now);
                    if (!free) {
                        state = *std::move(now);
                        tag = std::move(read->tag);
                    }
                }
            }
        }
    };

    explicit lease(std::unique_ptr<core> ours)
        : core_(std::move(ours)), fence_(core_->state.fence) {
        if (core_->options.renews) {
            renewing_ = std::jthread{
                [own = core_.get()](const std::stop_token& stop) { keep_renewing(*own, stop); }};
        }
    }

    static void keep_renewing(core& own, const std::stop_token& stop) {
        auto next = own.options.term / 3;
        for (;;) {
            std::unique_lock hold{own.mutex};
            own.wake.wait_for(hold, stop, next, [] { return false; });
            if (stop.stop_requested() || own.lost) {
                return;
            }
            hold.unlock();
            next = own.renew() ? own.options.term / 3 : own.options.term / 12;
        }
    }

    [[nodiscard]] static result<std::unique_ptr<core>>
    make(Pointers storage, std::string_view name, const lease_options& options, Waiting waiting) {
        static_assert(keeps_pointers<Pointers>);
        const auto term = milliseconds(options.term);
        if (options.term <= time{} || term == 0 || term > lease_state::longest_term) {
            return fail({.code = errc::invalid_value,
                         .where = name,
                         .found = term,
                         .wanted = lease_state::longest_term,
                         .during = "the term of a lease, in milliseconds"});
        }
        if (options.margin < time{} || options.margin > options.term / 2) {
            return fail({.code = errc::invalid_value,
                         .where = name,
                         .found = milliseconds(options.margin),
                         .wanted = term / 2,
                         .during = "the margin of a lease, in milliseconds"});
        }
        return std::unique_ptr<core>{
            new core{.storage = std::move(storage),
                     .name = std::string{name},
                     .options = options,
                     .waiting = std::move(waiting),
                     .state = {.owner = random_writer(), .term = term, .held = true},
                     .tag = {}}};
    }

    [[nodiscard]] static std::uint64_t milliseconds(time span) {
        return static_cast<std::uint64_t>(
            std::max<std::int64_t>(0, std::chrono::floor<std::chrono::milliseconds>(span).count()));
    }

    std::unique_ptr<core> core_; // null once given back or moved from
    std::uint64_t fence_ = 0;
    std::jthread renewing_; // uses what `core_` points at
};

} // namespace tintype::inline v0
