#pragma once

// Threads for the parts of one object, and how the same work is done where the system gives none.

#include <tintype/core/error.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

// Nothing where the system has no more threads: the work is then the caller's.
template <class Work>
[[nodiscard]] std::optional<std::jthread> try_thread(Work work) {
#if defined(__cpp_exceptions)
    try {
        return std::jthread{std::move(work)};
    } catch (const std::system_error&) {
        return std::nullopt;
    }
#else
    return std::jthread{std::move(work)};
#endif
}

// Calls do_one(i) for every i below `count`, in order of i as far as that goes, on this thread and
// on at most `most` - 1 others. The first error ends it; what was begun is waited for. do_one is
// given the flag that says so.
template <class DoOne>
[[nodiscard]] result<void> in_parallel(std::size_t count, unsigned most, const DoOne& do_one) {
    std::atomic<std::size_t> next{0};
    std::atomic<bool> stopped{false};
    std::mutex mutex;
    std::optional<error> failed; // under the mutex
    const auto work = [&] {
        for (std::size_t i = next++; i < count && !stopped; i = next++) {
            if (auto done = do_one(i, std::as_const(stopped)); !done) {
                const std::lock_guard hold{mutex};
                if (!failed) {
                    failed = done.error();
                }
                stopped = true;
            }
        }
    };
    {
        std::vector<std::jthread> others;
        for (std::size_t i = 1; i < std::min<std::size_t>(count, most); ++i) {
            auto another = try_thread(work);
            if (!another) {
                break;
            }
            others.push_back(*std::move(another));
        }
        work();
    }
    return failed ? result<void>{fail(*failed)} : result<void>{};
}

} // namespace tintype::inline v0
