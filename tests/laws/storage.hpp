#pragma once

// The laws of a storage policy, as one suite for every model: `storage_laws(make)` inside a test
// case, where `make()` gives a storage that holds nothing yet and shares nothing with the one
// before. It knows nothing of the storage but the concepts.

#include <tintype/core/mix.hpp>
#include <tintype/storage/concept.hpp>

#include "support/bytes.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace tintype::laws {

// Sizes around what storages cut at: nothing, pages, the buffer of a staged file, one reservation.
inline constexpr std::size_t storage_sizes[] = {
    0, 1, 2, 4095, 4096, 4097, (32U << 10U) - 1, 32U << 10U, (32U << 10U) + 1, 1U << 20U};

template <storage_policy S>
[[nodiscard]] result<void> publish_object(const S& storage, std::string_view name,
                                          byte_view bytes) {
    auto staged = storage.stage({.size_hint = bytes.size()});
    if (!staged) {
        return pass(staged);
    }
    if (auto done = staged->write(bytes); !done) {
        return done;
    }
    return staged->publish(name);
}

// What is kept under the name, or nothing.
template <storage_policy S>
[[nodiscard]] std::optional<blob> bytes_under(const S& storage, std::string_view name,
                                              access how = access::map) {
    const auto object = storage.open(name, how);
    if (!object) {
        return std::nullopt;
    }
    return blob(object->bytes().begin(), object->bytes().end());
}

template <storage_policy S>
[[nodiscard]] std::vector<std::string> sorted_names(const S& storage) {
    auto names = storage.names();
    REQUIRE(names);
    std::ranges::sort(*names);
    return *names;
}

template <storage_policy S>
void storage_begins_empty(const S& storage) {
    const auto objects = storage.list();
    REQUIRE(objects);
    CHECK(objects->empty());
    CHECK(sorted_names(storage).empty());
    const auto object = storage.open("absent", access::map);
    REQUIRE(!object);
    CHECK(object.error().code == errc::not_found);
    CHECK(storage.remove("absent") == false);
}

template <storage_policy S>
void storage_keeps_bytes(const S& storage) {
    std::vector<std::string> names;
    for (const std::size_t size : storage_sizes) {
        INFO("size ", size);
        const blob bytes = tests::noise(size, size);
        names.push_back("size-" + std::to_string(size));
        REQUIRE(publish_object(storage, names.back(), bytes));
        CHECK(bytes_under(storage, names.back(), access::map) == bytes);
        CHECK(bytes_under(storage, names.back(), access::copy) == bytes);
    }
    std::ranges::sort(names);
    CHECK(sorted_names(storage) == names);
    CHECK(storage.sync());

    auto objects = storage.list();
    REQUIRE(objects);
    REQUIRE(objects->size() == names.size());
    std::ranges::sort(*objects, {}, &object_info::name);
    for (std::size_t i = 0; i != names.size(); ++i) {
        CHECK((*objects)[i].name == names[i]);
        CHECK(names[i] == "size-" + std::to_string((*objects)[i].size));
    }
}

// However the bytes are cut into writes, and whatever size was announced.
template <storage_policy S>
void storage_takes_any_pieces(const S& storage) {
    const blob bytes = tests::noise(100'003);
    for (const std::size_t piece : {1U, 7U, 4096U, 32'768U, 65'537U, 100'003U}) {
        for (const std::uint64_t hint : {0U, 5U, 100'003U, 3'000'000U}) {
            INFO("pieces of ", piece, ", announced ", hint);
            auto staged = storage.stage({.size_hint = hint});
            REQUIRE(staged);
            REQUIRE(staged->write({}));
            std::size_t refused = 0;
            for (byte_view rest = bytes; !rest.empty();) {
                const auto next = rest.first(std::min(rest.size(), piece));
                refused += staged->write(next) ? 0U : 1U;
                rest = rest.subspan(next.size());
            }
            CHECK(refused == 0);
            REQUIRE(staged->replace("pieces"));
            CHECK(bytes_under(storage, "pieces") == bytes);
        }
    }
}

template <storage_policy S>
void storage_forgets_what_got_no_name(const S& storage) {
    for (const std::size_t size : {0U, 1U, 40'000U}) {
        auto staged = storage.stage({});
        REQUIRE(staged);
        REQUIRE(staged->write(tests::noise(size)));
        CHECK(sorted_names(storage).empty());
    }
    CHECK(sorted_names(storage).empty());
    const auto objects = storage.list();
    REQUIRE(objects);
    CHECK(objects->empty());
}

template <storage_policy S>
void storage_publishes_once(const S& storage) {
    const blob first = tests::noise(50'000, 1);
    const blob second = tests::noise(40'000, 2);
    REQUIRE(publish_object(storage, "taken", first));

    auto staged = storage.stage({});
    REQUIRE(staged);
    REQUIRE(staged->write(second));
    for (int again = 0; again != 2; ++again) {
        const auto refused = staged->publish("taken");
        REQUIRE(!refused);
        CHECK(refused.error().code == errc::already_exists);
        CHECK(bytes_under(storage, "taken") == first);
    }
    REQUIRE(staged->publish("free"));
    CHECK(bytes_under(storage, "free") == second);
    CHECK(bytes_under(storage, "taken") == first);

    // One name is all that an object gets, and it takes no more bytes.
    CHECK(!staged->publish("third"));
    CHECK(!staged->replace("third"));
    CHECK((!staged->write(first) || !staged->publish("third")));
    CHECK(bytes_under(storage, "free") == second);
    CHECK(sorted_names(storage) == std::vector<std::string>{"free", "taken"});
}

template <storage_policy S>
void storage_replaces_by_name(const S& storage) {
    const blob first = tests::noise(70'000, 1);
    const blob second = tests::noise(10, 2);
    const auto put = [&](byte_view bytes) {
        auto staged = storage.stage({});
        REQUIRE(staged);
        REQUIRE(staged->write(bytes));
        REQUIRE(staged->replace("object"));
    };
    put(first);
    CHECK(bytes_under(storage, "object") == first);
    const auto mapped = storage.open("object", access::map);
    const auto copied = storage.open("object", access::copy);
    REQUIRE(mapped);
    REQUIRE(copied);
    put(second);
    CHECK(bytes_under(storage, "object") == second);
    CHECK(sorted_names(storage) == std::vector<std::string>{"object"});
    // Whoever opened the old one still reads the old one.
    CHECK(std::ranges::equal(mapped->bytes(), first));
    CHECK(std::ranges::equal(copied->bytes(), first));
    put({});
    CHECK(bytes_under(storage, "object") == blob{});
}

template <storage_policy S>
void storage_removes(const S& storage) {
    const blob bytes = tests::noise(70'000);
    REQUIRE(publish_object(storage, "object", bytes));
    REQUIRE(publish_object(storage, "other", bytes));
    auto mapped = storage.open("object", access::map);
    auto copied = storage.open("object", access::copy);
    REQUIRE(mapped);
    REQUIRE(copied);
    CHECK(storage.remove("object") == true);
    CHECK(storage.remove("object") == false);
    CHECK(!bytes_under(storage, "object"));
    CHECK(sorted_names(storage) == std::vector<std::string>{"other"});
    CHECK(storage.sync());

    // Their bytes belong to whoever holds the objects, also after those were moved.
    CHECK(std::ranges::equal(mapped->bytes(), bytes));
    const auto moved = *std::move(mapped);
    const auto moved_copy = *std::move(copied);
    CHECK(std::ranges::equal(moved.bytes(), bytes));
    CHECK(std::ranges::equal(moved_copy.bytes(), bytes));

    REQUIRE(publish_object(storage, "object", byte_view{bytes}.first(3)));
    CHECK(bytes_under(storage, "object")->size() == 3);
}

template <storage_policy S>
void storage_refuses_bad_names(const S& storage) {
    using namespace std::string_view_literals;
    const std::string too_long(longest_name + 1, 'n');
    const std::string_view bad[] = {
        ""sv,   "."sv,   ".."sv,   ".hidden"sv,      "a/b"sv, "/etc"sv, "../up"sv, "a\0b"sv,
        "\0"sv, "a b"sv, "a\nb"sv, "na\xc3\xafve"sv, "a:b"sv, "a\\b"sv, too_long};
    for (const std::string_view name : bad) {
        INFO("name ", std::string{name});
        auto staged = storage.stage({});
        REQUIRE(staged);
        const auto published = staged->publish(name);
        REQUIRE(!published);
        CHECK(published.error().code == errc::bad_name);
        auto again = storage.stage({});
        REQUIRE(again);
        const auto replaced = again->replace(name);
        REQUIRE(!replaced);
        CHECK(replaced.error().code == errc::bad_name);
        const auto opened = storage.open(name, access::map);
        REQUIRE(!opened);
        CHECK(opened.error().code == errc::bad_name);
        const auto removed = storage.remove(name);
        REQUIRE(!removed);
        CHECK(removed.error().code == errc::bad_name);
    }
    CHECK(sorted_names(storage).empty());

    // The longest name is good in every function.
    const std::string longest(longest_name, 'n');
    REQUIRE(publish_object(storage, longest, tests::noise(5)));
    CHECK(bytes_under(storage, longest) == tests::noise(5));
    CHECK(sorted_names(storage) == std::vector<std::string>{longest});
    CHECK(storage.remove(longest) == true);
}

template <storage_policy S>
void storage_moves(S storage) {
    const blob bytes = tests::noise(50'000);
    auto staged = storage.stage({});
    REQUIRE(staged);
    REQUIRE(staged->write(bytes));
    auto moved = *std::move(staged);
    const S other = std::move(storage);
    REQUIRE(moved.write(bytes));
    REQUIRE(moved.publish("object"));
    const auto found = bytes_under(other, "object");
    REQUIRE(found);
    CHECK(found->size() == 100'000);
    CHECK(sorted_names(other) == std::vector<std::string>{"object"});
}

// Many threads want the same names: each name goes to just one of them, and what it holds is whole.
template <storage_policy S>
void storage_is_shared_by_threads(const S& storage) {
    constexpr int threads = 4;
    constexpr int rounds = 16;
    std::atomic<int> won{0};
    std::atomic<int> odd{0};
    std::vector<std::jthread> all;
    for (int me = 0; me != threads; ++me) {
        all.emplace_back([&, me] {
            for (int round = 0; round != rounds; ++round) {
                const auto size = static_cast<std::size_t>(1000 * round + me);
                const auto done = publish_object(storage, "name-" + std::to_string(round),
                                                 tests::noise(size, size));
                won += done ? 1 : 0;
                odd += done || done.error().code == errc::already_exists ? 0 : 1;
                odd += storage.names() && storage.list() ? 0 : 1;
                odd += publish_object(storage, "own-" + std::to_string(round * threads + me), {})
                           ? 0
                           : 1;
            }
        });
    }
    all.clear();
    CHECK(won == rounds);
    CHECK(odd == 0);
    CHECK(sorted_names(storage).size() == rounds + rounds * threads);
    for (int round = 0; round != rounds; ++round) {
        const auto bytes = bytes_under(storage, "name-" + std::to_string(round));
        REQUIRE(bytes);
        CHECK(*bytes == tests::noise(bytes->size(), bytes->size()));
    }
}

template <storage_policy S>
void storage_locks(const S& storage) {
    if constexpr (lockable_storage<S>) {
        REQUIRE(publish_object(storage, "object", {})); // so that there is a place to lock
        int inside = 0;
        int most = 0;
        int failed = 0;
        std::atomic<int> entered{0};
        const auto enter = [&] {
            for (int i = 0; i != 50; ++i) {
                const auto held = storage.lock();
                if (!held) {
                    ++failed;
                    continue;
                }
                // Plain numbers: without the lock they would race, and a sanitizer would say so.
                most = std::max(most, ++inside);
                std::this_thread::yield();
                --inside;
                ++entered;
            }
        };
        {
            std::jthread other{enter};
            enter();
        }
        CHECK(failed == 0);
        CHECK(entered == 100);
        CHECK(most == 1);

        // Somebody who waits gets it once it is given back.
        std::atomic<bool> got{false};
        std::jthread waiting;
        {
            const auto held = storage.lock();
            REQUIRE(held);
            waiting = std::jthread{[&] { got = storage.lock().has_value(); }};
            std::this_thread::sleep_for(std::chrono::milliseconds{20});
            CHECK(!got);
        }
        waiting.join();
        CHECK(got);
    }
}

template <storage_policy S>
void storage_sweeps(const S& storage) {
    if constexpr (sweepable_storage<S>) {
        CHECK(storage.sweep(std::chrono::nanoseconds{0}) == 0); // also where nothing ever was
        REQUIRE(publish_object(storage, "object", tests::noise(10)));
        auto staged = storage.stage({});
        REQUIRE(staged);
        REQUIRE(staged->write(tests::noise(20)));
        // Neither what is published nor what somebody is still writing.
        CHECK(storage.sweep(std::chrono::hours{1}) == 0);
        CHECK(bytes_under(storage, "object") == tests::noise(10));
        REQUIRE(staged->publish("another"));
        CHECK(storage.sweep(std::chrono::nanoseconds{0}) == 0);
        CHECK(bytes_under(storage, "another") == tests::noise(20));
    }
}

// Whoever watches is told of all bytes in the end, and may stop it; then nothing is left.
template <storage_policy S>
void storage_is_watched(const S& storage) {
    const blob bytes = tests::noise(300'000);
    std::vector<progress> told;
    std::stop_source stop;
    const auto remember = [&](progress now) {
        told.push_back(now);
        if (now.done >= 200'000 && now.total == 1) {
            stop.request_stop();
        }
    };
    const monitor watch{remember, stop.get_token()};
    const auto write_all = [&](std::uint64_t total) -> result<void> {
        auto staged = storage.stage({.size_hint = total, .watch = &watch});
        REQUIRE(staged);
        for (std::size_t at = 0; at != bytes.size(); at += 50'000) {
            if (auto done = staged->write(byte_view{bytes}.subspan(at, 50'000)); !done) {
                return done;
            }
        }
        return staged->publish("watched-" + std::to_string(total));
    };

    REQUIRE(write_all(bytes.size()));
    REQUIRE(!told.empty());
    CHECK(std::ranges::is_sorted(told, {}, &progress::done));
    CHECK(told.back().done == bytes.size());
    CHECK(told.back().total == bytes.size());

    const auto stopped = write_all(1);
    REQUIRE(!stopped);
    CHECK(stopped.error().code == errc::cancelled);
    CHECK(stopped.error().found >= 200'000);
    CHECK(stopped.error().wanted == 1);
    CHECK(sorted_names(storage) == std::vector<std::string>{"watched-300000"});
}

template <storage_policy S>
void storage_appends(const S& storage) {
    if constexpr (appendable_storage<S>) {
        const blob bytes = tests::noise(200'000);
        const byte_view all{bytes};
        const auto absent = storage.append("absent");
        REQUIRE(!absent);
        CHECK(absent.error().code == errc::not_found);
        CHECK(storage.append("../outside").error().code == errc::bad_name);
        for (const std::size_t size : storage_sizes) {
            INFO("size ", size);
            const auto begin = std::min<std::size_t>(size, 100'000);
            const auto name = "begun-with-" + std::to_string(size);
            REQUIRE(publish_object(storage, name, all.first(begin)));
            auto object = storage.append(name);
            REQUIRE(object);
            CHECK(object->size() == begin);
            // Nothing, one piece, many pieces, of which some are empty.
            REQUIRE(object->write(byte_view{}));
            REQUIRE(object->write(std::span<const byte_view>{}));
            REQUIRE(object->write(all.subspan(begin, 1)));
            std::vector<byte_view> pieces;
            std::size_t at = begin + 1;
            for (std::size_t i = 0; i != 40; ++i) {
                pieces.push_back(all.subspan(at, i % 3 * 700));
                at += pieces.back().size();
            }
            REQUIRE(object->write(pieces));
            CHECK(object->size() == at);
            CHECK(std::ranges::equal(*bytes_under(storage, name), all.first(at)));
            REQUIRE(object->sync());
            auto moved = *std::move(object);
            REQUIRE(moved.truncate(begin + 1));
            CHECK(moved.size() == begin + 1);
            REQUIRE(moved.write(all.subspan(begin + 1, 5000)));
            REQUIRE(moved.sync());
            CHECK(std::ranges::equal(*bytes_under(storage, name, access::copy),
                                     all.first(begin + 5001)));
            const auto found = storage.list();
            REQUIRE(found);
            const auto info = std::ranges::find(*found, name, &object_info::name);
            REQUIRE(info != found->end());
            CHECK(info->size == begin + 5001);
        }
    }
}

// Readers have what was there when they opened it, however it grows and whatever is cut off and
// written again behind that.
template <storage_policy S>
void storage_lends_what_was_there(const S& storage) {
    if constexpr (appendable_storage<S>) {
        const blob bytes = tests::noise(30'000);
        REQUIRE(publish_object(storage, "object", {}));
        std::vector<std::pair<std::size_t, object_of<S>>> opened;
        for (std::size_t size = 0; size != 30'000; size += 100) {
            auto object = storage.append("object");
            REQUIRE(object);
            CHECK(object->size() == size);
            REQUIRE(object->write(tests::noise(50)));
            REQUIRE(object->truncate(size));
            REQUIRE(object->write(byte_view{bytes}.subspan(size, 100)));
            auto reading = storage.open("object", size % 200 == 0 ? access::map : access::copy);
            REQUIRE(reading);
            opened.emplace_back(size + 100, *std::move(reading));
        }
        std::size_t wrong = 0;
        for (const auto& [size, object] : opened) {
            wrong += std::ranges::equal(object.bytes(), byte_view{bytes}.first(size)) ? 0U : 1U;
        }
        CHECK(wrong == 0);
    }
}

// One appends, others read meanwhile: what they see is a beginning of what is written.
template <storage_policy S>
void storage_grows_under_readers(const S& storage) {
    if constexpr (appendable_storage<S>) {
        const blob bytes = tests::noise(100'000);
        REQUIRE(publish_object(storage, "object", {}));
        std::atomic<int> wrong{0};
        std::vector<std::jthread> readers;
        for (int i = 0; i != 2; ++i) {
            readers.emplace_back([&, i] {
                for (std::size_t seen = 0; seen != bytes.size() && wrong == 0;) {
                    const auto object = storage.open("object", i == 0 ? access::map : access::copy);
                    const auto now = object ? object->bytes() : byte_view{};
                    const bool right = now.size() >= seen && now.size() <= bytes.size() &&
                                       std::ranges::equal(now, byte_view{bytes}.first(now.size()));
                    wrong += right ? 0 : 1;
                    seen = now.size();
                }
            });
        }
        auto object = storage.append("object");
        REQUIRE(object);
        std::size_t failed = 0;
        for (std::size_t at = 0; at != bytes.size(); at += 500) {
            failed += object->write(byte_view{bytes}.subspan(at, 500)) ? 0U : 1U;
        }
        CHECK(failed == 0);
        readers.clear();
        CHECK(wrong == 0);
    }
}

// What is appended to an object that was replaced or removed goes where nobody looks.
template <storage_policy S>
void storage_replaces_what_grows(const S& storage) {
    if constexpr (appendable_storage<S>) {
        const blob old = tests::noise(5000, 1);
        const blob fresh = tests::noise(100, 2);
        REQUIRE(publish_object(storage, "object", old));
        auto object = storage.append("object");
        const auto reading = storage.open("object", access::map);
        REQUIRE(object);
        REQUIRE(reading);
        auto staged = storage.stage({});
        REQUIRE(staged);
        REQUIRE(staged->write(fresh));
        REQUIRE(staged->replace("object"));
        REQUIRE(object->write(old));
        REQUIRE(object->sync());
        CHECK(bytes_under(storage, "object") == fresh);
        CHECK(std::ranges::equal(reading->bytes(), old));
        auto other = storage.append("object");
        REQUIRE(other);
        CHECK(other->size() == fresh.size());
        CHECK(storage.remove("object") == true);
        REQUIRE(other->write(fresh));
        CHECK(!bytes_under(storage, "object"));
        CHECK(storage.append("object").error().code == errc::not_found);
    }
}

template <storage_policy S>
void storage_is_claimed(const S& storage) {
    if constexpr (appendable_storage<S>) {
        const auto refused = [&](std::string_view name) {
            const auto claim = storage.claim(name);
            return !claim && claim.error().code == errc::in_use && claim.error().where == name;
        };
        {
            auto claim = storage.claim("object"); // before there is one
            REQUIRE(claim);
            CHECK(refused("object"));
            std::atomic<bool> elsewhere{false};
            std::jthread{[&] { elsewhere = refused("object"); }}.join();
            CHECK(elsewhere);
            const S copy = storage;
            CHECK(!copy.claim("object"));
            CHECK(copy.claim("other"));
            // Only whoever asks is kept out.
            REQUIRE(publish_object(storage, "object", tests::noise(10)));
            CHECK(storage.append("object"));
            CHECK(storage.remove("object") == true);
            const auto moved = *std::move(claim);
            CHECK(refused("object"));
        }
        CHECK(storage.claim("object"));
        CHECK(sorted_names(storage).empty());
        CHECK(storage.list()->empty());
        if constexpr (sweepable_storage<S>) {
            const auto claim = storage.claim("object");
            CHECK(storage.sweep(std::chrono::nanoseconds{0}) == 0);
            CHECK(refused("object"));
        }
        for (const std::string_view name : {"", ".hidden", "a/b", "../up"}) {
            CHECK(storage.claim(name).error().code == errc::bad_name);
        }
        CHECK(storage.claim(std::string(longest_claimed_name, 'n')));
        const auto too_long = storage.claim(std::string(longest_claimed_name + 1, 'n'));
        REQUIRE(!too_long);
        CHECK(too_long.error().code == errc::bad_name);
        CHECK(too_long.error().wanted == longest_claimed_name);

        // Of many that want it at the same time one gets it.
        std::atomic<int> inside{0};
        std::atomic<int> most{0};
        std::atomic<int> won{0};
        {
            std::vector<std::jthread> all;
            for (int i = 0; i != 4; ++i) {
                all.emplace_back([&] {
                    for (int round = 0; round != 50; ++round) {
                        if (const auto claim = storage.claim("contested")) {
                            const int now = ++inside;
                            most = std::max(most.load(), now);
                            ++won;
                            std::this_thread::yield();
                            --inside;
                        }
                    }
                });
            }
        }
        CHECK(most == 1);
        CHECK(won > 0);
    }
}

template <class Make>
void storage_laws(Make make) {
    using storage = decltype(make());
    static_assert(storage_policy<storage>);
    storage_begins_empty<storage>(make());
    storage_keeps_bytes<storage>(make());
    storage_takes_any_pieces<storage>(make());
    storage_forgets_what_got_no_name<storage>(make());
    storage_publishes_once<storage>(make());
    storage_replaces_by_name<storage>(make());
    storage_removes<storage>(make());
    storage_refuses_bad_names<storage>(make());
    storage_moves<storage>(make());
    storage_is_shared_by_threads<storage>(make());
    storage_locks<storage>(make());
    storage_sweeps<storage>(make());
    storage_is_watched<storage>(make());
    storage_appends<storage>(make());
    storage_lends_what_was_there<storage>(make());
    storage_grows_under_readers<storage>(make());
    storage_replaces_what_grows<storage>(make());
    storage_is_claimed<storage>(make());
}

} // namespace tintype::laws
