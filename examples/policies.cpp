// Every policy of a manager written by hand, and all of them at work in one: a training run whose
// weights are kept masked, in memory, thinned out the further back they are. The policies are in
// policies.hpp; here they meet.

#include "policies.hpp"

#include <tintype/fmt.hpp>

#include <fmt/format.h>

#include <vector>

namespace {

struct training {
    BOOST_HANA_DEFINE_STRUCT(training, (std::uint64_t, steps), (std::vector<float>, weights));

    friend bool operator==(const training&, const training&) = default;
};

using format = tintype::section_list<tintype::magic<"WGHT">, tintype::version<std::uint8_t, 1>,
                                     policies::varint<"steps">, tintype::section<"weights">,
                                     tintype::checksum<policies::fnv1a>>;

static_assert(tintype::describes<format, training>);
static_assert(format::min_size == 4 + 1 + 1 + 8 + 8);

using memory = tintype::basic_memory_storage<policies::hourly_clock>;
using storage = policies::masked<memory>;
using manager =
    tintype::versioned_manager<training, format, storage, policies::fnv1a, policies::keep_thinning,
                               policies::hex_names, policies::hourly_clock>;

// Saves a run of twenty epochs and looks at what is left of it.
tintype::result<bool> run() {
    const policies::hourly_clock clock{std::chrono::sys_days{std::chrono::year{2024} / 2 / 29}};
    auto snapshots = manager::open(storage{memory{clock}, std::byte{0x5a}}, {}, {}, {}, clock);
    if (!snapshots) {
        return tintype::pass(snapshots);
    }

    training state;
    for (state.steps = 100; state.steps <= 2000; state.steps += 100) {
        state.weights.push_back(1.0F / static_cast<float>(state.steps));
        if (const auto done = snapshots->save(state); !done) {
            return tintype::pass(done);
        }
    }
    state.steps -= 100;

    const auto plan = snapshots->plan();
    if (!plan) {
        return tintype::pass(plan);
    }
    for (const tintype::decision& each : *plan) {
        fmt::print("{} {:3} bytes: {}\n", policies::hex_names::name(each.entry.version),
                   each.entry.size, each.reason);
    }

    const auto latest = snapshots->load_latest();
    if (!latest) {
        return tintype::pass(latest);
    }
    const auto view = snapshots->view_latest();
    if (!view) {
        return tintype::pass(view);
    }
    fmt::print("version {} is back: {} steps, {} weights\n", latest->version, latest->state.steps,
               latest->state.weights.size());
    return latest->state == state && (*view)->get<"steps">() == state.steps;
}

} // namespace

int main() {
    const auto same = run();
    if (!same) {
        fmt::print("{}\n", same.error());
        return 1;
    }
    return *same ? 0 : 1;
}
