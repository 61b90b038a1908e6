#pragma once

// The lock of a storage in the hands of whoever does several steps under it. Some locks can be lost
// meanwhile, as a lease is when its holder stands still for too long: so each step that removes or
// names something asks first whether the lock is still there.

#include <tintype/core/error.hpp>
#include <tintype/storage/concept.hpp>

#include <concepts>
#include <optional>
#include <utility>

namespace tintype::inline v0 {

// check(): `timed_out` once the lock is another's, or could be.
template <class L>
concept losable_lock = requires(const L& lock) {
    { lock.check() } -> std::same_as<result<void>>;
};

namespace detail {

struct no_lock {};

template <class Storage>
struct lock_of {
    using type = no_lock;
};

template <lockable_storage Storage>
struct lock_of<Storage> {
    using type = typename decltype(std::declval<const Storage&>().lock())::value_type;
};

} // namespace detail

// One that was not taken is a promise of the caller's, and counts as held; so does that of a
// storage without a lock.
template <storage_policy Storage>
class held_lock {
public:
    using lock_type = typename detail::lock_of<Storage>::type;
    static constexpr bool losable = losable_lock<lock_type>;

    held_lock() = default;

    [[nodiscard]] static result<held_lock> take(const Storage& storage) {
        held_lock held;
        if (auto done = held.again(storage); !done) {
            return pass(done);
        }
        return held;
    }

    [[nodiscard]] result<void> still() const {
        if constexpr (losable) {
            return lost_ ? fail(*lost_) : lock_ ? lock_->check() : result<void>{};
        }
        return {};
    }

    // Gives it up and waits for it anew: whatever others did in between is done.
    [[nodiscard]] result<void> again([[maybe_unused]] const Storage& storage) {
        if constexpr (lockable_storage<Storage>) {
            lock_.reset();
            lost_.reset();
            auto taken = storage.lock();
            if (!taken) {
                lost_ = taken.error();
                return fail(*lost_);
            }
            lock_.emplace(*std::move(taken));
        }
        return {};
    }

private:
    std::optional<lock_type> lock_;
    std::optional<error> lost_;
};

} // namespace tintype::inline v0
