#pragma once

// cbtop's profile snapshots: the types, what they promise, and what a history of them asks (see
// delta/snapshot.hpp). Also the original's own delta, the difference of two snapshots as a value,
// by bit patterns and with nothing left out. Files are the history's business: the original has
// none.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/identical.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/delta/snapshot.hpp>
#include <tintype/hash/cbtop.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tintype::inline v0::cbtop {

// One series. That a value has a timestamp is the custom, and nothing here relies on it.
struct metric_data {
    BOOST_HANA_DEFINE_STRUCT(metric_data, (std::string, name), (std::vector<double>, values),
                             (std::vector<std::uint64_t>, timestamps));
};

using metric_map = std::map<std::string, metric_data>;
using metadata_map = std::map<std::string, std::string>;

// A metric's key is its name wherever one is meant; what stands in `metric_data::name` is kept.
struct profile_snapshot {
    BOOST_HANA_DEFINE_STRUCT(profile_snapshot, (std::uint64_t, index),
                             (std::uint64_t, timestamp_ns), (std::string, workload_fingerprint),
                             (metric_map, metrics), (metadata_map, metadata),
                             (std::uint32_t, checksum));
};

// What became of a metric. The indices ascend, each below `new_len`, and name every value that lies
// behind the base's. The last member is not the original's, which gives back the base's timestamps.
struct delta_metric {
    BOOST_HANA_DEFINE_STRUCT(delta_metric, (std::string, name), (std::uint64_t, base_len),
                             (std::uint64_t, new_len),
                             (std::vector<std::uint64_t>, changed_indices),
                             (std::vector<double>, changed_values),
                             (std::optional<std::vector<std::uint64_t>>, timestamps));
};

using delta_map = std::map<std::string, delta_metric>;

// What became of a snapshot. A metric that stands in none of the lists is as it was; one in
// `new_metrics` is new, or would have been no smaller as a delta. The last member is not the
// original's, which loses the metadata. Either addition is absent where nothing changed.
struct delta_snapshot {
    BOOST_HANA_DEFINE_STRUCT(delta_snapshot, (std::uint64_t, index), (std::uint64_t, base_index),
                             (std::uint64_t, timestamp_ns), (std::string, workload_fingerprint),
                             (delta_map, deltas), (metric_map, new_metrics),
                             (std::vector<std::string>, removed_metrics), (std::uint32_t, checksum),
                             (std::optional<metadata_map>, metadata));
};

enum class storage_tier : std::uint8_t { raw = 0, compressed = 1, archive = 2 };

// Where a snapshot lies: at `offset`, in so many bytes, needing that base if it is a delta.
struct index_entry {
    BOOST_HANA_DEFINE_STRUCT(index_entry, (std::uint64_t, index), (std::uint64_t, timestamp_ns),
                             (std::string, fingerprint), (storage_tier, tier),
                             (std::uint64_t, offset), (std::uint64_t, size_bytes), (bool, is_delta),
                             (std::optional<std::uint64_t>, base_index));
};

static_assert(member_names<metric_data> ==
              std::array<std::string_view, 3>{"name", "values", "timestamps"});
static_assert(member_names<profile_snapshot> ==
              std::array<std::string_view, 6>{"index", "timestamp_ns", "workload_fingerprint",
                                              "metrics", "metadata", "checksum"});
static_assert(member_names<delta_metric> ==
              std::array<std::string_view, 6>{"name", "base_len", "new_len", "changed_indices",
                                              "changed_values", "timestamps"});
static_assert(member_names<delta_snapshot> ==
              std::array<std::string_view, 9>{"index", "base_index", "timestamp_ns",
                                              "workload_fingerprint", "deltas", "new_metrics",
                                              "removed_metrics", "checksum", "metadata"});
static_assert(member_names<index_entry> ==
              std::array<std::string_view, 8>{"index", "timestamp_ns", "fingerprint", "tier",
                                              "offset", "size_bytes", "is_delta", "base_index"});

// The original's defaults.
inline constexpr std::uint64_t max_query_memory_bytes = 52'428'800;
inline constexpr std::uint64_t keyframe_interval = 10; // snapshots
inline constexpr bool verify_checksums = true;
inline constexpr std::chrono::nanoseconds raw_max_age = std::chrono::days{1};
inline constexpr std::chrono::nanoseconds compressed_max_age = std::chrono::days{30};
inline constexpr std::chrono::nanoseconds archive_max_age = std::chrono::days{365};

// The original's checksum of a snapshot at that index: both low halves, then each metric's name and
// values. Timestamps, the fingerprint and metadata are not covered.
[[nodiscard]] inline std::uint32_t checksum_of(const profile_snapshot& snapshot,
                                               std::uint64_t index) noexcept {
    cbtop_checksum sum;
    sum.update_word(static_cast<std::uint32_t>(index));
    sum.update_word(static_cast<std::uint32_t>(snapshot.timestamp_ns));
    for (const auto& [name, metric] : snapshot.metrics) { // in the order of their bytes
        sum.update(bytes_of(name));
        sum.update_run(metric.values);
    }
    return sum.finish();
}

[[nodiscard]] inline std::uint32_t checksum_of(const profile_snapshot& snapshot) noexcept {
    return checksum_of(snapshot, snapshot.index);
}

// Sizes in bytes, as the original counts them. What its types have no member for is counted too,
// where it is there.
[[nodiscard]] inline std::uint64_t size_of(const metric_data& metric) noexcept {
    return metric.name.size() + 8 * metric.values.size() + 8 * metric.timestamps.size();
}

[[nodiscard]] inline std::uint64_t size_of(const delta_metric& delta) noexcept {
    return delta.name.size() + 16 + 8 * delta.changed_indices.size() +
           8 * delta.changed_values.size() + (delta.timestamps ? 8 * delta.timestamps->size() : 0);
}

[[nodiscard]] inline std::uint64_t size_of(const metadata_map& metadata) noexcept {
    std::uint64_t size = 0;
    for (const auto& [key, value] : metadata) {
        size += key.size() + value.size();
    }
    return size;
}

[[nodiscard]] inline std::uint64_t size_of(const metric_map& metrics) noexcept {
    std::uint64_t size = 0;
    for (const auto& each : metrics) {
        size += size_of(each.second);
    }
    return size;
}

[[nodiscard]] inline std::uint64_t size_of(const profile_snapshot& snapshot) noexcept {
    return 24 + snapshot.workload_fingerprint.size() + size_of(snapshot.metrics) +
           size_of(snapshot.metadata);
}

[[nodiscard]] inline std::uint64_t size_of(const delta_snapshot& delta) noexcept {
    std::uint64_t size = 24 + delta.workload_fingerprint.size() + size_of(delta.new_metrics) +
                         (delta.metadata ? size_of(*delta.metadata) : 0);
    for (const auto& each : delta.deltas) {
        size += size_of(each.second);
    }
    for (const std::string& name : delta.removed_metrics) {
        size += name.size();
    }
    return size;
}

// From one metric to another, or nothing if that is not smaller than the other itself. A value
// changed if one of its bits did; the original skips changes up to 1e-10, NaN and -0.0 for 0.0.
[[nodiscard]] inline std::optional<delta_metric> make_delta(const metric_data& base,
                                                            const metric_data& next) {
    const auto bits = [](double value) { return std::bit_cast<std::uint64_t>(value); };
    delta_metric delta{.name = next.name,
                       .base_len = base.values.size(),
                       .new_len = next.values.size(),
                       .changed_indices = {},
                       .changed_values = {},
                       .timestamps = std::nullopt};
    if (!identical(base.timestamps, next.timestamps)) {
        delta.timestamps = next.timestamps;
    }
    const std::uint64_t least = size_of(delta);
    const std::uint64_t whole = size_of(next);
    if (least >= whole) {
        return std::nullopt;
    }
    const std::uint64_t most = (whole - least - 1) / 16;
    for (std::size_t i = 0; i != next.values.size(); ++i) {
        if (i < base.values.size() && bits(base.values[i]) == bits(next.values[i])) {
            continue;
        }
        if (delta.changed_indices.size() == most) {
            return std::nullopt;
        }
        delta.changed_indices.push_back(i);
        delta.changed_values.push_back(next.values[i]);
    }
    return delta;
}

// What make_delta() was given. `invalid_value` if this is no delta of that base or not one at all,
// `out_of_bounds` if an index is none of the new values'; nothing is allocated before that is
// known.
[[nodiscard]] inline result<metric_data> apply_delta(metric_data base, delta_metric delta) {
    const auto refuse = [&](errc code, std::string_view member, std::uint64_t found,
                            std::uint64_t wanted) {
        return fail({.code = code,
                     .where = delta.name + "." + std::string{member},
                     .found = found,
                     .wanted = wanted});
    };
    const std::vector<std::uint64_t>& indices = delta.changed_indices;
    if (delta.base_len != base.values.size()) {
        return refuse(errc::invalid_value, "base_len", delta.base_len, base.values.size());
    }
    if (delta.changed_values.size() != indices.size()) {
        return refuse(errc::invalid_value, "changed_values", delta.changed_values.size(),
                      indices.size());
    }
    std::uint64_t least = 0;
    std::uint64_t behind = 0;
    for (const std::uint64_t index : indices) {
        if (index >= delta.new_len) {
            return refuse(errc::out_of_bounds, "changed_indices", index, delta.new_len);
        }
        if (index < least) {
            return refuse(errc::invalid_value, "changed_indices", index, least);
        }
        least = index + 1;
        behind += index >= delta.base_len ? 1 : 0;
    }
    if (delta.new_len > delta.base_len && delta.new_len - delta.base_len != behind) {
        return refuse(errc::invalid_value, "new_len", delta.new_len, delta.base_len + behind);
    }
    base.values.resize(static_cast<std::size_t>(delta.new_len));
    for (std::size_t i = 0; i != indices.size(); ++i) {
        base.values[static_cast<std::size_t>(indices[i])] = delta.changed_values[i];
    }
    base.name = std::move(delta.name);
    if (delta.timestamps) {
        base.timestamps = *std::move(delta.timestamps);
    }
    return base;
}

// From a keyframe to another snapshot. The checksum is worked out here, whatever `next` says.
[[nodiscard]] inline delta_snapshot make_delta(const profile_snapshot& base,
                                               const profile_snapshot& next) {
    delta_snapshot delta{.index = next.index,
                         .base_index = base.index,
                         .timestamp_ns = next.timestamp_ns,
                         .workload_fingerprint = next.workload_fingerprint,
                         .deltas = {},
                         .new_metrics = {},
                         .removed_metrics = {},
                         .checksum = checksum_of(next),
                         .metadata = std::nullopt};
    if (base.metadata != next.metadata) {
        delta.metadata = next.metadata;
    }
    for (const auto& [name, metric] : next.metrics) {
        const auto before = base.metrics.find(name);
        if (before == base.metrics.end()) {
            delta.new_metrics.emplace(name, metric);
        } else if (!identical(before->second, metric)) {
            if (auto smaller = make_delta(before->second, metric)) {
                delta.deltas.emplace(name, *std::move(smaller));
            } else {
                delta.new_metrics.emplace(name, metric);
            }
        }
    }
    for (const auto& each : base.metrics) {
        if (!next.metrics.contains(each.first)) {
            delta.removed_metrics.push_back(each.first);
        }
    }
    return delta;
}

// What make_delta() was given, with its checksum set and compared with what came out: the original
// works it out anew and compares it with nothing. `checksum_mismatch` if it is another, and what
// stands above if this is no delta of that base; `not_found` names a metric that the base lacks,
// `duplicate` one that is in two lists.
[[nodiscard]] inline result<profile_snapshot> apply_delta(profile_snapshot base,
                                                          delta_snapshot delta) {
    if (delta.base_index != base.index) {
        return fail({.code = errc::invalid_value,
                     .where = "base_index",
                     .found = delta.base_index,
                     .wanted = base.index});
    }
    for (const std::string& name : delta.removed_metrics) {
        if (delta.new_metrics.contains(name) || delta.deltas.contains(name)) {
            return fail({.code = errc::duplicate, .where = name});
        }
        if (base.metrics.erase(name) == 0) {
            return fail({.code = errc::not_found, .where = name});
        }
    }
    for (auto& [name, change] : delta.deltas) {
        if (delta.new_metrics.contains(name)) {
            return fail({.code = errc::duplicate, .where = name});
        }
        const auto before = base.metrics.find(name);
        if (before == base.metrics.end()) {
            return fail({.code = errc::not_found, .where = name});
        }
        auto metric = apply_delta(std::move(before->second), std::move(change));
        if (!metric) {
            return pass(metric);
        }
        before->second = *std::move(metric);
    }
    for (auto& [name, metric] : delta.new_metrics) {
        base.metrics.insert_or_assign(name, std::move(metric));
    }
    base.index = delta.index;
    base.timestamp_ns = delta.timestamp_ns;
    base.workload_fingerprint = std::move(delta.workload_fingerprint);
    if (delta.metadata) {
        base.metadata = *std::move(delta.metadata);
    }
    base.checksum = checksum_of(base);
    if (delta.checksum != base.checksum) {
        return fail({.code = errc::checksum_mismatch,
                     .where = "checksum",
                     .found = delta.checksum,
                     .wanted = base.checksum});
    }
    return base;
}

} // namespace tintype::inline v0::cbtop

// The time and the label are members with the names that are looked for.
template <>
struct tintype::snapshot_traits<tintype::cbtop::profile_snapshot>
    : tintype::derived_snapshot_traits<tintype::cbtop::profile_snapshot> {
    [[nodiscard]] static std::uint64_t checksum(const cbtop::profile_snapshot& snapshot,
                                                std::uint64_t index) noexcept {
        return cbtop::checksum_of(snapshot, index);
    }

    [[nodiscard]] static std::uint64_t size(const cbtop::profile_snapshot& snapshot) noexcept {
        return cbtop::size_of(snapshot);
    }

    // A metric's name means its values.
    [[nodiscard]] static std::string metric(std::string_view name) {
        return "metrics." + std::string{name} + ".values";
    }

    static void stamp(cbtop::profile_snapshot& snapshot, std::uint64_t index,
                      std::uint64_t checksum) noexcept {
        snapshot.index = index;
        snapshot.checksum = static_cast<std::uint32_t>(checksum);
    }
};

static_assert(tintype::snapshot_type<tintype::cbtop::profile_snapshot>);
static_assert(tintype::detail::has_snapshot_checksum<tintype::cbtop::profile_snapshot>);
static_assert(tintype::detail::has_snapshot_size<tintype::cbtop::profile_snapshot>);
