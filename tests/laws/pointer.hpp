#pragma once

// The laws of a storage's pointers, as one suite for every model: `pointer_laws(make)` inside a
// test case, where `make()` gives a storage that holds nothing yet and shares nothing with the one
// before.

#include <tintype/storage/numbers.hpp>
#include <tintype/storage/pointer.hpp>

#include "support/bytes.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace tintype::laws {

// What one racer of several may do, so that storages on a network are not asked for too much.
struct pointer_pace {
    int threads = 4;
    int rounds = 25;
    // Whether nobody may be able to say what came of a swap in a rush.
    bool doubts = false;
};

template <pointer_storage S>
[[nodiscard]] std::string pointer_text(const S& storage, std::string_view name) {
    const auto read = storage.read_pointer(name);
    REQUIRE(read);
    return std::string{text_of(read->bytes)};
}

template <pointer_storage S>
void pointer_is_created_once(const S& storage) {
    const auto absent = storage.read_pointer("state");
    REQUIRE(!absent);
    CHECK(absent.error().code == errc::not_found);
    const auto tag = storage.swap_pointer("state", {}, bytes_of("one"));
    REQUIRE(tag);
    CHECK(!tag->empty());
    const auto again = storage.swap_pointer("state", {}, bytes_of("two"));
    REQUIRE(!again);
    CHECK(again.error().code == errc::already_exists);
    const auto read = storage.read_pointer("state");
    REQUIRE(read);
    CHECK(text_of(read->bytes) == "one");
    CHECK(read->tag == *tag);
    CHECK(storage.read_pointer("other").error().code == errc::not_found);
}

template <pointer_storage S>
void pointer_is_swapped_by_its_tag(const S& storage) {
    // Where there is none, no tag is right.
    const auto early = storage.swap_pointer("state", "never", bytes_of("zero"));
    REQUIRE(!early);
    CHECK(early.error().code == errc::already_exists);
    CHECK(storage.read_pointer("state").error().code == errc::not_found);

    std::string last;
    std::vector<std::string> stale;
    for (int i = 0; i != 5; ++i) {
        const std::string text = "state " + std::to_string(i);
        const auto next = storage.swap_pointer("state", last, bytes_of(text));
        REQUIRE(next);
        CHECK(*next != last);
        CHECK(pointer_text(storage, "state") == text);
        CHECK(storage.read_pointer("state")->tag == *next);
        stale.push_back(last);
        last = *next;
        for (const std::string& old : stale) {
            const auto refused = storage.swap_pointer("state", old, bytes_of("stale"));
            REQUIRE(!refused);
            CHECK(refused.error().code == errc::already_exists);
        }
        CHECK(!storage.swap_pointer("state", *next + "x", bytes_of("wrong")));
        CHECK(pointer_text(storage, "state") == text);
    }
    // The tag of another pointer is a wrong one, whatever the two hold.
    const auto other = storage.swap_pointer("other", {}, bytes_of("of its own"));
    REQUIRE(other);
    CHECK(storage.swap_pointer("state", *other, bytes_of("wrong")).error().code ==
          errc::already_exists);
    // A copy has the same pointers.
    const S copy = storage;
    CHECK(copy.swap_pointer("state", last, bytes_of("by the copy")));
    CHECK(pointer_text(storage, "state") == "by the copy");
}

template <pointer_storage S>
void pointer_holds_any_bytes(const S& storage) {
    std::string tag;
    for (const std::size_t size : {0U, 1U, 255U, 256U, 4093U, 20'000U}) {
        const blob bytes = tests::noise(size, size);
        const auto next = storage.swap_pointer("bytes", tag, bytes);
        REQUIRE(next);
        tag = *next;
        const auto read = storage.read_pointer("bytes");
        REQUIRE(read);
        CHECK(read->bytes == bytes);
    }
}

template <pointer_storage S>
void pointer_has_an_age(const S& storage) {
    const auto tag = storage.swap_pointer("state", {}, bytes_of("one"));
    REQUIRE(tag);
    const auto first = storage.read_pointer("state");
    REQUIRE(first);
    CHECK(first->age >= std::chrono::nanoseconds{});
    CHECK(first->age < std::chrono::hours{1});
}

template <pointer_storage S>
void pointer_is_no_object(const S& storage) {
    REQUIRE(storage.swap_pointer("state", {}, bytes_of("one")));
    REQUIRE(storage.swap_pointer("lock", {}, bytes_of("two")));
    CHECK(storage.names()->empty());
    CHECK(storage.list()->empty());
    CHECK(storage.open("state", access::map).error().code == errc::not_found);
    CHECK(storage.remove("state") == false);
    auto staged = storage.stage({});
    REQUIRE(staged);
    REQUIRE(staged->write(bytes_of("object")));
    REQUIRE(staged->publish("state"));
    CHECK(storage.remove("state") == true);
    CHECK(pointer_text(storage, "state") == "one");
}

template <pointer_storage S>
void pointer_refuses_bad_names(const S& storage) {
    const std::string too_long(longest_name + 1, 'n');
    for (const std::string_view name :
         {std::string_view{}, std::string_view{".hidden"}, std::string_view{"a/b"},
          std::string_view{"../up"}, std::string_view{"a b"}, std::string_view{too_long}}) {
        INFO("name ", std::string{name});
        CHECK(storage.read_pointer(name).error().code == errc::bad_name);
        CHECK(storage.swap_pointer(name, {}, bytes_of("x")).error().code == errc::bad_name);
        CHECK(storage.swap_pointer(name, "tag", bytes_of("x")).error().code == errc::bad_name);
    }
}

// Many threads move one pointer on: each state is put by one of them, and none is lost.
template <pointer_storage S>
void pointer_is_won_by_one(const S& storage, const pointer_pace& pace) {
    std::atomic<int> odd{0};
    std::atomic<int> unknown{0};
    std::vector<std::vector<std::string>> put(static_cast<std::size_t>(pace.threads));
    {
        std::vector<std::jthread> all;
        for (std::size_t me = 0; me != put.size(); ++me) {
            all.emplace_back([&, me] {
                for (int won = 0; won != pace.rounds;) {
                    const auto read = storage.read_pointer("count");
                    const bool none = !read && read.error().code == errc::not_found;
                    if (!read && !none) {
                        ++odd;
                        return;
                    }
                    const int last =
                        none ? 0 : std::atoi(std::string{text_of(read->bytes)}.c_str());
                    const std::string next = std::to_string(last + 1);
                    const auto done =
                        storage.swap_pointer("count", none ? std::string{} : read->tag,
                                             bytes_of(next + " by " + std::to_string(me)));
                    if (done) {
                        ++won;
                        put[me].push_back(next);
                    } else if (done.error().code != errc::already_exists) {
                        ++unknown;
                    }
                }
            });
        }
    }
    CHECK(odd == 0);
    std::map<std::string, int> states;
    for (const auto& each : put) {
        for (const std::string& state : each) {
            ++states[state];
        }
    }
    const int total = pace.threads * pace.rounds;
    CHECK(states.size() == static_cast<std::size_t>(total));
    CHECK(std::ranges::all_of(states, [](const auto& each) { return each.second == 1; }));
    CHECK((pace.doubts || unknown == 0));
    // Of those that nobody knows of any may have been put there.
    const int last = std::atoi(pointer_text(storage, "count").c_str());
    CHECK(last >= total);
    CHECK(last <= total + unknown);
}

template <pointer_storage S>
void pointer_gives_numbers(const S& storage, const pointer_pace& pace) {
    std::atomic<int> failed{0};
    std::vector<std::vector<std::uint64_t>> got(static_cast<std::size_t>(pace.threads));
    {
        std::vector<std::jthread> all;
        for (std::size_t me = 0; me != got.size(); ++me) {
            all.emplace_back([&, me] {
                for (int i = 0; i != pace.rounds; ++i) {
                    const auto number = next_number(storage, "series");
                    failed += number ? 0 : 1;
                    got[me].push_back(number.value_or(0));
                }
            });
        }
    }
    CHECK(failed == 0);
    std::vector<std::uint64_t> everything;
    for (const auto& each : got) {
        CHECK(std::ranges::is_sorted(each));
        everything.insert(everything.end(), each.begin(), each.end());
    }
    std::ranges::sort(everything);
    CHECK(std::ranges::adjacent_find(everything) == everything.end());
    CHECK(last_number(storage, "series") == everything.back());
}

template <class Make>
void pointer_laws(Make make, const pointer_pace& pace = {}) {
    using storage = decltype(make());
    static_assert(pointer_storage<storage>);
    pointer_is_created_once<storage>(make());
    pointer_is_swapped_by_its_tag<storage>(make());
    pointer_holds_any_bytes<storage>(make());
    pointer_has_an_age<storage>(make());
    pointer_is_no_object<storage>(make());
    pointer_refuses_bad_names<storage>(make());
    pointer_is_won_by_one<storage>(make(), pace);
    pointer_gives_numbers<storage>(make(), pace);
}

} // namespace tintype::laws
