#pragma once

// The lock of a bucket's storage: first one thread of this process, then, by a lease, one process.
// A lease can be lost, so the requests that give or take names ask before each try whether the
// thread that sends them still holds what it took.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/s3/retry.hpp>
#include <tintype/storage/lease.hpp>
#include <tintype/storage/pointer.hpp>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace tintype::inline v0 {

// Whose turn it is among the threads that share a storage.
class s3_turn final : public s3_guard {
public:
    // What tells whether the turn is still good; stays while the turn lasts.
    class proof {
    public:
        proof() = default;
        proof(const proof&) = delete;
        proof& operator=(const proof&) = delete;
        virtual ~proof() = default;
        [[nodiscard]] virtual result<void> check() const = 0;
        [[nodiscard]] virtual std::chrono::milliseconds margin() const = 0;
    };

    void take() {
        std::unique_lock hold{mutex_};
        free_.wait(hold, [&] { return !taken_; });
        taken_ = true;
    }

    void begin(const proof& its) {
        const std::lock_guard hold{mutex_};
        holder_ = std::this_thread::get_id();
        proof_ = &its;
    }

    void end() {
        const std::lock_guard hold{mutex_};
        proof_ = nullptr;
    }

    void give() {
        {
            const std::lock_guard hold{mutex_};
            taken_ = false;
        }
        free_.notify_one();
    }

    // Whoever holds nothing may do what needs no lock.
    [[nodiscard]] result<void> check() const override {
        const std::lock_guard hold{mutex_};
        return proof_ != nullptr && holder_ == std::this_thread::get_id() ? proof_->check()
                                                                          : result<void>{};
    }

    [[nodiscard]] std::chrono::milliseconds longest() const override {
        const std::lock_guard hold{mutex_};
        return proof_ != nullptr && holder_ == std::this_thread::get_id()
                   ? proof_->margin()
                   : std::chrono::milliseconds::max();
    }

private:
    mutable std::mutex mutex_; // guards what follows
    std::condition_variable free_;
    bool taken_ = false;
    std::thread::id holder_;
    const proof* proof_ = nullptr;
};

// Held until it is destroyed or lost. `Pointers` keeps the lease.
template <class Pointers>
class s3_lock {
    struct held final : s3_turn::proof {
        held(std::shared_ptr<s3_turn> whose, lease<Pointers> its, std::chrono::milliseconds spare)
            : turn(std::move(whose)), owned(std::move(its)), left(spare) {
            turn->begin(*this);
        }

        ~held() override {
            turn->end();
            owned.give_back();
            turn->give();
        }

        [[nodiscard]] result<void> check() const override {
            auto still = owned.check();
            if (!still) {
                auto what = still.error();
                what.during = "the lock was lost";
                return fail(what);
            }
            return still;
        }

        [[nodiscard]] std::chrono::milliseconds margin() const override { return left; }

        std::shared_ptr<s3_turn> turn;
        lease<Pointers> owned;
        std::chrono::milliseconds left;
    };

public:
    [[nodiscard]] static result<s3_lock> take(std::shared_ptr<s3_turn> turn, Pointers pointers,
                                              const lease_options& options) {
        turn->take();
        auto owned = lease<Pointers>::acquire(std::move(pointers), "lock", options);
        if (!owned) {
            turn->give();
            return pass(owned);
        }
        return s3_lock{std::make_unique<held>(
            std::move(turn), *std::move(owned),
            std::chrono::duration_cast<std::chrono::milliseconds>(options.margin))};
    }

    [[nodiscard]] result<void> check() const { return held_->check(); }

    // Greater each time that anybody takes it.
    [[nodiscard]] std::uint64_t fence() const { return held_->owned.fence(); }

private:
    explicit s3_lock(std::unique_ptr<held> holding) : held_(std::move(holding)) {}

    std::unique_ptr<held> held_;
};

} // namespace tintype::inline v0
