// The protocol as it is, on a simulated disk that loses power at every call: sessions of one
// manager, of several that interrupt each other, and of managers that meet errors. Prints how many
// states were recovered, and expects each to hold what was promised.

#include <tintype/hash/crc32c.hpp>

#include "session.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <vector>

namespace {

using tests::state_of;
using tests::tally;

// Unoptimised and sanitised builds are ten times slower; they look at smaller files.
#if !defined(__OPTIMIZE__) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool thorough = false;
#elif defined(__has_feature)
constexpr bool thorough = !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer) &&
                          !__has_feature(undefined_behavior_sanitizer);
#else
constexpr bool thorough = true;
#endif

// Payloads of which the file takes so many sectors of 16 bytes.
constexpr std::size_t sectors(std::size_t count) {
    return count * 16 - static_cast<std::size_t>(tests::vamm::min_size);
}

template <class Session>
void save_all(Session& in, std::size_t keep, std::initializer_list<std::size_t> payloads) {
    in.book().keep = keep;
    typename Session::actor one{in, keep};
    for (const std::size_t payload : payloads) {
        CHECK(one.save(state_of(payload, payload)) != 0);
    }
}

constexpr std::size_t large = thorough ? 14 : 6;
constexpr std::size_t medium = thorough ? 8 : 3;

void retention_of_one(tally& seen) {
    tests::session<> in{seen};
    save_all(in, 1,
             {0, 1, sectors(4), sectors(large), sectors(5), sectors(large - 1), 30, sectors(large),
              sectors(large), 0});
}

void retention_of_two(tally& seen) {
    tests::session<> in{seen};
    save_all(in, 2,
             {sectors(5), 0, sectors(large), sectors(large - 2), 0, sectors(large - 1), sectors(4),
              sectors(large), 1});
}

// Files that end just before, at and after the end of a sector; sectors of two sizes.
void sizes_around_sectors(tally& seen) {
    for (const std::size_t sector : {16U, 32U}) {
        tests::session<> in{seen, {.sector = sector, .write_limit = 16}};
        save_all(in, 2,
                 {sectors(4) - 1, sectors(4), sectors(4) + 1, sectors(6) - 1, sectors(6),
                  sectors(6) + 1, 0, sectors(10) - 1, sectors(10), sectors(10) + 1});
    }
}

void digests_beside_versions(tally& seen) {
    for (const std::size_t keep : {1U, 2U}) {
        tests::session<tests::faithful, tintype::crc32c> in{seen};
        save_all(in, keep,
                 {0, sectors(5), sectors(large), 0, sectors(large - 1), 17, sectors(large)});
    }
}

void pins(tally& seen) {
    tests::session<> in{seen};
    in.book().keep = 1;
    tests::session<>::actor one{in, 1};
    const auto first = one.save(state_of(1, sectors(5)));
    one.pin(first, "the first of all, and a reason that takes three sectors");
    one.save(state_of(2, sectors(6)));
    const auto third = one.save(state_of(3, sectors(7)));
    one.pin(third, "");
    one.pin(first, "another reason");
    one.save(state_of(4, sectors(large - 1)));
    one.unpin(first);
    one.save(state_of(5, sectors(large)));
    one.unpin(third);
    one.prune();
    CHECK(one.manager().versions()->size() == 1);
}

void removal_by_number(tally& seen) {
    tests::session<tests::faithful, tintype::crc32c> in{seen};
    in.book().keep = 3;
    tests::session<tests::faithful, tintype::crc32c>::actor one{in, 3};
    for (std::size_t i = 1; i != 4; ++i) {
        one.save(state_of(i, sectors(4 + i)));
    }
    one.remove(2);
    one.remove(1);
    one.save(state_of(4, sectors(8)));
    one.remove(3);
    CHECK(*one.manager().versions() == std::vector<std::uint64_t>{4});
}

// Nothing can be removed for a while; then what was left over goes.
void removals_that_fail(tally& seen) {
    for (std::size_t failing = 1; failing != 6; ++failing) {
        tests::session<tests::faithful, tintype::crc32c> in{seen};
        in.refuse([&failing](tests::call& what) -> tintype::result<void> {
            if (what.kind != tests::call_kind::remove || failing == 0) {
                return {};
            }
            --failing;
            return tintype::fail({.code = tintype::errc::io, .system = EIO});
        });
        const std::size_t before = failing;
        save_all(in, 1, {sectors(4), 3, sectors(5), 0, sectors(6), sectors(4), 9});
        failing = before;
    }
}

// Errors of a sync: the file is abandoned, and whatever the folder shows is not taken for durable.
void syncs_that_fail(tally& seen) {
    for (const auto kind : {tests::call_kind::sync, tests::call_kind::sync_folder}) {
        for (std::size_t failing = 1; failing != 12; ++failing) {
            tests::session<tests::faithful, tintype::crc32c> in{seen};
            in.book().keep = 1;
            tests::session<tests::faithful, tintype::crc32c>::actor one{in, 1};
            tests::session<tests::faithful, tintype::crc32c>::actor two{in, 2};
            std::size_t seen_of_kind = 0;
            in.refuse([&](tests::call& what) -> tintype::result<void> {
                return what.kind == kind && ++seen_of_kind == failing
                           ? tintype::result<void>{tintype::fail(
                                 {.code = tintype::errc::io, .system = EIO})}
                           : tintype::result<void>{};
            });
            for (std::size_t i = 1; i != 4; ++i) {
                one.save(state_of(i, sectors(3 + i)));
                two.prune();
                one.prune();
                two.save(state_of(i + 10, i));
            }
        }
    }
}

// As Linux does it: the pages of a file whose sync failed are clean from then on.
void pages_that_are_lost(tally& seen) {
    for (std::size_t failing = 1; failing != 3; ++failing) {
        tests::session<> in{seen};
        in.book().keep = 2;
        tests::session<>::actor one{in, 2};
        one.save(state_of(1, sectors(6)));
        in.disk().disk().options.failing_syncs = failing;
        for (std::size_t i = 0; i != failing; ++i) {
            CHECK(one.save(state_of(2 + i, sectors(thorough ? 5 : 3))) == 0);
        }
        CHECK(one.save(state_of(9, sectors(5))) == 2);
    }
}

void replaced_object(tally& seen) {
    tests::session<> in{seen};
    tests::session<>::actor one{in, 1};
    for (std::size_t i = 0; i != 5; ++i) {
        tintype::velesdb::payload_index index{.wal_position = i, .entries = {}};
        for (std::size_t entry = 0; entry != i * i % (large - 4); ++entry) {
            index.entries.push_back({entry * 7 + i, entry * 100});
        }
        one.replace(tintype::encode<tintype::velesdb::vsnp>(index).value());
    }
    one.save(state_of(1, sectors(4)));
    one.replace({});
}

// What crashed writers leave: temporaries, and digests whose version was never published.
void reopened_after_crashes(tally& seen) {
    using session = tests::session<tests::faithful, tintype::crc32c>;
    session in{seen};
    in.book().keep = 1;
    const auto refused = [](tests::call& what) -> tintype::result<void> {
        const bool cut =
            what.kind == tests::call_kind::remove ||
            (what.kind == tests::call_kind::rename_new && tests::snapshot_names::parse(what.name));
        return cut ? tintype::result<void>{tintype::fail({.code = tintype::errc::io})}
                   : tintype::result<void>{};
    };
    for (std::size_t i = 0; i != 3; ++i) {
        session::actor one{in, 1};
        one.save(state_of(10 + i, sectors(5)));
        in.refuse(refused);
        CHECK(one.save(state_of(20 + i, sectors(6))) == 0);
        in.refuse({});
        session::actor two{in, 1};
        two.save(state_of(30 + i, sectors(large)));
        CHECK(in.disk().disk().folders.at(tests::simulated_path)->visible.size() == 2);
    }
}

// The first save makes the folder, and the folder above cannot be synced.
void folder_without_a_durable_name(tally& seen) {
    tests::session<> in{seen};
    in.disk().disk().options.failing_parent_syncs = 1;
    in.book().keep = 1;
    tests::session<>::actor one{in, 1};
    CHECK(one.save(state_of(1, 1)) == 0);
    CHECK(one.save(state_of(2, 2)) != 0);
    CHECK(one.save(state_of(3, 3)) != 0);
}

// Two at work: at each call of the first, the second does all of its work.
template <class Session>
void one_inside_another(tally& seen, const std::function<void(typename Session::actor&)>& first,
                        const std::function<void(typename Session::actor&)>& second) {
    for (std::size_t at = 1, calls = 1; at <= calls; ++at) {
        Session in{seen};
        in.book().keep = 1;
        typename Session::actor one{in, 2};
        typename Session::actor two{in, 1};
        one.save(state_of(1, 20));
        two.save(state_of(2, 0));
        one.save(state_of(3, 9));
        const std::size_t before = in.calls();
        in.interrupt(at, [&] { second(two); });
        first(one);
        calls = in.calls() - before;
        in.interrupt_no_more();
        two.save(state_of(9, 3));
    }
}

template <class Session>
void interrupted_saves(tally& seen) {
    using actor = typename Session::actor;
    const auto save = [](actor& who) { who.save(state_of(4, sectors(medium))); };
    const auto other = [](actor& who) { who.save(state_of(5, sectors(medium) - 1)); };
    one_inside_another<Session>(seen, save, other);
    one_inside_another<Session>(seen, save, [](actor& who) { who.prune(); });
    one_inside_another<Session>(seen, [](actor& who) { who.prune(); }, save);
    one_inside_another<Session>(seen, save, [](actor& who) { who.remove(2); });
}

void savers_meet(tally& seen) {
    interrupted_saves<tests::session<>>(seen);
}

void savers_with_digests_meet(tally& seen) {
    interrupted_saves<tests::session<tests::faithful, tintype::crc32c>>(seen);
}

void savers_without_a_lock_meet(tally& seen) {
    interrupted_saves<tests::session<tests::faithful, tintype::no_hash, false>>(seen);
}

void pins_meet_pruning(tally& seen) {
    using session = tests::session<>;
    const auto pin = [](session::actor& who) { who.pin(3, "to stay"); };
    const auto unpin = [](session::actor& who) {
        who.pin(3, "to stay for a while");
        who.unpin(3);
    };
    const auto save = [](session::actor& who) { who.save(state_of(4, sectors(5))); };
    for (const std::function<void(session::actor&)>& pins : {std::function{pin}, {unpin}}) {
        one_inside_another<session>(seen, pins, save);
        one_inside_another<session>(seen, save, pins);
    }
}

// Each pair of calls of the first and the second is interrupted, once by each of the others.
void three_savers_meet(tally& seen) {
    using session = tests::session<tests::faithful, tintype::crc32c>;
    const std::size_t step = thorough ? 1 : 5;
    std::size_t calls = 2;
    for (std::size_t at = 1; at <= calls; at += step) {
        for (std::size_t then = at + 1; then <= calls; then += step) {
            session in{seen};
            in.book().keep = 1;
            session::actor one{in, 1};
            session::actor two{in, 2};
            session::actor three{in, 1};
            one.save(state_of(1, 3));
            const std::size_t before = in.calls();
            in.interrupt(at, [&] { two.save(state_of(2, 8)); });
            in.interrupt(then, [&] {
                three.save(state_of(3, 2));
                three.save(state_of(4, 0));
            });
            one.save(state_of(5, 9));
            calls = in.calls() - before;
        }
    }
}

struct scenario {
    const char* name;
    void (*run)(tally&);
};

constexpr scenario scenarios[] = {
    {"the last one kept", retention_of_one},
    {"the last two kept", retention_of_two},
    {"sizes around sectors", sizes_around_sectors},
    {"digests beside versions", digests_beside_versions},
    {"pins", pins},
    {"removal by number", removal_by_number},
    {"removals that fail", removals_that_fail},
    {"syncs that fail", syncs_that_fail},
    {"pages that are lost", pages_that_are_lost},
    {"an object that is replaced", replaced_object},
    {"reopened after crashes", reopened_after_crashes},
    {"a folder without a durable name", folder_without_a_durable_name},
    {"two savers", savers_meet},
    {"two savers, digests", savers_with_digests_meet},
    {"two savers, no lock", savers_without_a_lock_meet},
    {"pins and pruning", pins_meet_pruning},
    {"three savers, digests", three_savers_meet},
};

double seconds_since(std::chrono::steady_clock::time_point begin) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

} // namespace

TEST_CASE("no power cut loses, tears or invents a version") {
    std::unordered_map<std::uint64_t, bool> all; // each state once over all scenarios
    std::uint64_t checks = 0;
    const auto begin = std::chrono::steady_clock::now();
    std::printf("%-32s %9s %11s %9s %10s %7s\n", "", "POSIX", "journalled", "checks", "violations",
                "seconds");
    const auto row = [](const char* name, std::size_t posix, std::size_t journalled,
                        std::size_t checked, std::size_t violations, double seconds) {
        std::printf("%-32s %9zu %11zu %9zu %10zu %7.1f\n", name, posix, journalled, checked,
                    violations, seconds);
        static_cast<void>(std::fflush(stdout));
    };
    for (const scenario& each : scenarios) {
        INFO(std::string{each.name});
        const auto started = std::chrono::steady_clock::now();
        tally seen;
        each.run(seen);
        row(each.name, seen.states.size(), seen.journalled(), seen.checked.size(), seen.violations,
            seconds_since(started));
        for (const std::string& example : seen.examples) {
            FAIL_CHECK(example);
        }
        CHECK(seen.violations == 0);
        CHECK(seen.states.size() > 1);
        checks += seen.checked.size();
        for (const auto& [key, journalled] : seen.states) {
            auto& known = all.try_emplace(key, false).first->second;
            known = known || journalled;
        }
    }
    const double seconds = seconds_since(begin);
    const auto journalled = static_cast<std::size_t>(
        std::ranges::count_if(all, [](const auto& state) { return state.second; }));
    row("distinct, all together", all.size(), journalled, checks, 0, seconds);
    std::printf("%.0f states a second\n", static_cast<double>(checks) / seconds);
    if (thorough) {
        CHECK(all.size() >= 1'000'000);
    }
}
