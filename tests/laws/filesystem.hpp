#pragma once

// The laws of the filesystem under a folder of objects, as one suite for every model:
// `filesystem_laws(fs, root)` inside a test case, where `root` is the path of a folder that does
// not exist yet and may be made. It knows nothing of the policy but the concept.

#include <tintype/storage/filesystem.hpp>

#include "support/bytes.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace tintype::laws {

// Everything, in as many calls as it takes: one may take less than it was given.
template <filesystem_policy F>
[[nodiscard]] bool write_all(const F& fs, typename F::file& file, byte_view first,
                             byte_view second = {}) {
    while (!first.empty() || !second.empty()) {
        const std::array<byte_view, 2> pieces{first, second};
        const auto taken = fs.write(file, pieces);
        if (!taken || *taken == 0 || *taken > first.size() + second.size()) {
            return false;
        }
        const auto of_first = std::min(first.size(), *taken);
        first = first.subspan(of_first);
        second = second.subspan(*taken - of_first);
    }
    return true;
}

template <filesystem_policy F>
[[nodiscard]] bool put(const F& fs, typename F::folder& folder, const std::string& name,
                       byte_view bytes) {
    auto file = fs.create(folder, name);
    return file && write_all(fs, *file, bytes) && fs.sync(*file) && fs.close(*file);
}

template <filesystem_policy F>
[[nodiscard]] result<blob> get(const F& fs, typename F::folder& folder, const std::string& name) {
    auto file = fs.open(folder, name);
    if (!file) {
        return pass(file);
    }
    const auto size = fs.size(*file);
    if (!size) {
        return pass(size);
    }
    blob bytes(static_cast<std::size_t>(*size));
    for (std::size_t at = 0; at != bytes.size();) {
        const auto got = fs.read(*file, at, mutable_bytes{bytes}.subspan(at));
        if (!got || *got == 0) {
            return fail({.code = errc::truncated, .found = at, .wanted = *size});
        }
        at += *got;
    }
    return bytes;
}

template <filesystem_policy F>
[[nodiscard]] std::vector<std::string> sorted_names(const F& fs, typename F::folder& folder) {
    auto names = fs.names(folder);
    REQUIRE(names);
    std::ranges::sort(*names);
    return *names;
}

template <filesystem_policy F>
void filesystem_makes_folders(const F& fs, const std::string& root) {
    for (const std::string& path : {root, root + "/a", root + "/a/b/c"}) {
        INFO("folder ", path);
        const auto absent = fs.open_folder(path);
        REQUIRE(!absent);
        CHECK(absent.error().code == errc::not_found);
        REQUIRE(fs.make_folder(path));
        REQUIRE(fs.make_folder(path)); // what is there already is no error
        auto folder = fs.open_folder(path);
        REQUIRE(folder);
        CHECK(fs.sync_folder(*folder));
        CHECK(sorted_names(fs, *folder).empty());
    }
    // Folders are not among the files of the folder that they are in.
    auto folder = fs.open_folder(root);
    REQUIRE(folder);
    CHECK(sorted_names(fs, *folder).empty());
    const auto entries = fs.entries(*folder);
    REQUIRE(entries);
    CHECK(entries->empty());
}

template <filesystem_policy F>
void filesystem_keeps_bytes(const F& fs, typename F::folder& folder) {
    for (const std::size_t size : {0U, 1U, 511U, 512U, 513U, 4096U, 70'000U}) {
        INFO("size ", size);
        const blob bytes = tests::noise(size, size);
        auto file = fs.create(folder, "file");
        REQUIRE(file);
        REQUIRE(fs.reserve(*file, 100'000));
        CHECK(write_all(fs, *file, byte_view{bytes}.first(size / 3), {}));
        CHECK(fs.flush_behind(*file, 0, size / 3));
        CHECK(write_all(fs, *file, {}, byte_view{bytes}.subspan(size / 3)));
        REQUIRE(fs.sync(*file));
        REQUIRE(fs.close(*file));
        CHECK(get(fs, folder, "file") == bytes);

        auto opened = fs.open(folder, "file");
        REQUIRE(opened);
        CHECK(fs.size(*opened) == size); // reserving did not change it
        const auto mapping = fs.map(*opened, size);
        REQUIRE(mapping);
        CHECK(std::ranges::equal(mapping->bytes(), bytes));
        std::array<std::byte, 16> some{};
        CHECK(fs.read(*opened, size, some) == 0U);
        CHECK(fs.read(*opened, size + 1000, some) == 0U);
        if (size > 1) {
            const auto got = fs.read(*opened, size - 1, some);
            CHECK(got == 1U);
            CHECK(some[0] == bytes.back());
        }
        REQUIRE(fs.remove(folder, "file"));
    }
}

template <filesystem_policy F>
void filesystem_creates_once(const F& fs, typename F::folder& folder) {
    REQUIRE(put(fs, folder, "file", tests::noise(10)));
    const auto again = fs.create(folder, "file");
    REQUIRE(!again);
    CHECK(again.error().code == errc::already_exists);
    CHECK(get(fs, folder, "file") == tests::noise(10));
    const auto absent = fs.open(folder, "absent");
    REQUIRE(!absent);
    CHECK(absent.error().code == errc::not_found);
    const auto gone = fs.remove(folder, "absent");
    REQUIRE(!gone);
    CHECK(gone.error().code == errc::not_found);
    REQUIRE(fs.remove(folder, "file"));
}

// A file is found under its name from its creation, and what names show does not wait for a sync.
template <filesystem_policy F>
void filesystem_renames(const F& fs, typename F::folder& folder) {
    const blob old = tests::noise(5000, 1);
    const blob fresh = tests::noise(300, 2);
    REQUIRE(put(fs, folder, "one", old));
    REQUIRE(put(fs, folder, "two", fresh));
    CHECK(sorted_names(fs, folder) == std::vector<std::string>{"one", "two"});

    const auto taken = fs.rename_new(folder, "two", "one");
    REQUIRE(!taken);
    CHECK(taken.error().code == errc::already_exists);
    CHECK(get(fs, folder, "one") == old);
    CHECK(get(fs, folder, "two") == fresh);

    REQUIRE(fs.rename_new(folder, "two", "three"));
    CHECK(sorted_names(fs, folder) == std::vector<std::string>{"one", "three"});
    CHECK(get(fs, folder, "three") == fresh);

    auto opened = fs.open(folder, "one");
    REQUIRE(opened);
    const auto mapping = fs.map(*opened, old.size());
    REQUIRE(mapping);
    REQUIRE(fs.rename_over(folder, "three", "one"));
    CHECK(sorted_names(fs, folder) == std::vector<std::string>{"one"});
    CHECK(get(fs, folder, "one") == fresh);
    REQUIRE(fs.rename_over(folder, "one", "four"));
    REQUIRE(fs.remove(folder, "four"));
    // What had the name before is still there for who holds it.
    CHECK(std::ranges::equal(mapping->bytes(), old));
    CHECK(fs.size(*opened) == old.size());

    const auto absent = fs.rename_new(folder, "absent", "five");
    REQUIRE(!absent);
    CHECK(absent.error().code == errc::not_found);
    CHECK(!fs.rename_over(folder, "absent", "five"));
    CHECK(fs.sync_folder(folder));
    CHECK(sorted_names(fs, folder).empty());
}

template <filesystem_policy F>
void filesystem_lists(const F& fs, typename F::folder& folder) {
    // Kernels stamp files by a clock that only ticks every few milliseconds.
    constexpr std::chrono::milliseconds tick{50};
    const auto before = fs.now();
    for (const std::size_t size : {0U, 7U, 6000U}) {
        REQUIRE(put(fs, folder, "size-" + std::to_string(size), tests::noise(size)));
    }
    const auto after = fs.now();
    auto entries = fs.entries(folder);
    REQUIRE(entries);
    REQUIRE(entries->size() == 3);
    for (const object_info& each : *entries) {
        CHECK(each.name == "size-" + std::to_string(each.size));
        CHECK(each.modified >= before - tick);
        CHECK(each.modified <= after + tick);
        REQUIRE(fs.remove(folder, each.name));
    }
    CHECK(sorted_names(fs, folder).empty());
}

template <filesystem_policy F>
void filesystem_locks(const F& fs, const std::string& path) {
    std::atomic<bool> got{false};
    std::jthread waiting;
    {
        auto held = fs.open_folder(path);
        REQUIRE(held);
        REQUIRE(fs.lock(*held));
        waiting = std::jthread{[&] {
            auto other = fs.open_folder(path);
            got = other && fs.lock(*other);
        }};
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
        CHECK(!got);
        // Moving the handle does not give the lock back.
        const auto moved = *std::move(held);
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
        CHECK(!got);
    }
    waiting.join();
    CHECK(got);
}

// A file that has its name already grows at its end, for whoever has it open too, and is cut off.
template <filesystem_policy F>
void filesystem_appends(const F& fs, typename F::folder& folder) {
    if constexpr (appending_filesystem<F>) {
        const blob bytes = tests::noise(10'000);
        const byte_view all{bytes};
        REQUIRE(put(fs, folder, "file", all.first(4000)));
        auto reading = fs.open(folder, "file");
        REQUIRE(reading);
        {
            auto file = fs.open_to_append(folder, "file");
            REQUIRE(file);
            CHECK(fs.size(*file) == 4000U);
            CHECK(write_all(fs, *file, all.subspan(4000, 3000), all.subspan(7000, 1000)));
            CHECK(fs.sync(*file));
            CHECK(fs.size(*reading) == 8000U);
            CHECK(std::ranges::equal(*get(fs, folder, "file"), all.first(8000)));
            for (const std::size_t size : {8000U, 7999U, 4096U, 1U, 0U}) {
                REQUIRE(fs.truncate(*file, size));
                CHECK(fs.size(*file) == size);
                CHECK(std::ranges::equal(*get(fs, folder, "file"), all.first(size)));
            }
            // What is written next stands where it was cut.
            CHECK(write_all(fs, *file, all.first(500)));
            REQUIRE(fs.truncate(*file, 100));
            CHECK(write_all(fs, *file, all.subspan(100)));
            CHECK(fs.sync(*file));
            CHECK(fs.close(*file));
        }
        CHECK(get(fs, folder, "file") == bytes);
        auto again = fs.open_to_append(folder, "file");
        REQUIRE(again);
        REQUIRE(fs.rename_over(folder, "file", "other"));
        CHECK(write_all(fs, *again, all.first(1)));
        CHECK(get(fs, folder, "other")->size() == 10'001);
        REQUIRE(fs.remove(folder, "other"));
        const auto absent = fs.open_to_append(folder, "absent");
        REQUIRE(!absent);
        CHECK(absent.error().code == errc::not_found);
        CHECK(sorted_names(fs, folder).empty());
    }
}

template <filesystem_policy F>
void filesystem_tries_locks(const F& fs, typename F::folder& folder) {
    if constexpr (appending_filesystem<F>) {
        auto held = fs.try_lock(folder, ".lock");
        REQUIRE(held);
        const auto refused = [&] {
            const auto other = fs.try_lock(folder, ".lock");
            return !other && other.error().code == errc::in_use;
        };
        CHECK(refused());
        std::atomic<bool> elsewhere{false};
        std::jthread{[&] { elsewhere = refused(); }}.join();
        CHECK(elsewhere);
        CHECK(fs.try_lock(folder, ".other")); // a lock of its own
        {
            const auto moved = *std::move(held);
            CHECK(refused());
        }
        CHECK(fs.try_lock(folder, ".lock"));
        CHECK(fs.try_lock(folder, ".lock")); // the one before was given back at once
        REQUIRE(put(fs, folder, "there", tests::noise(10)));
        CHECK(fs.try_lock(folder, "there"));
        CHECK(get(fs, folder, "there") == tests::noise(10));
        for (const char* name : {".lock", ".other", "there"}) {
            REQUIRE(fs.remove(folder, name));
        }
    }
}

// Bytes anywhere in a file, whatever is there already; what nobody wrote is zero.
template <filesystem_policy F>
void filesystem_writes_anywhere(const F& fs, typename F::folder& folder) {
    if constexpr (linking_filesystem<F>) {
        const blob bytes = tests::noise(9000);
        const byte_view all{bytes};
        REQUIRE(put(fs, folder, "file", all.first(100)));
        auto file = fs.open_to_write(folder, "file");
        REQUIRE(file);
        const auto write = [&](std::size_t offset, std::size_t size) {
            for (const std::size_t end = offset + size; offset != end;) {
                const auto taken = fs.write_at(*file, offset, all.subspan(offset, end - offset));
                REQUIRE(taken);
                REQUIRE(*taken != 0);
                REQUIRE(*taken <= end - offset);
                offset += *taken;
            }
        };
        write(5000, 4000);
        CHECK(fs.size(*file) == 9000U);
        CHECK(get(fs, folder, "file")->at(4999) == std::byte{});
        CHECK(get(fs, folder, "file")->at(100) == std::byte{});
        write(100, 4900);
        write(50, 200);
        write(8999, 1);
        CHECK(fs.write_at(*file, 20'000, {}) == 0U);
        CHECK(fs.sync(*file));
        CHECK(fs.size(*file) == 9000U);
        CHECK(get(fs, folder, "file") == bytes);
        std::array<std::byte, 7> some{};
        CHECK(fs.read(*file, 4997, some).value_or(0) != 0); // it reads, too
        CHECK(some[0] == bytes[4997]);
        CHECK(fs.close(*file));
        REQUIRE(fs.remove(folder, "file"));
        const auto absent = fs.open_to_write(folder, "absent");
        REQUIRE(!absent);
        CHECK(absent.error().code == errc::not_found);
    }
}

// A folder beneath has names of its own and is in nobody's list; a file may have one in each.
template <filesystem_policy F>
void filesystem_links(const F& fs, typename F::folder& folder) {
    if constexpr (linking_filesystem<F>) {
        const auto absent = fs.open_folder_in(folder, "beneath");
        REQUIRE(!absent);
        CHECK(absent.error().code == errc::not_found);
        REQUIRE(fs.make_folder_in(folder, "beneath"));
        REQUIRE(fs.make_folder_in(folder, "beneath"));
        auto beneath = fs.open_folder_in(folder, "beneath");
        REQUIRE(beneath);
        CHECK(sorted_names(fs, folder).empty());
        CHECK(fs.entries(folder)->empty());
        const auto no_file = fs.open(folder, "beneath");
        REQUIRE(!no_file);
        CHECK(no_file.error().code == errc::unsupported);
        const auto no_file_to_write = fs.open_to_write(folder, "beneath");
        REQUIRE(!no_file_to_write);
        CHECK(no_file_to_write.error().code == errc::unsupported);

        const blob bytes = tests::noise(700);
        REQUIRE(put(fs, *beneath, "one", bytes));
        REQUIRE(put(fs, folder, "old", tests::noise(30)));
        const auto taken = fs.link_new(*beneath, "one", folder, "old");
        REQUIRE(!taken);
        CHECK(taken.error().code == errc::already_exists);
        CHECK(!fs.link_new(*beneath, "absent", folder, "two"));
        REQUIRE(fs.link_new(*beneath, "one", folder, "two"));
        CHECK(sorted_names(fs, folder) == std::vector<std::string>{"old", "two"});
        REQUIRE(fs.rename_over(folder, "two", "old"));
        CHECK(get(fs, folder, "old") == bytes);
        CHECK(get(fs, *beneath, "one") == bytes);
        // One that has the name already: both names stay.
        REQUIRE(fs.link_new(*beneath, "one", folder, "two"));
        REQUIRE(fs.rename_over(folder, "two", "old"));
        CHECK(sorted_names(fs, folder) == std::vector<std::string>{"old", "two"});
        REQUIRE(fs.remove(*beneath, "one"));
        CHECK(get(fs, folder, "old") == bytes);

        // Permissions that are the same already, or nobody's.
        auto file = fs.open_to_write(folder, "two");
        REQUIRE(file);
        for (const char* name : {"old", "two", "absent", "beneath"}) {
            CHECK(fs.copy_mode(folder, name, *file) == false);
        }

        CHECK(!fs.rename_over(folder, "old", "beneath"));
        CHECK(!fs.remove(folder, "beneath"));
        const auto no_folder = fs.open_folder_in(folder, "old");
        REQUIRE(!no_folder);
        CHECK(no_folder.error().code == errc::unsupported);
        CHECK(fs.make_folder_in(folder, "old")); // it is there: opening it tells
        CHECK(fs.sync_folder(*beneath));
        REQUIRE(fs.remove(folder, "old"));
        REQUIRE(fs.remove(folder, "two"));
        const auto lock = fs.try_lock(*beneath, "lock");
        CHECK(lock);
        CHECK(!fs.try_lock(*beneath, "lock"));
    }
}

template <filesystem_policy F>
void filesystem_laws(const F& original, const std::string& root) {
    filesystem_makes_folders(original, root);
    // A copy is the same filesystem.
    const F fs = original;
    auto folder = fs.open_folder(root);
    REQUIRE(folder);
    filesystem_keeps_bytes(fs, *folder);
    filesystem_creates_once(fs, *folder);
    filesystem_renames(fs, *folder);
    filesystem_lists(fs, *folder);
    filesystem_appends(fs, *folder);
    filesystem_tries_locks(fs, *folder);
    filesystem_locks(fs, root);
    filesystem_writes_anywhere(fs, *folder);
    filesystem_links(fs, *folder);
}

} // namespace tintype::laws
