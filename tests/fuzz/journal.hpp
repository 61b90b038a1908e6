#pragma once

// The body for journals: whatever lies behind the opening, what is read of it is a session or an
// error, and a recorder that opens it goes on behind what is there.

#include <tintype/codec/bincode.hpp>
#include <tintype/log/scan.hpp>
#include <tintype/log/writer.hpp>
#include <tintype/replay/journal.hpp>
#include <tintype/replay/recorder.hpp>
#include <tintype/replay/states.hpp>
#include <tintype/storage/memory.hpp>

#include "bodies.hpp"
#include "log.hpp"
#include "segment.hpp"
#include "support/clock.hpp"
#include "support/segments.hpp"

#include <cstdint>
#include <optional>
#include <utility>

namespace tests::fuzz {

struct count_words {
    using summary_type = word_count;

    [[nodiscard]] word_count operator()(const std::uint64_t& words) const {
        return {.words = words};
    }
};

// A number that no corpus has.
struct fuzz_ids {
    [[nodiscard]] tintype::uuid next() const { return uuid_at(0xfffffff0U); }
};

using fuzz_recorder =
    tintype::session_recorder<said_word, std::uint64_t, tintype::summarised_states<count_words>,
                              tintype::memory_storage, manual_clock, fuzz_ids>;

[[nodiscard]] inline tintype::result<fuzz_recorder>
fuzz_recorder_on(const tintype::memory_storage& storage) {
    return fuzz_recorder::open(storage, "s", {}, {}, manual_clock{}, fuzz_ids{});
}

inline void read_fuzzed_journal(byte_view bytes) {
    tintype::journal_content content;
    tintype::scan_log(bytes, tintype::log_begin, [&](const auto& what) { content(what, bytes); });
    for (const auto& each : content.damage()) {
        must(each.offset <= bytes.size() && each.size <= bytes.size() - each.offset,
             "journal: damage lies inside");
    }
    if (!content.opening()) {
        return;
    }
    const auto summary = content.summary();
    must(content.progress().actions == summary.action_count, "journal: as many actions");
    const auto session = content.session(bytes);
    must(session.has_value(), "journal: what was verified is put together");
    if (const auto read = tintype::decode<tintype::bincode_fixed, small_session>(*session)) {
        must(summary_of(*read) == summary, "journal: the summary is the session's");
        comes_back<tintype::bincode_fixed>(*read, *session);
    }
}

inline void open_fuzzed_journal(byte_view bytes) {
    const tintype::memory_storage storage;
    must(put_object(storage, "s.active", bytes), "journal: kept");
    auto recorder = fuzz_recorder_on(storage);
    if (!recorder) {
        return;
    }
    if (!recorder->recording()) {
        must(!storage.open("s.active"), "journal: an ended one is away");
        must(recorder->sessions().index().size() == 1, "journal: and among those that ended");
        return;
    }
    const auto before = recorder->active();
    const auto next = recorder->progress().next_sequence;
    const auto recorded = recorder->record({.word = "more", .times = 1});
    must(recorded ? *recorded == next : recorded.error().code == tintype::errc::limit_exceeded,
         "journal: it goes on with the next sequence");
    static_cast<void>(recorder->checkpoint(7));
    must(recorder->annotate("key", "word").has_value(), "journal: it is annotated");
    recorder = tintype::fail({});
    recorder = fuzz_recorder_on(storage);
    must(recorder && recorder->recovered().cut == 0, "journal: nothing is torn");
    const auto id = recorder->recording();
    must(id.has_value(), "journal: it goes on again");
    const auto after = recorder->active();
    must(before.has_value() == after.has_value(), "journal: what was readable stays so");
    if (before) {
        must(after->actions.size() == before->actions.size() + (recorded ? 1U : 0U) &&
                 std::ranges::equal(before->actions,
                                    std::span{after->actions}.first(before->actions.size())),
             "journal: what was there is there");
    }
    must(recorder->end().has_value(), "journal: it is ended");
    must(recorder->sessions().read(*id).has_value() == before.has_value(),
         "journal: and can be read as before");
}

// The opening of a session of small actions; the input is what comes behind it.
[[nodiscard]] inline const blob& journal_start() {
    static const blob bytes = [] {
        const tintype::memory_storage storage;
        auto recorder = fuzz_recorder_on(storage);
        must(recorder && recorder->start(), "journal: made");
        return object_bytes(storage, "s.active");
    }();
    return bytes;
}

inline void fuzz_journal(byte_view bytes) {
    blob whole = journal_start();
    tintype::append(whole, bytes);
    read_fuzzed_journal(bytes);
    read_fuzzed_journal(whole);
    open_fuzzed_journal(whole);
    for (const bool payloads : {false, true}) {
        const auto fixed =
            with_right_headers(whole, journal_start().size(), payloads, [](auto, auto) {});
        read_fuzzed_journal(fixed);
        open_fuzzed_journal(fixed);
    }
}

} // namespace tests::fuzz
