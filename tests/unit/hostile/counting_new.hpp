#pragma once

// How much the heap gives to a test: what every `new` of this program asked for, counted for each
// thread by itself, so that counting costs next to nothing and other threads do not show.

#include <cstddef>

namespace tests {

// From the moment it is made, in the thread that made it.
class allocation_watch {
public:
    allocation_watch() noexcept;

    // The most that was held at once beyond what was held at the start.
    [[nodiscard]] std::size_t peak() const noexcept;

    // How many allocations there were.
    [[nodiscard]] std::size_t count() const noexcept;

private:
    std::ptrdiff_t held_before_;
    std::size_t count_before_;
};

} // namespace tests
