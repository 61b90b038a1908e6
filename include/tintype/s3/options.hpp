#pragma once

// How an object store is used: what is sent at once, and how long is tried.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace tintype::inline v0 {

struct s3_options {
    // Objects up to this size are one request; larger ones are cut into parts of it. Services take
    // no parts below 5 MiB but the last.
    std::size_t part_size = std::size_t{8} << 20U;
    // How many parts of one object are on their way at the same time, each on a thread and in
    // memory of its own; one more is gathered meanwhile.
    unsigned parts_in_flight = 4;

    std::chrono::milliseconds timeout{60'000}; // for one request
    std::chrono::milliseconds connect_timeout{5'000};

    // How often a request is sent before it is given up, and the longest that is waited after the
    // first try and after any. Each wait is chosen at random below that; the second is twice as
    // long as the first. A service that says how long to wait is listened to.
    unsigned tries = 6;
    std::chrono::milliseconds backoff{50};
    std::chrono::milliseconds backoff_most{5'000};

    // The largest object that the service copies in one request.
    std::uint64_t copy_limit = std::uint64_t{5} << 30U;

    // Objects that other tools put there and whose bytes nothing vouches for are opened all the
    // same. Without it they are `missing_field`.
    bool believe_foreign = false;

    // How long ago an upload in parts must have begun before it is swept, whatever shorter grace is
    // given: one may take hours, and a service says only when it began.
    std::chrono::hours longest_upload{24};

    // How long the owner of a lock may be silent before the lock is another's.
    std::chrono::milliseconds lease_term{30'000};

    // Waits; the thread sleeps where this is empty.
    std::function<void(std::chrono::milliseconds)> pause{};
};

} // namespace tintype::inline v0
