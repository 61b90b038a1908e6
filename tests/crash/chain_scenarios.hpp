#pragma once

// What programs do to a chain on a disk that loses power, for the protocol as it is and for its
// mutants alike: alone, one inside another, or dying in the middle.

#include "chain_session.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace tests {

template <class Session>
struct chain_scenarios {
    using actor = typename Session::actor;
    using ids = std::vector<std::string>;
    // Done by an actor to a full snapshot and two increments on each other.
    using deed = std::function<void(actor&, const ids&)>;

    static void takes_full(actor& who, const ids&) { who.full(20); }

    static void takes_increment(actor& who, const ids& of) { who.increment(of[2], 21); }

    static void takes_both(actor& who, const ids&) {
        const auto id = who.full(22);
        who.increment(id, 23);
    }

    static void removes_last(actor& who, const ids& of) { who.remove(of[2]); }

    static void removes_middle(actor& who, const ids& of) { who.remove(of[1]); }

    static void removes_first(actor& who, const ids& of) { who.remove(of[0]); }

    static void compacts_last(actor& who, const ids& of) { who.compact(of[2]); }

    static void compacts_middle(actor& who, const ids& of) { who.compact(of[1]); }

    static void prunes(actor& who, const ids&) { who.prune(); }

    [[nodiscard]] static ids three_taken(actor& who) {
        ids taken{who.full(1)};
        taken.push_back(who.increment(taken[0], 2));
        taken.push_back(who.increment(taken[1], 3));
        return taken;
    }

    // One program alone.
    static void alone(tally& seen, std::size_t keep, const deed& work,
                      simulated_options options = chain_disk) {
        Session in{seen, options};
        in.book().keep = keep;
        actor one{in, keep};
        work(one, three_taken(one));
    }

    // Two at work: at each call of the first, the second does all of its work.
    static void one_inside_another(tally& seen, std::size_t keep, const deed& first,
                                   const deed& second, simulated_options options = chain_disk,
                                   std::size_t first_keeps = 1000) {
        for (std::size_t at = 1, calls = 1; at <= calls; ++at) {
            Session in{seen, options};
            in.book().keep = keep;
            actor one{in, first_keeps};
            actor two{in, keep};
            const ids taken = three_taken(one);
            const std::size_t before = in.calls();
            in.interrupt(at, [&] { second(two, taken); });
            first(one, taken);
            calls = in.calls() - before;
            in.interrupt_no_more();
            static_cast<void>(two.full(9));
        }
    }

    // The program dies at each of its calls, and another goes on.
    static void dies_in(tally& seen, const deed& work, const deed& afterwards,
                        simulated_options options = chain_disk) {
        for (std::size_t at = 0;; ++at) {
            Session in{seen, options};
            in.book().keep = 1000;
            actor one{in, 1000};
            const ids taken = three_taken(one);
            const std::size_t before = in.calls();
            in.kill_after(at);
            work(one, taken);
            in.refuse({});
            if (in.calls() - before != at) {
                return; // it was done before
            }
            actor two{in, 1000};
            afterwards(two, taken);
        }
    }
};

} // namespace tests
