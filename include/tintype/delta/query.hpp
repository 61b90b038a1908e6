#pragma once

// Questions to a history, and the answers.

#include <tintype/delta/measure.hpp>
#include <tintype/delta/record.hpp>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace tintype::inline v0 {

// Both ends are within.
struct time_range {
    std::uint64_t from = 0; // nanoseconds since 1970
    std::uint64_t to = std::numeric_limits<std::uint64_t>::max();

    [[nodiscard]] constexpr bool holds(std::uint64_t time) const noexcept {
        return from <= time && time <= to;
    }
};

struct history_query {
    time_range time{};
    std::optional<std::string> label{};  // only snapshots that have it
    std::optional<std::string> metric{}; // only snapshots in which there is one of that name
    std::uint64_t limit = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t start = 0; // no snapshot below this index: where an answer was cut off
    std::uint64_t bytes = 0; // that the answer may take, about; 0: as the history was opened with
};

template <class T>
struct history_item {
    std::uint64_t index = 0;
    std::uint64_t time = 0;
    tier kept_as = tier::raw;
    T snapshot{};
};

template <class T>
struct history_page {
    std::vector<history_item<T>> snapshots{}; // by index
    bool truncated = false;                   // there are more, which the bytes had no room for
    std::uint64_t resume = 0;                 // what `start` must be to go on, where it is
};

// An element of a metric that became another, or that was not there before.
struct metric_point {
    std::uint64_t index = 0; // of the snapshot
    std::uint64_t time = 0;
    std::uint64_t element = 0;
    double value = 0;
    std::uint64_t bits = 0; // of the value as it is stored: exact where a double is not
};

struct metric_aggregate {
    measure all{};
    std::vector<double> quantiles{}; // as many as were asked for
};

// How a snapshot is kept. Sizes are in bytes.
struct index_entry {
    std::uint64_t index = 0;
    std::uint64_t time = 0;
    std::string label{};
    tier kept_as = tier::raw;
    std::uint64_t offset = 0; // of the record that it is in
    std::uint64_t size = 0;   // of that record's payload
    bool is_delta = false;
    std::optional<std::uint64_t> base{}; // of a delta: the keyframe that it needs
};

} // namespace tintype::inline v0
