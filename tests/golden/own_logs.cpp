// What version 0.1.0 wrote as histories and sessions: every later version reads the same values.
// The files are never changed. Those of another version join them, by a test case like the last
// one, which is not run: it writes where nothing is yet.

#include <tintype/delta/reader.hpp>
#include <tintype/delta/store.hpp>
#include <tintype/replay/recorder.hpp>

#include "support/clock.hpp"
#include "support/golden_folder.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace {

using namespace std::chrono_literals;
using tests::golden_folder;
using tests::said;
using tintype::memory_storage;

struct sample {
    BOOST_HANA_DEFINE_STRUCT(sample, (std::uint64_t, timestamp_ns), (std::string, fingerprint),
                             (std::map<std::string, double>, gauges),
                             (std::vector<float>, spectrum));
    friend bool operator==(const sample&, const sample&) = default;
};

constexpr std::uint64_t samples = 40;

// Numbers that change a little, a spectrum of which one changes, and a gauge that comes and goes.
sample sample_at(std::uint64_t index) {
    sample made{
        1'700'000'000'000'000'000 + index * 1'000'000'000, index < 20 ? "day" : "night", {}, {}};
    made.gauges["load"] = 0.25 * static_cast<double>(index % 8);
    if (index % 16 > 12) {
        made.gauges["swap"] = -1;
    }
    made.spectrum.assign(8, 1.5F);
    made.spectrum[index % 8] = static_cast<float>(index);
    return made;
}

// A day later than all of them.
const tests::manual_clock later{tintype::timestamp{1'700'000'000s + 26h}};

using store = tintype::delta_store<sample, memory_storage, tests::manual_clock>;
using reader = tintype::delta_reader<sample, memory_storage>;

struct deposit {
    BOOST_HANA_DEFINE_STRUCT(deposit, (std::uint32_t, account), (std::int64_t, amount));
    friend bool operator==(const deposit&, const deposit&) = default;
};

struct closing {
    BOOST_HANA_DEFINE_STRUCT(closing, (std::string, why));
    friend bool operator==(const closing&, const closing&) = default;
};

using action = std::variant<deposit, closing>;

struct bank {
    BOOST_HANA_DEFINE_STRUCT(bank, (std::map<std::uint32_t, std::int64_t>, accounts));
    friend bool operator==(const bank&, const bank&) = default;
};

using recorder = tintype::session_recorder<action, bank, tintype::changed_states<bank>,
                                           memory_storage, tests::manual_clock>;

action action_at(std::uint32_t index) {
    return index % 4 == 3 ? action{closing{"evening"}} : action{deposit{index % 2, 10 * index - 5}};
}

bank bank_after(std::uint32_t count) {
    bank made;
    for (std::uint32_t i = 0; i != count; ++i) {
        made.accounts[i % 3] += i;
    }
    return made;
}

template <class Session>
void holds(const Session& session, std::uint32_t actions) {
    REQUIRE(session.actions.size() == actions);
    for (std::uint32_t i = 0; i != actions; ++i) {
        CHECK(session.actions[i].action == action_at(i));
        CHECK(session.actions[i].input_preview == "typed");
    }
    REQUIRE(session.checkpoints.size() == actions / 3);
    const tintype::changed_states<bank> states;
    for (std::uint32_t i = 0; i != session.checkpoints.size(); ++i) {
        const auto state = states.restore(session.checkpoints, i, {});
        REQUIRE(said(state) == "no error");
        CHECK(*state == bank_after(3 * (i + 1)));
    }
}

} // namespace

TEST_CASE("0.1.0: a history of keyframes, deltas and blocks") {
    for (const std::string name : {"own/0.1.0/history", "own/0.1.0/history_packed"}) {
        const auto history = reader::open(golden_folder(name), "readings");
        REQUIRE(said(history) == "no error");
        CHECK(history->count() == samples);
        CHECK(history->damage().empty());
        for (std::uint64_t i = 0; i != samples; ++i) {
            const auto kept = history->get(i);
            REQUIRE(said(kept) == "no error");
            CHECK(*kept == sample_at(i));
        }
        const auto entries = history->entries();
        CHECK((entries.front().kept_as == tintype::tier::raw) == (name == "own/0.1.0/history"));
    }
}

TEST_CASE("0.1.0: a session that ended, and one that is being recorded") {
    auto made = recorder::open(golden_folder("own/0.1.0/sessions"), "bank", {}, {}, later);
    REQUIRE(said(made) == "no error");
    CHECK(made->recovered().damage.empty());
    REQUIRE(made->sessions().index().size() == 1);
    for (const auto& entry : made->sessions().index().entries()) {
        CHECK(entry.summary.name == "the first");
        const auto session = made->sessions().read(entry.summary.session_id);
        REQUIRE(said(session) == "no error");
        CHECK(session->metadata.at("branch") == "main");
        holds(*session, 10);
    }
    REQUIRE(made->recording());
    const auto active = made->active();
    REQUIRE(said(active) == "no error");
    CHECK(active->name == "the second");
    holds(*active, 4);
}

TEST_CASE("0.1.0: logs written" * doctest::skip()) {
    for (const bool packed : {false, true}) {
        const memory_storage kept;
        auto history = store::open(kept, "readings", {.keyframe_interval = 8}, later).value();
        for (std::uint64_t i = 0; i != samples; ++i) {
            REQUIRE(said(history.append(sample_at(i))) == "no error");
        }
        if (packed) {
            REQUIRE(said(history.cleanup()) == "no error");
        }
        tests::write_golden_folder(packed ? "own/0.1.0/history_packed" : "own/0.1.0/history", kept);
    }

    const memory_storage kept;
    auto made = recorder::open(kept, "bank", {}, {}, later).value();
    for (const std::uint32_t actions : {10U, 4U}) {
        REQUIRE(said(made.start(actions == 10 ? "the first" : "the second",
                                {{"branch", "main"}})) == "no error");
        for (std::uint32_t i = 0; i != actions; ++i) {
            REQUIRE(said(made.record(action_at(i), {.input = tintype::bytes_of("typed")})) ==
                    "no error");
            if (i % 3 == 2) {
                REQUIRE(said(made.checkpoint(bank_after(i + 1))) == "no error");
            }
        }
        if (actions == 10) {
            REQUIRE(said(made.end()) == "no error");
        }
    }
    tests::write_golden_folder("own/0.1.0/sessions", kept);
}
