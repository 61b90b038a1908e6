#pragma once

// When to try again: at random below a limit that doubles with each try ("full jitter"), so that
// many who failed together do not come back together; and what may end the waiting.

#include <tintype/core/error.hpp>
#include <tintype/core/mix.hpp>
#include <tintype/core/progress.hpp>
#include <tintype/s3/http_date.hpp>
#include <tintype/s3/options.hpp>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <thread>

namespace tintype::inline v0 {

// Asked before each try of a request that only some may send.
class s3_guard {
public:
    s3_guard() = default;
    s3_guard(const s3_guard&) = delete;
    s3_guard& operator=(const s3_guard&) = delete;
    virtual ~s3_guard() = default;
    [[nodiscard]] virtual result<void> check() const = 0;
    // How long a request that destroys something may be on its way: what its sender may do now, he
    // may not do any more after that.
    [[nodiscard]] virtual std::chrono::milliseconds longest() const = 0;
};

// Asked before each try and often while waiting. A monitor is asked on its own thread only; for all
// others there is a flag. Refers to both.
class s3_patience {
public:
    s3_patience() = default;

    s3_patience(const monitor* watch, progress now) noexcept : watch_(watch), now_(now) {}

    explicit s3_patience(const std::atomic<bool>& stopped) noexcept : stopped_(&stopped) {}

    // The same, and the guard is asked, too.
    [[nodiscard]] s3_patience with(const s3_guard& guard) const noexcept {
        s3_patience both = *this;
        both.guard_ = &guard;
        return both;
    }

    [[nodiscard]] result<void> go_on() const {
        if (guard_ != nullptr) {
            if (auto may = guard_->check(); !may) {
                return may;
            }
        }
        if (stopped_ != nullptr && stopped_->load(std::memory_order_relaxed)) {
            return fail({.code = errc::cancelled, .found = now_.done, .wanted = now_.total});
        }
        return watch_ != nullptr ? watch_->report(now_) : result<void>{};
    }

    [[nodiscard]] std::chrono::milliseconds longest(std::chrono::milliseconds given) const {
        return guard_ != nullptr ? std::min(given, guard_->longest()) : given;
    }

private:
    const monitor* watch_ = nullptr;
    progress now_{};
    const std::atomic<bool>* stopped_ = nullptr;
    const s3_guard* guard_ = nullptr;
};

class s3_backoff {
public:
    // What a service asks for beyond this is not waited.
    static constexpr std::chrono::milliseconds longest_asked{60'000};

    s3_backoff(const s3_options& options, std::uint64_t seed) noexcept
        : options_(options), random_(seed), limit_(options.backoff) {}

    // How long to wait before the next try; never less than what the service asked for.
    [[nodiscard]] std::chrono::milliseconds next(std::chrono::milliseconds asked = {}) noexcept {
        const auto below =
            static_cast<std::uint64_t>(std::max<std::int64_t>(limit_.count(), 0)) + 1;
        const std::chrono::milliseconds chosen{static_cast<std::int64_t>(random_() % below)};
        limit_ = std::min(limit_ * 2, options_.backoff_most);
        return std::max(chosen, std::min(asked, longest_asked));
    }

    [[nodiscard]] result<void> wait(std::chrono::milliseconds rest,
                                    const s3_patience& patience) const {
        constexpr std::chrono::milliseconds slice{50};
        for (; rest.count() > 0; rest -= slice) {
            if (auto go_on = patience.go_on(); !go_on) {
                return go_on;
            }
            if (options_.pause) {
                options_.pause(std::min(rest, slice));
            } else {
                std::this_thread::sleep_for(std::min(rest, slice));
            }
        }
        return patience.go_on();
    }

private:
    const s3_options& options_;
    splitmix64 random_;
    std::chrono::milliseconds limit_;
};

// What `Retry-After` says, in seconds or as a time; nothing for nothing.
[[nodiscard]] inline std::chrono::milliseconds read_retry_after(std::string_view text,
                                                                std::optional<timestamp> now) {
    std::uint32_t seconds = 0;
    const auto end = text.data() + text.size();
    if (const auto read = std::from_chars(text.data(), end, seconds);
        read.ec == std::errc{} && read.ptr == end) {
        return std::chrono::seconds{seconds};
    }
    const auto when = http_date(text);
    if (when && now && *when > *now) {
        return std::chrono::duration_cast<std::chrono::milliseconds>(*when - *now);
    }
    return {};
}

} // namespace tintype::inline v0
