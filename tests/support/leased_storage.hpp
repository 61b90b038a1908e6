#pragma once

// A storage of a user's whose lock is a lease, by a clock that stands still until the test moves
// it. Whoever uses one handle of it can be made to stand still at its n-th call, while the test
// does something through another handle.

#include <tintype/storage/concept.hpp>
#include <tintype/storage/lease.hpp>
#include <tintype/storage/memory.hpp>
#include <tintype/storage/pointer.hpp>
#include <tintype/storage/waiting.hpp>

#include "support/clock.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace tests {

// Who waits moves the clock.
class manual_waiting {
public:
    explicit manual_waiting(manual_clock clock) : clock_(std::move(clock)) {}

    [[nodiscard]] std::chrono::nanoseconds now() const { return clock_.now().time_since_epoch(); }

    void wait(std::chrono::nanoseconds time) const {
        clock_.advance(std::max(time, std::chrono::nanoseconds{std::chrono::milliseconds{1}}));
    }

private:
    manual_clock clock_;
};

static_assert(tintype::waiting_policy<manual_waiting>);

// When a handle stands still, and what happens then. What destroys is asked for and done at once:
// that a request is not on its way for longer than the lease's margin is what leases rest on.
struct stall {
    enum class moment : std::uint8_t { before, after };
    enum class kind : std::uint8_t { look, name, destroy }; // a swap names something, too

    // Behind the n-th call, or before the n-th that names something; never where it is 0.
    std::uint64_t at = 0;
    moment when = moment::after;
    std::function<void()> meanwhile{};
    std::uint64_t calls = 0;
    std::uint64_t namings = 0;

    // Does the call, and stands still where it is due.
    template <class Call>
    auto around(kind what, Call call) {
        const std::uint64_t mine = ++calls;
        namings += what == kind::name ? 1U : 0U;
        step(when == moment::before && what == kind::name && namings == at);
        auto outcome = call();
        step(when == moment::after && mine == at);
        return outcome;
    }

    void step(bool due) {
        if (due) {
            at = 0;
            meanwhile();
        }
    }
};

// What goes wrong with the swaps of a handle, one after the other: done as asked, not done, or done
// without an answer.
enum class swap_outcome : std::uint8_t { answered, refused, unanswered };

class stalling_pointers {
public:
    using memory = tintype::basic_memory_storage<manual_clock>;

    explicit stalling_pointers(memory objects) : objects_(std::move(objects)) {}

    [[nodiscard]] stall& stalls() const { return *stall_; }

    // nullptr: all are answered. It is given the number of the swap, from one.
    void interfere(std::function<swap_outcome(std::uint64_t)> with) const {
        *outcomes_ = std::move(with);
        *swaps_ = 0;
    }

    [[nodiscard]] tintype::result<tintype::pointer> read_pointer(std::string_view name) const {
        return stall_->around(stall::kind::look, [&] { return objects_.read_pointer(name); });
    }

    [[nodiscard]] tintype::result<std::string>
    swap_pointer(std::string_view name, std::string_view tag, tintype::byte_view bytes) const {
        const auto outcome = *outcomes_ ? (*outcomes_)(++*swaps_) : swap_outcome::answered;
        const auto broken = tintype::fail({.code = tintype::errc::io, .where = name});
        if (outcome == swap_outcome::refused) {
            return broken;
        }
        auto done = stall_->around(stall::kind::name,
                                   [&] { return objects_.swap_pointer(name, tag, bytes); });
        return outcome == swap_outcome::unanswered ? broken : done;
    }

protected:
    memory objects_;
    std::shared_ptr<stall> stall_ = std::make_shared<stall>();

private:
    std::shared_ptr<std::function<swap_outcome(std::uint64_t)>> outcomes_ =
        std::make_shared<std::function<swap_outcome(std::uint64_t)>>();
    std::shared_ptr<std::uint64_t> swaps_ = std::make_shared<std::uint64_t>(0);
};

static_assert(tintype::keeps_pointers<stalling_pointers>);

inline constexpr tintype::lease_options manual_lease{
    .term = std::chrono::seconds{30}, .margin = std::chrono::seconds{5}, .renews = false};

class leased_storage : public stalling_pointers {
public:
    class staged {
    public:
        staged(tintype::staged_of<memory> inner, std::shared_ptr<stall> stalls)
            : inner_(std::move(inner)), stall_(std::move(stalls)) {}

        [[nodiscard]] tintype::result<void> write(tintype::byte_view bytes) {
            return inner_.write(bytes);
        }

        [[nodiscard]] tintype::result<void> publish(std::string_view name) {
            return stall_->around(stall::kind::name, [&] { return inner_.publish(name); });
        }

        [[nodiscard]] tintype::result<void> replace(std::string_view name) {
            // What was there before is gone, but for a pin, which is put there again.
            const auto kind = name.ends_with(".pin") ? stall::kind::name : stall::kind::destroy;
            return stall_->around(kind, [&] { return inner_.replace(name); });
        }

    private:
        tintype::staged_of<memory> inner_;
        std::shared_ptr<stall> stall_;
    };

    explicit leased_storage(manual_clock clock)
        : stalling_pointers(memory{clock}), clock_(std::move(clock)) {}

    // The same objects and pointers through a handle that stands still on its own.
    [[nodiscard]] leased_storage another() const {
        leased_storage other{clock_};
        other.objects_ = objects_;
        return other;
    }

    [[nodiscard]] const manual_clock& clock() const { return clock_; }

    [[nodiscard]] tintype::result<staged> stage(const tintype::stage_options& options = {}) const {
        auto inner = objects_.stage(options);
        if (!inner) {
            return tintype::pass(inner);
        }
        return staged{*std::move(inner), stall_};
    }

    [[nodiscard]] auto open(std::string_view name, tintype::access how) const {
        return stall_->around(stall::kind::look, [&] { return objects_.open(name, how); });
    }

    [[nodiscard]] auto list() const {
        return stall_->around(stall::kind::look, [&] { return objects_.list(); });
    }

    [[nodiscard]] auto names() const {
        return stall_->around(stall::kind::look, [&] { return objects_.names(); });
    }

    [[nodiscard]] tintype::result<bool> remove(std::string_view name) const {
        return stall_->around(stall::kind::destroy, [&] { return objects_.remove(name); });
    }

    [[nodiscard]] tintype::result<void> sync() const {
        return stall_->around(stall::kind::look, [&] { return objects_.sync(); });
    }

    [[nodiscard]] auto lock() const {
        return tintype::lease<stalling_pointers, manual_waiting>::acquire(
            *this, "lock", manual_lease, manual_waiting{clock_});
    }

private:
    manual_clock clock_;
};

} // namespace tests
