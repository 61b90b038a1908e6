#pragma once

// What is known of the machine at one moment, described to the library like any other state. Shares
// are percent, memory is MiB and traffic KiB a second, each with two decimals: that is as exact as
// the kernel counts over a tenth of a second, and decimals of few digits take few bytes.

#include <tintype/core/reflect.hpp>

#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace profiler {

struct cpu_sample {
    double total = 0; // of all CPUs together, at most 100
    std::vector<double> cores{};
    double load = 0; // processes that ran or waited, over the last minute
};

struct memory_sample {
    double total_mib = 0;
    double used_mib = 0; // what programs could not have if they asked
    double cached_mib = 0;
    double swapped_mib = 0;
};

struct io_sample {
    double disk_read_kib = 0; // each of these a second
    double disk_written_kib = 0;
    double net_received_kib = 0;
    double net_sent_kib = 0;
};

struct process_sample {
    std::string name{};
    double cpu = 0; // of one CPU: threads can add up to more than 100
    double rss_mib = 0;
};

// The shares and rates are those since the sample before.
struct machine_sample {
    std::uint64_t timestamp_ns = 0; // since 1970, UTC
    cpu_sample cpu{};
    memory_sample memory{};
    io_sample io{};
    std::map<std::uint32_t, process_sample> processes{}; // the busiest, by their ids
};

[[nodiscard]] inline double two_decimals(double value) {
    return std::round(value * 100) / 100;
}

} // namespace profiler

BOOST_HANA_ADAPT_STRUCT(profiler::cpu_sample, total, cores, load);
BOOST_HANA_ADAPT_STRUCT(profiler::memory_sample, total_mib, used_mib, cached_mib, swapped_mib);
BOOST_HANA_ADAPT_STRUCT(profiler::io_sample, disk_read_kib, disk_written_kib, net_received_kib,
                        net_sent_kib);
BOOST_HANA_ADAPT_STRUCT(profiler::process_sample, name, cpu, rss_mib);
BOOST_HANA_ADAPT_STRUCT(profiler::machine_sample, timestamp_ns, cpu, memory, io, processes);
