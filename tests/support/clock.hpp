#pragma once

// A clock that stands still until the test moves it. Copies are the same clock.

#include <tintype/core/clock.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>

namespace tests {

class manual_clock {
public:
    explicit manual_clock(tintype::timestamp start = {})
        : now_(std::make_shared<std::atomic<std::int64_t>>(start.time_since_epoch().count())) {}

    [[nodiscard]] tintype::timestamp now() const {
        return tintype::timestamp{std::chrono::nanoseconds{now_->load()}};
    }

    void set(tintype::timestamp to) const { now_->store(to.time_since_epoch().count()); }

    void advance(std::chrono::nanoseconds by) const { now_->fetch_add(by.count()); }

private:
    std::shared_ptr<std::atomic<std::int64_t>> now_;
};

static_assert(tintype::clock_policy<manual_clock>);

} // namespace tests
