#pragma once

// A stream read to its end without writing its files anywhere: what it says it holds, what of that
// arrived, whether the checksums are right, and everything that is wrong with it. Memory: one
// chunk.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/progress.hpp>
#include <tintype/stream/chunk.hpp>
#include <tintype/stream/ranges.hpp>

#include "json.hpp"
#include "wires.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tool {

// Errors of a stream, of which those count most that say what happened to it, and least those that
// only say that something is lacking.
class stream_damage {
public:
    static constexpr std::size_t most_places = 100;

    void note(const tintype::error& what);

    [[nodiscard]] const std::optional<tintype::error>& first() const noexcept { return first_; }

    // Where it was seen, in order, but not more than so many.
    [[nodiscard]] const std::vector<tintype::error>& places() const noexcept { return places_; }

    // The first that is no mere lack.
    [[nodiscard]] const std::optional<tintype::error>& worst() const noexcept { return worst_; }

private:
    std::vector<tintype::error> places_;
    std::optional<tintype::error> worst_;
    std::optional<tintype::error> first_;
};

// The system's fault, or somebody's wish, not the stream's.
[[nodiscard]] bool is_of_the_system(const tintype::error& what) noexcept;

// "3, 5 to 7 and from 9 on"; nothing where none are.
[[nodiscard]] std::string listed(const std::vector<tintype::number_range>& sequences);

// `incomplete_stream`, with which chunks are lacking: `error` is what was told without them.
[[nodiscard]] tintype::error lacking(tintype::error error,
                                     const std::vector<tintype::number_range>& sequences);

// Which checksum has so many digits.
[[nodiscard]] std::string_view algorithm_of(std::string_view digits) noexcept;

struct stream_survey {
    wire_kind wire{};
    std::uint64_t chunks = 0; // each counted once
    bool complete = false;
    std::optional<tintype::stream_metadata> metadata{};
    std::vector<tintype::number_range> missing{}; // by sequence
    std::vector<tintype::error> places{};         // damage
    std::optional<tintype::error> damage{};       // of all that the first to be told

    [[nodiscard]] json::object document() const;
};

// An error only where the work was stopped or the system failed. `size` is for the watch, 0 where
// it is not known. Chunks out of order cannot be hashed on the way; then the stream is taken a
// second time, from `again`, into a temporary folder, or is `unsupported` where there is none.
[[nodiscard]] tintype::result<stream_survey> survey_stream(wire_kind wire, byte_input& from,
                                                           std::uint64_t size,
                                                           const tintype::byte_view* again,
                                                           const tintype::monitor* watch);

} // namespace tool
