#pragma once

// Where the encoded bytes of a machine's snapshot go on their way into a replicated log, and where
// they come from: a policy of the adapters.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/progress.hpp>
#include <tintype/core/sink.hpp>
#include <tintype/stream/state_machine.hpp>
#include <tintype/stream/vectored_sink.hpp>

#include <concepts>
#include <cstddef>
#include <optional>
#include <span>

namespace tintype::inline v0 {

// sink(placement, borrowed): takes one snapshot's bytes; runs of `borrowed` bytes and more that it
//     is lent stay until it is destroyed.
// finish(): what the log keeps of them, good as long as the sink is.
template <class S, class Placement>
concept placed_sink = std::constructible_from<S, const Placement&, std::size_t> &&
                      borrowing_sink<S> && requires(S& sink) {
                          { sink.finish() } -> std::same_as<result<std::span<const byte_view>>>;
                      };

// fetched(snapshot, watch): the bytes that what the log kept stands for, verified; nothing where
//     they are these bytes themselves.
// Sinks may be in use on another thread than `fetched`.
template <class P>
concept snapshot_placement =
    placed_sink<typename P::sink, P> &&
    requires(const P& placement, byte_view snapshot, const monitor* watch) {
        { placement.fetched(snapshot, watch) } -> std::same_as<result<std::optional<owned_bytes>>>;
    };

// Everything into the log.
struct inline_snapshots {
    class sink : public vectored_sink {
    public:
        sink(const inline_snapshots&, std::size_t borrowed) noexcept : vectored_sink(borrowed) {}

        [[nodiscard]] result<std::span<const byte_view>> finish() const { return pieces(); }
    };

    [[nodiscard]] static result<std::optional<owned_bytes>> fetched(byte_view, const monitor*) {
        return std::nullopt;
    }
};

static_assert(snapshot_placement<inline_snapshots>);

} // namespace tintype::inline v0
