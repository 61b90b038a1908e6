// Recording actions of memvid's kind: gathered and committed in groups, and each durable by itself,
// beside the bare calls that this takes; and putting a session away, beside writing all of them
// again as memvid does.

#include <tintype/formats/memvid.hpp>
#include <tintype/storage/directory.hpp>

#include "folders.hpp"
#include "harness.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

namespace bench {
namespace {

namespace memvid = tintype::memvid;

struct nothing {
    using summary_type = memvid::state_snapshot;

    memvid::state_snapshot operator()(int) const { return {}; }
};

using recorder =
    tintype::session_recorder<memvid::action_type, int, tintype::summarised_states<nothing>>;
using segment = tintype::session_segment<memvid::replay_session>;

recorder opened(const std::string& folder, tintype::flush_policy flush) {
    emptied(folder);
    auto made = must(recorder::open(tintype::directory{folder}, "agent", {.flush = flush}), "open");
    static_cast<void>(must(made.start(), "start"));
    return made;
}

void record(recorder& to, std::uint64_t count) {
    for (std::uint64_t i = 0; i != count; ++i) {
        must(to.record(memvid::put{.frame_id = i},
                       {.input = tintype::bytes_of("what was put into the frame")})
                 .has_value(),
             "record");
    }
    must(to.flush().has_value(), "flush");
}

void measure_rate(const std::string& folder, bool quick, rows& to) {
    const std::uint64_t count = quick ? 100'000 : 1'000'000;
    std::optional<recorder> ours;
    const auto way = [&](std::size_t gather) {
        return contender{
            .name = gather != 0 ? "ours" : "a write for each",
            .run = [&] { record(*ours, count); },
            .prepare =
                [&, gather] {
                    ours.reset();
                    ours.emplace(
                        opened(folder, tintype::flush_every{.time = std::chrono::milliseconds{10},
                                                            .gather = gather}));
                },
            .waits = true};
    };
    const auto medians = race({way(64 * kib), way(0)}, quick ? 3 : 7);
    const double rate = static_cast<double>(count) / medians[0];
    const std::string what = "record, committed every 10 ms";
    to.push_back({.area = "replay",
                  .what = what,
                  .ours = rate,
                  .unit = "a second",
                  .against = "a million",
                  .theirs = 1e6,
                  .ratio = rate / 1e6,
                  .goal = 1.0});
    to.push_back({.area = "replay",
                  .what = what,
                  .ours = rate,
                  .unit = "a second",
                  .against = "a write for each",
                  .theirs = static_cast<double>(count) / medians[1],
                  .ratio = medians[1] / medians[0],
                  .goal = std::nullopt});
    std::fprintf(stderr, "  %s\n", what.c_str());
}

void measure_durable(const std::string& folder, int rounds, rows& to) {
    constexpr std::uint64_t count = 100;
    std::optional<recorder> ours;
    int file = -1;
    const std::vector<char> bytes(208); // of such a record
    duel(to, "replay", "record 100, each durable",
         {.name = "ours",
          .run = [&] { record(*ours, count); },
          .prepare =
              [&] {
                  ours.reset();
                  ours.emplace(opened(folder, tintype::flush_always{}));
              },
          .waits = true},
         {{.run = {.name = "write and fsync",
                   .run =
                       [&] {
                           for (std::uint64_t i = 0; i != count; ++i) {
                               must(::write(file, bytes.data(), bytes.size()) ==
                                        static_cast<ssize_t>(bytes.size()),
                                    "write");
                               must(::fsync(file) == 0, "fsync");
                           }
                       },
                   .prepare =
                       [&] {
                           if (file != -1) {
                               ::close(file);
                           }
                           emptied(folder + "-bare");
                           file = ::open((folder + "-bare/file").c_str(),
                                         O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0644);
                           must(file != -1, "open");
                       },
                   .waits = true},
           .goal = 1.0}},
         rounds);
    ::close(file);
}

memvid::replay_session session_of(std::uint64_t actions, std::uint64_t number) {
    memvid::replay_session made{};
    made.session_id.bytes[0] = static_cast<std::byte>(number);
    made.session_id.bytes[1] = static_cast<std::byte>(number >> 8U);
    for (std::uint64_t i = 0; i != actions; ++i) {
        memvid::replay_action action{};
        action.sequence = i;
        action.action = memvid::find{
            .query = "what was said on that day", .mode = "hybrid", .result_count = i % 10};
        action.output_preview = std::string(120, 'a');
        action.affected = {i, i + 1, i + 2};
        made.actions.push_back(std::move(action));
    }
    return made;
}

void measure_segment(const std::string& folder, int rounds, rows& to) {
    constexpr std::uint64_t there = 200;
    constexpr std::uint64_t actions = 1000;
    emptied(folder);
    const tintype::directory place{folder};
    auto ours = must(segment::open(place, "sessions"), "open");
    memvid::replay_segment theirs{};
    for (std::uint64_t i = 0; i != there; ++i) {
        theirs.sessions.push_back(session_of(actions, i));
        must(ours.append(theirs.sessions.back()).has_value(), "append");
    }
    std::uint64_t next = there;
    auto added = session_of(actions, next);
    duel(to, "replay", "a session into a segment of 200",
         {.name = "ours",
          .run = [&] { must(ours.append(added).has_value(), "append"); },
          .prepare = [&] { added = session_of(actions, ++next); },
          .waits = true},
         {{.run = {.name = "all of them again",
                   .run =
                       [&] {
                           const auto bytes =
                               must(tintype::encode<memvid::segment>(theirs), "encode");
                           auto staged = must(place.stage({}), "stage");
                           must(staged.write(bytes).has_value(), "write");
                           must(staged.replace("segment").has_value(), "replace");
                       },
                   .waits = true}}},
         rounds);
    std::uint64_t asked = 0;
    duel(to, "replay", "one session of 200",
         {.name = "ours",
          .run =
              [&] {
                  const auto reader =
                      must(tintype::segment_reader<memvid::replay_session>::open(place, "sessions"),
                           "open");
                  const auto id = theirs.sessions[++asked % there].session_id;
                  const auto session = must(reader.read(id), "read");
                  keep(&session);
              }},
         {{.run = {.name = "reading all of them",
                   .run =
                       [&] {
                           const auto object =
                               must(place.open("segment", tintype::access::map), "open");
                           const auto all =
                               must(tintype::decode<memvid::segment, memvid::replay_segment>(
                                        object.bytes()),
                                    "decode");
                           keep(&all.sessions[++asked % there]);
                       }}}},
         rounds);
}

} // namespace

void measure_replay(const options& chosen, rows& to) {
    const std::string folder = chosen.data + "/replay";
    const int rounds = chosen.quick ? 3 : 9;
    measure_rate(folder, chosen.quick, to);
    measure_durable(folder, rounds, to);
    measure_segment(folder, rounds, to);
    std::filesystem::remove_all(folder);
    std::filesystem::remove_all(folder + "-bare");
}

} // namespace bench
