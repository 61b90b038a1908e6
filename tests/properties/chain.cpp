// Random histories of a chain of snapshots against a model that keeps a full copy of each. What
// fails is printed as the shortest history that does, with the seed: RC_PARAMS="reproduce=..." or
// "seed=..." repeats it, and "max_success=..." runs another number of them.

#include "steps.hpp"
#include "story.hpp"

#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <rapidcheck.h>
#include <string>

namespace {

constexpr int longest = 40;

// Before RapidCheck looks at them; what was given counts last.
void set_parameters(int sequences) {
    static const std::string given = [] {
        const char* text = std::getenv("RC_PARAMS");
        return std::string{text != nullptr ? text : ""};
    }();
    const std::string all = "max_success=" + std::to_string(sequences) + " " + given;
    ::setenv("RC_PARAMS", all.c_str(), 1);
}

template <class World>
void hold(const char* name, int sequences) {
    set_parameters(sequences);
    tests::occurrences seen;
    std::size_t lived = 0;
    const bool good = rc::check(name, [&] {
        const auto all = *tests::histories(longest);
        ++lived;
        tests::story<World> story{seen};
        if (const auto wrong = story.live(all)) {
            RC_FAIL(*wrong);
        }
    });
    CHECK(good);
    for (const auto& [what, count] : seen) {
        std::printf("%10zu %s\n", count, std::string{what}.c_str());
    }
    std::printf("%zu histories, %s\n", lived, name);
}

} // namespace

TEST_CASE("a chain of described records, compared with what it was, is what its model is") {
    hold<tests::shelf_world>("a store that does not", 30'000);
}

TEST_CASE("a chain whose increments hold whole parts is what its model is") {
    hold<tests::dakera_world>("increments of whole parts", 30'000);
}

TEST_CASE("a chain of a store that tracks its changes is what its model is") {
    hold<tests::tracked_world>("a store that tracks its changes", 40'000);
}
