#pragma once

// What managers are told and what they answer with.

#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/progress.hpp>
#include <tintype/storage/concept.hpp>

#include <chrono>
#include <cstdint>
#include <vector>

namespace tintype::inline v0 {

struct manager_options {
    tintype::access access = access::map;
    decode_options decode{};
    // How long a temporary must have lain untouched before opening takes it for a crash's.
    std::chrono::nanoseconds sweep_grace = std::chrono::hours{1};
};

// What pruning did. Snapshots that could not be removed are still listed.
struct pruned {
    std::vector<std::uint64_t> removed; // oldest first
    std::vector<std::uint64_t> kept;    // oldest first
    std::vector<error> failures;        // of what should have been removed
};

struct saved {
    std::uint64_t version = 0;
    pruned cleanup{}; // the save itself succeeded, whatever failed here
};

template <class State>
struct loaded {
    State state;
    std::uint64_t version = 0;
};

struct damaged {
    std::uint64_t version = 0;
    error what;
};

template <class State>
struct recovered {
    State state;
    std::uint64_t version = 0;
    std::vector<damaged> skipped; // newer ones that could not be loaded, newest first
};

// A view and what its bytes lie in.
template <class View, class Object>
struct viewed {
    Object object;
    View view;
    std::uint64_t version = 0;

    const View* operator->() const noexcept { return &view; }
};

struct verify_options {
    // How many to look at, chosen by the seed; all of them unless told.
    std::uint64_t at_most = limits::none;
    std::uint64_t seed = 0;
    const monitor* watch = nullptr; // told of versions
};

struct verified {
    std::vector<std::uint64_t> good;
    std::vector<damaged> bad;
};

} // namespace tintype::inline v0
