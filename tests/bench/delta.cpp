// A history of 10 000 profile snapshots of 50 metrics with 60 samples each, of which three of each
// metric change from one to the next, against the algorithm that cbtop keeps it by. Theirs is in
// memory; ours is a log in a file that nobody waits for, and keeps timestamps and metadata.

#include <tintype/delta/store.hpp>
#include <tintype/formats/cbtop.hpp>
#include <tintype/storage/directory.hpp>

#include "delta_seed.hpp"
#include "harness.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace bench {
namespace {

using snapshot = tintype::cbtop::profile_snapshot;
using store = tintype::delta_store<snapshot>;

constexpr int metrics = 50;
constexpr int samples = 60;
constexpr std::uint64_t minute = 60'000'000'000;

class dice {
public:
    std::uint64_t operator()() noexcept {
        state_ = state_ * 6364136223846793005U + 1442695040888963407U;
        return state_ >> 11U;
    }

    // All 52 bits of it.
    double number() noexcept { return static_cast<double>((*this)()) * 0x1p-53 * 1000; }

private:
    std::uint64_t state_ = 42;
};

snapshot first(dice& random) {
    snapshot made;
    made.workload_fingerprint = "matrix multiplication, 4096 x 4096";
    made.metadata = {{"host", "bench"}, {"kernel", "6.1"}};
    for (int m = 0; m != metrics; ++m) {
        const std::string name = "metric_" + std::to_string(m);
        auto& metric = made.metrics[name];
        metric.name = name;
        for (int i = 0; i != samples; ++i) {
            metric.values.push_back(random.number());
            metric.timestamps.push_back(1'700'000'000'000'000'000U +
                                        static_cast<std::uint64_t>(i) * 1'000'000'000U);
        }
    }
    return made;
}

void change(snapshot& what, dice& random) {
    what.timestamp_ns += minute;
    for (auto& [name, metric] : what.metrics) {
        for (int k = 0; k != 3; ++k) {
            metric.values[random() % samples] = random.number();
        }
    }
}

// A few snapshots that are gone through there and back, each three changes from the next, so that
// what is measured is the history and not the making of its snapshots.
std::vector<snapshot> some(dice& random) {
    std::vector<snapshot> all{first(random)};
    while (all.size() != 8) {
        all.push_back(all.back());
        change(all.back(), random);
    }
    return all;
}

std::size_t there_and_back(std::size_t step, std::size_t count) {
    const std::size_t at = step % (2 * count - 2);
    return at < count ? at : 2 * count - 2 - at;
}

seed::snapshot theirs_of(const snapshot& ours) {
    seed::snapshot made;
    made.timestamp_ns = ours.timestamp_ns;
    made.fingerprint = ours.workload_fingerprint;
    for (const auto& [name, metric] : ours.metrics) {
        made.metrics.emplace(name, seed::metric{name, metric.values, metric.timestamps});
    }
    for (const auto& [key, value] : ours.metadata) {
        made.metadata.emplace(key, value);
    }
    return made;
}

// A new history in a folder; nobody waits for the disk.
store opened(const std::string& folder) {
    const tintype::directory place{folder};
    static_cast<void>(must(place.remove("history"), "remove"));
    return must(store::open(place, "history", {.flush = tintype::flush_on_request{}}), "open");
}

void measure_append(const std::vector<snapshot>& all, const std::string& folder, int rounds,
                    rows& to) {
    constexpr std::size_t count = 2000;
    std::vector<seed::snapshot> theirs;
    for (const snapshot& each : all) {
        theirs.push_back(theirs_of(each));
    }
    std::optional<store> ours;
    std::optional<seed::history> seeds;
    duel(to, "delta", "append 2 000",
         {.name = "ours",
          .run =
              [&] {
                  for (std::size_t i = 0; i != count; ++i) {
                      must(ours->append(all[there_and_back(i, all.size())]).has_value(), "append");
                  }
              },
          .prepare =
              [&] {
                  ours.reset();
                  ours.emplace(opened(folder));
              }},
         {{.run = {.name = "cbtop's way",
                   .run =
                       [&] {
                           for (std::size_t i = 0; i != count; ++i) {
                               seeds->append(theirs[there_and_back(i, theirs.size())]);
                           }
                       },
                   .prepare =
                       [&] {
                           seeds.reset();
                           seeds.emplace();
                       }},
           .goal = 12}},
         rounds);
}

struct both {
    store ours;
    seed::history theirs{};
    std::size_t count = 0;
};

std::unique_ptr<both> filled(std::size_t count, const std::string& folder, dice& random) {
    auto made = std::make_unique<both>(opened(folder));
    made->count = count;
    snapshot now = first(random);
    for (std::size_t i = 0; i != count; ++i) {
        change(now, random);
        must(made->ours.append(now).has_value(), "append");
        made->theirs.append(theirs_of(now));
    }
    return made;
}

void scan(store& from, std::size_t count) {
    auto at = from.read();
    must(at.seek(0).has_value(), "scan");
    for (std::size_t i = 1; i != count; ++i) {
        must(at.next().value_or(false), "scan");
        keep(&at.snapshot());
    }
}

void measure_reading(both& histories, int rounds, rows& to) {
    constexpr std::size_t gets = 1000;
    dice random;
    std::vector<std::uint64_t> asked(gets);
    for (auto& each : asked) {
        each = random() % histories.count;
    }
    auto at = histories.ours.read();
    duel(to, "delta", "get 1 000 at random",
         {.name = "ours",
          .run =
              [&] {
                  for (const std::uint64_t index : asked) {
                      must(at.seek(index).has_value(), "get");
                      keep(&at.snapshot());
                  }
              }},
         {{.run = {.name = "cbtop's way",
                   .run =
                       [&] {
                           for (const std::uint64_t index : asked) {
                               const auto got = histories.theirs.get(index);
                               must(got.has_value(), "get");
                               keep(&*got);
                           }
                       }},
           .goal = 18}},
         rounds);
    duel(to, "delta", "scan all",
         {.name = "ours", .run = [&] { scan(histories.ours, histories.count); }},
         {{.run = {.name = "cbtop's way",
                   .run =
                       [&] {
                           for (std::uint64_t i = 0; i != histories.count; ++i) {
                               const auto got = histories.theirs.get(i);
                               must(got.has_value(), "scan");
                               keep(&*got);
                           }
                       }},
           .goal = 30}},
         rounds);
}

void size_row(rows& to, const std::string& what, double ours, const std::string& against,
              double theirs, std::optional<double> goal) {
    to.push_back({.area = "delta",
                  .what = what,
                  .ours = ours,
                  .unit = "bytes",
                  .against = against,
                  .theirs = theirs,
                  .ratio = theirs / ours,
                  .goal = goal});
}

} // namespace

void measure_delta(const options& chosen, rows& to) {
    const int rounds = chosen.quick ? 5 : 25;
    dice random;
    const std::string folder = chosen.data + "/delta";
    measure_append(some(random), folder, rounds, to);
    const auto histories = filled(chosen.quick ? 2000 : 10'000, folder, random);
    measure_reading(*histories, rounds, to);
    const auto count = static_cast<double>(histories->count);
    const auto seeds = static_cast<double>(histories->theirs.stored()) / count;
    size_row(to, "a snapshot, raw tier", static_cast<double>(histories->ours.stored_size()) / count,
             "cbtop's way", seeds, std::nullopt);
    constexpr auto later = std::uint64_t{1} << 62U; // when all of them are old
    const auto moved =
        must(histories->ours.cleanup(later, {.archive_max_age = std::chrono::nanoseconds::max()}),
             "cleanup");
    must(moved.archived == histories->count, "not everything was archived");
    const double packed = static_cast<double>(histories->ours.stored_size()) / count;
    size_row(to, "a snapshot, archive tier", packed, "cbtop's way", seeds, std::nullopt);
    size_row(to, "a snapshot, archive tier", packed, "1 600 bytes", 1600, 1);
    duel(to, "delta", "scan all, archive tier",
         {.name = "ours", .run = [&] { scan(histories->ours, histories->count); }},
         {{.run = {.name = "cbtop's way",
                   .run =
                       [&] {
                           for (std::uint64_t i = 0; i != histories->count; ++i) {
                               const auto got = histories->theirs.get(i);
                               must(got.has_value(), "scan");
                               keep(&*got);
                           }
                       }}}},
         rounds);
}

} // namespace bench
