// Recording with the library itself.

#include "session_folders.hpp"

#include <tintype/formats/memvid.hpp>
#include <tintype/replay/recorder.hpp>
#include <tintype/storage/directory.hpp>

#include "support/bytes.hpp"
#include "support/clock.hpp"
#include "support/sessions.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>

namespace tests {

namespace {

namespace memvid = tintype::memvid;

struct store {
    std::uint64_t frames = 0;
};

struct summarise {
    using summary_type = memvid::state_snapshot;

    [[nodiscard]] summary_type operator()(const store& of) const {
        return {.frame_count = of.frames,
                .frame_ids = {},
                .lex_index_hash = {},
                .vec_index_hash = {},
                .wal_sequence = 0,
                .generation = of.frames};
    }
};

using recorder =
    tintype::session_recorder<memvid::action_type, store, tintype::summarised_states<summarise>,
                              tintype::directory, manual_clock, counted_uuids>;

} // namespace

void record_sessions(const scratch& folder, bool third) {
    const manual_clock clock{tintype::timestamp{std::chrono::seconds{1700000000}}};
    auto made = recorder::open(tintype::directory{folder.path()}, "runs",
                               {.config = {.auto_checkpoint_interval = 2,
                                           .max_actions_per_session = {},
                                           .auto_record = false}},
                               {}, clock);
    REQUIRE(made.has_value());
    for (int run = 0; run != (third ? 3 : 2); ++run) {
        store now;
        REQUIRE(made->start(run == 0 ? "first \x1b[2J" : "again").has_value());
        for (std::uint64_t i = 0; i != 3; ++i) {
            clock.advance(std::chrono::seconds{1});
            ++now.frames;
            REQUIRE(made->record(memvid::put{.frame_id = i},
                                 {.input = tintype::bytes_of("frame"),
                                  .output = {},
                                  .affected = {i},
                                  .duration_ms = 7},
                                 now)
                        .has_value());
        }
        REQUIRE(made->record(memvid::find{.query = run == 1 ? "other" : "what",
                                          .mode = "lex",
                                          .result_count = 3})
                    .has_value());
        if (run != 2) {
            REQUIRE(made->end().has_value());
        }
    }
}

} // namespace tests
