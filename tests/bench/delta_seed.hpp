#pragma once

// The algorithm of cbtop's history, as its page tells it, written again as a baseline: hash maps of
// vectors, deltas against the keyframe by value, nothing kept of timestamps and metadata in a
// delta, everything in memory.

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace bench::seed {

struct metric {
    std::string name;
    std::vector<double> values;
    std::vector<std::uint64_t> timestamps;
};

struct snapshot {
    std::uint64_t index = 0;
    std::uint64_t timestamp_ns = 0;
    std::string fingerprint;
    std::unordered_map<std::string, metric> metrics;
    std::unordered_map<std::string, std::string> metadata;
    std::uint32_t checksum = 0;
};

[[nodiscard]] inline std::uint32_t checksum_of(const snapshot& of) {
    auto hash = static_cast<std::uint32_t>(of.index);
    hash = hash * 31 + static_cast<std::uint32_t>(of.timestamp_ns);
    std::vector<const metric*> sorted;
    sorted.reserve(of.metrics.size());
    for (const auto& [name, each] : of.metrics) {
        sorted.push_back(&each);
    }
    std::sort(sorted.begin(), sorted.end(),
              [](const metric* a, const metric* b) { return a->name < b->name; });
    for (const metric* each : sorted) {
        for (const char c : each->name) {
            hash = hash * 31 + static_cast<unsigned char>(c);
        }
        for (const double value : each->values) {
            const auto bits = std::bit_cast<std::uint64_t>(value);
            hash = hash * 31 + static_cast<std::uint32_t>(bits >> 32U);
            hash = hash * 31 + static_cast<std::uint32_t>(bits);
        }
    }
    return hash;
}

class history {
public:
    std::uint64_t append(snapshot next) {
        const std::uint64_t index = count_++;
        next.index = index;
        next.checksum = checksum_of(next);
        const std::uint64_t base = index / interval * interval;
        if (index % interval == 0) {
            keyframes_.insert_or_assign(index, std::move(next));
        } else {
            deltas_.insert_or_assign(index, delta_of(keyframes_.at(base), next));
        }
        return index;
    }

    [[nodiscard]] std::optional<snapshot> get(std::uint64_t index) const {
        snapshot made;
        if (const auto whole = keyframes_.find(index); whole != keyframes_.end()) {
            made = whole->second;
            return checksum_of(made) == made.checksum ? std::optional{std::move(made)}
                                                      : std::nullopt;
        }
        const delta& what = deltas_.at(index);
        made = keyframes_.at(what.base);
        made.index = index;
        made.timestamp_ns = what.timestamp_ns;
        made.fingerprint = what.fingerprint;
        for (const auto& [name, change] : what.changed) {
            metric& to = made.metrics.at(name);
            to.values.resize(change.size, 0);
            for (std::size_t i = 0; i != change.indices.size(); ++i) {
                to.values[change.indices[i]] = change.values[i];
            }
        }
        for (const auto& [name, added] : what.added) {
            made.metrics.insert_or_assign(name, added);
        }
        for (const std::string& name : what.removed) {
            made.metrics.erase(name);
        }
        made.checksum = checksum_of(made);
        return made;
    }

    // As the original counts it.
    [[nodiscard]] std::uint64_t stored() const {
        std::uint64_t sum = 0;
        for (const auto& [index, whole] : keyframes_) {
            sum += 24 + whole.fingerprint.size();
            for (const auto& [name, each] : whole.metrics) {
                sum += name.size() + 16 * each.values.size();
            }
            for (const auto& [key, value] : whole.metadata) {
                sum += key.size() + value.size();
            }
        }
        for (const auto& [index, what] : deltas_) {
            sum += 24 + what.fingerprint.size();
            for (const auto& [name, change] : what.changed) {
                sum += name.size() + 16 + 16 * change.values.size();
            }
            for (const auto& [name, each] : what.added) {
                sum += name.size() + 16 * each.values.size();
            }
        }
        return sum;
    }

private:
    static constexpr std::uint64_t interval = 10;

    struct metric_change {
        std::size_t size = 0;
        std::vector<std::size_t> indices;
        std::vector<double> values;
    };

    struct delta {
        std::uint64_t base = 0;
        std::uint64_t timestamp_ns = 0;
        std::string fingerprint;
        std::unordered_map<std::string, metric_change> changed;
        std::unordered_map<std::string, metric> added;
        std::vector<std::string> removed;
    };

    static delta delta_of(const snapshot& base, const snapshot& next) {
        delta made;
        made.base = base.index;
        made.timestamp_ns = next.timestamp_ns;
        made.fingerprint = next.fingerprint;
        for (const auto& [name, now] : next.metrics) {
            const auto then = base.metrics.find(name);
            if (then == base.metrics.end()) {
                made.added.emplace(name, now);
                continue;
            }
            metric_change change;
            change.size = now.values.size();
            for (std::size_t i = 0; i != now.values.size(); ++i) {
                if (i >= then->second.values.size() ||
                    std::abs(now.values[i] - then->second.values[i]) > 1e-10) {
                    change.indices.push_back(i);
                    change.values.push_back(now.values[i]);
                }
            }
            if (name.size() + 16 + 16 * change.values.size() <
                name.size() + 16 * now.values.size()) {
                made.changed.emplace(name, std::move(change));
            } else {
                made.added.emplace(name, now);
            }
        }
        for (const auto& [name, then] : base.metrics) {
            if (!next.metrics.contains(name)) {
                made.removed.push_back(name);
            }
        }
        return made;
    }

    std::unordered_map<std::uint64_t, snapshot> keyframes_;
    std::unordered_map<std::uint64_t, delta> deltas_;
    std::uint64_t count_ = 0;
};

} // namespace bench::seed
