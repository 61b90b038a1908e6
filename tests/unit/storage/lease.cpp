// Leases: who holds one, for how long he may believe it, how another takes it over, and that no two
// ever believe it at the same time, wherever either stands still and whichever answer is lost.

#include <tintype/storage/lease.hpp>
#include <tintype/storage/memory.hpp>

#include "support/clock.hpp"
#include "support/leased_storage.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using tests::manual_clock;
using tests::manual_lease;
using tests::manual_waiting;
using tests::stall;
using tests::stalling_pointers;
using tests::swap_outcome;
using tintype::byte_view;
using tintype::bytes_of;
using tintype::errc;
using tintype::lease_options;
using tintype::lease_state;

using manual = tintype::lease<stalling_pointers, manual_waiting>;

// One pointer storage, and any number of handles of it.
struct place {
    manual_clock clock{tintype::timestamp{1000h}};
    stalling_pointers::memory memory{clock};

    [[nodiscard]] stalling_pointers handle() const { return stalling_pointers{memory}; }

    [[nodiscard]] auto acquire(const stalling_pointers& by,
                               const lease_options& options = manual_lease) const {
        return manual::acquire(by, "lock", options, manual_waiting{clock});
    }

    [[nodiscard]] auto try_acquire(const stalling_pointers& by,
                                   const lease_options& options = manual_lease) const {
        return manual::try_acquire(by, "lock", options, manual_waiting{clock});
    }

    [[nodiscard]] lease_state state() const {
        const auto read = memory.read_pointer("lock");
        REQUIRE(read);
        const auto now = lease_state::parse(read->bytes);
        REQUIRE(now);
        return *now;
    }

    void put(std::string_view text) const {
        const auto read = memory.read_pointer("lock");
        REQUIRE(memory.swap_pointer("lock", read ? read->tag : std::string{}, bytes_of(text)));
    }
};

template <class Outcome>
[[nodiscard]] bool lost(const Outcome& outcome) {
    return !outcome && outcome.error().code == errc::timed_out &&
           outcome.error().during == "the lease was lost";
}

} // namespace

TEST_CASE("lease: one holds it until it is given back, and each has a greater number") {
    const place at;
    auto first = at.acquire(at.handle());
    REQUIRE(first);
    CHECK(first->held());
    CHECK(first->check());
    CHECK(first->fence() == 1);
    const auto refused = at.try_acquire(at.handle());
    REQUIRE(!refused);
    CHECK(refused.error().code == errc::in_use);
    CHECK(refused.error().where == tintype::label{"lock"});
    CHECK(refused.error().found == 1);
    first->give_back();
    CHECK(!first->held());
    CHECK(first->renew().error().code == errc::timed_out);
    CHECK(!at.state().held);
    {
        auto second = at.try_acquire(at.handle());
        REQUIRE(second);
        CHECK(second->fence() == 2);
        auto moved = *std::move(second);
        CHECK(moved.held());
        CHECK(moved.fence() == 2);
        CHECK(!second->held());
        CHECK(at.try_acquire(at.handle()).error().code == errc::in_use);
        // What it held before goes back when it is given another.
        auto other = manual::acquire(at.handle(), "other", manual_lease, manual_waiting{at.clock});
        REQUIRE(other);
        moved = *std::move(other);
        CHECK(moved.held());
        CHECK(at.try_acquire(at.handle())->fence() == 3);
    }
    CHECK(at.acquire(at.handle())->fence() == 4);
    CHECK(manual::try_acquire(at.handle(), "other", manual_lease, manual_waiting{at.clock}));
}

TEST_CASE("lease: who stops renewing loses it, and nobody takes it before the term is over") {
    const place at;
    auto first = at.acquire(at.handle());
    REQUIRE(first);
    at.clock.advance(25s - 1ns);
    CHECK(first->held());
    at.clock.advance(1ns);
    CHECK(lost(first->check()));
    at.clock.advance(10s - 1ns);
    CHECK(at.try_acquire(at.handle()).error().code == errc::in_use);
    at.clock.advance(1ns);
    const auto second = at.try_acquire(at.handle());
    REQUIRE(second);
    CHECK(second->fence() == 2);
    CHECK(second->held());
    CHECK(lost(first->renew()));
    CHECK(lost(first->renew()));
    first->give_back(); // of what is another's
    CHECK(second->held());
    CHECK(at.state().fence == 2);
    CHECK(at.state().held);
}

TEST_CASE("lease: a renewal is another term, also when it comes late and nobody else came") {
    const place at;
    auto own = at.acquire(at.handle());
    REQUIRE(own);
    for (int i = 0; i != 20; ++i) {
        at.clock.advance(20s);
        REQUIRE(own->renew());
        CHECK(own->held());
        CHECK(at.try_acquire(at.handle()).error().code == errc::in_use);
    }
    CHECK(at.state().beat == 21);
    at.clock.advance(1h);
    CHECK(!own->held());
    REQUIRE(own->renew());
    CHECK(own->held());
    CHECK(own->fence() == 1);
    // By the holder's term, not by that of whoever wants it.
    at.clock.advance(20s);
    lease_options shorter = manual_lease;
    shorter.term = 2s;
    shorter.margin = 1s;
    CHECK(at.try_acquire(at.handle(), shorter).error().code == errc::in_use);
}

TEST_CASE("lease: whoever waits gets it when it is given back or over, or says that it waited") {
    const place at;
    auto gone = at.acquire(at.handle());
    REQUIRE(gone);
    const auto before = at.clock.now();
    auto second = at.acquire(at.handle());
    REQUIRE(second);
    CHECK(at.clock.now() - before >= 35s);
    CHECK(at.clock.now() - before < 40s);

    lease_options hasty = manual_lease;
    hasty.patience = 3s;
    const auto late = at.acquire(at.handle(), hasty);
    REQUIRE(!late);
    CHECK(late.error().code == errc::timed_out);
    CHECK(late.error().found >= 3000);
    CHECK(late.error().wanted == 3000);

    std::stop_source stop;
    std::uint64_t told = 0;
    const auto count = [&](tintype::progress) {
        if (++told == 5) {
            stop.request_stop();
        }
    };
    const tintype::monitor watch{count, stop.get_token()};
    lease_options watched = manual_lease;
    watched.watch = &watch;
    CHECK(at.acquire(at.handle(), watched).error().code == errc::cancelled);
    CHECK(told == 5);
    CHECK(second->renew());
}

TEST_CASE("lease: no two believe that they hold it, wherever one stands still and for how long") {
    std::uint64_t stalled = 0;
    for (const auto when : {stall::moment::before, stall::moment::after}) {
        for (const auto still : {0ns, 25s - 0ns, 30s - 1ns, 35s - 1ns, 35s - 0ns, 70s - 0ns}) {
            for (std::uint64_t n = 1;; ++n) {
                const place at;
                const auto slow = at.handle();
                std::optional<manual> first;
                std::optional<manual> second;
                std::uint64_t both = 0;
                const auto look = [&] {
                    both += first && second && first->held() && second->held() ? 1U : 0U;
                };
                bool was = false;
                slow.stalls() = {.at = n, .when = when, .meanwhile = [&] {
                                     was = true;
                                     at.clock.advance(still);
                                     look();
                                     if (auto got = at.try_acquire(at.handle())) {
                                         second.emplace(*std::move(got));
                                     }
                                     look();
                                 }};
                for (int round = 0; round != 2; ++round) {
                    if (auto got = at.try_acquire(slow)) {
                        first.emplace(*std::move(got));
                    }
                    look();
                    for (int i = 0; i != 2 && first; ++i) {
                        at.clock.advance(10s);
                        look();
                        const auto renewed = first->renew();
                        CHECK((renewed || !first->held()));
                        look();
                    }
                    first.reset();
                    look();
                }
                CHECK(both == 0);
                if (!was) {
                    break;
                }
                ++stalled;
            }
        }
    }
    CHECK(stalled > 60);
}

TEST_CASE("lease: what nobody answered is found out by reading") {
    // Each of the first five swaps in each of three ways.
    for (unsigned story = 0; story != 243; ++story) {
        INFO("story ", story);
        const place at;
        const auto unsure = at.handle();
        const auto other = at.handle();
        std::uint64_t both = 0;
        unsure.interfere([&](std::uint64_t swap) {
            unsigned rest = story;
            for (std::uint64_t i = 1; i != swap && i != 6; ++i) {
                rest /= 3;
            }
            return swap > 5 ? swap_outcome::answered : static_cast<swap_outcome>(rest % 3);
        });
        auto own = at.try_acquire(unsure);
        if (!own) {
            CHECK(own.error().code == errc::io);
            continue;
        }
        CHECK(own->held());
        CHECK(at.state().owner.size() == 32);
        CHECK(at.try_acquire(other).error().code == errc::in_use);
        for (int i = 0; i != 3; ++i) {
            at.clock.advance(9s);
            static_cast<void>(own->renew());
            auto got = at.try_acquire(other);
            both += got && own->held() ? 1U : 0U;
            CHECK(!got); // three of them take less than the term
        }
        at.clock.advance(2s);
        // Whatever it believes now, once it was renewed with an answer it is held.
        unsure.interfere(nullptr);
        CHECK(own->renew());
        CHECK(own->held());
        CHECK(own->fence() == at.state().fence);
        unsure.interfere([&](std::uint64_t swap) {
            return swap == 1 ? static_cast<swap_outcome>(story % 3) : swap_outcome::answered;
        });
        own->give_back();
        CHECK(!at.state().held);
        CHECK(both == 0);
    }
}

TEST_CASE("lease: a renewal that nobody answered is no longer believed than it was sent") {
    const place at;
    const auto unsure = at.handle();
    auto own = at.acquire(unsure);
    REQUIRE(own);
    at.clock.advance(10s);
    // Done at 10 s, but neither its answer nor a look came through until 20 s.
    unsure.interfere([](std::uint64_t) { return swap_outcome::unanswered; });
    unsure.stalls() = {.at = unsure.stalls().calls + 1,
                       .when = stall::moment::after,
                       .meanwhile = [&] { at.clock.advance(10s); },
                       .calls = unsure.stalls().calls};
    CHECK(own->renew());
    CHECK(at.clock.now() == tintype::timestamp{1000h} + 20s);
    at.clock.advance(15s - 1ns);
    CHECK(own->held());
    at.clock.advance(1ns);
    CHECK(!own->held());
}

TEST_CASE("lease: a storage that cannot be reached is an error, and nothing is believed") {
    const place at;
    const auto broken = at.handle();
    broken.interfere([](std::uint64_t) { return swap_outcome::refused; });
    CHECK(at.try_acquire(broken).error().code == errc::io);
    CHECK(at.acquire(broken).error().code == errc::io);
    CHECK(at.memory.read_pointer("lock").error().code == errc::not_found);
    CHECK(
        manual::acquire(at.handle(), "../x", manual_lease, manual_waiting{at.clock}).error().code ==
        errc::bad_name);
}

TEST_CASE("lease: what the pointer says is read as it is written, or refused") {
    const lease_state state{.fence = 12,
                            .beat = 345,
                            .owner = "0123456789abcdef0123456789abcdef",
                            .term = 30'000,
                            .held = true};
    const std::string text = state.text();
    CHECK(text == "tintype-lease-1 12 345 0123456789abcdef0123456789abcdef 30000 held\n");
    const auto back = lease_state::parse(bytes_of(text));
    REQUIRE(back);
    CHECK(back->text() == text);
    for (std::size_t size = 0; size != text.size(); ++size) {
        CHECK(!lease_state::parse(bytes_of(text).first(size)));
    }
    std::size_t odd = 0;
    for (std::size_t i = 0; i != text.size(); ++i) {
        for (unsigned flip = 1; flip != 256; ++flip) {
            std::string other = text;
            other[i] = static_cast<char>(static_cast<unsigned char>(other[i]) ^ flip);
            const auto read = lease_state::parse(bytes_of(other));
            odd += read && read->text() != other ? 1U : 0U;
        }
    }
    CHECK(odd == 0);
    const std::string owner(32, 'a');
    for (const std::string& hostile :
         {std::string{}, text + text, std::string(1U << 16U, ' '), std::string(300, '1'),
          "tintype-lease-1 1 1 " + owner + " 86400001 held\n",
          "tintype-lease-1 18446744073709551616 1 " + owner + " 1 held\n",
          "tintype-lease-1 01 1 " + owner + " 1 held\n",
          "tintype-lease-1 -1 1 " + owner + " 1 held\n",
          "tintype-lease-1 1 1 " + owner + " 1 lost\n",
          "tintype-lease-1 1 1 " + owner + " 1 held"}) {
        const place at;
        at.put(hostile);
        const auto refused = at.try_acquire(at.handle());
        REQUIRE(!refused);
        CHECK(refused.error().code == errc::invalid_value);
        CHECK(refused.error().found == hostile.size());
        CHECK(at.acquire(at.handle()).error().code == errc::invalid_value);
    }
    // After the last number there is none, but one that is held is only waited for.
    const std::string last = "tintype-lease-1 18446744073709551615 7 " + owner;
    const place at;
    at.put(last + " 1 free\n");
    CHECK(at.try_acquire(at.handle()).error().code == errc::out_of_bounds);
    at.put(last + " 2 held\n");
    CHECK(at.try_acquire(at.handle()).error().code == errc::in_use);
}

TEST_CASE("lease: a pointer that was spoiled under its holder is a lease lost") {
    const place at;
    auto own = at.acquire(at.handle());
    REQUIRE(own);
    at.put("garbage");
    CHECK(lost(own->renew()));
    CHECK(!own->held());
}

TEST_CASE("lease: terms and margins that cannot be kept are refused") {
    const place at;
    for (const auto& [term, margin] :
         {std::pair{0ns, 0ns}, std::pair{-1s + 0ns, 0ns}, std::pair{0ns + 999us, 0ns},
          std::pair{25h + 0ns, 5s + 0ns}, std::pair{10s + 0ns, 5s + 1ns},
          std::pair{10s + 0ns, -1ns}}) {
        lease_options options = manual_lease;
        options.term = term;
        options.margin = margin;
        CHECK(at.acquire(at.handle(), options).error().code == errc::invalid_value);
        CHECK(at.try_acquire(at.handle(), options).error().code == errc::invalid_value);
    }
    lease_options most = manual_lease;
    most.term = 24h;
    most.margin = 12h;
    CHECK(at.acquire(at.handle(), most));
}

TEST_CASE("lease: by itself it is renewed for as long as it lives") {
    const tintype::memory_storage storage;
    const auto beat = [&] {
        const auto read = storage.read_pointer("lock");
        const auto now = read ? lease_state::parse(read->bytes) : std::nullopt;
        return now ? now->beat : 0;
    };
    auto own = tintype::lease<tintype::memory_storage>::acquire(storage, "lock",
                                                                {.term = 30ms, .margin = 5ms});
    REQUIRE(own);
    while (beat() < 4) {
        std::this_thread::sleep_for(1ms);
    }
    const auto moved = *std::move(own);
    const auto before = beat();
    while (beat() < before + 2) {
        std::this_thread::sleep_for(1ms);
    }
    CHECK(moved.fence() == 1);
}

TEST_CASE("lease: of many threads one is inside") {
    const tintype::memory_storage storage;
    int inside = 0;
    int most = 0;
    std::atomic<int> failed{0};
    std::atomic<int> entered{0};
    {
        std::vector<std::jthread> all;
        for (int i = 0; i != 4; ++i) {
            all.emplace_back([&] {
                for (int round = 0; round != 10; ++round) {
                    const auto held = tintype::lease<tintype::memory_storage>::acquire(
                        storage, "lock", {.poll = 2ms});
                    if (!held) {
                        ++failed;
                        continue;
                    }
                    // Plain numbers: a sanitizer would say that they race.
                    most = std::max(most, ++inside);
                    std::this_thread::yield();
                    --inside;
                    ++entered;
                }
            });
        }
    }
    CHECK(failed == 0);
    CHECK(entered == 40);
    CHECK(most == 1);
}
