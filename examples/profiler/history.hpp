#pragma once

// The history of the machine: everything that this program asks of a delta store. What is asked is
// answered from the store's file; nothing of the recording is held in memory.

#include <tintype/delta/store.hpp>
#include <tintype/storage/directory.hpp>

#include "sample.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace profiler {

using tintype::time_range;

struct figures {
    std::uint64_t count = 0;
    double least = 0;
    double mean = 0;
    double p95 = 0;
    double most = 0;

    friend bool operator==(const figures&, const figures&) = default;
};

// A value, and since when it was so.
struct moment {
    std::uint64_t time = 0;
    double value = 0;

    friend bool operator==(const moment&, const moment&) = default;
};

enum class age { old, oldest }; // old enough to be compressed, or archived

class history {
public:
    // One that is not there is made; one that is there goes on.
    [[nodiscard]] static tintype::result<history> open(const std::string& folder) {
        using namespace std::chrono_literals;
        // What a power cut may take is the last second. Samples are packed as many at a time as
        // follow a keyframe: with the usual ten, much would be said again and again.
        auto opened =
            store::open(tintype::directory{folder}, "machine.history",
                        {.keyframe_interval = 64, .flush = tintype::flush_every{.time = 1s}});
        if (!opened) {
            return tintype::pass(opened);
        }
        return history{*std::move(opened)};
    }

    [[nodiscard]] tintype::result<void> append(const machine_sample& sample) {
        const auto index = store_.append(sample);
        return index ? tintype::result<void>{} : tintype::pass(index);
    }

    [[nodiscard]] tintype::result<void> flush() { return store_.flush(); }

    [[nodiscard]] std::uint64_t count() const { return store_.count(); }

    // Of the file, and of the samples in it as they lie in memory.
    [[nodiscard]] std::uint64_t kept_bytes() const { return store_.size(); }

    [[nodiscard]] std::uint64_t raw_bytes() const { return store_.raw_size(); }

    // The last sample at that time or before it.
    [[nodiscard]] tintype::result<machine_sample> at(std::uint64_t time) const {
        return store_.at(time);
    }

    // Calls visit(sample) for each; it is lent.
    template <class Visit>
    [[nodiscard]] tintype::result<void> each(const time_range& when, Visit visit) const {
        return store_.range(when, [&](std::uint64_t, std::uint64_t, const machine_sample& sample) {
            visit(sample);
            return true;
        });
    }

    // When a metric was at its highest, and first so.
    [[nodiscard]] tintype::result<moment> highest(std::string_view metric,
                                                  const time_range& when) const {
        const auto changes = store_.changes(metric, when);
        if (!changes) {
            return tintype::pass(changes);
        }
        const auto top = std::ranges::max_element(*changes, {}, &tintype::metric_point::value);
        return top == changes->end() ? moment{} : moment{.time = top->time, .value = top->value};
    }

    [[nodiscard]] tintype::result<figures> aggregate(std::string_view metric,
                                                     const time_range& when) const {
        constexpr std::array quantiles{0.95};
        const auto found = store_.aggregate(metric, when, quantiles);
        if (!found) {
            return tintype::pass(found);
        }
        // A sum of sums is rounded elsewhere than a sum of all: the last digits are not the same.
        return figures{.count = found->all.count,
                       .least = found->all.min,
                       .mean = std::round(found->all.mean() * 1e6) / 1e6,
                       .p95 = found->quantiles.front(),
                       .most = found->all.max};
    }

    // As if it were so much later than the last sample, and with nothing left over in the file.
    [[nodiscard]] tintype::result<void> grow(age to, std::uint64_t last) {
        const std::chrono::nanoseconds later{std::chrono::days{to == age::old ? 2 : 60}};
        const auto done =
            store_.cleanup(last + static_cast<std::uint64_t>(later.count()),
                           {.raw_max_age = std::chrono::days{1},
                            .compressed_max_age = std::chrono::days{30},
                            .archive_max_age = std::chrono::nanoseconds::max()}); // for ever
        return done ? store_.compact() : tintype::pass(done);
    }

private:
    using store = tintype::delta_store<machine_sample>;

    explicit history(store&& opened) : store_(std::move(opened)) {}

    store store_;
};

} // namespace profiler
