#pragma once

// Profile snapshots for tests: by hand, and out of any bits.

#include <tintype/core/mix.hpp>
#include <tintype/formats/cbtop.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tests {

[[nodiscard]] inline double f64_of(std::uint64_t bits) {
    return std::bit_cast<double>(bits);
}

[[nodiscard]] inline tintype::cbtop::metric_data
metric_of(std::string name, std::vector<double> values,
          std::vector<std::uint64_t> timestamps = {}) {
    return {
        .name = std::move(name), .values = std::move(values), .timestamps = std::move(timestamps)};
}

// With the checksum that belongs to it.
[[nodiscard]] inline tintype::cbtop::profile_snapshot
snapshot_of(std::uint64_t index, std::vector<tintype::cbtop::metric_data> metrics,
            tintype::cbtop::metadata_map metadata = {}) {
    tintype::cbtop::profile_snapshot made{.index = index,
                                          .timestamp_ns = 1'700'000'000'000'000'000 + index,
                                          .workload_fingerprint = "load",
                                          .metrics = {},
                                          .metadata = std::move(metadata),
                                          .checksum = 0};
    for (auto& each : metrics) {
        const std::string name = each.name;
        made.metrics.emplace(name, std::move(each));
    }
    made.checksum = checksum_of(made);
    return made;
}

// Names that end where others go on, in bytes that signed and unsigned characters order otherwise.
inline const std::array<std::string, 12> odd_names{
    "",
    std::string("\0", 1),
    std::string("\0\0", 2),
    "a",
    std::string("a\0", 2),
    std::string("a\0b", 3),
    "ab",
    "\x7f",
    "\x80",
    "\xce\xb3",
    "\xf0\x9f\x98\x80",
    "\xff",
};

// Values that only their bits tell apart among them.
[[nodiscard]] inline double odd_value(tintype::splitmix64& random) {
    constexpr std::array<std::uint64_t, 10> odd{0x0000'0000'0000'0000U, 0x8000'0000'0000'0000U,
                                                0x7ff8'0000'0000'0000U, 0x7ff8'0000'0000'0001U,
                                                0xfff8'0000'0000'0000U, 0x7ff0'0000'0000'0001U,
                                                0x7ff0'0000'0000'0000U, 0x0000'0000'0000'0001U,
                                                0x3ff0'0000'0000'0000U, 0x3ff0'0000'0000'0001U};
    const std::uint64_t which = random() % 20;
    return f64_of(which < odd.size() ? odd[which] : random());
}

[[nodiscard]] inline tintype::cbtop::metric_data odd_metric(std::string name,
                                                            tintype::splitmix64& random) {
    auto metric = metric_of(std::move(name), {});
    const std::uint64_t count = random() % 70;
    for (std::uint64_t i = 0; i != count; ++i) {
        metric.values.push_back(odd_value(random));
    }
    // As many, for the most part.
    metric.timestamps.resize(random() % 8 == 0 ? random() % 70 : count);
    for (std::uint64_t& each : metric.timestamps) {
        each = random();
    }
    return metric;
}

[[nodiscard]] inline tintype::cbtop::profile_snapshot odd_snapshot(std::uint64_t seed) {
    tintype::splitmix64 random{seed};
    std::vector<tintype::cbtop::metric_data> metrics;
    for (const std::string& name : odd_names) {
        if (random() % 3 != 0) {
            metrics.push_back(odd_metric(name, random));
        }
    }
    auto made = snapshot_of(random(), std::move(metrics));
    made.timestamp_ns = random();
    for (const std::string& name : odd_names) {
        if (random() % 3 == 0) {
            made.metadata[name] = odd_names[random() % odd_names.size()];
        }
    }
    made.workload_fingerprint = odd_names[random() % odd_names.size()];
    made.checksum = checksum_of(made);
    return made;
}

// What may become of one: values, lengths, timestamps, names, all or none of them.
[[nodiscard]] inline tintype::cbtop::profile_snapshot
changed(tintype::cbtop::profile_snapshot snapshot, std::uint64_t seed) {
    tintype::splitmix64 random{seed};
    for (const std::string& name : odd_names) {
        const auto found = snapshot.metrics.find(name);
        if (found == snapshot.metrics.end()) {
            if (random() % 6 == 0) {
                snapshot.metrics.emplace(name, odd_metric(name, random));
            }
            continue;
        }
        auto& metric = found->second;
        const auto size = static_cast<std::size_t>(random() % 90);
        switch (random() % 8) {
        case 0:
            snapshot.metrics.erase(found);
            break;
        case 1:
            metric.values.resize(size, odd_value(random));
            break;
        case 2:
            metric.timestamps.resize(size, random());
            break;
        case 3:
            metric.name += "'";
            break;
        case 4:
            metric = odd_metric(name, random);
            break;
        case 5:
            for (double& each : metric.values) {
                each = random() % 10 == 0 ? odd_value(random) : each;
            }
            break;
        case 6:
            for (std::uint64_t& each : metric.timestamps) {
                each += 1'000'000'000;
            }
            break;
        default:
            break;
        }
    }
    if (random() % 2 == 0) {
        snapshot.metadata[odd_names[random() % odd_names.size()]] += "?";
    }
    snapshot.index += random() % 10;
    snapshot.timestamp_ns += random();
    snapshot.checksum = checksum_of(snapshot);
    return snapshot;
}

} // namespace tests
