// One process records its actions in a real folder, ends sessions and removes old ones, and is
// killed at any moment and started again, while others read those that ended: what it was told to
// be recorded is in the session that is recovered, in order and once, no session that ended is lost
// or another, and readers see whole sessions only.

#include <tintype/core/message.hpp>
#include <tintype/core/mix.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/replay/recorder.hpp>
#include <tintype/replay/segment.hpp>
#include <tintype/replay/states.hpp>
#include <tintype/storage/directory.hpp>

#include "support/child.hpp"
#include "support/scratch.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace {

using tests::child;
using tests::tell;
using tintype::directory;

struct counted {
    BOOST_HANA_DEFINE_STRUCT(counted, (std::uint64_t, number), (std::string, text));
    friend bool operator==(const counted&, const counted&) = default;
};

struct total {
    BOOST_HANA_DEFINE_STRUCT(total, (std::uint64_t, actions), (std::vector<std::uint64_t>, last));
};

using recorder = tintype::session_recorder<counted, total, tintype::changed_states<total>>;
using reader = tintype::segment_reader<recorder::session_type>;

int complain(const std::string& what) {
    std::printf("%s\n", what.c_str());
    static_cast<void>(std::fflush(stdout));
    return 1;
}

// Actions are numbered through all sessions, of which each has so many.
constexpr std::uint64_t each_has = 40;
constexpr std::size_t kept = 10; // sessions

counted counted_at(std::uint64_t number) {
    return {.number = number, .text = std::string(number % 300, 't')};
}

tintype::recorder_options options_of(tintype::flush_policy flush) {
    return {.config = {.auto_checkpoint_interval = 5,
                       .max_actions_per_session = std::nullopt,
                       .auto_record = false},
            .flush = flush,
            .record_checkpoints = false,
            .preview = {},
            .segment = {}};
}

// What is wrong with a session, if anything is; the number of its first action is told.
template <class Session>
std::string wrong_with(const Session& session, std::uint64_t& first) {
    first = session.actions.empty() ? 0 : session.actions.front().action.number;
    for (std::size_t i = 0; i != session.actions.size(); ++i) {
        const auto& each = session.actions[i];
        if (each.sequence != i || each.action != counted_at(first + i)) {
            return "action " + std::to_string(i) + " is another";
        }
    }
    for (const auto& each : session.checkpoints) {
        const auto state =
            tintype::state_at<total>(session, each.id, tintype::changed_states<total>{});
        if (!state || state->actions != first + first_after(each)) {
            return "checkpoint " + std::to_string(each.id) + " is another";
        }
    }
    return {};
}

// Records from action `next` on; tells the number behind each that was recorded.
int record_many(int pipe, const std::string& path, std::uint64_t next, std::uint64_t last,
                tintype::flush_policy flush) {
    auto made = recorder::open(directory{path}, "sessions", options_of(flush));
    if (!made) {
        return complain("recorder: " + tintype::message(made.error()));
    }
    if (!made->recovered().damage.empty()) {
        return complain("recorder: something is damaged");
    }
    for (; next != last; ++next) {
        if (!made->recording() && !made->start("a session")) {
            return complain("recorder: it cannot start");
        }
        const total after{.actions = next + 1, .last = {next}};
        const auto recorded = made->record(counted_at(next), {}, after);
        if (!recorded || recorded->not_taken) {
            return complain("recorder: it cannot record");
        }
        tell(pipe, next + 1);
        if (made->progress().actions >= each_has) {
            if (!made->end()) {
                return complain("recorder: it cannot end");
            }
            auto& sessions = made->sessions();
            while (sessions.index().size() > kept) {
                if (!sessions.remove((*sessions.index().entries().begin()).summary.session_id)) {
                    return complain("recorder: it cannot remove");
                }
            }
            if (sessions.wasteful() && !sessions.compact()) {
                return complain("recorder: it cannot compact");
            }
        }
    }
    return made->flush() ? 0 : complain("recorder: it cannot flush");
}

// Whether the sessions of a segment are whole, in order and without a hole between them; `behind`
// is told the number behind the last action.
template <class Segment>
std::string sound(const Segment& segment, std::uint64_t& behind) {
    behind = 0;
    for (const tintype::segment_entry& each : segment.index().entries()) {
        const auto session = segment.read(each.summary.session_id);
        if (!session) {
            return tintype::message(session.error());
        }
        std::uint64_t first = 0;
        if (auto wrong = wrong_with(*session, first); !wrong.empty()) {
            return wrong;
        }
        if (session->actions.size() < each_has || (behind != 0 && first != behind)) {
            return "actions are gone before " + std::to_string(first);
        }
        behind = first + session->actions.size();
    }
    return {};
}

// Looks at those that ended until it has seen the last, or is killed.
int read_until(const std::string& path, tintype::access how, std::uint64_t last) {
    for (std::uint64_t behind = 0, seen = 0; seen < last; seen = std::max(seen, behind)) {
        const auto segment = reader::open(directory{path}, "sessions", how);
        if (!segment) {
            if (how == tintype::access::copy && segment.error().code == tintype::errc::truncated) {
                continue; // copied while somebody cut it
            }
            return complain("reader: " + tintype::message(segment.error()));
        }
        if (const auto wrong = sound(*segment, behind); !wrong.empty()) {
            return complain("reader: " + wrong);
        }
        if (behind < seen) {
            return complain("reader: it became less");
        }
    }
    return 0;
}

void create(const std::string& path) {
    REQUIRE(recorder::open(directory{path}, "sessions"));
}

} // namespace

TEST_CASE("readers in other processes see whole sessions while one records") {
    const tests::scratch root;
    const std::string path = root / "folder";
    create(path);
    constexpr std::uint64_t last = 40 * each_has;
    std::vector<child> readers;
    for (int i = 0; i != 2; ++i) {
        readers.emplace_back([&](int) {
            return read_until(path, i == 0 ? tintype::access::copy : tintype::access::map, last);
        });
    }
    child recording{[&](int pipe) {
        return record_many(pipe, path, 0, last, tintype::flush_every{.records = 100});
    }};
    CHECK(recording.last() == last);
    const bool recorded = recording.wait() == 0;
    CHECK(recorded);
    for (child& each : readers) {
        if (!recorded) {
            each.kill(); // or it would wait for the last
        }
        CHECK(each.wait() == 0);
    }
}

TEST_CASE("a second recorder is refused at once, in any process") {
    const tests::scratch root;
    const std::string path = root / "folder";
    create(path);
    const auto try_to_open = [&] {
        child other{[&](int) {
            const auto made = recorder::open(directory{path}, "sessions");
            return made ? 0 : static_cast<int>(made.error().code);
        }};
        return other.wait();
    };
    {
        auto made = recorder::open(directory{path}, "sessions");
        REQUIRE(made);
        CHECK(try_to_open() == static_cast<int>(tintype::errc::in_use));
        REQUIRE(made->start());
        CHECK(try_to_open() == static_cast<int>(tintype::errc::in_use));
    }
    CHECK(try_to_open() == 0);
}

TEST_CASE("after a recorder was killed another goes on, and all that was acknowledged is there") {
    const tests::scratch root;
    const std::string path = root / "folder";
    create(path);
    tintype::splitmix64 random{13};
    std::uint64_t next = 0;
    std::uint64_t torn = 0;
    std::uint64_t between = 0; // sessions
    for (int round = 0; round != 40; ++round) {
        child recording{[&](int pipe) {
            return record_many(pipe, path, next, ~std::uint64_t{0},
                               round % 2 == 0 ? tintype::flush_policy{tintype::flush_always{}}
                                              : tintype::flush_on_request{});
        }};
        // By copies: whoever opens the segment cuts it.
        child reading{[&](int) { return read_until(path, tintype::access::copy, ~0ULL); }};
        REQUIRE(recording.next() == next + 1);
        std::this_thread::sleep_for(std::chrono::microseconds{random() % 10'000});
        recording.kill();
        const auto acknowledged = std::max(recording.last(), next + 1);
        CHECK(recording.wait() == -SIGKILL);
        auto made = recorder::open(directory{path}, "sessions");
        REQUIRE(made);
        torn += made->recovered().cut != 0 ? 1U : 0U;
        CHECK(made->recovered().damage.empty());
        std::uint64_t behind = 0;
        CHECK(sound(made->sessions(), behind) == "");
        if (made->recording()) {
            const auto session = made->active();
            REQUIRE(session);
            CHECK(!made->sessions().index().contains(session->session_id));
            std::uint64_t first = 0;
            CHECK(wrong_with(*session, first) == "");
            if (!session->actions.empty()) {
                CHECK(first == behind);
                behind = first + session->actions.size();
            }
        } else {
            ++between;
        }
        CHECK(behind >= acknowledged);
        CHECK(behind <= acknowledged + 1); // one more may have been on its way
        next = behind;
        reading.kill();
        CHECK(reading.wait() == -SIGKILL); // and did not end before, which it does on an error
    }
    MESSAGE(next << " actions by 40 killed recorders, of which " << torn << " tore one and "
                 << between << " were between sessions");
}
