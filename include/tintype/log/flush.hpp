#pragma once

// When appended records become durable: a choice between what a power cut may cost and what an
// append costs.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tintype::inline v0 {

// Each before its append returns.
struct flush_always {};

// As soon as so many records wait, before the append of the last of them returns; and so long after
// the first of them was appended, by a thread of the log's own, even if nobody appends any more. 0
// is "not by that". Records that wait may be gathered in memory, so many bytes of them before they
// are written: a call of the system for each costs more than all else. Then nobody sees them, and a
// process that is killed loses them as a power cut would.
struct flush_every {
    std::uint64_t records = 0;
    std::chrono::nanoseconds time{0};
    std::size_t gather = 0; // bytes
};

// When flush() is called.
struct flush_on_request {};

class flush_policy {
public:
    constexpr flush_policy() noexcept = default;

    constexpr flush_policy(flush_always) noexcept {}

    constexpr flush_policy(flush_every every) noexcept
        : records_(every.records), time_(std::clamp(every.time, least_time, most_time)),
          gather_(every.gather) {}

    constexpr flush_policy(flush_on_request) noexcept : records_(0) {}

    // Whether so many that wait are enough.
    [[nodiscard]] constexpr bool due(std::uint64_t waiting) const noexcept {
        return records_ != 0 && waiting >= records_;
    }

    // 0 where time does not matter.
    [[nodiscard]] constexpr std::chrono::nanoseconds time() const noexcept {
        return records_ == 1 ? std::chrono::nanoseconds{0} : time_;
    }

    // Bytes that may be kept from being written; 0 where each record is written at once.
    [[nodiscard]] constexpr std::size_t gather() const noexcept { return gather_; }

private:
    // So that a deadline can be told by any clock.
    static constexpr std::chrono::nanoseconds least_time{0};
    static constexpr std::chrono::nanoseconds most_time = std::chrono::days{365};

    std::uint64_t records_ = 1;
    std::chrono::nanoseconds time_{0};
    std::size_t gather_ = 0;
};

} // namespace tintype::inline v0
