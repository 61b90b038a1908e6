#pragma once

// How long whoever has to try again waits, and by which clock it counts: a policy, so that tests
// need no time. The clock stands for nothing outside the process and never goes back.

#include <tintype/core/mix.hpp>
#include <tintype/core/random.hpp>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <thread>
#include <time.h>

namespace tintype::inline v0 {

// now(): since some moment that stays the same.
// wait(time): returns when that much has passed.
template <class W>
concept waiting_policy =
    std::copyable<W> && requires(const W& waiting, std::chrono::nanoseconds time) {
        { waiting.now() } -> std::same_as<std::chrono::nanoseconds>;
        waiting.wait(time);
    };

// It counts on while the machine sleeps, where the system has such a clock: who wakes up must not
// believe that no time has passed for the others.
struct steady_waiting {
    [[nodiscard]] std::chrono::nanoseconds now() const {
#ifdef CLOCK_BOOTTIME
        struct timespec time{};
        if (::clock_gettime(CLOCK_BOOTTIME, &time) == 0) {
            return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
        }
#endif
        return std::chrono::steady_clock::now().time_since_epoch();
    }

    void wait(std::chrono::nanoseconds time) const { std::this_thread::sleep_for(time); }
};

static_assert(waiting_policy<steady_waiting>);

// Anything between nothing and a limit that doubles from `first` to `most`, so that those who met
// once do not meet again.
class backoff {
public:
    backoff(std::chrono::nanoseconds first, std::chrono::nanoseconds most)
        : limit_(std::max(first, std::chrono::nanoseconds{1})), most_(std::max(most, limit_)),
          random_(detail::system_random()) {}

    [[nodiscard]] std::chrono::nanoseconds next() {
        const auto range = static_cast<std::uint64_t>(limit_.count()) + 1;
        limit_ = limit_ > most_ / 2 ? most_ : limit_ * 2;
        return std::chrono::nanoseconds{static_cast<std::int64_t>(random_() % range)};
    }

private:
    std::chrono::nanoseconds limit_;
    std::chrono::nanoseconds most_;
    splitmix64 random_;
};

} // namespace tintype::inline v0
