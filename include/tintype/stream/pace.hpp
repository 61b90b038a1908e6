#pragma once

// How long work may take, and how fast it may be: a deadline by a clock that never goes back, a
// monitor that is told and may stop it, and a limit of bytes a second. Whoever waits here wakes up
// early when it is stopped.

#include <tintype/core/error.hpp>
#include <tintype/core/progress.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <thread>

namespace tintype::inline v0 {

// Where steady time comes from, so that tests choose it.
struct time_source {
    using point = std::chrono::steady_clock::time_point;

    point (*now)() = [] { return std::chrono::steady_clock::now(); };
    void (*sleep)(std::chrono::nanoseconds) = [](std::chrono::nanoseconds time) {
        std::this_thread::sleep_for(time);
    };
};

class pace {
public:
    pace() = default;

    // `within` counts from now. The monitor may be null; otherwise it must outlive this.
    explicit pace(std::optional<std::chrono::nanoseconds> within, const monitor* watch = nullptr,
                  time_source time = {})
        : watch_(watch), time_(time) {
        if (within) {
            end_ = after(*within);
        }
    }

    // Asked between pieces of work: `cancelled`, or `timed_out`, with the numbers.
    [[nodiscard]] result<void> go_on(progress now) const {
        if (watch_ != nullptr) {
            if (auto stay = watch_->report(now); !stay) {
                return stay;
            }
        }
        if (end_ && time_.now() >= *end_) {
            return fail({.code = errc::timed_out, .found = now.done, .wanted = now.total});
        }
        return {};
    }

    // Sleeps, in pieces that let it be stopped, and not past the deadline.
    [[nodiscard]] result<void> pause(std::chrono::nanoseconds time, progress now) const {
        constexpr std::chrono::nanoseconds longest = std::chrono::milliseconds{50};
        for (const auto until = after(time);;) {
            if (auto stay = go_on(now); !stay) {
                return stay;
            }
            const auto left = until - time_.now();
            if (left <= std::chrono::nanoseconds::zero()) {
                return {};
            }
            time_.sleep(std::min<std::chrono::nanoseconds>({left, longest, this->left()}));
        }
    }

    // Until the deadline; the longest time there is where there is none.
    [[nodiscard]] std::chrono::nanoseconds left() const {
        constexpr std::chrono::nanoseconds none{0};
        return end_ ? std::max<std::chrono::nanoseconds>(*end_ - time_.now(), none)
                    : std::chrono::nanoseconds::max();
    }

    // The same with a deadline that may be earlier, counted from now.
    [[nodiscard]] pace within(std::optional<std::chrono::nanoseconds> time) const {
        pace earlier = *this;
        if (time && (!end_ || after(*time) < *end_)) {
            earlier.end_ = after(*time);
        }
        return earlier;
    }

    [[nodiscard]] time_source::point now() const { return time_.now(); }

private:
    [[nodiscard]] time_source::point after(std::chrono::nanoseconds time) const {
        const auto now = time_.now();
        return time < time_source::point::max() - now ? now + time : time_source::point::max();
    }

    const monitor* watch_ = nullptr;
    time_source time_{};
    std::optional<time_source::point> end_;
};

// What was taken is paid for by those who take next: the first never waits, and nobody may save up
// while nothing is taken.
class rate_limit {
public:
    // 0: none.
    explicit rate_limit(std::uint64_t bytes_per_second = 0) noexcept
        : bytes_per_second_(bytes_per_second) {}

    [[nodiscard]] result<void> take(std::uint64_t bytes, const pace& by, progress now) {
        if (bytes_per_second_ == 0) {
            return {};
        }
        auto from = by.now();
        if (free_ > from) {
            if (auto stay = by.pause(free_ - from, now); !stay) {
                return stay;
            }
            from = free_;
        }
        const double seconds = static_cast<double>(bytes) / static_cast<double>(bytes_per_second_);
        // A day is as good as never, and fits.
        free_ = from + std::chrono::duration_cast<time_source::point::duration>(
                           std::chrono::duration<double>(std::min(seconds, 86400.0)));
        return {};
    }

private:
    std::uint64_t bytes_per_second_;
    time_source::point free_{};
};

} // namespace tintype::inline v0
