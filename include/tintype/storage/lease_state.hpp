#pragma once

// What a lease is asked for, and what its pointer says of it.

#include <tintype/core/bytes.hpp>
#include <tintype/core/progress.hpp>
#include <tintype/storage/pointer_text.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace tintype::inline v0 {

struct lease_options {
    // How long it is held without a renewal, a day at most. Renewed when a third of it is over.
    std::chrono::nanoseconds term = std::chrono::seconds{30};
    // The holder stops believing that much before the term is over, and others begin to take over
    // that much after it; half the term at most. No request may take longer to be carried out.
    std::chrono::nanoseconds margin = std::chrono::seconds{5};
    // How long acquire() waits for it; without end unless told.
    std::chrono::nanoseconds patience = std::chrono::nanoseconds::max();
    std::chrono::nanoseconds poll = std::chrono::seconds{1}; // the most between two looks
    bool renews = true;             // by a thread of its own; else whoever holds it calls renew()
    const monitor* watch = nullptr; // of acquire(): told of the milliseconds waited
};

// What the pointer of a lease says, as one line. Two states of one lease differ in `beat`.
struct lease_state {
    static constexpr std::uint64_t longest_term = 86'400'000;

    std::uint64_t fence = 0; // how often it was acquired
    std::uint64_t beat = 0;  // how often it was acquired, renewed or given back
    std::string owner;       // 32 hex digits
    std::uint64_t term = 0;  // milliseconds
    bool held = false;

    [[nodiscard]] std::string text() const {
        return "tintype-lease-1 " + std::to_string(fence) + ' ' + std::to_string(beat) + ' ' +
               owner + ' ' + std::to_string(term) + (held ? " held\n" : " free\n");
    }

    // Only what text() writes.
    [[nodiscard]] static std::optional<lease_state> parse(byte_view bytes) {
        detail::pointer_text text{bytes};
        lease_state state;
        const bool whole = text.word("tintype-lease-1") && text.number(state.fence) &&
                           text.number(state.beat) && text.writer(state.owner) &&
                           text.number(state.term) && state.term <= longest_term;
        state.held = whole && text.last("held");
        return state.held || (whole && text.last("free")) ? std::optional{std::move(state)}
                                                          : std::nullopt;
    }
};

} // namespace tintype::inline v0
