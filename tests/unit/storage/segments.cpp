// What segments add to the laws of a storage: where the bytes lie, what a sync asks of the storage
// below, who of two writers gets a place, what becomes of garbage, and what a claim that is lost
// keeps from being acknowledged.

#include <tintype/storage/memory.hpp>
#include <tintype/storage/segments.hpp>

#include "support/bytes.hpp"
#include "support/growing.hpp"
#include "support/unappendable.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using tests::grow;
using tests::noise;
using tests::put_object;
using tests::read_object;
using tests::segment_names;
using tests::storage_call;
using tests::storage_extras;
using tests::storage_fault;
using tintype::blob;
using tintype::byte_view;
using tintype::errc;
using tintype::memory_storage;
using tintype::segmented;

using below = tests::unappendable<>;

// Bytes that were appended in so many syncs of so many.
blob grown(const segmented<below>& storage, std::string_view name, std::size_t syncs,
           std::size_t each = 100) {
    const blob bytes = noise(10 + syncs * each);
    REQUIRE(put_object(storage, name, byte_view{bytes}.first(10)));
    auto object = storage.append(name);
    REQUIRE(object);
    for (std::size_t i = 0; i != syncs; ++i) {
        REQUIRE(grow(*object, byte_view{bytes}.subspan(10 + i * each, each)));
    }
    return bytes;
}

} // namespace

TEST_CASE("each sync is one segment, and one object put below") {
    const below store;
    const segmented storage{store};
    REQUIRE(put_object(storage, "log", noise(10)));
    auto object = storage.append("log");
    REQUIRE(object);
    REQUIRE(object->sync()); // what a writer before left
    std::map<storage_call, int> calls;
    store.hooks().on = [&](storage_call kind, std::string_view) {
        ++calls[kind];
        return storage_fault::none;
    };
    for (int i = 0; i != 10; ++i) {
        REQUIRE(object->write(noise(30)));
        REQUIRE(object->write(noise(20)));
        REQUIRE(object->sync());
        REQUIRE(object->sync());
    }
    CHECK(calls[storage_call::publish] == 10);
    CHECK(calls[storage_call::stage] == 10);
    CHECK(calls.size() == 3); // and write
    CHECK(segment_names(store).size() == 10);
    CHECK(storage.names() == std::vector<std::string>{"log"});
    const auto listed = storage.list();
    REQUIRE(listed);
    REQUIRE(listed->size() == 1);
    CHECK(listed->front().size == 510);

    // What readers have is not fetched again.
    const auto reading = storage.open("log");
    REQUIRE(reading);
    CHECK(reading->bytes().size() == 510);
    REQUIRE(grow(*object, noise(50)));
    calls.clear();
    const auto again = storage.open("log");
    REQUIRE(again);
    CHECK(again->bytes().size() == 560);
    CHECK(calls[storage_call::open] == 2); // the head, and the one that is new
    CHECK(calls[storage_call::list] == 1);
}

TEST_CASE("what was not synced is seen through copies, and by nobody else") {
    const below store;
    const segmented storage{store};
    REQUIRE(put_object(storage, "log", noise(10)));
    {
        auto object = storage.append("log");
        REQUIRE(object);
        REQUIRE(object->write(noise(5)));
    }
    const segmented copy = storage;
    CHECK(read_object(copy, "log")->size() == 15);
    CHECK(copy.append("log")->size() == 15);
    const segmented other{store.elsewhere()};
    CHECK(read_object(other, "log")->size() == 10);
    REQUIRE(storage.sync());
    CHECK(read_object(other, "log")->size() == 15);
    REQUIRE(storage.append("log")->write(noise(5)));
    REQUIRE(storage.seal("log"));
    CHECK(read_object(other, "log")->size() == 20);
}

TEST_CASE("many segments are merged into few, and nothing of them stays") {
    const below store;
    const segmented storage{store, {.merge_from = 4, .merge_to = 3000, .merge_grace = {}}};
    const blob bytes = grown(storage, "log", 100);
    CHECK(read_object(storage, "log") == bytes);
    CHECK(segment_names(store).size() < 16);
    const segmented other{store.elsewhere(),
                          {.merge_from = 4, .merge_to = 3000, .merge_grace = {}}};
    CHECK(read_object(other, "log") == bytes);
    // Whoever opens it to append removes what was merged.
    const auto before = segment_names(store).size();
    REQUIRE(other.append("log"));
    CHECK(segment_names(store).size() < before);
    CHECK(read_object(other, "log") == bytes);
    CHECK(other.list()->front().size == bytes.size());
    std::uint64_t largest = 0;
    const auto present = store.list();
    REQUIRE(present);
    for (const auto& each : *present) {
        largest = std::max(largest, each.size);
    }
    CHECK(largest <= 3000 + 64);
    CHECK(largest > 1000);
}

TEST_CASE("readers beside one who merges see a beginning of what is written, and never less") {
    const memory_storage memory;
    const blob bytes = noise(60'000);
    std::atomic<int> wrong{0};
    std::atomic<bool> done{false};
    {
        const segmented storage{below{memory}, {.merge_from = 2}};
        REQUIRE(put_object(storage, "log", {}));
        std::jthread reader{[&] {
            std::size_t seen = 0;
            while (!done || seen != bytes.size()) {
                // As another process would, with nothing in memory.
                const auto now = read_object(segmented{below{memory}}, "log");
                const bool right = now && now->size() >= seen && now->size() <= bytes.size() &&
                                   std::ranges::equal(*now, byte_view{bytes}.first(now->size()));
                if (!right) {
                    ++wrong;
                    return;
                }
                seen = now->size();
            }
        }};
        auto object = storage.append("log");
        REQUIRE(object);
        for (std::size_t at = 0; at != bytes.size(); at += 300) {
            CHECK(grow(*object, byte_view{bytes}.subspan(at, 300)));
        }
        done = true;
    }
    CHECK(wrong == 0);
}

TEST_CASE("of two writers at one place one has it, and the other is told") {
    const memory_storage memory;
    const segmented one{below{memory}};
    const segmented two{below{memory}};
    REQUIRE(put_object(one, "log", noise(10)));
    auto first = one.append("log");
    auto second = two.append("log");
    REQUIRE(first);
    REQUIRE(second);
    REQUIRE(grow(*first, noise(20, 1)));
    REQUIRE(second->write(noise(30, 2)));
    for (int again = 0; again != 2; ++again) {
        const auto refused = second->sync();
        REQUIRE(!refused);
        CHECK(refused.error().code == errc::in_use);
        CHECK(refused.error().where == "log");
        CHECK(refused.error().offset == 10);
        CHECK(!second->write(noise(1)));
        CHECK(!second->truncate(5));
    }
    // What it had is dropped, and it can begin again behind the other's.
    CHECK(read_object(two, "log")->size() == 30);
    second = two.append("log");
    REQUIRE(second);
    CHECK(second->size() == 30);
    REQUIRE(grow(*second, noise(30, 2)));
    CHECK(!grow(*first, noise(5)));
    CHECK(read_object(one, "log")->size() == 60);
    CHECK(one.list()->front().size == 60);
}

TEST_CASE("writers that race for one log lose nothing that was acknowledged, and mix nothing") {
    const memory_storage memory;
    REQUIRE(put_object(segmented{below{memory}}, "log", {}));
    constexpr int writers = 4;
    constexpr int rounds = 30;
    std::atomic<int> refused{0};
    std::atomic<int> odd{0};
    {
        std::vector<std::jthread> all;
        for (int me = 0; me != writers; ++me) {
            all.emplace_back([&, me] {
                const segmented storage{below{memory}, {.merge_from = 0}};
                for (int round = 0; round != rounds;) {
                    auto object = storage.append("log");
                    const blob record{static_cast<std::byte>(me), static_cast<std::byte>(round),
                                      static_cast<std::byte>(me), static_cast<std::byte>(round)};
                    const auto done = object ? grow(*object, record) : tintype::pass(object);
                    if (done) {
                        ++round;
                    } else {
                        ++(done.error().code == errc::in_use ? refused : odd);
                        std::this_thread::yield();
                    }
                }
            });
        }
    }
    CHECK(odd == 0);
    const auto bytes = read_object(segmented{below{memory}}, "log");
    REQUIRE(bytes);
    REQUIRE(bytes->size() == std::size_t{4} * writers * rounds);
    std::map<int, int> next;
    int wrong = 0;
    for (std::size_t at = 0; at != bytes->size(); at += 4) {
        const int me = std::to_integer<int>((*bytes)[at]);
        wrong += std::to_integer<int>((*bytes)[at + 1]) == next[me]++ ? 0 : 1;
        wrong += (*bytes)[at] == (*bytes)[at + 2] && (*bytes)[at + 1] == (*bytes)[at + 3] ? 0 : 1;
    }
    CHECK(wrong == 0);
}

TEST_CASE("segments of a head that was replaced are never the new one's, and are swept") {
    const below store;
    const segmented storage{store};
    grown(storage, "log", 5);
    grown(storage, "living", 3);
    // The program stops between the two steps.
    store.hooks().on = [](storage_call kind, std::string_view) {
        return kind == storage_call::remove ? storage_fault::before : storage_fault::none;
    };
    REQUIRE(put_object(storage, "log", noise(7), true));
    CHECK(read_object(storage, "log") == noise(7));
    CHECK(segment_names(store).size() == 8);
    CHECK(storage.sweep({}) == 0); // they cannot be removed
    store.hooks().on = {};
    CHECK(read_object(segmented{store.elsewhere()}, "log") == noise(7));
    REQUIRE(grow(*storage.append("log"), noise(3)));
    CHECK(storage.sweep(std::chrono::hours{1}) == 5);
    CHECK(storage.sweep({}) == 0);
    CHECK(read_object(storage, "log")->size() == 10);
    CHECK(read_object(storage, "living")->size() == 310);

    // Where nothing goes wrong nothing is left.
    REQUIRE(put_object(storage, "log", {}, true));
    CHECK(segment_names(store).size() == 3);
    CHECK(storage.remove("living") == true);
    CHECK(segment_names(store).empty());
}

TEST_CASE("a name that was removed begins anew, whatever its segments do") {
    const below store;
    const segmented storage{store};
    grown(storage, "log", 5);
    store.hooks().on = [](storage_call kind, std::string_view name) {
        return kind == storage_call::remove && tintype::detail::is_segment_name(name)
                   ? storage_fault::before
                   : storage_fault::none;
    };
    CHECK(storage.remove("log") == true);
    CHECK(storage.remove("log") == false);
    CHECK(storage.names()->empty());
    CHECK(storage.list()->empty());
    CHECK(segment_names(store).size() == 5);
    store.hooks().on = {};
    CHECK(storage.open("log").error().code == errc::not_found);
    REQUIRE(put_object(storage, "log", noise(4)));
    CHECK(read_object(storage, "log") == noise(4));
    CHECK(storage.append("log")->size() == 4);
    CHECK(storage.sweep({}) == 5);
}

TEST_CASE("an object that was put there without a mark is read as it is, and does not grow") {
    const below store;
    const segmented storage{store};
    for (const std::size_t size : {0U, 5U, 64U, 1000U}) {
        const auto name = "foreign-" + std::to_string(size);
        REQUIRE(put_object(store, name, noise(size)));
        CHECK(read_object(storage, name) == noise(size));
        const auto refused = storage.append(name);
        REQUIRE(!refused);
        CHECK(refused.error().code == errc::unsupported);
    }
    REQUIRE(put_object(storage, "own", noise(9)));
    for (int again = 0; again != 2; ++again) {
        const auto found = storage.list();
        REQUIRE(found);
        for (const auto& each : *found) {
            CHECK(each.size == read_object(storage, each.name)->size());
        }
    }
    REQUIRE(put_object(storage, "foreign-5", noise(5), true));
    CHECK(storage.list()->size() == 5);
    REQUIRE(grow(*storage.append("foreign-5"), noise(5)));
    CHECK(read_object(storage, "foreign-5")->size() == 10);
    CHECK(storage.remove("foreign-64") == true);
}

TEST_CASE("no object has a segment's name") {
    const below store;
    const segmented storage{store};
    const std::string name = "tintype.segment-mine";
    const auto refused = [](const auto& done) {
        return !done && done.error().code == errc::bad_name;
    };
    CHECK(refused(put_object(storage, name, {})));
    CHECK(refused(put_object(storage, name, {}, true)));
    CHECK(refused(storage.open(name)));
    CHECK(refused(storage.append(name)));
    CHECK(refused(storage.remove(name)));
    CHECK(refused(storage.claim(name)));
    // Somebody's all the same: it is hidden, and swept.
    REQUIRE(put_object(store, name, noise(5)));
    CHECK(storage.names()->empty());
    CHECK(storage.list()->empty());
    CHECK(storage.sweep({}) == 1);
}

TEST_CASE("what was sealed is cut off by another head, and only while the name is ours") {
    const below store;
    const segmented storage{store};
    const blob bytes = grown(storage, "log", 5);
    auto object = storage.append("log");
    REQUIRE(object);
    REQUIRE(object->write(noise(3)));
    for (const std::size_t size : {512U, 510U, 411U, 410U, 120U, 10U, 3U, 0U}) {
        REQUIRE(object->truncate(size));
        CHECK(object->size() == size);
        REQUIRE(object->sync());
        const auto now = read_object(segmented{store.elsewhere()}, "log");
        REQUIRE(now);
        CHECK(now->size() == size);
        CHECK(std::ranges::equal(byte_view{*now}.first(std::min(size, bytes.size())),
                                 byte_view{bytes}.first(std::min(size, bytes.size()))));
    }
    CHECK(segment_names(store).empty());
    REQUIRE(grow(*object, noise(50)));
    auto late = storage.append("log");
    REQUIRE(put_object(segmented{store.elsewhere()}, "log", noise(20), true));
    REQUIRE(late);
    const auto refused = late->truncate(1);
    REQUIRE(!refused);
    CHECK(refused.error().code == errc::in_use);
    CHECK(read_object(storage, "log") == noise(20));
}

TEST_CASE("nothing is acknowledged, cut, merged or replaced under a claim that was lost") {
    const below store;
    const segmented storage{store, {.merge_from = 2}};
    const blob bytes = grown(storage, "log", 3);
    const auto claim = storage.claim("log");
    REQUIRE(claim);
    CHECK(claim->check());
    auto object = storage.append("log");
    REQUIRE(grow(*object, noise(1)));
    REQUIRE(object->write(noise(1)));
    const auto before = segment_names(store);

    // In the middle of the sync: what it put there may be in another's way, so nobody is told.
    store.hooks().on = [&](storage_call kind, std::string_view) {
        store.hooks().claims_lost = store.hooks().claims_lost || kind == storage_call::publish;
        return storage_fault::none;
    };
    CHECK(object->sync().error().code == errc::timed_out);
    CHECK(segment_names(store).size() == before.size() + 1);
    CHECK(object->sync().error().code == errc::timed_out);
    store.hooks().claims_lost = false;
    CHECK(!object->sync());

    object = storage.append("log");
    store.hooks().on = {};
    store.hooks().claims_lost = true;
    CHECK(claim->check().error().code == errc::timed_out);
    CHECK(put_object(storage, "log", {}, true).error().code == errc::timed_out);
    CHECK(object->truncate(3).error().code == errc::timed_out);
    auto another = storage.append("log");
    REQUIRE(another);
    REQUIRE(another->write(noise(9)));
    CHECK(another->sync().error().code == errc::timed_out);
    CHECK(read_object(storage, "log")->size() == bytes.size() + 2);
    // Another name's claim is another's business.
    CHECK(put_object(storage, "other", {}, true));
}

TEST_CASE("a lease stands for the claim where the storage has pointers") {
    using leased = tests::unappendable<memory_storage, storage_extras::leases>;
    static_assert(tintype::appendable_storage<segmented<leased>>);
    static_assert(tintype::keeps_pointers<segmented<leased>>);
    const leased store;
    const segmented storage{store};
    {
        const auto claim = storage.claim("log");
        REQUIRE(claim);
        CHECK(claim->check());
        const auto refused = segmented{store.elsewhere()}.claim("log");
        REQUIRE(!refused);
        CHECK(refused.error().code == errc::in_use);
        CHECK(refused.error().where == "log");
        CHECK(segmented{store.elsewhere()}.claim("other"));
        REQUIRE(put_object(storage, "log", {}));
        REQUIRE(grow(*storage.append("log"), noise(8)));
    }
    CHECK(segmented{store.elsewhere()}.claim("log"));
    CHECK(storage.names() == std::vector<std::string>{"log"});
}

TEST_CASE("segments that cannot be merged end the growing, not the object") {
    const below store;
    const segmented storage{store, {.merge_from = 0, .most_segments = 3}};
    const blob bytes = grown(storage, "log", 3);
    auto object = storage.append("log");
    REQUIRE(object);
    REQUIRE(object->write(noise(1)));
    const auto refused = object->sync();
    REQUIRE(!refused);
    CHECK(refused.error().code == errc::limit_exceeded);
    CHECK(refused.error().wanted == 3);
    CHECK(read_object(segmented{store.elsewhere()}, "log") == bytes);
}

TEST_CASE("a large tail is sealed unasked") {
    const below store;
    const segmented storage{store, {.merge_to = 1000}};
    REQUIRE(put_object(storage, "log", {}));
    auto object = storage.append("log");
    REQUIRE(object);
    for (int i = 0; i != 25; ++i) {
        REQUIRE(object->write(noise(100)));
    }
    CHECK(segment_names(store).size() == 2);
    CHECK(read_object(segmented{store.elsewhere()}, "log")->size() == 2000);
    CHECK(read_object(storage, "log")->size() == 2500);
}
