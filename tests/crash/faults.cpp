// Every call of the filesystem fails once, at every place at which a save, an opening or a load
// makes it: with no space, an input/output error, an interruption, a short write or read. On the
// simulated filesystem and on the real one, with digests and without.

#include <tintype/hash/crc32c.hpp>
#include <tintype/storage/posix.hpp>

#include "checker.hpp"
#include "intercepted.hpp"
#include "simulated_filesystem.hpp"
#include "support/scratch.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace {

using tests::call;
using tests::call_kind;
using tests::state_of;
using tintype::result;

struct simulated_place {
    using filesystem_type = tests::simulated_filesystem;
    filesystem_type filesystem{};
    std::string path = tests::simulated_path;
};

struct real_place {
    using filesystem_type = tintype::posix_filesystem;
    tests::scratch scratch{};
    filesystem_type filesystem{};
    std::string path = scratch / "snapshots";
};

template <class Filesystem, class Hash>
using manager_on = tintype::versioned_manager<tests::memory_state, tests::vamm,
                                              tintype::basic_directory<Filesystem>, Hash,
                                              tintype::keep_last, tests::snapshot_names>;

// The nth call of a kind fails, if it comes to that.
struct fault {
    call_kind kind{};
    std::size_t nth = 1;
    int system = EIO;
    std::size_t seen = 0;
    std::vector<call_kind> afterwards{}; // the calls made since it failed

    [[nodiscard]] bool hit() const { return seen >= nth; }

    [[nodiscard]] result<void> operator()(const call& what) {
        if (hit()) {
            afterwards.push_back(what.kind);
        }
        if (what.kind != kind || ++seen != nth) {
            return {};
        }
        return tintype::fail({.code = tintype::code_of(system),
                              .where = what.name,
                              .system = system,
                              .during = "an injected fault"});
    }
};

// A folder with versions in it, and a manager whose calls go past `before`.
template <class Place, class Hash>
class bench {
public:
    using plain_type = manager_on<typename Place::filesystem_type, Hash>;
    using faulty_filesystem = tests::intercepted<typename Place::filesystem_type>;
    using faulty_type = manager_on<faulty_filesystem, Hash>;

    explicit bench(std::size_t versions) {
        for (std::uint64_t i = 1; i <= versions; ++i) {
            REQUIRE(plain().save(state(i).state).value().version == i);
        }
    }

    [[nodiscard]] static tests::saved_state state(std::uint64_t number) {
        return state_of(number, 50 + static_cast<std::size_t>(number));
    }

    // Sees what is really there.
    [[nodiscard]] plain_type plain() const {
        return plain_type::open(
                   tintype::basic_directory<typename Place::filesystem_type>{place_.path,
                                                                             place_.filesystem},
                   tintype::keep_last{2})
            .value();
    }

    [[nodiscard]] result<faulty_type> faulty(tintype::manager_options options = {}) const {
        return faulty_type::open(
            tintype::basic_directory<faulty_filesystem>{
                place_.path, faulty_filesystem{place_.filesystem, hooks}},
            tintype::keep_last{2}, options);
    }

    [[nodiscard]] bool has(std::uint64_t version, const tests::saved_state& state) const {
        const auto loaded = plain().load(version);
        return loaded && loaded->state == state.state;
    }

    [[nodiscard]] std::size_t temporaries() const {
        auto folder = place_.filesystem.open_folder(place_.path);
        if (!folder) {
            return 0;
        }
        const auto names = place_.filesystem.names(*folder).value();
        return static_cast<std::size_t>(
            std::ranges::count_if(names, tintype::detail::is_temporary));
    }

    std::shared_ptr<tests::interception> hooks = std::make_shared<tests::interception>();

private:
    Place place_{};
};

// Opens and saves with the fault; false once the fault comes too late to be met.
template <class Place, class Hash>
bool save_meets(fault trouble, std::size_t versions) {
    using bench_type = bench<Place, Hash>;
    const bench_type here{versions};
    here.hooks->before = [&](call& what) { return trouble(what); };
    const auto next = bench_type::state(versions + 1);
    auto manager = here.faulty();
    const auto saved =
        manager ? manager->save(next.state) : result<tintype::saved>{tintype::pass(manager)};
    if (!trouble.hit()) {
        CHECK(saved.has_value());
        return false;
    }
    INFO("kind " << static_cast<int>(trouble.kind) << ", call " << trouble.nth << ", errno "
                 << trouble.system << ", versions " << versions);
    // The two newest are there whatever happened, unless a save that succeeded let the older go.
    const std::uint64_t oldest = versions < 2 ? 1 : versions - (saved ? 0 : 1);
    for (std::uint64_t version = oldest; version <= versions; ++version) {
        CHECK(here.has(version, bench_type::state(version)));
    }
    if (trouble.kind != call_kind::remove) {
        CHECK(here.temporaries() == 0);
    }
    if (saved) {
        CHECK(saved->version == versions + 1);
        CHECK(here.has(saved->version, next));
        if (trouble.system == EINTR || trouble.kind == call_kind::flush_behind) {
            CHECK(saved->cleanup.failures.empty());
        } else {
            REQUIRE(saved->cleanup.failures.size() == 1);
            CHECK(saved->cleanup.failures[0].system == trouble.system);
        }
    } else {
        CHECK(trouble.system != EINTR);
        CHECK(saved.error().system == trouble.system);
        CHECK(saved.error().code == tintype::code_of(trouble.system));
        CHECK(saved.error().during == "an injected fault");
        if (trouble.kind == call_kind::write || trouble.kind == call_kind::create) {
            CHECK(tintype::detail::is_temporary(saved.error().where.view()));
        }
        if (trouble.kind == call_kind::rename_new) {
            CHECK(saved.error().where.view().starts_with("snapshot_"));
        }
        if (trouble.kind == call_kind::sync || trouble.kind == call_kind::write) {
            // The file is abandoned: nothing more is written to it, synced or named.
            for (const call_kind kind : trouble.afterwards) {
                CHECK(kind != call_kind::write);
                CHECK(kind != call_kind::sync);
                CHECK(kind != call_kind::rename_new);
            }
        }
    }
    // Then all is well again: the same manager goes on with another file.
    const auto later = bench_type::state(versions + 9);
    auto again = manager ? std::move(manager) : here.faulty();
    REQUIRE(again.has_value());
    const auto resaved = again->save(later.state);
    REQUIRE(resaved.has_value());
    CHECK(resaved->version > versions);
    CHECK(here.has(resaved->version, later));
    return true;
}

constexpr call_kind save_kinds[] = {
    call_kind::open_folder, call_kind::make_folder, call_kind::create,  call_kind::open,
    call_kind::write,       call_kind::sync,        call_kind::close,   call_kind::rename_new,
    call_kind::remove,      call_kind::sync_folder, call_kind::entries, call_kind::names,
    call_kind::lock,
};

// How many faults of each kind were met, over all of its places.
template <class Place, class Hash>
std::size_t save_meets_all() {
    std::set<call_kind> met;
    std::size_t count = 0;
    for (const call_kind kind : save_kinds) {
        for (const int system : {ENOSPC, EIO, EINTR}) {
            // A file that was closed with an interruption is closed.
            if (kind == call_kind::close && system == EINTR) {
                continue;
            }
            for (const std::size_t versions : {std::size_t{0}, std::size_t{2}}) {
                for (std::size_t nth = 1; save_meets<Place, Hash>(
                         {.kind = kind, .nth = nth, .system = system}, versions);
                     ++nth) {
                    met.insert(kind);
                    ++count;
                }
            }
        }
    }
    // Only digests are opened during a save, and only where something failed before.
    CHECK(met.size() >= std::size(save_kinds) - 1);
    return count;
}

template <class Place>
void writes_in_pieces() {
    using bench_type = bench<Place, tintype::crc32c>;
    for (const std::size_t payload : {0U, 1U, 2U, 100U, 33000U, 140000U}) {
        for (const std::size_t at_most : {std::size_t{1}, payload / 2 + 1}) {
            const bench_type here{1};
            std::size_t calls = 0;
            here.hooks->before = [&](call& what) -> result<void> {
                what.at_most = at_most;
                // Every second call of those that a signal can interrupt is.
                const bool interruptible =
                    what.kind != call_kind::close && what.kind != call_kind::size &&
                    what.kind != call_kind::map && what.kind != call_kind::reserve &&
                    what.kind != call_kind::flush_behind;
                return interruptible && ++calls % 2 != 0
                           ? result<void>{tintype::fail(
                                 {.code = tintype::errc::io, .system = EINTR})}
                           : result<void>{};
            };
            const auto state = state_of(7, payload);
            auto manager = here.faulty({.access = tintype::access::copy});
            REQUIRE(manager.has_value());
            const auto saved = manager->save(state.state);
            REQUIRE(saved.has_value());
            CHECK(saved->version == 2);
            CHECK(here.has(2, state));
            CHECK(here.temporaries() == 0);
            const auto loaded = manager->load_latest();
            REQUIRE(loaded.has_value());
            CHECK(loaded->state == state.state);
        }
    }
}

template <class Place>
void nothing_moves() {
    using bench_type = bench<Place, tintype::no_hash>;
    const bench_type here{2};
    here.hooks->before = [](call& what) {
        what.at_most = 0;
        return result<void>{};
    };
    auto manager = here.faulty({.access = tintype::access::copy});
    REQUIRE(manager.has_value());
    const auto saved = manager->save(bench_type::state(3).state);
    REQUIRE(!saved.has_value());
    CHECK(saved.error().code == tintype::errc::io);
    CHECK(here.temporaries() == 0);
    const auto loaded = manager->load(2);
    REQUIRE(!loaded.has_value());
    CHECK(loaded.error().code == tintype::errc::truncated);
    CHECK(loaded.error().found == 0);
    CHECK(loaded.error().wanted == bench_type::state(2).file.size());
    CHECK(loaded.error().where.view() == tests::snapshot_names::name(2));
}

// Reads with the fault; false once it comes too late to be met.
template <class Place, class Hash>
bool read_meets(fault trouble, tintype::access how) {
    using bench_type = bench<Place, Hash>;
    static const bench_type here{2};
    here.hooks->before = {};
    const auto manager = here.faulty({.access = how}).value();
    const auto expect = [&](const auto& outcome) {
        if (!trouble.hit() || trouble.system == EINTR) {
            CHECK(outcome.has_value());
        } else {
            REQUIRE(!outcome.has_value());
            CHECK(outcome.error().system == trouble.system);
            CHECK(outcome.error().code == tintype::code_of(trouble.system));
        }
        here.hooks->before = {};
        const auto newest = manager.load_latest();
        REQUIRE(newest.has_value());
        CHECK(newest->state == bench_type::state(2).state);
        const bool hit = trouble.hit();
        trouble.seen = 0;
        return hit;
    };
    const auto arm = [&] { here.hooks->before = [&](call& what) { return trouble(what); }; };
    INFO("kind " << static_cast<int>(trouble.kind) << ", call " << trouble.nth << ", errno "
                 << trouble.system);
    arm();
    bool hit = expect(manager.load_latest());
    arm();
    hit = expect(manager.list()) || hit;
    arm();
    hit = expect(manager.plan()) || hit;
    arm();
    hit = expect(manager.versions()) || hit;
    arm();
    // A version that cannot be read is passed over, and the error of the newest is told if none
    // can.
    const auto valid = manager.load_latest_valid();
    here.hooks->before = {};
    if (valid && valid->version == 1) {
        REQUIRE(valid->skipped.size() == 1);
        CHECK(valid->skipped[0].what.system == trouble.system);
    }
    return hit;
}

template <class Place, class Hash>
std::size_t read_meets_all() {
    std::size_t count = 0;
    for (const auto how : {tintype::access::map, tintype::access::copy}) {
        for (const call_kind kind :
             {call_kind::open_folder, call_kind::open, call_kind::size, call_kind::read,
              call_kind::map, call_kind::names, call_kind::entries}) {
            for (const int system : {EIO, EACCES, EMFILE, ENOMEM, EINTR}) {
                // Asking for a size and mapping are never interrupted.
                if (system == EINTR && (kind == call_kind::size || kind == call_kind::map)) {
                    continue;
                }
                for (std::size_t nth = 1;
                     read_meets<Place, Hash>({.kind = kind, .nth = nth, .system = system}, how);
                     ++nth) {
                    ++count;
                }
            }
        }
    }
    return count;
}

} // namespace

TEST_CASE_TEMPLATE("a save survives the failure of any call", Place, simulated_place, real_place) {
    const std::size_t plain = save_meets_all<Place, tintype::no_hash>();
    const std::size_t digested = save_meets_all<Place, tintype::crc32c>();
    MESSAGE(plain << " faults without digests, " << digested << " with them");
    CHECK(plain > 100);
    CHECK(digested > plain);
}

TEST_CASE_TEMPLATE("interruptions and short writes and reads are invisible", Place, simulated_place,
                   real_place) {
    writes_in_pieces<Place>();
}

TEST_CASE_TEMPLATE("writes and reads that move nothing end in an error", Place, simulated_place,
                   real_place) {
    nothing_moves<Place>();
}

TEST_CASE_TEMPLATE("reading survives the failure of any call", Place, simulated_place, real_place) {
    const std::size_t plain = read_meets_all<Place, tintype::no_hash>();
    const std::size_t digested = read_meets_all<Place, tintype::crc32c>();
    MESSAGE(plain << " faults without digests, " << digested << " with them");
    CHECK(plain > 50);
    CHECK(digested > plain);
}
