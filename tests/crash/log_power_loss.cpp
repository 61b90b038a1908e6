// A log through power cuts: in every state that one could leave, all that was acknowledged as
// durable is there, in order and whole, nothing is there that was not appended, and the log goes
// on. The same with each call failing; and mutants of the protocol, which must be caught.

#include "log_mutants.hpp"
#include "log_session.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <memory>
#include <string>
#include <unordered_set>
#include <utility>

namespace {

using tests::call_kind;
using tests::caught;
using tests::log_session;
using tests::scenario;
using tests::tally;
using tintype::flush_always;
using tintype::flush_every;
using tintype::flush_on_request;
using tintype::result;

template <template <class> class Mutant>
void each_at_once(tally& seen) {
    log_session<Mutant> at{seen};
    at.create(flush_always{});
    for (const std::size_t size : {5U, 0U, 16U, 29U}) {
        at.append(size);
    }
    at.reopen(flush_always{});
    at.append(7);
    at.append(8);
}

template <template <class> class Mutant>
void every_second(tally& seen) {
    log_session<Mutant> at{seen};
    at.create(flush_every{.records = 2});
    for (const std::size_t size : {5U, 1U, 16U, 8U, 3U}) {
        at.append(size);
    }
    at.flush();
    at.append(4);
    at.reopen(flush_every{.records = 2});
    at.append(20);
    at.append(2);
}

template <template <class> class Mutant>
void on_request(tally& seen) {
    log_session<Mutant> at{seen};
    at.create(flush_on_request{});
    at.append(5);
    at.append(16);
    at.flush();
    at.append(1);
    at.append(0);
    at.append(9);
    at.append(6);
    at.reopen(flush_on_request{});
    at.append(30);
}

template <template <class> class Mutant>
void rewritten(tally& seen) {
    log_session<Mutant> at{seen};
    at.create(flush_always{});
    at.append(5);
    at.append(9);
    at.rewrite();
    at.append(12);
    at.reopen(flush_on_request{});
    at.append(3);
    at.append(17);
    at.rewrite();
    at.append(6);
    at.flush();
}

template <template <class> class Mutant>
void few_bytes_at_a_time(tally& seen) {
    log_session<Mutant> at{seen, tests::simulated_options{.write_limit = 11}};
    at.create(flush_always{});
    at.append(5);
    at.append(20);
    at.rewrite();
    at.append(3);
}

// The disk is full in the middle of a record, and later not any more.
template <template <class> class Mutant>
void out_of_space(tally& seen) {
    for (std::size_t room = 1; room < 64; room += 3) {
        for (const bool always : {true, false}) {
            log_session<Mutant> at{seen};
            at.create(always ? tintype::flush_policy{flush_always{}}
                             : tintype::flush_policy{flush_on_request{}});
            at.append(5);
            std::size_t left = room;
            at.refuse = [&](tests::call& what) -> result<void> {
                if (what.kind != call_kind::write) {
                    return {};
                }
                if (left == 0) {
                    return tintype::fail({.code = tintype::errc::no_space, .system = ENOSPC});
                }
                what.at_most = std::exchange(left, 0);
                return {};
            };
            CHECK(!at.append(28));
            at.refuse = {};
            CHECK(at.append(6));
            CHECK(at.append(13));
            at.flush();
        }
    }
}

template <template <class> class Mutant>
void syncs_that_fail(tally& seen) {
    for (std::size_t failing = 0; failing != 6; ++failing) {
        log_session<Mutant> at{seen};
        at.create(flush_every{.records = 2});
        if (!at.open()) {
            continue;
        }
        std::size_t count = 0;
        bool failed = false;
        at.refuse = [&](tests::call& what) -> result<void> {
            if (what.kind != call_kind::sync || count++ != failing) {
                return {};
            }
            failed = true;
            return tintype::fail({.code = tintype::errc::io, .system = EIO});
        };
        for (std::size_t i = 0; i != 8; ++i) {
            const bool done = at.append(i);
            CHECK((done || failed));
            CHECK((!failed || !done)); // nothing is acknowledged after it
        }
        at.refuse = {};
    }
}

// The system tells once that it lost pages, and takes them for clean.
template <template <class> class Mutant>
void pages_that_are_lost(tally& seen) {
    for (const bool always : {true, false}) {
        log_session<Mutant> at{seen};
        at.create(always ? tintype::flush_policy{flush_always{}}
                         : tintype::flush_policy{flush_on_request{}});
        at.disk_options().failing_syncs = 1;
        at.append(5);
        at.append(0);
        at.flush();
        at.flush();
        // Opened again it shows them all the same; copied, they are there.
        at.doubtful = true;
        at.reopen(flush_always{});
        at.rewrite();
        CHECK(!at.doubtful);
        CHECK(at.append(3));
    }
}

// Short, for mutants that leave many states.
template <template <class> class Mutant>
void two_records(tally& seen) {
    log_session<Mutant> at{seen};
    at.create(flush_always{});
    at.append(5);
    at.append(0);
}

// After a cut in any state of a session, another session, cut in any of its states.
template <template <class> class Mutant>
void cut_twice(tally& seen) {
    tally first;
    log_session<> at{first};
    at.create(flush_on_request{});
    at.append(5);
    at.append(20);
    at.look_again();
    std::unordered_set<std::uint64_t> done;
    at.each_state([&](const tests::power_cut_state& state) {
        if (!done.insert(state.key()).second) {
            return;
        }
        const auto found =
            tests::log_recovery{state.disk(tests::simulated_path, false), at.book()}.unbroken();
        if (!found) {
            return;
        }
        log_session<Mutant> again{seen, state.disk(tests::simulated_path, false)};
        again.book().created = true;
        again.book().lives = {{.records = *found, .durable = found->size()}};
        again.reopen(flush_always{});
        again.append(40);
    });
    CHECK(first.violations == 0);
    CHECK(done.size() > 20);
}

template <template <class> class Mutant = tests::faithful>
constexpr scenario scenarios[] = {
    {"each at once", each_at_once<Mutant>},
    {"every second", every_second<Mutant>},
    {"on request", on_request<Mutant>},
    {"rewritten", rewritten<Mutant>},
    {"few bytes at a time", few_bytes_at_a_time<Mutant>},
    {"out of space", out_of_space<Mutant>},
    {"syncs that fail", syncs_that_fail<Mutant>},
    {"pages that are lost", pages_that_are_lost<Mutant>},
    {"two records", two_records<Mutant>},
    {"cut twice", cut_twice<Mutant>},
};

// Mutants of the protocol.

template <class Base>
struct cut_not_synced : Base {
    explicit cut_not_synced(Base base) : Base(std::move(base)) {}

    [[nodiscard]] result<void> truncate(typename Base::file& of, std::uint64_t size) const {
        *skip_ = true;
        return Base::truncate(of, size);
    }

    [[nodiscard]] result<void> sync(typename Base::file& of) const {
        return std::exchange(*skip_, false) ? result<void>{} : Base::sync(of);
    }

private:
    std::shared_ptr<bool> skip_ = std::make_shared<bool>(false);
};

template <class Base>
struct short_write_believed : Base {
    explicit short_write_believed(Base base) : Base(std::move(base)) {}

    [[nodiscard]] result<std::size_t> write(typename Base::file& to,
                                            std::span<const tintype::byte_view> pieces) const {
        std::size_t all = 0;
        for (const auto piece : pieces) {
            all += piece.size();
        }
        auto taken = Base::write(to, pieces);
        return taken ? result<std::size_t>{all} : taken;
    }
};

} // namespace

TEST_CASE("no power cut takes what a log acknowledged, or leaves what nobody appended") {
    tests::hold("log", scenarios<>);
}

TEST_CASE("each call of a log's fails, and the power with it") {
    tally seen;
    for (const auto kind :
         {call_kind::open_folder, call_kind::create, call_kind::open, call_kind::write,
          call_kind::sync, call_kind::close, call_kind::rename_new, call_kind::rename_over,
          call_kind::remove, call_kind::sync_folder, call_kind::size, call_kind::map,
          call_kind::open_to_append, call_kind::truncate, call_kind::try_lock}) {
        for (const int system : {EIO, ENOSPC, EINTR}) {
            if (system == EINTR &&
                (kind == call_kind::close || kind == call_kind::size || kind == call_kind::map)) {
                continue; // never interrupted
            }
            for (std::size_t failing = 0, failed = 1; failed != 0; ++failing) {
                failed = 0;
                log_session<> at{seen, tests::simulated_options{.sector = 32}};
                std::size_t count = 0;
                at.refuse = [&](tests::call& what) -> result<void> {
                    if (what.kind != kind || count++ != failing) {
                        return {};
                    }
                    ++failed;
                    return tintype::fail({.code = tintype::code_of(system), .system = system});
                };
                at.create(flush_every{.records = 2});
                at.append(5);
                at.append(9);
                at.append(1);
                at.rewrite();
                at.append(30);
                at.flush();
                INFO("call ", static_cast<int>(kind), " number ", failing, " errno ", system);
                CHECK((at.open() || failed != 0));
                if (system == EINTR) {
                    CHECK(at.open());
                    CHECK(at.book().lives.size() == 1);
                    CHECK(at.book().lives[0].durable == 3);
                }
                // Whatever failed, it can be opened again, or made.
                if (at.book().created) {
                    at.reopen(flush_always{});
                    if (at.book().lives.size() == 1) {
                        CHECK((at.append(4) || failed == 0 || count <= failing + 1));
                    }
                }
            }
        }
    }
    for (const std::string& example : seen.examples) {
        FAIL_CHECK(example);
    }
    CHECK(seen.violations == 0);
    CHECK(seen.states.size() > 100);
}

TEST_CASE("mutants of a log are caught") {
    CHECK(caught("log", "the log is not synced", two_records<tests::appended_not_synced>));
    CHECK(caught("log", "refused bytes are not cut off", out_of_space<tests::nothing_cut>));
    CHECK(caught("log", "the cut is not synced", out_of_space<cut_not_synced>));
    CHECK(
        caught("log", "a failed sync is ignored", pages_that_are_lost<tests::failed_sync_ignored>));
    CHECK(caught("log", "the folder is not synced", rewritten<tests::folder_not_synced>));
    CHECK(caught("log", "a short write is believed", few_bytes_at_a_time<short_write_believed>));
}
