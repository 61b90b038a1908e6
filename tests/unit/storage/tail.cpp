// A tail that is kept in a local storage: durable there at each sync, found again after the
// process, sealed when it is large enough, never sealed twice, and never dropped where another went
// on.

#include <tintype/storage/memory.hpp>
#include <tintype/storage/segments.hpp>
#include <tintype/storage/tail.hpp>

#include "support/bytes.hpp"
#include "support/growing.hpp"
#include "support/unappendable.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <utility>

namespace {

using tests::grow;
using tests::noise;
using tests::put_object;
using tests::read_object;
using tests::segment_names;
using tests::storage_call;
using tests::storage_fault;
using tintype::blob;
using tintype::byte_view;
using tintype::errc;
using tintype::memory_storage;
using tintype::seal_from;
using tintype::segmented;

using below = tests::unappendable<>;
using kept = seal_from<memory_storage>;
using storage_type = segmented<below, kept>;

// One machine: a process of it is a storage of its own.
struct machine {
    memory_storage objects;
    memory_storage local{};

    [[nodiscard]] storage_type process(std::uint64_t bytes = 1000) const {
        return storage_type{below{objects}, kept{local, bytes}};
    }
};

std::size_t kept_bytes(const machine& at) {
    std::size_t all = 0;
    const auto present = at.local.list();
    REQUIRE(present);
    for (const auto& each : *present) {
        all += each.size - 64;
    }
    return all;
}

} // namespace

TEST_CASE("a kept tail is there for the next process, and for readers of this machine") {
    const machine here{memory_storage{}};
    const blob bytes = noise(600);
    REQUIRE(put_object(here.process(), "log", byte_view{bytes}.first(10)));
    CHECK(here.local.names()->empty());
    std::size_t at = 10;
    for (int life = 0; life != 5; ++life) {
        const auto storage = here.process();
        auto object = storage.append("log");
        REQUIRE(object);
        CHECK(object->size() == at);
        REQUIRE(grow(*object, byte_view{bytes}.subspan(at, 70)));
        REQUIRE(grow(*object, byte_view{bytes}.subspan(at + 70, 30)));
        at += 100;
        const auto now = read_object(here.process(), "log");
        REQUIRE(now);
        CHECK(std::ranges::equal(*now, byte_view{bytes}.first(at)));
        CHECK(storage.list()->front().size == at);
    }
    CHECK(segment_names(here.objects).empty());
    CHECK(kept_bytes(here) == 500);
    // Another machine sees what is sealed.
    const machine there{here.objects};
    CHECK(read_object(there.process(), "log")->size() == 10);
    REQUIRE(here.process().seal("log"));
    CHECK(segment_names(here.objects).size() == 1);
    CHECK(kept_bytes(here) == 0);
    CHECK(std::ranges::equal(*read_object(there.process(), "log"), byte_view{bytes}.first(at)));
    CHECK(std::ranges::equal(*read_object(here.process(), "log"), byte_view{bytes}.first(at)));
    REQUIRE(here.process().seal("log")); // nothing more to do
    CHECK(segment_names(here.objects).size() == 1);
}

TEST_CASE("a kept tail that is large enough is sealed, whatever becomes of the request") {
    for (const auto fault : {storage_fault::none, storage_fault::before, storage_fault::after}) {
        INFO("fault ", static_cast<int>(fault));
        const machine here{memory_storage{}};
        const blob bytes = noise(2000);
        std::size_t at = 0;
        int failing = 2;
        const auto begun = [&] {
            below store{here.objects};
            store.hooks().on = [&, fault](storage_call kind, std::string_view) {
                return kind == storage_call::publish && fault != storage_fault::none &&
                               failing-- > 0
                           ? fault
                           : storage_fault::none;
            };
            return storage_type{store, kept{here.local, 300}};
        };
        REQUIRE(put_object(here.process(), "log", {}));
        for (int life = 0; life != 4; ++life) {
            const auto storage = begun();
            auto object = storage.append("log");
            REQUIRE(object);
            CHECK(object->size() == at);
            for (int i = 0; i != 5; ++i) {
                REQUIRE(grow(*object, byte_view{bytes}.subspan(at, 100))); // durable here anyway
                at += 100;
                const auto now = read_object(here.process(), "log");
                REQUIRE(now);
                CHECK(std::ranges::equal(*now, byte_view{bytes}.first(at)));
            }
        }
        CHECK(failing <= 2);
        REQUIRE(here.process().seal("log"));
        CHECK(read_object(machine{here.objects}.process(), "log") == bytes);
        CHECK(kept_bytes(here) == 0);
    }
}

TEST_CASE("what was sealed and not forgotten in time is not sealed twice") {
    const machine here{memory_storage{}};
    REQUIRE(put_object(here.process(), "log", noise(10)));
    REQUIRE(grow(*here.process().append("log"), noise(50)));
    // The process dies between the segment and the tail's new beginning.
    const auto name = here.local.names()->front();
    const auto before = *read_object(here.local, name);
    REQUIRE(here.process().seal("log"));
    REQUIRE(put_object(here.local, name, before, true));
    CHECK(read_object(here.process(), "log")->size() == 60);
    {
        const auto storage = here.process();
        auto object = storage.append("log");
        REQUIRE(object);
        CHECK(object->size() == 60);
        REQUIRE(grow(*object, noise(5)));
        CHECK(read_object(storage, "log")->size() == 65);
    }
    REQUIRE(here.process().seal("log"));
    CHECK(segment_names(here.objects).size() == 2);
    CHECK(read_object(here.process(), "log")->size() == 65);

    // Sealed by a request that was thought lost, and then more was written.
    auto longer = *read_object(here.local, name);
    REQUIRE(grow(*here.process().append("log"), noise(20)));
    longer = *read_object(here.local, name);
    auto shorter = longer;
    shorter.resize(64 + 8);
    REQUIRE(put_object(here.local, name, shorter, true));
    REQUIRE(here.process().seal("log"));
    REQUIRE(put_object(here.local, name, longer, true));
    CHECK(read_object(here.process(), "log")->size() == 85);
    CHECK(here.process().append("log")->size() == 85);
    REQUIRE(here.process().seal("log"));
    CHECK(read_object(machine{here.objects}.process(), "log")->size() == 85);
}

TEST_CASE("a kept tail where another machine went on is told, and kept") {
    const machine here{memory_storage{}};
    REQUIRE(put_object(here.process(), "log", noise(10)));
    const auto storage = here.process();
    auto object = storage.append("log");
    REQUIRE(object);
    REQUIRE(grow(*object, noise(50, 1)));
    const machine there{here.objects};
    REQUIRE(grow(*there.process(1).append("log"), noise(30, 2)));
    CHECK(read_object(there.process(), "log")->size() == 40);

    REQUIRE(object->write(noise(5)));
    const auto refused = storage.seal("log");
    REQUIRE(!refused);
    CHECK(refused.error().code == errc::in_use);
    CHECK(here.process().append("log").error().code == errc::in_use);
    CHECK(here.process().open("log").error().code == errc::in_use); // never silently shorter
    CHECK(kept_bytes(here) == 55);
    CHECK(read_object(there.process(), "log")->size() == 40);

    // Whoever decides that it may go removes it.
    CHECK(here.local.remove(here.local.names()->front()) == true);
    CHECK(read_object(here.process(), "log")->size() == 40);
    REQUIRE(grow(*here.process().append("log"), noise(5)));
}

TEST_CASE("a kept tail goes with its object") {
    const machine here{memory_storage{}};
    const auto storage = here.process();
    REQUIRE(put_object(storage, "log", noise(10)));
    REQUIRE(grow(*storage.append("log"), noise(50)));
    REQUIRE(grow(*storage.append("log"), noise(50)));
    CHECK(read_object(storage, "log")->size() == 110);
    REQUIRE(put_object(here.process(), "log", noise(3), true));
    CHECK(here.local.names()->empty());
    CHECK(read_object(storage, "log") == noise(3));
    REQUIRE(grow(*storage.append("log"), noise(50)));
    CHECK(storage.append("log")->size() == 53);
    CHECK(storage.remove("log") == true);
    CHECK(here.local.names()->empty());
}

TEST_CASE("a kept tail is cut where it is, and goes where more is cut") {
    const machine here{memory_storage{}};
    const auto storage = here.process();
    REQUIRE(put_object(storage, "log", noise(10)));
    auto object = storage.append("log");
    REQUIRE(object);
    REQUIRE(grow(*object, noise(50)));
    REQUIRE(object->seal());
    REQUIRE(grow(*object, noise(50)));
    REQUIRE(object->truncate(80));
    REQUIRE(object->sync());
    CHECK(kept_bytes(here) == 20);
    CHECK(read_object(here.process(), "log")->size() == 80);
    REQUIRE(object->truncate(40));
    CHECK(object->size() == 40);
    CHECK(kept_bytes(here) == 0);
    REQUIRE(grow(*object, noise(5)));
    CHECK(read_object(here.process(), "log")->size() == 45);
    CHECK(here.process().append("log")->size() == 45);
}

TEST_CASE("a kept tail whose mark is damaged is told") {
    const machine here{memory_storage{}};
    REQUIRE(put_object(here.process(), "log", noise(10)));
    REQUIRE(grow(*here.process().append("log"), noise(50)));
    const auto name = here.local.names()->front();
    const auto good = *read_object(here.local, name);
    for (std::size_t i = 0; i != 64; ++i) {
        auto bad = good;
        bad[i] ^= std::byte{4};
        REQUIRE(put_object(here.local, name, bad, true));
        CHECK(!here.process().open("log"));
        CHECK(!here.process().append("log"));
        bad = good;
        bad.resize(i);
        REQUIRE(put_object(here.local, name, bad, true));
        CHECK(here.process().open("log").error().code == errc::truncated);
    }
    // A local storage that lost it has no part of it: that nobody can know. One whose segments are
    // gone is known.
    REQUIRE(put_object(here.local, name, good, true));
    REQUIRE(here.process().seal("log"));
    REQUIRE(grow(*here.process().append("log"), noise(5)));
    CHECK(here.objects.remove(segment_names(here.objects).front()) == true);
    CHECK(here.process().open("log").error().code == errc::incomplete_stream);
    CHECK(here.process().append("log").error().code == errc::incomplete_stream);
}
