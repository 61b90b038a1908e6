// A recorder through power cuts: in every state that one could leave, the recorder opens, all that
// was acknowledged is in the session that is being recorded or among those that ended, in order and
// once, what was removed stays away, and recording goes on. Mutants of the protocol must be caught.

#include <tintype/core/error.hpp>

#include "log_mutants.hpp"
#include "replay_session.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <string>
#include <utility>

namespace {

using tests::call_kind;
using tests::caught;
using tests::replay_session;
using tests::scenario;
using tests::tally;
using tintype::flush_always;
using tintype::flush_every;
using tintype::flush_on_request;
using tintype::flush_policy;
using tintype::result;

template <class Session>
void records(Session& at, int count) {
    for (int i = 0; i != count; ++i) {
        CHECK(at.record());
    }
}

template <template <class> class Mutant>
void each_at_once(tally& seen) {
    replay_session<Mutant> at{seen};
    REQUIRE(at.open(flush_always{}));
    CHECK(at.start());
    records(at, 3);
    CHECK(at.annotate("key", "word"));
    CHECK(at.open(flush_always{}));
    records(at, 2);
    CHECK(at.end());
    CHECK(at.start());
    records(at, 1);
    CHECK(at.open(flush_always{}));
    CHECK(at.end());
}

template <template <class> class Mutant>
void every_third(tally& seen) {
    replay_session<Mutant> at{seen, {.sector = 256}};
    REQUIRE(at.open(flush_every{.records = 3}));
    CHECK(at.start());
    records(at, 4);
    CHECK(at.annotate("key", "word"));
    records(at, 1);
    CHECK(at.flush());
    records(at, 1);
    CHECK(at.end());
    CHECK(at.start());
    records(at, 2);
    CHECK(at.open(flush_every{.records = 2}));
    records(at, 1);
    CHECK(at.end());
}

// Nothing of the session is durable but its opening when it is ended.
template <template <class> class Mutant>
void on_request(tally& seen) {
    replay_session<Mutant> at{seen};
    REQUIRE(at.open(flush_on_request{}));
    CHECK(at.start());
    records(at, 2);
    CHECK(at.end());
    CHECK(at.start());
    CHECK(at.end());
}

template <template <class> class Mutant>
void removed_and_compacted(tally& seen) {
    replay_session<Mutant> at{seen, {.sector = 256}};
    REQUIRE(at.open(flush_always{}));
    for (int i = 0; i != 3; ++i) {
        CHECK(at.start());
        records(at, i + 1);
        CHECK(at.end());
    }
    CHECK(at.remove(2));
    CHECK(at.start());
    records(at, 1);
    CHECK(at.compact());
    records(at, 1);
    CHECK(at.remove(1));
    CHECK(at.end());
    CHECK(at.open(flush_always{}));
    CHECK(at.remove(4));
    CHECK(at.compact());
}

template <template <class> class Mutant>
void abandoned(tally& seen) {
    replay_session<Mutant> at{seen};
    REQUIRE(at.open(flush_always{}));
    CHECK(at.start());
    records(at, 1);
    CHECK(at.abandon());
    CHECK(at.start());
    records(at, 2);
    CHECK(at.open(flush_always{}));
    CHECK(at.abandon());
    CHECK(at.start());
    records(at, 1);
    CHECK(at.end());
}

template <template <class> class Mutant>
void few_bytes_at_a_time(tally& seen) {
    replay_session<Mutant> at{seen, {.sector = 256, .write_limit = 100}};
    REQUIRE(at.open(flush_always{}));
    CHECK(at.start());
    records(at, 2);
    CHECK(at.end());
    CHECK(at.compact());
}

// The disk is full in the middle of whatever is written, and later not any more.
template <template <class> class Mutant>
void out_of_space(tally& seen) {
    for (std::size_t room = 1; room < 700; room += 59) {
        replay_session<Mutant> at{seen, {.sector = 256}};
        REQUIRE(at.open(flush_always{}));
        CHECK(at.start());
        records(at, 1);
        std::size_t left = room;
        at.refuse = [&](tests::call& what) -> result<void> {
            if (what.kind != call_kind::write) {
                return {};
            }
            if (left == 0) {
                return tintype::fail({.code = tintype::errc::no_space, .system = ENOSPC});
            }
            what.at_most = std::min<std::size_t>(left, 150);
            left -= what.at_most;
            return {};
        };
        bool ended = false;
        static_cast<void>(at.record()); // there may be room for all of it
        ended = at.end().has_value();
        at.refuse = {};
        if (!ended && !at.end()) {
            seen.complain("a session cannot be ended though there is space again", true);
            continue;
        }
        CHECK(at.start());
        records(at, 1);
    }
}

// The system tells once that it lost pages, and takes them for clean.
template <template <class> class Mutant>
void pages_that_are_lost(tally& seen) {
    for (std::size_t syncs = 1; syncs != 3; ++syncs) {
        for (std::size_t before = 0; before != 4; ++before) {
            replay_session<Mutant> at{seen, {.sector = 256}};
            REQUIRE(at.open(flush_always{}));
            CHECK(at.start());
            records(at, 1);
            std::size_t count = 0;
            at.refuse = [&](tests::call& what) -> result<void> {
                if (what.kind == call_kind::sync && count++ == before) {
                    at.disk_options().failing_syncs = syncs;
                }
                return {};
            };
            const bool recorded = at.record().has_value();
            const bool ended = recorded && at.end().has_value();
            // Whatever failed, it is not acknowledged by asking again.
            if (ended ? count > before : at.end().has_value()) {
                seen.complain("a failed sync was passed over", true);
            }
            at.refuse = {};
        }
    }
}

// Short, for mutants that leave many states.
template <template <class> class Mutant>
void two_actions(tally& seen) {
    replay_session<Mutant> at{seen, {.sector = 256}};
    REQUIRE(at.open(flush_always{}));
    CHECK(at.start());
    records(at, 2);
}

template <template <class> class Mutant>
void one_session(tally& seen) {
    replay_session<Mutant> at{seen, {.sector = 256}};
    REQUIRE(at.open(flush_always{}));
    CHECK(at.start());
    records(at, 1);
    CHECK(at.end());
}

// After a cut in any state in the middle of a session, another recorder on what is left.
template <template <class> class Mutant>
void torn(tally& seen) {
    tally first;
    replay_session<> at{first, {.sector = 64}};
    REQUIRE(at.open(flush_on_request{}));
    CHECK(at.start());
    records(at, 1);
    CHECK(at.flush());
    CHECK(at.record());
    at.each_state([&](const tests::power_cut_state& state) {
        auto disk = state.disk(tests::simulated_path, false);
        disk.disk().options.sector = 256;
        replay_session<Mutant> again{seen, std::move(disk)};
        again.go_on_from(at);
        if (!again.open(flush_always{})) {
            seen.complain("what a power cut left cannot be opened", state.journalled());
            return;
        }
        CHECK(again.record());
        CHECK(again.end());
    });
    CHECK(first.violations == 0);
    CHECK(first.states.size() > 10);
}

// Mutants of the protocol that only a recorder has.

// Bytes that are appended to ended sessions stay where a power cut takes them.
template <class Base>
struct segment_not_synced : Base {
    explicit segment_not_synced(Base base) : Base(std::move(base)) {}

    struct file : Base::file {
        bool segment = false;
    };

    [[nodiscard]] result<file> create(typename Base::folder& in, const std::string& name) const {
        return as_file(Base::create(in, name), false);
    }

    [[nodiscard]] result<file> open(typename Base::folder& in, const std::string& name) const {
        return as_file(Base::open(in, name), false);
    }

    [[nodiscard]] result<file> open_to_append(typename Base::folder& in,
                                              const std::string& name) const {
        return as_file(Base::open_to_append(in, name), name == "bank");
    }

    [[nodiscard]] result<file> try_lock(typename Base::folder& in, const std::string& name) const {
        return as_file(Base::try_lock(in, name), false);
    }

    [[nodiscard]] result<void> sync(file& of) const {
        return of.segment ? result<void>{} : Base::sync(of);
    }

private:
    [[nodiscard]] static result<file> as_file(result<typename Base::file> made, bool segment) {
        return made ? result<file>{file{{*std::move(made)}, segment}} : tintype::pass(made);
    }
};

template <template <class> class Mutant = tests::faithful>
constexpr scenario scenarios[] = {
    {"each at once", each_at_once<Mutant>},
    {"every third", every_third<Mutant>},
    {"on request", on_request<Mutant>},
    {"removed and compacted", removed_and_compacted<Mutant>},
    {"abandoned", abandoned<Mutant>},
    {"few bytes at a time", few_bytes_at_a_time<Mutant>},
    {"out of space", out_of_space<Mutant>},
    {"pages that are lost", pages_that_are_lost<Mutant>},
    {"torn, and gone on with", torn<Mutant>},
};

} // namespace

TEST_CASE("no power cut takes what a recorder acknowledged, or leaves what nobody recorded") {
    tests::hold("recorder", scenarios<>);
}

TEST_CASE("mutants of a recorder are caught") {
    CHECK(caught("recorder", "the journal is not synced", two_actions<tests::appended_not_synced>));
    CHECK(caught("recorder", "the segment is not synced", one_session<segment_not_synced>));
    CHECK(caught("recorder", "the compacted is not synced",
                 removed_and_compacted<tests::rewritten_not_synced>));
    CHECK(caught("recorder", "the folder is not synced", two_actions<tests::folder_not_synced>));
    CHECK(caught("recorder", "refused bytes are not cut off", out_of_space<tests::nothing_cut>));
    CHECK(caught("recorder", "torn bytes are not cut off", torn<tests::nothing_cut>));
    CHECK(caught("recorder", "a failed sync is ignored",
                 pages_that_are_lost<tests::failed_sync_ignored>));
}
