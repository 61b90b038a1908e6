#pragma once

// How work that takes more than a moment is watched and stopped: a callback that is told how many
// bytes of how many are done, and a stop token that is asked between pieces of at most a few MiB.

#include <tintype/core/error.hpp>

#include <cstdint>
#include <memory>
#include <stop_token>
#include <type_traits>
#include <utility>

namespace tintype::inline v0 {

struct progress {
    std::uint64_t done = 0;
    std::uint64_t total = 0; // 0 where it is not known
};

// Refers to the callback, so the callback must outlive the monitor. Called from the thread that
// does the work.
class monitor {
public:
    monitor() = default;

    explicit monitor(std::stop_token stop) noexcept : stop_(std::move(stop)) {}

    template <class Callback>
    requires std::is_invocable_v<Callback&, progress>
    explicit monitor(Callback& callback, std::stop_token stop = {}) noexcept
        : context_(const_cast<void*>(static_cast<const void*>(std::addressof(callback)))),
          report_([](void* context, progress now) { (*static_cast<Callback*>(context))(now); }),
          stop_(std::move(stop)) {}

    // Tells the callback; an error (`cancelled`, with the numbers) once a stop was requested.
    [[nodiscard]] result<void> report(progress now) const {
        if (report_ != nullptr) {
            report_(context_, now);
        }
        if (stop_.stop_requested()) {
            return fail({.code = errc::cancelled, .found = now.done, .wanted = now.total});
        }
        return {};
    }

private:
    void* context_ = nullptr;
    void (*report_)(void*, progress) = nullptr;
    std::stop_token stop_{};
};

} // namespace tintype::inline v0
